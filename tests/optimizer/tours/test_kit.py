"""The van's kit: exact parts of known jobs; spares as good as every combination tried."""

from itertools import product
from math import exp, factorial

import pytest

from optimizer.model import Skill
from optimizer.tours.kit import Kit, KitLine, VanPart, VanStock, kit_of, unit_worth_fen
from optimizer.tours.model import Touring, WorkKind
from optimizer.tours.plan import Tour, TourDay, Visit
from tests.make import order_line
from tests.make_tours import touring, work


def tour_to(asked: Touring) -> Tour:
    visits = tuple(
        Visit(job_id=job.id, village_id="v1", start_s=0, end_s=0, travel_s=0, travel_m=0) for job in asked.jobs
    )
    day = TourDay(day=0, depart_s=0, visits=visits, arrive_s=0, travel_s=0, travel_m=0, lodging_id=None)
    return Tour(crew_id="c1", days=(day,))


def kit(asked: Touring, *parts: VanPart, volume_ml: int = 10_000, money_fen: int = 100_000) -> Kit:
    return kit_of(asked, tour_to(asked), VanStock(parts=parts, volume_ml=volume_ml, money_fen=money_fen))


def spare(part_id: str = "p1", **changes: int) -> VanPart:
    given = {"chance_permille": 300, "volume_ml": 1_000, "price_fen": 5_000, "most": 3} | changes
    return VanPart(part_id=part_id, family="fridge", **given)


def test_known_jobs_get_exactly_their_parts() -> None:
    asked = touring(
        jobs=(
            work(id="a", order_lines=(order_line(id="l1", part_id="p9", quantity=2),)),
            work(id="b", order_lines=(order_line(id="l2", part_id="p9", quantity=1),)),
        )
    )
    assert kit(asked).lines == (KitLine(part_id="p9", quantity=3, for_job_ids=("a", "b")),)
    assert kit(asked).fixed_on_spot_permille == 1000


def test_a_spare_is_worth_the_second_visits_that_it_spares() -> None:
    """One need in ten of a hundred visits is expected ten times: the first units are all but sure to be needed."""
    asked = touring(jobs=tuple(work(id=f"w{n}", outlet_fen=None) for n in range(10)))
    sure = spare(chance_permille=1_000)
    assert unit_worth_fen(asked, tour_to(asked), sure, 1, 8_000) == round(8_000 * (1 - exp(-10)))
    rare = spare(chance_permille=10)
    chance = 1 - exp(-0.1)
    assert unit_worth_fen(asked, tour_to(asked), rare, 1, 8_000) == round(8_000 * chance)
    both = chance + 1 - exp(-0.1) * (1 + 0.1)
    assert unit_worth_fen(asked, tour_to(asked), rare, 2, 8_000) == round(8_000 * both / 2)
    # Far from every outlet the visit that is spared is dearer than the tariff's; of other families none is.
    far = touring(jobs=tuple(work(id=f"w{n}", outlet_fen=30_000 + n) for n in range(3)))
    assert unit_worth_fen(far, tour_to(far), sure, 1, 8_000) == round(30_001 * (1 - exp(-3)))
    assert unit_worth_fen(far, tour_to(far), sure, 1, 50_000) == round(50_000 * (1 - exp(-3)))
    other = VanPart(part_id="p2", family="oven", chance_permille=900, volume_ml=1, price_fen=1)
    assert unit_worth_fen(far, tour_to(far), other, 1, 8_000) == 0


def test_jobs_whose_parts_are_known_want_no_spares() -> None:
    known = touring(jobs=(work(order_lines=(order_line(id="l1", part_id="p9", quantity=1),)),))
    assert [line.is_spare for line in kit(known, spare()).lines] == [False]


def test_walk_ins_want_spares_by_how_many_are_expected() -> None:
    few, many = (touring(jobs=(work(kind=WorkKind.WALK_IN, expected=expected),)) for expected in (1, 1_000))
    assert kit(few, spare(chance_permille=10)).lines == ()
    (line,) = kit(many, spare()).lines
    assert (line.quantity, line.is_spare) == (3, True)
    assert 0 <= line.expected_back <= line.quantity


def test_counts_are_plain_numbers() -> None:
    found = kit(touring(jobs=(work(), work(id="w2"))), spare())
    numbers = [found.fixed_on_spot_permille, found.volume_ml, found.money_fen]
    numbers += [number for line in found.lines for number in (line.quantity, line.expected_back)]
    assert len(numbers) > 3
    assert {type(number) for number in numbers} == {int}


def test_nothing_fits_an_empty_van() -> None:
    assert kit(touring(), spare(), volume_ml=0).lines == ()
    assert kit(touring(), spare(), money_fen=4_999).lines == ()


@pytest.mark.parametrize("seed", range(6))
def test_spares_are_the_best_of_all_combinations(seed: int) -> None:
    parts = tuple(
        VanPart(
            part_id=f"p{k}",
            family=("fridge", "washer")[k % 2],
            chance_permille=100 + 170 * ((seed + 3 * k) % 5),
            volume_ml=400 + 300 * ((seed * 7 + k) % 4),
            price_fen=1_000 + 900 * ((seed * 5 + 2 * k) % 6),
            most=2,
        )
        for k in range(4)
    )
    asked = touring(
        jobs=tuple(
            work(id=f"j{k}", skill=Skill(family=("fridge", "washer")[k % 2], level=1)) for k in range(3 + seed % 3)
        )
    )
    volume_ml, money_fen = 2_000, 6_000
    found = kit(asked, *parts, volume_ml=volume_ml, money_fen=money_fen)
    visits = {family: sum(job.skill.family == family for job in asked.jobs) for family in ("fridge", "washer")}
    needs = [visits[part.family] * part.chance_permille / 1000 for part in parts]

    def met(quantities: tuple[int, ...]) -> float:
        return sum(
            sum(1 - sum(exp(-need) * need**i / factorial(i) for i in range(k)) for k in range(1, quantity + 1))
            for need, quantity in zip(needs, quantities, strict=True)
        )

    legal = [
        quantities
        for quantities in product(range(3), repeat=4)
        if sum(p.volume_ml * q for p, q in zip(parts, quantities, strict=True)) <= volume_ml
        and sum(p.price_fen * q for p, q in zip(parts, quantities, strict=True)) <= money_fen
    ]
    taken = {line.part_id: line.quantity for line in found.lines}
    quantities = tuple(taken.get(part.part_id, 0) for part in parts)
    assert quantities in legal
    assert met(quantities) == pytest.approx(max(map(met, legal)), rel=1e-3)
