"""What happens to every request before and after its endpoint: an id, a log line, a figure, headers, a limit."""

import re
import time
from typing import Any

import structlog
from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.errors import BadRequest, TooLarge
from api.metrics import Metrics
from api.problems import problem_response
from api.tables.base import new_id

__all__ = ["BodyLimit", "Entrance"]

REQUEST_ID = re.compile(rb"[A-Za-z0-9_-]{1,64}")
OTHER = "(none)"
SECURITY_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Content-Security-Policy": (
        "default-src 'self'; img-src 'self' data: blob:; style-src 'self' 'unsafe-inline'; "
        "script-src 'self' 'unsafe-inline'; worker-src 'self' blob:; frame-ancestors 'none'; base-uri 'self'"
    ),
}

log = structlog.get_logger("paigong.request")


class Entrance:
    """The outermost middleware."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self._app = app
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request through and say afterwards what became of it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        begun = time.perf_counter()
        given = dict(scope["headers"]).get(b"x-request-id", b"")
        request_id = given.decode() if REQUEST_ID.fullmatch(given) else new_id("req")
        state: dict[str, Any] = scope.setdefault("state", {})
        state["request_id"] = request_id
        status = 500

        async def send_with_headers(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = MutableHeaders(scope=message)
                headers["X-Request-Id"] = request_id
                for name, value in SECURITY_HEADERS.items():
                    headers.setdefault(name, value)
                headers.setdefault("Cache-Control", "no-store")
            await send(message)

        with structlog.contextvars.bound_contextvars(request_id=request_id):
            try:
                if "\0" in scope["path"] or b"%00" in scope["query_string"]:
                    refusal = BadRequest("An address has no NUL characters.")
                    await problem_response(Request(scope), refusal)(scope, receive, send_with_headers)
                else:
                    await self._app(scope, receive, send_with_headers)
            finally:
                self._tell(scope, status, time.perf_counter() - begun)

    def _tell(self, scope: Scope, status: int, seconds: float) -> None:
        route = _template(scope)
        self._metrics.requests.labels(scope["method"], route, status).inc()
        self._metrics.seconds.labels(scope["method"], route).observe(seconds)
        key_id = scope["state"].get("key_id")
        milliseconds = round(seconds * 1_000, 1)
        log.info("request", method=scope["method"], route=route, status=status, ms=milliseconds, key_id=key_id)


def _template(scope: Scope) -> str:
    """Return the route's template, never the address: ids make no metric and no log line."""
    template: str = getattr(scope.get("route"), "path_format", OTHER)
    return template


class BodyLimit:
    """Refuses bodies beyond a limit: at once when their length is declared, else when they pass it."""

    def __init__(self, app: ASGIApp, most_bytes: int) -> None:
        self._app = app
        self._most = most_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request through with as much of its body as is taken."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        declared = dict(scope["headers"]).get(b"content-length", b"0")
        if not declared.isdigit() or int(declared) > self._most:
            await self._refuse(scope, receive, send)
            return
        taken, is_too_large, is_answered = 0, False, False

        async def receive_counted() -> Message:
            nonlocal taken, is_too_large
            message = await receive()
            taken += len(message.get("body", b""))
            if taken > self._most:
                is_too_large = True
                return {"type": "http.disconnect"}
            return message

        async def send_unless_refused(message: Message) -> None:
            nonlocal is_answered
            if not is_too_large or is_answered:
                is_answered = True
                await send(message)

        try:
            await self._app(scope, receive_counted, send_unless_refused)
        except Exception:
            if not is_too_large:
                raise
        if is_too_large and not is_answered:
            await self._refuse(scope, receive, send)

    async def _refuse(self, scope: Scope, receive: Receive, send: Send) -> None:
        problem = TooLarge(
            f"A body has at most {self._most} bytes.", members={"limit": self._most}, headers={"Connection": "close"}
        )
        await problem_response(Request(scope), problem)(scope, receive, send)
