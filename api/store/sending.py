"""What is published becomes what outlets are told: only what is new, has changed or is withdrawn is sent."""

import datetime as dt
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import bindparam, insert, select, update
from sqlalchemy.orm import Session

from api.dispatch_states import ItemState
from api.errors import Conflict
from api.job_states import JobState
from api.store.dispatch_log import columns_of, log_items, open_items
from api.store.documents import settings_on
from api.store.job_moves import tell_moves
from api.store.jobs import By
from api.store.network import get
from api.tables.base import new_id
from api.tables.dispatch import DispatchItem
from api.tables.jobs import JobHistory, JobRow
from api.tables.network import OutletRow
from api.tables.plans import Visit
from datasets.times import moment_of
from optimizer.model import LOCK_TOLERANCE_S, Channel

__all__ = ["Channels", "Sent", "freeze_moment", "freeze_moments", "send_route", "send_visits"]

MOST_NAMED = 100
SENT = ("job_id", "centre_id", "outlet_id", "technician_id", "date", "start_at", "end_at", "plan_id")
"""Columns of a visit that its item has too."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """What sending did."""

    created: int = 0
    changed: int = 0
    withdrawn: int = 0


@dataclass(slots=True, kw_only=True)
class _Round:
    """What is to be sent: items as columns, and what is said of each."""

    created: list[tuple[dict[str, Any], dict[str, Any]]] = field(default_factory=list)
    changed: list[tuple[dict[str, Any], dict[str, Any]]] = field(default_factory=list)
    withdrawn: list[tuple[dict[str, Any], dict[str, Any]]] = field(default_factory=list)


def freeze_moments(session: Session, date: dt.date, at: dt.datetime) -> Mapping[Channel, int]:
    """Return, by channel, how many seconds after a date's midnight its visits freeze."""
    return settings_on(session, date, at).freeze_s


def freeze_moment(freeze_s: Mapping[Channel, int], channel: str, date: dt.date) -> dt.datetime | None:
    """Return when the visits of a date freeze at outlets of a channel, None for never."""
    seconds = freeze_s.get(Channel(channel))
    return None if seconds is None else moment_of(date, seconds)


@dataclass(frozen=True, slots=True, kw_only=True)
class Channels:
    """How outlets are told: the channel of each, when each channel freezes, and whose freeze is lifted (None: all)."""

    of_outlet: Mapping[str, str]
    freeze_s: Mapping[Channel, int]
    thawed: Collection[str] | None


def send_visits(
    session: Session,
    visits: Sequence[Mapping[str, Any]],
    channels: Channels,
    *,
    job_ids: Collection[str],
    standing: Mapping[str, JobState],
    by: By,
    at: dt.datetime,
) -> Sent:
    """Send what differs from what outlets were told about these jobs.

    visits: rows of the live visits of the jobs. standing: the states of those that stay as they were promised; they are
    not sent again.

    Raises
    ------
    Conflict
        Something would change at an outlet after its freeze; nothing of this session may be kept.
    """
    told = {item.job_id: item for item in open_items(session, sorted(job_ids))}
    wanted = {row["job_id"]: row for row in visits}
    todo = _Round()
    for job_id in sorted(job_ids):
        item, row = told.get(job_id), wanted.get(job_id)
        elsewhere = item is not None and (row is None or row["outlet_id"] != item.outlet_id)
        if item is not None and elsewhere and item.state != ItemState.IN_PROGRESS:
            todo.withdrawn.append(_withdrawn(item, row, by, at))
            item = None
        if row is None:
            continue
        channel = channels.of_outlet[row["outlet_id"]]
        freeze_at = freeze_moment(channels.freeze_s, channel, row["date"])
        if item is None:
            todo.created.append((_created(row, standing.get(job_id), channel, freeze_at, by, at), {}))
        elif job_id not in standing and item.state != ItemState.IN_PROGRESS:
            todo.changed.append(_changed(item, row, channel, freeze_at, by, at))
    if channels.thawed is not None:
        _hold_freezes(todo, standing, frozenset(channels.thawed), channels.freeze_s, at)
    _write(session, todo, by, at)
    _offer(session, todo, standing, by, at)
    return Sent(created=len(todo.created), changed=len(todo.changed), withdrawn=len(todo.withdrawn))


def send_route(session: Session, technician_id: str, date: dt.date, *, by: By, at: dt.datetime) -> Sent:
    """Send what differs from what the outlet was told about one technician's date, frozen or not.

    For what was agreed with a customer one by one: the outlet hears of it at once, and of whoever had to move for it.
    """
    here = (Visit.technician_id == technician_id, Visit.date == date)
    visits = {visit.job_id: visit for visit in session.scalars(select(Visit).where(*here))}
    states = session.execute(select(JobRow.id, JobRow.state).where(JobRow.id.in_(visits)))
    job_ids = {job_id: JobState(state) for job_id, state in states}
    told = {item.job_id: item for item in open_items(session, sorted(job_ids))}

    def stands(job_id: str) -> bool:
        item, visit = told.get(job_id), visits[job_id]
        if item is None or (item.technician_id, item.date) != (technician_id, date):
            return False
        return abs((visit.start_at - item.start_at).total_seconds()) <= LOCK_TOLERANCE_S

    outlets = {visits[job_id].outlet_id for job_id in job_ids}
    rows = {id_: get(session, OutletRow, id_, date) for id_ in outlets}
    return send_visits(
        session,
        [{name: getattr(visits[job_id], name) for name in SENT} for job_id in sorted(job_ids)],
        Channels(
            of_outlet={id_: row.channel for id_, row in rows.items() if row is not None},
            freeze_s=freeze_moments(session, date, at),
            thawed=None,
        ),
        job_ids=job_ids.keys(),
        standing={job_id: state for job_id, state in job_ids.items() if stands(job_id)},
        by=by,
        at=at,
    )


def _created(
    row: Mapping[str, Any],
    standing: JobState | None,
    channel: str,
    freeze_at: dt.datetime | None,
    by: By,
    at: dt.datetime,
) -> dict[str, Any]:
    known = standing is JobState.ACKNOWLEDGED
    nothing = ("reason", "en_route_at", "on_site_at", "ended_at", "customer_told_at", "last_call", "replan_since")
    zeros = ("outlet_tries", "outlet_unreached", "customer_tries", "customer_unreached")
    return {
        "id": new_id("item"),
        "version": 1,
        **{name: row[name] for name in SENT},
        **dict.fromkeys(nothing),
        **dict.fromkeys(zeros, 0),
        "channel": str(channel),
        "freeze_at": freeze_at,
        "state": (ItemState.ACKNOWLEDGED if known else ItemState.PENDING).value,
        "sent_at": at,
        "sends": 1,
        "acknowledged_at": at if known else None,
        "acknowledged_version": 1 if known else None,
        "actor": by.actor,
        "alarmed_at": None,
        "created_at": at,
        "updated_at": at,
    }


def _changed(
    item: DispatchItem,
    row: Mapping[str, Any],
    channel: str,
    freeze_at: dt.datetime | None,
    by: By,
    at: dt.datetime,
) -> tuple[dict[str, Any], dict[str, Any]]:
    was = {"technician_id": item.technician_id, "start_at": item.start_at.isoformat(), "state": item.state}
    now = {name: row[name] for name in ("technician_id", "date", "start_at", "end_at", "plan_id")}
    calls = dict.fromkeys(("outlet_unreached", "customer_unreached"), 0)
    columns = {
        **columns_of(item),
        **now,
        **calls,
        "version": item.version + 1,
        "channel": str(channel),
        "freeze_at": freeze_at,
        "state": ItemState.PENDING.value,
        "sent_at": at,
        "sends": item.sends + 1,
        "acknowledged_at": None,
        "acknowledged_version": None,
        "customer_told_at": None,
        "replan_since": None,
        "alarmed_at": None,
        "actor": by.actor,
        "updated_at": at,
    }
    return columns, {"was": {**was, "date": item.date.isoformat(), "outlet_id": item.outlet_id}}


def _withdrawn(
    item: DispatchItem, row: Mapping[str, Any] | None, by: By, at: dt.datetime
) -> tuple[dict[str, Any], dict[str, Any]]:
    reason = "no visit any more" if row is None else "another outlet comes"
    columns = {
        **columns_of(item),
        "version": item.version + 1,
        "state": ItemState.CANCELLED.value,
        "reason": reason,
        "ended_at": at,
        "actor": by.actor,
        "updated_at": at,
    }
    return columns, {"reason": reason}


def _hold_freezes(
    todo: _Round,
    standing: Collection[str],
    thawed: Collection[str],
    freeze_s: Mapping[Channel, int],
    at: dt.datetime,
) -> None:
    """Refuse to change what an outlet was told for good; what only is written down for the first time is no change."""
    late: dict[str, set[str]] = {}
    for columns, said in (*todo.created, *todo.changed, *todo.withdrawn):
        if columns["job_id"] in standing and columns["state"] != ItemState.CANCELLED:
            continue
        moments = [columns["freeze_at"]]
        if "was" in said:
            was = dt.date.fromisoformat(said["was"]["date"])
            moments.append(freeze_moment(freeze_s, columns["channel"], was))
        if columns["outlet_id"] not in thawed and any(moment is not None and moment <= at for moment in moments):
            late.setdefault(columns["outlet_id"], set()).add(columns["job_id"])
    if late:
        jobs = sorted(job_id for ids in late.values() for job_id in ids)
        raise Conflict(
            f"{len(late)} outlets reached by phone or fax have been frozen since this was planned; plan again, or "
            "report a disruption.",
            members={"outlet_ids": sorted(late)[:MOST_NAMED], "job_ids": jobs[:MOST_NAMED]},
        )


def _write(session: Session, todo: _Round, by: By, at: dt.datetime) -> None:
    # Withdrawn ones first: a job has one open item.
    for rows in (todo.withdrawn, todo.changed):
        if rows:
            session.execute(update(DispatchItem), [columns for columns, _ in rows])
    if todo.created:
        session.execute(insert(DispatchItem), [columns for columns, _ in todo.created])
    for kind, rows in (("withdrawn", todo.withdrawn), ("changed", todo.changed), ("created", todo.created)):
        log_items(session, kind, rows, by=by, at=at, written_at=at)
    session.expire_all()


def _offer(session: Session, todo: _Round, standing: Mapping[str, JobState], by: By, at: dt.datetime) -> None:
    """Say of jobs that their outlet has been told; who is reached by phone or fax is told by a call."""
    told = [
        columns["job_id"]
        for columns, _ in _pending((*todo.created, *todo.changed))
        if columns["channel"] == Channel.ONLINE
        and standing.get(columns["job_id"], JobState.PLANNED) is JobState.PLANNED
    ]
    if not told:
        return
    offered = (
        update(JobRow)
        .where(JobRow.id == bindparam("told_id"), JobRow.state == JobState.PLANNED.value)
        .values(state=JobState.OFFERED.value, version=JobRow.version + 1, updated_at=at)
    )
    session.connection().execute(offered, [{"told_id": job_id} for job_id in told])
    history = [
        {
            "id": new_id("hist"),
            "job_id": job_id,
            "at": at,
            "actor": by.actor,
            "channel": "online",
            "kind": "state",
            "from_state": JobState.PLANNED.value,
            "to_state": JobState.OFFERED.value,
            "plan_id": by.plan_id,
            "detail": {},
        }
        for job_id in told
    ]
    session.execute(insert(JobHistory), history)
    tell_moves(session, dict.fromkeys(told, JobState.PLANNED.value), at)
    session.expire_all()


def _pending(
    rows: Iterable[tuple[dict[str, Any], dict[str, Any]]],
) -> Iterable[tuple[dict[str, Any], dict[str, Any]]]:
    return (row for row in rows if row[0]["state"] == ItemState.PENDING)
