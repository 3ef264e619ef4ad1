"""Runs a command as a whole process and measures it: seconds, stages, and the memory of all its processes together."""

import os
import re
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from threading import Thread

__all__ = ["MEMORY_KIND", "SAMPLE_S", "TICKS_PER_S", "Run", "busy_ticks", "run_whole", "stages_of", "ticks_of"]

SAMPLE_S = 0.5
"""Memory is read this often; a peak shorter than that can be missed."""
TICKS_PER_S = os.sysconf("SC_CLK_TCK")
CORES = os.cpu_count() or 1
MEMORY_KIND = "PSS" if Path("/proc/self/smaps_rollup").exists() else "RSS"
"""PSS shares out pages that several processes hold, so its sum is true; a sum of RSS counts such pages twice."""

_STAGE = re.compile(r"\s*\d+\.\d s  (\S.*)")
"""A line of progress as `paigong day plan` prints it where there is no terminal."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """What became of a command.

    seconds: from its start to its end, the start of Python included. peak_bytes: largest sum over all its processes
    at one moment. others_share: how much of the machine other programs used meanwhile, 0 … 1. stages: the words of
    each line of progress with the seconds until the next one.
    """

    exit_code: int
    seconds: float
    peak_bytes: int
    others_share: float
    stages: tuple[tuple[str, float], ...]
    output: str
    messages: str


def run_whole(command: Sequence[str]) -> Run:
    """Run a command to its end and measure it; Ctrl-C ends the command too."""
    lines: list[tuple[float, str]] = []
    peak = 0
    ticks: dict[str, int] = {}
    with tempfile.TemporaryFile("w+", encoding="utf-8") as output:
        begun, busy = time.monotonic(), busy_ticks()
        # A session of its own tells its processes from all others, grandchildren included.
        child = subprocess.Popen(
            command, stdout=output, stderr=subprocess.PIPE, text=True, encoding="utf-8", start_new_session=True
        )
        assert child.stderr is not None
        reader = Thread(target=_stamp, args=(child.stderr, begun, lines), daemon=True)
        reader.start()
        try:
            while True:
                try:
                    child.wait(SAMPLE_S)
                    break
                except subprocess.TimeoutExpired:
                    held = _look(child.pid, ticks)
                    peak = max(peak, held)
            seconds = time.monotonic() - begun
        finally:
            if child.poll() is None:
                os.killpg(child.pid, signal.SIGTERM)
                child.wait()
        reader.join(timeout=5)
        output.seek(0)
        return Run(
            exit_code=child.returncode,
            seconds=seconds,
            peak_bytes=peak,
            others_share=max(0, busy_ticks() - busy - sum(ticks.values())) / TICKS_PER_S / seconds / CORES,
            stages=stages_of(lines, seconds),
            output=output.read(),
            messages="".join(line for _, line in lines if not _STAGE.fullmatch(line.rstrip("\n"))),
        )


def stages_of(lines: Iterable[tuple[float, str]], end: float) -> tuple[tuple[str, float], ...]:
    """Return the stages among stamped lines, each lasting until the next; what comes before the first is the start."""
    begins = [(stamp, match[1]) for stamp, line in lines if (match := _STAGE.fullmatch(line.rstrip("\n")))]
    if not begins:
        return ()
    marks = [(0.0, "Starting"), *begins]
    ends = [stamp for stamp, _ in marks[1:]] + [end]
    return tuple((words, until - stamp) for (stamp, words), until in zip(marks, ends, strict=True))


def _stamp(stream: Iterable[str], begun: float, lines: list[tuple[float, str]]) -> None:
    for line in stream:
        lines.append((time.monotonic() - begun, line))


def busy_ticks() -> int:
    """Return the ticks that all cores together have worked since the machine started."""
    user, nice, system, _idle, _waiting, *interrupts = map(
        int, Path("/proc/stat").read_text().split("\n")[0].split()[1:8]
    )
    return user + nice + system + sum(interrupts)


def ticks_of(pid: int) -> int:
    """Return the ticks that a process has worked since it started."""
    state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return int(state[11]) + int(state[12])


def _look(session: int, ticks: dict[str, int]) -> int:
    """Return the memory of all processes of a session at this moment, and note how long each has worked."""
    processes = (entry for entry in Path("/proc").iterdir() if entry.name.isdigit())
    return sum(_process_bytes(process, session, ticks) for process in processes)


def _process_bytes(process: Path, session: int, ticks: dict[str, int]) -> int:
    """Return a process's memory, 0 when it belongs to another session or has just ended."""
    try:
        # The name, in brackets, may hold anything; after it come state, parent, group, session and others.
        state = (process / "stat").read_text().rpartition(")")[2].split()
        if int(state[3]) != session:
            return 0
        ticks[process.name] = int(state[11]) + int(state[12])
        if MEMORY_KIND == "PSS":
            rows = (process / "smaps_rollup").read_text().splitlines()
            return 1024 * next((int(row.split()[1]) for row in rows if row.startswith("Pss:")), 0)
        return int((process / "statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except (FileNotFoundError, ProcessLookupError):
        return 0
