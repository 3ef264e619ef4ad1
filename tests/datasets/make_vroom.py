"""A small problem in VROOM's format, for tests to change: three places, two vehicles, two jobs."""

import copy
import json
from collections.abc import Callable
from typing import Any

from datasets.vroom import VroomProblem, read_vroom
from datasets.vroom_faults import ProblemFault, ProblemRefused

__all__ = ["by_coordinates", "faults_of", "problem", "read"]

PROBLEM: dict[str, Any] = {
    "vehicles": [
        {
            "id": 1,
            "description": "van of the north",
            "profile": "car",
            "start_index": 0,
            "end_index": 0,
            "capacity": [4, 10],
            "costs": {"fixed": 100, "per_hour": 7200, "per_task_hour": 3600, "per_km": 2},
            "skills": [1, 2],
            "type": "van",
            "time_window": [0, 10_000],
            "breaks": [{"id": 1, "description": "lunch", "service": 60, "time_windows": [[100, 5_000]]}],
            "speed_factor": 1.25,
            "max_tasks": 5,
            "max_travel_time": 9_000,
            "max_distance": 90_000,
            "steps": [
                {"type": "start", "service_after": 10},
                {"type": "job", "id": 10, "service_at": 700},
                {"type": "break", "id": 1},
                {"type": "job", "id": 11, "service_before": 8_000},
                {"type": "end"},
            ],
        },
        {"id": 2, "profile": "bike", "start_index": 2},
    ],
    "jobs": [
        {
            "id": 10,
            "description": "washing machine",
            "location": [104.1, 30.6],
            "location_index": 1,
            "setup": 30,
            "service": 300,
            "setup_per_type": {"van": 20},
            "service_per_type": {"van": 200, "truck": 100},
            "delivery": [1, 2],
            "pickup": [0, 1],
            "skills": [1],
            "priority": 7,
            "time_windows": [[600, 700], [900, 1_000]],
        },
        {"id": 11, "location_index": 2},
    ],
    "matrices": {
        "car": {
            "durations": [[0, 100, 200], [110, 0, 150], [210, 160, 0]],
            "distances": [[0, 1_000, 2_000], [1_100, 0, 1_500], [2_100, 1_600, 0]],
        },
        "bike": {
            "durations": [[0, 300, 600], [310, 0, 450], [610, 460, 0]],
            "costs": [[0, 3, 6], [3, 0, 4], [6, 4, 0]],
        },
    },
}


def problem(change: Callable[[dict[str, Any]], object] = lambda _: None) -> dict[str, Any]:
    """Return a copy of the problem, changed."""
    copied = copy.deepcopy(PROBLEM)
    change(copied)
    return copied


def by_coordinates() -> dict[str, Any]:
    """Return a problem without matrices, in Paris."""
    return {
        "vehicles": [{"id": 1, "start": [2.35, 48.72], "end": [2.35, 48.72]}],
        "jobs": [{"id": 1, "location": [1.99, 48.7]}, {"id": 2, "location": [2.04, 48.61]}],
    }


def read(document: object) -> VroomProblem:
    """Read a document."""
    return read_vroom(document if isinstance(document, bytes) else json.dumps(document).encode())


def faults_of(document: object) -> tuple[ProblemFault, ...]:
    """Return the faults a document is refused with, none when it is read."""
    try:
        read(document)
    except ProblemRefused as refused:
        return refused.faults
    return ()
