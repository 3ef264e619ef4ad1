"""Whether the store can be worked with: it answers, and its tables are those of this version."""

from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from api.database import Database

__all__ = ["why_not_ready"]


def why_not_ready(database: Database) -> str | None:
    """Return why requests cannot be served, None when they can."""
    try:
        with database.read() as session:
            session.execute(text("SELECT 1"))
    except SQLAlchemyError:
        return "The store does not answer."
    return None
