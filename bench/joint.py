"""What it is worth to decide parts and visits together: one day planned three ways, side by side.

nearest first: every line from the nearest warehouse that has it (from one that can send it to every outlet before one
where some fetch it), first come first served, then the routes. parts, then routes: all kits at once for least cost,
then the routes, and never again. together: kits, routes, kits for these routes, routes again for whoever gained. Each
with the sample's stock and with shelves thinned out.

With --iterations every rule takes the same steps, so "together" goes on from the very routes of "parts, then routes":
what differs is the rule's. With --seconds two runs of one rule differ by a tenth of a percent of the cost.

    python -m bench.joint DAY --iterations 300000 --seeds 1,2,3 --docs docs/benchmarks.md
    python -m bench.joint DAY --seconds 30 --seeds 1,2,3
"""

import argparse
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random
from statistics import NormalDist, median
from time import monotonic

from api.workers import ProcessWorkers, Seconds
from bench.planned_day import whole_numbers
from bench.report import machine, markdown_table, put_section
from datasets.day import read_day
from geo.providers import open_travel
from optimizer.budget import Budget, Steps
from optimizer.check import check
from optimizer.dispatch import Method, PartsRule, dispatch
from optimizer.kpis import kpis
from optimizer.model import DAY_S, Day, Lane, ShipMode
from optimizer.parts.supply import Supply
from optimizer.plan import Plan
from optimizer.travel import TravelTimes

__all__ = ["Outcome", "main", "outcome_of", "second_visits", "thinned"]

WORDS = {
    PartsRule.FIRST_COME: "nearest first",
    PartsRule.BEFORE: "parts, then routes",
    PartsRule.TOGETHER: "together",
}
P90 = NormalDist().inv_cdf(0.9)


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What a plan comes to. second_visits: expected, for parts that come later than was promised; waiting_h: of all
    customers, those left out until the horizon ends; breaches: promises of arrival and resolution late or missed."""

    served: int
    no_kit: int
    breaches: int
    waiting_h: float
    freight_yuan: float
    second_visits: float
    cost_yuan: float
    seconds: float


def thinned(day: Day, share: float, seed: int) -> Day:
    """Return the day with only so many of the units on its shelves, each unit kept or not by chance."""
    chance = Random(seed)
    return replace(
        day,
        warehouses=tuple(
            replace(
                house,
                stock={part: sum(chance.random() < share for _ in range(units)) for part, units in house.stock.items()},
            )
            for house in day.warehouses
        ),
    )


def second_visits(day: Day, plan: Plan) -> float:
    """Return how many visits will be there before their parts, if transit times are log-normal through p50 and p90."""
    lanes: dict[tuple[str, str, ShipMode], list[Lane]] = {}
    for lane in day.lanes:
        lanes.setdefault((lane.warehouse_id, lane.centre_id, lane.mode), []).append(lane)
    centre = {job.id: job.centre_id for job in day.jobs}
    starts = {stop.job_id: stop.start_s for route in plan.routes for stop in route.stops}
    in_time: dict[str, float] = {}
    houses = {house.id for house in day.warehouses}
    for shipment in plan.shipments:
        if shipment.warehouse_id not in houses:
            continue
        ways = lanes[shipment.warehouse_id, centre[shipment.job_id], shipment.mode]
        lane = next(way for way in ways if shipment.ships_s + way.transit_p90_s == shipment.ready_s)
        chance = _arrived(lane, starts[shipment.job_id] - shipment.ships_s)
        in_time[shipment.job_id] = in_time.get(shipment.job_id, 1.0) * chance
    return sum(1 - chance for chance in in_time.values())


def _arrived(lane: Lane, after_s: int) -> float:
    if lane.transit_p50_s <= 0 or lane.transit_p90_s <= lane.transit_p50_s:
        return float(after_s >= lane.transit_p90_s)
    spread = math.log(lane.transit_p90_s / lane.transit_p50_s) / P90
    return NormalDist(math.log(lane.transit_p50_s), spread).cdf(math.log(max(1, after_s)))


def outcome_of(folder: tuple[Day, Supply], travel: TravelTimes, rule: PartsRule, budget: Budget, seed: int) -> Outcome:
    """Plan the day by a rule and return what the plan comes to. Raises ValueError when the checker objects."""
    day, supply = folder
    begun = monotonic()
    with ProcessWorkers(2) as workers:
        result = dispatch(
            day,
            travel,
            budget=budget,
            workers=workers,
            seed=seed,
            progress=lambda *_: None,
            method=Method(parts=rule),
            supply=supply,
        )
    took_s = monotonic() - begun
    if faults := check(day, result.plan, travel, supply):
        raise ValueError(f"{len(faults)} rules broken, first {faults[0].sentence}")
    figures = kpis(day, result.plan, result.cost, {})
    starts = {stop.job_id: stop.start_s for route in result.plan.routes for stop in route.stops}
    jobs = [job for job in day.jobs if job.consent]
    sent = {shipment.job_id for shipment in result.plan.shipments}
    attained = figures.arrival
    return Outcome(
        served=figures.served,
        no_kit=sum(1 for job in jobs if job.order_lines and job.id not in sent),
        breaches=attained.late + attained.missed,
        waiting_h=sum(starts.get(job.id, day.days * DAY_S) - job.reported_s for job in jobs) / 3600,
        freight_yuan=sum(shipment.cost_fen for shipment in result.plan.shipments) / 100,
        second_visits=second_visits(day, result.plan),
        cost_yuan=result.cost.total / 100,
        seconds=took_s,
    )


def row_of(words: str, outcomes: Sequence[Outcome]) -> Sequence[str]:
    """Return a table's row: the median of each figure."""

    def of(name: str) -> float:
        return float(median(getattr(outcome, name) for outcome in outcomes))

    return (
        words,
        f"{of('served'):,.0f}",
        f"{of('no_kit'):,.0f}",
        f"{of('breaches'):,.0f}",
        f"{of('waiting_h'):,.0f}",
        f"{of('freight_yuan'):,.0f}",
        f"{of('second_visits'):,.1f}",
        f"{of('cost_yuan'):,.0f}",
        f"{of('seconds'):,.0f}",
    )


def main() -> None:
    """Plan the day by each rule, with its stock and with less, and print the medians."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("day", type=Path, help="a day folder")
    limits = parser.add_mutually_exclusive_group()
    limits.add_argument("--seconds", type=float, default=30.0, help="of search on two cores (default 30)")
    limits.add_argument("--iterations", type=int, help="steps of search instead, as many for every rule")
    parser.add_argument("--seeds", type=whole_numbers, default=[1, 2, 3], help="of the plan (default 1,2,3)")
    parser.add_argument("--share", type=float, default=0.25, help="of the units left on thin shelves (default 0.25)")
    parser.add_argument("--docs", type=Path, help="page whose section is replaced by the new one")
    asked = parser.parse_args()
    budget: Budget = Steps(steps=asked.iterations) if asked.iterations else Seconds(seconds=asked.seconds)
    folder = read_day(asked.day)
    travel = open_travel(folder.travel, folder.folder)
    days: Mapping[str, Day] = {
        "all its stock": folder.day,
        f"{asked.share:.0%} of its stock": thinned(folder.day, asked.share, 1),
    }
    head = (
        "stock · rule",
        "served",
        "kit missing",
        "breaches",
        "waiting h",
        "freight ¥",
        "second visits",
        "cost ¥",
        "s",
    )
    rows = []
    for stock, day in days.items():
        found: dict[PartsRule, list[Outcome]] = {rule: [] for rule in WORDS}
        for seed in asked.seeds:
            for rule, outcomes in found.items():
                outcomes.append(outcome_of((day, folder.supply), travel, rule, budget, seed))
        for rule, outcomes in found.items():
            rows.append(row_of(f"{stock} · {WORDS[rule]}", outcomes))
            print(*rows[-1], sep="  ", flush=True)
    searched = f"{asked.iterations:,} steps" if asked.iterations else f"{asked.seconds:g} s"
    words = (
        f"{len(folder.day.jobs):,} jobs of which {sum(bool(job.order_lines) for job in folder.day.jobs):,} need parts, "
        f"{searched} of search, medians of {len(asked.seeds)} seeds side by side. {machine()}"
    )
    table = markdown_table(head, rows)
    print(f"\n{words}\n\n{table}")
    if asked.docs:
        put_section(asked.docs, "joint", f"{words}\n\n{table}")


if __name__ == "__main__":
    main()
