"""Travel providers by the name a day file gives them."""

import os.path
from pathlib import Path

from geo.estimate import EstimateTravel
from geo.remote.opening import REMOTE, fault_of_remote, is_remote
from geo.roads import RoadTravel
from optimizer.travel import TravelTimes

__all__ = ["PROVIDERS", "fault_of_travel", "open_travel"]

PROVIDERS = f"estimate | osm:FILE.osm.pbf | {REMOTE}"


def fault_of_travel(specification: str, base: Path) -> str | None:
    """Return what is allowed instead of `travel` in day.toml, None when it can be: FILE is relative to base."""
    kind, _, file = specification.partition(":")
    if specification == "estimate":
        return None
    if is_remote(specification):
        return fault_of_remote(specification)
    if not (kind == "osm" and file):
        return PROVIDERS
    # Path.is_file raises on names that are too long.
    return None if os.path.isfile(base / file) else "a file that exists, named from the day folder"


def open_travel(specification: str, base: Path) -> TravelTimes:
    """Return the provider that needs nobody else: "estimate", or "osm:FILE" with FILE relative to base.

    Raises ValueError for anything else, services over HTTP included (`geo.remote.opening` asks these about a day),
    FileNotFoundError for a missing file and ImportError without pyrosm.
    """
    kind, _, file = specification.partition(":")
    if specification == "estimate":
        return EstimateTravel()
    if kind == "osm" and file:
        return RoadTravel(base / file)
    message = f'unknown travel provider {specification!r}; allowed: "estimate", "osm:FILE.osm.pbf"'
    raise ValueError(message)
