"""The simple ready-time rule: nearest stock, first come first served, never over-promised."""

import datetime as dt
import random
from collections import Counter
from collections.abc import Mapping

from optimizer.kit_options import MAX_OPTIONS, shipments_for
from optimizer.model import (
    DAY_S,
    AreaClass,
    Centre,
    Clock,
    ClockKind,
    Day,
    Job,
    Lane,
    OrderLine,
    Part,
    ShipMode,
    SizeClass,
    Skill,
    Tariff,
    Warehouse,
)
from optimizer.sourcing import kit_options, missing_parts

H = 3600
ALL_SIZES = frozenset(SizeClass)
CHENGDU, XIAN, SHANGHAI = (104.07, 30.67), (108.94, 34.34), (121.47, 31.23)


def job(
    job_id: str, *parts: str, due_h: int = 24, urgent: bool = False, consent: bool = True, quantity: int = 1
) -> Job:
    return Job(
        id=job_id,
        position=CHENGDU,
        centre_id="C1",
        area_class=AreaClass.SEAT,
        skill=Skill(family="fridge", level=1),
        reported_s=0,
        service_s=H,
        clocks=(Clock(kind=ClockKind.ARRIVAL, due_s=due_h * H),),
        urgent=urgent,
        consent=consent,
        order_lines=tuple(
            OrderLine(id=f"{job_id}-{i}", part_id=part, quantity=quantity) for i, part in enumerate(parts)
        ),
    )


def lane(warehouse: str, mode: ShipMode, cut_off_h: int, transit_h: int, cost_fen: int, **more: object) -> Lane:
    values: dict[str, object] = {
        "warehouse_id": warehouse,
        "centre_id": "C1",
        "mode": mode,
        "cut_off_s": cut_off_h * H,
        "transit_p50_s": transit_h * H // 2,
        "transit_p90_s": transit_h * H,
        "cost_fen": cost_fen,
        "cost_fen_per_kg": 0,
        "carries": ALL_SIZES,
    }
    return Lane(**(values | more))  # type: ignore[arg-type]


def day(jobs: list[Job], stock: Mapping[str, Mapping[str, int]], lanes: list[Lane], *, now_h: int = 6) -> Day:
    places = {"near": CHENGDU, "middle": XIAN, "far": SHANGHAI}
    return Day(
        date=dt.date(2026, 3, 2),
        days=2,
        now_s=now_h * H,
        centres=(Centre(id="C1", position=CHENGDU),),
        outlets=(),
        technicians=(),
        shifts=(),
        jobs=tuple(jobs),
        tariff=Tariff(),
        parts=(
            Part(id="seal", size_class=SizeClass.SMALL, weight_g=200),
            Part(id="fan", size_class=SizeClass.SMALL, weight_g=1500),
            Part(id="door", size_class=SizeClass.BULKY, weight_g=20_000),
        ),
        warehouses=tuple(Warehouse(id=w, position=places[w], stock=held) for w, held in stock.items()),
        lanes=tuple(lanes),
    )


STANDARD = lane("near", ShipMode.STANDARD, 17, 20, 800)
EXPRESS = lane("near", ShipMode.EXPRESS, 10, 6, 2500)


def test_job_without_order_lines_is_not_listed() -> None:
    assert kit_options(day([job("a")], {}, [])) == {}


def test_options_rise_in_time_and_fall_in_cost() -> None:
    fast, slow = kit_options(day([job("a", "seal")], {"near": {"seal": 1}}, [STANDARD, EXPRESS]))["a"]
    assert (fast.ready_s, fast.cost_fen, fast.shipments[0].mode) == (16 * H, 2500, ShipMode.EXPRESS)
    assert (slow.ready_s, slow.cost_fen, slow.shipments[0].mode) == (37 * H, 800, ShipMode.STANDARD)
    assert slow.shipments[0].ships_s == 17 * H


def test_dominated_option_is_dropped() -> None:
    late_express = lane("near", ShipMode.EXPRESS, 5, 20, 2500)
    (only,) = kit_options(day([job("a", "seal")], {"near": {"seal": 1}}, [STANDARD, late_express]))["a"]
    assert only.shipments[0].mode is ShipMode.STANDARD


def test_departure_is_the_first_cut_off_at_or_after_now() -> None:
    def ships_h(cut_off_h: int, now_h: int) -> int:
        plan = day(
            [job("a", "seal")], {"near": {"seal": 1}}, [lane("near", ShipMode.STANDARD, cut_off_h, 1, 1)], now_h=now_h
        )
        return kit_options(plan)["a"][0].shipments[0].ships_s // H

    assert ships_h(17, 6) == 17
    assert ships_h(6, 6) == 6
    assert ships_h(5, 6) == 29
    assert ships_h(24, 6) == 24
    assert ships_h(23, -3) == 23 - 24
    assert ships_h(17, -3) == 17


def test_cost_counts_quantity_and_weight() -> None:
    by_weight = lane("near", ShipMode.STANDARD, 17, 20, 800, cost_fen_per_kg=333)
    options = kit_options(day([job("a", "fan", quantity=3)], {"near": {"fan": 3}}, [by_weight]))
    assert options["a"][0].cost_fen == 800 + 3 * 1500 * 333 // 1000


def test_nearest_warehouse_with_the_quantity_wins() -> None:
    lanes = [lane(w, ShipMode.STANDARD, 17, 20, 800) for w in ("far", "near", "middle")]
    stock = {"far": {"seal": 9}, "near": {"seal": 1}, "middle": {"seal": 9}}
    assert kit_options(day([job("a", "seal")], stock, lanes))["a"][0].shipments[0].warehouse_id == "near"
    assert kit_options(day([job("a", "seal", quantity=2)], stock, lanes))["a"][0].shipments[0].warehouse_id == "middle"


def test_nearest_warehouse_without_a_lane_is_passed_over() -> None:
    stock = {"near": {"seal": 1}, "far": {"seal": 1}}
    options = kit_options(day([job("a", "seal")], stock, [lane("far", ShipMode.STANDARD, 17, 20, 800)]))
    assert options["a"][0].shipments[0].warehouse_id == "far"


def test_last_part_goes_to_the_job_due_first() -> None:
    jobs = [job("a", "seal", due_h=48), job("b", "seal", due_h=24)]
    made = day(jobs, {"near": {"seal": 1}}, [STANDARD])
    assert kit_options(made)["a"] == ()
    assert len(kit_options(made)["b"]) == 1
    assert missing_parts(made) == {"a": "1 × part seal: the stock at near is promised to jobs that are due earlier."}


def test_job_without_consent_takes_nothing_from_dispatchable_jobs() -> None:
    jobs = [job("a", "seal", due_h=12, consent=False), job("b", "seal", due_h=48)]
    assert [*missing_parts(day(jobs, {"near": {"seal": 1}}, [STANDARD]))] == ["a"]


def test_incomplete_kit_reserves_nothing() -> None:
    jobs = [job("a", "seal", "fan", due_h=12), job("b", "seal", due_h=48)]
    made = day(jobs, {"near": {"seal": 1}}, [STANDARD])
    assert missing_parts(made) == {"a": "1 × part fan: no warehouse has this many in stock."}
    assert kit_options(made)["b"]


def test_no_lane_is_told_apart_from_no_stock() -> None:
    small_only = lane("near", ShipMode.STANDARD, 17, 20, 800, carries=frozenset({SizeClass.SMALL}))
    sentence = missing_parts(day([job("a", "door")], {"near": {"door": 1}}, [small_only]))["a"]
    assert sentence == "1 × part door: in stock at near, but no lane from there carries bulky parts to centre C1."


def test_dedicated_is_the_fallback_only() -> None:
    small_express = lane("near", ShipMode.EXPRESS, 10, 6, 2500, carries=frozenset({SizeClass.SMALL}))
    dedicated = lane("near", ShipMode.DEDICATED, 8, 4, 30_000)
    options = kit_options(
        day([job("a", "door"), job("b", "seal")], {"near": {"door": 1, "seal": 1}}, [small_express, dedicated])
    )
    assert [o.shipments[0].mode for o in options["a"]] == [ShipMode.DEDICATED]
    assert [o.shipments[0].mode for o in options["b"]] == [ShipMode.EXPRESS]


def test_urgent_job_has_only_the_express_option() -> None:
    (only,) = kit_options(day([job("a", "seal", urgent=True)], {"near": {"seal": 1}}, [STANDARD, EXPRESS]))["a"]
    assert only.shipments[0].mode is ShipMode.EXPRESS


def test_urgent_job_goes_on_to_the_nearest_warehouse_with_express() -> None:
    lanes = [STANDARD, lane("far", ShipMode.EXPRESS, 10, 20, 5000)]
    stock = {"near": {"seal": 2}, "far": {"seal": 2}}
    options = kit_options(day([job("a", "seal", urgent=True), job("b", "seal")], stock, lanes))
    assert options["a"][0].shipments[0].warehouse_id == "far"
    assert options["b"][0].shipments[0].warehouse_id == "near"


def test_urgent_job_without_any_express_takes_what_there_is() -> None:
    (only,) = kit_options(day([job("a", "seal", urgent=True)], {"near": {"seal": 1}}, [STANDARD]))["a"]
    assert only.shipments[0].mode is ShipMode.STANDARD


def test_line_that_is_not_the_last_travels_cheaply() -> None:
    """The door decides when the kit is ready; the seal makes that time by standard, so express would be wasted."""
    lanes = [
        lane("near", ShipMode.DEDICATED, 17, 30, 30_000, carries=frozenset({SizeClass.BULKY})),
        lane("near", ShipMode.STANDARD, 17, 20, 800, carries=frozenset({SizeClass.SMALL})),
        lane("near", ShipMode.EXPRESS, 10, 6, 2500, carries=frozenset({SizeClass.SMALL})),
    ]
    (only,) = kit_options(day([job("a", "door", "seal")], {"near": {"door": 1, "seal": 1}}, lanes))["a"]
    assert (only.ready_s, only.cost_fen) == (47 * H, 30_800)
    assert [shipment.order_line_id for shipment in only.shipments] == ["a-0", "a-1"]


def test_of_many_kits_the_earliest_the_cheapest_and_one_between_stay() -> None:
    lanes = [lane("near", ShipMode.STANDARD, 7 + hour, 1, 1000 - 100 * hour) for hour in range(6)]
    options = kit_options(day([job("a", "seal")], {"near": {"seal": 1}}, lanes))["a"]
    assert len(options) == MAX_OPTIONS
    assert [option.ready_s // H for option in (options[0], options[-1])] == [8, 13]
    assert 8 < options[1].ready_s // H < 13


def test_random_days_never_over_promise_and_obey_the_law() -> None:
    """Whatever option each job takes, the shipments obey lane, cut-off, size class and stock of docs/model.md."""
    for seed in range(30):
        rng = random.Random(seed)
        stock = {w: {p: rng.randint(0, 6) for p in ("seal", "fan", "door")} for w in ("near", "middle", "far")}
        lanes = [
            lane(
                w,
                mode,
                rng.randint(0, 24),
                rng.randint(1, 60),
                rng.randint(100, 5000),
                cost_fen_per_kg=rng.randint(0, 500),
                carries=frozenset(rng.sample(list(SizeClass), rng.randint(1, 3))),
            )
            for w in stock
            for mode in rng.sample(list(ShipMode), 2)
        ]
        jobs = [
            job(
                f"j{i}",
                *rng.choices(("seal", "fan", "door"), k=rng.randint(1, 3)),
                due_h=rng.randint(1, 48),
                urgent=rng.random() < 0.2,
                quantity=rng.randint(1, 2),
            )
            for i in range(15)
        ]
        made = day(jobs, stock, lanes, now_h=rng.randint(-6, 20))
        options, missing = kit_options(made), missing_parts(made)
        assert set(options) == {j.id for j in jobs}
        assert {j for j, kits in options.items() if not kits} == set(missing)
        weights = {part.id: part.weight_g for part in made.parts}
        sizes = {part.id: part.size_class for part in made.parts}
        taken: Counter[tuple[str, str]] = Counter()
        for job_ in jobs:
            kits = options[job_.id]
            assert [k.ready_s for k in kits] == sorted({k.ready_s for k in kits})
            assert [k.cost_fen for k in kits] == sorted({k.cost_fen for k in kits}, reverse=True)
            for kit in kits:
                assert [(s.order_line_id, s.part_id, s.quantity) for s in kit.shipments] == [
                    (line.id, line.part_id, line.quantity) for line in job_.order_lines
                ]
                assert kit.ready_s == max(s.ready_s for s in kit.shipments)
                assert kit.cost_fen == sum(s.cost_fen for s in kit.shipments)
                for s in kit.shipments:
                    assert made.now_s <= s.ships_s < made.now_s + DAY_S
                    assert any(
                        (way.warehouse_id, way.mode) == (s.warehouse_id, s.mode)
                        and (s.ships_s - way.cut_off_s) % DAY_S == 0
                        and s.ready_s == s.ships_s + way.transit_p90_s
                        and sizes[s.part_id] in way.carries
                        and s.cost_fen == way.cost_fen + s.quantity * weights[s.part_id] * way.cost_fen_per_kg // 1000
                        for way in lanes
                    )
            if kits:
                kit = rng.choice(kits)
                assert shipments_for([job_], {job_.id: (kit.ready_s, "o1")}, options) == kit.shipments
                taken.update({(s.warehouse_id, s.part_id): 0 for s in kit.shipments})
                for s in kit.shipments:
                    taken[s.warehouse_id, s.part_id] += s.quantity
        assert all(count <= stock[w][p] for (w, p), count in taken.items())
