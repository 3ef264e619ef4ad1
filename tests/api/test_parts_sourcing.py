"""`paigong parts`: answers are written whole or not at all, checked, and told in words."""

import datetime as dt
import json
import signal
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from api import cli, parts_console, parts_sourcing
from datasets.day import read_day
from datasets.parts_tables import PARTS_TABLES
from optimizer.parts.model import Sourced, Sourcing
from optimizer.parts.sourcing import source
from tests.api.commands import Run, runs
from tests.csv_rows import rows
from tests.datasets import make_day_folder as make

FILES = {"sourcing.json", "kpis.json", *PARTS_TABLES}


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch) -> Run:
    """Return what runs `paigong parts` in this process."""

    return runs("parts", monkeypatch)


@pytest.fixture
def day(tmp_path: Path) -> Path:
    """Return a day in which W1 has some P2, and nobody P4."""
    cells = make.tables() | make.supply()
    cells["stock"][1] |= {"on_hand": "9", "reserved": "4"}
    return make.write(tmp_path / "day", cells)


def test_every_line_is_answered_once_and_the_answers_are_right(
    run: Run, day: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    assert run("source", day, "-o", out) == cli.DONE
    said = capsys.readouterr()
    assert "fill rate" in said.out
    assert "nearest source, first come" in said.out
    assert "Which source sends each order line" in said.err
    assert {path.name for path in out.iterdir()} == FILES
    answers = rows(out / "answers.csv")
    late = {row["order_line_id"]: row["answer_late_s"] for row in answers if row["answer_late_s"]}
    # J4 was reported two days before: nobody has answered it.
    assert late == {"J4/1": "158400", "J4/2": "158400"}
    assert sorted(row["order_line_id"] for row in answers) == [
        "J1/1",
        "J1/2",
        "J2/1",
        "J4/1",
        "J4/2",
        "R1-1",
        "R1-2",
        "R2-1",
    ]
    by_line = {row["order_line_id"]: row for row in answers}
    # The outlet has one of its own: at once, for nothing. Its quota is used up.
    own = by_line["R2-1"]
    assert (own["answer"], own["source_id"], own["cost_fen"]) == ("needs_approval", "O2", "0")
    assert (by_line["J2/1"]["answer"], by_line["J2/1"]["source_id"]) == ("confirmed", "W1")
    assert by_line["R1-1"]["source_id"] == "W1"
    # Nobody has P4, which J1 cannot do without; what J1 needs besides stays on the shelf.
    assert by_line["J1/1"]["source_id"] == by_line["J1/2"]["source_id"] == ""
    assert {row["respond_by"] for row in answers if row["order_id"] == "R1"} == {"2026-03-02T15:00:00+08:00"}
    assert [row["return_id"] for row in rows(out / "returns.csv")] == ["B1"]
    assert {row["job_id"] for row in rows(out / "at_risk.csv")} >= {"J1"}
    document = json.loads((out / "kpis.json").read_text(encoding="utf-8"))
    assert document["sourced"]["lines"] == document["nearest_first_come"]["lines"] == 8
    assert run("check", day, out) == cli.DONE
    assert "every rule holds" in capsys.readouterr().out


def test_a_line_whose_time_to_be_answered_has_passed_is_told(
    run: Run, day: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    table = day / "orders.csv"
    table.write_text(table.read_text("utf-8").replace("2026-03-01T15:00:00", "2026-02-28T15:00:00"), "utf-8")
    out = tmp_path / "out"
    assert run("source", day, "-o", out) == cli.DONE
    assert "Lines answered after the time by which somebody should have: 4 " in capsys.readouterr().out
    late = {row["order_line_id"]: int(row["answer_late_s"] or 0) for row in rows(out / "answers.csv")}
    assert late["R1-1"] == late["R1-2"] > 0 == late["R2-1"]
    kpis = json.loads((out / "kpis.json").read_text("utf-8"))["sourced"]
    assert kpis["lines"] - kpis["answered_in_time"] == 4


def test_a_folder_without_anything_new_is_answered_too(run: Run, tmp_path: Path) -> None:
    day = make.write(tmp_path / "day")
    assert run("source", day, "-o", tmp_path / "out") == cli.DONE
    assert run("check", day, tmp_path / "out") == cli.DONE
    assert rows(tmp_path / "out" / "returns.csv") == []


def test_the_same_day_gives_the_same_bytes(run: Run, day: Path, tmp_path: Path) -> None:
    for out in ("one", "two"):
        assert run("source", day, "-o", tmp_path / out) == cli.DONE
    for file in FILES:
        assert (tmp_path / "one" / file).read_bytes() == (tmp_path / "two" / file).read_bytes()


def test_every_fault_of_a_day_is_told_and_nothing_is_written(
    run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    cells = make.tables() | make.supply()
    cells["stock"][0]["on_hand"] = "-4"
    cells["orders"][0]["quantity"] = "0"
    day = make.write(tmp_path / "day", cells)
    assert run("source", day, "-o", tmp_path / "out") == cli.REFUSED
    said = capsys.readouterr().err
    assert 'stock.csv, line 2, on_hand: "-4"' in said
    assert 'orders.csv, line 2, quantity: "0"' in said
    assert not (tmp_path / "out").exists()


def test_nothing_else_is_overwritten(run: Run, day: Path) -> None:
    (day.parent / "mine").mkdir()
    (day.parent / "mine" / "letter.txt").touch()
    assert run("source", day, "-o", day.parent / "mine") == cli.REFUSED
    assert run("source", day, "-o", day) == cli.REFUSED
    assert read_day(day).day.jobs


def test_answers_that_the_checker_objects_to_are_not_written(
    run: Run, day: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def forgetful(asked: Sourcing, **limits: object) -> Sourced:
        del limits
        sourced = source(asked)
        return replace(sourced, answers=sourced.answers[1:])

    monkeypatch.setattr(parts_sourcing, "source", forgetful)
    assert run("source", day, "-o", tmp_path / "out") == cli.INTERNAL
    assert "line J1/1 has no answer" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_ctrl_c_ends_early_with_answers(
    run: Run, day: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    left: list[float | None] = []

    def interrupted(asked: Sourcing, *, remaining: Callable[[], float | None], gap: float) -> Sourced:
        signal.raise_signal(signal.SIGINT)
        left.append(remaining())
        return source(asked, remaining=remaining, gap=gap)

    monkeypatch.setattr(parts_sourcing, "source", interrupted)
    assert run("source", day, "-o", tmp_path / "out") == cli.INTERRUPTED
    assert left == [0.0]
    assert "Stopped early" in capsys.readouterr().err
    assert run("check", day, tmp_path / "out") == cli.DONE


def change(out: Path, key: str, value: object) -> None:
    document = json.loads((out / "sourcing.json").read_text(encoding="utf-8"))
    sent = next(answer for answer in document["answers"] if answer["order_line_id"] == "J2/1")
    sent["dispatches"][0][key] = value
    (out / "sourcing.json").write_text(json.dumps(document), encoding="utf-8")


@pytest.mark.parametrize(("key", "value"), [("quantity", 2), ("source_id", "W9"), ("cost_fen", 123_456)])
def test_the_checker_finds_what_somebody_changed(
    run: Run, day: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], key: str, value: object
) -> None:
    out = tmp_path / "out"
    assert run("source", day, "-o", out) == cli.DONE
    change(out, key, value)
    assert run("check", day, out) == cli.VIOLATIONS
    assert "faults." in capsys.readouterr().out


def test_an_unreadable_folder_of_answers_is_refused(
    run: Run, day: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    assert run("check", day, out) == cli.REFUSED
    assert run("source", day, "-o", out) == cli.DONE
    change(out, "mode", "pigeon")
    change(out, "ships", "tomorrow")
    assert run("check", day, out) == cli.REFUSED
    said = capsys.readouterr().err
    assert "pigeon" in said
    (out / "sourcing.json").write_text("{", encoding="utf-8")
    assert run("check", day, out) == cli.REFUSED


@pytest.mark.parametrize("other", ["date", "now", "orders"])
def test_answers_to_another_folder_are_refused_in_one_sentence(
    run: Run, day: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], other: str
) -> None:
    out = tmp_path / "out"
    assert run("source", day, "-o", out) == cli.DONE
    capsys.readouterr()
    if other == "orders":
        for name in ("orders", "jobs"):
            table = day / f"{name}.csv"
            lines = table.read_text("utf-8").replace("R1", "R7").replace("J1", "J7").replace("J2", "J8")
            table.write_text(lines.replace("J4", "J9").replace("R2", "R8"), "utf-8")
    else:
        settings = day / "day.toml"
        text = settings.read_text("utf-8")
        was = "date = 2026-03-02" if other == "date" else "T06:00:00"
        assert was in text
        settings.write_text(text.replace(was, "date = 2026-03-03" if other == "date" else "T06:30:00"), "utf-8")
    assert run("check", day, out) == cli.REFUSED
    said = capsys.readouterr().err
    assert said.count("these answers are those to another folder") == 1
    assert len(said.strip().splitlines()) <= 2


def test_times_of_other_days_have_their_dates_on_the_screen() -> None:
    text = "there by 08:30 (day +1), from 14:00 to 23:59:30 (day -2); 2 (day 3)"
    assert parts_console.dated(text, dt.date(2026, 3, 1)) == (
        "there by 2026-03-02 08:30, from 14:00 to 2026-02-27 23:59:30; 2 (day 3)"
    )


@pytest.mark.parametrize("columns", ["80", "100"])
def test_the_screen_says_when_and_cuts_nothing_short(
    run: Run,
    day: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    columns: str,
) -> None:
    monkeypatch.setenv("COLUMNS", columns)
    assert run("source", day, "-o", tmp_path / "out") == cli.DONE
    said = capsys.readouterr().out
    assert "(day " not in said
    assert "…" not in said
    assert max(map(len, said.split("Proven")[0].splitlines())) <= int(columns)
