"""Quotes at once: what one more order would get from what all promises leave, and what of a part is free where."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from optimizer.budget import Remaining
from optimizer.model import Part, ShipMode
from optimizer.parts.answers import answered
from optimizer.parts.choosing import choose_bundles
from optimizer.parts.grid import lay_out, never_s
from optimizer.parts.left import Departed, fitting, left_above, left_of, taken_by
from optimizer.parts.model import (
    Consignment,
    Dispatch,
    LineAnswer,
    Order,
    Route,
    Shelf,
    Source,
    Sourced,
    SourceKind,
    Sourcing,
    SourcingCost,
)
from optimizer.parts.quotas import over_quota
from optimizer.parts.replies import replies_among
from optimizer.parts.reply import LineReply
from optimizer.parts.ways import lay_ways

__all__ = ["Availability", "Quote", "QuoteDesk", "Supposed"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Quote:
    """What one order would get, all promises kept. cost: item by item, scarcity is the bid price of its units.

    ready: of its last unit, None unless every line is sent whole.
    """

    order_id: str
    answers: tuple[LineAnswer, ...]
    replies: tuple[LineReply, ...]
    consignments: tuple[Consignment, ...]
    cost: SourcingCost
    ready_p50_s: int | None
    ready_p90_s: int | None

    @property
    def dispatches(self) -> tuple[Dispatch, ...]:
        """All that would be sent."""
        return tuple(dispatch for answer in self.answers for dispatch in answer.dispatches)


@dataclass(frozen=True, slots=True, kw_only=True)
class Availability:
    """A way for so many units of a part. free: how many could leave by this departure, the reserve kept.

    ready: at the outlet. PICKUP at once and for nothing where they lie on the outlet's own shelf.
    """

    source_id: str
    mode: ShipMode
    free: int
    ships_s: int
    ready_p50_s: int
    ready_p90_s: int
    cost_fen: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Supposed:
    """Sources that are not there, their routes, and what their units are worth: what would they change?"""

    sources: tuple[Source, ...] = ()
    routes: tuple[Route, ...] = ()
    bid_fen: Mapping[tuple[str, str], int] = field(default_factory=dict)


class QuoteDesk:
    """A desk laid out once over what is answered; it is asked as often as somebody telephones.

    `promise` and `give_back` keep it true to what is agreed meanwhile. It may be asked from one thread at a time.
    taken: what is promised.
    """

    def __init__(self, asked: Sourcing, sourced: Sourced) -> None:
        self._asked = asked
        self._bid_fen = sourced.bid_fen
        self.taken = taken_by(asked, sourced)
        self._sources = {source.id: source for source in asked.sources}
        self._parts = {part.id: part for part in asked.parts}
        self._never_s = never_s(asked)
        self._quota_left = _quota_left(asked)
        self._routes: defaultdict[str, list[Route]] = defaultdict(list)
        for route in asked.routes:
            self._routes[route.to_id].append(route)

    def promise(self, order: Order, dispatches: Iterable[Dispatch]) -> None:
        """Take what an order was promised."""
        self.taken.add(order, dispatches, self._sources)

    def give_back(self, order: Order, dispatches: Iterable[Dispatch]) -> None:
        """Put back what an order was promised."""
        self.taken.add(order, dispatches, self._sources, times=-1)

    def quote(self, order: Order) -> Quote:
        """Return the best answer to one order from what is left, with its replies."""
        sourced, asked, over = self._best(order)
        self.promise(order, _dispatches(sourced))
        told = replies_among(asked, sourced, self.taken, over, (), self._never_s)
        self.give_back(order, _dispatches(sourced))
        whole = {line.id: line.quantity for line in order.lines}
        sent = [
            answer
            for answer in sourced.answers
            if sum(one.quantity for one in answer.dispatches) == whole[answer.line_id]
        ]
        complete = len(sent) == len(order.lines)
        return Quote(
            order_id=order.id,
            answers=sourced.answers,
            replies=told,
            consignments=sourced.consignments,
            cost=sourced.cost,
            ready_p50_s=max(answer.eta_p50_s or 0 for answer in sent) if complete else None,
            ready_p90_s=max(answer.eta_p90_s or 0 for answer in sent) if complete else None,
        )

    def decide(self, order: Order, more: Supposed | None = None, *, proven: bool = False) -> Sourced:
        """Return a good answer to one order at once, without words; more: what is supposed to be there beside.

        It is the best unless the order competes with itself for a shelf or a dock; proven: then too, at length.
        """
        return self._best(order, more, remaining=lambda: None if proven else 0.0)[0]

    def availability(
        self, part_id: str, centre_id: str, outlet_id: str | None = None, quantity: int = 1
    ) -> tuple[Availability, ...]:
        """Return by source and mode the first departure by which so many units could come, the soonest first."""
        found = []
        part = self._parts.get(part_id)
        if part is None:
            return ()
        for source in self._asked.sources:
            shelf = source.shelves.get(part_id)
            if shelf is None or not source.open or source.outlet_id is None or source.outlet_id != outlet_id:
                continue
            now_s = self._asked.now_s
            if (free := left_above(shelf, self._gone(source.id, part_id), now_s)) >= quantity:
                found.append(
                    Availability(
                        source_id=source.id,
                        mode=ShipMode.PICKUP,
                        free=free,
                        ships_s=now_s,
                        ready_p50_s=now_s,
                        ready_p90_s=now_s,
                        cost_fen=0,
                    )
                )
        for route, ships_s, free in self._leaving(part, centre_id, quantity):
            if not route.is_for(outlet_id) or self._is_at(route.source_id, outlet_id):
                continue
            found.append(
                Availability(
                    source_id=route.source_id,
                    mode=route.mode,
                    free=free,
                    ships_s=ships_s,
                    ready_p50_s=ships_s + route.transit_p50_s,
                    ready_p90_s=ships_s + route.transit_p90_s,
                    cost_fen=route.freight_fen(quantity * part.weight_g),
                )
            )
        return tuple(sorted(found, key=lambda some: (some.ready_p90_s, some.cost_fen, some.source_id, some.mode)))

    def fetched_nearby(self, part_id: str, centre_id: str, quantity: int = 1) -> tuple[str, ...]:
        """Return the sources from which some outlets of a centre, and not all, may fetch so many units, by id.

        `availability` knows these ways only for an outlet that is named.
        """
        part = self._parts.get(part_id)
        leaving = () if part is None else self._leaving(part, centre_id, quantity)
        return tuple(sorted({route.source_id for route, _, _ in leaving if route.reach}))

    def _is_at(self, source_id: str, outlet_id: str | None) -> bool:
        at = self._sources[source_id].outlet_id
        return at is not None and at == outlet_id

    def _leaving(self, part: Part, centre_id: str, quantity: int) -> Iterator[tuple[Route, int, int]]:
        """Yield the routes to a centre that could bring so many units, their first departure, and how many are free."""
        for route in self._routes.get(centre_id, ()):
            source = self._sources.get(route.source_id)
            shelf = None if source is None or not source.open else source.shelves.get(part.id)
            if shelf is None or part.size_class not in route.carries:
                continue
            if (first := self._first(route, shelf, part.id, quantity)) is not None:
                yield route, *first

    def left(self, source_id: str, part_id: str, ships_s: int) -> int:
        """Return how many units could leave a source at a time, the reserve and what is promised for later kept."""
        shelf = self._sources[source_id].shelves.get(part_id)
        return 0 if shelf is None else left_above(shelf, self._gone(source_id, part_id), ships_s)

    def _gone(self, source_id: str, part_id: str) -> Collection[Departed]:
        return self.taken.gone(source_id, part_id)

    def _first(self, route: Route, shelf: Shelf, part_id: str, quantity: int) -> tuple[int, int] | None:
        """Return the first departure of a route with so many units and a place at its dock, and how many are free."""
        gone, dock_lines = self._gone(route.source_id, part_id), self._sources[route.source_id].dock_lines
        for ships_s in route.departures_s:
            lines = self.taken.docks.get((route.source_id, route.mode, ships_s), 0)
            if dock_lines is not None and lines >= dock_lines:
                continue
            if (free := left_above(shelf, gone, ships_s)) >= quantity:
                return ships_s, free
        return None

    def _best(
        self, order: Order, more: Supposed | None = None, remaining: Remaining = lambda: None
    ) -> tuple[Sourced, Sourcing, frozenset[str]]:
        """Return the best answer to an order, and the problem of this order alone."""
        asked = self._alone(order, more or Supposed())
        bid_fen = {**self._bid_fen, **more.bid_fen} if more else self._bid_fen
        over = self._over(order)
        laid = lay_out(asked, over, bid_fen, self.taken.leave)
        # What could ever be there decides how a line may travel; what is left decides whether it does.
        whole = replace(laid, grid=laid.grid._replace(never_s=self._never_s))
        left = left_of(asked, whole, self.taken)
        ways = fitting(lay_ways(whole.grid), left)
        chosen = choose_bundles(whole.grid._replace(capacity=left), ways, remaining=remaining, gap=0.0)
        return answered(asked, whole, ways, chosen, over, bid_fen, self.taken), asked, over

    def _alone(self, order: Order, more: Supposed) -> Sourcing:
        """Return the problem of one order: its parts, whoever could send them or is asked about, their routes."""
        wanted = {part for line in order.lines for part in (line.part_id, *self._substitutes(line.part_id))}
        routes = (*self._routes.get(order.centre_id, ()), *more.routes)
        senders = {route.source_id for route in routes}
        sources = tuple(
            replace(source, shelves={part: source.shelves[part] for part in wanted if part in source.shelves})
            for source in (*self._asked.sources, *more.sources)
            if source.id in senders or source.kind is SourceKind.WAREHOUSE or source.lies_with(order)
        )
        return replace(
            self._asked,
            orders=(order,),
            parts=tuple(self._parts[part] for part in sorted(wanted) if part in self._parts),
            sources=sources,
            routes=routes,
        )

    def _substitutes(self, part_id: str) -> tuple[str, ...]:
        return self._asked.substitutes.get(part_id, ())

    def _over(self, order: Order) -> frozenset[str]:
        left = dict(self._quota_left)
        over = set()
        for line in order.lines:
            key = order.outlet_id or "", line.part_id
            if key in left and line.quantity > left[key]:
                over.add(line.id)
            elif key in left:
                left[key] -= line.quantity
        return frozenset(over)


def _dispatches(sourced: Sourced) -> tuple[Dispatch, ...]:
    return tuple(dispatch for answer in sourced.answers for dispatch in answer.dispatches)


def _quota_left(asked: Sourcing) -> Mapping[tuple[str, str], int]:
    """Return what is left of the quotas after all orders that fit into them."""
    over = over_quota(asked)
    left = {(quota.outlet_id, quota.part_id): quota.left for quota in asked.quotas}
    for order in asked.orders:
        for line in order.lines:
            key = order.outlet_id or "", line.part_id
            if key in left and line.id not in over:
                left[key] -= line.quantity
    return left
