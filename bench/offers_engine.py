"""Measure offers for one job at a time, beside a planned day: preparing, memory, offers, recommendations, changes.

Usage: python -m bench.offers_engine DAY PLAN [--requests 300] [--slots 10]

DAY and PLAN are folders of `paigong day make` and `paigong day plan`. Every draft is a job of the day under another
id, moved by up to two kilometres, without a window; the slots are two hours long. The HTTP request around it is not
measured here.
"""

import argparse
import gc
import sys
import tracemalloc
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from time import perf_counter

import numpy as np

from api.planning import open_provider
from api.replanning import published_as
from datasets.day import read_day
from datasets.plan_reading import read_plan
from datasets.published import read_visits
from optimizer.desk import Desk, part_of, prepare
from optimizer.model import DAY_S, Day, Job, Window
from optimizer.offers import insert, make_offers, requote
from optimizer.plan import Plan
from optimizer.recommending import recommend
from optimizer.territory import parity_of
from optimizer.travel import TravelTimes

__all__ = ["drafts_of", "main", "measure_requests", "slots_of"]

MIB = 1 << 20


def drafts_of(day: Day, count: int, seed: int) -> list[Job]:
    """Return draft jobs near jobs of the day."""
    draw = np.random.default_rng(seed)
    drafts = []
    for number, j in enumerate(draw.integers(len(day.jobs), size=count)):
        job = day.jobs[j]
        east, north = draw.uniform(-0.02, 0.02, 2)
        place = (job.position[0] + east, job.position[1] + north)
        drafts.append(
            replace(
                job,
                id=f"draft-{number}",
                position=place,
                windows=(),
                appointment=None,
                published=None,
                preferred=None,
                consent=True,
                reported_s=day.now_s,
            )
        )
    return drafts


def slots_of(day: Day, count: int) -> list[Window]:
    """Return so many slots of two hours from eight on, spread over the dates."""
    starts = [date * DAY_S + hour * 3_600 for date in range(day.days) for hour in (8, 10, 12, 14, 16)]
    return [Window(earliest_s=start_s, latest_s=start_s + 7_200) for start_s in starts[:count]]


def _seconds(call: Callable[[], object]) -> tuple[float, object]:
    gc.collect()
    began = perf_counter()
    answer = call()
    return perf_counter() - began, answer


def _line(name: str, seconds: Sequence[float]) -> str:
    p50, p95, top = np.percentile(seconds, [50, 95, 100]) * 1000
    return f"{name:<28} p50 {p50:7.2f} ms   p95 {p95:7.2f} ms   most {top:7.2f} ms   ({len(seconds)})"


def measure_requests(desk: Desk, drafts: Sequence[Job], slots: Sequence[Window]) -> list[str]:
    """Return a line for each thing asked of a desk; the first request of each kind is not counted."""
    times: dict[str, list[float]] = {}
    answered = 0

    def timed(name: str, call: Callable[[], object]) -> object:
        began = perf_counter()
        answer = call()
        times.setdefault(name, []).append(perf_counter() - began)
        return answer

    for draft in drafts:
        parts = " with parts" if draft.order_lines else ""
        offers = timed(f"offers{parts}", partial(make_offers, desk, draft, slots))
        assert isinstance(offers, tuple)
        timed("recommend 5", partial(recommend, desk, draft, 5))
        if not offers:
            continue
        answered += 1
        timed("requote", partial(requote, desk, draft, offers[0]))
        longer = timed("insert", partial(insert, desk, draft, offers[0]))
        assert isinstance(longer, Desk)
        timed("remove", partial(longer.remove, draft.id))
        timed("later moment", partial(desk.at, desk.now_s + 3_600))
    lines = [_line(name, seconds[1:]) for name, seconds in sorted(times.items()) if len(seconds) > 1]
    return [*lines, f"{answered} of {len(drafts)} drafts had an offer"]


def _memory(call: Callable[[], Desk]) -> tuple[Desk, float]:
    tracemalloc.start()
    before, _ = tracemalloc.get_traced_memory()
    desk = call()
    after, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return desk, (after - before) / MIB


def _by_centre(day: Day, plan: Plan, travel: TravelTimes) -> str:
    parity = parity_of(day, {stop.job_id: stop.start_s for route in plan.routes for stop in route.stops})
    took, sizes = [], []
    for centre in day.centres:
        outlets = [outlet.id for outlet in day.outlets if outlet.centre_id == centre.id]
        part = part_of(day, plan, outlets)
        seconds, _ = _seconds(partial(prepare, *part, travel, parity))
        took.append(seconds)
        sizes.append(_memory(partial(prepare, *part, travel, parity))[1])
    return f"{len(took)} centres: prepared in p50 {np.median(took):.3f} s, most {max(took):.3f} s; {sum(sizes):.0f} MiB"


def main() -> None:
    """Print what was measured."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("day", type=Path)
    parser.add_argument("plan", type=Path)
    parser.add_argument("--requests", type=int, default=300)
    parser.add_argument("--slots", type=int, default=10)
    asked = parser.parse_args()
    folder = read_day(asked.day)
    plan = read_plan(asked.plan, folder)
    folder = published_as(folder, read_visits(asked.plan, folder.day))
    day, travel = folder.day, open_provider(folder)
    print(f"{len(day.jobs)} jobs, {len(day.shifts)} shifts, {len(plan.routes)} routes, {len(plan.unassigned)} left out")
    prepare(day, plan, travel)
    seconds, _ = _seconds(lambda: prepare(day, plan, travel))
    desk, size = _memory(lambda: prepare(day, plan, travel))
    print(f"whole network: prepared in {seconds:.3f} s, {size:.0f} MiB, {int(desk.shut.sum())} routes shut")
    print(_by_centre(day, plan, travel))
    drafts, slots = drafts_of(day, asked.requests, seed=1), slots_of(day, asked.slots)
    print("\n".join(measure_requests(desk, drafts, slots)))
    sys.stdout.flush()


if __name__ == "__main__":
    main()
