"""What all schemas share: strict reading, instants with an offset, durations, money, positions."""

import datetime as dt
from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, Literal, Self

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    ConfigDict,
    Field,
    PlainSerializer,
    StringConstraints,
    WithJsonSchema,
    model_validator,
)

__all__ = ["CHINA", "Datum", "Duration", "Moment", "Money", "Name", "Position", "Sent", "Shown", "Text", "priced"]

CHINA = dt.timezone(dt.timedelta(hours=8))
EARLIEST, LATEST = dt.datetime(2000, 1, 1, tzinfo=dt.UTC), dt.datetime(2100, 1, 1, tzinfo=dt.UTC)
LONGEST = dt.timedelta(days=400)
DURATION_PATTERN = r"^-?P(?:[0-9]+[YWD])*(?:T(?:[0-9]+H)?(?:[0-9]+M)?(?:[0-9]+(?:\.[0-9]+)?S)?)?$"


class Sent(BaseModel):
    """What a caller sends: strict, no unknown fields, all faults at once."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)


class Shown(BaseModel):
    """What a caller is shown."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def _in_this_century(moment: dt.datetime) -> dt.datetime:
    if not EARLIEST <= moment < LATEST:
        raise ValueError("a moment from 2000 to 2099")
    return moment


def _bearable(duration: dt.timedelta) -> dt.timedelta:
    if not -LONGEST <= duration <= LONGEST:
        raise ValueError(f"a duration of at most {LONGEST.days} days")
    return duration


Moment = Annotated[
    AwareDatetime,
    AfterValidator(_in_this_century),
    PlainSerializer(lambda moment: moment.astimezone(CHINA).isoformat(), return_type=str),
    Field(examples=["2026-03-02T09:30:00+08:00"], json_schema_extra={"format": "date-time"}),
]
"""A moment, RFC 3339 with an offset; answers are in +08:00."""
Duration = Annotated[
    dt.timedelta,
    AfterValidator(_bearable),
    # JSON Schema's own "duration" has neither fractions of seconds nor a sign.
    WithJsonSchema({"type": "string", "pattern": DURATION_PATTERN, "examples": ["PT1H30M"]}),
]
"""A duration, ISO 8601, with a leading `-` when negative."""
Name = Annotated[str, StringConstraints(min_length=1, max_length=200)]
Text = Annotated[str, StringConstraints(max_length=2_000)]


class Datum(StrEnum):
    """The datum of coordinates."""

    WGS84 = "WGS84"
    GCJ02 = "GCJ02"
    BD09 = "BD09"


class Money(Shown):
    """An amount of money."""

    fen: int = Field(description="Whole fen (1/100 yuan).", examples=[12_850])
    currency: Literal["CNY"] = Field(default="CNY", description="ISO 4217.", examples=["CNY"])


def priced(items: Mapping[str, int]) -> dict[str, Money]:
    """Return prices by item, given in fen."""
    return {item: Money(fen=fen) for item, fen in items.items()}


def _in_china(longitude: float, latitude: float) -> bool:
    return 73 <= longitude <= 135.1 and 3 <= latitude <= 54


class Position(Sent):
    """A place on the map."""

    coordinates: Annotated[list[float], Field(min_length=2, max_length=2)] = Field(
        description="Longitude and latitude, degrees.", examples=[[104.0665, 30.5728]]
    )
    datum: Datum = Field(description="The datum that the coordinates are in.", examples=["WGS84"])

    @model_validator(mode="after")
    def _on_earth(self) -> Self:
        longitude, latitude = self.coordinates
        if _in_china(latitude, longitude):
            raise ValueError("longitude first, then latitude: these look swapped")
        if not (-180 <= longitude <= 180 and -90 <= latitude <= 90):
            raise ValueError("longitude from -180 to 180, then latitude from -90 to 90")
        return self
