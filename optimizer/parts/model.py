"""What is asked of the parts and what is answered, complete, in integers (seconds, grams, fen).

Times count seconds from local midnight of the date the problem is of, as in `optimizer.model`. Parts and the size
classes that lanes carry are those of `optimizer.model`; lanes here have their departures spelled out, calendars,
holidays and closures already taken into account.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from optimizer.model import Clock, CustomerClass, Inbound, Part, Position, ShipMode, SizeClass, SourceKind, Tariff

__all__ = [
    "Answer",
    "Charges",
    "Consignment",
    "Dispatch",
    "Inbound",
    "LineAnswer",
    "Order",
    "OrderLine",
    "Quota",
    "Route",
    "Shelf",
    "Source",
    "SourceKind",
    "Sourced",
    "Sourcing",
    "SourcingCost",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Shelf:
    """How many of a part a source may promise: on hand less reserved, never negative; more of them as inbound arrives.

    floor: the reserve. The last `floor` units go only to those whom `Charges.release` lets have them, at a price.
    """

    free: int
    floor: int = 0
    inbound: tuple[Inbound, ...] = ()

    @property
    def ever(self) -> int:
        """How many there are once all that is inbound has arrived, the reserve among them."""
        return max(0, self.free) + sum(some.quantity for some in self.inbound)

    @property
    def with_reserve(self) -> "Shelf":
        """The shelf as it is for those who may have the reserve."""
        return Shelf(free=self.free, inbound=self.inbound)


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Somebody who holds parts. An outlet's own stock serves that outlet on the spot, others by lane if it has one.

    dock_lines: order lines that one departure of one mode can be packed for, None without limit. open: False while
    the source is offline: it sends nothing.
    """

    id: str
    kind: SourceKind
    position: Position
    shelves: Mapping[str, Shelf]
    outlet_id: str | None = None
    dock_lines: int | None = None
    open: bool = True

    def lies_with(self, order: "Order") -> bool:
        """Tell whether it is the outlet's own shelf that the order may be served from on the spot."""
        return self.outlet_id is not None and self.outlet_id == order.own_outlet_id


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """A way for parts from a source to a destination (a centre's territory, or another source), with its departures.

    departures_s: rising, none before now; a lane closed for a day has none on it. transit counts from departure to
    the outlet's shelf. missed_s: the last departure before now, None where it is not known; only explanations read it.
    reach: the outlets that are near enough to fetch by it, None for all.
    """

    source_id: str
    to_id: str
    mode: ShipMode
    departures_s: tuple[int, ...]
    transit_p50_s: int
    transit_p90_s: int
    cost_fen: int
    cost_fen_per_kg: int
    carries: frozenset[SizeClass]
    missed_s: int | None = None
    reach: frozenset[str] | None = None

    def is_for(self, outlet_id: str | None) -> bool:
        """Tell whether an outlet may have parts by it; None: whichever outlet it will be."""
        return self.reach is None or outlet_id in self.reach

    def freight_fen(self, weight_g: int) -> int:
        """Return what so many grams cost on it."""
        return self.cost_fen + weight_g * self.cost_fen_per_kg // 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderLine:
    """One part of an order. pinned_source_id: a person decided where it comes from; nothing else is asked.

    in_time_fen: what each unit is worth if it is there by the order's needed_by_s, and lost if it is not.
    """

    id: str
    part_id: str
    quantity: int
    pinned_source_id: str | None = None
    in_time_fen: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What an outlet asks for at once: the kit of a job, or stock of its own (job_id None), or what a van takes along.

    respond_by_s: when it must have been answered. needed_by_s: when the parts should be there, None for whenever.
    latest_s: what would be there later is not sent at all, None for whenever.
    clocks: promises of the job that run while the parts travel; lead_s: from the parts' arrival to the start of the
    visit; both price lateness. waiting: a customer waits for it. urgent and waiting: nothing but express or pickup.
    most_sources: a complete order comes from so many sources at most, 1 for no split. likely_outlet_id: who is thought
    to fetch it while no outlet is decided on; nothing else is read off it. taken_along: it leaves the outlet again.
    """

    id: str
    centre_id: str
    outlet_id: str | None
    position: Position
    ordered_s: int
    respond_by_s: int
    lines: tuple[OrderLine, ...]
    job_id: str | None = None
    needed_by_s: int | None = None
    latest_s: int | None = None
    clocks: tuple[Clock, ...] = ()
    lead_s: int = 0
    customer_class: CustomerClass = CustomerClass.ORDINARY
    waiting: bool = False
    urgent: bool = False
    most_sources: int = 3
    likely_outlet_id: str | None = None
    taken_along: bool = False

    @property
    def fetching_outlet_id(self) -> str | None:
        """The outlet that would fetch it where a lane has a reach."""
        return self.outlet_id or self.likely_outlet_id

    @property
    def own_outlet_id(self) -> str | None:
        """The outlet whose own shelf may serve it: an order for nobody in particular is to fill the shelf."""
        return self.outlet_id if self.waiting or self.taken_along or self.job_id is not None else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Quota:
    """How many of a part an outlet may still order in this period without approval."""

    outlet_id: str
    part_id: str
    left: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Charges:
    """Every price of sourcing that is not a lane's, in fen; docs/model.md has the formula of each.

    consignment_fen: opening a parcel of a multi-line order. late_fen_per_hour: past needed_by_s where no clock runs.
    backorder_fen: per line nobody can send, before lateness. split_fen: each source of an order beyond its first.
    release_fen: per unit taken below the floor, for the classes in `release` (and urgent waiting orders) only.
    over_quota_fen: per unit. substitute_fen: per line sent as another part. proximity_fen_per_100km: nearer first
    (就近). sooner_fen_per_hour: from now until an order is there, whoever it is for: nothing lies about for nothing.
    """

    consignment_fen: int = 500
    late_fen_per_hour: int = 200
    backorder_fen: int = 60_000
    split_fen: int = 300
    release_fen: int = 4_000
    release: frozenset[CustomerClass] = frozenset({CustomerClass.PRIORITY, CustomerClass.VULNERABLE})
    over_quota_fen: int = 100
    substitute_fen: int = 500
    proximity_fen_per_100km: int = 1
    sooner_fen_per_hour: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Sourcing:
    """Everything that is sourced at once; the solver reads nothing else.

    substitutes: other parts that do as well, best first, by part. bid_fen: what a unit on a shelf is worth to orders
    still to come, by (source, part); None where it is to be computed from `forecast` (units per part and centre
    expected before the shelves are filled again).
    """

    now_s: int
    orders: tuple[Order, ...]
    parts: tuple[Part, ...]
    sources: tuple[Source, ...]
    routes: tuple[Route, ...]
    substitutes: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    quotas: tuple[Quota, ...] = ()
    forecast: Mapping[tuple[str, str], int] = field(default_factory=dict)
    bid_fen: Mapping[tuple[str, str], int] | None = None
    charges: Charges = field(default_factory=Charges)
    tariff: Tariff = field(default_factory=Tariff)

    def may_have_reserve(self, order: Order) -> bool:
        """Tell whether an order may have what lies below the floors."""
        return order.customer_class in self.charges.release or (order.urgent and order.waiting)


class Answer(StrEnum):
    """What an order line is told; every line is told one of these in time."""

    CONFIRMED = "confirmed"
    SUBSTITUTED = "substituted"
    NEEDS_APPROVAL = "needs_approval"
    BACKORDERED = "backordered"
    DECLINED = "declined"


@dataclass(frozen=True, slots=True, kw_only=True)
class Dispatch:
    """Units of a line leaving one source by one departure. A line too large for any one source has several.

    part_id: what is sent, a substitute where it is not the line's own. p90 is what is promised.
    """

    line_id: str
    order_id: str
    part_id: str
    quantity: int
    source_id: str
    mode: ShipMode
    ships_s: int
    ready_p50_s: int
    ready_p90_s: int
    cost_fen: int
    below_floor: int = 0
    bulky_fallback: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Consignment:
    """A parcel: what one order gets from one source by one departure."""

    order_id: str
    source_id: str
    mode: ShipMode
    ships_s: int
    line_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class LineAnswer:
    """The answer to one line. eta: of its last unit, None where no more is expected."""

    line_id: str
    order_id: str
    answer: Answer
    reason: str
    reason_zh: str
    eta_p50_s: int | None
    eta_p90_s: int | None
    dispatches: tuple[Dispatch, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SourcingCost:
    """What the dispatches cost, in fen, item by item."""

    freight: int = 0
    consignments: int = 0
    lateness: int = 0
    scarcity: int = 0
    reserve: int = 0
    backorder: int = 0
    quota: int = 0
    substitution: int = 0
    split: int = 0
    proximity: int = 0

    @property
    def total(self) -> int:
        """The sum that is minimised."""
        return (
            self.freight
            + self.consignments
            + self.lateness
            + self.scarcity
            + self.reserve
            + self.backorder
            + self.quota
            + self.substitution
            + self.split
            + self.proximity
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Sourced:
    """All lines answered. gap = (cost − bound) / cost.

    bound_fen is proven: no answer costs less in which lines are whole, or cut where they had to be. A line that one
    source which may serve it could send whole is not split; any other is cut along the fullest shelves that may serve
    it (`optimizer.parts.cutting`). optimal: the answer costs just that.
    """

    answers: tuple[LineAnswer, ...]
    consignments: tuple[Consignment, ...]
    cost: SourcingCost
    bound_fen: int
    optimal: bool
    bid_fen: Mapping[tuple[str, str], int] = field(default_factory=dict)
