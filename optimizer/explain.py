"""Every answer explained: why a job is left out, late, or not at its nearest outlet, and the cheapest remedy.

Nothing is guessed from counters: each candidate is judged rule by rule, and the job is forced into the finished plan,
everything else as it is, to see what that costs. Territories are explained one by one in worker processes.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from optimizer.candidates import Candidates
from optimizer.explaining import Wanted, explained
from optimizer.explanation import Explanation, Why
from optimizer.kit_options import KitOption
from optimizer.kits import Kits
from optimizer.model import ClockKind, Day, Job, Rule
from optimizer.plan import Plan, Route, Shipment, Unassigned
from optimizer.roster import Roster
from optimizer.search.arrays import Shard
from optimizer.shards import day_of, make_shards
from optimizer.sourcing import kits_of_plan, missing_parts
from optimizer.territory import Parity, Territory, parity_of
from optimizer.travel import TravelTimes
from optimizer.workers import Workers, answer_all

__all__ = ["ExplainTask", "explain", "explain_job", "explain_task", "explained_plan", "unassigned_as"]

MOST_JOBS = 200
"""Jobs of one task: travel inside a territory grows with the square of them."""
OUTLETS = 3
STRAIGHT = 2
"""Outlets looked at for a job: so many of the nearest by road that are capable, and nearest in a straight line.

A job that waits for the customer's consent has one, and one that is not at its nearest outlet that one; the next nearer
too where a single technician works at the nearest."""
CANDIDATES = 3
CANDIDATES_ALONE = 8
"""Candidates told of, in a whole plan and when one job is asked about."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExplainTask:
    """A territory of the finished plan and the jobs in it to be explained."""

    day: Day
    routes: tuple[Route, ...]
    shipments: tuple[Shipment, ...]
    kits: Mapping[str, tuple[KitOption, ...]]
    missing: Mapping[str, str]
    travel: TravelTimes
    parity: Parity
    wanted: tuple[Wanted, ...]
    most: int


def explain(
    roster: Roster,
    plan: Plan,
    kits: Kits,
    candidates: Candidates,
    travel: TravelTimes,
    workers: Workers,
    progress: Callable[[float], None],
) -> tuple[Explanation, ...]:
    """Return the explanations of a finished plan in the order of the day's jobs.

    Every job left out, late or not at its nearest outlet has one for each of these; when a person asked to stop, only
    those left out do.
    """
    cutter = _Cutter(roster, plan, kits, candidates, travel)
    tasks = cutter.tasks(left_out_only=workers.stopped)
    answers = answer_all(explain_task, tasks, workers, progress)
    place = roster.place_of_job
    whys = list(Why)
    found = [explanation for answer in answers for explanation in answer]
    return tuple(sorted(found, key=lambda said: (place[said.job_id], whys.index(said.why))))


def explain_job(day: Day, plan: Plan, candidates: Candidates, travel: TravelTimes, job_id: str) -> list[Explanation]:
    """Return what there is to say about one job of a legal plan, wherever the plan comes from, at length."""
    roster = Roster(day)
    options = kits_of_plan(day, plan)
    # Why a kit cannot be completed takes the stock of the whole day to say: only where it is going to be said.
    kits = Kits(options=options, missing={} if options.get(job_id, True) else missing_parts(day))
    cutter = _Cutter(roster, plan, kits, candidates, travel)
    return list(explain_task(cutter.task_of(roster.jobs[job_id])))


def explain_task(task: ExplainTask) -> tuple[Explanation, ...]:
    """Return the explanations of one territory."""
    territory = Territory(task.day, task.routes, task.shipments, task.kits, task.travel, task.parity)
    return tuple(
        explanation for wanted in task.wanted for explanation in explained(territory, wanted, task.most, task.missing)
    )


def explained_plan(plan: Plan, explanations: Sequence[Explanation]) -> Plan:
    """Return the plan with what its explanations say of the jobs left out."""
    said = {one.job_id: unassigned_as(one) for one in explanations if one.why is Why.LEFT_OUT}
    return replace(plan, unassigned=tuple(said.get(left.job_id, left) for left in plan.unassigned))


def unassigned_as(explanation: Explanation) -> Unassigned:
    """Return the plan's entry of a job left out as it is explained; ROOM where prices decided."""
    remedy = explanation.remedy
    return Unassigned(
        job_id=explanation.job_id,
        rule=explanation.rule or Rule.ROOM,
        reason=explanation.said.en,
        remedy=remedy.said.en if remedy else "",
        reason_zh=explanation.said.zh,
        remedy_zh=remedy.said.zh if remedy else "",
        difference_fen=remedy.difference_fen if remedy else None,
    )


class _Cutter:
    """Cuts a finished plan into tasks."""

    def __init__(
        self,
        roster: Roster,
        plan: Plan,
        kits: Kits,
        candidates: Candidates,
        travel: TravelTimes,
    ) -> None:
        self.roster, self.day, self.kits, self.travel = roster, roster.day, kits, travel
        self.candidates, self.shipments = candidates, plan.shipments
        self.routes = {route.shift_id: route for route in plan.routes}
        self.stops = {stop.job_id: stop for route in plan.routes for stop in route.stops}
        self.server = {
            stop.job_id: roster.outlet_of(roster.shifts[route.shift_id]).id
            for route in plan.routes
            for stop in route.stops
        }
        self.parity = parity_of(self.day, {job_id: stop.start_s for job_id, stop in self.stops.items()})
        self.staffed = [outlet for outlet in self.day.outlets if roster.shifts_of.get(outlet.id)]
        self.places = np.array([outlet.position for outlet in self.staffed], np.float64).reshape(-1, 2)
        self.staff = {
            outlet.id: len({shift.technician_id for shift in roster.shifts_of[outlet.id]}) for outlet in self.staffed
        }

    def tasks(self, *, left_out_only: bool) -> list[ExplainTask]:
        """Return the tasks of a whole plan, territory by territory."""
        outlet_index = {outlet.id: o for o, outlet in enumerate(self.day.outlets)}
        assigned = np.array([outlet_index.get(self.server.get(job.id, ""), -1) for job in self.day.jobs], np.int64)
        shards = make_shards(self.roster, assigned, MOST_JOBS)
        home_of = {
            self.roster.outlet_of(self.roster.shifts[shift_id]).id: number
            for number, shard in enumerate(shards)
            for shift_id in shard.shift_ids
        }
        served: dict[int, list[Wanted]] = defaultdict(list)
        left_out: dict[int, list[Wanted]] = defaultdict(list)
        for job in self.day.jobs:
            wanted = self.wanted(job)
            if job.id not in self.server:
                left_out[home_of[wanted.outlet_ids[0]] if wanted.outlet_ids else -1].append(wanted)
            elif wanted.whys and not left_out_only:
                served[home_of[self.server[job.id]]].append(wanted)
        tasks = []
        for number in sorted({*served, *left_out}):
            waiting = left_out[number]
            tasks.append(self.task([*served[number], *waiting[:MOST_JOBS]]))
            rest = waiting[MOST_JOBS:]
            tasks += [self.task(rest[i : i + MOST_JOBS]) for i in range(0, len(rest), MOST_JOBS)]
        return tasks

    def task_of(self, job: Job) -> ExplainTask:
        """Return the task of one job, with more candidates than in a whole plan."""
        wanted = self.wanted(job, CANDIDATES_ALONE)
        return self.task([replace(wanted, whys=wanted.whys or (Why.SERVED,))], CANDIDATES_ALONE)

    def wanted(self, job: Job, outlets: int = OUTLETS) -> Wanted:
        """Return what is to be explained about a job, and the outlets to look at, nearest first."""
        alone = outlets > OUTLETS
        row = self.candidates.outlet[self.roster.place_of_job[job.id]]
        capable = [self.day.outlets[o].id for o in row if o >= 0 and self.roster.shifts_of.get(self.day.outlets[o].id)]
        home = self.server.get(job.id)
        nearer = () if home is None else tuple(capable[: capable.index(home)] if home in capable else capable)
        nearer = nearer[: STRAIGHT if alone or (nearer and self.staff[nearer[0]] < STRAIGHT) else 1]
        whys = self.whys(job, nearer)
        looked_at: list[str] = []
        if alone or Why.LEFT_OUT in whys or Why.LATE in whys:
            looked_at = capable[: outlets if alone or job.consent else 1]
            looked_at += self.near_by(job) if job.consent or not looked_at else []
        holder = self.roster.technicians.get(job.published.technician_id) if job.published else None
        bound = [holder.outlet_id] if holder and self.roster.shifts_of.get(holder.outlet_id) else []
        every = dict.fromkeys([*looked_at, *nearer, *([home] if home else []), *bound])
        return Wanted(job_id=job.id, whys=whys, outlet_ids=tuple(every), nearer=nearer)

    def whys(self, job: Job, nearer: Sequence[str]) -> tuple[Why, ...]:
        """Return what about the job wants an explanation."""
        if job.id not in self.server:
            return (Why.LEFT_OUT,)
        late = (Why.LATE,) if self.is_late(job) else ()
        return (*late, Why.NOT_NEAREST) if nearer else late

    def near_by(self, job: Job) -> list[str]:
        """Return the outlets at work nearest in a straight line, capable or not."""
        if not self.staffed:
            return []
        apart = self.places - job.position
        apart[:, 0] *= np.cos(np.radians(job.position[1]))
        most = min(STRAIGHT, len(self.staffed))
        square = (apart**2).sum(axis=1)
        return [self.staffed[o].id for o in np.argsort(square, kind="stable")[:most]]

    def is_late(self, job: Job) -> bool:
        """Tell whether a promise of a served job is broken."""
        stop = self.stops[job.id]
        return any(
            (stop.start_s if clock.kind is ClockKind.ARRIVAL else stop.end_s) > clock.due_s for clock in job.clocks
        )

    def task(self, wanted: Sequence[Wanted], most: int = CANDIDATES) -> ExplainTask:
        """Return the task of these jobs: every outlet that any of them looks at, whole."""
        outlets = {outlet_id for one in wanted for outlet_id in one.outlet_ids}
        shift_ids = tuple(
            shift.id for o in self.day.outlets if o.id in outlets for shift in self.roster.shifts_of[o.id]
        )
        routes = tuple(self.routes[shift_id] for shift_id in shift_ids if shift_id in self.routes)
        job_ids = {one.job_id for one in wanted} | {stop.job_id for route in routes for stop in route.stops}
        ordered = tuple(sorted(job_ids, key=self.roster.place_of_job.__getitem__))
        shard = Shard(job_ids=ordered, shift_ids=shift_ids, start={}, parity_allowed=0)
        return ExplainTask(
            day=day_of(self.roster, shard),
            routes=routes,
            shipments=tuple(shipment for shipment in self.shipments if shipment.job_id in job_ids),
            kits={job_id: self.kits.options[job_id] for job_id in ordered if job_id in self.kits.options},
            missing=dict(self._missing([one.job_id for one in wanted])),
            travel=self.travel,
            parity=self.parity,
            wanted=tuple(wanted),
            most=most,
        )

    def _missing(self, job_ids: Sequence[str]) -> Iterator[tuple[str, str]]:
        """Yield the sentence of every job here whose kit cannot be completed."""
        for job_id in job_ids:
            if self.roster.jobs[job_id].order_lines and not self.kits.options.get(job_id):
                yield job_id, self.kits.missing.get(job_id, "the kit cannot be completed")
