"""Every rule of a tour again, in plain Python from docs/model.md alone: nothing here is shared with the search."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from optimizer.model import DAY_S
from optimizer.tours.model import Crew, Lodging, Touring, TourJob, TourRule, Village, WorkKind
from optimizer.tours.plan import Tour, TourDay, TourPlan, TourViolation, Visit
from optimizer.travel import UNREACHABLE, TravelTimes

__all__ = ["RULES", "check_tours"]


@dataclass(frozen=True, slots=True)
class _Seen:
    """A plan beside what was asked, with the ways between all places."""

    asked: Touring
    plan: TourPlan
    travel: TravelTimes
    jobs: Mapping[str, TourJob]
    crews: Mapping[str, Crew]
    villages: Mapping[str, Village]
    lodgings: Mapping[str, Lodging]

    def visits(self) -> Iterator[tuple[Tour, TourDay, Visit, TourJob]]:
        """Yield every visit to a job that is known."""
        for tour in self.plan.tours:
            for day in tour.days:
                for visit in day.visits:
                    if visit.job_id in self.jobs:
                        yield tour, day, visit, self.jobs[visit.job_id]

    def days(self) -> Iterator[tuple[Tour, Crew, TourDay]]:
        """Yield every day of every tour."""
        for tour in self.plan.tours:
            for day in tour.days:
                yield tour, self.crews[tour.crew_id], day

    def woke_at(self, tour: Tour, day: TourDay) -> tuple[float, float]:
        """Return where the crew is on the morning of a day."""
        crew = self.crews[tour.crew_id]
        if day is tour.days[0]:
            road = crew.on_the_road
            slept = road.lodging_id if road is not None and road.day == day.day else None
            return crew.position if slept is None else self.lodgings[slept].position
        before = tour.days[tour.days.index(day) - 1]
        return self.bed(crew, before)

    def bed(self, crew: Crew, day: TourDay) -> tuple[float, float]:
        """Return where the crew is in the evening of a day."""
        return crew.position if day.lodging_id is None else self.lodgings[day.lodging_id].position


Found = Iterator[tuple[str, str]]


def check_tours(asked: Touring, plan: TourPlan, travel: TravelTimes) -> list[TourViolation]:
    """Return every rule that the plan breaks; none means that it is legal."""
    seen = _Seen(
        asked,
        plan,
        travel,
        {job.id: job for job in asked.jobs},
        {crew.id: crew for crew in asked.crews},
        {village.id: village for village in asked.villages},
        {lodging.id: lodging for lodging in asked.lodgings},
    )
    unknown = list(_unknown(seen))
    if unknown:
        return unknown
    return [
        TourViolation(rule=rule, where=where, sentence=sentence)
        for rule, judge in RULES.items()
        for where, sentence in judge(seen)
    ]


def _unknown(seen: _Seen) -> Iterator[TourViolation]:
    """Yield what names nothing that was asked: nothing else can be judged then."""
    for tour in seen.plan.tours:
        if tour.crew_id not in seen.crews or not tour.days:
            yield TourViolation(rule=TourRule.ONCE, where=tour.crew_id, sentence="There is no such crew, or no day.")
        for day in tour.days:
            if day.lodging_id is not None and day.lodging_id not in seen.lodgings:
                yield TourViolation(rule=TourRule.LODGING, where=day.lodging_id, sentence="There is no such lodging.")
            for visit in day.visits:
                if visit.job_id not in seen.jobs or visit.village_id not in seen.villages:
                    yield TourViolation(rule=TourRule.ONCE, where=visit.job_id, sentence="There is no such job there.")


def _once(seen: _Seen) -> Found:
    done = Counter(visit.job_id for _, _, visit, _ in seen.visits())
    left = Counter(left.job_id for left in seen.plan.left_out)
    for job_id in seen.jobs:
        if done[job_id] + left[job_id] != 1:
            yield job_id, f"It is done {done[job_id]} times and left out {left[job_id]} times."
    for job_id in left:
        if job_id not in seen.jobs:
            yield job_id, "It is left out though nobody asked for it."
    days = Counter((tour.crew_id, day.day) for tour, _, day in seen.days())
    for (crew_id, day_number), count in days.items():
        if count > 1:
            yield crew_id, f"It is on {count} tours on day {day_number}."


def _skill(seen: _Seen) -> Found:
    for tour, _, visit, job in seen.visits():
        has = [s.level for s in seen.crews[tour.crew_id].skills if s.family == job.skill.family]
        if max(has, default=0) < job.skill.level:
            yield visit.job_id, f"{tour.crew_id} lacks {job.skill.family} level {job.skill.level}."


def _certificate(seen: _Seen) -> Found:
    for tour, day, visit, job in seen.visits():
        date = seen.asked.date.toordinal() + day.day
        for scheme in sorted(job.certificates):
            held = [c for c in seen.crews[tour.crew_id].certificates if c.scheme == scheme]
            if not any(c.first.toordinal() <= date <= c.last.toordinal() for c in held):
                yield visit.job_id, f"{tour.crew_id} holds no valid certificate {scheme} on day {day.day}."


def _people(seen: _Seen) -> Found:
    for tour, _, visit, job in seen.visits():
        if seen.crews[tour.crew_id].people < job.people:
            yield visit.job_id, f"{tour.crew_id} is {seen.crews[tour.crew_id].people}, it takes {job.people}."


def _load(seen: _Seen) -> Found:
    for tour in seen.plan.tours:
        total = sum(seen.jobs[visit.job_id].load for day in tour.days for visit in day.visits)
        if total > seen.crews[tour.crew_id].load_capacity:
            yield f"{tour.crew_id} from day {tour.first_day}", f"The van would carry {total} units."


def _kit(seen: _Seen) -> Found:
    for tour in seen.plan.tours:
        road = seen.crews[tour.crew_id].on_the_road
        begun = road is not None and road.day == tour.first_day
        left_s = tour.days[0].depart_s
        for day in tour.days:
            for visit in day.visits:
                job = seen.jobs[visit.job_id]
                if road is not None and begun:
                    if job.order_lines and job.id not in road.aboard:
                        yield job.id, "Its parts are not aboard."
                elif job.kit_ready_s is None or job.kit_ready_s > left_s:
                    yield job.id, "Its parts are not there when the tour leaves."


def _window(seen: _Seen) -> Found:
    for _, day, visit, job in seen.visits():
        if job.windows and not any(first <= visit.start_s <= last for first, last in job.windows):
            yield job.id, "It begins in none of its windows."
        if visit.start_s < job.first_s:
            yield job.id, "It begins before it may."
        new = job.kind is WorkKind.WALK_IN and day.day not in seen.villages[job.village_id].home_days
        if new and day.day < seen.asked.lead_day:
            yield job.id, "Nobody can be told in time to come on that day."


def _late(kinds: tuple[WorkKind, ...], sentence: str) -> Callable[[_Seen], Found]:
    def judge(seen: _Seen) -> Found:
        for _, _, visit, job in seen.visits():
            if job.kind in kinds and visit.start_s > job.last_s:
                yield job.id, sentence

    return judge


def _spacing(seen: _Seen) -> Found:
    day_of = {visit.job_id: day.day for _, day, visit, _ in seen.visits()}
    for spacing in seen.asked.spacings:
        for before, after in pairwise(spacing.job_ids):
            if before in day_of and after in day_of:
                apart = day_of[after] - day_of[before]
                if not spacing.least_days <= apart <= spacing.most_days:
                    yield after, f"It is {apart} days after {before}."


def _carry_in(seen: _Seen) -> Found:
    for _, _, visit, job in seen.visits():
        if visit.village_id == job.village_id:
            continue
        if not job.portable:
            yield job.id, f"It is done in {visit.village_id} and cannot be carried there."
            continue
        mode = next(iter(seen.crews.values())).mode
        there = seen.travel.matrix(
            np.array([seen.villages[job.village_id].position]),
            np.array([seen.villages[visit.village_id].position]),
            mode,
        )
        if int(there.seconds[0, 0]) > seen.asked.cover_s:
            yield job.id, f"{visit.village_id} is too far to carry it to."


def _hours(seen: _Seen) -> Found:
    for tour, crew, day in seen.days():
        where = f"{tour.crew_id} on day {day.day}"
        if day.depart_s < max(day.day * DAY_S + crew.day_s[0], seen.asked.now_s):
            yield where, "It leaves too early."
        elif day.depart_s < crew.free_s and (day.visits or day.travel_m):
            yield where, "It leaves while one of the crew is busy elsewhere."
        if day.arrive_s > day.day * DAY_S + crew.day_s[1]:
            yield where, "It arrives too late."
        for visit in day.visits:
            first, last = (day.day * DAY_S + s for s in crew.service_s)
            if not first <= visit.start_s <= last:
                yield visit.job_id, "It begins outside of the hours of service."


def _break(seen: _Seen) -> Found:
    for tour, crew, day in seen.days():
        rest, where = crew.break_, f"{tour.crew_id} on day {day.day}"
        if rest is None or not day.visits:
            continue
        start = day.break_start_s
        if start is None:
            # One whose latest start has passed before anybody could set out was had.
            had = day.day * DAY_S + rest.latest_s < max(seen.asked.now_s, crew.free_s)
            if day.arrive_s > day.day * DAY_S + rest.latest_s and not had:
                yield where, "No break is taken."
            continue
        if not rest.earliest_s <= start - day.day * DAY_S <= rest.latest_s:
            yield where, "The break begins outside of its window."
        if not _fits(seen, tour, day, start, start + rest.duration_s):
            yield where, "The break lies in work or leaves no time to drive."


def _fits(seen: _Seen, tour: Tour, day: TourDay, start: int, end: int) -> bool:
    """Return whether a break lies before the day, after it, or in one gap that holds it and the drive."""
    crew = seen.crews[tour.crew_id]
    if max(day.day * DAY_S + crew.day_s[0], seen.asked.now_s, crew.free_s) <= start and end <= day.depart_s:
        return True
    gaps = [(day.depart_s, day.visits[0].start_s, day.visits[0].travel_s)]
    gaps += [(a.end_s, b.start_s, b.travel_s) for a, b in pairwise(day.visits)]
    gaps += [(day.visits[-1].end_s, day.arrive_s, day.travel_s)]
    return any(first <= start and end <= last and last - first >= drive + end - start for first, last, drive in gaps)


def _driving(seen: _Seen) -> Found:
    for tour, _, day in seen.days():
        seconds = sum(visit.travel_s for visit in day.visits) + day.travel_s
        metres = sum(visit.travel_m for visit in day.visits) + day.travel_m
        where = f"{tour.crew_id} on day {day.day}"
        if seconds > seen.asked.driving_s:
            yield where, f"It drives {seconds} s."
        if seen.asked.levers.day_metres is not None and metres > seen.asked.levers.day_metres:
            yield where, f"It drives {metres} m."


def _lodging(seen: _Seen) -> Found:
    for tour, _, day in seen.days():
        where = f"{tour.crew_id} on day {day.day}"
        if day.lodging_id is None:
            continue
        lodging = seen.lodgings[day.lodging_id]
        if day.day in lodging.closed:
            yield where, f"{lodging.id} has no bed that night."
        if day.arrive_s > day.day * DAY_S + lodging.check_in_s:
            yield where, f"It arrives at {lodging.id} after the latest check-in."


def _nights(seen: _Seen) -> Found:
    for tour in seen.plan.tours:
        road = seen.crews[tour.crew_id].on_the_road
        nights = tour.nights + (road.nights if road is not None and road.day == tour.first_day else 0)
        where = f"{tour.crew_id} from day {tour.first_day}"
        if nights > seen.asked.levers.nights:
            yield where, f"{nights} nights away are too many."
        if [day.day for day in tour.days] != list(range(tour.first_day, tour.first_day + len(tour.days))):
            yield where, "Its days are not in a row."
        if any(day.lodging_id is None for day in tour.days[:-1]) or tour.days[-1].lodging_id is not None:
            yield where, "It does not sleep away between its days and at home after them."
        if road is not None and tour.first_day < road.day:
            yield where, "The crew is on the road already."
    for crew in seen.asked.crews:
        road = crew.on_the_road
        days = {tour.first_day for tour in seen.plan.tours if tour.crew_id == crew.id}
        if road is not None and days and road.day not in days:
            yield crew.id, "It leaves again without having come home."
    van_days = seen.asked.levers.van_days
    if van_days is not None and sum(len(tour.days) for tour in seen.plan.tours) > van_days:
        yield "all tours", "They take more van-days than there are."


def _day_off(seen: _Seen) -> Found:
    for tour, crew, day in seen.days():
        if not 0 <= day.day < seen.asked.days:
            yield f"{tour.crew_id} on day {day.day}", "The day lies outside of the horizon."
        elif day.visits or day.travel_m or day.day in (tour.first_day, tour.last_day):
            if day.day not in crew.days:
                yield f"{tour.crew_id} on day {day.day}", "The crew has a day off."
            if day.day in crew.no_van:
                yield f"{tour.crew_id} on day {day.day}", "The crew has no van that day."


def _contact(seen: _Seen) -> Found:
    met: dict[tuple[str, int], set[str]] = {}
    for tour, day, visit, _ in seen.visits():
        contact = seen.villages[visit.village_id].contact
        if contact:
            met.setdefault((contact, day.day), set()).add(tour.crew_id)
    for (contact, day_number), crews in met.items():
        if len(crews) > 1:
            yield contact, f"{len(crews)} crews want to meet this contact on day {day_number}."


def _announced(seen: _Seen) -> Found:
    # A date is given up where nobody comes on it, which the plan itself shows: not by being written down as given up.
    stops = {(visit.village_id, day.day) for _, day, visit, _ in seen.visits()}
    for _, day, visit, job in seen.visits():
        if job.kind is not WorkKind.WALK_IN:
            continue
        stands = sorted(
            told
            for told in seen.villages[job.village_id].home_days
            if (job.village_id, told) not in seen.asked.levers.released or (job.village_id, told) in stops
        )
        if stands and day.day not in stands:
            yield visit.job_id, f"People of {job.village_id} were told day {', '.join(map(str, stands))}."


def _forbidden(seen: _Seen) -> Found:
    levers = seen.asked.levers
    for _, _, visit, job in seen.visits():
        if visit.village_id in levers.never_visit or job.village_id in levers.never_visit:
            yield visit.job_id, "A planner forbade the village."
    for tour, _, day in seen.days():
        if day.lodging_id in levers.forbidden_lodgings:
            yield f"{tour.crew_id} on day {day.day}", f"A planner forbade {day.lodging_id}."


def _locked(seen: _Seen) -> Found:
    held = {job_id: lock for lock in seen.asked.levers.locked for job_id in lock.job_ids}
    for tour, day, visit, _ in seen.visits():
        lock = held.get(visit.job_id)
        if lock is not None and (lock.crew_id, lock.day) != (tour.crew_id, day.day):
            yield visit.job_id, f"It is locked to {lock.crew_id} on day {lock.day}."
        for other in seen.asked.levers.locked:
            if (other.crew_id, other.day) == (tour.crew_id, day.day) and visit.job_id not in other.job_ids:
                yield visit.job_id, "The day is locked without it."
    for tour, _, day in seen.days():
        for lock in seen.asked.levers.locked:
            if (lock.crew_id, lock.day) == (tour.crew_id, day.day) and lock.lodging_id != day.lodging_id:
                yield f"{tour.crew_id} on day {day.day}", "The night after a locked day is another."
        for span in seen.asked.levers.spans:
            inside = span.crew_id == tour.crew_id and span.first_day <= day.day <= span.last_day
            if inside and (span.first_day, span.last_day) != (tour.first_day, tour.last_day):
                yield f"{tour.crew_id} on day {day.day}", "A planner wants one tour over these days."


def _travel(seen: _Seen) -> Found:
    for tour, crew, day in seen.days():
        places = [seen.woke_at(tour, day)]
        places += [seen.villages[visit.village_id].position for visit in day.visits]
        places += [seen.bed(crew, day)]
        points = np.array(places, np.float64)
        ways = seen.travel.matrix(points, points, crew.mode)
        steps = [(v.job_id, v.start_s, v.travel_s, v.travel_m) for v in day.visits]
        steps.append((f"{tour.crew_id} on day {day.day}", day.arrive_s, day.travel_s, day.travel_m))
        free = day.depart_s
        for k, (where, at_s, seconds, metres) in enumerate(steps):
            expected = int(ways.seconds[k, k + 1]), int(ways.metres[k, k + 1])
            if expected != (seconds, metres) or expected[0] >= UNREACHABLE:
                yield where, f"The way takes {expected[0]} s and {expected[1]} m."
            if at_s < free + seconds:
                yield where, "There is no time to drive there."
            if k < len(day.visits):
                free = day.visits[k].end_s
        for visit in day.visits:
            if visit.end_s != visit.start_s + seen.jobs[visit.job_id].service_s:
                yield visit.job_id, "It does not take as long as it does."
            if day.day in seen.villages[visit.village_id].cut_off:
                yield visit.job_id, f"{visit.village_id} is cut off that day."


RULES: Mapping[TourRule, Callable[[_Seen], Found]] = {
    TourRule.ONCE: _once,
    TourRule.SKILL: _skill,
    TourRule.CERTIFICATE: _certificate,
    TourRule.CREW: _people,
    TourRule.LOAD: _load,
    TourRule.KIT: _kit,
    TourRule.WINDOW: _window,
    TourRule.CLOCK: _late((WorkKind.CALL,), "It begins after its clock ran out, and nobody consented to wait."),
    TourRule.CONSENT: _late((WorkKind.CONSENTED,), "It begins after the consent to wait ended."),
    TourRule.TOLERANCE: _late((WorkKind.PREVENTIVE, WorkKind.WALK_IN), "It begins after its tolerance ended."),
    TourRule.SPACING: _spacing,
    TourRule.CARRY_IN: _carry_in,
    TourRule.HOURS: _hours,
    TourRule.BREAK: _break,
    TourRule.DRIVING: _driving,
    TourRule.LODGING: _lodging,
    TourRule.NIGHTS: _nights,
    TourRule.DAY_OFF: _day_off,
    TourRule.CONTACT: _contact,
    TourRule.ANNOUNCED: _announced,
    TourRule.FORBIDDEN: _forbidden,
    TourRule.LOCKED: _locked,
    TourRule.TRAVEL: _travel,
}
"""One judge per rule; the reasons that are no rules have none."""
