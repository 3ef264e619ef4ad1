"""Real processes: what `paigong serve` and `paigong key` say, refuse and survive."""

import http.client
import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import httpx
import pytest

from api.database import Database
from api.event_types import EventType
from api.events import emit

ROOT = Path(__file__).parents[2]
PATIENCE_S = 120


def paigong(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", "from api.cli import main; main()", *arguments],
        cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT), **environment},
        capture_output=True, text=True, timeout=PATIENCE_S, check=False,
    )  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Served:
    """A server that runs."""

    process: subprocess.Popen[str]
    address: str

    @property
    def port(self) -> int:
        return int(self.address.rsplit(":", 1)[1])


@contextmanager
def served(url: str) -> Iterator[Served]:
    process = subprocess.Popen(
        [sys.executable, "-c", "from api.cli import main; main()", "serve", "--port", "0", "--database", url],
        cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1"},
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
    )  # fmt: skip
    try:
        assert process.stdout is not None
        found = re.search(r"http://[0-9.:]+", process.stdout.readline())
        assert found, "it did not start"
        yield Served(process=process, address=found[0])
    finally:
        process.kill()
        process.wait()
        if process.stdout is not None:
            process.stdout.close()


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> str:
    return f"sqlite:///{tmp_path_factory.mktemp('served') / 'paigong.db'}"


@pytest.fixture(scope="module")
def key(url: str) -> str:
    made = paigong("key", "make", "--development", "--database", url)
    assert made.returncode == 0, made.stderr
    return made.stdout.strip()


class Door(HTTPServer):
    """A receiver of webhooks on a port that stays the same when it is opened anew."""

    allow_reuse_address = True

    def __init__(self, port: int, got: list[str]) -> None:
        self.got = got
        super().__init__(("127.0.0.1", port), _Handler)
        self.thread = threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        self.thread.start()

    def shut(self) -> None:
        self.shutdown()
        self.server_close()
        self.thread.join()


class _Handler(BaseHTTPRequestHandler):
    server: Door

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        event = json.loads(body)
        self.server.got.append(f"{event['subject']}{event['data']['n']} {self.headers['webhook-id']}")
        self.send_response(204)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


def test_beyond_this_machine_it_serves_only_with_a_key(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'keyless.db'}"
    refused = paigong("serve", "--host", "0.0.0.0", "--port", "0", "--database", url)
    assert refused.returncode == 2
    assert "paigong key make" in refused.stderr
    assert not (tmp_path / "keyless.db").exists()
    nameless = paigong("key", "make", "--database", url)
    assert (nameless.returncode, "--name" in nameless.stderr) == (2, True)
    nowhere = paigong("key", "make", "--name", "tickets", "--centre", "C99", "--database", url)
    assert (nowhere.returncode, "C99: no centre" in nowhere.stderr) == (2, True)
    made = paigong("key", "make", "--name", "tickets", "--database", url)
    assert "reading only" in made.stderr
    header, listed = paigong("key", "list", "--database", url).stdout.splitlines()
    assert header.split()[0] == "KEY"
    assert "until revoked" in listed
    revoked = paigong("key", "revoke", listed.split()[0], "--database", url)
    assert revoked.returncode == 0
    assert paigong("key", "revoke", listed.split()[0], "--database", url).stdout == revoked.stdout
    assert "revoked" in paigong("key", "list", "--database", url).stdout
    assert paigong("serve", "--host", "0.0.0.0", "--port", "0", "--database", url).returncode == 2
    assert paigong("key", "revoke", "key_none", "--database", url).returncode == 2


def test_a_port_that_is_taken_is_refused(url: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        refused = paigong("serve", "--port", str(taken.getsockname()[1]), "--database", url)
    assert refused.returncode == 2
    assert "PAIGONG_PORT" in refused.stderr


def test_bodies_of_200_mb_are_refused_declared_and_chunked(url: str, key: str) -> None:
    with served(url) as running:
        headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
        connection = http.client.HTTPConnection("127.0.0.1", running.port, timeout=PATIENCE_S)
        connection.putrequest("POST", "/v1/webhooks")
        for name, value in {**headers, "Content-Length": "200000000"}.items():
            connection.putheader(name, value)
        connection.endheaders()
        assert connection.getresponse().status == 413
        connection.close()
        assert _chunked(running.port, headers, 200) in {413, None}
        assert httpx.get(f"{running.address}/healthz", trust_env=False).status_code == 200
        memory = Path(f"/proc/{running.process.pid}/status").read_text()
        assert int(re.findall(r"VmHWM:\s+(\d+)", memory)[0]) < 1_000_000, "a body that is refused is not kept"


def _chunked(port: int, headers: dict[str, str], megabytes: int) -> int | None:
    """Return the status of a body sent in chunks, None where the server hung up on it before it was sent."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE_S)
    chunk = b"x" * 1_000_000
    try:
        connection.request(
            "POST", "/v1/webhooks", body=(chunk for _ in range(megabytes)), headers=headers, encode_chunked=True
        )
        return connection.getresponse().status
    except (BrokenPipeError, ConnectionResetError):
        return None
    finally:
        connection.close()


def test_events_reach_a_receiver_that_was_away_through_a_server_that_was_killed(url: str, key: str) -> None:
    got: list[str] = []
    door = Door(0, got)
    port = door.server_port
    headers = {"Authorization": f"Bearer {key}"}
    database = Database(url)

    def happen(*events: tuple[str, int]) -> None:
        with database.write() as session:
            for subject, n in events:
                emit(session, EventType.JOB_CREATED, subject, {"n": n})

    with served(url) as running:
        made = httpx.post(
            f"{running.address}/v1/webhooks",
            json={"url": f"http://127.0.0.1:{port}/"},
            headers=headers,
            trust_env=False,
        )
        assert made.status_code == 201
        happen(("x", 0))
        wait_for(lambda: len(got) == 1)
        door.shut()
        happen(("a", 1), ("b", 1), ("a", 2))
        wait_for(lambda: failures(running, headers) > 0)
        running.process.send_signal(signal.SIGKILL)
    happen(("b", 2))
    door = Door(port, got)
    with served(url) as running:
        wait_for(lambda: len({line.split()[1] for line in got}) == 5)
        running.process.send_signal(signal.SIGTERM)
        assert running.process.wait(PATIENCE_S) == 0
    door.shut()
    database.close()
    told = list(dict.fromkeys(got))
    assert sorted(line.split()[0] for line in told) == ["a1", "a2", "b1", "b2", "x0"]
    for subject in "ab":
        mine = [line for line in told if line.startswith(subject)]
        assert mine == sorted(mine), "in order per subject"


def failures(running: Served, headers: dict[str, str]) -> int:
    shown = httpx.get(f"{running.address}/v1/webhooks", headers=headers, trust_env=False).json()
    return int(shown["items"][0]["failures"])


def wait_for(is_so: Callable[[], bool]) -> None:
    """Look again and again; how long it takes is not what is tested."""
    pause = threading.Event()
    for _ in range(PATIENCE_S * 10):
        if is_so():
            return
        pause.wait(0.1)
    raise AssertionError("it never became so")
