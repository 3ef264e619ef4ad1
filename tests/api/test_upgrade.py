"""The steps of the store: from nothing to what the models say, on both databases."""

import datetime as dt
import json
import subprocess
import sys
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, MetaData, Table, inspect, select, text

from api.database import Database
from api.opening import StoreRefused, opened, stands
from api.store.network import point
from api.tables.network import OutletRow
from api.tables.tours import VillageRow
from api.upgrade import (
    StoreIsNewer,
    has_model,
    is_made,
    is_older,
    migrations,
    newest_step,
    target_metadata,
    upgrade,
)
from tests.api.store.meanwhile import upgrade_here

STEPS = [step.revision for step in ScriptDirectory.from_config(migrations()).walk_revisions()][::-1]


def differences(connection: Connection, metadata: MetaData) -> list[object]:
    """Return what a migration would still have to do."""
    context = MigrationContext.configure(connection, opts={"include_object": has_model, "compare_type": True})
    found: list[object] = compare_metadata(context, metadata)
    return found


def test_the_steps_lead_to_what_the_models_say(database: Database) -> None:
    with database.engine.connect() as connection:
        assert differences(connection, target_metadata()) == []


def test_a_model_without_a_step_is_found(database: Database) -> None:
    forgotten = MetaData(naming_convention=target_metadata().naming_convention)
    for table in target_metadata().sorted_tables:
        table.to_metadata(forgotten)
    Table("forgotten", forgotten)
    with database.engine.connect() as connection:
        assert [difference[0] for difference in differences(connection, forgotten)] == ["add_table"]  # type: ignore[index]


def test_an_upgrade_from_nothing_can_be_repeated(empty_url: str) -> None:
    database = Database(empty_url)
    assert upgrade(database) == upgrade(database) == newest_step()
    database.close()


def test_two_processes_upgrade_one_after_the_other(empty_url: str) -> None:
    with get_context("spawn").Pool(2) as pool:
        pool.map(upgrade_here, [empty_url] * 4)
    database = Database(empty_url)
    with database.read() as session:
        assert session.scalars(text("SELECT version_num FROM alembic_version")).all() == [newest_step()]
    database.close()


def test_a_store_of_a_newer_version_is_left_alone(database: Database) -> None:
    with database.write() as session:
        session.execute(text("UPDATE alembic_version SET version_num = '9999_future'"))
    with pytest.raises(StoreIsNewer, match="9999_future"):
        upgrade(database)


def test_only_the_command_for_it_upgrades_an_older_store(empty_url: str) -> None:
    database = Database(empty_url)
    assert not is_made(database)
    older = ScriptDirectory.from_config(migrations()).get_revision(newest_step()).down_revision
    with database.engine.connect() as connection, connection.begin():
        config = migrations()
        config.attributes["connection"] = connection
        command.upgrade(config, str(older))
    assert is_older(database)
    with pytest.raises(StoreRefused, match="older Paigong; back it up, then: paigong db upgrade"):
        opened(empty_url)
    assert is_older(database)
    opened(empty_url, upgrades=True).close()
    assert not is_older(database)
    opened(empty_url).close()
    database.close()


def upgraded_to(database: Database, step: str) -> None:
    with database.engine.connect() as connection, connection.begin():
        config = migrations()
        config.attributes["connection"] = connection
        command.upgrade(config, step)


@pytest.mark.parametrize("step", STEPS)
def test_a_store_of_any_step_becomes_this_one_and_keeps_its_villages(empty_url: str, step: str) -> None:
    database = Database(empty_url)
    upgraded_to(database, step)
    cells = {"lon": "103", "lat": "30", "announced": "2026-03-05"}
    with database.engine.begin() as connection:
        has_villages = inspect(connection).has_table("villages")
        if has_villages:
            connection.execute(
                text(
                    "INSERT INTO villages (id, effective_from, ended, entered, version, written_at, cells) "
                    "VALUES ('V1', '2026-03-01', false, 1, 1, '2026-03-01 00:00:00', :cells)"
                ),
                {"cells": json.dumps(cells)},
            )
    assert has_villages is (STEPS.index(step) >= STEPS.index("0007_tours"))
    assert upgrade(database) == newest_step()
    with database.read() as session:
        kept = session.execute(select(VillageRow.id, VillageRow.cells)).all()
    assert kept == ([("V1", cells)] if has_villages else [])
    database.close()


def test_places_of_an_older_store_become_their_nearest_outlets_centres(empty_url: str) -> None:
    database = Database(empty_url)
    upgraded_to(database, "0008_tour_parts")
    row = "'2026-03-01', false, 1, 1, '2026-03-01 00:00:00'"
    january, february = dt.date(2020, 1, 1), dt.date(2020, 2, 1)
    near_v1, near_l1 = ("104.07", "30.66"), ("116.40", "39.91")
    outlets: list[tuple[str, str, dt.date, tuple[str, str], dict[str, Any]]] = [
        # Handed over in February.
        ("O1", "C1", january, near_v1, {}),
        ("O1", "C9", february, near_v1, {}),
        ("O2", "C2", january, near_l1, {}),
        # Nearer, but closed, ended, or not open.
        ("O3", "C3", january, ("103.67", "30.63"), {"closed_on": february}),
        ("O4", "C4", january, ("103.67", "30.63"), {}),
        ("O4", "C4", february, ("103.67", "30.63"), {"ended": True}),
        ("O5", "C5", january, ("116.23", "40.22"), {"opened_on": dt.date(2999, 1, 1)}),
        # Nearer from a date on that is still to come.
        ("O6", "C6", january, ("87.62", "43.83"), {}),
        ("O6", "C6", dt.date(2999, 1, 1), ("116.23", "40.22"), {}),
    ]
    written = dt.datetime(2026, 3, 1, tzinfo=dt.UTC)
    version = {"entered": 1, "version": 1, "written_at": written}
    with database.write() as session:
        session.add_all(
            OutletRow(
                id=id_,
                effective_from=since,
                cells={"lon": lon, "lat": lat},
                position=point(float(lon), float(lat)),
                centre_id=centre_id,
                ownership="own",
                channel="online",
                **version | {"ended": False} | more,
            )
            for id_, centre_id, since, (lon, lat), more in outlets
        )
    with database.engine.begin() as connection:
        for name, id_, lon, lat in (("villages", "V1", "103.67", "30.63"), ("lodgings", "L1", "116.23", "40.22")):
            connection.execute(
                text(
                    f"INSERT INTO {name} (id, effective_from, ended, entered, version, written_at, cells) "
                    f"VALUES (:id, {row}, :cells)"
                ),
                {"id": id_, "cells": json.dumps({"lon": lon, "lat": lat})},
            )
    upgrade(database)
    with database.read() as session:
        assert session.scalars(text("SELECT centre_id FROM villages")).all() == ["C9"]
        assert session.scalars(text("SELECT centre_id FROM lodgings")).all() == ["C2"]
    database.close()


def test_asking_for_a_store_makes_none(tmp_path: Path) -> None:
    assert not stands(f"sqlite:///{tmp_path / 'none.db'}")
    assert list(tmp_path.iterdir()) == []


QUIET = """
import sys
from api.opening import opened
from api.logs import configure_logs

configure_logs("info")
opened(sys.argv[1]).close()
"""


def test_the_steps_themselves_are_not_told(tmp_path: Path) -> None:
    words = [sys.executable, "-c", QUIET, f"sqlite:///{tmp_path / 'new.db'}"]
    done = subprocess.run(words, capture_output=True, text=True, check=True, cwd=Path(__file__).parents[2])
    assert done.stderr == ""
