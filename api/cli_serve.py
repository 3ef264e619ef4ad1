"""The command line's `paigong serve` and `paigong key`."""

import datetime as dt
import ipaddress
import signal
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated

import typer
import uvicorn

from api.app import create_app
from api.auth import Scope
from api.cli_db import opened, stands
from api.clock import utc_now
from api.database import Database
from api.logs import configure_logs
from api.settings import Settings, read_settings
from api.store import keys
from api.supervisor import Supervisor

__all__ = ["ServeRefused", "key_app", "serve"]

BACKLOG = 2_048
GRACE_S = 10
"""Seconds that answers under way have to end in, event streams included."""
DEVELOPMENT_DAYS = 30

key_app = typer.Typer(no_args_is_help=True, help="API keys: make one, list them, revoke one.")

DatabaseUrl = Annotated[
    str | None,
    typer.Option("--database", metavar="URL", help="The store (default: PAIGONG_DATABASE_URL, else ./paigong.db)."),
]


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


class ServeRefused(Exception):
    """It cannot be served like that."""


def _settings(url: str | None, host: str | None = None, port: int | None = None) -> Settings:
    return read_settings(database_url=url, host=host, port=port)


def serve(
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
        raise ServeRefused(f"{host}:{port}: {error.strerror or error}") from None
    listening.set_inheritable(False)
    return listening


@key_app.command("make")
def _make(
    name: Annotated[str | None, typer.Option(help="Who holds it; stands in history and audit.")] = None,
    scopes: Annotated[
        list[Scope] | None, typer.Option("--scope", help="What it may change; repeat the option. Reading needs none.")
    ] = None,
    centres: Annotated[
        list[str] | None, typer.Option("--centre", help="Centre whose rows it sees; repeat the option (default: all).")
    ] = None,
    days: Annotated[int | None, typer.Option(min=1, max=3_650, help="Days until it expires (default: never).")] = None,
    development: Annotated[
        bool, typer.Option("--development", help=f"May do everything, for {DEVELOPMENT_DAYS} days.")
    ] = False,
    url: DatabaseUrl = None,
) -> None:
    """Make a key and print it: this once, for only its digest is kept."""
    if development:
        scopes, days = [Scope.ADMIN], days or DEVELOPMENT_DAYS
    elif name is None:
        raise typer.BadParameter("say who holds it, or --development", param_hint="--name")
    now = utc_now()
    database = opened(_settings(url).database_url)
    with database.write() as session:
        unknown = sorted(set(centres or []) - keys.centres_named(session))
        if unknown:
            raise ServeRefused(
                f"--centre: {', '.join(unknown)}: no centre of this store; load it first: paigong db load"
            )
        made = keys.make_key(
            session,
            name=name or "development",
            scopes=scopes or [],
            centres=centres,
            now=now,
            expires_at=None if days is None else now + dt.timedelta(days=days),
        )
    database.close()
    may = ", ".join(scopes or []) or "reading only: no --scope was given"
    typer.echo(f"{made.id}: {may}", err=True)
    typer.echo(made.token)


@key_app.command("list")
def _list(url: DatabaseUrl = None) -> None:
    """List all keys; what they open with is not known here."""
    database = opened(_settings(url).database_url)
    with database.read() as session:
        typer.echo("KEY  STATE  MAY CHANGE  CENTRES  NAME")
        for key in keys.list_keys(session):
            until = f"until {key.expires_at:%Y-%m-%d}" if key.expires_at else "until revoked"
            state = (
                "revoked" if key.revoked_at else "expired" if key.expires_at and key.expires_at < utc_now() else until
            )
            where = "all centres" if key.centres is None else ",".join(key.centres)
            typer.echo(f"{key.id}  {state}  {','.join(key.scopes) or 'nothing'}  {where}  {key.name}")
    database.close()


@key_app.command("revoke")
def _revoke(
    key_id: Annotated[str, typer.Argument(metavar="KEY", help="Its id: key_….")], url: DatabaseUrl = None
) -> None:
    """Revoke a key for good; servers that run notice within seconds."""
    database = opened(_settings(url).database_url)
    with database.write() as session:
        revoked_at = keys.revoke_key(session, key_id, utc_now())
    database.close()
    if revoked_at is None:
        raise ServeRefused(f"{key_id}: no key of this store; paigong key list")
    typer.echo(f"{key_id} is revoked since {revoked_at:%Y-%m-%d %H:%M} UTC.")
