"""What every table shares: names of constraints, instants with an offset, ids that sort by the time they were given."""

import datetime as dt
from typing import Any, cast

import uuid_utils
from sqlalchemy import DateTime, Dialect, MetaData, Table
from sqlalchemy.orm import DeclarativeBase
from sqlalchemy.types import TypeDecorator

__all__ = ["Base", "Instant", "new_id"]


class Base(DeclarativeBase):
    """All tables; constraints have names, so that migrations can drop them and errors can tell them apart."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )

    @classmethod
    def plain(cls) -> Table:
        """Return the table itself, for rows that are written without becoming objects of the session."""
        return cast("Table", cls.__table__)


class Instant(TypeDecorator[dt.datetime]):
    """A moment: aware in, aware in UTC out; SQLite, which knows no offsets, is given UTC."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: dt.datetime | None, dialect: Dialect) -> dt.datetime | None:
        """Refuse a moment without an offset: it would mean another one on another machine."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"{value} has no offset")
        return value.astimezone(dt.UTC)

    def process_result_value(self, value: Any, dialect: Dialect) -> dt.datetime | None:
        """Return the moment in UTC."""
        if value is None:
            return None
        moment: dt.datetime = value
        return moment.replace(tzinfo=dt.UTC) if moment.tzinfo is None else moment.astimezone(dt.UTC)


def new_id(prefix: str) -> str:
    """Return a new id such as `job_0198…`: unique, and later ones sort later (UUID version 7, RFC 9562)."""
    return f"{prefix}_{uuid_utils.uuid7().hex}"
