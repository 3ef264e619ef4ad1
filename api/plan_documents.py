"""What is kept of a finished plan: the whole in figures, and per centre everything that the board asks for, ready."""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from api.plan_files import WHOLE, PlanDocument
from api.planning import Made
from api.schemas.plan_documents import ChangeShown, LeftOutShown, PickShown, RoutesGeoJson, RouteShown
from datasets.day import DayFolder
from datasets.explanation_tables import explanation_document
from datasets.pick_list import pick_list_rows
from datasets.plan_folder import plan_document
from datasets.sheets import sheet_pages
from geo.shapes import route_features
from optimizer.centres import part_of
from optimizer.churn import Change
from optimizer.cost import price
from optimizer.kpis import kpis
from optimizer.measure import Measured, part_measured
from optimizer.model import Day
from optimizer.plan import Plan, Result

__all__ = ["Finished", "finished", "outcome_of", "plan_documents"]

GEOJSON = "application/geo+json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finished:
    """A finished plan, whoever made it.

    measured: the plan beside its day. explanations: documents by job. changes: against what was published. kpis: the
    content of kpis.json.
    """

    folder: DayFolder
    result: Result
    measured: Measured
    travel_said: Mapping[str, object]
    kpis: Mapping[str, Any]
    explanations: Mapping[str, Sequence[Any]]
    changes: Sequence[Change] = ()


def finished(made: Made) -> Finished:
    """Return a plan that was made just now."""
    said = defaultdict(list)
    for explanation in made.result.explanations:
        said[explanation.job_id].append(explanation_document(made.folder.day.date, explanation))
    return Finished(
        folder=made.folder,
        result=made.result,
        measured=made.measured,
        travel_said=made.travel_said,
        kpis=made.kpis_document(),
        explanations=said,
        changes=() if made.changes is None else made.changes.rows,
    )


def outcome_of(done: Finished) -> dict[str, Any]:
    """Return the figures that a list of plans shows."""
    ours, theirs = done.kpis["plan"], done.kpis["baseline"]
    return {
        "status": str(done.result.status),
        "travel": dict(done.travel_said),
        "jobs": ours["jobs"],
        "served": ours["served"],
        "left_out": ours["dispatchable"] - ours["served"],
        # Nobody could be sent to these whatever the plan: they are unassigned too, and not its doing.
        "awaiting_consent": ours["jobs"] - ours["dispatchable"],
        "arrival_percent": ours["arrival"]["percent"],
        "remote_percent": ours["arrival_by_area"].get("remote", {}).get("percent"),
        "cost_fen": ours["cost_total_fen"],
        "baseline": {
            "served": theirs["served"],
            "arrival_percent": theirs["arrival"]["percent"],
            "cost_fen": theirs["cost_total_fen"],
        },
        "changes": done.kpis.get("changes"),
    }


def plan_documents(done: Finished, centre_ids: Sequence[str]) -> Iterator[PlanDocument]:
    """Yield all documents, centre by centre and then the whole plan's."""
    day, plan, said = done.folder.day, done.result.plan, done.explanations
    changed = defaultdict(list)
    home = {job.id: job.centre_id for job in day.jobs}
    for change in done.changes:
        told = ChangeShown.of(day, change).model_dump(mode="json")
        changed[WHOLE].append(told)
        if change.job_id in home:
            changed[home[change.job_id]].append(told)
    for centre_id in centre_ids:
        part, mine = part_of(day, plan, centre_id)
        cost = price(part, mine, part_measured(done.measured, part, mine))
        explained = {job.id: said[job.id] for job in part.jobs if job.id in said}
        figures = kpis(part, mine, cost, done.folder.sla_names).as_dict()
        yield PlanDocument(centre_id=centre_id, name="routes", content=_routes(part, mine))
        yield PlanDocument(
            centre_id=centre_id,
            name="routes.geojson",
            content=RoutesGeoJson.content(route_features(part, mine)),
            media_type=GEOJSON,
        )
        yield PlanDocument(
            centre_id=centre_id,
            name="unassigned",
            content=[LeftOutShown.of(left).model_dump(mode="json") for left in mine.unassigned],
        )
        yield PlanDocument(centre_id=centre_id, name="explanations", content=explained)
        yield PlanDocument(centre_id=centre_id, name="kpis", content=figures)
        yield PlanDocument(centre_id=centre_id, name="diff", content=changed[centre_id])
        typed = done.folder.jobs.loc[[job.id for job in part.jobs]]
        pages = dict(sheet_pages(replace(done.folder, day=part, jobs=typed), mine))
        yield PlanDocument(centre_id=centre_id, name="sheets", content=pages)
        picks = pick_list_rows(replace(done.folder, day=part), mine)
        content = [PickShown.model_validate(row).model_dump(mode="json") for row in picks]
        yield PlanDocument(centre_id=centre_id, name="picklist", content=content)
    result = replace(done.result, explanations=())
    whole = plan_document(day, result, done.travel_said)
    yield PlanDocument(centre_id=WHOLE, name="plan", content=whole)
    yield PlanDocument(centre_id=WHOLE, name="kpis", content=done.kpis)
    yield PlanDocument(centre_id=WHOLE, name="diff", content=changed[WHOLE])


def _routes(day: Day, plan: Plan) -> list[dict[str, Any]]:
    shifts = {shift.id: shift for shift in day.shifts}
    outlets = {person.id: person.outlet_id for person in day.technicians}
    found = []
    for route in plan.routes:
        shift = shifts[route.shift_id]
        who, date = shift.technician_id, day.date + dt.timedelta(days=shift.day)
        found.append(RouteShown.of(day, route, (who, outlets[who], date)).model_dump(mode="json", by_alias=True))
    return found
