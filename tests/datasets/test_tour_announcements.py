"""What villages are told of tours: new dates, those that stay, those that move, and whom to call."""

from dataclasses import replace
from pathlib import Path

from datasets.tour_agreement import paper_differences
from datasets.tour_announcements import NoticeKind, announcements
from datasets.tour_folder import write_tours
from datasets.tour_names import Person
from optimizer.tours.model import Told
from optimizer.tours.plan import TourPlan
from tests.datasets.make_toured import ASKED, NAMES, PLAN, toured, with_villages, without_day
from tests.make_tours import on


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
