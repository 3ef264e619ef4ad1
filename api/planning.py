"""A day folder becomes a plan folder: read, plan, plan by hand for comparison, check, write."""

import difflib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from api.exits import Failure
from api.left_aside import left_aside
from api.replanning import Base, Changes, against, published_as
from api.travel_source import legs_of, open_provider, open_source, reopen_source
from datasets.at_risk import at_risk_table
from datasets.changes import CHANGES_FILE, changes_table
from datasets.day import DayFolder, read_day
from datasets.families import unknown_families
from datasets.faults import Refusal
from datasets.pick_list import PICK_LIST_FILE, pick_list_table
from datasets.plan_folder import Extra, check_plan_place, write_plan
from datasets.plan_reading import read_plan, read_statement, refuse_other_papers
from datasets.published import read_visits
from datasets.sheets import write_sheets
from geo.remote.gather import Surroundings
from optimizer.baseline import by_hand
from optimizer.budget import Budget, Portion
from optimizer.candidates import nearest_capable_outlets
from optimizer.check import check
from optimizer.cost import price
from optimizer.dispatch import Method, Progress, dispatch
from optimizer.explain import explain_job
from optimizer.explanation import Explanation
from optimizer.kpis import KpiRow, Kpis, kpis, kpis_document, table
from optimizer.measure import Measured, measure
from optimizer.plan import Plan, Result, Status, Violation
from optimizer.roster import Roster
from optimizer.solve import Engine
from optimizer.stability import stability
from optimizer.workers import Workers

__all__ = [
    "JobUnknown",
    "Made",
    "PlanIllegal",
    "Planned",
    "check_day",
    "explain_day",
    "make_plan",
    "open_provider",
    "plan_day",
]

STABILITY_SHARE = 0.25
"""Part of the budget that goes into finding out what stability costs."""


class PlanIllegal(Failure):
    """The checker objects to a plan that the search made: a defect of ours; nothing was written."""

    def __init__(self, violations: tuple[Violation, ...]) -> None:
        super().__init__(f"{len(violations)} violations")
        self.violations = violations

    def told(self) -> Iterator[str]:
        """Yield whose defect it is, and every violation."""
        yield "Paigong's own checker objects to the plan it made. This is a defect of Paigong; nothing was written."
        for violation in self.violations:
            yield f"{violation.rule}  {violation.where}: {violation.sentence}"


class JobUnknown(Refusal):
    """Somebody asks about a job that the day does not have."""

    def __init__(self, job_id: str, known: Sequence[str]) -> None:
        near = difflib.get_close_matches(job_id, known, n=5, cutoff=0.6)
        super().__init__(f'no job "{job_id}" in jobs.csv' + (f"; did you mean {', '.join(near)}?" if near else ""))


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """What the command line prints about a finished plan.

    changes: None when nothing was published. travel: what plan.json says of the travel times.
    """

    result: Result
    rows: list[KpiRow]
    changes: Changes | None
    travel: Mapping[str, Any]
    policies: tuple[str, ...]
    floors_missed: tuple[str, ...]
    """A line per centre whose remote customers wait longer than its floor allows, worst first."""
    unknown_families: Mapping[str, int] = field(default_factory=dict)
    """Families of jobs that no technician and no part has, with the number of jobs."""
    left_aside: str | None = None
    """What of the parts the engine planned without, and why."""


def plan_day(  # noqa: PLR0913 - what the command line was told
    day_path: Path,
    out: Path,
    *,
    base: Base | None,
    budget: Budget,
    workers: Workers,
    seed: int,
    progress: Progress,
    engine: Engine = Engine.SEARCH,
) -> Planned:
    """Plan a day folder into a plan folder; nothing is written unless the whole plan is legal and on the disk.

    base: what was published. When the price of stability is asked for, it is found within the same budget, unless a
    person stops the search before.
    """
    check_plan_place(out)
    progress("reading", 0.0)
    folder = read_day(day_path)
    visits = None if base is None else read_visits(base.out, folder.day)
    made = make_plan(
        folder,
        visits=visits,
        stable=base is not None and base.stability,
        budget=budget,
        workers=workers,
        seed=seed,
        progress=progress,
        engine=engine,
    )
    without = left_aside(folder.day, folder.supply, engine)
    progress("writing", 0.0)
    write_plan(
        out,
        made.folder,
        made.result,
        made.kpis_document() | ({} if without is None else {"parts_left_aside": without}),
        made.travel_said,
        _extras(made.folder, made.result.plan, made.changes),
    )
    progress("writing", 1.0)
    return Planned(
        result=made.result,
        rows=table(made.ours, made.theirs),
        changes=made.changes,
        travel=made.travel_said,
        policies=folder.policies,
        unknown_families=unknown_families(folder),
        left_aside=without,
        floors_missed=tuple(
            f"{id_} {folder.centres['name'].loc[id_]!s}: {floor.missed} of {floor.jobs} late or left out, "
            f"{floor.allowed} allowed by {made.ours.parity_target_percent} %"
            for id_ in made.ours.below_parity_floor
            for floor in (made.ours.parity_by_centre[id_],)
        ),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """A plan that the checker has nothing against, with what it was made from.

    folder: the day, with what was published before. measured: the plan beside it. ours, theirs: key figures of the
    plan, and of the same day planned by hand. changes: None when nothing was published. travel_said: where the travel
    times are from, as plans tell it.
    """

    folder: DayFolder
    measured: Measured
    travel_said: Mapping[str, object]
    result: Result
    ours: Kpis
    theirs: Kpis
    changes: Changes | None

    def kpis_document(self) -> dict[str, object]:
        """Return the content of kpis.json."""
        changes = {} if self.changes is None else {"changes": self.changes.as_dict()}
        return (
            kpis_document(self.ours, self.theirs)
            | {"policies": list(self.folder.policies), "travel_times": self.travel_said}
            | changes
        )


def make_plan(  # noqa: PLR0913 - what whoever asks for a plan may say
    folder: DayFolder,
    *,
    visits: Mapping[str, tuple[str, int]] | None,
    stable: bool,
    budget: Budget,
    workers: Workers,
    seed: int,
    progress: Progress,
    engine: Engine = Engine.SEARCH,
) -> Made:
    """Plan a day, wherever it was read from.

    visits: technician and start of each visit that was published, None when nothing was. stable: whether what
    stability costs is found out, in a part of the budget.

    Raises
    ------
    PlanIllegal
        The checker objects to the plan that was found.
    """
    if visits is not None:
        folder = published_as(folder, visits)
    day = folder.day
    progress("travel", 0.0)
    around = Surroundings(stopped=lambda: workers.stopped, progress=lambda done: progress("travel", done))
    source = open_source(folder, around)
    travel = source.travel
    kept = None
    planning, rest = (Portion(budget=budget, part=part) for part in (1 - STABILITY_SHARE, STABILITY_SHARE))
    result = dispatch(
        day,
        travel,
        budget=planning if stable else budget,
        workers=workers,
        seed=seed,
        progress=progress,
        method=Method(engine=engine),
        supply=folder.supply,
    )
    if stable and result.status is Status.COMPLETE:
        progress("stability", 0.0)
        kept = stability(day, result, travel, budget=rest, workers=workers, seed=seed)
    changes = against(folder, result.plan, visits, kept)
    measured = measure(day, result.plan, travel)
    progress("check", 0.0)
    violations = check(day, result.plan, measured, folder.supply)
    if violations:
        raise PlanIllegal(violations)
    hand = by_hand(day, travel, workers, lambda done: progress("by hand", done))
    hand_cost = price(day, hand, travel)
    return Made(
        folder=folder,
        measured=measured,
        travel_said=source.statement(day, result.plan),
        result=result,
        ours=kpis(day, result.plan, result.cost, folder.sla_names),
        theirs=kpis(day, hand, hand_cost, folder.sla_names),
        changes=changes,
    )


def _extras(folder: DayFolder, plan: Plan, changes: Changes | None) -> Mapping[str, Extra]:
    # With it comes matplotlib, which only a plan folder has need of.
    from datasets.picture import draw_plan

    extras: dict[str, Extra] = {
        "at_risk.csv": at_risk_table(folder.day, plan),
        PICK_LIST_FILE: pick_list_table(folder, plan),
        "plan.png": lambda path: draw_plan(path, folder, plan),
        "sheets": lambda path: write_sheets(path, folder, plan),
    }
    return extras if changes is None else extras | {CHANGES_FILE: changes_table(folder, changes.rows)}


def check_day(day_path: Path, out: Path, base: Path | None = None) -> tuple[Violation | str, ...]:
    """Return every violation of a plan folder, and a sentence for every figure it states that is not so.

    Travel times are looked up anew (those of a service in its cache), and nothing of the search is used. base: the
    plan that it replaces; without it the price of changes is not compared, for it depends on what was published.
    """
    folder = read_day(day_path)
    plan, stated = read_plan(out, folder), read_statement(out)
    if base is not None:
        folder = published_as(folder, read_visits(base, folder.day))
    refuse_other_papers(out, folder, plan)
    travel = reopen_source(folder, stated.travel)
    measured = measure(folder.day, plan, travel)
    untrue = [
        f"{item} is stated as {stated.cost_fen.get(item, 0)} fen, it is {fen}"
        for item, fen in price(folder.day, plan, measured).items()
        if fen != stated.cost_fen.get(item, 0) and (base is not None or item != "churn")
    ]
    if (stated.travel["provider"], stated.travel["is_estimate"]) != (travel.name, travel.is_estimate):
        untrue.append(f"travel times are from {travel.name}, not from {stated.travel['provider']}")
    answered = legs_of(folder.day, plan, travel).answered
    if answered != stated.travel.get("legs", {"answered": 0})["answered"]:
        untrue.append(f"{answered} legs are as a map service answered, {stated.travel['legs']['answered']} are stated")
    return (*check(folder.day, plan, measured, folder.supply), *untrue)


def explain_day(day_path: Path, out: Path, job_id: str, base: Path | None = None) -> list[Explanation]:
    """Return what there is to say about one job of any legal plan of it, computed anew.

    base: the plan that it replaces, as when it was planned.
    """
    folder = read_day(day_path)
    known = [job.id for job in folder.day.jobs]
    if job_id not in known:
        raise JobUnknown(job_id, known)
    plan = read_plan(out, folder)
    if base is not None:
        folder = published_as(folder, read_visits(base, folder.day))
    travel = reopen_source(folder, read_statement(out).travel)
    candidates = nearest_capable_outlets(Roster(folder.day), travel)
    return explain_job(folder.day, plan, candidates, travel, job_id)
