"""Problem details as the OpenAPI document shows them."""

from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from api.errors import Problem

__all__ = ["FaultShown", "ProblemShown", "problems"]

MEDIA_TYPE = "application/problem+json"


class FaultShown(BaseModel):
    """One fault of a request."""

    pointer: str | None = Field(
        default=None, description="JSON pointer into the payload; empty: the whole.", examples=["/jobs/3/reported_at"]
    )
    parameter: str | None = Field(
        default=None, description="Instead of a pointer: a parameter of the request.", examples=["query.limit"]
    )
    code: str = Field(description="A stable word for programs.", examples=["missing"])
    detail: str = Field(description="A sentence for people.", examples=["Field required"])


class ProblemShown(BaseModel):
    """Problem details (RFC 9457); some kinds carry further members."""

    model_config = ConfigDict(extra="allow")

    type: str = Field(description="A URN of the kind of problem.", examples=["urn:paigong:problem:refused"])
    title: str = Field(description="The kind, in the language of Accept-Language.", examples=["The payload has faults"])
    status: int = Field(description="The HTTP status.", examples=[422])
    detail: str = Field(description="What happened this time.", examples=["2 faults."])
    code: str = Field(description="A stable word for programs.", examples=["refused"])
    instance: str | None = Field(default=None, description="The request's id, as in the log.", examples=["req_0198"])
    errors: list[FaultShown] | None = Field(default=None, description="Every fault.", examples=[[]])


def problems(*kinds: type[Problem]) -> dict[int | str, dict[str, Any]]:
    """Return what `responses=` of a route takes for these kinds of problems."""
    return {
        kind.status: {
            "description": f"{kind.title} ({kind.code}).",
            "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/ProblemShown"}}},
        }
        for kind in kinds
    }
