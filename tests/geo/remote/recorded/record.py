"""Records what real servers answer: `python -m tests.geo.remote.recorded.record osrm|valhalla ADDRESS` (README.md)."""

import json
import sys
from pathlib import Path

import httpx
import numpy as np

from geo.remote.osrm import OsrmTable
from geo.remote.valhalla import ValhallaMatrix
from optimizer.model import TravelMode

__all__ = ["PLACES", "TOO_MANY"]

PLACES = np.array([[1.52, 42.506], [1.53, 42.51], [1.48, 42.46], [1.55, 42.5]])
"""Andorra la Vella, Escaldes, Sant Julià and the hills above them."""
FAR = np.array([[10.0, 50.0]])
"""Nowhere near: another country."""
TOO_MANY = {
    kind: np.column_stack([1.5 + np.arange(count) / 3000, np.full(count, 42.506)])
    for kind, count in (("osrm", 101), ("valhalla", 51))
}
"""One more on either side than a server takes by default."""


def _exchange(client: httpx.Client, request: httpx.Request) -> dict[str, object]:
    response = client.send(request)
    return {
        "method": request.method,
        "path": request.url.raw_path.decode(),
        "body": request.content.decode(),
        "status": response.status_code,
        "answer": response.json(),
    }


def _record(kind: str, address: str) -> None:
    service = OsrmTable(address=address) if kind == "osrm" else ValhallaMatrix(address=address)
    profile = service.profiles[TravelMode.CAR]
    questions = {
        "matrix": (PLACES, PLACES),
        "row": (PLACES[:1], PLACES),
        "far": (PLACES[:2], FAR),
        "too many": (TOO_MANY[kind], TOO_MANY[kind]),
    }
    with httpx.Client(trust_env=False) as client:
        found = {name: _exchange(client, service.request(*ends, profile)) for name, ends in questions.items()}
    path = Path(__file__).parent / f"{kind}.json"
    path.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    _record(*sys.argv[1:3])
