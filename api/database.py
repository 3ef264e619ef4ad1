"""The store's connections: PostGIS in production, stock SQLite with shapely's functions as the embedded default."""

import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any

from sqlalchemy import Engine, create_engine, event, make_url, text
from sqlalchemy.orm import Session

from api.spatial_sqlite import add_spatial_functions

__all__ = ["Database"]

BUSY_TIMEOUT_S = 30
_SOON_ON_DISK = text("SET LOCAL synchronous_commit = off")
POOL: dict[str, Any] = {"pool_size": 10, "max_overflow": 40}
"""Connections: of the forty threads that answer, and those beside them, nobody waits for one."""


class Database:
    """One store; `read` and `write` give a session that is one transaction."""

    def __init__(self, url: str) -> None:
        self.url = make_url(url)
        self.is_sqlite = self.url.get_backend_name() == "sqlite"
        self.engine: Engine = _sqlite_engine(url) if self.is_sqlite else create_engine(url, pool_pre_ping=True, **POOL)
        # SQLite's writers wait by asking again, whoever is lucky comes first: in one process they stand in a queue.
        self._turn: AbstractContextManager[Any] = threading.Lock() if self.is_sqlite else nullcontext()

    @contextmanager
    def read(self) -> Iterator[Session]:
        """Yield a session that sees one moment and changes nothing."""
        with Session(self.engine) as session:
            if not self.is_sqlite:
                # By itself PostgreSQL lets each statement see what was committed before it; SQLite's reader does not.
                session.connection(execution_options={"isolation_level": "REPEATABLE READ"})
            yield session
            session.rollback()

    @contextmanager
    def write(self, *, durable: bool = True) -> Iterator[Session]:
        """Yield a session that is committed when the block ends well, and rolled back otherwise.

        durable: what was committed is on the disk; else it is there soon. Processes may be killed either way; a power
        cut then takes the last moments with it, and nothing is half there. For what is asked again at no cost.
        """
        with self._turn, Session(self.engine) as session, session.begin():
            if self.is_sqlite:
                # One writer at a time, from the first line on: a reader that turns writer could only fail.
                session.connection(
                    execution_options={"begin": "IMMEDIATE", "synchronous": "FULL" if durable else "NORMAL"}
                )
            elif not durable:
                session.execute(_SOON_ON_DISK)
            yield session

    def close(self) -> None:
        """Let go of every connection."""
        self.engine.dispose()


def _sqlite_engine(url: str) -> Engine:
    engine = create_engine(url, connect_args={"timeout": BUSY_TIMEOUT_S}, **POOL)

    @event.listens_for(engine, "connect")
    def connect(connection: Any, _: object) -> None:
        # SQLAlchemy says when a transaction begins, not the driver.
        connection.isolation_level = None
        for pragma in ("journal_mode = WAL", "foreign_keys = ON"):
            connection.execute(f"PRAGMA {pragma}")
        add_spatial_functions(connection)

    @event.listens_for(engine, "begin")
    def begin(connection: Any) -> None:
        options = connection.get_execution_options()
        # Before the transaction begins: inside, SQLite does not change it.
        connection.connection.driver_connection.execute(f"PRAGMA synchronous = {options.get('synchronous', 'FULL')}")
        connection.exec_driver_sql(f"BEGIN {options.get('begin', 'DEFERRED')}")

    return engine
