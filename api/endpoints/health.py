"""Whether it lives, whether it can work, what it is, and its figures."""

import importlib.metadata
from typing import Literal

from fastapi import APIRouter, Request, Response
from prometheus_client import CONTENT_TYPE_LATEST
from pydantic import Field

from api.dependencies import DatabaseOf
from api.errors import Unauthorised, Unavailable
from api.readiness import why_not_ready
from api.schemas.problems import problems
from api.schemas.values import Shown

__all__ = ["Health", "Readiness", "Version", "healthz", "metrics", "readyz", "routes", "version"]

LOOPBACK = ("127.", "::1")

routes = APIRouter(tags=["health"])


class Health(Shown):
    """That it answers."""

    status: Literal["ok"] = Field(default="ok", description="That it answers is the answer.", examples=["ok"])


class Readiness(Health):
    """That requests can be served, and whether anybody makes plans."""

    workers: int | None = Field(
        description="Processes of `paigong work` that live. 0: plans wait and promises are not watched; null: not "
        "known yet, in the first seconds.",
        examples=[1],
    )


class Version(Shown):
    """What is running."""

    name: str = Field(description="The service.", examples=["paigong"])
    version: str = Field(description="Its version.", examples=["0.1.0"])


@routes.get("/healthz", summary="Whether the process answers")
async def healthz() -> Health:
    """Answer without touching the store."""
    return Health()


@routes.get("/readyz", summary="Whether requests can be served", responses=problems(Unavailable))
def readyz(database: DatabaseOf, request: Request) -> Readiness:
    """Answer ok when the store answers and its tables are those of this version; say how many workers there are."""
    reason = why_not_ready(database)
    if reason is not None:
        raise Unavailable(reason)
    return Readiness(workers=request.app.state.attendance.workers())


@routes.get("/version", summary="What is running")
async def version() -> Version:
    """Return the name and the version."""
    return Version(name="paigong", version=importlib.metadata.version("paigong"))


@routes.get(
    "/metrics",
    summary="Figures for Prometheus",
    description="From this machine without a key, from elsewhere with any valid one.",
    response_class=Response,
    responses={200: {"content": {"text/plain": {"schema": {"type": "string"}}}}, **problems(Unauthorised)},
)
def metrics(request: Request) -> Response:
    """Return the figures of this process."""
    address = request.client.host if request.client else ""
    if not address.startswith(LOOPBACK):
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        request.app.state.keys.caller(token if scheme.lower() == "bearer" else "")
    return Response(request.app.state.metrics.written(), media_type=CONTENT_TYPE_LATEST)
