"""What is on the shelves and what of it may still be promised; counts come in by their moment, an older one never.

The rule of the ledger: of what the newest count found on hand, less what it found promised by others, are free

- less every reservation that has not run out,
- less every promise (allocation) that leaves at the moment of that count or later: what left before it was not counted,
- less every provisional promise, whenever it was to leave: nothing goes before a person agrees.

Units that were still on their way when they were promised or reserved count against what arrives, until a count has
seen them. Where a count found less than is promised, what lacks is made up by the earliest arrivals.
"""

import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import ColumnElement, Select, bindparam, func, insert, or_, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from api.store.batches import batches
from api.tables.base import Instant, new_id
from api.tables.parts import Allocation, Reservation, ShelfRow, StockSnapshot

__all__ = [
    "HELD",
    "MAY_BE_AHEAD",
    "Arrival",
    "Count",
    "Key",
    "Standing",
    "count_stock",
    "lock_shelves",
    "standing_of",
    "standings",
    "whole_second",
]

HELD = "held"
MAY_BE_AHEAD = dt.timedelta(minutes=5)
"""No count is known from later than this: where one stands all the same, any other is the newer one."""
AT_ONCE = 500

Key = tuple[str, str]
"""A source and a part."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """Units on their way to a source."""

    quantity: int
    ready_at: dt.datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Count:
    """What was found of a part at a source at a moment. reserved: of it, promised by others than this service."""

    source_id: str
    part_id: str
    on_hand: int
    as_of: dt.datetime
    reserved: int = 0
    floor: int = 0
    inbound: tuple[Arrival, ...] = ()

    @property
    def key(self) -> Key:
        """Its shelf."""
        return self.source_id, self.part_id


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How a shelf stands. free: what may still be promised now, negative where a count found less than is promised.

    inbound: what arrives and is neither promised nor needed to make up for a negative `free`, the earliest first.
    """

    on_hand: int
    reserved: int
    floor: int
    held: int
    promised: int
    as_of: dt.datetime
    inbound: tuple[Arrival, ...] = ()

    @property
    def free(self) -> int:
        """What may still be promised."""
        return self.on_hand - self.reserved - self.held - self.promised


def whole_second(moment: dt.datetime) -> dt.datetime:
    """Return the next whole second: whoever reckons in seconds must not find units there before they are."""
    return moment if moment.microsecond == 0 else moment.replace(microsecond=0) + dt.timedelta(seconds=1)


def count_stock(session: Session, counts: Sequence[Count], *, actor: str, now: dt.datetime) -> set[int]:
    """Take counts over where they are newer than what is known, and return the places of those that were, from 0."""
    taken: set[int] = set()
    for wave in _waves(counts):
        for some in batches(wave, AT_ONCE):
            taken |= _take(session, counts, some, actor, now)
    return taken


def _waves(counts: Sequence[Count]) -> list[list[int]]:
    """Return the places of counts, the earliest counts first, in lots that have no shelf twice."""
    waves: list[list[int]] = []
    seen: defaultdict[Key, int] = defaultdict(int)
    for place in sorted(range(len(counts)), key=lambda place: counts[place].as_of):
        number = seen[counts[place].key]
        seen[counts[place].key] += 1
        if number == len(waves):
            waves.append([])
        waves[number].append(place)
    return waves


def _take(session: Session, counts: Sequence[Count], places: Sequence[int], actor: str, now: dt.datetime) -> set[int]:
    into = sqlite.insert if session.get_bind().dialect.name == "sqlite" else postgresql.insert
    # Rows are locked in one order, whoever takes them.
    places = sorted(places, key=lambda place: counts[place].key[::-1])
    rows = {counts[place].key: _written(counts[place]) for place in places}
    adding = into(ShelfRow).values(list(rows.values()))
    newer = adding.on_conflict_do_update(
        index_elements=[ShelfRow.source_id, ShelfRow.part_id],
        set_={
            name: adding.excluded[name] for name in rows[counts[places[0]].key] if name not in ("source_id", "part_id")
        },
        where=(ShelfRow.as_of < adding.excluded.as_of) | (ShelfRow.as_of > now + MAY_BE_AHEAD),
    )
    returning = newer.returning(ShelfRow.source_id, ShelfRow.part_id)
    done = {(source_id, part_id) for source_id, part_id in session.execute(returning)}
    if done:
        history = [
            {**rows[counts[place].key], "id": new_id("snap"), "taken_at": now, "actor": actor}
            for place in places
            if counts[place].key in done
        ]
        session.execute(insert(StockSnapshot.plain()), history)
    return {place for place in places if counts[place].key in done}


def _written(count: Count) -> dict[str, Any]:
    arrivals = [{"quantity": one.quantity, "ready_at": one.ready_at.isoformat()} for one in count.inbound]
    return {
        "source_id": count.source_id,
        "part_id": count.part_id,
        "on_hand": count.on_hand,
        "reserved": count.reserved,
        "floor": count.floor,
        "inbound": arrivals,
        "as_of": count.as_of,
    }


def lock_shelves(session: Session, part_ids: Iterable[str]) -> None:
    """Let nobody else promise of these parts until the transaction ends; everybody locks in the same order."""
    locked = select(ShelfRow.source_id).order_by(ShelfRow.part_id, ShelfRow.source_id).with_for_update()
    for some in batches(sorted(set(part_ids)), AT_ONCE):
        session.execute(locked.where(ShelfRow.part_id.in_(some))).all()


def standings(session: Session, part_ids: Iterable[str], now: dt.datetime) -> dict[Key, Standing]:
    """Return how the shelves of some parts stand at a moment; a source that never counted a part is not there."""
    found: dict[Key, Standing] = {}
    for some in batches(sorted(set(part_ids)), AT_ONCE):
        found |= _standings(session, ShelfRow.part_id.in_(some), now)
    return found


def standing_of(session: Session, key: Key, now: dt.datetime) -> Standing | None:
    """Return how one shelf stands."""
    source_id, part_id = key
    is_it = (ShelfRow.source_id == source_id) & (ShelfRow.part_id == part_id)
    return _standings(session, is_it, now).get(key)


def _standings(session: Session, where: ColumnElement[bool], now: dt.datetime) -> dict[Key, Standing]:
    found = {
        (row.source_id, row.part_id): Standing(
            on_hand=row.on_hand,
            reserved=row.reserved,
            floor=row.floor,
            held=int(row.held),
            promised=int(row.promised),
            as_of=row.as_of,
            inbound=_arrivals(row.inbound, row.as_of),
        )
        for row in session.execute(_LEFT.where(where), {"now": now})
    }
    arriving = [key for key, standing in found.items() if standing.inbound]
    if arriving:
        promised = _promised_arrivals(session, where, now)
        for key in arriving:
            taken = promised[key] + max(0, -found[key].free)
            found[key] = replace(found[key], inbound=_less(found[key].inbound, taken))
    return found


def _arrivals(inbound: Sequence[Mapping[str, Any]], as_of: dt.datetime) -> tuple[Arrival, ...]:
    """Return what the count knew to be on its way; what was ready by then it has counted."""
    read = (
        Arrival(quantity=one["quantity"], ready_at=whole_second(dt.datetime.fromisoformat(one["ready_at"])))
        for one in inbound
    )
    return tuple(sorted((one for one in read if one.ready_at > as_of), key=lambda one: one.ready_at))


def _less(inbound: Sequence[Arrival], units: int) -> tuple[Arrival, ...]:
    """Return what is left of arrivals when so many units of them are promised: the earliest go first."""
    left = []
    for one in inbound:
        gone = min(units, one.quantity)
        units -= gone
        if one.quantity > gone:
            left.append(replace(one, quantity=one.quantity - gone))
    return tuple(left)


_STILL_THERE = (
    Allocation.released_at.is_(None),
    or_(Allocation.provisional, Allocation.ships_at >= ShelfRow.as_of),
)
"""Promises whose units the count of their shelf has seen, or will arrive later."""
_OF_SHELF = (Allocation.source_id == ShelfRow.source_id, Allocation.part_id == ShelfRow.part_id)


def _left() -> Select[Any]:
    """Select every shelf with what is held and promised of it at the moment `now`."""
    promised = (
        select(func.coalesce(func.sum(Allocation.quantity), 0))
        .where(*_OF_SHELF, *_STILL_THERE, or_(Allocation.arrives_at.is_(None), Allocation.arrives_at <= ShelfRow.as_of))
        .correlate(ShelfRow)
        .scalar_subquery()
    )
    held = (
        select(func.coalesce(func.sum(Reservation.quantity), 0))
        .where(
            Reservation.source_id == ShelfRow.source_id,
            Reservation.part_id == ShelfRow.part_id,
            Reservation.state == HELD,
            Reservation.expires_at > bindparam("now", type_=Instant()),
            or_(Reservation.arrives_at.is_(None), Reservation.arrives_at <= ShelfRow.as_of),
        )
        .correlate(ShelfRow)
        .scalar_subquery()
    )
    columns = (
        ShelfRow.source_id,
        ShelfRow.part_id,
        ShelfRow.on_hand,
        ShelfRow.reserved,
        ShelfRow.floor,
        ShelfRow.inbound,
        ShelfRow.as_of,
    )
    return select(*columns, held.label("held"), promised.label("promised"))


# Made once: every quote runs it.
_LEFT = _left()


def _promised_arrivals(session: Session, where: ColumnElement[bool], now: dt.datetime) -> Counter[Key]:
    """Return how many units that had not arrived by the last count are promised or reserved, by shelf."""
    promised = (
        select(Allocation.source_id, Allocation.part_id, func.sum(Allocation.quantity))
        .join(ShelfRow, _OF_SHELF[0] & _OF_SHELF[1])
        .where(where, *_STILL_THERE, Allocation.arrives_at > ShelfRow.as_of)
        .group_by(Allocation.source_id, Allocation.part_id)
    )
    is_it = (Reservation.source_id == ShelfRow.source_id) & (Reservation.part_id == ShelfRow.part_id)
    live = (Reservation.state == HELD, Reservation.expires_at > now)
    held = (
        select(Reservation.source_id, Reservation.part_id, func.sum(Reservation.quantity))
        .join(ShelfRow, is_it)
        .where(where, *live, Reservation.arrives_at > ShelfRow.as_of)
        .group_by(Reservation.source_id, Reservation.part_id)
    )
    units: Counter[Key] = Counter()
    for query in (promised, held):
        for source_id, part_id, some in session.execute(query):
            units[source_id, part_id] += int(some)
    return units
