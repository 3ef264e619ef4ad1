"""The papers of tours as the store keeps them, each as the address that shows it answers."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from api.plan_files import packed_json
from api.schemas.written import duration_text
from api.tour_making import ToursMade
from datasets.times import instant_text
from datasets.tour_announcements import Announcement, announcements, product_name
from datasets.tour_calendar import tour_calendar
from datasets.tour_folder import tours_document
from datasets.tour_kpis import ROAD_ITEMS
from datasets.tour_map import tour_features
from datasets.tour_names import Toured
from datasets.tour_papers import TOUR_PAPERS, days_unvisited
from datasets.tour_sheets import tour_pages
from datasets.tour_spares import spares_order
from datasets.tour_tools import tools_for
from optimizer.model import DAY_S
from optimizer.tours.cost import tour_price
from optimizer.tours.fitting import Fitting
from optimizer.tours.kit import Kit
from optimizer.tours.plan import Tour, TourDay, Visit
from optimizer.tours.unkept import not_held

__all__ = ["outcome_of", "tour_documents"]

JSON = "application/json"
Document = tuple[str, bytes]


def tour_documents(made: ToursMade) -> dict[str, Document]:
    """Return media type and packed content of every paper, by name."""
    toured = made.toured
    contents: dict[str, tuple[str, Any]] = {
        "tours": (JSON, tours_document(toured)),
        "itinerary": (JSON, [_itinerary(toured, tour) for tour in toured.tours]),
        "geojson": ("application/geo+json", _on_map(tour_features(toured))),
        "calendar": ("text/calendar", tour_calendar(toured).decode()),
        "kit": (JSON, [_kit(made, tour) for tour in toured.tours]),
        "announcements": (JSON, [_message(toured, message) for message in announcements(toured)]),
        "left-out": (JSON, list(_left_out(toured))),
        "unvisited": (JSON, [{"village_id": id_, "days": days} for id_, days in days_unvisited(toured)]),
        "sheets": (JSON, dict(tour_pages(toured))),
        "days": (JSON, list(_days(toured))),
        "sendings": (JSON, list(_sendings(toured))),
    }
    return {name: (media_type, packed_json(content)) for name, (media_type, content) in contents.items()}


def outcome_of(made: ToursMade) -> dict[str, Any]:
    """Return the figures that a finished plan of tours shows."""
    kpis = json.loads(json.dumps(made.kpis.as_dict()))
    kept = (
        *("tours", "days", "nights", "distance_m", "driving_s", "service_s", "villages_visited", "villages_covered"),
        *("villages_uncovered", "jobs", "carried_in", "left_out", "left_out_by_rule", "instead", "cost_fen"),
        *("total_fen", "bound_fen", "gap", "candidates", "road_fen_per_job", "priced_jobs", "outlet_fen_per_job"),
        *("announced", "announced_kept", "kit_lines", "kit_lines_in_time"),
    )
    return {
        **{name: kpis[name] for name in kept},
        "by_tour": {made.toured.tour_id(tour): _priced(made.toured, tour) for tour in made.toured.tours},
        "provider": made.toured.provider,
        "is_estimate": made.toured.is_estimate,
        "pairs": _pairs(made.toured.asked_of_service),
        "not_kept": list(_not_kept(made.toured)),
        "fitting": None if made.toured.fitting is None else _fitting(made.toured, made.toured.fitting),
    }


def _not_kept(toured: Toured) -> Iterator[dict[str, Any]]:
    for one in not_held(toured.asked, toured.result.plan):
        yield {
            "kind": str(one.kind),
            "about": one.about,
            "date": None if one.day is None else toured.date(one.day).isoformat(),
            "now_date": None if one.now_day is None else toured.date(one.now_day).isoformat(),
            "at_village_id": one.stop_id or None,
            "sentence": one.sentence,
            "sentence_zh": one.sentence_zh,
        }


def _pairs(asked: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return how many ways a service was asked for, and why others are estimated; None without a service."""
    if not asked:
        return None
    return {**asked["pairs"], "reasons": {one["reason"]: one["pairs"] for one in asked["reasons"]}}


def _priced(toured: Toured, tour: Tour) -> dict[str, int]:
    """Return what reports ask of one tour: its days, what the road costs, what outlets would be paid."""
    cost = tour_price(toured.asked, tour)
    jobs = [toured.jobs[visit.job_id] for day in tour.days for visit in day.visits]
    outlet = [job.outlet_fen for job in jobs if job.outlet_fen is not None]
    return {
        "days": len(tour.days),
        "nights": tour.nights,
        "jobs": len(jobs),
        "road_fen": int(sum(getattr(cost, item) for item in ROAD_ITEMS)),
        "priced_jobs": len(outlet),
        "outlet_fen": int(sum(outlet)),
    }


def _fitting(toured: Toured, found: Fitting) -> dict[str, Any]:
    return {
        "advice": str(found.advice),
        "threshold_fen": found.threshold_fen,
        "curve": [
            {
                "leaves_from": toured.date(moment.delay_days).isoformat(),
                "delay_days": moment.delay_days,
                "value_fen": moment.value_fen,
                "jobs": moment.served,
                "rescued": moment.rescued,
                "van_days": moment.van_days,
                "lost_job_ids": list(moment.lost_job_ids),
            }
            for moment in found.curve
        ],
        "forced": [
            {
                "job_id": forced.job_id,
                "by": toured.date(forced.by_day).isoformat(),
                "nobody_else": forced.nobody_else,
                "reason": forced.sentence,
                "reason_zh": forced.sentence_zh,
            }
            for forced in found.forced
        ],
    }


def _on_map(features: Mapping[str, Any]) -> dict[str, Any]:
    """Return a map whose durations are written as those of every answer."""
    found = []
    for feature in features["features"]:
        said = dict(feature["properties"])
        if "travel_s" in said:
            said["travel"] = duration_text(said.pop("travel_s"))
        found.append({**feature, "properties": said})
    return {**features, "features": found}


def _itinerary(toured: Toured, tour: Tour) -> dict[str, Any]:
    crew = toured.crews[tour.crew_id]
    return {
        "tour_id": toured.tour_id(tour),
        "crew_id": crew.id,
        "crew": crew.name,
        "members": list(toured.names.members.get(crew.id, ())),
        "nights": tour.nights,
        "tools": list(tools_for(toured.jobs[visit.job_id] for day in tour.days for visit in day.visits)),
        "days": [_day(toured, number, day) for number, day in enumerate(tour.days, start=1)],
    }


def _day(toured: Toured, number: int, day: TourDay) -> dict[str, Any]:
    return {
        "day": number,
        "date": toured.date(day.day).isoformat(),
        "depart": _moment(toured, day.depart_s),
        "break_start": None if day.break_start_s is None else _moment(toured, day.break_start_s),
        "visits": [_visit(toured, visit) for visit in day.visits],
        "arrive": _moment(toured, day.arrive_s),
        "travel": duration_text(day.travel_s + sum(visit.travel_s for visit in day.visits)),
        "distance_m": day.travel_m + sum(visit.travel_m for visit in day.visits),
        "lodging": None if day.lodging_id is None else _lodging(toured, day, day.lodging_id),
    }


def _lodging(toured: Toured, day: TourDay, lodging_id: str) -> dict[str, Any]:
    lodging, typed = toured.lodgings[lodging_id], toured.names.lodgings.get(lodging_id, {})
    return {
        "lodging_id": lodging.id,
        "name": lodging.name,
        "phone": typed.get("phone", ""),
        "check_in_by": _moment(toured, day.day * DAY_S + lodging.check_in_s),
        "price": _money(lodging.price_fen),
    }


def _visit(toured: Toured, visit: Visit) -> dict[str, Any]:
    job, typed = toured.jobs[visit.job_id], toured.names.jobs.get(visit.job_id, {})
    parts = [(line.part_id, line.quantity, False) for line in job.order_lines]
    parts += [(part_id, quantity, True) for part_id, quantity in toured.names.carried.get(job.id, ())]
    return {
        "job_id": job.id,
        "kind": str(job.kind),
        "village_id": visit.village_id,
        "village": toured.villages[visit.village_id].name,
        "carried_from": None if job.village_id == visit.village_id else job.village_id,
        "start": _moment(toured, visit.start_s),
        "end": _moment(toured, visit.end_s),
        "travel": duration_text(visit.travel_s),
        "distance_m": visit.travel_m,
        "appliance": product_name(toured, job),
        **{name: typed.get(name, "") for name in ("brand", "fault", "contact", "phone", "address")},
        "parts": [
            {"part_id": id_, "name": toured.names.parts.get(id_, ""), "quantity": quantity, "carried": carried}
            for id_, quantity, carried in parts
        ],
    }


def _kit(made: ToursMade, tour: Tour) -> dict[str, Any]:
    toured, kit = made.toured, made.toured.kits[made.toured.tour_id(tour)]
    columns, rows = TOUR_PAPERS["kit_orders.csv"]
    orders = [dict(zip(columns, row, strict=True)) for row in rows(toured)]
    return {
        "tour_id": toured.tour_id(tour),
        "crew_id": tour.crew_id,
        "fixed_on_spot": kit.fixed_on_spot_permille / 1_000,
        "volume_ml": int(kit.volume_ml),
        "spares": _money(int(kit.money_fen)),
        "lines": [_line(toured, kit, number) for number in range(len(kit.lines))],
        "orders": [_order(order) for order in orders if order["tour_id"] == toured.tour_id(tour)],
    }


def _line(toured: Toured, kit: Kit, number: int) -> dict[str, Any]:
    line = kit.lines[number]
    return {
        "part_id": line.part_id,
        "name": toured.names.parts.get(line.part_id, ""),
        "quantity": int(line.quantity),
        "for_job_ids": list(line.for_job_ids),
        "is_spare": line.is_spare,
        "expected_back": line.expected_back,
    }


def _order(row: Mapping[str, str]) -> dict[str, Any]:
    return {
        **{name: row[name] for name in ("order_line_id", "outlet_id", "part_id", "name", "answer")},
        **{name: row[name] or None for name in ("job_id", "source_id", "mode", "ships_at", "ready_at")},
        "reason_zh": row["reason_zh"],
        "leaves_at": row["leaves_at"],
        "quantity": int(row["quantity"]),
        "in_time": row["in_time"] == "yes",
        "cost": _money(int(row["cost_fen"])),
    }


def _message(toured: Toured, message: Announcement) -> dict[str, Any]:
    return {
        "contact": message.contact.name,
        "phone": message.contact.phone,
        "villages": [
            {
                "village_id": notice.village_id,
                "village": toured.villages[notice.village_id].name,
                "date": toured.date(notice.day).isoformat(),
                "status": str(notice.kind),
                "at_village_id": None if notice.stop is None else notice.stop.village_id,
                "begins": None if notice.stop is None else _moment(toured, notice.stop.start_s),
                "ends": None if notice.stop is None else _moment(toured, notice.stop.end_s),
            }
            for notice in message.notices
        ],
        "text": message.text,
    }


def _left_out(toured: Toured) -> Iterator[dict[str, Any]]:
    for left in toured.result.plan.left_out:
        job = toured.jobs[left.job_id]
        yield {
            "job_id": job.id,
            "kind": str(job.kind),
            "village_id": job.village_id,
            "village": toured.villages[job.village_id].name,
            "rule": str(left.rule),
            "reason": left.reason,
            "reason_zh": left.reason_zh,
            "instead": str(left.instead),
            "cost_fen": left.fen,
            "remedy": left.remedy,
            "remedy_zh": left.remedy_zh,
            "next_date": None if left.next_day is None else toured.date(left.next_day).isoformat(),
        }


def _days(toured: Toured) -> Iterator[dict[str, Any]]:
    """Yield what publishing holds of each day: the crew, where it sleeps, and its visits with the plans behind them."""
    for tour in toured.tours:
        crew = toured.crews[tour.crew_id]
        road = crew.goes_on(tour.first_day)
        out = 0 if road is None else road.nights
        for day in tour.days:
            out += day.lodging_id is not None
            yield {
                "tour_id": toured.tour_id(tour),
                "crew_id": tour.crew_id,
                "outlet_id": crew.outlet_id,
                "date": toured.date(day.day).isoformat(),
                "sleeps_at": day.lodging_id,
                "nights_out": out if day.lodging_id is not None else 0,
                "visits": [
                    {
                        "job_id": visit.job_id,
                        "village_id": visit.village_id,
                        "home_village_id": toured.jobs[visit.job_id].village_id,
                        "kind": str(toured.jobs[visit.job_id].kind),
                        "maintenance_id": toured.jobs[visit.job_id].plan_id or None,
                        "start": _moment(toured, visit.start_s),
                        "end": _moment(toured, visit.end_s),
                        "outlet_fen": toured.jobs[visit.job_id].outlet_fen,
                    }
                    for visit in day.visits
                ],
            }


def _sendings(toured: Toured) -> Iterator[dict[str, Any]]:
    """Yield what publishing promises of parts: what lies at the crew's own outlet leaves when the crew does."""
    outlet_of = {toured.tour_id(tour): toured.crews[tour.crew_id].outlet_id for tour in toured.tours}
    for order in toured.kit_orders:
        for piece in order.pieces:
            is_there = piece.source_id == outlet_of[order.tour_id]
            ships_s, p50_s, p90_s = (
                [max(order.leaves_s, piece.ships_s)] * 3
                if is_there
                else (piece.ships_s, piece.ready_p50_s, piece.ready_p90_s)
            )
            yield {
                "holder": order.job_id or spares_order(order.tour_id),
                "is_spare": not order.job_id,
                "line_id": order.order_line_id,
                "source_id": piece.source_id,
                "part_id": piece.part_id,
                "quantity": piece.quantity,
                "mode": str(piece.mode),
                "ships_at": _moment(toured, ships_s),
                "ready_p50_at": _moment(toured, p50_s),
                "ready_p90_at": _moment(toured, p90_s),
                "cost_fen": piece.cost_fen,
                "below_floor": piece.below_floor,
                "bulky_fallback": piece.bulky_fallback,
            }


def _money(fen: int) -> dict[str, Any]:
    return {"fen": fen, "currency": "CNY"}


def _moment(toured: Toured, seconds: int) -> str:
    return instant_text(toured.asked.date, seconds)
