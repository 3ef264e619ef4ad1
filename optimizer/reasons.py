"""Why a job was left out: the rules are tried one by one on the shifts that came closest, nothing is guessed."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from optimizer.candidates import Candidates
from optimizer.clock import time_text
from optimizer.cost import level_of
from optimizer.measure import service_seconds
from optimizer.model import Job, Lock, Outlet, Position, Rule, Shift, Technician, TravelMode, Window
from optimizer.plan import Unassigned
from optimizer.roster import Roster, visit_windows
from optimizer.sourcing import KitOption, missing_parts
from optimizer.travel import UNREACHABLE, TravelTimes

__all__ = ["reasons"]

STAGES = (
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
"""The order in which rules are tried; a shift that fails later came closer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Verdict:
    """The first rule that keeps a job from a shift otherwise empty (ROOM: none does), and a sentence."""

    rule: Rule
    sentence: str
    shift: Shift
    drive_s: int
    metres: int


def reasons(
    roster: Roster,
    jobs: Sequence[Job],
    kits: Mapping[str, tuple[KitOption, ...]],
    candidates: Candidates,
    travel: TravelTimes,
) -> tuple[Unassigned, ...]:
    """Return an entry for every job left out."""
    asker = _Asker(roster, kits, candidates, travel)
    return tuple(asker.reason(job) for job in jobs)


class _Asker:
    """Tries the shifts near a job, as if they were empty."""

    def __init__(
        self,
        roster: Roster,
        kits: Mapping[str, tuple[KitOption, ...]],
        candidates: Candidates,
        travel: TravelTimes,
    ) -> None:
        self.roster = roster
        self.kits = kits
        self.candidates = candidates
        self.travel = travel
        self.missing: dict[str, str] | None = None
        self.places = np.array([outlet.position for outlet in roster.day.outlets], np.float64).reshape(-1, 2)

    def reason(self, job: Job) -> Unassigned:
        """Return the rule, the sentence and, where one change alone would do, the remedy."""
        if not job.consent:
            return self._say(job, Rule.CONSENT, "the customer has not yet agreed to the quote", "record the consent")
        if job.order_lines and not self.kits.get(job.id):
            if self.missing is None:
                self.missing = missing_parts(self.roster.day)
            return self._say(job, Rule.KIT, self.missing.get(job.id, "the kit cannot be completed"))
        if not visit_windows(self.roster, job):
            return self._no_window(job)
        verdicts = list(self._verdicts(job))
        if not verdicts:
            return self._say(job, Rule.SHIFT, "no technician at all is on shift in the horizon")
        closest = max(verdicts, key=lambda verdict: self._closeness(job, verdict))
        if self.roster.is_held(job):
            return self._held(job, closest)
        if closest.rule is Rule.ROOM:
            able = sum(verdict.rule is Rule.ROOM for verdict in verdicts)
            return self._say(
                job, Rule.ROOM, f"{able} shifts could serve it alone; beside their other visits no place was found"
            )
        return self._say(job, closest.rule, f"closest: {closest.sentence}", self._remedy(job, closest))

    def _closeness(self, job: Job, verdict: _Verdict) -> tuple[int, int, int]:
        """Return how near a shift came: by rule, by level where that is what lacks, by road."""
        level = level_of(self.roster.technician_of(verdict.shift), job.skill.family)
        return STAGES.index(verdict.rule), level if verdict.rule is Rule.SKILL else 0, -verdict.drive_s

    def _remedy(self, job: Job, closest: _Verdict) -> str:
        """Return the one change that lets the closest shift, empty, serve the job; "" when no single one does."""
        shift, drive_s = closest.shift, closest.drive_s
        technician, outlet = self.roster.technician_of(shift), self.roster.outlet_of(shift)
        busy_s = service_seconds(job, outlet) + drive_s
        on_site_s = max(self._free_s(shift) + drive_s, shift.open_s)
        if closest.rule in (Rule.WINDOW, Rule.KIT):
            ready_s = max([on_site_s, *(option.ready_s for option in self.kits.get(job.id, ())[:1])])
            fits = ready_s <= shift.close_s and ready_s + busy_s <= shift.latest_end_s
            return f"agree a start from {time_text(-(-ready_s // 60) * 60)} with {technician.id}" * fits
        if closest.rule is Rule.SHIFT:
            start_s = _first_start(visit_windows(self.roster, job), on_site_s)
            minutes = 0 if start_s is None else (start_s + busy_s - shift.end_s + 59) // 60
            return f"at least {minutes} min of overtime for {technician.id}" * (minutes > 0)
        obstacles = self._obstacles(job, outlet, shift, technician, drive_s, closest.metres)
        if any(sentence for rule, sentence in obstacles if rule is not closest.rule):
            return ""
        return {
            Rule.SKILL: f"{job.skill.family} level {job.skill.level} for {technician.id}",
            Rule.CERTIFICATE: f"valid certificates {', '.join(sorted(job.certificates))} for {technician.id}",
            Rule.CREW: f"{job.crew} people on {shift.id}",
            Rule.LOAD: f"a vehicle for load {job.load} with {technician.id}",
        }.get(closest.rule, "")

    def _say(self, job: Job, rule: Rule, reason: str, remedy: str = "") -> Unassigned:
        return Unassigned(job_id=job.id, rule=rule, reason=reason, remedy=remedy)

    def _no_window(self, job: Job) -> Unassigned:
        latest_s = max((w.latest_s for w in ([job.appointment] if job.appointment else job.windows)), default=None)
        if self.roster.is_held(job):
            return self._say(job, Rule.LOCK, "the published time lies outside the customer's windows or has passed")
        if latest_s is not None and latest_s < self.roster.day.now_s:
            return self._say(job, Rule.WINDOW, f"its last window closed {time_text(latest_s)}", "agree a new time")
        return self._say(job, Rule.WINDOW, "none of its windows lies in the horizon", "plan it on its own date")

    def _held(self, job: Job, closest: _Verdict) -> Unassigned:
        """Say what breaks the lock, or that other held visits take its place."""
        assert job.published is not None
        rule = Rule.LOCK if job.lock is not Lock.NONE else Rule.FREEZE
        kept = f"held to {job.published.technician_id} at {time_text(job.published.start_s)}"
        if closest.rule is Rule.ROOM:
            return self._say(job, rule, f"{kept}, which other held visits of that shift exclude", "release one of them")
        return self._say(job, rule, f"{kept}, but {closest.sentence} ({closest.rule})", "release the lock")

    def _verdicts(self, job: Job) -> Iterator[_Verdict]:
        shifts = [s for o in self._outlets_near(job) for s in self.roster.shifts_of[self.roster.day.outlets[o].id]]
        ways = self._ways(job, shifts)
        for shift in shifts:
            technician = self.roster.technician_of(shift)
            drive_s, metres = ways[technician.mode, technician.position]
            yield self._verdict(job, shift, drive_s, metres)

    def _ways(self, job: Job, shifts: Sequence[Shift]) -> dict[tuple[TravelMode, Position], tuple[int, int]]:
        """Return seconds (the longer of there and back) and metres to the job by travel mode and base."""
        bases: dict[TravelMode, dict[Position, None]] = defaultdict(dict)
        for shift in shifts:
            technician = self.roster.technician_of(shift)
            bases[technician.mode][technician.position] = None
        ways = {}
        for mode, positions in bases.items():
            there, place = np.array(list(positions), np.float64), np.array([job.position], np.float64)
            out = self.travel.matrix(there, place, mode)
            back = self.travel.matrix(place, there, mode)
            for i, position in enumerate(positions):
                drive_s = max(int(out.seconds[i, 0]), int(back.seconds[0, i]))
                ways[mode, position] = drive_s, int(out.metres[i, 0])
        return ways

    def _outlets_near(self, job: Job) -> list[int]:
        """Return the candidate outlets; where none is capable, those nearest in a straight line."""
        found = [int(o) for o in self.candidates.outlet[self.roster.place_of_job[job.id]] if o >= 0]
        if found:
            return found
        apart = self.places - job.position
        apart[:, 0] *= np.cos(np.radians(job.position[1]))
        staffed = [
            o for o in np.argsort((apart**2).sum(axis=1)) if self.roster.shifts_of[self.roster.day.outlets[o].id]
        ]
        return [int(o) for o in staffed[:20]]

    def _verdict(self, job: Job, shift: Shift, drive_s: int, metres: int) -> _Verdict:
        technician, outlet = self.roster.technician_of(shift), self.roster.outlet_of(shift)
        for rule, sentence in self._obstacles(job, outlet, shift, technician, drive_s, metres):
            if sentence:
                return _Verdict(rule=rule, sentence=sentence, shift=shift, drive_s=drive_s, metres=metres)
        return _Verdict(rule=Rule.ROOM, sentence="", shift=shift, drive_s=drive_s, metres=metres)

    def _obstacles(
        self, job: Job, outlet: Outlet, shift: Shift, technician: Technician, drive_s: int, metres: int
    ) -> Iterator[tuple[Rule, str]]:
        """Yield every rule in the order of `STAGES` with what is wrong, "" when nothing is."""
        who = technician.id
        family = job.skill.family
        has = level_of(technician, family)
        yield Rule.SKILL, f"{who} has {family} level {has}, {job.skill.level} is needed" * (has < job.skill.level)
        date = self.roster.day.date.toordinal() + shift.day
        valid = {c.scheme for c in technician.certificates if c.first.toordinal() <= date <= c.last.toordinal()}
        lacking = ", ".join(sorted(job.certificates - valid))
        yield Rule.CERTIFICATE, f"{who} has no valid certificate {lacking} on the date" * bool(lacking)
        yield (
            Rule.CREW,
            f"{job.crew} people are needed, {who} comes with {technician.crew}" * (technician.crew < job.crew),
        )
        capacity = technician.load_capacity
        yield Rule.LOAD, f"load {job.load}, {who} can carry {capacity}" * (capacity < job.load)
        yield Rule.TRAVEL, f"no way is known from {outlet.id}" * (drive_s >= UNREACHABLE)
        reach_m = self.roster.day.tariff.reach_m[technician.mode]
        yield (
            Rule.MODE,
            f"{metres / 1000:.0f} km from {outlet.id}, {reach_m / 1000:.0f} km by {technician.mode}"
            * (metres > reach_m),
        )
        yield from self._holds(job, shift, technician)
        yield from self._times(job, outlet, shift, drive_s)

    def _free_s(self, shift: Shift) -> int:
        """Return when a shift without visits can set out: not in the past."""
        return max(shift.start_s, self.roster.day.now_s)

    def _holds(self, job: Job, shift: Shift, technician: Technician) -> Iterator[tuple[Rule, str]]:
        published = job.published
        bound = job.lock in (Lock.TECHNICIAN, Lock.BOTH, Lock.PINNED) and published is not None
        other = bound and published is not None and published.technician_id != technician.id
        yield Rule.LOCK, f"it is locked to {published.technician_id if published else ''}" * other
        mine = self.roster.published_shift(job)
        frozen = self.roster.is_frozen(shift) and (mine is None or mine.id != shift.id)
        yield Rule.FREEZE, f"{shift.id} is frozen" * frozen

    def _times(self, job: Job, outlet: Outlet, shift: Shift, drive_s: int) -> Iterator[tuple[Rule, str]]:
        windows = visit_windows(self.roster, job)
        free_s = self._free_s(shift)
        on_site_s = max(free_s + drive_s, shift.open_s)
        start_s = _first_start(windows, on_site_s)
        yield Rule.WINDOW, f"{shift.id} can be there {time_text(on_site_s)}, after its windows" * (start_s is None)
        kit = self.kits.get(job.id, ())
        if kit and start_s is not None and start_s < kit[0].ready_s:
            start_s = _first_start(windows, kit[0].ready_s)
            ready = f"the parts arrive {time_text(kit[0].ready_s)}"
            yield Rule.KIT, f"{ready}, after its windows" * (start_s is None)
            yield Rule.KIT, f"{ready}, after {shift.id}" * (start_s is not None and start_s > shift.close_s)
        if start_s is None:
            return
        service_s = service_seconds(job, outlet)
        pause = shift.break_
        if pause is not None and start_s + service_s > pause.latest_s:
            # The break comes first, at base or on the way.
            eaten_s = max(free_s + drive_s, pause.earliest_s) + pause.duration_s
            start_s = _first_start(windows, max(start_s, eaten_s)) if free_s <= pause.latest_s else None
            yield Rule.BREAK, f"the break of {shift.id} leaves no start inside its windows" * (start_s is None)
            if start_s is None:
                return
        yield Rule.HOURS, f"{time_text(start_s)} is after {outlet.id} closes" * (start_s > shift.close_s)
        back_s = start_s + service_s + drive_s
        over = back_s > shift.latest_end_s
        yield Rule.SHIFT, f"{shift.id} would be back {time_text(back_s)}, overtime included" * over


def _first_start(windows: Sequence[Window], earliest_s: int) -> int | None:
    """Return the first time inside the windows that is not before earliest_s."""
    return next((max(w.earliest_s, earliest_s) for w in windows if w.latest_s >= earliest_s), None)
