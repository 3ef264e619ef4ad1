"""What a person sees: stages in words, and the key figures."""

import re

import pytest

from api.console import STAGES, ProgressLines, print_kpis
from api.planning import Planned
from optimizer.cost import Cost
from optimizer.kpis import KpiRow
from optimizer.plan import Plan, Result, Status


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
        travel_name="proxy roads",
        travel_is_estimate=is_estimate,
    )


def test_without_a_terminal_every_stage_is_one_plain_line(capsys: pytest.CaptureFixture[str]) -> None:
    with ProgressLines() as progress:
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


def test_key_figures_stand_beside_those_by_hand(capsys: pytest.CaptureFixture[str]) -> None:
    print_kpis(planned(Status.COMPLETE))
    shown = capsys.readouterr().out
    served = next(line for line in shown.splitlines() if "served" in line)
    assert re.findall(r"\w+", served) == ["served", "12", "9", "better"]
    assert "worse" in next(line for line in shown.splitlines() if "cost, total" in line)
    assert "by hand" in shown
    assert "stopped early" not in shown
    assert "proxy roads (an estimate, no road file behind it)" in " ".join(shown.split())


def test_a_plan_stopped_early_and_one_by_a_road_file_say_so(capsys: pytest.CaptureFixture[str]) -> None:
    print_kpis(planned(Status.INTERRUPTED, is_estimate=False))
    shown = capsys.readouterr().out
    assert "stopped early" in shown
    assert "from a road file" in shown
