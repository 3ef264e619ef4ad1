"""The ways between the places of a part of a day as arrays: seconds, fen and metres, by who travels how."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from optimizer.model import Job, Ownership, Position, Shift, TravelMode
from optimizer.roster import Roster
from optimizer.travel import EARTH_M, UNREACHABLE, TravelTimes, unit_vectors

__all__ = ["Points", "Ways", "lay_points", "lay_ways"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Points:
    """Where things are: n jobs, then the bases; `bases` and `ways` say which point and which way of travel.

    homes: the bases of each travel mode, rising.
    """

    n: int
    places: NDArray[np.float64]
    bases: Mapping[Position, int]
    ways: Mapping[tuple[TravelMode, Ownership], int]
    homes: Mapping[TravelMode, NDArray[np.int64]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ways:
    """The arrays of `Problem` of the same names."""

    leg: NDArray[np.int32]
    leg_to: NDArray[np.int32]
    metres: NDArray[np.int32]


def lay_points(roster: Roster, jobs: Sequence[Job], shifts: Sequence[Shift]) -> Points:
    """Return the points of these jobs and of the bases of these shifts."""
    n = len(jobs)
    bases: dict[Position, int] = {}
    ways: dict[tuple[TravelMode, Ownership], int] = {}
    homes: dict[TravelMode, set[int]] = {}
    for shift in shifts:
        technician = roster.technician_of(shift)
        base = bases.setdefault(technician.position, n + len(bases))
        ways.setdefault((technician.mode, roster.outlet_of(shift).ownership), len(ways))
        homes.setdefault(technician.mode, set()).add(base)
    places = np.array([job.position for job in jobs] + list(bases), np.float64).reshape(-1, 2)
    return Points(
        n=n,
        places=places,
        bases=bases,
        ways=ways,
        homes={mode: np.array(sorted(points), np.int64) for mode, points in homes.items()},
    )


def lay_ways(
    roster: Roster, points: Points, travel: TravelTimes, visited: Mapping[TravelMode, Iterable[int]] | None
) -> Ways:
    """Return the ways between all points that somebody could come to.

    visited: jobs on the routes of each travel mode, None where any job may be put next to any other. With routes given,
    only the ways to and from their jobs and bases are asked for: no route ever has two jobs that came from elsewhere.
    """
    size = len(points.places)
    leg = np.full((len(points.ways), size, size, 2), UNREACHABLE, np.int32)
    leg_to = np.full_like(leg, UNREACHABLE)
    metres = np.full((len(points.ways), size, size), UNREACHABLE, np.int32)
    # Seconds and fen of a way lie side by side: they are put down as one number of eight bytes.
    pairs, pairs_to = leg.view(np.int64)[..., 0], leg_to.view(np.int64)[..., 0]
    tariff = roster.day.tariff
    for mode, homes in points.homes.items():
        asked = _within_reach(points, homes, tariff.reach_m[mode])
        blocks = [(asked, asked)]
        if visited is not None:
            served = np.intersect1d(asked, np.append(homes, np.fromiter(visited.get(mode, ()), np.int64)))
            blocks = [(served, asked), (asked, served)] if len(served) < len(asked) else blocks
        for origins, destinations in blocks:
            ends = points.places[origins], points.places[destinations]
            matrix = travel.matrix(*(ends if origins is not destinations else (ends[0], ends[0])), mode)
            unknown = matrix.seconds >= UNREACHABLE
            km_fen = matrix.metres.astype(np.int64) * tariff.fen_per_km[mode] // 1000
            there, back = np.ix_(origins, destinations), np.ix_(destinations, origins)
            both = np.empty((*matrix.seconds.shape, 2), np.int32)
            both[..., 0] = np.where(unknown, UNREACHABLE, matrix.seconds)
            for ownership in Ownership:
                way = points.ways.get((mode, ownership))
                if way is None:
                    continue
                fen = matrix.seconds.astype(np.int64) * tariff.travel_fen_per_hour[ownership] // 3600 + km_fen
                both[..., 1] = np.where(unknown, UNREACHABLE, fen)
                pair = both.view(np.int64)[..., 0]
                metres[way][there], pairs[way][there], pairs_to[way][back] = matrix.metres, pair, pair.T
    return Ways(leg=leg, leg_to=leg_to, metres=metres)


def _within_reach(points: Points, homes: NDArray[np.int64], reach_m: int) -> NDArray[np.int64]:
    """Return these bases and the jobs that one of them could reach by a straight road; nobody drives to the rest."""
    vectors = unit_vectors(points.places)
    chord = min(2.0, reach_m / EARTH_M * 1.01)
    near = (vectors[: points.n] @ vectors[homes].T).max(axis=1) >= 1.0 - chord * chord / 2 - 1e-9
    return np.append(np.flatnonzero(near), homes)
