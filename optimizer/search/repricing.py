"""Routes from elsewhere, timed and priced as the search would: what another engine found is judged here."""

from collections.abc import Sequence

from optimizer.search.anneal import Found, objective
from optimizer.search.problem import Problem
from optimizer.search.schedule import evaluate, new_state

__all__ = ["reprice"]


def reprice(p: Problem, routes: Sequence[Sequence[int]], steps: int) -> Found:
    """Return these routes at their earliest schedule; a job that it cannot keep is left out, the rest stays."""
    s = new_state(p)
    for v, jobs in enumerate(routes):
        for j in jobs:
            count = int(s.length[v])
            if count == s.stops.shape[1]:
                break
            s.stops[v, count] = j
            s.length[v] = count + 1
            if not evaluate(p, s, v):
                s.length[v] = count
        evaluate(p, s, v)
        kept = s.stops[v, : s.length[v]]
        s.route_of[kept] = v
        s.visits[p.shifts["outlet"][v]] += len(kept)
    fen, _ = objective(p, s)
    best = tuple(tuple(s.stops[v, : s.length[v]].tolist()) for v in range(len(s.length)))
    pool = {(v, jobs): int(s.fen[v]) for v, jobs in enumerate(best) if jobs}
    return Found(routes=best, fen=int(fen), steps=steps, pool=pool)
