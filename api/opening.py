"""The store behind an address given on the command line: made, or refused in words; upgraded only on request."""

from typing import Annotated

import typer
from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError, OperationalError

from api.database import Database
from api.upgrade import StoreIsNewer, is_made, is_older, upgrade
from datasets.faults import Refusal

__all__ = ["DatabaseUrl", "StoreRefused", "opened", "stands"]

DatabaseUrl = Annotated[
    str | None,
    typer.Option("--database", metavar="URL", help="The store (default: PAIGONG_DATABASE_URL, else ./paigong.db)."),
]
"""The option that names a store, of commands that heed the settings."""

DRIVERS = ("sqlite", "sqlite+pysqlite", "postgresql+psycopg")


class StoreRefused(Refusal):
    """There is no such store, or not for this version."""


def opened(url: str, *, upgrades: bool = False) -> Database:
    """Return the store behind an address, made if there is none. upgrades: an older one is brought up to date."""
    database = _named(url)
    try:
        if upgrades or not is_older(database):
            upgrade(database)
            return database
        why = "made by an older Paigong; back it up, then: paigong db upgrade"
    except OperationalError as error:
        why = str(error.orig)
    except StoreIsNewer as error:
        why = f"upgraded by a newer Paigong ({error}); nothing was changed"
    database.close()
    raise StoreRefused(f"{database.url.render_as_string(hide_password=True)}: {why}")


def stands(url: str) -> bool:
    """Return whether there is a store behind an address; asking makes none."""
    database = _named(url)
    try:
        return is_made(database)
    except OperationalError as error:
        raise StoreRefused(f"{database.url.render_as_string(hide_password=True)}: {error.orig}") from None
    finally:
        database.close()


def _named(url: str) -> Database:
    try:
        driver = make_url(url).drivername
    except ArgumentError:
        driver = ""
    if driver not in DRIVERS:
        said = f"{driver}://…" if driver else "what was given"
        raise StoreRefused(f"--database: {said}; allowed: sqlite:///FILE or postgresql+psycopg://USER@HOST/NAME")
    return Database(url)
