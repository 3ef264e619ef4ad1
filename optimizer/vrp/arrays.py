"""A routing problem as the arrays of the search; points are the tasks' places, then where vehicles begin and end."""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import lcm

import numpy as np
from numpy.typing import NDArray

from optimizer.model import Window
from optimizer.search.problem import (
    CLOCK,
    FORBIDDEN,
    FREE,
    JOB,
    LATENESS,
    NEVER_S,
    OUTLET,
    PAUSE,
    RATES,
    SHIFT,
    WINDOW,
    Problem,
    nearest_jobs,
    with_steady_shifts,
)
from optimizer.travel import UNREACHABLE
from optimizer.vrp.model import MOST_S, Amounts, Matrices, Routing, Task, Vehicle
from optimizer.vrp.pauses import pauses_in_turn

__all__ = ["Laid", "lay_out"]

NEIGHBOURS = 80
DEAREST_LEG = 1 << 28
"""Prices of a leg are kept below this, if need be by rounding: only the search reads them."""
LEGS_PER_TASK = 6
"""Leaving a task out costs this many of the dearest legs: more than any detour, little enough to be annealed."""
ANY_S = 1 << 28
"""No window ends later than this after the first moment."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Laid:
    """The arrays of a problem.

    base_s: when their clock begins. scale: their price units in one unit of cost. task_fen: what a task of priority 0
    costs left out, in price units.
    """

    problem: Problem
    base_s: int
    scale: Fraction
    task_fen: int


@dataclass(frozen=True, slots=True)
class _Way:
    """How a vehicle travels and what that costs: vehicles alike in this share their legs."""

    profile: str
    speed_percent: int
    per_hour: int
    per_km: int
    per_task_hour: int
    type: str


def lay_out(routing: Routing) -> Laid:
    """Return the arrays of a whole problem."""
    base_s = _first_moment(routing)
    types = {kind: i for i, kind in enumerate(dict.fromkeys(vehicle.type for vehicle in routing.vehicles))}
    ends = {p: i for i, p in enumerate(dict.fromkeys(p for v in routing.vehicles for p in (v.start, v.end)))}
    n, m = len(routing.tasks), len(routing.vehicles)
    places = np.array([task.place for task in routing.tasks] + [FREE if p is None else p for p in ends], np.int64)
    service = _durations(routing.tasks, types, "service_s", "service_per_type")
    setup = _durations(routing.tasks, types, "setup_s", "setup_per_type")
    ways = {way: i for i, way in enumerate(dict.fromkeys(_way(vehicle) for vehicle in routing.vehicles))}
    scale = _scale(routing, list(ways))
    leg = np.zeros((len(ways), len(places), len(places), 2), np.int32)
    metres = np.zeros((len(ways), len(places), len(places)), np.int32)
    for way, c in ways.items():
        legs = _legs(routing.matrices[way.profile], way, places, setup[:, types[way.type]], scale)
        leg[c, :, :, 0], leg[c, :, :, 1], metres[c] = legs
    windows, pauses = _windows(routing, base_s)
    shifts = np.zeros(m, SHIFT)
    jobs = np.zeros(n, JOB)
    first = 0
    for row, task in zip(jobs, routing.tasks, strict=True):
        row["first_window"], row["last_window"] = first, first + max(1, len(task.windows))
        first = int(row["last_window"])
        row["weight"], row["arrival_due"], row["published_technician"] = 100, NEVER_S, FREE
    first = 0
    for v, (row, vehicle) in enumerate(zip(shifts, routing.vehicles, strict=True)):
        window = _shifted(vehicle.window, base_s)
        row["start"], row["end"], row["latest_end"] = window.earliest_s, window.latest_s, window.latest_s
        row["open"], row["close"] = 0, NEVER_S
        row["first_pause"], row["last_pause"] = first, first + len(vehicle.pauses)
        first = int(row["last_pause"])
        row["leaves"], row["returns"] = n + ends[vehicle.start], n + ends[vehicle.end]
        row["way"], row["outlet"], row["technician"] = ways[_way(vehicle)], types[vehicle.type], v
        row["most_stops"], row["most_travel"] = min(vehicle.max_tasks, n), vehicle.max_travel_s
        row["most_metres"], row["use_fen"] = vehicle.max_distance_m, round(vehicle.costs.fixed * scale)
    fixed, amounts = _fixed(routing, service, types, scale)
    task_fen = _task_fen(leg, fixed, shifts)
    jobs["unserved_fen"] = [task_fen * (1 + task.priority) for task in routing.tasks]
    widest = leg[:, :n, :n, 0].max(axis=0) if m else leg[:0, 0, 0]
    problem = Problem(
        jobs=jobs,
        shifts=shifts,
        outlets=np.zeros(len(types), OUTLET),
        pauses=pauses,
        windows=windows,
        clocks=np.zeros(0, CLOCK),
        lateness=np.zeros(2, LATENESS),
        rates=np.zeros(1, RATES),
        leg=leg,
        leg_to=np.ascontiguousarray(leg.transpose(0, 2, 1, 3)),
        metres=metres,
        # A vehicle that begins nowhere finds itself at its first task, which still has to be set up.
        place=np.where(places == FREE, np.arange(len(places)) - len(places), places).astype(np.int32),
        fixed=fixed,
        service=service,
        setup=setup,
        delivery=amounts[0],
        pickup=amounts[1],
        capacity=amounts[2],
        kit_ready=np.zeros((n, 1, 0), np.int32),
        kit_fen=np.zeros((n, 1, 0), np.int32),
        kit_of=np.zeros((n, len(types)), np.int32),
        near=nearest_jobs(widest, n, NEIGHBOURS) if m else np.zeros((n, 0), np.int32),
    )
    return Laid(problem=with_steady_shifts(problem), base_s=base_s, scale=scale, task_fen=task_fen)


def _first_moment(routing: Routing) -> int:
    """Return the earliest time that the problem names, 0 when it names none."""
    windows = [vehicle.window for vehicle in routing.vehicles if vehicle.window is not None]
    windows += [window for vehicle in routing.vehicles for pause in vehicle.pauses for window in pause.windows]
    windows += [window for task in routing.tasks for window in task.windows]
    return min((window.earliest_s for window in windows), default=0)


def _way(vehicle: Vehicle) -> _Way:
    costs = vehicle.costs
    return _Way(vehicle.profile, vehicle.speed_percent, costs.per_hour, costs.per_km, costs.per_task_hour, vehicle.type)


def _durations(tasks: Sequence[Task], types: dict[str, int], usual: str, per_type: str) -> NDArray[np.int32]:
    """Return seconds of each task by vehicle type; (n, types)."""
    return np.array(
        [[getattr(task, per_type).get(kind, getattr(task, usual)) for kind in types] for task in tasks], np.int32
    ).reshape(len(tasks), len(types))


def _longest(task: Task) -> int:
    """Return the seconds of a task where it takes longest."""
    setup_s = max((task.setup_s, *task.setup_per_type.values()))
    return setup_s + max((task.service_s, *task.service_per_type.values()))


def _scale(routing: Routing, ways: Sequence[_Way]) -> Fraction:
    """Return how many of the search's price units one unit of cost is, so that every price is whole where it can be."""
    parts = [Fraction(x, 3_600) for way in ways for x in (way.per_hour, way.per_task_hour)]
    parts += [Fraction(way.per_km, 1_000) for way in ways]
    scale = Fraction(lcm(1, *(part.denominator for part in parts)))
    work_s = max((_longest(task) for task in routing.tasks), default=0)
    dearest = Fraction(1)
    for way in ways:
        matrices = routing.matrices[way.profile]
        leg = Fraction(way.per_hour, 36) * int(matrices.seconds.max(initial=0)) / way.speed_percent
        if matrices.metres is not None:
            leg += Fraction(way.per_km, 1_000) * int(matrices.metres.max(initial=0))
        if matrices.costs is not None:
            leg = Fraction(int(matrices.costs.max(initial=0)))
        dearest = max(dearest, leg + Fraction(way.per_task_hour, 3_600) * work_s)
    return min(scale, Fraction(DEAREST_LEG) / (2 * dearest))


def _legs(
    matrices: Matrices, way: _Way, places: NDArray[np.int64], setup: NDArray[np.int32], scale: Fraction
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Return seconds, price and metres between all points; nothing to and from nowhere."""
    somewhere = (places[:, None] != FREE) & (places[None, :] != FREE)
    cells = np.ix_(places, places)
    seconds = matrices.seconds[cells]
    seconds = np.where(somewhere, (seconds * 100 + way.speed_percent // 2) // way.speed_percent, 0)
    metres = np.where(somewhere, matrices.metres[cells], 0) if matrices.metres is not None else np.zeros_like(seconds)
    if matrices.costs is not None:
        price = np.where(somewhere, matrices.costs[cells], 0) * float(scale)
    else:
        price = seconds * float(scale * way.per_hour / 3_600) + metres * float(scale * way.per_km / 1_000)
    # The setup is paid on arrival from elsewhere.
    n = len(setup)
    elsewhere = places[:, None] != places[None, :n]
    price[:, :n] += np.where(elsewhere, setup[None, :], 0) * float(scale * way.per_task_hour / 3_600)
    return (
        np.minimum(seconds, UNREACHABLE),
        np.rint(np.minimum(price, UNREACHABLE)).astype(np.int64),
        np.minimum(metres, NEVER_S),
    )


def _shifted(window: Window | None, base_s: int) -> Window:
    if window is None:
        # Nothing begins before 0 of the asker's clock, which may lie long before the first moment named.
        return Window(earliest_s=-min(base_s, MOST_S), latest_s=ANY_S)
    return Window(earliest_s=window.earliest_s - base_s, latest_s=min(window.latest_s - base_s, ANY_S))


def _windows(routing: Routing, base_s: int) -> tuple[NDArray[np.void], NDArray[np.void]]:
    """Return the windows of all tasks, then of all breaks, and the breaks."""
    rows: list[tuple[int, int]] = []

    def add(windows: Sequence[Window]) -> None:
        shifted = [_shifted(window, base_s) for window in windows or (None,)]
        rows.extend((window.earliest_s, window.latest_s) for window in shifted)

    for task in routing.tasks:
        add(task.windows)
    pauses = []
    for vehicle in routing.vehicles:
        for pause in pauses_in_turn(vehicle):
            first = len(rows)
            add(pause.windows)
            pauses.append((first, len(rows), rows[-1][1], pause.duration_s, 1))
    return np.array(rows, WINDOW), np.array(pauses, PAUSE)


def _amounts(rows: Sequence[Amounts], dimensions: int) -> NDArray[np.int64]:
    table = np.zeros((len(rows), dimensions), np.int64)
    for row, amounts in zip(table, rows, strict=True):
        row[: len(amounts)] = amounts
    return table


def _fixed(
    routing: Routing, service: NDArray[np.int32], types: dict[str, int], scale: Fraction
) -> tuple[NDArray[np.int32], tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]]:
    """Return the price of each (task, vehicle), FORBIDDEN where skills or loads exclude it, and all amounts."""
    tasks, vehicles = routing.tasks, routing.vehicles
    capacities = [vehicle.capacity for vehicle in vehicles if vehicle.capacity is not None]
    d = max((len(capacity) for capacity in capacities), default=0)
    delivery, pickup = _amounts([t.delivery for t in tasks], d), _amounts([t.pickup for t in tasks], d)
    # A vehicle that names no capacity beside others that do carries nothing.
    capacity = _amounts([v.capacity or () for v in vehicles], d)
    fixed = np.full((len(tasks), len(vehicles)), FORBIDDEN, np.int32)
    for v, vehicle in enumerate(vehicles):
        able = np.array([task.skills <= vehicle.skills for task in tasks], bool)
        able &= (np.maximum(delivery, pickup) <= capacity[v]).all(axis=1)
        price = service[:, types[vehicle.type]] * float(scale * vehicle.costs.per_task_hour / 3_600)
        fixed[able, v] = np.minimum(np.rint(price[able]), FORBIDDEN - 1)
    return fixed, (delivery, pickup, capacity)


def _task_fen(leg: NDArray[np.int32], fixed: NDArray[np.int32], shifts: NDArray[np.void]) -> int:
    """Return what leaving a task of priority 0 out costs the search."""
    reachable = leg[..., 1][leg[..., 0] < UNREACHABLE]
    dearest = int(reachable.max(initial=0)) + int(fixed[fixed < FORBIDDEN].max(initial=0))
    return LEGS_PER_TASK * dearest + int(shifts["use_fen"].max(initial=0)) + 1
