"""The search: ruin, recreate, and accept by simulated annealing, in compiled chunks between which Python looks at the budget."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from optimizer.search.arrays import FREE, KEEP_FEN, Problem
from optimizer.search.compiled import compiled
from optimizer.search.draw import below, new_draws, unit
from optimizer.search.insertion import Memory, new_memory
from optimizer.search.recreate import Orders, new_orders, parity_fen, recreate
from optimizer.search.ruin import ruin, undo
from optimizer.search.schedule import State, evaluate, new_state

__all__ = ["Found", "Settings", "Stop", "objective", "search"]

TOTAL, BEST, MISSED, VERSION, ACCEPTED = range(5)


class Stop(Protocol):
    """Says how much of a search's budget is used up; 1 or more ends it."""

    def __call__(self, steps: int) -> float:
        """Return the share used after this many steps."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The few knobs of the search; temperatures are in multiples of a job's mean price."""

    hot: float = 0.5
    cold: float = 0.005
    ruin_size: float = 10.0
    candidates: int = 64
    absent_tried: int = 16
    chunk: int = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """The best routes (jobs by shift, as indices of the problem), their objective, steps made, and routes met.

    pool: (shift, jobs in order) → fen of the route alone.
    """

    routes: tuple[tuple[int, ...], ...]
    fen: int
    steps: int
    pool: dict[tuple[int, tuple[int, ...]], int]


@compiled
def _workload_fen(p: Problem, s: State) -> int:
    fen = 0
    for o in range(s.visits.shape[0]):
        if s.visits[o] < p.outlets[o].target:
            fen += (p.outlets[o].target - s.visits[o]) * p.rates[0].workload_fen
    return fen


@compiled
def objective(p: Problem, s: State) -> tuple[int, int]:
    """Return (fen, missed remote jobs) of a state, worked out from its routes."""
    fen = _workload_fen(p, s)
    missed = 0
    for v in range(s.count.shape[0]):
        fen += s.fen[v]
        missed += s.misses[v]
    for j in range(s.route_of.shape[0]):
        if s.route_of[j] == FREE:
            fen += p.jobs[j].unserved_fen
            missed += p.jobs[j].remote
    return fen + parity_fen(p, missed), missed


@compiled
def _chunk(
    p: Problem,
    s: State,
    old: State,
    m: Memory,
    orders: Orders,
    draws: NDArray[np.uint64],
    absent: NDArray[np.int32],
    bank: NDArray[np.int32],
    touched: NDArray[np.int32],
    numbers: NDArray[np.int64],
    best_stops: NDArray[np.int32],
    best_count: NDArray[np.int32],
    steps: int,
    temperature: float,
    size: float,
    tried: int,
) -> None:
    """Make some steps of the search; absent[-1] and bank[-1] hold counts, numbers the running sums."""
    for _ in range(steps):
        total, missed, version = numbers[TOTAL], numbers[MISSED], numbers[VERSION]
        touched[-1] = 0
        bank[-1] = 0
        was_absent = absent[-1]
        workload = _workload_fen(p, s)
        legal = ruin(p, s, old, touched, bank, draws, size, version) if size > 0 else True
        version += touched[-1]
        unserved = 0
        route_fen = 0
        for i in range(bank[-1]):
            missed += p.jobs[bank[i]].remote
        for i in range(touched[-1]):
            missed += s.misses[touched[i]] - old.misses[touched[i]]
        # Some of the jobs left out before get another chance; the others stay in front of `absent`.
        kept = was_absent
        chances = min(tried, was_absent)
        for i in range(chances):
            k = below(draws, was_absent - i)
            last = was_absent - 1 - i
            absent[k], absent[last] = absent[last], absent[k]
            bank[bank[-1]] = absent[last]
            bank[-1] += 1
            unserved -= p.jobs[absent[last]].unserved_fen
        kept -= chances
        if legal:
            legal, missed, version = recreate(p, s, old, m, touched, bank, orders, draws, missed, version)
        if legal:
            for i in range(bank[-1]):
                unserved += p.jobs[bank[i]].unserved_fen
            for i in range(touched[-1]):
                route_fen += s.fen[touched[i]] - old.fen[touched[i]]
            new = total + route_fen + unserved + _workload_fen(p, s) - workload
            new += parity_fen(p, missed) - parity_fen(p, numbers[MISSED])
            legal = new < total - temperature * np.log(unit(draws))
        numbers[VERSION] = version
        if legal:
            numbers[TOTAL], numbers[MISSED] = new, missed
            numbers[ACCEPTED] += 1
            for i in range(bank[-1]):
                absent[kept + i] = bank[i]
            absent[-1] = kept + bank[-1]
            if new < numbers[BEST]:
                numbers[BEST] = new
                for v in range(s.count.shape[0]):
                    best_count[v] = s.count[v]
                    for k in range(s.count[v]):
                        best_stops[v, k] = s.stops[v, k]
        else:
            undo(p, s, old, touched)
        for i in range(touched[-1]):
            old.route_of[touched[i]] = 0


def _load(p: Problem, s: State, routes: Sequence[Sequence[int]]) -> None:
    """Put given routes into an empty state; one that is not legal any more is emptied."""
    for v, route in enumerate(routes):
        s.count[v] = len(route)
        s.stops[v, : len(route)] = route
        if len(route) and not evaluate(p, s, v):
            s.count[v] = 0
        evaluate(p, s, v)
        s.route_of[s.stops[v, : s.count[v]]] = v
        s.visits[p.shifts["outlet"][v]] += s.count[v]
        s.version[v] = v + 1


def search(
    p: Problem, routes: Sequence[Sequence[int]], stop: Stop, seed: int, settings: Settings | None = None
) -> Found:
    """Return the best routes found from these (one per shift, empty ones to start from nothing).

    Deterministic: the same problem, routes, seed and steps give the same answer.
    """
    settings = settings or Settings()
    n, m = p.fixed.shape
    memory = new_memory(p, new_state(p), settings.candidates)
    s, old = new_state(p), new_state(p)
    old = old._replace(route_of=np.zeros(m, np.int32))
    _load(p, s, routes)
    orders = new_orders(p, memory.shift)
    draws = new_draws(seed)
    absent, bank = np.zeros(n + 1, np.int32), np.zeros(n + 1, np.int32)
    touched = np.zeros(m + 1, np.int32)
    # Jobs without any candidate never enter: trying them again and again would cost time only.
    able = [j for j in range(n) if s.route_of[j] == FREE and memory.shift[j, 0] != FREE]
    held = [j for j in able if p.jobs["unserved_fen"][j] >= KEEP_FEN]
    rest = [j for j in able if p.jobs["unserved_fen"][j] < KEEP_FEN]
    total, missed = objective(p, s)
    numbers = np.array([total, total, missed, m + 2, 0], np.int64)
    best_stops, best_count = s.stops.copy(), s.count.copy()
    pool: dict[tuple[int, tuple[int, ...]], int] = {}
    state = (p, s, old, memory, orders, draws, absent, bank, touched, numbers, best_stops, best_count)
    if n and m:
        # First every job is placed greedily, those held by a lock or a freeze before all; then the budget counts.
        for jobs in (held, rest):
            absent[absent[-1] : absent[-1] + len(jobs)] = jobs
            absent[-1] += len(jobs)
            _chunk(*state, 1, 0.0, 0.0, n)
        scale = _mean_price(p, s)
        steps = 0
        while (used := stop(steps)) < 1.0:
            temperature = scale * settings.hot * (settings.cold / settings.hot) ** used
            _chunk(*state, settings.chunk, temperature, settings.ruin_size, settings.absent_tried)
            steps += settings.chunk
            if used > 0.4:
                _remember(s, pool)
    else:
        steps = 0
    found = tuple(tuple(int(j) for j in best_stops[v, : best_count[v]]) for v in range(m))
    _remember_best(p, found, pool)
    return Found(routes=found, fen=int(numbers[BEST]), steps=steps, pool=pool)


def _mean_price(p: Problem, s: State) -> float:
    """Return what a served job costs on average, the scale of the temperatures."""
    served = int(s.count.sum())
    return max(1.0, float(s.fen.sum()) / max(1, served))


def _remember(s: State, pool: dict[tuple[int, tuple[int, ...]], int]) -> None:
    for v in np.flatnonzero(s.count):
        pool[int(v), tuple(s.stops[v, : s.count[v]].tolist())] = int(s.fen[v])


def _remember_best(p: Problem, routes: Sequence[Sequence[int]], pool: dict[tuple[int, tuple[int, ...]], int]) -> None:
    s = new_state(p)
    _load(p, s, routes)
    _remember(s, pool)
