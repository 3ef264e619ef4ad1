"""The parts of the sample network: four hundred parts, what each fault asks for, stock, and lanes to the centres."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from datasets.china_catalogue import FAMILIES, SERIES
from datasets.china_ground import DAY_S, NOW_S, Floats, Ints, kilometres, sphere
from datasets.network import BY_ROAD
from datasets.times import duration_of, time_of_day_of

__all__ = ["fetching", "kits", "lanes", "part_id", "parts", "ready_times", "shipped_kits", "shipped_need", "stock"]

SAME_DAY_KM = 150
"""Up to here by road, express leaves in the morning and arrives the same day; from farther, the next morning."""

PICKUP_KM = 30
REACH_KM = 150
"""Nobody drives farther by road to fetch a part."""

COVER_DAYS = 6
SCARCE_SHARE = 0.06
SCARCE_COVER_DAYS = 0.5
NOWHERE = 3
"""So many parts are on no shelf at all: old series of things that rarely break."""
UNSTOCKED_SHARE = 0.12
NEVER_S = 1 << 40
_SIZES = ("small", "medium", "bulky")


def part_id(family: int, component: int, series: int) -> str:
    """Return the id of a component of one model series; all three count from 0."""
    return f"P{FAMILIES[family].code}{component + 1:02d}{'ABCDE'[series]}"


def parts() -> pd.DataFrame:
    """Return the rows of parts.csv."""
    rows = [
        {
            "part_id": part_id(f, c, s),
            "name": f"{family.name}{component.name} {'ABCDE'[s]}系列",
            "family": family.key,
            "size_class": component.size_class,
            "weight_g": round(component.weight_g * (0.9 + 0.05 * s)),
            "price_fen": round(component.price_fen * (1.0 + 0.06 * s)),
            "carried": "yes" if component.carried else "no",
        }
        for f, family in enumerate(FAMILIES)
        for c, component in enumerate(family.components)
        for s in range(len(SERIES))
    ]
    return pd.DataFrame(rows)


def kits() -> pd.DataFrame:
    """Return the rows of kits.csv: the first series stands for all; a call about another names its parts itself."""
    rows = [
        {"product": family.key, "fault": fault.name, "part_id": part_id(f, c, 0), "quantity": 1}
        for f, family in enumerate(FAMILIES)
        for fault in family.faults
        for c, component in enumerate(family.components)
        if component.name in fault.components
    ]
    return pd.DataFrame(rows)


def stock(rng: np.random.Generator, part_table: pd.DataFrame, warehouse_load: Floats, calls: int) -> pd.DataFrame:
    """Return the rows of stock.csv: some days of each warehouse's own need, with gaps.

    A few rare parts are scarce (two warehouses have them), the three rarest are nowhere.
    warehouse_load: share of calls near each.
    """
    shipped = part_table[part_table["carried"] == "no"].reset_index(drop=True)
    daily = calls * np.array([need for _, need in shipped_need()])
    mean = COVER_DAYS * daily[:, None] * warehouse_load[None, :]
    on_hand = rng.poisson(np.maximum(mean, 1.2))
    on_hand[rng.random(on_hand.shape) < UNSTOCKED_SHARE] = 0
    rare = np.argsort(daily, kind="stable")
    scarce = rng.choice(rare[: len(rare) // 2], size=round(SCARCE_SHARE * len(shipped)), replace=False)
    keepers = rng.random((len(scarce), len(warehouse_load))).argsort(axis=1) < 2
    on_hand[scarce] = np.where(keepers, 2 + rng.poisson(SCARCE_COVER_DAYS * daily[scarce])[:, None], 0)
    on_hand[rare[:NOWHERE]] = 0
    reserved = rng.binomial(on_hand, 0.08)
    part, warehouse = (index.ravel() for index in np.indices(on_hand.shape))
    return pd.DataFrame(
        {
            "warehouse_id": [f"W{w + 1:02d}" for w in warehouse],
            "part_id": shipped["part_id"].to_numpy()[part],
            "on_hand": on_hand.ravel(),
            "reserved": reserved.ravel(),
        }
    )


def shipped_need() -> list[tuple[str, float]]:
    """Return each shipped part's calls per call of the network, in the order of parts.csv."""
    total = sum(family.share for family in FAMILIES)
    need = []
    for f, family in enumerate(FAMILIES):
        weights = sum(fault.weight for fault in family.faults)
        for c, component in enumerate(family.components):
            share = sum(fault.weight for fault in family.faults if component.name in fault.components) / weights
            if not component.carried:
                need += [(part_id(f, c, s), share * family.share / total * often) for s, often in enumerate(SERIES)]
    return need


def lanes(warehouse_table: pd.DataFrame, centre_table: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of lanes.csv: from every warehouse to every centre, slower and dearer with the distance."""
    tree = sphere(warehouse_table["lon"].to_numpy(), warehouse_table["lat"].to_numpy())
    distance, index = kilometres(
        tree, centre_table["lon"].to_numpy(), centre_table["lat"].to_numpy(), k=len(warehouse_table)
    )
    rows = [
        lane
        for c, centre in enumerate(centre_table["centre_id"])
        for km, w in zip(np.atleast_1d(distance[c]), np.atleast_1d(index[c]), strict=True)
        for lane in _lanes_of_pair(str(warehouse_table["warehouse_id"].iloc[int(w)]), str(centre), BY_ROAD * float(km))
    ]
    return pd.DataFrame(rows)


def _lanes_of_pair(warehouse: str, centre: str, road_km: float) -> list[dict[str, object]]:
    """Return the lanes between a warehouse and a centre's territory, so many kilometres by road."""
    by_road_h, by_air_h = 10 + road_km / 90, 14.5 + road_km / 600
    far = round(road_km)
    offers: list[tuple[str, str, float, float, int, int, str]] = [
        ("standard", "16:00", 16 + road_km / 45, 0.35, 900 + far // 4, 120 + far // 20, "small;medium"),
        ("dedicated", "09:00", 3 + road_km / 60, 0.30, 9_000 + far * 14, 80, "small;medium;bulky"),
    ]
    if road_km < SAME_DAY_KM:
        offers.append(("express", "10:00", 5 + road_km / 50, 0.30, 2_200, 300, "small;medium"))
    else:
        offers.append(("express", "18:30", min(by_road_h, by_air_h), 0.25, 2_600 + far, 450, "small;medium"))
    if road_km < PICKUP_KM:
        offers.append(("pickup", "08:30", 1.5, 0.6, 600, 0, "small;medium;bulky"))
    return [
        {
            "warehouse_id": warehouse,
            "centre_id": centre,
            "mode": mode,
            "cut_off": cut_off,
            "transit_p50": _duration(hours),
            "transit_p90": _duration(hours * (1 + spread)),
            "cost_fen": cost,
            "cost_fen_per_kg": per_kg,
            "carries": carries,
            "reach_km": str(REACH_KM) if mode == "pickup" else "",
        }
        for mode, cut_off, hours, spread, cost, per_kg, carries in offers
    ]


def _duration(hours: float) -> str:
    quarters = round(hours * 4)
    minutes = f"{quarters % 4 * 15}M" if quarters % 4 else ""
    return f"PT{quarters // 4}H{minutes}"


def shipped_kits() -> dict[tuple[int, int, int], list[str]]:
    """Return the parts that must be sent, by family, fault and series; all three count from 0."""
    return {
        (f, x, s): [
            part_id(f, c, s)
            for c, component in enumerate(family.components)
            if component.name in fault.components and not component.carried
        ]
        for f, family in enumerate(FAMILIES)
        for x, fault in enumerate(family.faults)
        for s in range(len(SERIES))
    }


def fetching(network: Mapping[str, pd.DataFrame], outlet_table: pd.DataFrame) -> NDArray[np.bool_]:
    """Return which outlets are near enough to a warehouse where parts for their centre may be fetched."""
    places = network["warehouses"].set_index("warehouse_id")
    within = np.zeros(len(outlet_table), np.bool_)
    lane_table = network["lanes"]
    for warehouse, centre in lane_table.loc[lane_table["mode"] == "pickup", ["warehouse_id", "centre_id"]].to_numpy():
        tree = sphere(*(np.array([places.at[warehouse, name]]) for name in ("lon", "lat")))
        km, _ = kilometres(tree, outlet_table["lon"].to_numpy(), outlet_table["lat"].to_numpy())
        within |= (outlet_table["centre_id"] == centre).to_numpy() & (BY_ROAD * km <= REACH_KM)
    return within


def ready_times(tables: Mapping[str, pd.DataFrame], *, fetched: bool) -> dict[str, Ints]:
    """Return by part and, in their order, centre when it can be there: seconds from midnight, `NEVER_S` without stock.

    What the hotline sees: the nearest warehouse that has the part, and its earliest usual lane. Others may be before.
    tables: centres, warehouses, parts, stock, lanes. fetched: whether somebody may fetch them.
    """
    centre_table, warehouse_table = tables["centres"], tables["warehouses"]
    tree = sphere(warehouse_table["lon"].to_numpy(), warehouse_table["lat"].to_numpy())
    _, nearest = kilometres(
        tree, centre_table["lon"].to_numpy(), centre_table["lat"].to_numpy(), k=len(warehouse_table)
    )
    lane_table = tables["lanes"] if fetched else tables["lanes"][tables["lanes"]["mode"] != "pickup"]
    earliest = _earliest(lane_table, list(warehouse_table["warehouse_id"]), list(centre_table["centre_id"]))
    free = tables["stock"].assign(free=lambda table: table["on_hand"] - table["reserved"])
    shelves = free.pivot(index="part_id", columns="warehouse_id", values="free")[warehouse_table["warehouse_id"]]
    size = tables["parts"].set_index("part_id")["size_class"]
    centre = np.arange(len(centre_table))
    ready = {}
    for part, has in zip(shelves.index, shelves.to_numpy() > 0, strict=True):
        source = nearest[centre, np.argmax(has[nearest], axis=1)]
        ready[str(part)] = np.where(has.any(), earliest[source, centre, _SIZES.index(size[part])], NEVER_S)
    return ready


def _earliest(lane_table: pd.DataFrame, warehouse_ids: list[str], centre_ids: list[str]) -> Ints:
    """Return the earliest arrival by warehouse, centre and size class; dedicated vehicles are for bulky parts only."""
    warehouse = {name: number for number, name in enumerate(warehouse_ids)}
    centre = {name: number for number, name in enumerate(centre_ids)}
    earliest = np.full((len(warehouse), len(centre), len(_SIZES)), NEVER_S)
    columns = (
        lane_table[column].tolist()
        for column in ("warehouse_id", "centre_id", "mode", "carries", "cut_off", "transit_p90")
    )
    for w, c, mode, carries, cut_off, transit in zip(*columns, strict=True):
        second = NOW_S + (time_of_day_of(cut_off) - NOW_S) % DAY_S + duration_of(transit).seconds
        for size in carries.split(";"):
            if mode != "dedicated" or size == "bulky":
                cell = warehouse[w], centre[c], _SIZES.index(size)
                earliest[cell] = min(second, earliest[cell])
    return earliest
