"""What the rules of time say about a job on an otherwise empty shift, one rule lifted after the other."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import combinations

import numpy as np

from optimizer import fact_wording, wording
from optimizer.explanation import Sentence, Verdict
from optimizer.kit_options import kits_at
from optimizer.model import DAY_S, Job, Rule
from optimizer.remedies import Case
from optimizer.roster import visit_windows
from optimizer.search.insertion import insert
from optimizer.search.problem import NEVER_S
from optimizer.search.reinsertion import ITEMS, take_out, walk
from optimizer.verdicts import Pair

__all__ = ["TIME_RULES", "time_broken", "time_holds"]

TIME_RULES = (Rule.KIT, Rule.BREAK, Rule.HOURS, Rule.SHIFT, Rule.WINDOW)
"""What may keep a job from a shift that is otherwise empty; windows last, for any time at all helps most often."""


def time_holds(pair: Pair) -> list[Verdict]:
    """Return the rules of time that speak about the pair; an empty shift keeps them all."""
    job = pair.job
    speaks = {
        Rule.WINDOW: bool(job.windows or job.appointment),
        Rule.KIT: bool(job.order_lines),
        Rule.BREAK: pair.shift.break_ is not None,
        Rule.HOURS: True,
        Rule.SHIFT: True,
    }
    fits = fact_wording.fits_fact(pair.shift)
    return [Verdict(rule=rule, holds=True, said=fits) for rule, speaks_of_it in speaks.items() if speaks_of_it]


def time_broken(case: Case, v: int, job: Job) -> list[Verdict]:
    """Return the rules of time any one of which, lifted, would let the empty shift serve the job, or any two."""
    rules = (*TIME_RULES, None) if case.latest is not None else TIME_RULES
    found = [Verdict(rule=rule, holds=False, said=said) for rule in rules if (said := _lifted(case, v, job, (rule,)))]
    if found:
        return found
    shift = case.territory.shifts[v]
    for both in combinations(rules, 2):
        if said := _lifted(case, v, job, both):
            cause = wording.joined([fact_wording.both_fact(shift, both), said], ": ", "：")
            return [Verdict(rule=both[0], holds=False, said=cause)]
    return [Verdict(rule=Rule.UNKNOWN, holds=False, said=fact_wording.time_unknown_fact(shift))]


def _lifted(case: Case, v: int, job: Job, rules: Sequence[Rule | None]) -> Sentence | None:
    """Return what is said of these rules if the empty shift could serve the job without them.

    None among the rules is the promise.
    """
    t, j = case.territory, case.taken.j
    p, shift = t.problem, t.shifts[v]
    row, ready, person = p.jobs[j : j + 1].copy(), p.kit_ready[j].copy(), p.shifts[v : v + 1].copy()
    latest = None if None in rules else case.latest
    anytime = replace(job, windows=(), appointment=None) if Rule.WINDOW in rules else job
    if Rule.KIT in rules:
        p.kit_ready[j, :, 0] = np.minimum(ready[:, 0], t.day.now_s)
    if Rule.BREAK in rules:
        p.shifts["last_pause"][v] = p.shifts["first_pause"][v]
    if Rule.HOURS in rules:
        p.shifts["open"][v], p.shifts["close"][v] = shift.day * DAY_S, (shift.day + 1) * DAY_S
    if Rule.SHIFT in rules:
        p.shifts["latest_end"][v] = NEVER_S // 2
    places = t.quoted(t.ask(anytime, [v], latest), t.empty)
    said: Sentence | None = None
    if places:
        starts, items = np.zeros(t.empty.stops.shape[1] + 1, np.int64), np.zeros(len(ITEMS), np.int64)
        insert(p, t.empty, j, v, places[0].gap, 0)
        back_s = walk(p, t.empty, v, starts, items)
        take_out(p, t.empty, j)
        times = int(starts[0]), int(back_s)
        said = wording.joined(_fact(case, v, job, rule, times) for rule in rules)
    p.jobs[j : j + 1], p.kit_ready[j], p.shifts[v : v + 1] = row, ready, person
    return said


def _fact(case: Case, v: int, job: Job, rule: Rule | None, times: tuple[int, int]) -> Sentence:
    """Say what is wrong with the start and the return that there would be without the rule."""
    pair, shift, roster = case.pairs[v], case.territory.shifts[v], case.territory.roster
    start_s, back_s = times
    if rule is None and case.latest is not None:
        return fact_wording.too_late_fact(shift, start_s, int(case.latest[v]))
    if rule is Rule.WINDOW:
        return fact_wording.window_fact(shift, start_s, visit_windows(roster, job))
    if rule is Rule.KIT:
        kits = kits_at(case.territory.kits[job.id], pair.outlet.id)
        return fact_wording.kit_fact(kits[0].ready_s, shift) if kits else fact_wording.out_of_reach_fact(pair.outlet)
    if rule is Rule.BREAK:
        return fact_wording.break_fact(shift)
    if rule is Rule.HOURS:
        return fact_wording.hours_fact(pair.outlet, shift, start_s)
    return fact_wording.shift_fact(shift, back_s)
