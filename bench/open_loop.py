"""Requests at a fixed rate over kept-alive connections: each is sent when it is due, whatever became of those before.

One thread, requests written beforehand, answers read by their length and no further: the client must not take the
cores that it measures. What it takes itself is measured with the rest.
"""

import asyncio
import json
import os
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bench.whole_process import TICKS_PER_S, busy_ticks, ticks_of

__all__ = ["Outcome", "Replay", "Served", "replay", "written"]

LEAD_S = 0.5
"""The first request is due so long after the start."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Served:
    """A process that serves a store."""

    port: int
    pid: int

    @property
    def address(self) -> str:
        """Where it answers."""
        return f"http://127.0.0.1:{self.port}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of a request. ms: from when it was due to the last byte of its answer."""

    ms: float
    status: int
    body: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Replay:
    """All outcomes, in the order of the requests, and how many cores client, server and all others took meanwhile."""

    outcomes: tuple[Outcome, ...]
    client: float
    server: float
    others: float

    def said(self) -> str:
        """Return a sentence about the cores: a figure of a machine that others use is worth less."""
        return f"Server {self.server:.2f} cores, client {self.client:.2f}, other programs {self.others:.2f}."


def written(method: str, path: str, headers: Mapping[str, str], body: Any = None) -> bytes:
    """Return the bytes of a request, ready to be sent."""
    content = b"" if body is None else json.dumps(body, ensure_ascii=False).encode()
    about = {"Host": "127.0.0.1", **headers, "Content-Length": str(len(content))}
    if body is not None:
        about["Content-Type"] = "application/json"
    lines = [f"{method} {path} HTTP/1.1", *(f"{name}: {value}" for name, value in about.items())]
    return "\r\n".join([*lines, "", ""]).encode() + content


def replay(served: Served, requests: Sequence[bytes], *, rate: float, seconds: float) -> Replay:
    """Send requests, in turn, so many a second for so long."""
    before = time.perf_counter(), busy_ticks(), ticks_of(served.pid), ticks_of(os.getpid())
    outcomes = asyncio.run(_replay(served.port, requests, rate, int(rate * seconds)))
    after = time.perf_counter(), busy_ticks(), ticks_of(served.pid), ticks_of(os.getpid())
    took, busy, server, client = (now - then for now, then in zip(after, before, strict=True))
    cores = [ticks / TICKS_PER_S / took for ticks in (client, server, max(0, busy - server - client))]
    return Replay(outcomes=outcomes, client=cores[0], server=cores[1], others=cores[2])


async def _replay(port: int, requests: Sequence[bytes], rate: float, count: int) -> tuple[Outcome, ...]:
    lines, begun = _Lines(port), time.perf_counter() + LEAD_S

    async def one(number: int) -> Outcome:
        due = begun + number / rate
        await asyncio.sleep(due - time.perf_counter())
        status, body = await lines.ask(requests[number % len(requests)])
        return Outcome(ms=1_000 * (time.perf_counter() - due), status=status, body=body)

    outcomes = await asyncio.gather(*(one(number) for number in range(count)))
    lines.close()
    return tuple(outcomes)


class _Lines:
    """Connections to a port; one that is free is used again, the last one first."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._free: list[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = []

    async def ask(self, request: bytes) -> tuple[int, bytes]:
        """Return status and body of the answer to a request."""
        line = self._free.pop() if self._free else await asyncio.open_connection("127.0.0.1", self._port)
        reader, writer = line
        writer.write(request)
        head = await reader.readuntil(b"\r\n\r\n")
        first, *fields = head.decode("latin-1").split("\r\n")
        lengths = [int(field.split(":")[1]) for field in fields if field.lower().startswith("content-length:")]
        body = await reader.readexactly(lengths[0])
        self._free.append(line)
        return int(first.split(" ")[1]), body

    def close(self) -> None:
        """Close what is open."""
        for _, writer in self._free:
            writer.close()
