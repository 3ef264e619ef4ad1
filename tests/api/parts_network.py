"""A network of three sources and two outlets in a store, whose stock a test counts itself."""

import datetime as dt
from pathlib import Path

from api.database import Database
from api.store.jobs import By
from api.store.load import load_day
from datasets.day import read_source
from tests.datasets.make_day_folder import tables, write

__all__ = ["LOADED", "load_network"]

LOADED = dt.datetime(2026, 3, 2, 0, 30, tzinfo=dt.UTC)
"""08:30 in China, a Monday; all stock is counted then."""

LANES = [
    {"warehouse_id": house, "centre_id": centre, "mode": mode, "cut_off": cut_off, "transit_p50": p50}
    | {"transit_p90": p90, "cost_fen": fen, "cost_fen_per_kg": "", "carries": carries}
    for house in ("W1", "W2")
    for centre in ("C1", "C2")
    for mode, cut_off, p50, p90, fen, carries in (
        ("standard", "16:00", "PT18H", "PT30H", "1200", "small;medium"),
        ("express", "20:00", "PT12H", "PT16H", "2500", "small;medium"),
        ("dedicated", "18:30", "PT6H", "PT10H", "9000", "small;medium;bulky"),
    )
]
STOCK = [
    {"warehouse_id": "W1", "part_id": "P1", "on_hand": "5", "reserved": "2"},
    {"warehouse_id": "W1", "part_id": "P2", "on_hand": "10"},
    {"warehouse_id": "W2", "part_id": "P2", "on_hand": "4"},
    {"warehouse_id": "W1", "part_id": "P4", "on_hand": "3"},
]


def load_network(database: Database, folder: Path, now: dt.datetime = LOADED) -> None:
    """Load it as it holds from 2 March 2026 on."""
    write(folder, tables() | {"jobs": [], "lanes": LANES, "stock": STOCK})
    with database.write() as session:
        load_day(session, read_source(folder), by=By(actor="test", channel="load"), now=now)
