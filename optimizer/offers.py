"""One job at once: the cheapest legal place for a draft job in each slot, to the fen against the plan without it."""

import datetime as dt
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from optimizer.cost import (
    Cost,
    churn_price,
    lateness_price,
    leg_price,
    overtime_price,
    preference_price,
    unserved_price,
    visit_cost,
    waiting_price,
    workload_price,
)
from optimizer.desk import Desk, arrival_due, timed_route
from optimizer.inquiry import Inquiry, inquire, quoted
from optimizer.kit_options import KitOption, kits_at
from optimizer.measure import Leg, Visit
from optimizer.model import ClockKind, Job, Window
from optimizer.plan import Route, Shipment, Stop
from optimizer.search.schedule import INFEASIBLE
from optimizer.search.timetable import put

__all__ = ["Grade", "Moved", "Offer", "insert", "make_offers", "offer_at", "requote"]


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
    return desk.insert(offer.route, agreed, offer.shipments)


def _graded(offers: Sequence[Offer]) -> tuple[Offer, ...]:
    kept = [offer for offer in offers if not offer.late] or offers
    least = min((offer.price_fen for offer in kept), default=0)

    def grade(offer: Offer) -> Grade:
        if bool(offer.late) > bool(kept[0].late) or offer.price_fen > least + GRADE_B_FEN:
            return Grade.C
        return Grade.B if offer.price_fen > least + GRADE_A_FEN else Grade.A

    return tuple(replace(offer, grade=grade(offer)) for offer in offers)


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
    outlet_id = desk.roster.outlet_of(shift).id
    ready = [kit for kit in kits_at(inquiry.kits, outlet_id) if kit.ready_s <= starts[k]]
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
        - overtime_price(tariff, shift, old.return_s if old else 0),
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
    rate = desk.roster.day.tariff.parity_fen
    fen = sum(rate * max(0, late + more[c] - int(allowed[c])) for c, late in enumerate(missed))
    return int(fen) - draft.parity_fen
