"""Every rule of a tour: a plan by hand that just keeps it, and the one small change after which it does not."""

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pytest

from optimizer.model import Break, Certificate, Position, Skill
from optimizer.tours.check import RULES, check_tours
from optimizer.tours.model import Levers, LockedDay, OnTheRoad, Spacing, Span, Touring, TourRule, WorkKind
from optimizer.tours.plan import Instead, LeftOut, Tour, TourDay, TourPlan, Visit
from optimizer.travel import UNREACHABLE
from tests.make import DATE, FlatTravel, at, clock, order_line
from tests.make_tours import crew, lodging, on, touring, village, work

Stop = tuple[str, str] | tuple[str, str, str]
"""A job, when its work begins, and the village where it is another than the job's own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A legal plan and what takes its place: another question, another plan, or other ways."""

    asked: Touring
    plan: TourPlan
    then: Touring | TourPlan | FlatTravel
    rule: TourRule
    says: str


@dataclass(frozen=True, slots=True)
class Out:
    """A day of a tour in short; the crew leaves and comes back without waiting."""

    day: int
    stops: tuple[Stop, ...] = ()
    sleeps: str | None = None
    break_: str | None = None


def out(day: int, *stops: Stop, sleeps: str | None = None, break_: str | None = None) -> Out:
    return Out(day, stops, sleeps, break_)


def tour(asked: Touring, *outs: Out, crew_id: str = "c1") -> Tour:
    """Return a tour whose every leg is as long as it is."""
    leads = next(c for c in asked.crews if c.id == crew_id)
    beds = {bed.id: bed.position for bed in asked.lodgings}
    road = leads.on_the_road
    slept = road.lodging_id if road and road.day == outs[0].day else None
    here = leads.position if slept is None else beds[slept]
    days = []
    for each in outs:
        there = leads.position if each.sleeps is None else beds[each.sleeps]
        days.append(_day(asked, each, here, there))
        here = there
    return Tour(crew_id=crew_id, days=tuple(days))


def _day(asked: Touring, each: Out, here: Position, there: Position) -> TourDay:
    jobs = {job.id: job for job in asked.jobs}
    places = {v.id: v.position for v in asked.villages}
    visits: list[Visit] = []
    for job_id, start, *other in each.stops:
        village_id = other[0] if other else jobs[job_id].village_id
        seconds, metres = _way(here, places[village_id])
        start_s = clock(start, each.day)
        end_s = start_s + jobs[job_id].service_s
        visits.append(
            Visit(job_id=job_id, village_id=village_id, start_s=start_s, end_s=end_s, travel_s=seconds, travel_m=metres)
        )
        here = places[village_id]
    seconds, metres = _way(here, there)
    depart_s = visits[0].start_s - visits[0].travel_s if visits else clock("09:00", each.day)
    return TourDay(
        day=each.day,
        depart_s=depart_s,
        visits=tuple(visits),
        arrive_s=(visits[-1].end_s if visits else depart_s) + seconds,
        travel_s=seconds,
        travel_m=metres,
        lodging_id=each.sleeps,
        break_start_s=None if each.break_ is None else clock(each.break_, each.day),
    )


def _way(start: Position, end: Position) -> tuple[int, int]:
    way = FlatTravel().matrix(np.array([start]), np.array([end]), crew().mode)
    return int(way.seconds[0, 0]), int(way.metres[0, 0])


def left(job_id: str) -> LeftOut:
    return LeftOut(
        job_id=job_id, rule=TourRule.NOT_WORTH, reason="dear", reason_zh="不值", instead=Instead.LATER, fen=1
    )


def planned(*tours: Tour, left_out: tuple[str, ...] = ()) -> TourPlan:
    return TourPlan(tours=tours, left_out=tuple(left(job_id) for job_id in left_out))


def on_day(plan: TourPlan, **changes: Any) -> TourPlan:
    """Return the plan with the first day of its first tour changed."""
    first = plan.tours[0]
    days = (replace(first.days[0], **changes), *first.days[1:])
    return replace(plan, tours=(replace(first, days=days), *plan.tours[1:]))


def on_visit(plan: TourPlan, **changes: Any) -> TourPlan:
    """Return the plan with the first visit of its first day changed."""
    visits = plan.tours[0].days[0].visits
    return on_day(plan, visits=(replace(visits[0], **changes), *visits[1:]))


CASES: dict[str, Case] = {}


def case(name: str, rule: TourRule, says: str, asked: Touring, *plans: TourPlan | Touring | FlatTravel) -> None:
    plan, then = plans
    assert isinstance(plan, TourPlan)
    assert name not in CASES
    CASES[name] = Case(asked=asked, plan=plan, then=then, rule=rule, says=says)


R = TourRule
ASKED = touring()
NINE = out(0, ("j1", "09:00"))
PLAN = planned(tour(ASKED, NINE))
"""It leaves at 08:10, is at work from 09:00 to 10:00 and is back at 10:50."""

TWO = touring(jobs=(work(), work(id="j2")))
AWAY = planned(tour(TWO, out(0, ("j1", "09:00"), sleeps="b1"), out(1, ("j2", "09:00"))))
"""It is at the bed at 10:16:40 and comes home the next day."""
APART = planned(tour(TWO, NINE), tour(TWO, out(1, ("j2", "09:00"))))


def job_case(name: str, rule: TourRule, says: str, legal: dict[str, Any], broken: dict[str, Any]) -> None:
    """Add a case where the plan stays and its one job changes."""
    case(name, rule, says, touring(jobs=(work(**legal),)), PLAN, touring(jobs=(work(**(legal | broken)),)))


def crew_case(name: str, rule: TourRule, says: str, asked: Touring, plan: TourPlan, **broken: Any) -> None:
    """Add a case where the plan stays and its crew changes."""
    case(name, rule, says, asked, plan, replace(asked, crews=(replace(asked.crews[0], **broken),)))


def lever_case(name: str, rule: TourRule, says: str, plan: TourPlan, levers: tuple[Levers, Levers]) -> None:
    """Add a case of two jobs where the plan stays and a planner pulls a lever."""
    case(name, rule, says, replace(TWO, levers=levers[0]), plan, replace(TWO, levers=levers[1]))


def once() -> None:
    case("neither", R.ONCE, "done 0 times and left out 0", ASKED, PLAN, planned())
    case("left out and then forgotten", R.ONCE, "done 0 times", ASKED, planned(left_out=("j1",)), planned())
    twice = planned(*PLAN.tours, tour(ASKED, out(1, ("j1", "09:00"))))
    case("done twice", R.ONCE, "done 2 times and left out 0", ASKED, PLAN, twice)
    both = replace(PLAN, left_out=(left("j1"),))
    case("done and left out", R.ONCE, "done 1 times and left out 1", ASKED, PLAN, both)
    case("nobody asked", R.ONCE, "nobody asked", ASKED, PLAN, replace(PLAN, left_out=(left("j9"),)))
    same = planned(tour(TWO, NINE), tour(TWO, out(0, ("j2", "14:00"))))
    case("crew on two tours", R.ONCE, "on 2 tours on day 0", TWO, APART, same)
    case("no such crew", R.ONCE, "no such crew", ASKED, PLAN, planned(replace(PLAN.tours[0], crew_id="c9")))
    case("a tour of no day", R.ONCE, "or no day", ASKED, PLAN, planned(*PLAN.tours, Tour(crew_id="c1", days=())))
    case("no such job", R.ONCE, "no such job", ASKED, PLAN, on_visit(PLAN, job_id="j9"))
    case("no such village", R.ONCE, "no such job there", ASKED, PLAN, on_visit(PLAN, village_id="v9"))


def people_and_van() -> None:
    legal = {"skill": Skill(family="fridge", level=3)}
    job_case("level", R.SKILL, "lacks fridge level 4", legal, {"skill": Skill(family="fridge", level=4)})
    job_case("family", R.SKILL, "lacks washer level 3", legal, {"skill": Skill(family="washer", level=3)})
    job_case("people", R.CREW, "it takes 3", {"people": 2}, {"people": 3})
    gas = {"jobs": (work(certificates=frozenset({"gas"})),)}
    later = DATE + dt.timedelta(days=1)
    says = "no valid certificate gas"
    held = Certificate(scheme="gas", first=DATE, last=DATE)
    today = touring(**gas, crews=(crew(certificates=(held,)),))
    next_day = planned(tour(today, out(1, ("j1", "09:00"))))
    case("certificate expired", R.CERTIFICATE, says, today, PLAN, next_day)
    tomorrow = touring(**gas, crews=(crew(certificates=(replace(held, first=later, last=later),)),))
    case("certificate not yet valid", R.CERTIFICATE, says, tomorrow, next_day, PLAN)
    other = replace(held, scheme="high voltage")
    crew_case("another certificate", R.CERTIFICATE, says, today, PLAN, certificates=(other,))
    loads = [touring(jobs=(work(load=2), work(id="j2", load=load))) for load in (2, 3)]
    case("load of all days together", R.LOAD, "carry 5 units", loads[0], AWAY, loads[1])


def kit() -> None:
    job_case("kit late", R.KIT, "not there", {"kit_ready_s": clock("08:10")}, {"kit_ready_s": clock("08:10") + 1})
    job_case("kit never", R.KIT, "not there", {}, {"kit_ready_s": None})
    ready = [touring(jobs=(work(), work(id="j2", kit_ready_s=clock("08:10") + more))) for more in (0, 1)]
    case("kit ready when the tour is away", R.KIT, "not there", ready[0], AWAY, ready[1])
    parts = touring(
        jobs=(work(order_lines=(order_line(),), kit_ready_s=None),),
        crews=(crew(on_the_road=OnTheRoad(day=0, lodging_id="b1", nights=1, aboard=frozenset({"j1"}))),),
    )
    empty = OnTheRoad(day=0, lodging_id="b1", nights=1)
    crew_case("kit not aboard", R.KIT, "not aboard", parts, planned(tour(parts, NINE)), on_the_road=empty)


def times() -> None:
    nine = clock("09:00")
    job_case("before it may", R.WINDOW, "before it may", {"first_s": nine}, {"first_s": nine + 1})
    early, late = {"windows": ((nine + 1, nine + 60),)}, {"windows": ((nine - 60, nine - 1),)}
    job_case("before its window", R.WINDOW, "none of its windows", {"windows": ((nine, nine),)}, early)
    job_case("after its window", R.WINDOW, "none of its windows", {"windows": ((nine, nine),)}, late)
    for kind, rule, says in (
        (WorkKind.CALL, R.CLOCK, "clock ran out"),
        (WorkKind.CONSENTED, R.CONSENT, "consent to wait ended"),
        (WorkKind.PREVENTIVE, R.TOLERANCE, "tolerance ended"),
        (WorkKind.WALK_IN, R.TOLERANCE, "tolerance ended"),
    ):
        job_case(f"late {kind}", rule, says, {"kind": kind, "last_s": nine}, {"last_s": nine - 1})
    spaced = replace(TWO, spacings=(Spacing(job_ids=("j1", "j2"), least_days=2, most_days=3),))
    plans = {d: planned(tour(spaced, NINE), tour(spaced, out(d, ("j2", "09:00")))) for d in (1, 2, 3, 4)}
    case("too close", R.SPACING, "is 1 days after", spaced, plans[2], plans[1])
    case("too far", R.SPACING, "is 4 days after", spaced, plans[3], plans[4])
    turned = replace(TWO, spacings=(replace(spaced.spacings[0], job_ids=("j2", "j1")),))
    case("in the other order", R.SPACING, "is -2 days after", spaced, plans[2], turned)


def hours() -> None:
    for name, says, legal, broken in (
        ("leaves too early", "leaves too early", "08:20", "08:19"),
        ("arrives too late", "arrives too late", "17:40", "17:41"),
    ):
        plans = [planned(tour(ASKED, out(0, ("j1", start)))) for start in (legal, broken)]
        case(name, R.HOURS, says, ASKED, *plans)
    begun = [touring(now_s=clock("08:10") + more) for more in (0, 1)]
    case("leaves before now", R.HOURS, "leaves too early", begun[0], PLAN, begun[1])
    free = touring(crews=(crew(free_s=clock("08:10")),))
    crew_case("leaves while busy", R.HOURS, "is busy elsewhere", free, PLAN, free_s=clock("08:10") + 1)
    near = touring(villages=(village(position=at(1_000)),))
    for name, legal, broken in (("before service", "08:00", "07:59"), ("after service", "18:00", "18:01")):
        plans = [planned(tour(near, out(0, ("j1", start)))) for start in (legal, broken)]
        case(name, R.HOURS, "outside of the hours of service", near, *plans)
    far = touring(villages=(village(position=at(108_000)),))
    longest = planned(tour(far, out(0, ("j1", "11:00"))))
    case("seconds", R.DRIVING, "drives 21600 s", far, longest, replace(far, driving_s=21_599))
    limits = [replace(far, levers=Levers(day_metres=metres)) for metres in (216_000, 215_999)]
    case("metres", R.DRIVING, "drives 216000 m", limits[0], longest, limits[1])


def breaks() -> None:
    noon = Break(earliest_s=clock("11:00"), latest_s=clock("13:00"), duration_s=1_800)
    asked = replace(TWO, crews=(crew(break_=noon),))
    at_home = replace(asked, crews=(crew(break_=replace(noon, earliest_s=clock("07:00"))),))

    def with_break(break_: str | None, second: str = "14:00", first: str = "10:00") -> TourPlan:
        return planned(tour(asked, out(0, ("j1", first), ("j2", second), break_=break_)))

    outside, inside = "begins outside of its window", "lies in work or leaves no time to drive"
    case("no break", R.BREAK, "No break is taken", asked, with_break("12:00"), with_break(None))
    late = planned(tour(asked, out(0, ("j1", "14:00"), ("j2", "15:00"))))
    had = replace(asked, crews=(crew(break_=noon, free_s=clock("13:00") + 1),))
    crew_case("a break that was had", R.BREAK, "No break is taken", had, late, free_s=clock("13:00"))
    soon = [replace(asked, crews=(crew(break_=replace(noon, earliest_s=noon.earliest_s + s)),)) for s in (0, 1)]
    case("break too early", R.BREAK, outside, soon[0], with_break("11:00"), soon[1])
    case("break too late", R.BREAK, outside, asked, with_break("13:00"), with_break("13:01"))
    before = [with_break("13:00", second) for second in ("13:30", "13:29")]
    case("break in the work after it", R.BREAK, inside, asked, *before)
    after = [with_break("11:00", first=first) for first in ("10:00", "10:01")]
    case("break in the work before it", R.BREAK, inside, asked, *after)
    case("break before the day", R.BREAK, inside, at_home, with_break("07:30"), with_break("07:29"))
    places = village(), village(id="v2", position=at(48_000))
    two = replace(asked, villages=places, jobs=(work(), work(id="j2", village_id="v2")))
    drives = [planned(tour(two, out(0, ("j1", "10:00"), ("j2", s), break_="11:00"))) for s in ("12:00", "11:59")]
    case("break and drive in one gap", R.BREAK, inside, two, *drives)
    ends = clock("10:50")
    short = [replace(ASKED, crews=(crew(break_=replace(noon, earliest_s=0, latest_s=ends - s)),)) for s in (0, 1)]
    case("break due by a second", R.BREAK, "No break is taken", short[0], PLAN, short[1])


def nights() -> None:
    case("bed closed", R.LODGING, "no bed", TWO, AWAY, replace(TWO, lodgings=(lodging(closed=frozenset({0})),)))
    ends = [replace(TWO, lodgings=(lodging(check_in_s=clock("10:16") + s),)) for s in (40, 39)]
    case("check-in missed", R.LODGING, "after the latest check-in", ends[0], AWAY, ends[1])
    case("no such bed", R.LODGING, "no such lodging", TWO, AWAY, on_day(AWAY, lodging_id="b9"))
    lever_case("too many nights", R.NIGHTS, "1 nights away are too many", AWAY, (Levers(nights=1), Levers(nights=0)))
    lever_case("van-days", R.NIGHTS, "more van-days", AWAY, (Levers(van_days=2), Levers(van_days=1)))
    lever_case("van-days of two tours", R.NIGHTS, "more van-days", APART, (Levers(van_days=2), Levers(van_days=1)))
    out_for = [OnTheRoad(day=0, lodging_id="b1", nights=n) for n in (3, 4)]
    road = replace(TWO, crews=(crew(on_the_road=out_for[0]),))
    goes_on = planned(tour(road, out(0, ("j1", "09:00"), sleeps="b1"), out(1, ("j2", "09:00"))))
    crew_case("nights before", R.NIGHTS, "5 nights", road, goes_on, on_the_road=out_for[1])
    gap = planned(tour(TWO, out(0, ("j1", "09:00"), sleeps="b1"), out(2, ("j2", "09:00"))))
    case("days not in a row", R.NIGHTS, "not in a row", TWO, AWAY, gap)
    one = planned(Tour(crew_id="c1", days=APART.tours[0].days + APART.tours[1].days))
    case("home between", R.NIGHTS, "sleep away between", TWO, APART, one)
    drive = planned(tour(ASKED, out(0, ("j1", "09:00"), sleeps="b1"), out(1)))
    never_back = planned(replace(drive.tours[0], days=drive.tours[0].days[:1]))
    case("never back", R.NIGHTS, "at home after them", ASKED, drive, never_back)
    tomorrow = touring(crews=(crew(on_the_road=OnTheRoad(day=1, lodging_id="b1", nights=1)),))
    begun, again = (planned(tour(tomorrow, out(day, ("j1", "09:00")))) for day in (1, 3))
    case("away, and leaving again", R.NIGHTS, "without having come home", tomorrow, begun, again)


def days_off() -> None:
    asked = touring(
        villages=(village(), village(id="v2", position=at(40_000))),
        lodgings=(lodging(), lodging(id="b2", position=at(50_000))),
        jobs=(work(), work(id="j2", village_id="v2")),
        crews=(crew(days=frozenset({0, 2})),),
    )

    def rests(*stops: Stop, sleeps: str = "b1") -> TourPlan:
        last = () if stops else (("j2", "09:00"),)
        return planned(tour(asked, out(0, ("j1", "09:00"), sleeps="b1"), out(1, *stops, sleeps=sleeps), out(2, *last)))

    says = "has a day off"
    case("day off worked", R.DAY_OFF, says, asked, rests(), rests(("j2", "09:00")))
    case("day off moved", R.DAY_OFF, says, asked, rests(), rests(sleeps="b2"))
    for name, off in (("day off left", 0), ("day off back", 2)):
        free = replace(asked, crews=(crew(days=frozenset({0, 2} - {off})),))
        case(name, R.DAY_OFF, says, asked, rests(), free)
    works = replace(asked, crews=(crew(days=frozenset({0, 1, 2}), no_van=frozenset({1})),))
    without = "has no van that day"
    crew_case("no van, and leaving", R.DAY_OFF, without, works, rests(), no_van=frozenset({0, 1}))
    crew_case("no van, and home", R.DAY_OFF, without, works, rests(), no_van=frozenset({1, 2}))
    driven = rests(sleeps="b2")
    crew_case("no van, and moved", R.DAY_OFF, without, replace(works, crews=(crew(),)), driven, no_van=frozenset({1}))
    ends = [replace(asked, days=days) for days in (3, 2)]
    case("after the horizon", R.DAY_OFF, "outside of the horizon", ends[0], rests(), ends[1])


def villages() -> None:
    pair = (village(contact="p1"), village(id="v2", position=at(48_000), contact="p2"))
    one, other = crew(), crew(id="c2")
    asked = touring(villages=pair, crews=(one, other), jobs=(work(), work(id="j2", village_id="v2")))
    says = "2 crews want to meet"
    both = planned(tour(asked, NINE), tour(asked, out(0, ("j2", "09:00")), crew_id="c2"))
    shared = replace(asked, villages=(pair[0], replace(pair[1], contact="p1")))
    case("two crews at one contact", R.CONTACT, says, asked, both, shared)
    following = planned(tour(asked, NINE), tour(asked, out(1, ("j2", "09:00")), crew_id="c2"))
    case("two crews on one day", R.CONTACT, says, shared, following, both)
    told = touring(villages=(village(told=on(1)),), jobs=(work(kind=WorkKind.WALK_IN),))
    plans = {day: planned(tour(told, out(day, ("j1", "09:00")))) for day in (0, 1, 2)}
    for name, day in (("before it was told", 0), ("after it was told", 2)):
        case(name, R.ANNOUNCED, "were told day 1", told, plans[1], plans[day])
    given_up = replace(told, levers=Levers(released=frozenset({("v1", 1)})))
    case("a date that is given up", R.ANNOUNCED, "were told day 1", given_up, plans[2], told)
    also = replace(given_up, jobs=(*given_up.jobs, work(id="j2")))
    later, kept = (
        planned(tour(also, out(day, ("j2", "09:00"))), tour(also, out(2, ("j1", "09:00")))) for day in (3, 1)
    )
    case("a date that is kept is not given up", R.ANNOUNCED, "were told day 1", also, later, kept)

    carried = touring(villages=pair, jobs=(work(portable=True),), cover_s=1_800)
    there = planned(tour(carried, out(0, ("j1", "09:20", "v2"))))
    case("not portable", R.CARRY_IN, "cannot be carried", carried, there, replace(carried, jobs=(work(),)))
    case("too far to carry", R.CARRY_IN, "too far", carried, there, replace(carried, cover_s=1_799))
    for name, village_id in (("stop forbidden", "v2"), ("village of a carrier forbidden", "v1")):
        levers = Levers(never_visit=frozenset({village_id}))
        case(name, R.FORBIDDEN, "forbade the village", carried, there, replace(carried, levers=levers))
    closed = Levers(forbidden_lodgings=frozenset({"b1"}))
    lever_case("bed forbidden", R.FORBIDDEN, "forbade b1", AWAY, (Levers(), closed))


def locks() -> None:
    beds = (lodging(), lodging(id="b2", position=at(50_000)))
    lock = LockedDay(crew_id="c1", day=0, job_ids=("j1",), lodging_id=None)
    asked = touring(jobs=TWO.jobs, lodgings=beds, crews=(crew(), crew(id="c2")), levers=Levers(locked=(lock,)))
    alone = replace(asked, jobs=(work(),))
    for name, other in (
        ("locked to another day", tour(asked, out(1, ("j1", "09:00")))),
        ("locked to another crew", tour(asked, NINE, crew_id="c2")),
    ):
        case(name, R.LOCKED, "locked to c1 on day 0", alone, PLAN, planned(other))
    more = planned(tour(asked, out(0, ("j1", "09:00"), ("j2", "11:00"))))
    case("another job on a locked day", R.LOCKED, "locked without it", asked, APART, more)
    sleeps = replace(asked, levers=Levers(locked=(replace(lock, lodging_id="b1"),)))
    elsewhere = planned(tour(asked, out(0, ("j1", "09:00"), sleeps="b2"), out(1, ("j2", "09:00"))))
    case("another night", R.LOCKED, "is another", sleeps, AWAY, elsewhere)
    case("home though locked away", R.LOCKED, "is another", sleeps, AWAY, APART)
    says = "one tour over these days"
    span = Levers(spans=(Span(crew_id="c1", first_day=0, last_day=1),))
    case("span in two tours", R.LOCKED, says, replace(TWO, levers=span), AWAY, APART)
    longer = Levers(spans=(Span(crew_id="c1", first_day=0, last_day=2),))
    lever_case("span not filled", R.LOCKED, says, AWAY, (span, longer))
    shorter = Levers(spans=(Span(crew_id="c1", first_day=1, last_day=1),))
    lever_case("span overrun", R.LOCKED, says, AWAY, (span, shorter))


def ways() -> None:
    way, drive = "The way takes 3000 s and 30000 m", "no time to drive"
    case("seconds there", R.TRAVEL, way, ASKED, PLAN, on_visit(PLAN, travel_s=2_999))
    case("metres there", R.TRAVEL, way, ASKED, PLAN, on_visit(PLAN, travel_m=29_999))
    case("seconds back", R.TRAVEL, way, ASKED, PLAN, on_day(PLAN, travel_s=2_999))
    case("metres back", R.TRAVEL, way, ASKED, PLAN, on_day(PLAN, travel_m=30_001))
    lost = FlatTravel(unknown=frozenset({(at(), at(30_000))}))
    case("no way", R.TRAVEL, f"The way takes {UNREACHABLE} s", ASKED, PLAN, lost)
    road = touring(crews=(crew(on_the_road=OnTheRoad(day=0, lodging_id="b1", nights=1)),))
    case("begins where it woke up", R.TRAVEL, way, road, planned(tour(road, NINE)), ASKED)
    morning = touring(crews=(crew(on_the_road=OnTheRoad(day=0, lodging_id=None, nights=0)),))
    woken = OnTheRoad(day=0, lodging_id="b1", nights=0)
    crew_case("it left home this morning", R.TRAVEL, "takes 1000 s", morning, PLAN, on_the_road=woken)
    moved = replace(TWO, lodgings=(lodging(position=at(40_000, 1_000)),))
    case("wakes up in its bed", R.TRAVEL, "The way takes 1005 s", TWO, AWAY, moved)
    case("leaves too late", R.TRAVEL, drive, ASKED, PLAN, on_day(PLAN, depart_s=clock("08:10") + 1))
    case("back too soon", R.TRAVEL, drive, ASKED, PLAN, on_day(PLAN, arrive_s=clock("10:50") - 1))
    plans = [planned(tour(TWO, out(0, ("j1", "09:00"), ("j2", start)))) for start in ("10:00", "09:59")]
    case("two jobs at once", R.TRAVEL, drive, TWO, *plans)
    hurried = on_visit(PLAN, end_s=clock("10:00") - 1)
    case("work cut short", R.TRAVEL, "as long as it does", ASKED, PLAN, hurried)
    waits = on_day(PLAN, arrive_s=clock("11:00"))
    case("work drawn out", R.TRAVEL, "as long as it does", ASKED, waits, on_visit(waits, end_s=clock("10:00") + 1))
    cut = [touring(villages=(village(cut_off=frozenset({day})),)) for day in (1, 0)]
    case("cut off", R.TRAVEL, "cut off", cut[0], PLAN, cut[1])


GROUPS: tuple[Callable[[], None], ...] = (
    once,
    people_and_van,
    kit,
    times,
    hours,
    breaks,
    nights,
    days_off,
    villages,
    locks,
    ways,
)
for group in GROUPS:
    group()


@pytest.mark.parametrize("name", CASES)
def test_one_small_change_breaks_one_rule(name: str) -> None:
    told = CASES[name]
    assert check_tours(told.asked, told.plan, FlatTravel()) == []
    asked = told.then if isinstance(told.then, Touring) else told.asked
    plan = told.then if isinstance(told.then, TourPlan) else told.plan
    travel = told.then if isinstance(told.then, FlatTravel) else FlatTravel()
    found = check_tours(asked, plan, travel)
    assert {violation.rule for violation in found} == {told.rule}
    assert [violation.sentence for violation in found if told.says not in violation.sentence] == []


def test_every_rule_has_a_case() -> None:
    assert {told.rule for told in CASES.values()} == set(RULES)
