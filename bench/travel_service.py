"""How long a service over HTTP is asked for a day's ways, how large its answers are, and how fast they are read.

`python -m bench.travel_service osrm:http://127.0.0.1:5000 LONGITUDE LATITUDE [PLACES]`: places are strewn around a
point that the server has roads for, thinner with the distance.
"""

import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from geo.estimate import EstimateTravel
from geo.matrix import straight_m, unit_vectors
from geo.remote.blocks import Question
from geo.remote.cache import WayCache, place_keys
from geo.remote.gather import Surroundings, gather
from geo.remote.osrm import OsrmTable
from geo.remote.travel import CachedTravel
from geo.remote.valhalla import ValhallaMatrix
from optimizer.model import TravelMode

__all__ = ["main"]

SPREAD_DEGREES = 0.04
SHARD = 800


def main(specification: str, longitude: float, latitude: float, count: int = 6_000) -> None:
    """Print the figures."""
    kind, _, address = specification.partition(":")
    service = OsrmTable(address=address) if kind == "osrm" else ValhallaMatrix(address=address)
    centre = np.array([longitude, latitude])
    places = centre + np.random.default_rng(1).normal(0, SPREAD_DEGREES, (count, 2))
    question = Question(mode=TravelMode.CAR, keys=np.unique(place_keys(places)), reach_m=300_000)
    with tempfile.TemporaryDirectory() as folder:
        cache = WayCache(path=Path(folder) / "travel.sqlite3")
        for what in ("asked for", "looked up"):
            begun = time.perf_counter()
            found = gather(service, cache, [question], max_age_s=None, around=Surroundings())
            print(f"{found.fetched + found.cached:,} ways {what} in {time.perf_counter() - begun:.1f} s {found.said}")
        print(f"the cache has {cache.path.stat().st_size / 1e6:.0f} MB")
        travel = CachedTravel(
            cache=cache,
            state=found.state,
            service=service.id,
            title=service.title,
            profiles=dict(service.profiles),
            is_estimate=False,
        )
        from_centre = straight_m(unit_vectors(places), unit_vectors(centre[None, :]))
        near = places[np.argsort(from_centre)[:SHARD]]
        for who in (EstimateTravel(), travel):
            who.matrix(near, near, TravelMode.CAR)
            begun = time.perf_counter()
            who.matrix(near, near, TravelMode.CAR)
            print(f"{SHARD} × {SHARD} in {time.perf_counter() - begun:.2f} s: {type(who).__name__}")


if __name__ == "__main__":
    main(sys.argv[1], float(sys.argv[2]), float(sys.argv[3]), *map(int, sys.argv[4:5]))
