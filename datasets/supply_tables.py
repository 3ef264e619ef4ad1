"""Checks in the tables about parts what one cell alone cannot show: who may send what to whom, and when."""

from collections.abc import Iterable, Mapping

import numpy as np
from numpy.typing import NDArray

from datasets.faults import FaultList
from datasets.settings import Settings
from datasets.table import Table
from datasets.times import midnight_of
from optimizer.model import DAY_S

__all__ = ["SUPPLY_ROWS", "check_supply"]

MAX_DISTANCE_FROM_DAY_S = 1_000 * DAY_S

Mask = NDArray[np.bool_]

_OF_ORDER = ("outlet_id", "ordered_at", "needed_by", "waiting", "urgent", "customer_class", "most_sources", "job_id")
"""What is true of an order, and stands in each of its lines."""


def check_supply(tables: Mapping[str, Table], settings: Settings | None, faults: FaultList) -> None:
    """Note what is wrong between the tables about parts and the others."""
    _check_substitutes(tables["parts"], faults)
    _check_sources(tables, faults)
    _check_orders(tables["orders"], tables["jobs"], faults)
    if settings is not None:
        _check_moments(tables, settings, faults)


def _check_substitutes(parts: Table, faults: FaultList) -> None:
    if parts.whole:
        known = parts.ids
        unknown = _where(bool(others) and not known.issuperset(others) for others in parts.values["substitutes"])
        parts.refuse(unknown, "substitutes", "part_id;… with ids that stand in parts.csv", faults)


def _check_sources(tables: Mapping[str, Table], faults: FaultList) -> None:
    """An id says by itself whether it is a warehouse, an outlet with stock or a centre: parcels are addressed by it."""
    houses, outlets, centres = (tables[name] for name in ("warehouses", "outlets", "centres"))
    lanes, stock, orders = (tables[name] for name in ("transfer_lanes", "outlet_stock", "orders"))
    if houses.whole:
        doubled = stock.among("outlet_id", houses.ids)
        stock.refuse(doubled, "outlet_id", "an outlet whose id is not also that of a warehouse", faults)
    if houses.whole and outlets.whole:
        places = houses.ids | outlets.ids
        for column in ("from_id", "to_id"):
            unknown = ~lanes.among(column, places) & _readable(lanes, column)
            lanes.refuse(unknown, column, "an id that stands in warehouses.csv or outlets.csv", faults)
    if centres.whole:
        to_centre = lanes.among("to_id", centres.ids)
        lanes.refuse(to_centre, "to_id", "a warehouse or outlet whose id is not also that of a centre", faults)
    if houses.whole and stock.whole:
        sources = houses.ids | stock.ids
        unknown = ~orders.among("pinned_source_id", sources) & _readable(orders, "pinned_source_id")
        allowed = "an id that stands in warehouses.csv, or of an outlet in outlet_stock.csv"
        orders.refuse(unknown, "pinned_source_id", allowed, faults)


def _check_orders(orders: Table, jobs: Table, faults: FaultList) -> None:
    if jobs.whole:
        taken = orders.among("order_id", jobs.ids)
        orders.refuse(taken, "order_id", "an id that no job in jobs.csv has: its kit is an order of that name", faults)
        known = orders.among("job_id", jobs.ids - {""})
        orders.refuse(known, "job_id", "a job that is not in jobs.csv: the kits of those are ordered already", faults)
    part_of: dict[tuple[str, str], int] = {}
    for row, key in enumerate(zip(orders.text["order_id"].tolist(), orders.text["part_id"].tolist(), strict=True)):
        before = part_of.setdefault(key, row)
        # A row that stands there twice is another fault.
        if all(key) and orders.text["line_id"][before] != orders.text["line_id"][row]:
            allowed = f"each part once in an order; line {orders.lines[before]} has it too"
            faults.add("orders.csv", int(orders.lines[row]), "part_id", key[1], allowed)
    _check_orders_alike(orders, faults)


def _check_orders_alike(orders: Table, faults: FaultList) -> None:
    first: dict[str, int] = {}
    rows = list(zip(*(orders.values[column].tolist() for column in _OF_ORDER), strict=True))
    for row, order_id in enumerate(orders.text["order_id"].tolist()):
        before = first.setdefault(order_id, row)
        for place, column in enumerate(_OF_ORDER):
            # What cannot be read is one fault, and not another one for each line that differs from it.
            unread = any(orders.values[column][one] is None and orders.text[column][one] for one in (before, row))
            if order_id and rows[before][place] != rows[row][place] and not unread:
                allowed = f"the same in every line of {order_id}; line {orders.lines[before]} differs"
                faults.add("orders.csv", int(orders.lines[row]), column, orders.text[column][row], allowed)


def _check_moments(tables: Mapping[str, Table], settings: Settings, faults: FaultList) -> None:
    midnight = midnight_of(settings.date)
    near = f"a time within 1000 days of {settings.date}"
    for name, columns in (
        ("stock", ("as_of",)),
        ("outlet_stock", ("as_of",)),
        ("orders", ("ordered_at", "needed_by")),
        ("returns", ("ready_at",)),
    ):
        table = tables[name]
        for column in columns:
            far = np.abs(table.numbers(column) - midnight) > MAX_DISTANCE_FROM_DAY_S
            table.refuse(far, column, near, faults)
    for name, column in (("stock", "inbound"), ("outlet_stock", "inbound"), ("lanes", "closed")):
        table = tables[name]
        far = _where(_is_far(moments, midnight) for moments in _moments(table, column))
        table.refuse(far, column, near.replace("a time", "times"), faults)
    ordered = tables["orders"].numbers("ordered_at")
    coming = (ordered - midnight > settings.now_s) & (ordered - midnight <= MAX_DISTANCE_FROM_DAY_S)
    tables["orders"].refuse(coming, "ordered_at", "a time not after `now` of day.toml", faults)


def _moments(table: Table, column: str) -> Iterable[list[int]]:
    if column == "inbound":
        return ([moment for moment, _ in lots or ()] for lots in table.values[column])
    return ([at for span in spans or () for at in (span.earliest_s, span.latest_s)] for spans in table.values[column])


def _is_far(moments: Iterable[int], midnight: int) -> bool:
    return any(abs(moment - midnight) > MAX_DISTANCE_FROM_DAY_S for moment in moments)


def _where(rows: Iterable[bool]) -> Mask:
    return np.fromiter(rows, dtype=np.bool_)


def _readable(table: Table, column: str) -> Mask:
    return _where(value is not None for value in table.values[column])


def _check_rows_of_parts(table: Table, faults: FaultList) -> None:
    both = zip(table.values["part_id"], table.values["substitutes"], strict=True)
    itself = _where(part_id in (others or ()) for part_id, others in both)
    table.refuse(itself, "substitutes", "other parts than the one that they stand for", faults)


def _check_rows_of_stock(table: Table, faults: FaultList) -> None:
    counted = zip(table.values["as_of"], table.values["inbound"], strict=True)
    arrived = _where(as_of is not None and any(moment <= as_of for moment, _ in lots or ()) for as_of, lots in counted)
    table.refuse(arrived, "inbound", "times after as_of: what came before is in on_hand", faults)


def _check_rows_of_transfer_lanes(table: Table, faults: FaultList) -> None:
    to_itself = table.values["from_id"] == table.values["to_id"]
    table.refuse(to_itself & _readable(table, "to_id"), "to_id", "another place than from_id", faults)
    reversed_transit = table.numbers("transit_p50") > table.numbers("transit_p90")
    table.refuse(reversed_transit, "transit_p90", "a duration not shorter than transit_p50", faults)


def _check_rows_of_orders(table: Table, faults: FaultList) -> None:
    before = table.numbers("needed_by") < table.numbers("ordered_at")
    table.refuse(before, "needed_by", "a time not before ordered_at", faults)


SUPPLY_ROWS = {
    "parts": _check_rows_of_parts,
    "stock": _check_rows_of_stock,
    "outlet_stock": _check_rows_of_stock,
    "transfer_lanes": _check_rows_of_transfer_lanes,
    "orders": _check_rows_of_orders,
}
"""What must fit within the rows of one table."""
