"""Put urgent jobs into a published centre day and see how many of the other visits stay, and what that costs.

Usage: python -m bench.stability [--seeds 1,2,3] [--iterations 100000] [--docs docs/benchmarks.md]

Every seed makes a national day of its own and takes a centre of ordinary size out of it. It is planned without some of
its jobs, drawn by the seed, and published; today's customers are told. Then these jobs come in as urgent ones, to be
visited today, and the day is planned again: against the published plan, and freely, without a price for changes, in as
many steps as the published plan had, once from nothing and once from the published plan on; the cheaper of the two
counts. Locks and freezes hold in all of them. Steps instead of seconds: the table is the same on every machine,
whatever else it does.
"""

import argparse
import csv
import json
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random
from statistics import median
from typing import Any

import pandas as pd
import tomli_w

from bench.planned_day import VIOLATIONS, Order, make_sample, paigong, whole_numbers
from bench.report import machine, markdown_table, put_section
from datasets.day import read_day

__all__ = ["Replans", "main", "section"]

CENTRE_JOBS = 700
"""A twenty-ninth of a national day."""
PUBLISHED_COLUMNS = ("published_technician_id", "published_start", "told", "lock")
MOVED_S = 15 * 60
MOST_CHANGED_PERCENT, MOST_DEARER_PERCENT = 5.0, 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Replans:
    """What was measured with one seed.

    jobs: of the centre, the urgent ones not among them. published: visits. The percentages are shares of them, and how
    much dearer the plan against the published one is than the free one, changes not counted. urgent: of the urgent
    jobs, served against the published plan and freely.
    """

    centre: str
    jobs: int
    published: int
    changed_percent: float
    freely_changed_percent: float
    dearer_percent: float
    urgent: tuple[int, int]
    violations: bool


def _centre_tables(national: Path) -> tuple[str, dict[str, pd.DataFrame]]:
    """Return the centre whose number of jobs is nearest to an ordinary one's, and the tables cut down to it."""
    tables = {path.stem: pd.read_csv(path, dtype=str, keep_default_na=False) for path in sorted(national.glob("*.csv"))}
    tables["jobs"]["centre_id"] = [job.centre_id for job in read_day(national).day.jobs]
    counts = tables["jobs"]["centre_id"].value_counts().sort_index()
    centre = str((counts - CENTRE_JOBS).abs().idxmin())
    outlets = tables["outlets"][tables["outlets"]["centre_id"] == centre]
    technicians = tables["technicians"][tables["technicians"]["outlet_id"].isin(outlets["outlet_id"])]
    jobs = tables["jobs"][tables["jobs"]["centre_id"] == centre].copy()
    here = technicians["technician_id"]
    jobs.loc[~jobs["published_technician_id"].isin(here), list(PUBLISHED_COLUMNS)] = ["", "", "", "none"]
    jobs.loc[~jobs["preferred_technician_id"].isin(here), "preferred_technician_id"] = ""
    return centre, tables | {"outlets": outlets, "technicians": technicians, "jobs": jobs.reset_index(drop=True)}


def _write(folder: Path, tables: Mapping[str, pd.DataFrame], settings: Mapping[str, Any]) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for name, table in tables.items():
        table.to_csv(folder / f"{name}.csv", index=False, encoding="utf-8", lineterminator="\n")
    (folder / "day.toml").write_text(tomli_w.dumps(settings), encoding="utf-8")
    return folder


def _stops(plan: Path) -> dict[str, dict[str, str]]:
    with (plan / "stops.csv").open(encoding="utf-8-sig", newline="") as stream:
        return {row["job_id"]: row for row in csv.DictReader(stream)}


def _changed(before: Mapping[str, Mapping[str, str]], after: Mapping[str, Mapping[str, str]]) -> float:
    """Return the share, in percent, of visits that change technician, move by more than 15 min, or vanish."""
    return sum(_is_changed(row, after.get(job_id)) for job_id, row in before.items()) / len(before) * 100


def _is_changed(row: Mapping[str, str], again: Mapping[str, str] | None) -> bool:
    if again is None or again["technician_id"] != row["technician_id"]:
        return True
    moved = pd.Timestamp(again["start"]) - pd.Timestamp(row["start"])
    return bool(abs(moved.total_seconds()) > MOVED_S)


def _publish(jobs: pd.DataFrame, stops: Mapping[str, Mapping[str, str]], date: str) -> pd.DataFrame:
    """Return the jobs with a plan's visits as published, today's customers told; locks stay where there is a visit."""
    published = jobs.copy()
    ids = published["job_id"].tolist()
    published["published_technician_id"] = [stops[i]["technician_id"] if i in stops else "" for i in ids]
    published["published_start"] = [stops[i]["start"] if i in stops else "" for i in ids]
    published["told"] = ["yes" if i in stops and stops[i]["date"] == date else "no" for i in ids]
    published.loc[~published["job_id"].isin(stops), "lock"] = "none"
    return published


def _urgent(jobs: pd.DataFrame, date: str, now: str) -> pd.DataFrame:
    """Return these jobs as urgent calls that came in just now, to be visited today with what is on the van."""
    urgent = jobs.copy()
    empty = ["fault", "parts", "appointment", "preferred", "published_technician_id", "published_start", "told"]
    urgent[empty] = ""
    urgent[["urgent", "lock"]] = ["yes", "none"]
    urgent["reported_at"] = f"{date}T{now}:00+08:00"
    urgent["windows"] = f"{date}T{now}:00+08:00/{date}T20:00:00+08:00"
    return urgent


def _only_held(jobs: pd.DataFrame, tables: Mapping[str, pd.DataFrame], date: str) -> pd.DataFrame:
    """Return the jobs with only those visits published that a lock or a freeze holds anyway."""
    fax = tables["outlets"].loc[tables["outlets"]["channel"] == "fax", "outlet_id"]
    frozen = tables["technicians"].loc[tables["technicians"]["outlet_id"].isin(fax), "technician_id"]
    held = (jobs["lock"] != "none") | (
        jobs["published_technician_id"].isin(frozen) & jobs["published_start"].str.startswith(date)
    )
    freed = jobs.copy()
    freed.loc[~held, list(PUBLISHED_COLUMNS)] = ["", "", "", "none"]
    return freed


def measured(folder: Path, seed: int, asked: argparse.Namespace) -> Replans:
    """Make, publish and replan one centre day."""
    national = folder / f"day-20000-4200-{seed}"
    make_sample(national, Order(jobs=20_000, technicians=4_200, seconds=0, workers=0, seed=seed))
    centre, tables = _centre_tables(national)
    settings = tomllib.loads((national / "day.toml").read_text(encoding="utf-8"))
    date, jobs = str(settings["date"]), tables["jobs"]
    plain = jobs.index[(jobs["published_start"] == "") & (jobs["consent"] != "pending")].tolist()
    late = jobs.loc[sorted(Random(seed).sample(plain, asked.urgent))]
    known = jobs.drop(late.index)
    place = folder / f"stability-{seed}"
    options = ("--seed", str(seed), "--workers", "1", "--iterations")
    longer, steps = str(asked.published_iterations), str(asked.iterations)
    day = _write(place / "day", tables | {"jobs": known}, settings)
    paigong("day", "plan", str(day), "-o", str(place / "published"), *options, longer)
    before = _stops(place / "published")
    again = pd.concat([_publish(known, before, date), _urgent(late, date, asked.now)])
    settings |= {"now": f"{date}T{asked.now}:00+08:00"}
    day = _write(place / "again", tables | {"jobs": again}, settings)
    base = ("--base", str(place / "published"))
    paigong("day", "plan", str(day), "-o", str(place / "kept"), *base, "--no-stability", *options, steps)
    broken = paigong("day", "check", str(day), str(place / "kept"), *base, allowed=(0, VIOLATIONS)).exit_code
    tariff = {**settings.get("tariff", {}), "churn_technician_fen": 0, "churn_moved_fen": 0, "churn_told_fen": 0}
    unpriced = {**settings, "tariff": tariff}
    from_nothing = _write(place / "free", tables | {"jobs": _only_held(again, tables, date)}, unpriced)
    from_published = _write(place / "on", tables | {"jobs": again}, unpriced)
    freely: dict[Path, int] = {}
    for name, day, told in (("freely", from_nothing, ()), ("searched-on", from_published, base)):
        quick = ("--no-stability",) if told else ()
        paigong("day", "plan", str(day), "-o", str(place / name), *told, *quick, *options, longer)
        broken += paigong("day", "check", str(day), str(place / name), *told, allowed=(0, VIOLATIONS)).exit_code
        freely[place / name] = _cost_fen(place / name)
    cheaper = min(freely, key=lambda plan: freely[plan])
    kept, free = _stops(place / "kept"), _stops(cheaper)
    return Replans(
        centre=str(tables["centres"].set_index("centre_id").at[centre, "name"]),
        jobs=len(known),
        published=len(before),
        changed_percent=_changed(before, kept),
        freely_changed_percent=_changed(before, free),
        dearer_percent=(_cost_fen(place / "kept") / freely[cheaper] - 1) * 100,
        urgent=(sum(i in kept for i in late["job_id"]), sum(i in free for i in late["job_id"])),
        violations=broken > 0,
    )


def _cost_fen(plan: Path) -> int:
    """Return what a plan costs without what changes are priced at."""
    figures = json.loads((plan / "kpis.json").read_text(encoding="utf-8"))["plan"]
    return int(figures["cost_total_fen"]) - int(figures["cost_fen"]["churn"])


def section(found: Sequence[Replans], words: str) -> str:
    """Return the section of docs/benchmarks.md: medians, each seed in brackets, and what is not met."""

    def row(name: str, target: str, form: str, values: Sequence[float], met: bool | None = None) -> tuple[str, ...]:
        each = " · ".join(form.format(value) for value in values)
        mark = "" if met is None else "yes" if met else "**no**"
        return name, target, f"{form.format(median(values))} ({each})", mark

    changed = [one.changed_percent for one in found]
    dearer = [one.dearer_percent for one in found]
    rows = [
        row("published visits", "", "{:,.0f}", [one.published for one in found]),
        row(
            "of them another technician, moved by more than 15 min, or left out",
            f"≤ {MOST_CHANGED_PERCENT:g} %",
            "{:.1f} %",
            changed,
            median(changed) <= MOST_CHANGED_PERCENT,
        ),
        row("the same, planned freely", "", "{:.1f} %", [one.freely_changed_percent for one in found]),
        row(
            "dearer than planned freely, changes not counted",
            f"< {MOST_DEARER_PERCENT:g} %",
            "{:+.2f} %",
            dearer,
            median(dearer) < MOST_DEARER_PERCENT,
        ),
        row("urgent jobs served", "", "{:.0f}", [one.urgent[0] for one in found]),
        row("the same, planned freely", "", "{:.0f}", [one.urgent[1] for one in found]),
        row(
            "plans that break a rule",
            "0",
            "{:.0f}",
            [one.violations for one in found],
            not any(one.violations for one in found),
        ),
    ]
    return "\n\n".join((words, markdown_table(("figure", "target", "measured", "met"), rows)))


def main() -> None:
    """Measure every seed and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=whole_numbers, default=[1, 2, 3], help="of day and plans (default 1,2,3)")
    parser.add_argument(
        "--published-iterations", type=int, default=400_000, help="for the published and the free plans"
    )
    parser.add_argument("--iterations", type=int, default=100_000, help="for the plan against it")
    parser.add_argument("--urgent", type=int, default=20, help="urgent jobs (default 20)")
    parser.add_argument("--now", default="06:30", help="when they come in (default 06:30, nobody has set out)")
    parser.add_argument("--folder", type=Path, default=Path("run/bench"), help="for days and plans (run/bench)")
    parser.add_argument("--docs", type=Path, help="page whose section is replaced by the new one")
    asked = parser.parse_args()
    machine_line = machine()
    found = []
    for seed in asked.seeds:
        found.append(measured(asked.folder, seed, asked))
        print(found[-1], flush=True)
    centres = ", ".join(f"{one.centre} ({one.jobs} jobs)" for one in found)
    text = section(
        found,
        f"{centres}; {asked.urgent} urgent jobs at {asked.now}, published with "
        f"`--iterations {asked.published_iterations}`, planned again with `--iterations {asked.iterations}`, freely "
        f"with as many as published; seed "
        f"{', '.join(map(str, asked.seeds))} (the day's and the plans'). Medians; in brackets each seed. "
        f"{machine_line}",
    )
    print(text)
    if asked.docs is not None:
        put_section(asked.docs, "stability", text)


if __name__ == "__main__":
    main()
