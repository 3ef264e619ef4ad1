"""Puts one question to a service: at its pace, again when it is busy, and never with its key in sight."""

import json
from collections.abc import Callable, Mapping
from typing import Self

import httpx
import numpy as np
from numpy.typing import NDArray

from geo.crs import from_wgs84
from geo.remote.cache import places_of
from geo.remote.pace import TokenBucket
from geo.remote.service import Answer, Busy, Halted, Reason, Service
from optimizer.travel import Places

__all__ = ["ATTEMPTS", "Asker"]

ATTEMPTS = 4
FIRST_PAUSE_S = 1.0
"""Before the second attempt; twice as long before each further one."""
TIMEOUT = httpx.Timeout(30.0, connect=5.0)
UNREADABLE = (AttributeError, IndexError, KeyError, TypeError, ValueError)


class Asker:
    """A connection to one service; use as a context manager."""

    def __init__(self, service: Service, clock: Callable[[], float], sleep: Callable[[float], None]) -> None:
        self._service, self._sleep = service, sleep
        self._bucket = TokenBucket(service.limits.units_per_second, clock, sleep)
        # The environment's proxies would go round the transport that adds the key.
        self._client = httpx.Client(transport=_WithKey(service.key), timeout=TIMEOUT, trust_env=False)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._client.close()

    def ask(self, origins: NDArray[np.int64], destinations: NDArray[np.int64], profile: str) -> Answer:
        """Return the ways between places given by their keys; raises Unanswered or Halted."""
        service = self._service
        request = service.request(self._translated(origins), self._translated(destinations), profile)
        shape = len(origins), len(destinations)
        for attempt in range(ATTEMPTS):
            if attempt:
                self._sleep(FIRST_PAUSE_S * 2 ** (attempt - 1))
            self._bucket.take(service.units(*shape))
            try:
                return self._answer(request, shape)
            except Busy as error:
                refusal = Halted(Reason.UNREACHABLE, f"{error}, {ATTEMPTS} times")
            except httpx.TransportError as error:
                refusal = Halted(Reason.UNREACHABLE, f"{type(error).__name__}, {ATTEMPTS} times")
        raise refusal

    def _answer(self, request: httpx.Request, shape: tuple[int, int]) -> Answer:
        response = self._client.send(request)
        if response.status_code == 429:
            raise Busy("HTTP 429")
        try:
            return self._service.read(response.status_code, json.loads(response.content), shape)
        except UNREADABLE:
            if response.status_code >= 500:
                raise Busy(f"HTTP {response.status_code}") from None
            said = f"HTTP {response.status_code} with something else than a matrix of {shape[0]} × {shape[1]}"
            reason = Reason.DENIED if response.status_code in {401, 403, 407} else Reason.NOT_UNDERSTOOD
            raise Halted(reason, said) from None

    def _translated(self, keys: NDArray[np.int64]) -> Places:
        places = places_of(keys)
        return np.column_stack(from_wgs84(places[:, 0], places[:, 1], self._service.datum))


class _WithKey(httpx.BaseTransport):
    """Adds the key on the way out, below everything that logs or quotes an address."""

    def __init__(self, key: Mapping[str, str]) -> None:
        self._key, self._wire = key, httpx.HTTPTransport(trust_env=False)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send the request with the key in its query."""
        with_key = httpx.Request(
            request.method,
            request.url.copy_merge_params(dict(self._key)) if self._key else request.url,
            headers=request.headers,
            stream=request.stream,
            extensions=request.extensions,
        )
        return self._wire.handle_request(with_key)

    def close(self) -> None:
        self._wire.close()
