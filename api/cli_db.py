"""The command line's `paigong db`: make or upgrade a store, load a day folder into it."""

import datetime as dt
from pathlib import Path
from typing import Annotated

import typer

from api.errors import Conflict
from api.opening import StoreRefused, opened
from api.store.jobs import LOADING, By
from api.store.load import load_day
from datasets.day import read_source

__all__ = ["db_app"]

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


@db_app.command("upgrade")
def _db_upgrade(url: DatabaseUrl = DEFAULT_DATABASE) -> None:
    """Make the store, or bring its tables up to this version. Back it up first: there is no way back."""
    database = opened(url, upgrades=True)
    database.close()
    typer.echo(f"{database.url.render_as_string(hide_password=True)} is up to date.")


@db_app.command("load")
def _db_load(
    folder: Annotated[Path, typer.Argument(metavar="DAYDIR", help="A day folder (docs/data-format.md).")],
    url: DatabaseUrl = DEFAULT_DATABASE,
    beside: Annotated[
        bool,
        typer.Option(
            "--beside",
            help="Only add: one more region beside what is loaded, which stays as it is; so does its day.toml.",
        ),
    ] = False,
) -> None:
    """Load a day folder, whole or not at all: the network from its date on, and its jobs. Again changes nothing."""
    read = read_source(folder)
    database = opened(url)
    with database.write() as session:
        by = By(actor="paigong db load", channel=LOADING)
        loaded = load_day(session, read, by=by, now=dt.datetime.now(dt.UTC), whole=not beside)
    database.close()
    for name, put in loaded.tables.items():
        there = len(put.created) + len(put.changed) + len(put.unchanged) + len(put.kept)
        typer.echo(f"{name}: {there}, {len(put.created)} new, {len(put.changed)} changed, {len(put.ended)} ended")
    outcomes = [job.outcome for job in loaded.jobs]
    typer.echo(f"jobs: {len(outcomes)}, {outcomes.count('created')} new, {outcomes.count('changed')} changed")
    if loaded.kept:
        typer.echo(f"{loaded.kept} rows are there already and stay.")


@db_app.command("publish")
def _db_publish(
    folder: Annotated[Path, typer.Argument(metavar="DAYDIR", help="The day folder that is loaded.")],
    out: Annotated[Path, typer.Argument(metavar="OUT", help="A plan folder of it.")],
    url: DatabaseUrl = DEFAULT_DATABASE,
) -> None:
    """Let the plan of a folder hold in the store: judged by the checker, published whole or not at all."""
    # With it come the checker, the search and the sheets, which loading has no need of.
    from api.folder_plans import read_folder_plan, take_over

    given = read_folder_plan(folder, out)
    database = opened(url)
    try:
        with database.write() as session:
            done = take_over(session, given, actor="paigong db publish", at=dt.datetime.now(dt.UTC))
    except Conflict as conflict:
        raise StoreRefused(conflict.detail) from None
    finally:
        database.close()
    typer.echo(f"published: {done.visits} visits on {done.routes} routes; jobs newly planned: {done.planned}")
