"""A plan beside its day: legs, base distances and service by eye."""

from optimizer.centres import part_of
from optimizer.measure import Leg, measure, part_measured, service_seconds
from optimizer.plan import Plan, Route, Stop
from tests import make

NINE = make.clock("09:00")


def test_service_takes_the_outlets_factor() -> None:
    slow = make.outlet(duration_percent={"fridge": 115})
    assert service_seconds(make.job(service_s=50), slow) == 57
    assert service_seconds(make.job(service_s=50), make.outlet()) == 50


def test_legs_and_base_metres() -> None:
    day = make.day(make.job("j1"), make.job("j2", position=make.at(4_000)), make.job("j3"))
    plan = make.plan(day, make.route(day, ("j1", NINE), ("j2", make.clock("10:00"))))
    measured = measure(day, plan, make.FlatTravel())
    (route,) = measured.routes
    assert [visit.leg for visit in route.visits] == [Leg(seconds=100, metres=1_000), Leg(seconds=300, metres=3_000)]
    assert [visit.base_m for visit in route.visits] == [1_000, 4_000]
    assert route.back == Leg(seconds=400, metres=4_000)
    assert [job.id for job in measured.left_out()] == ["j3"]


def test_a_long_route_is_measured_in_pieces() -> None:
    """Stops every 10 m: each leg is 10 m whatever piece it falls into."""
    day = make.day(*(make.job(f"j{number}", position=make.at(10 * number)) for number in range(1, 201)))
    plan = make.plan(day, make.route(day, *((job.id, NINE) for job in day.jobs)))
    (route,) = measure(day, plan, make.FlatTravel()).routes
    assert {visit.leg.metres for visit in route.visits} == {10}
    assert [visit.base_m for visit in route.visits] == list(range(10, 2_010, 10))
    assert route.back.metres == 2_000


def test_unknown_shifts_and_jobs_are_left_aside() -> None:
    day = make.day()
    ghost = Stop(job_id="j9", start_s=0, end_s=0, travel_s=0, travel_m=0)
    routes = tuple(
        Route(shift_id=shift_id, depart_s=0, stops=(ghost,), return_s=0, return_travel_s=0, return_travel_m=0)
        for shift_id in ("t1-0", "t9-0")
    )
    measured = measure(day, Plan(routes=routes, unassigned=()), make.FlatTravel())
    assert [route.shift.id for route in measured.routes] == ["t1-0"]
    assert measured.routes[0].visits == ()
    assert measured.visits == {}


def test_a_part_is_what_measuring_it_alone_gives() -> None:
    outlets = make.outlet("o1"), make.outlet("o2", centre_id="c2")
    people = make.technician("t1"), make.technician("t2", outlet_id="o2")
    jobs = make.job("j1"), make.job("j2", position=make.at(4_000)), make.job("j3", centre_id="c2")
    shifts = make.shift("t1-0"), make.shift("t2-0")
    day = make.day(*jobs, outlets=outlets, technicians=people, shifts=shifts)
    routes = make.route(day, ("j1", NINE)), make.route(day, ("j2", NINE), shift_id="t2-0")
    plan = make.plan(day, *routes)
    whole = measure(day, plan, make.FlatTravel())
    for centre_id in ("c1", "c2"):
        part, mine = part_of(day, plan, centre_id)
        assert mine.routes
        assert part_measured(whole, part, mine) == measure(part, mine, make.FlatTravel())
