"""What transfers would move, and which of them hold: with the units where they would be, no rule is broken."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace

from optimizer.parts.check import broken_rules
from optimizer.parts.model import Dispatch, Inbound, Order, Route, Shelf, Sourced, Sourcing

__all__ = ["Move", "Units", "holding"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Units:
    """So many of a part by one lane, and what their weight costs; fill: of them of the receiver's own reserve."""

    lane: Route
    part_id: str
    quantity: int
    line_id: str
    fen: int
    fill: int
    fen_of_fill: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """What one order would gain, the fixed price of lanes not counted, and what would have to be moved for it.

    dispatches: what it would get then, from the receivers.
    """

    order: Order
    gain_fen: int
    units: tuple[Units, ...]
    dispatches: tuple[Dispatch, ...]


def holding(asked: Sourcing, sourced: Sourced, moves: Sequence[Move]) -> list[Move]:
    """Return the moves that hold together, the first before the later: a half with something wrong in it is halved.

    Everybody else keeps what is promised. A move may take from others what it does not touch: how a line may travel
    depends on who has its part.
    """
    asked, sourced = _concerned(asked, sourced, moves)
    kept: list[Move] = []
    batches = [list(moves)]
    while batches:
        batch = batches.pop()
        if not _broken(asked, sourced, [*kept, *batch]):
            kept += batch
        elif len(batch) > 1:
            batches += [batch[len(batch) // 2 :], batch[: len(batch) // 2]]
    return kept


def _concerned(asked: Sourcing, sourced: Sourced, moves: Sequence[Move]) -> tuple[Sourcing, Sourced]:
    """Return the orders, with their answers, that want a part or draw on a dock of which the moves take something."""
    sent = [one for move in moves for one in move.dispatches]
    parts = {one.part_id for one in sent} | {line.part_id for move in moves for line in move.order.lines}
    docks = {(one.source_id, one.mode, one.ships_s) for one in sent}
    packed = {
        answer.order_id
        for answer in sourced.answers
        if any((one.source_id, one.mode, one.ships_s) in docks for one in answer.dispatches)
    }
    orders = tuple(
        order
        for order in asked.orders
        if order.id in packed
        or any(not parts.isdisjoint((line.part_id, *asked.substitutes.get(line.part_id, ()))) for line in order.lines)
    )
    ids = {order.id for order in orders}
    answers = tuple(answer for answer in sourced.answers if answer.order_id in ids)
    return replace(asked, orders=orders), replace(sourced, answers=answers)


def _broken(asked: Sourcing, sourced: Sourced, moves: Sequence[Move]) -> bool:
    """Say whether answers as they would be then break a rule."""
    if _overdrawn(asked, moves):
        return True
    told: dict[str, list[Dispatch]] = {line.id: [] for move in moves for line in move.order.lines}
    for move in moves:
        for one in move.dispatches:
            told[one.line_id].append(one)
    answers = tuple(
        replace(answer, dispatches=tuple(told.get(answer.line_id, answer.dispatches))) for answer in sourced.answers
    )
    return bool(broken_rules(_under_way(asked, moves), replace(sourced, answers=answers)))


def _overdrawn(asked: Sourcing, moves: Sequence[Move]) -> bool:
    """Say whether a giver would give of its reserve."""
    shelves = {source.id: source.shelves for source in asked.sources}
    given: defaultdict[tuple[str, str], list[tuple[int, int]]] = defaultdict(list)
    for move in moves:
        for unit in move.units:
            lane = unit.lane
            given[lane.source_id, unit.part_id].append((lane.departures_s[0], unit.quantity))
    for (source_id, part_id), some in given.items():
        shelf = shelves[source_id][part_id]
        for ships_s, _ in some:
            gone = sum(units for time_s, units in some if time_s <= ships_s)
            there = max(0, shelf.free) + sum(one.quantity for one in shelf.inbound if one.ready_s <= ships_s)
            if there - gone < shelf.floor:
                return True
    return False


def _under_way(asked: Sourcing, moves: Sequence[Move]) -> Sourcing:
    """Return the problem once the units have left the givers; receivers have them on arrival, at the p90."""
    leave: defaultdict[tuple[str, str], list[tuple[int, int]]] = defaultdict(list)
    arrive: defaultdict[tuple[str, str], list[Inbound]] = defaultdict(list)
    for move in moves:
        for unit in move.units:
            lane = unit.lane
            ships_s = lane.departures_s[0]
            leave[lane.source_id, unit.part_id].append((ships_s, unit.quantity))
            arrive[lane.to_id, unit.part_id].append(
                Inbound(ready_s=ships_s + lane.transit_p90_s, quantity=unit.quantity)
            )
    changed: defaultdict[str, dict[str, Shelf]] = defaultdict(dict)
    shelves = {source.id: source.shelves for source in asked.sources}
    for source_id, part_id in {**leave, **arrive}:
        shelf = shelves[source_id].get(part_id, Shelf(free=0))
        for ships_s, units in leave.get((source_id, part_id), ()):
            shelf = _without(shelf, units, ships_s)
        inbound = (*shelf.inbound, *arrive.get((source_id, part_id), ()))
        changed[source_id][part_id] = replace(shelf, inbound=inbound)
    sources = (replace(one, shelves={**one.shelves, **changed[one.id]}) for one in asked.sources)
    return replace(asked, sources=tuple(sources))


def _without(shelf: Shelf, units: int, ships_s: int) -> Shelf:
    """Return a shelf that so many units leave at a time: of those that are there by then, the last to come."""
    inbound: list[Inbound] = []
    for some in sorted(shelf.inbound, key=lambda some: -some.ready_s):
        taken = min(units, some.quantity) if some.ready_s <= ships_s else 0
        units -= taken
        inbound.append(replace(some, quantity=some.quantity - taken))
    return replace(shelf, free=shelf.free - units, inbound=tuple(inbound))
