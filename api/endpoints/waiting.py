"""`Prefer: wait`: an answer that is held back until the plan that was wished for has ended."""

import asyncio
import time

from anyio.to_thread import run_sync
from fastapi import Response

from api.conditions import etag
from api.database import Database
from api.edge import Answer
from api.plan_states import ENDED
from api.schemas.plans import plan_shown
from api.store.plans import get_plan

__all__ = ["wait_for_end"]

LOOK_EVERY_S = 0.1


async def wait_for_end(database: Database, accepted: Response, wait_s: float) -> Response:
    """Return the plan that `Location` names if it ends in time, else what was answered.

    Whoever waits takes nobody's thread: a hundred may.
    """
    location = accepted.headers["location"]
    until = time.monotonic() + wait_s
    while time.monotonic() < until:
        await asyncio.sleep(LOOK_EVERY_S)
        ended = await run_sync(_ended, database, location)
        if ended is not None:
            return ended.response()
    return accepted


def _ended(database: Database, location: str) -> Answer | None:
    with database.read() as session:
        plan = get_plan(session, location.rsplit("/", 1)[1])
        headers = {"Location": location, "ETag": etag(plan.version)}
        return Answer(body=plan_shown(plan), headers=headers) if plan.state in ENDED else None
