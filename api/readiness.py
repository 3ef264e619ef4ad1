"""Whether the store can be worked with: it answers, and its tables are those of this version."""

from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from api.database import Database
from api.upgrade import newest_step

__all__ = ["why_not_ready"]


def why_not_ready(database: Database) -> str | None:
    """Return why requests cannot be served, None when they can."""
    try:
        with database.read() as session:
            step = session.execute(text("SELECT version_num FROM alembic_version")).scalar()
    except SQLAlchemyError:
        return "The store does not answer, or was never set up: paigong db upgrade."
    newest = newest_step()
    return None if step == newest else f"The store is at {step}, this version at {newest}: paigong db upgrade."
