"""A schema ↔ the cells of a day folder's table: the two functions between what is sent and what is stored."""

import types
from collections.abc import Callable, Mapping
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from api.schemas.values import Datum, Position, Sent
from api.schemas.written import degrees_text

__all__ = ["POSITION_COLUMNS", "fields_of", "pointer_of_column", "row_of"]

POSITION_COLUMNS = ("lon", "lat", "datum")
_POINTERS = {"lon": "/position/coordinates/0", "lat": "/position/coordinates/1", "datum": "/position/datum"} | {
    "announced_at": "/announced"
}

Reader = Callable[[str], Any]


def row_of(said: Sent, columns: tuple[str, ...], id_: str = "") -> dict[str, str]:
    """Return the cells of a row: those columns that the schema speaks of, as a CSV file would have them.

    id_: of the row, where the schema does not say it. A schema that says several columns in one field parts them.
    """
    row: dict[str, str] = {}
    for name in columns:
        if name in POSITION_COLUMNS:
            position = getattr(said, "position", None)
            if isinstance(position, Position):
                row[name] = _position_cell(position, name)
        elif hasattr(said, name):
            row[name] = _text(getattr(said, name))
    parted = getattr(said, "parted", None)
    return row if parted is None else dict(parted(row, id_))


def fields_of(schema: type[Sent], cells: Mapping[str, str]) -> dict[str, Any]:
    """Return what a row's cells say, as the fields of a schema: the original coordinates and datum included."""
    fields: dict[str, Any] = {}
    joined = getattr(schema, "joined", None)
    cells = cells if joined is None else joined(cells)
    for name, read in _readers(schema).items():
        if name == "position" and not cells.get("lon"):
            continue
        if name == "position":
            coordinates = [float(cells["lon"]), float(cells["lat"])]
            fields[name] = Position(coordinates=coordinates, datum=Datum(cells["datum"]))
        elif text := cells.get(name, ""):
            fields[name] = read(text)
    return fields


def pointer_of_column(column: str) -> str:
    """Return the JSON pointer of the field that fills a column."""
    return _POINTERS.get(column, f"/{column}" if column else "")


def _position_cell(position: Position, column: str) -> str:
    if column == "datum":
        return str(position.datum)
    return degrees_text(position.coordinates[POSITION_COLUMNS.index(column)])


def _text(value: Any) -> str:
    match value:
        case None:
            return ""
        case bool():
            return "yes" if value else "no"
        case str() | int():
            return str(value)
        case list():
            return ";".join(_text(item) for item in value)
        case dict():
            return ";".join(f"{key}:{number}" for key, number in value.items())
        case _:
            text: str = value.cell()
            return text


_KNOWN: dict[type[Sent], dict[str, Reader]] = {}


def _readers(schema: type[Sent]) -> dict[str, Reader]:
    if schema not in _KNOWN:
        _KNOWN[schema] = {name: _reader(field.annotation) for name, field in schema.model_fields.items()}
    return _KNOWN[schema]


def _reader(annotation: Any) -> Reader:
    """Return what reads a cell into a field of this type."""
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return _reader(arguments[0])
    if origin in (Union, types.UnionType):
        return _reader(next(kind for kind in arguments if kind is not types.NoneType))
    if origin is list:
        read = _reader(arguments[0])
        return lambda text: [read(item) for item in text.split(";")]
    if origin is dict:
        return lambda text: {key: int(number) for key, number in (item.split(":") for item in text.split(";"))}
    if annotation is bool:
        return lambda text: text == "yes"
    if annotation is int:
        return int
    if annotation is str or origin is Literal:
        return str
    return _of_cell(annotation)


def _of_cell(schema: Any) -> Reader:
    of_cell = getattr(schema, "of_cell", None)
    return of_cell if of_cell is not None else str
