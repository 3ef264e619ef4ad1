"""The whole choice of groups that share what is short, proven: every bundle near the best ones takes part.

At any prices of the rows a choice costs the bound and what its bundles cost more than their groups' best. So what is
to beat a choice that costs `slack` more than the bound is made of bundles within `slack` of the best of their groups:
a program that holds them all proves it. A group with few of them has a variable for each; in a group with many every
piece has a variable for each of its ways, beside those for its parcels, sources and lateness.
"""

from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from optimizer.budget import is_over
from optimizer.engines.mip import Choice, Master, Program, choose
from optimizer.parts.bundles import FAR, bundle_fen, bundles_below, find_dominated, new_desk
from optimizer.parts.drawing import Draws
from optimizer.parts.effort import Effort
from optimizer.parts.grid import NOTHING, Grid
from optimizer.parts.tightening import FEW, Tight, tightened
from optimizer.parts.ways import Ways

__all__ = ["GROUPS_AT_ONCE", "SLACK_GROWS", "Priced", "WaysProgram", "Whole", "WholeChoice", "room_for"]

MOST_OF_A_GROUP = 60_000
"""A group with more bundles near its best than these is spread over its ways."""
ROOM = 5 * MOST_OF_A_GROUP
MOST_NUMBERS = 10 * ROOM
"""Groups of many pieces have room for fewer bundles: it is bounded in numbers, one for each piece of each bundle."""
GROUPS_AT_ONCE = 16
"""After so many, whose bundles may take a second, the time is looked at."""
MOST_BUNDLES = 400_000
"""Of all groups together: a program of more is not begun."""
SPREAD_SHARE = 0.1
"""Where no more groups than these are spread there is little to simplify."""
LEAST_SLACK_FEN = 100
SLACK_GROWS = 6
"""Begun at this share of what is left to the bound, all of it is looked at next."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Priced:
    """price: (rows,) fen per unit. base: (ways,) price of each way with them. least: (groups,) of any bundle."""

    price: NDArray[np.int64]
    base: NDArray[np.int64]
    least: NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Whole:
    """The choice for some pieces: the way of each, what it costs in all, and what nothing costs less than."""

    piece: NDArray[np.int64]
    way: NDArray[np.int64]
    fen: int
    bound_fen: int


class WholeChoice:
    """Decides components, all at the same prices."""

    def __init__(
        self, g: Grid, w: Ways, draws: Draws, active: NDArray[np.bool_], priced: Priced, effort: Effort
    ) -> None:
        self._g, self._w, self._draws, self._active, self._priced = g, w, draws, active, priced
        self._effort = effort
        self._desk = new_desk(g)
        self._contested = np.zeros(len(w.rows), np.int8)
        self._contested[draws.way[active[draws.row]]] = 1
        dominated = np.zeros_like(self._contested)
        find_dominated(g, w, self._contested, dominated)
        self._base = np.where(dominated == 1, FAR, priced.base)
        self._class = np.where(self._contested == 1, _classes(w, active), 0)
        self._most = int((g.groups["last"] - g.groups["first"]).max(initial=0))

    def decide(
        self,
        groups: NDArray[np.int64],
        rows: NDArray[np.int64],
        *,
        known: Whole,
        slack_fen: int,
        gap: float,
    ) -> Whole:
        """Return the best choice of these groups, which share these rows, or the known one where none better is found.

        slack_fen: how much dearer than the bound is worth a look at first. Where that is not enough to find any good
        choice, so much more is looked at.
        """
        priced = self._priced
        lagrange_fen = int(priced.least[groups].sum()) - int((priced.price[rows] * self._g.capacity[rows]).sum())
        best = replace(known, bound_fen=min(known.fen, lagrange_fen))
        slack_fen = min(max(LEAST_SLACK_FEN, slack_fen), best.fen - lagrange_fen)
        while best.fen - best.bound_fen > gap * best.fen:
            if is_over(self._effort.left):
                break
            beyond_fen = lagrange_fen + slack_fen + 1
            chosen = self._choose(groups, rows, best, slack_fen, gap)
            if chosen is None:
                break
            bound_fen = max(best.bound_fen, min(chosen.bound_fen, beyond_fen))
            best = chosen if chosen.fen < best.fen else best
            best = replace(best, bound_fen=min(best.fen, bound_fen))
            # Where not even these could be searched to the end, more would be no use.
            if chosen.bound_fen < min(best.fen, beyond_fen) - gap * best.fen - 1:
                break
            if slack_fen >= best.fen - lagrange_fen:
                break
            slack_fen = min(SLACK_GROWS * slack_fen, best.fen - lagrange_fen)
        return best

    def _choose(
        self, groups: NDArray[np.int64], rows: NDArray[np.int64], known: Whole, slack_fen: int, gap: float
    ) -> Whole | None:
        """Return the best choice met among bundles within the slack, or the known one, and what none of them costs
        less than; None where there are too many."""
        made = WaysProgram(self._g, self._w, self._draws, rows)
        limit = self._priced.least[groups] + slack_fen + 1
        added = self._add_bundles(made, groups, limit, known)
        if added is None:
            return None
        many, begin = added
        for number in many:
            made.add_spread(int(groups[number]), self._near(int(groups[number]), int(limit[number])))
        program = made.program()
        tight = Tight(kept=np.ones(len(program.fen), bool), bound_fen=-FAR, whole=None)
        if not many and len(program.fen) > FEW:
            tight = tightened(_pool(program, len(rows)), self._priced.price[rows], known.fen, self._effort)
        met = known if tight.whole is None else self._read(made, groups, tight.whole.astype(np.float64))
        begin = begin if tight.whole is None else tight.whole
        kept = tight.kept if many else tight.kept | begin
        simplify = len(many) > SPREAD_SHARE * len(groups)
        choice = self._decided(_of_columns(program, kept), None if many else begin[kept], gap / 2, simplify=simplify)
        # What was left out is in nothing that is cheaper than what is known or was met.
        proven = tight.bound_fen
        if choice is not None:
            share = np.zeros(len(kept))
            share[kept] = choice.share
            found = self._read(made, groups, share)
            if np.isfinite(choice.bound_fen):
                proven = max(proven, min(int(np.ceil(choice.bound_fen - 0.5)), met.fen))
            met = found if found.fen < met.fen else met
        return replace(met, bound_fen=min(proven, met.fen))

    def _decided(
        self, program: Program, begin: NDArray[np.bool_] | None, gap: float, *, simplify: bool
    ) -> Choice | None:
        """Return what is chosen in the time or with the effort that is left."""
        terms, seconds = len(program.amount), self._effort.left()
        nodes = self._effort.nodes(terms)
        if nodes == 0:
            return None
        choice = choose(
            program,
            seconds=None if nodes is not None or seconds is None else max(0.0, seconds),
            gap=gap,
            begin=begin,
            nodes=nodes,
            simplify=simplify,
        )
        self._effort.decide(terms, 0 if choice is None else choice.nodes)
        return choice

    def _read(self, made: "WaysProgram", groups: NDArray[np.int64], share: NDArray[np.float64]) -> Whole:
        """Return the choice that these shares of the variables stand for; nothing is proven about it."""
        piece, way = made.read(share)
        first = np.searchsorted(piece, self._g.groups["first"][groups]).tolist()
        last = np.searchsorted(piece, self._g.groups["last"][groups]).tolist()
        fen = sum(
            bundle_fen(self._g, self._w, group, way[a:b])
            for group, a, b in zip(groups.tolist(), first, last, strict=True)
        )
        return Whole(piece=piece, way=way, fen=fen, bound_fen=-FAR)

    def _add_bundles(
        self, made: "WaysProgram", groups: NDArray[np.int64], limit: NDArray[np.int64], known: Whole
    ) -> tuple[list[int], NDArray[np.bool_]] | None:
        """Add the bundles below the limits of these groups, going without, and those that are known to go together.

        Return which groups (by place) have too many for that, and which of the bundles are the known ones; None where
        all have too many together, or there is no time to look at them.
        """
        g = self._g
        room, each = room_for(self._most)
        found, cost = np.zeros((room, self._most), np.int64), np.zeros(room, np.int64)
        counts, done = np.zeros(len(groups), np.int64), 0
        size = (g.groups["last"] - g.groups["first"])[groups]
        worth = np.where(self._base < FAR, self._base - self._w.rows["fen"], 0)
        of, ways, fen, total = [], [], [], 0
        while done < len(groups):
            if is_over(self._effort.left) or total > MOST_BUNDLES:
                return None
            begin, steps = done, int(self._desk.steps[0])
            some_groups = groups[: begin + GROUPS_AT_ONCE]
            done = bundles_below(
                g, self._w, self._base, self._desk, some_groups, limit, each, found, cost, counts, begin
            )
            self._effort.search(int(self._desk.steps[0]) - steps)
            here = np.repeat(np.arange(begin, done), np.maximum(0, counts[begin:done]))
            some = np.where(np.arange(self._most) < size[here, None], found[: len(here)], NOTHING)
            kept = self._cheapest(here, some, cost[: len(here)])
            some = some[kept]
            total += len(some)
            of.append(here[kept])
            ways.append(some)
            fen.append(cost[kept] - np.where(some == NOTHING, 0, worth[some]).sum(axis=1))
        few = np.flatnonzero(counts != NOTHING)
        # Going without is none of a kit's bundles, and always a choice.
        without = np.full((len(few), self._most), NOTHING, np.int64)
        had = without.copy()
        begins = np.searchsorted(known.piece, g.groups["first"][groups[few]])
        for row, begin, length in zip(had, begins.tolist(), size[few].tolist(), strict=True):
            row[:length] = known.way[begin : begin + length]
        for some in (without, had):
            of.append(few)
            ways.append(some)
            fen.append(self._fen(groups[few], some))
        every = groups[np.concatenate(of)]
        made.add_bundles(every, np.concatenate(ways), np.concatenate(fen))
        return np.flatnonzero(counts == NOTHING).tolist(), np.arange(len(every)) >= len(every) - len(few)

    def _fen(self, groups: NDArray[np.int64], ways: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return what a bundle of each of these groups costs."""
        size = self._g.groups["last"][groups] - self._g.groups["first"][groups]
        cost = [
            bundle_fen(self._g, self._w, group, some[:length])
            for group, some, length in zip(groups.tolist(), ways, size.tolist(), strict=True)
        ]
        return np.array(cost, np.int64)

    def _cheapest(self, of: NDArray[np.int64], ways: NDArray[np.int64], cost: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return the numbers of the cheapest of each group's bundles that draw on the same of what is short."""
        key = np.sort(np.where(ways == NOTHING, 0, self._class[ways]), axis=1)
        order = np.lexsort((cost, *key.T, of))
        key, of = key[order], of[order]
        fresh = np.append(True, (of[1:] != of[:-1]) | (key[1:] != key[:-1]).any(axis=1))[: len(of)]
        cheapest: NDArray[np.int64] = order[fresh]
        return cheapest

    def _near(self, group: int, limit: int) -> list[list[int]]:
        """Return per piece the ways that any bundle below the limit could hold."""
        g, w, o = self._g, self._w, self._g.groups[group]
        fen = []
        for piece in range(o["first"], o["last"]):
            ways = slice(w.first[piece], w.first[piece + 1])
            alone = self._base[ways] + (0 if o["complete"] else w.rows["late"][ways])
            fen.append(alone)
        none = [FAR if o["complete"] else int(fen_) for fen_ in g.pieces["none_fen"][o["first"] : o["last"]]]
        least = [min(int(some.min(initial=FAR)), left) for some, left in zip(fen, none, strict=True)]
        near = []
        for k, some in enumerate(fen):
            first, last = w.first[o["first"] + k], w.first[o["first"] + k + 1]
            late = w.rows["late"][first:last] if o["complete"] else 0
            others = sum(least[:k]) + sum(least[k + 1 :])
            near.append((first + np.flatnonzero(some + late + others < limit)).tolist())
        return near


@dataclass(slots=True)
class WaysProgram:
    """A program in the making, and what its variables stand for: the pieces and ways of those that choose."""

    g: Grid
    w: Ways
    draws: Draws
    rows: NDArray[np.int64]
    fen: list[float] = field(default_factory=list)
    whole: list[bool] = field(default_factory=list)
    least: list[float] = field(default_factory=list)
    most: list[float] = field(default_factory=list)
    terms: list[tuple[int, int, float]] = field(default_factory=list)
    pieces: list[int] = field(default_factory=list)
    stands_for: list[tuple[int, int, int]] = field(default_factory=list)
    limit_of: NDArray[np.int64] = field(init=False)

    def __post_init__(self) -> None:
        """Set the limits of the rows."""
        self.limit_of = np.full(len(self.g.capacity), NOTHING)
        self.limit_of[self.rows] = np.arange(len(self.rows))
        for row in self.rows.tolist():
            self._limit(-np.inf, float(self.g.capacity[row]))

    def add_bundles(self, of: NDArray[np.int64], ways: NDArray[np.int64], fen: NDArray[np.int64]) -> None:
        """Add groups with a variable per bundle; of: whose each is. ways: (bundles, pieces) its pieces' in turn."""
        groups, place = np.unique(of, return_inverse=True)
        first = self.g.groups["first"].astype(np.int64)
        for group in groups.tolist():
            self.pieces += range(first[group], self.g.groups["last"][group])
        variable = len(self.fen) + np.arange(len(of))
        one = len(self.least) + place
        self.fen += fen.astype(float).tolist()
        self.whole += [True] * len(of)
        self.least += [1.0] * len(groups)
        self.most += [1.0] * len(groups)
        number, depth = np.nonzero(ways != NOTHING)
        way = ways[number, depth]
        entry, which = self.draws.of_all(way)
        limit, amount = self.limit_of[self.draws.row[entry]], self.draws.amount[entry]
        short = limit != NOTHING
        drawn = variable[number[which[short]]]
        self.terms += zip(one.tolist(), variable.tolist(), [1.0] * len(of), strict=True)
        self.terms += zip(limit[short].tolist(), drawn.tolist(), amount[short].astype(float).tolist(), strict=True)
        pieces = first[of[number]] + depth
        self.stands_for += zip(variable[number].tolist(), pieces.tolist(), way.tolist(), strict=True)

    def add_spread(self, group: int, near: list[list[int]]) -> None:
        """Add a group with a variable per piece and way, and for its parcels, sources and lateness."""
        o = self.g.groups[group]
        first = int(o["first"])
        self.pieces += range(first, int(o["last"]))
        complete = bool(o["complete"])
        without = self._variable(float(o["none_fen"])) if complete else NOTHING
        late = self._variable(1.0, whole=False) if complete else NOTHING
        opened: dict[tuple[int, int], int] = {}
        sources: dict[int, int] = {}
        for k, ways in enumerate(near):
            one = self._limit(1.0, 1.0)
            left = without if complete else self._variable(float(self.g.pieces["none_fen"][first + k]))
            self.terms.append((one, left, 1.0))
            last = self._limit(0.0, np.inf) if complete else NOTHING
            if complete:
                self.terms.append((last, late, 1.0))
            by_parcel: dict[tuple[int, int], list[int]] = {}
            by_source: dict[int, list[int]] = {}
            for way in ways:
                row = self.w.rows[way]
                variable = self._variable(float(row["fen"]) + (0.0 if complete else float(row["late"])))
                self.terms.append((one, variable, 1.0))
                if complete and row["late"]:
                    self.terms.append((last, variable, -float(row["late"])))
                self._takes(variable, first + k, way)
                by_parcel.setdefault((int(row["source"]), int(row["parcel"])), []).append(variable)
                by_source.setdefault(int(row["source"]), []).append(variable)
            for parcel, some in by_parcel.items():
                if parcel not in opened:
                    opened[parcel] = self._variable(float(self.g.consignment_fen))
                self._covers(opened[parcel], some)
            for source, some in by_source.items():
                if source not in sources:
                    sources[source] = self._variable(0.0)
                self._covers(sources[source], some)
        self._split(sources, int(o["most_sources"]))

    def program(self) -> Program:
        """Return the program."""
        terms = np.array(self.terms, np.float64).reshape(-1, 3)
        key = terms[:, 0].astype(np.int64) * len(self.fen) + terms[:, 1].astype(np.int64)
        key, inverse = np.unique(key, return_inverse=True)
        return Program(
            fen=np.array(self.fen),
            whole=np.array(self.whole),
            least=np.array(self.least),
            most=np.array(self.most),
            row=key // len(self.fen),
            column=key % len(self.fen),
            amount=np.bincount(inverse, terms[:, 2], minlength=len(key)).astype(np.float64),
        )

    def read(self, share: NDArray[np.float64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return the pieces, rising, and the way of each."""
        pieces = np.sort(np.array(self.pieces, np.int64))
        ways = np.full(len(pieces), NOTHING, np.int64)
        stands_for = np.array(self.stands_for, np.int64).reshape(-1, 3)
        taken = stands_for[share[stands_for[:, 0]] > 0.5]
        ways[np.searchsorted(pieces, taken[:, 1])] = taken[:, 2]
        return pieces, ways

    def _variable(self, fen: float, *, whole: bool = True) -> int:
        self.fen.append(fen)
        self.whole.append(whole)
        return len(self.fen) - 1

    def _limit(self, least: float, most: float) -> int:
        self.least.append(least)
        self.most.append(most)
        return len(self.least) - 1

    def _takes(self, variable: int, piece: int, way: int) -> None:
        """Say that a variable stands for a way of a piece."""
        if way == NOTHING:
            return
        self.stands_for.append((variable, piece, way))
        for row, amount in zip(*self.draws.of(way), strict=True):
            if self.limit_of[row] != NOTHING:
                self.terms.append((int(self.limit_of[row]), variable, float(amount)))

    def _covers(self, opened: int, some: list[int]) -> None:
        """Say that none of these is taken without that."""
        limit = self._limit(0.0, np.inf)
        self.terms.append((limit, opened, 1.0))
        self.terms += [(limit, variable, -1.0) for variable in some]

    def _split(self, sources: dict[int, int], most: int) -> None:
        """Price every source beyond the first, and allow so many."""
        further = self._variable(float(self.g.split_fen), whole=False)
        more, all_ = self._limit(-np.inf, 1.0), self._limit(-np.inf, float(max(1, most)))
        self.terms.append((more, further, -1.0))
        for variable in sources.values():
            self.terms += [(more, variable, 1.0), (all_, variable, 1.0)]


def room_for(pieces: int) -> tuple[int, int]:
    """Return for how many bundles of so many pieces there is room at once, and how many of them one group may have."""
    room = min(ROOM, MOST_NUMBERS // max(1, pieces))
    return room, min(MOST_OF_A_GROUP, room)


def _pool(program: Program, rows: int) -> Master:
    """Return a program of bundles alone, whose limits are those of the rows and then one for each group, as a pool."""
    group = np.zeros(len(program.fen), np.int64)
    ones = program.row >= rows
    group[program.column[ones]] = program.row[ones] - rows
    return Master(
        fen=program.fen.astype(np.int64),
        group=group,
        groups=len(program.least) - rows,
        row=program.row[~ones],
        column=program.column[~ones],
        amount=program.amount[~ones].astype(np.int64),
        capacity=program.most[:rows].astype(np.int64),
    )


def _of_columns(program: Program, kept: NDArray[np.bool_]) -> Program:
    """Return the program of some of the variables."""
    terms = kept[program.column]
    return replace(
        program,
        fen=program.fen[kept],
        whole=program.whole[kept],
        row=program.row[terms],
        column=(np.cumsum(kept) - 1)[program.column[terms]],
        amount=program.amount[terms],
    )


def _classes(w: Ways, active: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Return a number from 1 on for every way, the same for those that draw on the same of what is short."""
    docked = w.rows["dock"] != NOTHING
    docked[docked] = active[w.rows["dock"][docked]]
    number = np.zeros(len(w.rows), np.int64)
    for more in (w.rows["row"], w.rows["floor_row"], np.where(docked, w.rows["dock"], NOTHING), w.rows["quantity"]):
        number = number * (int(more.max(initial=0)) + 2) + more + 1
        number = np.unique(number, return_inverse=True)[1].reshape(-1)
    return number + 1
