"""The closed loop of a job (requirements row D6): its states, who may move it on, and when one has been stuck too long.

received → needs_visit → planned → offered → acknowledged → en_route → on_site → done / needs_part / failed
→ callback_due → closed; what needs a part or has failed needs a visit again, and up to the door it can be cancelled.
"""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from api.errors import Conflict, Forbidden

__all__ = [
    "FIRST_STATES",
    "OPEN_STATES",
    "STUCK_AFTER",
    "TMF_STATE",
    "TRANSITIONS",
    "JobState",
    "Role",
    "StuckAfter",
    "TmfState",
    "VisitMoment",
    "can_move",
    "check_move",
    "next_states",
    "roles_of",
    "stuck_since",
]


class JobState(StrEnum):
    """Where a job stands."""

    RECEIVED = "received"
    """Reported; nobody has said yet whether somebody must come."""
    NEEDS_VISIT = "needs_visit"
    """Somebody must come; the next plan takes it up."""
    PLANNED = "planned"
    """A published plan says who comes and when."""
    OFFERED = "offered"
    """The outlet has been told."""
    ACKNOWLEDGED = "acknowledged"
    """The outlet has said yes."""
    EN_ROUTE = "en_route"
    ON_SITE = "on_site"
    DONE = "done"
    NEEDS_PART = "needs_part"
    """Somebody was there; a part is missing."""
    FAILED = "failed"
    """The visit came to nothing."""
    CALLBACK_DUE = "callback_due"
    """The customer must be called and asked."""
    CLOSED = "closed"
    CANCELLED = "cancelled"


class Role(StrEnum):
    """Who moves a job on."""

    TICKETING = "ticketing"
    """The front end that takes the call, and rings back."""
    DISPATCH = "dispatch"
    """The dispatch team; it also enters what outlets say by phone or fax."""
    OUTLET = "outlet"
    """The outlet or its technician, reporting online."""
    PLAN = "plan"
    """A plan that is published, or a place that is booked in one, and whoever tells the outlet of it; no key."""
    CLOCK = "clock"
    """Time itself: nobody did anything."""


class TmfState(StrEnum):
    """Words of TM Forum 697 (work order management) that fit a job."""

    ACKNOWLEDGED = "acknowledged"
    PENDING = "pending"
    HELD = "held"
    IN_PROGRESS = "inProgress"
    CANCELLED = "cancelled"
    COMPLETED = "completed"
    FAILED = "failed"


_OFFICE = frozenset({Role.TICKETING, Role.DISPATCH})
_FIELD = frozenset({Role.OUTLET, Role.DISPATCH})
_PROMISING = frozenset({Role.PLAN})
_TAKING_BACK = frozenset({Role.PLAN, Role.DISPATCH})

FIRST_STATES = frozenset({JobState.RECEIVED, JobState.NEEDS_VISIT})
"""A new job stands in one of these."""

TRANSITIONS: Mapping[tuple[JobState, JobState], frozenset[Role]] = {
    (JobState.RECEIVED, JobState.NEEDS_VISIT): _OFFICE,
    (JobState.RECEIVED, JobState.CALLBACK_DUE): _OFFICE,  # solved by phone
    (JobState.NEEDS_VISIT, JobState.PLANNED): _PROMISING,
    (JobState.NEEDS_VISIT, JobState.CALLBACK_DUE): _OFFICE,  # solved by phone after all
    (JobState.PLANNED, JobState.NEEDS_VISIT): _TAKING_BACK,  # a later plan leaves it out
    (JobState.PLANNED, JobState.OFFERED): _PROMISING,
    (JobState.OFFERED, JobState.PLANNED): _PROMISING,  # another time, or somebody else
    (JobState.OFFERED, JobState.NEEDS_VISIT): _TAKING_BACK | {Role.OUTLET},  # rejected
    (JobState.OFFERED, JobState.ACKNOWLEDGED): _FIELD,
    (JobState.ACKNOWLEDGED, JobState.PLANNED): _PROMISING,  # a later plan sends somebody else
    (JobState.ACKNOWLEDGED, JobState.NEEDS_VISIT): _TAKING_BACK,
    (JobState.ACKNOWLEDGED, JobState.EN_ROUTE): _FIELD,
    (JobState.ACKNOWLEDGED, JobState.ON_SITE): _FIELD,  # who reports by phone does so at the door
    (JobState.EN_ROUTE, JobState.ON_SITE): _FIELD,
    (JobState.EN_ROUTE, JobState.FAILED): _FIELD,
    (JobState.ON_SITE, JobState.DONE): _FIELD,
    (JobState.ON_SITE, JobState.NEEDS_PART): _FIELD,
    (JobState.ON_SITE, JobState.FAILED): _FIELD,
    (JobState.NEEDS_PART, JobState.NEEDS_VISIT): _OFFICE | {Role.CLOCK},  # the part is there
    (JobState.FAILED, JobState.NEEDS_VISIT): _OFFICE,
    (JobState.FAILED, JobState.CALLBACK_DUE): _OFFICE,
    (JobState.DONE, JobState.CALLBACK_DUE): _OFFICE | {Role.CLOCK},
    (JobState.CALLBACK_DUE, JobState.CLOSED): _OFFICE,
    (JobState.CALLBACK_DUE, JobState.NEEDS_VISIT): _OFFICE,  # the customer says that it is not repaired
    **{
        (state, JobState.CANCELLED): _OFFICE
        for state in (
            JobState.RECEIVED,
            JobState.NEEDS_VISIT,
            JobState.PLANNED,
            JobState.OFFERED,
            JobState.ACKNOWLEDGED,
            JobState.EN_ROUTE,
            JobState.NEEDS_PART,
            JobState.FAILED,
        )
    },
}
"""(from, to) → who may do it; a pair that is absent is not allowed to anybody."""

OPEN_STATES = frozenset(JobState) - {JobState.CLOSED, JobState.CANCELLED}

TMF_STATE: Mapping[JobState, TmfState] = {
    JobState.RECEIVED: TmfState.ACKNOWLEDGED,
    JobState.NEEDS_VISIT: TmfState.PENDING,
    JobState.PLANNED: TmfState.PENDING,
    JobState.OFFERED: TmfState.PENDING,
    JobState.ACKNOWLEDGED: TmfState.PENDING,
    JobState.EN_ROUTE: TmfState.IN_PROGRESS,
    JobState.ON_SITE: TmfState.IN_PROGRESS,
    JobState.DONE: TmfState.COMPLETED,
    JobState.NEEDS_PART: TmfState.HELD,
    JobState.FAILED: TmfState.FAILED,
    JobState.CALLBACK_DUE: TmfState.COMPLETED,
    JobState.CLOSED: TmfState.COMPLETED,
    JobState.CANCELLED: TmfState.CANCELLED,
}

_ROLES_OF_SCOPE: Mapping[str, frozenset[Role]] = {
    "jobs:write": frozenset({Role.TICKETING}),
    "dispatch": frozenset({Role.DISPATCH, Role.OUTLET}),
    "admin": frozenset({Role.TICKETING, Role.DISPATCH, Role.OUTLET}),
}


class VisitMoment(StrEnum):
    """What a state's patience is counted from."""

    ENTERED = "entered"
    VISIT_START = "visit_start"
    """The later of entering the state and the published start: a visit of tomorrow is not stuck today."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StuckAfter:
    """How long a job may stand in a state before somebody is told."""

    within: dt.timedelta
    counted_from: VisitMoment = VisitMoment.ENTERED


STUCK_AFTER: Mapping[JobState, StuckAfter] = {
    JobState.RECEIVED: StuckAfter(within=dt.timedelta(hours=4)),
    JobState.NEEDS_VISIT: StuckAfter(within=dt.timedelta(hours=24)),
    JobState.PLANNED: StuckAfter(within=dt.timedelta(), counted_from=VisitMoment.VISIT_START),
    JobState.OFFERED: StuckAfter(within=dt.timedelta(hours=2)),
    JobState.ACKNOWLEDGED: StuckAfter(within=dt.timedelta(minutes=30), counted_from=VisitMoment.VISIT_START),
    JobState.EN_ROUTE: StuckAfter(within=dt.timedelta(hours=4)),
    JobState.ON_SITE: StuckAfter(within=dt.timedelta(hours=6)),
    JobState.DONE: StuckAfter(within=dt.timedelta(hours=4)),
    JobState.NEEDS_PART: StuckAfter(within=dt.timedelta(days=3)),
    JobState.FAILED: StuckAfter(within=dt.timedelta(hours=4)),
    JobState.CALLBACK_DUE: StuckAfter(within=dt.timedelta(days=2)),
}
"""Every open state has its patience."""


def can_move(before: JobState, after: JobState, role: Role) -> bool:
    """Tell whether this role may move a job from one state to the other."""
    return role in TRANSITIONS.get((before, after), frozenset())


def next_states(before: JobState) -> tuple[JobState, ...]:
    """Return the states that can follow, in the order of the loop."""
    return tuple(after for after in JobState if (before, after) in TRANSITIONS)


def check_move(before: JobState, after: JobState, roles: frozenset[Role]) -> None:
    """Let a move pass that one of the roles may make.

    Raises
    ------
    Conflict
        Nobody can make it; the states that can follow are members of the problem.
    Forbidden
        Somebody else can.
    """
    allowed = TRANSITIONS.get((before, after))
    if allowed is None:
        follow = [state.value for state in next_states(before)]
        raise Conflict(
            f"a job that is {before} cannot become {after}",
            members={"state": before.value, "next_states": follow},
        )
    if not roles & allowed:
        raise Forbidden(f"{before} → {after} is for {', '.join(sorted(allowed))}")


def roles_of(scopes: frozenset[str]) -> frozenset[Role]:
    """Return the roles that a key's scopes stand for."""
    return frozenset(role for scope in scopes for role in _ROLES_OF_SCOPE.get(scope, ()))


def stuck_since(state: JobState, entered_at: dt.datetime, visit_start: dt.datetime | None) -> dt.datetime | None:
    """Return when a job that entered its state at this moment is stuck in it; None for a state that is final."""
    patience = STUCK_AFTER.get(state)
    if patience is None:
        return None
    begins = entered_at
    if patience.counted_from is VisitMoment.VISIT_START and visit_start is not None:
        begins = max(entered_at, visit_start)
    return begins + patience.within
