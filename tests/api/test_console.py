"""What a person sees: stages in words, and the key figures."""

import re
from dataclasses import replace

import pytest

from api.console import STAGES, print_changes, print_kpis
from api.planning import Planned
from api.progress_lines import ProgressLines
from api.replanning import Changes
from optimizer.churn import Change, Fate
from optimizer.cost import Cost
from optimizer.kpis import KpiRow
from optimizer.model import Channel, Published
from optimizer.plan import Plan, Result, Status
from optimizer.stability import Stability


def planned(status: Status, *, is_estimate: bool = True) -> Planned:
    plan = Plan(routes=(), unassigned=())
    return Planned(
        result=Result(plan=plan, status=status, cost=Cost(), bound_fen=None, seed=1),
        rows=[
            KpiRow(name="served", plan="12", baseline="9", better=True),
            KpiRow(name="cost, total", plan="¥ 7", baseline="¥ 5", better=False),
            KpiRow(name="overtime", plan="0 h", baseline="0 h", better=None),
        ],
        changes=None,
        travel={"provider": "proxy roads", "is_estimate": is_estimate},
        policies=("day.toml", "network"),
        floors_missed=("C1 成都: 3 of 9 late or left out, 0 allowed by 90 %",),
    )


def test_without_a_terminal_every_stage_is_one_plain_line(capsys: pytest.CaptureFixture[str]) -> None:
    with ProgressLines(STAGES) as progress:
        for stage in STAGES:
            for done in (0.0, 0.5, 1.0):
                progress(stage, done)
    said = capsys.readouterr()
    assert said.out == ""
    lines = said.err.splitlines()
    assert [re.sub(r"^ *\d+\.\d s  ", "", line) for line in lines] == [words for words, _ in STAGES.values()]


def test_stages_go_on_from_nothing_to_everything() -> None:
    shares = [share for _, share in STAGES.values()]
    assert shares == sorted(set(shares))
    assert shares[0] >= 0.0
    assert shares[-1] < 1.0


def test_shards_that_the_routing_model_could_not_begin_on_are_told(capsys: pytest.CaptureFixture[str]) -> None:
    fine = planned(Status.COMPLETE)
    print_kpis(fine)
    assert "OR-Tools" not in capsys.readouterr().out
    print_kpis(replace(fine, result=replace(fine.result, greedy_shards=3)))
    assert "could not begin on within the budget: 3." in capsys.readouterr().out


def test_key_figures_stand_beside_those_by_hand(capsys: pytest.CaptureFixture[str]) -> None:
    print_kpis(planned(Status.COMPLETE))
    shown = capsys.readouterr().out
    served = next(line for line in shown.splitlines() if "served" in line)
    assert re.findall(r"\w+", served) == ["served", "12", "9", "better"]
    assert "worse" in next(line for line in shown.splitlines() if "cost, total" in line)
    assert "by hand" in shown
    assert "stopped early" not in shown
    assert "Promises: day.toml, then network." in shown
    assert "3 of 9 late or left out" in shown
    assert "proxy roads (an estimate, no road file behind it)" in " ".join(shown.split())


def test_a_plan_stopped_early_and_one_by_a_road_file_say_so(capsys: pytest.CaptureFixture[str]) -> None:
    print_kpis(planned(Status.INTERRUPTED, is_estimate=False))
    shown = capsys.readouterr().out
    assert "stopped early" in shown
    assert "from a road file" in shown


def changes(stability: Stability | None = None, *, overdue: int = 0) -> Changes:
    was = Published(technician_id="T1", start_s=9 * 3_600, told=True)
    return Changes(
        rows=(
            Change(job_id="J1", fate=Fate.TECHNICIAN, was=was, technician_id="T2", start_s=9 * 3_600, fen=5_000),
            Change(job_id="J2", fate=Fate.TIME, was=was, technician_id="T1", start_s=11 * 3_600, fen=4_500),
            Change(job_id="J3", fate=Fate.NEW, technician_id="T1", start_s=12 * 3_600),
            Change(job_id="J4", fate=Fate.DROPPED, was=was),
        ),
        published=8,
        overdue=overdue,
        tell={"O1": Channel.PHONE, "O2": Channel.PHONE, "O3": Channel.FAX},
        stability=stability,
    )


def test_the_changes_say_whom_to_call_and_what_they_are_priced_at(capsys: pytest.CaptureFixture[str]) -> None:
    print_changes(changes())
    shown = capsys.readouterr().out
    assert "unchanged 6 (75.0%), another technician 1, moved by more than 15 min 1, left out 0." in shown
    assert "New visits 1, dropped with their jobs 1. Changes are priced at ¥ 95.00." in shown
    assert "because they were told: 2. Outlets to tell: 1 by fax, 2 by phone." in shown
    assert "should have begun" not in shown
    assert "tability" not in shown


def test_what_stability_costs_and_what_is_overdue_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    print_changes(changes(Stability(fen=123_450, more_changes=7, more_calls=-1), overdue=3))
    shown = capsys.readouterr().out
    assert "3 published visits should have begun by now" in shown
    assert "at least ¥ 1,234.50" in shown
    assert "+7 changes and -1 calls" in shown
    print_changes(changes(Stability(fen=0, more_changes=0, more_calls=0)))
    assert "no plan was found that is cheaper" in capsys.readouterr().out


def test_of_many_centres_below_the_floor_the_worst_are_named(capsys: pytest.CaptureFixture[str]) -> None:
    lines = tuple(f"C{number}: late" for number in range(22))
    print_kpis(replace(planned(Status.COMPLETE), floors_missed=lines))
    said = capsys.readouterr().out
    assert "C4: late" in said
    assert "C5: late" not in said
    assert "… and 17 more." in said


def test_families_that_nobody_has_are_told(capsys: pytest.CaptureFixture[str]) -> None:
    print_kpis(replace(planned(Status.COMPLETE), unknown_families={"frigde": 3}))
    assert "slip of the pen perhaps: frigde (3)." in capsys.readouterr().out
