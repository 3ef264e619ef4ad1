"""Key figures of a plan, and their comparison with a baseline's; docs/kpis.md defines each in words."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, fields, is_dataclass
from typing import Any, NamedTuple

import numpy as np

from optimizer import attainment
from optimizer.attainment import Attainment, ParityFloor, Reading, percent
from optimizer.churn import Fate, changes
from optimizer.cost import Cost
from optimizer.model import AreaClass, Day, Job, Ownership
from optimizer.plan import Plan, Route

__all__ = ["Churn", "KpiRow", "Kpis", "Travel", "Workload", "kpis", "kpis_document", "table"]

_HOUR_S = 3_600
_STARVED_PERCENT = 50
_PAID_ITEMS = ("travel", "overtime", "contract", "parts")
_NOTE = (
    "baseline: nearest outlet, first come, first served, as a dispatcher does by hand. Definitions: docs/kpis.md. "
    "A promise is counted over all jobs that may be dispatched: a job left out and due within the horizon is missed."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Travel:
    """All legs, returns included, shared out over the visits; None without visits."""

    visits: int
    minutes_per_visit: float | None
    km_per_visit: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Churn:
    """What became of the visits of the published plan; told customers of all but the same ones are called again."""

    published: int
    same: int
    moved: int
    other_technician: int
    left_out: int
    customers_to_call_again: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Workload:
    """How visits are spread.

    Visits per shift count every shift, empty ones too. Targets: contract outlets that are owed visits.
    starved: ids of those that get less than half.
    """

    visits_per_shift_mean: float | None
    visits_per_shift_p10: float | None
    visits_per_shift_p90: float | None
    outlets_with_target: int
    outlets_on_target: int
    visits_short_of_target: int
    starved: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Kpis:
    """All key figures of one plan; mappings are keyed by the values of the model's enums or by ids."""

    jobs: int
    dispatchable: int
    served: int
    served_percent: float | None
    left_out_by_rule: Mapping[str, int]
    arrival: Attainment
    arrival_by_area: Mapping[str, Attainment]
    arrival_by_ownership: Mapping[str, Attainment]
    arrival_by_area_and_ownership: Mapping[str, Mapping[str, Attainment]]
    parity_gap_points: float | None
    parity_target_percent: int
    parity_by_centre: Mapping[str, ParityFloor]
    by_policy: Mapping[str, Attainment]
    breached_before_planning: int
    appointments: Attainment
    hours_to_visit_mean: float | None
    hours_to_visit_median: float | None
    travel: Travel
    travel_by_ownership: Mapping[str, Travel]
    cost_fen: Mapping[str, int]
    cost_total_fen: int
    cost_per_served_fen: int | None
    paid_per_served_fen: int | None
    churn: Churn
    own_share_percent: float | None
    own_share_percent_by_centre: Mapping[str, float | None]
    workload: Workload
    overtime_hours: float
    technicians: int
    technicians_used: int
    utilisation_percent: float | None

    @property
    def below_parity_floor(self) -> tuple[str, ...]:
        """The centres that miss more of their remote arrivals than their floor allows, worst first."""
        over = {name: floor.missed - floor.allowed for name, floor in self.parity_by_centre.items() if not floor.met}
        return tuple(sorted(over, key=lambda name: (-over[name], name)))

    def as_dict(self) -> dict[str, Any]:
        """Return everything as plain dictionaries, lists and numbers for JSON, floats with two decimals."""
        return {item.name: _plain(getattr(self, item.name)) for item in fields(self)}


@dataclass(frozen=True, slots=True, kw_only=True)
class KpiRow:
    """One line of the comparison; better says whether the plan beats the baseline, None where neither does."""

    name: str
    plan: str
    baseline: str
    better: bool | None


def kpis(day: Day, plan: Plan, cost: Cost, policies: Mapping[str, Sequence[str]] | None = None) -> Kpis:
    """Measure a plan.

    Parameters
    ----------
    day
        What was asked.
    plan
        What was answered, by this service or by anybody; its shifts and jobs are the day's.
    cost
        The plan's cost by `optimizer.cost.price`.
    policies
        Job id → the name of the SLA policy row behind each of its clocks; without it, promises are named by what
        they say.
    """
    reading = Reading(day, plan)
    routes = [route for owned in reading.routes.values() for route in owned]
    dispatchable = sum(job.consent for job in day.jobs)
    served = [job for job in day.jobs if job.id in reading.visits]
    by_area = attainment.arrival_by_area(reading)
    waits_h = [(reading.visits[job.id].stop.start_s - job.reported_s) / _HOUR_S for job in served]
    overtime_s = sum(max(0, route.return_s - reading.shifts[route.shift_id].end_s) for route in routes)
    items = dict(cost.items())
    return Kpis(
        jobs=len(day.jobs),
        dispatchable=dispatchable,
        served=len(served),
        served_percent=percent(len(served), dispatchable),
        left_out_by_rule=dict(sorted(Counter(missing.rule.value for missing in plan.unassigned).items())),
        arrival=attainment.attainment(reading),
        arrival_by_area=by_area,
        arrival_by_ownership=attainment.arrival_by_ownership(reading),
        arrival_by_area_and_ownership=attainment.arrival_by_area_and_ownership(reading),
        parity_gap_points=_gap(by_area[AreaClass.SEAT].percent, by_area[AreaClass.REMOTE].percent),
        parity_target_percent=day.tariff.parity_target_percent,
        parity_by_centre=attainment.parity_floors(reading),
        by_policy=attainment.by_policy(reading, policies or {}),
        breached_before_planning=sum(clock.due_s < day.now_s for _, clock in attainment.arrivals(day)),
        appointments=attainment.appointments(reading),
        hours_to_visit_mean=float(np.mean(waits_h)) if waits_h else None,
        hours_to_visit_median=float(np.median(waits_h)) if waits_h else None,
        travel=_travel(routes),
        travel_by_ownership={ownership.value: _travel(owned) for ownership, owned in reading.routes.items()},
        cost_fen=items,
        cost_total_fen=cost.total,
        cost_per_served_fen=round(cost.total / len(served)) if served else None,
        paid_per_served_fen=round(sum(items[name] for name in _PAID_ITEMS) / len(served)) if served else None,
        churn=_churn(day, plan),
        own_share_percent=_own_share(reading, served),
        own_share_percent_by_centre=_own_share_by_centre(reading, served),
        workload=_workload(reading, routes),
        overtime_hours=overtime_s / _HOUR_S,
        technicians=len({shift.technician_id for shift in day.shifts}),
        technicians_used=len({reading.shifts[route.shift_id].technician_id for route in routes}),
        utilisation_percent=_utilisation(reading, routes),
    )


def kpis_document(plan: Kpis, baseline: Kpis, note: str = _NOTE) -> dict[str, Any]:
    """Return the content of kpis.json."""
    return {"plan": plan.as_dict(), "baseline": baseline.as_dict(), "note": note}


def table(plan: Kpis, baseline: Kpis) -> list[KpiRow]:
    """Return the figures that people compare first, beside the baseline's; what neither plan has is left away."""
    figures = [
        *_PROMISE_FIGURES,
        *_promises_apart(plan, baseline),
        *(_Figure(f"  {name.replace('_', ' ')}", _cost_item(name), "yuan", False) for name in plan.cost_fen),
        *_WORK_FIGURES,
    ]
    both = ((figure, figure.read(plan), figure.read(baseline)) for figure in figures)
    return [_row(figure, ours, theirs) for figure, ours, theirs in both if (ours, theirs) != (None, None)]


def _promises_apart(plan: Kpis, baseline: Kpis) -> list["_Figure"]:
    """Return a line for each promise where none is an arrival: those about resolution alone would have none."""
    if plan.arrival.due or baseline.arrival.due:
        return []
    return [_Figure(f"SLA, {name}", _promise(name), "%", True) for name in plan.by_policy]


def _promise(name: str) -> Callable[[Kpis], float | None]:
    return lambda figures: figures.by_policy[name].percent


def _travel(routes: Iterable[Route]) -> Travel:
    visits = seconds = metres = 0
    for route in routes:
        visits += len(route.stops)
        seconds += route.return_travel_s + sum(stop.travel_s for stop in route.stops)
        metres += route.return_travel_m + sum(stop.travel_m for stop in route.stops)
    return Travel(
        visits=visits,
        minutes_per_visit=seconds / 60 / visits if visits else None,
        km_per_visit=metres / 1_000 / visits if visits else None,
    )


def _churn(day: Day, plan: Plan) -> Churn:
    changed = changes(day, plan)
    fates = Counter(change.fate for change in changed)
    published = sum(job.published is not None for job in day.jobs)
    return Churn(
        published=published,
        same=published - len(changed),
        moved=fates[Fate.TIME],
        other_technician=fates[Fate.TECHNICIAN] + fates[Fate.TECHNICIAN_AND_TIME],
        left_out=fates[Fate.LEFT_OUT],
        customers_to_call_again=sum(change.call_again for change in changed),
    )


def _own_share(reading: Reading, served: Iterable[Job]) -> float | None:
    owners = Counter(reading.ownership(job) for job in served)
    return percent(owners[Ownership.OWN.value], owners.total())


def _own_share_by_centre(reading: Reading, served: Iterable[Job]) -> dict[str, float | None]:
    jobs: defaultdict[str, list[Job]] = defaultdict(list)
    for job in served:
        jobs[job.centre_id].append(job)
    return {centre.id: _own_share(reading, jobs[centre.id]) for centre in reading.day.centres}


def _workload(reading: Reading, routes: Iterable[Route]) -> Workload:
    stops = {route.shift_id: len(route.stops) for route in routes}
    per_shift = [stops.get(shift.id, 0) for shift in reading.day.shifts]
    received = Counter(visit.outlet.id for visit in reading.visits.values())
    owed = {
        outlet.id: outlet.workload_target
        for outlet in reading.day.outlets
        if outlet.ownership is Ownership.CONTRACT and outlet.workload_target > 0
    }
    p10, p90 = (float(value) for value in np.percentile(per_shift, [10, 90])) if per_shift else (None, None)
    return Workload(
        visits_per_shift_mean=float(np.mean(per_shift)) if per_shift else None,
        visits_per_shift_p10=p10,
        visits_per_shift_p90=p90,
        outlets_with_target=len(owed),
        outlets_on_target=sum(received[outlet] >= target for outlet, target in owed.items()),
        visits_short_of_target=sum(max(0, target - received[outlet]) for outlet, target in owed.items()),
        starved=tuple(outlet for outlet, target in owed.items() if received[outlet] * 100 < target * _STARVED_PERCENT),
    )


def _utilisation(reading: Reading, routes: Iterable[Route]) -> float | None:
    busy_s = sum(
        route.return_travel_s + sum(stop.travel_s + stop.end_s - stop.start_s for stop in route.stops)
        for route in routes
    )
    paid_s = sum(
        shift.end_s - shift.start_s - (shift.break_.duration_s if shift.break_ else 0) for shift in reading.day.shifts
    )
    return percent(busy_s, paid_s)


def _gap(seat_percent: float | None, remote_percent: float | None) -> float | None:
    return None if seat_percent is None or remote_percent is None else seat_percent - remote_percent


def _plain(value: Any) -> Any:
    """Turn dataclasses, mappings and tuples into what JSON has."""
    if isinstance(value, Attainment):
        return {**asdict(value), "due": value.due, "percent": _plain(value.percent)}
    if isinstance(value, ParityFloor):
        return {**asdict(value), "met": value.met}
    if is_dataclass(value) and not isinstance(value, type):
        return _plain(asdict(value))
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    return round(value, 2) if isinstance(value, float) else value


class _Figure(NamedTuple):
    """A line of the table: where its value is, its unit, and which direction is good (None: neither)."""

    name: str
    read: Callable[[Kpis], float | None]
    unit: str
    higher_is_better: bool | None


def _row(figure: _Figure, ours: float | None, theirs: float | None) -> KpiRow:
    plan, baseline = _text(ours, figure.unit), _text(theirs, figure.unit)
    better = None
    # What reads the same on the page is the same.
    if figure.higher_is_better is not None and ours is not None and theirs is not None and plan != baseline:
        # A gap is better the nearer it is to none, on whichever side.
        ours, theirs = (abs(ours), abs(theirs)) if figure.unit == "points" else (ours, theirs)
        better = None if ours == theirs else (ours > theirs) == figure.higher_is_better
    return KpiRow(name=figure.name, plan=plan, baseline=baseline, better=better)


def _text(value: float | None, unit: str) -> str:
    if value is None:
        return "–"
    if unit == "yuan":
        return f"¥ {value / 100:,.0f}"
    if unit == "yuan each":
        return f"¥ {value / 100:,.2f}"
    return f"{value:,.1f} {unit}" if unit else f"{value:,.0f}"


def _cost_item(name: str) -> Callable[[Kpis], float]:
    return lambda figures: figures.cost_fen[name]


_PROMISE_FIGURES = (
    _Figure("jobs that may be dispatched", lambda k: k.dispatchable, "", None),
    _Figure("served", lambda k: k.served, "", True),
    _Figure("SLA, arrivals in time", lambda k: k.arrival.percent, "%", True),
    _Figure("  city or township with an outlet", lambda k: k.arrival_by_area[AreaClass.SEAT].percent, "%", True),
    _Figure("  remote", lambda k: k.arrival_by_area[AreaClass.REMOTE].percent, "%", True),
    _Figure("  parity gap, seat less remote", lambda k: k.parity_gap_points, "points", False),
    _Figure("  centres below their floor for remote", lambda k: len(k.below_parity_floor), "", False),
    _Figure("  visits by own technicians", lambda k: k.arrival_by_ownership[Ownership.OWN].percent, "%", True),
    _Figure("  visits by contract outlets", lambda k: k.arrival_by_ownership[Ownership.CONTRACT].percent, "%", True),
    _Figure("arrivals late or missed", lambda k: k.arrival.late + k.arrival.missed, "", False),
    _Figure("appointments kept", lambda k: k.appointments.percent, "%", True),
    _Figure("report to visit, mean", lambda k: k.hours_to_visit_mean, "h", False),
    _Figure("report to visit, median", lambda k: k.hours_to_visit_median, "h", False),
    _Figure("travel per visit, time", lambda k: k.travel.minutes_per_visit, "min", False),
    _Figure("travel per visit, distance", lambda k: k.travel.km_per_visit, "km", False),
    _Figure("cost, total", lambda k: k.cost_total_fen, "yuan", False),
)
_WORK_FIGURES = (
    _Figure("cost per served job", lambda k: k.cost_per_served_fen, "yuan each", False),
    _Figure("paid out per served job", lambda k: k.paid_per_served_fen, "yuan each", False),
    _Figure("published visits unchanged", lambda k: k.churn.same, "", True),
    _Figure("customers to call again", lambda k: k.churn.customers_to_call_again, "", False),
    _Figure("share of own technicians", lambda k: k.own_share_percent, "%", None),
    _Figure("visits per technician-day, mean", lambda k: k.workload.visits_per_shift_mean, "visits", None),
    _Figure("contract outlets starved", lambda k: len(k.workload.starved), "", False),
    _Figure("overtime", lambda k: k.overtime_hours, "h", False),
    _Figure("technicians used", lambda k: k.technicians_used, "", None),
    _Figure("utilisation", lambda k: k.utilisation_percent, "%", None),
)
