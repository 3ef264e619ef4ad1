"""The states of a dispatch item, in the words of TM Forum 697, and what may be reported of it."""

import datetime as dt
from collections.abc import Mapping
from enum import StrEnum

from api.job_states import JobState

__all__ = [
    "OPEN",
    "UNDECIDED",
    "CallOutcome",
    "CallParty",
    "ItemState",
    "Step",
    "job_state_after",
    "path_of",
    "rank_of",
    "state_after",
]


class ItemState(StrEnum):
    """Where a dispatch item stands."""

    PENDING = "pending"
    """Sent, or to be told; nobody has said yes."""
    ACKNOWLEDGED = "acknowledged"
    REJECTED = "rejected"
    IN_PROGRESS = "inProgress"
    HELD = "held"
    """Somebody was there; a part is missing."""
    CANCELLED = "cancelled"
    """Withdrawn: another plan, or the job needs nobody any more."""
    COMPLETED = "completed"
    FAILED = "failed"


UNDECIDED = (ItemState.PENDING, ItemState.ACKNOWLEDGED)
"""Nobody has set out: plans may change the item, outlets may reject it."""
OPEN = (*UNDECIDED, ItemState.IN_PROGRESS)


class Step(StrEnum):
    """What is reported from the road."""

    EN_ROUTE = "en_route"
    ON_SITE = "on_site"
    DONE = "done"
    NEEDS_PART = "needs_part"
    FAILED = "failed"


class CallParty(StrEnum):
    """Who was called."""

    OUTLET = "outlet"
    CUSTOMER = "customer"


class CallOutcome(StrEnum):
    """What became of a call."""

    CONFIRMED = "confirmed"
    NOT_REACHED = "not_reached"
    REFUSED = "refused"
    WRONG_NUMBER = "wrong_number"


_STATE: Mapping[Step, ItemState] = {
    Step.EN_ROUTE: ItemState.IN_PROGRESS,
    Step.ON_SITE: ItemState.IN_PROGRESS,
    Step.DONE: ItemState.COMPLETED,
    Step.NEEDS_PART: ItemState.HELD,
    Step.FAILED: ItemState.FAILED,
}
_RANK: Mapping[Step, int] = {Step.EN_ROUTE: 1, Step.ON_SITE: 2, Step.DONE: 3, Step.NEEDS_PART: 3, Step.FAILED: 3}
_TO_THE_DOOR = (JobState.PLANNED, JobState.OFFERED, JobState.ACKNOWLEDGED)


def state_after(step: Step) -> ItemState:
    """Return the state that a step leaves an item in."""
    return _STATE[step]


def job_state_after(step: Step) -> JobState:
    """Return the state that a step leaves the job in."""
    return JobState(step.value)


def rank_of(
    step: Step | None = None, *, en_route_at: dt.datetime | None = None, on_site_at: dt.datetime | None = None
) -> int:
    """Return how far a step is, or how far an item is that has these moments."""
    if step is not None:
        return _RANK[step]
    return 2 if on_site_at is not None else 1 if en_route_at is not None else 0


def path_of(before: JobState, to: JobState) -> tuple[JobState, ...]:
    """Return the states that a job goes through, the last one included.

    Who reports a step has taken those before it, reported or not: nobody is at the door without having said yes.
    """
    begun = _TO_THE_DOOR[_TO_THE_DOOR.index(before) + 1 :] if before in _TO_THE_DOOR else ()
    if to in _TO_THE_DOOR:
        return begun[: begun.index(to) + 1] if to in begun else ()
    if to in (JobState.EN_ROUTE, JobState.ON_SITE) or before is JobState.ON_SITE:
        return (*begun, to)
    return (*begun, JobState.ON_SITE, to)
