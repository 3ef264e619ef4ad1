"""Where the places of a routing problem are, and the matrices between them: given, or estimated from coordinates."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from datasets.vroom_faults import ProblemFaults, Words
from datasets.vroom_keys import PlaceKeys, VehicleKeys
from datasets.vroom_values import MOST_UINT32, JsonObject, member
from optimizer.model import TravelMode
from optimizer.travel import TravelTimes
from optimizer.vrp.model import MOST_S, NO_LIMIT, Matrices

__all__ = ["MODES", "MOST_ESTIMATED_PLACES", "Ground", "read_tables"]

MODES = {
    "car": TravelMode.CAR,
    "motorbike": TravelMode.MOTORBIKE,
    "scooter": TravelMode.MOTORBIKE,
    "bike": TravelMode.EBIKE,
    "ebike": TravelMode.EBIKE,
    "foot": TravelMode.WALK,
    "walk": TravelMode.WALK,
    "transit": TravelMode.TRANSIT,
}
"""Travel mode by profile, for travel that is estimated; a profile with its own matrices may have any name."""
MOST_ESTIMATED_PLACES = 5_000
MOST_M = (1 << 29) - 1
"""Longest leg, metres: thirteen times around the Earth."""
TABLES = {"durations": MOST_S, "distances": MOST_M, "costs": MOST_UINT32}
"""The matrices of a profile, and the largest cell of each."""

Table = NDArray[np.int64]


def read_tables(problem: JsonObject) -> dict[str, dict[str, Table]] | None:
    """Return the given matrices by profile and name, None when there are none; faulty ones are left out."""
    if "matrix" in problem and "matrices" in problem:
        problem.faults.add("matrix", Words("matrix beside matrices"), "matrices alone; matrix is its old form")
    if "matrix" in problem and "matrices" not in problem:
        table = _table(problem.members["matrix"], "matrix", MOST_S, problem.faults)
        return {"car": {} if table is None else {"durations": table}}
    profiles = problem.inside("matrices", None)
    if profiles is None:
        return None
    if problem.members["matrices"] == {}:
        problem.faults.add("matrices", profiles.members, "matrices of at least one profile; or leave the key out")
    return {profile: _tables(profiles, profile) for profile in profiles.members}


def _tables(profiles: JsonObject, profile: str) -> dict[str, Table]:
    given = profiles.inside(profile, tuple(TABLES))
    if given is None:
        return {}
    if profiles.members[profile] == {}:
        given.faults.add(given.where, given.members, "durations, distances or costs")
    if "distances" in given and "durations" not in given:
        given.faults.add(given.at("distances"), Words("distances alone"), "distances together with durations")
    tables = {}
    for name, most in TABLES.items():
        if name in given:
            table = _table(given.members[name], given.at(name), most, given.faults)
            if table is not None:
                tables[name] = table
    return tables


def _table(value: Any, where: str, most: int, faults: ProblemFaults) -> Table | None:
    """Return a square matrix; None when a cell is wrong."""
    if not isinstance(value, list) or not value:
        faults.add(where, value, "an array of as many rows as places, at least one")
        return None
    before, size = faults.count, len(value)
    for row, cells in enumerate(value):
        if not isinstance(cells, list) or len(cells) != size:
            faults.add(f"{where}[{row}]", cells, f"an array of {size}, one per row: the matrix is square")
        elif set(map(type, cells)) != {int} or min(cells) < 0 or max(cells) > most:
            for column, cell in enumerate(cells):
                if type(cell) is not int or not 0 <= cell <= most:
                    faults.add(f"{where}[{row}][{column}]", cell, f"an integer, 0 to {most}")
    return np.array(value, dtype=np.int64) if faults.count == before else None


@dataclass(slots=True)
class Ground:
    """Numbers the places of a problem as they are met; with matrices the asker numbered them."""

    tables: Mapping[str, Mapping[str, Table]] | None
    faults: ProblemFaults
    coordinates: dict[int, tuple[float, float]]
    met: dict[int, PlaceKeys]
    numbers: dict[tuple[float, float], int]
    size: int
    used_estimate: bool = False

    @classmethod
    def of(cls, tables: Mapping[str, Mapping[str, Table]] | None, faults: ProblemFaults) -> "Ground":
        """Begin; matrices must all be of one size."""
        size = 0
        for profile, name, table in _each(tables or {}):
            size = size or len(table)
            if len(table) != size:
                where = member(member("matrices", profile), name)
                faults.add(where, Words(f"{len(table)} rows"), f"{size} rows, as in the first matrix")
        return cls(tables=tables, faults=faults, coordinates={}, met={}, numbers={}, size=size)

    def place(self, keys: PlaceKeys) -> int | None:
        """Return the number of a place, None when it is not properly given."""
        if self.tables is None:
            return self._by_location(keys)
        if keys.index is None:
            if not keys.has_index:
                self.faults.add(keys.index_at, Words("missing"), "a row of the matrices, which are given")
            return None
        if keys.index >= self.size:
            if self.size:
                self.faults.add(keys.index_at, keys.index, f"a row of the matrices, 0 to {self.size - 1}")
            return None
        self.met.setdefault(keys.index, keys)
        if keys.location is not None:
            self.coordinates.setdefault(keys.index, keys.location)
        return keys.index

    def _by_location(self, keys: PlaceKeys) -> int | None:
        if keys.location is None:
            if not keys.has_location:
                self.faults.add(keys.location_at, Words("missing"), "coordinates, or matrices and an index")
            return None
        number = self.numbers.setdefault(keys.location, len(self.numbers))
        self.size = len(self.numbers)
        self.coordinates[number] = keys.location
        self.met.setdefault(number, keys)
        return number

    def matrices(self, vehicles: Sequence[VehicleKeys], travel: TravelTimes) -> dict[str, Matrices]:
        """Return the matrices of every profile that a vehicle has; travel: who estimates what is not given."""
        found: dict[str, Matrices] = {}
        for profile in dict.fromkeys(vehicle.profile for vehicle in vehicles):
            users = [vehicle for vehicle in vehicles if vehicle.profile == profile]
            given = (self.tables or {}).get(profile, {})
            seconds, metres, costs = (given.get(name) for name in TABLES)
            for_km = [user for user in users if user.costs.per_km or user.max_distance_m < NO_LIMIT]
            if seconds is None or (metres is None and for_km):
                asker = users[0] if seconds is None else for_km[0]
                estimate = self._estimate(profile, asker, "durations" if seconds is None else "distances", travel)
                if estimate is None:
                    continue
                metres = estimate[1]
                seconds = estimate[0] if seconds is None else seconds
            found[profile] = Matrices(seconds=seconds, metres=metres, costs=costs)
        return found

    def _estimate(
        self, profile: str, asker: VehicleKeys, missing: str, travel: TravelTimes
    ) -> tuple[Table, Table] | None:
        """Ask for seconds and metres between all places that are used; None, with faults, when it cannot be."""
        before = self.faults.count
        matrix_at = member(member("matrices", profile), missing)
        if profile not in MODES:
            allowed = f"{', '.join(MODES)}; or a profile with {matrix_at}"
            self.faults.add(f"{asker.where}.profile", profile, allowed)
        for number, keys in self.met.items():
            if number not in self.coordinates:
                allowed = f"coordinates, for profile {profile!r} has no {missing}; or {matrix_at}"
                self.faults.add(keys.location_at, Words("missing"), allowed)
        if len(self.coordinates) > MOST_ESTIMATED_PLACES:
            allowed = f"at most {MOST_ESTIMATED_PLACES} places without matrices"
            self.faults.add("", Words(f"{len(self.coordinates)} places"), allowed)
        if self.faults.count > before:
            return None
        self.used_estimate = True
        numbers = np.array(sorted(self.coordinates), dtype=np.int64)
        places = np.array([self.coordinates[number] for number in numbers.tolist()], dtype=np.float64).reshape(-1, 2)
        asked = travel.matrix(places, places, MODES[profile])
        seconds, metres = (np.zeros((self.size, self.size), dtype=np.int64) for _ in range(2))
        seconds[np.ix_(numbers, numbers)], metres[np.ix_(numbers, numbers)] = asked.seconds, asked.metres
        return seconds, metres


def _each(tables: Mapping[str, Mapping[str, Table]]) -> Iterator[tuple[str, str, Table]]:
    for profile, named in tables.items():
        for name, table in named.items():
            yield profile, name, table
