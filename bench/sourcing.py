"""All open parts orders of a sample day at once: seconds, gap and share served, beside one program for everything.

Usage: python -m bench.sourcing [--lines 2000,10000] [--gap 0,0.001] [--seeds 1,2] [--seconds 10] [--docs PAGE]

The orders are the kits of a day of the sample network, some of them joined, its 30 warehouses and lanes; how much
lies on the shelves against what is asked for is the scarcity. Beside these, of 2,000 lines and with moderate stock: all
kits of 3 to 12 lines ("kits"), and two orders in five of stock, each line of 1 to 8 units ("stock"). The peers get the
whole problem as one mixed-integer program (a variable for every line and way, parcels, sources, lateness) and the same
seconds, without the time that it takes to state it.
"""

import argparse
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import zip_longest
from pathlib import Path

import numpy as np

from bench.planned_day import whole_numbers
from bench.report import machine, markdown_table, put_section
from datasets.china import make_day
from datasets.day import read_day
from optimizer.engines.mip import Solver, choose
from optimizer.parts.check import faults
from optimizer.parts.drawing import draws_of
from optimizer.parts.grid import lay_out
from optimizer.parts.model import Answer, Inbound, Order, Shelf, Source, Sourcing
from optimizer.parts.sourcing import source
from optimizer.parts.supply import Supply, asked_of
from optimizer.parts.ways import lay_ways
from optimizer.parts.whole import WaysProgram

__all__ = ["KINDS", "SCARCITIES", "Measured", "main", "problem", "section"]

SCARCITIES: Mapping[str, float] = {"plentiful": 4.0, "moderate": 1.2, "scarce": 0.6}
"""Units on the shelves for each unit that is asked for."""
LINES_PER_JOB = 0.25
"""Fewer than a day of the sample has: enough jobs are drawn, the first orders are taken."""
JOINED_SHARE = 0.3
"""So many orders take the lines of the next one too: kits of several parts, of which the sample has few."""
KINDS_LINES = 2_000
"""Kinds of orders are compared in problems of this size."""
LINES_OF_A_KIT = range(3, 13)
STOCK_SHARE = 0.4
UNITS_OF_STOCK = range(1, 9)
SERVED = (Answer.CONFIRMED, Answer.SUBSTITUTED, Answer.NEEDS_APPROVAL)


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """What came of a problem: cost and bound in fen, None where nothing was found or proven."""

    who: str
    seconds: float
    fen: float | None
    bound_fen: float | None
    served: float | None = None

    @property
    def gap_percent(self) -> float | None:
        """How much of the cost is not proven."""
        if not self.fen or self.bound_fen is None:
            return None
        return max(0.0, 100 * (self.fen - self.bound_fen) / self.fen)


def _large_kits(orders: Sequence[Order], rng: np.random.Generator) -> list[Order]:
    """Return the lines of each centre joined to kits of many lines; the last ones may be of fewer."""
    kits: list[Order] = []
    growing: dict[str, tuple[Order, int]] = {}
    for order in orders:
        for line in order.lines:
            begun = growing.pop(order.centre_id, None)
            size = begun[1] if begun else int(rng.choice(LINES_OF_A_KIT))
            kit = replace(begun[0], lines=(*begun[0].lines, line)) if begun else replace(order, lines=(line,))
            if len(kit.lines) == size:
                kits.append(replace(kit, id=f"{kit.id} {len(kits)}"))
            else:
                growing[order.centre_id] = kit, size
    return kits + [kit for kit, _ in growing.values()]


def _with_stock_orders(orders: Sequence[Order], rng: np.random.Generator) -> list[Order]:
    """Return orders of which some are no kits: nobody waits for them, and their lines are of several units."""
    return [_as_stock(order, rng) if rng.random() < STOCK_SHARE else order for order in orders]


def _as_stock(order: Order, rng: np.random.Generator) -> Order:
    units = rng.integers(UNITS_OF_STOCK.start, UNITS_OF_STOCK.stop, len(order.lines)).tolist()
    lines = tuple(replace(line, quantity=many) for line, many in zip(order.lines, units, strict=True))
    return replace(order, job_id=None, waiting=False, clocks=(), urgent=False, lines=lines)


KINDS: Mapping[str, Callable[[Sequence[Order], np.random.Generator], list[Order]]] = {
    "kits": _large_kits,
    "stock": _with_stock_orders,
}
"""Other orders than those of the sample, by their name."""


def problem(lines: int, scarcity: float, seed: int, kind: str | None = None) -> Sourcing:
    """Return a problem of the sample network with so many order lines, and so many units for each one asked for.

    kind: of the orders, one of `KINDS`.
    """
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "day"
        make_day(folder, jobs=round(lines / LINES_PER_JOB), technicians=300, seed=seed)
        asked = asked_of(read_day(folder).day, Supply())
    rng = np.random.default_rng(seed)
    kept: list[Order] = []
    for order in asked.orders:
        if kept and rng.random() < JOINED_SHARE:
            kept[-1] = replace(kept[-1], lines=kept[-1].lines + order.lines)
        else:
            kept.append(order)
    lines_to = np.cumsum([len(order.lines) for order in kept])
    kept = kept[: int(np.searchsorted(lines_to, lines, side="right"))]
    if kind is not None:
        kept = KINDS[kind](kept, np.random.default_rng((seed, 1)))
    wanted: Counter[str] = Counter()
    for order in kept:
        for line in order.lines:
            wanted[line.part_id] += line.quantity
    sources = _stocked(asked.sources, wanted, scarcity, rng)
    return replace(asked, orders=tuple(kept), sources=sources, bid_fen={})


def _stocked(
    sources: Sequence[Source], wanted: Mapping[str, int], scarcity: float, rng: np.random.Generator
) -> tuple[Source, ...]:
    """Return the sources with so many units for each one wanted, on the shelves in proportion to what lay there."""
    shelves: list[dict[str, Shelf]] = [{} for _ in sources]
    for part_id, units in sorted(wanted.items()):
        weight = np.array([max(0, one.shelves[part_id].free) if part_id in one.shelves else 0 for one in sources])
        if weight.sum() == 0:
            weight = np.ones(len(sources))
        free = rng.multinomial(rng.poisson(scarcity * units), weight / weight.sum())
        for number, here in enumerate(free.tolist()):
            late = rng.random() < 0.05
            inbound = (Inbound(ready_s=86_400 * int(rng.integers(1, 3)), quantity=1),) if late else ()
            shelves[number][part_id] = Shelf(free=here, floor=here // 10, inbound=inbound)
    return tuple(replace(one, shelves=own) for one, own in zip(sources, shelves, strict=True))


def _ours(asked: Sourcing, seconds: float, gap: float) -> Measured:
    begun = time.monotonic()
    found = source(asked, remaining=lambda: begun + seconds - time.monotonic(), gap=gap)
    took_s = time.monotonic() - begun
    wrong = faults(asked, found)
    if wrong:
        sys.exit(f"the checker objects: {wrong[:3]}")
    served = sum(answer.answer in SERVED for answer in found.answers) / max(1, len(found.answers))
    return Measured(who="Paigong", seconds=took_s, fen=found.cost.total, bound_fen=found.bound_fen, served=served)


def _peers(asked: Sourcing, seconds: float, who: Sequence[Solver]) -> Iterator[Measured]:
    """Yield what each makes of one program for everything."""
    laid = lay_out(asked, (), {})
    ways = lay_ways(laid.grid)
    grid = laid.grid
    made = WaysProgram(grid, ways, draws_of(ways), np.arange(len(grid.capacity)))
    for group, o in enumerate(grid.groups):
        near = [list(range(ways.first[piece], ways.first[piece + 1])) for piece in range(o["first"], o["last"])]
        made.add_spread(group, near)
    program = made.program()
    for solver in who:
        begun = time.monotonic()
        choice = choose(program, seconds=seconds, solver=solver)
        took_s = time.monotonic() - begun
        if choice is None:
            yield Measured(who=solver, seconds=took_s, fen=None, bound_fen=None)
            continue
        _, way = made.read(choice.share)
        fen = float(program.fen @ choice.share)
        yield Measured(who=solver, seconds=took_s, fen=fen, bound_fen=choice.bound_fen, served=float((way >= 0).mean()))


def _row(lines: int, scarcity: str, seed: int, one: Measured, best: bool) -> tuple[str, ...]:
    gap = one.gap_percent
    fen = "nothing found" if one.fen is None else f"{one.fen / 100:,.0f}"
    return (
        f"{lines:,} {scarcity}, seed {seed}",
        one.who,
        f"{one.seconds:.1f}",
        f"**{fen}**" if best else fen,
        "–" if gap is None else f"{gap:.3f}",
        "yes" if gap is not None and gap < 1e-7 else "no",
        "–" if one.served is None else f"{one.served:.1%}",
    )


def section(rows: Sequence[tuple[str, ...]], words: str) -> str:
    """Return the section of docs/benchmarks.md."""
    header = ("problem", "who", "seconds", "cost, yuan", "gap %", "proven", "served")
    return "\n\n".join((words, markdown_table(header, rows, left=2)))


def _shares(text: str) -> list[float]:
    return [float(word) for word in text.split(",")]


def main() -> None:
    """Solve, compare, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--lines", type=whole_numbers, default=[2_000, 10_000], help="default 2000,10000")
    parser.add_argument("--seeds", type=whole_numbers, default=[1, 2], help="default 1,2")
    parser.add_argument("--seconds", type=float, default=10.0, help="for each, peers too (default 10)")
    parser.add_argument("--gap", type=_shares, default=[0.0], help="near enough, as a share, by --lines (default 0)")
    parser.add_argument("--peers", default="HiGHS,SCIP", help="who else (default HiGHS,SCIP; empty for nobody)")
    parser.add_argument("--docs", type=Path, help="page whose section is replaced by the new one")
    asked = parser.parse_args()
    machine_line, rows = machine(), []
    peers = [Solver(name) for name in asked.peers.split(",") if name]
    source(problem(50, SCARCITIES["scarce"], 1))
    for lines, gap in zip_longest(asked.lines, asked.gap[: len(asked.lines)], fillvalue=asked.gap[-1]):
        kinds = dict.fromkeys(KINDS, SCARCITIES["moderate"]) if lines == KINDS_LINES else {}
        for name, scarcity in {**SCARCITIES, **kinds}.items():
            for seed in asked.seeds:
                wanted = problem(lines, scarcity, seed, name if name in KINDS else None)
                found = [_ours(wanted, asked.seconds, gap), *_peers(wanted, asked.seconds, peers)]
                cheapest = min(one.fen for one in found if one.fen is not None)
                for one in found:
                    rows.append(_row(lines, name, seed, one, one.fen is not None and one.fen <= cheapest + 0.5))
                    print(" · ".join(rows[-1]), file=sys.stderr, flush=True)
    words = (
        f"`--seconds {asked.seconds:g} --gap {','.join(map(str, asked.gap))}`. Later orders have no price here; the "
        f"cheapest is bold. {machine_line}"
    )
    text = section(rows, words)
    print(text)
    if asked.docs is not None:
        put_section(asked.docs, "sourcing", text)


if __name__ == "__main__":
    main()
