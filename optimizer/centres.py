"""One centre's part of a plan: its outlets' routes, the jobs they visit, and its own jobs that nobody visits.

Every route, every visit and every job left out falls to exactly one centre.
"""

from dataclasses import replace

from optimizer.model import Day
from optimizer.plan import Plan

__all__ = ["part_of"]


def part_of(day: Day, plan: Plan, centre_id: str) -> tuple[Day, Plan]:
    """Return a centre's part of a day and of its plan."""
    outlets = tuple(outlet for outlet in day.outlets if outlet.centre_id == centre_id)
    outlet_ids = {outlet.id for outlet in outlets}
    technicians = tuple(person for person in day.technicians if person.outlet_id in outlet_ids)
    technician_ids = {person.id for person in technicians}
    shifts = tuple(shift for shift in day.shifts if shift.technician_id in technician_ids)
    shift_ids = {shift.id for shift in shifts}
    routes = tuple(route for route in plan.routes if route.shift_id in shift_ids)
    visited = {stop.job_id for route in routes for stop in route.stops}
    home = {job.id for job in day.jobs if job.centre_id == centre_id}
    unassigned = tuple(left for left in plan.unassigned if left.job_id in home)
    job_ids = visited | {left.job_id for left in unassigned}
    return (
        replace(
            day,
            outlets=outlets,
            technicians=technicians,
            shifts=shifts,
            jobs=tuple(job for job in day.jobs if job.id in job_ids),
        ),
        Plan(
            routes=routes,
            unassigned=unassigned,
            shipments=tuple(shipment for shipment in plan.shipments if shipment.job_id in job_ids),
            promised=plan.promised,
        ),
    )
