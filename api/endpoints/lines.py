"""Newline-delimited JSON: a body read line by line as it arrives, and how OpenAPI shows it."""

import json
from collections.abc import AsyncIterator, Iterable, Mapping
from typing import Any

from fastapi import Request, Response
from pydantic import BaseModel

from api.errors import Fault, TooLarge
from api.schemas.jobs import LineFault, LineResult

__all__ = ["LONGEST_LINE", "NDJSON", "lines_of", "ndjson", "refused_line", "written_lines"]

NDJSON = "application/x-ndjson"
LONGEST_LINE = 1_000_000


async def lines_of(request: Request, most: int) -> AsyncIterator[tuple[int, list[bytes]]]:
    """Yield the lines of a body, so many at a time, with the number of the first; blank lines count and are left out.

    No more than these lines and what has just arrived is held.
    """
    waiting: list[bytes] = []
    rest, first = b"", 1
    async for block in request.stream():
        *whole, rest = (rest + block).split(b"\n")
        if len(rest) > LONGEST_LINE:
            raise TooLarge(f"A line has at most {LONGEST_LINE} bytes.")
        waiting += whole
        while len(waiting) >= most:
            yield first, waiting[:most]
            first, waiting = first + most, waiting[most:]
    if rest.strip():
        waiting.append(rest)
    if waiting:
        yield first, waiting


def refused_line(number: int, faults: Iterable[Fault], within: str = "") -> LineResult:
    """Return the result of a line that was refused; within: what its faults' pointers are relative to."""
    shown = [
        LineFault(pointer=within + (fault.pointer or ""), code=fault.code, detail=fault.detail) for fault in faults
    ]
    return LineResult(line=number, status="refused", errors=shown)


def written_lines(results: Mapping[int, LineResult]) -> bytes:
    """Return the results of lines in their order, a line for each."""
    said = (results[number].model_dump(exclude_none=True) for number in sorted(results))
    return b"".join(json.dumps(one, ensure_ascii=False).encode() + b"\n" for one in said)


class _Lines(Response):
    """An answer of lines: OpenAPI shows no other kind."""

    media_type = NDJSON


def ndjson(line: type[BaseModel]) -> dict[str, Any]:
    """Return what a route of lines tells OpenAPI: a schema per line in, a result per line out."""
    lines_in = {"schema": {"type": "string", "description": f"Lines of {line.__name__}."}}
    lines_out = {"schema": {"type": "string", "description": f"Lines of {LineResult.__name__}."}}
    return {
        "openapi_extra": {"requestBody": {"required": True, "content": {NDJSON: lines_in}}},
        "response_class": _Lines,
        "responses": {200: {"description": "A result for each line.", "content": {NDJSON: lines_out}}},
    }
