"""Dispatch items and call lists on the wire."""

import datetime as dt
from typing import Annotated, Literal, Self

from pydantic import Field, JsonValue, StringConstraints

from api.dispatch_states import CallOutcome, CallParty, ItemState, Step
from api.schemas.values import Duration, Moment, Sent, Shown, Text
from api.schemas.written import WrittenMoment
from api.tables.dispatch import DispatchEntry, DispatchItem

__all__ = [
    "CallListShown",
    "CallMark",
    "CallRow",
    "CallShown",
    "EntryShown",
    "ItemHistory",
    "ItemShown",
    "LastCall",
    "Progress",
    "ProgressShown",
    "Rejection",
    "RejectionShown",
]

Reason = Annotated[str, StringConstraints(min_length=1, max_length=500)]


class LastCall(Shown):
    """A call about an item."""

    party: CallParty = Field(description="Who was called.", examples=["outlet"])
    outcome: CallOutcome = Field(description="What came of it.", examples=["not_reached"])
    at: Moment = Field(description="When.")
    actor: str = Field(description="Who called.", examples=["dispatcher-7"])
    note: str | None = Field(default=None, description="What else was said.", examples=["engaged twice"])


class ItemShown(Shown):
    """A visit as its outlet was told it."""

    id: str = Field(description="Its id.", examples=["item_0198f1c2"])
    version: int = Field(description="Counts its changes; its ETag.", examples=[2])
    job_id: str = Field(description="The job.", examples=["job_0198f1c2"])
    centre_id: str = Field(description="The outlet's centre.", examples=["C01"])
    outlet_id: str = Field(description="The outlet.", examples=["Z0018"])
    technician_id: str = Field(description="Who comes.", examples=["T00204"])
    date: dt.date = Field(description="On which date.", examples=["2026-03-02"])
    start_at: Moment = Field(description="When service begins.")
    end_at: Moment = Field(description="When it ends, as planned.")
    plan_id: str | None = Field(description="The plan that says so.", examples=["plan_0198f1c2"])
    channel: Literal["online", "phone", "fax"] = Field(description="How the outlet is told.", examples=["phone"])
    freeze_at: Moment | None = Field(description="From when on only a disruption changes it; null: never.")
    state: ItemState = Field(description="Where it stands, in words of TM Forum 697.", examples=["acknowledged"])
    reason: str | None = Field(description="Why it was rejected or withdrawn.", examples=[None])
    sent_at: Moment = Field(description="When it was last sent.")
    sends: int = Field(description="How often it was sent: it is sent again only when it changes.", examples=[1])
    acknowledged_at: Moment | None = Field(description="When the outlet said yes.")
    en_route_at: Moment | None = Field(description="When they set out.")
    on_site_at: Moment | None = Field(description="When they were at the door.")
    ended_at: Moment | None = Field(description="When it ended, whatever the end.")
    customer_told_at: Moment | None = Field(description="When the customer was told the time.")
    actor: str = Field(description="Who changed it last.", examples=["dispatcher-7"])
    outlet_tries: int = Field(description="Calls to the outlet.", examples=[0])
    customer_tries: int = Field(description="Calls to the customer.", examples=[1])
    last_call: LastCall | None = Field(description="The last call; null: there was none.")
    replan_since: Moment | None = Field(description="From when on it is up for replanning; null: it is not.")
    alarmed_at: Moment | None = Field(description="When it was said that nobody has acknowledged it.")

    @classmethod
    def of(cls, item: DispatchItem) -> Self:
        """Return what is shown of a row."""
        return cls(**{name: getattr(item, name) for name in cls.model_fields})


class EntryShown(Shown):
    """One thing that happened to an item."""

    at: Moment = Field(description="When it happened, as reported.")
    written_at: Moment = Field(description="When it was written down.")
    actor: str = Field(description="Who said so.", examples=["dispatcher-7"])
    channel: str = Field(description="How they said so.", examples=["phone"])
    kind: str = Field(description="What happened.", examples=["acknowledged"])
    state: str = Field(description="The state it left.", examples=["acknowledged"])
    version: int = Field(description="The version it left.", examples=[2])
    plan_id: str | None = Field(description="The plan that the item was of.", examples=["plan_0198f1c2"])
    detail: dict[str, JsonValue] = Field(description="What else there is to say.", examples=[{"step": "en_route"}])

    @classmethod
    def of(cls, entry: DispatchEntry) -> Self:
        """Return what is shown of a row."""
        return cls(**{name: getattr(entry, name) for name in cls.model_fields})


class ItemHistory(Shown):
    """All that happened to an item."""

    item_id: str = Field(description="The item.", examples=["item_0198f1c2"])
    items: list[EntryShown] = Field(description="Every entry, first to last.", examples=[[]])


class Rejection(Sent):
    """An outlet says no."""

    reason: Reason = Field(description="Why.", examples=["no technician free"])


class RejectionShown(Shown):
    """What a refusal did."""

    item: ItemShown = Field(description="The item, rejected.")
    replan_id: str = Field(
        description="The plan that looks for another outlet; it holds once it is published.", examples=["plan_0198"]
    )
    refusals: int = Field(description="How often this outlet has refused so far.", examples=[3])


class Progress(Sent):
    """What happens on the road; repeating it or sending it out of order does no harm."""

    step: Step = Field(strict=False, description="What happened.", examples=["on_site"])
    at: WrittenMoment | None = Field(
        default=None, description="When it happened; left out: now.", examples=["2026-03-02T09:42:00+08:00"]
    )
    note: Text = Field(default="", description="In words.", examples=["compressor is worn"])


class ProgressShown(Shown):
    """What a report did."""

    applied: bool = Field(
        description="False: it was known, or later steps were; a moment that was missing is filled in.",
        examples=[True],
    )
    item: ItemShown = Field(description="The item now.")


class CallMark(Sent):
    """What became of a call."""

    party: CallParty = Field(default=CallParty.OUTLET, strict=False, description="Who was called.", examples=["outlet"])
    outcome: CallOutcome = Field(strict=False, description="What became of it.", examples=["not_reached"])
    note: Text = Field(default="", description="In words.", examples=["nobody before nine"])


class CallShown(Shown):
    """What a call did."""

    item: ItemShown = Field(description="The item now.")
    up_for_replanning: bool = Field(description="Whether the visit cannot stand as it is.", examples=[False])
    replan_id: str | None = Field(description="The plan that was asked for.", examples=[None])


class CallRow(Shown):
    """Somebody to call: an outlet about all its visits, or a customer about one."""

    party: CallParty = Field(description="Who is called.", examples=["outlet"])
    slack: Duration = Field(
        description="Time to spare before the first of freeze, promise and start; negative: it is late.",
        examples=["PT1H30M"],
    )
    before: Moment = Field(description="By when.")
    why: Literal["freeze", "promise", "start"] = Field(description="Which of them is first.", examples=["freeze"])
    name: str = Field(description="Name of the outlet, or of the customer.", examples=["郫县特约"])
    contact: str = Field(description="Whom to ask for.", examples=["李"])
    phone: str = Field(description="Telephone.", examples=["028-1"])
    channel: str = Field(description="How the outlet is told.", examples=["phone"])
    outlet_id: str = Field(description="The outlet.", examples=["Z0018"])
    item_ids: list[str] = Field(description="The items that the call is about.", examples=[["item_0198f1c2"]])
    job_ids: list[str] = Field(description="Their jobs.", examples=[["job_0198f1c2"]])
    say: str = Field(description="What to say, in Chinese.", examples=["3月2日共 2 个上门：09:30 T2 …"])
    tries: int = Field(description="Calls so far, of the item with most.", examples=[1])
    last_outcome: str | None = Field(description="What became of the last one.", examples=["not_reached"])
    up_for_replanning: bool = Field(description="Whether any of it is up for replanning.", examples=[False])
    sheet: str | None = Field(
        description="The outlet's printable page.", examples=["/v1/plans/plan_0198/sheets/Z0018.html?centre_id=C01"]
    )


class CallListShown(Shown):
    """Whom to call in a centre about a date, the most urgent first."""

    centre_id: str = Field(description="The centre.", examples=["C01"])
    date: dt.date = Field(description="The date of the visits.", examples=["2026-03-02"])
    as_of: Moment = Field(description="The moment that slack is counted from.")
    items: list[CallRow] = Field(description="The calls.", examples=[[]])
