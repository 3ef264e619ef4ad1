"""Routes whose order somebody else decided: when each visit would be, whatever rules that breaks; no search here."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from optimizer.kit_options import KitOption, shipments_for
from optimizer.model import DAY_S, Day, Rule, Window
from optimizer.plan import Plan, Route, Unassigned
from optimizer.roster import Roster
from optimizer.search.arrays import Shard, build_problem
from optimizer.search.readback import read_route
from optimizer.sourcing import kits_of_plan
from optimizer.travel import TravelTimes

__all__ = ["RouteUntimed", "in_this_order"]


ANY_TIME = Window(earliest_s=0, latest_s=100 * DAY_S)


class RouteUntimed(Exception):
    """A route that has no times in this order, windows or not: there is no way to this job."""

    def __init__(self, shift_id: str, job_id: str) -> None:
        super().__init__(f"{shift_id}: no way to {job_id}")
        self.shift_id, self.job_id = shift_id, job_id


def in_this_order(day: Day, plan: Plan, orders: Mapping[str, Sequence[str]], travel: TravelTimes) -> Plan:
    """Return the plan with some shifts' jobs in a given order, as early as windows allow, else as early as can be.

    orders: job ids by shift id; an empty one takes the shift's route away. Jobs that then are on no route are left
    out; the checker says what the new plan breaks. Raises RouteUntimed.
    """
    roster = Roster(day)
    kits = kits_of_plan(day, plan)
    routes = {route.shift_id: route for route in plan.routes}
    for shift_id, job_ids in orders.items():
        routes.pop(shift_id, None)
        if job_ids:
            routes[shift_id] = _timed(day, shift_id, job_ids, kits, travel)
    position = {shift.id: number for number, shift in enumerate(day.shifts)}
    ordered = sorted(routes.values(), key=lambda route: position[route.shift_id])
    starts = {stop.job_id: stop.start_s for route in ordered for stop in route.stops}
    before = {left.job_id: left for left in plan.unassigned}
    out = Unassigned(job_id="", rule=Rule.UNKNOWN, reason="taken off by hand", reason_zh="人工移出")
    shipped = {shipment.job_id for shipment in plan.shipments}
    new = [job for job in roster.day.jobs if job.id in starts and job.id not in shipped]
    return Plan(
        routes=tuple(ordered),
        unassigned=tuple(before.get(job.id) or replace(out, job_id=job.id) for job in day.jobs if job.id not in starts),
        shipments=(
            *(shipment for shipment in plan.shipments if shipment.job_id in starts),
            *shipments_for(new, roster.visits(ordered), kits),
        ),
        promised=plan.promised,
    )


def _timed(
    day: Day, shift_id: str, job_ids: Sequence[str], kits: Mapping[str, tuple[KitOption, ...]], travel: TravelTimes
) -> Route:
    """Return the route; what its rules do not allow any more is timed as if they were not there, from there on."""
    jobs = {job.id: job for job in day.jobs if job.id in set(job_ids)}
    shift = next(shift for shift in day.shifts if shift.id == shift_id)
    technicians = tuple(person for person in day.technicians if person.id == shift.technician_id)

    def read(end: int) -> Route | None:
        few = replace(day, jobs=tuple(jobs.values()), shifts=(shift,), technicians=technicians)
        return _read(few, shift_id, job_ids[:end], kits, travel)

    route: Route | None = None
    for end, job_id in enumerate(job_ids, start=1):
        route = read(end)
        if route is None:
            jobs[job_id] = replace(jobs[job_id], windows=(ANY_TIME,), appointment=None, order_lines=())
            shift = replace(shift, close_s=ANY_TIME.latest_s)
            route = read(end)
        if route is None:
            shift = replace(shift, break_=None)
            route = read(end)
        if route is None:
            raise RouteUntimed(shift_id, job_id)
    assert route is not None
    return route


def _read(
    day: Day, shift_id: str, job_ids: Sequence[str], kits: Mapping[str, tuple[KitOption, ...]], travel: TravelTimes
) -> Route | None:
    """Return the route in this order, None when it has no times."""
    ids = tuple(job.id for job in day.jobs)
    shard = Shard(job_ids=ids, shift_ids=(shift_id,), start={}, parity_allowed=0)
    waiting = {job.id: kits[job.id] for job in day.jobs if job.order_lines and job.id in kits}
    problem = build_problem(Roster(day), shard, waiting, travel, neighbours=0)
    try:
        route = read_route(problem, 0, [ids.index(job_id) for job_id in job_ids], ids, (shift_id,))
    except ValueError:
        return None
    return route if route.return_s < ANY_TIME.latest_s else None
