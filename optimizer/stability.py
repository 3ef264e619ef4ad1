"""What stability costs: the day planned on from a plan as if changes to what was published had no price."""

from dataclasses import dataclass, replace

from optimizer.budget import Budget
from optimizer.churn import changes
from optimizer.cost import price
from optimizer.dispatch import search_on
from optimizer.model import Day
from optimizer.plan import Result
from optimizer.travel import TravelTimes
from optimizer.workers import Workers

__all__ = ["Stability", "stability", "unpriced"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Stability:
    """How much cheaper a plan was found that cares for no published visit, churn not counted in either.

    fen: at least so much, 0 when nothing cheaper was found. more_changes: published visits that would change beyond
    those that do, fewer where negative. more_calls: the same for customers who were told.
    """

    fen: int
    more_changes: int
    more_calls: int


def unpriced(day: Day) -> Day:
    """Return the day with changes free of charge; locks and freezes hold as before."""
    tariff = replace(day.tariff, churn_technician_fen=0, churn_moved_fen=0, churn_told_fen=0)
    return replace(day, tariff=tariff)


def stability(
    day: Day, result: Result, travel: TravelTimes, *, budget: Budget, workers: Workers, seed: int
) -> Stability:
    """Return what the published visits cost a plan, by searching on from it for a cheaper one."""
    free_day = unpriced(day)
    free = search_on(free_day, result.plan, travel, budget=budget, workers=workers, seed=seed)
    fen = result.cost.total - result.cost.churn - price(free_day, free, travel).total
    if fen <= 0:
        return Stability(fen=0, more_changes=0, more_calls=0)
    ours, theirs = changes(day, result.plan), changes(day, free)
    return Stability(
        fen=fen,
        more_changes=len(theirs) - len(ours),
        more_calls=sum(change.call_again for change in theirs) - sum(change.call_again for change in ours),
    )
