"""How a route reads its body: strict JSON, refused with every fault of form before anything looks at it."""

from collections.abc import Callable, Coroutine
from typing import Any

from anyio.to_thread import run_sync
from fastapi import APIRouter, Request, Response
from fastapi.routing import APIRoute

from api.errors import Problem
from api.schemas.problems import problems
from api.strict_json import read_json

__all__ = ["StrictRoute", "router"]

READ_HERE = 32_000
"""Bytes that are read on the event loop; more is read in a thread, so that others are answered meanwhile."""
UNREAD: Any = object()


class _StrictRequest(Request):
    """A request whose `json()` is strict."""

    _document: Any = UNREAD

    async def json(self) -> Any:
        if self._document is UNREAD:
            body = await self.body()
            self._document = read_json(body) if len(body) <= READ_HERE else await run_sync(read_json, body)
        return self._document


class StrictRoute(APIRoute):
    """A route with strict JSON."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Return the handler, given strict requests."""
        handle = super().get_route_handler()

        async def strictly(request: Request) -> Response:
            return await handle(_StrictRequest(request.scope, request.receive))

        return strictly


def router(tag: str, *kinds: type[Problem], prefix: str = "/v1") -> APIRouter:
    """Return a router for a resource; kinds: problems that all of its routes may answer beside the usual ones."""
    return APIRouter(prefix=prefix, tags=[tag], route_class=StrictRoute, responses=problems(*kinds))
