"""Reports as CSV that a spreadsheet opens without running anything that a customer typed."""

import csv
import io
from collections.abc import Iterable, Sequence
from typing import Any

__all__ = ["CSV", "csv_text", "neutral"]

CSV = "text/csv; charset=utf-8"
_RUNS = ("=", "+", "-", "@", "\t", "\r")
"""Spreadsheets take a cell that begins like this for a formula."""


def neutral(cell: Any) -> Any:
    """Return a cell that no spreadsheet runs: text that begins like a formula gets a leading apostrophe."""
    if isinstance(cell, str) and cell.startswith(_RUNS):
        return f"'{cell}"
    return cell


def csv_text(columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> bytes:
    """Return a CSV file with a header row; None is an empty cell, a list is joined by `;`.

    It begins with a byte-order mark, without which Excel in China takes it for GBK.
    """
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\r\n")
    writer.writerow(columns)
    for row in rows:
        writer.writerow([neutral(_cell(value)) for value in row])
    return stream.getvalue().encode("utf-8-sig")


def _cell(value: Any) -> Any:
    match value:
        case None:
            return ""
        case bool():
            return "yes" if value else "no"
        case list() | tuple():
            return ";".join(map(str, value))
        case _:
            return value
