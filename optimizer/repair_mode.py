"""What is said about the ways to repair a job: the ways, their costs and days, and what a policy sets for them."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from enum import StrEnum

from optimizer.explanation import Sentence
from optimizer.model import DAY_S, AreaClass, Part, ShipMode

__all__ = ["JobFacts", "ModeCost", "ModeOption", "RepairAdvice", "RepairMode", "RepairModePolicy", "Unit"]


class RepairMode(StrEnum):
    """A way to repair."""

    ON_SITE = "on_site"
    """上门: a technician comes with the kit."""
    DEPOT = "depot"
    """返厂: the unit travels to the depot and back."""
    EXCHANGE = "exchange"
    """换机: two people bring another unit and take the old one along."""
    REMOTE = "remote"
    """远程: the customer is told over the telephone what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RepairModePolicy:
    """Days, prices and what may go which way; `[repair_modes]` of day.toml.

    Taken from the companies' pages (requirements.md): depot days (row D9), days to a visit (rows P1 and P2), the
    telephone's four hours (row P3), two people for an exchange (row D8). Assumed, for no page has a figure: all prices,
    the median of a visit and of a call, how many calls help, the customer's share of the freight, an old unit's worth.
    """

    portable: frozenset[str] = frozenset()
    """Product families that stand free, so that the unit can be sent."""
    by_phone: frozenset[str] = frozenset()
    """Faults that a call can solve, as fault or as product:fault."""
    depots: frozenset[str] = frozenset()
    """Warehouses that repair; none named: those of kind hq, and where there are none, every transfer warehouse."""
    unit_fault: str = ""
    """The kits.csv row that is the whole unit."""
    visit_p50_s: Mapping[AreaClass, int] = field(
        default_factory=lambda: {AreaClass.SEAT: DAY_S // 2, AreaClass.REMOTE: DAY_S}
    )
    """From the moment at which all is there to the arrival."""
    visit_p90_s: Mapping[AreaClass, int] = field(
        default_factory=lambda: {AreaClass.SEAT: DAY_S, AreaClass.REMOTE: 2 * DAY_S}
    )
    near_depot_p50_s: int = 7 * DAY_S
    """Depot in the province of the job: freight both ways and the work."""
    near_depot_p90_s: int = 8 * DAY_S
    far_depot_p50_s: int = 10 * DAY_S
    far_depot_p90_s: int = 15 * DAY_S
    depot_fen_per_minute: int = 60
    depot_customer_percent: int = 50
    """Share of the freight, both ways, that the customer pays."""
    exchange_crew: int = 2
    exchange_load: int = 1
    exchange_service_s: int = 0
    unit_percent: int = 40
    """Share of a unit's price that an exchange costs; the rest is what the old unit is still worth."""
    remote_p50_s: int = 30 * 60
    remote_p90_s: int = 4 * 3_600
    remote_s: int = 15 * 60
    """Somebody's time on the telephone."""
    remote_fen_per_minute: int = 80
    remote_solves_percent: int = 60
    """So many of the calls about such faults solve them; the others are followed by a visit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Unit:
    """A whole appliance as a part."""

    part: Part
    price_fen: int


@dataclass(frozen=True, slots=True, kw_only=True)
class JobFacts:
    """What a day does not say about a job. province: "" where it is unknown, which is near no depot.

    only_there: the work is none that could be done elsewhere: installation, maintenance. exchange_due: a rule, or the
    job itself, says that the unit is exchanged.
    """

    portable: bool = False
    by_phone: bool = False
    only_there: bool = False
    exchange_due: bool = False
    unit: Unit | None = None
    province: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ModeCost:
    """What a way costs the company, in fen, item by item."""

    travel: int = 0
    service: int = 0
    contract: int = 0
    second_visit: int = 0
    parts_freight: int = 0
    unit: int = 0
    unit_freight: int = 0
    return_freight: int = 0
    depot_freight: int = 0
    depot_work: int = 0
    call: int = 0
    visit_after_call: int = 0

    @property
    def total(self) -> int:
        """The sum of all items."""
        return sum(fen for _, fen in self.items())

    def items(self) -> tuple[tuple[str, int], ...]:
        """Return every item's name and fen."""
        return tuple((item.name, getattr(self, item.name)) for item in fields(self))


@dataclass(frozen=True, slots=True, kw_only=True)
class ModeOption:
    """A way to repair a job; one that is not possible says why, and has neither cost nor days.

    customer_fen: what the customer pays beside. done_p50_s, done_p90_s: from now until it works again.
    waiting_fen: the price of waiting until then, no money. outlet_id: who comes. source_id, ship_mode: where the unit
    comes from or goes to, and how. said: what there is to do, or why it is not possible.
    """

    mode: RepairMode
    possible: bool
    said: Sentence
    cost: ModeCost = field(default_factory=ModeCost)
    customer_fen: int = 0
    waiting_fen: int = 0
    done_p50_s: int = 0
    done_p90_s: int = 0
    outlet_id: str = ""
    source_id: str = ""
    ship_mode: ShipMode | None = None

    @property
    def days_p50(self) -> int:
        """Days that one in two is done in; a started day counts."""
        return -(-self.done_p50_s // DAY_S)

    @property
    def days_p90(self) -> int:
        """Days that may be promised: nine in ten are done in them."""
        return -(-self.done_p90_s // DAY_S)

    @property
    def weighed_fen(self) -> int:
        """What ways are compared by: cost, what the customer pays, and the waiting."""
        return self.cost.total + self.customer_fen + self.waiting_fen


@dataclass(frozen=True, slots=True, kw_only=True)
class RepairAdvice:
    """Every way to repair a job, in the order of `RepairMode`, and the best; None where none is possible."""

    job_id: str
    options: tuple[ModeOption, ...]
    recommended: RepairMode | None
    said: Sentence
