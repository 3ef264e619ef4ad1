"""What an operator can set: one class, every field from the environment as PAIGONG_<NAME>."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

__all__ = ["Settings"]


class Settings(BaseSettings):
    """The settings of one process; docs/operations.md has the table."""

    model_config = SettingsConfigDict(env_prefix="PAIGONG_", frozen=True, extra="ignore")

    database_url: Annotated[str, Field(description="SQLAlchemy address of the store: SQLite or PostgreSQL.")] = (
        "sqlite:///paigong.db"
    )
    data_folder: Annotated[Path, Field(description="Where runs keep what is no table: caches, road files.")] = Path(
        "run"
    )
    host: Annotated[str, Field(description="Address to listen on; beyond loopback a key must exist.")] = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65_535, description="Port to listen on; 0 takes a free one.")] = 8000
    body_limit: Annotated[int, Field(ge=1_000, description="Bytes of a request's body, unpacked.")] = 64_000_000
    rate_limit: Annotated[str, Field(description="Requests per key, such as 600/second or 20000/minute.")] = (
        "12000/minute"
    )
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
    travel: Annotated[str, Field(description="Where travel times come from (docs/operations.md).")] = "estimate"
    webhook_timeout_s: Annotated[float, Field(gt=0, le=60, description="Seconds a receiver may take.")] = 10.0
    vroom_seconds: Annotated[float, Field(gt=0, le=3_600, description="Seconds of search for POST /vroom.")] = 10.0
    telemetry: Annotated[bool, Field(description="Send OpenTelemetry traces, if its packages are there.")] = False
    log_level: Annotated[
        Literal["debug", "info", "warning", "error"], Field(description="Least level that is logged.")
    ] = "info"
