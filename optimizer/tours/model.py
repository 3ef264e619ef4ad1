"""What is asked: crews, villages with work, towns to sleep in, over some days, complete, in integers.

Days count from `Touring.date`, 0 being that date; times (`…_s`) count seconds from its midnight unless they say "of the
day". Positions are (longitude, latitude) in WGS84 degrees, money is fen.
"""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from optimizer.model import (
    USUAL_FEN_PER_KM,
    USUAL_WEIGHT_PERCENT,
    Break,
    Certificate,
    CustomerClass,
    OrderLine,
    Position,
    Skill,
    TravelMode,
)

__all__ = [
    "Crew",
    "Levers",
    "LockedDay",
    "Lodging",
    "OnTheRoad",
    "Spacing",
    "Span",
    "Told",
    "TourCharges",
    "TourJob",
    "TourRule",
    "Touring",
    "Village",
    "WorkKind",
]


class TourRule(StrEnum):
    """Every hard rule of a tour, and further reasons a job can be left out for."""

    ONCE = "ONCE"
    SKILL = "SKILL"
    CERTIFICATE = "CERTIFICATE"
    CREW = "CREW"
    LOAD = "LOAD"
    KIT = "KIT"
    WINDOW = "WINDOW"
    CLOCK = "CLOCK"
    """A running clock that nobody consented to stop: the visit starts by its due time or the tour does without it."""
    CONSENT = "CONSENT"
    TOLERANCE = "TOLERANCE"
    SPACING = "SPACING"
    CARRY_IN = "CARRY_IN"
    HOURS = "HOURS"
    BREAK = "BREAK"
    DRIVING = "DRIVING"
    LODGING = "LODGING"
    NIGHTS = "NIGHTS"
    DAY_OFF = "DAY_OFF"
    CONTACT = "CONTACT"
    ANNOUNCED = "ANNOUNCED"
    FORBIDDEN = "FORBIDDEN"
    LOCKED = "LOCKED"
    TRAVEL = "TRAVEL"
    NOT_WORTH = "NOT_WORTH"
    """Only a reason: a place exists, and costs more than it saves."""
    ROOM = "ROOM"
    """Only a reason: a crew could serve the job alone; beside what the tours do already it does not fit."""
    DAY_METRES = "DAY_METRES"
    """Only a reason: what a planner lets a van drive in a day leaves no way (as a rule: DRIVING)."""
    VAN_DAYS = "VAN_DAYS"
    """Only a reason: a planner's days of all vans leave none for it (as a rule: NIGHTS)."""
    UNKNOWN = "UNKNOWN"
    """Only a reason: nothing computed explains it."""


class WorkKind(StrEnum):
    """Why a tour would do a job."""

    CALL = "call"
    """A call whose clock runs (硬时限): in time, or not by a tour."""
    CONSENTED = "consented"
    """A call whose customer agreed, on record, to wait until a date."""
    PREVENTIVE = "preventive"
    """A due visit of a maintenance plan, within its tolerance."""
    WALK_IN = "walk_in"
    """What people are expected to bring to an announced stop (潜在需求)."""


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Told:
    """What a village was told, which is frozen: on that day the crew stops in a village, its own or one near enough
    that people carry their things there.
    """

    day: int
    stop_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Village:
    """Where people live that a tour may visit.

    contact: who is told and opens the door, one text per person, "" when nobody is named. last_visit_day: of the last
    visit by a tour, None when there was none. told: what its people were told and is not over, each once. cut_off: days
    without a road in.
    """

    id: str
    name: str
    position: Position
    households: int = 0
    contact: str = ""
    last_visit_day: int | None = None
    told: tuple[Told, ...] = ()
    cut_off: frozenset[int] = frozenset()

    @property
    def home_days(self) -> frozenset[int]:
        """The days on which its people were told that the crew comes to them."""
        return frozenset(told.day for told in self.told if told.stop_id == self.id)


@dataclass(frozen=True, slots=True, kw_only=True)
class Lodging:
    """A town with beds. price_fen: per person and night. check_in_s: latest, of the day. closed: nights without one."""

    id: str
    name: str
    position: Position
    price_fen: int
    check_in_s: int
    closed: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class OnTheRoad:
    """A crew that is away already: on the morning of `day` it leaves from a lodging, after so many nights out.

    lodging_id: None for one that has left home that very morning. aboard: jobs whose kits are in the van; others that
    need parts wait for the next tour.
    """

    day: int
    lodging_id: str | None
    nights: int
    aboard: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Crew:
    """People with a van (巡回组).

    skills, certificates: of the crew as a whole, best of its members. people: how many come. days: on which they work.
    no_van: days on which it stays where it is. free_s: nobody sets out before; somebody is busy until then.
    day_s: of the day, from the first departure to the last arrival. service_s: of the day, earliest and latest start of
    work in a village. nights_before: nights away that count when nights are shared out.
    """

    id: str
    name: str
    outlet_id: str
    position: Position
    mode: TravelMode
    people: int
    skills: tuple[Skill, ...]
    days: frozenset[int]
    certificates: tuple[Certificate, ...] = ()
    load_capacity: int = 0
    volume_ml: int = 0
    day_s: tuple[int, int] = (7 * 3600 + 1800, 19 * 3600 + 1800)
    service_s: tuple[int, int] = (8 * 3600, 18 * 3600)
    break_: Break | None = None
    """A meal break, in times of the day."""
    nights_before: int = 0
    on_the_road: OnTheRoad | None = None
    no_van: frozenset[int] = frozenset()
    free_s: int = 0

    def goes_on(self, first_day: int) -> OnTheRoad | None:
        """Return where a tour that begins on a day goes on from; None for one that leaves home."""
        road = self.on_the_road
        return road if road is not None and road.day == first_day else None

    @property
    def out_days(self) -> frozenset[int]:
        """The days on which the crew may be on its way: it works, and has its van."""
        return self.days - self.no_van


@dataclass(frozen=True, slots=True, kw_only=True)
class TourJob:
    """Something to do in a village.

    first_s, last_s: the start of work lies between them: a running clock's due time, the end of a consent, the edges of
    a tolerance. windows: further (earliest, latest) starts, absolute; none means any. due_day: of a preventive visit.
    portable: people can carry the unit to another village that a tour stops in. kit_ready_s: when all parts that do not
    ride in every van are at the crew's outlet, None when they cannot be had. outlet_fen: what the nearest capable
    outlet would be paid for the job, None when no outlet can. expected: how many walk-ins stand behind the job, in
    hundredths. reported_s: since when the customer waits, None for nobody waits.
    """

    id: str
    village_id: str
    kind: WorkKind
    skill: Skill
    service_s: int
    first_s: int
    last_s: int
    certificates: frozenset[str] = frozenset()
    people: int = 1
    load: int = 0
    windows: tuple[tuple[int, int], ...] = ()
    reported_s: int | None = None
    customer_class: CustomerClass = CustomerClass.ORDINARY
    due_day: int | None = None
    interval_days: int = 0
    plan_id: str = ""
    portable: bool = False
    kit_ready_s: int | None = 0
    order_lines: tuple[OrderLine, ...] = ()
    outlet_id: str = ""
    outlet_fen: int | None = None
    expected: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Spacing:
    """Visits to one customer lie between so many days apart, whatever their tolerances would allow; in order."""

    job_ids: tuple[str, ...]
    least_days: int
    most_days: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TourCharges:
    """Every price of a tour, in fen; docs/model.md has the formula of each."""

    tour_fen: int = 5_000
    """Once per tour: loading, checking, reporting."""
    day_fen: int = 36_000
    """Per person and day on tour, days without work included."""
    per_diem_fen: int = 8_000
    """Per person and night away."""
    fen_per_km: Mapping[TravelMode, int] = field(default_factory=lambda: dict(USUAL_FEN_PER_KM))
    waiting_fen_per_day: int = 1_200
    """Per started day between the call and the visit; times the weight of the customer's class."""
    early_fen_per_day: int = 300
    """A preventive visit before its due date: the interval is cut short."""
    late_fen_per_day: int = 900
    """A preventive visit after its due date, inside the tolerance."""
    carry_in_fen: int = 1_500
    """People carry a unit to another village."""
    defer_percent: int = 100
    """Of the outlet's price (or `alone_fen`), for a job left out that may still wait for the next tour."""
    alone_fen: int = 30_000
    """What a visit to a place without a capable outlet is taken to cost where a price is needed."""
    clock_breach_fen: int = 10_000_000
    promise_breach_fen: int = 1_000_000
    """Left out, nobody else can serve it, and its time runs out: a running clock; a consent or a tolerance."""
    keep_fen: int = 100_000_000
    """Leaving out what is announced, locked or must be visited."""
    unvisited_fen: int = 20_000
    """Per village beyond the floor that nobody visited for `unvisited_days` by the end."""
    unvisited_days: int = 180
    unvisited_percent: int = 80
    """The floor: so much of those villages is visited, or the rest is priced."""
    unfair_night_fen: int = 6_000
    """Per person and night away above the crew's fair share."""
    weight_percent: Mapping[CustomerClass, int] = field(default_factory=lambda: dict(USUAL_WEIGHT_PERCENT))


@dataclass(frozen=True, slots=True, kw_only=True)
class LockedDay:
    """What a planner fixed of a crew's day: the jobs, and where it sleeps after it (None: at home).

    gone: jobs that the day had, and that are none of a tour's any more.
    """

    crew_id: str
    day: int
    job_ids: tuple[str, ...]
    lodging_id: str | None
    gone: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """A crew is on one tour from a first to a last day, both included: two tours made one, or a tour as it was."""

    crew_id: str
    first_day: int
    last_day: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Levers:
    """What a planner may pull. nights: most of a tour in a row. day_metres: most of one day, None without limit.

    released: villages and days that they were told and that cannot be kept: walk-ins may come on other days.
    """

    nights: int = 4
    day_metres: int | None = None
    van_days: int | None = None
    must_visit: frozenset[str] = frozenset()
    never_visit: frozenset[str] = frozenset()
    forbidden_lodgings: frozenset[str] = frozenset()
    locked: tuple[LockedDay, ...] = ()
    spans: tuple[Span, ...] = ()
    released: frozenset[tuple[str, int]] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Touring:
    """Everything tours are planned from; the search reads nothing else.

    days: the horizon. now_s: no departure before it. driving_s: most of one day, per crew. cover_s: a stop serves
    villages within so many seconds for carry-in work. lead_day: the first that people can still be told to come on.
    """

    date: dt.date
    days: int
    now_s: int
    villages: tuple[Village, ...]
    lodgings: tuple[Lodging, ...]
    crews: tuple[Crew, ...]
    jobs: tuple[TourJob, ...]
    spacings: tuple[Spacing, ...] = ()
    driving_s: int = 6 * 3600
    cover_s: int = 30 * 60
    lead_day: int = 0
    charges: TourCharges = field(default_factory=TourCharges)
    levers: Levers = field(default_factory=Levers)
