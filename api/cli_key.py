"""The command line's `paigong key`: make an API key, list them, revoke one."""

import datetime as dt
from typing import Annotated

import typer

from api.auth import Scope
from api.clock import utc_now
from api.opening import DatabaseUrl, opened
from api.settings import read_settings
from api.store import keys
from datasets.faults import Refusal

__all__ = ["KeyRefused", "key_app"]

DEVELOPMENT_DAYS = 30

key_app = typer.Typer(no_args_is_help=True, help="API keys: make one, list them, revoke one.")


class KeyRefused(Refusal):
    """There is no such key, or it cannot be made like that."""


def _store(url: str | None) -> str:
    return read_settings(database_url=url).database_url


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
    database = opened(_store(url))
    with database.write() as session:
        unknown = sorted(set(centres or []) - keys.centres_named(session))
        if unknown:
            raise KeyRefused(f"--centre: {', '.join(unknown)}: no centre of this store; load it first: paigong db load")
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
    database = opened(_store(url))
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
    database = opened(_store(url))
    with database.write() as session:
        revoked_at = keys.revoke_key(session, key_id, utc_now())
    database.close()
    if revoked_at is None:
        raise KeyRefused(f"{key_id}: no key of this store; paigong key list")
    typer.echo(f"{key_id} is revoked since {revoked_at:%Y-%m-%d %H:%M} UTC.")
