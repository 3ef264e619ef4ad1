"""Workers on other machines: a Dask cluster that somebody started, with the same Paigong on every machine."""

import hashlib
import logging
import platform
import socket
import threading
import time
import uuid
from collections.abc import Callable
from concurrent.futures import BrokenExecutor, CancelledError, Executor, Future
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Any, ParamSpec, Self, TypeVar

from api.exits import Failure
from api.stop_button import StopButton
from datasets.faults import Refusal
from optimizer.budget import Budget, Remaining
from optimizer.search.anneal import Stop

if TYPE_CHECKING:
    from distributed import Client

__all__ = ["ClusterLost", "ClusterRefused", "ClusterWorkers", "UntilTold", "made_of"]

CONNECT_S = 5.0
"""A scheduler that is there answers at once; after this long it is not."""
LONGEST_GREETING = 1 << 20
NOBODY_S = 30.0
"""A run without a single worker waits this long for one: a nanny starts a new one in a few seconds."""
ASK_EVERY_S = 1.0
"""How often a search asks whether to go on: a question to the scheduler costs a millisecond or two."""
DECIDING = ("numpy", "numba", "ortools", "routingkit-cch", "distributed")
"""Packages that must be the same everywhere, so that it does not matter who works."""

Answer = TypeVar("Answer")
Given = ParamSpec("Given")


class ClusterRefused(Refusal):
    """This cluster cannot plan; the message says what to do."""


class ClusterLost(Failure):
    """The cluster went away while it planned."""


def made_of() -> dict[str, str]:
    """Return what decides the plans that this process makes: Paigong's own text, Python and some packages."""
    root = Path(__file__).parent.parent
    text = hashlib.sha256()
    for package in ("optimizer", "geo", "datasets", "api"):
        for path in sorted((root / package).rglob("*.py")):
            text.update(f"{path.relative_to(root).as_posix()}\n".encode() + path.read_bytes())
    found = {"Paigong": text.hexdigest()[:12], "Python": ".".join(platform.python_version_tuple()[:2])}
    for package in DECIDING:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            found[package] = "none"
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class UntilTold:
    """A budget on another machine: used up at once when the command asks to stop, or is gone."""

    budget: Budget
    event: str

    @property
    def repeats(self) -> bool:
        """True when the budget itself repeats."""
        return self.budget.repeats

    def begin(self, share: float) -> Stop:
        """Begin a share of the budget by this machine's clock."""
        inside, told = self.budget.begin(share), _Told(self.event)

        def stop(steps: int, fen: int = 0, visits: int = 0) -> float:
            return 1.0 if told() else inside(steps, fen, visits)

        return stop

    def seconds_of(self, share: float) -> float | None:
        """Return how long a share of the budget lasts."""
        return self.budget.seconds_of(share)

    def countdown(self, share: float) -> Remaining:
        """Begin a share of the budget on the machine of the command, which knows of a stop."""
        return self.budget.countdown(share)


class _Told:
    """In a worker: asks the scheduler now and then whether the command still wants an answer."""

    def __init__(self, name: str) -> None:
        from distributed import Event, get_client, get_worker

        self._worker = get_worker()
        self._task = self._worker.get_current_task()
        self._event = Event(name, client=get_client())
        self._next = time.monotonic()
        self._told = False

    def __call__(self) -> bool:
        if not self._told and time.monotonic() >= self._next:
            self._told = self._ask()
            self._next = time.monotonic() + ASK_EVERY_S
        return self._told

    def _ask(self) -> bool:
        # A command that was killed leaves no word; the scheduler then takes its tasks back.
        task = self._worker.state.tasks.get(self._task)
        if task is None or task.state == "cancelled":
            return True
        try:
            return bool(self._event.is_set())
        except (OSError, CancelledError):  # nobody is left to take the answer
            return True


class _ClusterExecutor(Executor):
    """Dask's executor, whose ways of saying that a worker or the scheduler died are those of a process pool."""

    def __init__(self, inside: Executor) -> None:
        self._inside = inside
        self._open: set[Future[Any]] = set()
        self._gone = False
        self._lock = threading.Lock()

    def submit(self, work: Callable[Given, Answer], /, *args: Given.args, **kwargs: Given.kwargs) -> Future[Answer]:
        """Give a task to some machine."""
        answer: Future[Answer] = Future()
        try:
            given = self._inside.submit(work, *args, **kwargs)
        except Exception as error:
            message = "the scheduler takes no task"
            raise BrokenExecutor(message) from error
        with self._lock:
            if self._gone:
                message = "no worker is left"
                raise BrokenExecutor(message)
            self._open.add(answer)
        given.add_done_callback(lambda done: self._hand_on(done, answer))
        return answer

    def _hand_on(self, done: Future[Answer], answer: Future[Answer]) -> None:
        from distributed import KilledWorker

        with self._lock:
            if answer not in self._open:
                return
            self._open.discard(answer)
        error = None if done.cancelled() else done.exception()
        if done.cancelled() or isinstance(error, KilledWorker | CancelledError):
            answer.set_exception(BrokenExecutor(str(error)))
        elif error is not None:
            answer.set_exception(error)
        else:
            answer.set_result(done.result())

    def give_up(self) -> None:
        """Answer every open task with the news that nobody works on it."""
        with self._lock:
            given_up, self._open, self._gone = self._open, set(), True
        for answer in given_up:
            answer.set_exception(BrokenExecutor("no worker is left"))


class ClusterWorkers:
    """The workers of a Dask cluster, one search in each; use as a context manager.

    While it is open, the first Ctrl-C asks all searches to end with the best they have, the second one interrupts.
    Raises ClusterRefused when nobody is there or a worker is not made of the same, ClusterLost when all went away.
    """

    def __init__(self, address: str) -> None:
        self._address = address
        self._event = f"paigong-stop-{uuid.uuid4()}"
        self._button = StopButton(self._ask_to_stop)
        self._closing = threading.Event()
        self._nobody = False

    @property
    def count(self) -> int:
        """How many workers there are now."""
        return max(1, len(self._client.nthreads()))

    @property
    def stopped(self) -> bool:
        """True once a person asked to stop."""
        return self._button.pressed

    def until_stopped(self, budget: Budget) -> Budget:
        """Return the budget, used up at once when a person asks to stop."""
        return UntilTold(budget=budget, event=self._event)

    def executor(self) -> Executor:
        """Return an executor in working order; a scheduler that was lost for a moment is waited for."""
        until = time.monotonic() + CONNECT_S
        while self._client.status == "connecting" and time.monotonic() < until:
            self._closing.wait(0.1)
        if self._client.status != "running":
            message = f"The scheduler at {self._address} went away. Start it and its workers again, and plan again."
            raise ClusterLost(message)
        if self._nobody:
            message = f"No worker was left at {self._address} for {NOBODY_S:.0f} s. Start workers, and plan again."
            raise ClusterLost(message)
        return self._executor

    def __enter__(self) -> Self:
        self._client = _connect(self._address)
        try:
            _refuse_others(self._client, self._address)
        except BaseException:
            self._client.close()
            raise
        self._executor = _ClusterExecutor(self._client.get_executor(pure=False))
        self._watch = threading.Thread(target=self._watch_workers, daemon=True)
        self._watch.start()
        self._button.connect()
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        self._button.disconnect()
        self._closing.set()
        self._watch.join()
        if kind is None and self.stopped and self._client.status == "running":
            self._client.sync(self._client.scheduler.event_clear, name=self._event)
        self._client.close()

    def _ask_to_stop(self) -> None:
        # Whatever the signal interrupted may hold a lock of the client: its own thread asks, this one does not wait.
        self._client.loop.add_callback(self._client.scheduler.event_set, name=self._event)

    def _watch_workers(self) -> None:
        """Give up when there is no worker for long: Dask would wait for one for ever."""
        seen = time.monotonic()
        while not self._closing.wait(0.5):
            if self._client.status != "running" or self._client.nthreads():
                seen = time.monotonic()
            elif time.monotonic() - seen > NOBODY_S:
                self._nobody = True
                self._executor.give_up()
                return


def _connect(address: str) -> "Client":
    try:
        from distributed import Client
    except ImportError:
        message = "--scheduler needs the extra `cluster`: pip install 'paigong[cluster]', or make setup."
        raise ClusterRefused(message) from None
    # Dask tells a log what becomes a sentence of ours.
    for log in ("distributed", "distributed.client"):
        logging.getLogger(log).setLevel(logging.CRITICAL)
    try:
        _knock(address)
        return Client(address, timeout=CONNECT_S, set_as_default=False)
    except OSError as error:
        message = (
            f"No scheduler answers at {address} within {CONNECT_S:.0f} s. Is `dask scheduler` running there, "
            "and does a firewall let this machine through? (docs/operations.md)"
        )
        raise ClusterRefused(message) from error
    except Exception as error:
        message = f"--scheduler {address}: {error}. Give the address that the scheduler prints: tcp://HOST:8786."
        raise ClusterRefused(message) from error


def _knock(address: str) -> None:
    """Raise OSError unless a scheduler speaks up: a client that waits for anything else hangs."""
    from distributed import Security
    from distributed.comm import parse_address, parse_host_port

    scheme, location = parse_address(address)
    if scheme not in {"tcp", "tls"}:
        message = f"{scheme} is neither tcp nor tls"
        raise ValueError(message)
    if scheme == "tls" and Security().get_connection_args("client").get("ssl_context") is None:
        message = "Dask's configuration names no certificates for tls"
        raise ValueError(message)
    with socket.create_connection(parse_host_port(location), CONNECT_S) as line:
        # Dask sends the length of its greeting at once; a web server waits to be spoken to, and so does TLS.
        if scheme == "tcp" and int.from_bytes(line.recv(8), "little") not in range(1, LONGEST_GREETING):
            message = "something else than a scheduler answers there"
            raise ValueError(message)


def _refuse_others(client: "Client", address: str) -> None:
    """Refuse a cluster without workers, or with one that would plan differently."""
    threads = client.nthreads()
    if not threads:
        message = f"The scheduler at {address} has no workers. Start some: dask worker {address} --nthreads 1"
        raise ClusterRefused(message)
    faults = [
        f"{worker} has {count} threads: start it with --nthreads 1 and --nworkers for as many processes"
        for worker, count in threads.items()
        if count != 1
    ]
    ours = made_of()
    for worker, theirs in client.run(made_of, on_error="return").items():
        if not isinstance(theirs, dict):
            faults.append(f"{worker} cannot run this Paigong ({theirs}): start it from a .venv of this commit")
        elif theirs != ours:
            other = ", ".join(
                f"{name} {theirs.get(name)}, here {own}" for name, own in ours.items() if theirs.get(name) != own
            )
            faults.append(f"{worker} has {other}: same commit, same make setup everywhere")
    if faults:
        raise ClusterRefused("\n".join(faults))
