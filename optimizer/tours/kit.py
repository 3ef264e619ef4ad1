"""What a tour takes along: the exact parts of known jobs, and spare parts chosen by the chance that they are needed.

The spare parts are a repair kit (Smith, Chambers & Shlifer 1980, "Optimal inventories based on job completion rate"):
the units that most likely finish a repair on the spot, within the van's volume and the money. Needs are taken as
Poisson, one part per failed visit, so that the k-th unit of a part is worth the chance of at least k needs.
"""

import math
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from optimizer.engines.mip import Program, choose
from optimizer.tours.model import Touring, TourJob, WorkKind
from optimizer.tours.plan import Tour

__all__ = ["Kit", "KitLine", "VanPart", "VanStock", "kit_of", "kit_with", "unit_worth_fen", "visits_expected"]

LEAST_CHANCE = 0.001
"""A unit less likely to be needed is not looked at."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VanPart:
    """A part that vans may carry as a spare. chance_permille: that a visit of the family needs it."""

    part_id: str
    family: str
    chance_permille: int
    volume_ml: int
    price_fen: int
    most: int = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class VanStock:
    """The parts to choose from, and how much room and money there is for spares."""

    parts: tuple[VanPart, ...]
    volume_ml: int
    money_fen: int


@dataclass(frozen=True, slots=True, kw_only=True)
class KitLine:
    """So many units of a part. for_job_ids: what they are for, none for spares. expected_back: likely to come back."""

    part_id: str
    quantity: int
    for_job_ids: tuple[str, ...] = ()
    is_spare: bool = False
    expected_back: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Kit:
    """What the van is loaded with. fixed_on_spot_permille: chance that a visit's need is aboard; 1000 with no need."""

    lines: tuple[KitLine, ...]
    fixed_on_spot_permille: int
    volume_ml: int
    money_fen: int


def visits_expected(asked: Touring, tour: Tour) -> dict[str, float]:
    """Return how many visits of each family may need a spare part: all whose parts are not known beforehand."""
    jobs = {job.id: job for job in asked.jobs}
    visits: dict[str, float] = defaultdict(float)
    for day in tour.days:
        for visit in day.visits:
            job: TourJob = jobs[visit.job_id]
            if job.kind is WorkKind.WALK_IN:
                visits[job.skill.family] += job.expected / 100
            elif not job.order_lines:
                visits[job.skill.family] += 1
    return dict(visits)


def unit_worth_fen(asked: Touring, tour: Tour, part: VanPart, quantity: int, second_visit_fen: int) -> int:
    """Return what each of so many spare units of a part is worth aboard: the visits that it is expected to spare.

    A need that is met spares a second visit: at least at the tariff's price of one, and at what the nearest capable
    outlet's visit to these jobs costs on average where that is more.
    """
    jobs = {job.id: job for job in asked.jobs}
    visited = [jobs[visit.job_id] for day in tour.days for visit in day.visits]
    fen = [
        job.outlet_fen
        for job in visited
        if job.skill.family == part.family and job.outlet_fen is not None and not job.order_lines
    ]
    need = visits_expected(asked, tour).get(part.family, 0.0) * part.chance_permille / 1000
    visit_fen = max(second_visit_fen, sum(fen) // len(fen) if fen else 0)
    return round(visit_fen * _served(need, quantity) / quantity)


def kit_of(asked: Touring, tour: Tour, stock: VanStock) -> Kit:
    """Return the kit of a tour with the spare parts that serve most needs."""
    exact, needs = _exact(asked, tour), _needs(asked, tour, stock)
    quantities = _chosen(stock, needs, max(0, stock.volume_ml - _exact_ml(exact, stock)))
    sent = {part.part_id: (part.part_id, units) for part, units in zip(stock.parts, quantities, strict=True)}
    return kit_with(asked, tour, stock, sent)


def kit_with(asked: Touring, tour: Tour, stock: VanStock, sent: Mapping[str, tuple[str, int]]) -> Kit:
    """Return the kit of a tour with given spare parts: what is sent for each part, and how many.

    Needs of parts that are not sent are needs too: the chance is of all that stock.parts may be needed for.
    """
    exact, needs = _exact(asked, tour), _needs(asked, tour, stock)
    quantities = [sent.get(part.part_id, ("", 0))[1] for part in stock.parts]
    spares = [
        KitLine(
            part_id=sent[part.part_id][0],
            quantity=quantity,
            is_spare=True,
            expected_back=round(quantity - _served(need, quantity)),
        )
        for part, need, quantity in zip(stock.parts, needs, quantities, strict=True)
        if quantity
    ]
    wanted = sum(needs)
    met = sum(_served(need, quantity) for need, quantity in zip(needs, quantities, strict=True))
    return Kit(
        lines=(*exact, *spares),
        fixed_on_spot_permille=1000 if wanted == 0 else round(1000 * met / wanted),
        volume_ml=_exact_ml(exact, stock) + sum(p.volume_ml * q for p, q in zip(stock.parts, quantities, strict=True)),
        money_fen=sum(p.price_fen * q for p, q in zip(stock.parts, quantities, strict=True)),
    )


def _needs(asked: Touring, tour: Tour, stock: VanStock) -> list[float]:
    """Return how many units of each part the visits are expected to need."""
    visits = visits_expected(asked, tour)
    return [visits.get(part.family, 0.0) * part.chance_permille / 1000 for part in stock.parts]


def _exact_ml(exact: tuple[KitLine, ...], stock: VanStock) -> int:
    volume_of = {part.part_id: part.volume_ml for part in stock.parts}
    return sum(line.quantity * volume_of.get(line.part_id, 0) for line in exact)


def _exact(asked: Touring, tour: Tour) -> tuple[KitLine, ...]:
    """Return the parts of known jobs, one line per part."""
    jobs = {job.id: job for job in asked.jobs}
    quantity: dict[str, int] = defaultdict(int)
    wanted_by: dict[str, list[str]] = defaultdict(list)
    for day in tour.days:
        for visit in day.visits:
            for line in jobs[visit.job_id].order_lines:
                quantity[line.part_id] += line.quantity
                wanted_by[line.part_id].append(visit.job_id)
    return tuple(
        KitLine(part_id=part_id, quantity=quantity[part_id], for_job_ids=tuple(dict.fromkeys(wanted_by[part_id])))
        for part_id in sorted(quantity)
    )


def _chosen(stock: VanStock, needs: list[float], volume_ml: int) -> list[int]:
    """Return how many units of each part to take: whole units, the most likely needed within volume and money."""
    units = [
        (number, chance)
        for number, (part, need) in enumerate(zip(stock.parts, needs, strict=True))
        for k in range(1, part.most + 1)
        if (chance := _at_least(need, k)) >= LEAST_CHANCE
    ]
    quantities = [0] * len(stock.parts)
    if not units:
        return quantities
    columns = np.arange(len(units))
    volumes = np.array([stock.parts[number].volume_ml for number, _ in units], np.float64)
    money = np.array([stock.parts[number].price_fen for number, _ in units], np.float64)
    choice = choose(
        Program(
            fen=np.array([-1e6 * chance for _, chance in units]),
            whole=np.ones(len(units), bool),
            least=np.full(2, -np.inf),
            most=np.array([volume_ml, stock.money_fen], np.float64),
            row=np.repeat([0, 1], len(units)),
            column=np.concatenate((columns, columns)),
            amount=np.concatenate((volumes, money)),
        ),
        seconds=None,
        gap=1e-4,
    )
    if choice is not None:
        for (number, _), share in zip(units, choice.share, strict=True):
            quantities[number] += int(share > 0.5)
    return quantities


def _at_least(need: float, k: int) -> float:
    """Return the chance of at least k needs when so many are expected (Poisson)."""
    term = math.exp(-need)
    below = 0.0
    for i in range(k):
        below += term
        term *= need / (i + 1)
    return max(0.0, 1.0 - below)


def _served(need: float, quantity: int) -> float:
    """Return how many needs so many units are expected to serve."""
    return sum(_at_least(need, k) for k in range(1, quantity + 1))
