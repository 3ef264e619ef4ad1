"""How a route reads what it is sent: strictly, all faults told, but to nobody without a key."""

import copy
import re
from collections.abc import Callable, Coroutine, Iterator
from dataclasses import replace
from typing import Any, NoReturn

from anyio.to_thread import run_sync
from fastapi import APIRouter, Request, Response
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute
from pydantic import TypeAdapter

from api.errors import BadRequest, Fault, Problem, Refused
from api.payloads import counted, read_payload
from api.schemas.problems import problems

__all__ = ["StrictRoute", "router"]

READ_HERE = 32_000
"""Bytes that are read on the event loop; more is read in a thread, so that others are answered meanwhile."""


_JSON = re.compile(r"^\s*application/(?:[\w.-]+\+)?json\b", re.IGNORECASE)
_NOT_CALLED_JSON = Refused(
    "The body is not called JSON.",
    faults=(Fault(code="content_type", detail="send it with the header Content-Type: application/json"),),
)


def _has_body(request: Request) -> bool:
    return request.headers.get("content-length", "0") != "0" or "transfer-encoding" in request.headers


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
    """A route with strict JSON, which refuses parameters that it does not know."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Return the handler, given strict requests."""
        handle = super().get_route_handler()
        annotation: Any = None if self.body_field is None else self.body_field.field_info.annotation
        schema = None if annotation is None else TypeAdapter[Any](annotation)

        known = frozenset(_query_names(self.dependant))
        # The same route, its key asked for and its parameters read, up to where the endpoint would be called.
        shadow = copy.copy(self)
        shadow.dependant = replace(self.dependant, call=_refuse)
        refuse = APIRoute.get_route_handler(shadow)

        async def strictly(request: Request) -> Response:
            request.state.unknown = _unknown(request, known)
            if schema is not None:
                request = _StrictRequest(request.scope, request.receive)
                request.schema = schema
                if _has_body(request) and not _JSON.search(request.headers.get("content-type", "")):
                    request.state.refused = _NOT_CALLED_JSON
            if not request.state.unknown:
                return await handle(request)
            try:
                return await refuse(request)
            except _UnknownParameters:
                faults = list(request.state.unknown)
                raise BadRequest(counted(faults), faults=faults) from None

        return strictly


async def _refuse(**_: Any) -> NoReturn:
    """Stand in for an endpoint when nothing else is wrong than parameters that it does not know."""
    raise _UnknownParameters


class _UnknownParameters(Exception):
    """What is unknown stands in the request's state."""


def _query_names(dependant: Dependant) -> Iterator[str]:
    """Yield the query parameters of a route, those of its dependencies included."""
    yield from (field.alias for field in dependant.query_params)
    for inner in dependant.dependencies:
        yield from _query_names(inner)


def _unknown(request: Request, known: frozenset[str]) -> tuple[Fault, ...]:
    """Return the parameters that a route does not know, as faults that name those that it does."""
    allowed = f"allowed: {', '.join(sorted(known))}" if known else "this address has no parameters"
    return tuple(
        Fault(parameter=f"query.{name}", code="unknown_parameter", detail=f'"{name}" is unknown; {allowed}')
        for name in dict.fromkeys(request.query_params)
        if name not in known
    )


def router(tag: str, *kinds: type[Problem], prefix: str = "/v1") -> APIRouter:
    """Return a router for a resource; kinds: problems that all of its routes may answer beside the usual ones."""
    return APIRouter(prefix=prefix, tags=[tag], route_class=StrictRoute, responses=problems(*kinds))
