"""Logs: one JSON object a line, no secrets, no customers' data – ids, routes, statuses and times only."""

import logging
import sys
from typing import Any

import structlog
from sqlalchemy.exc import DBAPIError, OperationalError

__all__ = ["configure_logs", "store_error", "where"]


def configure_logs(level: str) -> None:
    """Send this process's logs, the libraries' included, to standard error as JSON."""
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True, key="at"),
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.JSONRenderer(ensure_ascii=False),
            ],
            foreign_pre_chain=shared,
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    for chatty in ("alembic", "dbos", "httpx", "httpcore", "uvicorn.access"):
        logging.getLogger(chatty).setLevel(logging.WARNING)


def store_error(error: BaseException) -> dict[str, Any]:
    """Return what a log line says of a store that failed: what, why and where.

    Only a store that does not answer says why: the words of all else may hold a customer's data.
    """
    cause = error.orig if isinstance(error, DBAPIError) and error.orig is not None else error
    said: dict[str, Any] = {"error": type(cause).__name__, "where": where(error)}
    if isinstance(error, OperationalError):
        said["reason"] = next(iter(str(cause).splitlines()), "")
    return said


def where(error: BaseException) -> list[str]:
    """Return the last lines of code that an exception went through, and nothing of what it says."""
    lines = []
    trace = error.__traceback__
    while trace is not None:
        lines.append(f"{trace.tb_frame.f_code.co_filename.rsplit('/', 2)[-1]}:{trace.tb_lineno}")
        trace = trace.tb_next
    return lines[-12:]
