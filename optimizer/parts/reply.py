"""What a reply to an order line says: what was decided, what else could be, why not the nearest, what would help."""

from dataclasses import dataclass
from enum import StrEnum

from optimizer.explanation import Sentence
from optimizer.model import ShipMode
from optimizer.parts.model import Answer, Dispatch

__all__ = [
    "Alternative",
    "Help",
    "HelpKind",
    "LineReply",
    "Nearest",
    "Proposal",
    "Risk",
    "RiskKind",
    "WhyNot",
]


class WhyNot(StrEnum):
    """Why the nearest source does not send a line."""

    PINNED = "pinned"
    OFFLINE = "offline"
    NO_STOCK = "no_stock"
    FLOOR = "floor"
    """What it has is its reserve, which is not for this order."""
    PROMISED = "promised"
    QUOTA = "quota"
    """What it has is promised to others, and the line is over its quota."""
    NO_LANE = "no_lane"
    TOO_BULKY = "too_bulky"
    LANE_CLOSED = "lane_closed"
    NEEDS_EXPRESS = "needs_express"
    """A customer waits and it has no fast lane."""
    ONLY_DEDICATED = "only_dedicated"
    CUT_OFF = "cut_off"
    DOCK_FULL = "dock_full"
    SPLIT = "split"
    """The order would come from too many sources."""
    KIT = "kit"
    """It could, but the kit is not complete without another line."""
    DEARER = "dearer"
    CHEAPER = "cheaper"
    """It would be cheaper: whoever decided did not look at it, or had no time to."""


class HelpKind(StrEnum):
    """What would help a line that is not sent."""

    INBOUND = "inbound"
    TRANSFER = "transfer"
    APPROVAL = "approval"
    RESERVE = "reserve"
    SUBSTITUTE = "substitute"
    UNPIN = "unpin"
    SPLIT = "split"
    REOPEN = "reopen"
    KIT = "kit"
    """Another line of the kit has to be had first."""
    SOONER = "sooner"
    """Another way, open and dearer, by which a late line is in time."""
    OWN_VEHICLE = "own_vehicle"
    """A vehicle of its own, in time, for what other lanes carry: no rule sends it so, somebody has to order it."""
    VISIT = "visit"
    """A visit agreed for the promised time or later."""


class RiskKind(StrEnum):
    """Why a line may stop its job."""

    NOT_SENT = "not_sent"
    LATE = "late"
    """Even the p50 is too late."""
    SPREAD = "spread"
    """The p50 is in time, the p90 is not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Alternative:
    """Another way for units of a line, open with what everybody else leaves.

    instead_of: the dispatch that it would replace, None for units not sent. difference_fen: cost of all answers with
    this one change less their cost as they are. later_s: p90 less p90, None for units not sent. over_sources: it is not
    open, it would make one source more than the order may have; told where nothing else is to be had.
    """

    dispatch: Dispatch
    instead_of: Dispatch | None
    difference_fen: int
    later_s: int | None
    said: Sentence
    over_sources: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Nearest:
    """The nearest source and why it does not send the line, None where it does.

    amount: fen for `dearer`, `cheaper`; seconds for `cut_off`; units there for `no_stock`, `floor`, `promised`.
    """

    source_id: str
    why_not: WhyNot | None
    amount: int
    said: Sentence


@dataclass(frozen=True, slots=True, kw_only=True)
class Help:
    """One thing that would help; at_s: when the line would be there, None where it depends on people."""

    kind: HelpKind
    said: Sentence
    source_id: str = ""
    part_id: str = ""
    quantity: int = 0
    at_s: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Risk:
    """Why a line may come too late; late_s: by how much its p90 does, None for one without a time."""

    kind: RiskKind
    late_s: int | None
    said: Sentence


@dataclass(frozen=True, slots=True, kw_only=True)
class LineReply:
    """Everything about one line. dispatches: the sources, modes and departures; freight_fen: of all of them.

    below_floor: units taken from a reserve. job_id: the job that waits for it. nearest: None without a warehouse.
    """

    line_id: str
    order_id: str
    job_id: str | None
    answer: Answer
    said: Sentence
    eta_p50_s: int | None
    eta_p90_s: int | None
    dispatches: tuple[Dispatch, ...]
    freight_fen: int
    below_floor: int
    alternatives: tuple[Alternative, ...]
    nearest: Nearest | None
    helps: tuple[Help, ...] = ()
    risk: Risk | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """Units moved from one source to another by a transfer lane, for the orders that this serves better.

    saves_fen: what those orders cost less, the transfer not counted; gain_fen: with it counted.
    """

    from_id: str
    to_id: str
    part_id: str
    quantity: int
    mode: ShipMode
    ships_s: int
    ready_p50_s: int
    ready_p90_s: int
    cost_fen: int
    saves_fen: int
    gain_fen: int
    line_ids: tuple[str, ...]
    order_ids: tuple[str, ...]
    job_ids: tuple[str, ...]
    said: Sentence
