"""Text that is a cell of a day folder: judged by the parsers of its columns, so that both mean the same."""

from decimal import Decimal
from typing import Annotated, Any, Literal, Self

from pydantic import Field, GetCoreSchemaHandler, GetJsonSchemaHandler, model_validator
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

from api.schemas.values import Sent, Shown
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
from datasets.times import Unreadable, duration_of, instant_of

__all__ = [
    "Identifier",
    "Iso8601",
    "LocalDate",
    "Place",
    "Span",
    "TimeOfDay",
    "Word",
    "Written",
    "WrittenMoment",
    "degrees_text",
    "duration_text",
]


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
WrittenMoment = Annotated[str, Written(INSTANT, format="date-time")]
LocalDate = Annotated[str, Written(DATE, format="date")]
TimeOfDay = Annotated[str, Written(TIME_OF_DAY, pattern="^(?:[01][0-9]|2[0-3]):[0-5][0-9]$|^24:00$")]
Iso8601 = Annotated[str, Written(_PERIOD, format="duration")]


class Place(Shown):
    """A place in WGS84 degrees, as it is planned with."""

    coordinates: list[float] = Field(description="Longitude and latitude, degrees.", examples=[[118.7961, 32.0624]])
    datum: Literal["WGS84"] = Field(default="WGS84", description="Always WGS84.", examples=["WGS84"])


class Span(Sent):
    """From one moment to another."""

    start: Annotated[
        WrittenMoment, Field(description="Begins; RFC 3339 with offset.", examples=["2026-03-02T10:00:00+08:00"])
    ]
    end: Annotated[WrittenMoment, Field(description="Ends; not before start.", examples=["2026-03-02T12:00:00+08:00"])]

    @model_validator(mode="after")
    def _forward(self) -> Self:
        if instant_of(self.start) > instant_of(self.end):
            raise ValueError("allowed: a start not after the end (this one is reversed)")
        return self

    def cell(self) -> str:
        """Return the text of a cell."""
        return f"{self.start}/{self.end}"

    @classmethod
    def of_cell(cls, text: str) -> Self:
        """Return what a cell says."""
        start, _, end = text.partition("/")
        return cls(start=start, end=end)


def duration_text(seconds: int) -> str:
    """Return a count of seconds as an ISO 8601 duration, a leading `-` when negative."""
    sign, seconds = ("-", -seconds) if seconds < 0 else ("", seconds)
    hours, rest = divmod(seconds, 3600)
    minutes, seconds = divmod(rest, 60)
    parts = ((hours, "H"), (minutes, "M"), (seconds, "S"))
    return f"{sign}PT" + ("".join(f"{count}{unit}" for count, unit in parts if count) or "0S")


def degrees_text(value: float) -> str:
    """Return degrees as cells write them, never with an exponent."""
    return format(Decimal(repr(value)), "f")
