"""The printable sheets say what a technician needs, for every outlet, and let nothing typed run."""

import re
from dataclasses import replace
from pathlib import Path

from datasets.sheets import write_sheets
from optimizer.model import Break, Channel, Clock, ClockKind, Day, Ownership, Window
from optimizer.plan import Plan
from tests import make
from tests.datasets.make_names import named

H = 3600


def network(*jobs, **more) -> Day:
    """Make an own outlet o1, a telephone outlet o2, a fax outlet o3 and an idle outlet o4, one technician each."""
    return make.day(
        *jobs,
        **{
            "days": 2,
            "outlets": (
                make.outlet(),
                make.outlet("o2", ownership=Ownership.CONTRACT, channel=Channel.PHONE),
                make.outlet("o3", ownership=Ownership.CONTRACT, channel=Channel.FAX),
                make.outlet("o4", ownership=Ownership.CONTRACT, channel=Channel.PHONE),
            ),
            "technicians": tuple(make.technician(f"t{n}", outlet_id=f"o{n}") for n in (1, 2, 3, 4)),
            "shifts": tuple(make.shift(f"t{n}-{day}") for n in (1, 2, 3, 4) for day in (0, 1)),
        }
        | more,
    )


def written(tmp_path: Path, day: Day, plan: Plan, **cells) -> dict[str, str]:
    write_sheets(tmp_path / "sheets", named(day, **cells), plan)
    return {path.name: path.read_text(encoding="utf-8") for path in (tmp_path / "sheets").iterdir()}


def text_of(page: str) -> str:
    """Return what a reader sees, tags and the style sheet taken away."""
    return re.sub(r"\s+", " ", re.sub(r"<style>.*?</style>|<[^>]*>", " ", page, flags=re.DOTALL))


def test_every_outlet_has_a_page_and_the_index_links_it(tmp_path: Path) -> None:
    day = network(make.job("a"))
    pages = written(tmp_path, day, make.plan(day, make.route(day, ("a", 9 * H))))
    assert set(pages) == {"index.html", "o1.html", "o2.html", "o3.html", "o4.html"}
    assert {link for link in re.findall(r'href="([^"]+)"', pages["index.html"])} == set(pages) - {"index.html"}
    assert "本期没有上门任务" in pages["o2.html"]
    assert "本期没有上门任务" not in pages["o1.html"]


def test_a_visit_says_who_where_what_and_when(tmp_path: Path) -> None:
    day = network(
        make.job(
            "a",
            certificates=frozenset({"gas"}),
            crew=2,
            urgent=True,
            appointment=Window(earliest_s=9 * H, latest_s=10 * H),
        )
    )
    page = text_of(
        written(tmp_path, day, make.plan(day, make.route(day, ("a", 9 * H))), product="air_conditioner")["o1.html"]
    )
    assert "o1维修站" in page
    assert "联系人 李师傅 · 电话 19900000000" in page
    assert "2026-03-02 周一 · 技师t1" in page
    assert "08:58 从驻点出发" in page
    assert "09:31 返回驻点" in page
    assert "张女士 19911112222 人民路 1 号" in page
    assert "家康 空调 漏水 维修 2 人 加急" in page
    assert "09:00 服务 30 分钟 至 09:30 路上 2 分钟 1.0 公里" in page
    assert "燃气" in page
    assert "上门：03-03 00:00 前" in page
    assert "预约 03-02 09:00–10:00" in page
    assert "行程时间为估算" in page


def test_typed_text_cannot_run(tmp_path: Path) -> None:
    day = network(make.job("a"))
    pages = written(
        tmp_path,
        day,
        make.plan(day, make.route(day, ("a", 9 * H))),
        contact="<script>alert(1)</script>",
        address='"><img src=x>',
        fault="</style>",
    )
    assert "<script" not in pages["o1.html"]
    assert "<img" not in pages["o1.html"]
    assert pages["o1.html"].count("</style>") == 1
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in pages["o1.html"]


def test_pages_load_nothing_from_elsewhere(tmp_path: Path) -> None:
    day = network(make.job("a"))
    for page in written(tmp_path, day, make.plan(day, make.route(day, ("a", 9 * H)))).values():
        assert not re.search(r"https?://|\bsrc=|<link|@import|url\(", page)
        assert "@page { size: A4" in page


def test_offline_outlets_are_marked_and_signed(tmp_path: Path) -> None:
    day = network(make.job("a"), make.job("b"), make.job("c"))
    routes = [make.route(day, (job, 9 * H), shift_id=f"t{n}-0") for n, job in ((1, "a"), (2, "b"), (3, "c"))]
    pages = written(tmp_path, day, make.plan(day, *routes))
    assert '<div class="mark">电话网点' in pages["o2.html"]
    assert '<div class="mark">传真网点' in pages["o3.html"]
    assert "接收人签字" in pages["o2.html"]
    assert "□ 完成" in pages["o3.html"]
    assert "网点<small>" not in pages["o1.html"]
    assert "接收人签字" not in pages["o1.html"]


def test_the_index_calls_the_outlet_with_the_least_slack_first(tmp_path: Path) -> None:
    def due(name: str, hour: int):
        return make.job(name, clocks=(_arrival(hour),))

    day = network(due("a", 20), due("b", 12), due("c", 8))
    routes = [make.route(day, (job, 9 * H), shift_id=f"t{n}-0") for n, job in ((2, "a"), (3, "b"), (4, "c"))]
    index = written(tmp_path, day, make.plan(day, *routes))["index.html"]
    table = index[index.index("<tbody>") : index.index("</tbody>")]
    assert re.findall(r'href="(o\d)\.html"', table) == ["o4", "o3", "o2"]
    assert "超时 1 小时 00 分" in table
    assert "3 小时 00 分" in table
    assert table.count("late") == 1


def _arrival(hour: int):
    return Clock(kind=ClockKind.ARRIVAL, due_s=hour * H)


def test_a_visit_after_its_due_time_says_so(tmp_path: Path) -> None:
    day = network(make.job("a", clocks=(_arrival(8),)))
    page = text_of(written(tmp_path, day, make.plan(day, make.route(day, ("a", 9 * H))))["o1.html"])
    assert "上门：03-02 08:00 前 （已超时）" in re.sub(r" ?（", " （", page)


def test_the_break_stands_between_the_visits_around_it(tmp_path: Path) -> None:
    meal = Break(earliest_s=11 * H, latest_s=13 * H, duration_s=H)
    day = network(make.job("a"), make.job("b"), shifts=(make.shift(break_=meal),))
    route = make.route(day, ("a", 9 * H), ("b", 14 * H), break_start_s=12 * H)
    page = text_of(written(tmp_path, day, make.plan(day, route))["o1.html"])
    assert page.index("09:00 服务") < page.index("12:00–13:00 午休") < page.index("14:00 服务")


def test_parts_to_pick_up_say_from_where_and_when(tmp_path: Path) -> None:
    day = network(
        make.job("a", order_lines=(make.order_line(quantity=2),)),
        parts=(make.part(),),
        warehouses=(make.warehouse(),),
        lanes=(make.lane(),),
    )
    shipment = make.shipment(job_id="a", quantity=2)
    plan = make.plan(day, make.route(day, ("a", 10 * H)), shipments=[shipment])
    page = text_of(written(tmp_path, day, plan)["o1.html"])
    assert "主控板 × 2" in page
    assert "□ 1 主控板 p1 2 成都中转库（标准） 03-02 09:00 a" in page
    assert "出发后到件" not in page


def test_parts_that_come_after_leaving_and_those_on_the_van_say_so(tmp_path: Path) -> None:
    day = network(
        make.job("a", position=make.at(600)),
        make.job("b", order_lines=(make.order_line(),)),
        parts=(make.part(),),
        warehouses=(make.warehouse(),),
        lanes=(make.lane(),),
    )
    plan = make.plan(day, make.route(day, ("a", 8 * H), ("b", 10 * H)), shipments=[make.shipment(job_id="b")])
    write_sheets(tmp_path / "sheets", replace(named(day), carried={"a": (("p1", 3),)}), plan)
    page = text_of((tmp_path / "sheets" / "o1.html").read_text(encoding="utf-8"))
    assert "□ 1 主控板 p1 3 随车常备 — a" in page
    assert "□ 2 主控板 p1 1 成都中转库（标准） 03-02 09:00 出发后到件：由网点于 03-02 10:00 前送到现场 b" in page


def test_shifts_of_both_days_are_in_order_and_times_after_midnight_are_dated(tmp_path: Path) -> None:
    day = network(make.job("a"), make.job("b"))
    routes = [make.route(day, ("a", 33 * H), shift_id="t1-1"), make.route(day, ("b", 24 * H - 900))]
    page = text_of(written(tmp_path, day, make.plan(day, *routes))["o1.html"])
    assert page.index("2026-03-02 周一") < page.index("2026-03-03 周二")
    assert "至 03-03 00:15" in page
    assert "09:00 服务" in page
    assert "日期 2026-03-02 至 2026-03-03 · 上门 2 次 · 技师班次 2 个" in page


def test_ids_may_be_any_words(tmp_path: Path) -> None:
    outlets = (make.outlet("网点 #1 & 2%"), make.outlet("index"))
    day = make.day(outlets=outlets, technicians=(make.technician(outlet_id="index"),))
    pages = written(tmp_path, day, make.plan(day, make.route(day, ("j1", 9 * H))))
    assert set(pages) == {"index.html", "网点 #1 & 2%.html", "outlet-index.html"}
    assert 'href="%E7%BD%91%E7%82%B9%20%231%20%26%202%25.html"' in pages["index.html"]
    assert 'href="outlet-index.html"' in pages["index.html"]


def test_a_day_without_jobs_still_gives_every_page(tmp_path: Path) -> None:
    day = network(make.job("a"))
    pages = written(tmp_path, day, make.plan(day))
    assert len(pages) == 5
    assert all("本期没有上门任务" in page for name, page in pages.items() if name != "index.html")
