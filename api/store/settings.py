"""The content of day.toml as documents, and back again."""

import datetime as dt
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from sqlalchemy.orm import Session

from api.store.network import DOCUMENT_KINDS, Put, holding, put_documents
from api.tables.network import Document
from datasets.times import TIME_ZONE, TIME_ZONE_NAME

__all__ = ["AREAS", "NETWORK", "day_values", "documents_of", "put_values"]

NETWORK = "network"
"""The id of a document that there is one of."""

AREAS = "areas"
"""The settings document that says whose areas `areas` holds; without it the built-in ones."""

SETTINGS = ("holidays", "freeze", "exchange", "parts", "repair_modes", "tour")
LEVERS = ("must_visit", "never_visit", "forbidden_lodgings", "locked", "spans")
"""Keys of [tour] that name things and dates: they belong to one plan, not to every day."""


def put_values(
    session: Session, documents: Mapping[str, Mapping[str, Any]], *, effective_from: dt.date, now: dt.datetime
) -> Sequence[Put]:
    """Put all that a day.toml says about every day, by kind and id, in the place of what was said; from a date on."""
    return [
        put_documents(session, kind, documents[kind], effective_from=effective_from, now=now, whole=True)
        for kind in DOCUMENT_KINDS
    ]


def documents_of(values: Mapping[str, Any], *, folder: Path, has_areas: bool) -> dict[str, dict[str, Any]]:
    """Return what a good day.toml says about every day, all but its date, days and now, by kind and id of documents.

    folder: where a road file is named from; the store names it in full. has_areas: the areas are not the built-in ones.
    """
    documents: dict[str, dict[str, Any]] = {kind: {} for kind in DOCUMENT_KINDS}
    documents["calendars"] = dict(values.get("calendars", {}))
    promises = {key: values[key] for key in ("sla", "policy") if key in values}
    documents["sla_policies"] = {NETWORK: promises} if promises else {}
    documents["tariffs"] = {NETWORK: values["tariff"]} if "tariff" in values else {}
    documents["contract_tariffs"] = {tariff["id"]: tariff for tariff in values.get("contract_tariff", ())}
    documents["settings"] = {key: _plain(values[key]) for key in SETTINGS if key in values}
    if "tour" in values:
        usual = {key: value for key, value in values["tour"].items() if key not in LEVERS}
        documents["settings"]["tour"] = usual
    if "travel" in values:
        documents["settings"]["travel"] = {"travel": _full(values["travel"], folder)}
    if has_areas:
        documents["settings"][AREAS] = {"own": True}
    return documents


def day_values(session: Session, *, date: dt.date, days: int, now: dt.datetime) -> dict[str, Any]:
    """Return the content of a day.toml: what holds on a date, for a horizon and a planning moment."""
    values: dict[str, Any] = {
        "date": date,
        "days": days,
        "now": now.astimezone(TIME_ZONE).replace(microsecond=0).isoformat(),
        "time_zone": TIME_ZONE_NAME,
    }
    for document in session.scalars(holding(Document, date)):
        content = document.cells
        match document.kind:
            case "calendars":
                values.setdefault("calendars", {})[document.id] = content
            case "contract_tariffs":
                values.setdefault("contract_tariff", []).append(content)
            case "tariffs":
                values["tariff"] = content
            case "sla_policies":
                values |= content
            case _ if document.id != AREAS:
                values |= content if document.id == "travel" else {document.id: _dated(document.id, content)}
    return values


def _full(travel: str, folder: Path) -> str:
    kind, _, file = travel.partition(":")
    return f"osm:{(folder / file).resolve()}" if kind == "osm" else travel


def _plain(content: Mapping[str, Any]) -> dict[str, Any]:
    """Return a table of keys without TOML's dates, which JSON does not have; only lists hold any."""
    return {
        key: [item.isoformat() if isinstance(item, dt.date) else item for item in value]
        if isinstance(value, list)
        else value
        for key, value in content.items()
    }


def _dated(id_: str, content: Mapping[str, Any]) -> Mapping[str, Any]:
    if id_ != "holidays":
        return content
    return {key: [dt.date.fromisoformat(item) for item in value] for key, value in content.items()}
