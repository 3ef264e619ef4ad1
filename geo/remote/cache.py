"""Answers of matrix services in one SQLite file: only ever added to, so that a plan's figures can be read again."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from geo.remote.service import Answer
from optimizer.travel import Places

__all__ = ["UNKNOWN", "CacheState", "WayCache", "place_keys", "places_of"]

UNKNOWN = -2
"""Nobody has asked for this way; NO_WAY means that the service knows none."""

PER_DEGREE = 100_000
_LATITUDES = 1 << 25
WAIT_S = 60.0
_Keys = NDArray[np.int64]
_SCHEMA = """
CREATE TABLE IF NOT EXISTS ways (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    service TEXT NOT NULL,
    profile TEXT NOT NULL,
    origin INTEGER NOT NULL,
    fetched INTEGER NOT NULL,
    destinations BLOB NOT NULL,
    seconds BLOB NOT NULL,
    metres BLOB NOT NULL
);
CREATE INDEX IF NOT EXISTS ways_from ON ways (service, profile, origin);
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class CacheState:
    """What of a cache a plan is made from: rows up to a number, fetched since a moment (Unix seconds).

    Later rows have higher numbers, whoever writes them, so a state reads the same for ever.
    """

    number: int
    since: int


def place_keys(places: Places) -> _Keys:
    """Return one integer per place: 1e-5 degrees, about a metre."""
    grid = np.rint(places * PER_DEGREE).astype(np.int64)
    keys: _Keys = (grid[:, 0] + 180 * PER_DEGREE) * _LATITUDES + grid[:, 1] + 90 * PER_DEGREE
    return keys


def places_of(keys: _Keys) -> Places:
    """Return longitude and latitude of keys: the places that are asked for, so that an answer fits everybody there."""
    lon, lat = keys // _LATITUDES - 180 * PER_DEGREE, keys % _LATITUDES - 90 * PER_DEGREE
    return np.column_stack([lon, lat]) / PER_DEGREE


@dataclass(frozen=True, slots=True, kw_only=True)
class WayCache:
    """The cache at a path; several processes may read and write it, and a killed one leaves it whole."""

    path: Path

    def prepare(self) -> None:
        """Make the file and its folder where they are missing."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with self._open() as connection:
            # Readers go on while somebody writes.
            connection.execute("PRAGMA journal_mode = WAL")
            connection.executescript(_SCHEMA)

    def keep(
        self, service: str, profile: str, origins: _Keys, destinations: _Keys, answer: Answer, fetched: int
    ) -> None:
        """Add the answer to a block, in one transaction."""
        columns = destinations.astype("<i8").tobytes()
        rows = [
            (service, profile, origin, fetched, columns, seconds.tobytes(), metres.tobytes())
            for origin, seconds, metres in zip(
                origins.tolist(), answer.seconds.astype("<i4"), answer.metres.astype("<i4"), strict=True
            )
        ]
        with self._open() as connection:
            connection.executemany(
                "INSERT INTO ways (service, profile, origin, fetched, destinations, seconds, metres) "
                "VALUES (?, ?, ?, ?, ?, ?, ?)",
                rows,
            )

    def last(self) -> int:
        """Return the number of the newest row, 0 without one."""
        with self._open() as connection:
            number: int = connection.execute("SELECT coalesce(max(number), 0) FROM ways").fetchone()[0]
            return number

    def known(self, service: str, profile: str, origins: _Keys, destinations: _Keys, state: CacheState) -> Answer:
        """Return the newest ways of a state, shape (origins, destinations); UNKNOWN where there is none.

        Raises FileNotFoundError when there is no such file: figures of a plan are gone.
        """
        if not self.path.is_file():
            raise FileNotFoundError(f"{self.path}: no such file; the cache of travel times is needed where it was made")
        shape = len(origins), len(destinations)
        seconds, metres = np.full(shape, UNKNOWN, np.int64), np.full(shape, UNKNOWN, np.int64)
        to, column = np.unique(destinations, return_inverse=True)
        start, row = np.unique(origins, return_inverse=True)
        found = np.full((2, len(start), len(to)), UNKNOWN, np.int64)
        with self._open() as connection:
            for i, origin in enumerate(start.tolist() if len(to) else []):
                for columns, *figures in connection.execute(
                    "SELECT destinations, seconds, metres FROM ways WHERE service = ? AND profile = ? AND origin = ? "
                    "AND number <= ? AND fetched >= ? ORDER BY number",
                    (service, profile, origin, state.number, state.since),
                ):
                    keys = np.frombuffer(columns, "<i8")
                    place = np.minimum(np.searchsorted(to, keys), len(to) - 1)
                    here = to[place] == keys
                    for layer, blob in zip(found, figures, strict=True):
                        layer[i, place[here]] = np.frombuffer(blob, "<i4")[here]
        cells = np.ix_(row, column)
        seconds[:], metres[:] = found[0][cells], found[1][cells]
        return Answer(seconds=seconds, metres=metres)

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        """One transaction; a connection is never kept, for workers are forked and objects pickled."""
        with closing(sqlite3.connect(self.path, timeout=WAIT_S)) as connection, connection:
            # Safe against kills; a power cut may lose the last blocks, never the file.
            connection.execute("PRAGMA synchronous = NORMAL")
            yield connection
