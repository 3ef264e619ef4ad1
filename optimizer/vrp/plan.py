"""What is answered to a routing problem: every vehicle's steps with their times, and whatever rule they break."""

from dataclasses import dataclass
from enum import StrEnum

from optimizer.vrp.model import Amounts

__all__ = ["Breach", "Cause", "StepKind", "TimedRoute", "TimedStep", "WantedStep"]


class StepKind(StrEnum):
    """What happens at a step."""

    START = "start"
    JOB = "job"
    BREAK = "break"
    END = "end"


class Cause(StrEnum):
    """Which constraint is broken, in VROOM's words."""

    DELAY = "delay"
    LEAD_TIME = "lead_time"
    LOAD = "load"
    MAX_TASKS = "max_tasks"
    SKILLS = "skills"
    MISSING_BREAK = "missing_break"
    MAX_TRAVEL_TIME = "max_travel_time"
    MAX_DISTANCE = "max_distance"


@dataclass(frozen=True, slots=True, kw_only=True)
class Breach:
    """A constraint broken; seconds early or late where it is one of time, None otherwise."""

    cause: Cause
    duration_s: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class WantedStep:
    """A step of a route that somebody laid out; id of the task or the pause.

    The service may be tied to a time, or to times not before and not after: those hold whatever else breaks.
    """

    kind: StepKind
    id: int | None = None
    at_s: int | None = None
    after_s: int | None = None
    before_s: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TimedStep:
    """A step with its time. travel_s, travel_m: since the route began; load: after the step.

    arrival_s + waiting_s is when the setup, the service or the break begins.
    """

    kind: StepKind
    id: int | None
    place: int | None
    arrival_s: int
    waiting_s: int
    setup_s: int
    service_s: int
    travel_s: int
    travel_m: int
    load: Amounts
    breaches: tuple[Breach, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class TimedRoute:
    """A vehicle's steps, what they cost, and every constraint they break, those of the whole route first."""

    vehicle_id: int
    steps: tuple[TimedStep, ...]
    cost: int
    priority: int
    breaches: tuple[Breach, ...] = ()
