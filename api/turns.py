"""Work that one process at a time does: a lock that ends with its holder, however it ends."""

import fcntl
import os
import zlib

from sqlalchemy import Connection, text
from sqlalchemy.exc import SQLAlchemyError

from api.database import Database

__all__ = ["Turn"]


class Turn:
    """One named lock of a store: an advisory lock on PostgreSQL, a lock on a file beside an SQLite database."""

    def __init__(self, database: Database, name: str) -> None:
        self._database = database
        self._name = name
        self._number = zlib.crc32(name.encode())
        self._connection: Connection | None = None
        self._file: int | None = None

    def is_ours(self) -> bool:
        """Return whether this process holds the lock, taking it if it is free."""
        if self._database.is_sqlite:
            return self._has_file()
        try:
            return self._has_advisory_lock()
        except SQLAlchemyError:
            self.give_up()
            return False

    def give_up(self) -> None:
        """Let others have it."""
        if self._file is not None:
            os.close(self._file)
            self._file = None
        if self._connection is not None:
            # Not back into the pool: the lock would live on with the connection.
            self._connection.invalidate()
            self._connection.close()
            self._connection = None

    def _has_file(self) -> bool:
        if self._file is not None:
            return True
        descriptor = os.open(f"{self._database.url.database}.{self._name}.lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            return False
        self._file = descriptor
        return True

    def _has_advisory_lock(self) -> bool:
        if self._connection is not None:
            self._connection.execute(text("SELECT 1"))  # raises when the server has gone, and the lock with it
            return True
        connection = self._database.engine.connect().execution_options(isolation_level="AUTOCOMMIT")
        if not connection.execute(text("SELECT pg_try_advisory_lock(:number)"), {"number": self._number}).scalar():
            connection.close()
            return False
        self._connection = connection
        return True
