"""A day folder becomes a plan folder: read, plan, plan by hand for comparison, check, write."""

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from datasets.at_risk import at_risk_table
from datasets.day import DayFolder, read_day
from datasets.picture import draw_plan
from datasets.plan_folder import check_plan_place, write_plan
from datasets.plan_reading import read_plan
from datasets.published import read_visits
from datasets.sheets import write_sheets
from geo.providers import open_travel
from optimizer.baseline import by_hand
from optimizer.budget import Budget
from optimizer.check import check
from optimizer.cost import price
from optimizer.dispatch import Progress, dispatch
from optimizer.kpis import KpiRow, kpis, kpis_document, table
from optimizer.measure import measure
from optimizer.model import Published
from optimizer.plan import Result, Violation
from optimizer.workers import Workers

__all__ = ["PlanIllegal", "Planned", "check_day", "plan_day", "published_as"]


class PlanIllegal(Exception):
    """The checker objects to a plan that the search made: a defect of ours; nothing was written."""

    def __init__(self, violations: tuple[Violation, ...]) -> None:
        super().__init__(f"{len(violations)} violations")
        self.violations = violations


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """What the command line prints about a finished plan."""

    result: Result
    rows: list[KpiRow]
    travel_name: str
    travel_is_estimate: bool


def plan_day(
    day_path: Path,
    out: Path,
    *,
    base: Path | None,
    budget: Budget,
    workers: Workers,
    seed: int,
    progress: Progress,
) -> Planned:
    """Plan a day folder into a plan folder; nothing is written unless the whole plan is legal and on the disk."""
    check_plan_place(out)
    progress("reading", 0.0)
    folder = read_day(day_path)
    if base is not None:
        folder = published_as(folder, read_visits(base, folder.day))
    day = folder.day
    travel = open_travel(folder.travel, folder.folder)
    result = dispatch(day, travel, budget=budget, workers=workers, seed=seed, progress=progress)
    measured = measure(day, result.plan, travel)
    progress("check", 0.0)
    violations = check(day, result.plan, measured)
    if violations:
        raise PlanIllegal(violations)
    hand = by_hand(day, travel, workers, lambda done: progress("by hand", done))
    hand_cost = price(day, hand, travel)
    ours = kpis(day, result.plan, result.cost, folder.sla_names)
    theirs = kpis(day, hand, hand_cost, folder.sla_names)
    progress("writing", 0.0)
    write_plan(
        out,
        folder,
        result,
        kpis_document(ours, theirs),
        travel.name,
        travel.is_estimate,
        {
            "at_risk.csv": at_risk_table(folder.day, result.plan),
            "plan.png": lambda path: draw_plan(path, folder, result.plan),
            "sheets": lambda path: write_sheets(path, folder, result.plan),
        },
    )
    progress("writing", 1.0)
    return Planned(
        result=result,
        rows=table(ours, theirs),
        travel_name=travel.name,
        travel_is_estimate=travel.is_estimate,
    )


def published_as(folder: DayFolder, visits: Mapping[str, tuple[str, int]]) -> DayFolder:
    """Return the day with these visits (technician, start) as its published ones; customers already told stay told."""
    jobs = tuple(
        dataclasses.replace(
            job,
            published=Published(
                technician_id=visits[job.id][0],
                start_s=visits[job.id][1],
                told=job.published is not None and job.published.told,
            ),
        )
        if job.id in visits
        else job
        for job in folder.day.jobs
    )
    return dataclasses.replace(folder, day=dataclasses.replace(folder.day, jobs=jobs))


def check_day(day_path: Path, out: Path) -> tuple[Violation, ...]:
    """Return every violation of a plan folder, asking travel times anew and sharing no code with the search."""
    folder = read_day(day_path)
    plan = read_plan(out, folder)
    return check(folder.day, plan, measure(folder.day, plan, open_travel(folder.travel, folder.folder)))
