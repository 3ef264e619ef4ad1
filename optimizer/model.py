"""What is asked: a day of the network, complete, in integers (seconds, metres, fen).

Times (`…_s`) count seconds from local midnight of `Day.date`; yesterday is negative. Asia/Shanghai has had no
daylight saving since 1991, so a day is always 86,400 s. Positions are (longitude, latitude) in WGS84 degrees.
"""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType

__all__ = [
    "DAY_S",
    "FAST_MODES",
    "LOCK_TOLERANCE_S",
    "USUAL_FEN_PER_KM",
    "USUAL_WEIGHT_PERCENT",
    "AreaClass",
    "Break",
    "Centre",
    "Certificate",
    "Channel",
    "Clock",
    "ClockKind",
    "ContractTariff",
    "CustomerClass",
    "Day",
    "Inbound",
    "Job",
    "Lane",
    "Lateness",
    "Lock",
    "OrderLine",
    "Outlet",
    "Ownership",
    "Part",
    "Position",
    "Published",
    "Rule",
    "Shift",
    "ShipMode",
    "SizeClass",
    "Skill",
    "SourceKind",
    "Tariff",
    "Technician",
    "TravelMode",
    "Warehouse",
    "Window",
]

DAY_S = 86_400
LOCK_TOLERANCE_S = 15 * 60
"""A visit that moves by more than this has moved: for locks, frozen shifts and churn alike."""

Position = tuple[float, float]


class Rule(StrEnum):
    """Every hard rule of a day, and the two further reasons a job can be left out for."""

    SKILL = "SKILL"
    CERTIFICATE = "CERTIFICATE"
    WINDOW = "WINDOW"
    SHIFT = "SHIFT"
    BREAK = "BREAK"
    LOAD = "LOAD"
    MODE = "MODE"
    CREW = "CREW"
    KIT = "KIT"
    CONSENT = "CONSENT"
    LOCK = "LOCK"
    FREEZE = "FREEZE"
    ONCE = "ONCE"
    TRAVEL = "TRAVEL"
    HOURS = "HOURS"
    ROOM = "ROOM"
    """Only a reason: shifts could serve the job alone; beside their other visits no place was found."""
    UNKNOWN = "UNKNOWN"
    """Only a reason: nothing computed explains it."""


class TravelMode(StrEnum):
    """How a technician travels."""

    CAR = "car"
    MOTORBIKE = "motorbike"
    EBIKE = "ebike"
    TRANSIT = "transit"
    WALK = "walk"


class Ownership(StrEnum):
    """Whose outlet it is: own staff or a contract partner (自营 / 特约)."""

    OWN = "own"
    CONTRACT = "contract"


class Channel(StrEnum):
    """How an outlet learns of its visits."""

    ONLINE = "online"
    PHONE = "phone"
    FAX = "fax"


class AreaClass(StrEnum):
    """SLA class of a place, computed from the live outlet map: does its city or township have an outlet?"""

    SEAT = "seat"
    REMOTE = "remote"


class CustomerClass(StrEnum):
    """How much a customer's waiting weighs; the weights are in the tariff."""

    ORDINARY = "ordinary"
    PRIORITY = "priority"
    VULNERABLE = "vulnerable"


class ClockKind(StrEnum):
    """Which event stops a clock: being on site, or being done."""

    ARRIVAL = "arrival"
    RESOLUTION = "resolution"


class Lock(StrEnum):
    """What replanning may not touch of a published visit."""

    NONE = "none"
    TIME = "time"
    TECHNICIAN = "technician"
    BOTH = "both"
    PINNED = "pinned"
    """Not at all: technician and exact start stay."""


class SizeClass(StrEnum):
    """How a part travels."""

    SMALL = "small"
    MEDIUM = "medium"
    BULKY = "bulky"


class ShipMode(StrEnum):
    """How a shipment travels."""

    STANDARD = "standard"
    EXPRESS = "express"
    DEDICATED = "dedicated"
    PICKUP = "pickup"


FAST_MODES = frozenset({ShipMode.EXPRESS, ShipMode.PICKUP})
"""How parts travel for a customer who waits, where the call is urgent."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """Earliest and latest start of service."""

    earliest_s: int
    latest_s: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Skill:
    """A product family and the level, 1 (basic) to 3 (expert)."""

    family: str
    level: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Certificate:
    """A certificate of a scheme (gas, high voltage, …), valid on every date from first to last, both included."""

    scheme: str
    first: dt.date
    last: dt.date


@dataclass(frozen=True, slots=True, kw_only=True)
class Clock:
    """One promise: the event must happen by `due_s`."""

    kind: ClockKind
    due_s: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """Where yesterday's published plan put the job, and whether the customer was told."""

    technician_id: str
    start_s: int
    told: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderLine:
    """A part that a job needs and that nobody carries."""

    id: str
    part_id: str
    quantity: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One repair need at a customer's place (报修单).

    windows: several, hard; none means any time. appointment: a confirmed slot, binds instead of windows.
    preferred: a slot the customer would like, priced. service_s: before the outlet's duration factor.
    load: bulky load units on the vehicle. crew: people needed on site. consent: False while the customer must
    still agree to pay. urgent: parts travel express. order_lines: the complete kit, empty when all is carried.
    """

    id: str
    position: Position
    centre_id: str
    area_class: AreaClass
    skill: Skill
    reported_s: int
    service_s: int
    clocks: tuple[Clock, ...]
    certificates: frozenset[str] = frozenset()
    crew: int = 1
    load: int = 0
    windows: tuple[Window, ...] = ()
    appointment: Window | None = None
    preferred: Window | None = None
    customer_class: CustomerClass = CustomerClass.ORDINARY
    urgent: bool = False
    consent: bool = True
    order_lines: tuple[OrderLine, ...] = ()
    preferred_technician_id: str | None = None
    lock: Lock = Lock.NONE
    published: Published | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Break:
    """A meal break: its start lies in the window; it touches neither driving nor service."""

    earliest_s: int
    latest_s: int
    duration_s: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Technician:
    """A technician with what they may do; `crew` counts the people who come (a helper makes two)."""

    id: str
    outlet_id: str
    position: Position
    mode: TravelMode
    skills: tuple[Skill, ...]
    certificates: tuple[Certificate, ...] = ()
    load_capacity: int = 0
    crew: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Shift:
    """One technician's working time on one date.

    day: 0 for `Day.date`. Paid hours run start_s … end_s, the return must be no later than latest_end_s (overtime
    limit). Service may start only within the outlet's hours, open_s … close_s.
    """

    id: str
    technician_id: str
    day: int
    start_s: int
    end_s: int
    latest_end_s: int
    open_s: int
    close_s: int
    break_: Break | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Outlet:
    """The organisation that serves a job (维修网点).

    duration_percent, first_fix_percent: by skill family; 100 where absent. freeze_s: seconds from the midnight of a
    date at which that date's visits freeze (negative: the day before), None for never. workload_target: visits
    still owed to a contract outlet in this horizon.
    """

    id: str
    centre_id: str
    position: Position
    ownership: Ownership
    channel: Channel = Channel.ONLINE
    tariff_id: str = ""
    freeze_s: int | None = None
    workload_target: int = 0
    duration_percent: Mapping[str, int] = field(default_factory=dict)
    first_fix_percent: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Centre:
    """One of the customer-service centres."""

    id: str
    position: Position


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A spare part. carried: small and common, on every van of the family, never shipped."""

    id: str
    size_class: SizeClass
    weight_g: int
    carried: bool = False


class SourceKind(StrEnum):
    """Who holds parts (货源)."""

    WAREHOUSE = "warehouse"
    OUTLET = "outlet"
    HQ = "hq"
    SUPPLIER = "supplier"


@dataclass(frozen=True, slots=True, kw_only=True)
class Inbound:
    """Units on their way to a source: they may be promised from ready_s on."""

    ready_s: int
    quantity: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Warehouse:
    """A parts transfer warehouse; stock is what may be promised (on hand less reserved) by part.

    floors: units of a part kept in reserve. inbound: units on their way, by part. dock_lines: order lines that one
    departure of one mode can be packed for, None without limit. open: False while it is offline and sends nothing.
    """

    id: str
    position: Position
    stock: Mapping[str, int]
    kind: SourceKind = SourceKind.WAREHOUSE
    floors: Mapping[str, int] = field(default_factory=dict)
    inbound: Mapping[str, tuple[Inbound, ...]] = field(default_factory=dict)
    dock_lines: int | None = None
    open: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Lane:
    """A way for parts from a warehouse to a centre's territory.

    cut_off_s: time of day of the daily departure. transit_p50_s, transit_p90_s: from departure to the outlet. closed:
    spans (from and including, up to and excluding) in which it does not leave: holidays, days off, roads. reach: ids of
    the outlets that are near enough to fetch by it, None for every outlet.
    """

    warehouse_id: str
    centre_id: str
    mode: ShipMode
    cut_off_s: int
    transit_p50_s: int
    transit_p90_s: int
    cost_fen: int
    cost_fen_per_kg: int
    carries: frozenset[SizeClass]
    closed: tuple[tuple[int, int], ...] = ()
    reach: frozenset[str] | None = None

    def is_for(self, outlet_id: str | None) -> bool:
        """Tell whether an outlet may have parts by it; None: whichever outlet it will be."""
        return self.reach is None or outlet_id in self.reach

    def departures_s(self, from_s: int, until_s: int) -> tuple[int, ...]:
        """Return its departures from one moment (included) until another (excluded), rising."""
        first = from_s + (self.cut_off_s - from_s) % DAY_S
        daily = range(first, until_s, DAY_S)
        return tuple(at for at in daily if not any(begin <= at < end for begin, end in self.closed))


USUAL_FEN_PER_KM: Mapping[TravelMode, int] = MappingProxyType(
    {
        TravelMode.CAR: 90,
        TravelMode.MOTORBIKE: 30,
        TravelMode.EBIKE: 8,
        TravelMode.TRANSIT: 25,
        TravelMode.WALK: 0,
    }
)
USUAL_WEIGHT_PERCENT: Mapping[CustomerClass, int] = MappingProxyType(
    {CustomerClass.ORDINARY: 100, CustomerClass.PRIORITY: 150, CustomerClass.VULNERABLE: 200}
)
"""What days and tours take where nothing else is said."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lateness:
    """Graded price of one clock: a small slope in the last `warn_s` before due, a step at the breach, then a slope
    that grows by itself with every started day late."""

    warn_s: int = 4 * 3600
    warn_fen_per_hour: int = 300
    breach_fen: int = 12_000
    late_fen_per_hour: int = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class ContractTariff:
    """What a contract outlet is paid per visit: call-out, one distance band by road metres, minutes of service."""

    id: str
    call_out_fen: int = 3_000
    bands: tuple[tuple[int, int], ...] = ((5_000, 0), (15_000, 1_000), (40_000, 3_000), (1 << 30, 8_000))
    """(up to and including metres, fen), ascending; beyond the last the last holds."""
    fen_per_minute: int = 80


@dataclass(frozen=True, slots=True, kw_only=True)
class Tariff:
    """Every price of the objective, in fen; docs/model.md has the formula of each."""

    travel_fen_per_hour: Mapping[Ownership, int] = field(
        default_factory=lambda: {Ownership.OWN: 4_500, Ownership.CONTRACT: 2_000}
    )
    fen_per_km: Mapping[TravelMode, int] = field(default_factory=lambda: dict(USUAL_FEN_PER_KM))
    reach_m: Mapping[TravelMode, int] = field(
        default_factory=lambda: {
            TravelMode.CAR: 300_000,
            TravelMode.MOTORBIKE: 100_000,
            TravelMode.EBIKE: 30_000,
            TravelMode.TRANSIT: 60_000,
            TravelMode.WALK: 4_000,
        }
    )
    """Rule MODE: the farthest job by road from a technician's base, metres."""
    overtime_fen_per_hour: int = 6_000
    contract_tariffs: tuple[ContractTariff, ...] = (ContractTariff(id=""),)
    contract_preference_fen: int = 1_500
    """Own service first, as a price: added to each visit by a contract outlet."""
    lateness: Mapping[ClockKind, Lateness] = field(
        default_factory=lambda: {ClockKind.ARRIVAL: Lateness(), ClockKind.RESOLUTION: Lateness(breach_fen=8_000)}
    )
    weight_percent: Mapping[CustomerClass, int] = field(default_factory=lambda: dict(USUAL_WEIGHT_PERCENT))
    waiting_fen_per_hour: int = 50
    unserved_fen: int = 40_000
    second_visit_fen: int = 8_000
    continuity_fen: int = 1_000
    over_qualification_fen: int = 300
    preference_fen: int = 800
    churn_technician_fen: int = 2_000
    churn_moved_fen: int = 1_500
    churn_told_fen: int = 3_000
    workload_fen: int = 1_000
    parity_target_percent: int = 90
    parity_fen: int = 5_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Day:
    """Everything a plan is made from; the solver reads nothing else.

    now_s: the planning moment; no visit starts before it, and freezes are judged by it.
    """

    date: dt.date
    days: int
    now_s: int
    centres: tuple[Centre, ...]
    outlets: tuple[Outlet, ...]
    technicians: tuple[Technician, ...]
    shifts: tuple[Shift, ...]
    jobs: tuple[Job, ...]
    tariff: Tariff
    parts: tuple[Part, ...] = ()
    warehouses: tuple[Warehouse, ...] = ()
    lanes: tuple[Lane, ...] = ()
