"""The routing model's own plan of a day, by its own times: what the checker is asked about."""

from itertools import pairwise

from optimizer.budget import Steps
from optimizer.cost import workload_price
from optimizer.dispatch import assemble
from optimizer.engines.routing import Routed, TimedVisits, route
from optimizer.model import AreaClass, ClockKind, Day
from optimizer.plan import Plan, Route, Stop
from optimizer.roster import Roster
from optimizer.search.arrays import Shard, build_problem
from optimizer.search.problem import KEEP_FEN, Problem
from optimizer.shards import published_routes
from optimizer.sourcing import kit_options
from optimizer.travel import TravelTimes

__all__ = ["model_plan", "timed_route", "unseen_cost", "whole_day"]


def whole_day(day: Day) -> Shard:
    """Return a day as one shard; jobs without consent are nobody's to plan."""
    remote = [
        job
        for job in day.jobs
        if job.area_class is AreaClass.REMOTE and job.consent and any(c.kind is ClockKind.ARRIVAL for c in job.clocks)
    ]
    job_ids, shift_ids = tuple(job.id for job in day.jobs if job.consent), tuple(shift.id for shift in day.shifts)
    return Shard(
        job_ids=job_ids,
        shift_ids=shift_ids,
        start=published_routes(Roster(day), job_ids, shift_ids),
        parity_allowed=len(remote) * (100 - day.tariff.parity_target_percent) // 100,
    )


def timed_route(p: Problem, v: int, timed: TimedVisits, shard: Shard) -> Route:
    """Return a route by the model's own times, the break among them; it leaves base as late as it can."""
    shift = p.shifts[v]
    seconds, metres = p.leg[shift["way"], :, :, 0], p.metres[shift["way"]]
    ways = [int(shift["leaves"]), *timed.jobs, int(shift["returns"])]
    legs = [(int(seconds[a, b]), int(metres[a, b])) for a, b in pairwise(ways)]
    stops = tuple(
        Stop(
            job_id=shard.job_ids[j],
            start_s=start_s,
            end_s=start_s + int(p.service[j, shift["outlet"]]),
            travel_s=leg[0],
            travel_m=leg[1],
        )
        for j, start_s, leg in zip(timed.jobs, timed.starts_s, legs[:-1], strict=True)
    )
    depart_s = stops[0].start_s - stops[0].travel_s
    rest_s = timed.breaks[0][1] if timed.breaks else None
    if rest_s is not None and rest_s < stops[0].start_s:
        duration_s = int(p.pauses[timed.breaks[0][0]]["duration"])
        if rest_s + duration_s > depart_s:
            depart_s = min(rest_s, depart_s - duration_s)
    return Route(
        shift_id=shard.shift_ids[v],
        depart_s=depart_s,
        stops=stops,
        return_s=timed.return_s,
        return_travel_s=legs[-1][0],
        return_travel_m=legs[-1][1],
        break_start_s=rest_s,
    )


def model_plan(day: Day, travel: TravelTimes, looks: int) -> tuple[Plan, Problem, Routed, int]:
    """Return the model's plan, what it was made from, and KEEP_FEN of every held job that it leaves out."""
    roster, kits, shard = Roster(day), kit_options(day), whole_day(day)
    p = build_problem(roster, shard, kits, travel)
    answer = route(p, [() for _ in day.shifts], Steps(steps=looks).begin(1.0), seed=1)
    visits = answer.visits if answer else ()
    routes = [timed_route(p, v, timed, shard) for v, timed in enumerate(visits) if timed.jobs]
    plan = assemble(roster, routes, kits)
    served = {stop.job_id for made in routes for stop in made.stops}
    held = [job for job in day.jobs if job.consent and job.id not in served and roster.is_held(job)]
    assert answer is not None
    return plan, p, answer, KEEP_FEN * len(held)


def unseen_cost(day: Day) -> int:
    """Return what no engine can change: published jobs without consent, and outlets without a shift."""
    tariff = day.tariff
    broken = sum(
        tariff.churn_technician_fen + tariff.churn_told_fen * job.published.told
        for job in day.jobs
        if not job.consent and job.published is not None
    )
    owners = {shift.technician_id for shift in day.shifts}
    at_work = {technician.outlet_id for technician in day.technicians if technician.id in owners}
    return broken + sum(workload_price(tariff, outlet, 0) for outlet in day.outlets if outlet.id not in at_work)
