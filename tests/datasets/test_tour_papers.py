"""Papers of tours: calendars, maps, what crews take, sheets, key figures."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from datasets.tour_announcements import announcements
from datasets.tour_calendar import tour_calendar
from datasets.tour_folder import tours_document, write_tours
from datasets.tour_kpis import tour_kpis
from datasets.tour_map import tour_features, village_status
from datasets.tour_papers import TOUR_PAPERS, days_unvisited
from datasets.tour_picture import draw_tour
from datasets.tour_sheets import tour_pages
from datasets.tour_tools import tools_for
from optimizer.model import ShipMode
from optimizer.parts.model import Dispatch
from optimizer.tours.kit import Kit, KitLine
from optimizer.tours.model import OnTheRoad
from optimizer.tours.plan import Instead, TourPlan
from tests.datasets.make_toured import ASKED, NAMES, ORDER, PLAN, job, paper_rows, toured, without_day
from tests.make import clock

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
    assert [row["lodging_id"] for row in paper_rows(found, "days.csv")] == ["L1", "L2", ""]
    carried = next(row for row in paper_rows(found, "visits.csv") if row["job_id"] == "J3")
    assert (carried["village_id"], carried["carried_from"]) == ("V2", "V3")
    assert carried["contact"] == "<b>"
    assert carried["phone"] == "'+1"
    (left,) = paper_rows(found, "left_out.csv")
    assert (left["rule"], left["instead"], left["next_date"]) == ("DRIVING", "later", "2026-03-14")
    kit = [(row["job_id"], row["part_id"], row["quantity"], row["carried"]) for row in paper_rows(found, "kit.csv")]
    assert kit == [("J1", "P1", "2", "no"), ("J2", "P9", "1", "yes")]
    (order,) = paper_rows(found, "kit_orders.csv")
    assert (order["source_id"], order["outlet_id"], order["in_time"]) == ("W1", "O1", "yes")
    assert order["ready_at"] < order["leaves_at"]


def test_spares_that_come_back_are_returns_of_the_outlet() -> None:
    lines = tuple(
        KitLine(part_id=part_id, quantity=3, is_spare=True, expected_back=back)
        for part_id, back in (("P1", 2), ("P9", 0))
    )
    kit = Kit(lines=lines, fixed_on_spot_permille=900, volume_ml=1, money_fen=1)
    (back,) = paper_rows(toured(kits={"K1@2026-03-02": kit}), "kit_returns.csv")
    assert (back["outlet_id"], back["part_id"], back["quantity"]) == ("O1", "P1", "2")
    assert back["ready_at"] > "2026-03-04"


def test_no_cell_is_a_formula() -> None:
    for file in TOUR_PAPERS:
        for row in paper_rows(toured(), file):
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
        (row,) = paper_rows(toured(kit_orders=(order,)), "kit_orders.csv")
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
    *needed, last = paper_rows(found, "kit.csv")
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


def test_a_tour_has_a_picture_of_its_own(tmp_path: Path) -> None:
    found = toured()
    (tour,) = found.tours
    draw_tour(tmp_path / "tour.png", found, tour)
    head = (tmp_path / "tour.png").read_bytes()[:24]
    assert head.startswith(b"\x89PNG")
    assert tuple(int.from_bytes(head[at : at + 4], "big") for at in (16, 20)) == (1600, 1200)
