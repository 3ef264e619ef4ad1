"""The committed places and provinces of China; sources and licences are in datasets/data/README.md."""

from functools import cache
from pathlib import Path

import geopandas as gpd
import pandas as pd

__all__ = ["PLACES_PATH", "PROVINCES_PATH", "load_places", "load_provinces"]

# The floor above owns the folder; it is read as data, not imported.
_DATA = Path(__file__).resolve().parent.parent / "datasets" / "data"
PLACES_PATH = _DATA / "places.csv.gz"
PROVINCES_PATH = _DATA / "provinces.geojson"


@cache
def _provinces() -> gpd.GeoDataFrame:
    return gpd.read_file(PROVINCES_PATH).set_crs(4326, allow_override=True)


@cache
def _places() -> pd.DataFrame:
    types = {"name": "str", "zh": "str", "level": "str", "province_id": "str"}
    places = pd.read_csv(PLACES_PATH, dtype=types, keep_default_na=False)
    provinces = _provinces().set_index("id")
    places["province"] = places.province_id.map(provinces["name"])
    places["province_zh"] = places.province_id.map(provinces["zh"])
    return places


def load_places() -> pd.DataFrame:
    """Return a copy of the 16,044 cities, counties, districts, townships and villages, sorted by place_id.

    Columns: place_id, name (Latin), zh (simplified Han, "" when unknown), lon, lat (WGS84), population (people the
    place stands for; cleaned), level (city | county | district | township | village), province_id (as in the
    provinces), area_id (place_id of the seat whose urban area holds the place, else its own), province, province_zh.
    """
    return _places().copy()


def load_provinces() -> gpd.GeoDataFrame:
    """Return a copy of the 34 province polygons: id, name, zh, geometry (WGS84)."""
    return _provinces().copy()
