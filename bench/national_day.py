"""Plan a national day as a whole process and hold it against its targets and against the plan made by hand.

Usage: python -m bench.national_day [--seeds 1,2,3] [--json FILE] [--docs docs/benchmarks.md]

Every seed makes a day of its own and plans it with the same seed; --day takes one that exists and only the plan's seed
changes. Memory is the sum over all processes of `paigong day plan`, read twice a second.
"""

import argparse
import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median

from bench.planned_day import Order, PlannedDay, make_sample, plan_and_check, whole_numbers
from bench.report import GIB, busyness, machine, markdown_table, put_section
from bench.whole_process import MEMORY_KIND

__all__ = ["FIGURES", "Figure", "main", "section"]

NATIONAL_JOBS = 20_000
"""From this size on the limits of seconds and memory hold."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """A line of the table.

    Its target is a limit in words and as a test, or to be ahead of the same day by hand (higher_is_better says which
    way), or nothing at all.
    """

    name: str
    read: Callable[[PlannedDay], float]
    form: str
    limit: str = ""
    within: Callable[[float], bool] | None = None
    only_national: bool = False
    by_hand: Callable[[PlannedDay], float] | None = None
    higher_is_better: bool = True
    is_target: bool = True


def _beside(name: str, form: str, path: tuple[str, ...], *, higher: bool, is_target: bool = True) -> Figure:
    """Return the line of a figure that kpis.json has for both plans."""
    return Figure(
        name=name,
        form=form,
        read=lambda day: day.figure(*path),
        by_hand=lambda day: day.figure(*path, of="baseline"),
        higher_is_better=higher,
        is_target=is_target,
    )


FIGURES = (
    Figure(
        name="wall, reading to written plan",
        form="{:.0f} s",
        read=lambda day: day.wall_s,
        limit="≤ 150 s",
        within=lambda wall_s: wall_s <= 150,
        only_national=True,
    ),
    Figure(
        name=f"memory, peak {MEMORY_KIND} of all processes",
        form="{:.2f} GiB",
        read=lambda day: day.peak_bytes / GIB,
        limit="< 6 GiB",
        within=lambda gib: gib < 6,
        only_national=True,
    ),
    Figure(
        name="violations",
        form="{:.0f}",
        read=lambda day: day.violations,
        limit="0",
        within=lambda violations: violations == 0,
    ),
    _beside("served", "{:,.0f}", ("served",), higher=True),
    _beside("SLA, city or township with an outlet", "{:.1f} %", ("arrival_by_area", "seat", "percent"), higher=True),
    _beside("SLA, remote", "{:.1f} %", ("arrival_by_area", "remote", "percent"), higher=True),
    _beside("travel per job, time", "{:.1f} min", ("travel", "minutes_per_visit"), higher=False),
    _beside("travel per job, distance", "{:.1f} km", ("travel", "km_per_visit"), higher=False),
    Figure(
        name="cost, total",
        form="¥ {:,.0f}",
        read=lambda day: day.figure("cost_total_fen") / 100,
        by_hand=lambda day: day.figure("cost_total_fen", of="baseline") / 100,
        higher_is_better=False,
    ),
    Figure(
        name="cost per served job",
        form="¥ {:.2f}",
        read=lambda day: day.figure("cost_per_served_fen") / 100,
        by_hand=lambda day: day.figure("cost_per_served_fen", of="baseline") / 100,
        higher_is_better=False,
        is_target=False,
    ),
    _beside("appointments kept", "{:.1f} %", ("appointments", "percent"), higher=True, is_target=False),
    _beside("report to visit, mean", "{:.1f} h", ("hours_to_visit_mean",), higher=False, is_target=False),
)


def section(days: Sequence[PlannedDay], machine_line: str, days_differ: bool) -> str:
    """Return the section of docs/benchmarks.md: table, seconds by stage, and what is not met."""
    order = days[0].order
    seeds = ", ".join(str(day.order.seed) for day in days)
    whose = "the day's and the plan's" if days_differ else "the plan's, the day being the same"
    jobs, technicians = (int(days[0].figure(name)) for name in ("jobs", "technicians"))
    busy = busyness(max(day.others_share for day in days))
    rows, short = [], []
    for figure in FIGURES:
        target, met = _judge(figure, days)
        rows.append((figure.name, target, _text(figure.form, [figure.read(day) for day in days]), met))
        if met == "no":
            short.append(figure.name)
    stages = [(words, f"{median(dict(day.stages).get(words, 0.0) for day in days):.1f}") for words, _ in days[0].stages]
    return "\n\n".join(
        (
            f"{jobs:,} jobs, {technicians:,} technicians with a shift, "
            f"`--seconds {order.seconds:g} --workers {order.workers}`, seed {seeds} ({whose}).\n"
            f"{'Medians; in brackets each seed. ' if len(days) > 1 else ''}{machine_line}{busy}",
            markdown_table(("figure", "target", "measured", "met"), rows),
            "Where the seconds go (medians):",
            markdown_table(("stage", "s"), [*stages, ("`paigong day check`, afterwards", _check_text(days))]),
            f"Not met: {', '.join(short)}."
            if short
            else f"Every target{' shown' * (jobs < NATIONAL_JOBS)} is met with every seed.",
        )
    )


def _check_text(days: Sequence[PlannedDay]) -> str:
    return f"{median(day.check_s for day in days):.1f}"


def _judge(figure: Figure, days: Sequence[PlannedDay]) -> tuple[str, str]:
    """Return the target in words and whether every single day meets it: yes, no, or "" without a target."""
    if figure.by_hand is not None:
        pairs = [(figure.read(day), figure.by_hand(day)) for day in days]
        sign = ">" if figure.higher_is_better else "<"
        hand = _text(figure.form, [by_hand for _, by_hand in pairs])
        if not figure.is_target:
            return f"(by hand {hand})", ""
        ahead = all(ours > hand if figure.higher_is_better else ours < hand for ours, hand in pairs)
        return f"{sign} {hand} by hand", "yes" if ahead else "no"
    if figure.within is None or (figure.only_national and days[0].figure("jobs") < NATIONAL_JOBS):
        return "", ""
    return figure.limit, "yes" if all(figure.within(figure.read(day)) for day in days) else "no"


def _text(form: str, values: Sequence[float]) -> str:
    middle = form.format(median(values))
    if len(values) == 1:
        return middle
    number = form.replace("¥ ", "").partition("}")[0] + "}"
    return f"{middle} ({' · '.join(number.format(value) for value in values)})"


def main() -> None:
    """Measure, print the section, and keep the figures where asked."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--jobs", type=int, default=NATIONAL_JOBS)
    parser.add_argument("--technicians", type=int, default=4_200)
    parser.add_argument("--day", type=Path, help="a day folder to plan instead of making one for every seed")
    parser.add_argument("--seconds", type=float, default=60, help="of search (default 60)")
    parser.add_argument("--workers", type=int, default=2, help="processes (default 2)")
    parser.add_argument("--seeds", type=whole_numbers, default=[1], help="such as 1,2,3; the table then has medians")
    parser.add_argument("--folder", type=Path, default=Path("run/bench"), help="for days and plans (run/bench)")
    parser.add_argument("--json", type=Path, help="file to write the figures of every seed to")
    parser.add_argument("--docs", type=Path, help="page whose section is replaced by the new one")
    asked = parser.parse_args()
    machine_line = machine()
    days = []
    for seed in asked.seeds:
        order = Order(
            jobs=asked.jobs, technicians=asked.technicians, seconds=asked.seconds, workers=asked.workers, seed=seed
        )
        folder = asked.day
        if folder is None:
            folder = asked.folder / f"day-{order.jobs}-{order.technicians}-{seed}"
            make_sample(folder, order)
        days.append(plan_and_check(folder, asked.folder / f"national-plan-{seed}", order))
    text = section(days, machine_line, days_differ=asked.day is None)
    print(text)
    if asked.json is not None:
        content = {"machine": machine_line, "memory": MEMORY_KIND, "runs": [asdict(day) for day in days]}
        asked.json.write_text(json.dumps(content, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    if asked.docs is not None:
        put_section(asked.docs, "national_day", text)


if __name__ == "__main__":
    main()
