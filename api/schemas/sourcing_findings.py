"""What a sourcing run proposes beside its answers, on the wire."""

from typing import Literal

from pydantic import Field

from api.schemas.values import Moment, Money, Shown

__all__ = ["ReturnParcelShown", "ReturnShown", "TransferShown"]

Mode = Literal["standard", "express", "dedicated", "pickup"]


class TransferShown(Shown):
    """Units that should go from one source to another, for the orders that this serves better."""

    from_id: str = Field(description="Who gives them, its reserve kept.", examples=["W-NJ"])
    to_id: str = Field(description="Who gets them.", examples=["W-WH"])
    part_id: str = Field(description="The part.", examples=["P-0012"])
    quantity: int = Field(description="Pieces; what the receiver's own reserve lacks is among them.", examples=[2])
    mode: Mode = Field(description="By what.", examples=["standard"])
    ships_at: Moment = Field(description="The next departure.", examples=["2026-03-02T20:00:00+08:00"])
    ready_p50: Moment = Field(description="Usually there by then.", examples=["2026-03-03T04:00:00+08:00"])
    ready_p90: Moment = Field(description="Counted on from then on.", examples=["2026-03-03T08:00:00+08:00"])
    cost: Money = Field(description="Of the transfer; a lane's fixed price is told with its first part.")
    saves: Money = Field(description="What the orders would cost less, the transfer not counted.")
    gain: Money = Field(description="saves - cost.")
    line_ids: list[str] = Field(description="The order lines that it serves.", examples=[["po_0198f1c2/1"]])
    order_ids: list[str] = Field(description="Their orders.", examples=[["po_0198f1c2"]])
    job_ids: list[str] = Field(description="The jobs that wait for them.", examples=[["job_0198f1c2"]])
    reason: str = Field(description="All of it in a sentence.", examples=["2 of P-0012 from W-NJ to W-WH serve 1 line"])


class ReturnParcelShown(Shown):
    """What goes from an outlet to a warehouse by one departure, in one parcel."""

    to_id: str = Field(description="The warehouse.", examples=["W-NJ"])
    mode: Mode = Field(description="By what.", examples=["standard"])
    leaves_at: Moment = Field(description="When it leaves the outlet.", examples=["2026-03-02T16:00:00+08:00"])
    back_p50: Moment = Field(description="Usually back by then.", examples=["2026-03-03T10:00:00+08:00"])
    back_p90: Moment = Field(description="Back by then but for one in ten.", examples=["2026-03-03T22:00:00+08:00"])
    weight_g: int = Field(description="What all in it weighs, in grams.", examples=[1_200])
    cost: Money = Field(description="Of the whole parcel.")
    return_ids: list[str] = Field(description="All that is in it.", examples=[["R-0001", "R-0002"]])


class ReturnShown(Shown):
    """The way back of a defective part."""

    return_id: str = Field(description="Its id.", examples=["R-0001"])
    outlet_id: str = Field(description="Where it waits.", examples=["Z0018"])
    part_id: str = Field(description="The part.", examples=["P-0012"])
    quantity: int = Field(description="Pieces.", examples=[1])
    parcel: ReturnParcelShown | None = Field(description="In which parcel it goes; null: it stays.")
    reason: str | None = Field(
        description="Why it stays; null for one that goes.", examples=["no lane leads back from C-NJ"]
    )
