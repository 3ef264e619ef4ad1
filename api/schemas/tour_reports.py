"""Rows of the reports about tours."""

import datetime as dt
from collections.abc import Mapping
from typing import Any, Self

from pydantic import Field

from api.schemas.values import Money, Shown
from api.schemas.written import duration_text

__all__ = ["TourReportRow", "UnvisitedRow"]

AMOUNTS = ("road", "road_per_job", "outlet_per_job")


class TourReportRow(Shown):
    """A published tour: planned against actual, and what a job costs on it against an outlet."""

    tour_plan_id: str = Field(description="The plan that it is of.", examples=["tour_0198"])
    tour_id: str = Field(description="Crew and first date.", examples=["G1@2026-03-02"])
    centre_id: str = Field(description="The crew's centre.", examples=["C01"])
    crew_id: str = Field(description="The crew.", examples=["G1"])
    first: dt.date = Field(description="First date with a visit.", examples=["2026-03-02"])
    last: dt.date = Field(description="Last date with a visit.", examples=["2026-03-04"])
    days: int = Field(description="Days on the road, as planned.", examples=[3])
    nights: int = Field(description="Nights away, as planned.", examples=[2])
    visits: int = Field(description="Visits planned.", examples=[14])
    done: int = Field(description="Of them done.", examples=[12])
    no_part: int = Field(description="A part was missing.", examples=[1])
    nobody_home: int = Field(description="Nobody was there.", examples=[0])
    not_reached: int = Field(description="The crew did not come.", examples=[0])
    other: int = Field(description="Something else.", examples=[0])
    replanned: int = Field(description="Another plan took them over.", examples=[0])
    unsaid: int = Field(
        description="Nobody has said yet, those whose job left the tour after they had begun too.", examples=[1]
    )
    late: str | None = Field(
        description="Later than planned, on average, ISO 8601; null: none begun.", examples=["PT7M"]
    )
    road: Money | None = Field(description="Paid for being on the road, as planned.")
    road_per_job: Money | None = Field(description="The same per visit planned.")
    priced_jobs: int = Field(description="Visits planned that an outlet could do.", examples=[9])
    outlet_per_job: Money | None = Field(description="What an outlet would be paid for each of those; null: none.")

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> Self:
        """Return what is shown of a row."""
        said = {name: value for name, value in row.items() if name in cls.model_fields}
        late = row["late_minutes"]
        said["late"] = None if late is None else duration_text(round(late * 60))
        said |= {name: None if (fen := row[f"{name}_fen"]) is None else Money(fen=fen) for name in AMOUNTS}
        return cls(**said)


class UnvisitedRow(Shown):
    """A village that no tour has visited for long."""

    village_id: str = Field(description="The village.", examples=["V1"])
    name: str = Field(description="Its name.", examples=["日雨镇"])
    households: int = Field(description="Households.", examples=[120])
    last_visit: dt.date | None = Field(description="Last visited; null: never.", examples=["2025-06-01"])
    days: int | None = Field(description="Days since then on the last date of the period; null: never.", examples=[274])
    announced: str | None = Field(
        description="The date that it was told; several are joined by `;`.", examples=["2026-03-09"]
    )

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> Self:
        """Return what is shown of a row."""
        return cls(**row)
