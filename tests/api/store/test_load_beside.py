"""A region loaded beside a national day adds to it, and both can be planned afterwards."""

from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select

from api.app import create_app
from api.database import Database
from api.settings import Settings
from api.store.load import Loaded, load_day
from api.store.network import MASTER_TABLES
from api.tables.network import AreaRow, Document
from api.tables.parts import QuotaRow, ShelfRow
from datasets.china_tours import Region, make_tours
from datasets.day import read_source
from tests.api.clients import MakeKey, StandingClock, client_of
from tests.api.store.conftest import BY, DATE, NOW

DAYS = 4


@pytest.fixture(scope="module")
def region_path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a region whose tariffs, stock and settings are not those of the day."""
    folder = tmp_path_factory.mktemp("beside") / "region"
    make_tours(folder, region=Region.GARZE, villages=4, crews=1, days=DAYS, date=DATE)
    return folder


def held(database: Database) -> dict[tuple[str, ...], Any]:
    """Return all that a store says of the network, the ledger's shelves and quotas among it, by what it is about."""
    found: dict[tuple[str, ...], Any] = {}
    with database.read() as session:
        for name, model in MASTER_TABLES.items():
            for row in session.scalars(select(model)):
                found[name, row.id, str(row.effective_from)] = (row.version, row.ended, row.cells)
        for document in session.scalars(select(Document)):
            found[document.kind, document.id, str(document.effective_from)] = (document.ended, document.cells)
        for shelf in session.scalars(select(ShelfRow)):
            found["shelf", shelf.source_id, shelf.part_id] = (shelf.on_hand, shelf.reserved, shelf.as_of)
        for quota in session.scalars(select(QuotaRow)):
            found["quota", quota.outlet_id, quota.part_id] = (quota.quota, quota.used)
        found["areas",] = len(session.scalars(select(AreaRow.number)).all())
    return found


def load_beside(database: Database, folder: Path) -> Loaded:
    with database.write() as session:
        return load_day(session, read_source(folder), by=BY, now=NOW, whole=False)


def test_a_region_beside_a_day_only_adds(loaded: Database, region_path: Path) -> None:
    before = held(loaded)
    done = load_beside(loaded, region_path)
    after = held(loaded)
    assert {key: after.get(key) for key in before} == before
    assert ("villages", "GZ-V0001", str(DATE)) in after
    assert ("settings", "tour", str(DATE)) in after
    assert done.kept > 0
    again = load_beside(loaded, region_path)
    assert (again.changes, again.kept) == (0, done.kept)


def test_the_day_and_the_region_can_both_be_planned(loaded: Database, region_path: Path) -> None:
    load_beside(loaded, region_path)
    app = create_app(Settings(database_url=loaded.url.render_as_string(hide_password=False)), clock=StandingClock(NOW))
    app.state.judge = lambda work, *args: work(*args)
    client = client_of(app, MakeKey(app)("admin"))
    try:
        _plan_both(client)
    finally:
        app.state.database.close()


def _plan_both(client: TestClient) -> None:
    first = DATE.isoformat()
    plan = client.post(
        "/v1/plans", json={"scope": {"centres": "all"}, "horizon": {"date": first, "days": 1}, "validate_only": True}
    )
    assert plan.status_code == 200, plan.text
    wish = {"scope": {"crews": ["GZ-G1"]}, "horizon": {"date": first, "days": DAYS}, "validate_only": True}
    tours = client.post("/v1/tours", json=wish)
    assert tours.status_code == 200, tours.text


def test_a_date_that_a_village_was_told_is_taken_over_from_a_folder_beside(
    loaded: Database, region_path: Path, tmp_path: Path
) -> None:
    load_beside(loaded, region_path)
    told = tmp_path / "told"
    told.mkdir()
    for file in region_path.iterdir():
        (told / file.name).write_bytes(file.read_bytes())
    header, first, *rest = (told / "villages.csv").read_text(encoding="utf-8").splitlines()
    cells = dict(zip(header.split(","), first.split(","), strict=True)) | {"announced": "2026-03-05"}
    rows = [header, ",".join(cells.values()), *rest]
    (told / "villages.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    load_beside(loaded, told)
    with loaded.read() as session:
        row = session.get_one(MASTER_TABLES["villages"], (cells["village_id"], DATE))
        assert "2026-03-05" in row.cells["announced"]
