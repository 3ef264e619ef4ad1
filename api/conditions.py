"""Conditions of a request: which version it is about (ETag, If-Match), how long it would wait (Prefer)."""

import re
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Header

from api.errors import BadRequest, Fault, PreconditionFailed, PreconditionRequired

__all__ = [
    "MOST_WAIT_S",
    "IfMatch",
    "IfMatchIfThere",
    "PreferWait",
    "Versions",
    "etag",
    "hold_version",
    "if_match",
    "if_match_if_there",
    "prefer_wait",
]

MOST_WAIT_S = 30.0
TAG = re.compile(r'(?:W/)?"([0-9]{1,18})"')
UNQUOTED = re.compile(r"\s*[0-9]{1,18}\s*")
WAIT = re.compile(r"(?:^|[,;\s])wait\s*=\s*([0-9]{1,6})\b", re.ASCII)


def etag(version: int) -> str:
    """Return the ETag of a version."""
    return f'"{version}"'


@dataclass(frozen=True, slots=True, kw_only=True)
class Versions:
    """What If-Match names; None when it is missing, which only what is there minds: what is not is said first."""

    named: frozenset[int] | None
    without: str = "It is there already: send If-Match with the ETag that you read."

    def needed(self) -> frozenset[int]:
        """Return the versions. Raises PreconditionRequired when If-Match is missing."""
        if self.named is None:
            raise PreconditionRequired(self.without)
        return self.named


async def if_match(
    value: Annotated[
        str | None,
        Header(
            alias="If-Match",
            description='The version that the change is about, as its ETag was given: `"3"`. Missing: 428.',
            examples=['"3"'],
        ),
    ] = None,
) -> Versions:
    """Return the versions that If-Match names; one that names none of ours matches nothing."""
    without = "This changes a planned thing: send If-Match with the ETag that you read."
    return Versions(named=None if value is None else _versions(value), without=without)


def _versions(value: str) -> frozenset[int]:
    if UNQUOTED.fullmatch(value):
        fault = Fault(
            parameter="header.If-Match", code="quotes", detail=f'quotes belong to it: If-Match: "{value.strip()}"'
        )
        raise BadRequest("The quotes of the ETag are missing.", faults=(fault,))
    return frozenset(int(number) for number in TAG.findall(value))


async def if_match_if_there(
    value: Annotated[
        str | None,
        Header(
            alias="If-Match",
            description="The version that the change is about; needed when there is one already. Missing: 428.",
            examples=['"3"'],
        ),
    ] = None,
) -> Versions:
    """Return the versions that If-Match names, if it is there."""
    return Versions(named=None if value is None else _versions(value))


def hold_version(current: int, wanted: frozenset[int]) -> None:
    """Raise PreconditionFailed, with the current version, unless it is among the wanted ones."""
    if current not in wanted:
        raise PreconditionFailed(
            f"The current version is {current}.", members={"version": current}, headers={"ETag": etag(current)}
        )


async def prefer_wait(
    value: Annotated[
        str | None,
        Header(
            alias="Prefer",
            description=f"`wait=5`: seconds to wait for the result before 202 is answered, at most {MOST_WAIT_S:g}.",
            examples=["wait=5"],
        ),
    ] = None,
) -> float:
    """Return how many seconds the caller would wait; 0 unless it says so."""
    found = WAIT.search(value or "")
    return min(float(found[1]), MOST_WAIT_S) if found else 0.0


IfMatchIfThere = Annotated[Versions, Depends(if_match_if_there)]
IfMatch = Annotated[Versions, Depends(if_match)]
PreferWait = Annotated[float, Depends(prefer_wait)]
