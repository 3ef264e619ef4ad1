"""The day: kits → outlets → shards → search → recombine → seams → kits again → plan.

`dispatch` reads as its own summary. It has no clock and no input or output: the caller hands it travel times, a budget
and workers, and is told how far it got.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from optimizer.approvals import with_approvals
from optimizer.budget import Budget, Remaining
from optimizer.candidates import Candidates, nearest_capable_outlets
from optimizer.cost import price
from optimizer.engines.assignment import assign_outlets
from optimizer.explain import explain, explained_plan
from optimizer.kit_options import KitOption, shipments_for
from optimizer.kits import Beside, Kits, first_come, kits_after, kits_before
from optimizer.model import Day, Ownership, Rule
from optimizer.parts.supply import NOTHING_BESIDE, Supply
from optimizer.plan import Plan, Result, Route, Shipment, Status, Unassigned
from optimizer.roster import Roster
from optimizer.search.arrays import Shard
from optimizer.shards import (
    ParityFloor,
    Routes,
    day_of,
    make_seams,
    make_shards,
    neighbourhoods,
    published_routes,
    seam_shard,
)
from optimizer.solve import Engine, Task, solve
from optimizer.sourcing import kits_of_plan
from optimizer.travel import TravelTimes
from optimizer.workers import Workers, answer_all

__all__ = ["Method", "PartsRule", "Progress", "assemble", "assign", "dispatch", "search_on"]

SEAMS_SHARE = 0.2
SEAM_ROUNDS = 4
KIT_ROUNDS = 2
"""So often the kits are decided again for the routes that were found, and who has a better one searched again."""
OUTLETS_AROUND = 3
"""Nearest outlets of such a job whose visits are searched again."""
KITS_SHARE = 0.1
"""Of the budget: what deciding the kits once may take, and what searching again for a round's may."""
VISITS_PER_SHIFT = 8
"""More jobs than its shifts can visit do not make a shard worth more of the budget."""
Progress = Callable[[str, float], None]
"""Called with the stage and the share of it that is done."""


class PartsRule(StrEnum):
    """How the parts of a day are decided; all but TOGETHER are there to be compared with.

    FIRST_COME: the nearest warehouse with stock, job by job. BEFORE: all at once, before the routes. TOGETHER: and once
    more when the routes are known, and the routes once more where that brings a kit.
    """

    FIRST_COME = "first-come"
    BEFORE = "before"
    TOGETHER = "together"


@dataclass(frozen=True, slots=True, kw_only=True)
class Method:
    """How a day is decided: by what its shards are solved, and how its parts are."""

    engine: Engine = Engine.SEARCH
    parts: PartsRule = PartsRule.TOGETHER


SEARCHED_TOGETHER = Method()


def dispatch(  # noqa: PLR0913 - what whoever asks for a plan may say
    day: Day,
    travel: TravelTimes,
    *,
    budget: Budget,
    workers: Workers,
    seed: int,
    progress: Progress,
    method: Method = SEARCHED_TOGETHER,
    supply: Supply = NOTHING_BESIDE,
) -> Result:
    """Return a plan for the day, legal by construction, with its status and itemised cost.

    supply: what is known of the parts beside the day.
    """
    roster = Roster(day)
    progress("outlets", 0.0)
    candidates = nearest_capable_outlets(roster, travel)
    progress("parts", 0.0)
    remaining = _remaining(budget, workers)
    beside = _beside_the_day(roster, candidates, supply, method.engine)
    kits = first_come(day) if method.parts is PartsRule.FIRST_COME else kits_before(day, beside, remaining=remaining)
    run = _Run(roster, kits, travel, budget, workers, seed, progress)
    run.engine, run.beside = method.engine, beside
    routes = run.search(candidates, published_routes(roster, roster.jobs, roster.shifts))
    if method.parts is PartsRule.TOGETHER and kits.options:
        routes = run.with_kits_decided_again(candidates, routes)
    plan = with_approvals(day, supply, assemble(roster, list(routes.values()), run.kits.options, run.kits.promised))
    status = Status.INTERRUPTED if workers.stopped else Status.COMPLETE
    explanations = explain(
        roster, plan, run.kits, candidates, travel, workers, lambda done: progress("explanations", done)
    )
    return Result(
        plan=explained_plan(plan, explanations),
        status=status,
        cost=price(day, plan, travel),
        bound_fen=None,
        seed=seed,
        explanations=explanations,
        greedy_shards=run.greedy_shards,
    )


def _beside_the_day(roster: Roster, candidates: Candidates, supply: Supply, engine: Engine) -> Beside:
    """Return what the kits are decided with. The routing model knows no kit that only some outlets have."""
    if engine is not Engine.SEARCH:
        return Beside(supply=replace(supply, shelves={}), near={})
    day = roster.day
    near = {
        job.id: tuple(day.outlets[o].id for o in row if o >= 0)
        for job, row in zip(day.jobs, candidates.outlet.tolist(), strict=True)
        if job.order_lines
    }
    return Beside(supply=supply, near=near)


def _remaining(budget: Budget, workers: Workers) -> Remaining:
    """Return how long one decision about the kits may take: as long as searching again, nothing once a person stops."""
    left = budget.countdown(KITS_SHARE)
    return lambda: 0.0 if workers.stopped else left()


def search_on(day: Day, begin: Plan, travel: TravelTimes, *, budget: Budget, workers: Workers, seed: int) -> Plan:
    """Return a plan for the day searched on from this one, whose kits stay as they are; no reasons are given."""
    roster, kits = Roster(day), kits_of_plan(day, begin)
    candidates = nearest_capable_outlets(roster, travel)
    run = _Run(roster, Kits(options=kits, missing={}), travel, budget, workers, seed, lambda *_: None)
    routes = run.search(candidates, _orders({route.shift_id: route for route in begin.routes})).values()
    return Plan(
        routes=tuple(routes),
        unassigned=(),
        shipments=shipments_for(day.jobs, roster.visits(routes), kits),
        promised=begin.promised,
    )


def assign(roster: Roster, candidates: Candidates) -> NDArray[np.int64]:
    """Return an outlet index per job by minimum-cost flow over service minutes; it only seeds the shards."""
    day = roster.day
    if not day.outlets:
        return np.full(len(day.jobs), -1, np.int64)
    families = {family: i for i, family in enumerate(dict.fromkeys(job.skill.family for job in day.jobs))}
    outlet_index = {outlet.id: i for i, outlet in enumerate(day.outlets)}
    capacity = np.zeros((len(day.outlets), max(1, len(families))), np.int64)
    total = np.zeros(len(day.outlets), np.int64)
    for shift in day.shifts:
        technician = roster.technician_of(shift)
        minutes = (shift.end_s - shift.start_s) // 60
        total[outlet_index[technician.outlet_id]] += minutes
        for family in {skill.family for skill in technician.skills} & families.keys():
            capacity[outlet_index[technician.outlet_id], families[family]] += minutes
    tariff = day.tariff
    own_fen = np.array(
        [0 if o.ownership is Ownership.OWN else tariff.contract_preference_fen for o in day.outlets], np.int64
    )
    contract_fen = {contract.id: contract.call_out_fen + contract.bands[0][1] for contract in tariff.contract_tariffs}
    own_fen += np.array(
        [0 if o.ownership is Ownership.OWN else contract_fen[o.tariff_id] for o in day.outlets], np.int64
    )
    hourly = tariff.travel_fen_per_hour[Ownership.OWN]
    fen = candidates.seconds * hourly // 3600 + own_fen[candidates.outlet]
    minutes = np.array([job.service_s // 60 for job in day.jobs], np.int64) + candidates.seconds.min(axis=1) // 60
    return assign_outlets(
        candidates.outlet,
        fen,
        np.minimum(minutes, 12 * 60),
        np.array([families[job.skill.family] for job in day.jobs], np.int64),
        capacity,
        total,
    )


class _Run:
    """One run over the workers: shares out the budget, gathers answers, survives dead workers."""

    def __init__(
        self,
        roster: Roster,
        kits: Kits,
        travel: TravelTimes,
        budget: Budget,
        workers: Workers,
        seed: int,
        progress: Progress,
    ) -> None:
        self.roster = roster
        self.kits = kits
        self.travel = travel
        self.budget = budget
        self.workers = workers
        self.seed = seed
        self.progress = progress
        self.begun = 0
        self.beside = Beside(near={})
        self.engine = Engine.SEARCH
        self.greedy_shards = 0

    def search(self, candidates: Candidates, begin: Routes) -> dict[str, Route]:
        """Return the routes of the whole day by shift id, searched shard by shard and then along the seams."""
        assigned = _beside(self.roster, assign(self.roster, candidates), begin)
        shards = make_shards(self.roster, assigned, begin=begin)
        routes = self.solve("search", [(shard, 1.0 - SEAMS_SHARE) for shard in shards])
        return self.sew(candidates, shards, routes) if len(shards) > 1 else routes

    def solve(self, stage: str, shards: Sequence[tuple[Shard, float]]) -> dict[str, Route]:
        """Return the routes of all shards by shift id; each comes with the stage's share of the whole budget."""
        shards = [(shard, share) for shard, share in shards if shard.job_ids]
        weights = [min(len(shard.job_ids), VISITS_PER_SHIFT * len(shard.shift_ids) + 1) for shard, _ in shards]
        # The budget is one worker's: several workers have several times as much to share out.
        crew = 1 if self.budget.repeats else min(self.workers.count, len(shards))
        options = self.kits.options
        tasks = []
        for (shard, share), weight in zip(shards, weights, strict=True):
            self.begun += 1
            tasks.append(
                Task(
                    day=day_of(self.roster, shard),
                    shard=shard,
                    kits={job_id: options[job_id] for job_id in shard.job_ids if job_id in options},
                    travel=self.travel,
                    budget=self.budget,
                    share=share * crew * weight / sum(weights),
                    seed=self.seed + 1_000 * self.begun,
                    engine=self.engine,
                )
            )
        answers = answer_all(solve, tasks, self.workers, lambda done: self.progress(stage, done))
        self.greedy_shards += sum(answer.is_greedy for answer in answers)
        return {route.shift_id: route for answer in answers for route in answer.routes}

    def sew(self, candidates: Candidates, shards: Sequence[Shard], routes: dict[str, Route]) -> dict[str, Route]:
        """Return the routes after the seams between shards were searched again, round by round."""
        floor = ParityFloor(self.roster.day)
        for seams in (rounds := make_seams(self.roster, candidates, shards, _orders(routes))[:SEAM_ROUNDS]):
            orders = _orders(routes)
            served = {job_id for jobs in orders.values() for job_id in jobs}
            again = []
            for a, b, outlet_ids in seams:
                idle = [j for shard in (shards[a], shards[b]) for j in shard.job_ids if j not in served]
                again.append((seam_shard(self.roster, floor, outlet_ids, orders, idle), SEAMS_SHARE / len(rounds)))
            routes = self.solve_again("seams", again, routes)
        return routes

    def solve_again(
        self, stage: str, shards: Sequence[tuple[Shard, float]], routes: Mapping[str, Route]
    ) -> dict[str, Route]:
        """Return the routes with those of these shards' shifts as they are when solved again."""
        again = {shift_id for shard, _ in shards for shift_id in shard.shift_ids}
        kept = {shift_id: route for shift_id, route in routes.items() if shift_id not in again}
        return kept | self.solve(stage, shards)

    def with_kits_decided_again(self, candidates: Candidates, routes: dict[str, Route]) -> dict[str, Route]:
        """Return the routes after the kits were decided again for them, and those searched again who gain by it.

        The best of all rounds stays, with its kits.
        """
        fen = self._fen(routes, self.kits)
        for _ in range(KIT_ROUNDS):
            self.progress("kits", 0.0)
            better = self._decided_again(routes)
            if better is self.kits:
                break
            gaining = self._gaining(routes, better)
            before, self.kits = self.kits, better
            found = self._searched_again(candidates, routes, gaining)
            found_fen = self._fen(found, better)
            if found_fen >= fen:
                self.kits = before
                break
            routes, fen = found, found_fen
            if not gaining or self.workers.stopped:
                break
        self.progress("kits", 1.0)
        return routes

    def _decided_again(self, routes: Mapping[str, Route]) -> Kits:
        visits = self.roster.visits(routes.values())
        remaining = _remaining(self.budget, self.workers)
        return kits_after(self.roster.day, self.beside, visits, self.kits, remaining=remaining)

    def _gaining(self, routes: Mapping[str, Route], better: Kits) -> list[str]:
        """Return the jobs left out or late that now have a kit sooner, in the order of the day."""
        on_time = {
            stop.job_id
            for route in routes.values()
            for stop in route.stops
            if not any(stop.start_s > clock.due_s for clock in self.roster.jobs[stop.job_id].clocks)
        }
        return [
            job_id
            for job_id, options in better.options.items()
            if options and job_id not in on_time
            if not self.kits.options[job_id] or _soonest_s(options) < _soonest_s(self.kits.options[job_id])
        ]

    def _searched_again(
        self, candidates: Candidates, routes: dict[str, Route], gaining: Sequence[str]
    ) -> dict[str, Route]:
        """Return the routes after the surroundings of these jobs were searched again, with the kits there are now."""
        floor = ParityFloor(self.roster.day)
        orders = _orders(routes)
        shift_of = {job_id: shift_id for shift_id, jobs in orders.items() for job_id in jobs}
        near: dict[str, list[str]] = {}
        for job_id in gaining:
            ways = candidates.outlet[self.roster.place_of_job[job_id], :OUTLETS_AROUND]
            near[job_id] = [self.roster.day.outlets[o].id for o in ways.tolist() if o >= 0]
            if job_id in shift_of:
                near[job_id].append(self.roster.outlet_of(self.roster.shifts[shift_of[job_id]]).id)
        again = []
        for outlet_ids, job_ids in neighbourhoods(near):
            idle = [job_id for job_id in job_ids if job_id not in shift_of]
            again.append((seam_shard(self.roster, floor, outlet_ids, orders, idle), KITS_SHARE / KIT_ROUNDS))
        return self.solve_again("kits", again, routes)

    def _fen(self, routes: Mapping[str, Route], kits: Kits) -> int:
        plan = assemble(self.roster, list(routes.values()), kits.options)
        return price(self.roster.day, plan, self.travel).total


def _soonest_s(options: Iterable[KitOption]) -> int:
    return min(option.ready_s for option in options)


def assemble(
    roster: Roster,
    routes: Sequence[Route],
    kits: Mapping[str, tuple[KitOption, ...]],
    promised: tuple[Shipment, ...] = (),
) -> Plan:
    """Return the plan of these routes: the jobs left out, not yet explained, and the shipments of those served."""
    position = {shift.id: i for i, shift in enumerate(roster.day.shifts)}
    ordered = tuple(sorted(routes, key=lambda route: position[route.shift_id]))
    starts = {stop.job_id: stop.start_s for route in ordered for stop in route.stops}
    return Plan(
        routes=ordered,
        unassigned=tuple(
            Unassigned(job_id=job.id, rule=Rule.UNKNOWN, reason="not explained")
            for job in roster.day.jobs
            if job.id not in starts
        ),
        shipments=shipments_for(roster.day.jobs, roster.visits(ordered), kits),
        promised=promised,
    )


def _beside(roster: Roster, assigned: NDArray[np.int64], begin: Routes) -> NDArray[np.int64]:
    """Return the jobs' outlets, those of the routes to begin from at their own: no route is cut by a shard's border."""
    outlet_index = {outlet.id: o for o, outlet in enumerate(roster.day.outlets)}
    beside = assigned.copy()
    for shift_id, job_ids in begin.items():
        o = outlet_index[roster.outlet_of(roster.shifts[shift_id]).id]
        beside[[roster.place_of_job[job_id] for job_id in job_ids]] = o
    return beside


def _orders(routes: Mapping[str, Route]) -> Routes:
    return {shift_id: tuple(stop.job_id for stop in route.stops) for shift_id, route in routes.items()}
