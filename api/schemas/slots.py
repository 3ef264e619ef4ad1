"""Slot offers, holds, appointments and recommendations as callers see them."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from api.schemas.jobs import JobCreate
from api.schemas.values import Moment, Money, Sent, Shown, Text
from api.schemas.written import Identifier, Iso8601

__all__ = [
    "AppointmentShown",
    "AppointmentState",
    "CandidateShown",
    "HoldShown",
    "HoldState",
    "HoldWish",
    "Move",
    "NobodyShown",
    "OffersShown",
    "PromiseShown",
    "Question",
    "Reason",
    "RecommendationShown",
    "RemedyShown",
    "SlotOffer",
    "SlotQuestion",
    "VerdictShown",
]


HoldState = Literal["held", "confirmed", "released", "expired"]
AppointmentState = Literal["confirmed", "cancelled"]


class Question(Sent):
    """The job that is asked about: one that is there, or a draft of one."""

    job: Annotated[JobCreate | None, Field(description="A draft; nothing is entered before an appointment.")] = None
    job_id: Annotated[Identifier | None, Field(description="A job that is there already.", examples=[None])] = None

    @model_validator(mode="after")
    def _one_job(self) -> Self:
        if (self.job is None) == (self.job_id is None):
            raise ValueError("job or job_id, one of them")
        return self


class SlotQuestion(Question):
    """Which slots a customer could have."""

    earliest: Annotated[Moment | None, Field(description="Slots from here on; default: now.")] = None
    latest: Annotated[
        Moment | None, Field(description="Slots up to here; default: the end of what is published.", strict=False)
    ] = None
    slot_length: Annotated[Iso8601, Field(description="PT15M to PT24H.", examples=["PT2H"])] = "PT2H"
    most: Annotated[int, Field(ge=1, le=50, description="At most so many offers.", examples=[5])] = 10
    remedies: Annotated[
        bool,
        Field(
            description="Where there is no offer, also work out what would make one; it takes a second.",
            examples=[True],
        ),
    ] = False


class PromiseShown(Shown):
    """A promise of the job, and how it stands with this offer."""

    clock: Annotated[str, Field(description="What is promised.", examples=["arrival"])]
    due_at: Annotated[Moment, Field(description="When it is due.")]
    spare: Annotated[str, Field(description="Time to spare, ISO 8601, with `-` when late.", examples=["PT5H"])]
    kept: Annotated[bool, Field(description="The offer keeps it.", examples=[True])]


class Move(Shown):
    """Another visit that starts later because of an offer."""

    job_id: Annotated[str, Field(description="Whose visit.", examples=["job_01953f3b"])]
    was: Annotated[Moment, Field(description="Start so far.")]
    becomes: Annotated[Moment, Field(description="Start then.")]


class SlotOffer(Shown):
    """A slot with who would come when, and what it costs the plan."""

    id: Annotated[str, Field(description="Name it to hold the place.", examples=["offer_01953f3b.1"])]
    grade: Annotated[
        Literal["A", "B", "C"], Field(description="Against the cheapest that keeps all promises.", examples=["A"])
    ]
    price: Annotated[Money, Field(description="What the plan costs more with it.")]
    items: Annotated[dict[str, Money], Field(description="The price by item.", examples=[{"travel": {"fen": 1200}}])]
    start: Annotated[Moment, Field(description="The customer's window begins.")]
    end: Annotated[Moment, Field(description="The customer's window ends.")]
    planned_start: Annotated[Moment, Field(description="When service would start.")]
    planned_end: Annotated[Moment, Field(description="When it would end.")]
    technician_id: Annotated[str, Field(description="Who would come.", examples=["T00012"])]
    outlet_id: Annotated[str, Field(description="From which outlet.", examples=["O0012"])]
    travel: Annotated[str, Field(description="Drive to the customer, ISO 8601.", examples=["PT18M"])]
    travel_m: Annotated[int, Field(description="Metres of it.", examples=[7_300])]
    parts_ready_at: Annotated[Moment | None, Field(description="When the parts are there; none are needed: null.")]
    promises: Annotated[list[PromiseShown], Field(description="Every promise of the job.")]
    moves: Annotated[list[Move], Field(description="Other visits that start later.")]


class VerdictShown(Shown):
    """What a rule says."""

    rule: Annotated[str | None, Field(description="The rule; null: a promise.", examples=["SKILL"])]
    holds: Annotated[bool, Field(description="It does not stand in the way.", examples=[True])]
    said: Annotated[str, Field(description="In the language asked for.", examples=["has the skill"])]


class CandidateShown(Shown):
    """A technician with the verdict of every rule, and what choosing them costs."""

    outlet_id: Annotated[str, Field(description="The outlet.", examples=["O0012"])]
    technician_id: Annotated[str, Field(description="The technician.", examples=["T00012"])]
    possible: Annotated[bool, Field(description="There is a legal place.", examples=[True])]
    price: Annotated[Money | None, Field(description="What the plan costs more; null without a place.")]
    dearer: Annotated[Money | None, Field(description="Against the first candidate; null without a place.")]
    items: Annotated[dict[str, Money], Field(description="The price by item.", examples=[{"travel": {"fen": 1200}}])]
    start: Annotated[Moment | None, Field(description="When service would start.")]
    travel: Annotated[str | None, Field(description="From the base, ISO 8601.", examples=["PT18M"])]
    travel_m: Annotated[int | None, Field(description="Metres of it.", examples=[7_300])]
    verdicts: Annotated[list[VerdictShown], Field(description="Rule by rule.")]


class RemedyShown(Shown):
    """The cheapest single change that makes a place."""

    kind: Annotated[str, Field(description="What changes.", examples=["overtime"])]
    said: Annotated[str, Field(description="In the language asked for.", examples=["30 minutes of overtime"])]
    start: Annotated[Moment, Field(description="When service would then start.")]
    price: Annotated[Money, Field(description="What the plan costs more with it.")]


class NobodyShown(Shown):
    """Why there is no offer."""

    candidates: Annotated[list[CandidateShown], Field(description="Who comes nearest, with every verdict.")]
    remedies: Annotated[
        list[RemedyShown] | None, Field(description="What would help, cheapest first; null when it was not asked for.")
    ]


class OffersShown(Shown):
    """Offers, the cheapest first."""

    id: Annotated[str, Field(description="Of these offers together.", examples=["offer_01953f3b"])]
    centre_id: Annotated[str, Field(description="The centre that offers.", examples=["C01"])]
    items: Annotated[list[SlotOffer], Field(description="The offers.")]
    nobody: Annotated[NobodyShown | None, Field(description="Without offers: why, and what would help.")] = None


class HoldWish(Sent):
    """The offer whose place is to be kept."""

    offer_id: Annotated[str, Field(min_length=1, max_length=80, description="The offer.", examples=["offer_0195.1"])]


class HoldShown(Shown):
    """A place that is kept for minutes."""

    id: Annotated[str, Field(description="Its id.", examples=["hold_01953f3b"])]
    version: Annotated[int, Field(description="Counts the changes; the ETag.", examples=[1])]
    state: Annotated[HoldState, Field(description="How it stands.", examples=["held"])]
    offer_id: Annotated[str, Field(description="The offer.", examples=["offer_01953f3b.1"])]
    job_id: Annotated[str | None, Field(description="The job, once it is there.", examples=[None])]
    centre_id: Annotated[str, Field(description="The centre.", examples=["C01"])]
    outlet_id: Annotated[str, Field(description="The outlet.", examples=["O0012"])]
    technician_id: Annotated[str, Field(description="Who would come.", examples=["T00012"])]
    start: Annotated[Moment, Field(description="The customer's window begins.")]
    end: Annotated[Moment, Field(description="The customer's window ends.")]
    planned_start: Annotated[Moment, Field(description="When service would start.")]
    expires_at: Annotated[Moment, Field(description="Kept until then.")]


class AppointmentShown(Shown):
    """A slot that was promised to a customer."""

    id: Annotated[str, Field(description="Its id.", examples=["appt_01953f3b"])]
    version: Annotated[int, Field(description="Counts the changes; the ETag.", examples=[1])]
    state: Annotated[AppointmentState, Field(description="How it stands.", examples=["confirmed"])]
    job_id: Annotated[str, Field(description="The job.", examples=["job_01953f3b"])]
    hold_id: Annotated[str, Field(description="The hold it was made of.", examples=["hold_01953f3b"])]
    centre_id: Annotated[str, Field(description="The centre.", examples=["C01"])]
    outlet_id: Annotated[str, Field(description="The outlet.", examples=["O0012"])]
    technician_id: Annotated[str, Field(description="Who comes.", examples=["T00012"])]
    start: Annotated[Moment, Field(description="The customer's window begins.")]
    end: Annotated[Moment, Field(description="The customer's window ends.")]
    planned_start: Annotated[Moment, Field(description="When service was to start as it was promised.")]


class Reason(Sent):
    """Why."""

    reason: Annotated[Text, Field(min_length=1, description="Why.", examples=["The customer called"])]


class RecommendationShown(Shown):
    """Who should take a job: legal places first, the cheapest first."""

    centre_id: Annotated[str, Field(description="The centre that was asked.", examples=["C01"])]
    candidates: Annotated[list[CandidateShown], Field(description="Ranked.")]
    nearest_outlet_id: Annotated[str, Field(description="The nearest outlet at work.", examples=["O0012"])]
    why_not_nearest: Annotated[str | None, Field(description="Why it is not the choice.", examples=[None])]
    rule: Annotated[str | None, Field(description="The rule that keeps it from being so.", examples=[None])]
