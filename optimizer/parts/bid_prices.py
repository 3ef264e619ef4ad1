"""What a unit on a shelf is worth to orders still to come: the duals of a forecast transport problem.

After Acimovic and Graves (2015), "Making better fulfillment decisions on the fly in an online retail environment".
"""

from collections import defaultdict
from collections.abc import Mapping

import numpy as np

from optimizer.engines.mip import Master, prices
from optimizer.model import Part
from optimizer.parts.model import Route, Sourcing

__all__ = ["bid_prices"]


def bid_prices(asked: Sourcing) -> Mapping[tuple[str, str], int]:
    """Return fen per unit by (source, part), only where it is not nothing.

    Each part by itself: the units expected at every centre come from the sources by the cheapest lane that carries
    it, or are short at the price of a backorder. What one more unit on a shelf would save is its price.
    """
    routes: defaultdict[tuple[str, str], list[Route]] = defaultdict(list)
    for route in asked.routes:
        if route.departures_s:
            routes[route.source_id, route.to_id].append(route)
    wanted: defaultdict[str, list[tuple[str, int]]] = defaultdict(list)
    for (centre_id, part_id), units in asked.forecast.items():
        if units > 0:
            wanted[part_id].append((centre_id, units))
    parts = {part.id: part for part in asked.parts}
    bids: dict[tuple[str, str], int] = {}
    for part_id, demands in wanted.items():
        shelves = [
            (source.id, source.shelves[part_id].free)
            for source in asked.sources
            if source.open and part_id in source.shelves and source.shelves[part_id].free > 0
        ]
        if not shelves or part_id not in parts:
            continue
        bids |= {
            (source_id, part_id): fen
            for source_id, fen in _duals(shelves, demands, routes, parts[part_id], asked.charges.backorder_fen)
            if fen > 0
        }
    return bids


def _duals(
    shelves: list[tuple[str, int]],
    demands: list[tuple[str, int]],
    routes: Mapping[tuple[str, str], list[Route]],
    part: Part,
    short_fen: int,
) -> list[tuple[str, int]]:
    """Return the price of a unit on each shelf, in the transport problem of one part."""
    fen, group, row, column, amount = [], [], [], [], []
    for number, (centre_id, units) in enumerate(demands):
        fen.append(units * short_fen)
        group.append(number)
        for shelf, (source_id, _) in enumerate(shelves):
            unit_fen = min(
                (
                    route.freight_fen(part.weight_g)
                    for route in routes.get((source_id, centre_id), ())
                    if part.size_class in route.carries
                ),
                default=None,
            )
            if unit_fen is not None:
                row.append(shelf)
                column.append(len(fen))
                amount.append(units)
                fen.append(units * unit_fen)
                group.append(number)
    choice = prices(
        Master(
            fen=np.array(fen, np.int64),
            group=np.array(group, np.int64),
            groups=len(demands),
            row=np.array(row, np.int64),
            column=np.array(column, np.int64),
            amount=np.array(amount, np.int64),
            capacity=np.array([units for _, units in shelves], np.int64),
        )
    )
    if choice is None:
        return []
    return [(source_id, round(fen)) for (source_id, _), fen in zip(shelves, choice.price, strict=True)]
