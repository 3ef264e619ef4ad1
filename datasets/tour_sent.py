"""Parts that were ordered for tours, source by source, as tours.json has them: what was used, and what has left."""

import csv
import datetime as dt
import json
from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from datasets.cells import INBOUND
from datasets.faults import FaultList
from datasets.keys import Keys, from_text, text_or_empty
from datasets.progress import use_stock
from datasets.table import read_text
from datasets.times import instant_of, instant_text, midnight_of
from datasets.tour_folder import TOURS_FILE

__all__ = ["Sent", "brought_home", "kits_sent", "put_back", "put_on_shelves"]

RETURNS_FILE = "kit_returns.csv"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """Units from one source for a crew's outlet. job_id: "" for spare parts. ships, ready: as instants are counted."""

    job_id: str
    tour_id: str
    outlet_id: str
    part_id: str
    quantity: int
    source_id: str
    ships: int
    ready: int


def kits_sent(planned: Path, faults: FaultList) -> list[Sent]:
    """Return the kit orders of tours.json, one for every source that sends some of a line."""
    document = json.loads((planned / TOURS_FILE).read_text(encoding="utf-8"))
    orders = Keys(document, TOURS_FILE, "", faults).tables("kit_orders", required=True)
    return [one for order in orders for one in _of_order(order)]


def _of_order(order: Keys) -> Iterator[Sent]:
    job_id, tour_id, outlet_id = (order.need(name, text_or_empty, "") for name in ("job_id", "tour_id", "outlet_id"))
    # Tours that were written before pieces were have one source a line.
    for piece in list(order.tables("pieces")) or [order]:
        part_id, source_id = (piece.need(name, text_or_empty, "") for name in ("part_id", "source_id"))
        if source_id:
            yield Sent(
                job_id=job_id,
                tour_id=tour_id,
                outlet_id=outlet_id,
                part_id=part_id,
                quantity=piece.need("quantity", from_text(int), 0),
                source_id=source_id,
                ships=piece.need("ships_at", from_text(instant_of), 0),
                ready=piece.need("ready_at", from_text(instant_of), 0),
            )


def brought_home(
    planned: Path, sent: Sequence[Sent], home: Collection[str], faults: FaultList
) -> Mapping[tuple[str, str], int]:
    """Return the spare parts that tours which are home have likely not used, by the crew's outlet and part.

    As kit_returns.csv says, and no more than was sent; nobody writes down which were used. home: tours.
    """
    path = planned / RETURNS_FILE
    text = read_text(path, faults) if path.exists() else None
    back: Counter[str] = Counter()
    for row in csv.DictReader([] if text is None else text.splitlines(keepends=True)):
        units = row.get("quantity") or ""
        if units.isascii() and units.isdigit():
            back[row.get("return_id") or ""] += int(units)
        else:
            faults.add(path.name, None, "quantity", units, "a whole number")
    found: Counter[tuple[str, str]] = Counter()
    for one in sent:
        return_id = f"{one.tour_id}-{one.part_id}"
        if not one.job_id and one.tour_id in home and back[return_id]:
            units = min(one.quantity, back[return_id])
            back[return_id] -= units
            found[one.outlet_id, one.part_id] += units
    return found


def put_back(tables: dict[str, pd.DataFrame], home: Mapping[tuple[str, str], int]) -> None:
    """Put units on the shelves of outlets."""
    shelves = tables["outlet_stock"]
    names = [str(name) for name in shelves.columns]
    rows = [dict(zip(names, map(str, cells), strict=True)) for cells in shelves.itertuples(index=False)]
    known = {(row["outlet_id"], row["part_id"]): row for row in rows}
    for (outlet_id, part_id), units in home.items():
        new = dict.fromkeys(names, "") | {"outlet_id": outlet_id, "part_id": part_id, "on_hand": "0"}
        row = known.setdefault((outlet_id, part_id), new)
        row["on_hand"] = str(int(row["on_hand"]) + units)
    tables["outlet_stock"] = pd.DataFrame(list(known.values()), columns=names, dtype=object)


def put_on_shelves(
    tables: dict[str, pd.DataFrame], used: Sequence[Sent], moved: Sequence[Sent], first: dt.date, now_s: int
) -> None:
    """Take from the stock what was used; what has only left its source is on its way to the crew's outlet, or there."""
    shelves = tables["outlet_stock"]
    names = [str(name) for name in shelves.columns]
    rows = [dict(zip(names, map(str, cells), strict=True)) for cells in shelves.itertuples(index=False)]
    known = {(row["outlet_id"], row["part_id"]): row for row in rows}
    coming: defaultdict[tuple[str, str], Counter[int]] = defaultdict(Counter)
    for key, row in known.items():
        for at, units in INBOUND.parse(row["inbound"]) if row["inbound"] else ():
            coming[key][at] += units
    for one in moved:
        key = one.outlet_id, one.part_id
        known.setdefault(key, dict.fromkeys(names, "") | {"outlet_id": key[0], "part_id": key[1], "on_hand": "0"})
        coming[key][one.ready] += one.quantity
    now = midnight_of(first) + now_s
    for key, row in known.items():
        lots = sorted(coming[key].items())
        row["on_hand"] = str(int(row["on_hand"]) + sum(units for at, units in lots if at <= now))
        still = [f"{units}@{instant_text(first, at - midnight_of(first))}" for at, units in lots if at > now]
        row["inbound"] = ";".join(still)
    tables["outlet_stock"] = pd.DataFrame(list(known.values()), columns=names, dtype=object)
    lines = [_line(one) for one in (*used, *moved)]
    use_stock(tables["stock"], "warehouse_id", lines)
    use_stock(tables["outlet_stock"], "outlet_id", lines)


def _line(one: Sent) -> dict[str, int | str]:
    return {"warehouse_id": one.source_id, "part_id": one.part_id, "quantity": one.quantity}
