"""The tables about parts that a day folder may have beside its day; one without them has its jobs' kits to send."""

from datasets.cells import IDENTIFIER, INBOUND, INSTANT, THOUSANDTHS, TIME_OF_DAY, YES_NO, integer, member, members
from datasets.columns import MAX_COUNT, MAX_FEN, TABLES, TRANSIT, TableFormat, may, must
from datasets.tour_columns import TOUR_TABLES
from optimizer.model import CustomerClass, ShipMode, SizeClass

__all__ = ["ALL_TABLES", "CSV_FILES", "OPTIONAL_TABLES", "SUPPLY_TABLES"]

OUTLET_STOCK = TableFormat(
    name="outlet_stock",
    columns=(
        must("outlet_id", IDENTIFIER, refers="outlets"),
        must("part_id", IDENTIFIER, refers="parts"),
        must("on_hand", integer(0, MAX_FEN)),
        may("reserved", integer(0, MAX_FEN), 0),
        may("inbound", INBOUND, ()),
        may("as_of", INSTANT),
    ),
    keys=("outlet_id", "part_id"),
)

TRANSFER_LANES = TableFormat(
    name="transfer_lanes",
    columns=(
        must("from_id", IDENTIFIER),
        must("to_id", IDENTIFIER),
        must("mode", member(ShipMode)),
        must("cut_off", TIME_OF_DAY),
        must("transit_p50", TRANSIT),
        must("transit_p90", TRANSIT),
        must("cost_fen", integer(0, MAX_FEN)),
        may("cost_fen_per_kg", integer(0, MAX_FEN), 0),
        must("carries", members(SizeClass)),
    ),
    keys=("from_id", "to_id", "mode", "cut_off", "carries"),
)

ORDERS = TableFormat(
    name="orders",
    columns=(
        must("order_id", IDENTIFIER),
        must("line_id", IDENTIFIER),
        must("outlet_id", IDENTIFIER, refers="outlets"),
        must("part_id", IDENTIFIER, refers="parts"),
        must("quantity", integer(1, MAX_COUNT)),
        must("ordered_at", INSTANT),
        may("needed_by", INSTANT),
        may("waiting", YES_NO, False),
        may("urgent", YES_NO, False),
        may("customer_class", member(CustomerClass), CustomerClass.ORDINARY),
        may("most_sources", integer(1, 10), 3),
        may("pinned_source_id", IDENTIFIER),
        may("job_id", IDENTIFIER),
    ),
    keys=("line_id",),
)

QUOTAS = TableFormat(
    name="quotas",
    columns=(
        must("outlet_id", IDENTIFIER, refers="outlets"),
        must("part_id", IDENTIFIER, refers="parts"),
        must("quota", integer(0, MAX_FEN)),
        may("used", integer(0, MAX_FEN), 0),
    ),
    keys=("outlet_id", "part_id"),
)

RETURNS = TableFormat(
    name="returns",
    columns=(
        must("return_id", IDENTIFIER),
        must("outlet_id", IDENTIFIER, refers="outlets"),
        must("part_id", IDENTIFIER, refers="parts"),
        must("quantity", integer(1, MAX_COUNT)),
        must("ready_at", INSTANT),
    ),
    keys=("return_id",),
)

FORECAST = TableFormat(
    name="forecast",
    columns=(
        must("centre_id", IDENTIFIER, refers="centres"),
        must("part_id", IDENTIFIER, refers="parts"),
        must("per_day", THOUSANDTHS),
    ),
    keys=("centre_id", "part_id"),
)

SUPPLY_TABLES = (OUTLET_STOCK, TRANSFER_LANES, ORDERS, QUOTAS, RETURNS, FORECAST)
ALL_TABLES = (*TABLES, *SUPPLY_TABLES, *TOUR_TABLES)
OPTIONAL_TABLES = (*SUPPLY_TABLES, *TOUR_TABLES)
CSV_FILES = tuple(table.file for table in ALL_TABLES)
