"""What is wrong with stored rows, said to whoever wished for tours: where in what they sent, and which row it is."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from api.errors import Fault
from api.store.checked_rows import LAYOUTS, said_of_cell
from api.store.network import row_id
from datasets.faults import Fault as DayFault
from datasets.settings import SETTINGS_FILE

__all__ = ["base_faults", "faults_of_rows", "row_named", "within"]

LEVER = re.compile(r"tour\.(\w+)(?:\[(\d+)\]\.(\w+))?")
SCOPE = "/scope"
"""Rows are there because of whose tours are wished for: nothing else in a wish says anything of them."""

Tables = Mapping[str, Sequence[Mapping[str, str]]]


def faults_of_rows(found: Iterable[DayFault], tables: Tables) -> list[Fault]:
    """Return faults of levers, settings and rows as faults of a wish; tables: the rows, which count from 1."""
    return [_fault(one, tables) for one in found]


def within(faults: Iterable[Fault], sent: str) -> list[Fault]:
    """Return faults of levers that an earlier wish had: what was sent now, at this pointer, speaks against them."""
    return [replace(one, pointer=sent) if one.pointer.startswith("/levers/") else one for one in faults]


def base_faults(found: Iterable[DayFault]) -> list[Fault]:
    """Return what is wrong with stored tours as faults of a wish that begins from them."""
    return [Fault(pointer="/base_tour_plan", code="day", detail=_said("", one)) for one in found]


def row_named(fault: DayFault, tables: Tables) -> str:
    """Return which row, or settings, a fault is in: its table and its id."""
    name = fault.file.partition(".")[0]
    if fault.file == SETTINGS_FILE:
        return "settings"
    rows, layout = tables.get(name, ()), LAYOUTS.get(name)
    if fault.row is None or layout is None or not 0 < fault.row <= len(rows):
        return name
    return f"{name} {row_id({key: rows[fault.row - 1].get(key, '') for key in layout.keys}, layout.keys)}"


def _fault(fault: DayFault, tables: Tables) -> Fault:
    lever = LEVER.fullmatch(fault.column) if fault.file == SETTINGS_FILE else None
    if lever is not None:
        name, number, inner = lever.groups()
        pointer = f"/levers/{name}" + (f"/{int(number) - 1}/{inner}" if number else "")
        return Fault(pointer=pointer, code="day", detail=said_of_cell(fault))
    pointer = "" if fault.file == SETTINGS_FILE else SCOPE
    return Fault(pointer=pointer, code="day", detail=_said(row_named(fault, tables), fault))


def _said(where: str, fault: DayFault) -> str:
    named = ", ".join(filter(None, (where, fault.column)))
    return f"{named}: {said_of_cell(fault)}" if named else said_of_cell(fault)
