"""What is kept of a finished plan: the whole in figures, and per centre everything that the board asks for, ready."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from api.planning import Made
from datasets.explanation_tables import explanation_document
from datasets.plan_folder import plan_document
from datasets.sheets import sheet_pages
from datasets.times import instant_text
from geo.shapes import route_features
from optimizer.centres import part_of
from optimizer.churn import Change
from optimizer.cost import price
from optimizer.kpis import kpis
from optimizer.measure import measure
from optimizer.model import Day

__all__ = ["WHOLE", "PlanDocument", "changes_document", "outcome_of", "plan_documents"]

WHOLE = ""
"""Stands where a centre's id would: the document is about the whole plan."""
GEOJSON = "application/geo+json"
JSON = "application/json"


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanDocument:
    """One document: plan, routes, routes.geojson, unassigned, explanations, kpis, diff, sheets."""

    centre_id: str
    name: str
    content: Any
    media_type: str = JSON


def outcome_of(made: Made) -> dict[str, Any]:
    """Return the figures that a list of plans shows."""
    ours, theirs = made.ours, made.theirs
    return {
        "status": str(made.result.status),
        "travel": {"provider": made.travel.name, "is_estimate": made.travel.is_estimate},
        "jobs": ours.jobs,
        "served": ours.served,
        "left_out": ours.dispatchable - ours.served,
        "arrival_percent": ours.arrival.percent,
        "remote_percent": ours.arrival_by_area["remote"].percent if "remote" in ours.arrival_by_area else None,
        "cost_fen": ours.cost_total_fen,
        "baseline": {
            "served": theirs.served,
            "arrival_percent": theirs.arrival.percent,
            "cost_fen": theirs.cost_total_fen,
        },
        "changes": None if made.changes is None else made.changes.as_dict(),
    }


def plan_documents(made: Made, centre_ids: Sequence[str]) -> Iterator[PlanDocument]:
    """Yield all documents, centre by centre and then the whole plan's."""
    day, plan = made.folder.day, made.result.plan
    said = defaultdict(list)
    for explanation in made.result.explanations:
        said[explanation.job_id].append(explanation_document(day.date, explanation))
    changed = defaultdict(list)
    home = {job.id: job.centre_id for job in day.jobs}
    for change in () if made.changes is None else made.changes.rows:
        changed[home.get(change.job_id, WHOLE)].append(changes_document(day, change))
    for centre_id in centre_ids:
        part, mine = part_of(day, plan, centre_id)
        cost = price(part, mine, measure(part, mine, made.travel))
        explained = {job.id: said[job.id] for job in part.jobs if job.id in said}
        result = replace(made.result, plan=mine, cost=cost, explanations=())
        document = plan_document(part, result, made.travel.name, made.travel.is_estimate)
        figures = kpis(part, mine, cost, made.folder.sla_names).as_dict()
        yield PlanDocument(centre_id=centre_id, name="routes", content=document["routes"])
        yield PlanDocument(
            centre_id=centre_id, name="routes.geojson", content=route_features(part, mine), media_type=GEOJSON
        )
        yield PlanDocument(centre_id=centre_id, name="unassigned", content=document["unassigned"])
        yield PlanDocument(centre_id=centre_id, name="explanations", content=explained)
        yield PlanDocument(centre_id=centre_id, name="kpis", content=figures)
        yield PlanDocument(centre_id=centre_id, name="diff", content=changed[centre_id])
        pages = dict(sheet_pages(replace(made.folder, day=part), mine))
        yield PlanDocument(centre_id=centre_id, name="sheets", content=pages)
    result = replace(made.result, explanations=())
    whole = plan_document(day, result, made.travel.name, made.travel.is_estimate)
    yield PlanDocument(centre_id=WHOLE, name="plan", content=whole)
    yield PlanDocument(centre_id=WHOLE, name="kpis", content=made.kpis_document())
    yield PlanDocument(centre_id=WHOLE, name="diff", content=changed[WHOLE])


def changes_document(day: Day, change: Change) -> dict[str, Any]:
    """Return a change against what was published."""
    return {
        "job_id": change.job_id,
        "change": str(change.fate),
        "call_again": change.call_again,
        "was_technician_id": None if change.was is None else change.was.technician_id,
        "was_start": None if change.was is None else instant_text(day.date, change.was.start_s),
        "technician_id": change.technician_id,
        "start": None if change.start_s is None else instant_text(day.date, change.start_s),
        "moved_s": change.moved_s,
        "churn_fen": change.fen,
    }
