"""One job explained inside its territory: candidates judged rule by rule, the reason, and the remedy."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from optimizer import wording
from optimizer.cost import level_of
from optimizer.explanation import Candidate, Explanation, Remedy, RemedyKind, Sentence, Verdict, Why
from optimizer.model import ClockKind, Job, Lock, Rule
from optimizer.remedies import Allowed, Case, hurdles, place_remedy, remedies
from optimizer.roster import visit_windows
from optimizer.search.problem import FREE
from optimizer.search.reinsertion import give_way
from optimizer.search.schedule import INFEASIBLE
from optimizer.territory import Forced, Place, Territory
from optimizer.time_rules import time_broken, time_holds
from optimizer.travel import UNREACHABLE
from optimizer.verdicts import STAGES, broken_rules, pair_verdicts

__all__ = ["Wanted", "explained"]

FEWEST = 2
"""Candidates of nearer outlets, further shifts of the same technician among them where there are no others."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """A job to be explained, why, and the outlets to look at; nearer: those nearer than the one that serves it."""

    job_id: str
    whys: tuple[Why, ...]
    outlet_ids: tuple[str, ...]
    nearer: tuple[str, ...]


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
            if latest is not None and int(latest.max(initial=0)) < territory.day.now_s:
                # Nobody can keep what had passed: any place at all is looked at.
                latest = None
            case = Case(territory=territory, taken=taken, job=job, pairs=pairs, broken=broken, latest=latest)
            explainer = _Explainer(case, wanted, most, home, missing.get(job.id, ""))
            yield explainer.explain(why)


class _Explainer:
    """Explains one job for one reason."""

    def __init__(self, case: Case, wanted: Wanted, most: int, home: int, missing: str) -> None:
        self.case, self.wanted, self.most, self.home = case, wanted, most, home
        self.territory, self.job, self.j = case.territory, case.job, case.taken.j
        self.hurdles, self.missing = hurdles(case.territory, case.job), missing

    def explain(self, why: Why) -> Explanation:
        """Return the explanation."""
        if why is Why.LEFT_OUT:
            return self._left_out()
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

    def _left_out(self) -> Explanation:
        judged = self._judge()
        remedy = self._cheapest(self.case, judged)
        rule, said = self._cause(judged)
        if remedy is None:
            said = wording.joined([said, wording.NO_REMEDY])
        return self._say(Why.LEFT_OUT, rule, said, judged, remedy)

    def _cause(self, judged: Sequence[_Judged]) -> tuple[Rule | None, Sentence]:
        job, roster = self.job, self.territory.roster
        if self.hurdles:
            return self.hurdles[0], self._hurdle_words(self.hurdles[0])
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

    def _hurdle_words(self, rule: Rule) -> Sentence:
        """Say what keeps the job from every shift alike."""
        if rule is Rule.CONSENT:
            return wording.CONSENT_MISSING
        return wording.missing_words(self.missing) if rule is Rule.KIT else self._no_window()

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
        due = self._worst_promise()
        start_s = self.territory.starts[self.job.id]
        if latest is None:
            judged = self._judge_elsewhere()
            cause = wording.joined([wording.LATE_ALREADY, self._soonest(judged, start_s)])
            return self._say(Why.LATE, None, wording.late_words(due[0], due[1], start_s, cause), judged)
        judged = self._judge()
        remedy = self._cheapest(self.case, judged)
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

    def _soonest(self, judged: Sequence[_Judged], start_s: int) -> Sentence:
        """Say who else could come soonest, where that is sooner than the plan has it."""
        sooner = [one for one in judged if one.rule is None and one.forced and one.forced.start_s < start_s]
        if not sooner:
            return wording.NOBODY_SOONER
        soonest = min(sooner, key=lambda one: (one.candidate.start_s, one.candidate.difference_fen))
        return wording.sooner_words(soonest.said, soonest.candidate.difference_fen or 0)

    def _not_nearest(self) -> Explanation:
        """Explain by the nearest outlet; the remedy is the cheapest change that lets it serve the job."""
        judged = self._judge_nearer()
        if not judged:
            return self._say(Why.NOT_NEAREST, Rule.UNKNOWN, wording.UNKNOWN_CAUSE)
        closest, remedy = judged[0], None
        nearest = closest.candidate.outlet_id
        if closest.rule is None and closest.forced is not None and closest.place is not None:
            fen = closest.forced.difference_fen
            rule, cause = (None if fen >= 0 else Rule.UNKNOWN), wording.possible_words(closest.said, fen)
            cause = wording.joined([cause, wording.items_words(closest.forced.items)], ": ", "：")
            if fen < 0:
                remedy = place_remedy(self.case, RemedyKind.FORCE, closest.place, 0, closest.forced)
            else:
                cause = wording.joined([cause, wording.NOTHING_NEEDED])
        else:
            rule, cause = closest.rule, closest.said
            pairs = {v: pair for v, pair in self.case.pairs.items() if pair.outlet.id == nearest}
            broken = {v: self.case.broken[v] for v in pairs}
            remedy = self._cheapest(
                replace(self.case, pairs=pairs, broken=broken), [one for one in judged if one.v in pairs]
            )
            if remedy is None:
                cause = wording.joined([cause, wording.NO_REMEDY])
        return self._say(Why.NOT_NEAREST, rule, wording.nearest_words(nearest, cause), judged, remedy)

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
        return self._sorted(self._chosen()[: self.most])

    def _chosen(self, fewest: int = 0) -> list[int]:
        """Return the closest shift of each technician, the closest first, then other shifts up to so many."""
        closest: dict[str, int] = {}
        ranked = self._ranked(list(self.case.pairs))
        for v in ranked:
            closest.setdefault(self.case.pairs[v].technician.id, v)
        chosen = list(closest.values())
        others = [v for v in ranked if v not in chosen]
        return chosen + others[: max(0, fewest - len(chosen))]

    def _judge_nearer(self) -> list[_Judged]:
        """Return the candidates of the nearest outlet, then those of the others; each outlet has one at least."""
        by_outlet: dict[str, list[int]] = {}
        chosen = self._chosen(FEWEST)
        for outlet_id in self.wanted.nearer:
            own = [v for v in chosen if self.case.pairs[v].outlet.id == outlet_id]
            if own:
                by_outlet[outlet_id] = own
        judged: list[_Judged] = []
        for waiting, own in zip(range(len(by_outlet) - 1, -1, -1), by_outlet.values(), strict=True):
            judged += self._sorted(own[: max(1, self.most - len(judged) - waiting)])
        return judged

    def _judge_elsewhere(self) -> list[_Judged]:
        """Return the candidates but for the shift that has the job: the cheapest, and among them the soonest."""
        chosen = [v for v in self._chosen() if v != self.home]
        ask = self.case.ask(chosen)
        legal = [v for v in chosen if v in self.legal]
        starts = {v: self.territory.start_of(self.j, self.legal[v], ask) for v in legal}
        soonest = min(legal, key=lambda v: (starts[v], self.legal[v].fen), default=FREE)
        first = chosen[: self.most]
        if soonest != FREE and soonest not in first:
            first[-1] = soonest
        return self._sorted(first)

    def _sorted(self, shifts: Sequence[int]) -> list[_Judged]:
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
        verdicts = list(pair_verdicts(territory.roster, pair, self.case.broken[v]))
        place: Place | None = None
        forced: Forced | None = None
        if not self.case.broken[v] and not self.hurdles:
            ask = self.case.ask([v])
            if v in self.alone:
                verdicts += time_holds(pair)
                place = self.legal.get(v) or self._way_made(v)
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
                Verdict(rule=rule, holds=False, said=self._hurdle_words(rule))
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
        return _Judged(v=v, candidate=candidate, rule=rule, said=first.said, place=place, forced=forced)

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
            Verdict(rule=Rule.ROOM, holds=True, said=wording.fits_fact(pair.shift))
            if place
            else Verdict(rule=Rule.ROOM, holds=False, said=wording.room_fact(pair.shift, territory.stops_on(v)))
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
            return Verdict(rule=Rule.ROOM, holds=False, said=wording.room_fact(shift, self.territory.stops_on(v)))
        if place.x == FREE:
            who = wording.someone(self.case.pairs[v].technician, self.case.pairs[v].outlet)
            return Verdict(rule=Rule.ROOM, holds=True, said=wording.place_fact(who, forced.start_s))
        full = wording.room_fact(shift, self.territory.stops_on(v))
        goes_to = "" if place.u == FREE else self.territory.shifts[place.u].id
        way = wording.way_made_fact(self.territory.day.jobs[place.x].id, goes_to, forced.start_s)
        return Verdict(rule=Rule.ROOM, holds=False, said=wording.joined([full, way]))

    # Remedies

    def _cheapest(self, case: Case, judged: Sequence[_Judged]) -> Remedy | None:
        """Return the remedy with the smallest plan cost: one change, or one other visit that gives way."""
        found = remedies(case)
        for one in judged:
            if one.place is not None and one.forced is not None:
                kind = RemedyKind.FORCE if one.place.x == FREE else RemedyKind.GIVE_WAY
                found.append(place_remedy(case, kind, one.place, 0, one.forced))
        order = list(RemedyKind)
        return min(found, key=lambda remedy: (remedy.difference_fen, order.index(remedy.kind)), default=None)
