"""A payload becomes an instance of its schema, or a refusal with every fault and its place."""

import json
from collections.abc import Iterable, Mapping
from typing import Any, TypeVar

from pydantic import TypeAdapter, ValidationError

from api.errors import Fault, Refused
from api.strict_json import pointer_of, read_json

__all__ = ["MOST_SHOWN", "counted", "faults_of", "read_payload", "said_of"]

Payload = TypeVar("Payload")


def read_payload(schema: TypeAdapter[Payload], body: bytes) -> Payload:
    """Return what a body, or a line of one, says. Raises Refused with all faults of form, else all others."""
    read_json(body)
    try:
        # From the text, not from what was just read: strict Python has no moments in texts, strict JSON has.
        return schema.validate_json(body)
    except ValidationError as error:
        faults = faults_of(error.errors(include_url=False, include_context=False))
        raise Refused(counted(faults), faults=faults) from None


def faults_of(errors: Iterable[Mapping[str, Any]], place: tuple[str | int, ...] = ()) -> list[Fault]:
    """Return pydantic's errors as faults; place: what to drop from the front of their paths, such as ("body",)."""
    return [
        Fault(pointer=pointer_of(error["loc"][len(place) :]), code=error["type"], detail=said_of(error))
        for error in errors
    ]


def said_of(error: Mapping[str, Any]) -> str:
    """Return what is wrong, in words of this house: the value that was sent, if it is short, and what is allowed."""
    words = _WORDS.get(error["type"]) or str(error["msg"]).removeprefix("Value error, ")
    value = error.get("input")
    if error["type"] in _WITHOUT_VALUE or not isinstance(value, str | int | float) or len(str(value)) > MOST_SHOWN:
        return words
    return f"{json.dumps(value, ensure_ascii=False)}; {words}"


MOST_SHOWN = 80
"""Characters of a value that a fault repeats."""
_WITHOUT_VALUE = frozenset({"missing", "extra_forbidden"})
_WORDS = {
    "date_from_datetime_parsing": "allowed: a date such as 2026-03-02",
    "date_parsing": "allowed: a date such as 2026-03-02",
    "date_type": "allowed: a date in quotes, such as 2026-03-02",
    "datetime_from_date_parsing": "allowed: a moment with its offset, such as 2026-03-02T09:30:00+08:00",
    "datetime_parsing": "allowed: a moment with its offset, such as 2026-03-02T09:30:00+08:00",
    "datetime_type": "allowed: a moment in quotes, with its offset, such as 2026-03-02T09:30:00+08:00",
    "extra_forbidden": "there is no such field here",
    "missing": "it is needed and missing",
    "time_delta_parsing": "allowed: an ISO 8601 duration such as PT1H30M",
    "timezone_aware": "allowed: a moment with its offset, such as 2026-03-02T09:30:00+08:00",
}


def counted(faults: list[Fault]) -> str:
    """Return a sentence about how many faults there are."""
    return "1 fault." if len(faults) == 1 else f"{len(faults)} faults."
