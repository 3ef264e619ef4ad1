"""JSON at the door: what a lax reader would pass on – NaN, keys twice, NUL, halves of characters – is a fault here."""

import json
import math
import re
from collections.abc import Iterator
from typing import Any, NoReturn

from api.errors import Fault, Refused

__all__ = ["LARGEST_INTEGER", "MOST_DEPTH", "MOST_FAULTS", "pointer_of", "read_json"]

MOST_DEPTH = 40
"""Levels of arrays and objects; nothing that is asked of this service needs a dozen."""
MOST_FAULTS = 100
"""A refusal lists this many faults of form: whoever makes more of them has one cause."""
LARGEST_INTEGER = 2**63 - 1
HALF_A_CHARACTER = re.compile("[\ud800-\udfff]")


class _Twice(dict[str, Any]):
    """An object that has keys more than once."""

    keys_twice: tuple[str, ...] = ()


class _NotANumber:
    """NaN or an infinity, which JSON does not have."""


def read_json(body: bytes) -> Any:
    """Return what a body says. Raises Refused with every fault of form, each with its place."""
    try:
        text = body.decode()
        document = json.loads(text, object_pairs_hook=_object, parse_constant=lambda _: _NotANumber())
    except UnicodeDecodeError as error:
        _stop("encoding", f"byte {error.start} is not UTF-8")
    except json.JSONDecodeError as error:
        _stop("json_invalid", f"line {error.lineno}, column {error.colno}: {error.msg}")
    except RecursionError:
        _stop("too_deep", f"more than {MOST_DEPTH} levels")
    except ValueError:  # an integer of thousands of digits
        _stop("integer_too_large", "an integer beyond 64 bits")
    faults = []
    for fault in _faults(document):
        faults.append(fault)
        if len(faults) == MOST_FAULTS:
            break
    if faults:
        raise Refused("The body is not JSON as it is understood here.", faults=faults)
    return document


def pointer_of(path: tuple[str | int, ...]) -> str:
    """Return the JSON pointer (RFC 6901) of a path."""
    return "".join("/" + str(step).replace("~", "~0").replace("/", "~1") for step in path)


def _stop(code: str, detail: str) -> NoReturn:
    raise Refused("The body is not JSON.", faults=(Fault(pointer="", code=code, detail=detail),))


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    plain = dict(pairs)
    if len(plain) == len(pairs):
        return plain
    twice = _Twice(plain)
    names = [name for name, _ in pairs]
    twice.keys_twice = tuple(name for name in plain if names.count(name) > 1)
    return twice


def _faults(document: Any) -> Iterator[Fault]:
    """Yield the faults of form, without recursion: the depth is what a caller chose."""
    waiting: list[tuple[tuple[str | int, ...], Any]] = [((), document)]
    while waiting:
        path, value = waiting.pop()
        match value:
            case dict() | list() if len(path) >= MOST_DEPTH:
                yield Fault(pointer=_printable(path), code="too_deep", detail=f"more than {MOST_DEPTH} levels")
            case dict():
                yield from _faults_of_keys(path, value)
                waiting.extend(((*path, key), inner) for key, inner in reversed(value.items()))
            case list():
                waiting.extend(((*path, row), value[row]) for row in reversed(range(len(value))))
            case _:
                yield from _faults_of_scalar(path, value)


def _faults_of_keys(path: tuple[str | int, ...], value: dict[str, Any]) -> Iterator[Fault]:
    if isinstance(value, _Twice):
        for key in value.keys_twice:
            yield Fault(pointer=_printable((*path, key)), code="key_twice", detail="this key is given more than once")
    for key in value:
        yield from _faults_of_text((*path, key), key)


def _faults_of_scalar(path: tuple[str | int, ...], value: Any) -> Iterator[Fault]:
    match value:
        case str():
            yield from _faults_of_text(path, value)
        case _NotANumber():
            yield Fault(pointer=_printable(path), code="not_a_number", detail="JSON has neither NaN nor infinities")
        case float() if math.isinf(value):
            yield Fault(pointer=_printable(path), code="number_too_large", detail="a number beyond 64 bits")
        case int() if not -LARGEST_INTEGER <= value <= LARGEST_INTEGER:
            yield Fault(pointer=_printable(path), code="integer_too_large", detail="an integer beyond 64 bits")


def _faults_of_text(path: tuple[str | int, ...], text: str) -> Iterator[Fault]:
    if "\0" in text:
        yield Fault(pointer=_printable(path), code="nul_character", detail="text has no NUL characters")
    if HALF_A_CHARACTER.search(text):
        yield Fault(pointer=_printable(path), code="half_a_character", detail="a surrogate without its other half")


def _printable(path: tuple[str | int, ...]) -> str:
    return HALF_A_CHARACTER.sub("\N{REPLACEMENT CHARACTER}", pointer_of(path))
