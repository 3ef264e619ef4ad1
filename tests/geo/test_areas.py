import json
from pathlib import Path

import numpy as np
import pytest
import shapely

from geo.areas import Areas, seat_mask
from geo.places import load_places

SHANGHAI, BEIJING = (121.458, 31.222), (116.397, 39.907)


def position(zh: str, province_id: str) -> tuple[float, float]:
    places = load_places()
    row = places[(places.zh == zh) & (places.province_id == province_id)].iloc[0]
    return float(row.lon), float(row.lat)


def mask(outlets: list[tuple[float, float]], jobs: list[tuple[float, float]]) -> list[bool]:
    open_, ask = np.array(outlets).reshape(-1, 2), np.array(jobs).reshape(-1, 2)
    return list(seat_mask(Areas.of_places(), open_[:, 0], open_[:, 1], ask[:, 0], ask[:, 1]))


def test_one_outlet_anywhere_makes_the_whole_city_a_seat() -> None:
    songjiang = position("松江区", "CN.23")
    assert mask([songjiang], [SHANGHAI, songjiang, BEIJING]) == [True, True, False]


def test_opening_and_closing_an_outlet_changes_the_class() -> None:
    township = position("吉隆县", "CN.14")
    assert mask([], [township]) == [False]
    assert mask([BEIJING], [township]) == [False]
    assert mask([BEIJING, township], [township]) == [True]


def test_a_neighbouring_township_stays_remote() -> None:
    places = load_places()
    townships = places[(places.level == "township") & (places.area_id == places.place_id) & (places.lon < 105)]
    here = townships.iloc[0]
    away = (townships.lon - here.lon) ** 2 + (townships.lat - here.lat) ** 2
    there = townships.loc[away[away > 0].idxmin()]
    seat = (float(here.lon), float(here.lat))
    assert mask([seat], [seat, (float(there.lon), float(there.lat))]) == [True, False]


def test_every_place_lies_in_its_own_area() -> None:
    places, areas = load_places(), Areas.of_places()
    found = areas.locate(places.lon.to_numpy(), places.lat.to_numpy())
    assert (found >= 0).all()
    seat_names = places.set_index("place_id")
    expected = seat_names.zh.where(seat_names.zh != "", seat_names["name"]).loc[places.area_id].to_numpy()
    assert np.mean(np.array(areas.names)[found] == expected) > 0.999


def test_areas_tile_the_land_without_overlap() -> None:
    areas = Areas.of_places()
    assert len(areas) == len(areas.names) == len(areas.polygons)
    assert shapely.is_valid(areas.polygons).all()
    sample = areas.polygons[::40]
    left, right = shapely.STRtree(sample).query(sample, predicate="overlaps")
    # Cells that touch may overlap by rounding only.
    shared = shapely.area(shapely.intersection(sample[left], sample[right]))
    assert shared.max(initial=0.0) < 1e-8


def test_a_job_off_the_coast_falls_to_the_nearest_place_and_abroad_to_none() -> None:
    areas = Areas.of_places()
    off_zhoushan, helsinki = (122.55, 30.1), (24.94, 60.17)
    found = areas.locate(np.array([off_zhoushan[0], helsinki[0]]), np.array([off_zhoushan[1], helsinki[1]]))
    assert found[0] >= 0
    assert found[1] == -1


def square(x: float, y: float) -> dict[str, object]:
    return {"type": "Polygon", "coordinates": [[[x, y], [x + 1, y], [x + 1, y + 1], [x, y + 1], [x, y]]]}


def write(path: Path, shapes: list[tuple[object, object]]) -> Path:
    features = [{"type": "Feature", "properties": {"name": n}, "geometry": g} for n, g in shapes]
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}), encoding="utf-8")
    return path


def test_a_users_polygons_replace_the_areas(tmp_path: Path) -> None:
    path = write(tmp_path / "areas.geojson", [("甲", square(100, 30)), ("乙", square(101, 30))])
    areas = Areas.from_geojson(path)
    assert areas.names == ("甲", "乙")
    lon, lat = np.array([100.5, 101.5, 110.0]), np.array([30.5, 30.5, 30.5])
    assert areas.locate(lon, lat).tolist() == [0, 1, -1]
    # An outlet outside every polygon serves no area, and a job there is remote.
    assert seat_mask(areas, lon[1:], lat[1:], lon, lat).tolist() == [False, True, False]


def test_bad_polygons_are_refused_all_at_once(tmp_path: Path) -> None:
    point = {"type": "Point", "coordinates": [100, 30]}
    path = write(tmp_path / "areas.geojson", [("甲", square(100, 30)), (None, square(101, 30)), ("丙", point)])
    with pytest.raises(ValueError, match=r"feature 2: name.*feature 3: geometry is Point"):
        Areas.from_geojson(path)
    with pytest.raises(ValueError, match="no features"):
        Areas.from_geojson(write(tmp_path / "empty.geojson", []))
    (tmp_path / "broken.geojson").write_text("{", encoding="utf-8")
    with pytest.raises(ValueError, match="not readable"):
        Areas.from_geojson(tmp_path / "broken.geojson")
