"""Who should take a job: the best technicians with the verdict of every rule, and why not the nearest outlet."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from optimizer import fact_wording, reason_wording, wording
from optimizer.desk import Desk
from optimizer.explanation import Candidate, Sentence, Verdict
from optimizer.inquiry import Inquiry, inquire, laid_out, quoted, straight, ways_to
from optimizer.kit_options import kits_at
from optimizer.model import DAY_S, Job, Rule, Window
from optimizer.offers import Offer, offer_at
from optimizer.roster import visit_windows
from optimizer.search.problem import NEVER_S
from optimizer.search.schedule import INFEASIBLE
from optimizer.search.timetable import put
from optimizer.sourcing import missing_parts
from optimizer.time_rules import TIME_RULES, time_holds
from optimizer.travel import UNREACHABLE
from optimizer.verdicts import STAGES, Pair, broken_rules, pair_verdicts

__all__ = ["Recommendation", "recommend"]

NEAREST = 2
"""Outlets at work that are always told of: the nearest ones, capable or not."""
OF_EACH = 4
"""Shifts of such an outlet that are looked at."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recommendation:
    """Candidates for a job that nobody serves yet, the cheapest legal ones first, then the nearest of the others.

    offers: by shift, of the candidates that have a legal place. nearest_outlet_id: "" when nobody is at work.
    not_nearest: what keeps its people from being the choice, None when they are. rule: the one that does, None where
    prices decided.
    """

    job_id: str
    candidates: tuple[Candidate, ...]
    offers: dict[str, Offer]
    nearest_outlet_id: str
    rule: Rule | None
    not_nearest: Sentence | None


def recommend(desk: Desk, job: Job, most: int = 5) -> Recommendation:
    """Return the best technicians for a job within its own windows, so many, and one of each of the nearest outlets."""
    anytime = Window(earliest_s=desk.now_s, latest_s=desk.roster.day.days * DAY_S)
    inquiry = inquire(desk, job, (anytime,))
    places = _places(inquiry) if inquiry else []
    near = _near_by(desk, job)
    offers: dict[str, Offer] = {}
    told = []
    if inquiry is not None:
        for place in places[:most]:
            offer = offer_at(inquiry, place)
            offers[offer.shift_id] = offer
            told.append(_candidate(inquiry, place, offer))
    chosen = {one.outlet_id for one in told}
    for outlet_id, shifts in near.items():
        if outlet_id in chosen:
            continue
        own = [place for place in places if inquiry is not None and inquiry.shifts[place[1]] in shifts]
        if own and inquiry is not None:
            offer = offer_at(inquiry, own[0])
            offers[offer.shift_id] = offer
            told.append(_candidate(inquiry, own[0], offer))
        else:
            told.append(_of_outlet(desk, job, shifts))
    nearest = next(iter(near), "")
    rule, words = _why_not(nearest, told)
    return Recommendation(
        job_id=job.id,
        candidates=tuple(told),
        offers=offers,
        nearest_outlet_id=nearest,
        rule=rule,
        not_nearest=words,
    )


def _places(inquiry: Inquiry) -> list[tuple[int, int, int]]:
    """Return the place of each technician's best shift, the cheapest first."""
    fen, gap = quoted(inquiry)
    shifts = inquiry.desk.roster.day.shifts
    best: dict[str, tuple[int, int, int]] = {}
    for c in np.argsort(fen[0], kind="stable").tolist():
        if fen[0, c] < INFEASIBLE:
            best.setdefault(shifts[int(inquiry.shifts[c])].technician_id, (0, c, int(gap[0, c])))
    return list(best.values())


def _near_by(desk: Desk, job: Job) -> dict[str, NDArray[np.int64]]:
    """Return some shifts of each of the nearest outlets at work, by outlet, the nearest first."""
    a = desk.abilities
    closeness = straight(desk, job)[desk.points[:, 0]]
    by_outlet: dict[str, NDArray[np.int64]] = {}
    names = list(a.outlets)
    for v in np.argsort(-closeness, kind="stable").tolist():
        name = names[int(a.outlet[v])]
        if name not in by_outlet:
            if len(by_outlet) == NEAREST:
                break
            by_outlet[name] = np.flatnonzero(a.outlet == a.outlet[v])
    return by_outlet


def _pair(desk: Desk, job: Job, v: int, way: tuple[int, int]) -> Pair:
    shift = desk.roster.day.shifts[v]
    technician = desk.roster.technician_of(shift)
    return Pair(
        job=job,
        shift=shift,
        technician=technician,
        outlet=desk.roster.outlet_of(shift),
        drive_s=way[0],
        metres=way[1],
    )


def _from_base(desk: Desk, job: Job, shifts: NDArray[np.int64]) -> list[tuple[int, int]]:
    """Return seconds, the longer of there and back, and metres from the bases of these shifts."""
    ways = ways_to(desk, job, shifts, bases_only=True)
    seconds = np.maximum(ways.to_s[:, 0], ways.from_s[:, 0]).tolist()
    return list(zip(seconds, ways.to_m[:, 0].tolist(), strict=True))


def _told(pair: Pair, verdicts: Sequence[Verdict], offer: Offer | None) -> Candidate:
    known = pair.drive_s < UNREACHABLE
    return Candidate(
        outlet_id=pair.outlet.id,
        technician_id=pair.technician.id,
        shift_id=pair.shift.id,
        travel_s=pair.drive_s if known else None,
        travel_m=pair.metres if known else None,
        verdicts=tuple(verdicts),
        difference_fen=offer.price_fen if offer else None,
        start_s=offer.start_s if offer else None,
        items=tuple(item for item in offer.price.items() if item[1]) if offer else (),
    )


def _candidate(inquiry: Inquiry, place: tuple[int, int, int], offer: Offer) -> Candidate:
    """Return the candidate of a legal place."""
    desk, job, ways, c = inquiry.desk, inquiry.job, inquiry.ways, place[1]
    drive_s = max(int(ways.to_s[c, 0]), int(ways.from_s[c, 0]))
    pair = _pair(desk, job, int(inquiry.shifts[c]), (drive_s, int(ways.to_m[c, 0])))
    who = wording.someone(pair.technician, pair.outlet)
    room = Verdict(rule=Rule.ROOM, holds=True, said=fact_wording.place_fact(who, offer.start_s))
    verdicts = pair_verdicts(desk.asking, pair, broken_rules(desk.asking, pair))
    # No way may be known from the base, and one from the stop before: the place is legal, whatever the base says.
    holding = [verdict for verdict in verdicts if verdict.holds or verdict.rule is not Rule.TRAVEL]
    return _told(pair, [*holding, *time_holds(pair), room], offer)


def _of_outlet(desk: Desk, job: Job, shifts: NDArray[np.int64]) -> Candidate:
    """Return the candidate of an outlet without a legal place that comes closest to one."""
    ways = _from_base(desk, job, shifts)
    pairs = [_pair(desk, job, v, way) for v, way in zip(shifts.tolist(), ways, strict=True)]
    pairs.sort(key=lambda pair: (-_stage(broken_rules(desk.asking, pair)), pair.drive_s))
    judged = [(pair, _verdicts(desk, job, pair)) for pair in pairs[:OF_EACH]]
    pair, verdicts = max(judged, key=lambda one: _stage([v.rule for v in one[1] if not v.holds and v.rule]))
    return _told(pair, verdicts, None)


def _stage(broken: Sequence[Rule]) -> int:
    """Return how close a shift came: the later its first broken rule is told, the closer."""
    return min((STAGES.index(rule) for rule in broken if rule in STAGES), default=len(STAGES))


def _verdicts(desk: Desk, job: Job, pair: Pair) -> list[Verdict]:
    """Return what every rule says of a pair that has no legal place."""
    verdicts = [*_hurdles(desk, job), *pair_verdicts(desk.asking, pair, broken_rules(desk.asking, pair))]
    if any(not verdict.holds for verdict in verdicts):
        return verdicts
    v = desk.abilities.shifts[pair.shift.id]
    alone = _alone(desk, job, v)
    if _best(alone) < INFEASIBLE:
        full = fact_wording.room_fact(pair.shift, int(desk.timetable.length[v]))
        return [*verdicts, *time_holds(pair), Verdict(rule=Rule.ROOM, holds=False, said=full)]
    found = [
        Verdict(rule=rule, holds=False, said=said)
        for rule in TIME_RULES
        if (said := _lifted(alone, pair, rule)) is not None
    ]
    unknown = Verdict(rule=Rule.UNKNOWN, holds=False, said=fact_wording.time_unknown_fact(pair.shift))
    return [*verdicts, *(found or [unknown])]


def _hurdles(desk: Desk, job: Job) -> Iterator[Verdict]:
    """Yield what keeps the job from everybody alike."""
    if not job.consent:
        yield Verdict(rule=Rule.CONSENT, holds=False, said=reason_wording.CONSENT_MISSING)
    if job.order_lines and not desk.kit(job):
        missing = missing_parts(desk.parts_day(job))[job.id]
        yield Verdict(rule=Rule.KIT, holds=False, said=reason_wording.missing_words(missing))
    if not visit_windows(desk.asking, job):
        windows = [job.appointment] if job.appointment else job.windows
        latest_s = max((window.latest_s for window in windows), default=0)
        past = latest_s < desk.now_s
        said = reason_wording.past_words(latest_s) if past else reason_wording.BEYOND
        yield Verdict(rule=Rule.WINDOW, holds=False, said=said)


def _alone(desk: Desk, job: Job, v: int) -> Inquiry:
    """Return the job laid out on the shift as if it had no visit."""
    one = np.array([v])
    spans = (tuple(visit_windows(desk.asking, job)),)
    base = desk.points.copy()
    base[v] = base[v, 0]
    length = desk.timetable.length.copy()
    length[v] = 0
    empty = replace(desk, points=base, timetable=desk.timetable._replace(length=length))
    anytime = Window(earliest_s=desk.now_s, latest_s=desk.roster.day.days * DAY_S)
    kits = desk.kit(job) if job.order_lines else ()
    return laid_out(empty, job, kits, ((anytime,), spans), one, ways_to(empty, job, one))


def _best(inquiry: Inquiry) -> int:
    return int(quoted(inquiry)[0][0, 0])


def _lifted(alone: Inquiry, pair: Pair, rule: Rule) -> Sentence | None:
    """Return what is wrong with the only shift asked about if without the rule it could serve the job."""
    desk, v, day = alone.desk, int(alone.shifts[0]), alone.desk.roster.day
    shifts = alone.problem.shifts.copy()
    own = alone.problem._replace(shifts=shifts, kit_ready=alone.problem.kit_ready.copy())
    if rule is Rule.KIT:
        own.kit_ready[0, :, 0] = np.minimum(own.kit_ready[0, :, 0], desk.now_s)
    elif rule is Rule.BREAK:
        shifts["last_pause"][v] = shifts["first_pause"][v]
    elif rule is Rule.HOURS:
        shifts["open"][v], shifts["close"][v] = pair.shift.day * DAY_S, (pair.shift.day + 1) * DAY_S
    elif rule is Rule.SHIFT:
        shifts["latest_end"][v] = NEVER_S // 2
    else:
        own.windows[0] = desk.now_s, day.days * DAY_S
    lifted = replace(
        alone,
        desk=replace(desk, problem=desk.problem._replace(shifts=shifts)),
        problem=own,
        draft=alone.draft._replace(slots=np.array([[0, 1]]) if rule is Rule.WINDOW else alone.draft.slots),
    )
    if _best(lifted) >= INFEASIBLE:
        return None
    put(lifted.desk.problem, desk.timetable, own, lifted.draft, lifted.times, (0, 0, 0))
    kits = kits_at(alone.kits, pair.outlet.id)
    start_s, back_s = int(lifted.times.start[0]), int(lifted.times.whole[1])
    facts = {
        Rule.KIT: lambda: (
            fact_wording.kit_fact(kits[0].ready_s, pair.shift) if kits else fact_wording.out_of_reach_fact(pair.outlet)
        ),
        Rule.BREAK: lambda: fact_wording.break_fact(pair.shift),
        Rule.HOURS: lambda: fact_wording.hours_fact(pair.outlet, pair.shift, start_s),
        Rule.SHIFT: lambda: fact_wording.shift_fact(pair.shift, back_s),
        Rule.WINDOW: lambda: fact_wording.window_fact(pair.shift, start_s, visit_windows(desk.asking, alone.job)),
    }
    return facts[rule]()


def _why_not(nearest: str, candidates: Sequence[Candidate]) -> tuple[Rule | None, Sentence | None]:
    """Return what keeps the nearest outlet from being the first candidate; nothing when it is."""
    if not nearest or (candidates and candidates[0].outlet_id == nearest and candidates[0].difference_fen is not None):
        return None, None
    own = next(one for one in candidates if one.outlet_id == nearest)
    stands = next((verdict for verdict in own.verdicts if not verdict.holds), None)
    if stands is not None:
        return stands.rule, reason_wording.nearest_words(nearest, stands.said)
    first = candidates[0].difference_fen or 0
    said = own.verdicts[-1].said
    cause = reason_wording.possible_words(said, (own.difference_fen or 0) - first)
    return None, reason_wording.nearest_words(nearest, cause)
