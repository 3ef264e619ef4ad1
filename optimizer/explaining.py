"""One job explained inside its territory: its candidates judged, the reason, and the remedy."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from optimizer import reason_wording, wording
from optimizer.explanation import Explanation, Remedy, RemedyKind, Sentence, Why
from optimizer.judging import Judge, Judged
from optimizer.model import ClockKind, Lock, Rule
from optimizer.remedies import Case, place_remedy, remedies
from optimizer.roster import visit_windows
from optimizer.search.problem import FREE
from optimizer.territory import Territory
from optimizer.verdicts import broken_rules

__all__ = ["Wanted", "explained"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """A job to be explained, why, and the outlets to look at; nearer: those nearer than the one that serves it."""

    job_id: str
    whys: tuple[Why, ...]
    outlet_ids: tuple[str, ...]
    nearer: tuple[str, ...]


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
                    job_id=job.id,
                    why=why,
                    rule=Rule.UNKNOWN,
                    said=reason_wording.UNKNOWN_CAUSE,
                    remedy=None,
                    candidates=(),
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
        self.case, self.wanted, self.home = case, wanted, home
        self.territory, self.job, self.j = case.territory, case.job, case.taken.j
        self.judge = Judge(case, most, home, missing)

    def explain(self, why: Why) -> Explanation:
        """Return the explanation."""
        if why is Why.LEFT_OUT:
            return self._left_out()
        if why is Why.LATE:
            return self._late()
        return self._not_nearest() if why is Why.NOT_NEAREST else self._served()

    def _say(
        self, why: Why, rule: Rule | None, said: Sentence, judged: Sequence[Judged] = (), remedy: Remedy | None = None
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
        judged = self.judge.closest()
        remedy = self._cheapest(self.case, judged)
        rule, said = self._cause(judged)
        if remedy is None:
            said = wording.joined([said, reason_wording.NO_REMEDY])
        return self._say(Why.LEFT_OUT, rule, said, judged, remedy)

    def _cause(self, judged: Sequence[Judged]) -> tuple[Rule | None, Sentence]:
        job, roster = self.job, self.territory.roster
        if self.judge.hurdles:
            return self.judge.hurdles[0], self.judge.hurdle_words(self.judge.hurdles[0])
        if not judged:
            return Rule.SHIFT, reason_wording.NO_SHIFT
        closest = judged[0]
        if roster.is_held(job):
            rule = Rule.LOCK if job.lock is not Lock.NONE else Rule.FREEZE
            return rule, self._held(judged)
        if closest.rule is None and closest.forced is not None:
            return self._price_decided(closest.forced.difference_fen, closest.said)
        if closest.rule is Rule.ROOM:
            return Rule.ROOM, reason_wording.full_words(len(self.judge.alone), closest.said)
        return closest.rule, reason_wording.closest_words(closest.said)

    def _price_decided(self, fen: int, said: Sentence) -> tuple[Rule | None, Sentence]:
        if fen >= 0:
            return None, reason_wording.dearer_words(said, fen)
        return Rule.UNKNOWN, reason_wording.missed_words(said, fen)

    def _held(self, judged: Sequence[Judged]) -> Sentence:
        published = self.job.published
        assert published is not None
        own = [one for one in judged if one.candidate.technician_id == published.technician_id]
        closest = (own or list(judged))[0]
        if closest.rule is Rule.ROOM:
            obstacle = reason_wording.HELD_EXCLUDED
        elif closest.rule is None and closest.forced is not None:
            obstacle = self._price_decided(closest.forced.difference_fen, closest.said)[1]
        else:
            obstacle = wording.joined(
                [closest.said, wording.clause(f"({closest.rule})", f"（{closest.rule}）")], " ", ""
            )
        return reason_wording.held_words(published.technician_id, published.start_s, obstacle)

    # Jobs late, elsewhere, or fine

    def _late(self) -> Explanation:
        latest = self.case.latest
        due = self._worst_promise()
        start_s = self.territory.starts[self.job.id]
        if latest is None:
            judged = self.judge.elsewhere()
            cause = wording.joined([reason_wording.LATE_ALREADY, self._soonest(judged, start_s)])
            return self._say(Why.LATE, None, reason_wording.late_words(due[0], due[1], start_s, cause), judged)
        judged = self.judge.closest()
        remedy = self._cheapest(self.case, judged)
        closest = judged[0] if judged else None
        rule: Rule | None = Rule.UNKNOWN
        cause = reason_wording.UNKNOWN_CAUSE
        opens_s = min((w.earliest_s for w in visit_windows(self.territory.roster, self.job)), default=0)
        if opens_s > int(latest.max(initial=0)):
            rule, cause = Rule.WINDOW, reason_wording.opens_late_words(opens_s)
        elif closest is not None and closest.rule is None and closest.forced is not None:
            rule, cause = self._price_decided(closest.forced.difference_fen, closest.said)
        elif closest is not None:
            rule, cause = closest.rule, reason_wording.closest_words(closest.said)
        if remedy is None:
            cause = wording.joined([cause, reason_wording.NO_REMEDY])
        return self._say(Why.LATE, rule, reason_wording.late_words(due[0], due[1], start_s, cause), judged, remedy)

    def _worst_promise(self) -> tuple[ClockKind, int]:
        """Return the promise that is broken first."""
        start_s = self.territory.starts[self.job.id]
        service_s = int(self.territory.problem.service[self.j, self.territory.problem.shifts["outlet"][self.home]])
        events = {ClockKind.ARRIVAL: start_s, ClockKind.RESOLUTION: start_s + service_s}
        broken = [clock for clock in self.job.clocks if events[clock.kind] > clock.due_s]
        worst = min(broken, key=lambda clock: clock.due_s)
        return worst.kind, worst.due_s

    def _soonest(self, judged: Sequence[Judged], start_s: int) -> Sentence:
        """Say who else could come soonest, where that is sooner than the plan has it."""
        sooner = [one for one in judged if one.rule is None and one.forced and one.forced.start_s < start_s]
        if not sooner:
            return reason_wording.NOBODY_SOONER
        soonest = min(sooner, key=lambda one: (one.candidate.start_s, one.candidate.difference_fen))
        return reason_wording.sooner_words(soonest.said, soonest.candidate.difference_fen or 0)

    def _not_nearest(self) -> Explanation:
        """Explain by the nearest outlet; the remedy is the cheapest change that lets it serve the job."""
        judged = self.judge.nearer(self.wanted.nearer)
        if not judged:
            return self._say(Why.NOT_NEAREST, Rule.UNKNOWN, reason_wording.UNKNOWN_CAUSE)
        closest, remedy = judged[0], None
        nearest = closest.candidate.outlet_id
        if closest.rule is None and closest.forced is not None and closest.place is not None:
            fen = closest.forced.difference_fen
            rule, cause = (None if fen >= 0 else Rule.UNKNOWN), reason_wording.possible_words(closest.said, fen)
            cause = wording.joined([cause, wording.items_words(closest.forced.items)], ": ", "：")
            if fen < 0:
                remedy = place_remedy(self.case, RemedyKind.FORCE, closest.place, 0, closest.forced)
            else:
                cause = wording.joined([cause, reason_wording.NOTHING_NEEDED])
        else:
            rule, cause = closest.rule, closest.said
            pairs = {v: pair for v, pair in self.case.pairs.items() if pair.outlet.id == nearest}
            broken = {v: self.case.broken[v] for v in pairs}
            remedy = self._cheapest(
                replace(self.case, pairs=pairs, broken=broken), [one for one in judged if one.v in pairs]
            )
            if remedy is None:
                cause = wording.joined([cause, reason_wording.NO_REMEDY])
        return self._say(Why.NOT_NEAREST, rule, reason_wording.nearest_words(nearest, cause), judged, remedy)

    def _served(self) -> Explanation:
        judged = self.judge.closest()
        others = [one for one in judged if one.v != self.home]
        pair = self.case.pairs[self.home]
        who = wording.someone(pair.technician, pair.outlet)
        legal = sorted(one.forced.difference_fen for one in others if one.rule is None and one.forced is not None)
        said = reason_wording.served_words(who, legal)
        return self._say(Why.SERVED, None, said, judged)

    # Remedies

    def _cheapest(self, case: Case, judged: Sequence[Judged]) -> Remedy | None:
        """Return the remedy with the smallest plan cost: one change, or one other visit that gives way."""
        found = remedies(case)
        for one in judged:
            if one.place is not None and one.forced is not None:
                kind = RemedyKind.FORCE if one.place.x == FREE else RemedyKind.GIVE_WAY
                found.append(place_remedy(case, kind, one.place, 0, one.forced))
        order = list(RemedyKind)
        return min(found, key=lambda remedy: (remedy.difference_fen, order.index(remedy.kind)), default=None)
