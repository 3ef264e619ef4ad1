"""A routing problem's text as a tree of values, with what JSON forbids or readers pass over kept for naming."""

import gzip
import io
import json
import math
import zlib
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any, BinaryIO

from datasets.vroom_faults import ProblemFaults

__all__ = ["MOST_BRACKETS", "MOST_BYTES", "NotANumber", "TwiceNamed", "read_tree", "take_bytes"]

MOST_BYTES = 100_000_000
"""A problem's text may have so many bytes, unpacked."""
MOST_BRACKETS = 3_000_000
"""… and open so many arrays and objects: empty ones take thirty times the memory of their text."""
GZIP_MAGIC = b"\x1f\x8b"


class NotANumber:
    """What stands for NaN, an infinity or a number beyond floating point: no place of a problem takes it."""

    def __init__(self, text: str) -> None:
        self.text = text


class TwiceNamed(dict[str, Any]):
    """An object with keys that stand in it more than once."""

    def __init__(self, pairs: Sequence[tuple[str, Any]], twice: Sequence[str]) -> None:
        super().__init__(pairs)
        self.twice = tuple(twice)


def take_bytes(source: bytes | Path | BinaryIO) -> bytes:
    """Return the bytes of a source, or one more than are allowed."""
    if isinstance(source, bytes):
        return source
    if isinstance(source, Path):
        with source.open("rb") as stream:
            return stream.read(MOST_BYTES + 1)
    return source.read(MOST_BYTES + 1)


def read_tree(data: bytes, faults: ProblemFaults) -> Any:
    """Return the values of a JSON text, plain or gzipped; raises ProblemRefused when it is none."""
    if data.startswith(GZIP_MAGIC):
        data = _unpacked(data, faults)
    if len(data) > MOST_BYTES:
        faults.stop("", f"more than {MOST_BYTES} bytes", f"at most {MOST_BYTES} bytes of JSON, unpacked")
    brackets = data.count(b"[") + data.count(b"{")
    if brackets > MOST_BRACKETS:
        faults.stop("", f"{brackets} arrays and objects", f"at most {MOST_BRACKETS} arrays and objects")
    try:
        return json.loads(
            data.decode("utf-8-sig"), parse_constant=NotANumber, parse_float=_decimal, object_pairs_hook=_object
        )
    except UnicodeDecodeError as error:
        faults.stop("", f"byte {error.object[error.start] if error.object else 0:#04x} at {error.start}", "UTF-8 text")
    except json.JSONDecodeError as error:
        near = error.doc[max(0, error.pos - 20) : error.pos + 20]
        faults.stop("", f"line {error.lineno}, column {error.colno}: {near}", f"JSON ({error.msg})")
    except RecursionError:
        faults.stop("", "arrays or objects nested too deeply", "JSON at most a few levels deep")
    except ValueError:
        # The interpreter itself refuses to convert numbers this long.
        faults.stop("", "an integer of thousands of digits", "numbers of at most 20 digits")


def _unpacked(data: bytes, faults: ProblemFaults) -> bytes:
    try:
        return gzip.GzipFile(fileobj=io.BytesIO(data)).read(MOST_BYTES + 1)
    except (OSError, EOFError, zlib.error) as error:
        faults.stop("", f"gzip: {error}", "JSON, plain or gzipped whole")


def _decimal(text: str) -> float | NotANumber:
    value = float(text)
    return value if math.isfinite(value) else NotANumber(text)


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) == len(pairs):
        return members
    counts = Counter(name for name, _ in pairs)
    return TwiceNamed(pairs, [name for name, count in counts.items() if count > 1])
