"""Why a job is on no tour: computed from its rules, then by looking for its cheapest legal place in every tour."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

import numpy as np

from optimizer.model import DAY_S
from optimizer.search.compiled import compiled
from optimizer.search.problem import FORBIDDEN, Problem
from optimizer.search.schedule import INFEASIBLE, State, evaluate, new_state
from optimizer.tours.columns import Column, column_of
from optimizer.tours.cost import left_out_price
from optimizer.tours.ground import Ground, able_days, windows_of
from optimizer.tours.holding import promises
from optimizer.tours.left_out_wording import Prices, agreed, worded
from optimizer.tours.model import Crew, Touring, TourJob, TourRule, Village, WorkKind
from optimizer.tours.objective import Weigher
from optimizer.tours.plan import LeftOut
from optimizer.tours.shapes import Laid, Terms, lay_out
from optimizer.tours.shaping import hops_home
from optimizer.tours.soonest import soonest_s

__all__ = ["Place", "cheapest_places", "left_out", "with_job"]

DEADLINES = {
    WorkKind.CALL: TourRule.CLOCK,
    WorkKind.CONSENTED: TourRule.CONSENT,
    WorkKind.PREVENTIVE: TourRule.TOLERANCE,
}
"""What runs out on a job."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """The cheapest legal place of a job beside what the tours do: fen more, which tour and day, before which visit."""

    fen: int
    tour: int
    day: int
    before: int


@compiled
def _best_gap(p: Problem, s: State, j: int) -> tuple[int, int, int]:
    """Return (fen more, route, gap) of the cheapest legal place of job j; the routes stay as they are."""
    best, route, gap = INFEASIBLE, -1, -1
    for v in range(s.length.shape[0]):
        count = s.length[v]
        if p.fixed[j, v] >= FORBIDDEN or count + 1 > s.stops.shape[1]:
            continue
        evaluate(p, s, v)
        before = s.fen[v] if count > 0 else 0
        for k in range(count, -1, -1):
            # The job moves forward through the route, one stop at a time.
            if k < count:
                s.stops[v, k + 1] = s.stops[v, k]
            s.stops[v, k] = j
            s.length[v] = count + 1
            if evaluate(p, s, v) and s.fen[v] - before < best:
                best, route, gap = s.fen[v] - before, v, k
        for k in range(count):
            s.stops[v, k] = s.stops[v, k + 1]
        s.length[v] = count
    return best, route, gap


def cheapest_places(ground: Ground, columns: Sequence[Column], jobs: Sequence[int]) -> dict[int, Place]:
    """Return the cheapest legal place of each job that has one, each alone, in its own village."""
    if not columns:
        return {}
    at = ground.village.copy()
    prize = np.zeros(len(at), np.int64)
    prize[list(jobs)] = 1
    for column in columns:
        for visits in column.days:
            for job, village in visits:
                at[job], prize[job] = village, 1
    laid: Laid = lay_out(ground, [column.shape for column in columns], Terms(prize=prize, at=at, given=True))
    state = new_state(laid.problem)
    for v, (number, day) in enumerate(laid.rows):
        visits = columns[number].days[day - columns[number].shape.first]
        state.length[v] = len(visits)
        state.stops[v, : len(visits)] = [laid.place_of[job] for job, _ in visits]
    places = {}
    for job in jobs:
        if job in laid.place_of:
            fen, v, gap = _best_gap(laid.problem, state, laid.place_of[job])
            if v >= 0:
                number, day = laid.rows[v]
                places[job] = Place(fen=int(fen), tour=number, day=day, before=int(gap))
    return places


def with_job(ground: Ground, column: Column, job: int, place: Place) -> Column:
    """Return the tour with a job more at its place, or as it is where the van cannot hold that too."""
    load = int(ground.load[[*column.jobs, job]].sum())
    if load > ground.asked.crews[column.shape.crew].load_capacity:
        return column
    at = ground.village.copy()
    for visits in column.days:
        for done, village in visits:
            at[done] = village
    routes = list(column.routes)
    offset = place.day - column.shape.first
    routes[offset] = (*routes[offset][: place.before], job, *routes[offset][place.before :])
    return column_of(ground, column.shape, routes, at)


def left_out(ground: Ground, columns: Sequence[Column]) -> tuple[LeftOut, ...]:
    """Return every job that no tour does, with the rule that did it and what would help."""
    done = {job for column in columns for job in column.jobs}
    left = [job for job in range(len(ground.asked.jobs)) if job not in done]
    places, later = cheapest_places(ground, columns, left), _later_places(ground, columns, left)
    return tuple(_explained(ground, columns, job, places.get(job), later.get(job)) for job in left)


def _later_places(ground: Ground, columns: Sequence[Column], left: Sequence[int]) -> dict[int, Place]:
    """Return the places that jobs whose time runs out would have on these tours, worth it, if they waited longer."""
    asked = ground.asked
    end_s = asked.days * DAY_S - 1
    jobs = [job for job in left if asked.jobs[job].kind in DEADLINES and ground.last_s[job] < end_s]
    waits = {number: replace(asked.jobs[number], last_s=end_s) for number in jobs if number not in ground.told}
    able, windows, last_s = ground.able.copy(), list(ground.windows), ground.last_s.copy()
    for number, job in waits.items():
        village = asked.villages[int(ground.village[number])]
        able[:, number] = [able_days(asked, crew, job, village) for crew in asked.crews]
        windows[number], last_s[number] = windows_of(job), end_s
    longer = replace(ground, able=able, windows=tuple(windows), last_s=last_s)
    return {
        number: place
        for number, place in cheapest_places(longer, columns, list(waits)).items()
        if place.fen < left_out_price(asked, asked.jobs[number])[1]
        and (place.day + 1) * DAY_S > ground.last_s[number]
        and _goes_with(longer, columns, number, place)
    }


def _goes_with(ground: Ground, columns: Sequence[Column], number: int, place: Place) -> bool:
    """Return whether the tours go together with a job more at a place that it has."""
    more = with_job(ground, columns[place.tour], number, place)
    others = [column for k, column in enumerate(columns) if k != place.tour]
    return more is not columns[place.tour] and Weigher(ground).goes_together([*others, more])


def _explained(
    ground: Ground, columns: Sequence[Column], number: int, place: Place | None, later: Place | None
) -> LeftOut:
    asked = ground.asked
    job = asked.jobs[number]
    instead, fen = left_out_price(asked, job)
    rule = _excluding(ground, number)
    more = None if place is None else place.fen
    promised = False
    if rule is None:
        more = _alone_fen(ground, number) if place is None else place.fen
        # What it is worth by itself is no reason where a date that was told would be kept with it.
        promised_fen = _promised_fen(ground, columns, number, None if place is None else place.day)
        promised = more is not None and fen <= more < fen + promised_fen
        if promised:
            rule = TourRule.UNKNOWN
        elif more is None:
            rule = TourRule.DRIVING
        elif more >= fen:
            rule = TourRule.NOT_WORTH
        else:
            rule = TourRule.ROOM if place is None else _beside(ground, columns, number, place)
    prices = Prices(left_out=fen, placed=more, alone=place is None, promised=promised)
    soon_s = soonest_s(ground, number, waits_for_kit=False) if rule in DEADLINES.values() else None
    words = worded(asked, job, rule, instead, prices, soon_s)
    if later is not None:
        crew = asked.crews[columns[later.tour].shape.crew]
        stops = any(village == ground.village[number] for village in _stops_on(columns[later.tour], later.day))
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


def _stops_on(column: Column, day: int) -> Sequence[int]:
    """Return the villages that a tour stops in on one of its days."""
    return [village for _, village in column.days[day - column.shape.first]]


def _next_day(asked: Touring, job: TourJob, later: Place | None) -> int | None:
    """Return when a job could be done next; later: its place if its time did not run out."""
    if later is not None:
        return later.day
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
    if _goes_with(ground, columns, number, place):
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


def _alone_fen(ground: Ground, number: int) -> int | None:
    """Return about what a tour for this job alone would cost: bed by bed there, and back the same way; None: no way."""
    asked = ground.asked
    village, base = int(ground.village[number]), len(asked.villages)
    costs = []
    for c, crew in enumerate(asked.crews):
        if not ground.able[c, number].any():
            continue
        seconds, fen, home = ground.seconds[crew.mode], ground.fen[crew.mode], int(ground.home[c])
        if seconds[home, village] + seconds[village, home] <= asked.driving_s:
            way = int(fen[home, village] + fen[village, home])
            costs.append(asked.charges.tour_fen + crew.people * asked.charges.day_fen + way)
            continue
        hops = hops_home(ground, c)
        for bed, lodging in enumerate(asked.lodgings):
            there, back = seconds[base + bed, village], seconds[village, base + bed]
            nights = 2 * int(hops[bed]) - 1
            if there + back > asked.driving_s or nights > asked.levers.nights:
                continue
            way = int(
                fen[home, base + bed] + fen[base + bed, village] + fen[village, base + bed] + fen[base + bed, home]
            )
            night_fen = nights * (asked.charges.per_diem_fen + lodging.price_fen)
            day_fen = (nights + 1) * asked.charges.day_fen
            costs.append(asked.charges.tour_fen + crew.people * (day_fen + night_fen) + way)
    return min(costs, default=None)


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
