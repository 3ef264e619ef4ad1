"""The values that schemas are made of; text is judged by the parsers of a day folder's cells."""

import datetime as dt
from decimal import Decimal
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

from datasets.cells import (
    DATE,
    IDENTIFIER,
    IDENTIFIER_PATTERN,
    INSTANT,
    TIME_OF_DAY,
    WORD,
    WORD_PATTERN,
    Kind,
)
from datasets.times import TIME_ZONE, Unreadable, duration_of

__all__ = [
    "Identifier",
    "Iso8601",
    "LocalDate",
    "Moment",
    "Money",
    "Patch",
    "Place",
    "Position",
    "Schema",
    "Span",
    "TimeOfDay",
    "Word",
    "Written",
    "duration_text",
    "moment_text",
]


class Schema(BaseModel):
    """What every schema keeps to: nothing is converted, nothing unknown is taken."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)


class Written:
    """Marks text that is a cell of some kind; `schema` is what OpenAPI says about it."""

    def __init__(self, kind: Kind, **schema: Any) -> None:
        self.kind = kind
        self.schema = schema

    def check(self, text: str) -> str:
        """Return the text as typed, if a cell could hold it."""
        try:
            self.kind.parse(text)
        except Unreadable as refused:
            raise PydanticCustomError("not_allowed", "{allowed}", {"allowed": str(refused)}) from None
        except ValueError:
            raise PydanticCustomError("not_allowed", "{allowed}", {"allowed": self.kind.allowed}) from None
        return text

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_after_validator_function(self.check, handler(source))

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        return {**handler(schema), **self.schema}


_PERIOD = Kind(parse=duration_of, allowed="a duration such as PT45M, PT1H30M or P2D, not negative")

Identifier = Annotated[str, Written(IDENTIFIER, pattern=f"^(?:{IDENTIFIER_PATTERN.pattern})$", maxLength=64)]
Word = Annotated[str, Written(WORD, pattern=f"^(?:{WORD_PATTERN.pattern})$", maxLength=64)]
Moment = Annotated[str, Written(INSTANT, format="date-time")]
LocalDate = Annotated[str, Written(DATE, format="date")]
TimeOfDay = Annotated[str, Written(TIME_OF_DAY, pattern="^(?:[01][0-9]|2[0-3]):[0-5][0-9]$|^24:00$")]
Iso8601 = Annotated[str, Written(_PERIOD, format="duration")]


class Position(Schema):
    """A place with the map it was read from; the original is kept."""

    coordinates: Annotated[
        tuple[
            Annotated[float, Field(ge=-180, le=180, allow_inf_nan=False)],
            Annotated[float, Field(ge=-90, le=90, allow_inf_nan=False)],
        ],
        Field(description="Longitude, then latitude; degrees.", examples=[[118.8012, 32.0603]]),
    ]
    datum: Annotated[
        Literal["WGS84", "GCJ02", "BD09"],
        Field(description="WGS84 (GPS), GCJ02 (AMap, Tencent) or BD09 (Baidu).", examples=["GCJ02"]),
    ]

    def cells(self) -> dict[str, str]:
        """Return the three cells of a table."""
        lon, lat = self.coordinates
        return {"lon": _degrees(lon), "lat": _degrees(lat), "datum": self.datum}


class Place(Schema):
    """A place in WGS84 degrees, as it is planned with."""

    coordinates: Annotated[
        tuple[float, float], Field(description="Longitude, then latitude; degrees.", examples=[[118.7961, 32.0624]])
    ]
    datum: Annotated[Literal["WGS84"], Field(description="Always WGS84.", examples=["WGS84"])] = "WGS84"


class Span(Schema):
    """From one moment to another."""

    start: Annotated[Moment, Field(description="Begins; RFC 3339 with offset.", examples=["2026-03-02T10:00:00+08:00"])]
    end: Annotated[Moment, Field(description="Ends; not before start.", examples=["2026-03-02T12:00:00+08:00"])]

    def cell(self) -> str:
        """Return the text of a cell."""
        return f"{self.start}/{self.end}"

    @classmethod
    def of_cell(cls, text: str) -> Self:
        """Return what a cell says."""
        start, _, end = text.partition("/")
        return cls(start=start, end=end)


class Money(Schema):
    """An amount of money."""

    fen: Annotated[int, Field(description="Hundredths of a yuan; whole.", examples=[12_000])]
    currency: Annotated[Literal["CNY"], Field(description="Always CNY.", examples=["CNY"])] = "CNY"


class Patch(BaseModel):
    """What a merge patch (RFC 7396) may hold; the schema of the whole judges the result."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)


def moment_text(moment: dt.datetime) -> str:
    """Return a moment as every answer writes it: RFC 3339, whole seconds, +08:00."""
    return moment.astimezone(TIME_ZONE).replace(microsecond=0).isoformat()


def duration_text(seconds: int) -> str:
    """Return a count of seconds as an ISO 8601 duration, a leading `-` when negative."""
    sign, seconds = ("-", -seconds) if seconds < 0 else ("", seconds)
    hours, rest = divmod(seconds, 3600)
    minutes, seconds = divmod(rest, 60)
    parts = ((hours, "H"), (minutes, "M"), (seconds, "S"))
    return f"{sign}PT" + ("".join(f"{count}{unit}" for count, unit in parts if count) or "0S")


def _degrees(value: float) -> str:
    """Return degrees as cells write them, never with an exponent."""
    return format(Decimal(repr(value)), "f")
