"""Builds what is known of the parts beside a day, from tables that are free of faults."""

from collections import defaultdict
from collections.abc import Mapping

from datasets.network import days_shut, lanes_of, unpromised, wgs84
from datasets.parts_policy import PartsPolicy
from datasets.settings import Settings
from datasets.table import Table
from datasets.times import midnight_of
from optimizer.model import DAY_S, Lane, Position
from optimizer.parts.model import Order, OrderLine, Quota, Shelf
from optimizer.parts.returns import Return
from optimizer.parts.supply import Supply, routes_of

__all__ = ["build_returns", "build_supply"]


def build_supply(tables: Mapping[str, Table], settings: Settings) -> Supply:
    """Build the supply of a day; tables: all of a folder, those it does not have empty."""
    policy = settings.parts
    parts = tables["parts"]
    return Supply(
        respond_within_s=policy.respond_within_s,
        horizon_s=policy.horizon_s,
        orders=_orders(tables, settings),
        shelves=_shelves(tables["outlet_stock"], settings),
        transfers=tuple(routes_of(_transfer_lanes(tables, settings), settings.now_s, policy.horizon_s)),
        substitutes={
            part: others
            for part, others in zip(parts.values["part_id"], parts.values["substitutes"], strict=True)
            if others
        },
        quotas=_quotas(tables["quotas"]),
        forecast=_forecast(tables["forecast"], policy),
        charges=policy.charges,
    )


def build_returns(tables: Mapping[str, Table], settings: Settings) -> tuple[Return, ...]:
    """Build the defective parts that wait at outlets."""
    homes = _homes(tables["outlets"])
    columns = ("return_id", "outlet_id", "part_id", "quantity", "ready_at")
    return tuple(
        Return(
            id=id_,
            outlet_id=outlet_id,
            centre_id=homes[outlet_id][0],
            position=homes[outlet_id][1],
            part_id=part_id,
            quantity=quantity,
            ready_s=ready_at - midnight_of(settings.date),
        )
        for id_, outlet_id, part_id, quantity, ready_at in zip(
            *(tables["returns"].values[name] for name in columns), strict=True
        )
    )


def _homes(outlets: Table) -> dict[str, tuple[str, Position]]:
    """Return centre and place of every outlet, those too that are closed on the day."""
    columns = outlets.values["outlet_id"], outlets.values["centre_id"], wgs84(outlets).tolist()
    return {id_: (centre_id, (lon, lat)) for id_, centre_id, (lon, lat) in zip(*columns, strict=True)}


def _orders(tables: Mapping[str, Table], settings: Settings) -> tuple[Order, ...]:
    table, homes = tables["orders"], _homes(tables["outlets"])
    lines: defaultdict[str, list[int]] = defaultdict(list)
    for row, order_id in enumerate(table.values["order_id"]):
        lines[order_id].append(row)
    return tuple(_order(table, rows, *homes[table.values["outlet_id"][rows[0]]], settings) for rows in lines.values())


def _order(table: Table, rows: list[int], centre_id: str, position: Position, settings: Settings) -> Order:
    """Build one order; what is true of all of it stands in each of its lines."""
    midnight = midnight_of(settings.date)
    values = {name: column[rows[0]] for name, column in table.values.items()}
    ordered_s = values["ordered_at"] - midnight
    return Order(
        id=values["order_id"],
        centre_id=centre_id,
        outlet_id=values["outlet_id"],
        position=position,
        ordered_s=ordered_s,
        respond_by_s=ordered_s + settings.parts.respond_within_s,
        lines=tuple(
            OrderLine(
                id=table.values["line_id"][row],
                part_id=table.values["part_id"][row],
                quantity=table.values["quantity"][row],
                pinned_source_id=table.values["pinned_source_id"][row],
            )
            for row in rows
        ),
        job_id=values["job_id"],
        needed_by_s=None if values["needed_by"] is None else values["needed_by"] - midnight,
        customer_class=values["customer_class"],
        waiting=values["waiting"],
        urgent=values["urgent"],
        most_sources=values["most_sources"],
    )


def _shelves(table: Table, settings: Settings) -> dict[str, dict[str, Shelf]]:
    shelves: defaultdict[str, dict[str, Shelf]] = defaultdict(dict)
    columns = (table.values[name] for name in ("outlet_id", "part_id", "on_hand", "reserved", "inbound"))
    for outlet_id, part_id, on_hand, reserved, lots in zip(*columns, strict=True):
        shelves[outlet_id][part_id] = Shelf(
            free=max(0, on_hand - reserved),
            inbound=unpromised(lots, reserved - on_hand, midnight_of(settings.date)),
        )
    return dict(shelves)


def _transfer_lanes(tables: Mapping[str, Table], settings: Settings) -> tuple[Lane, ...]:
    """Return the lanes between sources; none leaves a warehouse whose calendar is closed."""
    table, shut = tables["transfer_lanes"], days_shut(tables["warehouses"], settings)
    return lanes_of(table, ("from_id", "to_id"), [shut.get(from_id, ()) for from_id in table.values["from_id"]])


def _quotas(table: Table) -> tuple[Quota, ...]:
    columns = (table.values[name] for name in ("outlet_id", "part_id", "quota", "used"))
    return tuple(
        Quota(outlet_id=outlet_id, part_id=part_id, left=max(0, quota - used))
        for outlet_id, part_id, quota, used in zip(*columns, strict=True)
    )


def _forecast(table: Table, policy: PartsPolicy) -> dict[tuple[str, str], int]:
    """Return the units expected before the shelves are filled again, halves rounded up; none where that is 0."""
    columns = (table.values[name] for name in ("centre_id", "part_id", "per_day"))
    expected = {
        (centre_id, part_id): (thousandths * policy.refilled_s + 500 * DAY_S) // (1_000 * DAY_S)
        for centre_id, part_id, thousandths in zip(*columns, strict=True)
    }
    return {key: units for key, units in expected.items() if units}
