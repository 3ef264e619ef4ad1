"""Search and checker agree on random regions: every tour planned is legal, and costs what plain Python says."""

from hypothesis import given, settings
from hypothesis import strategies as st

from optimizer.budget import Steps
from optimizer.tours.by_hand import by_hand
from optimizer.tours.check import RULES, check_tours
from optimizer.tours.cost import price_tours
from optimizer.tours.model import Touring, TourRule
from optimizer.tours.plan import TourPlan
from optimizer.tours.planning import plan_tours
from optimizer.workers import HereWorkers
from tests.make import FlatTravel
from tests.make_tours import region

REASONS = {TourRule.NOT_WORTH, TourRule.ROOM, TourRule.UNKNOWN, TourRule.DAY_METRES, TourRule.VAN_DAYS}

regions = st.builds(
    region,
    villages=st.integers(1, 14),
    crews=st.integers(1, 3),
    days=st.integers(1, 10),
    seed=st.integers(0, 10_000),
    beds=st.integers(1, 5),
    km=st.sampled_from([10, 40, 120, 250]),
    told=st.sampled_from([0.0, 0.5, 1.0]),
)


def test_every_rule_has_its_judge() -> None:
    assert set(RULES) == set(TourRule) - REASONS


@given(asked=regions, seed=st.integers(0, 3))
@settings(max_examples=40, deadline=None)
def test_tours_planned_are_legal_and_cost_what_plain_python_says(asked: Touring, seed: int) -> None:
    travel = FlatTravel(detour_percent=10)
    result = plan_tours(asked, travel, Steps(steps=6_000), seed, HereWorkers())
    assert check_tours(asked, result.plan, travel) == []
    assert result.cost == price_tours(asked, result.plan)
    assert result.bound_fen <= result.cost.total
    nothing = price_tours(asked, TourPlan(tours=()))
    assert result.cost.total <= nothing.total


@given(asked=regions, sleeps=st.booleans())
@settings(max_examples=40, deadline=None)
def test_tours_by_hand_are_legal(asked: Touring, sleeps: bool) -> None:
    travel = FlatTravel()
    assert check_tours(asked, by_hand(asked, travel, sleeps=sleeps), travel) == []


class ManyWorkers(HereWorkers):
    """As many as a large machine has."""

    count = 5  # type: ignore[misc]


def test_the_same_seed_and_steps_give_the_same_tours_with_any_number_of_workers() -> None:
    asked = region(12, 2, 7, 5)
    one, other = (
        plan_tours(asked, FlatTravel(), Steps(steps=5_000), 3, workers) for workers in (HereWorkers(), ManyWorkers())
    )
    assert one == other
