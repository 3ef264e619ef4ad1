"""A small region with planned tours: two crews, three days, two nights, one village that is only carried from."""

import datetime as dt
from dataclasses import replace
from typing import Any

from datasets.tour_names import KitOrder, Person, Toured, TourNames
from datasets.tour_papers import TOUR_PAPERS
from optimizer.model import Break, OrderLine, ShipMode, Skill, TravelMode
from optimizer.parts.model import Dispatch
from optimizer.tours.model import Crew, Lodging, Told, Touring, TourJob, TourRule, Village, WorkKind
from optimizer.tours.plan import Instead, LeftOut, Tour, TourCost, TourDay, TourPlan, TourResult, Visit
from tests.make import at, clock

__all__ = [
    "ASKED",
    "NAMES",
    "PLAN",
    "RESULT",
    "crew",
    "job",
    "paper_rows",
    "toured",
    "village",
    "with_villages",
    "without_day",
]

DATE = dt.date(2026, 3, 2)


def village(id: str, name: str, east_m: int, north_m: int = 0, **fields: Any) -> Village:
    """Make a village of twenty households whom nobody has visited."""
    return Village(**{"id": id, "name": name, "position": at(east_m, north_m), "households": 20, **fields})


def job(id: str, village_id: str, **fields: Any) -> TourJob:
    """Make half an hour's work on a fridge that a customer agreed to wait for."""
    usual: dict[str, Any] = {
        "kind": WorkKind.CONSENTED,
        "skill": Skill(family="refrigerator", level=1),
        "service_s": 1_800,
        "first_s": 0,
        "last_s": clock("18:00", day=9),
        "reported_s": clock("10:00", day=-3),
        "outlet_fen": 20_000,
        "outlet_id": "O1",
    }
    return TourJob(id=id, village_id=village_id, **usual | fields)


def crew(id: str, name: str, **fields: Any) -> Crew:
    """Make two people with a car, every day of the horizon."""
    usual: dict[str, Any] = {
        "outlet_id": "O1",
        "position": at(),
        "mode": TravelMode.CAR,
        "people": 2,
        "skills": (Skill(family="refrigerator", level=2), Skill(family="air_conditioner", level=2)),
        "days": frozenset(range(10)),
        "break_": Break(earliest_s=clock("11:30"), latest_s=clock("13:30"), duration_s=3_600),
    }
    return Crew(id=id, name=name, **usual | fields)


ASKED = Touring(
    date=DATE,
    days=10,
    now_s=clock("06:00"),
    villages=(
        village("V1", "桑堆村", 60_000, contact="扎西"),
        village("V2", "木拉乡", 90_000, 10_000, contact="扎西", told=(Told(day=1, stop_id="V2"),)),
        village("V3", "=1+1村", 95_000, 12_000, last_visit_day=-300),
        village("V4", "日雨镇", 140_000, contact="卓玛"),
        village("V5", "孤村", 400_000, last_visit_day=-20),
        village("V6", "邻村", 141_000, last_visit_day=-20),
    ),
    lodgings=(
        Lodging(id="L1", name="稻城客栈", position=at(80_000), price_fen=9_000, check_in_s=clock("21:00")),
        Lodging(id="L2", name="日雨旅店", position=at(139_000), price_fen=7_000, check_in_s=clock("20:00")),
    ),
    crews=(crew("K1", "甘孜一组"), crew("K2", "甘孜二组")),
    jobs=(
        job("J1", "V1", order_lines=(OrderLine(id="J1/1", part_id="P1", quantity=2),)),
        job("J2", "V2", skill=Skill(family="air_conditioner", level=1), certificates=frozenset({"refrigerant"})),
        job("J3", "V3", portable=True, outlet_fen=None),
        job("J4", "V4", kind=WorkKind.PREVENTIVE, due_day=2, reported_s=None),
        job("J5", "V5", outlet_fen=None),
        job("J6", "V4", kind=WorkKind.WALK_IN, expected=130, reported_s=None, outlet_fen=None),
    ),
)


def _visit(job_id: str, village_id: str, start: str, day: int, travel_s: int, minutes: int = 30) -> Visit:
    start_s = clock(start, day=day)
    return Visit(
        job_id=job_id,
        village_id=village_id,
        start_s=start_s,
        end_s=start_s + minutes * 60,
        travel_s=travel_s,
        travel_m=travel_s * 10,
    )


_LEFT = LeftOut(
    job_id="J5",
    rule=TourRule.DRIVING,
    reason="Farther than a day's drive.",
    reason_zh="超过一天的车程。",
    instead=Instead.LATER,
    fen=15_000,
    remedy="A bed nearer by.",
    remedy_zh="找更近的住宿。",
    next_day=12,
)
PLAN = TourPlan(
    tours=(
        Tour(
            crew_id="K1",
            days=(
                TourDay(
                    day=0,
                    depart_s=clock("07:30"),
                    visits=(_visit("J1", "V1", "09:10", 0, 6_000),),
                    arrive_s=clock("12:20"),
                    travel_s=2_000,
                    travel_m=20_000,
                    lodging_id="L1",
                    break_start_s=clock("11:30"),
                ),
                TourDay(
                    day=1,
                    depart_s=clock("08:00", day=1),
                    visits=(_visit("J2", "V2", "08:20", 1, 1_200), _visit("J3", "V2", "08:50", 1, 0, 35)),
                    arrive_s=clock("11:00", day=1),
                    travel_s=5_000,
                    travel_m=50_000,
                    lodging_id="L2",
                ),
                TourDay(
                    day=2,
                    depart_s=clock("08:00", day=2),
                    visits=(_visit("J4", "V4", "08:05", 2, 100), _visit("J6", "V4", "08:35", 2, 0)),
                    arrive_s=clock("13:00", day=2),
                    travel_s=14_000,
                    travel_m=140_000,
                    lodging_id=None,
                ),
            ),
        ),
    ),
    left_out=(_LEFT,),
)
RESULT = TourResult(
    plan=PLAN,
    cost=TourCost(tours=5_000, wages=216_000, per_diem=32_000, lodging=32_000, driving=26_000, deferred=15_000),
    bound_fen=293_400,
    candidates=321,
    seed=1,
)
NAMES = TourNames(
    contacts={
        "V1": Person(name="扎西", phone="0836-5700001"),
        "V2": Person(name="扎西", phone="0836-5700001"),
        "V4": Person(name="卓玛", phone="0836-5700002"),
        "V6": Person(name="扎西", phone="0836-5700009"),
    },
    outlets={"O1": Person(name="稻城网点", phone="0836-5720000")},
    members={"K1": ("王师傅", "李师傅")},
    villages={"V1": {"meeting_place": "村委会"}},
    lodgings={"L1": {"address": "稻城县贡嘎路; 3号", "phone": "0836-5728888"}},
    jobs={
        "J1": {
            "contact": "洛桑",
            "phone": "13800000001",
            "address": "桑堆村 12 号",
            "fault": "不制冷",
            "brand": "极光",
        },
        "J3": {"contact": "<b>", "phone": "+1", "fault": "异响"},
    },
    parts={"P1": "主控板", "P9": "密封圈套件"},
    sources={"W1": "成都中转库"},
    carried={"J2": (("P9", 1),)},
)
ORDER = KitOrder(
    order_line_id="J1/1",
    tour_id="K1@2026-03-02",
    job_id="J1",
    part_id="P1",
    asked_part_id="P1",
    quantity=2,
    answer="confirmed",
    leaves_s=clock("07:30"),
    source_id="W1",
    mode=ShipMode.EXPRESS,
    ships_s=clock("18:00", day=-2),
    ready_s=clock("18:00", day=-1),
    cost_fen=3_000,
    pieces=(
        Dispatch(
            line_id="J1/1",
            order_id="J1",
            part_id="P1",
            quantity=2,
            source_id="W1",
            mode=ShipMode.EXPRESS,
            ships_s=clock("18:00", day=-2),
            ready_p50_s=clock("12:00", day=-1),
            ready_p90_s=clock("18:00", day=-1),
            cost_fen=3_000,
        ),
    ),
)


def toured(**fields: Any) -> Toured:
    """Make the region with its tours."""
    usual: dict[str, Any] = {
        "asked": ASKED,
        "result": RESULT,
        "names": NAMES,
        "kit_orders": (ORDER,),
        "covers": {"V6": ("V4", 150)},
        "provider": "flat",
    }
    if "plan" in fields:
        fields["result"] = replace(RESULT, plan=fields.pop("plan"))
    return Toured(**usual | fields)


def paper_rows(found: Toured, file: str) -> list[dict[str, str]]:
    """Return the rows of a table of papers, by column."""
    columns, of = TOUR_PAPERS[file]
    return [dict(zip(columns, row, strict=True)) for row in of(found)]


def with_villages(**changes: dict[str, Any]) -> Toured:
    """Return the region with its tours, and villages with these changes, by id."""
    villages = tuple(replace(one, **changes.get(one.id, {})) for one in ASKED.villages)
    return toured(asked=replace(ASKED, villages=villages))


def without_day(found: Toured, day: int) -> Toured:
    """Return the same with one day's visits gone."""
    (tour,) = PLAN.tours
    days = tuple(replace(one, visits=()) if one.day == day else one for one in tour.days)
    return replace(found, result=replace(RESULT, plan=replace(PLAN, tours=(replace(tour, days=days),))))
