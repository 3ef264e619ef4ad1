"""Calendars, promises and prices: judged together as day.toml is, kept by date."""

import copy
import datetime as dt
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sqlalchemy.orm import Session

from api.errors import Conflict, Fault
from api.store.settings import day_values
from datasets.faults import FaultList
from datasets.settings import Settings, settings_of

__all__ = ["document_faults", "settings_on"]

PATH_STEP = re.compile(r"[^.\[\]]+")


def settings_on(session: Session, date: dt.date, now: dt.datetime) -> Settings:
    """Return what a day.toml of this date would say."""
    faults = FaultList()
    # Only promises and prices are asked for here; the planning moment may lie on another date.
    midnight = dt.datetime.combine(date, dt.time(), now.tzinfo)
    settings = settings_of(day_values(session, date=date, days=1, now=midnight), Path(), faults)
    if settings is None or faults.faults:
        said = [str(fault) for fault in faults.faults[:20]]
        raise Conflict("Calendars, promises and prices do not fit together on that date.", members={"network": said})
    return settings


def document_faults(
    session: Session, kind: str, id_: str, content: Mapping[str, Any] | None, date: dt.date, now: dt.datetime
) -> list[Fault]:
    """Return what would be wrong with the settings of a date if this document said so; None: if it were not there.

    A fault elsewhere than in the document has the pointer of the whole.
    """
    midnight = dt.datetime.combine(date, dt.time(), now.tzinfo)
    before = day_values(session, date=date, days=1, now=midnight)
    after = _with(copy.deepcopy(before), kind, id_, content)
    known, found = FaultList(), FaultList()
    settings_of(before, Path(), known)
    settings_of(after, Path(), found)
    return [
        Fault(pointer=_pointer(kind, id_, fault.column), code="not_allowed", detail=f"allowed: {fault.allowed}")
        for fault in found.faults
        if fault not in known.faults
    ]


def _with(values: dict[str, Any], kind: str, id_: str, content: Mapping[str, Any] | None) -> dict[str, Any]:
    """Return the values of day.toml with one document in its place."""
    match kind:
        case "calendars":
            calendars = values.setdefault("calendars", {})
            calendars.pop(id_, None)
            if content is not None:
                calendars[id_] = dict(content)
        case "contract_tariffs":
            others = [row for row in values.get("contract_tariff", []) if row.get("id") != id_]
            values["contract_tariff"] = others if content is None else [*others, dict(content)]
        case "tariffs":
            values["tariff"] = dict(content or {})
        case "sla_policies":
            values = {key: value for key, value in values.items() if key not in ("sla", "policy")} | dict(content or {})
        case _:
            dates = {key: [dt.date.fromisoformat(item) for item in items] for key, items in (content or {}).items()}
            values[id_] = dates
    return values


def _pointer(kind: str, id_: str, column: str) -> str:
    """Return the JSON pointer of a dotted key of day.toml within the document that callers send."""
    steps = PATH_STEP.findall(column)
    match kind, steps:
        case "calendars", ["calendars", name, *rest] if name == id_:
            return "".join(f"/{step}" for step in rest)
        case "contract_tariffs", ["contract_tariff", _, *rest]:
            return "".join(f"/{step}" for step in rest)
        case "tariffs", ["tariff", *rest]:
            return "/prices" + "".join(f"/{step}" for step in rest)
        case "sla_policies", ["sla", number, *rest]:
            return f"/rows/{int(number) - 1}" + "".join(f"/{step}" for step in rest)
        case "sla_policies", ["policy"]:
            return "/shipped"
        case "settings", ["holidays", *rest]:
            return "".join(f"/{step}" for step in rest)
    return ""
