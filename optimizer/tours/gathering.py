"""Many tours to choose from, each good by itself for what jobs are worth now; then better sets of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from optimizer.budget import Budget
from optimizer.model import DAY_S
from optimizer.tours.columns import Column
from optimizer.tours.drafting import draft
from optimizer.tours.ground import Ground
from optimizer.tours.objective import Weigher
from optimizer.tours.shapes import Shape, Terms
from optimizer.tours.shaping import Shaper

__all__ = ["Gathered", "Gathering", "days_apart", "gather", "improve"]

STEPS = 100
"""Of the search, for one tour."""
TOGETHER_STEPS = 250
"""Of the search, for some tours together."""
TOGETHER = 3
NEW, LESS, CHANGED = 0.2, 0.3, 0.8
"""Up to these draws a tour more is tried, one less, one in another shape; beyond the last one as it is."""
CARRIED = 0.3
"""Chance that a unit that can be carried is looked at in another village than its own."""
PROMISED = 0.2
"""Chance that a tour begins from one that keeps a promise, where anything was promised."""
HOT, COLD = 20_000.0, 300.0
"""Fen: how much worse a set of tours may become at the beginning and at the end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Gathering:
    """What a worker is sent: the ground, what jobs are worth, its share of the budget, and tours to begin from.

    promised: tours that keep what villages were told and do nothing else yet.
    """

    ground: Ground
    worth: NDArray[np.int64]
    budget: Budget
    share: float
    seed: int
    begin: tuple[Column, ...] = ()
    promised: tuple[Column, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Gathered:
    """Tours met, and the best set of them (empty where only single tours were looked for)."""

    columns: tuple[Column, ...]
    best: tuple[Column, ...] = ()


def gather(task: Gathering) -> Gathered:
    """Return tours drawn one by one, each as good as a short search makes it."""
    ground = task.ground
    stop = task.budget.begin(task.share)
    shaper = Shaper(ground, task.seed)
    weigher = Weigher(ground)
    met: dict[Column, None] = {}
    steps = 0
    while stop(steps) < 1.0:
        steps += STEPS
        begun = _promised(task, shaper)
        shape = shaper.new(task.worth) if begun is None else begun.shape
        if shape is None:
            continue
        at = _stands(ground, shaper, {})
        for job, village in _villages_of([] if begun is None else [begun]).items():
            at[job] = village
        seed = int(shaper.draws.integers(1 << 31))
        terms = Terms(prize=task.worth, at=at, allowed=days_apart(ground, shaper, {}))
        for column in draft(ground, [shape], terms, STEPS, seed, None if begun is None else [begun.routes]):
            if weigher.stands(column):
                met[column] = None
    return Gathered(columns=tuple(met))


def _promised(task: Gathering, shaper: Shaper) -> Column | None:
    """Return a tour that keeps a promise, to be filled with other work; None when none is due now."""
    if not task.promised or shaper.draws.random() >= PROMISED:
        return None
    return task.promised[int(shaper.draws.integers(len(task.promised)))]


def improve(task: Gathering) -> Gathered:
    """Return better sets of tours by changing shapes and searching some tours together, annealed."""
    ground = task.ground
    stop = task.budget.begin(task.share)
    shaper, weigher = Shaper(ground, task.seed), Weigher(ground)
    now, best = list(task.begin), list(task.begin)
    now_fen = best_fen = weigher.fen(now)
    if now_fen is None or best_fen is None:
        return Gathered(columns=())
    met: dict[Column, None] = {}
    steps = 0
    while (used := stop(steps)) < 1.0:
        steps += TOGETHER_STEPS
        tried = _step(ground, shaper, now)
        if tried is None:
            continue
        met.update(dict.fromkeys(tried))
        fen = weigher.fen(tried)
        temperature = HOT * (COLD / HOT) ** used
        if fen is not None and fen < now_fen - temperature * np.log(max(1e-12, shaper.draws.random())):
            now, now_fen = tried, fen
            if fen < best_fen:
                best, best_fen = tried, fen
    return Gathered(columns=tuple(column for column in met if weigher.stands(column)), best=tuple(best))


Move = tuple[int, Shape | None, list[tuple[int, ...]]]
"""Which of the tours goes (-1 for none), the shape that comes (None for none), and the visits it begins with."""


def _move(ground: Ground, shaper: Shaper, now: Sequence[Column]) -> Move | None:
    """Return a change to try: a tour more, one less, one in another shape, one searched again; None without any."""
    draws = shaper.draws
    done = {job for column in now for job in column.jobs}
    kind = draws.random()
    number = int(draws.integers(len(now))) if now else -1
    if not now or kind < NEW:
        left = np.array([0 if j in done else fen for j, fen in enumerate(ground.search_fen.tolist())], np.int64)
        shape = shaper.new(left if left.any() else ground.search_fen)
        return None if shape is None else (-1, shape, [])
    if kind < LESS and len(now) > 1:
        return number, None, []
    if kind < CHANGED:
        shape = shaper.changed(now[number].shape, ground.search_fen)
        return None if shape is None else (number, shape, _moved(now[number], shape))
    return number, now[number].shape, list(now[number].routes)


def _step(ground: Ground, shaper: Shaper, now: Sequence[Column]) -> list[Column] | None:
    """Return the tours with one new, gone or changed, and some searched again together; None when nothing is to try."""
    move = _move(ground, shaper, now)
    if move is None:
        return None
    number, shape, begin = move
    others = [column for k, column in enumerate(now) if k != number]
    if shape is not None:
        others = [column for column in others if not _clash(column.shape, shape)]
    together = _nearest(ground, others, shape, shaper.draws)
    shapes = [column.shape for column in together]
    routes = [list(column.routes) for column in together]
    held = _villages_of(together)
    if shape is not None:
        shapes.append(shape)
        routes.append(begin or [() for _ in range(len(shape.nights) + 1)])
        held |= _villages_of([now[number]] if number >= 0 else [])
    if not shapes:
        return others
    kept = [column for column in others if column not in together]
    prize = ground.search_fen.copy()
    prize[list(_villages_of(kept))] = 0
    day_of = {j: c.shape.first + k for c in [*kept, *together] for k, day in enumerate(c.days) for j, _ in day}
    terms = Terms(prize=prize, at=_stands(ground, shaper, held), allowed=days_apart(ground, shaper, day_of))
    return [*kept, *draft(ground, shapes, terms, TOGETHER_STEPS, int(shaper.draws.integers(1 << 31)), routes)]


def _villages_of(columns: Sequence[Column]) -> dict[int, int]:
    """Return where the jobs of some tours are done."""
    return {job: village for column in columns for day in column.days for job, village in day}


def _clash(one: Shape, other: Shape) -> bool:
    return one.crew == other.crew and one.first <= other.last and other.first <= one.last


def _moved(column: Column, shape: Shape) -> list[tuple[int, ...]]:
    """Return the tour's visits on the days of a changed shape: by date where crew and dates stay, by turn elsewhere."""
    shift = shape.first - column.shape.first if shape.crew == column.shape.crew else 0
    if len(shape.nights) == len(column.shape.nights):
        shift = 0
    days = [offset + shift for offset in range(len(shape.nights) + 1)]
    return [column.routes[k] if 0 <= k < len(column.routes) else () for k in days]


def _nearest(ground: Ground, others: Sequence[Column], shape: Shape | None, draws: np.random.Generator) -> list[Column]:
    """Return some of the other tours to search with: mostly those that sleep near, some by chance."""
    count = min(len(others), int(draws.integers(TOGETHER)))
    if count == 0:
        return list(others[:1]) if shape is None else []
    if shape is None or not shape.nights or draws.random() < 0.3:
        return [others[k] for k in sorted(draws.choice(len(others), count, replace=False).tolist())]
    base = len(ground.asked.villages)
    seconds = ground.seconds[ground.asked.crews[shape.crew].mode]
    here = [base + lodging for lodging in shape.nights]

    def far(column: Column) -> int:
        points = [village for day in column.days for _, village in day]
        return int(seconds[np.ix_(here, points)].min()) if points else 1 << 40

    return sorted(others, key=far)[:count]


def _stands(ground: Ground, shaper: Shaper, held: Mapping[int, int]) -> NDArray[np.int64]:
    """Return where each job would be done: where it is held, else at home or, by chance, where it can be carried to."""
    at = ground.usual_stands()
    for job, stands in enumerate(ground.stands):
        if len(stands) > 1 and shaper.draws.random() < CARRIED:
            at[job] = stands[int(shaper.draws.integers(len(stands)))]
    for job, village in held.items():
        if shaper.draws.random() < 0.9:
            at[job] = village
    return at


def days_apart(ground: Ground, shaper: Shaper, day_of: Mapping[int, int]) -> NDArray[np.bool_] | None:
    """Return days (n, d) such that whatever days are taken of them, spaced visits lie as far apart as they must.

    Each combination is drawn around the days that the visits have now. None when nothing is spaced.
    """
    asked = ground.asked
    if not asked.spacings:
        return None
    place = {job.id: index for index, job in enumerate(asked.jobs)}
    allowed = np.ones((len(asked.jobs), asked.days), bool)
    days = np.arange(asked.days)
    for spacing in asked.spacings:
        numbers = [place[job_id] for job_id in spacing.job_ids]
        spans = [_span(ground, job) for job in numbers]
        low = spans[0][0]
        for a, b, (first, last), (_, after_last) in zip(numbers, numbers[1:], spans, spans[1:], strict=False):
            now_a, now_b = day_of.get(a), day_of.get(b)
            low = max(low, first, (now_b - spacing.most_days) if now_b is not None else 0)
            most = min(last, (now_b if now_b is not None else after_last) - spacing.least_days)
            least = now_a if now_a is not None else low
            turn = int(shaper.draws.integers(least, most + 1)) if least <= most else least
            allowed[a] &= (days >= low) & (days <= turn)
            low, high = turn + spacing.least_days, low + spacing.most_days
            allowed[b] &= (days >= low) & (days <= high)
    return allowed


def _span(ground: Ground, job: int) -> tuple[int, int]:
    """Return the first and the last day on which a job may be done."""
    first, last = int(ground.first_s[job]) // DAY_S, int(ground.last_s[job]) // DAY_S
    return max(0, first), min(ground.asked.days - 1, last)
