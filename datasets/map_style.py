"""What every map has in common: fonts with Chinese, colours, boxes of the right shape, a scale bar."""

from collections.abc import Iterator
from contextlib import contextmanager
from math import cos, floor, log10, radians
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib import font_manager
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle
from numpy.typing import NDArray

__all__ = [
    "BORDER",
    "CJK_FONTS",
    "FAINT",
    "INK",
    "LAND",
    "LEFT_OUT",
    "SIZE_INCHES",
    "Box",
    "bold",
    "box_around",
    "frame",
    "installed_cjk_font",
    "map_style",
    "rings",
    "scale_bar",
]

CJK_FONTS = (
    "Noto Sans CJK SC",
    "Noto Sans SC",
    "Source Han Sans SC",
    "Source Han Sans CN",
    "PingFang SC",
    "Microsoft YaHei",
    "WenQuanYi Micro Hei",
    "WenQuanYi Zen Hei",
    "Heiti SC",
    "SimHei",
    "Arial Unicode MS",
)
"""Fonts that hold all labels in Chinese, best first."""

SIZE_INCHES = (16, 12)
LAND, BORDER, INK, FAINT = "#F4F1EA", "#CFC8BA", "#22282E", "#6C757D"
LEFT_OUT = "#C1121F"
_BOLD_WEIGHTS = frozenset({"600", "700", "800", "900", "semibold", "bold", "heavy", "black"})
_SMALLEST_DEGREES = 0.02
_KM_PER_DEGREE = 111.2

Box = tuple[float, float, float, float]
"""West, south, east, north."""
_Points = NDArray[np.float64]


def installed_cjk_font() -> str | None:
    """Return the best installed font of `CJK_FONTS`, None when there is none."""
    installed = {font.name for font in font_manager.fontManager.ttflist}
    return next((name for name in CJK_FONTS if name in installed), None)


@contextmanager
def map_style() -> Iterator[None]:
    """Use a font that has all labels, and no setting of the caller's."""
    font = installed_cjk_font()
    families = [font, "DejaVu Sans"] if font else ["DejaVu Sans"]
    with mpl.rc_context({"font.family": families, "font.size": 11, "text.color": INK}):
        yield


def bold() -> str:
    """Return the weight of titles; a font without a bold face stays as it is, without a complaint."""
    name = installed_cjk_font()
    faces = (font for font in font_manager.fontManager.ttflist if font.name == name)
    return "bold" if name is None or any(str(font.weight) in _BOLD_WEIGHTS for font in faces) else "normal"


def frame(points: _Points, axes: Axes, margin: float = 0.03) -> Box:
    """Return the smallest box around the points that has the shape of the axes, on the ground."""
    if not len(points):
        points = np.array([[73.6, 18.2], [134.8, 53.6]])
    (west, south), (east, north) = points.min(axis=0), points.max(axis=0)
    return box_around(
        (west + east) / 2,
        (south + north) / 2,
        (1 + 2 * margin) * (east - west),
        (1 + 2 * margin) * (north - south),
        axes,
    )


def box_around(longitude: float, latitude: float, width: float, height: float, axes: Axes) -> Box:
    """Return a box around a place, at least so many degrees wide and high, that has the shape of the axes."""
    position = axes.get_position()
    shape = position.width * SIZE_INCHES[0] / (position.height * SIZE_INCHES[1])
    squeeze = cos(radians(latitude))
    height = max(height, width * squeeze / shape, _SMALLEST_DEGREES)
    width = height * shape / squeeze
    return longitude - width / 2, latitude - height / 2, longitude + width / 2, latitude + height / 2


def scale_bar(axes: Axes) -> None:
    """Draw a round number of kilometres, at most a twelfth of the page long."""
    (west, east), (south, north) = axes.get_xlim(), axes.get_ylim()
    km_per_degree = _KM_PER_DEGREE * cos(radians((south + north) / 2))
    wanted_km = (east - west) * km_per_degree * 0.08 / axes.get_position().width
    power = 10 ** floor(log10(wanted_km))
    length_km = max(step * power for step in (1, 2, 5) if step * power <= wanted_km)
    share = length_km / km_per_degree / (east - west)
    axes.add_patch(
        Rectangle((0.008, 0.012), share + 0.032, 0.085, transform=axes.transAxes, color="white", alpha=0.85, zorder=10)
    )
    axes.plot([0.024, 0.024 + share], [0.035, 0.035], transform=axes.transAxes, color=INK, linewidth=2.5, zorder=11)
    axes.text(0.024, 0.05, f"{length_km:g} km", transform=axes.transAxes, size=9.5, zorder=11)


def rings(provinces: Any) -> list[_Points]:
    """Return the outlines of all polygons; holes are other provinces, which are drawn themselves."""
    return [np.array(polygon.exterior.coords)[:, :2] for polygon in provinces.geometry.explode().to_numpy()]
