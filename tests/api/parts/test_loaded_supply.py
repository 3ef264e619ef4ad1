"""What a day folder says of parts beside its stock is loaded once, and given back with the day."""

import datetime as dt
from pathlib import Path

from api.database import Database
from api.store.days import day_of
from api.store.jobs import By
from api.store.load import load_day
from datasets.day import read_day, read_source
from tests.api.parts_network import LOADED
from tests.datasets.make_day_folder import tables, write

ORDER = {"order_id": "A1", "line_id": "A1.1", "outlet_id": "O1", "part_id": "P2", "quantity": "3"} | {
    "ordered_at": "2026-03-01T08:00:00+08:00",
    "needed_by": "2026-03-05T08:00:00+08:00",
    "urgent": "yes",
    "pinned_source_id": "W1",
}
BESIDE = {
    "outlet_stock": [
        {"outlet_id": "O1", "part_id": "P4", "on_hand": "2", "reserved": "1"}
        | {"inbound": "3@2026-03-03T09:00:00+08:00"}
    ],
    "quotas": [{"outlet_id": "O1", "part_id": "P2", "quota": "5", "used": "2"}],
    "orders": [ORDER, ORDER | {"line_id": "A1.2", "part_id": "P4", "quantity": "1", "pinned_source_id": ""}],
    "transfer_lanes": [
        {"from_id": "W1", "to_id": "W2", "mode": "standard", "cut_off": "18:00", "transit_p50": "P1D"}
        | {"transit_p90": "P2D", "cost_fen": "900", "carries": "small;medium"}
    ],
    "forecast": [{"centre_id": "C1", "part_id": "P2", "per_day": "1.5"}],
    "returns": [
        {
            "return_id": "R1",
            "outlet_id": "O1",
            "part_id": "P1",
            "quantity": "1",
            "ready_at": "2026-03-02T10:00:00+08:00",
        }
    ],
}


def test_the_supply_of_a_folder_comes_back_with_its_day(database: Database, tmp_path: Path) -> None:
    stock = [{"warehouse_id": "W1", "part_id": "P2", "on_hand": "9", "floor": "2"}]
    stock[0]["inbound"] = "4@2026-03-04T09:00:00+08:00"
    write(tmp_path / "day", tables() | BESIDE | {"jobs": [], "stock": stock})
    by = By(actor="test", channel="load")
    for changes in (True, False):
        with database.write() as session:
            loaded = load_day(session, read_source(tmp_path / "day"), by=by, now=LOADED)
        assert (loaded.changes > 0) is changes
    now = dt.datetime(2026, 3, 1, 22, 0, tzinfo=dt.UTC)
    with database.read() as session:
        back = day_of(session, centre_ids=None, date=dt.date(2026, 3, 2), days=2, now=now)
    read = read_day(tmp_path / "day")
    assert back.supply == read.supply
    assert back.day.warehouses == read.day.warehouses
    assert back.day.lanes == read.day.lanes
