"""The cheapest single change that gives a job a legal place, found by re-insertion into the finished plan.

One thing is relaxed at a time; everything else, the other visits included, stays as the plan has it. Each kind of
change is asked for on every shift at hand; its best two places are priced to the fen, and the cheapest is the remedy.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from optimizer import remedy_wording, wording
from optimizer.cost import level_of
from optimizer.explanation import Remedy, RemedyKind, Sentence
from optimizer.measure import service_seconds
from optimizer.model import Job, Lock, Rule
from optimizer.roster import visit_windows
from optimizer.search.problem import FREE
from optimizer.search.reinsertion import GRID_S, Ask, latest_parts, least_overtime, least_stretch
from optimizer.search.schedule import evaluate
from optimizer.territory import Forced, Place, Taken, Territory
from optimizer.verdicts import Pair, broken_rules, lacking_certificates

__all__ = ["Allowed", "Case", "hurdles", "place_remedy", "remedies"]

OVERTIME_MOST_MIN = 240
"""Nobody is asked to stay longer than this beyond the limit."""
STRETCH_MOST_S = 12 * 3_600
PRICED = 2
"""Places of each kind that are priced to the fen."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A job taken out of its plan, the shifts at hand, and the rules that keep it from each.

    latest: the latest start on every shift that is wanted, None where any legal one is.
    """

    territory: Territory
    taken: Taken
    job: Job
    pairs: Mapping[int, Pair]
    broken: Mapping[int, tuple[Rule, ...]]
    latest: NDArray[np.int64] | None

    def open_shifts(self) -> list[int]:
        """Return the shifts that no rule of the pair excludes."""
        return [v for v, rules in self.broken.items() if not rules]

    def ask(self, shifts: Sequence[int], job: Job | None = None) -> Ask:
        """Return the question where the job fits on these shifts."""
        return self.territory.ask(job or self.job, shifts, self.latest)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Option:
    """A place that one change opens; extra_fen is what the change costs elsewhere."""

    kind: RemedyKind
    place: Place
    ask: Ask
    amount: int = 0
    extra_fen: int = 0


def hurdles(territory: Territory, job: Job) -> tuple[Rule, ...]:
    """Return the rules that keep a job from every shift alike."""
    found = []
    if not job.consent:
        found.append(Rule.CONSENT)
    if job.order_lines and not territory.kits.get(job.id):
        found.append(Rule.KIT)
    if not visit_windows(territory.roster, job):
        found.append(Rule.LOCK if territory.roster.is_held(job) else Rule.WINDOW)
    return tuple(found)


def remedies(case: Case) -> list[Remedy]:
    """Return the cheapest remedy of each kind that has one, the cheapest of all first."""
    found = []
    by_kind: dict[RemedyKind, list[_Option]] = defaultdict(list)
    for option in _options(case):
        by_kind[option.kind].append(option)
    for options in by_kind.values():
        options.sort(key=lambda option: (option.place.fen + option.extra_fen, option.place.v))
        found += [_remedy(case, option) for option in options[:PRICED]]
    found += _farther(case)
    order = list(RemedyKind)
    return sorted(found, key=lambda remedy: (remedy.difference_fen, order.index(remedy.kind), remedy.shift_id))


def _options(case: Case) -> Iterator[_Option]:
    match hurdles(case.territory, case.job):
        case ():
            yield from _one_rule_less(case)
            yield from _more_time(case)
            yield from _released(case)
        case (Rule.CONSENT,):
            agreed = case.open_shifts()
            yield from _allowed(case, RemedyKind.CONSENT, agreed, case.ask(agreed))
        case (Rule.KIT,):
            waiting = case.open_shifts()
            with Allowed(case, waiting):
                yield from _parts(case, waiting)
        case (Rule.WINDOW,):
            any_time = replace(case.job, windows=(), appointment=None)
            shifts = case.open_shifts()
            yield from _allowed(case, RemedyKind.TIME, shifts, case.ask(shifts, any_time))
        case (Rule.LOCK,):
            yield from _released(case)


def _one_rule_less(case: Case) -> Iterator[_Option]:
    """Yield what opens where exactly one rule of the pair is lifted."""
    kinds = {
        Rule.SKILL: RemedyKind.SKILL,
        Rule.CERTIFICATE: RemedyKind.CERTIFICATE,
        Rule.CREW: RemedyKind.CREW,
        Rule.LOAD: RemedyKind.LOAD,
    }
    for rule, kind in kinds.items():
        shifts = [v for v, rules in case.broken.items() if rules == (rule,)]
        if shifts:
            yield from _allowed(case, kind, shifts, case.ask(shifts))


def _released(case: Case) -> Iterator[_Option]:
    """Yield what opens where the lock of the job is released, or the freeze of one outlet."""
    job, roster = case.job, case.territory.roster
    if job.lock is not Lock.NONE and job.published is not None:
        free = replace(job, lock=Lock.NONE)
        shifts = [v for v, rules in case.broken.items() if set(rules) <= {Rule.LOCK}]
        if shifts and not roster.is_freezing(job):
            yield from _allowed(case, RemedyKind.LOCK, shifts, case.ask(shifts, free))
        return
    mine = roster.published_shift(job)
    if roster.is_freezing(job) and mine is not None:
        thawed = roster.outlet_of(mine).id
        shifts = [v for v, pair in case.pairs.items() if not broken_rules(roster, pair, thawed)]
        yield from _allowed(case, RemedyKind.FREEZE, shifts, case.ask(shifts, replace(job, published=None)))
        return
    shifts = [v for v, rules in case.broken.items() if rules == (Rule.FREEZE,)]
    if shifts:
        yield from _allowed(case, RemedyKind.FREEZE, shifts, case.ask(shifts))


def _more_time(case: Case) -> Iterator[_Option]:
    """Yield the places as things are; where there are none, what overtime, a window, parts or a vehicle open."""
    territory, job = case.territory, case.job
    shifts = case.open_shifts()
    ask = case.ask(shifts)
    places = territory.quoted(ask)
    yield from (_Option(kind=RemedyKind.FORCE, place=place, ask=ask) for place in places)
    full = sorted(set(shifts) - {place.v for place in places})
    if not full:
        return
    ask = case.ask(full)
    p, s, found = territory.problem, territory.state, territory.found
    least_overtime(p, s, ask, OVERTIME_MOST_MIN, found)
    yield from _noted(case, RemedyKind.OVERTIME, ask)
    if (job.windows or job.appointment) and not territory.roster.is_held(job):
        for most in (STRETCH_MOST_S // GRID_S, -STRETCH_MOST_S // GRID_S):
            least_stretch(p, s, ask, most, found)
            yield from _noted(case, RemedyKind.WINDOW, ask)
    if job.order_lines:
        yield from _parts(case, full)
    if job.load:
        yield from _allowed(case, RemedyKind.LOAD, full, ask)


def _parts(case: Case, shifts: Sequence[int]) -> Iterator[_Option]:
    ask = case.ask(shifts)
    territory = case.territory
    latest_parts(territory.problem, territory.state, ask, territory.found)
    yield from _noted(case, RemedyKind.PART, ask)


def _noted(case: Case, kind: RemedyKind, ask: Ask) -> list[_Option]:
    """Return the options of the last answer with their amounts."""
    amounts = dict(zip(ask.shifts.tolist(), case.territory.found.amount[: len(ask.shifts)].tolist(), strict=True))
    return [
        _Option(kind=kind, place=place, ask=ask, amount=amounts[place.v]) for place in case.territory.found_places(ask)
    ]


class Allowed:
    """While it lasts, no rule of the pair keeps the job from these shifts."""

    def __init__(self, case: Case, shifts: Sequence[int], *, weightless: bool = False) -> None:
        self.case, self.shifts, self.weightless = case, shifts, weightless

    def __enter__(self) -> None:
        p, j = self.case.territory.problem, self.case.taken.j
        self.fixed, self.load = p.fixed[j].copy(), p.delivery[j].copy()
        for v in self.shifts:
            if self.case.territory.usable[v]:
                p.fixed[j, v] = self.case.territory.pair_fen(self.case.pairs[v])
        if self.weightless:
            p.delivery[j] = 0

    def __exit__(self, *_: object) -> None:
        p, j = self.case.territory.problem, self.case.taken.j
        p.fixed[j], p.delivery[j] = self.fixed, self.load


def _allowed(case: Case, kind: RemedyKind, shifts: Sequence[int], ask: Ask) -> list[_Option]:
    with Allowed(case, shifts, weightless=kind is RemedyKind.LOAD):
        places = case.territory.quoted(ask)
    return [
        _Option(
            kind=kind,
            place=place,
            ask=ask,
            amount=_amount(case, kind, place.v),
            extra_fen=_training_fen(case, place.v) if kind is RemedyKind.SKILL else 0,
        )
        for place in places
    ]


def _amount(case: Case, kind: RemedyKind, v: int) -> int:
    territory = case.territory
    match kind:
        case RemedyKind.SKILL:
            return case.job.skill.level
        case RemedyKind.CREW:
            return case.job.crew
        case RemedyKind.LOAD:
            carried = [territory.day.jobs[j].load for j in territory.state.stops[v, : territory.stops_on(v)]]
            return int(sum(carried)) + case.job.load
        case _:
            return 0


def _training_fen(case: Case, v: int) -> int:
    """Return what the technician's other visits of the family cost more once they are over-qualified for them."""
    territory, skill = case.territory, case.job.skill
    technician = case.pairs[v].technician
    has = level_of(technician, skill.family)
    visits = [
        territory.day.jobs[j]
        for u, shift in enumerate(territory.shifts)
        if shift.technician_id == technician.id
        for j in territory.state.stops[u, : territory.stops_on(u)]
    ]
    same = sum(job.skill.family == skill.family for job in visits)
    return same * (skill.level - has) * territory.day.tariff.over_qualification_fen if has else 0


def _remedy(case: Case, option: _Option) -> Remedy:
    """Make the change, force the job in, and undo it all."""
    p, s, v, j = case.territory.problem, case.territory.state, option.place.v, case.taken.j
    latest_end, row, ready = int(p.shifts["latest_end"][v]), p.jobs[j : j + 1].copy(), p.kit_ready[j].copy()
    fixed_already = option.kind in (RemedyKind.FORCE, RemedyKind.OVERTIME, RemedyKind.WINDOW)
    with Allowed(case, () if fixed_already else (v,), weightless=option.kind is RemedyKind.LOAD):
        earlier_s = later_s = 0
        if option.kind is RemedyKind.OVERTIME:
            p.shifts["latest_end"][v] += 60 * option.amount
            evaluate(p, s, v)
        elif option.kind is RemedyKind.WINDOW:
            earlier_s, later_s = max(0, -option.amount), max(0, option.amount)
        elif option.kind is RemedyKind.PART:
            p.kit_ready[j, :, 0], p.jobs["kits"][j] = option.amount, max(1, p.jobs["kits"][j])
        case.territory.stretched(option.ask, v, earlier_s, later_s)
        consents = option.kind is RemedyKind.CONSENT
        forced = case.territory.forced(case.taken, option.place, case.job, new_consent=consents)
    p.jobs[j : j + 1], p.kit_ready[j] = row, ready
    if option.kind is RemedyKind.OVERTIME:
        p.shifts["latest_end"][v] = latest_end
        evaluate(p, s, v)
    forced = replace(forced, difference_fen=forced.difference_fen + option.extra_fen)
    return place_remedy(case, option.kind, option.place, option.amount, forced)


def place_remedy(case: Case, kind: RemedyKind, place: Place, amount: int, forced: Forced) -> Remedy:
    """Return the remedy in words."""
    territory = case.territory
    pair = case.pairs[place.v]
    gives_way = "" if place.x == FREE else territory.day.jobs[place.x].id
    gives_way_to = "" if place.u == FREE else territory.shifts[place.u].id
    change = _change_words(case, kind, pair, amount, forced.start_s, (gives_way, gives_way_to))
    who = wording.someone(pair.technician, pair.outlet)
    return Remedy(
        kind=kind,
        shift_id=pair.shift.id,
        amount=amount,
        start_s=forced.start_s,
        difference_fen=forced.difference_fen,
        said=wording.joined([change, remedy_wording.then_words(forced.start_s, who, forced.difference_fen)]),
        gives_way=gives_way,
        gives_way_to=gives_way_to,
    )


def _change_words(
    case: Case, kind: RemedyKind, pair: Pair, amount: int, start_s: int, way: tuple[str, str]
) -> Sentence:
    who = pair.technician.id
    match kind:
        case RemedyKind.FORCE:
            words = remedy_wording.force_words(wording.someone(pair.technician, pair.outlet))
        case RemedyKind.GIVE_WAY:
            words = remedy_wording.give_way_words(*way)
        case RemedyKind.OVERTIME:
            words = remedy_wording.overtime_words(who, amount)
        case RemedyKind.WINDOW:
            words = remedy_wording.stretch_words(amount)
        case RemedyKind.TIME:
            words = remedy_wording.new_time_words(start_s)
        case RemedyKind.PART:
            words = remedy_wording.parts_words(amount, not case.territory.kits.get(case.job.id))
        case _:
            words = _ability_words(case, kind, pair, amount)
    return words


def _ability_words(case: Case, kind: RemedyKind, pair: Pair, amount: int) -> Sentence:
    who, roster = pair.technician.id, case.territory.roster
    match kind:
        case RemedyKind.SKILL:
            return remedy_wording.skill_words(who, case.job.skill.family, amount)
        case RemedyKind.CERTIFICATE:
            return remedy_wording.certificate_words(who, lacking_certificates(roster, pair))
        case RemedyKind.CREW:
            return remedy_wording.crew_words(pair.shift, amount)
        case RemedyKind.LOAD:
            return remedy_wording.load_words(who, amount)
        case RemedyKind.REACH:
            return remedy_wording.reach_words(who, amount)
        case RemedyKind.LOCK:
            return remedy_wording.LOCK_RELEASE
        case RemedyKind.CONSENT:
            return remedy_wording.CONSENT_REMEDY
    mine = roster.published_shift(case.job)
    freezing = mine is not None and roster.is_freezing(case.job)
    return remedy_wording.thaw_words(roster.outlet_of(mine) if freezing and mine is not None else pair.outlet)


def _farther(case: Case) -> list[Remedy]:
    """Return what opens where the nearest technician may go farther; asked only where nobody reaches the job."""
    territory, job = case.territory, case.job
    far = [v for v, rules in case.broken.items() if rules == (Rule.MODE,)]
    if case.taken.home != FREE or case.open_shifts() or not far or hurdles(territory, job):
        return []
    pair = case.pairs[min(far, key=lambda v: (case.pairs[v].metres, v))]
    day = territory.day
    drive_s, metres = territory.road(pair)
    earliest_s = max(pair.shift.start_s, day.now_s)
    if earliest_s + drive_s + service_seconds(job, pair.outlet) > pair.shift.latest_end_s:
        # Even one way takes too long.
        return []
    technicians = tuple(other for other in day.technicians if other.outlet_id == pair.outlet.id)
    staff = {technician.id for technician in technicians}
    shifts = tuple(shift for shift in territory.shifts if shift.technician_id in staff)
    routes = [territory.routes[shift.id] for shift in shifts if shift.id in territory.routes]
    near = {job.id, *(stop.job_id for route in routes for stop in route.stops)}
    alone = replace(
        day,
        outlets=(pair.outlet,),
        technicians=technicians,
        shifts=shifts,
        jobs=tuple(other for other in day.jobs if other.id in near),
        tariff=replace(day.tariff, reach_m={**day.tariff.reach_m, pair.technician.mode: metres}),
    )
    # The arrays hold no ways beyond the limit: the outlet is laid out once more, with another limit.
    there = Territory(alone, routes, territory.shipments, territory.kits, territory.travel, territory.parity)
    own = [v for v, shift in enumerate(shifts) if shift.technician_id == pair.technician.id]
    with there.taken(job) as taken:
        pairs = {v: there.pair(job, v) for v in own}
        broken = {v: broken_rules(there.roster, other) for v, other in pairs.items()}
        again = Case(territory=there, taken=taken, job=job, pairs=pairs, broken=broken, latest=None)
        ask = again.ask(again.open_shifts())
        options = [_Option(kind=RemedyKind.REACH, place=place, ask=ask, amount=metres) for place in there.quoted(ask)]
        options.sort(key=lambda option: (option.place.fen, option.place.v))
        return [_remedy(again, option) for option in options[:PRICED]]
