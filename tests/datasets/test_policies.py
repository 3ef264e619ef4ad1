"""Promises: the shipped policies, rows of one's own before them, and clocks that stop when nobody works."""

import datetime as dt
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from api.planning import check_day, plan_day
from datasets.calendars import Calendar, OpenHours
from datasets.day import DayFolder, read_day
from datasets.faults import DayRefused, Fault
from datasets.policies import PolicyClock, policy_names
from optimizer.budget import Steps
from optimizer.model import Clock, ClockKind
from optimizer.workers import HereWorkers
from tests.datasets import make_day_folder as make

H, D = 3_600, 86_400
MONDAY = dt.date(2026, 3, 2)
# Closed on Tuesday the 3rd as a holiday; Sunday the 8th is worked for it.
OFFICE = OpenHours(
    calendar=Calendar(
        weekdays=frozenset(range(6)), closed=frozenset({dt.date(2026, 3, 3)}), working=frozenset({dt.date(2026, 3, 8)})
    ),
    opens_s=9 * H,
    closes_s=18 * H,
)
BEFORE_SLA, _, REST = make.settings().partition("[[sla]]")
TARIFF = "[tariff]" + REST.partition("[tariff]")[2]


def read(folder: Path, promises: str, policy: str = "", cells: make.Cells | None = None) -> DayFolder:
    """Read the small day with these promises instead of its own."""
    return read_day(make.write(folder, cells, toml=f"{policy}\n{BEFORE_SLA}\n{promises}\n{TARIFF}"))


def faults_of(folder: Path, promises: str, policy: str = "") -> list[Fault]:
    with pytest.raises(DayRefused) as refused:
        read(folder, promises, policy)
    return list(refused.value.faults)


def clocks(folder: DayFolder) -> Mapping[str, tuple[Clock, ...]]:
    return {job.id: job.clocks for job in folder.day.jobs}


@pytest.mark.parametrize(
    ("begin_s", "seconds", "due_s"),
    [
        (10 * H, 2 * H, 12 * H),
        (6 * H, 1, 9 * H + 1),  # before opening: the clock stands
        (10 * H, 8 * H, 18 * H),  # the last open second counts
        (10 * H, 8 * H + 1, 2 * D + 9 * H + 1),  # Tuesday is a holiday
        (18 * H + 1800, 24 * H, 4 * D + 15 * H),  # Wednesday 9 h, Thursday 9 h, Friday 6 h
        (5 * D + 17 * H, 2 * H, 6 * D + 10 * H),  # from Saturday into the swapped Sunday
        (12 * D + 17 * H, 2 * H, 14 * D + 10 * H),  # an ordinary Sunday is not worked
        (-D + 12 * H, H, 10 * H),  # reported on the Sunday before
    ],
)
def test_open_seconds_only_count_while_it_is_open(begin_s: int, seconds: int, due_s: int) -> None:
    assert OFFICE.after(MONDAY, begin_s, seconds) == due_s


@pytest.mark.parametrize(
    ("begin_s", "days", "due_s"),
    [(10 * H, 1, 18 * H), (18 * H, 1, 2 * D + 18 * H), (10 * H, 2, 2 * D + 18 * H), (5 * D, 2, 6 * D + 18 * H)],
)
def test_open_days_end_when_it_closes(begin_s: int, days: int, due_s: int) -> None:
    assert OFFICE.end_of(MONDAY, begin_s, days) == due_s


def test_by_the_wall_clock_a_day_is_a_day_and_by_a_calendar_it_is_not(tmp_path: Path) -> None:
    row = '[[sla]]\nname = "a"\nclock = "arrival"\nwithin = "PT24H"\n'
    # J1 is reported on Sunday, 1 March, at 18:30.
    assert clocks(read(tmp_path / "wall", row))["J1"][0].due_s == 18 * H + 1800
    stopped = row + 'calendar = "office"\nopens = "09:00"\ncloses = "18:00"\n'
    # Monday 9 h, Tuesday is a holiday, Wednesday 9 h, Thursday 6 h.
    assert clocks(read(tmp_path / "office", stopped))["J1"][0].due_s == 3 * D + 15 * H


def test_five_policies_are_shipped_and_can_be_read(tmp_path: Path) -> None:
    assert policy_names() == ("network", "hampton", "haifude", "chengdu", "dinghua")
    both = read(tmp_path, "", f"policy = {list(policy_names())}")
    assert both.policies == policy_names()


def test_the_networks_promise_follows_the_outlets(tmp_path: Path) -> None:
    folder = read(tmp_path, "", 'policy = "network"')
    # J1 in Chengdu, which has an outlet; J4 in Garzê, which has none.
    assert clocks(folder)["J1"] == (Clock(kind=ClockKind.ARRIVAL, due_s=(18 - 24 + 24) * H + 1800),)
    assert clocks(folder)["J4"] == (Clock(kind=ClockKind.ARRIVAL, due_s=-D + 10 * H),)
    assert folder.sla_names["J1"] == ("家康: outlet in the city or township, on site in 24 h",)


def test_answers_are_kept_beside_the_clocks_that_a_visit_stops(tmp_path: Path) -> None:
    folder = read(tmp_path, "", 'policy = "haifude"')
    reported_s = -5 * H - 1800
    assert clocks(folder)["J1"] == (Clock(kind=ClockKind.RESOLUTION, due_s=reported_s + 48 * H),)
    assert [(one.clock, one.due_s - reported_s) for one in folder.answers["J1"]] == [
        (PolicyClock.RESPONSE, 600),
        (PolicyClock.PHONE, 4 * H),
    ]
    assert len(folder.sla_names["J1"]) == 1


def test_a_policy_without_hours_promises_nothing_but_appointments(tmp_path: Path) -> None:
    assert set(clocks(read(tmp_path, "", 'policy = "dinghua"')).values()) == {()}


def test_own_rows_come_first_and_named_policies_fill_up(tmp_path: Path) -> None:
    row = '[[sla]]\nname = "own"\nchannel = "hotline"\nclock = "arrival"\nwithin = "PT3H"\n'
    folder = read(tmp_path, row, 'policy = ["chengdu", "network"]')
    assert folder.policies == ("day.toml", "chengdu", "network")
    assert folder.sla_names["J1"] == ("own", "成都: solved in 2 h")
    assert folder.sla_names["J2"] == ("家康: outlet in the city or township, on site in 24 h", "成都: solved in 2 h")


ROW = '[[sla]]\nname = "a"\nclock = "arrival"\nwithin = "PT24H"\n'


@pytest.mark.parametrize(
    ("promises", "policy", "column", "allowed"),
    [
        ("", 'policy = "netwrok"', "policy", "network | hampton | haifude | chengdu | dinghua"),
        ("", "policy = 5", "policy", "network | hampton"),
        ("", 'policy = ["network", "network"]', "policy", "each once"),
        (ROW + 'calendar = "holidays"', "", "sla[1].calendar", "office | always"),
        (ROW + 'opens = "09:00"', "", "sla[1].opens", "only beside a calendar"),
        (ROW + 'calendar = "office"\nopens = "18:00"\ncloses = "09:00"', "", "sla[1].closes", "an hour after"),
        (ROW.replace("PT24H", "P40D") + 'calendar = "office"', "", "sla[1].within", "at most 31 days"),
        (ROW.replace("arrival", "apology"), "", "sla[1].clock", "arrival | resolution | response | phone | parts"),
    ],
)
def test_what_is_refused(tmp_path: Path, promises: str, policy: str, column: str, allowed: str) -> None:
    (fault,) = faults_of(tmp_path, promises, policy)
    assert (fault.file, fault.column) == ("day.toml", column)
    assert allowed in fault.allowed


def test_a_job_that_breaks_both_promises_is_priced_and_shown_for_both(tmp_path: Path) -> None:
    """Reported so long ago that no plan can keep either clock."""
    cells = make.tables()
    cells["jobs"] = [cells["jobs"][0] | {"reported_at": "2026-02-27T10:00:00+08:00", "parts": "P3:1", "windows": ""}]
    cells["jobs"][0] |= {"channel": "", "customer_class": "ordinary"}
    rows = '[[sla]]\nname = "come"\nclock = "arrival"\nwithin = "PT24H"\n'
    rows += '[[sla]]\nname = "mend"\nclock = "resolution"\nwithin = "PT48H"\n'
    day = make.write(tmp_path / "day", cells, toml=f"{BEFORE_SLA}\n{rows}\n{TARIFF}")
    out = tmp_path / "out"
    planned = plan_day(
        day, out, base=None, budget=Steps(steps=50), workers=HereWorkers(), seed=1, progress=lambda *_: None
    )
    assert check_day(day, out) == ()
    (stop,) = planned.result.plan.routes[0].stops
    header, row = (line.split(",") for line in (out / "stops.csv").read_text(encoding="utf-8").splitlines())
    cell: dict[str, Any] = dict(zip(header, row, strict=True))
    assert cell["due_at"] == "2026-02-28T10:00:00+08:00"
    assert cell["resolution_due_at"] == "2026-03-01T10:00:00+08:00"
    assert int(cell["late_s"]) == stop.start_s + 2 * D - 10 * H
    assert int(cell["resolution_late_s"]) == stop.end_s + D - 10 * H
    assert header[-2:] == ["resolution_due_at", "resolution_late_s"]
    figures = json.loads((out / "kpis.json").read_text(encoding="utf-8"))
    assert figures["policies"] == ["day.toml"]
    assert {name: kept["late"] for name, kept in figures["plan"]["by_policy"].items()} == {"come": 1, "mend": 1}
    one_clock = rows.partition('[[sla]]\nname = "mend"')[0]
    alone = make.write(tmp_path / "alone", cells, toml=f"{BEFORE_SLA}\n{one_clock}\n{TARIFF}")
    lone = plan_day(
        alone, out, base=None, budget=Steps(steps=50), workers=HereWorkers(), seed=1, progress=lambda *_: None
    )
    assert planned.result.cost.lateness > lone.result.cost.lateness > 0
