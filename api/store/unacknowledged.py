"""Says, once each, which visits begin soon without anybody having said yes."""

import datetime as dt

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from api.dispatch_states import ItemState
from api.store.dispatch_log import columns_of, log_items
from api.store.jobs import By
from api.tables.dispatch import DispatchItem

__all__ = ["watch_items"]


def watch_items(session: Session, now: dt.datetime, within: dt.timedelta) -> int:
    """Write and emit what is new at this moment, and return how many items; run again, it says nothing new.

    Only who has marked an item says it: two watchers at once say each thing once. An item that is sent again can be
    said again.
    """
    marked = (
        update(DispatchItem)
        .where(
            DispatchItem.state == ItemState.PENDING.value,
            DispatchItem.alarmed_at.is_(None),
            DispatchItem.start_at <= now + within,
        )
        .values(alarmed_at=now)
        .returning(DispatchItem.id)
        .execution_options(synchronize_session=False)
    )
    ids = list(session.scalars(marked))
    session.expire_all()
    said = []
    for first in range(0, len(ids), 500):
        some = select(DispatchItem).where(DispatchItem.id.in_(ids[first : first + 500]))
        said += [
            (columns_of(item), {"minutes_left": int((item.start_at - now).total_seconds() // 60)})
            for item in session.scalars(some.order_by(DispatchItem.id))
        ]
    log_items(session, "unacknowledged", said, by=By(actor="watch", channel="clock"), at=now, written_at=now)
    return len(ids)
