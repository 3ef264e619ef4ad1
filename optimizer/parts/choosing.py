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

from optimizer.engines.mip import Choice, Master, choose, prices
from optimizer.parts.bundles import FAR, best_of_all, bundle_fen, bundles_below, find_dominated, new_desk
from optimizer.parts.grid import NOTHING, Grid
from optimizer.parts.ways import Ways

__all__ = ["Chosen", "Remaining", "choose_bundles"]

Remaining = Callable[[], float | None]
"""Seconds left, None without a limit."""

MOST_ROUNDS = 100
MOST_OF_A_GROUP = 1_000
FIRST_SLACK_FEN = 4_000
SLACK_GROWS = 8
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


@dataclass(frozen=True, slots=True, kw_only=True)
class _Draws:
    """What the ways draw on: one entry per way and row."""

    way: NDArray[np.int64]
    row: NDArray[np.int64]
    amount: NDArray[np.int64]


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
        self.draws = _draws(w)
        self.group_of_way = g.pieces["group"][w.rows["piece"]].astype(np.int64)
        self.columns = _Columns()
        self.price = np.zeros(len(g.capacity), np.int64)
        self.active = np.zeros(len(g.capacity), bool)
        self.kernel = np.zeros(len(g.groups), bool)
        self.complete_to = np.full(len(g.groups), -1, np.int64)
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
        """Return the best whole choice among the bundles near the best at these prices, then among all that matter."""
        best, fen = self.alone, int(self.alone_fen.sum())
        if self.kernel.any():
            best, fen = self._in_turn()
            slack_fen = 0
            while fen - self.bound_fen > self.gap * fen and slack_fen < fen - self.bound_fen and not _over(remaining):
                slack_fen = min(max(FIRST_SLACK_FEN, SLACK_GROWS * slack_fen), fen - self.bound_fen)
                self._add_below(slack_fen)
                better, better_fen, proven_fen = self._whole(remaining)
                if better_fen < fen:
                    best, fen = better, better_fen
                if (self.complete_to[self.kernel] >= fen - self.bound_fen).all():
                    self.bound_fen = max(self.bound_fen, min(fen, proven_fen))
        return Chosen(
            way=best,
            fen=fen,
            bound_fen=min(fen, self.bound_fen),
            rounds=self.rounds,
            columns=len(self.columns.fen),
        )

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
        # What is short now no longer stands in for what was short before.
        self.complete_to[joining] = -1
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

    def _add_below(self, slack_fen: int) -> None:
        """Add every bundle that costs at most so much more than its group's best at these prices, as far as they count.

        A choice that holds a bundle so much dearer costs so much more than the bound.
        """
        base = self._base(self.price)
        _, _, bound = self._best(self.kernel, self.price)
        contested = np.zeros(len(self.w.rows), np.int8)
        contested[self.draws.way[self.active[self.draws.row]]] = 1
        dominated = np.zeros_like(contested)
        find_dominated(self.g, self.w, contested, dominated)
        base[dominated == 1] = FAR
        found = np.zeros((MOST_OF_A_GROUP, int((self.g.groups["last"] - self.g.groups["first"]).max())), np.int64)
        for group in np.flatnonzero(self.kernel & (self.complete_to < slack_fen)):
            o = self.g.groups[group]
            slack = slack_fen
            while (
                count := bundles_below(self.g, self.w, base, self.desk, group, int(bound[group]) + slack + 1, found)
            ) < 0:
                slack //= 2
            self._add_cheapest(int(group), found[:count, : o["last"] - o["first"]], contested)
            self.complete_to[group] = max(self.complete_to[group], slack)

    def _add_cheapest(self, group: int, found: NDArray[np.int64], contested: NDArray[np.int8]) -> None:
        """Add of these bundles the cheapest of each that draw on the same of what is short."""
        cheapest: dict[tuple[tuple[int, int, int], ...], tuple[int, int]] = {}
        rows = self.w.rows
        for number, ways in enumerate(found):
            taken = [way for way in ways.tolist() if way != NOTHING and contested[way]]
            key = tuple(
                sorted((int(rows["row"][way]), int(rows["floor_row"][way]), int(rows["dock"][way])) for way in taken)
            )
            fen = bundle_fen(self.g, self.w, group, ways)
            if key not in cheapest or (fen, number) < cheapest[key]:
                cheapest[key] = fen, number
        for _, number in cheapest.values():
            self._add(group, found[number].copy())

    def _whole(self, remaining: Remaining) -> tuple[NDArray[np.int64], int, int]:
        """Return a whole choice within all limits, its price, and what is proven about the bundles met."""
        while True:
            choice: Choice | None = None
            master, column = self._master()
            if not _over(remaining):
                choice = choose(master, seconds=remaining(), gap=self.gap / 2)
            if choice is None:
                return *self._in_turn(), self.bound_fen
            taken = np.flatnonzero(choice.share > 0.5)
            best = self.alone.copy()
            for number in taken:
                o = self.g.groups[self.columns.group[number]]
                best[o["first"] : o["last"]] = column[number]
            if not self._activate(self._use(best)):
                others_fen = int(self.alone_fen[~self.kernel].sum())
                fen = others_fen + sum(self.columns.fen[number] for number in taken)
                proven = np.ceil(choice.bound_fen - 0.5) if np.isfinite(choice.bound_fen) else -np.inf
                return best, fen, others_fen + int(max(0, proven))

    def _in_turn(self) -> tuple[NDArray[np.int64], int]:
        """Return a choice made group by group, those that are dearest to leave first, each its best that still fits."""
        left = self.g.capacity.astype(np.float64)
        left -= self._use(np.where(self.kernel[self.g.pieces["group"]], NOTHING, self.alone))
        best = self.alone.copy()
        fen = int(self.alone_fen[~self.kernel].sum())
        w, first = self.w.rows, self.w.first
        for group in sorted(
            np.flatnonzero(self.kernel), key=lambda group: (-int(self.g.groups[group]["none_fen"]), group)
        ):
            o = self.g.groups[group]
            ways = np.full(o["last"] - o["first"], NOTHING, np.int64)
            sources: set[int] = set()
            for k in range(len(ways)):
                for way in range(first[o["first"] + k], first[o["first"] + k + 1]):
                    use = self._entries(way)
                    if len(sources | {int(w["source"][way])}) > max(1, o["most_sources"]):
                        continue
                    if all(left[row] >= amount for row, amount in use):
                        ways[k] = way
                        sources.add(int(w["source"][way]))
                        for row, amount in use:
                            left[row] -= amount
                        break
            if o["complete"] and (ways == NOTHING).any():
                for way in ways[ways != NOTHING]:
                    for row, amount in self._entries(way):
                        left[row] += amount
                ways[:] = NOTHING
            best[o["first"] : o["last"]] = ways
            fen += bundle_fen(self.g, self.w, int(group), ways)
        return best, fen

    def _entries(self, way: int) -> list[tuple[int, int]]:
        draws = self.draws
        first, last = np.searchsorted(draws.way, (way, way + 1))
        return list(zip(draws.row[first:last].tolist(), draws.amount[first:last].tolist(), strict=True))

    def _master(self) -> tuple[Master, Sequence[tuple[int, ...]]]:
        """Return the program of the kernel, and the ways of its columns."""
        columns = self.columns
        number_of = np.cumsum(self.kernel) - 1
        row_of = np.cumsum(self.active) - 1
        flat = np.array([way for ways in columns.ways for way in ways], np.int64)
        sizes = np.array([len(ways) for ways in columns.ways], np.int64)
        column = np.repeat(np.arange(len(columns.ways)), sizes)
        column, flat = column[flat != NOTHING], flat[flat != NOTHING]
        begins = np.searchsorted(self.draws.way, flat)
        counts = np.searchsorted(self.draws.way, flat, side="right") - begins
        entry = np.repeat(begins - np.append(0, np.cumsum(counts)[:-1]), counts) + np.arange(counts.sum())
        column, row, amount = np.repeat(column, counts), self.draws.row[entry], self.draws.amount[entry]
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


def _draws(w: Ways) -> _Draws:
    """Return what every way takes: units of its shelf from its step on, above the floor too, and a line of its dock."""
    rows = w.rows
    number = np.arange(len(rows))
    ways, which, amounts = [], [], []
    for first, last in (("row", "last_row"), ("floor_row", "last_floor_row")):
        counts = np.where(rows[first] == NOTHING, 0, rows[last] - rows[first] + 1).astype(np.int64)
        begins = np.repeat(rows[first].astype(np.int64) - np.append(0, np.cumsum(counts)[:-1]), counts)
        ways.append(np.repeat(number, counts))
        which.append(begins + np.arange(counts.sum()))
        amounts.append(np.repeat(rows["quantity"], counts))
    docked = rows["dock"] != NOTHING
    ways.append(number[docked])
    which.append(rows["dock"][docked].astype(np.int64))
    amounts.append(np.ones(docked.sum(), np.int64))
    way, row, amount = (np.concatenate(parts).astype(np.int64) for parts in (ways, which, amounts))
    order = np.lexsort((row, way))
    return _Draws(way=way[order], row=row[order], amount=amount[order])
