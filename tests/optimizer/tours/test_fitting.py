"""When tours are fitting: the value curve, and what cannot wait."""

from optimizer.budget import Steps
from optimizer.model import DAY_S
from optimizer.tours.fitting import Advice, Fitting, delayed, fitting
from optimizer.tours.model import Touring, WorkKind
from optimizer.workers import HereWorkers
from tests.make import FlatTravel, clock
from tests.make_tours import touring, village, work


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
