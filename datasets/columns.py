"""The tables of a day folder: every column with its kind, whether it is required, and what it refers to."""

from dataclasses import dataclass
from typing import Any

from datasets.cells import (
    CERTIFICATES,
    COORDINATE,
    DATE,
    DATES,
    IDENTIFIER,
    INSTANT,
    INTERVAL,
    INTERVALS,
    QUANTITIES,
    SKILLS,
    TEXT,
    TIME_OF_DAY,
    WEEKDAYS,
    WORD,
    WORDS,
    YES_NO,
    Kind,
    duration,
    integer,
    member,
    members,
    one_of,
    percentages,
)
from optimizer.model import Channel, CustomerClass, Lock, Ownership, ShipMode, SizeClass, TravelMode

__all__ = [
    "CSV_FILES",
    "DATUMS",
    "JOB_CHANNELS",
    "MAX_COUNT",
    "MAX_FEN",
    "MAX_WEIGHT_G",
    "TABLES",
    "Column",
    "TableFormat",
]

MAX_FEN = 1_000_000_000
MAX_COUNT = 100_000
MAX_WEIGHT_G = 10_000_000
HOUR_S = 3_600
JOB_CHANNELS = ("hotline", "web", "app", "wechat", "shop")
DATUMS = ("WGS84", "GCJ02", "BD09")


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One column; `default` stands for an empty cell, `refers` names the table whose id the cell must hold."""

    name: str
    kind: Kind
    required: bool = False
    default: Any = None
    refers: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class TableFormat:
    """One CSV file; `keys` are the columns that no two rows may share."""

    name: str
    columns: tuple[Column, ...]
    keys: tuple[str, ...]
    needs_rows: bool = False

    @property
    def file(self) -> str:
        """File name in the day folder."""
        return f"{self.name}.csv"


def _must(name: str, kind: Kind, *, refers: str = "") -> Column:
    return Column(name=name, kind=kind, required=True, refers=refers)


def _may(name: str, kind: Kind, default: Any = None, *, refers: str = "") -> Column:
    return Column(name=name, kind=kind, default=default, refers=refers)


POSITION = (_must("lon", COORDINATE), _must("lat", COORDINATE), _must("datum", one_of(DATUMS)))
TRANSIT = duration(0, 60 * 24 * HOUR_S, "not negative and at most 60 days")

CENTRES = TableFormat(
    name="centres",
    columns=(
        _must("centre_id", IDENTIFIER),
        _must("name", TEXT),
        _may("province", TEXT, ""),
        *POSITION,
        _must("calendar", WORD),
    ),
    keys=("centre_id",),
    needs_rows=True,
)

OUTLETS = TableFormat(
    name="outlets",
    columns=(
        _must("outlet_id", IDENTIFIER),
        _must("name", TEXT),
        _must("centre_id", IDENTIFIER, refers="centres"),
        _must("ownership", member(Ownership)),
        _must("channel", member(Channel)),
        *POSITION,
        _may("place_level", one_of(("city", "county", "township", "village")), ""),
        _may("calendar", WORD, ""),
        _must("opens", TIME_OF_DAY),
        _must("closes", TIME_OF_DAY),
        _may("tariff_id", WORD, ""),
        _may("opened_on", DATE),
        _may("closed_on", DATE),
        _may("workload_target", integer(0, MAX_COUNT), 0),
        _may("visits_so_far", integer(0, MAX_COUNT), 0),
        _may("duration_percent", percentages(10, 1_000), {}),
        _may("first_fix_percent", percentages(0, 100), {}),
        _may("contact", TEXT, ""),
        _may("phone", TEXT, ""),
    ),
    keys=("outlet_id",),
    needs_rows=True,
)

TECHNICIANS = TableFormat(
    name="technicians",
    columns=(
        _must("technician_id", IDENTIFIER),
        _must("name", TEXT),
        _must("outlet_id", IDENTIFIER, refers="outlets"),
        _must("travel_mode", member(TravelMode)),
        _must("skills", SKILLS),
        _may("certificates", CERTIFICATES, ()),
        _may("load_capacity", integer(0, MAX_COUNT), 0),
        _may("crew_size", integer(1, 10), 1),
        _must("shift_start", TIME_OF_DAY),
        _must("shift_end", TIME_OF_DAY),
        _may("overtime_limit", duration(0, 12 * HOUR_S, "not negative and at most 12 hours"), 0),
        _may("break_earliest", TIME_OF_DAY),
        _may("break_latest", TIME_OF_DAY),
        _may("break_duration", duration(60, 6 * HOUR_S, "1 minute to 6 hours")),
        _may("rest_weekdays", WEEKDAYS, ()),
        _may("absent_on", DATES, frozenset()),
        _may("busy_until", INSTANT),
    ),
    keys=("technician_id",),
)

JOBS = TableFormat(
    name="jobs",
    columns=(
        _must("job_id", IDENTIFIER),
        _must("reported_at", INSTANT),
        _may("channel", one_of(JOB_CHANNELS), ""),
        _may("brand", TEXT, ""),
        _must("product", WORD),
        _may("fault", WORD, ""),
        _may("job_type", one_of(("repair", "door_replacement", "installation", "maintenance", "unit_exchange")), ""),
        _must("skill_level", integer(1, 3)),
        _may("certificates", WORDS, frozenset()),
        *POSITION,
        _may("address", TEXT, ""),
        _may("contact", TEXT, ""),
        _may("phone", TEXT, ""),
        _may("centre_id", IDENTIFIER, "", refers="centres"),
        _may("customer_class", member(CustomerClass), CustomerClass.ORDINARY),
        _may("urgent", YES_NO, False),
        _must("service_duration", duration(1, 24 * HOUR_S, "longer than nothing and at most 24 hours")),
        _may("crew_size", integer(1, 10), 1),
        _may("load", integer(0, MAX_COUNT), 0),
        _may("windows", INTERVALS, ()),
        _may("appointment", INTERVAL),
        _may("preferred", INTERVAL),
        _may("consent", one_of(("given", "not_needed", "pending")), "not_needed"),
        _may("parts", QUANTITIES),
        _may("preferred_technician_id", IDENTIFIER, refers="technicians"),
        _may("lock", member(Lock), Lock.NONE),
        _may("published_technician_id", IDENTIFIER, refers="technicians"),
        _may("published_start", INSTANT),
        _may("told", YES_NO, False),
        _may("same_fault_at", INSTANT),
    ),
    keys=("job_id",),
)

WAREHOUSES = TableFormat(
    name="warehouses",
    columns=(_must("warehouse_id", IDENTIFIER), _must("name", TEXT), *POSITION),
    keys=("warehouse_id",),
)

PARTS = TableFormat(
    name="parts",
    columns=(
        _must("part_id", IDENTIFIER),
        _must("name", TEXT),
        _must("family", WORD),
        _must("size_class", member(SizeClass)),
        _must("weight_g", integer(0, MAX_WEIGHT_G)),
        _may("price_fen", integer(0, MAX_FEN), 0),
        _may("carried", YES_NO, False),
    ),
    keys=("part_id",),
)

KITS = TableFormat(
    name="kits",
    columns=(
        _must("product", WORD),
        _must("fault", WORD),
        _must("part_id", IDENTIFIER, refers="parts"),
        _must("quantity", integer(1, 1_000)),
    ),
    keys=("product", "fault", "part_id"),
)

STOCK = TableFormat(
    name="stock",
    columns=(
        _must("warehouse_id", IDENTIFIER, refers="warehouses"),
        _must("part_id", IDENTIFIER, refers="parts"),
        _must("on_hand", integer(0, MAX_FEN)),
        _may("reserved", integer(0, MAX_FEN), 0),
    ),
    keys=("warehouse_id", "part_id"),
)

LANES = TableFormat(
    name="lanes",
    columns=(
        _must("warehouse_id", IDENTIFIER, refers="warehouses"),
        _must("centre_id", IDENTIFIER, refers="centres"),
        _must("mode", member(ShipMode)),
        _must("cut_off", TIME_OF_DAY),
        _must("transit_p50", TRANSIT),
        _must("transit_p90", TRANSIT),
        _must("cost_fen", integer(0, MAX_FEN)),
        _may("cost_fen_per_kg", integer(0, MAX_FEN), 0),
        _must("carries", members(SizeClass)),
    ),
    keys=("warehouse_id", "centre_id", "mode", "cut_off", "carries"),
)

TABLES = (CENTRES, OUTLETS, TECHNICIANS, JOBS, WAREHOUSES, PARTS, KITS, STOCK, LANES)
CSV_FILES = tuple(table.file for table in TABLES)
