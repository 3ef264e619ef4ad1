"""The command line's `paigong serve`."""

import errno
import ipaddress
import signal
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated

import typer
import uvicorn

from api.app import create_app
from api.clock import utc_now
from api.database import Database
from api.logs import configure_logs
from api.opening import DatabaseUrl, opened, stands
from api.settings import Settings, read_settings
from api.store import keys
from api.supervisor import Supervisor
from datasets.faults import Refusal

__all__ = ["ServeRefused", "serve_app"]

BACKLOG = 2_048
GRACE_S = 10
"""Seconds that answers under way have to end in, event streams included."""

serve_app = typer.Typer(add_completion=False)


class _Server(uvicorn.Server):
    """A server that ends well when it is told to end."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Take Ctrl-C and SIGTERM as the end of service, without raising them again afterwards."""
        before = {number: signal.signal(number, self.handle_exit) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)


class ServeRefused(Refusal):
    """It cannot be served like that."""


def _settings(url: str | None, host: str | None = None, port: int | None = None) -> Settings:
    return read_settings(database_url=url, host=host, port=port)


@serve_app.command("serve")
def _serve(
    host: Annotated[str | None, typer.Option(help="Address to listen on (default 127.0.0.1).")] = None,
    port: Annotated[int | None, typer.Option(min=0, max=65_535, help="Port (default 8000; 0: a free one).")] = None,
    url: DatabaseUrl = None,
    work: Annotated[
        bool, typer.Option(help="Also run plans, in a worker process that is started anew when it dies.")
    ] = True,
) -> None:
    """Serve the API until Ctrl-C. Beyond this machine only when a key exists: paigong key make."""
    settings = _settings(url, host, port)
    configure_logs(settings.log_level)
    is_alone = _is_loopback(settings.host)
    if not is_alone and not stands(settings.database_url):
        raise _keyless(settings.host)
    database = opened(settings.database_url)
    if not is_alone and not _has_key(database):
        raise _keyless(settings.host)
    database.close()
    listening = _listen(settings.host, settings.port)
    address = listening.getsockname()
    shown = f"[{address[0]}]" if ":" in address[0] else address[0]
    typer.echo(f"Paigong answers at http://{shown}:{address[1]} – documentation at /docs; Ctrl-C ends it.")
    supervisor = Supervisor(settings) if work else None
    config = uvicorn.Config(
        create_app(settings),
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=GRACE_S,
    )
    if supervisor is not None:
        supervisor.start()
    try:
        _Server(config).run(sockets=[listening])
    finally:
        if supervisor is not None:
            supervisor.stop()


def _keyless(host: str) -> ServeRefused:
    return ServeRefused(f"{host}: reached from elsewhere, and no key is valid; first: paigong key make")


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _has_key(database: Database) -> bool:
    with database.read() as session:
        return keys.some_key_opens(session, utc_now())


def _listen(host: str, port: int) -> socket.socket:
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        listening = socket.socket(family, kind, protocol)
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind(address)
        listening.listen(BACKLOG)
    except OSError as error:
        hint = "; another one: --port or PAIGONG_PORT" if error.errno == errno.EADDRINUSE else ""
        raise ServeRefused(f"{host}:{port}: {error.strerror or error}{hint}") from None
    listening.set_inheritable(False)
    return listening
