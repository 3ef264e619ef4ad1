"""A better choice from one that is within the limits: some groups decide afresh, all others stay.

At the prices of the limits every group has a regret: what its bundle costs more than its best. Where the regret is
great, that group and those that hold what it wants are decided together, exactly, among the cheapest bundles of each
that what the others leave has room for.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from optimizer.budget import Remaining, is_over
from optimizer.engines.mip import Program, choose
from optimizer.parts.bundles import FAR, best_few, bundle_fen, new_desk, refit
from optimizer.parts.crowding import Crowding
from optimizer.parts.drawing import Draws
from optimizer.parts.effort import Effort
from optimizer.parts.exchanging import MOVES_OF_A_SWEEP, exchange, new_exchange, overdraw
from optimizer.parts.grid import NOTHING, Grid
from optimizer.parts.ways import Ways
from optimizer.parts.whole import Priced

__all__ = ["Improving", "spans"]

MOST_GROUPS = 150
FEW = 80
"""So many groups decide together, each among so many bundles."""
MOST_FRACTIONAL = 1_000
FEW_FRACTIONAL = 20
FEW_WAYS = 5
CROWDED_WAYS = 8
"""Annealing looks at so many ways of each; where every way draws on one limit, at so many."""
SWEEPS = 300
OVER_SWEEPS = 1_500
MOST_MOVES = 25_000_000
MOST_LONGER = 12
"""A longer annealing has at most so many times the moves of a brief one: it must not outlast a proof."""
SEEDS = 4
LONGEST = 0.65
"""Of the time that is left after a brief annealing, one that is as much longer takes this share."""
FEWEST_SHELVES, MOST_SHELVES = 3, 5
FEW_OF_SHELVES = 6
FUTILE = 30
"""So many tries in a row that find nothing, with so many shelves, are enough."""
PRICED_HEAT = 0.3, 0.005
HEAT = 0.12, 0.025
"""Where annealing begins and ends, in steps from the way of least regret to the next but two."""
MOST_SECONDS = 3.0
"""Of one decision of some groups, reckoned where no clock may decide what comes of it."""
PATIENCE = 3
WORTH = 0.02
"""It ends after so many tries in a row that close less than this share of what is left to the bound."""
_SURE = 1e-6


@dataclass(frozen=True, slots=True, kw_only=True)
class _Candidates:
    """Bundles that groups choose among: whose each is (by place), its ways, what it costs."""

    of: NDArray[np.int64]
    ways: NDArray[np.int64]
    fen: NDArray[np.int64]


class Improving:
    """A choice, what it costs, and what it leaves; at prices that say where it could be better."""

    def __init__(self, g: Grid, w: Ways, draws: Draws, priced: Priced, effort: Effort) -> None:
        self._g, self._w, self._draws = g, w, draws
        self._price = priced.price
        self._base, self._least = priced.base, priced.least
        self._own = w.rows["fen"].copy()
        self._desk = new_desk(g)
        self._effort = effort
        self._group_of_piece = g.pieces["group"].astype(np.int64)
        self.way = np.full(len(g.pieces), NOTHING, np.int64)
        self._left = g.capacity.copy()
        self._fen = np.zeros(len(g.groups), np.int64)
        self._regret = np.zeros(len(g.groups), np.int64)
        self._price_of(np.arange(len(g.groups)))

    @property
    def fen(self) -> int:
        """What the choice costs."""
        return int(self._fen.sum())

    def begin(self, way: NDArray[np.int64]) -> None:
        """Begin with a choice within the limits."""
        self.way = way.copy()
        entry, _ = self._draws.of_all(way[way != NOTHING])
        use = np.bincount(self._draws.row[entry], self._draws.amount[entry], minlength=len(self._g.capacity))
        self._left = self._g.capacity - use.astype(np.int64)
        self._price_of(np.arange(len(self._g.groups)))

    def refit(self) -> None:
        """Let all who regret choose again, one by one, from what is left: those who regret most first."""
        for base in (self._base, self._own):
            order = np.argsort(-self._regret, kind="stable")
            order = order[self._regret[order] > 0]
            way, left = self.way.copy(), self._left.copy()
            draws, room = self._draws, self._g._replace(capacity=left)
            refit(room, self._w, base, self._desk, draws.first, draws.row, draws.amount, order, way)
            before, kept = self.fen, (self.way, self._left)
            self.way, self._left = way, left
            self._price_of(order)
            if self.fen > before:
                self.way, self._left = kept
                self._price_of(order)

    def exchange(self, sweeps: int, over_sweeps: int, target_fen: int, seed: int) -> None:
        """Anneal over the groups of one piece, each among the ways of least regret: with what they draw on priced,
        which spreads it well, then at what they cost, where limits may be broken on the way."""
        g, w = self._g, self._w
        alone = np.flatnonzero(g.groups["last"] - g.groups["first"] == 1)
        none_fen = np.where(g.groups["complete"] == 1, g.groups["none_fen"], g.pieces["none_fen"][g.groups["first"]])
        best = self.way, self.fen
        for price, (hot, cold) in ((self._base, PRICED_HEAT), (self._own, HEAT)):
            ways, fen, at, steps = [], [], [], []
            for group, piece in zip(alone.tolist(), g.groups["first"][alone].tolist(), strict=True):
                some = np.arange(w.first[piece], w.first[piece + 1])
                regret = self._base[some] + w.rows["late"][some]
                few = np.argsort(regret, kind="stable")[:FEW_WAYS]
                steps.append(int(regret[few[-1]] - regret[few[0]]) * 3 // FEW_WAYS if len(few) else 0)
                some = np.union1d(some[few], [NOTHING, self.way[piece]])
                costs = np.where(some == NOTHING, none_fen[group], price[some] + w.rows["late"][some])
                costs += np.where(some == NOTHING, 0, g.consignment_fen)
                wish = np.where(some == NOTHING, FAR, self._base[some] + w.rows["late"][some])
                order = np.argsort(wish, kind="stable")
                ways.append(some[order])
                fen.append(costs[order])
                at.append(int(np.flatnonzero(some[order] == self.way[piece])[0]))
            shelf = w.rows["last_row"].astype(np.int64)
            x = new_exchange(ways, fen, np.array(at), shelf, self._draws, self._left.copy())
            step_fen = float(np.median(steps)) + 1.0
            if price is self._base:
                exchange(x, sweeps, step_fen * hot, step_fen * cold, seed)
                end = x.at
            else:
                overdraw(x, self._over_fen(), target_fen - self.fen, over_sweeps, step_fen * hot, step_fen * cold, seed)
                end = x.best
            way = self.way.copy()
            way[g.groups["first"][alone]] = x.way[end]
            self.begin(way)
            if self.fen < best[1]:
                best = self.way, self.fen
        self.begin(best[0])

    def _over_fen(self) -> NDArray[np.int64]:
        """Return what a unit beyond each limit costs at first: what it is worth, or what others are for the most."""
        priced = self._price[self._price > 0]
        usual = int(np.median(priced)) if len(priced) else self._g.split_fen
        return np.maximum(self._price, usual) + 1

    def improve(
        self, bound_fen: int, target_fen: int, fractional: NDArray[np.int64], remaining: Remaining, *, alone: bool
    ) -> None:
        """Improve until nothing much comes of it, the target is reached or the time is over.

        fractional: groups of which a linear program could not say what they get. alone: no group has several pieces.
        """
        if alone and self.fen > target_fen and not is_over(remaining):
            self._anneal(target_fen, remaining)
            self._share_anew(target_fen, remaining)
        first = np.union1d(fractional, np.flatnonzero(self._regret > 0))
        if len(first) and not is_over(remaining):
            self._together(first[np.argsort(-self._regret[first], kind="stable")][:MOST_FRACTIONAL], FEW_FRACTIONAL)
        tried: dict[int, int] = {}
        patience = PATIENCE
        while patience and self.fen > target_fen and not is_over(remaining):
            order = np.argsort(-self._regret, kind="stable")
            order = order[self._regret[order] > 0]
            seed = next((group for group in order.tolist() if tried.get(group) != self._regret[group]), NOTHING)
            if seed == NOTHING:
                break
            tried[seed] = int(self._regret[seed])
            before = self.fen
            self._together(self._around(seed), FEW)
            patience = patience - 1 if before - self.fen < WORTH * (before - bound_fen) else PATIENCE

    def _anneal(self, target_fen: int, remaining: Remaining) -> None:
        """Anneal a few times; with a limit of time briefly first, and then once for as long as it allows."""
        crowding = self._crowding()
        began_s = remaining()
        brief = int(np.clip(MOST_MOVES // (MOVES_OF_A_SWEEP * len(self._g.groups)), SWEEPS, OVER_SWEEPS))
        self.exchange(SWEEPS, brief, target_fen, 1)
        left_s = remaining()
        if began_s is None or left_s is None:
            for seed in range(2, SEEDS + 1):
                if self.fen > target_fen:
                    self.exchange(SWEEPS, brief, target_fen, seed)
                    self._crowd(crowding, target_fen)
            return
        longer = min(MOST_LONGER, LONGEST * max(0.0, left_s) / max(_SURE, began_s - left_s))
        end_s = left_s * (1 - LONGEST)
        while self.fen > target_fen and self._crowd(crowding, target_fen) and (remaining() or 0.0) > end_s:
            longer = 0.0
        if self.fen > target_fen and longer >= 1:
            self.exchange(SWEEPS, int(longer * brief), target_fen, 2)

    def _crowding(self) -> Crowding | None:
        """Return annealing among regrets, None unless every way draws on one limit and everybody has some."""
        g, w, rows = self._g, self._w, self._w.rows
        first, last = w.first[g.groups["first"]], w.first[g.groups["first"] + 1]
        one_limit = (rows["row"] == rows["last_row"]) & (rows["dock"] == NOTHING) & (rows["floor_row"] == NOTHING)
        if not one_limit.all() or not (last - first > 1).all():
            return None
        many = min(CROWDED_WAYS, int((last - first).max()))
        # Limits that only shares break are left out, with their prices.
        row, amount = rows["row"].astype(np.int64), rows["quantity"].astype(np.int64)
        wish = self._own + rows["late"] + self._price[row] * amount
        ways = np.zeros((len(first), many), np.int64)
        regret = np.full((len(first), many), float(FAR))
        for group, (begin, end) in enumerate(zip(first.tolist(), last.tolist(), strict=True)):
            few = begin + np.argsort(wish[begin:end], kind="stable")[:many]
            ways[group], ways[group, : len(few)] = few[0], few
            regret[group, : len(few)] = wish[few] - wish[few[0]]
        return Crowding(
            ways=ways,
            regret=regret,
            row=row[ways],
            amount=amount[ways],
            price=self._price.astype(np.float64),
            capacity=g.capacity.astype(np.int64),
        )

    def _crowd(self, crowding: Crowding | None, target_fen: int) -> bool:
        """Anneal among regrets once more; return whether what that came to is the best."""
        if crowding is None or self.fen <= target_fen:
            return False
        crowding.again()
        if not np.isfinite(crowding.fen):
            return False
        kept, before = self.way, self.fen
        way = self.way.copy()
        way[self._g.groups["first"]] = crowding.chosen
        self.begin(way)
        if self.fen <= before:
            return True
        self.begin(kept)
        return False

    def _share_anew(self, target_fen: int, remaining: Remaining) -> None:
        """Decide exactly who of those on a few shelves has which of them, a few shelves after the other."""
        rng = np.random.default_rng(0)
        for many in range(FEWEST_SHELVES, MOST_SHELVES + 1):
            futile = 0
            while futile < FUTILE and self.fen > target_fen and not is_over(remaining):
                before = self.fen
                groups = self._on_few_shelves(many, rng)
                if len(groups):
                    self._together(groups, FEW_OF_SHELVES)
                futile = 0 if self.fen < before else futile + 1

    def _on_few_shelves(self, many: int, rng: np.random.Generator) -> NDArray[np.int64]:
        """Return who has so many shelves that they want from each other, likelier where more is lost."""
        rows = self._w.rows["last_row"].astype(np.int64)
        shelf = np.where(self.way == NOTHING, NOTHING, rows[self.way])
        served = shelf >= 0
        lost = np.bincount(shelf[served], self._regret[self._group_of_piece[served]], len(self._left))
        weight = lost + self._price * np.maximum(0, self._left) + 1.0
        here = np.unique(shelf[served])
        chosen: list[int] = []
        while len(here) and len(chosen) < many:
            chosen.append(int(rng.choice(here, p=weight[here] / weight[here].sum())))
            if len(chosen) == 1:
                on_it = np.flatnonzero(shelf == chosen[0])
                here = np.intersect1d(rows[spans(self._w.first[on_it], self._w.first[on_it + 1])], here)
            here = here[here != chosen[-1]]
        groups: NDArray[np.int64] = np.unique(self._group_of_piece[np.isin(shelf, chosen)])
        return groups

    def _price_of(self, groups: NDArray[np.int64]) -> None:
        """Set the price and the regret of these groups."""
        first, last = self._g.groups["first"], self._g.groups["last"]
        for group in groups.tolist():
            ways = self.way[first[group] : last[group]]
            taken = ways[ways != NOTHING]
            self._fen[group] = bundle_fen(self._g, self._w, group, ways)
            worth = int(self._base[taken].sum() - self._own[taken].sum())
            self._regret[group] = self._fen[group] + worth - self._least[group]

    def _around(self, seed: int) -> NDArray[np.int64]:
        """Return a group with those that hold what it could draw on and is worth something, and so on from these."""
        draws, w = self._draws, self._w
        entry, place = draws.of_all(self.way[self.way != NOTHING])
        holder = self._group_of_piece[np.flatnonzero(self.way != NOTHING)[place]]
        row = draws.row[entry]
        order = np.argsort(row, kind="stable")
        row, holder = row[order], holder[order]
        got, queue = {seed: None}, [seed]
        for group in queue:
            if len(got) >= MOST_GROUPS:
                break
            o = self._g.groups[group]
            ways = np.arange(w.first[o["first"]], w.first[o["last"]])
            priced = ways[self._base[ways] > self._own[ways]]
            wanted = np.unique(draws.row[draws.of_all(priced)[0]])
            spans = zip(np.searchsorted(row, wanted), np.searchsorted(row, wanted + 1), strict=True)
            some = np.unique(np.concatenate([holder[a:b] for a, b in spans] or [np.zeros(0, np.int64)]))
            for other in some[np.argsort(-self._regret[some], kind="stable")].tolist():
                if other not in got and len(got) < MOST_GROUPS:
                    got[other] = None
                    queue.append(other)
        return np.array(list(got))

    def _together(self, groups: NDArray[np.int64], few: int) -> None:
        """Decide these groups together, among so many bundles of each; keep what they have if that is no dearer."""
        groups = np.sort(groups)
        o = self._g.groups[groups]
        pieces = spans(o["first"], o["last"])
        given = self.way[pieces]
        entry, _ = self._draws.of_all(given[given != NOTHING])
        left = self._left.copy()
        np.add.at(left, self._draws.row[entry], self._draws.amount[entry])
        # What is cheaper than all that these regret together is made of bundles that each regret less; so is what uses
        # up what is left and worth something.
        worth = int((self._price * np.maximum(0, self._left)).sum())
        some = self._candidates(groups, few, left, int(self._regret[groups].sum()) + worth)
        chosen = self._chosen(some, len(groups), left)
        if chosen is None or int(some.fen[chosen].sum()) >= int(self._fen[groups].sum()):
            return
        for number in chosen.tolist():
            first, last = o["first"][some.of[number]], o["last"][some.of[number]]
            self.way[first:last] = some.ways[number, : last - first]
        given = self.way[pieces]
        entry, _ = self._draws.of_all(given[given != NOTHING])
        np.subtract.at(left, self._draws.row[entry], self._draws.amount[entry])
        self._left = left
        self._price_of(groups)

    def _candidates(self, groups: NDArray[np.int64], few: int, left: NDArray[np.int64], most_fen: int) -> _Candidates:
        """Return what each has, going without for kits, and the few best that there is room for.

        most_fen: what any of them regrets at most.
        """
        o = self._g.groups[groups]
        most = int((o["last"] - o["first"]).max())
        found = np.full((len(groups), few, most), NOTHING, np.int64)
        cost, counts = np.zeros((len(groups), few), np.int64), np.zeros(len(groups), np.int64)
        room = self._g._replace(capacity=left.copy())
        limit = self._least[groups] + most_fen + 1
        best_few(room, self._w, self._base, self._desk, groups, limit, found, cost, counts)
        of, number = np.nonzero(np.arange(few)[None, :] < counts[:, None])
        ways, fen = found[of, number], cost[of, number]
        kept = fen < FAR
        of, ways, fen = of[kept], ways[kept], fen[kept]
        worth = np.where(ways != NOTHING, self._base[ways] - self._own[ways], 0).sum(axis=1)
        current = np.full((len(groups), most), NOTHING, np.int64)
        for place, (first, last) in enumerate(zip(o["first"], o["last"], strict=True)):
            current[place, : last - first] = self.way[first:last]
        kits = np.flatnonzero((o["complete"] == 1) & (o["none_fen"] < limit))
        return _Candidates(
            of=np.concatenate((np.arange(len(groups)), kits, of)),
            ways=np.concatenate((current, np.full((len(kits), most), NOTHING, np.int64), ways)),
            fen=np.concatenate((self._fen[groups], o["none_fen"][kits], fen - worth)),
        )

    def _chosen(self, some: _Candidates, groups: int, left: NDArray[np.int64]) -> NDArray[np.int64] | None:
        """Return the numbers of the best candidates, one of each group, within what is left."""
        number, depth = np.nonzero(some.ways != NOTHING)
        entry, place = self._draws.of_all(some.ways[number, depth])
        size = len(some.of)
        key, inverse = np.unique(self._draws.row[entry] * size + number[place], return_inverse=True)
        amount = np.bincount(inverse, self._draws.amount[entry], minlength=len(key))
        row, column = key // size, key % size
        # Only rows matter on which all together could draw more than is left.
        pair, inverse = np.unique(row * groups + some.of[column], return_inverse=True)
        most = np.zeros(len(pair))
        np.maximum.at(most, inverse, amount)
        scarce = np.bincount(pair // groups, most, minlength=len(left)) > left
        taken = scarce[row]
        rows = np.flatnonzero(scarce)
        terms = size + int(taken.sum())
        nodes = self._effort.nodes(terms, MOST_SECONDS)
        if nodes == 0:
            return None
        choice = choose(
            Program(
                fen=some.fen.astype(np.float64),
                whole=np.ones(size, bool),
                least=np.append(np.ones(groups), np.full(len(rows), -np.inf)),
                most=np.append(np.ones(groups), left[rows].astype(np.float64)),
                row=np.append(some.of, groups + (np.cumsum(scarce) - 1)[row[taken]]),
                column=np.append(np.arange(size), column[taken]),
                amount=np.append(np.ones(size), amount[taken]),
            ),
            seconds=MOST_SECONDS if nodes is None else None,
            nodes=nodes,
            gap=_SURE,
            # What they have comes first.
            begin=np.arange(size) < groups,
            simplify=False,
        )
        self._effort.decide(terms, 0 if choice is None else choice.nodes)
        return None if choice is None else np.flatnonzero(choice.share > 0.5)


def spans(first: NDArray[np.integer[Any]], last: NDArray[np.integer[Any]]) -> NDArray[np.int64]:
    """Return all numbers from each first to before each last."""
    counts = (last - first).astype(np.int64)
    begins = np.repeat(first.astype(np.int64) - np.append(0, np.cumsum(counts)[:-1]), counts)
    return begins + np.arange(counts.sum())
