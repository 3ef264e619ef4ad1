"""One bundle per group at least cost within every limit: column generation, then the whole choice, with its proof.

Most limits never bind: they take part only once a choice breaks them, and only the groups that could draw on them take
part with them (the kernel). Everybody else has their cheapest bundle. Prices of limits are rounded to whole fen, which
keeps the bound exact: the cheapest bundles at any prices, less what the limits are worth at them, cost no more than
any choice within the limits (Lagrange).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from optimizer.engines.mip import Master, prices
from optimizer.parts.bundles import best_of_all, bundle_fen, new_desk
from optimizer.parts.drawing import draws_of
from optimizer.parts.grid import NOTHING, Grid
from optimizer.parts.ways import Ways
from optimizer.parts.whole import Priced, Whole, WholeChoice

__all__ = ["Chosen", "Remaining", "choose_bundles"]

Remaining = Callable[[], float | None]
"""Seconds left, None without a limit."""

MOST_ROUNDS = 100
_SLIGHT = 1e-6


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """way: (pieces,) the way of each, NOTHING for going without. bound_fen: no choice costs less."""

    way: NDArray[np.int64]
    fen: int
    bound_fen: int
    rounds: int
    columns: int


def choose_bundles(g: Grid, w: Ways, *, remaining: Remaining, gap: float) -> Chosen:
    """Return the cheapest choice found and what is proven about it; it may stop once it is this near to the bound."""
    run = _Run(g, w, gap)
    run.generate(remaining)
    return run.finish(remaining)


@dataclass(slots=True)
class _Columns:
    """The bundles met so far: the group of each, its ways (its pieces' in order), its price."""

    group: list[int] = field(default_factory=list)
    ways: list[tuple[int, ...]] = field(default_factory=list)
    fen: list[int] = field(default_factory=list)
    known: set[tuple[int, tuple[int, ...]]] = field(default_factory=set)

    def add(self, group: int, ways: tuple[int, ...], fen: Callable[[], int]) -> bool:
        """Add a bundle that is new."""
        if (group, ways) in self.known:
            return False
        self.known.add((group, ways))
        self.group.append(group)
        self.ways.append(ways)
        self.fen.append(fen())
        return True


class _Run:
    """One choice in the making."""

    def __init__(self, g: Grid, w: Ways, gap: float) -> None:
        self.g, self.w, self.gap = g, w, gap
        self.desk = new_desk(g)
        self.draws = draws_of(w)
        self.group_of_way = g.pieces["group"][w.rows["piece"]].astype(np.int64)
        self.columns = _Columns()
        self.price = np.zeros(len(g.capacity), np.int64)
        self.active = np.zeros(len(g.capacity), bool)
        self.kernel = np.zeros(len(g.groups), bool)
        self.closed: dict[tuple[tuple[int, ...], tuple[int, ...]], Whole] = {}
        self.alone, self.alone_fen, _ = self._best(np.ones(len(g.groups), bool), self.price)
        self.bound_fen = int(self.alone_fen.sum())
        self.rounds = 0

    def generate(self, remaining: Remaining) -> None:
        """Find the limits that bind, what they are worth, and the bundles that matter at these prices."""
        self._activate(self._use(self.alone))
        while self.kernel.any() and self.rounds < MOST_ROUNDS and not _over(remaining):
            self.rounds += 1
            master, column = self._master()
            shared = prices(master)
            price = np.zeros_like(self.price)
            price[self.active] = np.rint(shared.price).astype(np.int64)
            added = self._add_best(price)
            more = self._activate(self._use_of(column, shared.share))
            total_fen = shared.bound_fen + int(self.alone_fen[~self.kernel].sum())
            if not more and (not added or total_fen - self.bound_fen <= _SLIGHT * total_fen):
                return

    def finish(self, remaining: Remaining) -> Chosen:
        """Return the best whole choice, its components decided one by one, and what is proven about it."""
        best, fen = self._in_turn() if self.kernel.any() else (self.alone, int(self.alone_fen.sum()))
        while self.kernel.any() and not _over(remaining):
            whole, whole_fen = self._all_whole(remaining)
            if self._activate(self._use(whole)):
                self.generate(remaining)
                continue
            if whole_fen < fen:
                best, fen = whole, whole_fen
            break
        return Chosen(
            way=best,
            fen=fen,
            bound_fen=min(fen, self.bound_fen),
            rounds=self.rounds,
            columns=len(self.columns.fen),
        )

    def _all_whole(self, remaining: Remaining) -> tuple[NDArray[np.int64], int]:
        """Return the best choice of every component; what is closed already is not decided again."""
        base, (_, _, least) = self._base(self.price), self._best(self.kernel, self.price)
        whole, fen = self.alone.copy(), int(self.alone_fen[~self.kernel].sum())
        bound_fen = fen
        choice = WholeChoice(self.g, self.w, self.draws, self.active, Priced(price=self.price, base=base, least=least))
        share = self.gap / 2
        for groups, rows in self._components():
            key = tuple(groups.tolist()), tuple(rows.tolist())
            if key not in self.closed:
                decided = choice.decide(groups, rows, remaining=remaining, gap=share)
                if decided is None:
                    return self._in_turn()
                self.closed[key] = decided
            decided = self.closed[key]
            whole[decided.piece] = decided.way
            fen += decided.fen
            bound_fen += decided.bound_fen
        self.bound_fen = max(self.bound_fen, bound_fen)
        return whole, fen

    def _components(self) -> list[tuple[NDArray[np.int64], NDArray[np.int64]]]:
        """Return the groups that share what is short, directly or by way of others, with the rows they share."""
        taken = self.active[self.draws.row]
        group, row = self.group_of_way[self.draws.way[taken]], self.draws.row[taken]
        mark = np.arange(len(self.g.capacity) + len(self.g.groups))
        row = row + len(self.g.groups)
        while True:
            least = mark.copy()
            np.minimum.at(least, group, mark[row])
            np.minimum.at(least, row, least[group])
            least = least[least]
            if (least == mark).all():
                break
            mark = least
        groups = np.flatnonzero(self.kernel)
        rows = np.flatnonzero(self.active)
        of_group, of_row = mark[groups], mark[rows + len(self.g.groups)]
        return [(groups[of_group == one], rows[of_row == one]) for one in np.unique(of_group)]

    def _best(
        self, wanted: NDArray[np.bool_], price: NDArray[np.int64]
    ) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
        """Return the cheapest bundles of these groups at these prices of the rows: ways, fen, bounds."""
        g = self.g
        chosen = np.full(len(g.pieces), NOTHING, np.int64)
        fen, bound = np.zeros(len(g.groups), np.int64), np.zeros(len(g.groups), np.int64)
        best_of_all(g, self.w, self._base(price), self.desk, wanted.astype(np.int8), chosen, fen, bound)
        return chosen, fen, bound

    def _base(self, price: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return what each way costs with what it draws on."""
        base = self.w.rows["fen"].copy()
        draws = self.draws
        taken = price[draws.row] != 0
        np.add.at(base, draws.way[taken], price[draws.row[taken]] * draws.amount[taken])
        return base

    def _use(self, chosen: NDArray[np.int64]) -> NDArray[np.float64]:
        """Return how much of every row the chosen ways take."""
        share = np.zeros(len(self.w.rows))
        share[chosen[chosen != NOTHING]] = 1.0
        return self._use_of_ways(share)

    def _use_of(self, column: Sequence[tuple[int, ...]], share: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return how much of every row shares of the columns take, with everybody who is not in the kernel."""
        of_way = np.zeros(len(self.w.rows))
        outside = self.alone[~self.kernel[self.g.pieces["group"]]]
        of_way[outside[outside != NOTHING]] = 1.0
        for number in np.flatnonzero(share > _SLIGHT):
            for way in column[number]:
                if way != NOTHING:
                    of_way[way] += share[number]
        return self._use_of_ways(of_way)

    def _use_of_ways(self, share: NDArray[np.float64]) -> NDArray[np.float64]:
        draws = self.draws
        return np.bincount(draws.row, draws.amount * share[draws.way], minlength=len(self.g.capacity))

    def _activate(self, use: NDArray[np.float64]) -> bool:
        """Let the rows that are overdrawn take part, and whoever could draw on them; say whether there are any."""
        broken = (use > self.g.capacity + 1e-6) & ~self.active
        if not broken.any():
            return False
        self.active |= broken
        joining = np.zeros_like(self.kernel)
        joining[self.group_of_way[self.draws.way[broken[self.draws.row]]]] = True
        joining &= ~self.kernel
        self.kernel |= joining
        for group in np.flatnonzero(joining):
            o = self.g.groups[group]
            self._add(int(group), self.alone[o["first"] : o["last"]])
            self._add(int(group), np.full(o["last"] - o["first"], NOTHING, np.int64))
        return True

    def _add(self, group: int, ways: NDArray[np.int64]) -> bool:
        return self.columns.add(group, tuple(ways.tolist()), lambda: bundle_fen(self.g, self.w, group, ways))

    def _add_best(self, price: NDArray[np.int64]) -> int:
        """Add the best bundle of everybody in the kernel at these prices, and prove what they prove."""
        chosen, _, bound = self._best(self.kernel, price)
        worth_fen = int((price * self.g.capacity).sum())
        bound_fen = int(bound[self.kernel].sum()) + int(self.alone_fen[~self.kernel].sum()) - worth_fen
        if bound_fen >= self.bound_fen:
            self.bound_fen, self.price = bound_fen, price
        added = 0
        for group in np.flatnonzero(self.kernel):
            o = self.g.groups[group]
            added += self._add(int(group), chosen[o["first"] : o["last"]])
        return added

    def _in_turn(self) -> tuple[NDArray[np.int64], int]:
        """Return a choice made group by group, those that are dearest to leave first, each its best that still fits."""
        left = self.g.capacity.astype(np.float64)
        left -= self._use(np.where(self.kernel[self.g.pieces["group"]], NOTHING, self.alone))
        best = self.alone.copy()
        fen = int(self.alone_fen[~self.kernel].sum())
        source, first = self.w.rows["source"].tolist(), self.w.first.tolist()
        for group in sorted(
            np.flatnonzero(self.kernel), key=lambda group: (-int(self.g.groups[group]["none_fen"]), group)
        ):
            o = self.g.groups[group]
            ways = np.full(o["last"] - o["first"], NOTHING, np.int64)
            sources: set[int] = set()
            for k in range(len(ways)):
                for way in range(first[o["first"] + k], first[o["first"] + k + 1]):
                    rows, amounts = self.draws.of(way)
                    if len(sources | {source[way]}) > max(1, o["most_sources"]):
                        continue
                    if all(left[row] >= amount for row, amount in zip(rows, amounts, strict=True)):
                        ways[k] = way
                        sources.add(source[way])
                        left[rows] -= amounts
                        break
            if o["complete"] and (ways == NOTHING).any():
                for way in ways[ways != NOTHING]:
                    rows, amounts = self.draws.of(way)
                    left[rows] += amounts
                ways[:] = NOTHING
            best[o["first"] : o["last"]] = ways
            fen += bundle_fen(self.g, self.w, int(group), ways)
        return best, fen

    def _master(self) -> tuple[Master, Sequence[tuple[int, ...]]]:
        """Return the program of the kernel, and the ways of its columns."""
        columns = self.columns
        number_of = np.cumsum(self.kernel) - 1
        row_of = np.cumsum(self.active) - 1
        flat = np.array([way for ways in columns.ways for way in ways], np.int64)
        sizes = np.array([len(ways) for ways in columns.ways], np.int64)
        column = np.repeat(np.arange(len(columns.ways)), sizes)
        column, flat = column[flat != NOTHING], flat[flat != NOTHING]
        entry, place = self.draws.of_all(flat)
        column, row, amount = column[place], self.draws.row[entry], self.draws.amount[entry]
        kept = self.active[row]
        column, row, amount = column[kept], row_of[row[kept]], amount[kept]
        key, inverse = np.unique(row * max(1, len(columns.ways)) + column, return_inverse=True)
        master = Master(
            fen=np.array(columns.fen, np.int64),
            group=number_of[np.array(columns.group, np.int64)],
            groups=int(self.kernel.sum()),
            row=key // max(1, len(columns.ways)),
            column=key % max(1, len(columns.ways)),
            amount=np.bincount(inverse, amount, minlength=len(key)).astype(np.int64),
            capacity=self.g.capacity[self.active],
        )
        return master, columns.ways


def _over(remaining: Remaining) -> bool:
    left = remaining()
    return left is not None and left <= 0
