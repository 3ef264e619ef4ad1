"""A plan folder becomes a published plan of the store, judged beside the store's day, whole or not at all."""

import datetime as dt
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from api.database import Database
from api.errors import Conflict
from api.folder_plans import read_folder_plan, take_over
from api.plan_documents import Finished
from api.planning import plan_day
from api.store.plans import file_of
from api.tables.plans import Plan, Visit
from geo.estimate import EstimateTravel
from optimizer.budget import Steps
from optimizer.centres import part_of
from optimizer.cost import price
from optimizer.measure import measure
from optimizer.travel import TravelTimes
from optimizer.workers import HereWorkers
from tests.api.running import NOW, load
from tests.bad_days import make_network

BEFORE = NOW - dt.timedelta(hours=1)
"""Six o'clock: outlets reached by telephone freeze at seven."""


def planned(folder: Path) -> Finished:
    """Return a small planned day, read back from its folders."""
    day = make_network.write(folder / "day", jobs=40, technicians=6)
    progress: Any = lambda *_: None  # noqa: E731
    plan_day(day, folder / "plan", base=None, budget=Steps(steps=100), workers=HereWorkers(), seed=1, progress=progress)
    return read_folder_plan(day, folder / "plan")


def counted(database: Database) -> tuple[int, int]:
    """Return how many plans and visits the store has."""
    with database.read() as session:
        return tuple(session.scalar(select(func.count()).select_from(table)) or 0 for table in (Plan, Visit))  # type: ignore[return-value]


def test_a_folders_plan_holds_with_every_document(database: Database, tmp_path: Path, travel: TravelTimes) -> None:
    given = planned(tmp_path)
    load(database, tmp_path / "day")
    with database.write() as session:
        done = take_over(session, given, actor="test", at=BEFORE)
    visits = sum(len(route.stops) for route in given.result.plan.routes)
    assert (done.visits, counted(database)) == (visits, (1, visits))
    with database.read() as session:
        plan = session.scalars(select(Plan)).one()
        assert sum(len(json.loads(file_of(session, plan.id, "routes", id_) or b"[]")) for id_ in plan.centre_ids) > 0
        for id_ in plan.centre_ids:
            day, mine = part_of(given.folder.day, given.result.plan, id_)
            stated = json.loads(file_of(session, plan.id, "kpis", id_) or b"{}")
            # Measured once for the whole plan, and yet what the centre's part alone costs.
            assert stated["cost_total_fen"] == price(day, mine, travel).total


def test_the_checker_has_the_last_word(database: Database, tmp_path: Path, travel: TravelTimes) -> None:
    given = planned(tmp_path)
    load(database, tmp_path / "day")
    plan = given.result.plan
    long = max(plan.routes, key=lambda route: len(route.stops))
    hurried = tuple(replace(stop, start_s=stop.start_s - 7_200) for stop in long.stops)
    routes = tuple(replace(one, stops=hurried) if one is long else one for one in plan.routes)
    bad = replace(plan, routes=routes)
    result = replace(given.result, plan=bad)
    tampered = replace(given, result=result, measured=measure(given.folder.day, bad, travel))
    with pytest.raises(Conflict, match="checker objects"), database.write() as session:
        take_over(session, tampered, actor="test", at=BEFORE)
    assert counted(database) == (0, 0)


def test_another_day_in_the_store_is_refused(database: Database, tmp_path: Path) -> None:
    given = planned(tmp_path)
    load(database, make_network.write(tmp_path / "other", jobs=41, technicians=6))
    with pytest.raises(Conflict, match="another day"), database.write() as session:
        take_over(session, given, actor="test", at=BEFORE)
    assert counted(database) == (0, 0)


@pytest.fixture
def travel() -> TravelTimes:
    """Return the travel times of the small network."""
    return EstimateTravel()
