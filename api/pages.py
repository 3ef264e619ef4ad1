"""Lists in pages: an opaque cursor says where the next page begins."""

import base64
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Generic, TypeVar

from fastapi import Depends, Query
from pydantic import Field

from api.errors import BadRequest, Fault
from api.schemas.values import Shown

__all__ = ["MOST_ITEMS", "Page", "PageOf", "Wanted", "cursor_of", "foreign_cursor", "page_of", "position_of"]

MOST_ITEMS = 1_000
LONGEST_CURSOR = 1_000

Row = TypeVar("Row")
Item = TypeVar("Item")


class Page(Shown, Generic[Item]):
    """One page of a list."""

    items: list[Item] = Field(description="The rows of this page.", examples=[[]])
    next: str | None = Field(
        description="The `cursor` of the next page; null on the last one.", examples=["WyJqb2JfMDE5OCJd"]
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """The page that is wanted. after: the sort key of the last row before it, None for the first page."""

    limit: int
    after: tuple[Any, ...] | None


async def _wanted(
    limit: Annotated[int, Query(ge=1, le=MOST_ITEMS, description="Rows per page.", examples=[100])] = 100,
    cursor: Annotated[
        str | None,
        Query(
            max_length=LONGEST_CURSOR,
            description="`next` of the page before; leave it out for the first page.",
            examples=["WyJqb2JfMDE5OCJd"],
        ),
    ] = None,
) -> Wanted:
    return Wanted(limit=limit, after=None if cursor is None else position_of(cursor))


PageOf = Annotated[Wanted, Depends(_wanted)]


def cursor_of(position: Sequence[Any]) -> str:
    """Return the cursor of a sort key: texts and integers."""
    return base64.urlsafe_b64encode(json.dumps(list(position), separators=(",", ":")).encode()).decode().rstrip("=")


def position_of(cursor: str, parameter: str = "query.cursor") -> tuple[str | int, ...]:
    """Return the sort key of a cursor. Raises BadRequest for what no cursor of ours says."""
    try:
        position = json.loads(base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True))
    except (ValueError, RecursionError):
        position = None
    if not isinstance(position, list) or not position or not all(map(_is_key, position)):
        raise foreign_cursor(parameter)
    return tuple(position)


def foreign_cursor(parameter: str = "query.cursor") -> BadRequest:
    """Return the refusal of a cursor that no page of the list said."""
    fault = Fault(parameter=parameter, code="cursor", detail="`next` of a page of the same list")
    return BadRequest("The cursor is none of ours.", faults=(fault,))


def _is_key(value: Any) -> bool:
    match value:
        case bool():
            return False
        case int():
            return abs(value) < 2**63
        case str():
            return "\0" not in value and value.isprintable()
        case _:
            return False


def page_of(
    rows: Sequence[Row], wanted: Wanted, shown: Callable[[Row], Item], key: Callable[[Row], Sequence[Any]]
) -> Page[Item]:
    """Return a page of rows that were read with `limit + 1`: the one too many says that there is another page."""
    here = rows[: wanted.limit]
    return Page[Any](
        items=[shown(row) for row in here], next=cursor_of(key(here[-1])) if len(rows) > wanted.limit else None
    )
