"""Tours of sample regions beside two rules of thumb, and how they grow better with time.

Value is what leaving everything to outlets and to later would cost, less what is still left so, money only; the road is
what tours cost by themselves. By hand: the nearest village with work next; home each night, or to bed where dusk falls.

    python -m bench.tours --villages 120 --crews 2 --days 14 --seconds 30 --seeds 1,2 --docs docs/benchmarks.md
"""

import argparse
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from time import monotonic

from api.workers import ProcessWorkers, Seconds
from bench.report import machine, markdown_table, put_section
from datasets.china_tours import Region, make_tours
from datasets.tours import read_tours
from geo.estimate import EstimateTravel
from optimizer.tours.by_hand import by_hand, nearest_and_back_s
from optimizer.tours.check import check_tours
from optimizer.tours.cost import left_out_price, price_tours
from optimizer.tours.ground import lay_ground
from optimizer.tours.holding import promises
from optimizer.tours.keeping import keepable
from optimizer.tours.model import Touring
from optimizer.tours.outlets import with_outlets
from optimizer.tours.plan import Instead, TourPlan
from optimizer.tours.planning import plan_tours

__all__ = ["Limits", "Outcome", "limits_of", "main", "outcome_of"]

HEADER = (
    "region",
    "seed",
    "who",
    "value ¥",
    "road ¥",
    "net ¥",
    "broken",
    "dates kept",
    "jobs",
    "villages",
    "van-days",
    "nights",
    "s",
    "within %",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What a plan of tours is worth and costs, fen; how far from the best choice among all tours met, percent.

    broken: promises that nobody keeps; kept: dates told that are. Both have weights, no price, and are no value.
    """

    value_fen: int
    road_fen: int
    broken: int
    kept: int
    jobs: int
    villages: int
    van_days: int
    nights: int
    seconds: float
    gap_percent: float | None

    def cells(self, limits: "Limits") -> tuple[str, ...]:
        """Return the figures of a row."""
        return (
            f"{self.value_fen / 100:,.0f}",
            f"{self.road_fen / 100:,.0f}",
            f"{(self.value_fen - self.road_fen) / 100:,.0f}",
            str(self.broken),
            f"{self.kept} of {limits.can_be_kept}",
            str(self.jobs),
            str(self.villages),
            str(self.van_days),
            str(self.nights),
            f"{self.seconds:.1f}",
            "–" if self.gap_percent is None else f"{self.gap_percent:.3f}",
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How many dates villages of a region were told, how many of them some legal tour can keep, and the hours of
    driving to the nearest village with work and back, where a day may not have as many.
    """

    told: int
    can_be_kept: int
    beyond_h: float | None = None


def limits_of(asked: Touring) -> Limits:
    """Return them, found by dynamic programming over every crew, first and last day (optimizer/tours/keeping.py)."""
    ground = lay_ground(asked, EstimateTravel())
    nearest_s = nearest_and_back_s(asked, EstimateTravel())
    beyond_h = nearest_s / 3_600 if nearest_s is not None and nearest_s > asked.driving_s else None
    return Limits(told=sum(promises(asked).values()), can_be_kept=keepable(ground), beyond_h=beyond_h)


def outcome_of(asked: Touring, plan: TourPlan, seconds: float, bound_fen: int | None = None) -> Outcome:
    """Return the figures of a plan that breaks no rule; a plan that does is a defect and ends the run."""
    wrong = check_tours(asked, plan, EstimateTravel())
    if wrong:
        raise ValueError(f"{len(wrong)} rules are broken, first: {wrong[0]}")
    cost, nothing = price_tours(asked, plan), price_tours(asked, TourPlan(tours=()))
    road = cost.tours + cost.wages + cost.per_diem + cost.lodging + cost.driving
    days = [day for tour in plan.tours for day in tour.days]
    left = nothing.outlets + nothing.deferred + nothing.unvisited
    still = cost.total - cost.kept - cost.breaches - road
    done = {visit.job_id for day in days for visit in day.visits}
    return Outcome(
        value_fen=left - still,
        road_fen=road,
        broken=sum(job.id not in done and left_out_price(asked, job)[0] is Instead.NOBODY for job in asked.jobs),
        kept=sum(count for (v, day), count in promises(asked).items() if (asked.villages[v].id, day) in plan.stops),
        jobs=sum(len(day.visits) for day in days),
        villages=len({visit.village_id for day in days for visit in day.visits}),
        van_days=len(days),
        nights=sum(tour.nights for tour in plan.tours),
        seconds=seconds,
        gap_percent=None
        if bound_fen is None
        else 100 * (cost.total - bound_fen) / max(1, cost.total - cost.kept - cost.breaches),
    )


def rows_of(region: Region, seed: int, said: argparse.Namespace) -> tuple[list[Sequence[str]], Limits]:
    """Return the rows of a region, planned and by both rules of thumb, and what limits them all."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "region"
        make_tours(folder, region=region, villages=said.villages, crews=said.crews, days=said.days, seed=seed)
        found, travel = read_tours(folder), EstimateTravel()
    asked = with_outlets(found.touring, found.day, travel)
    limits = limits_of(asked)
    rows: list[Sequence[str]] = []
    for who, sleeps in (("by hand, home", False), ("by hand, dusk", True)):
        begun = monotonic()
        plan = by_hand(asked, travel, sleeps=sleeps)
        rows.append((str(region), str(seed), who, *outcome_of(asked, plan, monotonic() - begun).cells(limits)))
    with ProcessWorkers(said.workers) as workers:
        begun = monotonic()
        result = plan_tours(asked, travel, Seconds(seconds=said.seconds), seed, workers)
        took_s = monotonic() - begun
    rows.append(
        (str(region), str(seed), "planned", *outcome_of(asked, result.plan, took_s, result.bound_fen).cells(limits))
    )
    for row in rows:
        print(*row, sep="  ", flush=True)
    return rows, limits


def command_seconds(region: Region, seed: int, said: argparse.Namespace) -> float:
    """Return how long `paigong tour plan` takes with its defaults: a process of its own, from reading to writing."""
    with tempfile.TemporaryDirectory() as name:
        folder, out = Path(name) / "region", Path(name) / "out"
        make_tours(folder, region=region, villages=said.villages, crews=said.crews, days=said.days, seed=seed)
        command = [
            sys.executable,
            "-c",
            "from api.cli import main; main()",
            "tour",
            "plan",
            str(folder),
            "-o",
            str(out),
        ]
        begun = monotonic()
        subprocess.run(command, check=True, capture_output=True)
        return monotonic() - begun


def main() -> None:
    """Measure, print, and write into the page if asked to."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--villages", type=int, default=120)
    parser.add_argument("--crews", type=int, default=2)
    parser.add_argument("--days", type=int, default=14)
    parser.add_argument("--seconds", type=float, default=25)
    parser.add_argument("--seeds", default="1")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--docs", type=Path)
    said = parser.parse_args()
    seeds = list(map(int, said.seeds.split(",")))
    regions = [rows_of(region, seed, said) for region in Region for seed in seeds]
    whole = {region: max(command_seconds(region, seed, said) for seed in seeds) for region in Region}
    rows = [row for of_region, _ in regions for row in of_region]
    told, can = (
        sum(count) for count in zip(*((limits.told, limits.can_be_kept) for _, limits in regions), strict=True)
    )
    beyond = dict.fromkeys((of_region[0][0], limits.beyond_h) for of_region, limits in regions if limits.beyond_h)
    words = (
        f"{said.villages} villages, {said.crews} crews, {said.days} days, {said.seconds:g} s, {said.workers} workers. "
        "Value: what leaving all to outlets and to later costs, less what is still left so; net: less the road. "
        f"Dates kept: of those that some legal tour can keep, {can} of the {told} told."
    )
    words += " The whole of `paigong tour plan` with its defaults, from reading to papers: "
    words += ", ".join(f"{region} {seconds:.1f} s" for region, seconds in whole.items()) + "."
    words += "".join(
        f" {region}, home each night: no tour, for the nearest village with work is {hours:.1f} hours there and back."
        for region, hours in beyond
    )
    text = f"{markdown_table(HEADER, rows, left=3)}\n\n{words} {machine()}"
    print(text)
    if said.docs:
        put_section(said.docs, "tours", text)


if __name__ == "__main__":
    main()
