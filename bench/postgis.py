"""A throw-away PostgreSQL with PostGIS, in a folder of its own; it listens on a Unix socket only.

PostgreSQL refuses to be run by root: root's cluster is run by Debian's user `postgres`.
"""

import contextlib
import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from threading import Thread
from typing import Any

import psycopg

__all__ = ["Cluster", "cluster", "stores"]

BINARIES = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name))
OWNER = "postgres"
DATABASE_USER = "paigong"
# No disk needs to survive a power cut; killed processes lose nothing, for what is written stays with the kernel.
INITDB = ("--locale=C.UTF-8", "--no-sync")
FAST = ("fsync=off", "full_page_writes=off", "max_connections=200")


class Cluster:
    """A running cluster; databases are named as their tests like."""

    def __init__(self, folder: Path, *settings: str) -> None:
        """Make it and start it; settings: more of PostgreSQL's, as `name=value`."""
        self._settings = settings
        assert BINARIES, "PostgreSQL is not installed: .ci/install-postgis says what to type"
        self.folder = folder
        self.data = folder / "data"
        environment = {"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8", "HOME": str(folder)}
        self._place: dict[str, Any] = {"cwd": folder, "env": environment}
        if os.geteuid() == 0:
            shutil.chown(folder, OWNER, OWNER)
            self._place |= {"user": OWNER, "group": OWNER, "extra_groups": []}
        made = subprocess.run(
            [BINARIES[-1] / "initdb", "-D", self.data, "-A", "trust", "-U", DATABASE_USER, "-E", "UTF8", *INITDB],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            **self._place,
        )
        assert made.returncode == 0, made.stdout + made.stderr
        self.start()

    def start(self) -> None:
        """Start the cluster, and wait until it answers; after a crash it recovers first."""
        settings = (
            *FAST,
            *self._settings,
            f"unix_socket_directories={self.folder}",
            "listen_addresses=",
            "logging_collector=off",
        )
        options = [word for setting in settings for word in ("-c", setting)]
        # A child of ours, so that its end can be waited for: nobody else may collect the killed.
        self._server = subprocess.Popen(
            [BINARIES[-1] / "postgres", "-D", self.data, *options],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            **self._place,
        )
        assert self._server.stderr is not None
        said = []
        for line in self._server.stderr:
            said.append(line)
            if "ready to accept connections" in line:
                break
        else:
            raise AssertionError("".join(said))
        # What it says later nobody reads, but a full pipe would stop it.
        self._drain = Thread(target=self._server.stderr.read, daemon=True)
        self._drain.start()

    def stop(self) -> None:
        """Stop the cluster without asking anybody."""
        self._server.send_signal(signal.SIGQUIT)
        self._ended()

    def kill(self) -> None:
        """Kill every process of the cluster with SIGKILL, as a crash would; `start` brings it back."""
        for pid in (self._server.pid, *_children(self._server.pid)):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self._ended()

    def _ended(self) -> None:
        self._drain.join()
        self._server.communicate()

    def url(self, database: str) -> str:
        """Return SQLAlchemy's address of a database."""
        return f"postgresql+psycopg://{DATABASE_USER}@/{database}?host={self.folder}"

    def create(self, database: str, template: str = "template1") -> str:
        """Create a database, as a copy of another one, and return its address."""
        self._execute(f'CREATE DATABASE "{database}" TEMPLATE "{template}"')
        return self.url(database)

    def drop(self, database: str) -> None:
        """Drop a database, whoever is still connected."""
        self._execute(f'DROP DATABASE "{database}" WITH (FORCE)')

    def _execute(self, statement: str) -> None:
        with psycopg.connect(
            host=str(self.folder), user=DATABASE_USER, dbname="postgres", autocommit=True
        ) as connection:
            connection.execute(statement)


def _children(pid: int) -> list[int]:
    tasks = Path(f"/proc/{pid}/task/{pid}/children")
    return [int(child) for child in tasks.read_text().split()] if tasks.exists() else []


@contextlib.contextmanager
def cluster(*settings: str) -> Iterator[Cluster]:
    """Yield a cluster that is gone afterwards; settings: more of PostgreSQL's, as `name=value`."""
    # A short path: a Unix socket's may have 107 characters. It is not pytest's folder, which only its user may enter.
    folder = Path(tempfile.mkdtemp(prefix="paigong-pg-"))
    try:
        running = Cluster(folder, *settings)
        try:
            yield running
        finally:
            running.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextlib.contextmanager
def stores(names: Sequence[str]) -> Iterator[dict[str, str]]:
    """Yield addresses of empty stores by name (sqlite, postgis), for one program to use; they are gone afterwards."""
    with tempfile.TemporaryDirectory() as folder:
        found = {"sqlite": f"sqlite:///{folder}/bench.db"} if "sqlite" in names else {}
        if "postgis" not in names:
            yield found
            return
        with cluster() as running:
            yield {**found, "postgis": running.create("bench")}
