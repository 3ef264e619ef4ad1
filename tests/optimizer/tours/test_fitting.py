"""When tours are fitting: the value curve, and what cannot wait."""

from optimizer.budget import Steps
from optimizer.model import DAY_S
from optimizer.tours.cost import left_out_price, price_tours
from optimizer.tours.fitting import Advice, Fitting, delayed, fitting
from optimizer.tours.model import OnTheRoad, Touring, WorkKind
from optimizer.tours.plan import TourPlan
from optimizer.tours.planning import plan_tours
from optimizer.workers import HereWorkers
from tests.make import FlatTravel, clock
from tests.make_tours import crew, on, region, touring, village, work


def advised(asked: Touring, threshold_fen: int = 0) -> Fitting:
    return fitting(asked, FlatTravel(), Steps(steps=9_000), 1, HereWorkers(), threshold_fen)


def test_customers_who_wait_are_a_reason_to_leave_today() -> None:
    found = advised(touring())
    assert (found.advice, [moment.delay_days for moment in found.curve]) == (Advice.NOW, [0, 3, 7])
    assert found.curve[0].value_fen > found.curve[1].value_fen > found.curve[2].value_fen > 0


def test_nothing_worth_the_trouble_is_no_reason() -> None:
    assert advised(touring(jobs=(work(outlet_fen=100, reported_s=None),))).advice is Advice.NOT_WORTH
    assert advised(touring(), threshold_fen=10_000_000).advice is Advice.NOT_WORTH


def test_walk_ins_that_gather_are_a_reason_to_wait() -> None:
    gathering = touring(
        villages=(village(last_visit_day=-5),),
        jobs=(work(kind=WorkKind.WALK_IN, reported_s=None, outlet_fen=250_000, last_s=90 * DAY_S, expected=300),),
    )
    found = advised(gathering)
    assert found.advice is Advice.IN_7_DAYS
    assert found.forced == ()


def test_a_consent_that_runs_out_forces_a_tour() -> None:
    ends = work(id="ends", last_s=clock("18:00", day=1), outlet_fen=None)
    found = advised(touring(jobs=(ends,)), threshold_fen=100_000_000)
    assert found.advice is Advice.NOW
    (forced,) = found.forced
    assert (forced.job_id, forced.by_day, forced.nobody_else) == ("ends", 1, True)
    assert "2026-03-03" in forced.sentence
    assert "2026-03-03" in forced.sentence_zh
    assert found.curve[1].lost_job_ids == ("ends",)


def test_all_moments_share_one_horizon() -> None:
    asked = touring(days=5)
    assert {delayed(asked, delay).days for delay in (0, 3, 7)} == {12}
    assert min(delayed(asked, 3).crews[0].days) == 3


def test_what_is_known_to_be_possible_is_never_undercut() -> None:
    asked = region(10, 2, 7, 3, beds=4, km=90)
    nothing = price_tours(delayed(asked, 0), TourPlan(tours=()))
    known = plan_tours(delayed(asked, 0), FlatTravel(), Steps(steps=6_000), 1, HereWorkers())
    found = fitting(asked, FlatTravel(), Steps(steps=300), 2, HereWorkers(), base=known.plan).curve[0]
    least = nothing.total - known.cost.total
    assert found.value_fen + nothing.breaches + nothing.kept >= least


def test_walk_ins_are_worth_as_many_as_are_expected_and_gather() -> None:
    few, many = (work(kind=WorkKind.WALK_IN, outlet_fen=None, reported_s=None, expected=n) for n in (10, 1_000))
    asked = touring(villages=(village(last_visit_day=-10),), jobs=(few,))
    assert left_out_price(asked, few)[1] * 100 == left_out_price(asked, many)[1]
    assert delayed(asked, 7).jobs[0].expected == 17


def test_a_date_that_was_told_is_kept_in_mind() -> None:
    told = touring(
        villages=(village(told=on(1)),),
        jobs=(work(kind=WorkKind.WALK_IN, reported_s=None, outlet_fen=150_000),),
    )
    found = advised(told, threshold_fen=10_000_000)
    assert found.advice is Advice.NOW
    assert "told 2026-03-03" in found.forced[0].sentence


def test_a_date_that_these_tours_do_not_keep_forces_nobody() -> None:
    told = touring(villages=(village(told=on(1)),))
    nothing = TourPlan(tours=())
    found = fitting(told, FlatTravel(), Steps(steps=9_000), 1, HereWorkers(), base=nothing)
    assert not any("were told" in one.sentence for one in found.forced)


def test_tours_that_do_best_to_leave_in_a_week_are_advised_in_a_week() -> None:
    late = work(first_s=8 * DAY_S, last_s=9 * DAY_S, kind=WorkKind.PREVENTIVE, reported_s=None)
    assert advised(touring(days=10, jobs=(late,))).advice is Advice.IN_7_DAYS


def test_what_is_planned_on_in_mid_horizon_is_advised_from_that_moment() -> None:
    """Three days are over: a tour that leaves on the fourth leaves today, and the date told then is today's."""
    told = touring(
        villages=(village(told=on(3)),),
        jobs=(work(kind=WorkKind.WALK_IN, reported_s=None, outlet_fen=150_000),),
        now_s=clock("06:00", day=3),
    )
    found = advised(told)
    assert found.advice is Advice.NOW
    assert found.forced[0].by_day == 3
    assert [moment.leaves_day for moment in found.curve] == [3, *(moment.leaves_day for moment in found.curve[1:])]
    assert all((moment.leaves_day or 99) >= 3 + moment.delay_days for moment in found.curve)


def test_a_tour_under_way_cannot_wait() -> None:
    under_way = crew(on_the_road=OnTheRoad(day=0, lodging_id="b1", nights=1))
    gathering = work(kind=WorkKind.WALK_IN, reported_s=None, outlet_fen=250_000, last_s=90 * DAY_S, expected=300)
    asked = touring(villages=(village(last_visit_day=-5),), crews=(under_way,), jobs=(gathering,))
    assert advised(asked).advice is Advice.NOW
    assert advised(asked, threshold_fen=100_000_000).advice is Advice.NOW


def test_a_date_that_the_tours_to_begin_from_keep_is_not_put_off() -> None:
    waits = work(kind=WorkKind.WALK_IN, reported_s=None, outlet_fen=250_000, last_s=90 * DAY_S, expected=300)
    asked = touring(villages=(village(last_visit_day=-5, told=on(1)),), jobs=(waits,))
    kept = plan_tours(asked, FlatTravel(), Steps(steps=6_000), 1, HereWorkers()).plan
    assert ("v1", 1) in kept.stops
    found = fitting(asked, FlatTravel(), Steps(steps=9_000), 1, HereWorkers(), base=kept)
    assert found.advice is Advice.NOW
    assert found.forced[0].by_day <= 1
