"""Desks of small days, and every place for a draft job by brute force: what offers are held against."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from optimizer.budget import Steps
from optimizer.check import check
from optimizer.cost import price
from optimizer.desk import Desk, prepare
from optimizer.dispatch import assemble
from optimizer.kit_options import KitOption
from optimizer.model import DAY_S, LOCK_TOLERANCE_S, Day, Job, Lock, Window
from optimizer.plan import Plan
from optimizer.roster import Roster, visit_windows
from optimizer.solve import Task, solve
from optimizer.sourcing import kit_options
from optimizer.travel import TravelTimes
from tests.forcing import forced_plans
from tests.model_plan import whole_day

__all__ = ["brute_force", "planned", "searched_desk", "slots_of"]


def planned(day: Day, travel: TravelTimes, steps: int = 200) -> Plan:
    """Return a plan that the search finds in a few steps."""
    kits = kit_options(day)
    task = Task(day=day, shard=whole_day(day), kits=kits, travel=travel, budget=Steps(steps=steps), share=1.0, seed=1)
    return assemble(Roster(day), solve(task).routes, kits)


def searched_desk(day: Day, travel: TravelTimes) -> tuple[Desk, Job]:
    """Return the desk of a day planned without its last job, and that job, which half of the people could do."""
    last = day.jobs[-1]
    skill = replace(last.skill, level=1)
    draft = replace(last, appointment=None, published=None, lock=Lock.NONE, skill=skill, consent=True)
    rest = replace(day, jobs=day.jobs[:-1])
    return prepare(rest, planned(rest, travel), travel), draft


def slots_of(day: Day, hours: int = 2) -> tuple[Window, ...]:
    """Return slots from 8 to 18 on every date."""
    starts = [date * DAY_S + hour * 3_600 for date in range(day.days) for hour in range(8, 18, hours)]
    return tuple(Window(earliest_s=start_s, latest_s=start_s + hours * 3_600) for start_s in starts)


def brute_force(desk: Desk, draft: Job, slot: Window, travel: TravelTimes) -> int | None:
    """Return what the cheapest legal plan costs more that has the job within the slot and nobody earlier."""
    day = desk.day()
    old, with_draft = desk.plan(), replace(day, jobs=(*(job for job in day.jobs if job.id != draft.id), draft))
    starts = {stop.job_id: stop.start_s for route in old.routes for stop in route.stops}
    windows = [_within(window, slot) for window in visit_windows(Roster(day), draft)]
    narrow = tuple(window for window in windows if window is not None)
    if not narrow or not draft.consent:
        return None
    kits = {job.id: _sent(old, job) for job in day.jobs if job.order_lines and job.id in starts}
    if draft.order_lines:
        kits[draft.id] = desk.kit(draft)
        if not kits[draft.id]:
            return None
    jobs = [_still(Roster(day), job, starts[job.id]) for job in day.jobs if job.id in starts]
    timed = replace(day, jobs=(*jobs, replace(draft, windows=narrow, appointment=None, published=None)))
    before = price(day, old, travel).total
    extra = [
        price(with_draft, plan, travel).total - before
        for plan in _everywhere(timed, desk, old, kits, draft, travel)
        if not check(with_draft, plan, travel)
    ]
    return min(extra, default=None)


def _everywhere(
    timed: Day, desk: Desk, old: Plan, kits: dict[str, tuple[KitOption, ...]], draft: Job, travel: TravelTimes
) -> Iterator[Plan]:
    left = tuple(one for one in old.unassigned if one.job_id != draft.id)
    for shift in timed.shifts:
        for plan in forced_plans(timed, timed, travel, old, kits, draft.id, (shift.id, "", "")):
            yield replace(plan, unassigned=left)


def _within(window: Window, slot: Window) -> Window | None:
    first, last = max(window.earliest_s, slot.earliest_s), min(window.latest_s, slot.latest_s)
    return Window(earliest_s=first, latest_s=last) if first <= last else None


def _sent(plan: Plan, job: Job) -> tuple[KitOption, ...]:
    lines = tuple(one for one in plan.shipments if one.job_id == job.id)
    ready_s = max(line.ready_s for line in lines)
    return (KitOption(ready_s=ready_s, cost_fen=sum(line.cost_fen for line in lines), shipments=lines),)


def _still(roster: Roster, job: Job, start_s: int) -> Job:
    """Return the job with nothing left of its windows before its planned start, and of a told one's after it."""
    latest_s = roster.day.days * DAY_S
    if job.published is not None and job.published.told:
        latest_s = max(start_s, job.published.start_s + LOCK_TOLERANCE_S)
    later = Window(earliest_s=start_s, latest_s=latest_s)
    windows: Sequence[Window | None] = [_within(window, later) for window in visit_windows(roster, job)]
    return replace(job, windows=tuple(window for window in windows if window is not None), appointment=None)
