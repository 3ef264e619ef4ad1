"""What an operator can set: one class, every field from the environment as PAIGONG_<NAME>."""

from typing import Annotated, Any, Literal

import limits
from pydantic import AfterValidator, Field, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from datasets.faults import Refusal

__all__ = ["Settings", "SettingsRefused", "read_settings"]

PREFIX = "PAIGONG_"
ALLOWED = {
    "bool_parsing": "true or false",
    "float_parsing": "a number",
    "int_parsing": "a whole number",
}


class SettingsRefused(Refusal):
    """Settings that cannot be; its text has one line per fault."""


def _rate(text: str) -> str:
    try:
        limits.parse(text)
    except ValueError:
        raise ValueError("a rate such as 600/second or 20000/minute") from None
    return text


class Settings(BaseSettings):
    """The settings of one process; docs/operations.md has the table."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, frozen=True, extra="ignore")

    database_url: Annotated[str, Field(description="SQLAlchemy address of the store: SQLite or PostgreSQL.")] = (
        "sqlite:///paigong.db"
    )
    host: Annotated[str, Field(description="Address to listen on; beyond loopback a key must exist.")] = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65_535, description="Port to listen on; 0 takes a free one.")] = 8000
    body_limit: Annotated[int, Field(ge=1_000, description="Bytes of a request's body, unpacked.")] = 64_000_000
    rate_limit: Annotated[
        str, AfterValidator(_rate), Field(description="Requests per key, such as 600/second or 20000/minute.")
    ] = "12000/minute"
    workers: Annotated[int, Field(ge=1, le=256, description="Processes that search: plans, POST /vroom.")] = 2
    scheduler: Annotated[str | None, Field(description="A Dask scheduler tcp://HOST:PORT to plan on instead.")] = None
    hold_minutes: Annotated[int, Field(ge=1, le=1_440, description="How long a held slot stays held.")] = 10
    unreached_calls: Annotated[int, Field(ge=1, le=20, description="Calls in vain before a visit is replanned.")] = 2
    acknowledge_minutes: Annotated[
        int, Field(ge=1, le=1_440, description="Minutes before its start by which an outlet must have said yes.")
    ] = 60
    keep_events_days: Annotated[
        int, Field(ge=7, le=36_500, description="Days that events stay in the feed, and what became of deliveries.")
    ] = 90
    keep_holds_days: Annotated[
        int, Field(ge=1, le=36_500, description="Days that holds which were released or ran out stay.")
    ] = 30
    webhook_timeout_s: Annotated[float, Field(gt=0, le=60, description="Seconds a receiver may take.")] = 10.0
    vroom_seconds: Annotated[float, Field(gt=0, le=3_600, description="Seconds of search for POST /vroom.")] = 10.0
    telemetry: Annotated[bool, Field(description="Trace requests with OpenTelemetry, if it is there.")] = False
    log_level: Annotated[
        Literal["debug", "info", "warning", "error"], Field(description="Least level that is logged.")
    ] = "info"


def read_settings(**given: Any) -> Settings:
    """Return the settings of the environment; given: those that the command line says. Raises SettingsRefused."""
    try:
        return Settings(**{name: value for name, value in given.items() if value is not None})
    except ValidationError as error:
        raise SettingsRefused("\n".join(_fault(fault) for fault in error.errors(include_url=False))) from None


def _fault(fault: Any) -> str:
    field, said, context = str(fault["loc"][0]), fault["input"], fault.get("ctx", {})
    bounds = [f"{word} {context[bound]}" for bound, word in _BOUNDS.items() if bound in context]
    allowed = ALLOWED.get(fault["type"]) or " ".join(bounds) or str(context.get("error") or context.get("expected"))
    return f'{PREFIX}{field.upper()}: "{said}"; allowed: {allowed}'


_BOUNDS = {"ge": "at least", "gt": "more than", "le": "at most", "lt": "less than"}
