"""What Alembic runs the steps in: the connection that `api.upgrade` opened, all of them in its one transaction."""

from alembic import context

from api.upgrade import has_model, target_metadata

__all__: list[str] = []


def _migrate() -> None:
    context.configure(
        connection=context.config.attributes["connection"],
        target_metadata=target_metadata(),
        include_object=has_model,
        # SQLite changes a table by writing it anew.
        render_as_batch=True,
        # SQLite rolls definitions back like rows; Alembic does not count on it.
        transactional_ddl=True,
    )
    context.run_migrations()


# Alembic runs this file under that name; imported as a module it does nothing.
if __name__ == "env_py":
    _migrate()
