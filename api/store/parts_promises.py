"""Promises of parts: reservations that run out by themselves, allocations that leave by a departure.

Whoever promises has locked the shelves (`parts_shelves.lock_shelves`) in the same transaction.
"""

import datetime as dt
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import ColumnElement, insert, or_, select, update
from sqlalchemy.orm import Session

from api.errors import Conflict, NotFound
from api.store.batches import batches
from api.store.parts_shelves import HELD, Key, Standing, lock_shelves, standing_of, standings
from api.tables.base import new_id
from api.tables.parts import Allocation, Reservation
from datasets.times import moment_of
from optimizer.plan import Shipment

__all__ = [
    "RELEASED",
    "USED",
    "Sending",
    "allocate",
    "allocate_shipments",
    "fitted",
    "keep",
    "promise_anew",
    "release",
    "rename_holder",
    "reservation_seen",
    "reserve",
    "sends_of",
]

RELEASED, USED = "released", "used"
AT_ONCE = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Sending:
    """Units of a line that are to leave a source. arrives_at: they are still on their way there."""

    line_id: str
    source_id: str
    part_id: str
    quantity: int
    mode: str
    ships_at: dt.datetime
    ready_p50_at: dt.datetime
    ready_p90_at: dt.datetime
    cost_fen: int
    below_floor: int = 0
    bulky_fallback: bool = False
    arrives_at: dt.datetime | None = None

    @property
    def key(self) -> Key:
        """Its shelf."""
        return self.source_id, self.part_id

    def written(self) -> dict[str, Any]:
        """Return it as a reservation keeps it."""
        moments = {
            name: None if (moment := getattr(self, name)) is None else moment.isoformat()
            for name in ("ships_at", "ready_p50_at", "ready_p90_at", "arrives_at")
        }
        return {
            "mode": self.mode,
            "cost_fen": self.cost_fen,
            "below_floor": self.below_floor,
            "bulky_fallback": self.bulky_fallback,
            **moments,
        }


def sends_of(row: Reservation) -> Sending:
    """Return what a reservation of a quote would send."""
    said = dict(row.sends or {})
    moments = {
        name: None if said[name] is None else dt.datetime.fromisoformat(said[name])
        for name in ("ships_at", "ready_p50_at", "ready_p90_at", "arrives_at")
    }
    return Sending(
        line_id=row.line_id or "",
        source_id=row.source_id,
        part_id=row.part_id,
        quantity=row.quantity,
        **{**said, **moments},
    )


def fitted(
    sendings: Iterable[Sending], shelves: Mapping[Key, Standing], last: Collection[str] = ()
) -> tuple[list[Sending], set[str]]:
    """Return what is on the shelves or arrives in time, and the lines that it is not enough for.

    The earliest departures are served first, from what is on hand before what arrives; one that takes of both is two.
    last: lines that are served after all others.
    """
    free = {key: standing.free for key, standing in shelves.items()}
    arriving = {key: list(standing.inbound) for key, standing in shelves.items()}
    found: list[Sending] = []
    short: set[str] = set()
    for one in sorted(sendings, key=lambda one: (one.line_id in last, one.ships_at)):
        left = one.quantity
        if (here := min(left, max(0, free.get(one.key, 0)))) > 0:
            free[one.key] -= here
            left -= here
            found.append(replace(one, quantity=here, below_floor=min(here, one.below_floor), arrives_at=None))
        for place, arrival in enumerate(arriving.get(one.key, ())):
            if left and arrival.ready_at <= one.ships_at and (units := min(left, arrival.quantity)):
                arriving[one.key][place] = replace(arrival, quantity=arrival.quantity - units)
                left -= units
                found.append(replace(one, quantity=units, below_floor=0, arrives_at=arrival.ready_at))
        if left:
            short.add(one.line_id)
    return found, short


def allocate(
    session: Session, holder: str, sendings: Sequence[Sending], now: dt.datetime, *, provisional: bool = False
) -> None:
    """Promise units, which `fitted` has found to be there."""
    _add(session, [(holder, one, provisional) for one in sendings], now)


def _add(session: Session, promises: Sequence[tuple[str, Sending, bool]], now: dt.datetime) -> None:
    rows = [
        {
            **{name: getattr(one, name) for name in Sending.__dataclass_fields__},
            "id": new_id("alloc"),
            "holder": holder,
            "provisional": provisional,
            "made_at": now,
        }
        for holder, one, provisional in promises
    ]
    if rows:
        session.execute(insert(Allocation.plain()), rows)


def release(session: Session, holders: Iterable[str], now: dt.datetime, *where: ColumnElement[bool]) -> int:
    """Take back what has not left yet of these holders, and return how many promises that were.

    What lies on the holder's own shelf leaves by no departure: the condition says so by `ready_p90_at` = `ships_at`.
    """
    count = 0
    unsent = or_(Allocation.provisional, Allocation.ships_at > now, Allocation.ready_p90_at == Allocation.ships_at)
    for some in batches(sorted(set(holders)), AT_ONCE):
        taken_back = (
            update(Allocation)
            .where(Allocation.holder.in_(some), Allocation.released_at.is_(None), unsent, *where)
            .values(released_at=now)
            .execution_options(synchronize_session=False)
        )
        count += session.execute(taken_back).rowcount  # type: ignore[attr-defined]
    return count


def rename_holder(session: Session, before: str, after: str) -> None:
    """Let promises be another one's: a held place becomes a job's visit."""
    renamed = update(Allocation).where(Allocation.holder == before, Allocation.released_at.is_(None))
    session.execute(renamed.values(holder=after).execution_options(synchronize_session=False))


def reserve(session: Session, row: Reservation, now: dt.datetime) -> Reservation:
    """Keep units for somebody; the reserve of the shelf is not for that. Raises Conflict when there are too few."""
    lock_shelves(session, [row.part_id])
    standing = standing_of(session, (row.source_id, row.part_id), now)
    free = 0 if standing is None else max(0, standing.free - standing.floor)
    if free < row.quantity:
        raise Conflict(
            f"{row.source_id} has {free} of {row.part_id} that are free, fewer than {row.quantity}.",
            members={"free": free, "source_id": row.source_id, "part_id": row.part_id},
        )
    session.add(row)
    session.flush()
    return row


def keep(
    session: Session, order_id: str, centre_id: str, sendings: Sequence[Sending], until: dt.datetime, *, actor: str,
    now: dt.datetime,
) -> None:  # fmt: skip
    """Reserve what a quote would send."""
    session.add_all(
        Reservation(
            id=new_id("resv"),
            version=1,
            state=HELD,
            source_id=one.source_id,
            part_id=one.part_id,
            quantity=one.quantity,
            centre_id=centre_id,
            purpose="quote",
            order_id=order_id,
            line_id=one.line_id,
            sends=one.written(),
            arrives_at=one.arrives_at,
            actor=actor,
            created_at=now,
            expires_at=until,
        )
        for one in sendings
    )
    session.flush()


def reservation_seen(
    session: Session, reservation_id: str, centres: frozenset[str] | None, *, lock: bool = False
) -> Reservation:
    """Return a reservation. Raises NotFound, also for another centre's."""
    wanted = select(Reservation).where(Reservation.id == reservation_id)
    row = session.scalar(wanted.with_for_update() if lock else wanted)
    if row is None or (centres is not None and row.centre_id not in centres):
        raise NotFound("There is no such reservation.")
    return row


def allocate_shipments(
    session: Session,
    shipments: Sequence[Shipment],
    *,
    holders: Collection[str],
    first: dt.date,
    now: dt.datetime,
) -> list[str]:
    """Promise what a plan sends in the place of what was promised to these jobs; return jobs that are short of parts.

    first: the date whose midnight the plan's clock counts from. What has left for a line stays, and is not sent again.
    A kit is complete or nothing: the job that lacks one part is promised none. So is one whose departure was missed.
    """
    wanted = [(one.job_id, _sending(one, first)) for one in shipments]
    return promise_anew(session, wanted, holders=holders, now=now)[0]


def promise_anew(
    session: Session,
    wanted: Sequence[tuple[str, Sending]],
    *where: ColumnElement[bool],
    holders: Collection[str],
    now: dt.datetime,
    loose: Collection[str] = (),
) -> tuple[list[str], list[str]]:
    """Promise units, each to one of the holders, in the place of what was promised to them and has not left.

    where: what else is true of a promise that is taken back. What has left for a line stays, and is not sent again. A
    holder that lacks one part, or whose departure was missed, is promised none. loose: holders whose units are of use
    one by one. Returns the holders that are short, and the lines that are short of the loose ones.
    """
    lock_shelves(session, {one.part_id for _, one in wanted} | _promised_parts(session, holders))
    release(session, holders, now, *where)
    gone = _sent_lines(session, holders)
    unsent = [(holder, one) for holder, one in wanted if holder in holders and one.line_id not in gone]
    # Departures are whole seconds: one of this second is not missed.
    by = now.replace(microsecond=0)
    short_lines = {one.line_id for _, one in unsent if one.ships_at < by}
    short = {holder for holder, one in unsent if one.line_id in short_lines and holder not in loose}
    sendings = [
        replace(one, ships_at=max(now, one.ships_at), ready_p50_at=ready_p50_at, ready_p90_at=ready_p90_at)
        for holder, one in unsent
        if holder not in short and one.line_id not in short_lines
        for ready_p50_at, ready_p90_at in [(max(now, one.ready_p50_at), max(now, one.ready_p90_at))]
    ]
    shelves = standings(session, {one.part_id for one in sendings}, now)
    holder_of = {one.line_id: holder for holder, one in unsent}
    of_kits = [one for one in sendings if holder_of[one.line_id] not in loose]
    too_few = {holder_of[line_id] for line_id in fitted(of_kits, shelves)[1]}
    short |= too_few
    # What a kit that is not whole leaves on the shelf is there for the loose ones.
    found, lacking = _kits_before_loose(
        [one for one in of_kits if holder_of[one.line_id] not in too_few],
        [one for one in sendings if holder_of[one.line_id] in loose],
        shelves,
    )
    short_lines |= lacking
    _add(session, [(holder_of[one.line_id], one, False) for one in found], now)
    return sorted(short), sorted(line_id for line_id in short_lines if holder_of[line_id] in loose)


def _kits_before_loose(
    kits: Sequence[Sending], loose: Sequence[Sending], shelves: Mapping[Key, Standing]
) -> tuple[list[Sending], set[str]]:
    """Return what `fitted` does of kits that are whole and loose ones; no kit is short for a loose one's sake."""
    found, lacking = fitted([*kits, *loose], shelves)
    contested = {one.key for one in kits if one.line_id in lacking}
    if not contested:
        return found, lacking
    # On other shelves a kit that leaves later can have what arrives meanwhile, and the loose ones what is on hand.
    return fitted([*kits, *loose], shelves, {one.line_id for one in loose if one.key in contested})


def _sending(one: Shipment, first: dt.date) -> Sending:
    ready_at = moment_of(first, one.ready_s)
    return Sending(
        line_id=one.order_line_id,
        source_id=one.warehouse_id,
        part_id=one.part_id,
        quantity=one.quantity,
        mode=str(one.mode),
        ships_at=moment_of(first, one.ships_s),
        ready_p50_at=ready_at,
        ready_p90_at=ready_at,
        cost_fen=one.cost_fen,
    )


def _promised_parts(session: Session, holders: Iterable[str]) -> set[str]:
    return {
        part_id
        for some in batches(sorted(set(holders)), AT_ONCE)
        for part_id in session.scalars(
            select(Allocation.part_id).where(Allocation.holder.in_(some), Allocation.released_at.is_(None)).distinct()
        )
    }


def _sent_lines(session: Session, holders: Iterable[str]) -> set[str]:
    """Return the lines of which units have left."""
    return {
        line_id
        for some in batches(sorted(set(holders)), AT_ONCE)
        for line_id in session.scalars(
            select(Allocation.line_id).where(Allocation.holder.in_(some), Allocation.released_at.is_(None))
        )
    }
