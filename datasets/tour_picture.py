"""A picture of tours: a map for each, days in colours, nights at their beds, and the villages that nobody reaches."""

from collections.abc import Mapping, Sequence
from math import ceil, cos, radians
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib import patheffects
from matplotlib.axes import Axes
from matplotlib.collections import PolyCollection
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from numpy.typing import NDArray

from datasets.map_style import (
    BORDER,
    FAINT,
    INK,
    LAND,
    LEFT_OUT,
    SIZE_INCHES,
    Box,
    bold,
    frame,
    installed_cjk_font,
    map_style,
    rings,
    scale_bar,
)
from datasets.tour_map import day_lines, village_status
from datasets.tour_names import Toured
from geo.places import load_provinces
from optimizer.tours.plan import Tour

__all__ = ["MOST_MAPS", "draw_tour", "draw_tours"]

MOST_MAPS = 6
"""So many tours are drawn; the rest are counted."""
_DPI = 100
Land = Sequence[NDArray[np.float64]]
_DAYS = ("#0B62A4", "#E08E0B", "#2E8B57", "#8E44AD", "#B5651D", "#00838F", "#C2185B")
_VISITED, _COVERED, _IDLE, _NIGHT = "#22282E", "#8FB8DE", "#B8B2A6", "#3B2F63"

_ENGLISH = {
    "title": "Rural tours",
    "tours": "tours",
    "tours_of": "{} crews",
    "days": "days on tour",
    "days_of": "{} nights away",
    "jobs": "jobs done",
    "jobs_of": "{} left out, see left_out.csv",
    "villages": "villages visited",
    "villages_of": "{} near a stop, {} not reached",
    "km": "km by road",
    "km_of": "{} hours of driving",
    "caption": "{}: {} jobs, {} nights",
    "more": "{} more tours are in tours.geojson.",
    "nothing": "no tours planned",
    "day": "day {}",
    "night": "night",
    "home": "home",
    "visited": "village with a stop",
    "covered": "near a stop",
    "uncovered": "not reached",
    "idle": "nothing to do",
    "estimate": "Travel times: estimate",
    "travel": "Travel times: {}",
    "source": "Basemap: Natural Earth, replaceable. Lines join stops; they do not follow roads.",
}
_CHINESE = {
    "title": "巡回维修",
    "tours": "巡回行程",
    "tours_of": "{} 个巡回组",
    "days": "在外天数",
    "days_of": "外宿 {} 晚",
    "jobs": "安排工单",
    "jobs_of": "未安排 {}，见 left_out.csv",
    "villages": "停靠村",
    "villages_of": "就近可送 {}，未到 {}",
    "km": "公里",
    "km_of": "行车 {} 小时",
    "caption": "{}：工单 {}，外宿 {} 晚",
    "more": "另有 {} 个行程，见 tours.geojson。",
    "nothing": "没有巡回行程",
    "day": "第 {} 天",
    "night": "住宿",
    "home": "驻点",
    "visited": "停靠村",
    "covered": "就近可送",
    "uncovered": "未到",
    "idle": "无工单",
    "estimate": "行程时间：估算",
    "travel": "行程时间：{}",
    "source": "底图：Natural Earth，可替换。线段连接各站，不沿道路。",
}
_MARKS: Mapping[str, tuple[str, str, int]] = {
    "idle": (_IDLE, ".", 14),
    "uncovered": (LEFT_OUT, "x", 30),
    "covered": (_COVERED, "o", 26),
    "visited": (_VISITED, "o", 22),
}
"""Status of a village → colour, marker, size; those that matter most are drawn last."""


def draw_tours(path: Path, toured: Toured, *, provinces: Any = None) -> None:
    """Write a picture of 1600 × 1200 pixels: the figures, and a map of each tour.

    provinces: GeoDataFrame of polygons (WGS84) for the ground; the built-in provinces by default. Labels are Chinese
    where a font of `CJK_FONTS` is installed, else English.
    """
    with map_style():
        words = _words()
        land = rings(load_provinces() if provinces is None else provinces)
        figure = Figure(figsize=SIZE_INCHES, dpi=_DPI, facecolor="white")
        _headline(figure, toured, words)
        shown = toured.tours[:MOST_MAPS]
        if not shown:
            figure.text(0.5, 0.45, words["nothing"], size=20, ha="center", color=FAINT)
        for axes, tour in zip(_panels(figure, len(shown)), shown, strict=True):
            _draw(axes, toured, tour, land, words)
        _legend(figure, toured, words)
        figure.savefig(path, format="png")


def draw_tour(path: Path, toured: Toured, tour: Tour, *, provinces: Any = None) -> None:
    """Write the map of one tour over the whole page."""
    with map_style():
        words = _words()
        land = rings(load_provinces() if provinces is None else provinces)
        figure = Figure(figsize=SIZE_INCHES, dpi=_DPI, facecolor="white")
        axes = figure.add_axes((0.02, 0.09, 0.96, 0.84))
        _draw(axes, toured, tour, land, words)
        _legend(figure, toured, words)
        figure.savefig(path, format="png")


def _words() -> Mapping[str, str]:
    return _CHINESE if installed_cjk_font() is not None else _ENGLISH


def _headline(figure: Figure, toured: Toured, words: Mapping[str, str]) -> None:
    days = [day for tour in toured.tours for day in tour.days]
    visits = [visit for day in days for visit in day.visits]
    status = list(village_status(toured).values())
    metres = sum(day.travel_m for day in days) + sum(visit.travel_m for visit in visits)
    seconds = sum(day.travel_s for day in days) + sum(visit.travel_s for visit in visits)
    nights = sum(tour.nights for tour in toured.tours)
    tiles = (
        ("tours", len(toured.tours), (len({tour.crew_id for tour in toured.tours}),)),
        ("days", len(days), (nights,)),
        ("jobs", len(visits), (len(toured.result.plan.left_out),)),
        ("villages", status.count("visited"), (status.count("covered"), status.count("uncovered"))),
        ("km", round(metres / 1_000), (f"{seconds / 3600:.1f}",)),
    )
    dates = f"{toured.date(0)} – {toured.date(toured.asked.days - 1):%m-%d}"
    figure.text(0.02, 0.945, f"{words['title']} · {dates}", size=27, weight=bold(), va="center")
    for number, (name, value, detail) in enumerate(tiles):
        left = 0.02 + number * 0.196
        figure.text(left, 0.872, f"{value:,}", size=30, weight=bold(), va="center")
        figure.text(left, 0.831, words[name], size=12.5, va="center")
        figure.text(left, 0.808, words[f"{name}_of"].format(*detail), size=10.5, va="center", color=FAINT)
    figure.add_artist(Line2D([0.02, 0.98], [0.783, 0.783], color=BORDER, linewidth=1))


def _panels(figure: Figure, count: int) -> list[Axes]:
    """Return so many maps side by side, in rows of at most three."""
    columns = min(3, max(1, ceil(count / 2) if count > 3 else count))
    rows = max(1, ceil(count / columns))
    left, bottom, width, height, gap = 0.02, 0.1, 0.96, 0.645, 0.015
    wide, high = (width - gap * (columns - 1)) / columns, (height - 0.045 * (rows - 1)) / rows
    return [
        figure.add_axes(
            (
                left + number % columns * (wide + gap),
                bottom + (rows - 1 - number // columns) * (high + 0.045),
                wide,
                high,
            )
        )
        for number in range(count)
    ]


def _draw(axes: Axes, toured: Toured, tour: Tour, land: Land, words: Mapping[str, str]) -> None:
    lines = [np.array(places, dtype=np.float64) for _, places in day_lines(toured, tour)]
    box = frame(np.concatenate(lines), axes, margin=0.12)
    _ground(axes, box, land)
    _villages(axes, toured)
    for number, line in enumerate(lines):
        colour = _DAYS[number % len(_DAYS)]
        # Later days are thinner, so that a way driven twice shows both.
        width = 2.0 + 1.3 * (len(lines) - 1 - number)
        axes.plot(line[:, 0], line[:, 1], color=colour, linewidth=width, alpha=0.85, zorder=4)
    halo = [patheffects.withStroke(linewidth=2.4, foreground="white", alpha=0.9)]
    for village_id in dict.fromkeys(visit.village_id for day in tour.days for visit in day.visits):
        village = toured.villages[village_id]
        axes.annotate(
            _label(village.name, village.id),
            village.position,
            xytext=(4, 4),
            textcoords="offset points",
            size=9,
            zorder=8,
            path_effects=halo,
            annotation_clip=True,
        )
    _beds(axes, toured, tour)
    caption = words["caption"].format(
        _label(toured.crews[tour.crew_id].name, tour.crew_id), sum(len(day.visits) for day in tour.days), tour.nights
    )
    axes.set_title(
        f"{toured.date(tour.first_day):%m-%d} – {toured.date(tour.last_day):%m-%d} · {caption}",
        size=12.5,
        weight=bold(),
        loc="left",
        pad=6,
    )
    scale_bar(axes)


def _label(name: str, id_: str) -> str:
    """Return the name where the font has it, else the id."""
    return name if installed_cjk_font() is not None or name.isascii() else id_ if id_.isascii() else ""


def _ground(axes: Axes, box: Box, land: Land) -> None:
    west, south, east, north = box
    axes.set_xlim(west, east)
    axes.set_ylim(south, north)
    axes.set_aspect(1 / cos(radians((south + north) / 2)))
    axes.set_xticks([])
    axes.set_yticks([])
    for spine in axes.spines.values():
        spine.set_edgecolor(BORDER)
    axes.add_collection(PolyCollection(land, facecolor=LAND, edgecolor=BORDER, linewidth=0.7, zorder=1))


def _villages(axes: Axes, toured: Toured) -> None:
    status = village_status(toured)
    for order, (name, (colour, marker, size)) in enumerate(_MARKS.items()):
        places = [village.position for village in toured.asked.villages if status[village.id] == name]
        if places:
            longitudes, latitudes = zip(*places, strict=True)
            axes.scatter(
                longitudes, latitudes, s=size, color=colour, marker=marker, linewidths=1.4, zorder=5 + order / 9
            )


def _beds(axes: Axes, toured: Toured, tour: Tour) -> None:
    home = toured.crews[tour.crew_id].position
    axes.scatter(*home, s=90, color=INK, marker="s", edgecolor="white", linewidths=1.2, zorder=7)
    halo = [patheffects.withStroke(linewidth=2.4, foreground="white", alpha=0.9)]
    nights: dict[str, list[str]] = {}
    for number, day in enumerate(tour.days, start=1):
        if day.lodging_id is not None:
            nights.setdefault(day.lodging_id, []).append(str(number))
    for lodging_id, numbers in nights.items():
        lodging = toured.lodgings[lodging_id]
        axes.scatter(*lodging.position, s=120, color=_NIGHT, marker="^", edgecolor="white", linewidths=1.2, zorder=7)
        axes.annotate(
            f"{'+'.join(numbers)} {_label(lodging.name, lodging.id)}",
            lodging.position,
            xytext=(7, -11),
            textcoords="offset points",
            size=10,
            weight=bold(),
            color=_NIGHT,
            zorder=9,
            path_effects=halo,
            annotation_clip=True,
        )


def _legend(figure: Figure, toured: Toured, words: Mapping[str, str]) -> None:
    longest = max((len(tour.days) for tour in toured.tours), default=0)
    handles = [
        *(
            Line2D([], [], color=colour, linewidth=2.5, label=words["day"].format(number))
            for number, colour in enumerate(_DAYS[:longest], start=1)
        ),
        Line2D([], [], color=_NIGHT, marker="^", linestyle="", markersize=9, label=words["night"]),
        Line2D([], [], color=INK, marker="s", linestyle="", markersize=8, label=words["home"]),
        *(
            Line2D([], [], color=colour, marker=marker, linestyle="", markersize=6, label=words[name])
            for name, (colour, marker, _) in reversed(tuple(_MARKS.items()))
        ),
    ]
    figure.legend(
        handles=handles,
        loc="lower left",
        bbox_to_anchor=(0.012, 0.032),
        ncols=len(handles),
        frameon=False,
        fontsize=11,
        columnspacing=1.2,
        handletextpad=0.4,
    )
    travel = words["estimate"] if toured.is_estimate else words["travel"].format(toured.provider)
    more = len(toured.tours) - MOST_MAPS
    said = f"{travel} · {words['source']}" + (f" {words['more'].format(more)}" if more > 0 else "")
    figure.text(0.02, 0.018, said, size=9.5, color=FAINT, va="center")
