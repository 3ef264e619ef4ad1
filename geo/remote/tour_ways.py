"""Which ways tours may need of a service: between villages, beds and the crews' homes, as far as a day's driving."""

import numpy as np

from geo.remote.blocks import Question
from geo.remote.cache import place_keys
from optimizer.model import TravelMode
from optimizer.tours.model import Touring

__all__ = ["tour_questions"]

FASTEST_M_PER_S = 35
"""No road is driven faster in a straight line."""


def tour_questions(asked: Touring) -> list[Question]:
    """Return what tours may ask, by each mode that crews ride by."""
    places = [village.position for village in asked.villages] + [bed.position for bed in asked.lodgings]
    homes: dict[TravelMode, list[tuple[float, float]]] = {}
    for crew in asked.crews:
        homes.setdefault(crew.mode, []).append(crew.position)
    return [
        Question(
            mode=mode,
            keys=np.unique(place_keys(np.array([*places, *homes[mode]], np.float64).reshape(-1, 2))),
            reach_m=asked.driving_s * FASTEST_M_PER_S,
        )
        for mode in TravelMode
        if mode in homes and places
    ]
