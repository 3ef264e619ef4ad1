"""Brings a store's tables up to what this code knows: every step in one transaction, or none."""

import importlib
import pkgutil
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import MetaData, inspect, text

import api.tables
from api.database import Database
from api.run_queue import QUEUE_TABLES, prepare_runs
from api.tables.base import Base

__all__ = [
    "StoreIsNewer",
    "has_model",
    "is_made",
    "is_older",
    "migrations",
    "newest_step",
    "target_metadata",
    "upgrade",
]

MIGRATIONS = Path(__file__).parent / "migrations"
UPGRADE_LOCK = 0x9A160
"""PostgreSQL's name for "somebody is upgrading": any number that nobody else locks."""
WITHOUT_MODEL = ("idx_", "geometry_columns", "spatial_ref_sys", "sqlite_")
"""How names begin of what indexes and PostGIS keep for themselves."""


class StoreIsNewer(Exception):
    """A newer Paigong has upgraded this store: its steps are unknown here."""


def target_metadata() -> MetaData:
    """Return the tables of every module in `api.tables`."""
    for module in pkgutil.iter_modules(api.tables.__path__):
        importlib.import_module(f"api.tables.{module.name}")
    return Base.metadata


def has_model(item: Any, name: str | None, kind: str, reflected: bool, compare_to: Any) -> bool:
    """Tell whether something found in a database is a model's business; what spatial indexes are made of is not."""
    return not (name or "").startswith(WITHOUT_MODEL) and not (kind == "table" and name in QUEUE_TABLES)


def migrations() -> Config:
    """Return Alembic's configuration: where the steps are; the connection is handed over by `upgrade`."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    return config


def newest_step() -> str:
    """Return the name of the newest step that this code knows."""
    return ScriptDirectory.from_config(migrations()).get_current_head() or ""


def is_made(database: Database) -> bool:
    """Return whether there is a store behind the address; asking makes none."""
    file = database.url.database
    if database.is_sqlite and file and not Path(file).exists():
        return False
    with database.engine.connect() as connection:
        return inspect(connection).has_table("alembic_version")


def is_older(database: Database) -> bool:
    """Return whether a store that there is lacks steps of this code."""
    if not is_made(database):
        return False
    with database.engine.connect() as connection:
        here = MigrationContext.configure(connection).get_current_revision()
    steps = [step.revision for step in ScriptDirectory.from_config(migrations()).walk_revisions()]
    return here in steps[1:]


def upgrade(database: Database) -> str:
    """Take every step that the store lacks, and return the newest step's name; two at once take turns.

    Raises
    ------
    StoreIsNewer
        The store has steps that this code does not know; nothing was changed.
    """
    config = migrations()
    with database.engine.connect().execution_options(begin="IMMEDIATE") as connection, connection.begin():
        if not database.is_sqlite:
            connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": UPGRADE_LOCK})
        config.attributes["connection"] = connection
        try:
            command.upgrade(config, "head")
        except CommandError as unknown:
            raise StoreIsNewer(str(unknown)) from unknown
    prepare_runs(database)
    return newest_step()
