"""Which tours to make: set packing over all tours met, with what lies between them (MathOpt)."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from optimizer.engines.mip import Program, choose, relaxed
from optimizer.tours.columns import Column
from optimizer.tours.cost import standing_villages
from optimizer.tours.ground import Ground
from optimizer.tours.holding import promises

__all__ = ["Chosen", "choose_tours", "worth_of", "worth_of_held"]

GAP = 1e-4
"""A choice so near to its bound is taken for the best."""
NODES = 500
"""Of the search tree, where the same seed must give the same tours."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """The tours chosen, and the least that any choice among the columns costs."""

    columns: tuple[Column, ...]
    bound_fen: float


@dataclass(frozen=True, slots=True, kw_only=True)
class _Written:
    """The program (its first variables are the columns), the row of each job and of each promised stop, by its village
    and day, and what nobody can change.
    """

    program: Program
    jobs: dict[int, int]
    promises: dict[tuple[int, int], int]
    left_fen: int


@dataclass(slots=True)
class _Rows:
    """A program being written: variables with prices, rows with limits."""

    fen: list[float] = field(default_factory=list)
    whole: list[bool] = field(default_factory=list)
    least: list[float] = field(default_factory=list)
    most: list[float] = field(default_factory=list)
    row: list[int] = field(default_factory=list)
    column: list[int] = field(default_factory=list)
    amount: list[float] = field(default_factory=list)

    def variable(self, fen: float, *, whole: bool = False) -> int:
        self.fen.append(fen)
        self.whole.append(whole)
        return len(self.fen) - 1

    def limit(self, terms: Sequence[tuple[int, float]], least: float, most: float) -> int:
        number = len(self.least)
        self.least.append(least)
        self.most.append(most)
        self.row += [number] * len(terms)
        self.column += [variable for variable, _ in terms]
        self.amount += [amount for _, amount in terms]
        return number

    def program(self) -> Program:
        return Program(
            fen=np.array(self.fen, np.float64),
            whole=np.array(self.whole, bool),
            least=np.array(self.least, np.float64),
            most=np.array(self.most, np.float64),
            row=np.array(self.row, np.int64),
            column=np.array(self.column, np.int64),
            amount=np.array(self.amount, np.float64),
        )


def choose_tours(
    ground: Ground, columns: Sequence[Column], seconds: float | None, begin: Sequence[Column] = ()
) -> Chosen:
    """Return the best tours out of these; those to begin from (among the columns) where no better were found."""
    written = _program(ground, columns)
    program = written.program
    known = set(begin)
    start = np.zeros(len(program.fen), bool)
    start[: len(columns)] = [column in known for column in columns]
    nodes = NODES if seconds is None else None
    choice = choose(program, seconds=seconds, gap=GAP, begin=start if begin else None, nodes=nodes)
    shared = relaxed(program)
    least = max((found.bound_fen for found in (choice, shared) if found is not None), default=-np.inf)
    chosen = tuple(begin)
    if choice is not None:
        chosen = tuple(column for column, share in zip(columns, choice.share, strict=False) if share > 0.5)
    # Every price is at least 0: that much is known without a solver.
    return Chosen(columns=chosen, bound_fen=max(0.0, least + written.left_fen))


def worth_of(ground: Ground, columns: Sequence[Column]) -> NDArray[np.int64] | None:
    """Return what it is worth to do each job where tours may be shared: its price in the linear program; (n,)."""
    written = _program(ground, columns)
    choice = relaxed(written.program)
    if choice is None:
        return None
    worth = ground.search_fen.copy()
    for job, row in written.jobs.items():
        worth[job] = max(0, min(int(choice.price[row]), int(ground.left_fen[job]))) + int(
            ground.search_fen[job] - ground.left_fen[job]
        )
    return worth


def worth_of_held(ground: Ground, columns: Sequence[Column]) -> NDArray[np.int64] | None:
    """Return what it is worth to do each job that stands for a promise where tours may be shared, others as ever; (n,).

    Of what the promise counts for, the price that it has beside the others: little where a tour keeps it anyway.
    """
    written = _program(ground, columns)
    choice = relaxed(written.program)
    if choice is None:
        return None
    worth = ground.search_fen.copy()
    for job, held in ground.told.items():
        whole = ground.asked.charges.keep_fen * held.promises
        price = round(choice.price[written.promises[held.stop, held.day]])
        worth[job] += max(0, min(price, whole)) - whole
    return worth


def _program(ground: Ground, columns: Sequence[Column]) -> _Written:
    """Return the set packing of these tours."""
    asked = ground.asked
    rows = _Rows()
    for column in columns:
        rows.variable(column.fen, whole=True)
    with_job: dict[int, list[int]] = defaultdict(list)
    for number, column in enumerate(columns):
        for job in column.jobs:
            with_job[job].append(number)
    row_of: dict[int, int] = {}
    locked = {job_id for day in asked.levers.locked for job_id in day.job_ids}
    for job, numbers in with_job.items():
        kept = asked.charges.keep_fen if asked.jobs[job].id in locked else 0
        left = rows.variable(float(ground.left_fen[job]) + kept)
        row_of[job] = rows.limit([(left, 1.0), *((number, 1.0) for number in numbers)], 1.0, 1.0)
    _one_tour_a_day(ground, columns, rows)
    _bring_home(ground, columns, rows)
    promise_rows = _visit_villages(ground, columns, rows)
    _share_nights(ground, columns, rows)
    _keep_apart(ground, columns, rows)
    left_fen = int(ground.left_fen.sum() - sum(ground.left_fen[job] for job in row_of))
    return _Written(program=rows.program(), jobs=row_of, promises=promise_rows, left_fen=left_fen)


def _one_tour_a_day(ground: Ground, columns: Sequence[Column], rows: _Rows) -> None:
    """A crew is on one tour a day; all vans together are away on so many days; a contact meets one crew a day."""
    asked = ground.asked
    busy: dict[tuple[int, int], list[int]] = defaultdict(list)
    meets: dict[tuple[str, int], set[int]] = defaultdict(set)
    for number, column in enumerate(columns):
        for offset, visits in enumerate(column.days):
            day = column.shape.first + offset
            busy[column.shape.crew, day].append(number)
            for _, village in visits:
                if asked.villages[village].contact:
                    meets[asked.villages[village].contact, day].add(number)
    for numbers in busy.values():
        rows.limit([(number, 1.0) for number in numbers], 0.0, 1.0)
    if len(asked.crews) > 1:
        for met in meets.values():
            if len({columns[number].shape.crew for number in met}) > 1:
                rows.limit([(number, 1.0) for number in sorted(met)], 0.0, 1.0)
    if asked.levers.van_days is not None:
        days = [(number, float(len(column.days))) for number, column in enumerate(columns)]
        rows.limit(days, 0.0, float(asked.levers.van_days))


def _bring_home(ground: Ground, columns: Sequence[Column], rows: _Rows) -> None:
    """A crew on the road comes home, whatever it costs, before it leaves again."""
    asked = ground.asked
    for c, crew in enumerate(asked.crews):
        if crew.on_the_road is None:
            continue
        own = [number for number, column in enumerate(columns) if column.shape.crew == c]
        begun = [number for number in own if columns[number].shape.first == crew.on_the_road.day]
        stays = rows.variable(float(asked.charges.keep_fen))
        rows.limit([(stays, 1.0), *((number, 1.0) for number in begun)], 1.0, 1.0)
        for number in set(own) - set(begun):
            rows.limit([(number, 1.0), *((other, -1.0) for other in begun)], -np.inf, 0.0)


def _visit_villages(ground: Ground, columns: Sequence[Column], rows: _Rows) -> dict[tuple[int, int], int]:
    """Villages long unvisited down to the floor; those that must be visited, or are told a date, whatever it costs.

    Return the row of each promised stop, by its village and day.
    """
    asked = ground.asked
    stops: dict[int, set[int]] = defaultdict(set)
    on_day: dict[tuple[int, int], set[int]] = defaultdict(set)
    for number, column in enumerate(columns):
        for offset, visits in enumerate(column.days):
            for _, village in visits:
                stops[village].add(number)
                on_day[village, column.shape.first + offset].add(number)
    standing = standing_villages(asked)
    missed = []
    for v, place in enumerate(asked.villages):
        if place.id in standing:
            missed.append(rows.variable(0.0))
            rows.limit([(missed[-1], 1.0), *((number, 1.0) for number in sorted(stops[v]))], 1.0, np.inf)
    number_of = {place.id: v for v, place in enumerate(asked.villages)}

    def wanted(numbers: set[int], count: int) -> int:
        left = rows.variable(float(asked.charges.keep_fen * count))
        return rows.limit([(left, 1.0), *((number, 1.0) for number in sorted(numbers))], 1.0, np.inf)

    for id_ in sorted(asked.levers.must_visit):
        wanted(stops[number_of[id_]], 1)
    promise_rows = {stop: wanted(on_day[stop], count) for stop, count in sorted(promises(asked).items())}
    if standing:
        allowed = len(standing) * (100 - asked.charges.unvisited_percent) // 100
        over = rows.variable(float(asked.charges.unvisited_fen))
        rows.limit([(over, -1.0), *((variable, 1.0) for variable in missed)], -np.inf, float(allowed))
    return promise_rows


def _share_nights(ground: Ground, columns: Sequence[Column], rows: _Rows) -> None:
    """A crew's nights above its fair share; never dearer than `unfair_nights_price`, which rounds the share up."""
    crews = ground.asked.crews
    if len(crews) < 2:
        return
    before = sum(crew.nights_before for crew in crews)
    for c, crew in enumerate(crews):
        over = rows.variable(float(crew.people * ground.asked.charges.unfair_night_fen))
        terms = [
            (number, len(column.shape.nights) * ((column.shape.crew == c) - 1 / len(crews)))
            for number, column in enumerate(columns)
            if column.shape.nights
        ]
        counted = min(crew.nights_before, before // len(crews))
        rows.limit([(over, -1.0), *terms], -np.inf, (before + len(crews) - 1) / len(crews) - counted)


def _keep_apart(ground: Ground, columns: Sequence[Column], rows: _Rows) -> None:
    """Visits of one customer lie so many days apart: day combinations, pair by pair."""
    place = {job.id: index for index, job in enumerate(ground.asked.jobs)}
    wanted = {place[job_id] for spacing in ground.asked.spacings for job_id in spacing.job_ids}
    day_of: dict[int, dict[int, list[int]]] = defaultdict(lambda: defaultdict(list))
    for number, column in enumerate(columns):
        for offset, visits in enumerate(column.days):
            for job, _ in visits:
                if job in wanted:
                    day_of[job][column.shape.first + offset].append(number)
    for spacing in ground.asked.spacings:
        for before_id, after_id in zip(spacing.job_ids, spacing.job_ids[1:], strict=False):
            before, after = day_of[place[before_id]], day_of[place[after_id]]
            for day, numbers in before.items():
                clash = {
                    number
                    for other, others in after.items()
                    if not spacing.least_days <= other - day <= spacing.most_days
                    for number in others
                }
                if clash:
                    rows.limit([(number, 1.0) for number in sorted(clash | set(numbers))], 0.0, 1.0)
