"""A payload becomes an instance of its schema, or a refusal with every fault and its place."""

from collections.abc import Iterable, Mapping
from typing import Any, TypeVar

from pydantic import TypeAdapter, ValidationError

from api.errors import Fault, Refused
from api.strict_json import pointer_of, read_json

__all__ = ["counted", "faults_of", "read_payload"]

Payload = TypeVar("Payload")


def read_payload(schema: TypeAdapter[Payload], body: bytes) -> Payload:
    """Return what a body, or a line of one, says. Raises Refused with all faults of form, else all others."""
    read_json(body)
    try:
        # From the text, not from what was just read: strict Python has no moments in texts, strict JSON has.
        return schema.validate_json(body)
    except ValidationError as error:
        faults = faults_of(error.errors(include_url=False, include_context=False, include_input=False))
        raise Refused(counted(faults), faults=faults) from None


def faults_of(errors: Iterable[Mapping[str, Any]], place: tuple[str | int, ...] = ()) -> list[Fault]:
    """Return pydantic's errors as faults; place: what to drop from the front of their paths, such as ("body",)."""
    return [
        Fault(pointer=pointer_of(error["loc"][len(place) :]), code=error["type"], detail=error["msg"])
        for error in errors
    ]


def counted(faults: list[Fault]) -> str:
    """Return a sentence about how many faults there are."""
    return "1 fault." if len(faults) == 1 else f"{len(faults)} faults."
