"""Reads one CSV file of a day folder into parsed columns, with a fault for everything that is wrong in it."""

import csv
import io
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from datasets.columns import Column, TableFormat
from datasets.faults import FaultList
from datasets.times import Unreadable

__all__ = ["MAX_FILE_BYTES", "Table", "csv_records", "read_table", "read_text", "table_of"]

MAX_FILE_BYTES = 256 << 20
"""A larger file is refused by its size, before it is read."""

Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """One file's rows.

    lines: line number of each row as an editor shows it. text: column → cells as typed. values: column → parsed
    cells, the column's default where empty, None where refused. ids: every id of the first column, those of refused
    rows included. whole: False when part of the file could not be read, so that an unknown id may stand there.
    """

    layout: TableFormat
    lines: NDArray[np.int64]
    text: dict[str, NDArray[np.object_]]
    values: dict[str, NDArray[np.object_]]
    ids: frozenset[str]
    whole: bool

    def numbers(self, column: str) -> NDArray[np.float64]:
        """Return a column as floats, NaN where the cell is empty or refused; comparisons with NaN are false."""
        return np.array([np.nan if value is None else value for value in self.values[column]], dtype=np.float64)

    def given(self, column: str) -> Mask:
        """Return which cells of a column are not empty."""
        return np.array([cell != "" for cell in self.text[column].tolist()], dtype=np.bool_)

    def among(self, column: str, known: Collection[str]) -> Mask:
        """Return which cells of a column, as typed, are among the known ones."""
        return np.array([cell in known for cell in self.text[column].tolist()], dtype=np.bool_)

    def rows(self) -> list[dict[str, str]]:
        """Return every row as column → cell, as typed."""
        columns = list(self.text)
        cells = zip(*(self.text[column].tolist() for column in columns), strict=True)
        return [dict(zip(columns, row, strict=True)) for row in cells]

    def refuse(self, bad: Mask, column: str, allowed: str, faults: FaultList) -> None:
        """Note a fault in this column for every row of the mask."""
        for row in np.flatnonzero(bad):
            faults.add(self.layout.file, int(self.lines[row]), column, self.text[column][row], allowed)


def read_text(path: Path, faults: FaultList) -> str | None:
    """Return the text of a UTF-8 file, or None when it cannot be had at all.

    A file in another encoding is a fault, and is read as well as it can be, so that its other faults are found too.
    """
    file = path.name
    try:
        if not path.is_file():
            faults.add(file, None, "", "a folder or device" if path.exists() else "missing", f"a file {file}")
            return None
        size = path.stat().st_size
        if size > MAX_FILE_BYTES:
            faults.add(file, None, "", f"{size} bytes", f"at most {MAX_FILE_BYTES} bytes")
            return None
        with path.open("rb") as stream:
            data = stream.read(MAX_FILE_BYTES)
    except OSError as error:
        faults.add(file, None, "", error.strerror or str(error), "a readable file")
        return None
    text = _decoded(file, data, faults)
    if "\0" in text:
        before = text[: text.index("\0")]
        faults.add(file, _line_count(before), "", "a NUL byte", "text without NUL bytes")
        text = text.replace("\0", "")
    return text


def _decoded(file: str, data: bytes, faults: FaultList) -> str:
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = _line_count(data[: error.start].decode("utf-8", errors="replace"))
    for encoding, name in (("utf-16", "UTF-16"), ("gb18030", "GBK, as Excel saves in China")):
        if encoding == "utf-16" and not data.startswith((b"\xff\xfe", b"\xfe\xff")):
            continue
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        faults.add(file, line, "", f"text in {name}", "UTF-8; in Excel save as “CSV UTF-8”")
        return text
    faults.add(file, line, "", "bytes that are not UTF-8", "UTF-8")
    return data.decode("utf-8-sig", errors="replace")


def _line_count(text: str) -> int:
    """Return the number of the line that follows this text, counting \\n, \\r and \\r\\n as an editor does."""
    return text.replace("\r\n", "\n").replace("\r", "\n").count("\n") + 1


def csv_records(text: str, file: str, faults: FaultList) -> tuple[list[int], list[list[str]], bool]:
    """Return the line number and cells of every row that is not blank, and whether the text could be read to its end.

    The csv module is used rather than `pandas.read_csv`, which fills short rows up silently and forgets lines.
    """
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    lines: list[int] = []
    rows: list[list[str]] = []
    line = 1
    try:
        for row in reader:
            if any(row):
                lines.append(line)
                rows.append(row)
            line = reader.line_num + 1
    except csv.Error as error:
        end = "unexpected end" in str(error)
        value = "a quote that is never closed" if end else f"unreadable: {error}"
        faults.add(file, line, "", value, 'cells with quotes closed and doubled inside: "a ""b"" c"')
        return lines, rows, False
    return lines, rows, True


def read_table(folder: Path, layout: TableFormat, faults: FaultList) -> Table:
    """Return what can be read of a table; whatever cannot is a fault."""
    names = [column.name for column in layout.columns]
    text = read_text(folder / layout.file, faults)
    if text is None:
        return _parsed(layout, {}, [], faults, whole=False)
    lines, rows, whole = csv_records(text, layout.file, faults)
    if not rows:
        if whole:
            faults.add(layout.file, None, "", "empty file", "a header row: " + ",".join(names))
        return _parsed(layout, {}, [], faults, whole=False)
    header = [cell.strip() for cell in rows[0]]
    _check_header(layout, header, lines[0], faults)
    if layout.needs_rows and len(rows) == 1 and whole:
        faults.add(layout.file, None, "", "no rows", "at least one row")
    place = {name: header.index(name) for name in names if name in header}
    even = np.array([len(row) == len(header) for row in rows[1:]], dtype=np.bool_)
    for index in np.flatnonzero(~even) + 1:
        faults.add(
            layout.file, lines[index], "", f"{len(rows[index])} cells", f"{len(header)} cells, as many as the header"
        )
    kept = np.flatnonzero(even) + 1
    table = _parsed(layout, place, [(lines[index], rows[index]) for index in kept], faults, whole=whole)
    id_place = place.get(names[0])
    if id_place is None:
        return replace(table, whole=False)
    ids = frozenset(row[id_place] for row in rows[1:] if id_place < len(row))
    return replace(table, ids=ids)


def table_of(rows: Sequence[Mapping[str, str]], layout: TableFormat, faults: FaultList) -> Table:
    """Return the table of rows that come from elsewhere than a file, as column → cell; row 1 is the first.

    A cell that a row does not have is empty. Whatever is wrong is a fault, named as if the file stood there.
    """
    names = [column.name for column in layout.columns]
    if layout.needs_rows and not rows:
        faults.add(layout.file, None, "", "no rows", "at least one row")
    known = frozenset(names)
    for number, row in enumerate(rows, start=1):
        for name in row.keys() - known:
            faults.add(layout.file, number, name, "unknown column", "only " + ", ".join(names))
    place = {name: index for index, name in enumerate(names)}
    cells = [(number, [row.get(name, "") for name in names]) for number, row in enumerate(rows, start=1)]
    table = _parsed(layout, place, cells, faults, whole=True)
    return replace(table, ids=frozenset(row.get(names[0], "") for row in rows))


def _check_header(layout: TableFormat, header: list[str], line: int, faults: FaultList) -> None:
    names = [column.name for column in layout.columns]
    for separator, wording in ((";", "semicolons"), ("\t", "tabs")):
        if len(header) == 1 and separator in header[0]:
            faults.add(layout.file, line, "", f"columns separated by {wording}", "columns separated by commas")
            return
    for column in layout.columns:
        if column.required and column.name not in header:
            faults.add(layout.file, line, column.name, "missing column", "a required column: " + column.name)
    for number, name in enumerate(header):
        if name not in names:
            faults.add(layout.file, line, name, "unknown column", "only " + ", ".join(names))
        elif name in header[:number]:
            faults.add(layout.file, line, name, "column given twice", "each column once")


def _parsed(
    layout: TableFormat,
    place: dict[str, int],
    rows: Sequence[tuple[int, Sequence[str]]],
    faults: FaultList,
    *,
    whole: bool,
) -> Table:
    cells: list[Sequence[str]] = list(zip(*(row for _, row in rows), strict=True))
    empty = [""] * len(rows)
    text = {
        column.name: np.array(cells[place[column.name]] if rows and column.name in place else empty, dtype=object)
        for column in layout.columns
    }
    line_numbers = np.array([line for line, _ in rows], dtype=np.int64)
    values = {}
    for column in layout.columns:
        values[column.name], refusals = _parse_column(text[column.name], column)
        if column.name not in place:
            continue
        for row, allowed in refusals:
            faults.add(layout.file, int(line_numbers[row]), column.name, text[column.name][row], allowed)
    return Table(layout=layout, lines=line_numbers, text=text, values=values, ids=frozenset(), whole=whole)


def _parse_column(text: NDArray[np.object_], column: Column) -> tuple[NDArray[np.object_], list[tuple[int, str]]]:
    """Return a column's values and its refused rows with what is allowed; equal cells are parsed once."""
    cells = text.tolist()
    values: dict[str, object] = {}
    refused: dict[str, str] = {}
    for cell in dict.fromkeys(cells):
        values[cell] = None
        if cell == "":
            values[cell] = column.default
            if column.required:
                refused[cell] = f"not empty: {column.kind.allowed}"
            continue
        try:
            values[cell] = column.kind.parse(cell)
        except Unreadable as error:
            refused[cell] = str(error)
        except ValueError:
            refused[cell] = column.kind.allowed
    parsed = np.fromiter((values[cell] for cell in cells), dtype=object, count=len(cells))
    return parsed, [(row, refused[cell]) for row, cell in enumerate(cells) if cell in refused] if refused else []
