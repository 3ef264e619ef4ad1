"""The tables about tours that a day folder may have: villages, beds, crews, consents, maintenance, parts for a van."""

from datasets.cells import (
    COORDINATE,
    DATE,
    DATES,
    IDENTIFIER,
    IDENTIFIERS,
    INSTANT,
    PLACED_DATES,
    TEXT,
    TIME_OF_DAY,
    WORD,
    WORDS,
    duration,
    integer,
    member,
    one_of,
)
from datasets.columns import DATUMS, MAX_COUNT, MAX_FEN, POSITION, TableFormat, may, must
from optimizer.model import CustomerClass, TravelMode

__all__ = ["TOUR_TABLES"]

HOUR_S = 3_600
DAY_S = 24 * HOUR_S
MAX_INTERVAL_DAYS = 3_660
MAX_VOLUME_ML = 100_000_000

VILLAGES = TableFormat(
    name="villages",
    columns=(
        must("village_id", IDENTIFIER),
        must("name", TEXT),
        *POSITION,
        may("households", integer(0, MAX_COUNT), 0),
        may("contact", TEXT, ""),
        may("phone", TEXT, ""),
        may("last_visit", DATE),
        may("announced", DATES, frozenset()),
        may("announced_at", PLACED_DATES, ()),
        may("cut_off", DATES, frozenset()),
        may("centre_id", IDENTIFIER, refers="centres"),
    ),
    keys=("village_id",),
)

LODGINGS = TableFormat(
    name="lodgings",
    columns=(
        must("lodging_id", IDENTIFIER),
        must("name", TEXT),
        *POSITION,
        must("price_fen", integer(0, MAX_FEN)),
        must("check_in", TIME_OF_DAY),
        may("closed_on", DATES, frozenset()),
        may("phone", TEXT, ""),
        may("centre_id", IDENTIFIER, refers="centres"),
    ),
    keys=("lodging_id",),
)

CREWS = TableFormat(
    name="crews",
    columns=(
        must("crew_id", IDENTIFIER),
        must("name", TEXT),
        must("outlet_id", IDENTIFIER, refers="outlets"),
        must("technician_ids", IDENTIFIERS),
        may("travel_mode", member(TravelMode), TravelMode.CAR),
        may("load_capacity", integer(0, MAX_COUNT)),
        may("volume_ml", integer(0, MAX_VOLUME_ML), 0),
        may("day_start", TIME_OF_DAY, 7 * HOUR_S + HOUR_S // 2),
        may("day_end", TIME_OF_DAY, 19 * HOUR_S + HOUR_S // 2),
        may("service_start", TIME_OF_DAY, 8 * HOUR_S),
        may("service_end", TIME_OF_DAY, 18 * HOUR_S),
        may("break_earliest", TIME_OF_DAY),
        may("break_latest", TIME_OF_DAY),
        may("break_duration", duration(60, 6 * HOUR_S, "1 minute to 6 hours")),
        may("nights_before", integer(0, 366), 0),
        may("away_on", DATE),
        may("sleeps_at", IDENTIFIER, refers="lodgings"),
        may("nights_out", integer(0, 31)),
        may("aboard", IDENTIFIERS, ()),
        may("van_down_on", DATE),
        may("van_back_on", DATE),
    ),
    keys=("crew_id",),
)

CONSENTS = TableFormat(
    name="consents",
    columns=(
        must("job_id", IDENTIFIER, refers="jobs"),
        must("until", DATE),
        must("recorded_at", INSTANT),
        may("channel", TEXT, ""),
        may("recorded_by", TEXT, ""),
    ),
    keys=("job_id",),
)

MAINTENANCE = TableFormat(
    name="maintenance",
    columns=(
        must("plan_id", IDENTIFIER),
        may("village_id", IDENTIFIER, refers="villages"),
        may("lon", COORDINATE),
        may("lat", COORDINATE),
        may("datum", one_of(DATUMS)),
        may("address", TEXT, ""),
        may("contact", TEXT, ""),
        may("phone", TEXT, ""),
        may("brand", TEXT, ""),
        must("product", WORD),
        may("fault", WORD, ""),
        may("skill_level", integer(1, 3), 1),
        may("certificates", WORDS, frozenset()),
        may("customer_class", member(CustomerClass), CustomerClass.ORDINARY),
        must("service_duration", duration(1, DAY_S, "longer than nothing and at most 24 hours")),
        may("crew_size", integer(1, 10), 1),
        may("load", integer(0, MAX_COUNT), 0),
        must("interval_days", integer(1, MAX_INTERVAL_DAYS)),
        must("last_on", DATE),
        may("early_days", integer(0, MAX_INTERVAL_DAYS), 0),
        may("late_days", integer(0, MAX_INTERVAL_DAYS), 0),
    ),
    keys=("plan_id",),
)

VAN_PARTS = TableFormat(
    name="van_parts",
    columns=(
        must("part_id", IDENTIFIER, refers="parts"),
        must("volume_ml", integer(1, MAX_VOLUME_ML)),
        must("chance_permille", integer(0, 1_000)),
        may("most", integer(0, 1_000), 20),
    ),
    keys=("part_id",),
)

TOUR_TABLES = (VILLAGES, LODGINGS, CREWS, CONSENTS, MAINTENANCE, VAN_PARTS)
