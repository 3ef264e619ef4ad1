"""The search with customers in place of jobs: ruin, recreate by combinations, accept by simulated annealing."""

from collections.abc import Sequence

import numpy as np

from optimizer.search.anneal import BEST, TOTAL, VERSION, Found, Settings, Stop, keep, load, mean_price
from optimizer.search.combination_moves import customer_orders, give_back, put_back, take_customers
from optimizer.search.combinations import Choices, Standing, chosen_in, new_standing
from optimizer.search.compiled import compiled
from optimizer.search.detour import new_detours
from optimizer.search.draw import below, new_draws, unit
from optimizer.search.insertion import new_memory
from optimizer.search.problem import FREE, Problem
from optimizer.search.run import Run
from optimizer.search.schedule import State, new_state

__all__ = ["COMBINING", "combine"]

COMBINING = Settings(hot=1.0, cold=0.004, ruin_size=8.0)
"""The knobs where customers choose between combinations: a customer is several visits, so that fewer are taken."""
ABSENT_TRIED = COMBINING.absent_tried


@compiled
def _give_chances(k: Choices, r: Run, tried: int) -> int:
    """Put some of the customers left out into the bank, drawn at random; return the fen that leaving them out costs."""
    fen = 0
    for _ in range(min(tried, r.absent[-1])):
        i = below(r.draws, r.absent[-1])
        r.absent[-1] -= 1
        last = r.absent[-1]
        r.absent[i], r.absent[last] = r.absent[last], r.absent[i]
        r.bank[r.bank[-1]] = r.absent[last]
        r.bank[-1] += 1
        fen += k.unserved_fen[r.absent[last]]
    return fen


@compiled
def _touched_fen(r: Run) -> int:
    """Return by how much the touched routes cost more than before."""
    fen = 0
    for i in range(r.touched[-1]):
        fen += r.now.fen[r.touched[i]] - r.before.fen[r.touched[i]]
    return fen


@compiled
def _combined_fen(k: Choices, h: Standing) -> int:
    """Return what the combinations cost besides."""
    fen = 0
    for c in range(h.chosen.shape[0]):
        if h.chosen[c] != FREE:
            fen += k.fen[h.chosen[c]]
    return fen


@compiled
def _chunk(p: Problem, k: Choices, h: Standing, r: Run, steps: int, temperature: float, size: float) -> None:
    """Make some steps of the search; a size of 0 ruins nothing and tries everybody left out, not only some."""
    combined = _combined_fen(k, h)
    for _ in range(steps):
        version = r.sums[VERSION]
        r.touched[-1], r.bank[-1], h.taken[-1] = 0, 0, 0
        was_absent = r.absent[-1]
        legal = take_customers(p, k, h, r, size, version) if size > 0 else True
        version += r.touched[-1]
        kept = combined
        for i in range(h.taken[-1]):
            kept -= k.fen[h.former[h.taken[i]]]
        change = -_give_chances(k, r, ABSENT_TRIED if size > 0 else r.absent[-1])
        most = -temperature * np.log(unit(r.draws))
        if legal:
            legal, version = put_back(p, k, h, r, version, most - change - (kept - combined) - _touched_fen(r))
        now_combined = combined
        if legal:
            for i in range(r.bank[-1]):
                change += k.unserved_fen[r.bank[i]]
            now_combined = _combined_fen(k, h)
            change += _touched_fen(r) + now_combined - combined
            legal = change < most
        r.sums[VERSION] = version
        if legal:
            combined = now_combined
            keep(r, r.sums[TOTAL] + change, 0)
        else:
            give_back(p, h, r, was_absent)
            r.absent[-1] = was_absent
        for i in range(r.touched[-1]):
            r.before.route_of[r.touched[i]] = 0


def combine(
    p: Problem,
    k: Choices,
    routes: Sequence[Sequence[int]],
    stop: Stop,
    seed: int,
    settings: Settings = COMBINING,
) -> Found:
    """Return the best routes found from these (one per shift, empty ones to start from nothing).

    A customer whom the routes do not serve by a combination begins left out. The prices of an outlet's workload and
    of the parity floor do not enter: they belong to no route. Deterministic, as `search` is.
    """
    h = new_standing(k)
    r = _new_run(p, k, h, routes, seed, settings)
    steps = 0
    if p.fixed.size:
        _chunk(p, k, h, r, 1, 0.0, 0.0)
        scale = mean_price(r.now)
        while (used := stop(steps, int(r.sums[BEST]), int(r.best_count.sum()))) < 1.0:
            temperature = scale * settings.hot * (settings.cold / settings.hot) ** used
            _chunk(p, k, h, r, settings.chunk, temperature, settings.ruin_size)
            steps += settings.chunk
    best = tuple(tuple(r.best_stops[v, : r.best_count[v]].tolist()) for v in range(len(r.best_count)))
    return Found(routes=best, fen=int(r.sums[BEST]), steps=steps, pool={})


def _new_run(
    p: Problem, k: Choices, h: Standing, routes: Sequence[Sequence[int]], seed: int, settings: Settings
) -> Run:
    """Return the search where it begins."""
    q, m = len(k.unserved_fen), len(p.shifts)
    memory = new_memory(p, new_state(p), settings.candidates)
    now = _begun(p, k, h, routes)
    absent = np.flatnonzero(h.chosen == FREE)
    total = int(now.fen.sum() + k.fen[h.chosen[h.chosen != FREE]].sum() + k.unserved_fen[absent].sum())
    laden = not p.pickup.any()
    return Run(
        now=now,
        before=new_state(p)._replace(route_of=np.zeros(m, np.int32)),
        memory=memory,
        detours=new_detours(p, memory.shift, laden=laden),
        orders=customer_orders(p, k),
        draws=new_draws(seed),
        absent=np.array([*absent, *[0] * (q - len(absent)), len(absent)], np.int32),
        bank=np.zeros(q + 1, np.int32),
        touched=np.zeros(m + 1, np.int32),
        # Versions up to m are those of the routes to begin from.
        sums=np.array([total, total, 0, m + 1], np.int64),
        best_stops=now.stops.copy(),
        best_count=now.length.copy(),
    )


def _begun(p: Problem, k: Choices, h: Standing, routes: Sequence[Sequence[int]]) -> State:
    """Return the state of these routes; a customer on one that is not legal is on none."""
    wanted = [list(route) for route in routes]
    while True:
        h.chosen[:] = chosen_in(k, wanted)
        wanted = [[job for job in route if h.chosen[k.customer[job]] != FREE] for route in wanted]
        now = new_state(p)
        load(p, now, wanted)
        driven = [now.stops[v, : now.length[v]].tolist() for v in range(len(now.length))]
        if driven == wanted:
            return now
        wanted = driven
