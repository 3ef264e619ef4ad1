"""The visits to keep an eye on: those with little time to spare before a promise breaks, and those that break one."""

import csv
import io
from collections.abc import Iterator

from datasets.times import instant_text
from optimizer.clock import time_text
from optimizer.model import ClockKind, Day, Job
from optimizer.plan import Plan, Route, Stop
from optimizer.wording import duration_words

__all__ = ["AT_RISK_COLUMNS", "LITTLE_S", "at_risk_table"]

AT_RISK_COLUMNS = (
    "job_id",
    "technician_id",
    "outlet_id",
    "channel",
    "clock",
    "due_at",
    "planned_at",
    "slack_s",
    "action",
)
LITTLE_S = 3_600
"""A promise kept with less than this to spare is at risk."""


def at_risk_table(day: Day, plan: Plan) -> bytes:
    """Return at_risk.csv: a row per visit and clock with little slack or none, least slack first."""
    rows = sorted(_rows(day, plan), key=lambda row: (row[0], row[1]))
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(AT_RISK_COLUMNS)
    writer.writerows(row for _, _, row in rows)
    return stream.getvalue().encode("utf-8-sig")


def _rows(day: Day, plan: Plan) -> Iterator[tuple[int, str, tuple[str, ...]]]:
    """Yield slack in seconds, job and cells."""
    jobs = {job.id: job for job in day.jobs}
    shifts = {shift.id: shift for shift in day.shifts}
    technicians = {technician.id: technician for technician in day.technicians}
    outlets = {outlet.id: outlet for outlet in day.outlets}
    for route in plan.routes:
        technician = technicians[shifts[route.shift_id].technician_id]
        outlet = outlets[technician.outlet_id]
        for place, stop in enumerate(route.stops):
            job = jobs[stop.job_id]
            for clock in job.clocks:
                planned_s = stop.start_s if clock.kind is ClockKind.ARRIVAL else stop.end_s
                slack_s = clock.due_s - planned_s
                if slack_s < LITTLE_S:
                    cells = (
                        job.id,
                        technician.id,
                        outlet.id,
                        str(outlet.channel),
                        str(clock.kind),
                        instant_text(day.date, clock.due_s),
                        instant_text(day.date, planned_s),
                        str(slack_s),
                        _action(day, job, route, place, slack_s),
                    )
                    yield slack_s, job.id, cells


def _action(day: Day, job: Job, route: Route, place: int, slack_s: int) -> str:
    """Return what keeps the promise, or what is left to do when nothing does."""
    stop = route.stops[place]
    if slack_s < 0:
        if stop.start_s + slack_s < day.now_s:
            return "broken before planning: tell the customer the new time"
        return f"{duration_words(-slack_s).en} late as planned: tell the customer before the promise breaks"
    leave_s = stop.start_s + slack_s - stop.travel_s
    return f"set out by {time_text(leave_s - leave_s % 60)}{_from(route.stops[:place])} for {job.id}"


def _from(before: tuple[Stop, ...]) -> str:
    return f" from {before[-1].job_id}" if before else " from base"
