import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo.crs import Datum, from_wgs84, in_china, to_wgs84

LONGITUDES = st.floats(73.6, 134.7)
LATITUDES = st.floats(3.5, 53.5)


@given(LONGITUDES, LATITUDES, st.sampled_from(Datum))
def test_inverse_undoes_the_forward_formula(lon: float, lat: float, datum: Datum) -> None:
    back = to_wgs84(*from_wgs84(lon, lat, datum), datum)
    assert back == pytest.approx((lon, lat), abs=1e-8)


@given(LONGITUDES, LATITUDES)
def test_shift_is_some_hundred_metres(lon: float, lat: float) -> None:
    shifted = from_wgs84(lon, lat, Datum.GCJ02)
    assert 1e-5 < abs(shifted[0] - lon) + abs(shifted[1] - lat) < 0.03


@pytest.mark.parametrize(
    ("wgs84", "gcj02"),
    [
        ((121.5272106, 31.1774276), (121.531541859215, 31.17530398364597)),
        ((113.912316, 22.543847), (113.9171764808363, 22.540796131694766)),
        ((116.377817, 39.911954), (116.38404722455657, 39.91334545536069)),
    ],
)
def test_published_pairs_of_gcj02(wgs84: tuple[float, float], gcj02: tuple[float, float]) -> None:
    assert from_wgs84(*wgs84, Datum.GCJ02) == pytest.approx(gcj02, abs=1e-9)
    assert to_wgs84(*gcj02, Datum.GCJ02) == pytest.approx(wgs84, abs=1e-8)


def test_gcj02_is_the_identity_outside_its_box() -> None:
    assert to_wgs84(24.94, 60.17, Datum.GCJ02) == (24.94, 60.17)


def test_arrays_and_scalars_agree() -> None:
    lon, lat = np.array([104.067, 87.6]), np.array([30.667, 43.8])
    x, y = to_wgs84(lon, lat, Datum.BD09)
    assert (float(x[1]), float(y[1])) == pytest.approx(to_wgs84(87.6, 43.8, Datum.BD09), abs=1e-12)
    assert x.shape == lon.shape


def test_in_china_catches_swapped_and_foreign_positions() -> None:
    assert in_china(116.4, 39.9)
    assert not in_china(39.9, 116.4)
    assert not in_china(0.0, 0.0)
    assert in_china(np.array([91.1, 2.35]), np.array([29.65, 48.86])).tolist() == [True, False]
