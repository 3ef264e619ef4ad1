"""Whether a table that people read still says what the document beside it says: one of them may have been edited."""

import csv
import io
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

__all__ = ["Row", "SideTable", "table_differences"]

Row = Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class SideTable:
    """A table: the columns that name a row, and those that the document decides; the rest are nobody's to judge.

    aside: a column and the cell in it by which rows are nobody's to judge either.
    """

    keys: tuple[str, ...]
    columns: tuple[str, ...]
    aside: tuple[str, str] | None = None


def table_differences(table: SideTable, text: str, stated: Iterable[Row], document: str) -> Iterator[str]:
    """Yield what a table's text has otherwise than a document states, has not, or has besides.

    What is yielded follows the table's name. Rows of the same name are held against each other in their order.
    """
    reader = csv.DictReader(io.StringIO(text, newline=""))
    missing = [name for name in (*table.keys, *table.columns) if name not in (reader.fieldnames or ())]
    if missing:
        yield f": the columns {', '.join(missing)} are missing"
        return
    expected: defaultdict[tuple[str, ...], list[Row]] = defaultdict(list)
    for true in stated:
        expected[tuple(true[key] for key in table.keys)].append(true)
    for row in reader:
        if table.aside is not None and row.get(table.aside[0]) == table.aside[1]:
            continue
        key = tuple(row[name] or "" for name in table.keys)
        name = f", line {reader.line_num} ({' '.join(key)})"
        if not expected[key]:
            yield f"{name}: {document} has no such row"
            continue
        true = expected[key].pop(0)
        for column in table.columns:
            if (row[column] or "") != true[column]:
                yield f'{name}, {column}: "{row[column] or ""}"; {document} has "{true[column]}"'
    for key, missing_rows in expected.items():
        for _ in missing_rows:
            yield f": no row for {' '.join(key)}, which {document} has"
