"""Due visits of maintenance plans: when they are owed, as jobs of a day, and what thin days have room for."""

import csv
from pathlib import Path

import pytest

from datasets.day import DayFolder, read_day, write_day
from datasets.due_visits import first_of_each, that_fill
from datasets.progress import take_up
from optimizer.model import DAY_S, AreaClass, Clock, ClockKind, Job, Window
from tests import make as small
from tests.datasets import make_day_folder as make
from tests.datasets import make_plan_folder
from tests.make import clock


def whole() -> make.Cells:
    return make.tables() | make.tours()


def read(folder: Path, cells: make.Cells | None = None, toml: str = make.settings()) -> DayFolder:
    return read_day(make.write(folder, whole() if cells is None else cells, toml))


def jobs_of(found: DayFolder) -> dict[str, Job]:
    return {job.id: job for job in found.day.jobs}


def test_due_visits_are_jobs_of_the_day_after_its_calls(tmp_path: Path) -> None:
    found = read(tmp_path)
    assert list(jobs_of(found)) == ["J1", "J2", "J3", "J4", "M1@2026-03-03", "M2@2026-03-02", "M3@2026-03-03"]
    visit = jobs_of(found)["M1@2026-03-03"]
    assert visit.reported_s == -6 * DAY_S
    assert visit.windows == (Window(earliest_s=-6 * DAY_S, latest_s=12 * DAY_S - 1),)
    assert visit.clocks == (Clock(kind=ClockKind.RESOLUTION, due_s=12 * DAY_S),)
    assert (visit.centre_id, visit.area_class, visit.service_s) == ("C1", AreaClass.REMOTE, 2_400)
    assert found.sla_names[visit.id] == ("maintenance",)
    assert found.carried[visit.id] == (("P3", 1),)
    assert found.jobs["job_type"].loc[visit.id] == "maintenance"
    assert found.jobs["address"].loc[visit.id] == "三号"


def test_one_visit_of_a_plan_at_a_time(tmp_path: Path) -> None:
    """M2 is due every day; where it is done decides when it is due again."""
    assert [id_ for id_ in jobs_of(read(tmp_path)) if id_.startswith("M2")] == ["M2@2026-03-02"]


def test_a_visit_whose_tolerance_is_over_is_owed_at_any_time_and_at_once(tmp_path: Path) -> None:
    cells = whole()
    cells["maintenance"][1]["last_on"] = "2026-02-20"
    visit = jobs_of(read(tmp_path, cells))["M2@2026-02-21"]
    assert (visit.windows, visit.clocks) == ((), (Clock(kind=ClockKind.RESOLUTION, due_s=DAY_S),))


def test_a_visit_whose_tolerance_has_not_begun_is_none_of_the_days(tmp_path: Path) -> None:
    cells = whole()
    cells["maintenance"][0]["last_on"] = "2025-12-11"
    assert not any(id_.startswith("M1") for id_ in jobs_of(read(tmp_path / "late", cells)))
    cells["maintenance"][0]["last_on"] = "2025-12-10"
    visit = jobs_of(read(tmp_path / "last", cells))["M1@2026-03-10"]
    assert visit.windows[0].earliest_s == DAY_S


def test_day_toml_can_keep_them_out(tmp_path: Path) -> None:
    assert len(read(tmp_path, toml=make.settings() + "[tour]\nfill_days = false\n").day.jobs) == 4


def test_full_days_take_none_in(tmp_path: Path) -> None:
    assert len(read(tmp_path, toml=make.settings() + "[tour]\nfill_percent = 0\n").day.jobs) == 4


def visits(*due_days: int) -> list[Job]:
    return [
        small.job(f"v{day}", service_s=3_600, clocks=(Clock(kind=ClockKind.RESOLUTION, due_s=day * DAY_S),))
        for day in due_days
    ]


@pytest.mark.parametrize(
    ("percent", "calls", "kept"),
    [(25, 0, ["v3", "v2"]), (25, 1, ["v2"]), (25, 2, []), (24, 0, ["v2"]), (50, 0, ["v3", "v2", "v9"]), (0, 0, [])],
)
def test_thin_days_take_in_what_runs_out_first(percent: int, calls: int, kept: list[str]) -> None:
    """Eight paid hours; every visit and call is an hour's work."""
    day = small.day(shifts=(small.shift(start_s=clock("08:00"), end_s=clock("16:00")),))
    waiting = [small.job(f"j{number}", service_s=3_600) for number in range(calls)]
    found = that_fill(visits(3, 2, 9), waiting, (day.shifts, day.technicians, day.outlets), percent)
    assert [job.id for job in found] == kept


def test_two_people_count_twice() -> None:
    day = small.day(
        small.job(service_s=3_600, crew=2), shifts=(small.shift(start_s=clock("08:00"), end_s=clock("16:00")),)
    )
    assert not that_fill(visits(1), day.jobs, (day.shifts, day.technicians, day.outlets), 25)


def test_nothing_owed_is_nothing_first() -> None:
    assert first_of_each([]) == []


def test_what_was_visited_counts_from_then(tmp_path: Path) -> None:
    """J4 agreed to wait and is aboard of a crew; it and the fridge's visit were done before noon."""
    cells = whole()
    cells["crews"][1]["aboard"] = "J4;J2"
    day = make.write(tmp_path / "day", cells)
    plan = make_plan_folder.write(tmp_path / "plan", read_day(day))
    with (plan / "stops.csv").open(encoding="utf-8-sig", newline="") as stream:
        stops = list(csv.DictReader(stream))
    first = dict(stops[0]) | {"job_id": "M2@2026-03-02"}
    with (plan / "stops.csv").open("a", encoding="utf-8", newline="") as stream:
        csv.DictWriter(stream, list(first)).writerow(first)
    take_up(day, plan, tmp_path / "noon", "2026-03-02T20:00:00+08:00")
    noon = read_day(tmp_path / "noon")
    assert "J4" not in jobs_of(noon)
    assert [id_ for id_ in jobs_of(noon) if id_.startswith("M2")] == ["M2@2026-03-03"]
    assert (tmp_path / "noon" / "maintenance.csv").read_text().count("2026-03-02") == 1


def test_a_folder_is_written_with_them_and_without(tmp_path: Path) -> None:
    write_day(tmp_path / "day", make.frames(whole()), {"date": "x"})
    assert (tmp_path / "day" / "maintenance.csv").exists()
    write_day(tmp_path / "day", make.frames(make.tables()), {"date": "x"})
    assert not (tmp_path / "day" / "maintenance.csv").exists()
