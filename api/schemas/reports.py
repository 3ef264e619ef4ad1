"""Reports on the wire."""

import datetime as dt
from collections.abc import Mapping
from typing import Annotated, Any, Generic, Literal, Self, TypeVar

from pydantic import Field

from api.schemas.values import Moment, Money, Shown
from api.schemas.written import duration_text

__all__ = ["ChurnRow", "ParityRow", "PolicyReading", "Report", "SettlementLine", "SlaReportRow", "WorkloadRow"]

Row = TypeVar("Row")
Count = Annotated[int, Field(ge=0)]
Percent = Annotated[float | None, Field(description="Kept of kept, late and missed; null of none.", examples=[96.5])]


class PolicyReading(Shown):
    """A promise, and how it is read."""

    policy: str = Field(description="The policy row.", examples=["seat"])
    clock: str = Field(description="What is promised.", examples=["arrival"])
    reading: str = Field(description="How its words are read.", examples=["PT24H: 24 h from the report, day and night"])


class Report(Shown, Generic[Row]):
    """A report over some dates, both included."""

    report: str = Field(description="Which one.", examples=["sla"])
    first: dt.date = Field(description="First date.", examples=["2026-03-01"])
    last: dt.date = Field(description="Last date, included.", examples=["2026-03-31"])
    centre_id: str | None = Field(description="Of this centre; null: of all that the key sees.", examples=[None])
    as_of: Moment = Field(description="The moment it was made.", examples=["2026-03-31T18:00:00+08:00"])
    readings: list[PolicyReading] = Field(description="Which reading of each promise applies.")
    rows: list[Row] = Field(description="Its rows.", examples=[[]])


class _Outcomes(Shown):
    """How promises came out."""

    kept: Count = Field(description="In time.", examples=[96])
    late: Count = Field(description="Too late, or planned too late.", examples=[3])
    missed: Count = Field(description="Due, and nobody came or is planned.", examples=[1])
    open: Count = Field(description="Not due yet, nobody planned.", examples=[4])
    percent: Percent = None
    by_actuals: Count = Field(description="Of kept and late: from what was reported.", examples=[80])
    by_plan: Count = Field(description="Of kept and late: from the published visit.", examples=[19])

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> Self:
        """Return what is shown of a row."""
        return cls(**row)


class SlaReportRow(_Outcomes):
    """One promise row of the policy, over the jobs reported on these dates; appointments have a row of their own."""

    policy: str = Field(description="The policy row, or `appointment`.", examples=["seat"])
    clock: str = Field(description="What is promised.", examples=["arrival"])


class ParityRow(_Outcomes):
    """Arrivals of one class of places, by who comes."""

    area_class: Literal["seat", "remote"] = Field(description="Class of the place.", examples=["remote"])
    ownership: Literal["own", "contract", "nobody"] = Field(description="Who came, or comes.", examples=["contract"])


class WorkloadRow(Shown):
    """What an outlet was given."""

    outlet_id: str = Field(description="The outlet.", examples=["Z0018"])
    name: str = Field(description="Its name.", examples=["新津特约"])
    centre_id: str = Field(description="Its centre.", examples=["C-NJ"])
    ownership: Literal["own", "contract"] = Field(description="Whose it is.", examples=["contract"])
    visits: Count = Field(description="Visits on these dates.", examples=[12])
    service: str = Field(description="Time of service of them, ISO 8601.", examples=["PT9H"])
    target: Count = Field(description="Visits owed in the rolling window.", examples=[20])
    so_far: Count = Field(description="Of them given before these dates.", examples=[7])
    owed: Count = Field(description="Still owed.", examples=[1])
    starved: bool = Field(
        description="A contract outlet that got less than half of what it was owed.", examples=[False]
    )

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> Self:
        """Return what is shown of a row."""
        said = _same(cls, row)
        return cls(**said, service=duration_text(60 * row["service_minutes"]))


class ChurnRow(Shown):
    """What publishing a plan changed for customers who had been promised something."""

    plan_id: str | None = Field(description="The plan; null: a person.", examples=["plan_0195"])
    centre_id: str = Field(description="The centre.", examples=["C-NJ"])
    changed: Count = Field(description="Promised visits that changed.", examples=[4])
    technician: Count = Field(description="Somebody else comes.", examples=[2])
    moved: Count = Field(description="The same person, moved by more than 15 minutes.", examples=[1])
    left_out: Count = Field(description="Nobody comes any more.", examples=[1])
    told: Count = Field(description="Customers who had been told.", examples=[1])
    churn: Money = Field(description="Their price by the tariff.")

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> Self:
        """Return what is shown of a row."""
        return cls(**_same(cls, row), churn=Money(fen=row["churn_fen"]))


class SettlementLine(Shown):
    """What a contract outlet is paid for one finished job: the figures that the plan was made with."""

    job_id: str = Field(description="The job.", examples=["job_01953f3b"])
    source: str = Field(description="Who reported it.", examples=["crm"])
    external_id: str = Field(description="Its id there.", examples=["SR-1"])
    outlet_id: str = Field(description="Who is paid.", examples=["Z0018"])
    outlet_name: str = Field(description="Its name.", examples=["新津特约"])
    technician_id: str = Field(description="Who came.", examples=["T00012"])
    centre_id: str = Field(description="The centre.", examples=["C-NJ"])
    done_at: Moment = Field(description="When it was done.", examples=["2026-03-02T11:00:00+08:00"])
    product: str = Field(description="Product family.", examples=["refrigerator"])
    tariff_id: str = Field(description="The contract tariff.", examples=["county"])
    distance_m: Count = Field(description="Road metres from the outlet to the job.", examples=[8_200])
    service_duration: str = Field(description="Planned time of service, ISO 8601.", examples=["PT45M"])
    call_out: Money = Field(description="Call-out.")
    distance: Money = Field(description="Distance band.")
    service: Money = Field(description="Time of service.")
    total: Money = Field(description="To be paid.")
    plan_id: str | None = Field(description="The plan that sent them.", examples=["plan_0195"])
    travel: str = Field(description="Where the distance is from.", examples=["estimate: proxy road graph"])

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> Self:
        """Return what is shown of a row."""
        prices: dict[str, Any] = {
            name: Money(fen=row[f"{name}_fen"]) for name in ("call_out", "distance", "service", "total")
        }
        return cls(**_same(cls, row), **prices, service_duration=duration_text(row["service_s"]))


def _same(schema: type[Shown], row: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a row has as it is shown."""
    return {name: row[name] for name in schema.model_fields if name in row}
