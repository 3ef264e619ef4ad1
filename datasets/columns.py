"""The tables that every day folder has: each column with its kind, whether it is required, and what it refers to."""

from dataclasses import dataclass
from typing import Any

from datasets.cells import (
    CERTIFICATES,
    COORDINATE,
    DATE,
    DATES,
    IDENTIFIER,
    IDENTIFIERS,
    INBOUND,
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
    "DATUMS",
    "JOBS",
    "JOB_CHANNELS",
    "MAX_COUNT",
    "MAX_FEN",
    "MAX_KM",
    "MAX_WEIGHT_G",
    "POSITION",
    "TABLES",
    "TRANSIT",
    "Column",
    "TableFormat",
    "may",
    "must",
]

MAX_FEN = 1_000_000_000
MAX_COUNT = 100_000
MAX_WEIGHT_G = 10_000_000
MAX_KM = 20_000
HOUR_S = 3_600
JOB_CHANNELS = ("hotline", "web", "app", "wechat", "shop")
DATUMS = ("WGS84", "GCJ02", "BD09")
WAREHOUSE_KINDS = ("warehouse", "hq", "supplier")


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


def must(name: str, kind: Kind, *, refers: str = "") -> Column:
    """Return a column whose cells may not be empty."""
    return Column(name=name, kind=kind, required=True, refers=refers)


def may(name: str, kind: Kind, default: Any = None, *, refers: str = "") -> Column:
    """Return a column that may be left out; the default stands for an empty cell."""
    return Column(name=name, kind=kind, default=default, refers=refers)


POSITION = (must("lon", COORDINATE), must("lat", COORDINATE), must("datum", one_of(DATUMS)))
TRANSIT = duration(0, 60 * 24 * HOUR_S, "not negative and at most 60 days")

CENTRES = TableFormat(
    name="centres",
    columns=(
        must("centre_id", IDENTIFIER),
        must("name", TEXT),
        may("province", TEXT, ""),
        *POSITION,
        must("calendar", WORD),
    ),
    keys=("centre_id",),
    needs_rows=True,
)

OUTLETS = TableFormat(
    name="outlets",
    columns=(
        must("outlet_id", IDENTIFIER),
        must("name", TEXT),
        must("centre_id", IDENTIFIER, refers="centres"),
        must("ownership", member(Ownership)),
        must("channel", member(Channel)),
        *POSITION,
        may("place_level", one_of(("city", "county", "township", "village")), ""),
        may("calendar", WORD, ""),
        must("opens", TIME_OF_DAY),
        must("closes", TIME_OF_DAY),
        may("tariff_id", WORD, ""),
        may("opened_on", DATE),
        may("closed_on", DATE),
        may("workload_target", integer(0, MAX_COUNT), 0),
        may("visits_so_far", integer(0, MAX_COUNT), 0),
        may("duration_percent", percentages(10, 1_000), {}),
        may("first_fix_percent", percentages(0, 100), {}),
        may("contact", TEXT, ""),
        may("phone", TEXT, ""),
    ),
    keys=("outlet_id",),
    needs_rows=True,
)

TECHNICIANS = TableFormat(
    name="technicians",
    columns=(
        must("technician_id", IDENTIFIER),
        must("name", TEXT),
        must("outlet_id", IDENTIFIER, refers="outlets"),
        must("travel_mode", member(TravelMode)),
        must("skills", SKILLS),
        may("certificates", CERTIFICATES, ()),
        may("load_capacity", integer(0, MAX_COUNT), 0),
        may("crew_size", integer(1, 10), 1),
        must("shift_start", TIME_OF_DAY),
        must("shift_end", TIME_OF_DAY),
        may("overtime_limit", duration(0, 12 * HOUR_S, "not negative and at most 12 hours"), 0),
        may("break_earliest", TIME_OF_DAY),
        may("break_latest", TIME_OF_DAY),
        may("break_duration", duration(60, 6 * HOUR_S, "1 minute to 6 hours")),
        may("rest_weekdays", WEEKDAYS, ()),
        may("absent_on", DATES, frozenset()),
        may("busy_until", INSTANT),
    ),
    keys=("technician_id",),
)

JOBS = TableFormat(
    name="jobs",
    columns=(
        must("job_id", IDENTIFIER),
        must("reported_at", INSTANT),
        may("channel", one_of(JOB_CHANNELS), ""),
        may("brand", TEXT, ""),
        must("product", WORD),
        may("fault", WORD, ""),
        may("job_type", one_of(("repair", "door_replacement", "installation", "maintenance", "unit_exchange")), ""),
        must("skill_level", integer(1, 3)),
        may("certificates", WORDS, frozenset()),
        *POSITION,
        may("address", TEXT, ""),
        may("contact", TEXT, ""),
        may("phone", TEXT, ""),
        may("centre_id", IDENTIFIER, "", refers="centres"),
        may("customer_class", member(CustomerClass), CustomerClass.ORDINARY),
        may("urgent", YES_NO, False),
        must("service_duration", duration(1, 24 * HOUR_S, "longer than nothing and at most 24 hours")),
        may("crew_size", integer(1, 10), 1),
        may("load", integer(0, MAX_COUNT), 0),
        may("windows", INTERVALS, ()),
        may("appointment", INTERVAL),
        may("preferred", INTERVAL),
        may("consent", one_of(("given", "not_needed", "pending")), "not_needed"),
        may("parts", QUANTITIES),
        may("preferred_technician_id", IDENTIFIER, refers="technicians"),
        may("lock", member(Lock), Lock.NONE),
        may("published_technician_id", IDENTIFIER, refers="technicians"),
        may("published_start", INSTANT),
        may("told", YES_NO, False),
        may("same_fault_at", INSTANT),
    ),
    keys=("job_id",),
)

WAREHOUSES = TableFormat(
    name="warehouses",
    columns=(
        must("warehouse_id", IDENTIFIER),
        must("name", TEXT),
        *POSITION,
        may("kind", one_of(WAREHOUSE_KINDS), "warehouse"),
        may("calendar", WORD, ""),
        may("dock_lines", integer(1, MAX_COUNT)),
        may("offline", YES_NO, False),
    ),
    keys=("warehouse_id",),
)

PARTS = TableFormat(
    name="parts",
    columns=(
        must("part_id", IDENTIFIER),
        must("name", TEXT),
        must("family", WORD),
        must("size_class", member(SizeClass)),
        must("weight_g", integer(0, MAX_WEIGHT_G)),
        may("price_fen", integer(0, MAX_FEN), 0),
        may("carried", YES_NO, False),
        may("substitutes", IDENTIFIERS, ()),
    ),
    keys=("part_id",),
)

KITS = TableFormat(
    name="kits",
    columns=(
        must("product", WORD),
        must("fault", WORD),
        must("part_id", IDENTIFIER, refers="parts"),
        must("quantity", integer(1, 1_000)),
    ),
    keys=("product", "fault", "part_id"),
)

STOCK = TableFormat(
    name="stock",
    columns=(
        must("warehouse_id", IDENTIFIER, refers="warehouses"),
        must("part_id", IDENTIFIER, refers="parts"),
        must("on_hand", integer(0, MAX_FEN)),
        may("reserved", integer(0, MAX_FEN), 0),
        may("floor", integer(0, MAX_FEN), 0),
        may("inbound", INBOUND, ()),
        may("as_of", INSTANT),
    ),
    keys=("warehouse_id", "part_id"),
)

LANES = TableFormat(
    name="lanes",
    columns=(
        must("warehouse_id", IDENTIFIER, refers="warehouses"),
        must("centre_id", IDENTIFIER, refers="centres"),
        must("mode", member(ShipMode)),
        must("cut_off", TIME_OF_DAY),
        must("transit_p50", TRANSIT),
        must("transit_p90", TRANSIT),
        must("cost_fen", integer(0, MAX_FEN)),
        may("cost_fen_per_kg", integer(0, MAX_FEN), 0),
        must("carries", members(SizeClass)),
        may("calendar", WORD, ""),
        may("closed", INTERVALS, ()),
        may("reach_km", integer(0, MAX_KM)),
    ),
    keys=("warehouse_id", "centre_id", "mode", "cut_off", "carries"),
)

TABLES = (CENTRES, OUTLETS, TECHNICIANS, JOBS, WAREHOUSES, PARTS, KITS, STOCK, LANES)
