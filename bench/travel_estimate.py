"""Compare the travel estimate with published road times, and with straight lines.

Usage: python -m bench.travel_estimate ROAD_TIMES.csv

ROAD_TIMES has the columns long_ori, lat_ori, long_des, lat_des (degrees) and time_cost (hours). The sample used
for docs/decisions/0010 is from the replication data of Ma & Tang, Journal of International Economics (2024); it is
GPL and therefore not part of this repository.
"""

import argparse
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd

from geo.estimate import EstimateTravel
from geo.matrix import straight_m, unit_vectors
from optimizer.model import TravelMode

__all__ = ["compare", "main"]


def compare(road_times: pd.DataFrame) -> pd.DataFrame:
    """Return the published pairs with estimated hours and the hours of straight lines at their best single speed.

    The straight line gets the speed that fits this very sample best (median of published speeds), the estimate
    gets no help.
    """
    origins = road_times[["long_ori", "lat_ori"]].to_numpy(dtype=np.float64)
    destinations = road_times[["long_des", "lat_des"]].to_numpy(dtype=np.float64)
    travel = EstimateTravel()
    pairs = zip(origins, destinations, strict=True)
    answers = [travel.matrix(origin[None], destination[None], TravelMode.CAR) for origin, destination in pairs]
    straight_km = straight_m(unit_vectors(origins), unit_vectors(destinations)) / 1000
    hours = road_times.time_cost.to_numpy(dtype=np.float64)
    table = pd.DataFrame({
        "straight_km": straight_km,
        "estimated_km": [answer.metres[0, 0] / 1000 for answer in answers],
        "published_h": hours,
        "estimated_h": [answer.seconds[0, 0] / 3600 for answer in answers],
        "straight_h": straight_km / np.median(straight_km / hours),
    })  # fmt: skip
    table["error_percent"] = (table.estimated_h / table.published_h - 1) * 100
    table["straight_error_percent"] = (table.straight_h / table.published_h - 1) * 100
    return table


def main() -> None:
    """Print the comparison and how long the estimate takes."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("road_times", type=Path)
    table = compare(pd.read_csv(parser.parse_args().road_times))
    far = table.straight_km > 60
    lines = [table.round(2).to_string(index=False)]
    for label, part in (("all", table), ("farther than 60 km", table[far])):
        ours, straight = part.error_percent.abs().median(), part.straight_error_percent.abs().median()
        lines.append(f"{label}: {len(part)} pairs, median error {ours:.1f} %, straight lines {straight:.1f} %")
    generator = np.random.default_rng(1)
    for count, spread in ((6, 0.1), (850, 1.5)):
        places = np.array([113.65, 34.76]) + generator.normal(0, spread, (count, 2))
        started = time.perf_counter()
        EstimateTravel().matrix(places, places, TravelMode.CAR)
        lines.append(f"{count} × {count}: {(time.perf_counter() - started) * 1000:.1f} ms")
    sys.stdout.write("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
