"""A server of a store, in a process that can be killed."""

import os
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager

import httpx

from tests.api.forked import Forked

__all__ = ["served"]

PATIENCE_S = 300


@contextmanager
def served(url: str, headers: dict[str, str], *stop: str) -> Iterator[tuple[httpx.Client, Forked]]:
    """Yield a client of a server in a process of its own, and the process; stop: where it shall stand still."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    process = Forked("tests.api.booking.serve:main", (url, str(port), *stop), None, os.environ)
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", headers=headers, timeout=PATIENCE_S) as client:
            until = time.monotonic() + PATIENCE_S
            while time.monotonic() < until:
                try:
                    client.get("/healthz").raise_for_status()
                    break
                except httpx.TransportError:
                    time.sleep(0.1)
            yield client, process
    finally:
        process.kill()
