"""Tours from what is asked to what is answered, readable as its own summary."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from optimizer.budget import Budget
from optimizer.tours.by_hand import columns_by_hand
from optimizer.tours.choosing import choose_tours, worth_of
from optimizer.tours.columns import Column
from optimizer.tours.cost import price_tours
from optimizer.tours.drafting import draft, homeward
from optimizer.tours.gathering import Gathered, Gathering, gather, improve
from optimizer.tours.ground import Ground, lay_ground
from optimizer.tours.keeping import keep_together, promised_tours
from optimizer.tours.left_out import left_out
from optimizer.tours.merging import merged
from optimizer.tours.model import Touring
from optimizer.tours.objective import Weigher
from optimizer.tours.places import cheapest_places, with_job
from optimizer.tours.plan import TourPlan, TourResult
from optimizer.tours.reading import column_of_tour, read_tour
from optimizer.tours.shapes import Terms
from optimizer.travel import TravelTimes
from optimizer.workers import Workers, answer_all

__all__ = ["plan_tours"]

GATHER = (0.10, 0.10, 0.10)
"""Shares of the budget for tours one by one; after each, what jobs are worth is known better."""
IMPROVE = (0.25, 0.25)
"""Shares for sets of tours; after each, the best of all tours met are chosen anew."""
MOST_COLUMNS = 2_000
"""So many tours take part in a choice: more make it slower than they make it better."""
FILL_STEPS = 100
"""Of the search, for each tour that keeps what was promised and takes other work along."""
DEAREST_FEN = 200_000
"""A job counts for no more than this where tours are compared, so that a few promises do not decide alone."""
TASKS = 2
"""Among so many a budget of steps is shared out."""
CHOOSE = 0.06
"""Share for each choice; broken off then with the best it has."""
KEEP = 0.15
"""Where seconds count: more tours for promises that do not go together yet take no longer than this share of them."""


def plan_tours(
    asked: Touring,
    travel: TravelTimes,
    budget: Budget,
    seed: int,
    workers: Workers,
    progress: Callable[[float], None] = lambda share: None,
    base: TourPlan | tuple[TourPlan, ...] | None = None,
) -> TourResult:
    """Return the best tours found: many are drawn, the best that go together chosen, and made better together.

    It begins from what a rule of thumb makes, so that it is never worse than that.

    base: tours to begin from, as far as they can still be made; of several plans the best.
    """
    keeping = promised_tours(lay_ground(asked, travel))
    ground = keeping.ground
    weigher = Weigher(ground)
    begun = [columns_by_hand(ground, sleeps=sleeps) for sleeps in (False, True)]
    home = [column for c in range(len(asked.crews)) if (column := homeward(ground, c)) is not None]
    met: dict[Column, None] = dict.fromkeys(column for columns in (home, *begun) for column in columns)
    best: list[Column] = []
    bases = (base,) if isinstance(base, TourPlan) else base or ()
    for columns in (home, *begun, *(_known(ground, weigher, one) for one in bases)):
        met.update(dict.fromkeys(columns))
        best = _better(weigher, best, columns)
    promised, together = keep_together(keeping, best, budget.countdown(KEEP))
    met.update(dict.fromkeys(promised))
    best = _filled_up(ground, weigher, _better(weigher, best, together)) if promised else best
    used = 0.0
    for turn, share in enumerate(GATHER):
        worth = worth_of(ground, _foremost(ground, met, best)) if met else None
        round_ = _Round(
            work=gather,
            begin=tuple(best),
            promised=promised,
            share=share,
            used=used,
            seed=seed * 1_009 + turn,
        )
        answers = _spread(round_, ground, ground.search_fen if worth is None else worth, budget, workers, progress)
        met.update(dict.fromkeys(column for answer in answers for column in answer.columns))
        used += share
    best, bound_fen = _chosen(ground, weigher, _foremost(ground, met, best), best, budget)
    for turn, share in enumerate(IMPROVE, start=len(GATHER)):
        used += CHOOSE
        round_ = _Round(work=improve, begin=tuple(best), share=share, used=used, seed=seed * 1_009 + turn)
        answers = _spread(round_, ground, ground.search_fen, budget, workers, progress)
        for answer in answers:
            met.update(dict.fromkeys(answer.columns))
            met.update(dict.fromkeys(answer.best))
            best = _better(weigher, best, answer.best)
        best, bound_fen = _chosen(ground, weigher, _foremost(ground, met, best), best, budget)
        used += share
    best = merged(ground, weigher, _filled(ground, weigher, merged(ground, weigher, best)))
    progress(1.0)
    tours = tuple(read_tour(ground, column) for column in sorted(best, key=lambda c: (c.shape.first, c.shape.crew)))
    plan = TourPlan(tours=tours, left_out=left_out(ground, best))
    cost = price_tours(asked, plan)
    return TourResult(
        plan=plan,
        cost=cost,
        bound_fen=min(cost.total, int(np.ceil(bound_fen))),
        candidates=min(len(met), MOST_COLUMNS),
        seed=seed,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Round:
    """What all workers do now, from which tours, for which share of the budget, and from which seed."""

    work: Callable[[Gathering], Gathered]
    begin: tuple[Column, ...]
    share: float
    used: float
    seed: int
    promised: tuple[Column, ...] = ()


def _spread(
    round_: _Round,
    ground: Ground,
    worth: NDArray[np.int64],
    budget: Budget,
    workers: Workers,
    progress: Callable[[float], None],
) -> list[Gathered]:
    """Return what each worker found; they differ by their seeds."""
    # Steps are shared out to a fixed number, so that the same seed gives the same tours with any number of workers;
    # seconds are every worker's own.
    count = TASKS if budget.repeats else workers.count
    share = round_.share / count if budget.repeats else round_.share
    tasks = [
        Gathering(
            ground=ground,
            worth=worth,
            budget=budget,
            share=share,
            seed=round_.seed * 101 + number,
            begin=round_.begin,
            promised=round_.promised,
        )
        for number in range(count)
    ]
    return answer_all(round_.work, tasks, workers, lambda done: progress(round_.used + done * round_.share))


def _filled_up(ground: Ground, weigher: Weigher, best: Sequence[Column]) -> list[Column]:
    """Return tours that keep promises, each filled with whatever else is worth it, without a budget."""
    kept = list(best)
    for k, column in enumerate(best):
        others = [*kept[:k], *kept[k + 1 :]]
        prize = ground.search_fen.copy()
        prize[[job for other in others for job in other.jobs]] = 0
        at = ground.usual_stands()
        for job, village in (visit for day in column.days for visit in day):
            at[job] = village
        for filled in draft(ground, [column.shape], Terms(prize=prize, at=at), FILL_STEPS, k, [column.routes]):
            kept = _better(weigher, kept, [*kept[:k], filled, *kept[k + 1 :]])
    return kept


def _foremost(ground: Ground, met: Iterable[Column], best: Sequence[Column]) -> list[Column]:
    """Return the tours that a choice is made of: the best known, then those that save most per day."""
    known = set(best)
    clipped = np.minimum(ground.search_fen, DEAREST_FEN)

    def turn(column: Column) -> tuple[bool, float]:
        saved = int(clipped[list(column.jobs)].sum()) - column.fen
        return column not in known, -saved / len(column.days)

    return sorted(met, key=turn)[:MOST_COLUMNS]


def _chosen(
    ground: Ground, weigher: Weigher, columns: list[Column], best: Sequence[Column], budget: Budget
) -> tuple[list[Column], float]:
    """Return the better of the best known and the best choice, and the bound of the choice."""
    if not columns:
        return list(best), float(weigher.fen([]) or 0)
    chosen = choose_tours(ground, columns, budget.seconds_of(CHOOSE), best)
    return _better(weigher, best, chosen.columns), chosen.bound_fen


def _better(weigher: Weigher, best: Sequence[Column], other: Sequence[Column]) -> list[Column]:
    """Return the cheaper set of tours."""
    fen, other_fen = weigher.fen(best), weigher.fen(other)
    return list(other) if other_fen is not None and (fen is None or other_fen < fen) else list(best)


def _filled(ground: Ground, weigher: Weigher, columns: Sequence[Column]) -> list[Column]:
    """Return the tours with whatever job more has a place that is worth it, cheapest first, until none has."""
    best = list(columns)
    fen = weigher.fen(best)
    tried: set[int] = set()
    while True:
        done = {job for column in best for job in column.jobs}
        left = [job for job in range(len(ground.asked.jobs)) if job not in done and job not in tried]
        places = cheapest_places(ground, best, left)
        worth = [(place.fen - int(ground.left_fen[job]), job) for job, place in places.items()]
        gain, job = min(worth, default=(0, -1))
        if gain >= 0 or fen is None:
            return best
        tried.add(job)
        more = [
            with_job(ground, column, job, places[job]) if k == places[job].tour else column
            for k, column in enumerate(best)
        ]
        more_fen = weigher.fen(more)
        if more_fen is not None and more_fen < fen:
            best, fen = more, more_fen


def _known(ground: Ground, weigher: Weigher, base: TourPlan) -> list[Column]:
    """Return the base's tours as far as each can still be made by itself and beside the others.

    One that its crew cannot make any more is another crew's, where that saves something.
    """
    known: list[Column] = []
    left = []
    for tour in base.tours:
        column = column_of_tour(ground, tour)
        if column is not None and weigher.fen([*known, column]) is not None:
            known.append(column)
        elif column is None:
            left.append(tour)
    for tour in left:
        others = [replace(tour, crew_id=crew.id) for crew in ground.asked.crews if crew.id != tour.crew_id]
        for column in (column_of_tour(ground, other) for other in others):
            if column is not None and (better := _better(weigher, known, [*known, column])) != known:
                known = better
                break
    return known
