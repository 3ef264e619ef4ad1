"""What the papers of a tour are written from: tours, and what people are shown instead of ids."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from datasets.tour_levers import Pulled
from optimizer.model import DAY_S, ShipMode
from optimizer.parts.model import Dispatch
from optimizer.tours.fitting import Fitting
from optimizer.tours.kit import Kit
from optimizer.tours.model import Crew, Lodging, Told, Touring, TourJob, Village
from optimizer.tours.plan import Tour, TourResult

__all__ = ["KitOrder", "Person", "SpareShort", "TourNames", "Toured", "hour_text", "tour_id"]

WEEKDAYS = "一二三四五六日"


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Somebody to call; "" where nothing is given."""

    name: str = ""
    phone: str = ""


NOBODY = Person()
NOTHING: Mapping[str, str] = {}


@dataclass(frozen=True, slots=True, kw_only=True)
class TourNames:
    """Names as typed, by id; an id without one stands for itself.

    contacts: of each village. outlets: who answers at each crew's outlet. members: of each crew.
    villages: meeting_place. lodgings: address and phone. jobs: name cells of a job as jobs.csv has them
    (contact, phone, address, brand, product, fault). carried: parts of a job's kit that ride in every van.
    """

    contacts: Mapping[str, Person] = field(default_factory=dict)
    outlets: Mapping[str, Person] = field(default_factory=dict)
    members: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    villages: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    lodgings: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    jobs: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    parts: Mapping[str, str] = field(default_factory=dict)
    sources: Mapping[str, str] = field(default_factory=dict)
    carried: Mapping[str, tuple[tuple[str, int], ...]] = field(default_factory=dict)

    def contact(self, village: Village) -> Person:
        """Return whom a village is reached by."""
        return self.contacts.get(village.id, Person(name=village.contact))


@dataclass(frozen=True, slots=True, kw_only=True)
class KitOrder:
    """Parts for a tour: who sends them, and when they are at the outlet that the crew leaves from.

    job_id: "" for spare parts. part_id: what is sent, a substitute where it is not asked_part_id, what was asked for.
    source_id, mode and ships_s are None while nobody can send them; ready_s is then when they are expected, if at all.
    reason_zh: what the answer says. pieces: every departure, where one source has too few. missing: spare parts that
    were wanted besides and would come too late: they are not ordered. left: units of
    what was asked for that lie anywhere, or are expected, and that nobody is sent.
    """

    order_line_id: str
    tour_id: str
    job_id: str
    part_id: str
    asked_part_id: str
    quantity: int
    answer: str
    leaves_s: int
    source_id: str | None = None
    mode: ShipMode | None = None
    ships_s: int | None = None
    ready_s: int | None = None
    cost_fen: int = 0
    reason_zh: str = ""
    pieces: tuple[Dispatch, ...] = ()
    missing: int = 0
    left: int = 0

    @property
    def in_time(self) -> bool:
        """Whether all of it is there when the crew leaves."""
        return self.there >= self.quantity

    @property
    def there(self) -> int:
        """How many units are there when the crew leaves."""
        return sum(piece.quantity for piece in self.pieces if piece.ready_p90_s <= self.leaves_s)


@dataclass(frozen=True, slots=True, kw_only=True)
class SpareShort:
    """A spare part that a van would best have more of than are there when it leaves.

    left: units of it in stock that nobody is sent, be it that they come too late, or cost more than they are worth.
    """

    tour_id: str
    part_id: str
    wanted: int
    there: int
    left: int


@dataclass(frozen=True, kw_only=True)
class Toured:
    """Planned tours with all that is told of them.

    kits: what each tour's van is loaded with, spare parts included, by tour. kit_short: spare parts that it has fewer
    of than would be best, for want of them. fitting: when to go, None if not asked.
    covers: of villages without a stop, the stop near enough to carry units to, and how far it is in seconds.
    pulled: what a planner pulled, which `asked` has in it already.
    given_up: of tours that were read, the dates of villages that they say they do not keep.
    provider, is_estimate: of the travel times. asked_of_service: what a service over HTTP was asked, and the state of
    its cache; nothing without one.
    """

    asked: Touring
    result: TourResult
    names: TourNames = field(default_factory=TourNames)
    kit_orders: tuple[KitOrder, ...] = ()
    kits: Mapping[str, Kit] = field(default_factory=dict)
    kit_short: tuple[SpareShort, ...] = ()
    fitting: Fitting | None = None
    covers: Mapping[str, tuple[str, int]] = field(default_factory=dict)
    pulled: Pulled = field(default_factory=Pulled)
    given_up: frozenset[tuple[str, Told]] = frozenset()
    provider: str = ""
    is_estimate: bool = True
    asked_of_service: Mapping[str, Any] = field(default_factory=dict)

    @cached_property
    def crews(self) -> Mapping[str, Crew]:
        """Crews by id."""
        return {crew.id: crew for crew in self.asked.crews}

    @cached_property
    def villages(self) -> Mapping[str, Village]:
        """Villages by id."""
        return {village.id: village for village in self.asked.villages}

    @cached_property
    def lodgings(self) -> Mapping[str, Lodging]:
        """Lodgings by id."""
        return {lodging.id: lodging for lodging in self.asked.lodgings}

    @cached_property
    def jobs(self) -> Mapping[str, TourJob]:
        """Jobs by id."""
        return {job.id: job for job in self.asked.jobs}

    @cached_property
    def tours(self) -> tuple[Tour, ...]:
        """Tours by the day they begin, then by crew."""
        return tuple(sorted(self.result.plan.tours, key=lambda tour: (tour.first_day, tour.crew_id)))

    def date(self, day: int) -> dt.date:
        """Return the date of a day."""
        return self.asked.date + dt.timedelta(days=day)

    def date_zh(self, day: int) -> str:
        """Return a date as people say it: 3月5日（周四）."""
        date = self.date(day)
        return f"{date.month}月{date.day}日（周{WEEKDAYS[date.weekday()]}）"

    def tour_id(self, tour: Tour) -> str:
        """Return what a tour is called everywhere: its crew and the date it leaves."""
        return tour_id(self.asked, tour)

    def home(self, crew: Crew) -> Person:
        """Return who answers at a crew's outlet."""
        return self.names.outlets.get(crew.outlet_id, Person(name=crew.outlet_id))


def tour_id(asked: Touring, tour: Tour) -> str:
    """Return what a tour is called: its crew and the date it leaves."""
    return f"{tour.crew_id}@{asked.date + dt.timedelta(days=tour.first_day)}"


def hour_text(time_s: int, round_to_s: int = 60, *, up: bool = False) -> str:
    """Return the hour of a moment, such as 09:30, rounded down or up to so many seconds; the day's end is 24:00."""
    of_day = time_s % DAY_S
    rounded = -(-of_day // round_to_s) * round_to_s if up else of_day // round_to_s * round_to_s
    return f"{rounded // 3600:02}:{rounded // 60 % 60:02}"
