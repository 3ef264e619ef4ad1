"""Says, once each, which visits begin soon without anybody having said yes."""

import datetime as dt
from collections.abc import Sequence

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from api.database import Database
from api.dispatch_states import ItemState
from api.store.batches import batches
from api.store.dispatch_log import columns_of, log_items
from api.store.jobs import By
from api.tables.dispatch import DispatchItem

__all__ = ["watch_items"]


AT_ONCE = 500


def watch_items(database: Database, now: dt.datetime, within: dt.timedelta) -> int:
    """Write and emit what is new at this moment, and return how many items; run again, it says nothing new.

    Some items at a time. Only who has marked an item says it: two watchers at once say each thing once. An item that
    is sent again can be said again.
    """
    new = (
        DispatchItem.state == ItemState.PENDING.value,
        DispatchItem.alarmed_at.is_(None),
        DispatchItem.start_at <= now + within,
    )
    with database.read() as session:
        ids = session.scalars(select(DispatchItem.id).where(*new).order_by(DispatchItem.id)).all()
    count = 0
    for some in batches(ids, AT_ONCE):
        marked = (
            update(DispatchItem)
            .where(DispatchItem.id.in_(some), *new)
            .values(alarmed_at=now)
            .returning(DispatchItem.id)
            .execution_options(synchronize_session=False)
        )
        with database.write() as session:
            count += _say(session, session.scalars(marked).all(), now)
    return count


def _say(session: Session, ids: Sequence[str], now: dt.datetime) -> int:
    items = session.scalars(select(DispatchItem).where(DispatchItem.id.in_(ids)).order_by(DispatchItem.id))
    said = [(columns_of(item), {"minutes_left": int((item.start_at - now).total_seconds() // 60)}) for item in items]
    log_items(session, "unacknowledged", said, by=By(actor="watch", channel="clock"), at=now, written_at=now)
    return len(said)
