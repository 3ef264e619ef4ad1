"""Which stop of the tours people of a village without one can carry a unit to."""

import numpy as np

from optimizer.tours.model import Touring
from optimizer.tours.plan import TourPlan
from optimizer.travel import UNREACHABLE, TravelTimes

__all__ = ["nearest_stops"]


def nearest_stops(asked: Touring, plan: TourPlan, travel: TravelTimes) -> dict[str, tuple[str, int]]:
    """Return for villages without a stop the nearest with one and the seconds there, if units can be carried so far."""
    at = {village.id: village.position for village in asked.villages}
    stops = sorted({village_id for village_id, _ in plan.stops})
    others = [village_id for village_id in at if village_id not in set(stops)]
    if not stops or not others or not asked.crews:
        return {}
    places = [np.array([at[id_] for id_ in ids], np.float64) for ids in (others, stops)]
    seconds = travel.matrix(places[0], places[1], asked.crews[0].mode).seconds
    seconds = np.where(seconds == UNREACHABLE, np.iinfo(np.int32).max, seconds)
    nearest = seconds.argmin(axis=1)
    return {
        village_id: (stops[stop], int(seconds[row, stop]))
        for row, (village_id, stop) in enumerate(zip(others, nearest.tolist(), strict=True))
        if seconds[row, stop] <= asked.cover_s
    }
