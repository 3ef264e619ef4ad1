"""Printable itineraries in Chinese (巡回行程单): a page per tour, an index, and the villages that nobody reaches."""

from collections.abc import Collection, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import quote

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template

from datasets.tour_announcements import CORRECTS, Announcement, announcements, product_name
from datasets.tour_map import village_status
from datasets.tour_names import Toured, hour_text
from datasets.tour_papers import days_unvisited
from datasets.tour_stops import Stop, stops_of
from datasets.tour_tools import tools_for
from optimizer.model import DAY_S, ShipMode
from optimizer.tours.fitting import Advice
from optimizer.tours.model import TourJob, WorkKind
from optimizer.tours.plan import Instead, LeftOut, Tour, TourDay, Visit
from optimizer.tours.unkept import not_held

__all__ = ["ADVICE_ZH", "sheet_names", "tour_pages", "write_tour_sheets"]

_TEMPLATES = Path(__file__).with_name("templates")
_INDEX = "index.html"
_KIND = {
    WorkKind.CALL: "报修（硬时限）",
    WorkKind.CONSENTED: "报修（已同意等候）",
    WorkKind.PREVENTIVE: "定期保养",
    WorkKind.WALK_IN: "现场受理",
}
_INSTEAD = {Instead.OUTLET: "由网点上门", Instead.LATER: "留待下次巡回", Instead.NOBODY: "无人可做"}
_URGENCY = (Instead.NOBODY, Instead.OUTLET, Instead.LATER)
ADVICE_ZH = {
    Advice.NOW: "适时：现在就去",
    Advice.IN_3_DAYS: "适时：3 天后去",
    Advice.IN_7_DAYS: "适时：7 天后去",
    Advice.NOT_WORTH: "暂不值得巡回",
}
_SHIP = {
    ShipMode.STANDARD: "标准",
    ShipMode.EXPRESS: "快递",
    ShipMode.DEDICATED: "专车",
    ShipMode.PICKUP: "自提",
}

Cells = dict[str, Any]


def write_tour_sheets(folder: Path, toured: Toured) -> None:
    """Write index.html and one page per tour into a folder that is made when missing."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, page in tour_pages(toured):
        (folder / name).write_text(page, encoding="utf-8")


def sheet_names(toured: Toured) -> list[str]:
    """Return the files that `write_tour_sheets` writes."""
    return [*(_file_name(toured, tour) for tour in toured.tours), _INDEX]


def tour_pages(toured: Toured) -> Iterator[tuple[str, str]]:
    """Yield file name and text of one page per tour and of index.html; whatever people typed is escaped."""
    sheet, index = _template("tour.html"), _template("tours.html")
    shared = {"travel_note": "行程时间为估算" if toured.is_estimate else f"行程时间来源：{toured.provider}"}
    end = {"left_out": list(_left_out(toured)), "villages": list(_unreached(toured))}
    for tour in toured.tours:
        here = _of_crew(end, _on_the_way(toured, tour))
        yield _file_name(toured, tour), sheet.render(_page(toured, tour), **shared, **here)
    yield _INDEX, index.render(_index(toured), **shared, **end)


def _on_the_way(toured: Toured, tour: Tour) -> frozenset[str]:
    """Return the villages that a crew stops in, and those near enough to its stops that it passes by."""
    stops = {visit.village_id for day in tour.days for visit in day.visits}
    return frozenset(stops | {village_id for village_id, (stop_id, _) in toured.covers.items() if stop_id in stops})


def _of_crew(end: Mapping[str, list[Cells]], village_ids: Collection[str]) -> dict[str, list[Cells]]:
    """Return of what is not done and not visited the rows of these villages: others are no business of the crew's."""
    return {name: [row for row in rows if row["village_id"] in village_ids] for name, rows in end.items()}


@cache
def _template(name: str) -> Template:
    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES), autoescape=True, undefined=StrictUndefined, auto_reload=False
    )
    return environment.get_template(name)


def _file_name(toured: Toured, tour: Tour) -> str:
    return f"{toured.tour_id(tour)}.html"


def _page(toured: Toured, tour: Tour) -> Cells:
    crew = toured.crews[tour.crew_id]
    jobs = [toured.jobs[visit.job_id] for day in tour.days for visit in day.visits]
    return {
        "tour_id": toured.tour_id(tour),
        "crew": crew.name,
        "members": "、".join(toured.names.members.get(crew.id, ())),
        "people": crew.people,
        "home": toured.home(crew),
        "first": toured.date_zh(tour.first_day),
        "last": toured.date_zh(tour.last_day),
        "leaves": _moment(toured, tour.days[0].depart_s),
        "nights": tour.nights,
        "jobs": len(jobs),
        "km": f"{_metres(tour) / 1_000:.0f}",
        "tools": tools_for(jobs),
        "days": [_day(toured, tour, number, day) for number, day in enumerate(tour.days, start=1)],
        "picks": list(_picks(toured, tour)),
    }


def _metres(tour: Tour) -> int:
    return sum(day.travel_m + sum(visit.travel_m for visit in day.visits) for day in tour.days)


def _day(toured: Toured, tour: Tour, number: int, day: TourDay) -> Cells:
    jobs = [toured.jobs[visit.job_id] for visit in day.visits]
    return {
        "number": number,
        "date": toured.date_zh(day.day),
        "stays": not day.visits and not day.travel_m and not day.travel_s,
        "depart": hour_text(day.depart_s),
        "arrive": hour_text(day.arrive_s),
        "km": f"{(day.travel_m + sum(visit.travel_m for visit in day.visits)) / 1_000:.0f}",
        "driving": _duration(day.travel_s + sum(visit.travel_s for visit in day.visits)),
        "last_minutes": round(day.travel_s / 60),
        "tools": tools_for(jobs),
        "rows": list(_rows(toured, tour, day)),
        "lodging": _lodging(toured, day),
    }


def _rows(toured: Toured, tour: Tour, day: TourDay) -> Iterator[Cells]:
    """Yield the stops with the break at its place among them."""
    pause = _pause(toured, tour, day)
    for stop in (stop for stop in stops_of(toured) if stop.tour is tour and stop.day is day):
        if pause is not None and day.break_start_s is not None and day.break_start_s < stop.start_s:
            yield pause
            pause = None
        yield _stop(toured, stop)
    if pause is not None:
        yield pause


def _pause(toured: Toured, tour: Tour, day: TourDay) -> Cells | None:
    pause = toured.crews[tour.crew_id].break_
    if day.break_start_s is None or pause is None:
        return None
    ends_s = day.break_start_s + pause.duration_s
    return {"is_break": True, "start": hour_text(day.break_start_s), "end": hour_text(ends_s)}


def _stop(toured: Toured, stop: Stop) -> Cells:
    village = toured.villages[stop.village_id]
    contact = toured.names.contact(village)
    first = stop.visits[0]
    return {
        "is_break": False,
        "start": hour_text(stop.start_s),
        "end": hour_text(stop.end_s),
        "minutes": round(first.travel_s / 60),
        "km": f"{first.travel_m / 1_000:.1f}",
        "village": village.name,
        "village_id": village.id,
        "meeting_place": toured.names.villages.get(village.id, {}).get("meeting_place", ""),
        "contact": contact.name,
        "phone": contact.phone,
        "announced": stop.day.day in village.home_days,
        "visits": [_visit(toured, visit) for visit in stop.visits],
    }


def _visit(toured: Toured, visit: Visit) -> Cells:
    job = toured.jobs[visit.job_id]
    typed = toured.names.jobs.get(job.id, {})
    away = "" if job.village_id == visit.village_id else toured.villages[job.village_id].name
    return {
        **{name: typed.get(name, "") for name in ("contact", "phone", "address", "brand", "fault")},
        "job_id": job.id,
        "product": product_name(toured, job),
        "kind": _KIND[job.kind],
        "expected": max(1, round(job.expected / 100)) if job.kind is WorkKind.WALK_IN and job.expected else 0,
        "people": job.people,
        "from_village": away,
        "start": hour_text(visit.start_s),
        "end": hour_text(visit.end_s),
        "parts": _parts(toured, job),
    }


def _parts(toured: Toured, job: TourJob) -> list[str]:
    lines = [(line.part_id, line.quantity) for line in job.order_lines]
    named = [*lines, *toured.names.carried.get(job.id, ())]
    return [f"{toured.names.parts.get(part_id) or part_id} × {quantity}" for part_id, quantity in named]


def _lodging(toured: Toured, day: TourDay) -> Cells | None:
    if day.lodging_id is None:
        return None
    lodging = toured.lodgings[day.lodging_id]
    typed = toured.names.lodgings.get(lodging.id, {})
    return {
        "name": lodging.name,
        "address": typed.get("address", ""),
        "phone": typed.get("phone", ""),
        "arrive": hour_text(day.arrive_s),
        "check_in": hour_text(lodging.check_in_s) if lodging.check_in_s < DAY_S else "24:00",
        "yuan": f"{lodging.price_fen / 100:.0f}",
    }


def _picks(toured: Toured, tour: Tour) -> Iterator[Cells]:
    """Yield the parts that are ordered for a tour, in the order of its visits, spare parts at last."""
    turn = {visit.job_id: number for number, visit in enumerate(visit for day in tour.days for visit in day.visits)}
    orders = [order for order in toured.kit_orders if order.tour_id == toured.tour_id(tour)]
    for order in sorted(orders, key=lambda order: (turn.get(order.job_id, len(turn)), order.order_line_id)):
        source = "" if order.source_id is None else toured.names.sources.get(order.source_id) or order.source_id
        mode = "" if order.mode is None else f"（{_SHIP[order.mode]}）"
        yield {
            "job_id": order.job_id or "备用",
            "part_id": order.part_id,
            "name": toured.names.parts.get(order.part_id) or order.part_id,
            "quantity": order.quantity,
            "source": f"{source}{mode}" or "—",
            "ready": "—" if order.ready_s is None else _moment(toured, order.ready_s),
            "late": not order.in_time,
        }


def _index(toured: Toured) -> Cells:
    return {
        "not_kept": [one.sentence_zh for one in not_held(toured.asked, toured.result.plan)],
        "advice": _advice(toured),
        "dates": f"{toured.date_zh(0)} 至 {toured.date_zh(toured.asked.days - 1)}",
        # Whoever sends crews out reads crew by crew, each from its first departure on.
        "tours": [
            {
                "href": quote(_file_name(toured, tour)),
                "crew": toured.crews[tour.crew_id].name,
                "first": _moment(toured, tour.days[0].depart_s),
                "last": _moment(toured, tour.days[-1].arrive_s),
                "nights": tour.nights,
                "jobs": sum(len(day.visits) for day in tour.days),
                "km": f"{_metres(tour) / 1_000:.0f}",
                "villages": "、".join(_village_names(toured, tour)),
            }
            for tour in sorted(toured.tours, key=lambda tour: (_turn(toured, tour), tour.days[0].depart_s))
        ],
        "messages": [
            {
                "contact": message.contact.name,
                "phone": message.contact.phone,
                "villages": "、".join(dict.fromkeys(toured.villages[one.village_id].name for one in message.notices)),
                "visits": list(dict.fromkeys(_coming(toured, one.stop) for one in message.notices if one.stop)),
                "text": message.text,
            }
            for message in sorted(announcements(toured), key=lambda message: _message_order(toured, message))
        ],
    }


def _turn(toured: Toured, tour: Tour) -> int:
    """Return where a tour's crew stands among the crews."""
    return [crew.id for crew in toured.asked.crews].index(tour.crew_id)


def _coming(toured: Toured, stop: Stop) -> str:
    crew = toured.crews[stop.tour.crew_id].name
    return f"{crew} {toured.date_zh(stop.day.day)} {hour_text(stop.start_s)}"


def _message_order(toured: Toured, message: Announcement) -> tuple[bool, int, int]:
    """Return the place of a message: corrections of dates first, then as the crews come by."""
    corrects = any(notice.kind in CORRECTS for notice in message.notices)
    coming = [(_turn(toured, one.stop.tour), one.stop.start_s) for one in message.notices if one.stop is not None]
    return (not corrects, *min(coming, default=(-1, 0)))


def _advice(toured: Toured) -> list[str]:
    """Return when to go (适时), what each start is worth, and what cannot wait."""
    fitting = toured.fitting
    if fitting is None:
        return []
    curve = "，".join(
        f"{f'{one.delay_days} 天后' if one.delay_days else '今天'}出发值 {one.value_fen / 100:,.0f} 元"
        for one in fitting.curve
    )
    return [f"{ADVICE_ZH[fitting.advice]}：{curve}。", *(one.sentence_zh for one in fitting.forced)]


def _village_names(toured: Toured, tour: Tour) -> dict[str, None]:
    return dict.fromkeys(toured.villages[visit.village_id].name for day in tour.days for visit in day.visits)


def _left_out(toured: Toured) -> Iterator[Cells]:
    def order(left: LeftOut) -> tuple[int, str, str]:
        """What nobody does comes first, then village by village."""
        return _URGENCY.index(left.instead), toured.villages[toured.jobs[left.job_id].village_id].name, left.job_id

    for left in sorted(toured.result.plan.left_out, key=order):
        job = toured.jobs[left.job_id]
        typed = toured.names.jobs.get(job.id, {})
        yield {
            "job_id": job.id,
            "village_id": job.village_id,
            "village": toured.villages[job.village_id].name,
            "product": product_name(toured, job),
            "contact": typed.get("contact", ""),
            "phone": typed.get("phone", ""),
            "reason": left.reason_zh or left.reason,
            "remedy": left.remedy_zh or left.remedy,
            "instead": _INSTEAD[left.instead],
            "next": "—" if left.next_day is None else toured.date_zh(left.next_day),
        }


def _unreached(toured: Toured) -> Iterator[Cells]:
    """Yield the villages without a stop that have work or that nobody has visited for long."""
    status = village_status(toured)
    unvisited = dict(days_unvisited(toured))
    for village in sorted(
        toured.asked.villages,
        key=lambda one: (status[one.id] != "uncovered", *_longest_first(unvisited.get(one.id, 0))),
    ):
        if status[village.id] in {"covered", "uncovered"} or village.id in unvisited:
            if status[village.id] == "visited":
                continue
            contact = toured.names.contact(village)
            days = unvisited.get(village.id, 0)
            yield {
                "village_id": village.id,
                "name": village.name,
                "households": village.households,
                "contact": contact.name,
                "phone": contact.phone,
                "covered": _cover(toured, village.id),
                "unvisited": "从未到访" if days is None else f"{days} 天" if days else "",
            }


def _longest_first(days: int | None) -> tuple[bool, int]:
    """Return the place of a village: None days are never."""
    return days is not None, -(days or 0)


def _cover(toured: Toured, village_id: str) -> str:
    if village_id not in toured.covers:
        return ""
    stop_id, seconds = toured.covers[village_id]
    return f"可送到{toured.villages[stop_id].name}（约 {round(seconds / 60)} 分钟）"


def _moment(toured: Toured, seconds: int) -> str:
    return f"{toured.date_zh(seconds // DAY_S)} {hour_text(seconds)}"


def _duration(seconds: int) -> str:
    minutes = round(seconds / 60)
    return f"{minutes // 60} 小时 {minutes % 60:02} 分"
