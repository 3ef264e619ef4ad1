"""A small valid day folder as text: every table and nearly every column is used; tests change what they are about."""

import copy
import csv
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
import tomli_w

from datasets.columns import TABLES
from datasets.supply_columns import ALL_TABLES

__all__ = ["NAMES", "Cells", "frames", "settings", "supply", "tables", "tours", "write", "write_toml"]

Cells = dict[str, list[dict[str, str]]]
"""Table name → rows → column → cell; a column that is not named is empty."""

NAMES = tuple(layout.name for layout in TABLES)

SETTINGS = """
date = 2026-03-02
days = 2
now = "2026-03-02T06:00:00+08:00"
time_zone = "Asia/Shanghai"
travel = "estimate"

[calendars.office]
weekdays = ["mon", "tue", "wed", "thu", "fri", "sat"]
public_holidays = true
[calendars.always]
weekdays = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
public_holidays = false
[holidays]
closed = [2026-03-03]
working = [2026-03-08]
[freeze]
fax = "-1 18:00"
phone = "07:00"
[[sla]]
name = "hotline 12"
channel = "hotline"
clock = "arrival"
within = "PT12H"
[[sla]]
name = "seat"
area_class = "seat"
clock = "arrival"
within = "PT24H"
[[sla]]
name = "remote"
clock = "arrival"
within = "P2D"
[[sla]]
name = "fridges fixed"
product = "fridge"
clock = "resolution"
within = "PT72H"
[tariff]
unserved_fen = 50000
fen_per_km = { car = 95 }
[tariff.lateness.arrival]
warn = "PT2H"
[[contract_tariff]]
id = "county"
call_out_fen = 3500
bands = [[5000, 0], [15000, 1200]]
fen_per_minute = 70
"""

TABLE_TEXT = {
    "centres": """
centre_id|name|province|lon|lat|datum|calendar
C1|成都|四川|104.0657|30.6595|WGS84|office
C2|北京|北京|116.3974|39.9093|GCJ02|always
""",
    "outlets": """
outlet_id|name|centre_id|ownership|channel|lon|lat|datum|place_level|calendar|opens|closes|tariff_id|opened_on|closed_on|workload_target|duration_percent|first_fix_percent|contact|phone
O1|成都直营|C1|own|online|104.0657|30.6595|WGS84|city|office|08:00|20:00||||||||
O2|郫县特约|C1|contract|fax|103.8872|30.8093|WGS84|county|always|08:30|18:00|county|2025-01-01||3|fridge:115|fridge:85;washer:90|李|028-1
O3|北京直营|C2|own|phone|116.3974|39.9093|BD09|city|always|00:00|24:00||||||||
O4|旧点|C1|contract|phone|104.0800|30.6600|WGS84|city|office|08:00|20:00|county|2020-01-01|2026-03-02|9||||
""",
    "technicians": """
technician_id|name|outlet_id|travel_mode|skills|certificates|load_capacity|crew_size|shift_start|shift_end|overtime_limit|break_earliest|break_latest|break_duration|rest_weekdays|absent_on
T1|王|O1|car|fridge:3;heater:2|gas:2024-05-01:2026-04-30|4|2|08:00|17:00|PT1H30M|11:30|13:30|PT45M|sun|
T2|张|O2|motorbike|fridge:1;washer:2||||08:30|18:00|||||tue|
T3|刘|O3|ebike|washer:3|gas:2023-01-01:2024-01-01|1|1|09:00|18:00|PT0S|12:00|13:00|PT1H||2026-03-03
T4|陈|O4|walk|fridge:2||||08:00|17:00||||||
""",
    "warehouses": """
warehouse_id|name|lon|lat|datum
W1|成都库|104.1|30.7|WGS84
W2|北京库|116.4|39.9|WGS84
""",
    "parts": """
part_id|name|family|size_class|weight_g|price_fen|carried
P1|压缩机|fridge|bulky|9000|45000|no
P2|水泵|washer|small|800|6000|
P3|胶管|washer|small|50||yes
P4|温控器|fridge|medium|300|2000|no
""",
    "kits": """
product|fault|part_id|quantity
fridge|no_cooling|P1|1
fridge|no_cooling|P4|2
heater|leak|P3|1
""",
    "stock": """
warehouse_id|part_id|on_hand|reserved
W1|P1|5|2
W1|P2|1|4
W2|P1|7|
""",
    "lanes": """
warehouse_id|centre_id|mode|cut_off|transit_p50|transit_p90|cost_fen|cost_fen_per_kg|carries
W1|C1|standard|16:00|PT18H|PT30H|1200|100|small;medium
W1|C1|dedicated|18:30|PT6H|PT10H|9000||small;medium;bulky
W2|C2|express|20:00|P1D|P2D|2500|200|small
""",
}

SUPPLY_TEXT = {
    "outlet_stock": """
outlet_id|part_id|on_hand|reserved|as_of
O1|P2|3|1|2026-03-02T05:00:00+08:00
O2|P1|1||
""",
    "transfer_lanes": """
from_id|to_id|mode|cut_off|transit_p50|transit_p90|cost_fen|cost_fen_per_kg|carries
W1|W2|standard|18:00|PT30H|PT40H|900|60|small;medium
W2|O1|express|19:00|PT10H|PT14H|2000||small
""",
    "orders": """
order_id|line_id|outlet_id|part_id|quantity|ordered_at|needed_by|waiting|urgent|customer_class|most_sources|pinned_source_id|job_id
R1|R1-1|O1|P2|2|2026-03-01T15:00:00+08:00||||||W1|
R1|R1-2|O1|P4|1|2026-03-01T15:00:00+08:00|||||||
R2|R2-1|O2|P1|1|2026-03-01T20:00:00+08:00|2026-03-04T12:00:00+08:00|yes|yes|priority|1||J77
""",
    "quotas": """
outlet_id|part_id|quota|used
O1|P2|4|3
O2|P1|1|5
""",
    "returns": """
return_id|outlet_id|part_id|quantity|ready_at
B1|O1|P1|1|2026-03-02T12:00:00+08:00
""",
    "forecast": """
centre_id|part_id|per_day
C1|P1|0.25
C2|P2|3
C2|P1|0.05
""",
}

TOUR_TEXT = {
    "villages": """
village_id|name|lon|lat|datum|households|contact|phone|last_visit|announced|cut_off
V1|甘孜村|99.9000|31.5000|BD09|120|扎西|139|2025-06-01|2026-03-03|2026-03-02;2026-05-01
V2|成都村|104.0700|30.6600|WGS84||||||
V3|空村|100.2000|31.4000|GCJ02|40|||||
""",
    "lodgings": """
lodging_id|name|lon|lat|datum|price_fen|check_in|closed_on|phone
L1|炉霍旅馆|100.6800|31.3900|WGS84|12000|21:30|2026-03-03|0836-1
""",
    "crews": """
crew_id|name|outlet_id|technician_ids|travel_mode|load_capacity|volume_ml|day_start|day_end|service_start|service_end|break_earliest|break_latest|break_duration|nights_before|away_on|sleeps_at|nights_out|aboard|van_down_on|van_back_on
G1|一组|O1|T1||6|400000|07:00|20:00|08:30|18:30|12:00|13:00|PT30M|3||||||
G2|二组|O2|T2;T3|car|||||||||||2026-03-02|L1|1|J4||
""",
    "consents": """
job_id|until|recorded_at|channel|recorded_by
J4|2026-03-09|2026-03-01T09:00:00+08:00|hotline|李
""",
    "maintenance": """
plan_id|village_id|lon|lat|datum|address|contact|phone|brand|product|fault|skill_level|certificates|customer_class|service_duration|crew_size|load|interval_days|last_on|early_days|late_days
M1|V3||||三号|卓玛|137|A|heater|leak|2|gas|priority|PT40M|1|1|90|2025-12-03|7|10
M2|V1||||||||fridge|no_cooling||||PT30M|||1|2026-03-01||
M3||104.0660|30.6600|GCJ02|天府路|||B|washer|||||PT20M|||365|2025-03-03|30|30
""",
    "van_parts": """
part_id|volume_ml|chance_permille|most
P2|1500|80|2
P4|100|200|
""",
}

MORNING = "2026-03-02T08:00:00+08:00/2026-03-02T12:00:00+08:00"
JOBS = [
    {"job_id": "J1", "reported_at": "2026-03-01T18:30:00+08:00", "channel": "hotline", "brand": "A"}
    | {"product": "fridge", "fault": "no_cooling", "job_type": "repair", "skill_level": "2", "centre_id": "C1"}
    | {"lon": "104.0700", "lat": "30.6600", "datum": "WGS84", "address": "人民路 1 号", "contact": "赵", "phone": "138"}
    | {"customer_class": "vulnerable", "urgent": "yes", "service_duration": "PT45M", "crew_size": "1", "load": "0"}
    | {"windows": MORNING, "lock": "none"},
    {"job_id": "J2", "reported_at": "2026-03-01T23:59:59+08:00", "channel": "web", "brand": "B", "product": "washer"}
    | {"job_type": "repair", "skill_level": "1", "lon": "103.8900", "lat": "30.8100", "datum": "WGS84"}
    | {"service_duration": "PT1H30M", "parts": "P2:1;P3:2", "preferred_technician_id": "T2", "lock": "technician"}
    | {"appointment": "2026-03-02T09:00:00+08:00/2026-03-02T10:00:00+08:00"}
    | {"published_technician_id": "T2", "published_start": "2026-03-02T09:30:00+08:00", "told": "yes"},
    {"job_id": "J3", "reported_at": "2026-03-01T16:00:00Z", "channel": "app", "product": "heater", "fault": "leak"}
    | {"job_type": "maintenance", "skill_level": "3", "certificates": "gas", "consent": "pending"}
    | {"lon": "116.4000", "lat": "39.9100", "datum": "GCJ02", "customer_class": "priority", "urgent": "no"}
    | {"service_duration": "PT30M", "crew_size": "2", "load": "3"}
    | {"preferred": "2026-03-03T09:00:00+08:00/2026-03-03T10:00:00+08:00"},
    {"job_id": "J4", "reported_at": "2026-02-27T10:00:00+08:00", "product": "fridge", "fault": "no_cooling"}
    | {"skill_level": "1", "lon": "99.9000", "lat": "31.5000", "datum": "BD09", "address": '甘孜, "远"\n二楼'}
    | {"service_duration": "PT20M", "consent": "given", "preferred_technician_id": "T4"}
    | {"published_technician_id": "T4", "published_start": "2026-03-02T11:00:00+08:00", "told": "no"},
]


def settings() -> str:
    """Return day.toml."""
    return SETTINGS


def tables() -> Cells:
    """Return fresh rows of every table."""
    return {name: _rows(text) for name, text in TABLE_TEXT.items()} | {"jobs": [dict(job) for job in JOBS]}


def supply() -> Cells:
    """Return fresh rows of every table about parts that a day may have."""
    return {name: _rows(text) for name, text in SUPPLY_TEXT.items()}


def tours() -> Cells:
    """Return fresh rows of every table about tours that a day may have."""
    return {name: _rows(text) for name, text in TOUR_TEXT.items()}


def _rows(text: str) -> list[dict[str, str]]:
    header, *rows = (line.split("|") for line in text.strip().splitlines())
    return [dict(zip(header, row, strict=True)) for row in rows]


def frames(cells: Cells) -> dict[str, pd.DataFrame]:
    """Return the same as frames with every column of the contract."""
    return {
        layout.name: pd.DataFrame(cells[layout.name], columns=[column.name for column in layout.columns], dtype=object)
        for layout in ALL_TABLES
        if layout.name in cells
    }


def write(
    folder: Path,
    cells: Cells | None = None,
    toml: str = SETTINGS,
    only_columns: Mapping[str, Sequence[str]] | None = None,
) -> Path:
    """Write a day folder with the csv module, all columns of the contract unless `only_columns` names fewer."""
    folder.mkdir(parents=True, exist_ok=True)
    cells = tables() if cells is None else cells
    (folder / "day.toml").write_text(toml, encoding="utf-8")
    for layout in ALL_TABLES:
        if layout.name not in cells:
            continue
        columns = (only_columns or {}).get(layout.name, [column.name for column in layout.columns])
        with (folder / layout.file).open("w", encoding="utf-8", newline="") as stream:
            writer = csv.DictWriter(stream, columns, extrasaction="ignore", lineterminator="\n")
            writer.writeheader()
            writer.writerows(cells[layout.name])
    return folder


def write_toml(folder: Path, values: Mapping[str, Any]) -> None:
    """Write other settings into the folder."""
    (folder / "day.toml").write_text(tomli_w.dumps(copy.deepcopy(dict(values))), encoding="utf-8")
