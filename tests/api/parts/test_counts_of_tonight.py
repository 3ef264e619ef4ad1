"""A day that is loaded the evening before does not keep anybody from counting that evening."""

import datetime as dt
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy import update

from api.store.days import day_of
from api.store.jobs import By
from api.store.load import load_day
from api.store.parts_shelves import lock_shelves
from api.tables.parts import ShelfRow
from datasets.day import read_source
from tests.api.parts_network import LANES, STOCK
from tests.datasets.make_day_folder import tables, write

if TYPE_CHECKING:
    from tests.api.clients import StandingClock

TOMORROW = "2026-03-03T05:30:00+08:00"
SHELF = {"outlet_id": "O1", "part_id": "P4", "on_hand": "2", "as_of": TOMORROW}


def load_tomorrow(app: FastAPI, folder: Path) -> int:
    """Load the folder of tomorrow, whose stock is counted early that morning; return what changed."""
    stock = [{**row, "on_hand": "7", "as_of": TOMORROW} for row in STOCK]
    write(folder, tables() | {"jobs": [], "lanes": LANES, "stock": stock, "outlet_stock": [SHELF]})
    toml = (folder / "day.toml").read_text(encoding="utf-8").replace("date = 2026-03-02", "date = 2026-03-03")
    (folder / "day.toml").write_text(toml, encoding="utf-8")
    with app.state.database.write() as session:
        return load_day(
            session, read_source(folder), by=By(actor="test", channel="load"), now=app.state.clock()
        ).changes


def counted(client: TestClient, source: str, part: str, as_of: dt.datetime, on_hand: int) -> Any:
    said = {"source_id": source, "part_id": part, "on_hand": on_hand, "as_of": as_of.isoformat()}
    return client.post("/v1/stock-snapshots", json=said)


def shelf(client: TestClient, source: str, part: str) -> dict[str, Any]:
    (row,) = client.get(f"/v1/stock-snapshots?source_id={source}&part_id={part}").json()["items"]
    found: dict[str, Any] = row
    return found


@pytest.mark.parametrize(("source", "part"), [("W1", "P2"), ("O1", "P4")])
def test_what_is_counted_tonight_is_newer_than_tomorrows_folder(
    client: TestClient, app: FastAPI, tmp_path: Path, source: str, part: str
) -> None:
    clock: StandingClock = app.state.clock
    clock.move(dt.timedelta(hours=11))
    assert load_tomorrow(app, tmp_path / "day") > 0
    loaded = clock()
    assert dt.datetime.fromisoformat(shelf(client, source, part)["as_of"]) == loaded, "nobody counted tomorrow"
    clock.move(dt.timedelta(minutes=10))
    tonight = clock()
    assert counted(client, source, part, tonight, 4).status_code == 201
    assert shelf(client, source, part)["on_hand"] == 4
    # What is older than the last count is refused still, whichever that was.
    for as_of in (tonight, tonight - dt.timedelta(minutes=1), loaded - dt.timedelta(hours=1)):
        assert counted(client, source, part, as_of, 9).status_code == 409
    lines = b'{"source_id": "%s", "part_id": "%s", "on_hand": 9, "as_of": "%s"}'
    body = lines % (source.encode(), part.encode(), loaded.isoformat().encode())
    assert '"older"' in client.post("/v1/stock-snapshots:bulk", content=body).text
    assert shelf(client, source, part)["on_hand"] == 4


def test_what_arrives_before_tomorrows_folder_was_counted_is_planned_with(
    client: TestClient, app: FastAPI, tmp_path: Path
) -> None:
    clock: StandingClock = app.state.clock
    clock.move(dt.timedelta(hours=11))
    load_tomorrow(app, tmp_path / "day")
    clock.move(dt.timedelta(minutes=10))
    for source, part in (("W1", "P2"), ("O1", "P4")):
        said = {"source_id": source, "part_id": part, "on_hand": 1, "as_of": clock().isoformat()}
        arriving = [{"quantity": 2, "ready_at": "2026-03-03T02:00:00+08:00"}]
        assert client.post("/v1/stock-snapshots", json=said | {"inbound": arriving}).status_code == 201
    with app.state.database.read() as session:
        back = day_of(session, centre_ids=None, date=dt.date(2026, 3, 3), days=2, now=clock())
    warehouse = next(one for one in back.day.warehouses if one.id == "W1")
    assert (warehouse.stock["P2"], [lot.quantity for lot in warehouse.inbound["P2"]]) == (1, [2])
    assert [lot.quantity for lot in back.supply.shelves["O1"]["P4"].inbound] == [2]


def test_a_store_that_holds_a_count_of_tomorrow_takes_tonights(client: TestClient, app: FastAPI) -> None:
    clock: StandingClock = app.state.clock
    with app.state.database.write() as session:
        lock_shelves(session, ["P2"])
        session.execute(update(ShelfRow).values(as_of=clock() + dt.timedelta(hours=20)))
    assert counted(client, "W1", "P2", clock(), 4).status_code == 201
    assert counted(client, "W1", "P2", clock() - dt.timedelta(minutes=1), 5).status_code == 409
    assert shelf(client, "W1", "P2")["on_hand"] == 4
