"""Events and webhooks over the wire."""

import datetime as dt
import ipaddress
from typing import Annotated, Any, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, JsonValue, StringConstraints, model_validator

from api.event_types import EventType
from api.schemas.values import Moment, Sent, Shown, Text
from api.tables.events import Delivery, Event, Webhook

__all__ = [
    "DeliveryShown",
    "EventPage",
    "EventShown",
    "Replay",
    "Replayed",
    "Tested",
    "WebhookChange",
    "WebhookDraft",
    "WebhookMade",
    "WebhookShown",
]


class EventShown(Shown):
    """One event, in the feed and as it is sent to webhooks."""

    id: str = Field(description="The event's id, also its `webhook-id`.", examples=["evt_0198"])
    type: str = Field(description="What happened.", examples=["job.state_changed"])
    timestamp: Moment = Field(description="When it happened.")
    subject: str = Field(description="The id of what it is about.", examples=["job_0198"])
    centre_id: str | None = Field(description="The centre it belongs to, null for none.", examples=["C01"])
    data: dict[str, JsonValue] = Field(description="What there is to say.", examples=[{"to": "planned"}])

    @classmethod
    def of(cls, event: Event) -> Self:
        """Return what is shown of a row."""
        return cls(
            id=event.id,
            type=event.type,
            timestamp=event.at,
            subject=event.subject,
            centre_id=event.centre_id,
            data=event.data,
        )


class EventPage(Shown):
    """A stretch of the feed."""

    items: list[EventShown] = Field(description="The events, in the order of the feed.", examples=[[]])
    next: str = Field(
        description="Where to go on: the next `after`, also when there is nothing more yet.", examples=["WzcxMiw0MV0"]
    )
    has_more: bool = Field(description="Whether more is there already.", examples=[False])


def _tellable(url: str) -> str:
    """Refuse what is no web address, or one of the machine's own configuration service."""
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        raise ValueError("not a web address") from None
    if (
        parts.scheme not in {"http", "https"}
        or not host
        or parts.username
        or not url.isascii()
        or not url.isprintable()
    ):
        raise ValueError("an http or https address with a host, without a user's name")
    try:
        is_link_local = ipaddress.ip_address(host).is_link_local
    except ValueError:
        is_link_local = False
    if is_link_local:
        raise ValueError("not a link-local address")
    return url


Url = Annotated[str, StringConstraints(min_length=1, max_length=2_000, pattern="^[!-~]+$"), AfterValidator(_tellable)]
Types = Annotated[list[EventType], Field(max_length=50)]


class WebhookDraft(Sent):
    """A webhook to be made."""

    url: Url = Field(description="Where events are sent: http or https.", examples=["https://tickets.example/hook"])
    types: Types = Field(default=[], description="Which types; empty: all.", examples=[["job.state_changed"]])
    description: Text = Field(default="", description="For people.", examples=["The ticketing front end"])


class WebhookChange(Sent):
    """What changes of a webhook; what is left out stays."""

    url: Url | None = Field(default=None, description="Where events are sent.", examples=["https://t.example/hook"])
    types: Types | None = Field(default=None, description="Which types; empty: all.", examples=[["plan.published"]])
    description: Text | None = Field(default=None, description="For people.", examples=["The board"])
    is_active: bool | None = Field(
        default=None, description="False: events wait until it is active again.", examples=[True]
    )

    @model_validator(mode="after")
    def _no_null(self) -> Self:
        if any(getattr(self, name) is None for name in self.model_fields_set):
            raise ValueError("leave out what stays; nothing can be null")
        return self


class WebhookShown(Shown):
    """A webhook; its secret is shown once, when it is made."""

    id: str = Field(description="Its id.", examples=["hook_0198"])
    version: int = Field(description="Its version, as in the ETag.", examples=[1])
    url: str = Field(description="Where events are sent.", examples=["https://tickets.example/hook"])
    types: list[str] = Field(description="Which types; empty: all.", examples=[["job.state_changed"]])
    description: str = Field(description="For people.", examples=["The ticketing front end"])
    is_active: bool = Field(description="Whether events are sent.", examples=[True])
    created_at: Moment = Field(description="When it was made.")
    failures: int = Field(description="Attempts in a row that did not reach the receiver.", examples=[0])
    resumes_at: Moment | None = Field(description="Until then nothing is tried; null: at once.")

    @classmethod
    def of(cls, webhook: Webhook) -> Self:
        """Return what is shown of a row."""
        return cls(**_shown(webhook))


class WebhookMade(WebhookShown):
    """A webhook with its secret, this once."""

    secret: str = Field(description="What signatures are made with (Standard Webhooks).", examples=["whsec_…"])

    @classmethod
    def of(cls, webhook: Webhook) -> Self:
        """Return what is shown of a new row."""
        return cls(**_shown(webhook), secret=webhook.secret)


def _shown(webhook: Webhook) -> dict[str, Any]:
    return {name: getattr(webhook, name) for name in WebhookShown.model_fields}


class DeliveryShown(Shown):
    """One event on its way to a webhook."""

    id: str = Field(description="Its id.", examples=["dlv_0198"])
    event_id: str = Field(description="The event, also the `webhook-id` of every attempt.", examples=["evt_0198"])
    type: str = Field(description="The event's type.", examples=["job.state_changed"])
    subject: str = Field(description="What the event is about.", examples=["job_0198"])
    state: str = Field(description="waiting, delivered or given_up.", examples=["delivered"])
    attempts: int = Field(description="Attempts so far.", examples=[1])
    due_at: Moment = Field(description="When the next attempt is due, if it is waiting.")
    tried_at: Moment | None = Field(description="When the last attempt was.")
    status: int | None = Field(description="The HTTP status of the last attempt; null: no answer.", examples=[204])
    error: str | None = Field(description="Why there was no answer.", examples=["ConnectError"])

    @classmethod
    def of(cls, delivery: Delivery, event: Event) -> Self:
        """Return what is shown of a row and its event."""
        mine = {name: getattr(delivery, name) for name in cls.model_fields if hasattr(delivery, name)}
        return cls(**mine, event_id=event.id, type=event.type)


class Replay(Sent):
    """What is to be sent again."""

    after: Annotated[str, StringConstraints(max_length=200)] | None = Field(
        default=None, description="A cursor of the feed: everything after it; null: from the start.", examples=[None]
    )


class Replayed(Shown):
    """How much is sent again."""

    deliveries: int = Field(description="Events that are on their way again.", examples=[12])


class Tested(Shown):
    """What became of a test event."""

    event_id: str = Field(description="Its `webhook-id`.", examples=["evt_0198"])
    status: int | None = Field(description="The receiver's HTTP status; null: no answer.", examples=[204])
    error: str | None = Field(description="Why there was no answer.", examples=[None])
    duration: dt.timedelta = Field(description="How long it took.", examples=["PT0.2S"])
