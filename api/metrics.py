"""Figures for Prometheus, one registry per application."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

__all__ = ["Metrics"]

BUCKETS_S = (0.002, 0.005, 0.01, 0.015, 0.025, 0.05, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0)


class Metrics:
    """The figures of one process; other parts register theirs on `registry`."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.requests = Counter(
            "paigong_requests", "Requests answered.", ("method", "route", "status"), registry=self.registry
        )
        self.seconds = Histogram(
            "paigong_request_seconds",
            "Seconds from the request to the end of its answer.",
            ("method", "route"),
            buckets=BUCKETS_S,
            registry=self.registry,
        )
        self.events_lag = Gauge(
            "paigong_events_lag_seconds", "Age of the oldest delivery that is due.", registry=self.registry
        )
        self.deliveries = Counter(
            "paigong_webhook_attempts", "Attempts to deliver an event.", ("outcome",), registry=self.registry
        )

    def written(self) -> bytes:
        """Return the figures in Prometheus' text format."""
        return generate_latest(self.registry)
