"""Master data on the wire: the network's rows, and the documents that calendars, promises and prices are."""

import datetime as dt
from typing import Annotated, Generic, Literal, Self, TypeVar

from pydantic import Field, JsonValue

from api.schemas.values import Moment, Position, Sent, Shown
from api.schemas.written import Identifier, Iso8601, LocalDate, Span, TimeOfDay, Word, WrittenMoment
from datasets.columns import MAX_COUNT, MAX_FEN, MAX_KM, MAX_WEIGHT_G

__all__ = [
    "BulkLine",
    "CalendarIn",
    "CentreIn",
    "Certificate",
    "CertificateLine",
    "CertificateRow",
    "ContractTariffIn",
    "Held",
    "HolidaysIn",
    "InboundLot",
    "KitIn",
    "LaneIn",
    "OutletIn",
    "PartIn",
    "Skill",
    "SlaPolicyIn",
    "SlaPromise",
    "StockIn",
    "TariffIn",
    "TechnicianIn",
    "WarehouseIn",
]

Text = Annotated[str, Field(max_length=2_000)]
Name = Annotated[Text, Field(description="As people call it.", examples=["南京鼓楼维修部"])]
Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
Count = Annotated[int, Field(ge=0, le=MAX_COUNT)]
Fen = Annotated[int, Field(ge=0, le=MAX_FEN)]


class CentreIn(Sent):
    """A customer-service centre (客服中心)."""

    name: Name
    province: Annotated[Text | None, Field(description="Province.", examples=["江苏"])] = None
    position: Annotated[Position, Field(description="Where it is.")]
    calendar: Annotated[Word, Field(description="A calendar of /v1/calendars.", examples=["office"])]


class OutletIn(Sent):
    """An outlet (维修网点), own or contract."""

    name: Name
    centre_id: Annotated[Identifier, Field(description="The centre whose territory it makes.", examples=["C-NJ"])]
    ownership: Annotated[Literal["own", "contract"], Field(description="自营 or 特约.", examples=["contract"])]
    channel: Annotated[
        Literal["online", "phone", "fax"], Field(description="How it learns of its visits.", examples=["online"])
    ]
    position: Annotated[Position, Field(description="Where it is.")]
    place_level: Annotated[
        Literal["city", "county", "township", "village"] | None, Field(description="Where it sits.", examples=["city"])
    ] = None
    calendar: Annotated[Word | None, Field(description="Default: the centre's.", examples=["office"])] = None
    opens: Annotated[TimeOfDay, Field(description="Service starts from then on.", examples=["08:00"])]
    closes: Annotated[TimeOfDay, Field(description="And until then.", examples=["18:00"])]
    tariff_id: Annotated[
        Word | None, Field(description="Contract tariff; required for contract outlets.", examples=["county"])
    ] = None
    opened_on: Annotated[LocalDate | None, Field(description="Live from this date.", examples=["2024-05-01"])] = None
    closed_on: Annotated[LocalDate | None, Field(description="Live before this date.", examples=[None])] = None
    workload_target: Annotated[Count, Field(description="Visits owed in the rolling window.", examples=[20])] = 0
    visits_so_far: Annotated[Count, Field(description="Of them given.", examples=[7])] = 0
    duration_percent: dict[Word, Annotated[int, Field(ge=10, le=1_000)]] = Field(
        default_factory=dict, description="By product family, percent of usual time.", examples=[{"refrigerator": 115}]
    )
    first_fix_percent: dict[Word, Annotated[int, Field(ge=0, le=100)]] = Field(
        default_factory=dict, description="By product family, percent fixed at once.", examples=[{"refrigerator": 85}]
    )
    contact: Annotated[Text | None, Field(description="Whom to ask for.", examples=["李师傅"])] = None
    phone: Annotated[Text | None, Field(description="Number to call.", examples=["02584000000"])] = None


class Skill(Sent):
    """A product family and a level."""

    family: Annotated[Word, Field(description="Product family.", examples=["refrigerator"])]
    level: Annotated[int, Field(ge=1, le=3, description="1 basic to 3 expert.", examples=[2])]

    def cell(self) -> str:
        """Return the text of a cell."""
        return f"{self.family}:{self.level}"

    @classmethod
    def of_cell(cls, text: str) -> Self:
        """Return what a cell says."""
        family, _, level = text.partition(":")
        return cls(family=family, level=int(level))


class Certificate(Sent):
    """A certificate with the dates it holds on, both included."""

    scheme: Annotated[Word, Field(description="Scheme: gas, electrician, …", examples=["gas"])]
    first: Annotated[LocalDate, Field(description="Valid from.", examples=["2024-05-01"])]
    last: Annotated[LocalDate, Field(description="Valid to, included.", examples=["2026-04-30"])]

    def cell(self) -> str:
        """Return the text of a cell."""
        return f"{self.scheme}:{self.first}:{self.last}"

    @classmethod
    def of_cell(cls, text: str) -> Self:
        """Return what a cell says."""
        scheme, first, last = text.split(":")
        return cls(scheme=scheme, first=first, last=last)


class TechnicianIn(Sent):
    """A technician (技师)."""

    name: Name
    outlet_id: Annotated[Identifier, Field(description="Where they are based.", examples=["Z0018"])]
    travel_mode: Annotated[
        Literal["car", "motorbike", "ebike", "transit", "walk"], Field(description="How they travel.", examples=["car"])
    ]
    skills: Annotated[list[Skill], Field(min_length=1, max_length=100, description="What they can.")]
    certificates: Annotated[list[Certificate], Field(max_length=100)] = Field(
        default_factory=list, description="What they are certified for, and when."
    )
    load_capacity: Annotated[Count, Field(description="Bulky load units.", examples=[2])] = 0
    crew_size: Annotated[int, Field(ge=1, le=10, description="People who come.", examples=[1])] = 1
    shift_start: Annotated[TimeOfDay, Field(description="Paid hours begin.", examples=["08:30"])]
    shift_end: Annotated[TimeOfDay, Field(description="Paid hours end.", examples=["17:30"])]
    overtime_limit: Annotated[Iso8601 | None, Field(description="At most 12 h.", examples=["PT1H"])] = None
    break_earliest: Annotated[TimeOfDay | None, Field(description="Meal break.", examples=["11:30"])] = None
    break_latest: Annotated[TimeOfDay | None, Field(description="Latest start of it.", examples=["13:00"])] = None
    break_duration: Annotated[Iso8601 | None, Field(description="1 min to 6 h.", examples=["PT45M"])] = None
    rest_weekdays: Annotated[list[Weekday], Field(max_length=7)] = Field(
        default_factory=list, description="Days off.", examples=[["sun"]]
    )
    absent_on: Annotated[list[LocalDate], Field(max_length=1_000)] = Field(
        default_factory=list, description="Holidays and illness.", examples=[["2026-03-05"]]
    )
    busy_until: Annotated[
        WrittenMoment | None,
        Field(description="Not free before then.", examples=["2026-03-02T11:40:00+08:00"]),
    ] = None


class WarehouseIn(Sent):
    """A parts transfer warehouse (中转库)."""

    name: Name
    position: Annotated[Position, Field(description="Where it is.")]
    kind: Annotated[
        Literal["warehouse", "hq", "supplier"], Field(description="Who holds parts there.", examples=["warehouse"])
    ] = "warehouse"
    calendar: Annotated[Word | None, Field(description="Sends on its open days; none: daily.", examples=["office"])] = (
        None
    )
    dock_lines: Annotated[
        int | None,
        Field(ge=1, le=MAX_COUNT, description="Order lines packed for one departure of one mode.", examples=[400]),
    ] = None
    offline: Annotated[bool, Field(description="It sends nothing for now.", examples=[False])] = False


class PartIn(Sent):
    """A spare part (配件)."""

    name: Name
    family: Annotated[Word, Field(description="Product family.", examples=["refrigerator"])]
    size_class: Annotated[Literal["small", "medium", "bulky"], Field(description="How it travels.", examples=["small"])]
    weight_g: Annotated[int, Field(ge=0, le=MAX_WEIGHT_G, description="Grams.", examples=[350])]
    price_fen: Annotated[Fen, Field(description="Price, fen (CNY).", examples=[8_900])] = 0
    carried: Annotated[bool, Field(description="On every van of the family.", examples=[False])] = False
    substitutes: Annotated[list[Identifier], Field(max_length=20)] = Field(
        default_factory=list, description="Other parts that do as well, best first.", examples=[["P-0013"]]
    )


class KitIn(Sent):
    """How many of a part a fault needs."""

    product: Annotated[Word, Field(description="Product family.", examples=["refrigerator"])]
    fault: Annotated[Word, Field(description="Fault.", examples=["不制冷"])]
    part_id: Annotated[Identifier, Field(description="A part.", examples=["P-0012"])]
    quantity: Annotated[int, Field(ge=1, le=1_000, description="Pieces.", examples=[1])]


class InboundLot(Sent):
    """Units on their way to a warehouse."""

    quantity: Annotated[int, Field(ge=1, le=MAX_FEN, description="Pieces.", examples=[20])]
    at: Annotated[WrittenMoment, Field(description="On the shelf by then.", examples=["2026-03-03T09:00:00+08:00"])]

    def cell(self) -> str:
        """Return the text of a cell."""
        return f"{self.quantity}@{self.at}"

    @classmethod
    def of_cell(cls, text: str) -> Self:
        """Return what a cell says."""
        quantity, _, at = text.partition("@")
        return cls(quantity=int(quantity), at=at)


class StockIn(Sent):
    """What a warehouse has of a part: putting it is a count of its `as_of`, which an older one never replaces.

    Without one, or with one that is still to come, it counts from when it is put.
    """

    warehouse_id: Annotated[Identifier, Field(description="A warehouse.", examples=["W-NJ"])]
    part_id: Annotated[Identifier, Field(description="A part.", examples=["P-0012"])]
    on_hand: Annotated[Fen, Field(description="Pieces on the shelf.", examples=[12])]
    reserved: Annotated[Fen, Field(description="Of them promised.", examples=[3])] = 0
    floor: Annotated[Fen, Field(description="Kept in reserve.", examples=[2])] = 0
    inbound: Annotated[list[InboundLot], Field(max_length=100)] = Field(
        default_factory=list, description="Units on their way, after as_of.", examples=[[]]
    )
    as_of: Annotated[
        WrittenMoment | None, Field(description="When it was counted.", examples=["2026-03-02T05:30:00+08:00"])
    ] = None


class LaneIn(Sent):
    """A way for parts from a warehouse to a centre's territory (线路)."""

    warehouse_id: Annotated[Identifier, Field(description="From.", examples=["W-NJ"])]
    centre_id: Annotated[Identifier, Field(description="To.", examples=["C-NJ"])]
    mode: Annotated[
        Literal["standard", "express", "dedicated", "pickup"], Field(description="How.", examples=["express"])
    ]
    cut_off: Annotated[TimeOfDay, Field(description="Daily departure.", examples=["17:00"])]
    transit_p50: Annotated[Iso8601, Field(description="Half arrive within.", examples=["PT18H"])]
    transit_p90: Annotated[Iso8601, Field(description="Nine of ten arrive within; promised.", examples=["PT24H"])]
    cost_fen: Annotated[Fen, Field(description="Per shipment, fen (CNY).", examples=[1_200])]
    cost_fen_per_kg: Annotated[Fen, Field(description="On top per kilogram, fen (CNY).", examples=[150])] = 0
    carries: Annotated[
        list[Literal["small", "medium", "bulky"]],
        Field(min_length=1, max_length=3, description="Sizes it takes.", examples=[["small", "medium"]]),
    ]
    calendar: Annotated[
        Word | None, Field(description="Leaves on its open days; none: daily.", examples=["office"])
    ] = None
    closed: Annotated[list[Span], Field(max_length=100)] = Field(
        default_factory=list, description="It does not leave from start until before end.", examples=[[]]
    )
    reach_km: Annotated[
        int | None,
        Field(
            ge=0,
            le=MAX_KM,
            description="Pickup only: outlets farther away by road do not fetch by it; none: any of the centre.",
            examples=[None],
        ),
    ] = None


class CalendarIn(Sent):
    """Open weekdays, with or without public holidays and swapped working days (调休)."""

    weekdays: Annotated[
        list[Weekday], Field(min_length=1, max_length=7, description="Open days.", examples=[["mon", "tue"]])
    ]
    public_holidays: Annotated[
        bool, Field(description="Closed on holidays, open on swapped working days.", examples=[True])
    ] = False


class HolidaysIn(Sent):
    """Public holidays and swapped working days, for all calendars that observe them."""

    closed: Annotated[list[LocalDate], Field(max_length=1_000)] = Field(
        default_factory=list, description="Public holidays.", examples=[["2026-02-17"]]
    )
    working: Annotated[list[LocalDate], Field(max_length=1_000)] = Field(
        default_factory=list, description="Swapped working days.", examples=[["2026-02-28"]]
    )


class SlaPromise(Sent):
    """One row of the promise table; `*` matches all, the first matching row per clock wins."""

    name: Annotated[str, Field(min_length=1, max_length=200, description="Its name in reports.", examples=["24 h"])]
    brand: Annotated[str, Field(min_length=1, max_length=200, description="Brand.", examples=["*"])] = "*"
    product: Annotated[str, Field(min_length=1, max_length=200, description="Product family.", examples=["*"])] = "*"
    area_class: Annotated[
        Literal["seat", "remote", "*"], Field(description="Does the place have an outlet?", examples=["seat"])
    ] = "*"
    channel: Annotated[
        Literal["hotline", "web", "app", "wechat", "shop", "*"], Field(description="How reported.", examples=["*"])
    ] = "*"
    clock: Annotated[
        Literal["arrival", "resolution", "response", "phone", "parts_response"],
        Field(description="What is promised.", examples=["arrival"]),
    ]
    within: Annotated[
        Iso8601, Field(description="From the report; P2D: end of the second calendar day.", examples=["PT24H"])
    ]
    calendar: Annotated[Word | None, Field(description="The clock runs on its open dates only.", examples=[None])] = (
        None
    )
    opens: Annotated[TimeOfDay | None, Field(description="And from then.", examples=[None])] = None
    closes: Annotated[TimeOfDay | None, Field(description="To then.", examples=[None])] = None


class SlaPolicyIn(Sent):
    """Promises, in their order; `shipped` adds policies that come with Paigong after them."""

    rows: Annotated[list[SlaPromise], Field(max_length=1_000)] = Field(
        default_factory=list, description="The network's own rows."
    )
    shipped: Annotated[list[Literal["network", "hampton", "haifude", "chengdu", "dinghua"]], Field(max_length=5)] = (
        Field(default_factory=list, description="Policies that come with Paigong.", examples=[["network"]])
    )


class TariffIn(Sent):
    """Prices of the objective; names and units as in [tariff] of docs/data-format.md."""

    prices: dict[Word, JsonValue] = Field(
        default_factory=dict, description="What is absent has its default.", examples=[{"unserved_fen": 40_000}]
    )


class ContractTariffIn(Sent):
    """What a contract outlet is paid per visit: planned and settled with the same figures."""

    call_out_fen: Annotated[Fen, Field(description="Per visit, fen (CNY).", examples=[3_000])]
    bands: Annotated[
        list[Annotated[list[int], Field(min_length=2, max_length=2)]],
        Field(
            min_length=1,
            max_length=100,
            description="[up to metres by road, fen], metres rising.",
            examples=[[[5_000, 0]]],
        ),
    ]
    fen_per_minute: Annotated[Fen, Field(description="Per minute of service, fen (CNY).", examples=[80])]


T = TypeVar("T")


class Held(Shown, Generic[T]):
    """A row or document with the dates it holds on."""

    id: Annotated[str, Field(description="Its id.", examples=["Z0018"])]
    effective_from: Annotated[dt.date, Field(description="Holds from this date.", examples=["2026-03-02"])]
    version: Annotated[int, Field(description="Counts the changes; the ETag.", examples=[2])]
    updated_at: Annotated[Moment, Field(description="Last changed.", examples=["2026-03-01T18:00:00+08:00"])]
    row: Annotated[T, Field(description="What it says.")]


class BulkLine(Sent, Generic[T]):
    """One line of a bulk upsert."""

    id: Annotated[str, Field(min_length=1, max_length=256, description="Its id.", examples=["Z0018"])]
    row: Annotated[T, Field(description="What it says.")]


class CertificateLine(Sent):
    """One line of a bulk upsert of certificates."""

    technician_id: Annotated[Identifier, Field(description="Whose.", examples=["T00012"])]
    scheme: Annotated[Word, Field(description="Scheme.", examples=["gas"])]
    valid_from: Annotated[LocalDate, Field(description="Valid from.", examples=["2024-05-01"])]
    valid_to: Annotated[LocalDate, Field(description="Valid to, included.", examples=["2026-04-30"])]


class CertificateRow(Shown):
    """A technician's certificate."""

    technician_id: Annotated[str, Field(description="Whose.", examples=["T00012"])]
    outlet_id: Annotated[str, Field(description="Where they are based.", examples=["Z0018"])]
    scheme: Annotated[str, Field(description="Scheme.", examples=["gas"])]
    valid_from: Annotated[dt.date, Field(description="Valid from.", examples=["2024-05-01"])]
    valid_to: Annotated[dt.date, Field(description="Valid to, included.", examples=["2026-04-30"])]
    is_valid: Annotated[bool, Field(description="On the date asked for.", examples=[True])]
