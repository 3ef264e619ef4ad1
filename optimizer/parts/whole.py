"""The whole choice of groups that share what is short, proven: every bundle near the best ones takes part.

At any prices of the rows a choice costs the bound and what its bundles cost more than their groups' best. So what is
to beat a choice that costs `slack` more than the bound is made of bundles within `slack` of the best of their groups:
a program that holds them all proves it. A group with few of them has a variable for each; in a group with many every
piece has a variable for each of its ways, beside those for its parcels, sources and lateness.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from optimizer.engines.mip import Program, choose
from optimizer.parts.bundles import FAR, bundle_fen, bundles_below, find_dominated, new_desk
from optimizer.parts.drawing import Draws
from optimizer.parts.grid import NOTHING, Grid
from optimizer.parts.ways import Ways

__all__ = ["Priced", "WaysProgram", "Whole", "WholeChoice"]

MOST_OF_A_GROUP = 400
"""A group with more bundles near its best than these is spread over its ways."""
LEAST_SLACK_FEN = 100
SLACK_GROWS = 8


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

    def __init__(self, g: Grid, w: Ways, draws: Draws, active: NDArray[np.bool_], priced: Priced) -> None:
        self._g, self._w, self._draws, self._active, self._priced = g, w, draws, active, priced
        self._desk = new_desk(g)
        self._contested = np.zeros(len(w.rows), np.int8)
        self._contested[draws.way[active[draws.row]]] = 1
        dominated = np.zeros_like(self._contested)
        find_dominated(g, w, self._contested | _own_contest(g, w, draws), dominated)
        self._base = np.where(dominated == 1, FAR, priced.base)
        most = int((g.groups["last"] - g.groups["first"]).max(initial=0))
        self._found = np.zeros((MOST_OF_A_GROUP, most), np.int64)

    def decide(
        self,
        groups: NDArray[np.int64],
        rows: NDArray[np.int64],
        *,
        slack_fen: int,
        remaining: Callable[[], float | None],
        gap: float,
    ) -> Whole | None:
        """Return the best choice of these groups, which share these rows; None when the time was too short for any.

        slack_fen: how much dearer than the bound is worth a look at first. Where that is not enough to find any good
        choice, so much more is looked at.
        """
        priced = self._priced
        lagrange_fen = int(priced.least[groups].sum()) - int((priced.price[rows] * self._g.capacity[rows]).sum())
        best: Whole | None = None
        slack_fen, bound_fen = max(LEAST_SLACK_FEN, slack_fen), lagrange_fen
        while True:
            seconds = remaining()
            if seconds is not None and seconds <= 0:
                return best
            chosen = self._choose(groups, rows, slack_fen, seconds, gap)
            if chosen is None:
                return best
            piece, way, fen, proven_fen = chosen
            bound_fen = max(bound_fen, min(proven_fen, lagrange_fen + slack_fen + 1))
            if best is None or fen < best.fen:
                best = Whole(piece=piece, way=way, fen=fen, bound_fen=bound_fen)
            best = Whole(piece=best.piece, way=best.way, fen=best.fen, bound_fen=min(best.fen, bound_fen))
            if best.fen - best.bound_fen <= gap * best.fen or slack_fen >= best.fen - lagrange_fen:
                return best
            slack_fen = min(SLACK_GROWS * slack_fen, best.fen - lagrange_fen)

    def _choose(
        self, groups: NDArray[np.int64], rows: NDArray[np.int64], slack_fen: int, seconds: float | None, gap: float
    ) -> tuple[NDArray[np.int64], NDArray[np.int64], int, int] | None:
        """Return pieces, ways, price and bound of the best choice among bundles within the slack."""
        made = WaysProgram(self._g, self._w, self._draws, rows)
        for group in groups.tolist():
            o = self._g.groups[group]
            limit = int(self._priced.least[group]) + slack_fen + 1
            count = bundles_below(self._g, self._w, self._base, self._desk, group, limit, self._found)
            if count >= 0:
                made.add_bundles(group, self._cheapest(group, self._found[:count, : o["last"] - o["first"]]))
            else:
                made.add_spread(group, self._near(group, limit))
        choice = choose(made.program(), seconds=seconds, gap=gap / 2)
        if choice is None:
            return None
        piece, way = made.read(choice.share)
        fen = sum(
            bundle_fen(self._g, self._w, group, way[np.searchsorted(piece, np.arange(o["first"], o["last"]))])
            for group, o in ((group, self._g.groups[group]) for group in groups.tolist())
        )
        proven = int(np.ceil(choice.bound_fen - 0.5)) if np.isfinite(choice.bound_fen) else -FAR
        return piece, way, fen, proven

    def _cheapest(self, group: int, found: NDArray[np.int64]) -> list[tuple[tuple[int, ...], int]]:
        """Return of these bundles the cheapest of each that draw on the same of what is short; and going without."""
        o = self._g.groups[group]
        none = (NOTHING,) * int(o["last"] - o["first"])
        cheapest: dict[tuple[tuple[int, int, int, int], ...], tuple[int, tuple[int, ...]]] = {
            (): (bundle_fen(self._g, self._w, group, np.array(none)), none)
        }
        row, floor_row, dock, quantity = (self._w.rows[name] for name in ("row", "floor_row", "dock", "quantity"))
        for ways in found.tolist():
            taken = [way for way in ways if way != NOTHING and self._contested[way]]
            key = tuple(
                sorted((int(row[way]), int(floor_row[way]), int(dock[way]), int(quantity[way])) for way in taken)
            )
            fen = bundle_fen(self._g, self._w, group, np.array(ways))
            if key not in cheapest or fen < cheapest[key][0]:
                cheapest[key] = fen, tuple(ways)
        return [(ways, fen) for fen, ways in cheapest.values()]

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


def _own_contest(g: Grid, w: Ways, draws: Draws) -> NDArray[np.int8]:
    """Return 1 for the ways that draw on what their own group alone could overdraw: one piece leaves it to another."""
    units = np.bincount(g.pieces["group"], g.pieces["quantity"], minlength=len(g.groups))
    several = g.groups["last"] - g.groups["first"] > 1
    piece = w.rows["piece"][draws.way].astype(np.int64)
    group = g.pieces["group"][piece]
    entry = np.flatnonzero(several[group] & (units[group] > g.capacity[draws.row]))
    row, rows = draws.row[entry], len(g.capacity)
    of_piece, place = np.unique(piece[entry] * rows + row, return_inverse=True)
    most = np.zeros(len(of_piece), np.int64)
    np.maximum.at(most, place, draws.amount[entry])
    of_group, where = np.unique(g.pieces["group"][of_piece // rows] * rows + of_piece % rows, return_inverse=True)
    wanted = np.bincount(where, most, minlength=len(of_group))
    over = wanted[where][place] > g.capacity[row]
    contested = np.zeros(len(w.rows), np.int8)
    contested[draws.way[entry[over]]] = 1
    return contested


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
    row_of: dict[int, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Set the limits of the rows."""
        for row in self.rows.tolist():
            self.row_of[row] = self._limit(-np.inf, float(self.g.capacity[row]))

    def add_bundles(self, group: int, bundles: list[tuple[tuple[int, ...], int]]) -> None:
        """Add a group with a variable per bundle."""
        first = int(self.g.groups[group]["first"])
        self.pieces += range(first, int(self.g.groups[group]["last"]))
        one = self._limit(1.0, 1.0)
        for ways, fen in bundles:
            variable = self._variable(fen)
            self.terms.append((one, variable, 1.0))
            for k, way in enumerate(ways):
                self._takes(variable, first + k, way)

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
            if row in self.row_of:
                self.terms.append((self.row_of[row], variable, float(amount)))

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
