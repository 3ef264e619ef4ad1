"""Tours and the kits of their vans together: where a kit comes too late, tours are planned again around it."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from api.tour_kits import Loaded, late_kits, load_vans
from datasets.tours import TourFolder
from optimizer.budget import Budget, Portion
from optimizer.tours.model import Touring
from optimizer.tours.plan import TourPlan, TourResult
from optimizer.tours.planning import plan_tours
from optimizer.travel import TravelTimes
from optimizer.workers import Workers

__all__ = ["KIT_ROUNDS", "Progress", "Searching", "tours_with_kits"]

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


def tours_with_kits(
    folder: TourFolder, asked: Touring, travel: TravelTimes, base: TourPlan | None, searching: Searching
) -> tuple[TourResult, Loaded]:
    """Return tours, and what their vans are loaded with; a checker's objections to the kits end the rounds."""
    progress = searching.progress
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
    return result, loaded
