"""Reports on the wire."""

import datetime as dt
from typing import Annotated, Generic, Literal, TypeVar

from pydantic import Field

from api.schemas.values import Moment, Shown

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
    service_minutes: Count = Field(description="Minutes of service of them.", examples=[540])
    target: Count = Field(description="Visits owed in the rolling window.", examples=[20])
    so_far: Count = Field(description="Of them given before these dates.", examples=[7])
    owed: Count = Field(description="Still owed.", examples=[1])
    starved: bool = Field(
        description="A contract outlet that got less than half of what it was owed.", examples=[False]
    )


class ChurnRow(Shown):
    """What publishing a plan changed for customers who had been promised something."""

    plan_id: str | None = Field(description="The plan; null: a person.", examples=["plan_0195"])
    centre_id: str = Field(description="The centre.", examples=["C-NJ"])
    changed: Count = Field(description="Promised visits that changed.", examples=[4])
    technician: Count = Field(description="Somebody else comes.", examples=[2])
    moved: Count = Field(description="The same person, moved by more than 15 minutes.", examples=[1])
    left_out: Count = Field(description="Nobody comes any more.", examples=[1])
    told: Count = Field(description="Customers who had been told.", examples=[1])
    churn_fen: Count = Field(description="Their price by the tariff, fen (CNY).", examples=[12_500])


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
    service_s: Count = Field(description="Planned seconds of service.", examples=[2_700])
    call_out_fen: Count = Field(description="Call-out, fen (CNY).", examples=[3_000])
    distance_fen: Count = Field(description="Distance band, fen (CNY).", examples=[1_000])
    service_fen: Count = Field(description="Minutes of service, fen (CNY).", examples=[3_600])
    total_fen: Count = Field(description="To be paid, fen (CNY).", examples=[7_600])
    currency: Literal["CNY"] = Field(default="CNY", description="Always CNY.", examples=["CNY"])
    plan_id: str | None = Field(description="The plan that sent them.", examples=["plan_0195"])
    travel: str = Field(description="Where the distance is from.", examples=["estimate: proxy road graph"])
