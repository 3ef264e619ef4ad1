"""The documents that a plan leaves in the store, as they are kept."""

from dataclasses import dataclass
from typing import Any

__all__ = ["WHOLE", "PlanDocument"]

WHOLE = ""
"""Stands where a centre's id would: the document is about the whole plan."""
JSON = "application/json"


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanDocument:
    """One document: plan, routes, routes.geojson, unassigned, explanations, kpis, diff, sheets."""

    centre_id: str
    name: str
    content: Any
    media_type: str = JSON
