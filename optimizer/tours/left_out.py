"""Why a job is on no tour: computed from its rules, then by looking for its cheapest legal place in every tour."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from optimizer.model import DAY_S
from optimizer.tours.columns import Column
from optimizer.tours.cost import left_out_price
from optimizer.tours.ground import Ground
from optimizer.tours.holding import promises
from optimizer.tours.left_out_wording import Prices, agreed, uncertified, worded
from optimizer.tours.limits import alone_fen, limited, van_days_left
from optimizer.tours.model import Crew, Touring, TourJob, TourRule, Village, WorkKind
from optimizer.tours.places import (
    Place,
    cheapest_places,
    goes_with,
    places_farther,
    places_later,
    places_uncertified,
    stops_on,
    with_job,
)
from optimizer.tours.plan import LeftOut
from optimizer.tours.soonest import soonest_s

__all__ = ["left_out"]

DEADLINES = {
    WorkKind.CALL: TourRule.CLOCK,
    WorkKind.CONSENTED: TourRule.CONSENT,
    WorkKind.PREVENTIVE: TourRule.TOLERANCE,
}
"""What runs out on a job."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Places:
    """Where jobs could be done on the tours, by number: as things are, later than they may wait, by a crew that stops
    there without their certificates, farther than a day may be.
    """

    now: Mapping[int, Place]
    later: Mapping[int, Place]
    uncertified: Mapping[int, Place]
    farther: Mapping[int, Place]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Cause:
    """What keeps a job out, and the prices that were weighed."""

    rule: TourRule
    prices: Prices


def left_out(ground: Ground, columns: Sequence[Column]) -> tuple[LeftOut, ...]:
    """Return every job that no tour does, with the rule that did it and what would help."""
    done = {job for column in columns for job in column.jobs}
    left = [job for job in range(len(ground.asked.jobs)) if job not in done]
    places = _Places(
        now=cheapest_places(ground, columns, left),
        later=places_later(ground, columns, left, DEADLINES),
        uncertified=places_uncertified(ground, columns, left),
        farther=places_farther(ground, columns, left),
    )
    return tuple(_explained(ground, columns, job, places) for job in left)


def _explained(ground: Ground, columns: Sequence[Column], number: int, places: _Places) -> LeftOut:
    asked = ground.asked
    job = asked.jobs[number]
    instead, fen = left_out_price(asked, job)
    cause = _cause(ground, columns, number, places)
    rule = cause.rule
    soon_s = soonest_s(ground, number, waits_for_kit=False) if rule in DEADLINES.values() else None
    words = worded(asked, job, rule, instead, cause.prices, soon_s)
    later = places.later.get(number)
    if rule is TourRule.CERTIFICATE and (place := places.uncertified.get(number)) is not None:
        crew = asked.crews[columns[place.tour].shape.crew]
        words = uncertified(asked, job, instead, crew, place.day)
    elif later is not None:
        crew = asked.crews[columns[later.tour].shape.crew]
        stops = int(ground.village[number]) in stops_on(columns[later.tour], later.day)
        words = replace(words, **agreed(asked, job, crew, later.day, stops=stops))
    return LeftOut(
        job_id=job.id,
        rule=rule,
        reason=words.reason,
        reason_zh=words.reason_zh,
        instead=instead,
        fen=fen,
        remedy=words.remedy,
        remedy_zh=words.remedy_zh,
        next_day=_next_day(asked, job, later),
    )


def _cause(ground: Ground, columns: Sequence[Column], number: int, places: _Places) -> _Cause:
    """Return what keeps a job out: nearest to what the tours do first, a certificate where a crew stops there."""
    fen = left_out_price(ground.asked, ground.asked.jobs[number])[1]
    place = places.now.get(number)
    more = None if place is None else place.fen
    prices = Prices(left_out=fen, placed=more, alone=place is None)
    no_place = more is None or more >= fen
    if no_place and number in places.uncertified:
        return _Cause(rule=TourRule.CERTIFICATE, prices=prices)
    rule = _excluding(ground, number)
    if rule is not None:
        return _Cause(rule=rule, prices=prices)
    if no_place and number in places.farther:
        return _Cause(rule=TourRule.DAY_METRES, prices=replace(prices, limits=(TourRule.DAY_METRES,)))
    if place is None:
        more = alone_fen(ground, number, van_days_left(ground.asked, columns))
        if more is None:
            return _no_tour(ground, columns, number, prices)
    return _weighed(ground, columns, number, place, replace(prices, placed=more))


def _no_tour(ground: Ground, columns: Sequence[Column], number: int, prices: Prices) -> _Cause:
    """Return what keeps even a tour for this job alone from it: a planner's limits, or the ways."""
    without = limited(ground, columns, number)
    if without is None:
        return _Cause(rule=TourRule.DRIVING, prices=prices)
    # Where vans are out for so many days, one more would have to be worth it: with or without the limit.
    too_dear = without.fen >= prices.left_out + _promised_fen(ground, columns, number, None)
    if columns and without.rules == (TourRule.VAN_DAYS,) and too_dear:
        return _Cause(rule=TourRule.NOT_WORTH, prices=replace(prices, placed=without.fen))
    return _Cause(rule=without.rules[0], prices=replace(prices, limits=without.rules))


def _weighed(ground: Ground, columns: Sequence[Column], number: int, place: Place | None, prices: Prices) -> _Cause:
    """Return why a job is left out that a tour could do: place: on one that there is, None for one of its own."""
    fen, more = prices.left_out, prices.placed
    # What it is worth by itself is no reason where a date that was told would be kept with it.
    promised_fen = _promised_fen(ground, columns, number, None if place is None else place.day)
    if more is not None and fen <= more < fen + promised_fen:
        return _Cause(rule=TourRule.UNKNOWN, prices=replace(prices, promised=True))
    if more is not None and more >= fen:
        return _Cause(rule=TourRule.NOT_WORTH, prices=prices)
    return _Cause(rule=TourRule.ROOM if place is None else _beside(ground, columns, number, place), prices=prices)


def _next_day(asked: Touring, job: TourJob, later: Place | None) -> int | None:
    """Return when a job could be done next; later: its place if its time did not run out."""
    if later is not None:
        return later.day
    if job.kit_ready_s is None:
        return None
    return asked.days if job.last_s >= asked.days * DAY_S else None


def _promised_fen(ground: Ground, columns: Sequence[Column], number: int, day: int | None) -> int:
    """Return what the dearest lost promise is worth that a job in its own village would keep: on a day, or on any."""
    asked, own = ground.asked, int(ground.village[number])
    kept = {
        column.shape.first + offset
        for column in columns
        for offset, visits in enumerate(column.days)
        if any(village == own for _, village in visits)
    }
    standing = promises(asked, released=asked.levers.released)
    able = {int(able_day) for able_day in np.flatnonzero(ground.able[:, number].any(axis=0))} - kept
    days = able if day is None else able & {day}
    return asked.charges.keep_fen * max((standing[own, able_day] for able_day in days), default=0)


def _beside(ground: Ground, columns: Sequence[Column], number: int, place: Place) -> TourRule:
    """Return what keeps a job from a legal place that is worth it: what lies between visits and between tours."""
    longer = with_job(ground, columns[place.tour], number, place)
    if longer is columns[place.tour]:
        return TourRule.LOAD
    if goes_with(ground, columns, number, place):
        return TourRule.UNKNOWN
    job_id = ground.asked.jobs[number].id
    spaced = any(job_id in spacing.job_ids for spacing in ground.asked.spacings)
    return TourRule.SPACING if spaced else TourRule.CONTACT


def _excluding(ground: Ground, number: int) -> TourRule | None:
    """Return the rule that keeps every crew from the job on every day; None when some crew could."""
    asked, job = ground.asked, ground.asked.jobs[number]
    village = asked.villages[int(ground.village[number])]
    if village.id in asked.levers.never_visit:
        return TourRule.FORBIDDEN
    if job.kit_ready_s is None:
        return TourRule.KIT
    if not asked.crews:
        return TourRule.ROOM
    crews, rule = _fitting(asked.crews, job)
    if rule is not None:
        return rule
    if ground.able[:, number].any():
        return _by_time(ground, number)
    return _by_date(ground, crews, number)


def _fitting(crews: Sequence[Crew], job: TourJob) -> tuple[Sequence[Crew], TourRule | None]:
    """Return the crews that could do the job on some date, and the rule that leaves none."""
    for rule, fits in (
        (TourRule.SKILL, _skilled),
        (TourRule.CREW, lambda crew, job: crew.people >= job.people),
        (TourRule.LOAD, lambda crew, job: crew.load_capacity >= job.load),
    ):
        crews = [crew for crew in crews if fits(crew, job)]
        if not crews:
            return crews, rule
    return crews, None


def _by_date(ground: Ground, crews: Sequence[Crew], number: int) -> TourRule:
    """Return what keeps crews that could do the job from it on every date."""
    asked, job = ground.asked, ground.asked.jobs[number]
    village = asked.villages[int(ground.village[number])]
    dated = [
        (crew, day)
        for crew in crews
        for day in sorted(crew.out_days)
        if day < asked.days and job.first_s < (day + 1) * DAY_S and max(day * DAY_S, crew.free_s) <= job.last_s
    ]
    if job.kind is WorkKind.WALK_IN and dated and not _told_in_time(asked, village, {day for _, day in dated}):
        return TourRule.WINDOW
    if not dated:
        return _deadline(job)
    if job.certificates and not any(_certified(ground, crew, job, day) for crew, day in dated):
        return TourRule.CERTIFICATE
    if all(day in village.cut_off for _, day in dated):
        return TourRule.TRAVEL
    return TourRule.LOCKED if asked.levers.locked else TourRule.ANNOUNCED


def _told_in_time(asked: Touring, village: Village, days: Collection[int]) -> bool:
    """Tell whether people of a village wait for a day that was told and stands, or can still be told one of these."""
    stands = any((village.id, day) not in asked.levers.released for day in village.home_days)
    return stands or any(day >= asked.lead_day for day in days)


def _by_time(ground: Ground, number: int) -> TourRule | None:
    """Return what keeps even a tour for this job alone from it: the road, a bed within reach, its kit, its time."""
    asked, job = ground.asked, ground.asked.jobs[number]
    village, base = int(ground.village[number]), len(asked.villages)
    able = [c for c in range(len(asked.crews)) if ground.able[c, number].any()]
    near = []
    for c in able:
        crew = asked.crews[c]
        seconds = ground.seconds[crew.mode]
        points = [*range(base, base + len(asked.lodgings)), int(ground.home[c])]
        work = job.service_s + (crew.break_.duration_s if crew.break_ is not None else 0)
        longest = min(asked.driving_s, crew.day_s[1] - crew.day_s[0] - work)
        there, back = seconds[points, village], seconds[village, points]
        near.append(bool((there.min() + back.min()) <= longest))
    if not any(near):
        homes = [int(ground.seconds[asked.crews[c].mode][ground.home[c], village]) for c in able]
        return TourRule.DRIVING if asked.lodgings and min(homes) > asked.driving_s else TourRule.LODGING
    days = [day for c in able for day in np.flatnonzero(ground.able[c, number]).tolist()]
    if ground.kit_s[number] > min((max(days) + 1) * DAY_S, job.last_s):
        return TourRule.KIT
    soon_s = soonest_s(ground, number)
    if soon_s is None or soon_s <= job.last_s:
        return None
    without_kit_s = soonest_s(ground, number, waits_for_kit=False)
    return TourRule.KIT if without_kit_s is not None and without_kit_s <= job.last_s else _deadline(job)


def _skilled(crew: Crew, job: TourJob) -> bool:
    return any(skill.family == job.skill.family and skill.level >= job.skill.level for skill in crew.skills)


def _certified(ground: Ground, crew: Crew, job: TourJob, day: int) -> bool:
    date = ground.asked.date.toordinal() + day
    return all(
        any(c.scheme == scheme and c.first.toordinal() <= date <= c.last.toordinal() for c in crew.certificates)
        for scheme in job.certificates
    )


def _deadline(job: TourJob) -> TourRule:
    """Return the name of the time that runs out on a job."""
    return TourRule.DAY_OFF if job.kind is WorkKind.WALK_IN else DEADLINES[job.kind]
