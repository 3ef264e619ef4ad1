"""The rules that a job and a shift decide between themselves, whatever the time and the other visits."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass

from optimizer import fact_wording
from optimizer.cost import level_of
from optimizer.explanation import Verdict
from optimizer.model import Job, Lock, Outlet, Rule, Shift, Technician
from optimizer.roster import BINDING, Roster
from optimizer.travel import UNREACHABLE

__all__ = ["STAGES", "Pair", "broken_rules", "lacking_certificates", "pair_verdicts"]

STAGES = (
    Rule.CONSENT,
    Rule.SKILL,
    Rule.CERTIFICATE,
    Rule.CREW,
    Rule.LOAD,
    Rule.TRAVEL,
    Rule.MODE,
    Rule.LOCK,
    Rule.FREEZE,
    Rule.WINDOW,
    Rule.KIT,
    Rule.BREAK,
    Rule.HOURS,
    Rule.SHIFT,
    Rule.ROOM,
)
"""The order in which rules are told; a shift whose first broken rule comes later came closer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """A job, a shift that might serve it, and the way from its base: the longer of there and back, and the metres.

    beyond: too far for the travel mode even in a straight line, which metres then is; nobody asks for such roads.
    """

    job: Job
    shift: Shift
    technician: Technician
    outlet: Outlet
    drive_s: int
    metres: int
    beyond: bool = False


def lacking_certificates(roster: Roster, pair: Pair) -> list[str]:
    """Return the schemes that the job needs and the technician has no certificate for on the date."""
    if not pair.job.certificates:
        return []
    date = roster.day.date.toordinal() + pair.shift.day
    held = pair.technician.certificates
    valid = {c.scheme for c in held if c.first.toordinal() <= date <= c.last.toordinal()}
    return sorted(pair.job.certificates - valid)


def _locked_to(job: Job) -> str | None:
    """Return the technician that a lock binds the job to."""
    return job.published.technician_id if job.published is not None and job.lock in BINDING else None


def _frozen(roster: Roster, pair: Pair, thawed: str) -> bool:
    """Tell whether a freeze keeps the pair apart, that of outlet `thawed` not counted."""
    mine = roster.published_shift(pair.job)
    if mine is not None and mine.id == pair.shift.id:
        return False
    if pair.outlet.id != thawed and roster.is_frozen(pair.shift):
        return True
    return mine is not None and roster.outlet_of(mine).id != thawed and roster.is_frozen(mine)


def broken_rules(roster: Roster, pair: Pair, thawed: str = "") -> tuple[Rule, ...]:
    """Return the rules that keep the pair apart, in the order of `STAGES`."""
    job, technician = pair.job, pair.technician
    owner = _locked_to(job)
    checks = (
        (Rule.SKILL, level_of(technician, job.skill.family) < job.skill.level),
        (Rule.CERTIFICATE, bool(lacking_certificates(roster, pair))),
        (Rule.CREW, technician.crew < job.crew),
        (Rule.LOAD, technician.load_capacity < job.load),
        (Rule.TRAVEL, pair.drive_s >= UNREACHABLE and not pair.beyond),
        (Rule.MODE, pair.beyond or UNREACHABLE > pair.metres > roster.day.tariff.reach_m[technician.mode]),
        (Rule.LOCK, owner is not None and owner != technician.id),
        (Rule.FREEZE, _frozen(roster, pair, thawed)),
    )
    return tuple(rule for rule, is_broken in checks if is_broken)


def pair_verdicts(roster: Roster, pair: Pair, broken: Collection[Rule]) -> Iterator[Verdict]:
    """Yield the verdict of each of these rules that speaks about the pair; broken: those that keep it apart."""
    job, technician, outlet = pair.job, pair.technician, pair.outlet
    who = technician.id
    yield Verdict(
        rule=Rule.SKILL,
        holds=Rule.SKILL not in broken,
        said=fact_wording.skill_fact(who, job, level_of(technician, job.skill.family)),
    )
    if job.certificates:
        lacking = lacking_certificates(roster, pair)
        fact = fact_wording.certificate_fact(who, lacking, sorted(job.certificates))
        yield Verdict(rule=Rule.CERTIFICATE, holds=not lacking, said=fact)
    if job.crew > 1:
        fact = fact_wording.crew_fact(who, job.crew, technician.crew)
        yield Verdict(rule=Rule.CREW, holds=Rule.CREW not in broken, said=fact)
    if job.load:
        fact = fact_wording.load_fact(who, job.load, technician.load_capacity)
        yield Verdict(rule=Rule.LOAD, holds=Rule.LOAD not in broken, said=fact)
    if Rule.TRAVEL in broken:
        yield Verdict(rule=Rule.TRAVEL, holds=False, said=fact_wording.way_fact(outlet, known=False))
    else:
        reach_m = roster.day.tariff.reach_m[technician.mode]
        fact = fact_wording.reach_fact(outlet, technician.mode, (pair.metres, reach_m), straight=pair.beyond)
        yield Verdict(rule=Rule.MODE, holds=Rule.MODE not in broken, said=fact)
    yield from _holding_verdicts(roster, pair, broken)


def _holding_verdicts(roster: Roster, pair: Pair, broken: Collection[Rule]) -> Iterator[Verdict]:
    job = pair.job
    if job.lock is not Lock.NONE and (owner := _locked_to(job)) is not None:
        holds = Rule.LOCK not in broken
        yield Verdict(rule=Rule.LOCK, holds=holds, said=fact_wording.lock_fact(owner, holds))
    mine = roster.published_shift(job)
    if mine is not None and mine.id != pair.shift.id and roster.is_frozen(mine):
        yield Verdict(rule=Rule.FREEZE, holds=False, said=fact_wording.frozen_elsewhere_fact(mine))
    elif pair.outlet.freeze_s is not None:
        holds = Rule.FREEZE not in broken
        yield Verdict(rule=Rule.FREEZE, holds=holds, said=fact_wording.freeze_fact(pair.shift, not holds))
