"""A decision keeps to its time, and without a clock to a limit of work that repeats; what it says stays true."""

import pytest

from optimizer.engines.mip import Program
from optimizer.parts import bundles, whole
from optimizer.parts.best_bundles import BestBundles
from optimizer.parts.check import faults
from optimizer.parts.choosing import FEELING_ROUNDS
from optimizer.parts.effort import MOST_S, STEPS_PER_SECOND, Effort
from optimizer.parts.model import Order, Sourced, Sourcing
from optimizer.parts.sourcing import source
from tests import make_parts as make
from tests.optimizer.parts.test_one_program import cheapest_fen, of_several_units


def nothing_found(program: Program, **_: object) -> None:
    """Solve nothing."""
    del program


def small_kits(lines: int = 3) -> Sourcing:
    """Make more kits of several lines than there is stock for."""

    def kit(number: int) -> Order:
        return make.order(*(make.line(f"l{number} {k}", f"p{k}") for k in range(1, lines + 1)), id=f"o{number}")

    houses = tuple(
        make.source(house, shelves={f"p{k}": make.shelf(2) for k in range(1, lines + 1)}) for house in ("w1", "w2")
    )
    routes = tuple(make.route(house) for house in ("w1", "w2"))
    return make.asked(*(kit(number) for number in range(6)), sources=houses, routes=routes)


def test_a_clock_is_asked_and_nothing_is_reckoned() -> None:
    effort = Effort(lambda: 3.0)
    effort.search(1 << 40)
    assert not effort.is_reckoned
    assert effort.left() == 3.0
    assert effort.nodes(1 << 40) is None


def test_without_a_clock_what_was_looked_at_is_over_some_time() -> None:
    effort = Effort(lambda: None)
    assert effort.left() == MOST_S
    assert effort.nodes(1_000) == Effort(lambda: None).nodes(1_000)
    assert effort.nodes(1 << 40) == 0
    effort.decide(1_000, 10)
    effort.share(1_000)
    left_s = effort.left()
    assert left_s is not None
    assert 0 < left_s < MOST_S
    effort.search(int(MOST_S * STEPS_PER_SECOND))
    assert effort.nodes(1_000) == 0


def test_first_prices_end_with_their_time(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = {"s": 0.0, "asked": 0.0}
    at = BestBundles.at

    def slow_at(best: BestBundles, *args: object) -> object:
        clock["s"] += 1.0
        clock["asked"] += 1
        return at(best, *args)  # type: ignore[arg-type]

    monkeypatch.setattr(BestBundles, "at", slow_at)
    asked = small_kits()
    sourced = source(asked, remaining=lambda: 3.0 - clock["s"])
    assert faults(asked, sourced) == []
    assert clock["asked"] < FEELING_ROUNDS


def test_the_bundles_of_a_whole_program_end_with_the_time(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = {"s": 0.0, "asked": 0.0}
    below = bundles.bundles_below

    def slow_below(*args: object) -> object:
        clock["s"] += 6.0
        clock["asked"] += 1
        return below(*args)  # type: ignore[arg-type]

    monkeypatch.setattr(whole, "bundles_below", slow_below)
    monkeypatch.setattr(whole, "GROUPS_AT_ONCE", 1)
    asked = of_several_units(*PROVEN_LATE)
    source(asked)
    without = clock["asked"]
    clock |= {"s": 0.0, "asked": 0.0}
    sourced = source(asked, remaining=lambda: 10.0 - clock["s"])
    assert faults(asked, sourced) == []
    assert clock["asked"] <= 2 < without


PROVEN_LATE = 0, 9


def _both(asked: Sourcing) -> tuple[Sourced, Sourced]:
    return source(asked), source(asked)


@pytest.mark.parametrize("seed", range(8))
def test_with_little_effort_it_repeats_and_proves_nothing_that_is_not_so(
    seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = of_several_units(seed, 8)
    best_fen = cheapest_fen(asked)
    for most_s in (0.0, 0.001, 0.003, 0.01):
        monkeypatch.setattr("optimizer.parts.effort.MOST_S", most_s)
        one, other = _both(asked)
        assert (one.answers, one.cost, one.bound_fen) == (other.answers, other.cost, other.bound_fen)
        assert faults(asked, one) == []
        assert one.bound_fen <= best_fen <= one.cost.total


def test_what_the_tightening_proves_is_kept_where_the_program_finds_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(whole, "choose", nothing_found)
    proven: list[int] = []
    for few in (0, 1 << 30):
        monkeypatch.setattr("optimizer.parts.tightening.FEW", few)
        monkeypatch.setattr(whole, "FEW", few)
        proven.append(sum(_bound_within_best(of_several_units(seed, 8)) for seed in range(12)))
    assert proven[0] > proven[1]


def _bound_within_best(asked: Sourcing) -> int:
    """Return what is proven, which is no more than the best choice costs."""
    sourced = source(asked)
    assert faults(asked, sourced) == []
    assert sourced.bound_fen <= cheapest_fen(asked) <= sourced.cost.total
    return sourced.bound_fen


@pytest.mark.parametrize("pieces", [1, 2, 12, 100, 1_000])
def test_the_room_for_bundles_is_bounded_however_large_the_orders_are(pieces: int) -> None:
    room, each = whole.room_for(pieces)
    assert 0 < each <= room
    assert room * pieces <= whole.MOST_NUMBERS


def test_little_room_changes_nothing_that_is_decided(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = small_kits(8)
    best = source(asked)
    monkeypatch.setattr(whole, "MOST_NUMBERS", 400)
    again = source(asked)
    assert again.cost.total == best.cost.total
    assert again.optimal
