"""Processes that are forked from one which has loaded all of Paigong: real ones, without the seconds of loading.

One process per test process loads everything, compiled searches and roads included, and forks whatever is asked for.
A worker forked so also forks the fork servers it starts, where a worker of our users' starts them anew. That both come
up from nothing is tested where `paigong` is started as in a shell: tests/bad_days, test_serve.py, and one run of
test_runs.py.
"""

import atexit
import contextlib
import gc
import importlib
import json
import os
import select
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from multiprocessing import forkserver, resource_tracker, util
from pathlib import Path
from typing import IO, Any

__all__ = ["Forked", "serve"]

ROOT = Path(__file__).parents[2]


class Forked:
    """A process that has everything loaded, and calls a function as a program."""

    def __init__(self, call: str, words: Sequence[str], log: Path | None, environment: Mapping[str, str]) -> None:
        """Start it.

        call: the function, as `module:name`; words: its `sys.argv` but for the first; log: where what
        it writes goes, if not to where ours goes.
        """
        said = {
            "call": call,
            "words": list(words),
            "log": None if log is None else str(log),
            "environment": dict(environment),
        }
        self.pid = _nursery().ask(said)
        try:
            self._descriptor: int | None = os.pidfd_open(self.pid)
        except ProcessLookupError:
            self._descriptor = None

    def lives(self) -> bool:
        """Tell whether it is there still."""
        return not self.wait(0)

    def send(self, number: signal.Signals) -> None:
        """Send it a signal, unless it has ended."""
        if self._descriptor is not None:
            with contextlib.suppress(ProcessLookupError):
                signal.pidfd_send_signal(self._descriptor, number)

    def kill(self) -> None:
        """Kill it, and wait until it has ended."""
        self.send(signal.SIGKILL)
        self.wait()

    def wait(self, patience_s: float | None = None) -> bool:
        """Wait until it has ended, and tell whether it has."""
        if self._descriptor is not None and select.select([self._descriptor], [], [], patience_s)[0]:
            os.close(self._descriptor)
            self._descriptor = None
        return self._descriptor is None


class _Nursery:
    """The process that forks the others."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-c", "from tests.api.forked import serve; serve()"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
        )

    def ask(self, said: Mapping[str, Any]) -> int:
        asked: IO[bytes] = self._process.stdin  # type: ignore[assignment]
        answers: IO[bytes] = self._process.stdout  # type: ignore[assignment]
        asked.write(json.dumps(said).encode() + b"\n")
        asked.flush()
        return int(answers.readline())

    def close(self) -> None:
        self._process.communicate()


@cache
def _nursery() -> _Nursery:
    made = _Nursery()
    atexit.register(made.close)
    return made


def serve() -> None:
    """Load everything, then fork a process for each line of stdin until it ends."""
    _load()
    signal.signal(signal.SIGCHLD, _reap)
    while line := sys.stdin.readline():
        said = json.loads(line)
        called = _called(said["call"])
        pid = os.fork()
        if pid == 0:
            _become(said)
            return called()
        sys.stdout.write(f"{pid}\n")
        sys.stdout.flush()
    return None


def _called(call: str) -> Callable[[], None]:
    module, _, name = call.partition(":")
    found: Callable[[], None] = getattr(importlib.import_module(module), name)
    return found


def _reap(*_: object) -> None:
    """Forget who has ended: nobody asks how."""
    with contextlib.suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass


def _load() -> None:
    gc.disable()
    for module in ("api.cli", "api.cli_serve", "api.cli_work", "api.run_process"):
        importlib.import_module(module)
    from api.warm_up import load_kernels

    load_kernels()
    # Whoever looked at it would have it copied into every process.
    gc.freeze()
    gc.enable()


def _become(said: Mapping[str, Any]) -> None:
    """Be the program that was asked for, but for its call."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    os.environ.clear()
    os.environ.update(said["environment"])
    nothing = os.open(os.devnull, os.O_RDONLY)
    log = os.dup(2) if said["log"] is None else os.open(said["log"], os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644)
    for mine, taken in ((nothing, 0), (log, 1), (log, 2)):
        os.dup2(mine, taken)
    os.close(nothing)
    os.close(log)
    sys.stdout.reconfigure(line_buffering=True)  # type: ignore[union-attr]
    sys.argv = ["paigong", *said["words"]]
    _Starts.anew = util.spawnv_passfds
    util.spawnv_passfds = _started


class _Starts:
    """How multiprocessing starts its servers where nothing was changed."""

    anew: Any = None


def _started(path: Any, args: Sequence[Any], passfds: Sequence[int]) -> int:
    """Fork a fork server where multiprocessing would start one anew; one that is forked from us has all it imports."""
    command = str(args[-1])
    # Its thread that waits for the end of its parent holds no lock; a process with more threads must not be forked.
    if "multiprocessing.forkserver" not in command or threading.active_count() > 2:
        started: int = _Starts.anew(path, args, passfds)
        return started
    pid = os.fork()
    if pid:
        return pid
    try:
        for number in set(map(int, os.listdir("/proc/self/fd"))) - {0, 1, 2, *passfds}:
            with contextlib.suppress(OSError):
                os.close(number)
        for known in signal.valid_signals():
            if callable(signal.getsignal(known)):
                signal.signal(known, signal.SIG_DFL)
        signal.signal(signal.SIGINT, signal.default_int_handler)
        # What it knows of servers is its parent's.
        forkserver.ForkServer.__init__(forkserver._forkserver)  # noqa: SLF001
        resource_tracker.ResourceTracker.__init__(resource_tracker._resource_tracker)  # noqa: SLF001
        exec(command, {})
    finally:
        os._exit(0)
