"""Tables as they are written for spreadsheets, read back."""

import csv
from pathlib import Path

__all__ = ["rows"]


def rows(path: Path) -> list[dict[str, str]]:
    """Return the rows of a CSV file, by column."""
    with path.open(encoding="utf-8-sig", newline="") as stream:
        return list(csv.DictReader(stream))
