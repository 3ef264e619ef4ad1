"""The search: ruin, recreate, accept by simulated annealing; in compiled chunks, between which the budget is asked."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from optimizer.search.compiled import compiled
from optimizer.search.detour import new_detours
from optimizer.search.draw import below, new_draws, unit
from optimizer.search.insertion import new_memory
from optimizer.search.problem import FREE, KEEP_FEN, Problem
from optimizer.search.recreate import new_orders, parity_fen, recreate
from optimizer.search.ruin import ruin, undo
from optimizer.search.run import Run
from optimizer.search.schedule import State, evaluate, new_state

__all__ = [
    "BEST",
    "TOTAL",
    "VERSION",
    "Found",
    "Pool",
    "Settings",
    "Stop",
    "keep",
    "load",
    "mean_price",
    "objective",
    "search",
]

TOTAL, BEST, MISSED, VERSION = range(4)
"""Cells of `Run.sums`: fen now, fen of the best, missed remote jobs, next route version."""
POOL_FROM = 0.4
"""Routes are remembered for recombination once this share of the budget is used."""


class Stop(Protocol):
    """Says how much of a search's budget is used up; 1 or more ends it."""

    def __call__(self, steps: int, fen: int = 0, visits: int = 0) -> float:
        """Return the share used after this many steps; fen, visits: of the best so far, for whoever follows it."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The few knobs of the search; temperatures are in multiples of a job's mean price."""

    hot: float = 5.0
    cold: float = 0.01
    ruin_size: float = 15.0
    candidates: int = 48
    absent_tried: int = 12
    chunk: int = 200


Pool = dict[tuple[int, tuple[int, ...]], int]
"""Routes met: (shift, jobs in order) → fen of the route alone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """The best routes (jobs by shift, as indices of the problem), their objective, steps made, and routes met."""

    routes: tuple[tuple[int, ...], ...]
    fen: int
    steps: int
    pool: Pool


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
    for v in range(s.length.shape[0]):
        fen += s.fen[v]
        missed += s.misses[v]
    for j in range(s.route_of.shape[0]):
        if s.route_of[j] == FREE:
            fen += p.jobs[j].unserved_fen
            missed += p.jobs[j].remote
    return fen + parity_fen(p, missed), missed


@compiled
def _give_chances(p: Problem, r: Run, tried: int) -> int:
    """Put some of the jobs left out into the bank, drawn at random; return the fen that leaving them out costs.

    They stand behind `absent[: absent[-1]]`, which is shortened by them.
    """
    fen = 0
    for _ in range(min(tried, r.absent[-1])):
        k = below(r.draws, r.absent[-1])
        r.absent[-1] -= 1
        last = r.absent[-1]
        r.absent[k], r.absent[last] = r.absent[last], r.absent[k]
        r.bank[r.bank[-1]] = r.absent[last]
        r.bank[-1] += 1
        fen += p.jobs[r.absent[last]].unserved_fen
    return fen


@compiled
def keep(r: Run, total: int, missed: int) -> None:
    """Accept the step: the bank is left out, and the best is remembered."""
    for i in range(r.bank[-1]):
        r.absent[r.absent[-1] + i] = r.bank[i]
    r.absent[-1] += r.bank[-1]
    r.sums[TOTAL], r.sums[MISSED] = total, missed
    if total < r.sums[BEST]:
        r.sums[BEST] = total
        for v in range(r.now.length.shape[0]):
            r.best_count[v] = r.now.length[v]
            for k in range(r.now.length[v]):
                r.best_stops[v, k] = r.now.stops[v, k]


@compiled
def _taken_fen(p: Problem, r: Run) -> int:
    """Return by how much the routes and outlets ruined cost more than before: mostly less."""
    fen = _workload_fen(p, r.now)
    for i in range(r.touched[-1]):
        fen += r.now.fen[r.touched[i]] - r.before.fen[r.touched[i]]
    return fen


@compiled
def _chunk(p: Problem, r: Run, steps: int, temperature: float, size: float, tried: int) -> None:
    """Make some steps of the search; a size of 0 ruins nothing."""
    s, before, touched, bank = r.now, r.before, r.touched, r.bank
    for _ in range(steps):
        missed, version = r.sums[MISSED], r.sums[VERSION]
        touched[-1] = 0
        bank[-1] = 0
        was_absent = r.absent[-1]
        change = -_workload_fen(p, s) - parity_fen(p, missed)
        legal = ruin(p, r, size, version) if size > 0 else True
        version += touched[-1]
        for i in range(bank[-1]):
            missed += p.jobs[bank[i]].remote
        for i in range(touched[-1]):
            missed += s.misses[touched[i]] - before.misses[touched[i]]
        change -= _give_chances(p, r, tried)
        most = -temperature * np.log(unit(r.draws))
        if legal:
            room = most - change - _taken_fen(p, r)
            legal, missed, version = recreate(p, r, missed, version, room)
        if legal:
            for i in range(bank[-1]):
                change += p.jobs[bank[i]].unserved_fen
            for i in range(touched[-1]):
                change += s.fen[touched[i]] - before.fen[touched[i]]
            change += _workload_fen(p, s) + parity_fen(p, missed)
            legal = change < most
        r.sums[VERSION] = version
        if legal:
            keep(r, r.sums[TOTAL] + change, missed)
        else:
            undo(p, r)
            r.absent[-1] = was_absent
        for i in range(touched[-1]):
            before.route_of[touched[i]] = 0


def load(p: Problem, s: State, routes: Sequence[Sequence[int]]) -> None:
    """Put given routes into an empty state; one that is not legal (any more), or too long to be, stays empty."""
    for v, given in enumerate(routes):
        route = given if len(given) <= s.stops.shape[1] else ()
        s.length[v] = len(route)
        s.stops[v, : len(route)] = route
        if len(route) and not evaluate(p, s, v):
            s.length[v] = 0
        evaluate(p, s, v)
        s.route_of[s.stops[v, : s.length[v]]] = v
        s.visits[p.shifts["outlet"][v]] += s.length[v]
        s.version[v] = v + 1


def search(
    p: Problem,
    routes: Sequence[Sequence[int]],
    stop: Stop,
    seed: int,
    settings: Settings | None = None,
    *,
    price: float | None = None,
) -> Found:
    """Return the best routes found from these (one per shift, empty ones to start from nothing).

    price: what temperatures are multiples of, None for a job's mean price.
    Deterministic: the same problem, routes, seed and steps give the same answer.
    """
    settings = settings or Settings()
    r = _new_run(p, routes, seed, settings)
    pool: Pool = {}
    steps = 0
    if p.fixed.size:
        _place_all(p, r)
        scale = mean_price(r.now) if price is None else price
        while (used := stop(steps, int(r.sums[BEST]), int(r.best_count.sum()))) < 1.0:
            temperature = scale * settings.hot * (settings.cold / settings.hot) ** used
            _chunk(p, r, settings.chunk, temperature, settings.ruin_size, settings.absent_tried)
            steps += settings.chunk
            if used > POOL_FROM:
                _remember(r.now, pool)
    best = tuple(tuple(r.best_stops[v, : r.best_count[v]].tolist()) for v in range(len(r.best_count)))
    s = new_state(p)
    load(p, s, best)
    _remember(s, pool)
    return Found(routes=best, fen=int(r.sums[BEST]), steps=steps, pool=pool)


def _new_run(p: Problem, routes: Sequence[Sequence[int]], seed: int, settings: Settings) -> Run:
    n, m = p.fixed.shape
    memory = new_memory(p, new_state(p), settings.candidates)
    now = new_state(p)
    load(p, now, routes)
    total, missed = objective(p, now)
    return Run(
        now=now,
        before=new_state(p)._replace(route_of=np.zeros(m, np.int32)),
        memory=memory,
        detours=new_detours(p, memory.shift),
        orders=new_orders(p, memory.shift),
        draws=new_draws(seed),
        absent=np.zeros(n + 1, np.int32),
        bank=np.zeros(n + 1, np.int32),
        touched=np.zeros(m + 1, np.int32),
        # Versions up to m are those of the routes to begin from.
        sums=np.array([total, total, missed, m + 1], np.int64),
        best_stops=now.stops.copy(),
        best_count=now.length.copy(),
    )


def _place_all(p: Problem, r: Run) -> None:
    """Place every job greedily, those held by a lock or a freeze first; one without any candidate never enters."""
    out = np.flatnonzero((r.now.route_of == FREE) & (r.memory.shift[:, 0] != FREE))
    held = p.jobs["unserved_fen"][out] >= KEEP_FEN
    for jobs in (out[held], out[~held]):
        count = int(r.absent[-1])
        r.absent[count : count + len(jobs)] = jobs
        r.absent[-1] += len(jobs)
        _chunk(p, r, 1, 0.0, 0.0, len(out))


def mean_price(s: State) -> float:
    """Return what a served job costs on average, the scale of the temperatures."""
    return max(1.0, float(s.fen.sum()) / max(1, int(s.length.sum())))


def _remember(s: State, pool: Pool) -> None:
    for v in np.flatnonzero(s.length):
        pool[int(v), tuple(s.stops[v, : s.length[v]].tolist())] = int(s.fen[v])
