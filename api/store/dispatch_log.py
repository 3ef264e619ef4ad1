"""What every change of a dispatch item leaves behind: its entry, which nobody can change, and its event."""

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from api.dispatch_states import OPEN, ItemState
from api.event_types import EventType
from api.events import emit_all
from api.job_states import JobState
from api.store.batches import batches
from api.store.jobs import By
from api.tables.base import new_id
from api.tables.dispatch import DispatchEntry, DispatchItem

__all__ = ["PREFIX", "columns_of", "follow_job", "log_item", "log_items", "open_items"]

PREFIX = "dispatch_item."
AT_ONCE = 5_000


def log_items(
    session: Session,
    kind: str,
    items: Iterable[tuple[Mapping[str, Any], Mapping[str, Any]]],
    *,
    by: By,
    at: dt.datetime,
    written_at: dt.datetime,
) -> None:
    """Write an entry and an event for each of these items: its columns, and what is said about it."""
    entries, events = [], []
    for item, detail in items:
        entries.append(
            {
                "id": new_id("entry"),
                "item_id": item["id"],
                "at": at,
                "written_at": written_at,
                "actor": by.actor,
                "channel": by.channel,
                "kind": kind,
                "state": item["state"],
                "version": item["version"],
                "plan_id": item["plan_id"],
                "detail": dict(detail),
            }
        )
        said = {name: item[name] for name in ("job_id", "outlet_id", "technician_id", "channel", "state", "version")}
        said |= {"plan_id": item["plan_id"], "start_at": item["start_at"].isoformat(), **detail}
        events.append((item["id"], said, item["centre_id"]))
    if entries:
        session.execute(insert(DispatchEntry), entries)
        emit_all(session, EventType(f"{PREFIX}{kind}"), events, at=written_at)


def log_item(
    session: Session,
    item: DispatchItem,
    kind: str,
    *,
    by: By,
    at: dt.datetime,
    written_at: dt.datetime,
    detail: Mapping[str, Any] | None = None,
) -> None:
    """Write an entry and an event about one item as it is now."""
    session.flush()
    log_items(session, kind, [(columns_of(item), detail or {})], by=by, at=at, written_at=written_at)


def columns_of(item: DispatchItem) -> dict[str, Any]:
    """Return an item as its columns."""
    return {column.key: getattr(item, column.key) for column in DispatchItem.__table__.columns}


def open_items(session: Session, job_ids: Sequence[str]) -> Iterator[DispatchItem]:
    """Yield the open items of jobs."""
    states = [state.value for state in OPEN]
    for some in batches(job_ids, AT_ONCE):
        yield from session.scalars(
            select(DispatchItem).where(DispatchItem.job_id.in_(some), DispatchItem.state.in_(states))
        )


_FOLLOWS: Mapping[JobState, ItemState] = {
    JobState.ACKNOWLEDGED: ItemState.ACKNOWLEDGED,
    JobState.EN_ROUTE: ItemState.IN_PROGRESS,
    JobState.ON_SITE: ItemState.IN_PROGRESS,
    JobState.DONE: ItemState.COMPLETED,
    JobState.NEEDS_PART: ItemState.HELD,
    JobState.FAILED: ItemState.FAILED,
    JobState.NEEDS_VISIT: ItemState.CANCELLED,
    JobState.CANCELLED: ItemState.CANCELLED,
}
"""What becomes of an open item when somebody moves its job."""


def follow_job(session: Session, job_id: str, to: JobState, *, by: By, at: dt.datetime) -> None:
    """Let the open item of a job go with it, forwards only; an item that went first is left alone."""
    state = _FOLLOWS.get(to)
    if state is None:
        return
    for item in open_items(session, [job_id]):
        before = ItemState(item.state)
        if state in OPEN and OPEN.index(state) <= OPEN.index(before):
            continue
        item.state = state.value
        item.version += 1
        item.updated_at = at
        item.actor = by.actor
        if state not in OPEN:
            item.ended_at = at
        kind = "withdrawn" if state is ItemState.CANCELLED else "progressed"
        log_item(session, item, kind, by=by, at=at, written_at=at, detail={"job_state": to.value})
