"""Everybody's cheapest bundle at prices of the limits; who is not touched by a change of prices is not asked again."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from optimizer.parts.bundles import FAR, best_of_all, new_desk
from optimizer.parts.drawing import Draws
from optimizer.parts.effort import Effort
from optimizer.parts.grid import NOTHING, Grid
from optimizer.parts.ways import Ways

__all__ = ["BestBundles"]


@dataclass(slots=True)
class _Known:
    """Everybody's best bundle at the prices of the rows last asked for, and who is `stale`: has to look again.

    base: (ways,) price of each with what it draws on. none_fen: (groups,) of going without. told: (groups, 2) what the
    bundle costs at these prices, and what no bundle costs less than, which holds for those who are not stale.
    """

    price: NDArray[np.int64]
    base: NDArray[np.int64]
    none_fen: NDArray[np.int64]
    stale: NDArray[np.bool_]
    way: NDArray[np.int64]
    told: NDArray[np.int64]


class BestBundles:
    """Bundles at prices that change from one question to the next."""

    def __init__(self, g: Grid, w: Ways, draws: Draws, effort: Effort) -> None:
        self._g, self._w, self._draws, self._effort = g, w, draws, effort
        self._desk = new_desk(g)
        self._group_of_way = g.pieces["group"][w.rows["piece"]].astype(np.int64)
        self._known = _Known(
            price=np.zeros(len(g.capacity), np.int64),
            base=w.rows["fen"].copy(),
            none_fen=g.groups["none_fen"].astype(np.int64),
            stale=np.ones(len(g.groups), bool),
            way=np.full(len(g.pieces), NOTHING, np.int64),
            told=np.full((len(g.groups), 2), FAR),
        )

    def at(
        self, g: Grid, wanted: NDArray[np.bool_], price: NDArray[np.int64]
    ) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
        """Return the cheapest bundles of these groups at these prices of the rows: ways, fen, bounds.

        g: its prices of going without may differ from one call to the next.
        """
        known = self._known
        more = price - known.price
        entry = np.flatnonzero(more[self._draws.row])
        way, added = self._draws.way[entry], more[self._draws.row[entry]] * self._draws.amount[entry]
        np.add.at(known.base, way, added)
        known.price = price.copy()
        # Whoever's ways cost what they cost before has the same best; others what they had, at its new price.
        known.stale[self._group_of_way[way]] = True
        given = np.flatnonzero(known.way != NOTHING)
        dearer = np.zeros(len(known.base), np.int64)
        np.add.at(dearer, way, added)
        np.add.at(known.told[:, 0], self._g.pieces["group"][given], dearer[known.way[given]])
        none_fen = g.groups["none_fen"]
        other = known.none_fen != none_fen
        known.told[other, 0] = FAR
        known.stale |= other
        known.none_fen = none_fen.copy()
        asked = wanted & known.stale
        steps = int(self._desk.steps[0])
        best_of_all(g, self._w, known.base, self._desk, asked.astype(np.int8), known.way, known.told)
        self._effort.search(int(self._desk.steps[0]) - steps)
        known.stale &= ~asked
        return known.way.copy(), known.told[:, 0].copy(), known.told[:, 1].copy()

    def ways_at(self, price: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return what each way costs with what it draws on."""
        base = self._w.rows["fen"].copy()
        draws = self._draws
        entry = np.flatnonzero(price[draws.row])
        np.add.at(base, draws.way[entry], price[draws.row[entry]] * draws.amount[entry])
        return base
