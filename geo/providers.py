"""Travel providers by the name a day file gives them."""

from pathlib import Path

from geo.estimate import EstimateTravel
from geo.roads import RoadTravel
from optimizer.travel import TravelTimes

__all__ = ["open_travel"]


def open_travel(specification: str, base: Path) -> TravelTimes:
    """Return the provider of `travel` in day.toml: "estimate", or "osm:FILE" with FILE relative to base.

    Raises ValueError for anything else, FileNotFoundError for a missing file and ImportError without pyrosm.
    """
    kind, _, file = specification.partition(":")
    if specification == "estimate":
        return EstimateTravel()
    if kind == "osm" and file:
        return RoadTravel(base / file)
    message = f'unknown travel provider {specification!r}; allowed: "estimate", "osm:FILE.osm.pbf"'
    raise ValueError(message)
