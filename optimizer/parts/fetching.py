"""Who may have parts by lanes that have a reach: orders within the same reaches are open to the same lanes."""

from collections import defaultdict
from collections.abc import Iterable, Mapping

from optimizer.parts.model import Order, Route, Sourcing

__all__ = ["Fetchers", "Reached", "open_to"]

Reached = tuple[str, tuple[bool, ...]]
"""A destination, and within which of the different reaches of its lanes somebody lies."""


def open_to(routes: Iterable[Route], order: Order) -> list[Route]:
    """Return those of some routes to an order's place by which it may have parts."""
    return [route for route in routes if route.is_for(order.fetching_outlet_id)]


class Fetchers:
    """The orders of a problem by what they may fetch."""

    def __init__(self, asked: Sourcing) -> None:
        reaches: defaultdict[str, dict[frozenset[str], None]] = defaultdict(dict)
        for route in asked.routes:
            if route.reach is not None:
                reaches[route.to_id][route.reach] = None
        self._reaches = reaches
        self._fetching: defaultdict[str, dict[Reached, str | None]] = defaultdict(dict)
        for order in asked.orders:
            self._fetching[order.centre_id].setdefault(self.reached(order), order.fetching_outlet_id)

    def reached(self, order: Order) -> Reached:
        """Return what an order lies within; orders alike in this may have the same lanes."""
        outlet_id = order.fetching_outlet_id
        return order.centre_id, tuple(outlet_id in reach for reach in self._reaches.get(order.centre_id, ()))

    def at(self, to_id: str) -> Mapping[Reached, str | None]:
        """Return one outlet of each kind that asks for parts at a destination; nobody in particular where none does."""
        return self._fetching.get(to_id) or {(to_id, ()): None}
