"""The independent checker: one function per hard rule, written from docs/model.md, sharing nothing with the search."""

import datetime as dt
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from optimizer.check_break import check_break
from optimizer.check_kit import check_kit
from optimizer.clock import time_text, window_text
from optimizer.cost import Cost, level_of, price
from optimizer.measure import Leg, Measured, MeasuredRoute, Visit, measured_once
from optimizer.model import DAY_S, LOCK_TOLERANCE_S, Day, Lock, Rule, Shift
from optimizer.parts.supply import NOTHING_BESIDE, Supply
from optimizer.plan import Violation
from optimizer.travel import UNREACHABLE, TravelTimes

if TYPE_CHECKING:
    from optimizer.plan import Plan

__all__ = ["RULES", "check", "check_cost"]


def check(
    day: Day, plan: "Plan", travel: TravelTimes | Measured, supply: Supply = NOTHING_BESIDE
) -> tuple[Violation, ...]:
    """Return every violation of a plan, rule by rule; none when the plan is legal.

    Parameters
    ----------
    day
        What is asked.
    plan
        What is answered, however wrong: unknown ids are violations too (of a route: SHIFT, of a stop or of a job left
        out: ONCE, of a shipment: KIT).
    travel
        Travel times, or what `measure` has already asked of them for this plan.
    supply
        What is known of the parts beside the day.

    Returns
    -------
    tuple of Violation
        In the order of `RULES`, then of the plan.
    """
    measured = replace(measured_once(day, plan, travel), supply=supply)
    return tuple(violation for rule in RULES.values() for violation in rule(measured))


def check_cost(day: Day, plan: "Plan", travel: TravelTimes | Measured, stated: Cost) -> tuple[str, ...]:
    """Return a sentence for every item of a stated cost that differs from the computed one."""
    computed = dict(price(day, plan, travel).items())
    return tuple(
        f"{name}: {fen} fen stated, {computed[name]} computed" for name, fen in stated.items() if fen != computed[name]
    )


def _check_skill(measured: Measured) -> Iterator[Violation]:
    for visit in _visits(measured):
        needed = visit.job.skill
        level = level_of(visit.technician, needed.family)
        if level < needed.level:
            has = f"has level {level}" if level else "does not know the family"
            yield _broken(Rule.SKILL, visit, f"needs {needed.family} level {needed.level}, {visit.technician.id} {has}")


def _check_certificate(measured: Measured) -> Iterator[Violation]:
    for visit in _visits(measured):
        date = measured.day.date + dt.timedelta(days=visit.shift.day)
        for scheme in sorted(visit.job.certificates):
            held = [certificate for certificate in visit.technician.certificates if certificate.scheme == scheme]
            if any(certificate.first <= date <= certificate.last for certificate in held):
                continue
            spans = ", ".join(f"{certificate.first} to {certificate.last}" for certificate in held)
            has = f"has one only from {spans}" if held else "has none"
            yield _broken(
                Rule.CERTIFICATE, visit, f"needs a {scheme} certificate on {date}, {visit.technician.id} {has}"
            )


def _check_window(measured: Measured) -> Iterator[Violation]:
    for visit in _visits(measured):
        job, start_s = visit.job, visit.stop.start_s
        starts = f"starts {time_text(start_s)}"
        if start_s < measured.day.now_s:
            yield _broken(Rule.WINDOW, visit, f"{starts}, before the planning moment {time_text(measured.day.now_s)}")
        windows = job.windows if job.appointment is None else (job.appointment,)
        if not windows or any(window.earliest_s <= start_s <= window.latest_s for window in windows):
            continue
        if len(windows) > 1:
            outside = "outside its windows " + ", ".join(map(window_text, windows))
        elif start_s < windows[0].earliest_s:
            outside = f"the window opens {time_text(windows[0].earliest_s)}"
        else:
            outside = f"the window closes {time_text(windows[0].latest_s)}"
        yield _broken(Rule.WINDOW, visit, f"{starts}, {outside}")


def _check_shift(measured: Measured) -> Iterator[Violation]:
    known = {shift.id for shift in measured.day.shifts}
    for shift_id, routes in Counter(route.shift_id for route in measured.plan.routes).items():
        where = f"shift {shift_id}"
        if shift_id not in known:
            yield Violation(rule=Rule.SHIFT, where=where, sentence=f"{shift_id} is no shift of this day")
        if routes > 1:
            yield Violation(rule=Rule.SHIFT, where=where, sentence=f"{shift_id} has {routes} routes")
    for measured_route in measured.routes:
        route, shift = measured_route.route, measured_route.shift
        if route.depart_s < shift.start_s:
            sentence = f"leaves the base {time_text(route.depart_s)}, the shift starts {time_text(shift.start_s)}"
            yield _route_broken(Rule.SHIFT, measured_route, sentence)
        elif route.depart_s < measured.day.now_s:
            sentence = f"leaves the base {time_text(route.depart_s)}, it is {time_text(measured.day.now_s)} already"
            yield _route_broken(Rule.SHIFT, measured_route, sentence)
        if route.return_s > shift.latest_end_s:
            sentence = f"returns {time_text(route.return_s)}, the latest is {time_text(shift.latest_end_s)}"
            yield _route_broken(Rule.SHIFT, measured_route, sentence)


def _check_load(measured: Measured) -> Iterator[Violation]:
    for route in measured.routes:
        load = sum(visit.job.load for visit in route.visits)
        capacity = route.technician.load_capacity
        if load > capacity:
            yield _route_broken(Rule.LOAD, route, f"carries {load} load units, there is room for {capacity}")


def _check_mode(measured: Measured) -> Iterator[Violation]:
    for visit in _visits(measured):
        mode = visit.technician.mode
        reach_m = measured.day.tariff.reach_m[mode]
        if visit.base_m > reach_m:
            far = "no known way" if visit.base_m >= UNREACHABLE else f"{visit.base_m} m"
            yield _broken(
                Rule.MODE, visit, f"is {far} from the base of {visit.technician.id}, {mode} reaches {reach_m} m"
            )


def _check_crew(measured: Measured) -> Iterator[Violation]:
    for visit in _visits(measured):
        if visit.technician.crew < visit.job.crew:
            sentence = f"needs {visit.job.crew} people, {visit.technician.id} comes with {visit.technician.crew}"
            yield _broken(Rule.CREW, visit, sentence)


def _check_consent(measured: Measured) -> Iterator[Violation]:
    for visit in _visits(measured):
        if not visit.job.consent:
            yield _broken(Rule.CONSENT, visit, "is visited though the customer has not agreed yet")


def _check_lock(measured: Measured) -> Iterator[Violation]:
    for visit in _visits(measured):
        job, published, start_s = visit.job, visit.job.published, visit.stop.start_s
        if published is None or job.lock is Lock.NONE:
            continue
        if job.lock is not Lock.TIME and visit.technician.id != published.technician_id:
            sentence = f"goes to {visit.technician.id}, {published.technician_id} is locked"
            yield _broken(Rule.LOCK, visit, sentence)
        tolerance_s = {Lock.TECHNICIAN: None, Lock.PINNED: 0}.get(job.lock, LOCK_TOLERANCE_S)
        if tolerance_s is not None and abs(start_s - published.start_s) > tolerance_s:
            sentence = f"starts {time_text(start_s)}, {time_text(published.start_s)} is locked"
            yield _broken(Rule.LOCK, visit, sentence)


def _check_freeze(measured: Measured) -> Iterator[Violation]:
    frozen = _frozen_shifts(measured.day)
    for visit in _visits(measured):
        published, start_s = visit.job.published, visit.stop.start_s
        here = (visit.shift.technician_id, visit.shift.day)
        there = None if published is None else (published.technician_id, published.start_s // DAY_S)
        if here in frozen and (published is None or there != here):
            yield _broken(Rule.FREEZE, visit, f"is new on {visit.shift.id}, which is frozen")
        elif here in frozen and published is not None and abs(start_s - published.start_s) > LOCK_TOLERANCE_S:
            sentence = f"starts {time_text(start_s)}, frozen at {time_text(published.start_s)}"
            yield _broken(Rule.FREEZE, visit, sentence)
        if there in frozen and there != here:
            yield _broken(Rule.FREEZE, visit, f"was published on {frozen[there].id}, which is frozen")


def _frozen_shifts(day: Day) -> dict[tuple[str, int] | None, Shift]:
    """Return the shifts whose visits may no longer change, by technician and day."""
    outlets = {outlet.id: outlet for outlet in day.outlets}
    freeze_s = {technician.id: outlets[technician.outlet_id].freeze_s for technician in day.technicians}
    frozen: dict[tuple[str, int] | None, Shift] = {}
    for shift in day.shifts:
        at_s = freeze_s[shift.technician_id]
        if at_s is not None and day.now_s >= shift.day * DAY_S + at_s:
            frozen[shift.technician_id, shift.day] = shift
    return frozen


def _check_once(measured: Measured) -> Iterator[Violation]:
    visited = Counter(stop.job_id for route in measured.plan.routes for stop in route.stops)
    listed = Counter(unassigned.job_id for unassigned in measured.plan.unassigned)
    for job_id in dict.fromkeys([*measured.jobs, *visited, *listed]):
        sentences = []
        if job_id not in measured.jobs:
            sentences.append(f"{job_id} is no job of this day")
        if visited[job_id] > 1:
            sentences.append(f"{job_id} is visited {visited[job_id]} times")
        if listed[job_id] > 1:
            sentences.append(f"{job_id} is listed as left out {listed[job_id]} times")
        if visited[job_id] and listed[job_id]:
            sentences.append(f"{job_id} is both visited and listed as left out")
        if not visited[job_id] and not listed[job_id]:
            sentences.append(f"{job_id} is neither visited nor listed as left out")
        for sentence in sentences:
            yield Violation(rule=Rule.ONCE, where=f"job {job_id}", sentence=sentence)


def _check_travel(measured: Measured) -> Iterator[Violation]:
    for route in measured.routes:
        free_s = route.route.depart_s
        for visit in route.visits:
            stop = visit.stop
            stated = Leg(seconds=stop.travel_s, metres=stop.travel_m)
            for fault in _leg_faults(stated, visit.leg, stop.start_s - free_s):
                yield _broken(Rule.TRAVEL, visit, fault)
            if stop.end_s != stop.start_s + visit.service_s:
                took_s = stop.end_s - stop.start_s
                yield _broken(
                    Rule.TRAVEL, visit, f"service takes {took_s} s in the plan, {visit.service_s} s by the day"
                )
            free_s = stop.end_s
        stated = Leg(seconds=route.route.return_travel_s, metres=route.route.return_travel_m)
        for fault in _leg_faults(stated, route.back, route.route.return_s - free_s):
            yield _route_broken(Rule.TRAVEL, route, f"on the way back, {fault}")


def _leg_faults(stated: Leg, leg: Leg, between_s: int) -> Iterator[str]:
    """Yield what is wrong with a leg as stated, with so much time between the ends of it."""
    if leg.seconds >= UNREACHABLE or leg.metres >= UNREACHABLE:
        yield "no way is known for this leg"
        return
    if stated != leg:
        yield (
            f"the leg is {stated.seconds} s and {stated.metres} m in the plan, "
            f"{leg.seconds} s and {leg.metres} m by travel times"
        )
    if between_s < leg.seconds:
        yield f"the leg takes {leg.seconds} s, the plan has {between_s} s for it"


def _check_hours(measured: Measured) -> Iterator[Violation]:
    for visit in _visits(measured):
        shift, start_s = visit.shift, visit.stop.start_s
        if not shift.open_s <= start_s <= shift.close_s:
            hours = f"{time_text(shift.open_s)}–{time_text(shift.close_s)}"
            yield _broken(Rule.HOURS, visit, f"starts {time_text(start_s)}, the outlet's hours are {hours}")


def _visits(measured: Measured) -> Iterator[Visit]:
    return (visit for route in measured.routes for visit in route.visits)


def _broken(rule: Rule, visit: Visit, sentence: str) -> Violation:
    where = f"job {visit.job.id}, technician {visit.technician.id}, shift {visit.shift.id}"
    return Violation(rule=rule, where=where, sentence=f"{visit.job.id} {sentence}")


def _route_broken(rule: Rule, route: MeasuredRoute, sentence: str) -> Violation:
    where = f"technician {route.technician.id}, shift {route.shift.id}"
    return Violation(rule=rule, where=where, sentence=f"{route.shift.id} {sentence}")


RULES: dict[Rule, Callable[[Measured], Iterator[Violation]]] = {
    Rule.SKILL: _check_skill,
    Rule.CERTIFICATE: _check_certificate,
    Rule.WINDOW: _check_window,
    Rule.SHIFT: _check_shift,
    Rule.BREAK: check_break,
    Rule.LOAD: _check_load,
    Rule.MODE: _check_mode,
    Rule.CREW: _check_crew,
    Rule.KIT: check_kit,
    Rule.CONSENT: _check_consent,
    Rule.LOCK: _check_lock,
    Rule.FREEZE: _check_freeze,
    Rule.ONCE: _check_once,
    Rule.TRAVEL: _check_travel,
    Rule.HOURS: _check_hours,
}
"""Every hard rule and the one function that looks for breaches of it."""
