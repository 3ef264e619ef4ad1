"""Pictures of a plan: all routes over the provinces, and closer looks at the busiest centre and its city."""

import datetime as dt
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import takewhile
from math import cos, radians
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib import patheffects
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection, PolyCollection
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Rectangle
from numpy.typing import NDArray

from datasets.day import DayFolder
from datasets.map_style import (
    BORDER,
    FAINT,
    INK,
    LAND,
    LEFT_OUT,
    SIZE_INCHES,
    Box,
    bold,
    box_around,
    frame,
    installed_cjk_font,
    map_style,
    rings,
    scale_bar,
)
from geo.places import load_places, load_provinces
from optimizer.attainment import Reading, arrival_by_area
from optimizer.model import AreaClass, Day, Ownership, Position
from optimizer.plan import Plan

__all__ = ["draw_centre", "draw_plan"]

_DPI = 100
_OWN, _CONTRACT = "#0B62A4", "#E08E0B"
_OUTLET = "#5A6169"
_ROUTES_IN_CITY = 30
_CELL_DEGREES = 0.15
_SMALLEST_DEGREES = 0.02

_Points = NDArray[np.float64]

_ENGLISH = {
    "title": "Service plan",
    "served": "jobs served",
    "of": "of {} that may be dispatched",
    "seat": "SLA: on site in time",
    "seat_of": "city or township with an outlet",
    "remote": "SLA: on site in time",
    "remote_of": "remote areas",
    "left_out": "jobs left out",
    "left_out_of": "reasons in unassigned.csv",
    "technicians": "technicians on the road",
    "technicians_of": "{} own, {} contract",
    "own": "route of an own technician",
    "contract": "route of a contract outlet's technician",
    "outlet": "outlet",
    "missed": "job left out",
    "territory": "Centre {}: {:,} visits",
    "city": "Its busiest streets, one line per route",
    "nothing": "no visits planned",
    "estimate": "Travel times: estimate",
    "travel": "Travel times: {}",
    "source": "Basemap: Natural Earth, replaceable. Lines join stops; they do not follow roads. Names: GeoNames.",
}
_CHINESE = {
    "title": "派工计划",
    "served": "已安排工单",
    "of": "可派工单 {}",
    "seat": "准时上门率",
    "seat_of": "有网点的城市、乡镇",
    "remote": "准时上门率",
    "remote_of": "偏远地区",
    "left_out": "未安排工单",
    "left_out_of": "原因见 unassigned.csv",
    "technicians": "出勤技师",
    "technicians_of": "自营 {}，特约 {}",
    "own": "自营技师路线",
    "contract": "特约网点技师路线",
    "outlet": "维修网点",
    "missed": "未安排工单",
    "territory": "{}：上门 {:,} 次",
    "city": "最繁忙街区，一线一路线",
    "nothing": "没有安排上门",
    "estimate": "行程时间：估算",
    "travel": "行程时间：{}",
    "source": "底图：Natural Earth，可替换。线段连接各站，不沿道路。",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Track:
    """A route as a line from its base through its stops and back."""

    line: _Points
    ownership: Ownership
    centre_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _Scene:
    """Everything that is drawn."""

    day: Day
    reading: Reading
    tracks: Sequence[_Track]
    outlets: _Points
    left_out: _Points
    land: Sequence[_Points]
    words: Mapping[str, str]
    travel: str
    centre_names: Mapping[str, str]


def draw_plan(
    path: Path,
    folder: DayFolder,
    plan: Plan,
    *,
    provinces: Any = None,
) -> None:
    """Write a picture of 1600 × 1200 pixels: the nation, its busiest centre, and the centre's busiest streets.

    Parameters
    ----------
    path
        The PNG file.
    folder
        The day with its names.
    plan
        What is drawn.
    provinces
        GeoDataFrame of polygons (WGS84) for the ground; the built-in provinces by default.

    Notes
    -----
    Labels are Chinese where a font of `CJK_FONTS` is installed, else English.
    """
    with map_style():
        scene = _scene(folder, folder.day, plan, provinces)
        figure = Figure(figsize=SIZE_INCHES, dpi=_DPI, facecolor="white")
        _headline(figure, scene, f"{scene.words['title']} · {_dates(scene.day)}")
        nation = figure.add_axes((0.012, 0.095, 0.635, 0.66))
        _draw(nation, scene, frame(np.concatenate([*scene.land, *_places(scene)]), nation), line_width=0.7)
        _name_centres(nation, scene)
        _close_looks(figure, nation, scene)
        _legend(figure, scene)
        figure.savefig(path, format="png")


def draw_centre(
    path: Path,
    folder: DayFolder,
    plan: Plan,
    centre_id: str,
    *,
    provinces: Any = None,
) -> None:
    """Write the same picture for the outlets of one centre alone, its territory over the whole page."""
    with map_style():
        day, part = _of_centre(folder.day, plan, centre_id)
        scene = _scene(folder, day, part, provinces)
        figure = Figure(figsize=SIZE_INCHES, dpi=_DPI, facecolor="white")
        _headline(figure, scene, f"{scene.words['title']} · {_dates(day)} · {scene.centre_names[centre_id]}")
        axes = figure.add_axes((0.012, 0.095, 0.976, 0.66))
        _draw(axes, scene, frame(np.concatenate(_places(scene)), axes), line_width=1.1, stops=True)
        scale_bar(axes)
        _legend(figure, scene)
        figure.savefig(path, format="png")


def _of_centre(day: Day, plan: Plan, centre_id: str) -> tuple[Day, Plan]:
    """Return the part of a day and its plan that one centre's outlets work on, and the jobs they were to have."""
    outlets = {outlet.id for outlet in day.outlets if outlet.centre_id == centre_id}
    technicians = {technician.id for technician in day.technicians if technician.outlet_id in outlets}
    shifts = {shift.id for shift in day.shifts if shift.technician_id in technicians}
    routes = tuple(route for route in plan.routes if route.shift_id in shifts)
    elsewhere = {stop.job_id for route in plan.routes if route.shift_id not in shifts for stop in route.stops}
    visited = {stop.job_id for route in routes for stop in route.stops}
    jobs = tuple(
        job for job in day.jobs if job.id in visited or (job.centre_id == centre_id and job.id not in elsewhere)
    )
    return (
        replace(
            day,
            jobs=jobs,
            outlets=tuple(outlet for outlet in day.outlets if outlet.id in outlets),
            technicians=tuple(t for t in day.technicians if t.id in technicians),
            shifts=tuple(shift for shift in day.shifts if shift.id in shifts),
            centres=tuple(centre for centre in day.centres if centre.id == centre_id),
        ),
        replace(plan, routes=routes),
    )


def _scene(folder: DayFolder, day: Day, plan: Plan, provinces: Any) -> _Scene:
    technicians = {technician.id: technician for technician in day.technicians}
    outlets = {outlet.id: outlet for outlet in day.outlets}
    places = {job.id: job.position for job in day.jobs}
    base_of = {shift.id: technicians[shift.technician_id] for shift in day.shifts}
    tracks = []
    for route in plan.routes:
        if route.stops:
            technician = base_of[route.shift_id]
            outlet = outlets[technician.outlet_id]
            stops = (places[stop.job_id] for stop in route.stops)
            line = np.array([technician.position, *stops, technician.position])
            tracks.append(_Track(line=line, ownership=outlet.ownership, centre_id=outlet.centre_id))
    reading = Reading(day, plan)
    chinese = installed_cjk_font() is not None
    words = _CHINESE if chinese else _ENGLISH
    return _Scene(
        day=day,
        reading=reading,
        tracks=tracks,
        outlets=_points(outlet.position for outlet in day.outlets),
        left_out=_points(job.position for job in day.jobs if job.consent and job.id not in reading.visits),
        land=rings(load_provinces() if provinces is None else provinces),
        words=words,
        travel=words["estimate"] if folder.travel == "estimate" else words["travel"].format(folder.travel),
        centre_names=dict(folder.centres["name"]) if chinese else _latin_names(day),
    )


def _points(positions: Iterable[Position]) -> _Points:
    return np.array([*positions], dtype=np.float64).reshape(-1, 2)


def _latin_names(day: Day) -> dict[str, str]:
    """Name each centre after the nearest city in Latin letters, for machines without a Chinese font."""
    cities = load_places().query("level == 'city'")
    names = {}
    for centre in day.centres:
        longitude, latitude = centre.position
        east = (cities["lon"] - longitude) * cos(radians(latitude))
        nearest = np.argmin((east**2 + (cities["lat"] - latitude) ** 2).to_numpy())
        names[centre.id] = str(cities["name"].iloc[int(nearest)])
    return names


def _places(scene: _Scene) -> list[_Points]:
    return [*(track.line for track in scene.tracks), scene.outlets, scene.left_out]


def _dates(day: Day) -> str:
    last = day.date + dt.timedelta(days=day.days - 1)
    return f"{day.date}" if day.days == 1 else f"{day.date} – {last:%m-%d}"


def _headline(figure: Figure, scene: _Scene, title: str) -> None:
    """Write the title and the five figures that say how good the plan is."""
    words, reading = scene.words, scene.reading
    by_area = arrival_by_area(reading)
    dispatchable = sum(job.consent for job in scene.day.jobs)
    on_road = {
        ownership: len({reading.shifts[route.shift_id].technician_id for route in routes})
        for ownership, routes in reading.routes.items()
    }
    figure.text(0.02, 0.945, title, size=27, weight=bold(), va="center")
    tiles = (
        (f"{len(reading.visits):,}", words["served"], words["of"].format(f"{dispatchable:,}"), INK),
        (_percent_text(by_area[AreaClass.SEAT].percent), words["seat"], words["seat_of"], INK),
        (_percent_text(by_area[AreaClass.REMOTE].percent), words["remote"], words["remote_of"], INK),
        (f"{len(scene.left_out):,}", words["left_out"], words["left_out_of"], LEFT_OUT),
        (
            f"{sum(on_road.values()):,}",
            words["technicians"],
            words["technicians_of"].format(f"{on_road[Ownership.OWN]:,}", f"{on_road[Ownership.CONTRACT]:,}"),
            INK,
        ),
    )
    for number, (value, caption, detail, colour) in enumerate(tiles):
        left = 0.02 + number * 0.196
        figure.text(left, 0.872, value, size=30, weight=bold(), va="center", color=colour)
        figure.text(left, 0.831, caption, size=12.5, va="center")
        figure.text(left, 0.808, detail, size=10.5, va="center", color=FAINT)
    figure.add_artist(Line2D([0.02, 0.98], [0.783, 0.783], color=BORDER, linewidth=1))


def _percent_text(value: float | None) -> str:
    return "–" if value is None else f"{value:.1f} %"


def _draw(axes: Axes, scene: _Scene, box: Box, *, line_width: float, stops: bool = False) -> None:
    """Draw everything that lies in a box."""
    west, south, east, north = box
    axes.set_xlim(west, east)
    axes.set_ylim(south, north)
    axes.set_aspect(1 / cos(radians((south + north) / 2)))
    axes.set_axis_off()
    axes.add_collection(PolyCollection(scene.land, facecolor=LAND, edgecolor=BORDER, linewidth=0.7, zorder=1))
    inside = [track for track in scene.tracks if _touches(track.line, box)]
    for ownership, colour in ((Ownership.CONTRACT, _CONTRACT), (Ownership.OWN, _OWN)):
        lines = [track.line for track in inside if track.ownership is ownership]
        axes.add_collection(LineCollection(lines, colors=colour, linewidths=line_width, alpha=0.75, zorder=3))
        if stops and lines:
            visits = np.concatenate([line[1:-1] for line in lines])
            axes.scatter(visits[:, 0], visits[:, 1], s=14, color=colour, edgecolor="white", linewidth=0.5, zorder=5)
    size = 26 if stops else 1.6
    axes.scatter(scene.outlets[:, 0], scene.outlets[:, 1], s=size, color=_OUTLET, marker="s", linewidth=0, zorder=4)
    axes.scatter(
        scene.left_out[:, 0],
        scene.left_out[:, 1],
        s=36 if stops else 5,
        color=LEFT_OUT,
        marker="x",
        linewidth=1.6 if stops else 0.6,
        zorder=6,
    )


def _touches(line: _Points, box: Box) -> bool:
    west, south, east, north = box
    (low_x, low_y), (high_x, high_y) = line.min(axis=0), line.max(axis=0)
    return bool(low_x <= east and high_x >= west and low_y <= north and high_y >= south)


def _name_centres(axes: Axes, scene: _Scene) -> None:
    halo = [patheffects.withStroke(linewidth=2.2, foreground="white", alpha=0.85)]
    names = [scene.centre_names[centre.id] for centre in scene.day.centres]
    shared = _shared_ending(names)
    for centre, name in zip(scene.day.centres, names, strict=True):
        text = name.removesuffix(shared)
        axes.text(*centre.position, text, size=9, ha="center", va="bottom", zorder=8, path_effects=halo, clip_on=True)


def _shared_ending(names: Sequence[str]) -> str:
    """Return what all names end in, such as 客服中心, which a map need not repeat; nothing when one is no more."""
    longest = min((len(name) for name in names), default=0)
    shared = sum(1 for _ in takewhile(lambda end: len({name[-end:] for name in names}) == 1, range(1, longest + 1)))
    return names[0][-shared:] if len(names) > 1 and 0 < shared < longest else ""


def _close_looks(figure: Figure, nation: Axes, scene: _Scene) -> None:
    """Draw the busiest centre's territory, and in it a window small enough to tell single routes apart."""
    upper = figure.add_axes((0.662, 0.438, 0.318, 0.307))
    lower = figure.add_axes((0.662, 0.085, 0.318, 0.307))
    if not scene.tracks:
        upper.text(0.5, 0.5, scene.words["nothing"], ha="center", transform=upper.transAxes, color=FAINT)
        upper.set_axis_off()
        lower.set_axis_off()
        return
    visits: Counter[str] = Counter()
    for track in scene.tracks:
        visits[track.centre_id] += len(track.line) - 2
    centre_id = min(visits, key=lambda centre: (-visits[centre], centre))
    stops = np.concatenate([track.line[1:-1] for track in scene.tracks if track.centre_id == centre_id])
    # A single far visit must not shrink the territory to a dot.
    territory = frame(np.percentile(stops, [1, 99], axis=0), upper, margin=0.08)
    streets = _streets(stops, scene.tracks, lower)
    _draw(upper, scene, territory, line_width=0.8)
    _draw(lower, scene, streets, line_width=1.3, stops=True)
    _mark(nation, territory)
    _mark(upper, streets)
    _caption(upper, scene.words["territory"].format(scene.centre_names[centre_id], visits[centre_id]))
    _caption(lower, scene.words["city"])
    for axes in (upper, lower):
        scale_bar(axes)


def _streets(stops: _Points, tracks: Sequence[_Track], axes: Axes) -> Box:
    """Return a box around the densest place that some tens of routes run through."""
    cells, counts = np.unique(np.floor(stops / _CELL_DEGREES).astype(np.int64), axis=0, return_counts=True)
    longitude, latitude = (cells[counts.argmax()] + 0.5) * _CELL_DEGREES
    height = 2.0
    while height > _SMALLEST_DEGREES:
        box = box_around(longitude, latitude, 0, height, axes)
        if sum(_touches(track.line[1:-1], box) for track in tracks) <= _ROUTES_IN_CITY:
            break
        height *= 0.85
    return box_around(longitude, latitude, 0, height, axes)


def _mark(axes: Axes, box: Box) -> None:
    west, south, east, north = box
    axes.add_patch(
        Rectangle((west, south), east - west, north - south, fill=False, edgecolor=INK, linewidth=1.3, zorder=9)
    )


def _caption(axes: Axes, text: str) -> None:
    axes.set_title(text, size=13, weight=bold(), loc="left", pad=6)
    axes.add_patch(
        Rectangle(
            (0, 0), 1, 1, transform=axes.transAxes, fill=False, edgecolor=INK, linewidth=1.6, zorder=9, clip_on=False
        )
    )


def _legend(figure: Figure, scene: _Scene) -> None:
    words = scene.words
    handles = [
        Line2D([], [], color=_OWN, linewidth=2.5, label=words["own"]),
        Line2D([], [], color=_CONTRACT, linewidth=2.5, label=words["contract"]),
        Line2D([], [], color=_OUTLET, marker="s", linestyle="", markersize=5, label=words["outlet"]),
        Line2D(
            [], [], color=LEFT_OUT, marker="x", linestyle="", markersize=8, markeredgewidth=2, label=words["missed"]
        ),
    ]
    figure.legend(handles=handles, loc="lower left", bbox_to_anchor=(0.012, 0.032), ncols=4, frameon=False, fontsize=12)
    figure.text(0.02, 0.018, f"{scene.travel} · {words['source']}", size=9.5, color=FAINT, va="center")
