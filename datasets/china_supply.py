"""What else the sample says of parts: reserves, lots on their way, outlets' own shelves, other orders, quotas, returns.

A stream of random numbers of its own, and nothing that the day's visits could notice: the reserve lies on top of the
stock, a supplier has nothing yet, and lanes are closed on days beyond the horizon or by a calendar only.
"""

import datetime as dt
from collections.abc import Mapping

import numpy as np
import pandas as pd

from datasets.china_calls import instants
from datasets.china_catalogue import FAMILIES, SERIES
from datasets.china_ground import DAY_S, NOW_S, Floats, Ground, kilometres, sphere
from datasets.china_parts import lanes, part_id, shipped_need
from datasets.network import BY_ROAD

__all__ = ["POLICY", "furnish", "supply"]

POLICY = {"respond_within": "PT24H", "horizon": "P7D", "refilled_within": "P3D"}
"""The table [parts] of day.toml."""

HQ = "佛山"
SUPPLIER, SUPPLIER_PLACE = "S01", (113.38, 22.52)
SUPPLIER_LOT = 40
COUNTED_S = NOW_S - 1_800
RESERVED_SHARE, INBOUND_SHARE = 0.25, 0.10
SUBSTITUTED_SHARE = 0.35
DOCK_SLACK, LEAST_DOCK = 1.5, 12
NEIGHBOURS = 3
JOBS_PER_ORDER, JOBS_PER_RETURN, JOBS_PER_SHELF = 40, 50, 60
WAITING_SHARE, URGENT_SHARE, QUOTA_SHARE = 0.12, 0.3, 0.4

Tables = Mapping[str, pd.DataFrame]


def furnish(
    rng: np.random.Generator, tables: Tables, warehouse_load: Floats, jobs: int, date: dt.date
) -> dict[str, pd.DataFrame]:
    """Return warehouses, parts, stock and lanes with what else there is to say of them.

    tables: those four and centres, as the day's visits know them. warehouse_load: share of calls near each.
    """
    houses = tables["warehouses"]
    lines = jobs * sum(share for _, share in shipped_need())
    docks = np.maximum(LEAST_DOCK, np.ceil(DOCK_SLACK * lines * warehouse_load)).astype(int)
    supplier = {
        "warehouse_id": SUPPLIER,
        "name": "中山配件供应商",
        "lon": SUPPLIER_PLACE[0],
        "lat": SUPPLIER_PLACE[1],
        "datum": "WGS84",
        "kind": "supplier",
        "calendar": "office",
    }
    kinds = np.where(houses["name"].str.startswith(HQ), "hq", "warehouse")
    whole = houses.assign(kind=kinds, calendar="", dock_lines=docks.astype(str))
    one = pd.DataFrame([supplier])
    return {
        "warehouses": pd.concat([whole, one], ignore_index=True),
        "parts": tables["parts"].assign(substitutes=_substitutes(rng, tables["parts"])),
        "stock": _stock(rng, tables["stock"], date),
        "lanes": _lanes(tables["lanes"], lanes(one, tables["centres"]), date),
    }


def _substitutes(rng: np.random.Generator, part_table: pd.DataFrame) -> list[str]:
    """Return what does instead of each part: of some components a later series fits, the next one best."""
    shipped = set(part_table["part_id"][part_table["carried"] == "no"])
    others = {}
    for f, family in enumerate(FAMILIES):
        for c in range(len(family.components)):
            if rng.random() >= SUBSTITUTED_SHARE:
                continue
            for s in range(len(SERIES) - 1):
                others[part_id(f, c, s)] = ";".join(part_id(f, c, later) for later in range(s + 1, len(SERIES))[:2])
    return [others.get(part, "") if part in shipped else "" for part in part_table["part_id"]]


def _stock(rng: np.random.Generator, stock: pd.DataFrame, date: dt.date) -> pd.DataFrame:
    """Return stock.csv with reserves on top, lots on their way, and what the supplier will have."""
    on_hand = stock["on_hand"].to_numpy()
    floor = np.where((rng.random(len(stock)) < RESERVED_SHARE) & (on_hand > 0), 1 + on_hand // 10, 0)
    lots = np.where(rng.random(len(stock)) < INBOUND_SHARE, 1 + rng.poisson(1 + on_hand / 3), 0)
    arrival_s = rng.integers(0, 4, len(stock)) * DAY_S + rng.choice([9, 11, 14, 17], len(stock)) * 3_600
    counted = instants(date, np.array([COUNTED_S]))[0]
    arrivals = instants(date, arrival_s)
    held = stock.assign(on_hand=on_hand + floor, floor=floor)
    held["inbound"] = [f"{lot}@{at}" if lot else "" for lot, at in zip(lots.tolist(), arrivals, strict=True)]
    held["as_of"] = counted
    return pd.concat([held, _of_supplier(rng, stock, date, counted)], ignore_index=True)


def _of_supplier(rng: np.random.Generator, stock: pd.DataFrame, date: dt.date, counted: str) -> pd.DataFrame:
    """Return what the supplier makes: whatever is scarce, all but one of the parts that nobody has."""
    holders = stock.assign(has=stock["on_hand"] > 0).groupby("part_id", sort=True)["has"].sum()
    made = [*holders.index[holders == 0][1:], *holders.index[(holders > 0) & (holders <= 2)]]
    days = rng.integers(2, 6, len(made))
    arrivals = instants(date, days * DAY_S + 10 * 3_600)
    return pd.DataFrame(
        {
            "warehouse_id": SUPPLIER,
            "part_id": made,
            "on_hand": 0,
            "reserved": 0,
            "floor": 0,
            "inbound": [f"{SUPPLIER_LOT}@{at}" for at in arrivals],
            "as_of": counted,
        }
    )


def _lanes(lane_table: pd.DataFrame, of_supplier: pd.DataFrame, date: dt.date) -> pd.DataFrame:
    """Return lanes.csv: trucks rest when offices do; one pass is closed for two days, after the horizon."""
    usual = of_supplier[of_supplier["mode"].isin(["standard", "dedicated"])]
    whole = pd.concat([lane_table, usual], ignore_index=True)
    whole["calendar"] = np.where(whole["mode"] == "standard", "office", "")
    begin, end = instants(date, np.array([3 * DAY_S + 8 * 3_600, 5 * DAY_S + 20 * 3_600]))
    last = whole["centre_id"].iloc[0], whole["warehouse_id"].iloc[0]
    shut = (whole["centre_id"] == last[0]) & (whole["warehouse_id"] == last[1]) & (whole["mode"] == "dedicated")
    whole["closed"] = np.where(shut, f"{begin}/{end}", "")
    return whole


def supply(
    rng: np.random.Generator, ground: Ground, tables: Tables, jobs: int, date: dt.date
) -> dict[str, pd.DataFrame]:
    """Return the tables about parts that stand beside a day; tables: centres, outlets, warehouses, parts, stock."""
    shipped = tables["parts"][tables["parts"]["carried"] == "no"].reset_index(drop=True)
    need = np.array([share for _, share in shipped_need()])
    shelves = _outlet_stock(rng, tables["outlets"], shipped, need, jobs, date)
    orders = _orders(rng, tables["outlets"], (shipped, need), shelves, jobs, date)
    return {
        "outlet_stock": shelves,
        "transfer_lanes": _transfer_lanes(tables["warehouses"]),
        "orders": orders,
        "quotas": _quotas(rng, orders),
        "returns": _returns(rng, tables["outlets"], shipped, need, jobs, date),
        "forecast": _forecast(ground, tables["centres"], shipped, jobs * need),
    }


def _outlet_stock(
    rng: np.random.Generator,
    outlet_table: pd.DataFrame,
    shipped: pd.DataFrame,
    need: Floats,
    jobs: int,
    date: dt.date,
) -> pd.DataFrame:
    """Return the shelves of some outlets, own ones mostly: two to eight small parts that are asked for often."""
    own = (outlet_table["ownership"] == "own").to_numpy()
    weight = np.where(own, 8.0, 1.0)
    count = min(len(outlet_table), jobs // JOBS_PER_SHELF)
    chosen = np.sort(rng.choice(len(outlet_table), size=count, replace=False, p=weight / weight.sum()))
    small = np.flatnonzero((shipped["size_class"] == "small").to_numpy())
    often = need[small] / need[small].sum()
    rows = []
    for outlet in chosen.tolist():
        held = np.sort(rng.choice(small, size=int(rng.integers(2, 9)), replace=False, p=often))
        rows += [
            (outlet_table["outlet_id"].iloc[outlet], shipped["part_id"].iloc[part], int(rng.integers(1, 5)), 0)
            for part in held.tolist()
        ]
    table = pd.DataFrame(rows, columns=["outlet_id", "part_id", "on_hand", "reserved"])
    return table.assign(as_of=instants(date, np.array([COUNTED_S - 10 * 3_600]))[0])


def _transfer_lanes(house_table: pd.DataFrame) -> pd.DataFrame:
    """Return the nightly trucks between warehouses: to the nearest ones, from the head office to all."""
    lon, lat = house_table["lon"].to_numpy(dtype=np.float64), house_table["lat"].to_numpy(dtype=np.float64)
    away_km, nearest = kilometres(sphere(lon, lat), lon, lat, k=len(house_table))
    kind = house_table["kind"].to_numpy()
    rows = []
    for row, id_ in enumerate(house_table["warehouse_id"]):
        others = [
            (house, BY_ROAD * km)
            for house, km in zip(nearest[row].tolist(), away_km[row].tolist(), strict=True)
            if house != row and kind[house] != "supplier"
        ]
        for house, km in others if kind[row] == "hq" else others[:NEIGHBOURS]:
            hours = 8 + km / 65
            rows.append(
                {
                    "from_id": id_,
                    "to_id": house_table["warehouse_id"].iloc[house],
                    "mode": "standard",
                    "cut_off": "20:00",
                    "transit_p50": f"PT{round(hours)}H",
                    "transit_p90": f"PT{round(1.3 * hours) + 1}H",
                    "cost_fen": 1_500 + round(km),
                    "cost_fen_per_kg": 40 + round(km) // 40,
                    "carries": "small;medium;bulky",
                }
            )
    return pd.DataFrame(rows)


def _orders(
    rng: np.random.Generator,
    outlet_table: pd.DataFrame,
    catalogue: tuple[pd.DataFrame, Floats],
    shelves: pd.DataFrame,
    jobs: int,
    date: dt.date,
) -> pd.DataFrame:
    """Return orders.csv: outlets fill up what they lack, and a few wait for a job that is on no list yet."""
    shipped, need = catalogue
    share = np.sqrt(need) / np.sqrt(need).sum()
    held = set(zip(shelves["outlet_id"], shelves["part_id"], strict=True))
    rows = []
    for number in range(jobs // JOBS_PER_ORDER):
        outlet = str(outlet_table["outlet_id"].iloc[int(rng.integers(len(outlet_table)))])
        waiting = bool(rng.random() < WAITING_SHARE)
        urgent = waiting and bool(rng.random() < URGENT_SHARE)
        ordered_s = NOW_S - int(rng.integers(1, 22 * 60)) * 60
        needed_s = int(rng.integers(2, 8)) * DAY_S + 12 * 3_600
        size = int(rng.integers(1, 2 if waiting else 5))
        parts = rng.choice(len(shipped), size=size, replace=False, p=share).tolist()
        quantity = [1 if waiting else int(amount) for amount in rng.integers(1, 5, size)]
        customer_class = str(rng.choice(["ordinary", "priority", "vulnerable"], p=[0.8, 0.12, 0.08]))
        ordered_at, needed_by = instants(date, np.array([ordered_s, needed_s]))
        for place, (part, amount) in enumerate(zip(parts, quantity, strict=True), start=1):
            id_ = str(shipped["part_id"].iloc[part])
            if (outlet, id_) in held and not waiting:
                continue
            rows.append(
                {
                    "order_id": f"R{number + 1:05d}",
                    "line_id": f"R{number + 1:05d}-{place}",
                    "outlet_id": outlet,
                    "part_id": id_,
                    "quantity": amount,
                    "ordered_at": ordered_at,
                    "needed_by": "" if waiting else needed_by,
                    "waiting": "yes" if waiting else "no",
                    "urgent": "yes" if urgent else "no",
                    "customer_class": customer_class if waiting else "ordinary",
                    "most_sources": 3,
                    "job_id": f"X{number + 1:05d}" if waiting else "",
                }
            )
    return pd.DataFrame(rows, columns=_ORDER_COLUMNS)


_ORDER_COLUMNS = [
    *("order_id", "line_id", "outlet_id", "part_id", "quantity", "ordered_at", "needed_by", "waiting", "urgent"),
    *("customer_class", "most_sources", "job_id"),
]


def _quotas(rng: np.random.Generator, orders: pd.DataFrame) -> pd.DataFrame:
    """Return what some outlets may order of a part in this period; a few have had most of it."""
    wanted = orders.groupby(["outlet_id", "part_id"], sort=True)["quantity"].sum().reset_index()
    limited = wanted[rng.random(len(wanted)) < QUOTA_SHARE].reset_index(drop=True)
    quota = limited["quantity"].to_numpy(dtype=int) + rng.integers(0, 12, len(limited))
    used = np.minimum(quota, rng.poisson(4, len(limited)))
    return limited[["outlet_id", "part_id"]].assign(quota=quota, used=used)


def _returns(
    rng: np.random.Generator, outlet_table: pd.DataFrame, shipped: pd.DataFrame, need: Floats, jobs: int, date: dt.date
) -> pd.DataFrame:
    """Return the defective parts that wait at outlets to be taken back."""
    count = jobs // JOBS_PER_RETURN
    outlet = rng.integers(0, len(outlet_table), count)
    part = rng.choice(len(shipped), size=count, p=need / need.sum())
    ready_s = NOW_S - DAY_S + rng.integers(0, 3 * 48, count) * 900
    return pd.DataFrame(
        {
            "return_id": [f"B{number + 1:05d}" for number in range(count)],
            "outlet_id": outlet_table["outlet_id"].to_numpy()[outlet],
            "part_id": shipped["part_id"].to_numpy()[part],
            "quantity": 1,
            "ready_at": instants(date, ready_s),
        }
    )


def _forecast(ground: Ground, centre_table: pd.DataFrame, shipped: pd.DataFrame, daily: Floats) -> pd.DataFrame:
    """Return the units of each part that each centre's customers need a day; what is next to nothing is left out."""
    tree = sphere(centre_table["lon"].to_numpy(), centre_table["lat"].to_numpy())
    _, nearest = kilometres(tree, ground.places["lon"].to_numpy(), ground.places["lat"].to_numpy())
    share = np.bincount(nearest, ground.demand, minlength=len(centre_table))
    per_day = share[:, None] * daily[None, :]
    centre, part = np.nonzero(per_day >= 0.01)
    return pd.DataFrame(
        {
            "centre_id": centre_table["centre_id"].to_numpy()[centre],
            "part_id": shipped["part_id"].to_numpy()[part],
            "per_day": [f"{units:.3f}" for units in per_day[centre, part]],
        }
    )
