"""Tours as the tables that people read, every cell as text."""

import datetime as dt
from collections.abc import Callable, Iterator, Mapping

from datasets.plan_tables import no_formula
from datasets.times import instant_text
from datasets.tour_announcements import announcements
from datasets.tour_map import village_status
from datasets.tour_names import KitOrder, Toured
from datasets.tour_stops import leaving_s
from optimizer.model import DAY_S
from optimizer.tours.cost import unvisited_villages
from optimizer.tours.plan import Tour, TourDay
from optimizer.tours.unkept import not_held

__all__ = ["TOUR_PAPERS", "days_unvisited", "kit_pieces"]

Row = tuple[str, ...]

_DAYS = (
    *("tour_id", "crew_id", "day", "date", "depart", "arrive", "villages", "jobs", "travel_s", "distance_m"),
    *("break_start", "lodging_id", "lodging", "check_in_by"),
)
_VISITS = (
    *("job_id", "tour_id", "crew_id", "date", "sequence", "village_id", "village", "carried_from", "kind", "start"),
    *("end", "travel_s", "distance_m", "contact", "phone"),
)
_LEFT_OUT = (
    *("job_id", "village_id", "village", "kind", "rule", "reason", "reason_zh", "instead", "fen", "remedy"),
    *("remedy_zh", "next_date"),
)
_NOT_KEPT = ("kind", "about", "date", "now_date", "sentence", "sentence_zh", "at_village_id")
_ANNOUNCEMENTS = (
    *("message", "village_id", "village", "status", "date", "from", "until", "at_village_id", "contact", "phone"),
    *("jobs", "text"),
)
_KIT = (
    *("tour_id", "crew_id", "leaves_at", "date", "village_id", "job_id", "part_id", "name", "quantity", "carried"),
    *("spare", "expected_back"),
)
_KIT_ORDERS = (
    *("order_line_id", "job_id", "tour_id", "outlet_id", "part_id", "name", "quantity", "answer", "reason_zh"),
    *("source_id", "mode", "ships_at", "ready_at", "leaves_at", "in_time", "cost_fen"),
)
_KIT_SHORT = ("tour_id", "crew_id", "part_id", "name", "wanted", "there", "left", "leaves_at")
_KIT_RETURNS = ("return_id", "outlet_id", "part_id", "quantity", "ready_at")
"""Those of returns.csv: parts that come back can be sourced as returns as they are."""
_UNVISITED = ("village_id", "village", "households", "last_visit", "days", "contact", "phone", "status")


def _day_rows(toured: Toured) -> Iterator[Row]:
    for tour in toured.tours:
        for number, day in enumerate(tour.days, start=1):
            lodging = None if day.lodging_id is None else toured.lodgings[day.lodging_id]
            villages = dict.fromkeys(toured.villages[visit.village_id].name for visit in day.visits)
            yield (
                toured.tour_id(tour),
                tour.crew_id,
                str(number),
                _date(toured, day.day),
                _moment(toured, day.depart_s),
                _moment(toured, day.arrive_s),
                no_formula("、".join(villages)),
                str(len(day.visits)),
                str(day.travel_s + sum(visit.travel_s for visit in day.visits)),
                str(day.travel_m + sum(visit.travel_m for visit in day.visits)),
                "" if day.break_start_s is None else _moment(toured, day.break_start_s),
                "" if lodging is None else lodging.id,
                "" if lodging is None else no_formula(lodging.name),
                "" if lodging is None else _moment(toured, day.day * DAY_S + lodging.check_in_s),
            )


def _visit_rows(toured: Toured) -> Iterator[Row]:
    for tour, day in _days(toured):
        for sequence, visit in enumerate(day.visits, start=1):
            job, village = toured.jobs[visit.job_id], toured.villages[visit.village_id]
            typed = toured.names.jobs.get(job.id, {})
            yield (
                job.id,
                toured.tour_id(tour),
                tour.crew_id,
                _date(toured, day.day),
                str(sequence),
                village.id,
                no_formula(village.name),
                "" if job.village_id == village.id else job.village_id,
                str(job.kind),
                _moment(toured, visit.start_s),
                _moment(toured, visit.end_s),
                str(visit.travel_s),
                str(visit.travel_m),
                no_formula(typed.get("contact", "")),
                no_formula(typed.get("phone", "")),
            )


def _left_out_rows(toured: Toured) -> Iterator[Row]:
    for left in toured.result.plan.left_out:
        job = toured.jobs[left.job_id]
        yield (
            job.id,
            job.village_id,
            no_formula(toured.villages[job.village_id].name),
            str(job.kind),
            str(left.rule),
            no_formula(left.reason),
            no_formula(left.reason_zh),
            str(left.instead),
            str(left.fen),
            no_formula(left.remedy),
            no_formula(left.remedy_zh),
            "" if left.next_day is None else _date(toured, left.next_day),
        )


def _not_kept_rows(toured: Toured) -> Iterator[Row]:
    for one in not_held(toured.asked, toured.result.plan):
        yield (
            str(one.kind),
            one.about,
            "" if one.day is None else _date(toured, one.day),
            "" if one.now_day is None else _date(toured, one.now_day),
            no_formula(one.sentence),
            no_formula(one.sentence_zh),
            one.stop_id,
        )


def _announcement_rows(toured: Toured) -> Iterator[Row]:
    for number, message in enumerate(announcements(toured), start=1):
        for notice in message.notices:
            stop = notice.stop
            yield (
                str(number),
                notice.village_id,
                no_formula(toured.villages[notice.village_id].name),
                str(notice.kind),
                _date(toured, notice.day),
                "" if stop is None else _moment(toured, stop.start_s),
                "" if stop is None else _moment(toured, stop.end_s),
                "" if stop is None else stop.village_id,
                no_formula(message.contact.name),
                no_formula(message.contact.phone),
                ";".join(job.id for job in (*notice.at_home, *notice.carried)),
                no_formula(message.text),
            )


def _kit_rows(toured: Toured) -> Iterator[Row]:
    """Yield what is aboard when a tour leaves: what each visit needs, sent or in every van, then spare parts."""
    yield from _needed_rows(toured)
    for tour in toured.tours:
        kit = toured.kits.get(toured.tour_id(tour))
        for line in kit.lines if kit is not None else ():
            if line.is_spare:
                yield (
                    toured.tour_id(tour),
                    tour.crew_id,
                    _moment(toured, leaving_s(toured.asked, tour)),
                    *("", "", ""),
                    line.part_id,
                    no_formula(toured.names.parts.get(line.part_id, "")),
                    str(line.quantity),
                    *("no", "yes", str(line.expected_back)),
                )


def _needed_rows(toured: Toured) -> Iterator[Row]:
    for tour, day in _days(toured):
        for visit in day.visits:
            job = toured.jobs[visit.job_id]
            ordered = [(line.part_id, line.quantity, "no") for line in job.order_lines]
            aboard = [(part_id, quantity, "yes") for part_id, quantity in toured.names.carried.get(job.id, ())]
            for part_id, quantity, carried in (*ordered, *aboard):
                yield (
                    toured.tour_id(tour),
                    tour.crew_id,
                    _moment(toured, leaving_s(toured.asked, tour)),
                    _date(toured, day.day),
                    visit.village_id,
                    job.id,
                    part_id,
                    no_formula(toured.names.parts.get(part_id, "")),
                    str(quantity),
                    *(carried, "no", ""),
                )


def _kit_order_rows(toured: Toured) -> Iterator[Row]:
    outlet_of = {toured.tour_id(tour): toured.crews[tour.crew_id].outlet_id for tour in toured.tours}
    for order in toured.kit_orders:
        yield (
            order.order_line_id,
            order.job_id,
            order.tour_id,
            outlet_of[order.tour_id],
            order.part_id,
            no_formula(toured.names.parts.get(order.part_id, "")),
            str(order.quantity),
            order.answer,
            no_formula(order.reason_zh),
            order.source_id or "",
            "" if order.mode is None else str(order.mode),
            "" if order.ships_s is None else _moment(toured, order.ships_s),
            "" if order.ready_s is None else _moment(toured, order.ready_s),
            _moment(toured, order.leaves_s),
            "yes" if order.in_time else "no",
            str(order.cost_fen),
        )


def _kit_short_rows(toured: Toured) -> Iterator[Row]:
    """Yield the spare parts that vans have too few of; left: units in stock that nobody is sent."""
    tours = {toured.tour_id(tour): tour for tour in toured.tours}
    for one in toured.kit_short:
        tour = tours[one.tour_id]
        yield (
            one.tour_id,
            tour.crew_id,
            one.part_id,
            no_formula(toured.names.parts.get(one.part_id, "")),
            str(one.wanted),
            str(one.there),
            str(one.left),
            _moment(toured, leaving_s(toured.asked, tour)),
        )


def kit_pieces(toured: Toured, order: KitOrder) -> list[dict[str, str]]:
    """Return what each source sends of an order."""
    return [
        {
            "source_id": piece.source_id,
            "part_id": piece.part_id,
            "quantity": str(piece.quantity),
            "mode": str(piece.mode),
            "ships_at": _moment(toured, piece.ships_s),
            "ready_at": _moment(toured, piece.ready_p90_s),
        }
        for piece in order.pieces
    ]


def _kit_return_rows(toured: Toured) -> Iterator[Row]:
    """Yield spare parts that a tour will likely bring home, ready to be sent back when it is there."""
    for tour in toured.tours:
        kit = toured.kits.get(toured.tour_id(tour))
        for line in kit.lines if kit is not None else ():
            if line.expected_back:
                yield (
                    f"{toured.tour_id(tour)}-{line.part_id}",
                    toured.crews[tour.crew_id].outlet_id,
                    line.part_id,
                    str(line.expected_back),
                    _moment(toured, tour.days[-1].arrive_s),
                )


def _unvisited_rows(toured: Toured) -> Iterator[Row]:
    status = village_status(toured)
    for village_id, days in days_unvisited(toured):
        village = toured.villages[village_id]
        contact = toured.names.contact(village)
        yield (
            village.id,
            no_formula(village.name),
            str(village.households),
            "" if village.last_visit_day is None else _date(toured, village.last_visit_day),
            "" if days is None else str(days),
            no_formula(contact.name),
            no_formula(contact.phone),
            status[village.id],
        )


def days_unvisited(toured: Toured) -> list[tuple[str, int | None]]:
    """Return the villages that nobody will have visited for `unvisited_days`, longest first; None: never visited.

    Days count until the end of the horizon.
    """
    found = []
    for village_id in unvisited_villages(toured.asked, toured.result.plan):
        last = toured.villages[village_id].last_visit_day
        found.append((village_id, None if last is None else toured.asked.days - last))
    return sorted(found, key=lambda item: (item[1] is not None, -(item[1] or 0), item[0]))


def _days(toured: Toured) -> Iterator[tuple[Tour, TourDay]]:
    for tour in toured.tours:
        for day in tour.days:
            yield tour, day


def _date(toured: Toured, day: int) -> str:
    return (toured.asked.date + dt.timedelta(days=day)).isoformat()


def _moment(toured: Toured, seconds: int) -> str:
    return instant_text(toured.asked.date, seconds)


TOUR_PAPERS: Mapping[str, tuple[Row, Callable[[Toured], Iterator[Row]]]] = {
    "days.csv": (_DAYS, _day_rows),
    "visits.csv": (_VISITS, _visit_rows),
    "left_out.csv": (_LEFT_OUT, _left_out_rows),
    "not_kept.csv": (_NOT_KEPT, _not_kept_rows),
    "announcements.csv": (_ANNOUNCEMENTS, _announcement_rows),
    "kit.csv": (_KIT, _kit_rows),
    "kit_orders.csv": (_KIT_ORDERS, _kit_order_rows),
    "kit_short.csv": (_KIT_SHORT, _kit_short_rows),
    "kit_returns.csv": (_KIT_RETURNS, _kit_return_rows),
    "unvisited.csv": (_UNVISITED, _unvisited_rows),
}
"""File → its columns and its rows."""
