"""The shifts that might have served a job, judged rule by rule; each is forced in to see what that changes."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from optimizer import fact_wording, reason_wording, wording
from optimizer.cost import level_of
from optimizer.explanation import Candidate, Sentence, Verdict
from optimizer.model import Job, Lock, Rule
from optimizer.remedies import Allowed, Case, hurdles
from optimizer.search.problem import FREE
from optimizer.search.reinsertion import give_way
from optimizer.search.schedule import INFEASIBLE
from optimizer.territory import Forced, Place
from optimizer.time_rules import time_broken, time_holds
from optimizer.travel import UNREACHABLE
from optimizer.verdicts import STAGES, pair_verdicts

__all__ = ["Judge", "Judged"]

FEWEST = 2
"""Candidates of nearer outlets, further shifts of the same technician among them where there are no others."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """A candidate, its shift, the first rule that it breaks (None: a legal place exists), and what forcing would do."""

    v: int
    candidate: Candidate
    rule: Rule | None
    said: Sentence
    place: Place | None
    forced: Forced | None


class Judge:
    """Judges the candidates of one job.

    most: of the candidates told of. missing: why its kit cannot be completed. hurdles: rules that keep it from every
    shift alike. alone: the shifts that would have it if they were otherwise empty, those judged so far.
    """

    def __init__(self, case: Case, most: int, home: int, missing: str) -> None:
        self.case, self.most, self.home, self.missing = case, most, home, missing
        self.territory, self.job, self.j = case.territory, case.job, case.taken.j
        self.hurdles = hurdles(case.territory, case.job)
        self.alone: set[int] = set()
        self._legal: dict[int, Place] = {}

    def closest(self) -> list[Judged]:
        """Return the candidates that came closest, the closest first.

        Of each technician one shift, of others where places are left; another date has its closest one in any case.
        """
        chosen = self._chosen(len(self.case.pairs))
        told = chosen[: self.most]
        dates = {self._date(v) for v in told}
        for v in chosen[self.most :]:
            if self._date(v) not in dates and len(dates) <= self.most // 2:
                dates.add(self._date(v))
                told = [*told[:-1], v]
        return self._sorted(told)

    def _date(self, v: int) -> int:
        return self.case.pairs[v].shift.day

    def _chosen(self, fewest: int = 0) -> list[int]:
        """Return the closest shift of each technician, the closest first, then other shifts up to so many."""
        closest: dict[str, int] = {}
        ranked = self._ranked(list(self.case.pairs))
        for v in ranked:
            closest.setdefault(self.case.pairs[v].technician.id, v)
        chosen = list(closest.values())
        others = [v for v in ranked if v not in chosen]
        return chosen + others[: max(0, fewest - len(chosen))]

    def nearer(self, outlet_ids: Sequence[str]) -> list[Judged]:
        """Return the candidates of the nearest outlet, then those of the others; each outlet has one at least."""
        by_outlet: dict[str, list[int]] = {}
        chosen = self._chosen(FEWEST)
        for outlet_id in outlet_ids:
            own = [v for v in chosen if self.case.pairs[v].outlet.id == outlet_id]
            if own:
                by_outlet[outlet_id] = own
        judged: list[Judged] = []
        for waiting, own in zip(range(len(by_outlet) - 1, -1, -1), by_outlet.values(), strict=True):
            judged += self._sorted(own[: max(1, self.most - len(judged) - waiting)])
        return judged

    def elsewhere(self) -> list[Judged]:
        """Return the candidates but for the shift that has the job: the cheapest, and among them the soonest."""
        chosen = [v for v in self._chosen() if v != self.home]
        ask = self.case.ask(chosen)
        legal = [v for v in chosen if v in self._legal]
        starts = {v: self.territory.start_of(self.j, self._legal[v], ask) for v in legal}
        soonest = min(legal, key=lambda v: (starts[v], self._legal[v].fen), default=FREE)
        first = chosen[: self.most]
        if soonest != FREE and soonest not in first:
            first[-1] = soonest
        return self._sorted(first)

    def _sorted(self, shifts: Sequence[int]) -> list[Judged]:
        """Return the candidates on these shifts, legal places by their difference first."""
        judged = [self._judged(v, rule) for v, rule in self._first_rules(shifts)]
        legal = [one for one in judged if one.rule is None and one.forced is not None]
        legal.sort(key=lambda one: (one.forced.difference_fen if one.forced else 0, one.v))
        return legal + [one for one in judged if one not in legal]

    def _ranked(self, shifts: Sequence[int]) -> list[int]:
        """Return the shifts, those that came closest first: by price, then by rule, then by road."""
        case = self.case
        able = [v for v in shifts if not case.broken[v]] if not self.hurdles else []
        ask = case.ask(able)
        self._legal = {place.v: place for place in self.territory.quoted(ask)}
        full = [v for v in able if v not in self._legal]
        self.alone = {place.v for place in self.territory.quoted(case.ask(full), self.territory.empty)} | set(
            self._legal
        )
        family = self.job.skill.family

        def closeness(v: int) -> tuple[int, int, int, int, int]:
            if v in self._legal:
                return 0, self._legal[v].fen, 0, 0, v
            pair, broken = case.pairs[v], case.broken[v]
            stage = STAGES.index(broken[0]) if broken else STAGES.index(Rule.ROOM if v in self.alone else Rule.SHIFT)
            level = level_of(pair.technician, family) if broken and broken[0] is Rule.SKILL else 0
            return 1, -stage, -level, pair.drive_s, v

        return sorted(shifts, key=closeness)

    def _first_rules(self, shifts: Sequence[int]) -> list[tuple[int, Rule | None]]:
        found: list[tuple[int, Rule | None]] = []
        for v in shifts:
            if v in self._legal:
                found.append((v, None))
            elif self.case.broken[v]:
                found.append((v, self.case.broken[v][0]))
            else:
                found.append((v, Rule.ROOM))
        return found

    def _judged(self, v: int, rule: Rule | None) -> Judged:
        territory, pair = self.territory, self.case.pairs[v]
        verdicts = list(pair_verdicts(territory.roster, pair, self.case.broken[v]))
        place: Place | None = None
        forced: Forced | None = None
        if not self.case.broken[v] and not self.hurdles:
            ask = self.case.ask([v])
            if v in self.alone:
                verdicts += time_holds(pair)
                place = self._legal.get(v) or self._way_made(v)
                if place is not None:
                    territory.stretched(ask, v)
                    forced = territory.forced(self.case.taken, place, self.job)
                verdicts.append(self._room(v, place, forced))
            else:
                verdicts += time_broken(self.case, v, self.job)
        else:
            verdicts += self._behind(v)
            told = {verdict.rule for verdict in verdicts}
            verdicts += [
                Verdict(rule=rule, holds=False, said=self.hurdle_words(rule))
                for rule in self.hurdles
                if rule not in told
            ]
        first = next((verdict for verdict in verdicts if not verdict.holds), verdicts[-1])
        gives_way = territory.day.jobs[place.x].id if place is not None and place.x != FREE else ""
        goes_to = territory.shifts[place.u].id if place is not None and place.u != FREE else ""
        candidate = Candidate(
            outlet_id=pair.outlet.id,
            technician_id=pair.technician.id,
            shift_id=pair.shift.id,
            travel_s=pair.drive_s if pair.drive_s < UNREACHABLE else None,
            travel_m=pair.metres if pair.drive_s < UNREACHABLE else None,
            verdicts=tuple(verdicts),
            difference_fen=forced.difference_fen if forced else None,
            start_s=forced.start_s if forced else None,
            gives_way=gives_way,
            gives_way_to=goes_to,
            items=tuple(item for item in forced.items if item[1]) if forced else (),
        )
        if rule is not None:
            rule = first.rule
        return Judged(v=v, candidate=candidate, rule=rule, said=first.said, place=place, forced=forced)

    def _behind(self, v: int) -> list[Verdict]:
        """Return what time and room say once the pair may be; nothing where no road is known, or no time is left."""
        case, territory, pair = self.case, self.territory, self.case.pairs[v]
        if pair.drive_s >= UNREACHABLE or not set(self.hurdles) <= {Rule.CONSENT}:
            return []
        job = self._released(case.broken[v])
        with Allowed(case, (v,), weightless=Rule.LOAD in case.broken[v]):
            if not territory.quoted(case.ask([v], job), territory.empty):
                return time_broken(case, v, job)
            place = territory.quoted(case.ask([v], job))
        room = (
            Verdict(rule=Rule.ROOM, holds=True, said=fact_wording.fits_fact(pair.shift))
            if place
            else Verdict(rule=Rule.ROOM, holds=False, said=fact_wording.room_fact(pair.shift, territory.stops_on(v)))
        )
        return [*time_holds(pair), room]

    def _released(self, broken: Sequence[Rule]) -> Job:
        """Return the job without the lock or the freeze that is among these rules."""
        if Rule.FREEZE in broken and self.territory.roster.is_freezing(self.job):
            return replace(self.job, published=None, lock=Lock.NONE)
        return replace(self.job, lock=Lock.NONE) if Rule.LOCK in broken else self.job

    def _way_made(self, v: int) -> Place | None:
        """Return the place on a full shift that one other visit can make."""
        t = self.territory
        fen, x, gap, u, u_gap = give_way(t.problem, t.state, self.case.ask([v]), v, t.left_fen, t.places)
        return None if fen >= INFEASIBLE else Place(v=v, gap=gap, fen=fen, x=x, u=u, u_gap=u_gap)

    def _room(self, v: int, place: Place | None, forced: Forced | None) -> Verdict:
        shift = self.territory.shifts[v]
        if place is None or forced is None:
            return Verdict(rule=Rule.ROOM, holds=False, said=fact_wording.room_fact(shift, self.territory.stops_on(v)))
        if place.x == FREE:
            who = wording.someone(self.case.pairs[v].technician, self.case.pairs[v].outlet)
            return Verdict(rule=Rule.ROOM, holds=True, said=fact_wording.place_fact(who, forced.start_s))
        full = fact_wording.room_fact(shift, self.territory.stops_on(v))
        goes_to = "" if place.u == FREE else self.territory.shifts[place.u].id
        way = fact_wording.way_made_fact(self.territory.day.jobs[place.x].id, goes_to, forced.start_s)
        return Verdict(rule=Rule.ROOM, holds=False, said=wording.joined([full, way]))

    def hurdle_words(self, rule: Rule) -> Sentence:
        """Say what keeps the job from every shift alike."""
        if rule is Rule.CONSENT:
            return reason_wording.CONSENT_MISSING
        return reason_wording.missing_words(self.missing) if rule is Rule.KIT else self._no_window()

    def _no_window(self) -> Sentence:
        job, roster = self.job, self.territory.roster
        windows = [job.appointment] if job.appointment else list(job.windows)
        if roster.is_held(job):
            return reason_wording.HELD_OUTSIDE
        latest_s = max((window.latest_s for window in windows), default=0)
        if latest_s < roster.day.now_s:
            return reason_wording.past_words(latest_s)
        return reason_wording.BEYOND
