"""Replanning from folders: every disruption of docs/replanning.md, the locks and freezes, and what the report says."""

import csv
import json
import re
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from api.planning import Planned, check_day, plan_day
from api.replanning import Base
from datasets.changes import CHANGES_COLUMNS
from datasets.china import make_day
from datasets.columns import JOBS
from datasets.day import read_day
from optimizer.budget import Steps
from optimizer.churn import Fate
from optimizer.workers import HereWorkers
from tests.bad_days import make_network
from tests.datasets import make_day_folder
from tests.make import DATE

PAGE = Path(__file__).parent.parent.parent / "docs" / "replanning.md"
Row = Mapping[str, str]


def planned(day: Path, out: Path, base: Path | None = None, *, stability: bool = False, steps: int = 3_000) -> Planned:
    made = plan_day(
        day,
        out,
        base=None if base is None else Base(out=base, stability=stability),
        budget=Steps(steps=steps),
        workers=HereWorkers(),
        seed=1,
        progress=lambda *_: None,
    )
    assert check_day(day, out, base) == ()
    return made


def rows(path: Path) -> dict[str, Row]:
    """Return the rows of a table by their first cell."""
    with path.open(encoding="utf-8-sig", newline="") as stream:
        return {next(iter(row.values())): row for row in csv.DictReader(stream)}


def changed(out: Path) -> dict[str, Row]:
    """Return the rows of changes.csv that are about published visits of jobs still there."""
    return {job_id: row for job_id, row in rows(out / "changes.csv").items() if row["change"] not in {"new", "dropped"}}


def is_other(before: Row, after: Row | None) -> bool:
    """Tell whether a visit is not what it was, by the stops alone."""
    if after is None or after["technician_id"] != before["technician_id"]:
        return True
    return abs(pd.Timestamp(after["start"]) - pd.Timestamp(before["start"])) > pd.Timedelta("15min")


def publish(day: Path, stops: Mapping[str, Row], **cells: str) -> None:
    """Write the visits of a plan into jobs.csv as published, with these further cells."""
    table = pd.read_csv(day / "jobs.csv", dtype=str, keep_default_na=False).set_index("job_id", drop=False)
    table[["published_technician_id", "published_start", "told", "lock"]] = ["", "", "", "none"]
    for job_id, stop in stops.items():
        table.loc[job_id, ["published_technician_id", "published_start"]] = [stop["technician_id"], stop["start"]]
        table.loc[job_id, [*cells]] = [*cells.values()]
    table.to_csv(day / "jobs.csv", index=False, encoding="utf-8", lineterminator="\n")


def edits(heading: str) -> list[str]:
    """Return the edits under a heading of the page."""
    section = PAGE.read_text(encoding="utf-8").split(f"\n## {heading}\n")[1].split("\n## ")[0]
    return [line for block in re.findall(r"```edit\n(.*?)```", section, re.DOTALL) for line in block.splitlines()]


def edit(day: Path, line: str) -> None:
    """Make one edit as the page writes it."""
    file, *words = line.split()
    if file == "day.toml":
        key, value = words[0].split("=", 1)
        text, count = re.subn(rf'^{key} = ".*"$', f'{key} = "{value}"', (day / file).read_text("utf-8"), flags=re.M)
        assert count == 1
        (day / file).write_text(text, encoding="utf-8")
        return
    id_, *cells = words
    values = dict(cell.split("=", 1) for cell in cells)
    table = pd.read_csv(day / file, dtype=str, keep_default_na=False)
    if id_ == "+":
        table = pd.concat([table, pd.DataFrame([values])]).fillna("")
    else:
        assert (table.iloc[:, 0] == id_).sum() == 1, line
        for column, value in values.items():
            table.loc[table.iloc[:, 0] == id_, column] = value
    table.fillna("").to_csv(day / file, index=False, encoding="utf-8", lineterminator="\n")


@pytest.fixture(scope="module")
def morning(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with a made day whose plan is published and told."""
    place = tmp_path_factory.mktemp("morning")
    make_day(place / "day", jobs=240, technicians=600, seed=1, date=DATE)
    planned(place / "day", place / "published")
    publish(place / "day", rows(place / "published" / "stops.csv"), told="yes")
    return place


class Replan:
    """A day edited by the page and planned again."""

    def __init__(self, morning: Path, place: Path, heading: str, *more: str) -> None:
        self.day, self.out = place / "day", place / "out"
        self.base = morning / "published"
        shutil.copytree(morning / "day", self.day)
        self.before = rows(self.base / "stops.csv")
        for line in (*edits(heading), *more):
            edit(self.day, line)

    def run(self) -> Planned:
        """Plan, and hold changes.csv against the stops."""
        made = planned(self.day, self.out, self.base)
        self.after = rows(self.out / "stops.csv")
        self.changed = changed(self.out)
        there = rows(self.day / "jobs.csv")
        others = {i for i, stop in self.before.items() if i in there and is_other(stop, self.after.get(i))}
        assert set(self.changed) == others
        assert {row["call_again"] for row in self.changed.values()} <= {"yes"}
        fen = sum(int(row["churn_fen"]) for row in self.changed.values())
        assert fen == made.result.cost.churn == json.loads((self.out / "kpis.json").read_text())["changes"]["churn_fen"]
        return made

    def visits_of(self, key: str, id_: str) -> set[str]:
        """Return the jobs that were published for a technician or outlet."""
        return {job_id for job_id, stop in self.before.items() if stop[key] == id_}


def test_a_technician_is_ill(morning: Path, tmp_path: Path) -> None:
    again = Replan(morning, tmp_path, "A technician is ill")
    lost = again.visits_of("technician_id", "T00396")
    assert lost
    again.run()
    assert {job_id: again.changed[job_id]["change"] for job_id in lost}.keys() == lost
    for job_id in lost:
        stop = again.after.get(job_id)
        assert stop is None or (stop["technician_id"], stop["date"]) != ("T00396", DATE.isoformat())
    assert len(again.changed) < len(again.before) / 4


def test_a_technician_is_stuck(morning: Path, tmp_path: Path) -> None:
    again = Replan(morning, tmp_path, "A technician is stuck")
    now = "2026-03-02T10:00:00+08:00"
    begun = {job_id for job_id, stop in again.before.items() if stop["start"] < now}
    assert begun
    table = pd.read_csv(again.day / "jobs.csv", dtype=str, keep_default_na=False)
    table[~table["job_id"].isin(begun)].to_csv(again.day / "jobs.csv", index=False)
    made = again.run()
    assert made.changes is not None
    assert made.changes.overdue == 0
    assert not begun & again.after.keys()
    assert made.changes.count(Fate.DROPPED) == 0
    assert all(stop["start"] >= now for stop in again.after.values())
    (shift,) = [s for s in read_day(again.day).day.shifts if s.id == "T00204@2026-03-02"]
    assert shift.start_s == 11 * 3_600 + 40 * 60
    departures = {
        route["depart"]
        for route in json.loads((again.out / "plan.json").read_text(encoding="utf-8"))["routes"]
        if route["shift_id"] == "T00204@2026-03-02"
    }
    assert all(depart >= "2026-03-02T11:40" for depart in departures)


def test_jobs_that_were_done_and_left_in_are_counted(morning: Path, tmp_path: Path) -> None:
    again = Replan(morning, tmp_path, "A technician is stuck")
    made = again.run()
    assert made.changes is not None
    now = "2026-03-02T10:00:00+08:00"
    assert made.changes.overdue == sum(stop["start"] < now for stop in again.before.values())


def test_an_urgent_job(morning: Path, tmp_path: Path) -> None:
    again = Replan(morning, tmp_path, "An urgent job")
    again.run()
    assert again.after["URGENT1"]["date"] == DATE.isoformat()
    row = rows(again.out / "changes.csv")["URGENT1"]
    assert (row["change"], row["call_again"], row["was_start"]) == ("new", "no", "")
    assert row["start"] == again.after["URGENT1"]["start"]
    assert len(again.changed) < len(again.before) / 10


def test_an_outlet_is_offline(morning: Path, tmp_path: Path) -> None:
    ill = "technicians.csv T00074 absent_on=2026-03-02"
    again = Replan(morning, tmp_path, "An outlet is offline", ill)
    lost = again.visits_of("technician_id", "T00074")
    made = again.run()
    for job_id in lost & again.changed.keys():
        assert "Z0018:phone" in again.changed[job_id]["tell_outlets"].split(";")
    assert lost & again.changed.keys()
    assert made.changes is not None
    assert made.changes.tell["Z0018"] == "phone"


def test_an_outlet_that_is_offline_is_frozen_once_phones_are(morning: Path, tmp_path: Path) -> None:
    later = "day.toml now=2026-03-02T07:30:00+08:00"
    again = Replan(morning, tmp_path, "An outlet is offline", later, *edits("An urgent job"))
    again.run()
    today = {i for i in again.visits_of("outlet_id", "Z0018") if again.before[i]["date"] == DATE.isoformat()}
    assert today
    assert not today & again.changed.keys()
    stops = {i for i, s in again.after.items() if (s["outlet_id"], s["date"]) == ("Z0018", DATE.isoformat())}
    assert stops == today


def test_an_outlet_is_out_of_action(morning: Path, tmp_path: Path) -> None:
    again = Replan(morning, tmp_path, "An outlet is out of action")
    lost = again.visits_of("outlet_id", "Z0018")
    again.run()
    assert lost <= again.changed.keys()
    assert {again.changed[job_id]["was_outlet_id"] for job_id in lost} == {"Z0018"}
    assert "Z0018" not in {stop["outlet_id"] for stop in again.after.values()}


def test_a_cancelled_job_leaves_a_row_for_its_technician(morning: Path, tmp_path: Path) -> None:
    again = Replan(morning, tmp_path, "An urgent job")
    job_id, stop = max(again.before.items(), key=lambda item: item[1]["start"])
    table = pd.read_csv(again.day / "jobs.csv", dtype=str, keep_default_na=False)
    table[table["job_id"] != job_id].to_csv(again.day / "jobs.csv", index=False)
    again.run()
    row = rows(again.out / "changes.csv")[job_id]
    assert (row["change"], row["call_again"], row["technician_id"]) == ("dropped", "no", "")
    assert (row["was_technician_id"], row["was_start"]) == (stop["technician_id"], stop["start"])


def disturbed(place: Path, lock: str) -> tuple[dict[str, Row], Path]:
    """Publish a day with one lock on every visit, add jobs and take a technician away; return stops and new plan."""
    cells = make_network.tables(jobs=90, technicians=12)
    day = make_day_folder.write(place / "day", cells | {"jobs": cells["jobs"][:60]})
    planned(day, place / "published")
    stops = rows(place / "published" / "stops.csv")
    publish(day, stops, told="yes", lock=lock)
    locked = pd.read_csv(day / "jobs.csv", dtype=str, keep_default_na=False)
    late = pd.DataFrame(cells["jobs"][60:], columns=[column.name for column in JOBS.columns], dtype=object).fillna("")
    pd.concat([locked, late]).to_csv(day / "jobs.csv", index=False)
    edit(day, "technicians.csv T3 absent_on=2026-03-02;2026-03-03")
    planned(day, place / "out", place / "published")
    return stops, place / "out"


@pytest.mark.parametrize("lock", ["time", "technician", "both", "pinned"])
def test_a_lock_holds_through_a_replan(lock: str, tmp_path: Path) -> None:
    stops, out = disturbed(tmp_path, lock)
    after = rows(out / "stops.csv")
    kept = after.keys() & stops.keys()
    ill = {job_id for job_id, stop in stops.items() if stop["technician_id"] == "T3"}
    assert ill
    # What is locked to somebody who is ill is left out; the rest is kept whatever else could be served instead. A
    # locked time alone may take the place of another.
    lost = stops.keys() - kept
    assert len(lost) <= len(ill)
    assert lost <= ill or lock == "time"
    assert lock == "time" or not ill & kept
    for job_id in kept:
        moved = abs(pd.Timestamp(after[job_id]["start"]) - pd.Timestamp(stops[job_id]["start"]))
        if lock in {"time", "both"}:
            assert moved <= pd.Timedelta("15min")
        if lock == "pinned":
            assert moved == pd.Timedelta(0)
        if lock != "time":
            assert after[job_id]["technician_id"] == stops[job_id]["technician_id"]
    left = rows(out / "unassigned.csv")
    assert {left[job_id]["rule"] for job_id in lost} <= {"LOCK"}


@pytest.mark.parametrize(
    ("channel", "now", "frozen"),
    [
        ("fax", "2026-03-02T06:00:00+08:00", {"2026-03-02"}),
        ("fax", "2026-03-02T18:00:00+08:00", {"2026-03-02", "2026-03-03"}),
        ("phone", "2026-03-02T06:59:00+08:00", set()),
        ("phone", "2026-03-02T07:00:00+08:00", {"2026-03-02"}),
        ("online", "2026-03-02T18:00:00+08:00", set()),
    ],
)
def test_a_freeze_holds_through_a_replan(channel: str, now: str, frozen: set[str], tmp_path: Path) -> None:
    """Technicians with too much to do: without the freeze urgent jobs would push visits aside."""
    cells = make_network.tables(jobs=60, technicians=6)
    for row in cells["outlets"]:
        row["channel"] = "online"
    day = make_day_folder.write(tmp_path / "day", cells | {"jobs": cells["jobs"][:40]})
    settings = day / "day.toml"
    # The second day is no holiday here, so that both dates have shifts.
    settings.write_text(settings.read_text("utf-8").replace("closed = [2026-03-03]", "closed = []"), "utf-8")
    planned(day, tmp_path / "published")
    stops = rows(tmp_path / "published" / "stops.csv")
    for row in cells["outlets"]:
        row["channel"] = channel
    for row in cells["jobs"][40:]:
        row |= {"customer_class": "vulnerable", "windows": ""}
    text = settings.read_text("utf-8")
    make_day_folder.write(day, cells, text.replace('now = "2026-03-02T06:00:00+08:00"', f'now = "{now}"'))
    planned(day, tmp_path / "out", tmp_path / "published")
    after = rows(tmp_path / "out" / "stops.csv")
    moved = {i for i, stop in stops.items() if is_other(stop, after.get(i))}
    held = {i for i, stop in stops.items() if stop["date"] in frozen and stop["start"] >= now}
    assert not moved & held
    won = {i for i, stop in after.items() if stop["date"] in frozen and i not in stops}
    assert not won
    if channel == "online" or now.startswith("2026-03-02T06:59"):
        assert after.keys() - stops.keys()


def test_what_stability_costs_is_found_within_the_budget(tmp_path: Path) -> None:
    cells = make_network.tables(jobs=90, technicians=9)
    day = make_day_folder.write(tmp_path / "day", cells | {"jobs": cells["jobs"][:75]})
    planned(day, tmp_path / "published", steps=400)
    publish(day, rows(tmp_path / "published" / "stops.csv"), told="yes")
    first = planned(day, tmp_path / "one", tmp_path / "published", stability=True, steps=8_000)
    second = planned(day, tmp_path / "two", tmp_path / "published", stability=True, steps=8_000)
    assert first.changes is not None
    found = first.changes.stability
    assert found is not None
    assert found.fen > 0
    assert found.more_changes > 0
    assert second.changes == first.changes
    document: dict[str, Any] = json.loads((tmp_path / "one" / "kpis.json").read_text())["changes"]
    assert document["stability"]["fen"] == found.fen
    without = planned(day, tmp_path / "three", tmp_path / "published", steps=6_000)
    assert without.changes is not None
    assert without.changes.stability is None
    # Three quarters of 8,000 are 6,000: the same plan, whether the price was asked for or not.
    assert (tmp_path / "three" / "stops.csv").read_bytes() == (tmp_path / "one" / "stops.csv").read_bytes()


def test_the_columns_are_those_of_the_page() -> None:
    page = (PAGE.parent / "data-format.md").read_text(encoding="utf-8")
    (row,) = [line for line in page.splitlines() if line.startswith("| changes.csv |")]
    assert [column for column in CHANGES_COLUMNS if column not in row] == []
    assert all(fate in PAGE.read_text(encoding="utf-8") for fate in Fate)


def test_without_anything_published_there_is_no_report(tmp_path: Path) -> None:
    day = make_network.write(tmp_path / "day", jobs=6, technicians=6)
    assert planned(day, tmp_path / "out").changes is None
    assert not (tmp_path / "out" / "changes.csv").exists()
    assert "changes" not in json.loads((tmp_path / "out" / "kpis.json").read_text())


def test_what_the_day_itself_published_is_reported_without_new_visits(tmp_path: Path) -> None:
    cells = make_network.tables(jobs=6, technicians=6)
    cells["jobs"][0] |= {"published_technician_id": "T0", "published_start": "2026-03-02T05:00:00+08:00", "told": "yes"}
    cells["jobs"][0] |= {"windows": "", "phone": "+86 138", "contact": "=赵"}
    day = make_day_folder.write(tmp_path / "day", cells)
    made = planned(day, tmp_path / "out")
    assert made.changes is not None
    assert made.changes.overdue == 1
    ((job_id, row),) = rows(tmp_path / "out" / "changes.csv").items()
    assert (job_id, row["call_again"]) == ("J1", "yes")
    assert (row["phone"], row["contact"]) == ("'+86 138", "'=赵")
    assert int(row["moved_min"]) > 15
