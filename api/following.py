"""A run followed while it goes on: what it told and what it tells, as server-sent events."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Sequence
from typing import Annotated

from anyio.to_thread import run_sync
from fastapi import Header, Response
from sqlalchemy.orm import Session
from sse_starlette import EventSourceResponse, ServerSentEvent

from api.database import Database
from api.plan_states import ENDED
from api.schemas.values import CHINA
from api.tables.plans import Plan, PlanEvent
from api.tables.tours import TourEvent, TourPlanRow

__all__ = ["FOLLOW_EVERY_S", "LastEventId", "follow_run"]

FOLLOW_EVERY_S = 0.4

LastEventId = Annotated[
    str | None,
    Header(alias="Last-Event-ID", description="Id of the last event that was seen: what came later follows."),
]

Seen = tuple[Plan | TourPlanRow, Sequence[PlanEvent | TourEvent]]


async def follow_run(
    database: Database, look: Callable[[Session, int], Seen], named: dict[str, str], last_seen: str | None
) -> Response:
    """Send what a run told and tells, from the beginning or after the event last seen, until it has ended.

    look: returns the run and its events after one of this number. named: what every event says besides.
    """

    def events_since(number: int) -> tuple[list[ServerSentEvent], int, bool]:
        with database.read() as session:
            run, found = look(session, number)
            events = [
                ServerSentEvent(
                    json.dumps({"at": event.at.astimezone(CHINA).isoformat(), **named, **event.data}),
                    event=event.type,
                    id=str(event.number),
                )
                for event in found
            ]
            last = found[-1].number if found else number
            return events, last, run.state in ENDED and last >= run.told

    begin = int(last_seen) if last_seen is not None and last_seen.isascii() and last_seen.isdigit() else 0
    first = await run_sync(events_since, begin)

    async def events() -> AsyncIterator[ServerSentEvent]:
        found, last, over = first
        while True:
            for event in found:
                yield event
            if over:
                return
            await asyncio.sleep(FOLLOW_EVERY_S)
            found, last, over = await run_sync(events_since, last)

    return EventSourceResponse(events())
