"""What a model cannot say, for both databases: spatial indexes, and tables that only grow.

Steps that have landed call these functions: what they write must not change. A new need is a new function.
"""

from alembic import op

__all__ = ["add_refusals", "add_spatial_index", "make_append_only"]


def _is_sqlite() -> bool:
    return op.get_context().dialect.name == "sqlite"


def add_refusals() -> None:
    """Create the function behind PostgreSQL's refusals; the first step does it, once."""
    if not _is_sqlite():
        op.execute(
            "CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
            "RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'integrity_constraint_violation'; "
            "END $$"
        )
    else:
        # Where GeoAlchemy2 and maps look up what a geometry column holds.
        op.execute(
            "CREATE TABLE geometry_columns (f_table_name TEXT NOT NULL, f_geometry_column TEXT NOT NULL, "
            "geometry_type INTEGER NOT NULL, coord_dimension INTEGER NOT NULL, srid INTEGER NOT NULL, "
            "spatial_index_enabled INTEGER NOT NULL, PRIMARY KEY (f_table_name, f_geometry_column))"
        )


def make_append_only(table: str) -> None:
    """Let the database refuse that a row of this table is changed or removed, whoever asks."""
    if _is_sqlite():
        for verb in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER {table}_no_{verb.lower()} BEFORE {verb} ON {table} "
                f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
            )
    else:
        op.execute(
            f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE ON {table} "
            "FOR EACH ROW EXECUTE FUNCTION refuse_change()"
        )
        op.execute(
            f"CREATE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON {table} "
            "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
        )


GEOMETRY_NUMBERS = {"GEOMETRY": 0, "POINT": 1}


def add_spatial_index(table: str, column: str, keys: tuple[str, ...], geometry_type: str = "POINT") -> None:
    """Index a geometry column: GIST on PostGIS; on SQLite an R*Tree kept by triggers, named `idx_<table>_<column>`.

    keys: the columns of the primary key, whose values never change. The R*Tree carries them under the same names,
    since SQLite may renumber its own row ids.
    """
    name = f"idx_{table}_{column}"
    if not _is_sqlite():
        op.execute(f"CREATE INDEX {name} ON {table} USING gist ({column})")
        return
    number = GEOMETRY_NUMBERS[geometry_type]
    carried = ", ".join(f"+{key}" for key in keys)
    named, new = ", ".join(keys), ", ".join(f"NEW.{key}" for key in keys)
    same = " AND ".join(f"{key} = OLD.{key}" for key in keys)
    op.execute(f"INSERT INTO geometry_columns VALUES ('{table}', '{column}', {number}, 2, 4326, 1)")
    op.execute(f"CREATE VIRTUAL TABLE {name} USING rtree(box, min_x, max_x, min_y, max_y, {carried})")
    # The R*Tree rounds boxes outwards: a box around the old geometry always meets the row's own.
    enter = (
        f"INSERT INTO {name} (min_x, max_x, min_y, max_y, {named}) "
        f"SELECT ST_XMin(NEW.{column}), ST_XMax(NEW.{column}), ST_YMin(NEW.{column}), ST_YMax(NEW.{column}), {new} "
        f"WHERE NEW.{column} IS NOT NULL;"
    )
    leave = (
        f"DELETE FROM {name} WHERE min_x <= ST_XMin(OLD.{column}) AND max_x >= ST_XMax(OLD.{column}) "
        f"AND min_y <= ST_YMin(OLD.{column}) AND max_y >= ST_YMax(OLD.{column}) AND {same};"
    )
    op.execute(f"CREATE TRIGGER {name}_insert AFTER INSERT ON {table} BEGIN {enter} END")
    op.execute(f"CREATE TRIGGER {name}_delete AFTER DELETE ON {table} BEGIN {leave} END")
    op.execute(
        f"CREATE TRIGGER {name}_update AFTER UPDATE OF {column} ON {table} "
        f"WHEN OLD.{column} IS NOT NEW.{column} BEGIN {leave} {enter} END"
    )
