"""What is asked, without a network around it: vehicles, tasks and the matrices between their places.

The words are those of VROOM's problem format, which `datasets.vroom` reads. Times count seconds from whatever the
asker counts from (midnight, the epoch); a window holds the start of a service, both ends included.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from optimizer.model import Window

__all__ = ["MOST_S", "NO_LIMIT", "Amounts", "Costs", "Matrices", "Pause", "Routing", "Task", "Vehicle"]

MOST_S = 1 << 27
"""Longest duration, and longest span between the earliest and the latest time of a problem: four years of seconds."""
NO_LIMIT = 1 << 60

Amounts = tuple[int, ...]
"""One figure per dimension of the load; missing dimensions are 0."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pause:
    """A break of a vehicle: it starts inside one of its windows, beside driving and service; none means any time."""

    id: int
    duration_s: int = 0
    windows: tuple[Window, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Costs:
    """What a vehicle costs: once when it is used, per hour of travel and of work at the tasks, per kilometre."""

    fixed: int = 0
    per_hour: int = 3_600
    per_task_hour: int = 0
    per_km: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Vehicle:
    """Somebody who travels; start and end are places (rows of the matrices), None where the route may begin or end.

    window: working hours, None for any. speed_percent: travel takes 100/speed_percent of the matrix.
    """

    id: int
    profile: str = "car"
    start: int | None = None
    end: int | None = None
    window: Window | None = None
    capacity: Amounts | None = None
    skills: frozenset[int] = frozenset()
    type: str = ""
    pauses: tuple[Pause, ...] = ()
    costs: Costs = field(default_factory=Costs)
    speed_percent: int = 100
    max_tasks: int = NO_LIMIT
    max_travel_s: int = NO_LIMIT
    max_distance_m: int = NO_LIMIT


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """A job at a place. setup_s applies only when the vehicle was elsewhere before; both durations may depend on type.

    delivery is loaded at the start of the route, pickup is brought to its end.
    """

    id: int
    place: int
    setup_s: int = 0
    service_s: int = 0
    setup_per_type: Mapping[str, int] = field(default_factory=dict)
    service_per_type: Mapping[str, int] = field(default_factory=dict)
    delivery: Amounts = ()
    pickup: Amounts = ()
    skills: frozenset[int] = frozenset()
    priority: int = 0
    windows: tuple[Window, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Matrices:
    """Travel of one profile between all places; (p, p) int64 each. costs replace what the vehicles' costs would say."""

    seconds: NDArray[np.int64]
    metres: NDArray[np.int64] | None = None
    costs: NDArray[np.int64] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Routing:
    """A whole problem. Serve as much as possible (each task counts 1 + its priority), then as cheaply as possible."""

    vehicles: tuple[Vehicle, ...]
    tasks: tuple[Task, ...]
    matrices: Mapping[str, Matrices]
