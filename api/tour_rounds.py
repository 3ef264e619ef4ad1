"""Tours and the kits of their vans together: where a kit comes too late, tours are planned again around it."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from api.tour_kits import Loaded, late_kits, load_vans
from datasets.tours import TourFolder
from optimizer.budget import Budget, Portion
from optimizer.tours.model import Told, Touring, WorkKind
from optimizer.tours.plan import TourPlan, TourResult
from optimizer.tours.planning import plan_tours
from optimizer.tours.told import days_given_up, lost_dates, released
from optimizer.tours.unkept import UnkeptKind, unkept
from optimizer.travel import TravelTimes
from optimizer.workers import Workers

__all__ = ["KIT_ROUNDS", "Kitted", "Progress", "Searching", "tours_with_kits"]

Progress = Callable[[str, float], None]
"""Is told the stage, and how much of it is done."""
KIT_ROUNDS = 3
"""So often tours are planned at most until every kit is there when its crew leaves."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Searching:
    """Who plans, for how long, from which seed, and who hears of it.

    first, again, loading: shares of the budget for the first plan, for each further one, which begins from the one
    before, and for every decision on kits.
    """

    budget: Budget
    workers: Workers
    seed: int
    progress: Progress
    first: float
    again: float
    loading: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Kitted:
    """Tours and what their vans are loaded with. released: villages and days that they were told and that could not be
    kept.
    """

    result: TourResult
    loaded: Loaded
    released: frozenset[tuple[str, int]] = frozenset()


def tours_with_kits(
    folder: TourFolder, asked: Touring, travel: TravelTimes, base: TourPlan | None, searching: Searching
) -> Kitted:
    """Return tours, and what their vans are loaded with.

    Villages that were told a date which cannot be kept may be visited on another: those known from the start, and, in a
    second try that begins from the first, those that no tour was found for. One that loses a date which the first kept
    is dropped.
    """
    lost = days_given_up(asked, lost_dates(asked))
    found = _rounds(folder, asked, lost, travel, base, searching)
    missed = _dates_missed(asked, found.result.plan)
    if not missed - lost or found.loaded.found:
        return found
    second = replace(searching, first=2 * searching.again)
    again = _rounds(folder, asked, lost | missed, travel, found.result.plan, second)
    still = _dates_missed(asked, again.result.plan)
    if not still <= missed or again.result.cost.total >= found.result.cost.total:
        return found
    kept = again.released - still
    return found if _walk_ins_elsewhere(asked, again.result.plan, kept) else replace(again, released=still)


def _walk_ins_elsewhere(asked: Touring, plan: TourPlan, kept: frozenset[tuple[str, int]]) -> bool:
    """Tell whether people of villages that have a date kept after all are told to come on another day."""
    told = {village.id: village.home_days for village in asked.villages}
    again = {village_id for village_id, day in kept if day in told[village_id]}
    brought = {job.id: job.village_id for job in asked.jobs if job.kind is WorkKind.WALK_IN and job.village_id in again}
    return any(
        visit.job_id in brought and day.day not in told[brought[visit.job_id]] for _, day, visit in plan.visits()
    )


def _dates_missed(asked: Touring, plan: TourPlan) -> frozenset[tuple[str, int]]:
    return days_given_up(
        asked,
        (
            (one.about, Told(day=one.day, stop_id=one.stop_id))
            for one in unkept(asked, plan)
            if one.kind is UnkeptKind.DATE and one.day is not None
        ),
    )


def _rounds(
    folder: TourFolder,
    asked: Touring,
    free: frozenset[tuple[str, int]],
    travel: TravelTimes,
    base: TourPlan | None,
    searching: Searching,
) -> Kitted:
    """Return tours whose kits are there when they leave; a checker's objections to the kits end the rounds."""
    progress = searching.progress
    asked = released(asked, free)
    for share in (searching.first, *([searching.again] * (KIT_ROUNDS - 1))):
        part = Portion(budget=searching.budget, part=share)
        result = plan_tours(
            asked, travel, part, searching.seed, searching.workers, lambda done: progress("planning", done), base
        )
        progress("kits", 0.0)
        loaded = load_vans(folder, asked, result.plan, searching.budget.countdown(searching.loading))
        late = late_kits(loaded.orders)
        if loaded.found or not late:
            break
        base = result.plan
        jobs = tuple(replace(job, kit_ready_s=late[job.id]) if job.id in late else job for job in asked.jobs)
        asked = replace(asked, jobs=jobs)
    return Kitted(result=result, loaded=loaded, released=free)
