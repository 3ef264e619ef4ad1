"""`paigong parts`: answers are written whole or not at all, checked, and told in words."""

import csv
import datetime as dt
import json
import shutil
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


@pytest.fixture(scope="module")
def answered(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Return such a day and its answers, for tests that copy what they change."""
    place = tmp_path_factory.mktemp("answered")
    cells = make.tables() | make.supply()
    cells["stock"][1] |= {"on_hand": "9", "reserved": "4"}
    day, out = make.write(place / "day", cells), place / "out"
    parts_sourcing.source_parts(day, out, seconds=30, gap=0.0001, progress=lambda *_: None)
    return day, out


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


def edited(table: Path, edit: Callable[[list[dict[str, str]]], object]) -> dict[str, str]:
    """Let somebody edit the rows of a table, as a spreadsheet would save it; return its first row as it was."""
    with table.open(encoding="utf-8-sig", newline="") as stream:
        reader = csv.DictReader(stream)
        columns, found = list(reader.fieldnames or ()), list(reader)
    first = dict(found[0])
    edit(found)
    with table.open("w", encoding="utf-8-sig", newline="") as stream:
        writer = csv.DictWriter(stream, columns, extrasaction="ignore")
        writer.writeheader()
        writer.writerows(found)
    return first


@pytest.mark.parametrize(
    ("table", "column"),
    [
        *((table, column) for table in ("answers.csv", "shipments.csv") for column in PARTS_TABLES[table][0][1:]),
        *((table, column) for table in ("at_risk.csv", "returns.csv") for column in PARTS_TABLES[table][0][1:]),
    ],
)
def test_a_cell_that_somebody_changed_is_named_with_both_values(
    answered: tuple[Path, Path], tmp_path: Path, table: str, column: str
) -> None:
    day, out = answered[0], shutil.copytree(answered[1], tmp_path / "out")
    was = edited(out / table, lambda rows: rows[0].update({column: "elsewhere"}))
    name, key = next(iter(was.items()))
    assert name == PARTS_TABLES[table][0][0]
    assert parts_sourcing.check_parts(day, out) == [
        f'{table}, line 2 ({key}), {column}: "elsewhere"; sourcing.json has "{was[column]}"'
    ]


def test_everything_that_differs_is_in_one_list(
    run: Run, answered: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    day, out = answered[0], shutil.copytree(answered[1], tmp_path / "out")
    gone = edited(out / "answers.csv", lambda rows: rows.pop(0))["order_line_id"]
    sent = edited(out / "shipments.csv", lambda rows: rows[0].update(order_line_id="J77/1", mode="pigeon"))
    edited(out / "returns.csv", lambda rows: rows.append(dict(rows[0])))
    (out / "transfers.csv").unlink()
    # A sheet whose column was deleted says nothing of the others.
    risks = (out / "at_risk.csv").read_text("utf-8-sig").replace(",help_zh", ",elsewhere")
    (out / "at_risk.csv").write_text(risks, "utf-8-sig")
    document = json.loads((out / "sourcing.json").read_text(encoding="utf-8"))
    document["answers"][0] |= {"job_id": "J9", "respond_by": "2026-03-09T12:00:00+08:00"}
    (out / "sourcing.json").write_text(json.dumps(document), encoding="utf-8")
    assert run("check", day, out) == cli.VIOLATIONS
    said = capsys.readouterr().out.splitlines()
    line_id = document["answers"][0]["order_line_id"]
    assert said[:-1] == [
        f'sourcing.json, line {line_id}, job_id: "J9"; the day has "J1"',
        f'sourcing.json, line {line_id}, respond_by: "2026-03-09T12:00:00+08:00"; its order has another time',
        f"answers.csv: no row for {gone}, which sourcing.json has",
        "shipments.csv, line 2 (J77/1): sourcing.json has no such row",
        f"shipments.csv: no row for {sent['order_line_id']}, which sourcing.json has",
        "transfers.csv is missing",
        "at_risk.csv: the columns help_zh are missing",
        "returns.csv, line 3 (B1): sourcing.json has no such row",
    ]
    assert said[-1] == "8 faults."


def test_transfers_are_compared_too(answered: tuple[Path, Path], tmp_path: Path) -> None:
    day, out = answered[0], shutil.copytree(answered[1], tmp_path / "out")
    columns, _ = PARTS_TABLES["transfers.csv"]
    moves = [dict.fromkeys(columns, "5") | {"from_id": "W1", "to_id": to_id, "part_id": "P2"} for to_id in ("W2", "W3")]
    document = json.loads((out / "sourcing.json").read_text(encoding="utf-8")) | {"transfers": moves}
    (out / "sourcing.json").write_text(json.dumps(document), encoding="utf-8")
    written = [",".join(columns), ",".join((moves[0] | {"quantity": "6", "saves_fen": ""}).values())]
    (out / "transfers.csv").write_text("\n".join(written), "utf-8-sig")
    assert parts_sourcing.check_parts(day, out) == [
        'transfers.csv, line 2 (W1 W2 P2), quantity: "6"; sourcing.json has "5"',
        'transfers.csv, line 2 (W1 W2 P2), saves_fen: ""; sourcing.json has "5"',
        "transfers.csv: no row for W1 W3 P2, which sourcing.json has",
    ]


def test_rows_that_somebody_sorted_say_the_same(answered: tuple[Path, Path], tmp_path: Path) -> None:
    day, out = answered[0], shutil.copytree(answered[1], tmp_path / "out")
    for table in ("answers.csv", "at_risk.csv"):
        edited(out / table, lambda rows: rows.sort(key=lambda row: row["reason"]))
    assert parts_sourcing.check_parts(day, out) == []


def test_what_is_said_beside_the_answers_is_refused_where_it_cannot_be_read(
    run: Run, answered: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    day, out = answered[0], shutil.copytree(answered[1], tmp_path / "out")
    document = json.loads((out / "sourcing.json").read_text(encoding="utf-8"))
    first, second = document["answers"][:2]
    first["nearest"], second["respond_by"] = "far", "soon"
    (out / "sourcing.json").write_text(json.dumps(document), encoding="utf-8")
    (out / "answers.csv").write_bytes("件".encode("gb18030"))
    assert run("check", day, out) == cli.REFUSED
    said = capsys.readouterr().err
    assert 'answers[1].nearest: "far"' in said
    assert said.count('answers[2].respond_by: "soon"') == 1
    assert "answers.csv" in said
