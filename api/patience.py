"""Waiting for the store to come back: a database that restarts is no reason to give up hours of work."""

import time
from collections.abc import Callable
from typing import TypeVar

from sqlalchemy.exc import InterfaceError, OperationalError

__all__ = ["GONE", "PATIENCE_S", "patiently"]

PATIENCE_S = 300.0
LONGEST_PAUSE_S = 2.0
GONE = (OperationalError, InterfaceError)
"""How SQLAlchemy says that the connection broke or nobody answers."""

Returned = TypeVar("Returned")


def patiently(work: Callable[[], Returned], patience_s: float = PATIENCE_S) -> Returned:
    """Do a transaction's work, again while the store is away. It must be repeatable: its commit may have been lost."""
    pause_s, until = 0.1, time.monotonic() + patience_s
    while True:
        try:
            return work()
        except GONE:
            if time.monotonic() >= until:
                raise
        time.sleep(pause_s)
        pause_s = min(2 * pause_s, LONGEST_PAUSE_S)
