"""`paigong tour check`: kits, orders of parts and messages that tours.json states are those of its tours."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from api import cli
from tests.api.commands import Run, runs
from tests.datasets import make_tour_folder as make


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch) -> Run:
    """Return what runs `paigong tour` in this process."""
    return runs("tour", monkeypatch)


@pytest.fixture(scope="module")
def region(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make.write_cheap_days(tmp_path_factory.mktemp("region") / "region")


@pytest.fixture(scope="module")
def planned(region: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("planned") / "out"
    with pytest.MonkeyPatch.context() as patch:
        plan = runs("tour", patch)
        assert plan("plan", region, "-o", out, "--iterations", "600", "--workers", "1", "--no-fit") == cli.DONE
    return out


def kit_of_j1(document: Any) -> Any:
    (found,) = (row for row in document["kit_orders"] if row["job_id"] == "J1")
    return found


def spare_of(document: Any) -> Any:
    return next(row for row in document["kit_orders"] if not row["job_id"])


def leave_away(document: Any) -> None:
    document["kit_orders"].remove(kit_of_j1(document))


def order_twice(document: Any) -> None:
    document["kit_orders"].append(kit_of_j1(document))


def order_more(document: Any) -> None:
    kit_of_j1(document)["quantity"] = str(int(kit_of_j1(document)["quantity"]) + 5)


def send_later(document: Any) -> None:
    row = kit_of_j1(document)
    for late in (row, *row["pieces"]):
        late["ready_at"] = "2026-03-09T20:00:00+08:00"


def send_another_part(document: Any) -> None:
    for row in (kit_of_j1(document), *kit_of_j1(document)["pieces"]):
        row["part_id"] = "P1"


def leave_later(document: Any) -> None:
    kit_of_j1(document)["leaves_at"] = "2026-03-09T20:00:00+08:00"


def spare_more(document: Any) -> None:
    for row in (spare_of(document), *spare_of(document)["pieces"]):
        row["quantity"] = str(int(row["quantity"]) + 500)


def spare_less(document: Any) -> None:
    document["kit_orders"].remove(spare_of(document))


def spare_twice(document: Any) -> None:
    document["kit_orders"].append(spare_of(document))


def claim_more(document: Any) -> None:
    document["kits"][0]["fixed_on_spot_permille"] += 1


def unload(document: Any) -> None:
    document["kits"].pop()


def say_x(document: Any) -> None:
    document["announcements"][0]["text"] = "x"


def say_another_date(document: Any) -> None:
    document["announcements"][0]["villages"][0]["date"] = "2026-03-09"


def say_nothing(document: Any) -> None:
    document["announcements"].pop()


def tell_another(document: Any) -> None:
    document["announcements"][0]["phone"] = "110"


TAMPERED = [
    (leave_away, "J1/1: 1 of P2 for J1 must be ordered once, and are 0 times"),
    (order_twice, "J1/1: 1 of P2 for J1 must be ordered once, and are 2 times"),
    (order_more, "are ordered, needed are 1 for J1"),
    (send_later, "in_time is stated as yes, and 0 of 1 are there when the tour leaves"),
    (send_another_part, "P1 does not do as well as P2"),
    (leave_later, "J1/1: the tour leaves at another time"),
    (spare_more, "a van carries 2 at most"),
    (spare_more, "the kit and its spare parts take"),
    (spare_more, "the spare parts are worth"),
    (spare_less, "volume_ml is stated as"),
    (spare_twice, "its spare parts are not ordered once each"),
    (claim_more, "fixed_on_spot_permille is stated as"),
    (unload, "its kit is stated 0 times"),
    (say_x, "announcements[1]: text is not what these tours tell about"),
    (say_another_date, "announcements[1]: villages is not what these tours tell about"),
    (say_nothing, "announcements: there is no message about"),
    (tell_another, "announcements[1]: phone is not what these tours tell about"),
]


@pytest.mark.parametrize(("edit", "said"), TAMPERED, ids=[f"{edit.__name__}-{said}" for edit, said in TAMPERED])
def test_kits_and_messages_of_tours_that_were_edited_are_found(
    run: Run,
    region: Path,
    planned: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    edit: Callable[[Any], None],
    said: str,
) -> None:
    # Only tours.json is there: no table beside it gives the edit away.
    assert run("check", region, make.edited(planned, tmp_path / "whole", lambda _: None)) == cli.DONE
    capsys.readouterr()
    assert run("check", region, make.edited(planned, tmp_path / "bad", edit)) == cli.VIOLATIONS
    assert said in capsys.readouterr().out


@pytest.mark.parametrize("name", ["garze", "hulunbuir", "nujiang"])
def test_tours_as_they_were_planned_are_legal_before_and_after_they_are_told(
    run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    day, told, out = tmp_path / "day", tmp_path / "told", tmp_path / "out"
    assert run("make", day, "--region", name, "--villages", 12) == cli.DONE
    assert run("plan", day, "-o", out, "--iterations", "100", "--workers", "1", "--no-fit") == cli.DONE
    assert run("check", day, out) == cli.DONE, capsys.readouterr().out
    assert json.loads((out / "tours.json").read_text(encoding="utf-8"))["announcements"]
    assert run("announce", day, out, "-o", told) == cli.DONE
    capsys.readouterr()
    assert run("check", told, out) == cli.DONE, capsys.readouterr().out
