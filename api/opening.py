"""The store behind an address given on the command line, upgraded or refused in words."""

from sqlalchemy.exc import ArgumentError, NoSuchModuleError, OperationalError

from api.database import Database
from api.upgrade import StoreIsNewer, upgrade
from datasets.faults import Refusal

__all__ = ["StoreRefused", "opened"]


class StoreRefused(Refusal):
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
