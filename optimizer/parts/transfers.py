"""Which units to move between sources tonight, for the orders that are not served or late; nobody's answer changes.

An order is asked again as if what the givers could spare lay with the receivers on arrival. The orders that gain most
go first; what they take is gone for the next. A transfer lane that does not earn its fixed price is left out, and all
is asked again without it; so it is without a lane for an order whose move by it would break a promise.
"""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from heapq import heapify, heappop, heappush

from optimizer.parts import reply_wording
from optimizer.parts.fetching import open_to
from optimizer.parts.helping import risk_of
from optimizer.parts.left import Departed
from optimizer.parts.model import (
    Dispatch,
    Inbound,
    LineAnswer,
    Order,
    Route,
    Shelf,
    Sourced,
    Sourcing,
)
from optimizer.parts.moves import Move, Units, holding
from optimizer.parts.price import late_fen, price
from optimizer.parts.quotas import over_quota
from optimizer.parts.quoting import QuoteDesk, Supposed
from optimizer.parts.reply import Proposal, RiskKind

__all__ = ["propose_transfers"]

MOST_ORDERS = 200
"""So many orders are asked again: those not served first, then the latest."""
MOST_LANES = 8
"""So many transfer lanes are tried for one order, those first that bring it soonest and cheapest."""
MOST_PROOFS = 10
"""So often a round takes the time to prove that an order gains nothing at all, the dearest first."""
MOST_ROUNDS = 4
"""So often all is asked again without the lanes that did not pay, or by which an order's move broke a rule."""


def propose_transfers(asked: Sourcing, sourced: Sourced) -> tuple[Proposal, ...]:
    """Return the transfers that are worth their price, the best first.

    Transfer lanes are the routes to another source; their next departure is looked at, and their p90. Orders with a
    line over its quota are not served by them.
    """
    places = {source.id: source for source in asked.sources if source.open}
    lanes = tuple(
        route
        for route in asked.routes
        if route.to_id in places and route.source_id in places and route.source_id != route.to_id and route.departures_s
    )
    waiting = _waiting(asked, sourced) if lanes else []
    moves: list[Move] = []
    barred: set[tuple[str, Route]] = set()
    for _ in range(MOST_ROUNDS):
        moves = _Moves(asked, sourced, lanes, barred).chosen(waiting)
        if poor := _poor(moves):
            lanes = tuple(lane for lane in lanes if lane not in poor)
            continue
        held = {move.order.id for move in holding(asked, sourced, moves)}
        fallen = {(move.order.id, unit.lane) for move in moves if move.order.id not in held for unit in move.units}
        if not fallen:
            break
        barred |= fallen
    # What breaks a rule goes, and what still does not pay after the last round, until all that is left holds and pays.
    paying: list[Move] = []
    while len(moves) != len(paying):
        moves = holding(asked, sourced, moves)
        poor = _poor(moves)
        paying, moves = moves, [move for move in moves if not any(unit.lane in poor for unit in move.units)]
    return _proposals(moves)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Waiting:
    """An order that is not served, or not in time: what it costs now, what it was promised."""

    order: Order
    fen: int
    dispatches: tuple[Dispatch, ...]


def _waiting(asked: Sourcing, sourced: Sourced) -> list[_Waiting]:
    """Return the orders that a transfer may help, those not served first, then the latest."""
    answers: defaultdict[str, list[LineAnswer]] = defaultdict(list)
    for answer in sourced.answers:
        answers[answer.order_id].append(answer)
    over = over_quota(asked)
    found = []
    for order in asked.orders:
        told = {answer.line_id: answer for answer in answers[order.id]}
        risks = [risk_of(order, line, told[line.id]) for line in order.lines]
        if not any(risks) or any(line.id in over for line in order.lines):
            continue
        served = all(risk is None or risk.kind is not RiskKind.NOT_SENT for risk in risks)
        late = max(late_fen(asked, order, answer.eta_p90_s or asked.now_s) for answer in told.values())
        found.append((served, -late, order.id, order))
    waiting = []
    for _, _, _, order in sorted(found, key=lambda some: some[:3])[:MOST_ORDERS]:
        told_ = tuple(answers[order.id])
        fen = price(replace(asked, orders=(order,), quotas=()), replace(sourced, answers=told_)).total
        sent = tuple(one for answer in told_ for one in answer.dispatches)
        waiting.append(_Waiting(order=order, fen=fen, dispatches=sent))
    return waiting


class _Moves:
    """One choice of moves in the making."""

    def __init__(
        self, asked: Sourcing, sourced: Sourced, lanes: Sequence[Route], barred: Collection[tuple[str, Route]] = ()
    ) -> None:
        self.asked, self.lanes, self.barred, self.bid_fen = asked, lanes, barred, sourced.bid_fen
        self.desk = QuoteDesk(replace(asked, quotas=()), sourced)
        self.proofs = MOST_PROOFS
        self.filled: defaultdict[tuple[str, str], int] = defaultdict(int)
        self.sources = {source.id: source for source in asked.sources}
        self.parts = {part.id: part for part in asked.parts}
        self.substitutes = asked.substitutes
        self.onward: defaultdict[tuple[str, str], list[Route]] = defaultdict(list)
        for route in asked.routes:
            self.onward[route.source_id, route.to_id].append(route)

    def chosen(self, waiting: Sequence[_Waiting]) -> list[Move]:
        """Return the moves, those that gain most first."""
        open_ = [
            (-move.gain_fen, number, 0, move)
            for number, some in enumerate(waiting)
            if (move := self._asked_again(some)) is not None
        ]
        heapify(open_)
        moves: list[Move] = []
        touched: dict[tuple[str, str], int] = {}
        while open_:
            _, number, known, move = heappop(open_)
            # What nobody has taken from since is still there.
            if all(touched.get(key, 0) <= known for key in self._draws(move)):
                self._take(move)
                moves.append(move)
                touched |= dict.fromkeys(self._draws(move), len(moves))
            elif (again := self._asked_again(waiting[number])) is not None:
                heappush(open_, (-again.gain_fen, number, len(moves), again))
        return moves

    def _draws(self, move: Move) -> set[tuple[str, str]]:
        """Return the shelves and the docks that a move draws on."""
        shelves = {(unit.lane.source_id, unit.part_id) for unit in move.units}
        return shelves | {(one.source_id, part) for one in move.dispatches for part in (one.part_id, one.mode)}

    def _asked_again(self, waiting: _Waiting) -> Move | None:
        """Return what an order would gain, None for nothing."""
        order = waiting.order
        supposed, lane_of = self._supposed(order)
        if not supposed.routes:
            return None
        self.desk.give_back(order, waiting.dispatches)
        sourced = self.desk.decide(order, supposed)
        if sourced.cost.total >= waiting.fen and self.proofs > 0:
            self.proofs -= 1
            sourced = self.desk.decide(order, supposed, proven=True)
        self.desk.promise(order, waiting.dispatches)
        dispatches = tuple(one for answer in sourced.answers for one in answer.dispatches)
        units = tuple(self._units(dispatches, lane_of))
        gain_fen = waiting.fen - sourced.cost.total - sum(unit.fen_of_fill for unit in units)
        if not units or gain_fen <= 0:
            return None
        real = tuple(
            replace(one, source_id=lane_of[one.source_id].to_id) if one.source_id in lane_of else one
            for one in dispatches
        )
        return Move(order=order, gain_fen=gain_fen, units=units, dispatches=real)

    def _units(self, dispatches: Sequence[Dispatch], lane_of: Mapping[str, Route]) -> Iterator[Units]:
        """Yield what would have to be moved: what the order takes, and once what the receiver's own reserve lacks."""
        supposed = [one for one in dispatches if one.source_id in lane_of]
        below: defaultdict[tuple[str, str], int] = defaultdict(int)
        for one in supposed:
            below[lane_of[one.source_id].to_id, one.part_id] += one.below_floor
        for one in supposed:
            lane = lane_of[one.source_id]
            key = lane.to_id, one.part_id
            # What this order may take of the reserve need not be in it.
            fill = 0 if one.below_floor else max(0, self._lacking(lane, one.part_id) - below[key])
            if not one.below_floor:
                below[key] += fill
            weight_fen = self._weight_fen(lane, one.part_id)
            yield Units(
                lane=lane,
                part_id=one.part_id,
                quantity=one.quantity + fill,
                line_id=one.line_id,
                fen=(one.quantity + fill) * weight_fen,
                fill=fill + one.below_floor,
                fen_of_fill=fill * weight_fen,
            )

    def _lacking(self, lane: Route, part_id: str) -> int:
        """Return how many units a receiver lacks to its own reserve: what arrives fills that first."""
        shelf = self.sources[lane.to_id].shelves.get(part_id)
        if shelf is None:
            return 0
        ready_s = lane.departures_s[0] + lane.transit_p90_s
        there = max(0, shelf.free) + sum(some.quantity for some in shelf.inbound if some.ready_s <= ready_s)
        return max(0, shelf.floor - there - self.filled[lane.to_id, part_id])

    def _supposed(self, order: Order) -> tuple[Supposed, Mapping[str, Route]]:
        """Return every receiver once more per lane, with what the giver can spare, and the lanes by their ids."""
        wanted = {
            part_id
            for line in order.lines
            if line.pinned_source_id is None
            for part_id in (line.part_id, *self.substitutes.get(line.part_id, ()))
            if part_id in self.parts
        }
        sources, routes = [], []
        bid_fen: dict[tuple[str, str], int] = {}
        lane_of: dict[str, Route] = {}
        for number, onward, spare in self._promising(order, wanted):
            lane = self.lanes[number]
            receiver, ready_s = self.sources[lane.to_id], lane.departures_s[0] + lane.transit_p90_s
            id = f"{lane.source_id} → {lane.to_id} {number}"
            lane_of[id] = lane
            shelves = {
                part_id: Shelf(
                    free=0,
                    floor=self._lacking(lane, part_id),
                    inbound=(Inbound(ready_s=ready_s, quantity=units),),
                )
                for part_id, units in spare.items()
            }
            sources.append(replace(receiver, id=id, shelves=shelves, outlet_id=None))
            for route in onward:
                routes.append(replace(route, source_id=id))
                for ships_s in route.departures_s:
                    lines = self.desk.taken.docks.get((receiver.id, route.mode, ships_s), 0)
                    self.desk.taken.docks[id, route.mode, ships_s] = lines
            for part_id in spare:
                worth_fen = self.bid_fen.get((lane.source_id, part_id), 0)
                bid_fen[id, part_id] = worth_fen + self._weight_fen(lane, part_id)
        return Supposed(sources=tuple(sources), routes=tuple(routes), bid_fen=bid_fen), lane_of

    def _promising(self, order: Order, wanted: set[str]) -> Iterator[tuple[int, Sequence[Route], Mapping[str, int]]]:
        """Yield the lanes that could help an order most, the routes on from their receivers, what givers can spare."""
        ranked = []
        for number, lane in enumerate(self.lanes):
            ready_s = lane.departures_s[0] + lane.transit_p90_s
            onward = open_to(self.onward[lane.to_id, order.centre_id], order)
            times = [
                (late_fen(self.asked, order, ships_s + route.transit_p90_s) + route.cost_fen)
                for route in onward
                for ships_s in [next((ships_s for ships_s in route.departures_s if ships_s >= ready_s), None)]
                if ships_s is not None
            ]
            if times and not wanted.isdisjoint(self.sources[lane.source_id].shelves):
                ranked.append((min(times) + lane.cost_fen, number, onward))
        found = 0
        for _, number, onward in sorted(ranked, key=lambda some: some[:2]):
            if (order.id, self.lanes[number]) in self.barred:
                continue
            spare = dict(self._spare(self.lanes[number], wanted))
            if spare:
                yield number, onward, spare
                found += 1
            if found == MOST_LANES:
                return

    def _spare(self, lane: Route, wanted: set[str]) -> Iterator[tuple[str, int]]:
        """Yield how many units of each part a giver can spare tonight: above its reserve, not promised."""
        for part_id in sorted(wanted & self.sources[lane.source_id].shelves.keys()):
            if self.parts[part_id].size_class in lane.carries:
                units = self.desk.left(lane.source_id, part_id, lane.departures_s[0])
                if units > 0:
                    yield part_id, units

    def _weight_fen(self, lane: Route, part_id: str) -> int:
        """Return what a unit's weight costs, rounded up, so that shares never cost less than the whole."""
        return -(-self.parts[part_id].weight_g * lane.cost_fen_per_kg // 1000)

    def _take(self, move: Move) -> None:
        """Take the units from the givers, and what else the order would get."""
        moved: set[tuple[str, str]] = {(unit.line_id, unit.part_id) for unit in move.units}
        for unit in move.units:
            lane = unit.lane
            gone = Departed(ships_s=lane.departures_s[0], units=unit.quantity, below_floor=0)
            self.desk.taken.take(lane.source_id, unit.part_id, gone)
            self.filled[lane.to_id, unit.part_id] += unit.fill
        for one in move.dispatches:
            if (one.line_id, one.part_id) in moved:
                self.desk.taken.docks[one.source_id, one.mode, one.ships_s] += 1
            else:
                self.desk.promise(move.order, [one])


def _poor(moves: Sequence[Move]) -> set[Route]:
    """Return the lanes that do not earn their fixed price; an order's gain is shared by the lanes it needs."""
    earned: defaultdict[Route, int] = defaultdict(int)
    for move in moves:
        needed = {unit.lane for unit in move.units}
        for lane in needed:
            earned[lane] += move.gain_fen // len(needed)
    return {lane for lane, fen in earned.items() if fen <= lane.cost_fen}


def _proposals(moves: Sequence[Move]) -> tuple[Proposal, ...]:
    """Return the moves put together by lane and part; a lane's fixed price is told with its first part."""
    together: defaultdict[tuple[Route, str], list[tuple[Move, Units]]] = defaultdict(list)
    for move in moves:
        for unit in move.units:
            together[unit.lane, unit.part_id].append((move, unit))
    told: set[Route] = set()
    proposals = []
    for (lane, part_id), some in together.items():
        quantity = sum(unit.quantity for _, unit in some)
        weight_fen = sum(unit.fen for _, unit in some)
        cost_fen = weight_fen + (0 if lane in told else lane.cost_fen)
        told.add(lane)
        saves_fen = weight_fen + sum(_share(move, unit) for move, unit in some)
        proposals.append(
            _proposal(lane, part_id, quantity, [move for move, _ in some], (cost_fen, saves_fen), _lines(some))
        )
    return tuple(sorted(proposals, key=lambda one: (-one.gain_fen, one.from_id, one.to_id, one.part_id)))


def _share(move: Move, unit: Units) -> int:
    """Return the part of an order's gain that is told with some of its units; the first take what is left over."""
    share, rest = divmod(move.gain_fen, len(move.units))
    return share + (rest if unit is move.units[0] else 0)


def _lines(some: Sequence[tuple[Move, Units]]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(unit.line_id for _, unit in some))


def _proposal(
    lane: Route, part_id: str, quantity: int, moves: Sequence[Move], fen: tuple[int, int], line_ids: tuple[str, ...]
) -> Proposal:
    ships_s, (cost_fen, saves_fen) = lane.departures_s[0], fen
    orders = {move.order.id: move.order for move in moves}
    return Proposal(
        from_id=lane.source_id,
        to_id=lane.to_id,
        part_id=part_id,
        quantity=quantity,
        mode=lane.mode,
        ships_s=ships_s,
        ready_p50_s=ships_s + lane.transit_p50_s,
        ready_p90_s=ships_s + lane.transit_p90_s,
        cost_fen=cost_fen,
        saves_fen=saves_fen,
        gain_fen=saves_fen - cost_fen,
        line_ids=line_ids,
        order_ids=tuple(orders),
        job_ids=tuple(order.job_id for order in orders.values() if order.job_id is not None),
        said=reply_wording.proposal_words(
            lane.source_id, lane.to_id, quantity, part_id, len(line_ids), saves_fen - cost_fen
        ),
    )
