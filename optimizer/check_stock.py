"""Rule KIT for shelves and docks: by no departure has more left than was there, was free, or could be packed."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from optimizer.clock import time_text
from optimizer.measure import Measured
from optimizer.model import Inbound, Rule
from optimizer.plan import Violation
from optimizer.sent_for import Wanted

__all__ = ["check_stock"]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Shelf:
    """What one source has of one part."""

    free: int
    floor: int = 0
    inbound: tuple[Inbound, ...] = ()


def check_stock(measured: Measured, wanted: Mapping[tuple[str, str], Wanted]) -> Iterator[Violation]:
    """Yield shelves that give more than they have or than their reserve allows, and docks that pack too many lines.

    What is promised to open orders beside the day's jobs leaves like anything else.
    """
    yield from _shelves_exceeded(measured, wanted)
    yield from _docks_exceeded(measured)


def _shelves_exceeded(measured: Measured, wanted: Mapping[tuple[str, str], Wanted]) -> Iterator[Violation]:
    leaving: dict[tuple[str, str], list[tuple[int, int, bool]]] = defaultdict(list)
    for sent in (*measured.plan.shipments, *measured.plan.promised):
        line = wanted.get((sent.job_id, sent.order_line_id))
        below = line is not None and line.may_have_reserve
        leaving[sent.warehouse_id, sent.part_id].append((sent.ships_s, sent.quantity, below))
    for (source_id, part_id), units in leaving.items():
        shelf = _shelf(measured, source_id, part_id)
        if shelf is None:
            continue
        where = f"warehouse {source_id}, part {part_id}"
        if sentence := _too_many(shelf, units, f"{source_id} gives", part_id):
            yield Violation(rule=Rule.KIT, where=where, sentence=sentence)


def _shelf(measured: Measured, source_id: str, part_id: str) -> _Shelf | None:
    """Return a shelf, None when there is no such source."""
    warehouse = next((house for house in measured.day.warehouses if house.id == source_id), None)
    if warehouse is not None:
        return _Shelf(
            free=warehouse.stock.get(part_id, 0),
            floor=warehouse.floors.get(part_id, 0),
            inbound=warehouse.inbound.get(part_id, ()),
        )
    if source_id not in measured.supply.shelves:
        return None
    own = measured.supply.shelves[source_id].get(part_id)
    return _Shelf(free=0) if own is None else _Shelf(free=own.free, floor=own.floor, inbound=own.inbound)


def _too_many(shelf: _Shelf, units: list[tuple[int, int, bool]], gives: str, part_id: str) -> str:
    """Return what is wrong at the last departure by which too much has left, "" when nothing is."""
    sentence = ""
    for at_s in sorted({ships_s for ships_s, _, _ in units}):
        gone = [(quantity, below) for ships_s, quantity, below in units if ships_s <= at_s]
        taken, above = sum(quantity for quantity, _ in gone), sum(quantity for quantity, below in gone if not below)
        there = shelf.free + sum(lot.quantity for lot in shelf.inbound if lot.ready_s <= at_s)
        if taken > there:
            sentence = f"{gives} {taken} of {part_id}, it has {there}"
        elif above > max(0, there - shelf.floor):
            sentence = f"{gives} {above} of {part_id} to who may not have its reserve: {shelf.floor} of {there}"
    return sentence


def _docks_exceeded(measured: Measured) -> Iterator[Violation]:
    most = {house.id: house.dock_lines for house in measured.day.warehouses if house.dock_lines is not None}
    leaving = Counter(
        (sent.warehouse_id, sent.mode, sent.ships_s)
        for sent in (*measured.plan.shipments, *measured.plan.promised)
        if sent.warehouse_id in most
    )
    for (warehouse_id, mode, ships_s), lines in leaving.items():
        if lines > most[warehouse_id]:
            sentence = f"{warehouse_id} packs {most[warehouse_id]} lines for {mode} at {time_text(ships_s)}"
            yield Violation(
                rule=Rule.KIT, where=f"warehouse {warehouse_id}", sentence=f"{sentence}, {lines} leave then"
            )
