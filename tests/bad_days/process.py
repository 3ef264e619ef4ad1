"""Runs the installed command as its users do: a real process, with or without a terminal, open to signals."""

import fcntl
import os
import pty
import re
import select
import signal
import subprocess
import sys
import termios
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

__all__ = ["COMMAND", "DEADLINE_S", "Run", "Terminal", "busy_seconds", "nobody_left", "until", "workers"]

COMMAND = Path(sys.executable).parent / "paigong"
DEADLINE_S = 120.0
"""Whatever takes longer is dead: a loaded machine is slow, not that slow."""

TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")
ENVIRONMENT = {name: value for name, value in os.environ.items() if name not in {"NO_COLOR", "FORCE_COLOR", "COLUMNS"}}


def until(holds: Callable[[], object]) -> None:
    """Wait for a condition, with a deadline."""
    end = time.monotonic() + DEADLINE_S
    while not holds():
        assert time.monotonic() < end, "waited in vain"
        threading.Event().wait(0.02)


class Run:
    """A running `paigong` without a terminal, in a session of its own."""

    def __init__(self, *arguments: object, before: Callable[[], None] | None = None) -> None:
        self.process = subprocess.Popen(
            [COMMAND, *map(str, arguments)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
            env=ENVIRONMENT,
            preexec_fn=before,
        )
        self.errors = ""
        self._watchdog = _watch(self.process)

    def until_said(self, text: str) -> None:
        """Read what it says until it says this."""
        assert self.process.stderr is not None
        while text not in self.errors:
            line = self.process.stderr.readline()
            assert line, f"ended without saying {text!r}:\n{self.errors}"
            self.errors += line

    def ctrl_c(self) -> None:
        """Interrupt the whole process group, as a terminal does."""
        os.killpg(self.process.pid, signal.SIGINT)

    def end(self) -> int:
        """Wait for the end and return the exit code; no process of the run is left."""
        output, errors = self.process.communicate()
        self.output = output
        self.errors += errors
        self._watchdog.cancel()
        until(lambda: not members(self.process.pid))
        return self.process.returncode


class Terminal:
    """A running `paigong` whose standard error and keyboard are a terminal."""

    def __init__(self, *arguments: object) -> None:
        self._master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, b"\x18\x00\x78\x00\x00\x00\x00\x00")
        self.process = subprocess.Popen(
            [COMMAND, *map(str, arguments)],
            stdin=slave,
            stdout=subprocess.DEVNULL,
            stderr=slave,
            start_new_session=True,
            env=ENVIRONMENT | {"TERM": "xterm-256color"},
            preexec_fn=_take_terminal,
        )
        os.close(slave)
        self.screen = ""
        self._watchdog = _watch(self.process)

    def until_shown(self, text: str) -> None:
        """Read the screen until this is on it."""
        while text not in self.screen:
            assert self._read(), f"ended without showing {text!r}:\n{self.screen}"

    def press_ctrl_c(self) -> None:
        """Press Ctrl-C on the keyboard; the terminal does the rest."""
        os.write(self._master, b"\x03")

    def end(self) -> int:
        """Read the screen to the end and return the exit code; no process of the run is left."""
        while self._read():
            pass
        code = self.process.wait()
        self._watchdog.cancel()
        os.close(self._master)
        until(lambda: not members(self.process.pid))
        return code

    def _read(self) -> bool:
        while not select.select([self._master], [], [], 0.1)[0]:
            if self.process.poll() is not None:
                return False
        try:
            read = os.read(self._master, 65_536)
        except OSError:  # how Linux says that nobody holds the other end any more
            return False
        self.screen += read.decode(errors="replace")
        return bool(read)


def _take_terminal() -> None:
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)


def _watch(process: subprocess.Popen[str] | subprocess.Popen[bytes]) -> threading.Timer:
    watchdog = threading.Timer(DEADLINE_S, os.killpg, (process.pid, signal.SIGKILL))
    watchdog.daemon = True
    watchdog.start()
    return watchdog


@contextmanager
def nobody_left(run: Run | Terminal) -> Iterator[None]:
    """Kill what a failed test leaves running."""
    try:
        yield
    except BaseException:
        for pid in members(run.process.pid):
            os.kill(pid, signal.SIGKILL)
        run.process.communicate()
        raise


def members(session: int) -> dict[int, int]:
    """Return the live processes of a session with their parents."""
    found = {}
    for pid, fields in _processes():
        if int(fields[3]) == session and fields[0] != "Z":
            found[pid] = int(fields[1])
    return found


def workers(session: int) -> set[int]:
    """Return the worker processes of a session: the children of its fork server."""
    found = members(session)
    servers = {pid for pid in found if "multiprocessing.forkserver" in _command_line(pid)}
    return {pid for pid, parent in found.items() if parent in servers}


def busy_seconds(pid: int) -> float:
    """Return how long a process has computed, 0 when it is gone."""
    for found, fields in _processes():
        if found == pid:
            return (int(fields[11]) + int(fields[12])) / TICKS_PER_SECOND
    return 0.0


def _processes() -> Iterator[tuple[int, list[str]]]:
    """Yield pid and the fields of /proc/PID/stat from the third (state) on."""
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                stat = (entry / "stat").read_text()
            except OSError:
                continue
            yield int(entry.name), re.sub(r"^.*\) ", "", stat, flags=re.DOTALL).split()


def _command_line(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_text().replace("\0", " ")
    except OSError:
        return ""
