"""Putting visits back where an insertion costs its detour and nothing else, compiled: no schedule, nothing remembered.

The general way (`recreate`) quotes each shift and remembers the quote; a step changes so many routes that hardly one is
asked for again. Where every shift is steady, looking at a gap is cheaper than remembering it.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from optimizer.search.compiled import compiled, compiled_into
from optimizer.search.draw import below
from optimizer.search.problem import FORBIDDEN, FREE, NO_LIMIT, Problem
from optimizer.search.schedule import State
from optimizer.travel import UNREACHABLE

__all__ = [
    "BLINK",
    "FEN",
    "SECOND",
    "USE",
    "Detours",
    "Gaps",
    "best_detour",
    "cheapest_detour",
    "new_detours",
    "offer",
    "reoffer",
]

BLINK = 100
"""One quote in this many is overlooked (the blinks of slack induction)."""
WAY, LEAVES, RETURNS, START, OPEN, CLOSE, LATEST, MOST, OUTLET, USE = range(10)
"""Columns of a lane: what an insertion reads of a shift."""
FEN, SECOND, SHIFT, RUNNER = range(4)
"""Columns of an offer: the cheapest price of a job and the next, and the shifts that ask them."""


class Detours(NamedTuple):
    """Tables as small as can be; without any rows where an insertion costs more than its detour.

    lanes: (m, 10). shift, fixed: (n, k) candidates and their price alone. window: (n, 2). left_fen: (n,) price of
    leaving out. service, leg, leg_to: those of the problem. rough: (n, ways, points) the cheaper price of the way there
    and back in grains, rounded down; grain: (1,) fen. offers: (n, 4) scratch.
    """

    lanes: NDArray[np.int32]
    shift: NDArray[np.int32]
    fixed: NDArray[np.int32]
    window: NDArray[np.int32]
    left_fen: NDArray[np.int64]
    service: NDArray[np.int32]
    leg: NDArray[np.int32]
    leg_to: NDArray[np.int32]
    rough: NDArray[np.uint8]
    grain: NDArray[np.int64]
    offers: NDArray[np.int64]


class Gaps(NamedTuple):
    """What an insertion reads of a state."""

    stops: NDArray[np.int32]
    length: NDArray[np.int32]
    end: NDArray[np.int32]
    latest: NDArray[np.int32]
    hop: NDArray[np.int32]


def new_detours(p: Problem, candidates: NDArray[np.int32], *, laden: bool = False) -> Detours:
    """Return the tables of a problem and its jobs' candidate shifts; empty ones where more than the detour counts.

    laden: whoever asks for a detour sees to the loads.
    """
    n, m = p.fixed.shape if _is_plain(p, laden) else (0, 0)
    jobs, shift = p.jobs[:n], candidates[:n]
    names = ("way", "leaves", "returns", "start", "open", "close", "latest_end", "most_stops", "outlet", "use_fen")
    lanes = [np.minimum(p.shifts[name][:m], np.iinfo(np.int32).max).astype(np.int32) for name in names]
    windows = p.windows[jobs["first_window"]]
    fen = np.minimum(p.leg[:, :n, :, 1], p.leg_to[:, :n, :, 1])
    grain = int(fen[fen < UNREACHABLE].max(initial=0)) // 255 + 1
    return Detours(
        lanes=np.stack(lanes, axis=1),
        shift=shift,
        fixed=np.take_along_axis(p.fixed, np.maximum(shift, 0), axis=1) if n else shift,
        window=np.stack([windows["earliest"], windows["latest"]], axis=1),
        left_fen=jobs["unserved_fen"].copy(),
        service=p.service,
        leg=p.leg,
        leg_to=p.leg_to,
        rough=np.ascontiguousarray(np.minimum(fen // grain, 255).astype(np.uint8).transpose(1, 0, 2)),
        grain=np.array([grain], np.int64),
        offers=np.zeros((n, 4), np.int64),
    )


def _is_plain(p: Problem, laden: bool) -> bool:
    """Return whether no insertion costs or is bound by anything but its detour and its time."""
    limited = (p.shifts["most_travel"] < NO_LIMIT) | (p.shifts["most_metres"] < NO_LIMIT)
    priced = (p.outlets["target"] > 0).any() and p.rates[0]["workload_fen"] > 0
    narrow = (p.shifts["use_fen"] < FORBIDDEN).all() and (p.jobs["first_window"] < p.jobs["last_window"]).all()
    loaded = p.capacity.shape[1] and not laden
    plain = p.shifts["steady"].all() and narrow and not limited.any() and not priced and not loaded
    return bool(p.fixed.size and plain)


@compiled_into
def cheapest_detour(d: Detours, g: Gaps, j: int, v: int, limit: int) -> tuple[int, int]:
    """Return (fen, gap) of job j's cheapest detour on shift v below a limit; the limit, FREE if none is."""
    lane, count = d.lanes[v], g.length[v]
    way, best, gap = lane[WAY], limit, FREE
    if count >= min(g.stops.shape[1], lane[MOST]):
        return best, gap
    rough, grain, there, away = d.rough[j, way], d.grain[0], d.leg_to[way, j], d.leg[way, j]
    stops, latest, end, hop = g.stops[v], g.latest[v], g.end[v], g.hop[v]
    earliest, final = max(d.window[j, 0], lane[OPEN]), min(d.window[j, 1], lane[CLOSE])
    busy = d.service[j, lane[OUTLET]]
    at, t = lane[LEAVES], lane[START]
    before = np.int64(rough[at])
    for k in range(count + 1):
        if t > final:
            # Later gaps start later still.
            break
        following, by = lane[RETURNS], lane[LATEST]
        if k < count:
            following, by = stops[k], latest[k]
        after = np.int64(rough[following])
        # Rough ways spare most gaps the exact ones: waiting for those took most of a step.
        if (before + after) * grain - hop[k] < best and earliest + busy <= by:
            detour = np.int64(there[at, 1]) + away[following, 1] - hop[k]
            start = max(t + there[at, 0], earliest)
            if detour < best and start <= final and start + busy + away[following, 0] <= by:
                best, gap = detour, k
        if k < count:
            at, t, before = following, end[k], after
    return best, gap


@compiled
def _best_two(d: Detours, g: Gaps, draws: NDArray[np.uint64], j: int, two: bool) -> tuple[int, int, int, int, int]:
    """Return (fen, shift, gap, next fen if two are asked for, its shift); leaving the job out is the yardstick."""
    best = second = d.left_fen[j]
    chosen, gap, runner = FREE, FREE, FREE
    for c in range(d.shift.shape[1]):
        v = d.shift[j, c]
        if v == FREE:
            break
        price = np.int64(d.fixed[j, c]) + (d.lanes[v, USE] if g.length[v] == 0 else 0)
        detour, k = cheapest_detour(d, g, j, v, (second if two else best) - price)
        if k == FREE:
            continue
        fen = int(detour + price)
        if fen >= best:
            second, runner = fen, v
        elif below(draws, BLINK) > 0:
            second, runner = best, chosen
            best, chosen, gap = fen, v, k
    return best, chosen, gap, second, runner


@compiled
def best_detour(d: Detours, s: State, draws: NDArray[np.uint64], j: int) -> tuple[int, int, int]:
    """Return (fen, shift, gap) where job j is cheapest; the price of leaving it out, FREE, FREE where that is."""
    g = Gaps(s.stops, s.length, s.end, s.latest, s.hop)
    best, chosen, gap, _, _ = _best_two(d, g, draws, j, False)
    return best, chosen, gap


@compiled
def offer(d: Detours, s: State, draws: NDArray[np.uint64], j: int) -> None:
    """Write down job j's offer."""
    g = Gaps(s.stops, s.length, s.end, s.latest, s.hop)
    best, chosen, _, second, runner = _best_two(d, g, draws, j, True)
    o = d.offers[j]
    o[FEN], o[SECOND], o[SHIFT], o[RUNNER] = best, second, chosen, runner


@compiled
def reoffer(d: Detours, s: State, draws: NDArray[np.uint64], j: int, v: int, fixed: int) -> None:
    """Bring job j's offer up to date after a change of shift v, where its price alone is `fixed`."""
    o = d.offers[j]
    if v in (o[SHIFT], o[RUNNER]):
        offer(d, s, draws, j)
        return
    if fixed >= FORBIDDEN:
        return
    g = Gaps(s.stops, s.length, s.end, s.latest, s.hop)
    fen, k = cheapest_detour(d, g, j, v, o[SECOND] - fixed)
    fen += fixed
    if k == FREE:
        return
    if fen < o[FEN]:
        o[SECOND], o[RUNNER], o[FEN], o[SHIFT] = o[FEN], o[SHIFT], fen, v
    else:
        o[SECOND], o[RUNNER] = fen, v
