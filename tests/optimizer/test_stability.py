"""What stability costs: found by searching on, never below nothing, with locks and freezes as hard as before."""

from hypothesis import given, settings
from hypothesis import strategies as st

from optimizer.budget import Portion, Steps
from optimizer.check import check
from optimizer.cost import price
from optimizer.dispatch import dispatch, search_on
from optimizer.model import Day, Lock, Published
from optimizer.plan import Result
from optimizer.stability import stability, unpriced
from optimizer.workers import HereWorkers
from tests import make, strategies
from tests.bad_days.survive import technician_of

TRAVEL = make.FlatTravel()
FAR_M = 10_000


def planned(day: Day, travel: make.FlatTravel = TRAVEL) -> Result:
    return dispatch(day, travel, budget=Steps(steps=400), workers=HereWorkers(), seed=1, progress=lambda *_: None)


def far_published(lock: Lock = Lock.NONE) -> Day:
    """Make a job beside t2 that was published for t1, who is far away, as soon as they can be there."""
    was = Published(technician_id="t1", start_s=make.clock("08:20"), told=True)
    return make.day(
        make.job(position=make.at(FAR_M), published=was, lock=lock),
        outlets=(make.outlet("o1"), make.outlet("o2", position=make.at(FAR_M))),
        technicians=(make.technician("t1"), make.technician("t2", outlet_id="o2", position=make.at(FAR_M))),
        shifts=(make.shift("t1-0"), make.shift("t2-0")),
    )


def test_a_published_visit_that_somebody_nearer_could_make_costs_the_way() -> None:
    day = far_published()
    kept = planned(day)
    assert technician_of(day, kept.plan) == {"j1": "t1"}
    found = stability(day, kept, TRAVEL, budget=Steps(steps=400), workers=HereWorkers(), seed=1)
    tariff = day.tariff
    free = search_on(unpriced(day), make.plan(day), TRAVEL, budget=Steps(steps=400), workers=HereWorkers(), seed=1)
    assert technician_of(day, free) == {"j1": "t2"}
    assert found.fen == kept.cost.total - price(unpriced(day), free, TRAVEL).total > 0
    assert found.fen < tariff.churn_technician_fen + tariff.churn_told_fen
    assert (found.more_changes, found.more_calls) == (1, 1)


def test_what_is_locked_is_not_the_price_of_stability() -> None:
    day = far_published(Lock.PINNED)
    found = stability(day, planned(day), TRAVEL, budget=Steps(steps=400), workers=HereWorkers(), seed=1)
    assert (found.fen, found.more_changes, found.more_calls) == (0, 0, 0)


@settings(max_examples=40)
@given(case=strategies.days_and_travel(), seed=st.integers(0, 1_000))
def test_searching_on_is_legal_and_costs_no_more(case: tuple[Day, make.FlatTravel], seed: int) -> None:
    day, travel = case
    kept = planned(day, travel)
    found = search_on(unpriced(day), kept.plan, travel, budget=Steps(steps=200), workers=HereWorkers(), seed=seed)
    listed = make.plan(day, *found.routes, shipments=found.shipments)
    assert check(day, listed, travel) == ()
    assert price(unpriced(day), found, travel).total <= kept.cost.total - kept.cost.churn


def test_parts_of_a_budget_add_up() -> None:
    whole = Steps(steps=1_000)
    parts = [Portion(budget=whole, part=part) for part in (0.75, 0.25)]
    assert [part.begin(1.0)(250) for part in parts] == [250 / 750, 1.0]
    assert parts[0].begin(0.5)(375) == 1.0
    assert all(part.repeats for part in parts)
