"""A search of a tiny problem ends when nothing better is to be found; one that still finds something goes on."""

from dataclasses import dataclass, field

from optimizer.budget import Remaining, Steps
from optimizer.search.anneal import Stop
from optimizer.vrp.patience import STEPS_PER_PAIR, UntilConverged, until_converged
from optimizer.vrp.plan import StepKind
from optimizer.vrp.solve import solve_routing
from tests.optimizer.vrp.make_routing import routing, task

ENDLESS = Steps(steps=10**12)


def test_a_search_that_finds_nothing_better_is_done() -> None:
    stop = UntilConverged(budget=ENDLESS, patience=100).begin(1.0)
    assert stop(0, 500) < 1.0
    assert stop(99, 500) < 1.0
    assert stop(100, 500) == 1.0


def test_whatever_is_better_renews_the_patience() -> None:
    stop = UntilConverged(budget=ENDLESS, patience=100).begin(1.0)
    assert stop(90, 500) < 1.0
    assert stop(180, 400) < 1.0
    assert stop(270, 400) < 1.0
    assert stop(280, 400) == 1.0


def test_every_leg_is_patient_anew_and_the_budget_holds() -> None:
    budget = UntilConverged(budget=Steps(steps=1_000), patience=400)
    first, second = budget.begin(0.5), budget.begin(0.5)
    assert first(400) == 1.0
    assert second(399) < 1.0
    assert [budget.begin(0.5)(steps, steps) for steps in (250, 500)] == [0.5, 1.0]
    assert budget.repeats
    assert budget.seconds_of(1.0) is None


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """A budget that would last too long, and remembers how far each leg came."""

    legs: list[int] = field(default_factory=list)
    repeats: bool = True

    def begin(self, share: float) -> Stop:
        del share
        self.legs.append(0)
        leg = len(self.legs) - 1

        def stop(steps: int, fen: int = 0, visits: int = 0) -> float:
            del fen, visits
            self.legs[leg] = steps
            return 0.5 if steps < 200 * STEPS_PER_PAIR else 1.0

        return stop

    def seconds_of(self, share: float) -> float | None:
        del share
        return None

    def countdown(self, share: float) -> Remaining:
        del share
        return lambda: None


def test_two_tasks_do_not_take_all_the_time_there_is() -> None:
    counted = Counted()
    ((_, steps),) = solve_routing(routing([task(1, 30), task(2, 10)]), {}, counted, 1)
    assert {step.id for step in steps if step.kind is StepKind.JOB} == {1, 2}
    assert len(counted.legs) == 2
    assert max(counted.legs) < 20 * STEPS_PER_PAIR


def test_a_hundred_tasks_are_searched_for_as_long_as_anybody_waits() -> None:
    stop = until_converged(ENDLESS, 100).begin(1.0)
    assert stop(1, 500) < 1.0
    assert stop(10_000_000, 500) < 1.0
