"""City and township areas as polygons, and the SLA class they give to places: does the area hold an outlet?

Built in: Voronoi cells of the committed places inside their province, those of one urban area joined to one city.
"""

from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Self

import geopandas as gpd
import numpy as np
import pyproj
import shapely
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from geo.matrix import EARTH_M, unit_vectors
from geo.places import load_places, load_provinces

__all__ = ["Areas", "seat_mask"]

_Floats = NDArray[np.float64]

OUTSIDE_M = 50_000
"""Farther than this from every known place (and outside every area) a position is in no area."""

_CONIC = "+proj=lcc +lat_1=25 +lat_2=47 +lat_0=35 +lon_0=105"


class Areas:
    """Areas of one kind, ready to be asked which one holds a position.

    Parameters
    ----------
    names : one per area
    polygons : one polygon or multipolygon per area, WGS84 degrees
    anchors : longitude and latitude of known places, and the area of each: positions outside every polygon (coasts,
        coarse borders) fall to the nearest one's area. Without anchors they are in none.
    """

    def __init__(
        self,
        names: Sequence[str],
        polygons: Sequence[shapely.Geometry],
        anchors: tuple[_Floats, NDArray[np.int64]] | None = None,
    ) -> None:
        self.names = tuple(names)
        self.polygons = np.asarray(polygons, dtype=object)
        self._tree = shapely.STRtree(self.polygons)
        self._anchor_areas = None if anchors is None else anchors[1]
        self._anchors = None if anchors is None else cKDTree(unit_vectors(anchors[0]))

    @classmethod
    def of_places(cls) -> "Areas":
        """Return the built-in areas of cities and townships; computed once per process."""
        return _areas_of_places()

    @classmethod
    def from_geojson(cls, path: Path) -> Self:
        """Read a user's own polygons, which replace the built-in areas; a property `name` names each.

        Raises ValueError naming what is wrong: no feature, a shape that is not a polygon, a missing name.
        """
        try:
            table = gpd.read_file(path)
        except (ValueError, RuntimeError, OSError) as error:
            message = f"{path}: not readable as GeoJSON: {error}"
            raise ValueError(message) from error
        faults = []
        if len(table) == 0:
            faults.append("no features; at least one polygon is needed")
        elif "name" not in table.columns or "geometry" not in table.columns:
            faults.append("every feature needs a geometry and the property name")
        else:
            table = table if table.crs is None else table.to_crs(4326)
            for row, (name, shape) in enumerate(zip(table["name"], table.geometry, strict=True), start=1):
                if not isinstance(name, str) or not name:
                    faults.append(f"feature {row}: name is {name!r}; a text is needed")
                if shape is None or shape.geom_type not in ("Polygon", "MultiPolygon"):
                    kind = "missing" if shape is None else shape.geom_type
                    faults.append(f"feature {row}: geometry is {kind}; Polygon and MultiPolygon are allowed")
        if faults:
            message = "; ".join([f"{path}: {faults[0]}", *faults[1:]])
            raise ValueError(message)
        return cls(list(table["name"]), shapely.make_valid(table.geometry.to_numpy()))

    def __len__(self) -> int:
        """Return the number of areas."""
        return len(self.names)

    def locate(self, lon: _Floats, lat: _Floats) -> NDArray[np.int64]:
        """Return the index of the area that holds each position, -1 for none; the lowest where areas overlap."""
        lon, lat = np.asarray(lon, dtype=np.float64), np.asarray(lat, dtype=np.float64)
        found = np.full(len(lon), len(self), dtype=np.int64)
        if len(lon) == 0:
            return found
        position, area = self._tree.query(shapely.points(lon, lat), predicate="intersects")
        np.minimum.at(found, position, area)
        found[found == len(self)] = -1
        lost = np.flatnonzero(found == -1)
        if self._anchors is not None and self._anchor_areas is not None and len(lost):
            chord, nearest = self._anchors.query(unit_vectors(np.column_stack([lon[lost], lat[lost]])))
            found[lost] = np.where(chord * EARTH_M <= OUTSIDE_M, self._anchor_areas[nearest], -1)
        return found


def seat_mask(
    areas: Areas, outlet_lon: _Floats, outlet_lat: _Floats, job_lon: _Floats, job_lat: _Floats
) -> NDArray[np.bool_]:
    """Return for each job whether its city or township holds one of the (live) outlets.

    The promise of 24 hours holds there ("机构所在城市/乡镇"); a job in no area is never in a seat.
    """
    served = np.zeros(len(areas) + 1, dtype=bool)
    served[areas.locate(outlet_lon, outlet_lat)] = True
    served[-1] = False
    mask: NDArray[np.bool_] = served[areas.locate(job_lon, job_lat)]
    return mask


@cache
def _areas_of_places() -> Areas:
    """Voronoi cells clipped to provinces in a conic projection, joined by urban area, back in degrees."""
    places = load_places()
    lonlat = places[["lon", "lat"]].to_numpy()
    conic = pyproj.Transformer.from_crs(4326, _CONIC, always_xy=True)
    provinces = load_provinces().to_crs(_CONIC).set_index("id").geometry
    flat = np.column_stack(conic.transform(lonlat[:, 0], lonlat[:, 1]))
    extent = shapely.box(*provinces.total_bounds)
    cells = shapely.get_parts(shapely.voronoi_polygons(shapely.multipoints(flat), extend_to=extent, ordered=True))
    for identity, rows in places.groupby("province_id").indices.items():
        cells[rows] = _clip(cells[rows], provinces[identity])

    order = np.argsort(places.area_id.to_numpy(), kind="stable")
    seats, first = np.unique(places.area_id.to_numpy()[order], return_index=True)
    groups = np.split(order, first[1:])
    joined = [cells[rows[0]] if len(rows) == 1 else shapely.union_all(cells[rows]) for rows in groups]
    polygons = shapely.transform(joined, lambda x, y: conic.transform(x, y, direction="INVERSE"), interleaved=False)

    area_of_place = np.searchsorted(seats, places.area_id.to_numpy())
    by_id = places.set_index("place_id")
    names = by_id.zh.where(by_id.zh != "", by_id["name"]).loc[seats]
    # A place outside its coarse province polygon may have an empty cell; its anchor still names its area.
    return Areas(list(names), polygons, anchors=(lonlat, area_of_place))


def _clip(cells: NDArray[np.object_], province: shapely.Geometry) -> NDArray[np.object_]:
    """Cells inside the province; only those that cross its border are cut."""
    shapely.prepare(province)
    crossing = ~shapely.contains_properly(province, cells)
    clipped = cells.copy()
    clipped[crossing] = shapely.intersection(cells[crossing], province)
    return clipped
