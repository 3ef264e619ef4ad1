"""Papers of tours: what villages are told, what crews take, calendars, maps, and the way back from tours.json."""

import csv
import io
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from datasets.faults import PlanRefused
from datasets.tour_agreement import paper_differences
from datasets.tour_announcements import NoticeKind, announcements
from datasets.tour_calendar import tour_calendar
from datasets.tour_folder import check_tour_place, tours_document, write_tours
from datasets.tour_kpis import tour_kpis
from datasets.tour_levers import MoreCrew, MoreDay, Pulled, pull
from datasets.tour_map import tour_features, village_status
from datasets.tour_names import Person, Toured
from datasets.tour_papers import TOUR_PAPERS, days_unvisited
from datasets.tour_reading import read_tour_base, read_tour_plan
from datasets.tour_sheets import tour_pages
from datasets.tour_tools import tools_for
from datasets.whole_folder import ForeignFolder
from optimizer.model import ShipMode
from optimizer.parts.model import Dispatch
from optimizer.tours.kit import Kit, KitLine
from optimizer.tours.model import Levers, LockedDay, OnTheRoad, Span, Told
from optimizer.tours.plan import Instead, Tour, TourPlan
from tests.datasets.make_toured import ASKED, NAMES, ORDER, PLAN, RESULT, crew, job, toured
from tests.make import clock
from tests.make_tours import on


def rows(found: Toured, file: str) -> list[dict[str, str]]:
    columns, of = TOUR_PAPERS[file]
    return [dict(zip(columns, row, strict=True)) for row in of(found)]


def with_villages(**changes: dict[str, Any]) -> Toured:
    villages = tuple(replace(one, **changes.get(one.id, {})) for one in ASKED.villages)
    return toured(asked=replace(ASKED, villages=villages))


def without_day(found: Toured, day: int) -> Toured:
    """Return the same with one day's visits gone."""
    (tour,) = PLAN.tours
    days = tuple(replace(one, visits=()) if one.day == day else one for one in tour.days)
    return replace(found, result=replace(RESULT, plan=replace(PLAN, tours=(replace(tour, days=days),))))


# --- announcements -------------------------------------------------------------------------------------------------


def test_one_message_per_contact_however_many_villages() -> None:
    first, *others = announcements(toured())
    assert first.contact == Person(name="扎西", phone="0836-5700001")
    assert [notice.village_id for notice in first.notices] == ["V1", "V2"]
    assert first.text.startswith(
        "【巡回维修通知】扎西您好：\n1. 维修队3月2日（周一）09:00–09:45到桑堆村（集合点：村委会）"
    )
    assert "2. 维修队3月3日（周二）08:15–09:30到木拉乡" in first.text
    assert "0836-5720000（稻城网点）" in first.text
    # Somebody else of the same name, elsewhere, is somebody else.
    assert [[notice.village_id for notice in one.notices] for one in others] == [["V3"], ["V4"], ["V6"]]


def test_a_date_told_before_stays_and_the_message_says_so() -> None:
    first = announcements(toured())[0]
    assert [notice.kind for notice in first.notices] == [NoticeKind.NEW, NoticeKind.ANNOUNCED]
    assert "此前已通知的日期不变；如有变动会另行通知。" in first.text
    assert not any("不再变动" in one.text for one in announcements(toured()))
    everything = with_villages(V1={"told": on(0, at="V1")})
    assert "此前已通知，日期不变。" in announcements(everything)[0].text


def test_a_date_that_cannot_be_kept_is_taken_back_or_moved() -> None:
    gone = announcements(without_day(toured(), 1))
    (taken_back,) = (notice for one in gone for notice in one.notices if notice.village_id == "V2")
    assert (taken_back.kind, taken_back.day, taken_back.stop) == (NoticeKind.CANCELLED, 1, None)
    assert any("原定3月3日（周二）到木拉乡的巡回维修不能成行" in one.text for one in gone)
    moved = announcements(with_villages(V2={"told": on(5, at="V2")}))[0]
    assert moved.notices[1].kind is NoticeKind.MOVED
    assert "木拉乡原定3月7日（周六）的巡回维修改期" in moved.text
    assert "维修队3月3日（周二）" in moved.text


def test_every_date_of_a_village_is_kept_moved_or_taken_back_by_itself() -> None:
    # A crew stops in V2 on day 1 only: one of three dates stays, the others are off.
    found = announcements(with_villages(V2={"told": on(1, 4, 6, at="V2")}))
    notices = [notice for one in found for notice in one.notices if notice.village_id == "V2"]
    assert [(notice.kind, notice.day) for notice in notices] == [
        (NoticeKind.ANNOUNCED, 1),
        (NoticeKind.CANCELLED, 4),
        (NoticeKind.CANCELLED, 6),
    ]
    text = next(one.text for one in found if any(notice.village_id == "V2" for notice in one.notices))
    assert "原定3月6日（周五）到木拉乡的巡回维修不能成行，很抱歉。" in text
    assert "新日期" not in text, "there is one that holds"


def test_a_place_that_moves_while_the_date_stays_is_a_correction() -> None:
    # People of V3 wait at home on the day on which they are to carry their things to V2.
    found = announcements(with_villages(V3={"told": on(1, at="V3")}))
    (notice,) = (notice for one in found for notice in one.notices if notice.village_id == "V3")
    assert (notice.kind, notice.day, notice.was) == (NoticeKind.MOVED, 1, Told(day=1, stop_id="V3"))
    assert "=1+1村原定3月3日（周二）的巡回维修改地点，很抱歉。维修队3月3日（周二）" in found[0].text
    back = announcements(with_villages(V4={"told": on(2, at="V6")}))
    text = next(one.text for one in back if one.notices[0].village_id == "V4")
    assert "日雨镇原定3月4日（周三）在邻村的巡回维修改地点" in text


def test_a_stop_near_by_stays_or_is_taken_back() -> None:
    # Nothing of V6 is carried; its people wait for the crew in V4 all the same.
    found = announcements(with_villages(V6={"told": (*on(2, at="V4"), *on(5, at="V4"))}))
    (message,) = (one for one in found if one.notices[0].village_id == "V6")
    assert [(notice.kind, notice.day) for notice in message.notices] == [
        (NoticeKind.ANNOUNCED, 2),
        (NoticeKind.CANCELLED, 5),
    ]
    assert "在日雨镇，邻村可搬动的待修电器请在这段时间送到那里" in message.text
    assert "原定3月7日（周六）在日雨镇的维修不能成行，邻村的电器请不要送去，很抱歉。" in message.text


def test_a_date_does_not_move_to_a_day_that_is_too_soon_to_tell() -> None:
    late = replace(with_villages(V2={"told": on(5, at="V2")}).asked, lead_day=3)
    found = announcements(toured(asked=late))
    kinds = {notice.day: notice.kind for one in found for notice in one.notices if notice.village_id == "V2"}
    assert kinds == {1: NoticeKind.NEW, 5: NoticeKind.CANCELLED}


def test_a_date_before_the_horizon_is_over_and_nobody_waits_for_it() -> None:
    found = announcements(with_villages(V2={"told": on(-3, at="V2")}))[0]
    assert found.notices[1].kind is NoticeKind.NEW


def test_who_carries_a_unit_learns_where_to() -> None:
    message = announcements(toured())[1]
    assert "3月3日（周二）08:15–09:30在木拉乡，=1+1村登记的冰箱1台请在这段时间送到那里" in message.text
    assert message.text.startswith("【巡回维修通知】各位村民好：")


def test_a_village_near_a_stop_is_invited() -> None:
    nearby = announcements(toured())[-1]
    assert nearby.notices[0].kind is NoticeKind.NEARBY
    assert "在日雨镇，邻村可搬动的待修电器请在这段时间送到那里" in nearby.text
    assert "没有登记的" not in nearby.text


def test_people_are_invited_unasked_only_where_time_is_planned_for_them() -> None:
    by_village = {one.notices[0].village_id: one.text for one in announcements(toured())}
    assert "没有登记的，可把可搬动的待修电器送到现场。" in by_village["V4"], "J6 is what people bring"
    for village_id in ("V1", "V3"):
        assert "没有登记的，请先打电话登记，约好后再送来。" in by_village[village_id]
    full = replace(ASKED, jobs=tuple(one for one in ASKED.jobs if one.id != "J6"))
    (tour,) = PLAN.tours
    alone = replace(tour, days=(*tour.days[:2], replace(tour.days[2], visits=tour.days[2].visits[:1])))
    nearby = announcements(toured(asked=full, plan=TourPlan(tours=(alone,))))[-1]
    assert "邻村可搬动的待修电器请先打电话登记，约好后再送到那里。" in nearby.text


def test_a_village_that_is_stopped_in_twice_on_a_day_is_told_twice_and_the_table_agrees(tmp_path: Path) -> None:
    (tour,) = PLAN.tours
    far, near = tour.days[2].visits
    between = replace(tour.days[1].visits[0], start_s=near.end_s, end_s=near.end_s + 60)
    again = replace(far, job_id="J4", start_s=near.end_s + 120, end_s=near.end_s + 180)
    twice = replace(
        tour,
        days=(tour.days[0], replace(tour.days[1], visits=()), replace(tour.days[2], visits=(near, between, again))),
    )
    found = toured(plan=TourPlan(tours=(twice,)))
    (message,) = (one for one in announcements(found) if [n.village_id for n in one.notices] == ["V4", "V4"])
    assert "没有登记的，可把可搬动的待修电器送到现场。" in message.text, "there is room at one of the two stops"
    write_tours(tmp_path / "out", found, {})
    assert [said for said in paper_differences(tmp_path / "out", found) if "announcements" in said] == []


def test_one_message_about_several_stops_says_which_of_them_has_room() -> None:
    one_contact = replace(NAMES, contacts={**NAMES.contacts, "V4": NAMES.contacts["V1"]})
    text = announcements(toured(names=one_contact))[0].text
    assert "没有登记的，3月4日（周三）在日雨镇可把可搬动的待修电器送到现场，其他时间和地点请先打电话登记" in text


def test_customers_are_not_named_to_a_whole_village() -> None:
    for message in announcements(toured()):
        assert "洛桑" not in message.text
        assert "13800000001" not in message.text


# --- calendar ------------------------------------------------------------------------------------------------------


def unfolded(calendar: bytes) -> list[str]:
    return calendar.decode().replace("\r\n ", "").split("\r\n")[:-1]


def test_the_calendar_keeps_to_its_format() -> None:
    calendar = tour_calendar(toured())
    for line in calendar.split(b"\r\n"):
        assert len(line) <= 75
        line.decode()
    lines = unfolded(calendar)
    assert lines[0] == "BEGIN:VCALENDAR"
    assert lines[-1] == "END:VCALENDAR"
    assert lines.count("BEGIN:VEVENT") == lines.count("END:VEVENT") == 3 + 2
    stamps = {line for line in lines if line.startswith("DTSTAMP")}
    assert stamps == {"DTSTAMP:20260301T220000Z"}
    assert len({line for line in lines if line.startswith("UID:")}) == 5
    assert "DTSTART:20260302T011000Z" in lines
    assert "LOCATION:稻城县贡嘎路\\; 3号" in lines


def test_the_same_plan_gives_the_same_calendar() -> None:
    assert tour_calendar(toured()) == tour_calendar(toured())


@given(st.text(st.characters(codec="utf-8"), max_size=200))
def test_whatever_people_typed_folds_and_escapes(fault: str) -> None:
    jobs = {**NAMES.jobs, "J1": {**NAMES.jobs["J1"], "fault": fault}}
    calendar = tour_calendar(toured(names=replace(NAMES, jobs=jobs)))
    assert all(len(line) <= 75 for line in calendar.split(b"\r\n"))
    lines = unfolded(calendar)
    assert all(line.partition(":")[0] in _PROPERTIES for line in lines)
    assert lines.count("BEGIN:VEVENT") == 5


_PROPERTIES = {
    *("BEGIN", "END", "VERSION", "PRODID", "CALSCALE", "METHOD", "X-WR-CALNAME", "UID", "DTSTAMP", "DTSTART", "DTEND"),
    *("SUMMARY", "LOCATION", "GEO", "DESCRIPTION"),
}


# --- map, tables, sheets -------------------------------------------------------------------------------------------


def test_every_village_is_visited_covered_uncovered_or_idle() -> None:
    assert village_status(toured()) == {
        "V1": "visited",
        "V2": "visited",
        "V3": "covered",
        "V4": "visited",
        "V5": "uncovered",
        "V6": "covered",
    }
    assert village_status(toured(covers={}))["V6"] == "idle"


def test_the_map_has_days_nights_homes_villages_and_covers() -> None:
    document = tour_features(toured())
    kinds = [one["properties"]["kind"] for one in document["features"]]
    assert {kind: kinds.count(kind) for kind in set(kinds)} == {
        "day": 3,
        "night": 2,
        "home": 2,
        "village": 6,
        "cover": 1,
    }
    first, second, third = (one for one in document["features"] if one["properties"]["kind"] == "day")
    assert first["geometry"]["coordinates"][-1] == second["geometry"]["coordinates"][0] == [104.8, 30.0]
    assert third["geometry"]["coordinates"][-1] == [104.0, 30.0]
    assert first["properties"]["distance_m"] == 80_000
    json.dumps(document, allow_nan=False)


def test_a_crew_on_the_road_leaves_from_its_bed() -> None:
    away = replace(ASKED.crews[0], on_the_road=OnTheRoad(day=0, lodging_id="L2", nights=1, aboard=frozenset({"J1"})))
    found = toured(asked=replace(ASKED, crews=(away, ASKED.crews[1])))
    day = next(one for one in tour_features(found)["features"] if one["properties"]["kind"] == "day")
    assert day["geometry"]["coordinates"][0] == [105.39, 30.0]


def test_tables_say_what_was_planned() -> None:
    found = toured()
    assert [row["lodging_id"] for row in rows(found, "days.csv")] == ["L1", "L2", ""]
    carried = next(row for row in rows(found, "visits.csv") if row["job_id"] == "J3")
    assert (carried["village_id"], carried["carried_from"]) == ("V2", "V3")
    assert carried["contact"] == "<b>"
    assert carried["phone"] == "'+1"
    (left,) = rows(found, "left_out.csv")
    assert (left["rule"], left["instead"], left["next_date"]) == ("DRIVING", "later", "2026-03-14")
    kit = [(row["job_id"], row["part_id"], row["quantity"], row["carried"]) for row in rows(found, "kit.csv")]
    assert kit == [("J1", "P1", "2", "no"), ("J2", "P9", "1", "yes")]
    (order,) = rows(found, "kit_orders.csv")
    assert (order["source_id"], order["outlet_id"], order["in_time"]) == ("W1", "O1", "yes")
    assert order["ready_at"] < order["leaves_at"]


def test_spares_that_come_back_are_returns_of_the_outlet() -> None:
    lines = tuple(
        KitLine(part_id=part_id, quantity=3, is_spare=True, expected_back=back)
        for part_id, back in (("P1", 2), ("P9", 0))
    )
    kit = Kit(lines=lines, fixed_on_spot_permille=900, volume_ml=1, money_fen=1)
    (back,) = rows(toured(kits={"K1@2026-03-02": kit}), "kit_returns.csv")
    assert (back["outlet_id"], back["part_id"], back["quantity"]) == ("O1", "P1", "2")
    assert back["ready_at"] > "2026-03-04"


def test_no_cell_is_a_formula() -> None:
    for file in TOUR_PAPERS:
        for row in rows(toured(), file):
            assert not any(cell.startswith(("=", "+", "-", "@")) for cell in row.values())


def test_a_kit_that_nobody_can_send_is_not_in_time() -> None:
    assert ORDER.in_time
    assert not replace(ORDER, source_id=None, pieces=()).in_time


def test_parts_are_in_time_when_all_pieces_are() -> None:
    (piece,) = ORDER.pieces
    half = replace(piece, quantity=1)
    late = replace(half, ready_p90_s=ORDER.leaves_s + 1)
    for pieces, there in (((half, half), 2), ((half,), 1), ((half, late), 1), ((late, late), 0)):
        order = replace(ORDER, pieces=pieces)
        assert (order.there, order.in_time) == (there, there == 2)
        (row,) = rows(toured(kit_orders=(order,)), "kit_orders.csv")
        assert row["in_time"] == ("yes" if there == 2 else "no")
        assert tour_kpis(toured(kit_orders=(order,))).kit_lines_in_time == (there == 2)


def test_a_sheet_has_what_is_left_out_in_villages_of_its_own() -> None:
    left = (replace(PLAN.left_out[0], job_id="J2"), *PLAN.left_out)
    page = dict(tour_pages(toured(plan=replace(PLAN, left_out=left))))["K1@2026-03-02.html"]
    lost = page[page.index("<h2>未安排的工单") : page.index("<h2>没有停靠的村")]
    assert "1 件" in lost
    assert "木拉乡" in lost
    assert "孤村" not in page
    assert "邻村" in page, "near a stop, and without one"


def test_a_day_on_which_nobody_drives_is_a_rest() -> None:
    (tour,) = PLAN.tours
    first, second, last = tour.days
    rest = replace(second, visits=(), travel_s=0, travel_m=0, arrive_s=second.depart_s, lodging_id="L1")
    plan = TourPlan(tours=(replace(tour, days=(first, rest, last)),), left_out=PLAN.left_out)
    page = dict(tour_pages(toured(plan=plan)))["K1@2026-03-02.html"]
    waits = page[page.index("第 2 天") : page.index("第 3 天")]
    assert "休息/等待" in waits
    assert "留在住宿" in waits
    assert "出发" not in waits
    assert "预计" not in waits
    assert page.count("休息/等待") == 1


def test_spare_parts_follow_what_the_visits_need() -> None:
    spare = KitLine(part_id="P9", quantity=3, is_spare=True, expected_back=2)
    exact = KitLine(part_id="P1", quantity=2, for_job_ids=("J1",))
    kit = Kit(lines=(exact, spare), fixed_on_spot_permille=812, volume_ml=900, money_fen=5_000)
    found = toured(kits={"K1@2026-03-02": kit})
    *needed, last = rows(found, "kit.csv")
    assert [row["spare"] for row in needed] == ["no", "no"]
    assert (last["part_id"], last["name"], last["quantity"]) == ("P9", "密封圈套件", "3")
    assert (last["spare"], last["expected_back"], last["job_id"]) == ("yes", "2", "")
    assert tour_kpis(found).fixed_on_spot_permille == {"K1@2026-03-02": 812}
    order = replace(ORDER, order_line_id="s/1", job_id="", part_id="P9")
    page = dict(tour_pages(replace(found, kit_orders=(order, ORDER))))["K1@2026-03-02.html"]
    assert page.index("主控板 <") < page.index("备用")


def test_villages_that_nobody_visits_are_told_longest_first() -> None:
    assert days_unvisited(toured()) == [("V3", 310)]
    assert days_unvisited(without_day(toured(), 0))[0] == ("V1", None)


def test_the_index_goes_crew_by_crew_and_begins_with_what_nobody_does() -> None:
    """Elsewhere tours go by date: here somebody sends out one crew after the other."""
    (tour,) = PLAN.tours
    (left,) = PLAN.left_out
    later = [replace(one, day=one.day + 1) for one in tour.days[1:]]
    plan = replace(
        PLAN,
        tours=(replace(tour, crew_id="K2", days=tour.days[:1]), replace(tour, days=tuple(later))),
        left_out=(
            left,
            replace(left, job_id="J3", instead=Instead.OUTLET),
            replace(left, job_id="J1", instead=Instead.NOBODY),
        ),
    )
    untold = tuple(replace(one, told=(), contact="") for one in ASKED.villages)
    page = dict(
        tour_pages(toured(plan=plan, asked=replace(ASKED, villages=untold), names=replace(NAMES, contacts={})))
    )["index.html"]
    order = [page.index(words) for words in ("甘孜一组</a>", "甘孜二组</a>", "<h2>通知", "<h2>未安排的工单")]
    assert order == sorted(order)
    told = page[page.index("<h2>通知") : page.index("<h2>未安排的工单")]
    assert "甘孜二组 3月2日（周一） 09:10" in told
    assert told.index("甘孜一组 3月") < told.index("甘孜二组 3月")
    lost = page[page.index("<h2>未安排的工单") :]
    order = [lost.index(job_id) for job_id in ("J1", "J3", "J5")]
    assert order == sorted(order)


def test_sheets_are_whole_and_escaped() -> None:
    pages = dict(tour_pages(toured()))
    assert set(pages) == {"index.html", "K1@2026-03-02.html"}
    page = pages["K1@2026-03-02.html"]
    for text in (
        "稻城客栈",
        "21:00",
        "桑堆村",
        "扎西",
        "0836-5700001",
        "不制冷",
        "主控板 × 2",
        "成都中转库（快递）",
        "11:30–12:30 午休",
    ):
        assert text in page
    for text in ("从=1+1村送来", "已通知", "王师傅、李师傅", "真空泵"):
        assert text in page
    for text in ("超过一天的车程", "3月14日（周六）", "孤村"):
        assert text in pages["index.html"]
        assert text not in page, "of a village that this crew does not come by"
    assert "现场受理</span> 预计约1件" in page
    assert "<b>" not in page
    assert "http" not in page
    assert "没有停靠的村" in pages["index.html"]
    assert announcements(toured())[0].text.splitlines()[1] in pages["index.html"]


def test_a_line_that_several_sources_send_is_told_piece_by_piece() -> None:
    piece = Dispatch(
        line_id="J1/1",
        order_id="J1",
        part_id="P1",
        quantity=1,
        source_id="W1",
        mode=ShipMode.EXPRESS,
        ships_s=clock("18:00", day=-2),
        ready_p50_s=clock("12:00", day=-1),
        ready_p90_s=clock("18:00", day=-1),
        cost_fen=1_500,
    )
    split = replace(ORDER, pieces=(piece, replace(piece, source_id="W2")))
    (line,) = tours_document(toured(kit_orders=(split,)))["kit_orders"]
    assert [(one["source_id"], one["quantity"]) for one in line["pieces"]] == [("W1", "1"), ("W2", "1")]
    assert line["pieces"][0]["ready_at"] == line["ready_at"]


def test_without_tours_the_papers_say_so(tmp_path: Path) -> None:
    found = toured(plan=TourPlan(tours=(), left_out=PLAN.left_out), kit_orders=(), covers={})
    assert "本期没有巡回行程" in dict(tour_pages(found))["index.html"]
    kpis = tour_kpis(found)
    assert (kpis.jobs, kpis.road_fen_per_job, kpis.outlet_fen_per_job) == (0, None, None)
    write_tours(tmp_path / "out", found, kpis.as_dict())
    assert (tmp_path / "out" / "tours.png").stat().st_size > 10_000


def test_tools_are_those_of_the_families_and_schemes() -> None:
    assert tools_for(()) == ()
    tools = tools_for((job("A", "V1"), job("B", "V1", certificates=frozenset({"high_altitude"}))))
    assert {"真空泵", "安全带"} <= set(tools)
    assert len(tools) == len(set(tools))
    assert "内筒扳手" not in tools


def test_key_figures() -> None:
    kpis = tour_kpis(toured())
    assert (kpis.tours, kpis.days, kpis.nights, kpis.jobs, kpis.left_out) == (1, 3, 2, 5, 1)
    assert kpis.nights_by_crew == {"K1": 2, "K2": 0}
    assert kpis.road_fen_per_job == 311_000 // 5
    assert (kpis.priced_jobs, kpis.outlet_fen_per_job) == (3, 20_000)
    assert kpis.gap == pytest.approx(0.1)
    assert (kpis.announced, kpis.announced_kept) == (1, 1)
    assert kpis.carried_in == 1
    assert kpis.distance_m == 283_000


# --- the folder, and back ------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("tours") / "out"
    write_tours(place, toured(), tour_kpis(toured()).as_dict())
    return place


def test_the_folder_is_whole_and_reads_back(out: Path) -> None:
    assert {path.name for path in out.iterdir()} == {
        *TOUR_PAPERS,
        "tours.json",
        "tours.geojson",
        "tours.ics",
        "tours.png",
        "kpis.json",
        "sheets",
    }
    assert {path.name for path in out.parent.iterdir()} == {"out"}
    read = read_tour_plan(out, ASKED)
    assert read.result == RESULT
    assert read.pulled == Pulled()
    assert (read.provider, read.is_estimate) == ("flat", True)
    for file, (columns, _) in TOUR_PAPERS.items():
        content = (out / file).read_bytes()
        assert content.startswith(b"\xef\xbb\xbf")
        assert tuple(next(csv.reader(io.StringIO(content.decode("utf-8-sig"))))) == columns


def test_levers_read_back_with_a_crew_that_was_added(tmp_path: Path) -> None:
    pulled = Pulled(
        levers=Levers(
            nights=2,
            day_metres=250_000,
            van_days=9,
            must_visit=frozenset({"V5", "V1"}),
            never_visit=frozenset({"V6"}),
            forbidden_lodgings=frozenset({"L2"}),
            locked=(LockedDay(crew_id="K1", day=1, job_ids=("J2",), lodging_id="L2"),),
            spans=(Span(crew_id="K2", first_day=3, last_day=5),),
        ),
        crews=(MoreCrew(id="K1-2", like="K1"),),
        days=(MoreDay(crew_id="K2", day=9),),
    )
    (tour,) = PLAN.tours
    plan = replace(PLAN, tours=(replace(tour, crew_id="K1-2"),))
    found = toured(asked=pull(ASKED, pulled), pulled=pulled, plan=plan, kit_orders=())
    write_tours(tmp_path / "out", found, {})
    read = read_tour_plan(tmp_path / "out", ASKED)
    assert read.pulled == pulled
    assert read.result.plan == plan


def test_an_added_crew_begins_at_home_and_works_as_told() -> None:
    tired = crew("K9", "九组", days=frozenset({0}), nights_before=7)
    pulled = Pulled(crews=(MoreCrew(id="K9-2", like="K9"),), days=(MoreDay(crew_id="K9", day=4),))
    first, second = pull(replace(ASKED, crews=(tired,)), pulled).crews
    assert (first.days, first.nights_before) == (frozenset({0, 4}), 7)
    assert (second.id, second.days, second.nights_before) == ("K9-2", frozenset({0}), 0)


def edited(out: Path, place: Path, edit: Callable[[Any], None]) -> Path:
    document = json.loads((out / "tours.json").read_text(encoding="utf-8"))
    edit(document)
    place.mkdir()
    (place / "tours.json").write_text(json.dumps(document), encoding="utf-8")
    return place


def test_every_fault_is_told_at_once(out: Path, tmp_path: Path) -> None:
    def edit(document: Any) -> None:
        document["days"] = 9
        document["cost_fen"]["total"] += 1
        document["tours"][0]["crew_id"] = "K7"
        document["tours"][0]["nights"] = 5
        document["tours"][0]["days"][0]["visits"][0]["job_id"] = "J77"
        document["tours"][0]["days"][1]["lodging_id"] = "L7"
        document["tours"][0]["days"][1]["depart"] = "08:00"
        document["left_out"][0]["rule"] = "MOOD"
        document["levers"]["must_visit"] = ["V77"]
        document["more"] = 1

    with pytest.raises(PlanRefused) as refused:
        read_tour_plan(edited(out, tmp_path / "bad", edit), ASKED)
    assert {fault.column for fault in refused.value.faults} == {
        "days",
        "cost_fen.total",
        "tours[1].crew_id",
        "tours[1].nights",
        "tours[1].days[1].visits[1].job_id",
        "tours[1].days[2].lodging_id",
        "tours[1].days[2].depart",
        "left_out[1].rule",
        "levers.must_visit",
        "more",
    }


@pytest.mark.parametrize("text", ["", "[1, 2]", "{", '{"format": "paigong plan 1"}', "[" * 100_000])
def test_what_is_no_such_file_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "tours.json").write_text(text, encoding="utf-8")
    with pytest.raises(PlanRefused):
        read_tour_plan(tmp_path, ASKED)


def test_a_missing_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(PlanRefused) as refused:
        read_tour_plan(tmp_path / "nowhere", ASKED)
    assert refused.value.faults[0].file == "tours.json"


def test_a_base_loses_what_is_gone(out: Path) -> None:
    later = replace(ASKED, jobs=tuple(one for one in ASKED.jobs if one.id != "J1"))
    base = read_tour_base(out, later)
    (tour,) = base.plan.tours
    assert [visit.job_id for day in tour.days for visit in day.visits] == ["J2", "J3", "J4", "J6"]
    assert [job_id for ids in base.gone.values() for job_id in ids] == ["J1"]
    # Three days on, the tour is over.
    assert read_tour_base(out, replace(ASKED, date=PLAN_IS_OVER)).plan.tours == ()


PLAN_IS_OVER = ASKED.date.replace(day=5)


def test_something_else_is_not_replaced(tmp_path: Path) -> None:
    place = tmp_path / "mine"
    place.mkdir()
    (place / "letter.txt").touch()
    with pytest.raises(ForeignFolder):
        check_tour_place(place)
    with pytest.raises(ForeignFolder):
        write_tours(place, toured(), {})
    assert [path.name for path in place.iterdir()] == ["letter.txt"]


def test_when_a_paper_fails_nothing_is_left(tmp_path: Path) -> None:
    broken = Tour(crew_id="nobody", days=PLAN.tours[0].days)
    with pytest.raises(KeyError):
        write_tours(tmp_path / "out", toured(plan=replace(PLAN, tours=(broken,))), {})
    assert list(tmp_path.iterdir()) == []
