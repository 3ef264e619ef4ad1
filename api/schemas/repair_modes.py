"""Schemas of the ways to repair a job."""

from typing import Annotated

from pydantic import Field

from api.schemas.values import Moment, Money, Shown
from optimizer.model import ShipMode
from optimizer.repair_mode import RepairMode

__all__ = ["RepairModeShown", "RepairModesShown"]


class RepairModeShown(Shown):
    """One way to repair a job; one that is not possible has neither cost nor days."""

    mode: Annotated[RepairMode, Field(description="The way.", examples=["depot"])]
    possible: Annotated[bool, Field(description="Whether it can be gone.", examples=[True])]
    said: Annotated[str, Field(description="What there is to do, or why it is not possible.", examples=["a call"])]
    cost: Annotated[Money | None, Field(description="What it costs the company.")]
    items: Annotated[
        dict[str, Money],
        Field(description="The cost by item, zeros left out.", examples=[{"depot_freight": {"fen": 1_200}}]),
    ]
    customer_pays: Annotated[Money | None, Field(description="What the customer pays beside: a share of the freight.")]
    waiting: Annotated[Money | None, Field(description="The price that ways are compared by, of waiting until then.")]
    promised_days: Annotated[
        int | None, Field(description="Days that may be promised: nine in ten are done in them.", examples=[8])
    ]
    usual_days: Annotated[int | None, Field(description="Days that one in two is done in.", examples=[7])]
    done_by: Annotated[Moment | None, Field(description="When nine in ten are done.")]
    outlet_id: Annotated[str | None, Field(description="Who comes.", examples=["Z0018"])]
    source_id: Annotated[str | None, Field(description="The unit's warehouse, or the depot.", examples=["W01"])]
    ship_mode: Annotated[ShipMode | None, Field(description="How the unit travels.", examples=["standard"])]


class RepairModesShown(Shown):
    """Every way to repair a job, and the best."""

    job_id: Annotated[str, Field(description="The job.", examples=["job_01953f3b"])]
    as_of: Annotated[Moment, Field(description="The moment that days are counted from.")]
    recommended: Annotated[
        RepairMode | None, Field(description="The best way; null: none is possible.", examples=["on_site"])
    ]
    said: Annotated[
        str, Field(description="The best way, and why it is none of the others.", examples=["Best on site: …"])
    ]
    options: Annotated[list[RepairModeShown], Field(description="All four ways.")]
