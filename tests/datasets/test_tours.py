"""What a day folder says about tours: villages, beds, crews, consents, due visits, and what a van carries."""

import datetime as dt
import json
from pathlib import Path

import pytest

from datasets.day import read_day, read_source
from datasets.faults import DayRefused
from datasets.tour_columns import TOUR_TABLES
from datasets.tour_levers import MoreCrew, Pulled, pull
from datasets.tours import Aside, TourFolder, read_tours
from optimizer.model import DAY_S, Break, CustomerClass, OrderLine, Skill, TravelMode
from optimizer.tours.kit import VanPart
from optimizer.tours.model import (
    Levers,
    LockedDay,
    Lodging,
    OnTheRoad,
    Spacing,
    Span,
    TourCharges,
    TourJob,
    WorkKind,
)
from tests.datasets import make_day_folder as make
from tests.datasets import make_tour_folder as small
from tests.make import clock

TOUR = """
[tour]
driving = "PT5H"
cover = "PT20M"
village_reach_m = 800
threshold_fen = 30000
nights = 6
day_metres = 250000
van_days = 9
must_visit = ["V1"]
never_visit = ["V3"]
forbidden_lodgings = ["L1"]
[tour.charges]
day_fen = 40000
unvisited_percent = 70
fen_per_km = { car = 120 }
[[tour.locked]]
crew_id = "G1"
date = 2026-03-03
job_ids = ["J4", "M2@2026-03-02"]
lodging_id = "L1"
[[tour.spans]]
crew_id = "G2"
first = 2026-03-02
last = 2026-03-03
[tour.walk_ins]
product = "heater"
per_thousand = 25
service = "PT40M"
lead_days = 1
"""


def whole() -> make.Cells:
    return make.tables() | make.tours()


def read(folder: Path, cells: make.Cells | None = None, toml: str = make.settings()) -> TourFolder:
    return read_tours(make.write(folder, whole() if cells is None else cells, toml))


def jobs_of(found: TourFolder) -> dict[str, TourJob]:
    return {job.id: job for job in found.touring.jobs}


def test_villages(tmp_path: Path) -> None:
    first, second, _ = read(tmp_path).touring.villages
    assert (first.id, first.name, first.households, first.contact) == ("V1", "甘孜村", 120, "扎西 139")
    assert (first.last_visit_day, first.home_days, first.cut_off) == (-274, frozenset({1}), frozenset({0}))
    assert first.position == pytest.approx((99.8914, 31.4960), abs=0.003)
    assert (second.households, second.last_visit_day, second.told) == (0, None, ())
    assert second.cut_off == frozenset()


def test_lodgings(tmp_path: Path) -> None:
    assert read(tmp_path).touring.lodgings == (
        Lodging(
            id="L1",
            name="炉霍旅馆",
            position=(100.68, 31.39),
            price_fen=12_000,
            check_in_s=clock("21:30"),
            closed=frozenset({1}),
        ),
    )


def test_a_crew_is_its_members_together(tmp_path: Path) -> None:
    cells = whole()
    cells["technicians"][2]["absent_on"] = ""
    first, second = read(tmp_path, cells).touring.crews
    assert (first.mode, first.people, first.load_capacity, first.volume_ml) == (TravelMode.CAR, 2, 6, 400_000)
    assert (first.day_s, first.service_s) == ((clock("07:00"), clock("20:00")), (clock("08:30"), clock("18:30")))
    assert first.break_ == Break(earliest_s=clock("12:00"), latest_s=clock("13:00"), duration_s=1_800)
    assert (first.nights_before, first.on_the_road) == (3, None)
    assert (second.people, second.load_capacity) == (2, 1)
    assert second.skills == (Skill(family="fridge", level=1), Skill(family="washer", level=3))
    assert [held.scheme for held in second.certificates] == ["gas"]
    assert second.break_ == Break(earliest_s=clock("12:00"), latest_s=clock("13:00"), duration_s=3_600)
    assert second.on_the_road == OnTheRoad(day=0, lodging_id="L1", nights=1, aboard=frozenset({"J4"}))


def test_a_crew_works_when_all_its_members_do(tmp_path: Path) -> None:
    """Tuesday is a holiday of T1's office and the rest day of T2; T3 is absent on it."""
    first, second = read(tmp_path).touring.crews
    assert first.days == second.days == frozenset({0})
    cells = whole()
    cells["technicians"][1]["rest_weekdays"] = "mon"
    assert read(tmp_path / "other", cells).touring.crews[1].days == frozenset()


def test_a_crew_sets_out_when_the_last_of_its_members_is_free(tmp_path: Path) -> None:
    cells = small.cells()
    cells["technicians"][0]["busy_until"] = "2026-03-03T12:00:00+08:00"
    cells["technicians"][1]["busy_until"] = "2026-03-04T09:00:00+08:00"
    (crew,) = read_tours(small.write(tmp_path / "day", cells)).touring.crews
    assert crew.free_s == clock("09:00", 2)
    assert crew.days == frozenset(range(2, 8))


@pytest.mark.parametrize(
    ("down", "back", "days"),
    [("2026-03-04", "2026-03-06", {2, 3}), ("2026-03-07", "", {5, 6, 7}), ("2026-02-01", "2026-03-03", {0})],
)
def test_a_van_is_down_until_the_date_it_is_back(tmp_path: Path, down: str, back: str, days: set[int]) -> None:
    cells = small.cells()
    cells["crews"][0] |= {"van_down_on": down, "van_back_on": back}
    (crew,) = read_tours(small.write(tmp_path / "day", cells)).touring.crews
    assert crew.no_van == frozenset(days)
    assert crew.out_days == frozenset(range(8)) - days


def test_one_more_crew_has_a_van_of_its_own(tmp_path: Path) -> None:
    cells = small.cells()
    cells["crews"][0]["van_down_on"] = "2026-03-02"
    asked = read_tours(small.write(tmp_path / "day", cells)).touring
    one, other = pull(asked, Pulled(crews=(MoreCrew(id="K1-2", like="K1"),))).crews
    assert (one.out_days, other.out_days) == (frozenset(), frozenset(range(8)))


def test_a_crew_whose_van_breaks_on_the_road_stays_where_it_is(tmp_path: Path) -> None:
    cells = small.cells()
    away = {"away_on": "2026-03-03", "sleeps_at": "L1", "nights_out": "1", "aboard": "J2"}
    cells["crews"][0] |= away | {"van_down_on": "2026-03-03", "van_back_on": "2026-03-05"}
    (crew,) = read_tours(small.write(tmp_path / "waits", cells)).touring.crews
    assert crew.on_the_road == OnTheRoad(day=3, lodging_id="L1", nights=3, aboard=frozenset({"J2"}))
    cells["crews"][0]["van_back_on"] = "2026-03-08"
    (crew,) = read_tours(small.write(tmp_path / "longer", cells)).touring.crews
    assert (crew.on_the_road is not None and crew.on_the_road.nights) == 4, "it may still come home"
    cells["crews"][0]["van_back_on"] = ""
    (crew,) = read_tours(small.write(tmp_path / "towed", cells)).touring.crews
    assert crew.on_the_road is None


def test_a_crew_that_left_this_morning_has_what_it_took_along(tmp_path: Path) -> None:
    cells = small.cells()
    cells["crews"][0] |= {"away_on": "2026-03-02", "nights_out": "0", "aboard": "J1"}
    (crew,) = read_tours(small.write(tmp_path / "day", cells)).touring.crews
    assert crew.on_the_road == OnTheRoad(day=0, lodging_id=None, nights=0, aboard=frozenset({"J1"}))


def test_a_call_in_a_village_keeps_the_first_of_its_clocks(tmp_path: Path) -> None:
    """J1 is a fridge at a seat: on site in twelve hours, fixed in three days."""
    found = read(tmp_path)
    job = jobs_of(found)["J1"]
    assert (job.kind, job.village_id, job.last_s) == (WorkKind.CALL, "V2", clock("06:30"))
    assert job.windows == ((clock("08:00"), clock("12:00")),)
    assert (job.reported_s, job.customer_class) == (clock("18:30", -1), CustomerClass.VULNERABLE)
    assert job.order_lines == (
        OrderLine(id="J1/1", part_id="P1", quantity=1),
        OrderLine(id="J1/2", part_id="P4", quantity=2),
    )


def test_a_resolution_clock_counts_to_the_end_of_the_service(tmp_path: Path) -> None:
    toml = make.settings().replace('clock = "arrival"\nwithin = "PT12H"', 'clock = "resolution"\nwithin = "PT12H"')
    toml = toml.replace('within = "PT24H"', 'within = "PT72H"')
    assert jobs_of(read(tmp_path, toml=toml))["J1"].last_s == clock("06:30") - 45 * 60


def test_a_call_without_a_promise_may_wait_beyond_the_horizon(tmp_path: Path) -> None:
    toml = make.settings()
    toml = toml[: toml.index("[[sla]]")] + toml[toml.index("[tariff]") :]
    found = jobs_of(read(tmp_path, toml=toml))["J1"]
    assert found.kind is WorkKind.CALL
    assert found.last_s > 300 * DAY_S


def test_a_consent_lasts_to_the_end_of_its_date(tmp_path: Path) -> None:
    job = jobs_of(read(tmp_path))["J4"]
    assert (job.kind, job.village_id) == (WorkKind.CONSENTED, "V1")
    assert job.last_s == 8 * DAY_S - 1


def test_calls_elsewhere_and_calls_without_an_answer_are_set_aside(tmp_path: Path) -> None:
    cells = whole()
    cells["jobs"][0]["consent"] = "pending"
    found = read(tmp_path, cells)
    assert found.aside == {"J1": Aside.PENDING, "J2": Aside.FAR, "J3": Aside.FAR}
    assert {job.id for job in found.day.jobs} == {job.id for job in found.touring.jobs} == set(found.jobs.index)


def test_a_kit_is_ready_by_the_simple_rule_or_never(tmp_path: Path) -> None:
    cells = whole()
    assert jobs_of(read(tmp_path / "never", cells))["J1"].kit_ready_s is None
    cells["stock"].append({"warehouse_id": "W1", "part_id": "P4", "on_hand": "9"})
    cells["jobs"][0]["urgent"] = "no"
    ready = jobs_of(read(tmp_path / "there", cells))
    assert ready["J1"].kit_ready_s == clock("22:00", 1)
    assert ready["M1@2026-03-03"].kit_ready_s == 0


def test_a_due_visit_lies_within_its_tolerance(tmp_path: Path) -> None:
    found = read(tmp_path)
    visit = jobs_of(found)["M1@2026-03-03"]
    assert (visit.kind, visit.village_id, visit.due_day, visit.plan_id) == (WorkKind.PREVENTIVE, "V3", 1, "M1")
    assert (visit.first_s, visit.last_s, visit.interval_days) == (0, 12 * DAY_S - 1, 90)
    assert (visit.skill, visit.certificates) == (Skill(family="heater", level=2), frozenset({"gas"}))
    assert (visit.reported_s, visit.windows, visit.load) == (None, (), 1)
    assert [found.jobs[name].loc[visit.id] for name in ("contact", "phone", "address")] == ["卓玛", "137", "三号"]
    assert found.carried[visit.id] == (("P3", 1),)


def test_who_is_named_by_the_village_only(tmp_path: Path) -> None:
    jobs = read(tmp_path).jobs
    assert [jobs[name].loc["M2@2026-03-02"] for name in ("contact", "phone", "address")] == ["扎西", "139", "甘孜村"]


def test_a_plan_without_a_village_is_none_of_a_tours(tmp_path: Path) -> None:
    assert not any(id_.startswith("M3") for id_ in jobs_of(read(tmp_path)))


def test_a_visit_that_comes_twice_is_spaced(tmp_path: Path) -> None:
    toml = make.settings().replace("days = 2", "days = 14")
    cells = whole()
    cells["maintenance"][1] |= {"interval_days": "6", "early_days": "2", "late_days": "1"}
    found = read(tmp_path, cells, toml)
    ids = ("M2@2026-03-07", "M2@2026-03-13")
    assert found.touring.spacings == (Spacing(job_ids=ids, least_days=4, most_days=7),)
    first, second = (jobs_of(found)[id_] for id_ in ids)
    assert (first.first_s, first.last_s) == (3 * DAY_S, 7 * DAY_S - 1)
    assert (second.first_s, second.last_s) == (9 * DAY_S, 13 * DAY_S - 1)


def test_an_overdue_visit_is_owed_at_once_and_the_next_counts_from_today(tmp_path: Path) -> None:
    toml = make.settings().replace("days = 2", "days = 14").replace("03-02T06:00", "03-03T06:00")
    cells = whole()
    cells["maintenance"][1] |= {"interval_days": "7", "late_days": "2", "last_on": "2026-02-20"}
    found = jobs_of(read(tmp_path, cells, toml))
    assert [id_ for id_ in found if id_.startswith("M2")] == ["M2@2026-02-27", "M2@2026-03-10"]
    overdue = found["M2@2026-02-27"]
    assert (overdue.due_day, overdue.first_s, overdue.last_s) == (-3, 0, 14 * DAY_S - 1)


def test_what_day_toml_says(tmp_path: Path) -> None:
    found = read(tmp_path, toml=make.settings() + TOUR)
    asked, usual = found.touring, TourCharges()
    assert (asked.driving_s, asked.cover_s) == (5 * 3600, 20 * 60)
    assert found.policy.threshold_fen == 30_000
    assert asked.charges.day_fen == 40_000
    assert asked.charges.unvisited_percent == 70
    assert asked.charges.tour_fen == usual.tour_fen
    assert asked.charges.fen_per_km == {**usual.fen_per_km, TravelMode.CAR: 120}
    assert asked.levers == Levers(
        nights=6,
        day_metres=250_000,
        van_days=9,
        must_visit=frozenset({"V1"}),
        never_visit=frozenset({"V3"}),
        forbidden_lodgings=frozenset({"L1"}),
        locked=(LockedDay(crew_id="G1", day=1, job_ids=("J4", "M2@2026-03-02"), lodging_id="L1"),),
        spans=(Span(crew_id="G2", first_day=0, last_day=1),),
    )


def test_what_people_are_expected_to_bring(tmp_path: Path) -> None:
    found = read(tmp_path, toml=make.settings() + TOUR)
    brought = [job for job in found.touring.jobs if job.kind is WorkKind.WALK_IN]
    assert [(job.village_id, job.expected, job.service_s) for job in brought] == [
        ("V1", 300, 7_200),
        ("V3", 100, 2_400),
    ]
    assert {(job.first_s, job.last_s) for job in brought} == {(0, 2 * DAY_S - 1)}
    assert found.touring.lead_day == 1


def test_who_was_visited_in_the_horizon_brings_nothing_again(tmp_path: Path) -> None:
    cells = small.cells()
    cells["villages"][0]["last_visit"] = "2026-03-02"
    cells["villages"][1]["last_visit"] = "2026-03-01"
    toml = small.settings('[tour.walk_ins]\nproduct = "fridge"\nper_thousand = 60')
    found = read_tours(small.write(tmp_path / "day", cells, toml)).touring.jobs
    assert "walk-in@V2" in {job.id for job in found}
    assert "walk-in@V1" not in {job.id for job in found}


def test_places_of_one_name_are_told_apart(tmp_path: Path) -> None:
    cells = small.cells()
    cells["villages"][0]["name"] = cells["villages"][5]["name"] = "中心村"
    cells["villages"][1]["name"] = cells["villages"][3]["name"] = "东村"
    for table in ("lodgings", "crews"):
        cells[table] = cells[table][:1]
    cells["lodgings"].append(cells["lodgings"][0] | {"lodging_id": "L9"})
    cells["technicians"] = [row | {"outlet_id": "O1"} for row in cells["technicians"]]
    cells["crews"] = [
        cells["crews"][0] | {"crew_id": id_, "technician_ids": member} for id_, member in (("K1", "T1"), ("K2", "T2"))
    ]
    folder = small.write(tmp_path / "day", cells)
    box = {"type": "Polygon", "coordinates": [[[101, 29], [103, 29], [103, 31], [101, 31], [101, 29]]]}
    other = {"type": "Polygon", "coordinates": [[[98, 32], [99, 32], [99, 33], [98, 33], [98, 32]]]}
    features = [
        {"type": "Feature", "properties": {"name": name}, "geometry": area}
        for name, area in (("康定市", box), ("德格县", other))
    ]
    text = json.dumps({"type": "FeatureCollection", "features": features})
    (folder / "areas.geojson").write_text(text, encoding="utf-8")
    asked = read_tours(folder).touring
    names = [village.name for village in asked.villages]
    assert names == ["中心村（康定市）", "东村（V2）", "雅江村", "东村（V4）", "理塘村", "中心村（德格县）"]
    assert [lodging.name for lodging in asked.lodgings] == ["新都桥旅馆（L1）", "新都桥旅馆（L9）"]
    assert [crew.name for crew in asked.crews] == ["康定巡回组（K1）", "康定巡回组（K2）"]


def test_what_a_van_may_carry(tmp_path: Path) -> None:
    assert read(tmp_path).van_parts == (
        VanPart(part_id="P2", family="washer", chance_permille=80, volume_ml=1_500, price_fen=6_000, most=2),
        VanPart(part_id="P4", family="fridge", chance_permille=200, volume_ml=100, price_fen=2_000, most=20),
    )


def test_a_folder_without_villages_has_no_tours(tmp_path: Path) -> None:
    with pytest.raises(DayRefused) as refused:
        read(tmp_path, make.tables())
    assert [fault.file for fault in refused.value.faults] == ["villages.csv", "lodgings.csv", "crews.csv"]


def test_a_folder_without_them_means_what_it_meant(tmp_path: Path) -> None:
    make.write(tmp_path, make.tables())
    assert {job.id for job in read_day(tmp_path).day.jobs} == {"J1", "J2", "J3", "J4"}
    assert all(not len(read_source(tmp_path).tables[layout.name].lines) for layout in TOUR_TABLES)


def test_a_month_is_a_horizon(tmp_path: Path) -> None:
    found = read(tmp_path, toml=make.settings().replace("days = 2", "days = 31"))
    assert found.touring.days == 31
    assert found.touring.date == dt.date(2026, 3, 2)
    assert max(found.touring.crews[0].days) == 30


def test_a_kit_on_the_shelf_of_a_crew_s_outlet_is_there_at_once(tmp_path: Path) -> None:
    cells = small.cells()
    cells["jobs"][1] |= {"product": "washer", "parts": "P2:1"}
    cells["stock"] = [row for row in cells["stock"] if row["part_id"] != "P2"]
    for number, (units, lot, ready) in enumerate(
        (
            ("2", "", (clock("06:00"), clock("06:00"))),
            ("1", "1@2026-03-03T10:00:00+08:00", (clock("06:00"), clock("10:00", 1))),
            ("1", "", (clock("06:00"), None)),
            ("0", "", (None, None)),
        )
    ):
        cells["outlet_stock"] = [{"outlet_id": "O1", "part_id": "P2", "on_hand": units, "inbound": lot}]
        jobs = jobs_of(read_tours(small.write(tmp_path / str(number), cells)))
        assert (jobs["J1"].kit_ready_s, jobs["J2"].kit_ready_s) == ready
