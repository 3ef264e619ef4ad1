"""Disruptions on the wire."""

import datetime as dt
from typing import Any, Literal, Self

from pydantic import ConfigDict, Field, model_validator

from api.disrupted_days import DisruptionKind
from api.schemas.plans import Limits, PlanShown, ValidDay
from api.schemas.values import Moment, Sent, Shown
from api.schemas.written import Identifier, Iso8601
from api.tables.dispatch import Disruption
from datasets.times import duration_of
from optimizer.model import TravelMode

__all__ = [
    "Absence",
    "DisruptionMade",
    "DisruptionReport",
    "DisruptionSaid",
    "DisruptionShown",
    "NoShow",
    "OutletOffline",
    "Overrun",
    "PartLate",
    "UrgentJob",
    "ValidDisruption",
    "VehicleDown",
]


LONGEST_OVERRUN_S = 86_400


class Overrun(Sent):
    """The visit that a technician is at takes longer."""

    technician_id: Identifier = Field(description="The technician.", examples=["T00204"])
    longer_by: Iso8601 = Field(description="How much longer than planned, PT1S to PT24H.", examples=["PT40M"])

    @model_validator(mode="after")
    def _some_time(self) -> Self:
        if not 1 <= duration_of(self.longer_by).seconds <= LONGEST_OVERRUN_S:
            raise ValueError("longer by PT1S to PT24H")
        return self


class NoShow(Sent):
    """The customer was not there; the visit has come to nothing, and the job needs another one."""

    job_id: Identifier = Field(description="The job.", examples=["job_0198"])
    not_before: Moment | None = Field(default=None, description="When to come again at the earliest; null: any time.")


class Absence(Sent):
    """A technician who cannot work, for illness or because they did not turn up."""

    technician_id: Identifier = Field(description="The technician.", examples=["T00396"])
    from_: Moment | None = Field(default=None, alias="from", description="From when on; null: from `now`.")
    to: Moment | None = Field(default=None, description="Until when; null: the end of the date of `now`.")


class VehicleDown(Absence):
    """A technician without their vehicle."""

    travel_mode: TravelMode | None = Field(
        default=None,
        strict=False,
        description="How they travel instead; null: they do not work until `to`.",
        examples=["transit"],
    )


class UrgentJob(Sent):
    """A job that must be served at once; parts travel express."""

    job_id: Identifier = Field(description="The job: entered, waiting or planned.", examples=["job_0198"])
    before: Moment | None = Field(
        default=None, description="By when service must have begun; null: the end of the date of `now`."
    )


class PartLate(Sent):
    """A part that arrives later than planned."""

    job_id: Identifier = Field(description="The job that waits for it.", examples=["job_0198"])
    ready_at: Moment = Field(description="When the part is there: nobody comes before.")


class OutletOffline(Sent):
    """An outlet whose internet is down; people there work on, and are told by phone."""

    outlet_id: Identifier = Field(description="The outlet.", examples=["Z0018"])
    from_: Moment | None = Field(default=None, alias="from", description="From when on; null: from `now`.")
    to: Moment | None = Field(default=None, description="Until when; null: the end of the date of `now`.")


KINDS = tuple(DisruptionKind)


class DisruptionReport(Sent):
    """What has gone otherwise than planned: exactly one of the kinds."""

    overrun: Overrun | None = Field(default=None, description="A visit takes longer.")
    no_show: NoShow | None = Field(default=None, description="The customer was not there.")
    ill: Absence | None = Field(default=None, description="A technician cannot work.")
    vehicle_down: VehicleDown | None = Field(default=None, description="A technician has no vehicle.")
    urgent_job: UrgentJob | None = Field(default=None, description="A job must be served at once.")
    part_late: PartLate | None = Field(default=None, description="A part arrives later.")
    outlet_offline: OutletOffline | None = Field(default=None, description="An outlet has no internet.")
    now: Moment | None = Field(
        default=None,
        description="The moment to plan from, at most 5 minutes ahead of this service's clock; left out: the present.",
    )
    limits: Limits = Field(default_factory=Limits, description="How long is searched; neither: PT15S.")
    publish: Literal["manual", "auto"] = Field(
        default="manual",
        description="Who publishes the plan: a person, or nobody waits for one (needs plans:publish).",
        examples=["manual"],
    )
    validate_only: bool = Field(
        default=False, description="Only read and judge the report and its day; nothing is changed.", examples=[False]
    )

    @model_validator(mode="after")
    def _one_kind(self) -> Self:
        if sum(getattr(self, kind) is not None for kind in KINDS) != 1:
            raise ValueError(f"exactly one of {', '.join(KINDS)}")
        said = getattr(self, self.kind)
        first, last = getattr(said, "from_", None), getattr(said, "to", None)
        if first is not None and last is not None and first >= last:
            raise ValueError("`from` before `to`")
        return self

    @property
    def kind(self) -> DisruptionKind:
        """Return which kind it is."""
        return next(kind for kind in KINDS if getattr(self, kind) is not None)

    def said(self) -> dict[str, Any]:
        """Return what the kind says, moments in RFC 3339."""
        content: dict[str, Any] = getattr(self, self.kind).model_dump(mode="json", by_alias=True, exclude_none=True)
        return content

    def first(self) -> dt.datetime | None:
        """Return from when on it lasts, None for `now`."""
        return getattr(getattr(self, self.kind), "from_", None)

    def last(self) -> dt.datetime | None:
        """Return until when it lasts, None for what its kind takes."""
        said = getattr(self, self.kind)
        names = ("to", "before", "ready_at", "not_before")
        return next((getattr(said, name) for name in names if getattr(said, name, None) is not None), None)


class DisruptionSaid(Shown):
    """What a report said, as far as its kind says it."""

    model_config = ConfigDict(populate_by_name=True)

    technician_id: str | None = Field(default=None, description="The technician.", examples=["T00396"])
    outlet_id: str | None = Field(default=None, description="The outlet.", examples=["Z0018"])
    job_id: str | None = Field(
        default=None, description="The job; of an overrun the one that was found.", examples=["job_0198"]
    )
    longer_by: str | None = Field(default=None, description="How much longer a visit takes.", examples=["PT40M"])
    travel_mode: TravelMode | None = Field(default=None, description="How they travel instead.", examples=["transit"])
    from_: Moment | None = Field(default=None, alias="from", description="From when on.")
    to: Moment | None = Field(default=None, description="Until when.")
    not_before: Moment | None = Field(default=None, description="When to come again at the earliest.")
    before: Moment | None = Field(default=None, description="By when service must have begun.")
    ready_at: Moment | None = Field(default=None, description="When the part is there.")


class DisruptionShown(Shown):
    """A disruption."""

    id: str = Field(description="Its id.", examples=["disruption_0198"])
    version: int = Field(description="Its ETag.", examples=[1])
    kind: DisruptionKind = Field(description="What it is.", examples=["ill"])
    centre_id: str = Field(description="The centre that is planned again.", examples=["C01"])
    said: DisruptionSaid = Field(description="What was reported.")
    now: Moment = Field(description="The moment that it is planned from.")
    from_at: Moment = Field(description="From when on it lasts.")
    to_at: Moment = Field(description="Until when: days planned before then know of it.")
    thawed: list[str] = Field(description="Outlets whose freeze it lifts.", examples=[["Z0018"]])
    publish: str = Field(description="Who publishes the plan.", examples=["manual"])
    plan_id: str | None = Field(description="The plan that answers it.", examples=["plan_0198"])
    actor: str = Field(description="Who reported it.", examples=["dispatcher-7"])
    created_at: Moment = Field(description="When it was reported.")
    ended_at: Moment | None = Field(description="When it was taken back; null: it was not.")

    @classmethod
    def of(cls, row: Disruption) -> Self:
        """Return what is shown of a row."""
        columns = {name: getattr(row, name) for name in cls.model_fields if name != "said"}
        return cls(**columns, said=DisruptionSaid(**row.said))


class DisruptionMade(Shown):
    """A disruption and the plan that answers it."""

    disruption: DisruptionShown = Field(description="The disruption.")
    plan: PlanShown = Field(
        description="The plan: once made, `outcome.changes` says what changed, who must be called again, what the "
        "changes are priced at and what stability costs; its `/diff` has the rows."
    )


class ValidDisruption(Shown):
    """A report that could be planned."""

    disruption: DisruptionShown = Field(description="The disruption as it would be.")
    day: ValidDay = Field(description="The day as it would be planned.")
