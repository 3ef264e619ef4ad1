"""A small region as a day folder: six villages west of Kangding, two beds, one crew, eight days."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from datasets.tour_names import Toured
from datasets.tours import read_tours
from optimizer.tours.plan import Tour, TourCost, TourDay, TourPlan, TourResult, Visit
from tests.datasets import make_day_folder as make
from tests.make import clock

__all__ = ["cells", "edited", "one_visit", "settings", "write", "write_cheap_days"]

SETTINGS = """
date = 2026-03-02
days = 8
now = "2026-03-02T06:00:00+08:00"
time_zone = "Asia/Shanghai"
travel = "estimate"
[calendars.always]
weekdays = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
public_holidays = false
[[sla]]
name = "remote"
clock = "arrival"
within = "P2D"
"""
VILLAGES = (
    ("V1", "新都桥村", "101.7800", "30.0400", "扎西", "139", ""),
    ("V2", "高尔寺村", "101.7000", "30.0300", "扎西", "139", ""),
    ("V3", "雅江村", "101.5800", "30.0300", "卓玛", "137", "2026-03-05"),
    ("V4", "八角楼村", "101.6300", "30.0600", "", "", ""),
    ("V5", "理塘村", "101.4500", "29.9900", "洛桑", "", ""),
    ("V6", "孤村", "98.5000", "32.5000", "", "", ""),
)
CALLS = (("J1", "V1"), ("J2", "V1"), ("J3", "V2"), ("J4", "V3"), ("J5", "V3"), ("J6", "V4"), ("J7", "V5"), ("J8", "V6"))


def settings(tour: str = "") -> str:
    """Return day.toml, with lines of its table [tour]."""
    return SETTINGS + (f"[tour]\n{tour}" if tour else "")


def cells() -> make.Cells:
    """Return fresh rows of every table; the part of J1 is sent, and takes until the second evening."""
    found = make.tables()
    base = {"lon": "101.9600", "lat": "30.0000", "datum": "WGS84"}
    found["outlets"] = [found["outlets"][0] | base | {"name": "康定网点", "calendar": "always", "phone": "0836-1"}]
    found["centres"] = [found["centres"][0] | base | {"calendar": "always"}]
    found["technicians"] = [
        row | {"outlet_id": "O1", "travel_mode": "car", "rest_weekdays": "", "absent_on": ""}
        for row in found["technicians"][:2]
    ]
    found["warehouses"], found["lanes"] = found["warehouses"][:1], found["lanes"][:2]
    found["stock"] = [{"warehouse_id": "W1", "part_id": id_, "on_hand": "9"} for id_ in ("P1", "P2", "P4")]
    places = {id_: {"lon": lon, "lat": lat, "datum": "WGS84"} for id_, _, lon, lat, *_ in VILLAGES}
    found["jobs"] = [_call(id_, places[village_id]) for id_, village_id in CALLS]
    found["jobs"][0] |= {"product": "washer", "parts": "P2:1;P3:2"}
    found["villages"] = [
        {
            "village_id": id_,
            "name": name,
            "households": "60",
            "contact": contact,
            "phone": phone,
            "announced": announced,
        }
        | places[id_]
        for id_, name, _, _, contact, phone, announced in VILLAGES
    ]
    found["lodgings"] = [
        _bed("L1", "新都桥旅馆", "101.7850", "30.0450"),
        _bed("L2", "雅江旅店", "101.5850", "30.0300"),
    ]
    found["crews"] = [
        {"crew_id": "K1", "name": "康定巡回组", "outlet_id": "O1", "technician_ids": "T1;T2", "volume_ml": "400000"}
    ]
    found["consents"] = [
        {"job_id": id_, "until": "2026-03-09", "recorded_at": "2026-03-01T09:00:00+08:00"} for id_, _ in CALLS
    ]
    found["van_parts"] = [{"part_id": "P4", "volume_ml": "1500", "chance_permille": "400", "most": "2"}]
    return found


def _call(id_: str, place: dict[str, str]) -> dict[str, str]:
    return {
        "job_id": id_,
        "reported_at": "2026-02-27T10:00:00+08:00",
        "product": "fridge",
        "skill_level": "1",
        "service_duration": "PT2H",
        "contact": f"客户{id_}",
        "phone": "13800000000",
    } | place


def _bed(id_: str, name: str, lon: str, lat: str) -> dict[str, str]:
    return {
        "lodging_id": id_,
        "name": name,
        "lon": lon,
        "lat": lat,
        "datum": "WGS84",
        "price_fen": "12000",
        "check_in": "21:30",
        "phone": "0836-2",
    }


def write(folder: Path, found: make.Cells | None = None, toml: str = SETTINGS) -> Path:
    """Write the region."""
    return make.write(folder, cells() if found is None else found, toml)


def write_cheap_days(folder: Path) -> Path:
    """Write the region with days that cost little: whatever can be done is worth doing."""
    return write(folder, toml=settings("[tour.charges]\nday_fen = 2000"))


def edited(planned: Path, place: Path, edit: Callable[[Any], None]) -> Path:
    """Return a new folder with nothing but the tours.json of another, as this makes it."""
    document = json.loads((planned / "tours.json").read_text(encoding="utf-8"))
    edit(document)
    place.mkdir()
    (place / "tours.json").write_text(json.dumps(document), encoding="utf-8")
    return place


def one_visit(region: Path) -> Toured:
    """Return tours of one: K1 leaves on the third day for J1 and is back in the evening."""
    visit = Visit(
        job_id="J1",
        village_id="V1",
        start_s=clock("09:00", day=2),
        end_s=clock("11:00", day=2),
        travel_s=3_600,
        travel_m=40_000,
    )
    day = TourDay(
        day=2,
        depart_s=visit.start_s - 3_600,
        visits=(visit,),
        arrive_s=visit.end_s + 3_600,
        travel_s=3_600,
        travel_m=40_000,
        lodging_id=None,
    )
    plan = TourPlan(tours=(Tour(crew_id="K1", days=(day,)),))
    result = TourResult(plan=plan, cost=TourCost(), bound_fen=0, candidates=1, seed=1)
    return Toured(asked=read_tours(region).touring, result=result)
