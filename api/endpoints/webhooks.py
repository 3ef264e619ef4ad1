"""Webhooks: who is told of events, what became of it, and once more."""

import datetime as dt
import time
from typing import Annotated

from fastapi import Path, Request, Response
from sqlalchemy import delete
from sqlalchemy.orm import Session

from api.conditions import IfMatch, etag, hold_version
from api.delivery import signed_headers
from api.dependencies import EdgeOf, needs
from api.edge import Answer
from api.endpoints.events import place_of
from api.errors import BadRequest, Fault, Refused
from api.event_types import EventType
from api.events import START
from api.pages import Page, PageOf, page_of
from api.routes import router
from api.schemas.events import (
    DeliveryShown,
    EventShown,
    Replay,
    Replayed,
    Tested,
    WebhookChange,
    WebhookDraft,
    WebhookMade,
    WebhookShown,
)
from api.store import webhooks as store
from api.tables.base import new_id
from api.tables.events import Delivery

__all__ = [
    "change_webhook",
    "create_webhook",
    "get_webhook",
    "list_deliveries",
    "list_webhooks",
    "remove_webhook",
    "replay_webhook",
    "routes",
    "test_webhook",
]

routes = router("webhooks")
ADMIN = [needs("admin")]
HookId = Annotated[str, Path(max_length=64, description="The webhook's id.", examples=["hook_0198"])]


@routes.post("/webhooks", status_code=201, response_model=WebhookMade, dependencies=ADMIN, summary="Be told of events")
def create_webhook(edge: EdgeOf, draft: WebhookDraft) -> Response:
    """Make a webhook that is told what happens from now on; its secret is shown this once."""

    def effect(session: Session) -> Answer:
        webhook = store.create_webhook(
            session,
            url=draft.url,
            types=draft.types,
            description=draft.description,
            centres=edge.caller.centres,
            now=edge.clock(),
        )
        headers = {"Location": f"/v1/webhooks/{webhook.id}", "ETag": etag(webhook.version)}
        return Answer(status=201, body=WebhookMade.of(webhook), headers=headers)

    return edge.once(effect)


@routes.get("/webhooks", dependencies=ADMIN, summary="All webhooks")
def list_webhooks(edge: EdgeOf) -> Page[WebhookShown]:
    """Return every webhook that tells no more than this key may see."""
    with edge.read() as session:
        found = store.list_webhooks(session, edge.caller.centres)
        return Page[WebhookShown](items=[WebhookShown.of(webhook) for webhook in found], next=None)


@routes.get("/webhooks/{webhook_id}", response_model=WebhookShown, dependencies=ADMIN, summary="One webhook")
def get_webhook(edge: EdgeOf, webhook_id: HookId) -> Response:
    """Return one webhook."""
    with edge.read() as session:
        webhook = store.get_webhook(session, webhook_id, edge.caller.centres)
        return Answer(body=WebhookShown.of(webhook), headers={"ETag": etag(webhook.version)}).response()


@routes.patch("/webhooks/{webhook_id}", response_model=WebhookShown, dependencies=ADMIN, summary="Change a webhook")
def change_webhook(edge: EdgeOf, webhook_id: HookId, wanted: IfMatch, change: WebhookChange) -> Response:
    """Change what is given; a webhook that becomes active again catches up."""
    with edge.write(webhook=webhook_id) as session:
        webhook = store.get_webhook(session, webhook_id, edge.caller.centres)
        session.refresh(webhook, with_for_update=True)
        hold_version(webhook.version, wanted.needed())
        for name in change.model_fields_set:
            value = getattr(change, name)
            setattr(webhook, name, [str(item) for item in value] if name == "types" else value)
        webhook.version += 1
        webhook.failures, webhook.resumes_at = 0, None
        answer = Answer(body=WebhookShown.of(webhook), headers={"ETag": etag(webhook.version)})
    return answer.response()


@routes.delete("/webhooks/{webhook_id}", status_code=204, dependencies=ADMIN, summary="Tell no more")
def remove_webhook(edge: EdgeOf, webhook_id: HookId) -> Response:
    """Remove a webhook and what was on its way to it."""
    with edge.write(webhook=webhook_id) as session:
        webhook = store.get_webhook(session, webhook_id, edge.caller.centres)
        session.execute(delete(Delivery).where(Delivery.webhook_id == webhook.id))
        session.delete(webhook)
    return Response(status_code=204)


@routes.post("/webhooks/{webhook_id}:test", response_model=Tested, dependencies=ADMIN, summary="Send a test event now")
def test_webhook(edge: EdgeOf, request: Request, webhook_id: HookId) -> Response:
    """Send a test event, once, and say what became of it; it is no event of the feed."""
    with edge.read() as session:
        webhook = store.get_webhook(session, webhook_id, edge.caller.centres)
        url, secret = webhook.url, webhook.secret
    now = edge.clock()
    event = EventShown(
        id=new_id("evt"), type=EventType.WEBHOOK_TEST, timestamp=now, subject=webhook_id, centre_id=None, data={}
    )
    body = event.model_dump_json()
    begun = time.monotonic()
    attempt = request.app.state.send(url, signed_headers(secret, event.id, now, body), body.encode())
    tested = Tested(
        event_id=event.id,
        status=attempt.status,
        error=attempt.error,
        duration=dt.timedelta(seconds=time.monotonic() - begun),
    )
    return edge.kept(Answer(body=tested))


@routes.get("/webhooks/{webhook_id}/deliveries", dependencies=ADMIN, summary="What became of its events")
def list_deliveries(edge: EdgeOf, webhook_id: HookId, page: PageOf) -> Page[DeliveryShown]:
    """Return the deliveries of a webhook, the latest first."""
    with edge.read() as session:
        store.get_webhook(session, webhook_id, edge.caller.centres)
        before = None if page.after is None else str(page.after[0])
        rows = store.list_deliveries(session, webhook_id, page.limit + 1, before)
        return page_of(rows, page, lambda row: DeliveryShown.of(*row), lambda row: (row[0].id,))


@routes.post(
    "/webhooks/{webhook_id}:replay",
    status_code=202,
    response_model=Replayed,
    dependencies=ADMIN,
    summary="Send events again",
)
def replay_webhook(edge: EdgeOf, webhook_id: HookId, wanted: Replay) -> Response:
    """Send again what came after a place of the feed, in order and under the same ids."""
    try:
        after = START if wanted.after is None else place_of(wanted.after, "after")
    except BadRequest as error:
        faults = (Fault(pointer="/after", code="cursor", detail="`next` of the feed"),)
        raise Refused(error.detail, faults=faults) from None

    def effect(session: Session) -> Answer:
        webhook = store.get_webhook(session, webhook_id, edge.caller.centres)
        count = store.replay(session, webhook, after, edge.clock())
        headers = {"Location": f"/v1/webhooks/{webhook_id}/deliveries"}
        return Answer(status=202, body=Replayed(deliveries=count), headers=headers)

    return edge.once(effect, webhook=webhook_id)
