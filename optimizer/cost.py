"""The objective in plain integers: what a plan costs, item by item; docs/model.md has the same formulas in words."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, fields
from operator import attrgetter
from typing import TYPE_CHECKING

from optimizer.measure import Leg, Measured, MeasuredRoute, Visit, measured_once
from optimizer.model import (
    DAY_S,
    LOCK_TOLERANCE_S,
    AreaClass,
    ClockKind,
    ContractTariff,
    Day,
    Job,
    Lane,
    Lateness,
    Outlet,
    Ownership,
    Part,
    Shift,
    Skill,
    Tariff,
    Technician,
)
from optimizer.travel import TravelTimes

if TYPE_CHECKING:
    from optimizer.plan import Plan

__all__ = [
    "Cost",
    "churn_price",
    "continuity_price",
    "contract_price",
    "contract_tariff",
    "horizon_s",
    "late_price",
    "lateness_price",
    "leg_price",
    "level_of",
    "over_qualification_price",
    "overtime_price",
    "parity_price",
    "preference_price",
    "price",
    "route_cost",
    "second_visit_price",
    "shipment_price",
    "unserved_price",
    "visit_cost",
    "waiting_price",
    "workload_price",
]

_HOUR_S = 3_600


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """What a plan costs, in fen, item by item."""

    travel: int = 0
    overtime: int = 0
    contract: int = 0
    own_first: int = 0
    second_visit: int = 0
    over_qualification: int = 0
    continuity: int = 0
    lateness: int = 0
    waiting: int = 0
    parts: int = 0
    preference: int = 0
    churn: int = 0
    workload: int = 0
    unserved: int = 0
    parity: int = 0

    @property
    def total(self) -> int:
        """The sum of all items, in fen."""
        return sum(_FEN(self))

    def items(self) -> tuple[tuple[str, int], ...]:
        """Return every item's name and fen, in the order of the model page."""
        return tuple(zip(_ITEMS, _FEN(self), strict=True))

    def __add__(self, other: "Cost") -> "Cost":
        return _sum((self, other))

    def __str__(self) -> str:
        rows = [(name, f"{fen / 100:,.2f}") for name, fen in (*self.items(), ("total", self.total))]
        width = max(len(yuan) for _, yuan in rows)
        return "\n".join(f"{name:<18} {yuan:>{width}} yuan" for name, yuan in rows)


def price(day: Day, plan: "Plan", travel: TravelTimes | Measured) -> Cost:
    """Price a plan, legal or not.

    Parameters
    ----------
    day
        What is asked.
    plan
        What is answered. A job counts as left out when no route visits it, whatever the plan lists; routes of
        unknown shifts and stops of unknown jobs cost nothing.
    travel
        Travel times, or what `measure` has already asked of them for this plan.

    Returns
    -------
    Cost
        In fen.
    """
    measured = measured_once(day, plan, travel)
    routes = (route_cost(day.tariff, route) for route in measured.routes)
    visits = (visit_cost(day.tariff, visit) for route in measured.routes for visit in route.visits)
    left_out = (_left_out_cost(day, job) for job in measured.left_out())
    return (
        _sum(routes)
        + _sum(visits)
        + _sum(left_out)
        + Cost(
            parts=sum(shipment.cost_fen for shipment in plan.shipments),
            workload=_workload(measured),
            parity=_parity(measured),
        )
    )


_ITEMS = tuple(item.name for item in fields(Cost))
_FEN: Callable[[Cost], tuple[int, ...]] = attrgetter(*_ITEMS)


def _sum(costs: Iterable[Cost]) -> Cost:
    """Return the sum of many costs, item by item: a national plan has a cost per visit."""
    rows = [_FEN(cost) for cost in costs]
    return Cost(**dict(zip(_ITEMS, map(sum, zip(*rows, strict=True)), strict=True))) if rows else Cost()


def route_cost(tariff: Tariff, route: MeasuredRoute) -> Cost:
    """Return what a route costs apart from its visits: every leg and the overtime."""
    legs = (*(visit.leg for visit in route.visits), route.back)
    return Cost(
        travel=sum(leg_price(tariff, route.technician, route.outlet.ownership, leg) for leg in legs),
        overtime=overtime_price(tariff, route.shift, route.route.return_s),
    )


def visit_cost(tariff: Tariff, visit: Visit) -> Cost:
    """Return what a visit costs apart from the way to it."""
    job, start_s, end_s = visit.job, visit.stop.start_s, visit.stop.end_s
    by_contract = visit.outlet.ownership is Ownership.CONTRACT
    return Cost(
        contract=contract_price(contract_tariff(tariff, visit.outlet), visit.base_m, visit.service_s)
        if by_contract
        else 0,
        own_first=tariff.contract_preference_fen if by_contract else 0,
        second_visit=second_visit_price(tariff, visit.outlet, job.skill.family),
        over_qualification=over_qualification_price(tariff, visit.technician, job.skill),
        continuity=continuity_price(tariff, job, visit.technician.id),
        lateness=lateness_price(tariff, job, start_s, end_s),
        waiting=waiting_price(tariff, job, start_s),
        preference=preference_price(tariff, job, start_s),
        churn=churn_price(tariff, job, visit.technician.id, start_s),
    )


def leg_price(tariff: Tariff, technician: Technician, ownership: Ownership, leg: Leg) -> int:
    """Return the price of one leg: wage for the seconds, running cost for the metres."""
    return (
        leg.seconds * tariff.travel_fen_per_hour[ownership] // _HOUR_S
        + leg.metres * tariff.fen_per_km[technician.mode] // 1_000
    )


def overtime_price(tariff: Tariff, shift: Shift, return_s: int) -> int:
    """Return the price of coming back after the paid hours."""
    return max(0, return_s - shift.end_s) * tariff.overtime_fen_per_hour // _HOUR_S


def contract_tariff(tariff: Tariff, outlet: Outlet) -> ContractTariff:
    """Return the tariff that a contract outlet is paid by."""
    return next(row for row in tariff.contract_tariffs if row.id == outlet.tariff_id)


def contract_price(row: ContractTariff, base_m: int, service_s: int) -> int:
    """Return what a contract outlet is paid for one visit: call-out, distance band, minutes."""
    band_fen = next((fen for up_to_m, fen in row.bands if base_m <= up_to_m), row.bands[-1][1])
    return row.call_out_fen + band_fen + service_s * row.fen_per_minute // 60


def second_visit_price(tariff: Tariff, outlet: Outlet, family: str) -> int:
    """Return the price of the risk that the outlet must come again."""
    return (100 - outlet.first_fix_percent.get(family, 100)) * tariff.second_visit_fen // 100


def level_of(technician: Technician, family: str) -> int:
    """Return the technician's level in a family, 0 when they do not know it."""
    return max((skill.level for skill in technician.skills if skill.family == family), default=0)


def over_qualification_price(tariff: Tariff, technician: Technician, skill: Skill) -> int:
    """Return the price of each level the technician has above the job's; nothing below it, that is a violation."""
    return max(0, level_of(technician, skill.family) - skill.level) * tariff.over_qualification_fen


def continuity_price(tariff: Tariff, job: Job, technician_id: str) -> int:
    """Return the price of somebody else coming than the one the customer knows."""
    wanted = job.preferred_technician_id
    return tariff.continuity_fen if wanted is not None and wanted != technician_id else 0


def late_price(lateness: Lateness, late_s: int) -> int:
    """Return the graded price of one clock, unweighted.

    Parameters
    ----------
    lateness
        The clock's prices.
    late_s
        Event less due, seconds; negative when early.

    Returns
    -------
    int
        Fen: nothing until `warn_s` before due, then a slope, at the breach a step, after it a slope that gets
        steeper by itself with every started day.
    """
    if late_s <= -lateness.warn_s:
        return 0
    if late_s <= 0:
        return (late_s + lateness.warn_s) * lateness.warn_fen_per_hour // _HOUR_S
    days, rest_s = divmod(late_s, DAY_S)
    return (
        lateness.warn_s * lateness.warn_fen_per_hour // _HOUR_S
        + lateness.breach_fen
        + 12 * days * (days + 1) * lateness.late_fen_per_hour
        + (days + 1) * rest_s * lateness.late_fen_per_hour // _HOUR_S
    )


def lateness_price(tariff: Tariff, job: Job, start_s: int, end_s: int) -> int:
    """Return the price of all the job's clocks for a service from start to end, weighted by customer class."""
    weight = tariff.weight_percent[job.customer_class]
    event_s = {ClockKind.ARRIVAL: start_s, ClockKind.RESOLUTION: end_s}
    return sum(
        weight * late_price(tariff.lateness[clock.kind], event_s[clock.kind] - clock.due_s) // 100
        for clock in job.clocks
    )


def waiting_price(tariff: Tariff, job: Job, start_s: int) -> int:
    """Return the small price of every hour from report to visit, weighted by customer class."""
    waited_fen = max(0, start_s - job.reported_s) * tariff.waiting_fen_per_hour // _HOUR_S
    return tariff.weight_percent[job.customer_class] * waited_fen // 100


def preference_price(tariff: Tariff, job: Job, start_s: int) -> int:
    """Return the price of starting outside the slot the customer would like."""
    slot = job.preferred
    return 0 if slot is None or slot.earliest_s <= start_s <= slot.latest_s else tariff.preference_fen


def churn_price(tariff: Tariff, job: Job, technician_id: str | None, start_s: int | None) -> int:
    """Return the price of changing what was published; None for technician and start when the job is left out."""
    if job.published is None:
        return 0
    if start_s is None or technician_id != job.published.technician_id:
        fen = tariff.churn_technician_fen
    elif abs(start_s - job.published.start_s) > LOCK_TOLERANCE_S:
        fen = tariff.churn_moved_fen
    else:
        return 0
    return fen + (tariff.churn_told_fen if job.published.told else 0)


def workload_price(tariff: Tariff, outlet: Outlet, visits: int) -> int:
    """Return the price of the visits still owed to a contract outlet."""
    if outlet.ownership is not Ownership.CONTRACT:
        return 0
    return tariff.workload_fen * max(0, outlet.workload_target - visits)


def horizon_s(days: int) -> int:
    """Return when a job that is left out counts as served: one day after the last."""
    return (days + 1) * DAY_S


def unserved_price(tariff: Tariff, job: Job, days: int) -> int:
    """Return the price of leaving a job out of a horizon of so many days; nothing while consent is missing."""
    if not job.consent:
        return 0
    served_s = horizon_s(days)
    return (
        tariff.weight_percent[job.customer_class] * tariff.unserved_fen // 100
        + lateness_price(tariff, job, served_s, served_s)
        + waiting_price(tariff, job, served_s)
    )


def parity_price(tariff: Tariff, jobs: int, missed: int) -> int:
    """Return a centre's price of missing more of its remote jobs' arrivals than the target allows."""
    allowed = jobs * (100 - tariff.parity_target_percent) // 100
    return tariff.parity_fen * max(0, missed - allowed)


def shipment_price(lane: Lane, part: Part, quantity: int) -> int:
    """Return the price of sending so many of a part along a lane."""
    return lane.cost_fen + quantity * part.weight_g * lane.cost_fen_per_kg // 1_000


def _left_out_cost(day: Day, job: Job) -> Cost:
    return Cost(
        churn=churn_price(day.tariff, job, None, None),
        unserved=unserved_price(day.tariff, job, day.days),
    )


def _workload(measured: Measured) -> int:
    visits: dict[str, int] = defaultdict(int)
    for route in measured.routes:
        visits[route.outlet.id] += len(route.visits)
    return sum(workload_price(measured.day.tariff, outlet, visits.get(outlet.id, 0)) for outlet in measured.day.outlets)


def _parity(measured: Measured) -> int:
    jobs: dict[str, int] = defaultdict(int)
    missed: dict[str, int] = defaultdict(int)
    for job, due_s in _remote_arrivals(measured.day):
        visits = measured.visits.get(job.id, ())
        jobs[job.centre_id] += 1
        missed[job.centre_id] += min((visit.stop.start_s for visit in visits), default=due_s + 1) > due_s
    return sum(parity_price(measured.day.tariff, jobs[centre], missed[centre]) for centre in jobs)


def _remote_arrivals(day: Day) -> Iterator[tuple[Job, int]]:
    """Yield the jobs that parity looks at, with the due time of their (earliest) arrival clock."""
    for job in day.jobs:
        due_s = min((clock.due_s for clock in job.clocks if clock.kind is ClockKind.ARRIVAL), default=None)
        if due_s is not None and job.consent and job.area_class is AreaClass.REMOTE:
            yield job, due_s
