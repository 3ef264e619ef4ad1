"""The memory of processes while they work, read from the kernel each second, and whether it grows."""

import os
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

__all__ = ["MIB", "Growth", "Samples", "growth_of", "watched"]

MIB = 1 << 20
EVERY_S = 1.0
PAGE = os.sysconf("SC_PAGE_SIZE")


@dataclass(frozen=True, slots=True, kw_only=True)
class Samples:
    """Seconds since the beginning and MiB (RSS) at each, by the name of a process."""

    seconds: list[float] = field(default_factory=list)
    mib: dict[str, list[float]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Growth:
    """MiB at the middle and the end of the watch, and what a straight line through the second half gains over it."""

    begin: float
    middle: float
    end: float
    most: float
    gained: float


def growth_of(seconds: Sequence[float], mib: Sequence[float]) -> Growth:
    """Return how memory grew; the first half, in which caches fill, does not count."""
    half = len(mib) // 2
    times, values = np.array(seconds[half:]), np.array(mib[half:])
    slope = float(np.polyfit(times, values, 1)[0]) if len(times) > 1 else 0.0
    return Growth(
        begin=mib[0],
        middle=float(np.median(values)),
        end=mib[-1],
        most=max(mib),
        gained=slope * float(times[-1] - times[0]),
    )


@contextmanager
def watched(processes: Mapping[str, int]) -> Iterator[Samples]:
    """Read the memory of processes each second until the block ends; one that is gone has none."""
    samples, over = Samples(mib={name: [] for name in processes}), threading.Event()
    begun = time.monotonic()

    def look() -> None:
        while True:
            samples.seconds.append(time.monotonic() - begun)
            for name, pid in processes.items():
                samples.mib[name].append(_rss(pid) / MIB)
            if over.wait(EVERY_S):
                return

    thread = threading.Thread(target=look, daemon=True)
    thread.start()
    try:
        yield samples
    finally:
        over.set()
        thread.join()


def _rss(pid: int) -> int:
    try:
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * PAGE
    except FileNotFoundError:
        return 0
