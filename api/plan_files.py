"""The documents that a plan leaves in the store, as they are kept."""

import json
import zlib
from dataclasses import dataclass
from typing import Any

__all__ = ["WHOLE", "PackedDocument", "PlanDocument", "packed", "packed_json"]

WHOLE = ""
"""Stands where a centre's id would: the document is about the whole plan."""
JSON = "application/json"
COMPRESSION = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanDocument:
    """One document: plan, routes, routes.geojson, unassigned, explanations, kpis, diff, sheets, picklist."""

    centre_id: str
    name: str
    content: Any
    media_type: str = JSON


@dataclass(frozen=True, slots=True, kw_only=True)
class PackedDocument:
    """A document as it is stored: body is compressed JSON."""

    centre_id: str
    name: str
    media_type: str
    body: bytes


def packed(document: PlanDocument) -> PackedDocument:
    """Return a document as it is stored; takes its time, so nobody should wait for a lock meanwhile."""
    return PackedDocument(
        centre_id=document.centre_id,
        name=document.name,
        media_type=document.media_type,
        body=packed_json(document.content),
    )


def packed_json(content: Any) -> bytes:
    """Return content as compressed JSON."""
    text = json.dumps(content, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return zlib.compress(text.encode(), COMPRESSION)
