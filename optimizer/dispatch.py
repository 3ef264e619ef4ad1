"""The day: outlets → shards → search → recombine → seams → plan.

`dispatch` reads as its own summary. It has no clock and no input or output: the caller hands it travel times, a budget
and workers, and is told how far it got.
"""

from collections.abc import Callable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from optimizer.budget import Budget
from optimizer.candidates import Candidates, nearest_capable_outlets
from optimizer.cost import price
from optimizer.engines.assignment import assign_outlets
from optimizer.explain import explain, explained_plan
from optimizer.model import Day, Ownership, Rule
from optimizer.plan import Plan, Result, Route, Status, Unassigned
from optimizer.roster import Roster
from optimizer.search.arrays import Shard
from optimizer.shards import ParityFloor, Routes, day_of, make_seams, make_shards, published_routes, seam_shard
from optimizer.solve import Engine, Task, solve
from optimizer.sourcing import KitOption, kit_options, shipments_for
from optimizer.travel import TravelTimes
from optimizer.workers import Workers, answer_all

__all__ = ["Progress", "assemble", "assign", "dispatch", "search_on"]

SEAMS_SHARE = 0.2
SEAM_ROUNDS = 4
VISITS_PER_SHIFT = 8
"""More jobs than its shifts can visit do not make a shard worth more of the budget."""
Progress = Callable[[str, float], None]
"""Called with the stage and the share of it that is done."""


def dispatch(
    day: Day,
    travel: TravelTimes,
    *,
    budget: Budget,
    workers: Workers,
    seed: int,
    progress: Progress,
    engine: Engine = Engine.SEARCH,
) -> Result:
    """Return a plan for the day, legal by construction, with its status and itemised cost."""
    roster = Roster(day)
    progress("parts", 0.0)
    kits = kit_options(day)
    progress("outlets", 0.0)
    candidates = nearest_capable_outlets(roster, travel)
    run = _Run(roster, kits, travel, budget, workers, seed, progress)
    run.engine = engine
    routes = run.search(candidates, published_routes(roster, roster.jobs, roster.shifts))
    plan = assemble(roster, list(routes.values()), kits)
    status = Status.INTERRUPTED if workers.stopped else Status.COMPLETE
    explanations = explain(roster, plan, kits, candidates, travel, workers, lambda done: progress("explanations", done))
    return Result(
        plan=explained_plan(plan, explanations),
        status=status,
        cost=price(day, plan, travel),
        bound_fen=None,
        seed=seed,
        explanations=explanations,
        greedy_shards=run.greedy_shards,
    )


def search_on(
    day: Day, begin: Sequence[Route], travel: TravelTimes, *, budget: Budget, workers: Workers, seed: int
) -> Plan:
    """Return a plan for the day searched on from these routes, none to begin with nothing; no reasons are given."""
    roster, kits = Roster(day), kit_options(day)
    candidates = nearest_capable_outlets(roster, travel)
    run = _Run(roster, kits, travel, budget, workers, seed, lambda *_: None)
    routes = run.search(candidates, _orders({route.shift_id: route for route in begin})).values()
    starts = {stop.job_id: stop.start_s for route in routes for stop in route.stops}
    return Plan(routes=tuple(routes), unassigned=(), shipments=shipments_for(day.jobs, starts, kits))


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
        kits: Mapping[str, tuple[KitOption, ...]],
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
        tasks = []
        for (shard, share), weight in zip(shards, weights, strict=True):
            self.begun += 1
            tasks.append(
                Task(
                    day=day_of(self.roster, shard),
                    shard=shard,
                    kits={job_id: self.kits[job_id] for job_id in shard.job_ids if job_id in self.kits},
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
            answers = self.solve("seams", again)
            for shard, _ in again:
                for shift_id in shard.shift_ids:
                    routes.pop(shift_id, None)
            routes |= answers
        return routes


def assemble(
    roster: Roster,
    routes: Sequence[Route],
    kits: Mapping[str, tuple[KitOption, ...]],
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
        shipments=shipments_for(roster.day.jobs, starts, kits),
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
