"""Three villages west of Chengdu and one near Beijing, two crews and one: small enough to tour in a second."""

import datetime as dt
from pathlib import Path
from typing import Any

from fastapi.testclient import TestClient

from api.database import Database
from api.store.jobs import By
from api.store.load import load_day
from api.tour_process import run_tours_here
from datasets.day import read_source
from tests.api.clients import StandingClock
from tests.api.published import hire
from tests.datasets import make_day_folder as make

__all__ = ["DAYS", "EVENING", "WISH", "clock_of", "load_region", "made", "region", "run", "wish_for", "write_region"]

DATE = dt.date(2026, 3, 2)
DAYS = 4
EVENING = dt.datetime(2026, 3, 1, 20, 0, tzinfo=dt.timezone(dt.timedelta(hours=8)))
"""The evening before the first day."""

TOML = """
date = 2026-03-02
days = 4
now = "2026-03-01T20:00:00+08:00"
time_zone = "Asia/Shanghai"
travel = "estimate"
[calendars.always]
weekdays = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
[[sla]]
name = "all"
clock = "arrival"
within = "P2D"
[tour]
driving = "PT8H"
nights = 2
spares_fen = 20000
[tour.charges]
tour_fen = 100
day_fen = 100
per_diem_fen = 100
unvisited_fen = 0
fen_per_km = { car = 1 }
"""

TABLES = {
    "centres": """
centre_id|name|province|lon|lat|datum|calendar
C1|成都|四川|104.0657|30.6595|WGS84|always
C2|北京|北京|116.3974|39.9093|WGS84|always
""",
    "outlets": """
outlet_id|name|centre_id|ownership|channel|lon|lat|datum|place_level|calendar|opens|closes
O1|成都直营|C1|own|online|104.0657|30.6595|WGS84|city|always|08:00|20:00
O3|北京直营|C2|own|online|116.3974|39.9093|WGS84|city|always|08:00|20:00
""",
    "technicians": """
technician_id|name|outlet_id|travel_mode|skills|load_capacity|crew_size|shift_start|shift_end
T1|王|O1|car|fridge:3;heater:2|4|1|08:00|17:00
T2|张|O1|car|fridge:2;heater:2|4|1|08:00|17:00
T3|刘|O3|car|fridge:3|4|1|08:00|17:00
T4|陈|O1|car|fridge:1|4|1|08:00|17:00
""",
    "villages": """
village_id|name|lon|lat|datum|households|contact|phone|last_visit|announced|cut_off
V1|崇州村|103.6700|30.6300|WGS84|120|扎西|139|2025-06-01||
V2|大邑村|103.5200|30.5900|WGS84|60|卓玛|138|||
V3|金堂村|104.4200|30.8600|WGS84|40|||2026-02-20||
VB|昌平村|116.2300|40.2200|WGS84|80|||||
""",
    "lodgings": """
lodging_id|name|lon|lat|datum|price_fen|check_in|closed_on|phone
L1|大邑旅馆|103.5300|30.5800|WGS84|100|21:30||028-1
""",
    "crews": """
crew_id|name|outlet_id|technician_ids|travel_mode|load_capacity|volume_ml
G1|一组|O1|T1|car|6|400000
G2|二组|O1|T2|car|6|400000
G3|京组|O3|T3|car|6|400000
""",
    "consents": """
job_id|until|recorded_at|channel|recorded_by
J1|2026-03-04|2026-03-01T12:00:00+08:00|hotline|李
J2|2026-03-05|2026-03-01T12:00:00+08:00|hotline|李
J3|2026-03-05|2026-03-01T12:00:00+08:00|hotline|李
JB|2026-03-05|2026-03-01T12:00:00+08:00|hotline|李
""",
    "maintenance": """
plan_id|village_id|contact|phone|product|service_duration|interval_days|last_on|early_days|late_days
M1|V2|卓玛|137|heater|PT40M|90|2025-12-04|2|0
MB|VB|||heater|PT40M|90|2025-12-04|2|0
""",
    "van_parts": """
part_id|volume_ml|chance_permille|most
P2|1500|80|2
""",
}
JOB = {"reported_at": "2026-03-01T10:00:00+08:00", "product": "fridge", "skill_level": "1", "datum": "WGS84"} | {
    "service_duration": "PT30M",
    "consent": "given",
}
PLACES = {"J1": ("103.6710", "30.6310"), "J2": ("103.5210", "30.5910"), "J3": ("104.4210", "30.8610")} | {
    "J4": ("103.6700", "30.6320"),
    "JB": ("116.2310", "40.2210"),
}
"""J4 has a running clock: nobody agreed to wait."""

WISH: dict[str, Any] = {
    "scope": {"crews": ["G1", "G2"]},
    "horizon": {"date": "2026-03-02", "days": DAYS},
    "limits": {"steps": 60},
}


def region() -> make.Cells:
    """Return fresh rows of every table."""
    rows = make.tables()
    for name, text in TABLES.items():
        header, *lines = (line.split("|") for line in text.strip().splitlines())
        rows[name] = [dict(zip(header, line, strict=True)) for line in lines]
    jobs = [{**JOB, "job_id": id_, "lon": lon, "lat": lat} for id_, (lon, lat) in PLACES.items()]
    return rows | {"jobs": jobs}


def write_region(folder: Path, cells: make.Cells | None = None, toml: str = TOML) -> Path:
    """Write the region as a day folder."""
    return make.write(folder, region() if cells is None else cells, toml)


def load_region(database: Database, folder: Path) -> None:
    """Load the region into a store."""
    read = read_source(write_region(folder))
    with database.write() as session:
        load_day(session, read, by=By(actor="test", channel="load"), now=EVENING)


def wish_for(client: TestClient, **changes: Any) -> str:
    """Wish for tours, and return their id."""
    posted = client.post("/v1/tours", json={**WISH, **changes})
    assert posted.status_code == 202, posted.text
    id_: str = posted.json()["id"]
    assert posted.headers["location"] == f"/v1/tours/{id_}"
    return id_


def run(client: TestClient, id_: str) -> dict[str, Any]:
    """Make tours that wait, here; return them."""
    state = client.app.state  # type: ignore[attr-defined]
    run_tours_here(state.database, id_, "test", hire, state.clock)
    shown: dict[str, Any] = client.get(f"/v1/tours/{id_}").json()
    return shown


def made(client: TestClient, **changes: Any) -> dict[str, Any]:
    """Wish for tours, make them here, and return them."""
    tours = run(client, wish_for(client, **changes))
    assert (tours["state"], tours["problem"]) == ("finished", None), tours["problem"]
    return tours


def clock_of(client: TestClient) -> StandingClock:
    """Return the clock of the application."""
    clock: StandingClock = client.app.state.clock  # type: ignore[attr-defined]
    return clock
