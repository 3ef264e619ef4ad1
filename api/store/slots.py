"""Slots in the store: offers, holds and appointments; a held place is a live visit, and the database guards it."""

import datetime as dt
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import bindparam, delete, insert, select, update
from sqlalchemy.orm import Session

from api.errors import NotFound
from api.store.tour_holds import require_at_home
from api.tables.base import new_id
from api.tables.jobs import JobHistory, JobRow
from api.tables.plans import LiveRoute, Published, Visit
from api.tables.slots import Appointment, SlotHold, SlotOffers
from datasets.times import TIME_ZONE, moment_of
from optimizer.model import Lock, ShipMode
from optimizer.plan import Route, Shipment, Stop

__all__ = [
    "CONFIRMED",
    "EXPIRED",
    "HELD",
    "RELEASED",
    "HeldJob",
    "WrittenRoute",
    "appointment_seen",
    "expired_holds",
    "forget_offers",
    "held_jobs",
    "hold_cells",
    "hold_seen",
    "keep_offers",
    "lock_centre",
    "offers_seen",
    "places_held",
    "shipments_written",
    "write_route",
]

HELD, CONFIRMED, RELEASED, EXPIRED = "held", "confirmed", "released", "expired"
OFFERS_KEPT = dt.timedelta(hours=24)

# Every request for offers runs these: a statement that is made once is not put together again.
_KEEP_OFFERS = insert(SlotOffers.plain())
_HOLDS_RUN_OUT = select(SlotHold.id).where(
    SlotHold.centre_id == bindparam("centre_id"), SlotHold.state == HELD, SlotHold.expires_at <= bindparam("now")
)


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldJob:
    """The job of a place that was held: as a row of jobs.csv with the id of its visit."""

    cells: Mapping[str, str]
    plan_id: str
    shipments: tuple[Shipment, ...]

    def shipments_of(self, plan_id: str) -> tuple[Shipment, ...]:
        """Return its shipments, if they are in the clock of this plan."""
        return self.shipments if plan_id == self.plan_id else ()


def held_jobs(session: Session, visit_ids: Collection[str]) -> list[HeldJob]:
    """Return the jobs of those visits that were promised by hold: under the hold's id, or the job's since confirmed."""
    if not visit_ids:
        return []
    mine = SlotHold.id.in_(visit_ids) | ((SlotHold.state == CONFIRMED) & SlotHold.job_id.in_(visit_ids))
    found: dict[str, HeldJob] = {}
    for hold in session.scalars(select(SlotHold).where(mine).order_by(SlotHold.created_at)):
        id_ = hold.id if hold.id in visit_ids else str(hold.job_id)
        shipments = tuple(_shipment(row, id_) for row in hold.shipments)
        found[id_] = HeldJob(cells=hold_cells(hold, id_), plan_id=hold.plan_id, shipments=shipments)
    return list(found.values())


def hold_cells(hold: SlotHold, id_: str) -> dict[str, str]:
    """Return the job of a hold as a row of jobs.csv: pinned where it is."""
    return {
        **hold.draft["cells"],
        "job_id": id_,
        "centre_id": hold.centre_id,
        "appointment": f"{_written(hold.start_at)}/{_written(hold.end_at)}",
        "published_technician_id": hold.technician_id,
        "published_start": _written(hold.planned_start),
        "told": "yes",
        "lock": str(Lock.PINNED),
    }


def _written(moment: dt.datetime) -> str:
    return moment.astimezone(TIME_ZONE).isoformat(timespec="seconds")


def places_held(session: Session, ids: Collection[str]) -> set[str]:
    """Return those of the ids that are holds whose place is kept."""
    return set(session.scalars(select(SlotHold.id).where(SlotHold.state == HELD))) & set(ids)


def shipments_written(shipments: Sequence[Shipment]) -> list[dict[str, Any]]:
    """Return shipments as JSON has them."""
    return [{**asdict(one), "mode": str(one.mode)} for one in shipments]


def _shipment(row: Mapping[str, Any], job_id: str) -> Shipment:
    number = row["order_line_id"].rpartition("/")[2]
    return Shipment(**{**row, "mode": ShipMode(row["mode"]), "job_id": job_id, "order_line_id": f"{job_id}/{number}"})


def keep_offers(
    session: Session,
    *,
    set_id: str,
    centre_id: str,
    draft: Mapping[str, Any],
    slots: Sequence[Sequence[str]],
    offers: Sequence[Mapping[str, Any]],
    at: dt.datetime,
) -> None:
    """Keep what was offered, so that a hold can name it."""
    row = {"id": set_id, "at": at, "centre_id": centre_id, "draft": dict(draft)}
    session.execute(_KEEP_OFFERS, {**row, "slots": [list(one) for one in slots], "offers": list(offers)})


def forget_offers(session: Session, now: dt.datetime) -> None:
    """Forget offers that nobody can want any more."""
    session.execute(
        delete(SlotOffers).where(SlotOffers.at < now - OFFERS_KEPT).execution_options(synchronize_session=False)
    )


def offers_seen(
    session: Session, offer_id: str, centres: frozenset[str] | None
) -> tuple[SlotOffers, Mapping[str, Any]]:
    """Return an offer with those that were made beside it. Raises NotFound, also for another centre's."""
    set_id = offer_id.rpartition(".")[0]
    row = session.get(SlotOffers, set_id) if set_id else None
    if row is None or (centres is not None and row.centre_id not in centres):
        raise NotFound("There is no such offer.")
    found = next((offer for offer in row.offers if offer["id"] == offer_id), None)
    if found is None:
        raise NotFound("There is no such offer.")
    return row, found


def hold_seen(session: Session, hold_id: str, centres: frozenset[str] | None, *, lock: bool = False) -> SlotHold:
    """Return a hold. Raises NotFound, also for another centre's. lock: nobody else changes it meanwhile."""
    wanted = select(SlotHold).where(SlotHold.id == hold_id)
    hold = session.scalar(wanted.with_for_update() if lock else wanted)
    if hold is None or (centres is not None and hold.centre_id not in centres):
        raise NotFound("There is no such hold.")
    return hold


def appointment_seen(
    session: Session, appointment_id: str, centres: frozenset[str] | None, *, lock: bool = False
) -> Appointment:
    """Return an appointment. Raises NotFound, also for another centre's. lock: nobody else changes it meanwhile."""
    wanted = select(Appointment).where(Appointment.id == appointment_id)
    row = session.scalar(wanted.with_for_update() if lock else wanted)
    if row is None or (centres is not None and row.centre_id not in centres):
        raise NotFound("There is no such appointment.")
    return row


def expired_holds(session: Session, centre_id: str, now: dt.datetime) -> list[str]:
    """Return the holds of a centre whose time has run out and whose place is still kept."""
    return list(session.scalars(_HOLDS_RUN_OUT, {"centre_id": centre_id, "now": now}))


def lock_centre(session: Session, centre_id: str) -> None:
    """Let nobody else change by slots what is promised in a centre until this transaction ends."""
    held = select(Published.plan_id).where(Published.centre_id == centre_id).order_by(Published.date)
    session.execute(held.with_for_update()).all()


@dataclass(frozen=True, slots=True, kw_only=True)
class WrittenRoute:
    """A technician's route on a date, as it was and as it shall be; None: no route. first: the day's first date."""

    centre_id: str
    outlet_id: str
    technician_id: str
    date: dt.date
    plan_id: str
    first: dt.date
    before: Route | None
    after: Route | None

    def moment(self, seconds: int) -> dt.datetime:
        """Return what the day's clock means."""
        return moment_of(self.first, seconds)


def write_route(session: Session, route: WrittenRoute, *, actor: str, at: dt.datetime) -> None:
    """Let a route hold instead of the one before: its visits, its version, and jobs whose time moved with it."""
    here = (Visit.technician_id == route.technician_id, Visit.date == route.date)
    plans = {job_id: plan_id for job_id, plan_id in session.execute(select(Visit.job_id, Visit.plan_id).where(*here))}
    session.execute(delete(Visit).where(*here).execution_options(synchronize_session=False))
    stops = route.after.stops if route.after else ()
    rows = [
        {
            "job_id": stop.job_id,
            "plan_id": plans.get(stop.job_id),
            "centre_id": route.centre_id,
            "outlet_id": route.outlet_id,
            "technician_id": route.technician_id,
            "date": route.date,
            "sequence": sequence,
            "start_at": route.moment(stop.start_s),
            "end_at": route.moment(stop.end_s),
            "travel_s": stop.travel_s,
            "travel_m": stop.travel_m,
        }
        for sequence, stop in enumerate(stops, start=1)
    ]
    if rows:
        require_at_home(session, {(route.technician_id, route.date)})
        session.execute(insert(Visit), rows)
    _write_live_route(session, route)
    _move_promises(session, route, stops, actor, at)
    session.expire_all()


def _write_live_route(session: Session, route: WrittenRoute) -> None:
    key = (LiveRoute.technician_id == route.technician_id, LiveRoute.date == route.date)
    after = route.after
    times: dict[str, Any] = {}
    if after is not None:
        times = {
            "depart_at": route.moment(after.depart_s),
            "return_at": route.moment(after.return_s),
            "break_start_at": None if after.break_start_s is None else route.moment(after.break_start_s),
            "return_travel_s": after.return_travel_s,
            "return_travel_m": after.return_travel_m,
        }
    changed = session.execute(
        update(LiveRoute)
        .where(*key)
        .values(version=LiveRoute.version + 1, **times)
        .returning(LiveRoute.version)
        .execution_options(synchronize_session=False)
    ).first()
    if changed is None and times:
        session.execute(
            insert(LiveRoute).values(
                technician_id=route.technician_id,
                date=route.date,
                version=1,
                plan_id=route.plan_id,
                centre_id=route.centre_id,
                outlet_id=route.outlet_id,
                **times,
            )
        )


def _move_promises(session: Session, route: WrittenRoute, stops: Sequence[Stop], actor: str, at: dt.datetime) -> None:
    was = {stop.job_id: stop.start_s for stop in route.before.stops} if route.before else {}
    for stop in stops:
        if was.get(stop.job_id, stop.start_s) == stop.start_s:
            continue
        start = route.moment(stop.start_s)
        changed = session.execute(
            update(JobRow)
            .where(JobRow.id == stop.job_id)
            .values(published_start=start, version=JobRow.version + 1, updated_at=at)
            .returning(JobRow.state)
            .execution_options(synchronize_session=False)
        ).first()
        if changed is None:
            continue
        detail = {
            "technician_id": route.technician_id,
            "start": start.isoformat(),
            "was_start": route.moment(was[stop.job_id]).isoformat(),
        }
        line = {"id": new_id("hist"), "job_id": stop.job_id, "at": at, "actor": actor, "channel": "api"}
        states = {"from_state": changed[0], "to_state": changed[0]}
        session.execute(insert(JobHistory).values(**line, **states, kind="visit_moved", plan_id=None, detail=detail))
