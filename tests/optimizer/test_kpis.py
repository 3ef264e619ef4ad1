"""Key figures on days small enough to count by hand."""

import json
import random
from dataclasses import fields, replace

import pytest

from optimizer.attainment import NOBODY, Attainment, ParityFloor, Reading, arrival_by_area
from optimizer.cost import Cost, parity_price, price
from optimizer.kpis import Kpis, kpis, kpis_document, table
from optimizer.model import (
    AreaClass,
    Channel,
    Clock,
    ClockKind,
    Day,
    Ownership,
    Published,
    Rule,
    Window,
)
from optimizer.plan import Plan
from tests import make

H = 3600
REMOTE = AreaClass.REMOTE


def arrival(due_h: float) -> tuple[Clock, ...]:
    return (Clock(kind=ClockKind.ARRIVAL, due_s=int(due_h * H)),)


def two_outlets(*jobs, **more) -> Day:
    """Make a day with an own outlet o1 (t1) and a contract outlet o2 (t2), one shift each, 8–17 h."""
    return make.day(
        *jobs,
        **{
            "outlets": (
                make.outlet(),
                make.outlet("o2", ownership=Ownership.CONTRACT, channel=Channel.PHONE, workload_target=4),
            ),
            "technicians": (make.technician(), make.technician("t2", outlet_id="o2")),
            "shifts": (make.shift(), make.shift("t2-0")),
        }
        | more,
    )


def measured(day: Day, plan: Plan) -> Kpis:
    return kpis(day, plan, price(day, plan, make.FlatTravel()))


def test_a_full_day_counted_by_hand() -> None:
    day = two_outlets(
        make.job("a", clocks=arrival(10)),
        make.job("b", clocks=arrival(10)),
        make.job("c", clocks=arrival(12), area_class=REMOTE),
        make.job("d", clocks=arrival(20), area_class=REMOTE),
        make.job("e", clocks=arrival(90), area_class=REMOTE),
        make.job("f", clocks=arrival(20), consent=False),
    )
    plan = make.plan(
        day,
        make.route(day, ("a", 9 * H), ("b", 11 * H)),
        make.route(day, ("c", 12 * H), shift_id="t2-0"),
    )
    found = measured(day, plan)
    assert (found.jobs, found.dispatchable, found.served) == (6, 5, 3)
    assert found.arrival == Attainment(kept=2, late=1, missed=1, open=1)
    assert found.arrival_by_area == {"seat": Attainment(kept=1, late=1), "remote": Attainment(kept=1, missed=1, open=1)}
    assert found.arrival_by_ownership == {
        "own": Attainment(kept=1, late=1),
        "contract": Attainment(kept=1),
        NOBODY: Attainment(missed=1, open=1),
    }
    assert found.arrival_by_area_and_ownership["remote"]["contract"] == Attainment(kept=1)
    assert found.parity_gap_points == 0
    # Of three remote jobs, d and e are left out, though e is due later: 10 % of three allow none.
    assert found.parity_by_centre == {"c1": ParityFloor(jobs=3, missed=2, allowed=0)}
    assert found.below_parity_floor == ("c1",)
    assert found.as_dict()["parity_by_centre"]["c1"]["met"] is False
    assert price(day, plan, make.FlatTravel()).parity == parity_price(day.tariff, 3, 2)
    assert found.left_out_by_rule == {"UNKNOWN": 3}
    assert found.own_share_percent == pytest.approx(200 / 3)
    assert found.own_share_percent_by_centre == {"c1": pytest.approx(200 / 3)}
    # Job places are 1,000 m and 100 s from the base: t1 drives there, not at all to b, and back; t2 there and back.
    assert found.travel.minutes_per_visit == pytest.approx(400 / 60 / 3)
    assert found.travel.km_per_visit == pytest.approx(4 / 3)
    assert found.travel_by_ownership["own"].km_per_visit == pytest.approx(1)
    assert found.travel_by_ownership["contract"].km_per_visit == pytest.approx(2)
    # Reported at 18:00 the day before.
    assert found.hours_to_visit_mean == pytest.approx((15 + 17 + 18) / 3)
    assert found.hours_to_visit_median == 17
    assert (found.technicians, found.technicians_used) == (2, 2)
    assert found.utilisation_percent == pytest.approx(100 * (400 + 3 * 1800) / (2 * 9 * H))
    assert (found.workload.visits_per_shift_mean, found.workload.visits_short_of_target) == (1.5, 3)
    assert found.workload.starved == ("o2",)


def test_half_of_the_target_is_not_starved() -> None:
    day = two_outlets(make.job("a"), make.job("b"))
    plan = make.plan(day, make.route(day, ("a", 9 * H), ("b", 11 * H), shift_id="t2-0"))
    workload = measured(day, plan).workload
    assert (workload.starved, workload.outlets_with_target, workload.outlets_on_target) == ((), 1, 0)


def test_arrival_is_the_start_of_service_and_due_is_inclusive() -> None:
    day = make.day(make.job(clocks=arrival(10)))
    assert measured(day, make.plan(day, make.route(day, ("j1", 10 * H)))).arrival.kept == 1
    assert measured(day, make.plan(day, make.route(day, ("j1", 10 * H + 1)))).arrival.late == 1


def test_resolution_clock_counts_the_end_and_only_under_its_promise() -> None:
    due = 9 * H + 1800
    day = make.day(make.job(reported_s=0, clocks=(Clock(kind=ClockKind.RESOLUTION, due_s=due),)))
    found = measured(day, make.plan(day, make.route(day, ("j1", 9 * H))))
    assert found.arrival == Attainment()
    assert found.by_policy == {"resolution within 570 min": Attainment(kept=1)}
    later = measured(day, make.plan(day, make.route(day, ("j1", 9 * H + 1))))
    assert later.by_policy["resolution within 570 min"] == Attainment(late=1)


def test_a_promise_of_resolution_alone_has_its_line_in_the_table() -> None:
    day = make.day(make.job(reported_s=0, clocks=(Clock(kind=ClockKind.RESOLUTION, due_s=9 * H + 1800),)))
    kept, late = (measured(day, make.plan(day, make.route(day, ("j1", at)))) for at in (9 * H, 9 * H + 1))
    rows = {row.name: row for row in table(kept, late)}
    line = rows["SLA, resolution within 570 min"]
    assert (line.plan, line.baseline, line.better) == ("100.0 %", "0.0 %", True)
    assert "SLA, arrivals in time" not in rows


def test_promises_are_named_by_what_they_say() -> None:
    reported_s = -int(5.5 * H)
    day = make.day(
        make.job("a", reported_s=reported_s, clocks=(Clock(kind=ClockKind.ARRIVAL, due_s=reported_s + 24 * H),)),
        make.job("b", reported_s=reported_s, clocks=arrival(24)),
    )
    assert [*measured(day, make.plan(day)).by_policy] == ["arrival by the end of day 2", "arrival within 24 h"]


def test_policies_are_called_by_their_names_when_known() -> None:
    day = make.day(make.job("a", clocks=(*arrival(8), *arrival(20))), make.job("b", reported_s=0, clocks=arrival(8)))
    plan = make.plan(day, make.route(day, ("a", 9 * H), ("b", 11 * H)))
    found = kpis(day, plan, Cost(), {"a": ("gold", "network")})
    assert found.by_policy == {
        "arrival within 8 h": Attainment(late=1),
        "gold": Attainment(late=1),
        "network": Attainment(kept=1),
    }


def test_appointments_are_apart_from_the_sla() -> None:
    slot = Window(earliest_s=9 * H, latest_s=10 * H)
    jobs = [make.job(name, appointment=slot, clocks=arrival(8.5)) for name in "abc"]
    day = two_outlets(*jobs)
    plan = make.plan(day, make.route(day, ("a", 9 * H)), make.route(day, ("b", 11 * H), shift_id="t2-0"))
    found = measured(day, plan)
    assert found.appointments == Attainment(kept=1, late=1, missed=1)
    assert found.arrival == Attainment(late=2, missed=1)


def test_promises_broken_before_planning_are_told() -> None:
    day = make.day(make.job("a", clocks=arrival(5)), make.job("b", clocks=arrival(6)))
    assert measured(day, make.plan(day)).breached_before_planning == 1


def test_churn() -> None:
    def published(start_h: float, technician: str = "t1", *, told: bool = True) -> Published:
        return Published(technician_id=technician, start_s=int(start_h * H), told=told)

    day = two_outlets(
        make.job("same", published=published(9.25)),
        make.job("moved", published=published(10)),
        make.job("other", published=published(12, "t2")),
        make.job("out", published=published(9, told=False)),
        make.job("new"),
    )
    plan = make.plan(day, make.route(day, ("same", 9 * H), ("moved", 11 * H), ("other", 12 * H), ("new", 14 * H)))
    churn = measured(day, plan).churn
    assert (churn.published, churn.same, churn.moved, churn.other_technician, churn.left_out) == (4, 1, 1, 1, 1)
    assert churn.customers_to_call_again == 2


def test_overtime_counts_hours_after_the_paid_end() -> None:
    day = make.day(make.job(service_s=2 * H))
    plan = make.plan(day, make.route(day, ("j1", 16 * H)))
    assert measured(day, plan).overtime_hours == pytest.approx(1 + 100 / H)


def test_cost_is_itemised_and_shared_out() -> None:
    day = make.day()
    plan = make.plan(day, make.route(day, ("j1", 9 * H)))
    found = kpis(day, plan, Cost(travel=300, parts=50, waiting=7))
    assert (found.cost_total_fen, found.cost_per_served_fen, found.paid_per_served_fen) == (357, 357, 350)
    assert set(found.cost_fen) == {item.name for item in fields(Cost)}


def test_an_empty_day_has_no_figures_but_no_errors() -> None:
    day = replace(make.day(), jobs=(), shifts=(), technicians=())
    found = measured(day, Plan(routes=(), unassigned=()))
    assert found.served_percent is None
    assert found.travel.minutes_per_visit is None
    assert found.utilisation_percent is None
    json.dumps(found.as_dict(), allow_nan=False)


def test_leaving_jobs_out_never_improves_a_promise() -> None:
    """Take visits away one by one, in any order: no percentage over jobs may rise."""
    for seed in range(40):
        rng = random.Random(seed)
        jobs = [
            make.job(
                f"j{i}",
                clocks=arrival(rng.uniform(5, 40)),
                area_class=rng.choice(list(AreaClass)),
                appointment=Window(earliest_s=0, latest_s=rng.randint(8, 40) * H) if rng.random() < 0.4 else None,
            )
            for i in range(12)
        ]
        # The shift ends after midnight of the last day, so that a visit can be late beyond the calendar horizon.
        day = make.day(*jobs, shifts=(make.shift(latest_end_s=30 * H),))
        visited = rng.sample(jobs, 10)
        starts = sorted(rng.randrange(8 * H, 29 * H) for _ in visited)
        visits = [(job.id, start) for job, start in zip(visited, starts, strict=True)]
        before: dict[str, float | None] = {}
        while True:
            found = measured(day, make.plan(day, make.route(day, *visits)))
            promises = {**found.arrival_by_area, "all": found.arrival, "appointments": found.appointments}
            now = {name: promise.percent for name, promise in promises.items()}
            for name, value in now.items():
                earlier = before.get(name)
                assert value is None or earlier is None or value <= earlier
            if not visits:
                break
            before = now
            visits.remove(rng.choice(visits))


def test_arrival_by_area_is_the_same_figure_as_in_the_kpis() -> None:
    day = make.day()
    plan = make.plan(day, make.route(day, ("j1", 9 * H)))
    assert arrival_by_area(Reading(day, plan)) == measured(day, plan).arrival_by_area


def test_table_says_which_plan_is_better() -> None:
    day = two_outlets(make.job("a", clocks=arrival(10)), make.job("b", clocks=arrival(20)))
    good = make.plan(day, make.route(day, ("a", 9 * H), ("b", 11 * H)))
    poor = make.plan(day, make.route(day, ("b", 11 * H)))
    rows = {row.name.strip(): row for row in table(measured(day, good), measured(day, poor))}
    assert (rows["served"].plan, rows["served"].baseline, rows["served"].better) == ("2", "1", True)
    assert rows["SLA, arrivals in time"].plan == "100.0 %"
    assert rows["unserved"].better is True
    assert rows["jobs that may be dispatched"].better is None
    assert rows["overtime"].better is None
    assert "appointments kept" not in rows
    back = {row.name.strip(): row for row in table(measured(day, poor), measured(day, good))}
    assert back["served"].better is False
    assert back["cost, total"].better is False


def test_document_is_plain_json() -> None:
    day = two_outlets(make.job("a"), make.job("b"))
    found = measured(day, make.plan(day, make.route(day, ("a", 9 * H))))
    document = json.loads(json.dumps(kpis_document(found, found), allow_nan=False, ensure_ascii=False))
    assert [*document] == ["plan", "baseline", "note"]
    assert document["plan"]["arrival_by_area"]["seat"] == {
        "kept": 1, "late": 0, "missed": 1, "open": 0, "due": 2, "percent": 50.0,
    }  # fmt: skip
    assert document["plan"]["workload"]["starved"] == ["o2"]
    assert set(document["plan"]["left_out_by_rule"]) == {Rule.UNKNOWN.value}
