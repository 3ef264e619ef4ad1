"""Jobs on the wire: what a caller says of one, and what the service answers."""

from typing import Annotated, Any, Literal, Self

from pydantic import Field, JsonValue, model_validator

from api.job_states import JobState, TmfState
from api.schemas.values import Moment, Money, Position, Sent, Shown
from api.schemas.written import Identifier, Iso8601, LocalDate, Place, Span, Word, WrittenMoment
from datasets.columns import MAX_COUNT, MAX_FEN
from optimizer.model import Lock

__all__ = [
    "Amount",
    "Cancellation",
    "Clock",
    "ClockPause",
    "Consent",
    "Escalation",
    "HistoryEntry",
    "Job",
    "JobChange",
    "JobCreate",
    "JobIn",
    "JobLine",
    "JobSla",
    "JobTimeline",
    "JobUpsert",
    "LineFault",
    "LineResult",
    "PartQuantity",
    "PublishedVisit",
]

Text = Annotated[str, Field(max_length=2_000)]
Channel = Literal["hotline", "web", "app", "wechat", "shop"]
JobType = Literal["repair", "door_replacement", "installation", "maintenance", "unit_exchange"]
CustomerClass = Literal["ordinary", "priority", "vulnerable"]
ConsentState = Literal["given", "not_needed", "pending"]
ClockName = Literal["arrival", "resolution", "response", "phone", "parts_response"]
ExternalId = Annotated[str, Field(min_length=1, max_length=128, pattern=r"^[^\x00-\x1f\x7f/]+$")]
Reason = Annotated[
    str,
    Field(min_length=1, max_length=500, description="Why; kept in the timeline.", examples=["Customer sold the unit"]),
]


class LineFault(Shown):
    """One fault of a line."""

    pointer: Annotated[str, Field(description="JSON pointer into the line.", examples=["/reported_at"])]
    code: Annotated[str, Field(description="A stable word.", examples=["not_allowed"])]
    detail: Annotated[str, Field(description="What is wrong, or what is allowed.", examples=["a time with offset"])]


class PartQuantity(Sent):
    """How many of a part a job needs."""

    part_id: Annotated[Identifier, Field(description="A part of the catalogue.", examples=["P-0012"])]
    quantity: Annotated[int, Field(ge=1, le=1_000, description="Pieces.", examples=[1])]

    def cell(self) -> str:
        """Return the text of a cell."""
        return f"{self.part_id}:{self.quantity}"

    @classmethod
    def of_cell(cls, text: str) -> Self:
        """Return what a cell says."""
        part_id, _, quantity = text.partition(":")
        return cls(part_id=part_id, quantity=int(quantity))


class JobIn(Sent):
    """One repair need at a customer's place (报修单)."""

    reported_at: Annotated[
        WrittenMoment,
        Field(description="When the customer called: clocks run from here.", examples=["2026-03-02T08:12:00+08:00"]),
    ]
    product: Annotated[Word, Field(description="Product family, as skills name it.", examples=["refrigerator"])]
    skill_level: Annotated[int, Field(ge=1, le=3, description="1 basic to 3 expert.", examples=[1])]
    position: Annotated[Position, Field(description="Where the customer is.")]
    service_duration: Annotated[Iso8601, Field(description="Time on site, at most 24 hours.", examples=["PT45M"])]
    channel: Annotated[Channel | None, Field(description="How the customer came.", examples=["hotline"])] = None
    brand: Annotated[Text | None, Field(description="Brand, for the promises.", examples=["Casarte"])] = None
    fault: Annotated[Word | None, Field(description="Fault, for the kit.", examples=["不制冷"])] = None
    job_type: Annotated[JobType | None, Field(description="Kind of visit.", examples=["repair"])] = None
    certificates: Annotated[list[Word], Field(max_length=50)] = Field(
        default_factory=list, description="Schemes valid on the date of the visit.", examples=[["gas"]]
    )
    address: Annotated[Text | None, Field(description="As the customer says it.", examples=["中山路 1 号"])] = None
    contact: Annotated[Text | None, Field(description="Whom to ask for.", examples=["王女士"])] = None
    phone: Annotated[Text | None, Field(description="Number to call.", examples=["13800000000"])] = None
    centre_id: Annotated[
        Identifier | None,
        Field(description="Customer-service centre; default: that of the nearest live outlet.", examples=["C-NJ"]),
    ] = None
    customer_class: Annotated[
        CustomerClass | None, Field(description="How much waiting weighs; default ordinary.", examples=["ordinary"])
    ] = None
    urgent: Annotated[bool, Field(description="Parts travel express.", examples=[False])] = False
    crew_size: Annotated[int, Field(ge=1, le=10, description="People needed on site.", examples=[1])] = 1
    load: Annotated[int, Field(ge=0, le=MAX_COUNT, description="Bulky load units.", examples=[0])] = 0
    windows: Annotated[list[Span], Field(max_length=50)] = Field(
        default_factory=list, description="When service may start; none: any time.", examples=[[]]
    )
    appointment: Annotated[Span | None, Field(description="A confirmed slot; it binds.", examples=[None])] = None
    preferred: Annotated[Span | None, Field(description="A slot the customer would like.", examples=[None])] = None
    consent: Annotated[
        ConsentState | None,
        Field(description="Agreed to pay; a pending job is not dispatched.", examples=["not_needed"]),
    ] = None
    parts: Annotated[list[PartQuantity], Field(max_length=100)] = Field(
        default_factory=list, description="The complete kit; default: that of product and fault.", examples=[[]]
    )
    preferred_technician_id: Annotated[
        Identifier | None, Field(description="Who came last time.", examples=["T00012"])
    ] = None
    same_fault_at: Annotated[
        WrittenMoment | None,
        Field(description="When this fault was last repaired.", examples=["2026-02-20T10:00:00+08:00"]),
    ] = None


def _as(name: str) -> Any:
    """Return what OpenAPI says of a job's field."""
    field = JobIn.model_fields[name]
    return Field(description=field.description, examples=field.examples)


class JobCreate(JobIn):
    """A new job; without an external id its own id stands in."""

    source: Annotated[Word, Field(description="The system that reports it.", examples=["crm"])] = "api"
    external_id: Annotated[
        ExternalId | None, Field(description="Its id there; unique within the source.", examples=["SR-20260302-0017"])
    ] = None
    needs_visit: Annotated[
        bool, Field(description="False: somebody will try by phone first; the job is then `received`.", examples=[True])
    ] = True


class JobUpsert(JobIn):
    """A job as its source has it now; what is left out takes its default."""

    needs_visit: Annotated[
        bool, Field(description="Of a new job: false while somebody tries by phone.", examples=[True])
    ] = True


class JobLine(JobUpsert):
    """One line of a bulk upsert."""

    source: Annotated[Word, Field(description="The system that reports it.", examples=["crm"])]
    external_id: Annotated[ExternalId, Field(description="Its id there.", examples=["SR-20260302-0017"])]


class JobChange(Sent):
    """A merge patch (RFC 7396): null clears a field; `state` moves the job on in its loop."""

    reported_at: Annotated[WrittenMoment | None, _as("reported_at")] = None
    product: Annotated[Word | None, _as("product")] = None
    skill_level: Annotated[int | None, Field(ge=1, le=3), _as("skill_level")] = None
    position: Annotated[Position | None, _as("position")] = None
    service_duration: Annotated[Iso8601 | None, _as("service_duration")] = None
    channel: Annotated[Channel | None, _as("channel")] = None
    brand: Annotated[Text | None, _as("brand")] = None
    fault: Annotated[Word | None, _as("fault")] = None
    job_type: Annotated[JobType | None, _as("job_type")] = None
    certificates: Annotated[list[Word] | None, Field(max_length=50), _as("certificates")] = None
    address: Annotated[Text | None, _as("address")] = None
    contact: Annotated[Text | None, _as("contact")] = None
    phone: Annotated[Text | None, _as("phone")] = None
    centre_id: Annotated[Identifier | None, _as("centre_id")] = None
    customer_class: Annotated[CustomerClass | None, _as("customer_class")] = None
    urgent: Annotated[bool | None, _as("urgent")] = None
    crew_size: Annotated[int | None, Field(ge=1, le=10), _as("crew_size")] = None
    load: Annotated[int | None, Field(ge=0, le=MAX_COUNT), _as("load")] = None
    windows: Annotated[list[Span] | None, Field(max_length=50), _as("windows")] = None
    appointment: Annotated[Span | None, _as("appointment")] = None
    preferred: Annotated[Span | None, _as("preferred")] = None
    consent: Annotated[ConsentState | None, _as("consent")] = None
    parts: Annotated[list[PartQuantity] | None, Field(max_length=100), _as("parts")] = None
    preferred_technician_id: Annotated[Identifier | None, _as("preferred_technician_id")] = None
    same_fault_at: Annotated[WrittenMoment | None, _as("same_fault_at")] = None
    state: Annotated[
        JobState | None, Field(description="The state to move to.", examples=["needs_visit"], strict=False)
    ] = None
    reason: Annotated[Reason | None, Field(description="Why; kept in the timeline.")] = None
    at: Annotated[
        WrittenMoment | None,
        Field(description="When it happened; default: now.", examples=["2026-03-02T10:20:00+08:00"]),
    ] = None
    lock: Annotated[
        Lock | None,
        Field(strict=False, description="What replanning may not touch; needs a published visit.", examples=["time"]),
    ] = None

    def changes(self) -> dict[str, Any]:
        """Return the fields of the job that the caller speaks of; None clears one."""
        return {name: getattr(self, name) for name in self.model_fields_set & set(JobIn.model_fields)}


class PublishedVisit(Shown):
    """Who comes when, as published."""

    plan_id: Annotated[str | None, Field(description="The plan that says so.", examples=["plan_0195"])]
    technician_id: Annotated[str, Field(description="Who comes.", examples=["T00012"])]
    start: Annotated[Moment, Field(description="Start of service.", examples=["2026-03-02T10:00:00+08:00"])]
    told: Annotated[bool, Field(description="The customer knows.", examples=[False])]


class Job(JobIn):
    """A job as the service keeps it."""

    id: Annotated[str, Field(description="The service's id; later ones sort later.", examples=["job_01953f3b"])]
    source: Annotated[str, Field(description="The system that reported it.", examples=["crm"])]
    external_id: Annotated[str, Field(description="Its id there.", examples=["SR-20260302-0017"])]
    state: Annotated[JobState, Field(description="Where it stands in its loop.", examples=["planned"])]
    tmf_state: Annotated[TmfState, Field(description="The word of TM Forum 697 for it.", examples=["pending"])]
    next_states: Annotated[list[JobState], Field(description="What can follow.", examples=[["offered"]])]
    version: Annotated[int, Field(description="Counts the changes; the ETag.", examples=[3])]
    place: Annotated[Place, Field(description="The position in WGS84.")]
    centre: Annotated[str | None, Field(description="The centre it belongs to.", examples=["C-NJ"])]
    due_at: Annotated[
        Moment | None, Field(description="Earliest arrival promise.", examples=["2026-03-03T08:12:00+08:00"])
    ]
    lock: Annotated[Lock, Field(description="What replanning may not touch.", examples=["none"])]
    visit: Annotated[PublishedVisit | None, Field(description="The published visit.")]
    clock_paused_at: Annotated[Moment | None, Field(description="Since when its clocks stand still.", examples=[None])]
    clock_paused_reason: Annotated[str | None, Field(description="Why they do.", examples=[None])]
    created_at: Annotated[Moment, Field(description="First heard of.", examples=["2026-03-02T08:13:00+08:00"])]
    updated_at: Annotated[Moment, Field(description="Last changed.", examples=["2026-03-02T08:13:00+08:00"])]


class Cancellation(Sent):
    """Why a job is cancelled."""

    reason: Reason


class Escalation(Sent):
    """Why a supervisor must look."""

    reason: Reason


class ClockPause(Sent):
    """Why the clocks stand still: a reason that settles who waits for whom."""

    reason: Annotated[
        Literal["awaiting_consent", "awaiting_customer", "awaiting_access", "force_majeure"],
        Field(description="Who or what is waited for.", examples=["awaiting_consent"]),
    ]
    note: Annotated[Text | None, Field(description="Details.", examples=["Quote sent by text message"])] = None


class Amount(Sent):
    """An amount that is asked of a customer."""

    fen: Annotated[int, Field(ge=0, le=MAX_FEN, description="Whole fen (1/100 yuan).", examples=[18_000])]
    currency: Annotated[Literal["CNY"], Field(description="ISO 4217.", examples=["CNY"])] = "CNY"


class Consent(Sent):
    """What the customer said: to the quote, or to waiting for a tour until a date."""

    kind: Annotated[
        Literal["pay", "wait"], Field(description="To pay a quote, or to wait for a tour.", examples=["pay"])
    ] = "pay"
    consent: Annotated[
        Literal["given", "refused"],
        Field(
            description="Their answer; `refused` also takes a consent to wait back.",
            examples=["given"],
        ),
    ]
    amount: Annotated[Amount | None, Field(description="The quote.")] = None
    until: Annotated[
        LocalDate | None, Field(description="They wait until this date, included.", examples=["2026-03-09"])
    ] = None
    said_at: Annotated[
        WrittenMoment | None, Field(description="When; default: now.", examples=["2026-03-02T09:00:00+08:00"])
    ] = None

    @model_validator(mode="after")
    def _of_its_kind(self) -> Self:
        if (self.until is not None) != (self.kind == "wait" and self.consent == "given"):
            raise ValueError("until belongs to a consent to wait that is given, and to nothing else")
        if self.amount is not None and self.kind == "wait":
            raise ValueError("a consent to wait has no amount")
        return self


class Clock(Shown):
    """One promise and how it stands."""

    clock: Annotated[ClockName, Field(description="What is promised.", examples=["arrival"])]
    policy: Annotated[str, Field(description="The policy row that gives it.", examples=["网点所在城市 24 h"])]
    due_at: Annotated[Moment, Field(description="Due, pauses included.", examples=["2026-03-03T08:12:00+08:00"])]
    stopped_at: Annotated[Moment | None, Field(description="When it was kept or broken for good.", examples=[None])]
    expected_at: Annotated[
        Moment | None,
        Field(description="When the published visit stops it.", examples=["2026-03-02T10:00:00+08:00"]),
    ]
    remaining: Annotated[str, Field(description="Left until due, ISO 8601, with `-` when over.", examples=["PT22H12M"])]
    grade: Annotated[
        Literal["kept", "on_track", "at_risk", "will_breach", "breached"],
        Field(description="How it stands, with the published visit.", examples=["on_track"]),
    ]
    price: Annotated[Money, Field(description="Price of lateness so far; of a stopped clock, for good.")]


class JobSla(Shown):
    """The clocks of a job; the class is computed from the outlets that are live now."""

    job_id: Annotated[str, Field(description="The job.", examples=["job_01953f3b"])]
    area_class: Annotated[
        Literal["seat", "remote"], Field(description="Does its city or township have an outlet?", examples=["seat"])
    ]
    policies: Annotated[list[str], Field(description="Where the promises are from.", examples=[["network"]])]
    as_of: Annotated[Moment, Field(description="The moment of this answer.", examples=["2026-03-02T10:00:00+08:00"])]
    paused: Annotated[str, Field(description="Time that did not count, ISO 8601.", examples=["PT0S"])]
    paused_now: Annotated[bool, Field(description="The clocks stand still.", examples=[False])]
    clocks: Annotated[list[Clock], Field(description="Every promise made.")]


class HistoryEntry(Shown):
    """One thing that happened; never rewritten."""

    id: Annotated[str, Field(description="Later ones sort later.", examples=["hist_01953f3b"])]
    at: Annotated[Moment, Field(description="When it happened.", examples=["2026-03-02T08:13:00+08:00"])]
    actor: Annotated[str, Field(description="Who did it.", examples=["desk-nanjing"])]
    channel: Annotated[str, Field(description="How it was reported.", examples=["api"])]
    kind: Annotated[str, Field(description="What happened.", examples=["state_changed"])]
    from_state: Annotated[str | None, Field(description="State before.", examples=["received"])]
    to_state: Annotated[str | None, Field(description="State after.", examples=["needs_visit"])]
    plan_id: Annotated[str | None, Field(description="The plan behind it.", examples=[None])]
    detail: Annotated[dict[str, JsonValue], Field(description="More, by kind.", examples=[{"reason": "no answer"}])]


class JobTimeline(Shown):
    """All that happened to a job, first to last."""

    job_id: Annotated[str, Field(description="The job.", examples=["job_01953f3b"])]
    items: Annotated[list[HistoryEntry], Field(description="Entries.")]


class LineResult(Shown):
    """What became of one line of a bulk upsert."""

    line: Annotated[int, Field(description="Number of the line, from 1.", examples=[1])]
    status: Annotated[
        Literal["created", "updated", "unchanged", "refused"], Field(description="What happened.", examples=["created"])
    ]
    id: Annotated[str | None, Field(description="The id, unless refused.", examples=["job_01953f3b"])] = None
    errors: Annotated[list[LineFault] | None, Field(description="Every fault of a refused line.", examples=[None])] = (
        None
    )
