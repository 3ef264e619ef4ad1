"""A day folder becomes a folder of tours: read, plan, order the kits, compare with tours by hand, check, write."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from api.exits import Failure
from api.tour_levers import LeversAsked, pulled_by
from api.tour_rounds import Progress, Searching, tours_with_kits
from api.tour_verdict import toured_as_read, verdict
from api.travel_source import TravelSource, open_source, reopen_source
from datasets.tour_agreement import paper_differences
from datasets.tour_folder import TOURS_FILE, check_tour_place, fitting_document, write_tours
from datasets.tour_kpis import TourKpis, tour_kpis
from datasets.tour_levers import Pulled, pull
from datasets.tour_names import Toured
from datasets.tour_naming import names_of
from datasets.tour_reading import jobs_named_in, read_tour_base, read_tour_plan
from datasets.tour_walk_ins import as_planned
from datasets.tours import TourFolder, read_tours
from geo.remote.gather import Surroundings
from optimizer.budget import Budget, Portion
from optimizer.tours.by_hand import by_hand, nearest_and_back_s
from optimizer.tours.check import check_tours
from optimizer.tours.cost import price_tours
from optimizer.tours.covering import nearest_stops
from optimizer.tours.fitting import Fitting, fitting
from optimizer.tours.model import Touring
from optimizer.tours.outlets import with_outlets
from optimizer.tours.plan import TourPlan, TourResult, TourViolation
from optimizer.tours.told import released, told_too
from optimizer.travel import TravelTimes
from optimizer.workers import Workers

__all__ = ["RULES_BY_HAND", "ToursIllegal", "ToursPlanned", "check_tour_folder", "plan_tour_folder", "tours_as_planned"]

RULES_BY_HAND = {"nearest_home_each_night": False, "nearest_sleep_at_dusk": True}
"""What tours are compared with → whether the crew sleeps where dusk falls."""
FIRST_SHARE, AGAIN_SHARE, FITTING_SHARE = 0.6, 0.05, 0.3
"""Of the budget: for the first plan, for each further one, which begins from it, and for whether to go now."""


class ToursIllegal(Failure):
    """The checker objects to tours that the search made: a defect of ours; nothing was written."""

    def __init__(self, found: list[str]) -> None:
        super().__init__(f"{len(found)} violations")
        self.found = found

    def told(self) -> Iterator[str]:
        """Yield whose defect it is, and every violation."""
        yield "Paigong's own checker objects to the tours it made. This is a defect of Paigong; nothing was written."
        yield from self.found


@dataclass(frozen=True, slots=True, kw_only=True)
class ToursPlanned:
    """What the command line prints: the tours, their figures, and those of both rules by hand; stopped: by a person.

    since: the jobs that the tours to begin from knew of, None where there were none to begin from. nearest_s: of
    driving from home to the nearest village with work and back, None without any.
    """

    toured: Toured
    ours: TourKpis
    by_hand: Mapping[str, TourKpis]
    aside: Mapping[str, int]
    stopped: bool
    since: frozenset[str] | None = None
    nearest_s: int | None = None


def plan_tour_folder(  # noqa: PLR0913 - what the command line was told
    day_path: Path,
    out: Path,
    *,
    levers: LeversAsked,
    fit: bool,
    budget: Budget,
    workers: Workers,
    seed: int,
    progress: Progress,
) -> ToursPlanned:
    """Plan the tours of a day folder; nothing is written unless the checker finds nothing and all is on the disk.

    fit: find out too, in a part of the budget, whether it is better to go now or later.
    """
    check_tour_place(out)
    progress("reading", 0.0)
    folder = read_tours(day_path)
    base = None if levers.base is None else read_tour_base(levers.base, folder.touring)
    pulled = pulled_by(levers, folder.touring, base)
    source = _travel(folder, workers, progress)
    travel = source.travel
    asked = with_outlets(pull(folder.touring, pulled), folder.day, travel)
    begun_from = None if base is None else base.plan
    searching = Searching(
        budget=budget,
        workers=workers,
        seed=seed,
        progress=progress,
        first=FIRST_SHARE,
        again=AGAIN_SHARE,
        loading=AGAIN_SHARE,
    )
    kitted = tours_with_kits(folder, asked, travel, begun_from, searching)
    result, loaded = kitted.result, kitted.loaded
    if loaded.found:
        raise ToursIllegal(list(loaded.found))
    asked = released(asked, kitted.released)
    pulled = replace(pulled, levers=asked.levers)
    progress("check", 0.0)
    if found := check_tours(asked, result.plan, travel):
        raise ToursIllegal([_said(one) for one in found])
    toured = replace(
        _toured(folder, asked, pulled, result, travel),
        kits=loaded.kits,
        kit_orders=loaded.orders,
        kit_short=loaded.short,
        fitting=_fitting(folder, asked, travel, searching, result.plan) if fit else None,
        asked_of_service=source.asked(),
    )
    progress("by hand", 0.0)
    theirs = {name: _by_hand(toured, travel, sleeps=sleeps) for name, sleeps in RULES_BY_HAND.items()}
    ours = tour_kpis(toured)
    aside = _aside(folder)
    progress("writing", 0.0)
    kpis = {
        "planned": ours.as_dict(),
        "by_hand": {name: kpis.as_dict() for name, kpis in theirs.items()},
        "aside": aside,
        "fitting": fitting_document(toured),
        "travel_times": {"provider": travel.name, "is_estimate": travel.is_estimate, **source.asked()},
    }
    write_tours(out, toured, kpis)
    progress("writing", 1.0)
    return ToursPlanned(
        toured=toured,
        ours=ours,
        by_hand=theirs,
        aside=aside,
        stopped=workers.stopped,
        since=None if base is None else base.job_ids,
        nearest_s=nearest_and_back_s(asked, travel),
    )


def _fitting(
    folder: TourFolder, asked: Touring, travel: TravelTimes, searching: Searching, today: TourPlan
) -> Fitting | None:
    """Return when to go; None when a person asked to stop, for then nothing would be looked for."""
    workers = searching.workers
    if workers.stopped:
        return None
    found = fitting(
        asked,
        travel,
        Portion(budget=searching.budget, part=FITTING_SHARE),
        searching.seed,
        workers,
        folder.policy.threshold_fen,
        lambda done: searching.progress("fitting", done),
        today,
    )
    return None if workers.stopped else found


def _travel(folder: TourFolder, workers: Workers, progress: Progress) -> TravelSource:
    progress("travel", 0.0)
    around = Surroundings(stopped=lambda: workers.stopped, progress=lambda done: progress("travel", done))
    return open_source(folder.folder, around, folder.touring)


def _toured(
    folder: TourFolder,
    asked: Touring,
    pulled: Pulled,
    result: TourResult,
    travel: TravelTimes,
) -> Toured:
    return Toured(
        asked=asked,
        result=result,
        names=names_of(folder),
        covers=nearest_stops(asked, result.plan, travel),
        pulled=pulled,
        provider=travel.name,
        is_estimate=travel.is_estimate,
    )


def _by_hand(toured: Toured, travel: TravelTimes, *, sleeps: bool) -> TourKpis:
    """Return the figures of the same region toured by a rule of thumb."""
    asked = toured.asked
    plan = by_hand(asked, travel, sleeps=sleeps)
    cost = price_tours(asked, plan)
    result = TourResult(plan=plan, cost=cost, bound_fen=toured.result.bound_fen, candidates=0, seed=0)
    covers = nearest_stops(asked, plan, travel)
    return tour_kpis(replace(toured, result=result, kit_orders=(), kits={}, kit_short=(), covers=covers))


def _aside(folder: TourFolder) -> dict[str, int]:
    """Return how many calls of the folder are none of a tour's, by why."""
    return {str(why): sum(one is why for one in folder.aside.values()) for why in sorted(set(folder.aside.values()))}


def _said(found: TourViolation) -> str:
    return f"{found.rule}  {found.where}: {found.sentence}"


def tours_as_planned(day_path: Path, out: Path) -> tuple[Toured, TravelTimes]:
    """Return planned tours as their folder has them, with what they were planned from.

    Raises
    ------
    DayRefused, PlanRefused
        With every fault of the day folder, or of tours.json.
    """
    _, toured, travel = _as_planned(day_path, out)
    return toured, travel


def _as_planned(day_path: Path, out: Path) -> tuple[TourFolder, Toured, TravelTimes]:
    folder = read_tours(day_path)
    asked = as_planned(folder.touring, folder.policy.walk_ins, jobs_named_in(out))
    read = read_tour_plan(out, asked)
    stated = {"is_estimate": read.is_estimate, **({} if read.cache is None else {"cache": read.cache})}
    travel = reopen_source(folder.folder, stated)
    # What was told before, and taken back since because these tours do not keep it, is in their price.
    known = told_too(asked, read.unkept)
    asked = with_outlets(pull(known, read.pulled), folder.day, travel)
    return folder, toured_as_read(folder, asked, read, travel), travel


def check_tour_folder(day_path: Path, out: Path) -> list[str]:
    """Return a sentence for every rule that planned tours break, for everything they state that is not so, and for
    every table beside tours.json that says something else.
    """
    folder, toured, travel = _as_planned(day_path, out)
    document = json.loads((out / TOURS_FILE).read_text(encoding="utf-8"))
    found = [f"{one.rule}  {one.where}: {one.sentence}" for one in verdict(document, toured, folder, travel)]
    return [*found, *paper_differences(out, toured)]
