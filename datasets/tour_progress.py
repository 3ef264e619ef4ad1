"""Tours taken up again on the road: a day folder as it stands at a moment, from which they can be planned on."""

import datetime as dt
import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from datasets.day import AREAS_FILE, DaySource, read_source, write_day
from datasets.due_visits import due_visits, plan_of
from datasets.faults import DayRefused, Fault, FaultList, PlanRefused
from datasets.progress import moment_in, travel_from
from datasets.times import instant_of, instant_text, midnight_of
from datasets.tour_actuals import Actual, Outcome, impossible, was_there
from datasets.tour_apologies import APOLOGIES_FILE, Missed, apologies, apology_table
from datasets.tour_names import Toured
from datasets.tour_sent import brought_home, kits_sent, put_back, put_on_shelves
from datasets.tour_told import TOLD, told_cells, told_in
from datasets.tour_walk_ins import with_certificates
from optimizer.model import DAY_S
from optimizer.tours.model import WorkKind
from optimizer.tours.plan import Tour, TourDay, Visit

__all__ = ["TakenUp", "Wrote", "take_up_tours"]

Frames = Mapping[str, pd.DataFrame]


@dataclass(frozen=True, slots=True, kw_only=True)
class TakenUp:
    """What was taken out of a folder, by job. done: as somebody wrote down. trusted: begun by then, and nobody wrote
    anything. again: tried in vain, or begun and not trusted; planned again.

    missed: what villages were told for a date that has passed without a visit. away: crews that are on the road, with
    the lodging that they slept or sleep in ("" for at home). driven: those of them that have left it today: their ways
    are counted from there all the same. nearly: crews that have driven more than half of the way to tonight's bed or
    home, taken to be there, and when they are. on_their_way: units that have left for tours which have
    not; they are ready when they are at the crew's outlet. brought_home: spare parts that tours which are home have
    likely not used: they lie at the crew's outlet. in_vain: villages that must be visited and were, in vain, and
    whether they still must: only where something is left to do.
    """

    done: tuple[str, ...]
    trusted: tuple[str, ...]
    again: tuple[str, ...]
    missed: tuple[Missed, ...]
    away: Mapping[str, str]
    on_their_way: int
    driven: tuple[str, ...] = ()
    nearly: Mapping[str, int] = field(default_factory=dict)
    brought_home: int = 0
    in_vain: Mapping[str, bool] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Gone:
    """A visit that is out of the folder: where it was, on which day, and until when it keeps its crew."""

    job_id: str
    village_id: str
    crew_id: str
    day: int
    until_s: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Wrote:
    """What crews wrote down, and in which file. trusts: what has begun, and nobody wrote about, went as planned.

    faults: of what could not be read.
    """

    file: Path
    rows: tuple[Actual, ...]
    trusts: bool = True
    faults: tuple[Fault, ...] = ()


def take_up_tours(day: Path, planned: Path, toured: Toured, wrote: Wrote, out: Path, now: str) -> TakenUp:
    """Write the folder of tours as it stands at a moment. planned: the folder of the tours, toured: what it holds.

    Raises
    ------
    DayRefused, PlanRefused
        The folder cannot be read; the moment is none of it, or something cannot have happened: every fault is listed.
    ForeignFolder
        Something else than a day stands where it is to be written.
    """
    source = read_source(day)
    faults = FaultList(faults=list(wrote.faults))
    now_s = None
    try:
        now_s = moment_in(source, now) - midnight_of(source.settings.date)
    except DayRefused as refused:
        faults.faults += refused.faults
    owed = {visit.id for visit in due_visits(source.tables["maintenance"], source.settings)}
    known = {*owed, *source.tables["jobs"].text["job_id"].tolist(), *toured.jobs}
    impossible(toured, wrote.rows, wrote.file.name, faults, known=known, now_s=now_s)
    sent = kits_sent(planned, faults)
    over = {toured.tour_id(tour) for tour in toured.tours if now_s is not None and now_s >= _nearly_s(tour.days[-1])}
    home = brought_home(planned, sent, over, faults)
    if faults.faults or now_s is None:
        raise PlanRefused(faults.faults)
    gone, taken = _sorted(toured, wrote, now_s)
    vain = _came_in_vain(toured, wrote.rows, now_s)
    came = {(one.village_id, one.day) for one in gone} | vain
    done = {one.job_id for one in gone}
    no_part = {one.job_id for one in wrote.rows if one.outcome is Outcome.NO_PART}
    tables = {name: pd.DataFrame(dict(table.text)) for name, table in source.tables.items()}
    tables["jobs"] = tables["jobs"][~tables["jobs"]["job_id"].isin(done)]
    tables["consents"] = tables["consents"][~tables["consents"]["job_id"].isin(done)]
    crew_ids = set(tables["crews"]["crew_id"])
    left = [
        _stands(toured, tour, now_s)
        for tour in toured.tours
        if tour.crew_id in crew_ids and _has_left(toured, tour, now_s)
    ]
    first = source.settings.date
    aboard = {toured.tour_id(at.tour): _aboard(toured, at.tour, done | no_part) for at in left}
    crews = tables["crews"]
    crews["aboard"] = [";".join(id_ for id_ in ids.split(";") if id_ not in done) for ids in crews["aboard"]]
    for at in left:
        _move_crew(crews, at, aboard[toured.tour_id(at.tour)], first)
    _make_busy(tables, [(one.crew_id, one.until_s) for one in gone], now_s, first)
    nearly = {at.tour.crew_id: at.arrives_s for at in left if at.arrives_s > now_s}
    _make_busy(tables, [(at.tour.crew_id, at.arrives_s) for at in left if at.day is None], now_s, first)
    _keep_plans(tables["maintenance"], gone, owed, first)
    missed = _tell_villages(tables["villages"], came, now_s // DAY_S, first)
    held = {id_ for ids in aboard.values() for id_ in ids}
    used = [one for one in sent if one.job_id in done | held or (not one.job_id and one.tour_id in aboard)]
    waiting = {toured.tour_id(tour) for tour in toured.tours if not _has_left(toured, tour, now_s)}
    moved = [
        one
        for one in sent
        if one not in used
        and one.tour_id in waiting
        and one.source_id != one.outlet_id
        and one.ships <= midnight_of(first) + now_s
    ]
    put_on_shelves(tables, used, moved, first, now_s)
    put_back(tables, home)
    away = {at.tour.crew_id: at for at in left if at.day is not None}
    values = dict(source.values) | {"now": now, "travel": travel_from(source, out)}
    in_vain: dict[str, bool] = {}
    if "tour" in source.values:
        tour = _levers(source, gone, now_s // DAY_S, away)
        in_vain = _in_vain(tour.get("must_visit", ()), vain, _with_work(toured, done, tables["villages"]))
        values["tour"] = _without(tour, in_vain)
    drafts = apologies(toured, missed, done)
    beside = {APOLOGIES_FILE: apology_table(drafts)} if drafts else {}
    areas = (day / AREAS_FILE).read_bytes() if (day / AREAS_FILE).exists() else None
    write_day(out, tables, values, areas, beside)
    return TakenUp(
        missed=missed,
        away={id_: at.lodging_id or "" for id_, at in away.items()},
        driven=tuple(id_ for id_, at in away.items() if at.driven),
        nearly=nearly,
        on_their_way=sum(one.quantity for one in moved),
        brought_home=sum(home.values()),
        in_vain=in_vain,
        **taken,
    )


def _sorted(toured: Toured, wrote: Wrote, now_s: int) -> tuple[list[_Gone], dict[str, tuple[str, ...]]]:
    """Return the visits that are over, and job ids by what became of them."""
    open_rows = {one.job_id: one for one in wrote.rows}
    gone: list[_Gone] = []
    ids: dict[str, list[str]] = {"done": [], "trusted": [], "again": []}
    for tour, day, visit in toured.result.plan.visits():
        actual = open_rows.pop(visit.job_id, None)
        begun = visit.start_s - visit.travel_s < now_s
        if actual is not None and actual.outcome is Outcome.DONE:
            ids["done"].append(visit.job_id)
            gone.append(_over(tour, day, visit, actual, now_s))
        elif actual is None and begun and wrote.trusts:
            ids["trusted"].append(visit.job_id)
            gone.append(_over(tour, day, visit, None, now_s))
        elif actual is not None or begun:
            ids["again"].append(visit.job_id)
    for actual in open_rows.values():
        if actual.outcome is Outcome.DONE:
            ids["done"].append(actual.job_id)
            at_s = next((moment for moment in (actual.start_s, actual.end_s) if moment is not None), now_s)
            job = toured.jobs.get(actual.job_id)
            village_id = "" if job is None else job.village_id
            gone.append(_Gone(job_id=actual.job_id, village_id=village_id, crew_id="", day=at_s // DAY_S, until_s=at_s))
    return gone, {name: tuple(of_name) for name, of_name in ids.items()}


def _came_in_vain(toured: Toured, rows: Sequence[Actual], now_s: int) -> set[tuple[str, int]]:
    """Return villages and days on which a crew was there, and could not do a job."""
    planned = {visit.job_id: (visit.village_id, visit.start_s) for _, _, visit in toured.result.plan.visits()}
    own = {id_: (job.village_id, now_s) for id_, job in toured.jobs.items()} | planned
    found = set()
    for one in (one for one in rows if one.job_id in own and was_there(one.outcome)):
        village_id, at_s = own[one.job_id]
        at_s = next((written_s for written_s in (one.start_s, one.end_s) if written_s is not None), at_s)
        # What was given up before it could begin was no visit; what is done counts among those that are over.
        if one.outcome is not Outcome.DONE and at_s <= now_s:
            found.add((village_id, at_s // DAY_S))
    return found


def _over(tour: Tour, day: TourDay, visit: Visit, actual: Actual | None, now_s: int) -> _Gone:
    """Return a visit that is over or under way: when it was, and until when."""
    at_day, until_s = day.day, visit.end_s
    if actual is not None:
        at_s = next((at for at in (actual.start_s, actual.end_s) if at is not None), min(visit.start_s, now_s))
        at_day, until_s = at_s // DAY_S, min(now_s, visit.end_s) if actual.end_s is None else actual.end_s
    return _Gone(job_id=visit.job_id, village_id=visit.village_id, crew_id=tour.crew_id, day=at_day, until_s=until_s)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Standing:
    """Where a crew that has left is: day: of its next morning, None once it is home. slept: nights of this tour.

    arrives_s: there, 0 where it woke. driven: it has left the bed that it goes on from.
    """

    tour: Tour
    day: int | None
    lodging_id: str | None
    slept: int
    arrives_s: int = 0
    driven: bool = False


def _has_left(toured: Toured, tour: Tour, now_s: int) -> bool:
    road = toured.crews[tour.crew_id].goes_on(tour.first_day)
    on = road is not None and road.day * DAY_S <= now_s
    return on or tour.days[0].depart_s <= now_s


def _stands(toured: Toured, tour: Tour, now_s: int) -> _Standing:
    """Return where a crew goes on from: the bed of last night, or tonight's once it is nearer to that, or home."""
    end = tour.days[-1]
    if now_s >= _nearly_s(end):
        return _Standing(tour=tour, day=None, lodging_id=None, slept=tour.nights, arrives_s=end.arrive_s)
    number = max(k for k, day in enumerate(tour.days) if day.day * DAY_S <= now_s)
    today = tour.days[number]
    if now_s >= _nearly_s(today) and today.lodging_id is not None:
        return _Standing(
            tour=tour,
            day=today.day + 1,
            lodging_id=today.lodging_id,
            slept=number + 1,
            arrives_s=today.arrive_s,
        )
    road = toured.crews[tour.crew_id].goes_on(tour.first_day)
    first = None if road is None else road.lodging_id
    woke = tour.days[number - 1].lodging_id if number else first
    driven = now_s > today.depart_s and (bool(today.visits) or today.travel_s > 0)
    return _Standing(tour=tour, day=today.day, lodging_id=woke, slept=number, driven=driven)


def _nearly_s(day: TourDay) -> int:
    """Return when a crew has driven half of its last way of a day: from then on it is nearer to where that ends."""
    return day.arrive_s - day.travel_s // 2


def _aboard(toured: Toured, tour: Tour, without: Collection[str]) -> list[str]:
    """Return the jobs whose kits are in the van: those of the tour that need parts, and what was aboard before."""
    road = toured.crews[tour.crew_id].goes_on(tour.first_day)
    before: frozenset[str] = frozenset() if road is None else road.aboard
    own = [visit.job_id for day in tour.days for visit in day.visits if toured.jobs[visit.job_id].order_lines]
    return [id_ for id_ in dict.fromkeys((*own, *sorted(before))) if id_ not in without]


def _move_crew(crews: pd.DataFrame, at: _Standing, aboard: Sequence[str], first: dt.date) -> None:
    """Write down where a crew is, and how many nights it was away."""
    mine = crews["crew_id"] == at.tour.crew_id
    before, out = (int(crews.loc[mine, name].iloc[0] or 0) for name in ("nights_before", "nights_out"))
    cells = {"away_on": "", "sleeps_at": "", "nights_out": "", "aboard": "", "nights_before": str(before + at.slept)}
    if at.day is not None:
        cells["away_on"] = (first + dt.timedelta(days=at.day)).isoformat()
        cells |= {"sleeps_at": at.lodging_id or "", "nights_out": str(out + at.slept), "aboard": ";".join(aboard)}
    for name, cell in cells.items():
        crews.loc[mine, name] = cell


def _make_busy(tables: Frames, until: Sequence[tuple[str, int]], now_s: int, first: dt.date) -> None:
    """Let the members of crews that are at work, or nearly home, set out when that has ended. until: by crew."""
    crews, technicians = tables["crews"], tables["technicians"]
    members = dict(zip(crews["crew_id"], crews["technician_ids"], strict=True))
    for crew_id, until_s in sorted(until, key=lambda one: one[1]):
        if until_s > now_s and crew_id in members:
            mine = technicians["technician_id"].isin(members[crew_id].split(";"))
            # An hour that a person typed stays where it is the later one.
            ends = instant_text(first, until_s)
            technicians.loc[mine, "busy_until"] = [
                text if text and instant_of(text) > instant_of(ends) else ends
                for text in technicians.loc[mine, "busy_until"]
            ]


def _keep_plans(maintenance: pd.DataFrame, gone: Sequence[_Gone], owed: Collection[str], first: dt.date) -> None:
    """Let plans count from the visits that they have had."""
    for one in sorted(gone, key=lambda one: one.day):
        if one.job_id in owed:
            mine = maintenance["plan_id"] == plan_of(one.job_id)
            maintenance.loc[mine, "last_on"] = (first + dt.timedelta(days=one.day)).isoformat()


def _tell_villages(
    villages: pd.DataFrame, visits: Collection[tuple[str, int]], today: int, first: dt.date
) -> tuple[Missed, ...]:
    """Write down who was visited; a date that was told is over with its visit or its day. Return where nobody came."""
    last = {village_id: day for village_id, day in sorted(visits, key=lambda item: item[1])}
    missed = []
    for row in villages.index:
        village_id = villages.loc[row, "village_id"]
        if village_id in last:
            date = (first + dt.timedelta(days=last[village_id])).isoformat()
            villages.loc[row, "last_visit"] = max(date, villages.loc[row, "last_visit"])
        told = told_in({name: str(villages.loc[row, name]) for name in ("village_id", *TOLD)})
        kept = {(date, stop_id) for date, stop_id in told if (stop_id, (date - first).days) in visits}
        over = {(date, stop_id) for date, stop_id in told - kept if (date - first).days < today}
        for name, cell in told_cells(village_id, told - kept - over).items():
            villages.loc[row, name] = cell
        missed += [
            Missed(village_id=village_id, day=(date - first).days, stop_id=stop_id) for date, stop_id in sorted(over)
        ]
    return tuple(missed)


def _levers(source: DaySource, gone: Sequence[_Gone], today: int, away: Mapping[str, _Standing]) -> dict[str, Any]:
    """Return [tour] of day.toml without what is over: days that were locked, villages that had to be visited."""
    tour: dict[str, Any] = json.loads(json.dumps(source.values["tour"], default=str))
    first, done = source.settings.date, {one.job_id for one in gone}
    visited = {one.village_id for one in gone}

    def day_of(date: str) -> int:
        return (dt.date.fromisoformat(date) - first).days

    found = dict(tour)
    if "must_visit" in tour:
        found["must_visit"] = [id_ for id_ in tour["must_visit"] if id_ not in visited]
    if "locked" in tour:
        found["locked"] = [
            {**row, "date": dt.date.fromisoformat(row["date"])}
            | {"job_ids": [id_ for id_ in row.get("job_ids", ()) if id_ not in done]}
            for row in tour["locked"]
            if day_of(row["date"]) >= today
        ]
    if "spans" in tour:
        found["spans"] = [
            {
                "crew_id": row["crew_id"],
                "first": first + dt.timedelta(days=max(day_of(row["first"]), _goes_on(away.get(row["crew_id"])))),
                "last": dt.date.fromisoformat(row["last"]),
            }
            for row in tour["spans"]
            if day_of(row["last"]) >= max(today, _goes_on(away.get(row["crew_id"])))
        ]
    # What calls need is known while there are some: what was done is out of the folder.
    expected = with_certificates(source.settings.tour.walk_ins, source.tables)
    if expected is not None:
        found["walk_ins"] = {**tour["walk_ins"], "certificates": list(expected.certificates or ())}
    return found


def _in_vain(must: Collection[str], vain: Collection[tuple[str, int]], with_work: Collection[str]) -> dict[str, bool]:
    """Return the villages that must be visited and were in vain, and whether they still must: where work is left."""
    there = {village_id for village_id, _ in vain}
    return {id_: id_ in with_work for id_ in must if id_ in there}


def _without(tour: Mapping[str, Any], in_vain: Mapping[str, bool]) -> dict[str, Any]:
    """Return [tour] without what must be visited no more."""
    if not in_vain:
        return dict(tour)
    return {**tour, "must_visit": [id_ for id_ in tour["must_visit"] if in_vain.get(id_, True)]}


def _with_work(toured: Toured, done: Collection[str], villages: pd.DataFrame) -> set[str]:
    """Return the villages that have work of their own left, or were told that somebody comes again."""
    told = {id_ for id_, dates in zip(villages["village_id"], villages["announced"], strict=True) if dates}
    open_jobs = (job for job in toured.asked.jobs if job.id not in done and job.kind is not WorkKind.WALK_IN)
    return told | {job.village_id for job in open_jobs}


def _goes_on(at: _Standing | None) -> int:
    return 0 if at is None or at.day is None else at.day
