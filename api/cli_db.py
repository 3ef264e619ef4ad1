"""The command line's `paigong db`: make or upgrade a store, load a day folder into it."""

import datetime as dt
from pathlib import Path
from typing import Annotated

import typer
from sqlalchemy.exc import ArgumentError, NoSuchModuleError, OperationalError

from api.database import Database
from api.store.jobs import By
from api.store.load import load_day
from api.upgrade import StoreIsNewer, upgrade
from datasets.day import read_source

__all__ = ["StoreRefused", "db_app", "opened"]

DEFAULT_DATABASE = "sqlite:///paigong.db"

DatabaseUrl = Annotated[
    str,
    typer.Option(
        "--database",
        metavar="URL",
        envvar="PAIGONG_DATABASE_URL",
        help="The store: sqlite:///FILE or postgresql+psycopg://USER@HOST/NAME with PostGIS.",
    ),
]

db_app = typer.Typer(no_args_is_help=True, help="The store behind the API: make or upgrade it, load a day folder.")


class StoreRefused(Exception):
    """There is no such store, or not for this version."""


def opened(url: str) -> Database:
    """Return the store behind an address, upgraded."""
    try:
        database = Database(url)
    except (ArgumentError, NoSuchModuleError, ModuleNotFoundError) as error:
        raise StoreRefused(f"--database: {error}; sqlite:///FILE or postgresql+psycopg://USER@HOST/NAME") from None
    where = database.url.render_as_string(hide_password=True)
    try:
        upgrade(database)
    except OperationalError as error:
        raise StoreRefused(f"{where}: {error.orig}") from None
    except StoreIsNewer as error:
        raise StoreRefused(f"{where}: upgraded by a newer Paigong ({error}); nothing was changed") from None
    return database


@db_app.command("upgrade")
def _db_upgrade(url: DatabaseUrl = DEFAULT_DATABASE) -> None:
    """Make the store, or bring its tables up to this version. Back it up first: there is no way back."""
    database = opened(url)
    database.close()
    typer.echo(f"{database.url.render_as_string(hide_password=True)} is up to date.")


@db_app.command("load")
def _db_load(
    folder: Annotated[Path, typer.Argument(metavar="DAYDIR", help="A day folder (docs/data-format.md).")],
    url: DatabaseUrl = DEFAULT_DATABASE,
) -> None:
    """Load a day folder, whole or not at all: the network from its date on, and its jobs. Again changes nothing."""
    read = read_source(folder)
    database = opened(url)
    with database.write() as session:
        loaded = load_day(session, read, by=By(actor="paigong db load", channel="load"), now=dt.datetime.now(dt.UTC))
    database.close()
    for name, put in loaded.tables.items():
        there = len(put.created) + len(put.changed) + len(put.unchanged)
        typer.echo(f"{name}: {there}, {len(put.created)} new, {len(put.changed)} changed, {len(put.ended)} ended")
    outcomes = [job.outcome for job in loaded.jobs]
    typer.echo(f"jobs: {len(outcomes)}, {outcomes.count('created')} new, {outcomes.count('changed')} changed")
