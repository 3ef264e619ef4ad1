"""A told date that some legal tour can keep is kept, however short the search and whatever its seed."""

from collections.abc import Iterator
from dataclasses import replace
from itertools import product

import numpy as np
import pytest

from optimizer.budget import Steps
from optimizer.model import DAY_S
from optimizer.tours import keeping
from optimizer.tours.check import check_tours
from optimizer.tours.choosing import choose_tours
from optimizer.tours.columns import Column
from optimizer.tours.drafting import draft
from optimizer.tours.gathering import Gathering, gather
from optimizer.tours.ground import Ground, lay_ground, without_promises
from optimizer.tours.holding import Held
from optimizer.tours.keeping import keep_together, keepable, promised_tours
from optimizer.tours.model import Levers, LockedDay, OnTheRoad, Span, Told, Touring, TourRule, WorkKind
from optimizer.tours.objective import Weigher
from optimizer.tours.plan import TourPlan
from optimizer.tours.planning import plan_tours
from optimizer.tours.reading import read_tour
from optimizer.tours.shapes import Shape, Terms, is_possible
from optimizer.tours.unkept import unkept
from optimizer.workers import HereWorkers
from tests.make import FlatTravel, at
from tests.make_tours import crew, lodging, on, region, touring, village, work

NIGHTS = 2
FEW = Steps(steps=1)


def planned(asked: Touring, seed: int = 1) -> TourPlan:
    return plan_tours(asked, FlatTravel(), FEW, seed, HereWorkers()).plan


def promise(seed: int, crews: int = 1) -> Touring:
    """Return a random region in which one village was told one date."""
    asked = region(6, crews, 6, seed, beds=3, km=160)
    draws = np.random.default_rng([seed, 2])
    number = int(draws.integers(6))
    told = Told(day=int(draws.integers(6)), stop_id=f"v{number}")
    villages = tuple(replace(v, told=(told,) if v.id == told.stop_id else ()) for v in asked.villages)
    return replace(asked, villages=villages, levers=Levers(nights=NIGHTS))


def shapes(ground: Ground, day: int) -> Iterator[Shape]:
    """Yield every way in which a crew can be away on a day."""
    beds = range(len(ground.asked.lodgings))
    for c in range(len(ground.asked.crews)):
        for count in range(NIGHTS + 1):
            for first, nights in product(range(max(0, day - count), day + 1), product(beds, repeat=count)):
                shape = Shape(crew=c, first=first, nights=nights)
                if is_possible(ground, shape):
                    yield shape


def can_be_kept(asked: Touring) -> bool:
    """Return whether any tour, tried one by one and for nothing else, stops where and when it was told."""
    ground = lay_ground(asked, FlatTravel())
    ((stop, told),) = [(number, told) for number, v in enumerate(asked.villages) for told in v.told]
    for job, stands in enumerate(ground.stands):
        if stop not in stands or not ground.able[:, job, told.day].any():
            continue
        prize, where = np.zeros(len(ground.stands), np.int64), ground.village.copy()
        prize[job], where[job] = 1 << 40, stop
        for shape in shapes(ground, told.day):
            routes: list[tuple[int, ...]] = [() for _ in range(len(shape.nights) + 1)]
            routes[told.day - shape.first] = (job,)
            for column in draft(ground, [shape], Terms(prize=prize, at=where, given=True), 25, 0, [routes]):
                days = {column.shape.first + k for k, visits in enumerate(column.days) if visits}
                if told.day in days:
                    return True
    return False


@pytest.mark.parametrize("crews", [1, 2])
def test_a_date_that_any_single_tour_can_keep_is_kept_by_the_shortest_search(crews: int) -> None:
    could = 0
    for seed in range(25):
        asked = promise(seed, crews)
        plan = planned(asked, seed)
        (told,) = (told for v in asked.villages for told in v.told)
        assert check_tours(asked, plan, FlatTravel()) == []
        can = can_be_kept(asked)
        assert ((told.stop_id, told.day) in plan.stops) is can, seed
        could += can
    assert 5 < could < 22


@pytest.mark.parametrize("seed", range(6))
def test_no_longer_search_keeps_more(seed: int) -> None:
    asked = region(6, 2, 6, seed, beds=3, km=80, told=0.7)
    given_up = asked.levers.released
    told = [(one.stop_id, one.day) for v in asked.villages for one in v.told if (v.id, one.day) not in given_up]

    def kept(steps: int) -> int:
        plan = plan_tours(asked, FlatTravel(), Steps(steps=steps), seed, HereWorkers()).plan
        return sum(one in plan.stops for one in told)

    assert kept(1) >= kept(6_000)


@pytest.mark.parametrize("seed", range(8))
def test_tours_for_promises_are_legal_and_stop_nowhere_else(seed: int) -> None:
    asked = region(8, 2, 6, seed, beds=3, km=60, told=0.7)
    found = promised_tours(lay_ground(asked, FlatTravel()))
    ground, columns = found.ground, found.columns
    promised = {(told.stop_id, told.day) for v in asked.villages for told in v.told}
    assert columns or not ground.told
    for column in columns:
        plan = TourPlan(tours=(read_tour(ground, column),))
        # What the tour leaves out is not said of a tour by itself.
        assert {one.rule for one in check_tours(asked, plan, FlatTravel())} <= {TourRule.ONCE}
        assert plan.stops <= promised
        assert plan.stops


@pytest.mark.parametrize("seed", range(10))
def test_how_many_dates_can_be_kept_is_counted(seed: int) -> None:
    asked = promise(seed)
    assert keepable(lay_ground(asked, FlatTravel())) == int(can_be_kept(asked))


def test_a_date_that_no_drive_of_a_day_keeps_is_not_counted_and_says_so() -> None:
    far = village(id="v2", position=at(400_000), told=on(3, at="v2"))
    asked = touring(villages=(village(told=on(4)), far), jobs=(work(), work(id="j2", village_id="v2")))
    assert keepable(lay_ground(asked, FlatTravel())) == 1
    (said,) = unkept(asked, planned(asked))
    assert said.about == "v2"
    assert "because no day's drive, within its limit, leads there" in said.sentence
    assert "当天到不了该村" in said.sentence_zh
    must = touring(villages=asked.villages[1:], jobs=asked.jobs[1:], levers=Levers(must_visit=frozenset({"v2"})))
    assert "is not: no day's drive" in unkept(must, planned(must))[-1].sentence


def dates_of_one_week() -> Touring:
    """Return a week in which three villages were told following days; nobody comes so far and back in a day."""
    far = tuple(village(id=f"v{k}", position=at(80_000 + 10_000 * k), told=on(k + 2, at=f"v{k}")) for k in range(3))
    jobs = tuple(work(id=f"j{k}", village_id=f"v{k}") for k in range(3))
    return touring(villages=far, jobs=jobs, lodgings=(lodging(position=at(90_000)),), driving_s=3 * 3600)


def test_dates_of_one_week_are_one_tour() -> None:
    plan = planned(dates_of_one_week())
    assert plan.stops == {("v0", 2), ("v1", 3), ("v2", 4)}
    assert len(plan.tours) == 1


def two_days_away(**changes: object) -> Touring:
    """Return a week with a village behind a second day's drive, told day 2 and day 4; nobody leaves before day 2."""
    asked = touring(
        villages=(village(position=at(300_000), told=on(2, 4)),),
        jobs=(work(kind=WorkKind.WALK_IN, reported_s=None, expected=300),),
        lodgings=(lodging(position=at(150_000)), lodging(id="b2", position=at(290_000))),
        crews=(crew(days=frozenset(range(2, 7))),),
        driving_s=5 * 3600,
    )
    return replace(asked, **changes)  # type: ignore[arg-type]


def test_what_cannot_stand_for_the_first_date_stands_for_the_next() -> None:
    asked = two_days_away()
    laid = lay_ground(asked, FlatTravel())
    assert laid.told == {0: Held(stop=0, day=2, promises=1)}
    ground = promised_tours(laid).ground
    assert ground.told == {0: Held(stop=0, day=4, promises=1)}
    assert planned(asked).stops == {("v1", 4)}
    # Nothing stands for what nobody can keep.
    assert without_promises(ground, [*laid.told.values(), *ground.told.values()]).told == {}
    never = two_days_away(crews=(crew(days=frozenset(range(4, 7))),))
    assert promised_tours(lay_ground(never, FlatTravel())).columns == ()


def test_a_kit_that_comes_too_late_leaves_the_date_to_other_work() -> None:
    late = work(id="late", last_s=5 * DAY_S, kit_ready_s=4 * DAY_S)
    asked = touring(villages=(village(told=on(2)),), jobs=(late, work(id="here")), lodgings=())
    assert lay_ground(asked, FlatTravel()).told[0].day == 2
    assert planned(asked).stops >= {("v1", 2)}


def test_locked_beds_and_spans_are_kept_on_the_way() -> None:
    beds = (lodging(), lodging(id="b2", position=at(45_000), price_fen=30_000))
    locked = LockedDay(crew_id="c1", day=2, job_ids=("j2",), lodging_id="b2")
    asked = touring(
        villages=(village(told=on(3)),),
        jobs=(work(), work(id="j2")),
        lodgings=beds,
        levers=Levers(locked=(locked,), spans=(Span(crew_id="c1", first_day=2, last_day=4),)),
    )
    columns = promised_tours(lay_ground(asked, FlatTravel())).columns
    assert {(column.shape.first, column.shape.last, column.shape.nights[0]) for column in columns} == {(2, 4, 1)}
    assert planned(asked).stops >= {("v1", 3)}


def test_who_is_away_keeps_a_date_on_the_way_home_or_after() -> None:
    road = OnTheRoad(day=0, lodging_id="b1", nights=1)
    villages = (village(told=on(0)), village(id="v2", position=at(20_000), told=on(3, at="v2")))
    asked = touring(villages=villages, jobs=(work(), work(id="j2", village_id="v2")), crews=(crew(on_the_road=road),))
    found = promised_tours(lay_ground(asked, FlatTravel()))
    ground, columns = found.ground, found.columns
    assert {column.shape.first for column in columns} >= {0, 3}
    assert planned(asked).stops == {("v1", 0), ("v2", 3)}
    # Tours after the one that brings it home are met too, and chosen with it alone.
    task = Gathering(ground=ground, worth=ground.search_fen, budget=Steps(steps=2_000), share=1.0, seed=1)
    met = gather(task).columns
    assert any(column.shape.first > 0 for column in met)
    later = [column for column in met if column.shape.first > 0]
    assert choose_tours(ground, later, None).columns == ()
    assert Weigher(ground).fen(later[:1]) is None


def test_more_than_the_van_holds_is_kept_by_another_tour() -> None:
    # One tour cannot carry both loads: two tours can.
    asked = touring(
        villages=(village(told=on(2)), village(id="v2", position=at(35_000), told=on(3, at="v2"))),
        jobs=(work(load=3), work(id="j2", village_id="v2", load=3)),
        crews=(crew(load_capacity=4),),
    )
    plan = planned(asked)
    assert plan.stops == {("v1", 2), ("v2", 3)}
    assert check_tours(asked, plan, FlatTravel()) == []


@pytest.mark.parametrize("seed", [4, 10])
def test_what_a_plan_keeps_and_tells_the_next_one_keeps_without_it(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = region(30, 2, 8, seed, beds=8, km=60)
    plan = plan_tours(asked, FlatTravel(), Steps(steps=600), seed, HereWorkers()).plan
    told = {
        v.id: tuple(sorted(Told(day=day, stop_id=id_) for id_, day in plan.stops if id_ == v.id))
        for v in asked.villages
    }
    after = replace(asked, villages=tuple(replace(v, told=told[v.id]) for v in asked.villages))
    assert len(plan.stops) > 25
    assert unkept(after, planned(after)) == ()
    # Each of these dates is kept by some tour of the first choice, and not all by tours that go together.
    monkeypatch.setattr(keeping, "ROUNDS", 0)
    promised = promised_tours(lay_ground(after, FlatTravel()))
    _, chosen = keep_together(promised, [], lambda: None)
    assert len({stop for column in chosen for stop in stops_of(column)}) < len(plan.stops)
    assert {stop for column in promised.columns for stop in stops_of(column)} == {
        (held.stop, held.day) for held in promised.ground.told.values()
    }


def test_no_more_tours_are_looked_for_when_time_is_over_or_nothing_is_missed() -> None:
    asked = region(30, 2, 8, 4, beds=8, km=60, told=0.7)
    promised = promised_tours(lay_ground(asked, FlatTravel()))
    met, chosen = keep_together(promised, [], lambda: 0.0)
    assert met == promised.columns
    more, better = keep_together(promised, chosen, lambda: None)
    assert len(more) > len(met)
    weigher = Weigher(promised.ground)
    fen, better_fen = weigher.fen(chosen), weigher.fen(better)
    assert fen is not None
    assert better_fen is not None
    assert better_fen <= fen
    dates = dates_of_one_week()
    near = promised_tours(lay_ground(dates, FlatTravel()))
    assert keep_together(near, [], lambda: None)[0] == near.columns


def stops_of(column: Column) -> set[tuple[int, int]]:
    return {(village, column.shape.first + k) for k, visits in enumerate(column.days) for _, village in visits}
