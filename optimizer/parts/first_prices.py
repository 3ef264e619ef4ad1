"""What limits are worth before anything is known of them: the prices of a linear program that takes orders apart.

Every piece decides by itself, a kit's with its share of what going without costs the kit: no parcel is shared and no
kit is complete. The program is as large as the problem, but a transport problem, which is solved in a second; where a
lot goes without, prices felt step by step are far off for longer than that.
"""

import numpy as np
from numpy.typing import NDArray

from optimizer.engines.mip import Master, prices
from optimizer.parts.drawing import Draws
from optimizer.parts.grid import Grid
from optimizer.parts.ways import Ways

__all__ = ["prices_apart"]


def prices_apart(g: Grid, w: Ways, draws: Draws, kernel: NDArray[np.bool_], limits: int) -> NDArray[np.int64]:
    """Return fen per unit of every row, nothing for those after the first `limits`, which follow from these.

    kernel: (groups,) who takes part.
    """
    group = g.pieces["group"].astype(np.int64)
    pieces = np.flatnonzero(kernel[group])
    share = np.where(g.groups["complete"] == 1, g.groups["last"] - g.groups["first"], 1)[group]
    kit = g.groups["complete"][group] == 1
    none_fen = np.where(kit, g.groups["none_fen"][group] // share, g.pieces["none_fen"])
    piece = w.rows["piece"].astype(np.int64)
    ways = np.flatnonzero(kernel[group[piece]])
    fen = w.rows["fen"] + w.rows["late"] // share[piece] + g.consignment_fen
    entry, column = draws.of_all(ways)
    real = draws.row[entry] < limits
    rows, row = np.unique(draws.row[entry[real]], return_inverse=True)
    # First what going without costs each, then its ways.
    shared = prices(
        Master(
            fen=np.append(none_fen[pieces], fen[ways]).astype(np.int64),
            group=np.append(np.arange(len(pieces)), np.searchsorted(pieces, piece[ways])),
            groups=len(pieces),
            row=row.reshape(-1),
            column=len(pieces) + column[real],
            amount=draws.amount[entry[real]],
            capacity=g.capacity[rows],
        )
    )
    price = np.zeros(len(g.capacity), np.int64)
    if shared is not None:
        price[rows] = np.rint(shared.price).astype(np.int64)
    return price
