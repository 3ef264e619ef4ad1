"""One job explained inside its territory: candidates judged rule by rule, the reason, and the remedy."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np

from optimizer import wording
from optimizer.cost import level_of
from optimizer.explanation import Candidate, Explanation, Remedy, RemedyKind, Sentence, Verdict, Why
from optimizer.model import DAY_S, ClockKind, Lock, Rule
from optimizer.remedies import Case, hurdles, place_remedy, remedies
from optimizer.roster import visit_windows
from optimizer.search.insertion import insert
from optimizer.search.problem import FREE, NEVER_S
from optimizer.search.reinsertion import give_way, take_out, walk
from optimizer.search.schedule import INFEASIBLE
from optimizer.territory import Forced, Place, Territory
from optimizer.travel import UNREACHABLE
from optimizer.verdicts import STAGES, Pair, broken_rules, pair_verdicts

__all__ = ["Wanted", "explained"]

TIME_RULES = (Rule.KIT, Rule.BREAK, Rule.HOURS, Rule.SHIFT, Rule.WINDOW)
"""What may keep a job from a shift that is otherwise empty; windows last, for any time at all helps most often."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """A job to be explained, why, and the outlets to look at; nearer: those nearer than the one that serves it.

    thorough: one job alone is asked about, so that every candidate is worth the time.
    """

    job_id: str
    whys: tuple[Why, ...]
    outlet_ids: tuple[str, ...]
    nearer: tuple[str, ...]
    thorough: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class _Judged:
    """A candidate, its shift, the first rule that it breaks (None: a legal place exists), and what forcing would do."""

    v: int
    candidate: Candidate
    rule: Rule | None
    said: Sentence
    place: Place | None
    forced: Forced | None


def explained(territory: Territory, wanted: Wanted, most: int, missing: Mapping[str, str]) -> Iterator[Explanation]:
    """Yield an explanation for each thing about the job that wants one."""
    job = territory.roster.jobs[wanted.job_id]
    if not wanted.whys:
        return
    home = int(territory.state.route_of[territory.index[job.id]])
    with territory.taken(job) as taken:
        computable = taken.legal and (taken.home != FREE) == (job.id in territory.starts)
        for why in wanted.whys:
            if not computable:
                yield Explanation(
                    job_id=job.id, why=why, rule=Rule.UNKNOWN, said=wording.UNKNOWN_CAUSE, remedy=None, candidates=()
                )
                continue
            outlets = wanted.nearer if why is Why.NOT_NEAREST else wanted.outlet_ids
            shifts = [v for outlet_id in outlets for v in territory.shifts_of.get(outlet_id, ()) if territory.usable[v]]
            pairs = {v: territory.pair(job, v) for v in shifts}
            broken = {v: broken_rules(territory.roster, pair) for v, pair in pairs.items()}
            latest = territory.punctual(job) if why is Why.LATE else None
            case = Case(territory=territory, taken=taken, job=job, pairs=pairs, broken=broken, latest=latest)
            explainer = _Explainer(case, wanted, most, home)
            yield explainer.explain(why, missing)


class _Explainer:
    """Explains one job for one reason."""

    def __init__(self, case: Case, wanted: Wanted, most: int, home: int) -> None:
        self.case, self.wanted, self.most, self.home = case, wanted, most, home
        self.territory, self.job, self.j = case.territory, case.job, case.taken.j

    def explain(self, why: Why, missing: Mapping[str, str]) -> Explanation:
        """Return the explanation."""
        if why is Why.LEFT_OUT:
            return self._left_out(missing)
        if why is Why.LATE:
            return self._late()
        return self._not_nearest() if why is Why.NOT_NEAREST else self._served()

    def _say(
        self, why: Why, rule: Rule | None, said: Sentence, judged: Sequence[_Judged] = (), remedy: Remedy | None = None
    ) -> Explanation:
        return Explanation(
            job_id=self.job.id,
            why=why,
            rule=rule,
            said=said,
            remedy=remedy,
            candidates=tuple(one.candidate for one in judged),
        )

    # Jobs left out

    def _left_out(self, missing: Mapping[str, str]) -> Explanation:
        judged = self._judge()
        remedy = self._cheapest(judged)
        rule, said = self._cause(judged, missing)
        if remedy is None:
            said = wording.joined([said, wording.NO_REMEDY])
        return self._say(Why.LEFT_OUT, rule, said, judged, remedy)

    def _cause(self, judged: Sequence[_Judged], missing: Mapping[str, str]) -> tuple[Rule | None, Sentence]:
        job, roster = self.job, self.territory.roster
        found = hurdles(self.territory, job)
        if found and found[0] is Rule.CONSENT:
            return Rule.CONSENT, wording.CONSENT_MISSING
        if found and found[0] is Rule.KIT:
            return Rule.KIT, wording.missing_words(missing[job.id])
        if found:
            return found[0], self._no_window()
        if not judged:
            return Rule.SHIFT, wording.NO_SHIFT
        closest = judged[0]
        if roster.is_held(job):
            rule = Rule.LOCK if job.lock is not Lock.NONE else Rule.FREEZE
            return rule, self._held(judged)
        if closest.rule is None and closest.forced is not None:
            return self._price_decided(closest.forced.difference_fen, closest.said)
        if closest.rule is Rule.ROOM:
            return Rule.ROOM, wording.full_words(len(self.alone), closest.said)
        return closest.rule, wording.closest_words(closest.said)

    def _price_decided(self, fen: int, said: Sentence) -> tuple[Rule | None, Sentence]:
        if fen >= 0:
            return None, wording.dearer_words(said, fen)
        return Rule.UNKNOWN, wording.missed_words(said, fen)

    def _no_window(self) -> Sentence:
        job, roster = self.job, self.territory.roster
        windows = [job.appointment] if job.appointment else list(job.windows)
        if roster.is_held(job):
            return wording.HELD_OUTSIDE
        latest_s = max((window.latest_s for window in windows), default=0)
        if latest_s < roster.day.now_s:
            return wording.past_words(latest_s)
        return wording.BEYOND

    def _held(self, judged: Sequence[_Judged]) -> Sentence:
        published = self.job.published
        assert published is not None
        own = [one for one in judged if one.candidate.technician_id == published.technician_id]
        closest = (own or list(judged))[0]
        if closest.rule is Rule.ROOM:
            obstacle = wording.HELD_EXCLUDED
        elif closest.rule is None and closest.forced is not None:
            obstacle = self._price_decided(closest.forced.difference_fen, closest.said)[1]
        else:
            obstacle = wording.joined(
                [closest.said, wording.clause(f"({closest.rule})", f"（{closest.rule}）")], " ", ""
            )
        return wording.held_words(published.technician_id, published.start_s, obstacle)

    # Jobs late, elsewhere, or fine

    def _late(self) -> Explanation:
        latest = self.case.latest
        assert latest is not None
        due = self._worst_promise()
        start_s = self.territory.starts[self.job.id]
        if int(latest.max(initial=0)) < self.territory.day.now_s:
            said = wording.late_words(due[0], due[1], start_s, wording.LATE_ALREADY)
            return self._say(Why.LATE, None, said)
        judged = self._judge()
        remedy = self._cheapest(judged)
        closest = judged[0] if judged else None
        rule: Rule | None = Rule.UNKNOWN
        cause = wording.UNKNOWN_CAUSE
        opens_s = min((w.earliest_s for w in visit_windows(self.territory.roster, self.job)), default=0)
        if opens_s > int(latest.max(initial=0)):
            rule, cause = Rule.WINDOW, wording.opens_late_words(opens_s)
        elif closest is not None and closest.rule is None and closest.forced is not None:
            rule, cause = self._price_decided(closest.forced.difference_fen, closest.said)
        elif closest is not None:
            rule, cause = closest.rule, wording.closest_words(closest.said)
        if remedy is None:
            cause = wording.joined([cause, wording.NO_REMEDY])
        return self._say(Why.LATE, rule, wording.late_words(due[0], due[1], start_s, cause), judged, remedy)

    def _worst_promise(self) -> tuple[ClockKind, int]:
        """Return the promise that is broken first."""
        start_s = self.territory.starts[self.job.id]
        service_s = int(self.territory.problem.service[self.j, self.territory.problem.shifts["outlet"][self.home]])
        events = {ClockKind.ARRIVAL: start_s, ClockKind.RESOLUTION: start_s + service_s}
        broken = [clock for clock in self.job.clocks if events[clock.kind] > clock.due_s]
        worst = min(broken, key=lambda clock: clock.due_s)
        return worst.kind, worst.due_s

    def _not_nearest(self) -> Explanation:
        judged = self._judge_outlets(self.wanted.nearer)
        if not judged:
            return self._say(Why.NOT_NEAREST, Rule.UNKNOWN, wording.UNKNOWN_CAUSE)
        closest = judged[0]
        if closest.rule is None and closest.forced is not None:
            fen = closest.forced.difference_fen
            rule, cause = (None if fen >= 0 else Rule.UNKNOWN), wording.possible_words(closest.said, fen)
            cause = wording.joined([cause, wording.items_words(closest.forced.items)], ": ", "：")
        else:
            rule, cause = closest.rule, closest.said
        return self._say(Why.NOT_NEAREST, rule, wording.nearest_words(closest.candidate.outlet_id, cause), judged)

    def _served(self) -> Explanation:
        judged = self._judge()
        others = [one for one in judged if one.v != self.home]
        pair = self.case.pairs[self.home]
        who = wording.someone(pair.technician, pair.outlet)
        legal = sorted(one.forced.difference_fen for one in others if one.rule is None and one.forced is not None)
        said = wording.served_words(who, legal)
        return self._say(Why.SERVED, None, said, judged)

    # Candidates

    def _judge(self) -> list[_Judged]:
        """Return the candidates that came closest, at most one shift of each technician, the closest first."""
        chosen: list[int] = []
        people: set[str] = set()
        for v in self._ranked(list(self.case.pairs)):
            technician_id = self.case.pairs[v].technician.id
            if technician_id not in people:
                people.add(technician_id)
                chosen.append(v)
        return self._sorted([self._judged(v, rule) for v, rule in self._first_rules(chosen[: self.most])])

    def _judge_outlets(self, outlet_ids: Sequence[str]) -> list[_Judged]:
        """Return the candidate of each outlet that came closest, in the order of the outlets."""
        best: dict[str, int] = {}
        for v in self._ranked(list(self.case.pairs)):
            best.setdefault(self.case.pairs[v].outlet.id, v)
        rules = dict(self._first_rules([best[o] for o in outlet_ids if o in best]))
        return [self._judged(v, rule) for v, rule in rules.items()]

    def _sorted(self, judged: list[_Judged]) -> list[_Judged]:
        """Return the candidates, legal places by their difference first."""
        legal = [one for one in judged if one.rule is None and one.forced is not None]
        legal.sort(key=lambda one: (one.forced.difference_fen if one.forced else 0, one.v))
        return legal + [one for one in judged if one not in legal]

    def _ranked(self, shifts: Sequence[int]) -> list[int]:
        """Return the shifts, those that came closest first: by price, then by rule, then by road."""
        case = self.case
        able = [v for v in shifts if not case.broken[v]] if not hurdles(self.territory, self.job) else []
        ask = case.ask(able)
        self.legal = {place.v: place for place in self.territory.quoted(ask)}
        full = [v for v in able if v not in self.legal]
        self.alone = {place.v for place in self.territory.quoted(case.ask(full), self.territory.empty)} | set(
            self.legal
        )
        family = self.job.skill.family

        def closeness(v: int) -> tuple[int, int, int, int, int]:
            if v in self.legal:
                return 0, self.legal[v].fen, 0, 0, v
            pair, broken = case.pairs[v], case.broken[v]
            stage = STAGES.index(broken[0]) if broken else STAGES.index(Rule.ROOM if v in self.alone else Rule.SHIFT)
            level = level_of(pair.technician, family) if broken and broken[0] is Rule.SKILL else 0
            return 1, -stage, -level, pair.drive_s, v

        return sorted(shifts, key=closeness)

    def _first_rules(self, shifts: Sequence[int]) -> list[tuple[int, Rule | None]]:
        found: list[tuple[int, Rule | None]] = []
        for v in shifts:
            if v in self.legal:
                found.append((v, None))
            elif self.case.broken[v]:
                found.append((v, self.case.broken[v][0]))
            else:
                found.append((v, Rule.ROOM))
        return found

    def _judged(self, v: int, rule: Rule | None) -> _Judged:
        territory, pair = self.territory, self.case.pairs[v]
        verdicts = list(pair_verdicts(territory.roster, pair))
        place: Place | None = None
        forced: Forced | None = None
        if not self.case.broken[v] and not hurdles(territory, self.job):
            ask = self.case.ask([v])
            if v in self.alone:
                verdicts += self._time_holds(pair)
                place = self.legal.get(v) or self._way_made(v)
                if place is not None:
                    territory.stretched(ask, v)
                    forced = territory.forced(self.case.taken, place, self.job)
                verdicts.append(self._room(v, place, forced))
            else:
                verdicts += self._time_broken(v)
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
        return _Judged(v=v, candidate=candidate, rule=rule, said=first.said, place=place, forced=forced)

    def _way_made(self, v: int) -> Place | None:
        """Return the place on a full shift that one other visit can make."""
        if not (self.wanted.thorough or self.case.latest is not None or self.home == FREE):
            return None
        t = self.territory
        fen, x, gap, u, u_gap = give_way(t.problem, t.state, self.case.ask([v]), v, t.left_fen, t.places)
        return None if fen >= INFEASIBLE else Place(v=v, gap=gap, fen=fen, x=x, u=u, u_gap=u_gap)

    def _room(self, v: int, place: Place | None, forced: Forced | None) -> Verdict:
        shift = self.territory.shifts[v]
        if place is None or forced is None:
            return Verdict(rule=Rule.ROOM, holds=False, said=wording.room_fact(shift, self.territory.stops_on(v)))
        if place.x == FREE:
            who = wording.someone(self.case.pairs[v].technician, self.case.pairs[v].outlet)
            return Verdict(rule=Rule.ROOM, holds=True, said=wording.place_fact(who, forced.start_s))
        full = wording.room_fact(shift, self.territory.stops_on(v))
        goes_to = "" if place.u == FREE else self.territory.shifts[place.u].id
        way = wording.way_made_fact(self.territory.day.jobs[place.x].id, goes_to, forced.start_s)
        return Verdict(rule=Rule.ROOM, holds=False, said=wording.joined([full, way]))

    def _time_holds(self, pair: Pair) -> list[Verdict]:
        """Return the rules of time that speak about the pair; an empty shift keeps them all."""
        job = self.job
        speaks = {
            Rule.WINDOW: bool(job.windows or job.appointment),
            Rule.KIT: bool(job.order_lines),
            Rule.BREAK: pair.shift.break_ is not None,
            Rule.HOURS: True,
            Rule.SHIFT: True,
        }
        return [
            Verdict(rule=rule, holds=True, said=wording.fits_fact(pair.shift)) for rule, said in speaks.items() if said
        ]

    def _time_broken(self, v: int) -> list[Verdict]:
        """Return the rules of time any one of which, lifted, would let the empty shift serve the job."""
        rules = (*TIME_RULES, None) if self.case.latest is not None else TIME_RULES
        found = [Verdict(rule=rule, holds=False, said=said) for rule in rules if (said := self._lifted(v, (rule,)))]
        if found:
            return found
        shift = self.territory.shifts[v]
        for both in combinations(rules, 2) if self.home == FREE or self.wanted.thorough else ():
            if self._lifted(v, both):
                return [Verdict(rule=both[0], holds=False, said=wording.both_fact(shift, both))]
        return [Verdict(rule=Rule.UNKNOWN, holds=False, said=wording.time_unknown_fact(shift))]

    def _lifted(self, v: int, rules: Sequence[Rule | None]) -> Sentence | None:
        """Return what is said of the first of these rules if the empty shift could serve the job without them.

        None among the rules is the promise.
        """
        p, t, shift = self.territory.problem, self.territory, self.territory.shifts[v]
        row, ready, person = p.jobs[self.j : self.j + 1].copy(), p.kit_ready[self.j].copy(), p.shifts[v : v + 1].copy()
        job, latest = self.job, self.case.latest
        if None in rules:
            latest = None
        if Rule.WINDOW in rules:
            job = replace(job, windows=(), appointment=None)
        if Rule.KIT in rules:
            p.kit_ready[self.j, 0] = min(ready[0], t.day.now_s)
        if Rule.BREAK in rules:
            p.shifts["last_pause"][v] = p.shifts["first_pause"][v]
        if Rule.HOURS in rules:
            p.shifts["open"][v], p.shifts["close"][v] = shift.day * DAY_S, (shift.day + 1) * DAY_S
        if Rule.SHIFT in rules:
            p.shifts["latest_end"][v] = NEVER_S // 2
        ask = t.ask(job, [v], latest)
        places = t.quoted(ask, t.empty)
        said: Sentence | None = None
        if places:
            starts, items = np.zeros(t.empty.stops.shape[1] + 1, np.int64), np.zeros(5, np.int64)
            insert(p, t.empty, self.j, v, places[0].gap, 0)
            back_s = walk(p, t.empty, v, starts, items)
            take_out(p, t.empty, self.j)
            said = self._time_fact(v, rules[0], int(starts[0]), int(back_s))
        p.jobs[self.j : self.j + 1], p.kit_ready[self.j], p.shifts[v : v + 1] = row, ready, person
        return said

    def _time_fact(self, v: int, rule: Rule | None, start_s: int, back_s: int) -> Sentence:
        pair, shift = self.case.pairs[v], self.territory.shifts[v]
        if rule is None and self.case.latest is not None:
            return wording.too_late_fact(shift, start_s, int(self.case.latest[v]))
        if rule is Rule.WINDOW:
            return wording.window_fact(shift, start_s, visit_windows(self.territory.roster, self.job))
        if rule is Rule.KIT:
            return wording.kit_fact(self.territory.kits[self.job.id][0].ready_s, shift)
        if rule is Rule.BREAK:
            return wording.break_fact(shift)
        return (
            wording.hours_fact(pair.outlet, shift, start_s) if rule is Rule.HOURS else wording.shift_fact(shift, back_s)
        )

    # Remedies

    def _cheapest(self, judged: Sequence[_Judged]) -> Remedy | None:
        """Return the remedy with the smallest plan cost: one change, or one other visit that gives way."""
        found = remedies(self.case)
        for one in judged:
            if one.place is not None and one.forced is not None and one.place.x != FREE:
                found.append(place_remedy(self.case, RemedyKind.GIVE_WAY, one.place, 0, one.forced))
        order = list(RemedyKind)
        return min(found, key=lambda remedy: (remedy.difference_fen, order.index(remedy.kind)), default=None)
