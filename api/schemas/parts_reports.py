"""Reports about parts on the wire."""

import datetime as dt
from collections.abc import Mapping
from typing import Annotated, Any, Self

from pydantic import Field

from api.schemas.values import Duration, Shown

__all__ = ["FillRateRow", "PartsResponseRow"]

Count = Annotated[int, Field(ge=0)]


class PartsResponseRow(Shown):
    """How a centre's order lines were answered, of orders of these dates that were not cancelled."""

    centre_id: str = Field(description="The centre.", examples=["C-NJ"])
    lines: Count = Field(description="Lines ordered.", examples=[120])
    in_time: Count = Field(description="First answered by their time.", examples=[118])
    late: Count = Field(description="First answered later.", examples=[1])
    missed: Count = Field(description="Due and not answered.", examples=[0])
    open: Count = Field(description="Not due and not answered.", examples=[1])
    confirmed: Count = Field(description="First answer: confirmed.", examples=[110])
    substituted: Count = Field(description="First answer: another part.", examples=[2])
    needs_approval: Count = Field(description="First answer: over quota.", examples=[3])
    backordered: Count = Field(description="First answer: later, with a time.", examples=[3])
    declined: Count = Field(description="First answer: no, with a reason.", examples=[1])
    percent: float | None = Field(description="In time, of those answered or due; null of none.", examples=[99.2])
    mean_to_answer: Duration | None = Field(description="From order to first answer; null: none.", examples=["PT2M"])

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> Self:
        """Return what is shown of a row."""
        minutes = row["mean_minutes"]
        said = {name: value for name, value in row.items() if name != "mean_minutes"}
        return cls(**said, mean_to_answer=None if minutes is None else dt.timedelta(minutes=minutes))


class FillRateRow(Shown):
    """How much of a part that a centre ordered is promised or sent."""

    centre_id: str = Field(description="The centre.", examples=["C-NJ"])
    part_id: str = Field(description="The part that was asked for.", examples=["P-0012"])
    lines: Count = Field(description="Lines ordered.", examples=[12])
    filled: Count = Field(description="Lines of which every unit is promised.", examples=[11])
    at_once: Count = Field(description="Lines whose first answer sends all of it.", examples=[10])
    backordered: Count = Field(description="Lines that wait.", examples=[1])
    declined: Count = Field(description="Lines that get nothing.", examples=[0])
    units: Count = Field(description="Pieces ordered.", examples=[20])
    sent_units: Count = Field(description="Pieces promised or sent.", examples=[19])
    percent: float | None = Field(description="Of the pieces; null of none.", examples=[95.0])

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> Self:
        """Return what is shown of a row."""
        return cls(**row)
