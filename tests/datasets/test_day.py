"""Reading and writing good day folders."""

import datetime as dt
import tomllib
from dataclasses import replace
from pathlib import Path

import pytest

from datasets.day import AREAS_FILE, DayFolder, read_day, write_day
from datasets.faults import DayRefused
from datasets.whole_folder import ForeignFolder
from geo.crs import Datum, to_wgs84
from optimizer.model import (
    AreaClass,
    Break,
    Certificate,
    Clock,
    ClockKind,
    CustomerClass,
    Job,
    Lane,
    Lateness,
    Lock,
    OrderLine,
    Ownership,
    Part,
    Published,
    Shift,
    ShipMode,
    SizeClass,
    Skill,
    TravelMode,
    Window,
)
from tests.datasets import make_day_folder as make

H = 3_600
D = 24 * H


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> DayFolder:
    return read_day(make.write(tmp_path_factory.mktemp("day")))


def job(folder: DayFolder, job_id: str) -> Job:
    return {one.id: one for one in folder.day.jobs}[job_id]


def shifts(folder: DayFolder) -> set[str]:
    return {shift.id for shift in folder.day.shifts}


def test_the_horizon_counts_from_midnight_of_the_first_day(folder: DayFolder) -> None:
    assert (folder.day.date, folder.day.days, folder.day.now_s) == (dt.date(2026, 3, 2), 2, 6 * H)
    assert folder.travel == "estimate"


def test_a_job_is_complete(folder: DayFolder) -> None:
    assert job(folder, "J1") == Job(
        id="J1",
        position=(104.07, 30.66),
        centre_id="C1",
        area_class=AreaClass.SEAT,
        skill=Skill(family="fridge", level=2),
        reported_s=-5 * H - 1800,
        service_s=45 * 60,
        clocks=(
            Clock(kind=ClockKind.ARRIVAL, due_s=6 * H + 1800),
            Clock(kind=ClockKind.RESOLUTION, due_s=2 * D + 18 * H + 1800),
        ),
        windows=(Window(earliest_s=8 * H, latest_s=12 * H),),
        customer_class=CustomerClass.VULNERABLE,
        urgent=True,
        order_lines=(
            OrderLine(id="J1/1", part_id="P1", quantity=1),
            OrderLine(id="J1/2", part_id="P4", quantity=2),
        ),
    )


def test_a_published_appointment_is_complete(folder: DayFolder) -> None:
    found = job(folder, "J2")
    assert found.appointment == Window(earliest_s=9 * H, latest_s=10 * H)
    assert found.published == Published(technician_id="T2", start_s=9 * H + 1800, told=True)
    assert (found.lock, found.preferred_technician_id) == (Lock.TECHNICIAN, "T2")
    assert found.service_s == 90 * 60


def test_typed_parts_replace_the_kit_and_carried_parts_are_not_ordered(folder: DayFolder) -> None:
    assert job(folder, "J2").order_lines == (OrderLine(id="J2/1", part_id="P2", quantity=1),)
    assert job(folder, "J3").order_lines == ()


def test_a_pending_consent_a_crew_and_a_preference_arrive(folder: DayFolder) -> None:
    found = job(folder, "J3")
    assert (found.consent, found.crew, found.load, found.certificates) == (False, 2, 3, frozenset({"gas"}))
    assert found.preferred == Window(earliest_s=D + 9 * H, latest_s=D + 10 * H)
    assert found.reported_s == 0  # 16:00Z is midnight in Shanghai


def test_positions_become_wgs84_and_the_original_is_kept(folder: DayFolder) -> None:
    assert job(folder, "J3").position == to_wgs84(116.4, 39.91, Datum.GCJ02)
    assert job(folder, "J4").position == pytest.approx(to_wgs84(99.9, 31.5, Datum.BD09), abs=1e-12)
    assert tuple(folder.jobs.loc["J3", ["lon", "lat", "datum"]]) == ("116.4000", "39.9100", "GCJ02")


def test_a_job_without_a_centre_takes_that_of_the_nearest_live_outlet(folder: DayFolder) -> None:
    assert [one.centre_id for one in folder.day.jobs] == ["C1", "C1", "C2", "C1"]


def test_the_first_matching_policy_row_gives_the_clock(folder: DayFolder) -> None:
    assert folder.sla_names == {
        "J1": ("hotline 12", "fridges fixed"),
        "J2": ("seat",),
        "J3": ("seat",),
        "J4": ("remote", "fridges fixed"),
    }


def test_a_pure_day_period_ends_with_its_last_calendar_day(folder: DayFolder) -> None:
    # Reported on 27 February at 10:00: 27 is the first day, 28 the second, due when it ends.
    assert job(folder, "J4").clocks[0] == Clock(kind=ClockKind.ARRIVAL, due_s=-1 * D)


@pytest.mark.parametrize(
    ("within", "reported", "due_s"),
    [
        ("P1D", "2026-03-02T00:00:00+08:00", D),
        ("P2D", "2026-03-01T23:59:59+08:00", D),
        ("P2D", "2026-03-02T00:00:00+08:00", 2 * D),
        ("PT48H", "2026-03-01T18:30:00+08:00", D + 18 * H + 1800),
        ("P1DT1H", "2026-03-02T01:00:00+08:00", D + 2 * H),
    ],
)
def test_due_moments(tmp_path: Path, within: str, reported: str, due_s: int) -> None:
    settings = tomllib.loads(make.settings())
    settings["sla"] = [{"name": "only", "clock": "arrival", "within": within}]
    cells = make.tables()
    cells["jobs"] = [cells["jobs"][0] | {"reported_at": reported}]
    make.write(tmp_path, cells)
    make.write_toml(tmp_path, settings)
    assert read_day(tmp_path).day.jobs[0].clocks == (Clock(kind=ClockKind.ARRIVAL, due_s=due_s),)


def test_without_policy_rows_there_are_no_clocks(tmp_path: Path) -> None:
    settings = tomllib.loads(make.settings())
    del settings["sla"]
    make.write(tmp_path)
    make.write_toml(tmp_path, settings)
    found = read_day(tmp_path)
    assert {one.clocks for one in found.day.jobs} == {()}
    assert set(found.sla_names.values()) == {()}


def test_a_shift_is_complete(folder: DayFolder) -> None:
    assert folder.day.shifts[0] == Shift(
        id="T1@2026-03-02",
        technician_id="T1",
        day=0,
        start_s=8 * H,
        end_s=17 * H,
        latest_end_s=18 * H + 1800,
        open_s=8 * H,
        close_s=20 * H,
        break_=Break(earliest_s=11 * H + 1800, latest_s=13 * H + 1800, duration_s=45 * 60),
    )


def test_holidays_rest_weekdays_and_absences_take_shifts_away(folder: DayFolder) -> None:
    # 3 March: O1 keeps holidays, T2 rests on Tuesdays, T3 is absent; T4's outlet closed on the 2nd.
    assert shifts(folder) == {"T1@2026-03-02", "T2@2026-03-02", "T3@2026-03-02"}


def test_a_swapped_working_day_cancels_a_rest_weekday(tmp_path: Path) -> None:
    settings = tomllib.loads(make.settings())
    settings |= {"date": dt.date(2026, 3, 7), "now": "2026-03-07T06:00:00+08:00"}
    make.write(tmp_path)
    make.write_toml(tmp_path, settings)
    # 8 March is a Sunday that is worked: T1 (rests on Sundays, keeps holidays) comes; T3's calendar knows no swaps.
    assert {"T1@2026-03-07", "T1@2026-03-08", "T3@2026-03-08"} <= shifts(read_day(tmp_path))
    settings["holidays"]["working"] = []
    make.write_toml(tmp_path, settings)
    assert "T1@2026-03-08" not in shifts(read_day(tmp_path))


def test_freezes_follow_the_channel(folder: DayFolder) -> None:
    assert {one.id: one.freeze_s for one in folder.day.outlets if one.id != "O4"} == {
        "O1": None,
        "O2": -6 * H,
        "O3": 7 * H,
    }


def test_outlets_keep_their_weakness_and_their_target(folder: DayFolder) -> None:
    found = {one.id: one for one in folder.day.outlets}["O2"]
    assert found.ownership is Ownership.CONTRACT
    assert (found.duration_percent, found.first_fix_percent) == ({"fridge": 115}, {"fridge": 85, "washer": 90})
    assert (found.workload_target, found.tariff_id) == (3, "county")


def test_technicians_are_based_at_their_outlet(folder: DayFolder) -> None:
    found = {one.id: one for one in folder.day.technicians}["T1"]
    assert found.position == (104.0657, 30.6595)
    assert (found.mode, found.load_capacity, found.crew) == (TravelMode.CAR, 4, 2)
    assert found.skills == (Skill(family="fridge", level=3), Skill(family="heater", level=2))


def test_an_expired_certificate_is_legal_data(folder: DayFolder) -> None:
    found = {one.id: one for one in folder.day.technicians}["T3"]
    assert found.certificates == (Certificate(scheme="gas", first=dt.date(2023, 1, 1), last=dt.date(2024, 1, 1)),)


def test_stock_is_what_may_be_promised_and_never_negative(folder: DayFolder) -> None:
    assert {one.id: one.stock for one in folder.day.warehouses} == {"W1": {"P1": 3, "P2": 0}, "W2": {"P1": 7}}


def test_parts_and_lanes_arrive(folder: DayFolder) -> None:
    assert folder.day.parts[0] == Part(id="P1", size_class=SizeClass.BULKY, weight_g=9000)
    assert [one.carried for one in folder.day.parts] == [False, False, True, False]
    assert folder.day.lanes[0] == Lane(
        warehouse_id="W1",
        centre_id="C1",
        mode=ShipMode.STANDARD,
        cut_off_s=16 * H,
        transit_p50_s=18 * H,
        transit_p90_s=30 * H,
        cost_fen=1200,
        cost_fen_per_kg=100,
        carries=frozenset({SizeClass.SMALL, SizeClass.MEDIUM}),
    )


def test_given_prices_replace_the_usual_ones(folder: DayFolder) -> None:
    tariff = folder.day.tariff
    assert tariff.unserved_fen == 50_000
    assert tariff.fen_per_km[TravelMode.CAR] == 95
    assert tariff.fen_per_km[TravelMode.EBIKE] == 8
    assert tariff.lateness[ClockKind.ARRIVAL] == replace(Lateness(), warn_s=2 * H)
    assert tariff.lateness[ClockKind.RESOLUTION] == Lateness(breach_fen=8_000)
    assert tariff.contract_tariffs[0].bands == ((5000, 0), (15000, 1200))


def test_every_price_of_the_model_can_be_given(tmp_path: Path) -> None:
    settings = tomllib.loads(make.settings())
    settings["tariff"] = {
        "overtime_fen_per_hour": 1,
        "contract_preference_fen": 2,
        "waiting_fen_per_hour": 3,
        "unserved_fen": 4,
        "second_visit_fen": 5,
        "continuity_fen": 6,
        "over_qualification_fen": 7,
        "preference_fen": 8,
        "churn_technician_fen": 9,
        "churn_moved_fen": 10,
        "churn_told_fen": 11,
        "workload_fen": 12,
        "parity_target_percent": 13,
        "parity_fen": 14,
        "weight_percent": {"vulnerable": 300},
        "reach_m": {"walk": 15},
        "travel_fen_per_hour": {"own": 16},
    }
    make.write(tmp_path)
    make.write_toml(tmp_path, settings)
    tariff = read_day(tmp_path).day.tariff
    scalars = {name: price for name, price in settings["tariff"].items() if isinstance(price, int)}
    assert {name: getattr(tariff, name) for name in scalars} == scalars
    assert tariff.weight_percent[CustomerClass.VULNERABLE] == 300
    assert tariff.weight_percent[CustomerClass.PRIORITY] == 150


def test_a_closed_outlet_leaves_the_day_with_its_people(tmp_path: Path) -> None:
    cells = make.tables()
    del cells["jobs"][3]
    found = read_day(make.write(tmp_path, cells))
    assert [one.id for one in found.day.outlets] == ["O1", "O2", "O3"]
    assert [one.id for one in found.day.technicians] == ["T1", "T2", "T3"]
    assert "O4" in found.outlets.index


def test_whoever_a_published_visit_names_stays_known_without_shifts(folder: DayFolder) -> None:
    assert job(folder, "J4").published == Published(technician_id="T4", start_s=11 * H, told=False)
    assert {one.id: one.workload_target for one in folder.day.outlets}["O4"] == 0
    assert "T4" in {one.id for one in folder.day.technicians}


def test_a_preferred_technician_who_left_is_no_preference(tmp_path: Path) -> None:
    cells = make.tables()
    cells["jobs"][3] |= {"published_technician_id": "", "published_start": "", "told": ""}
    assert job(read_day(make.write(tmp_path, cells)), "J4").preferred_technician_id is None


def test_an_opening_outlet_changes_the_class_of_its_township(tmp_path: Path) -> None:
    cells = make.tables()
    for one in (cells["outlets"][1], cells["jobs"][1]):
        one |= {"lon": "101.9638", "lat": "30.0503"}
    cells["outlets"][1]["opened_on"] = "2026-03-03"
    del cells["jobs"][3]
    assert job(read_day(make.write(tmp_path / "before", cells)), "J2").area_class is AreaClass.REMOTE
    cells["outlets"][1]["opened_on"] = "2026-03-02"
    assert job(read_day(make.write(tmp_path / "after", cells)), "J2").area_class is AreaClass.SEAT


def test_own_areas_replace_the_built_in_ones(tmp_path: Path) -> None:
    make.write(tmp_path)
    square = "[[[104.06,30.65],[104.07,30.65],[104.07,30.665],[104.06,30.665],[104.06,30.65]]]"
    (tmp_path / AREAS_FILE).write_text(
        '{"type":"FeatureCollection","features":[{"type":"Feature","properties":{"name":"中心"},'
        f'"geometry":{{"type":"Polygon","coordinates":{square}}}}}]}}'
    )
    assert [one.area_class for one in read_day(tmp_path).day.jobs] == [AreaClass.SEAT, *[AreaClass.REMOTE] * 3]


@pytest.mark.parametrize("name", ["jobs", "technicians", "warehouses", "parts", "kits", "stock", "lanes"])
def test_a_header_alone_is_legal_where_a_day_can_do_without_rows(tmp_path: Path, name: str) -> None:
    cells = make.tables()
    cells[name] = []
    for one in cells["jobs"]:
        for column in (
            "parts",
            "preferred_technician_id",
            "published_technician_id",
            "published_start",
            "told",
            "lock",
        ):
            one.pop(column, None)
    if name in {"warehouses", "parts"}:
        cells |= {"kits": [], "stock": [], "lanes": []}
    day = read_day(make.write(tmp_path, cells)).day
    if name == "technicians":
        assert (day.technicians, day.shifts, len(day.jobs)) == ((), (), 4)
    if name == "jobs":
        assert (day.jobs, len(day.shifts)) == ((), 3)


def test_every_technician_ill_leaves_no_shifts(tmp_path: Path) -> None:
    cells = make.tables()
    for one in cells["technicians"]:
        one["absent_on"] = "2026-03-02;2026-03-03"
    day = read_day(make.write(tmp_path, cells)).day
    assert (day.shifts, len(day.technicians)) == ((), 4)


@pytest.mark.parametrize(
    ("busy_until", "start", "has_break"),
    [
        ("", "08:00", True),
        ("2026-03-02T07:00:00+08:00", "08:00", True),
        ("2026-03-02T11:40:00+08:00", "11:40", True),
        ("2026-03-02T05:30:00Z", "13:30", True),
        ("2026-03-02T13:31:00+08:00", "13:31", False),
        ("2026-03-02T17:00:00+08:00", None, False),
        ("2026-03-03T11:40:00+08:00", None, False),
    ],
)
def test_who_is_busy_begins_later(busy_until: str, start: str | None, has_break: bool, tmp_path: Path) -> None:
    cells = make.tables()
    cells["technicians"][0]["busy_until"] = busy_until
    found = [shift for shift in read_day(make.write(tmp_path, cells)).day.shifts if shift.id == "T1@2026-03-02"]
    hours = [f"{shift.start_s // H:02}:{shift.start_s % H // 60:02}" for shift in found]
    assert hours == ([] if start is None else [start])
    assert [shift.break_ is not None for shift in found] == [has_break] * len(found)
    assert all(shift.end_s == 17 * H for shift in found)


@pytest.mark.parametrize(("now", "has_break"), [("13:30", True), ("13:31", False)])
def test_a_break_that_had_to_begin_before_now_was_had(now: str, has_break: bool, tmp_path: Path) -> None:
    folder = make.write(tmp_path, toml=make.settings().replace("T06:00:00+08:00", f"T{now}:00+08:00"))
    shift = next(shift for shift in read_day(folder).day.shifts if shift.id == "T1@2026-03-02")
    assert (shift.break_ is not None) == has_break


def test_optional_columns_may_be_absent_and_columns_in_any_order(tmp_path: Path) -> None:
    required = ["service_duration", "job_id", "datum", "lat", "lon", "reported_at", "product", "skill_level"]
    found = read_day(make.write(tmp_path, only_columns={"jobs": required}))
    assert job(found, "J3").consent
    assert (job(found, "J3").crew, job(found, "J3").lock) == (1, Lock.NONE)
    assert folder_text(found, "J3") == ""


def folder_text(found: DayFolder, job_id: str) -> str:
    return str(found.jobs.at[job_id, "address"])


def test_excel_may_save_it(tmp_path: Path) -> None:
    make.write(tmp_path)
    path = tmp_path / "jobs.csv"
    text = path.read_text(encoding="utf-8")
    path.write_bytes(b"\xef\xbb\xbf" + (text + "," * 29 + "\n\n").replace("\n", "\r\n").encode())
    (tmp_path / "day.toml").write_bytes(b"\xef\xbb\xbf" + make.settings().encode())
    assert len(read_day(tmp_path).day.jobs) == 4


def test_display_text_is_kept_as_typed(folder: DayFolder) -> None:
    assert folder.outlets.at["O2", "contact"] == "李"
    assert folder.jobs.at["J4", "address"] == '甘孜, "远"\n二楼'
    assert folder.technicians.at["T1", "name"] == "王"


def test_now_may_be_a_toml_time(tmp_path: Path) -> None:
    make.write(tmp_path, toml=make.settings().replace('"2026-03-02T06:00:00+08:00"', "2026-03-01T22:30:00Z"))
    assert read_day(tmp_path).day.now_s == 6 * H + 1800


def test_an_osm_file_is_named_from_the_folder(tmp_path: Path) -> None:
    make.write(tmp_path, toml=make.settings().replace('"estimate"', '"osm:china.osm.pbf"'))
    with pytest.raises(DayRefused, match="travel"):
        read_day(tmp_path)
    (tmp_path / "china.osm.pbf").touch()
    assert read_day(tmp_path).travel == "osm:china.osm.pbf"


def test_a_written_day_reads_the_same(tmp_path: Path, folder: DayFolder) -> None:
    write_day(tmp_path / "copy", make.frames(make.tables()), tomllib.loads(make.settings()))
    copy = read_day(tmp_path / "copy")
    assert copy.day == folder.day
    assert copy.jobs.equals(folder.jobs)
    assert [path.name for path in tmp_path.iterdir()] == ["copy"]


def test_a_written_day_replaces_an_older_one_but_nothing_else(tmp_path: Path) -> None:
    frames, settings = make.frames(make.tables()), tomllib.loads(make.settings())
    write_day(tmp_path / "day", frames, settings)
    write_day(tmp_path / "day", frames, settings | {"days": 1})
    assert read_day(tmp_path / "day").day.days == 1
    (tmp_path / "day" / "notes.txt").touch()
    with pytest.raises(ForeignFolder, match=r"notes\.txt"):
        write_day(tmp_path / "day", frames, settings)
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "thesis.tex").touch()
    with pytest.raises(ForeignFolder, match=r"holds no day\.toml"):
        write_day(tmp_path / "other", frames, settings)
    assert read_day_names(tmp_path / "other") == ["thesis.tex"]


def read_day_names(path: Path) -> list[str]:
    return sorted(entry.name for entry in path.iterdir())


def test_a_day_that_cannot_be_written_leaves_nothing(tmp_path: Path) -> None:
    settings = tomllib.loads(make.settings()) | {"days": object()}
    with pytest.raises(TypeError):
        write_day(tmp_path / "day", make.frames(make.tables()), settings)
    assert read_day_names(tmp_path) == []


def test_an_outlet_without_a_calendar_keeps_its_centres(tmp_path: Path) -> None:
    cells = make.tables()
    for row in cells["outlets"]:
        row["calendar"] = ""
    before = shifts(read_day(make.write(tmp_path / "always", cells)))
    for row in cells["centres"]:
        row["calendar"] = {"office": "always", "always": "office"}[row["calendar"]]
    assert shifts(read_day(make.write(tmp_path / "office", cells))) != before


@pytest.mark.parametrize(("so_far", "owed"), [("", 3), ("1", 2), ("3", 0), ("7", 0)])
def test_visits_given_earlier_in_the_window_are_no_longer_owed(so_far: str, owed: int, tmp_path: Path) -> None:
    cells = make.tables()
    cells["outlets"][1]["visits_so_far"] = so_far
    day = read_day(make.write(tmp_path, cells)).day
    assert {outlet.id: outlet.workload_target for outlet in day.outlets}["O2"] == owed
