"""The parts of the sample network: four hundred parts, what each fault asks for, stock, and lanes to the centres."""

import numpy as np
import pandas as pd

from datasets.china_catalogue import FAMILIES, SERIES
from datasets.china_ground import Floats, kilometres, sphere

__all__ = ["kits", "lanes", "part_id", "parts", "stock"]

NEAREST_WAREHOUSES = 8
NEAR_KM = 450
"""Lanes join a centre with its nearest warehouses, and with every other one that is near."""

SAME_DAY_KM = 150
"""Up to here by road, express leaves in the morning and arrives the same day; from farther, the next morning."""

COVER_DAYS = 6
SCARCE_SHARE = 0.06
NOWHERE = 3
"""So many parts are on no shelf at all: old series of things that rarely break."""
UNSTOCKED_SHARE = 0.22


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

    A few parts are scarce (two warehouses have them), three are nowhere. warehouse_load: share of calls near each.
    """
    shipped = part_table[part_table["carried"] == "no"].reset_index(drop=True)
    daily = calls * np.array([need for _, need in _shipped_need()])
    mean = COVER_DAYS * daily[:, None] * warehouse_load[None, :]
    on_hand = rng.poisson(np.maximum(mean, 1.2))
    on_hand[rng.random(on_hand.shape) < UNSTOCKED_SHARE] = 0
    order = rng.permutation(len(shipped))
    scarce = order[: round(SCARCE_SHARE * len(shipped))]
    keepers = rng.random((len(scarce), len(warehouse_load))).argsort(axis=1) < 2
    on_hand[scarce] = np.where(keepers, np.maximum(on_hand[scarce], 2), 0)
    on_hand[np.argsort(daily, kind="stable")[:NOWHERE]] = 0
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


def _shipped_need() -> list[tuple[str, float]]:
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
    """Return the rows of lanes.csv: by mode, slower and dearer with the distance."""
    tree = sphere(warehouse_table["lon"].to_numpy(), warehouse_table["lat"].to_numpy())
    distance, index = kilometres(
        tree, centre_table["lon"].to_numpy(), centre_table["lat"].to_numpy(), k=len(warehouse_table)
    )
    rows = [
        lane
        for c, centre in enumerate(centre_table["centre_id"])
        for rank, (km, w) in enumerate(zip(distance[c], index[c], strict=True))
        if rank < NEAREST_WAREHOUSES or km < NEAR_KM
        for lane in _lanes_of_pair(str(warehouse_table["warehouse_id"].iloc[int(w)]), str(centre), 1.25 * float(km))
    ]
    return pd.DataFrame(rows)


def _lanes_of_pair(warehouse: str, centre: str, road_km: float) -> list[dict[str, object]]:
    """Return the lanes between a warehouse and a centre's territory, so many kilometres by road."""
    offers: list[tuple[str, str, float, float, int, int, str]] = [
        ("standard", "16:00", 16 + road_km / 45, 0.35, 900, 120, "small;medium"),
        ("dedicated", "09:00", 3 + road_km / 60, 0.30, 9_000 + round(road_km * 14), 80, "small;medium;bulky"),
    ]
    if road_km < SAME_DAY_KM:
        offers.append(("express", "10:00", 5 + road_km / 50, 0.30, 2_200, 300, "small;medium"))
    else:
        offers.append(("express", "18:30", 10 + road_km / 90, 0.25, 2_600 + round(road_km), 450, "small;medium"))
    if road_km < 30:
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
        }
        for mode, cut_off, hours, spread, cost, per_kg, carries in offers
    ]


def _duration(hours: float) -> str:
    quarters = round(hours * 4)
    minutes = f"{quarters % 4 * 15}M" if quarters % 4 else ""
    return f"PT{quarters // 4}H{minutes}"
