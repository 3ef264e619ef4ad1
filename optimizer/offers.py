"""One job at once: the cheapest legal place for a draft job in each slot, priced to the fen against the plan without it."""

import datetime as dt
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from optimizer.cost import (
    Cost,
    churn_price,
    lateness_price,
    leg_price,
    overtime_price,
    parity_price,
    preference_price,
    unserved_price,
    visit_cost,
    waiting_price,
    workload_price,
)
from optimizer.desk import Desk, arrival_due, timed_route
from optimizer.measure import Leg, Visit
from optimizer.model import ClockKind, Job, TravelMode, Window
from optimizer.plan import Route, Shipment, Stop
from optimizer.roster import visit_windows
from optimizer.search.abilities import able, legs_fen, pair_fen
from optimizer.search.arrays import job_tables
from optimizer.search.problem import FREE, Problem
from optimizer.search.schedule import INFEASIBLE
from optimizer.search.timetable import Draft, Times, put, quote
from optimizer.sourcing import KitOption
from optimizer.travel import EARTH_M, UNREACHABLE

__all__ = ["Grade", "Inquiry", "Moved", "Offer", "inquire", "insert", "make_offers", "offer_at", "quoted", "requote"]

LOOKED_AT = 32
"""Shifts of a date whose ways to the job are asked for: those that come nearest to it, stops and base alike."""
"""Shifts of a date looked at: those whose base or stops come nearest."""


class Grade(StrEnum):
    """How an offer compares with the cheapest one that keeps the promises."""

    A = "A"
    B = "B"
    C = "C"


GRADE_A_FEN, GRADE_B_FEN = 1_000, 5_000
"""How much dearer than the cheapest offer one of grade A or B may be."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Moved:
    """A planned visit that starts later because of an offer."""

    job_id: str
    from_s: int
    to_s: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """A slot with who would come when, and what that costs the plan.

    appointment: the part of the slot that the job's own windows leave. after: the stop before, "" for the base.
    kit_ready_s: when the parts are there, None when all is carried. price: the plan with the job less the plan without
    it. late: promises that would be broken. route, shipments: what the plan then has of the shift and the job.
    """

    job_id: str
    technician_id: str
    outlet_id: str
    shift_id: str
    date: dt.date
    slot: Window
    appointment: Window
    start_s: int
    end_s: int
    travel_s: int
    travel_m: int
    after: str
    kit_ready_s: int | None
    price: Cost
    late: tuple[ClockKind, ...]
    moved: tuple[Moved, ...]
    route: Route
    shipments: tuple[Shipment, ...]
    grade: Grade = Grade.A

    @property
    def price_fen(self) -> int:
        """What the plan costs more with the job in it."""
        return self.price.total


class Ways(NamedTuple):
    """Ways between the job and the points of c shifts' routes: seconds and metres to the job, and from it."""

    to_s: NDArray[np.int32]
    to_m: NDArray[np.int32]
    from_s: NDArray[np.int32]
    from_m: NDArray[np.int32]


@dataclass(frozen=True, slots=True, kw_only=True)
class Inquiry:
    """A draft job laid out beside a desk: slots that its windows leave something of, shifts that could serve it."""

    desk: Desk
    job: Job
    kits: tuple[KitOption, ...]
    slots: tuple[Window, ...]
    spans: tuple[tuple[Window, ...], ...]
    shifts: NDArray[np.int64]
    ways: Ways
    problem: Problem
    draft: Draft
    times: Times


def make_offers(
    desk: Desk,
    job: Job,
    slots: Sequence[Window],
    *,
    most: int | None = None,
    technician_ids: Collection[str] | None = None,
) -> tuple[Offer, ...]:
    """Return the cheapest legal offer of each slot that has one, the cheapest first, at most so many.

    job: not visited by the plan; an appointment it has is left aside, its windows hold. technician_ids: who may come,
    None for anybody.
    """
    inquiry = inquire(desk, replace(job, appointment=None), slots, technician_ids=technician_ids)
    if inquiry is None:
        return ()
    fen, gap = quoted(inquiry)
    best = fen.argmin(axis=1)
    places = [(w, int(c), int(gap[w, c])) for w, c in enumerate(best) if fen[w, c] < INFEASIBLE]
    places.sort(key=lambda place: (int(fen[place[0], place[1]]), place[0]))
    offers = sorted((offer_at(inquiry, place) for place in places[:most]), key=lambda o: (o.price_fen, o.start_s))
    return _graded(offers)


def requote(desk: Desk, job: Job, offer: Offer) -> Offer | None:
    """Return what exactly this technician, shift and slot cost by now, None when the place is gone."""
    inquiry = inquire(desk, replace(job, appointment=None), (offer.slot,), shift_id=offer.shift_id)
    if inquiry is None:
        return None
    fen, gap = quoted(inquiry)
    if fen[0, 0] >= INFEASIBLE:
        return None
    return replace(offer_at(inquiry, (0, 0, int(gap[0, 0]))), grade=offer.grade)


def insert(desk: Desk, job: Job, offer: Offer) -> Desk:
    """Return the desk with an offer of its own taken up: the slot is the job's appointment from now on."""
    agreed = replace(job, appointment=offer.appointment)
    return desk.replace_route(offer.route, (agreed,), offer.shipments)


def _graded(offers: Sequence[Offer]) -> tuple[Offer, ...]:
    kept = [offer for offer in offers if not offer.late] or offers
    least = min((offer.price_fen for offer in kept), default=0)

    def grade(offer: Offer) -> Grade:
        if bool(offer.late) > bool(kept[0].late) or offer.price_fen > least + GRADE_B_FEN:
            return Grade.C
        return Grade.B if offer.price_fen > least + GRADE_A_FEN else Grade.A

    return tuple(replace(offer, grade=grade(offer)) for offer in offers)


# Laying the job out


def inquire(
    desk: Desk,
    job: Job,
    slots: Sequence[Window],
    *,
    technician_ids: Collection[str] | None = None,
    shift_id: str | None = None,
) -> Inquiry | None:
    """Return the job laid out for these slots, None when no shift or no time is left for it."""
    kits = desk.kit(job) if job.order_lines else ()
    open_ = [(slot, spans) for slot in slots if (spans := _spans(desk, job, slot))]
    if not open_ or (job.order_lines and not kits):
        return None
    spans = tuple(span for _, span in open_)
    may = able(desk.abilities, desk.asking, job, desk.loads) & ~desk.shut & _on_time(desk, spans)
    if technician_ids is not None:
        numbers = [desk.abilities.technicians[one] for one in technician_ids if one in desk.abilities.technicians]
        may &= np.isin(desk.abilities.technician, numbers)
    if shift_id is not None:
        may &= np.arange(len(may)) == desk.abilities.shifts[shift_id]
    shifts = _nearest(desk, job, may)
    ways = _ways(desk, job, shifts)
    within = ways.to_m[:, 0] <= desk.abilities.reach_m[shifts]
    shifts, ways = shifts[within], Ways(*(way[within] for way in ways))
    if not len(shifts):
        return None
    slots_left = tuple(slot for slot, _ in open_)
    return laid_out(desk, job, kits, (slots_left, spans), shifts, ways)


def laid_out(
    desk: Desk,
    job: Job,
    kits: tuple[KitOption, ...],
    slots: tuple[tuple[Window, ...], tuple[tuple[Window, ...], ...]],
    shifts: NDArray[np.int64],
    ways: Ways,
) -> Inquiry:
    """Return an inquiry about a job on these shifts, whose ways are known."""
    a, t = desk.abilities, desk.timetable
    rows, windows = _slot_rows(slots[1], desk.problem.windows.dtype)
    problem = _own_problem(desk, job, kits, windows)
    outlet = a.outlet[shifts]
    owed = np.array([desk.roster.outlets[o].workload_target for o in a.outlets], np.int64)[outlet]
    saves = ~a.own[shifts] & (desk.visits[outlet] < owed)
    fixed = pair_fen(a, job, shifts, ways.to_m[:, 0].astype(np.int64)) - saves * a.tariff.workload_fen
    problem.fixed[0, shifts] = fixed
    most = t.stops.shape[1]
    counts, missed, base_fen, centre = _parity_counts(desk, job)
    return Inquiry(
        desk=desk,
        job=job,
        kits=kits,
        slots=slots[0],
        spans=slots[1],
        shifts=shifts,
        ways=ways,
        problem=problem,
        draft=Draft(
            shifts=shifts,
            there_s=np.ascontiguousarray(ways.to_s[:, : most + 1]),
            there_fen=legs_fen(a, shifts, ways.to_s[:, : most + 1], ways.to_m[:, : most + 1]),
            away_s=np.ascontiguousarray(ways.from_s[:, 1:]),
            away_fen=legs_fen(a, shifts, ways.from_s[:, 1:], ways.from_m[:, 1:]),
            slots=rows,
            now=desk.now_s,
            centre=centre,
            missed=missed,
            allowed=counts * (100 - a.tariff.parity_target_percent) // 100,
            more=np.zeros_like(missed),
            parity_fen=base_fen,
        ),
        times=Times(np.zeros(most + 1, np.int64), np.zeros(most + 1, np.int64), np.zeros(3, np.int64)),
    )


def quoted(inquiry: Inquiry) -> tuple[NDArray[np.int64], NDArray[np.int32]]:
    """Return price and gap of the cheapest place in each slot on each shift; INFEASIBLE where there is none."""
    shape = len(inquiry.slots), len(inquiry.shifts)
    fen, gap = np.zeros(shape, np.int64), np.zeros(shape, np.int32)
    desk = inquiry.desk
    quote(desk.problem, desk.timetable, inquiry.problem, inquiry.draft, inquiry.times, fen, gap)
    return fen, gap


def _spans(desk: Desk, job: Job, slot: Window) -> tuple[Window, ...]:
    """Return what the job's windows leave of a slot."""
    windows = visit_windows(desk.asking, job)
    both = [(max(w.earliest_s, slot.earliest_s), min(w.latest_s, slot.latest_s)) for w in windows]
    return tuple(Window(earliest_s=first, latest_s=last) for first, last in both if first <= last)


def _on_time(desk: Desk, spans: Sequence[Sequence[Window]]) -> NDArray[np.bool_]:
    """Return which shifts are at work in some slot."""
    shifts = desk.problem.shifts
    working = np.zeros(len(shifts), bool)
    for slot in spans:
        latest = (slot[-1].latest_s >= shifts["open"]) & (slot[-1].latest_s >= shifts["start"])
        working |= latest & (slot[0].earliest_s <= shifts["close"]) & (slot[0].earliest_s <= shifts["latest_end"])
    return working


def _nearest(desk: Desk, job: Job, may: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Return the shifts, of those that may, that come nearest to the job in a straight line; no road is shorter."""
    shifts = np.flatnonzero(may)
    longitude, latitude = np.radians(job.position)
    across = np.cos(latitude)
    here = np.array([across * np.cos(longitude), across * np.sin(longitude), np.sin(latitude)])
    closeness = desk.vectors @ here
    # Two unit vectors a chord c apart have the product 1 - c²/2.
    chord = np.minimum(desk.abilities.reach_m[shifts] / EARTH_M * 1.01, 2.0)
    shifts = shifts[closeness[desk.points[shifts, 0]] >= 1.0 - chord**2 / 2 - 1e-9]
    near = closeness[desk.points[shifts]].max(axis=1)
    dates = np.array([shift.day for shift in desk.roster.day.shifts])[shifts]
    kept = []
    for date in np.unique(dates):
        on_date = np.flatnonzero(dates == date)
        kept.append(on_date[np.argsort(-near[on_date], kind="stable")[:LOOKED_AT]])
    return shifts[np.sort(np.concatenate(kept))] if kept else shifts


def _ways(desk: Desk, job: Job, shifts: NDArray[np.int64]) -> Ways:
    """Ask for the ways between the job and every point of these routes."""
    points = desk.points[shifts]
    ways = Ways(*(np.full(points.shape, UNREACHABLE, np.int32) for _ in range(4)))
    here = np.array([job.position], np.float64)
    modes: dict[TravelMode, list[int]] = {}
    for c, v in enumerate(shifts.tolist()):
        modes.setdefault(desk.mode_of(v), []).append(c)
    for mode, rows in modes.items():
        used, number = np.unique(points[rows], return_inverse=True)
        there = desk.travel.matrix(desk.places[used], here, mode)
        back = desk.travel.matrix(here, desk.places[used], mode)
        number = number.reshape(len(rows), -1)
        ways.to_s[rows], ways.to_m[rows] = there.seconds[:, 0][number], there.metres[:, 0][number]
        ways.from_s[rows], ways.from_m[rows] = back.seconds[0][number], back.metres[0][number]
    return ways


def _slot_rows(
    spans: Sequence[Sequence[Window]], window: np.dtype[np.void]
) -> tuple[NDArray[np.int64], NDArray[np.void]]:
    last = np.cumsum([len(slot) for slot in spans])
    rows = np.stack([last - [len(slot) for slot in spans], last], axis=1).astype(np.int64)
    return rows, np.array([(w.earliest_s, w.latest_s) for slot in spans for w in slot], window)


def _own_problem(desk: Desk, job: Job, kits: tuple[KitOption, ...], windows: NDArray[np.void]) -> Problem:
    """Return the problem of the job alone, over the same shifts."""
    p, a = desk.problem, desk.abilities
    table, _, clocks, kit_ready, kit_fen = job_tables(desk.asking, [job], {job.id: kits}, a.technicians)
    # Breaks read their windows behind those of the job.
    pauses = desk.still.pauses.copy()
    for side in ("first_window", "last_window"):
        pauses[side] += len(windows)
    service = a.service_s(job).astype(np.int32)[None]
    return p._replace(
        jobs=table,
        windows=np.concatenate([windows, desk.still.pause_windows]),
        pauses=pauses,
        clocks=clocks,
        place=np.zeros(1, np.int32),
        fixed=np.zeros((1, len(p.shifts)), np.int32),
        service=service,
        setup=np.zeros_like(service),
        kit_ready=kit_ready,
        kit_fen=kit_fen,
    )


def _parity_counts(desk: Desk, job: Job) -> tuple[NDArray[np.int64], NDArray[np.int64], int, int]:
    """Return jobs with this one and missed without it by centre, the price of parity as it is, and the job's centre."""
    tariff = desk.roster.day.tariff
    jobs, missed = desk.parity_jobs.copy(), desk.parity_missed.copy()
    pairs = zip(jobs.tolist(), missed.tolist(), strict=True)
    base_fen = sum(parity_price(tariff, count, late) for count, late in pairs)
    listed = desk.left_out.get(job.id)
    if listed is not None and arrival_due(listed) is not None:
        jobs[desk.centres[listed.centre_id]] -= 1
        missed[desk.centres[listed.centre_id]] -= 1
    if arrival_due(job) is None:
        return jobs, missed, base_fen, FREE
    centre = desk.centres[job.centre_id]
    jobs[centre] += 1
    return jobs, missed, base_fen, centre


# Reading an offer


def offer_at(inquiry: Inquiry, place: tuple[int, int, int]) -> Offer:
    """Return the offer of a place: number of the slot, number of the shift, gap."""
    desk, job = inquiry.desk, inquiry.job
    w, c, k = place
    v = int(inquiry.shifts[c])
    shift = desk.roster.day.shifts[v]
    route, kit = _route_with(inquiry, place)
    stop = route.stops[k]
    old = desk.routes.get(shift.id)
    before = {one.job_id: one.start_s for one in old.stops} if old else {}
    events = {ClockKind.ARRIVAL: stop.start_s, ClockKind.RESOLUTION: stop.end_s}
    return Offer(
        job_id=job.id,
        technician_id=shift.technician_id,
        outlet_id=desk.roster.outlet_of(shift).id,
        shift_id=shift.id,
        date=desk.roster.day.date + dt.timedelta(days=shift.day),
        slot=inquiry.slots[w],
        appointment=next(span for span in inquiry.spans[w] if span.earliest_s <= stop.start_s <= span.latest_s),
        start_s=stop.start_s,
        end_s=stop.end_s,
        travel_s=stop.travel_s,
        travel_m=stop.travel_m,
        after=route.stops[k - 1].job_id if k else "",
        kit_ready_s=kit.ready_s if kit else None,
        price=_difference(inquiry, v, (old, route), k, int(inquiry.ways.to_m[c, 0])) + _kit_cost(kit),
        late=tuple(clock.kind for clock in job.clocks if events[clock.kind] > clock.due_s),
        moved=tuple(
            Moved(job_id=one.job_id, from_s=before[one.job_id], to_s=one.start_s)
            for one in route.stops[k + 1 :]
            if one.start_s != before[one.job_id]
        ),
        route=route,
        shipments=kit.shipments if kit else (),
    )


def _kit_cost(kit: KitOption | None) -> Cost:
    return Cost(parts=kit.cost_fen if kit else 0)


def _route_with(inquiry: Inquiry, place: tuple[int, int, int]) -> tuple[Route, KitOption | None]:
    """Return the timed route with the job in a place, and the cheapest kit that is there by then."""
    desk, (_, c, k) = inquiry.desk, place
    v, times = int(inquiry.shifts[c]), inquiry.times
    put(desk.problem, desk.timetable, inquiry.problem, inquiry.draft, times, place)
    shift, ways = desk.roster.day.shifts[v], inquiry.ways
    old = desk.routes.get(shift.id)
    stops = list(old.stops) if old else []
    count = len(stops)
    new = Stop(job_id=inquiry.job.id, start_s=0, end_s=0, travel_s=int(ways.to_s[c, k]), travel_m=int(ways.to_m[c, k]))
    onward = int(ways.from_s[c, k + 1]), int(ways.from_m[c, k + 1])
    home = onward if k == count else (old.return_travel_s, old.return_travel_m) if old else onward
    if k < count:
        stops[k] = replace(stops[k], travel_s=onward[0], travel_m=onward[1])
    stops.insert(k, new)
    route = Route(
        shift_id=shift.id, depart_s=0, stops=tuple(stops), return_s=0, return_travel_s=home[0], return_travel_m=home[1]
    )
    starts, ends = times.start[: count + 1].tolist(), times.end[: count + 1].tolist()
    rest_s = shift.break_.duration_s if shift.break_ else 0
    timed = timed_route(route, starts, ends, (int(times.whole[0]), int(times.whole[1])), rest_s)
    ready = [kit for kit in inquiry.kits if kit.ready_s <= starts[k]]
    return timed, ready[-1] if ready else None


def _difference(inquiry: Inquiry, v: int, routes: tuple[Route | None, Route], k: int, base_m: int) -> Cost:
    """Return what a plan costs with a route more than with the route it had before, parts apart, item by item."""
    desk, job, (old, new) = inquiry.desk, inquiry.job, routes
    tariff, shift = desk.roster.day.tariff, desk.roster.day.shifts[v]
    technician, outlet = desk.roster.technician_of(shift), desk.roster.outlet_of(shift)

    def travel(route: Route, first: int, count: int) -> int:
        legs = [*((s.travel_s, s.travel_m) for s in route.stops), (route.return_travel_s, route.return_travel_m)]
        return sum(
            leg_price(tariff, technician, outlet.ownership, Leg(seconds=s, metres=m))
            for s, m in legs[first : first + count]
        )

    stop = new.stops[k]
    visit = Visit(
        job=job,
        stop=stop,
        shift=shift,
        technician=technician,
        outlet=outlet,
        leg=Leg(seconds=stop.travel_s, metres=stop.travel_m),
        base_m=base_m,
        service_s=stop.end_s - stop.start_s,
    )
    visits = int(desk.visits[desk.abilities.outlet[v]])
    cost = visit_cost(tariff, visit) + Cost(
        travel=travel(new, k, 2) - (travel(old, k, 1) if old else 0),
        overtime=overtime_price(tariff, shift, new.return_s)
        - (overtime_price(tariff, shift, old.return_s) if old else 0),
        workload=workload_price(tariff, outlet, visits + 1) - workload_price(tariff, outlet, visits),
        parity=_parity_difference(inquiry, old, new, stop),
    )
    for was, now in zip(old.stops[k:] if old else (), new.stops[k + 1 :], strict=True):
        if was.start_s != now.start_s:
            cost += _move_cost(desk, desk.jobs[now.job_id], technician.id, was, now)
    if job.id in desk.left_out:
        listed = desk.left_out[job.id]
        unserved = unserved_price(tariff, listed, desk.roster.day.days)
        cost += Cost(unserved=-unserved, churn=-churn_price(tariff, listed, None, None))
    return cost


def _move_cost(desk: Desk, job: Job, technician_id: str, was: Stop, now: Stop) -> Cost:
    """Return what it costs that a visit moves."""
    tariff = desk.roster.day.tariff
    return Cost(
        lateness=lateness_price(tariff, job, now.start_s, now.end_s)
        - lateness_price(tariff, job, was.start_s, was.end_s),
        waiting=waiting_price(tariff, job, now.start_s) - waiting_price(tariff, job, was.start_s),
        preference=preference_price(tariff, job, now.start_s) - preference_price(tariff, job, was.start_s),
        churn=churn_price(tariff, job, technician_id, now.start_s)
        - churn_price(tariff, job, technician_id, was.start_s),
    )


def _parity_difference(inquiry: Inquiry, old: Route | None, new: Route, stop: Stop) -> int:
    desk, draft = inquiry.desk, inquiry.draft
    more: Counter[int] = Counter()
    before = {one.job_id: one.start_s for one in old.stops} if old else {}
    for one in new.stops:
        job = inquiry.job if one is stop else desk.jobs[one.job_id]
        due_s = arrival_due(job)
        if due_s is not None and one.start_s > due_s >= before.get(one.job_id, due_s):
            more[desk.centres[job.centre_id]] += 1
    allowed, missed = draft.allowed.tolist(), draft.missed.tolist()
    fen = desk.roster.day.tariff.parity_fen
    return sum(fen * max(0, late + more[c] - allowed[c]) for c, late in enumerate(missed)) - draft.parity_fen
