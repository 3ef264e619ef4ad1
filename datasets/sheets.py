"""Printable work sheets in Chinese: one A4 page per outlet (more where its visits need them), and an index.

Everything a technician or a telephone needs stands on the page itself; nothing is loaded from anywhere.
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pandas as pd
from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template

from datasets.china_catalogue import COOLANT, ELECTRICIAN, FAMILIES, GAS, HEIGHT
from datasets.day import DayFolder
from datasets.pick_list import Pick, picks_of
from optimizer.model import (
    DAY_S,
    Channel,
    Clock,
    ClockKind,
    Day,
    Job,
    Outlet,
    Ownership,
    Shift,
    ShipMode,
    TravelMode,
    Window,
)
from optimizer.plan import Plan, Route, Shipment, Stop
from optimizer.ship_modes import is_fallback

__all__ = ["sheet_pages", "write_sheets"]

_TEMPLATES = Path(__file__).with_name("templates")
_INDEX = "index.html"
_WEEKDAYS = "一二三四五六日"

_OWNERSHIP = {Ownership.OWN: "自营", Ownership.CONTRACT: "特约"}
_CHANNEL = {Channel.ONLINE: "联网", Channel.PHONE: "电话", Channel.FAX: "传真"}
_CLOCK = {ClockKind.ARRIVAL: "上门", ClockKind.RESOLUTION: "修复"}
_TRAVEL = {
    TravelMode.CAR: "汽车",
    TravelMode.MOTORBIKE: "摩托车",
    TravelMode.EBIKE: "电动车",
    TravelMode.TRANSIT: "公共交通",
    TravelMode.WALK: "步行",
}
_SHIP = {
    ShipMode.STANDARD: "标准",
    ShipMode.EXPRESS: "快递",
    ShipMode.DEDICATED: "专车",
    ShipMode.PICKUP: "自提",
}
_JOB_TYPE = {
    "": "上门",
    "repair": "维修",
    "door_replacement": "换门体",
    "installation": "安装",
    "maintenance": "保养",
    "unit_exchange": "换机",
}
_CERTIFICATE = {GAS: "燃气", ELECTRICIAN: "电工", COOLANT: "制冷", HEIGHT: "高处作业"}
_PRODUCT = {family.key: family.name for family in FAMILIES}

_Row = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Assignment:
    """A route with its shift."""

    shift: Shift
    route: Route


class _Names:
    """What people are shown instead of ids: cells of the day folder as typed, the id where a cell is empty."""

    def __init__(self, folder: DayFolder) -> None:
        self.centre = _column(folder.centres, "name")
        self.outlet = _column(folder.outlets, "name")
        self.contact = _column(folder.outlets, "contact")
        self.phone = _column(folder.outlets, "phone")
        self.technician = _column(folder.technicians, "name")
        self.houses = frozenset(folder.warehouses.index)
        self.warehouse = _column(folder.warehouses, "name")
        self.part = _column(folder.parts, "name")
        self.job = {
            name: _column(folder.jobs, name)
            for name in ("contact", "phone", "address", "brand", "product", "fault", "job_type")
        }


def write_sheets(folder: Path, day_folder: DayFolder, plan: Plan) -> None:
    """Write index.html and one page per outlet, named after its id, into a folder that is made when missing."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, page in sheet_pages(day_folder, plan):
        (folder / name).write_text(page, encoding="utf-8")


def sheet_pages(day_folder: DayFolder, plan: Plan) -> Iterator[tuple[str, str]]:
    """Yield file name and text of one page per outlet, named after its id, and of index.html at last.

    An outlet without visits gets a page that says so. Whatever people typed is escaped.
    """
    sheet, index = _template("sheet.html"), _template("index.html")
    day = day_folder.day
    reader = _Reader(day_folder, plan)
    note = "行程时间为估算" if day_folder.travel == "estimate" else f"行程时间来源：{day_folder.travel}"
    for outlet in day.outlets:
        yield _file_name(outlet.id), sheet.render(reader.page(outlet), dates=_dates(day), travel_note=note)
    yield _INDEX, index.render(reader.index())


@cache
def _template(name: str) -> Template:
    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES), autoescape=True, undefined=StrictUndefined, auto_reload=False
    )
    return environment.get_template(name)


class _Reader:
    """Turns a plan into the words and numbers that the pages print."""

    def __init__(self, folder: DayFolder, plan: Plan) -> None:
        self._day: Day = folder.day
        self._names = _Names(folder)
        self._jobs = {job.id: job for job in folder.day.jobs}
        self._technicians = {technician.id: technician for technician in folder.day.technicians}
        self._picks: defaultdict[str, list[Pick]] = defaultdict(list)
        for pick in picks_of(folder, plan):
            self._picks[pick.shift_id].append(pick)
        shifts = {shift.id: shift for shift in folder.day.shifts}
        self._work: defaultdict[str, list[_Assignment]] = defaultdict(list)
        for route in plan.routes:
            if route.stops:
                shift = shifts[route.shift_id]
                outlet_id = self._technicians[shift.technician_id].outlet_id
                self._work[outlet_id].append(_Assignment(shift=shift, route=route))
        for work in self._work.values():
            work.sort(key=lambda item: (item.shift.day, item.shift.technician_id, item.shift.id))

    def page(self, outlet: Outlet) -> _Row:
        """Return what one outlet's page prints."""
        work = self._work[outlet.id]
        return {
            "outlet": {
                **self._address(outlet),
                "id": outlet.id,
                "ownership": _OWNERSHIP[outlet.ownership],
                "centre": self._names.centre.get(outlet.centre_id) or outlet.centre_id,
                "offline": "" if outlet.channel is Channel.ONLINE else f"{_CHANNEL[outlet.channel]}网点",
            },
            "visits": _visits(work),
            "shifts": [self._shift(item) for item in work],
        }

    def index(self) -> _Row:
        """Return what the index prints: outlets by centre, those to be called in order of slack."""
        by_centre: defaultdict[str, list[Outlet]] = defaultdict(list)
        for outlet in self._day.outlets:
            by_centre[outlet.centre_id].append(outlet)
        return {
            "dates": _dates(self._day),
            "outlets": len(self._day.outlets),
            "visits": sum(_visits(work) for work in self._work.values()),
            "centres": [self._centre(centre.id, by_centre[centre.id]) for centre in self._day.centres],
        }

    def _centre(self, centre_id: str, outlets: Sequence[Outlet]) -> _Row:
        offline = [outlet for outlet in outlets if outlet.channel is not Channel.ONLINE and self._work[outlet.id]]
        called = {outlet.id for outlet in offline}
        return {
            "name": self._names.centre.get(centre_id) or centre_id,
            "visits": sum(_visits(self._work[outlet.id]) for outlet in outlets),
            "calls": [self._call(outlet) for outlet in sorted(offline, key=self._call_order)],
            "others": [self._address(outlet) for outlet in outlets if outlet.id not in called],
        }

    def _address(self, outlet: Outlet) -> _Row:
        return {
            "name": self._names.outlet.get(outlet.id) or outlet.id,
            "contact": self._names.contact.get(outlet.id, ""),
            "phone": self._names.phone.get(outlet.id, ""),
            "channel": _CHANNEL[outlet.channel],
            "visits": _visits(self._work[outlet.id]),
            "href": quote(_file_name(outlet.id)),
        }

    def _call(self, outlet: Outlet) -> _Row:
        slack_s = self._slack_s(outlet)
        first = min((item.route.depart_s for item in self._work[outlet.id]), default=0)
        return {
            **self._address(outlet),
            "first_departure": self._moment(first),
            "slack": "—" if slack_s is None else _duration(slack_s),
            "late": slack_s is not None and slack_s < 0,
        }

    def _call_order(self, outlet: Outlet) -> tuple[float, int, str]:
        slack_s = self._slack_s(outlet)
        departures = (item.route.depart_s for item in self._work[outlet.id])
        return (float("inf") if slack_s is None else slack_s, min(departures), outlet.id)

    def _slack_s(self, outlet: Outlet) -> int | None:
        """Return how near to a due time any of the outlet's visits comes; None when nothing is due."""
        slacks = (
            clock.due_s - _event_s(clock, stop)
            for item in self._work[outlet.id]
            for stop in item.route.stops
            for clock in self._jobs[stop.job_id].clocks
        )
        return min(slacks, default=None)

    def _shift(self, item: _Assignment) -> _Row:
        shift, route = item.shift, item.route
        technician = self._technicians[shift.technician_id]
        date = self._day.date + dt.timedelta(days=shift.day)
        return {
            "date": f"{date} 周{_WEEKDAYS[date.weekday()]}",
            "technician": self._names.technician.get(technician.id) or technician.id,
            "technician_id": technician.id,
            "travel_mode": _TRAVEL[technician.mode],
            "depart": self._moment(route.depart_s, shift.day),
            "back": self._moment(route.return_s, shift.day),
            "back_minutes": round(route.return_travel_s / 60),
            "back_km": f"{route.return_travel_m / 1_000:.1f}",
            "visits": len(route.stops),
            "rows": list(self._rows(shift, route)),
            "picks": [self._pick(pick) for pick in self._picks[shift.id]],
        }

    def _rows(self, shift: Shift, route: Route) -> Iterator[_Row]:
        """Yield the visits with the break at its place among them."""
        pause: _Row | None = None
        pause_s = route.break_start_s
        if pause_s is not None and shift.break_ is not None:
            pause = {
                "is_break": True,
                "start": self._moment(pause_s, shift.day),
                "end": self._moment(pause_s + shift.break_.duration_s, shift.day),
            }
        for number, stop in enumerate(route.stops, 1):
            if pause is not None and pause_s is not None and pause_s < stop.start_s:
                yield pause
                pause = None
            yield self._visit(number, stop, shift.day)
        if pause is not None:
            yield pause

    def _visit(self, number: int, stop: Stop, day: int) -> _Row:
        job = self._jobs[stop.job_id]
        typed = {name: cells.get(job.id, "") for name, cells in self._names.job.items()}
        product = typed["product"] or job.skill.family
        return {
            **typed,
            "is_break": False,
            "number": number,
            "job_id": job.id,
            "start": self._moment(stop.start_s, day),
            "end": self._moment(stop.end_s, day),
            "minutes": round((stop.end_s - stop.start_s) / 60),
            "travel_minutes": round(stop.travel_s / 60),
            "travel_km": f"{stop.travel_m / 1_000:.1f}",
            "product": _PRODUCT.get(product, product),
            "job_type": _JOB_TYPE.get(typed["job_type"], typed["job_type"]),
            "crew": job.crew,
            "urgent": job.urgent,
            "parts": [
                {"name": self._names.part.get(line.part_id) or line.part_id, "quantity": line.quantity}
                for line in job.order_lines
            ],
            "certificates": [_CERTIFICATE.get(scheme, scheme) for scheme in sorted(job.certificates)],
            "clocks": [
                {
                    "kind": _CLOCK[clock.kind],
                    "due": self._moment(clock.due_s),
                    "late": _event_s(clock, stop) > clock.due_s,
                }
                for clock in sorted(job.clocks, key=lambda clock: clock.due_s)
            ],
            "appointment": self._slot(job),
        }

    def _slot(self, job: Job) -> str:
        slot: Window | None = job.appointment
        if slot is None:
            return ""
        same_day = slot.earliest_s // DAY_S == slot.latest_s // DAY_S
        latest = self._moment(slot.latest_s, slot.earliest_s // DAY_S if same_day else None)
        return f"{self._moment(slot.earliest_s)}–{latest}"

    def _source(self, sent: Shipment) -> str:
        """Return where a part comes from and how; what no warehouse sends lies on the outlet's own shelf."""
        approval = "，待审批" if sent.needs_approval else ""
        if sent.warehouse_id not in self._names.houses:
            return f"本网点库存{approval}"
        fallback = "，无快运线路" if is_fallback(sent.mode, waits=self._jobs[sent.job_id].urgent) else ""
        warehouse = self._names.warehouse.get(sent.warehouse_id) or sent.warehouse_id
        return f"{warehouse}（{_SHIP[sent.mode]}{fallback}）{approval}"

    def _pick(self, pick: Pick) -> _Row:
        sent = pick.shipment
        return {
            "number": pick.sequence,
            "part_id": pick.part_id,
            "name": self._names.part.get(pick.part_id) or pick.part_id,
            "quantity": pick.quantity,
            "source": "随车常备" if sent is None else self._source(sent),
            "ready": "—" if sent is None else self._moment(sent.ready_s),
            "late": pick.after_leaving,
            "bring_by": "" if pick.bring_by_s is None else self._moment(pick.bring_by_s),
            "job_id": pick.job_id,
        }

    def _moment(self, time_s: int, day: int | None = None) -> str:
        """Write a time as 09:30, with its date unless it lies on the day (of the horizon) that is spoken of."""
        number, rest_s = divmod(time_s, DAY_S)
        clock = f"{rest_s // 3_600:02}:{rest_s // 60 % 60:02}"
        return clock if number == day else f"{self._day.date + dt.timedelta(days=number):%m-%d} {clock}"


def _column(frame: pd.DataFrame, name: str) -> Mapping[str, str]:
    return dict(zip(frame.index.tolist(), frame[name].tolist(), strict=True)) if name in frame else {}


def _file_name(outlet_id: str) -> str:
    name = f"{outlet_id}.html"
    return name if name.casefold() != _INDEX else f"outlet-{name}"


def _visits(work: Sequence[_Assignment]) -> int:
    return sum(len(item.route.stops) for item in work)


def _event_s(clock: Clock, stop: Stop) -> int:
    return stop.start_s if clock.kind is ClockKind.ARRIVAL else stop.end_s


def _duration(seconds: int) -> str:
    minutes = abs(seconds) // 60
    return f"{'超时 ' if seconds < 0 else ''}{minutes // 60} 小时 {minutes % 60:02} 分"


def _dates(day: Day) -> str:
    last = day.date + dt.timedelta(days=day.days - 1)
    return f"{day.date}" if day.days == 1 else f"{day.date} 至 {last}"
