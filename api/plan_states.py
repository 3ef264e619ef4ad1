"""The states of a plan, from the wish to what is published."""

from enum import StrEnum

__all__ = ["ENDED", "PlanState"]


class PlanState(StrEnum):
    """Where a plan stands."""

    QUEUED = "queued"
    RUNNING = "running"
    FINISHED = "finished"
    FAILED = "failed"
    """It has a problem that says why: the day was refused, for example, with all its faults."""
    CANCELLED = "cancelled"
    PUBLISHED = "published"
    """It holds for at least one centre and date."""
    SUPERSEDED = "superseded"
    """It was published; later plans hold for all its centres and dates."""


ENDED = frozenset(PlanState) - {PlanState.QUEUED, PlanState.RUNNING}
