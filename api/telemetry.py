"""OpenTelemetry traces, for those who have its packages and ask for them."""

import structlog
from fastapi import FastAPI

__all__ = ["add_telemetry"]

log = structlog.get_logger("paigong")


def add_telemetry(app: FastAPI) -> bool:
    """Trace every request; return False, with a line in the log, where the extra `telemetry` is not installed."""
    try:
        from opentelemetry.instrumentation.fastapi import FastAPIInstrumentor
    except ImportError:
        log.warning("telemetry", reason="its packages are missing: pip install 'paigong[telemetry]'")
        return False
    FastAPIInstrumentor.instrument_app(app)
    return True
