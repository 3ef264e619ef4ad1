"""What the gatherer asks of a matrix service: how it is asked, what it answers, and how it refuses.

Refusal
├── Busy            asked too often, or it stumbled: the same question again, later
├── Unanswered      this block has no answer: its halves may have one
└── Halted          no use asking on: key, quota, address
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Protocol

import httpx
import numpy as np
from numpy.typing import NDArray

from geo.crs import Datum
from geo.matrix import NO_WAY
from optimizer.model import TravelMode
from optimizer.travel import Places

__all__ = ["Answer", "Busy", "Halted", "Limits", "Reason", "Refusal", "Service", "Unanswered", "no_answer"]


class Reason(StrEnum):
    """Why the estimate stands in for a map service."""

    NO_PROFILE = "no profile"
    FAR_APART = "far apart"
    NO_WAY = "no way"
    RUN_LIMIT = "run limit"
    STOPPED = "stopped"
    QUOTA = "quota"
    DENIED = "denied"
    UNREACHABLE = "unreachable"
    NOT_UNDERSTOOD = "not understood"


class Refusal(Exception):
    """A service gave no answer; the text never holds a key, for it is made of our words and the service's codes."""


class Busy(Refusal):
    """It may answer the same question later."""


class Unanswered(Refusal):
    """It knows no answer to this block; to parts of it, perhaps."""


class Halted(Refusal):
    """It would answer nothing more now."""

    def __init__(self, reason: Reason, said: str) -> None:
        super().__init__(said)
        self.reason = reason
        self.said = said


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A block of ways, int64 arrays of shape (origins, destinations): whole seconds and metres, NO_WAY where none."""

    seconds: NDArray[np.int64]
    metres: NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How much a service is asked.

    origins, destinations: most of either in one request. units_per_second: the pace, in the units the service counts.
    units_per_run: after so many a run asks no more, None for any number. neighbours: ways are asked for to so many
    places around each, for a route's next stop is hardly ever farther down the list.
    """

    origins: int
    destinations: int
    units_per_second: float
    units_per_run: int | None = None
    neighbours: int = 500


class Service(Protocol):
    """A matrix service behind an address."""

    @property
    def id(self) -> str:
        """Name in the cache: what answers alike has the same one."""
        ...

    @property
    def title(self) -> str:
        """Name and version in the plan."""
        ...

    @property
    def datum(self) -> Datum:
        """Datum of the coordinates it is asked in."""
        ...

    @property
    def profiles(self) -> Mapping[TravelMode, str]:
        """Its name for each travel mode that it knows."""
        ...

    @property
    def limits(self) -> Limits:
        """How much it may be asked."""
        ...

    @property
    def key(self) -> Mapping[str, str]:
        """Query parameter with the secret, empty without one; it joins the address on the wire only."""
        ...

    def units(self, origins: int, destinations: int) -> int:
        """Return what a block costs in the units the service counts."""
        ...

    def request(self, origins: Places, destinations: Places, profile: str) -> httpx.Request:
        """Return the question about a block, in the service's datum and without its key."""
        ...

    def read(self, status: int, document: Any, shape: tuple[int, int]) -> Answer:
        """Return the answer to a block of this shape from the HTTP status and the JSON, or raise a Refusal."""
        ...


def no_answer(shape: tuple[int, int]) -> Answer:
    """Return a block in which no way is known."""
    return Answer(seconds=np.full(shape, NO_WAY, np.int64), metres=np.full(shape, NO_WAY, np.int64))
