"""Conditions of a request: which version it is about (ETag, If-Match), how long it would wait (Prefer)."""

import re
from typing import Annotated

from fastapi import Depends, Header

from api.errors import PreconditionFailed, PreconditionRequired

__all__ = ["MOST_WAIT_S", "IfMatch", "PreferWait", "etag", "hold_version", "if_match", "prefer_wait"]

MOST_WAIT_S = 30.0
TAG = re.compile(r'(?:W/)?"([0-9]{1,18})"')
WAIT = re.compile(r"(?:^|[,;\s])wait\s*=\s*([0-9]{1,6})\b", re.ASCII)


def etag(version: int) -> str:
    """Return the ETag of a version."""
    return f'"{version}"'


async def if_match(
    value: Annotated[
        str | None,
        Header(
            alias="If-Match",
            description='The version that the change is about, as its ETag was given: `"3"`. Missing: 428.',
            examples=['"3"'],
        ),
    ] = None,
) -> frozenset[int]:
    """Return the versions that If-Match names; one that names none of ours matches nothing."""
    if value is None:
        raise PreconditionRequired("This changes a planned thing: send If-Match with the ETag that you read.")
    return frozenset(int(number) for number in TAG.findall(value))


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


IfMatch = Annotated[frozenset[int], Depends(if_match)]
PreferWait = Annotated[float, Depends(prefer_wait)]
