"""A small network in a store, and jobs as callers send them."""

import datetime as dt
import json
from pathlib import Path
from typing import Any

from api.database import Database
from api.store.jobs import By
from api.store.load import load_day
from datasets.day import read_source
from tests.datasets.make_day_folder import JOBS, tables, write

__all__ = ["AREAS", "IN_CHENGDU", "IN_XINJIN", "job", "stock"]

IN_CHENGDU = [104.07, 30.66]
IN_XINJIN = [103.82, 30.41]
"""A town without an outlet."""
AREAS = {
    "成都": (104.0, 30.6, 104.2, 30.75),
    "郫县": (103.8, 30.75, 104.0, 30.9),
    "新津": (103.75, 30.3, 103.9, 30.5),
    "北京": (116.3, 39.8, 116.5, 40.0),
}


def stock(database: Database, folder: Path, *, with_jobs: bool = False) -> None:
    """Load the network of `make_day_folder`, with areas of four towns, from 2 March 2026 on."""
    write(folder, tables() | {"jobs": [dict(row) for row in JOBS] if with_jobs else []})
    (folder / "areas.geojson").write_text(json.dumps(_areas()), encoding="utf-8")
    with database.write() as session:
        now = dt.datetime(2026, 3, 2, 0, 30, tzinfo=dt.UTC)
        load_day(session, read_source(folder), by=By(actor="test", channel="load"), now=now)


def job(**changes: Any) -> dict[str, Any]:
    """Return a good job of a customer in Chengdu, reported half an hour ago; None leaves a field out."""
    said = {
        "reported_at": "2026-03-02T08:30:00+08:00",
        "product": "fridge",
        "skill_level": 1,
        "position": {"coordinates": IN_CHENGDU, "datum": "WGS84"},
        "service_duration": "PT45M",
        "channel": "web",
    }
    return {name: value for name, value in (said | changes).items() if value is not None}


def _areas() -> dict[str, Any]:
    return {
        "type": "FeatureCollection",
        "features": [
            {
                "type": "Feature",
                "properties": {"name": name},
                "geometry": {
                    "type": "Polygon",
                    "coordinates": [[[west, south], [east, south], [east, north], [west, north], [west, south]]],
                },
            }
            for name, (west, south, east, north) in AREAS.items()
        ],
    }
