"""How a route reads its body: as strict JSON, every fault told, but to nobody without a key."""

from collections.abc import Callable, Coroutine
from typing import Any

from anyio.to_thread import run_sync
from fastapi import APIRouter, Request, Response
from fastapi.routing import APIRoute
from pydantic import TypeAdapter

from api.errors import Problem, Refused
from api.payloads import read_payload
from api.schemas.problems import problems

__all__ = ["StrictRoute", "router"]

READ_HERE = 32_000
"""Bytes that are read on the event loop; more is read in a thread, so that others are answered meanwhile."""


class _StrictRequest(Request):
    """A request whose `json()` is an instance of the route's schema.

    A body that is none is no reason to refuse yet: the framework reads it before it asks for the key. What is wrong is
    kept, and the framework, given nothing that it can use, refuses after that; `api.problems` then tells what was kept.
    """

    schema: TypeAdapter[Any]

    async def json(self) -> Any:
        body = await self.body()
        try:
            if len(body) <= READ_HERE:
                return read_payload(self.schema, body)
            return await run_sync(read_payload, self.schema, body)
        except Refused as refused:
            self.state.refused = refused
            return ()


class StrictRoute(APIRoute):
    """A route with strict JSON."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Return the handler, given strict requests."""
        handle = super().get_route_handler()
        annotation: Any = None if self.body_field is None else self.body_field.field_info.annotation
        schema = None if annotation is None else TypeAdapter[Any](annotation)

        async def strictly(request: Request) -> Response:
            if schema is not None:
                request = _StrictRequest(request.scope, request.receive)
                request.schema = schema
            return await handle(request)

        return strictly


def router(tag: str, *kinds: type[Problem], prefix: str = "/v1") -> APIRouter:
    """Return a router for a resource; kinds: problems that all of its routes may answer beside the usual ones."""
    return APIRouter(prefix=prefix, tags=[tag], route_class=StrictRoute, responses=problems(*kinds))
