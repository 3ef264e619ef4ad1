"""A day folder becomes a plan folder: read, plan, plan by hand for comparison, check, write."""

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from datasets.at_risk import at_risk_table
from datasets.day import DayFolder, read_day
from datasets.faults import DayRefused, FaultList
from datasets.picture import draw_plan
from datasets.plan_folder import check_plan_place, write_plan
from datasets.plan_reading import read_plan, read_statement
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
from optimizer.model import LOCK_TOLERANCE_S, Day, Job, Lock, Published, TravelMode
from optimizer.plan import Plan, Result, Violation
from optimizer.solve import Engine
from optimizer.travel import TravelTimes
from optimizer.workers import Workers

__all__ = ["PlanIllegal", "Planned", "check_day", "open_provider", "plan_day", "published_as", "visits_of"]


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


def plan_day(  # noqa: PLR0913 - what the command line was told
    day_path: Path,
    out: Path,
    *,
    base: Path | None,
    budget: Budget,
    workers: Workers,
    seed: int,
    progress: Progress,
    engine: Engine = Engine.SEARCH,
) -> Planned:
    """Plan a day folder into a plan folder; nothing is written unless the whole plan is legal and on the disk."""
    check_plan_place(out)
    progress("reading", 0.0)
    folder = read_day(day_path)
    if base is not None:
        folder = published_as(folder, read_visits(base, folder.day))
    day = folder.day
    travel = open_provider(folder)
    result = dispatch(day, travel, budget=budget, workers=workers, seed=seed, progress=progress, engine=engine)
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


def visits_of(day: Day, plan: Plan) -> dict[str, tuple[str, int]]:
    """Return technician and start of each visit of a plan, by job."""
    shifts = {shift.id: shift for shift in day.shifts}
    return {
        stop.job_id: (shifts[route.shift_id].technician_id, stop.start_s)
        for route in plan.routes
        for stop in route.stops
    }


def published_as(folder: DayFolder, visits: Mapping[str, tuple[str, int]]) -> DayFolder:
    """Return the day with these visits (technician, start) as the published ones, and no others.

    A customer already told stays told, and keeps the time that was said when the visit has not moved since by more
    than the tolerance: small moves must not add up from plan to plan.
    """
    jobs = tuple(
        dataclasses.replace(job, published=_published(job, *visits[job.id]))
        if job.id in visits
        else dataclasses.replace(job, published=None, lock=Lock.NONE)
        for job in folder.day.jobs
    )
    return dataclasses.replace(folder, day=dataclasses.replace(folder.day, jobs=jobs))


def _published(job: Job, technician_id: str, start_s: int) -> Published:
    before = job.published
    if before is None:
        return Published(technician_id=technician_id, start_s=start_s, told=False)
    same = before.technician_id == technician_id and abs(before.start_s - start_s) <= LOCK_TOLERANCE_S
    return before if same else Published(technician_id=technician_id, start_s=start_s, told=before.told)


def check_day(day_path: Path, out: Path, base: Path | None = None) -> tuple[Violation | str, ...]:
    """Return every violation of a plan folder, and a sentence for every figure it states that is not so.

    Travel times are asked anew, and nothing of the search is used. base: the plan that it replaces; without it the
    price of changes is not compared, for it depends on what was published.
    """
    folder = read_day(day_path)
    plan, stated = read_plan(out, folder), read_statement(out)
    if base is not None:
        folder = published_as(folder, read_visits(base, folder.day))
    travel = open_provider(folder)
    measured = measure(folder.day, plan, travel)
    untrue = [
        f"{item} is stated as {stated.cost_fen.get(item, 0)} fen, it is {fen}"
        for item, fen in price(folder.day, plan, measured).items()
        if fen != stated.cost_fen.get(item, 0) and (base is not None or item != "churn")
    ]
    if (stated.travel_name, stated.travel_is_estimate) != (travel.name, travel.is_estimate):
        untrue.append(f"travel times are from {travel.name}, not from {stated.travel_name}")
    return (*check(folder.day, plan, measured), *untrue)


def open_provider(folder: DayFolder) -> TravelTimes:
    """Return the day's travel times; a road file that cannot be read is a fault of the day."""
    try:
        travel = open_travel(folder.travel, folder.folder)
        # A road file is read when it is first asked.
        somewhere = np.array([[104.06, 30.66]])
        travel.matrix(somewhere, somewhere, TravelMode.CAR)
        return travel
    except Exception as error:
        faults = FaultList()
        allowed = 'a readable road file "osm:FILE.osm.pbf", or "estimate"'
        faults.add("day.toml", None, "travel", f"{folder.travel}: {error}", allowed)
        raise DayRefused(faults.faults) from error
