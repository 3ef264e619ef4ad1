"""What is answered: tours day by day, the jobs left out, what it costs, and how good it is proven to be."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from optimizer.tours.model import TourRule

__all__ = ["Instead", "LeftOut", "Tour", "TourCost", "TourDay", "TourPlan", "TourResult", "TourViolation", "Visit"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """A job done. village_id: where; another than the job's own for a unit that was carried in."""

    job_id: str
    village_id: str
    start_s: int
    end_s: int
    travel_s: int
    travel_m: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TourDay:
    """One day of a tour, visits in order; a day without any may still be a drive to another bed, or a rest.

    lodging_id: where the crew sleeps after it, None for at home. break_start_s: None when no break is due.
    """

    day: int
    depart_s: int
    visits: tuple[Visit, ...]
    arrive_s: int
    travel_s: int
    travel_m: int
    lodging_id: str | None
    break_start_s: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Tour:
    """A crew's days in a row, from home (or from where it is) to home."""

    crew_id: str
    days: tuple[TourDay, ...]

    @property
    def nights(self) -> int:
        """How often the crew sleeps away."""
        return sum(day.lodging_id is not None for day in self.days)

    @property
    def first_day(self) -> int:
        """The day it leaves."""
        return self.days[0].day

    @property
    def last_day(self) -> int:
        """The day it is back."""
        return self.days[-1].day


class Instead(StrEnum):
    """What becomes of a job that no tour does."""

    OUTLET = "outlet"
    LATER = "later"
    NOBODY = "nobody"


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftOut:
    """A job that no tour does: why, what happens instead, when it could be done next: as things are, or with what
    the remedy asks for (None: neither).
    """

    job_id: str
    rule: TourRule
    reason: str
    reason_zh: str
    instead: Instead
    fen: int
    remedy: str = ""
    remedy_zh: str = ""
    next_day: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TourCost:
    """The objective, itemised, in fen."""

    tours: int = 0
    wages: int = 0
    per_diem: int = 0
    lodging: int = 0
    driving: int = 0
    waiting: int = 0
    early_late: int = 0
    carry_in: int = 0
    outlets: int = 0
    deferred: int = 0
    breaches: int = 0
    kept: int = 0
    unvisited: int = 0
    unfair_nights: int = 0

    @property
    def total(self) -> int:
        """The sum of all items."""
        return sum(getattr(self, name) for name in self.__slots__)


@dataclass(frozen=True, slots=True, kw_only=True)
class TourPlan:
    """The tours of a horizon and the jobs that none of them does."""

    tours: tuple[Tour, ...]
    left_out: tuple[LeftOut, ...] = ()

    def visits(self) -> Iterator[tuple[Tour, TourDay, Visit]]:
        """Yield every visit with its tour and day, tour by tour, in order."""
        for tour in self.tours:
            for day in tour.days:
                for visit in day.visits:
                    yield tour, day, visit

    @property
    def done(self) -> frozenset[str]:
        """The jobs that are done."""
        return frozenset(visit.job_id for _, _, visit in self.visits())

    @property
    def stops(self) -> frozenset[tuple[str, int]]:
        """The villages that are stopped in, each with the day."""
        return frozenset((visit.village_id, day.day) for _, day, visit in self.visits())


@dataclass(frozen=True, slots=True, kw_only=True)
class TourViolation:
    """A rule broken, where, and a sentence."""

    rule: TourRule
    where: str
    sentence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TourResult:
    """A plan, its cost, the least that any choice among the foremost tours met could cost, and how many those were."""

    plan: TourPlan
    cost: TourCost
    bound_fen: int
    candidates: int
    seed: int
