"""Parts on the wire: counts of stock, reservations, what is free where, quotas."""

from typing import Annotated, Literal

from pydantic import Field

from api.schemas.values import Duration, Moment, Money, Sent, Shown
from api.schemas.written import Identifier
from datasets.columns import MAX_COUNT, MAX_FEN

__all__ = [
    "Arriving",
    "AvailabilityShown",
    "FreeAt",
    "QuotaIn",
    "QuotaShown",
    "ReservationShown",
    "ReservationWish",
    "SnapshotIn",
    "SnapshotShown",
]

Units = Annotated[int, Field(ge=0, le=MAX_FEN)]
SourceId = Annotated[Identifier, Field(description="A warehouse, or an outlet with stock.", examples=["W-NJ"])]
PartId = Annotated[Identifier, Field(description="A part.", examples=["P-0012"])]
Mode = Literal["standard", "express", "dedicated", "pickup"]


class Arriving(Sent):
    """Units on their way to a source."""

    quantity: Annotated[int, Field(ge=1, le=MAX_FEN, description="Pieces.", examples=[20])]
    ready_at: Annotated[Moment, Field(description="On the shelf from then.", examples=["2026-03-03T09:00:00+08:00"])]


class SnapshotIn(Sent):
    """What was found of a part at a source, and when. What had left by then is not in it."""

    source_id: SourceId
    part_id: PartId
    on_hand: Annotated[Units, Field(description="Pieces on the shelf.", examples=[12])]
    reserved: Annotated[Units, Field(description="Of them promised by others than this service.", examples=[0])] = 0
    floor: Annotated[Units | None, Field(description="Pieces kept in reserve; null: as before.", examples=[2])] = None
    inbound: Annotated[list[Arriving] | None, Field(max_length=100)] = Field(
        default=None, description="Pieces on their way; null: as before, but for what was due by now."
    )
    as_of: Annotated[
        Moment, Field(description="When it was counted; not later than now.", examples=["2026-03-02T06:00:00+08:00"])
    ]


class SnapshotShown(Shown):
    """How a shelf stands: the newest count, and what is left of it."""

    source_id: str = Field(description="The source.", examples=["W-NJ"])
    part_id: str = Field(description="The part.", examples=["P-0012"])
    as_of: Moment = Field(description="When it was last counted.", examples=["2026-03-02T06:00:00+08:00"])
    on_hand: int = Field(description="Pieces found then.", examples=[12])
    reserved: int = Field(description="Of them promised by others.", examples=[0])
    floor: int = Field(description="Pieces kept in reserve.", examples=[2])
    held: int = Field(description="Pieces reserved for a time.", examples=[1])
    promised: int = Field(
        description="Pieces promised to orders and jobs that had not left by the count.", examples=[4]
    )
    free: int = Field(description="Pieces that may still be promised, the reserve included.", examples=[7])
    short: int = Field(description="Pieces promised beyond what the count found.", examples=[0])
    inbound: list[Arriving] = Field(description="Pieces on their way and not promised.")


class ReservationWish(Sent):
    """Units to be kept for a time."""

    source_id: SourceId
    part_id: PartId
    quantity: Annotated[int, Field(ge=1, le=MAX_COUNT, description="Pieces.", examples=[2])]
    centre_id: Annotated[Identifier, Field(description="The centre that they are for.", examples=["C-NJ"])]
    valid_for: Annotated[Duration, Field(description="From now; 1 minute to 7 days.", examples=["PT30M"])]
    purpose: Annotated[str, Field(max_length=200, description="For people.", examples=["SR-1"])] = ""


class ReservationShown(Shown):
    """Units that are kept until a moment."""

    id: str = Field(description="Its id.", examples=["resv_0198f1c2"])
    version: int = Field(description="Counts its changes; the ETag.", examples=[1])
    state: Literal["held", "expired", "released", "used"] = Field(description="Where it stands.", examples=["held"])
    source_id: str = Field(description="The source.", examples=["W-NJ"])
    part_id: str = Field(description="The part.", examples=["P-0012"])
    quantity: int = Field(description="Pieces.", examples=[2])
    centre_id: str = Field(description="The centre that they are for.", examples=["C-NJ"])
    order_id: str | None = Field(description="The quoted order; null: none.", examples=["po_0198f1c2"])
    purpose: str = Field(description="For people.", examples=["SR-1"])
    created_at: Moment = Field(description="Since when.", examples=["2026-03-02T09:00:00+08:00"])
    expires_at: Moment = Field(description="Free again from then.", examples=["2026-03-02T09:30:00+08:00"])


class FreeAt(Shown):
    """A way for so many units: the first departure by which they could come."""

    source_id: str = Field(description="The source.", examples=["W-NJ"])
    mode: Mode = Field(description="How; pickup at once for an outlet's own stock.", examples=["express"])
    free: int = Field(description="Pieces that could leave by it, the reserve kept.", examples=[7])
    ships_at: Moment = Field(description="It leaves.", examples=["2026-03-02T17:00:00+08:00"])
    eta_p50: Moment = Field(description="Half arrive by then.", examples=["2026-03-03T09:00:00+08:00"])
    eta_p90: Moment = Field(description="Nine of ten arrive by then; promised.", examples=["2026-03-03T15:00:00+08:00"])
    cost: Money = Field(description="Freight of all of them.")


class AvailabilityShown(Shown):
    """Where so many units of a part could come from, the soonest first."""

    part_id: str = Field(description="The part.", examples=["P-0012"])
    centre_id: str = Field(description="Where they are wanted.", examples=["C-NJ"])
    outlet_id: str | None = Field(description="The outlet; null: anywhere there.", examples=["Z0018"])
    quantity: int = Field(description="Pieces.", examples=[1])
    as_of: Moment = Field(description="The moment it was worked out.", examples=["2026-03-02T09:00:00+08:00"])
    items: list[FreeAt] = Field(description="Ways, the soonest first; none where no source has so many.")
    fetched_nearby: list[str] = Field(
        description="Asked for a centre: sources from which outlets within the reach of a pickup lane, and no others, "
        "may fetch so many. These ways are none of the items; ask with an outlet_id to see them.",
        examples=[["W-NJ"]],
    )


class QuotaIn(Sent):
    """How many of a part an outlet may order without approval."""

    quota: Annotated[Units, Field(description="Pieces in this period.", examples=[10])]
    used: Annotated[Units, Field(description="Of them before `counted_from`.", examples=[3])] = 0
    counted_from: Annotated[
        Moment | None, Field(description="Orders from then on are counted; null: from now.", examples=[None])
    ] = None


class QuotaShown(Shown):
    """A quota, and what is left of it."""

    id: str = Field(description="Outlet and part.", examples=["Z0018;P-0012"])
    version: int = Field(description="Counts its changes; the ETag.", examples=[1])
    outlet_id: str = Field(description="The outlet.", examples=["Z0018"])
    part_id: str = Field(description="The part.", examples=["P-0012"])
    quota: int = Field(description="Pieces in this period.", examples=[10])
    used: int = Field(description="Of them before `counted_from`.", examples=[3])
    ordered: int = Field(description="Pieces ordered since.", examples=[2])
    left: int = Field(description="Pieces that need no approval yet.", examples=[5])
    counted_from: Moment = Field(description="Orders from then on are counted.", examples=["2026-03-01T00:00:00+08:00"])
    updated_at: Moment = Field(description="Last changed.", examples=["2026-03-01T00:00:00+08:00"])
