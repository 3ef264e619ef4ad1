"""Writes planned tours as a folder, whole or not at all, as docs/data-format.md describes it."""

from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any

from datasets.plan_tables import write_rows
from datasets.times import instant_text
from datasets.tour_announcements import announcements
from datasets.tour_calendar import tour_calendar
from datasets.tour_levers import Pulled
from datasets.tour_map import tour_features
from datasets.tour_names import Toured
from datasets.tour_papers import TOUR_PAPERS, kit_pieces
from datasets.tour_sheets import write_tour_sheets
from datasets.whole_folder import refuse_foreign, whole_folder, write_json
from optimizer.tours.plan import LeftOut, Tour, TourDay

__all__ = [
    "SHEETS",
    "TOURS_FILE",
    "TOURS_FORMAT",
    "check_tour_place",
    "fitting_document",
    "messages_document",
    "tours_document",
    "write_tours",
]

TOURS_FILE = "tours.json"
TOURS_FORMAT = "paigong tours 1"
KPIS_FILE = "kpis.json"
MAP_FILE = "tours.geojson"
CALENDAR_FILE = "tours.ics"
PICTURE_FILE = "tours.png"
SHEETS = "sheets"
WRITTEN = (TOURS_FILE, *TOUR_PAPERS, MAP_FILE, CALENDAR_FILE, KPIS_FILE, PICTURE_FILE, SHEETS)


def check_tour_place(out: Path) -> None:
    """Raise ForeignFolder when `write_tours` would refuse to write at `out`: to be asked before a long run."""
    refuse_foreign(out, TOURS_FILE, WRITTEN)


def write_tours(out: Path, toured: Toured, kpis: Mapping[str, object]) -> None:
    """Write the papers of planned tours at `out`; a folder of tours that stands there is replaced in one step.

    Raises
    ------
    ForeignFolder
        Something else stands at `out`.
    OSError
        The disk refused; `out` is as it was.
    """
    # With it comes matplotlib, which whoever reads tours back has no need of.
    from datasets.tour_picture import draw_tours

    with whole_folder(out, TOURS_FILE, WRITTEN) as temporary:
        write_json(temporary / TOURS_FILE, tours_document(toured))
        for file, (columns, rows) in TOUR_PAPERS.items():
            write_rows(temporary / file, columns, rows(toured))
        write_json(temporary / MAP_FILE, tour_features(toured))
        (temporary / CALENDAR_FILE).write_bytes(tour_calendar(toured))
        write_json(temporary / KPIS_FILE, kpis)
        draw_tours(temporary / PICTURE_FILE, toured)
        write_tour_sheets(temporary / SHEETS, toured)


def tours_document(toured: Toured) -> dict[str, Any]:
    """Return the content of tours.json."""
    asked, result = toured.asked, toured.result
    return {
        "format": TOURS_FORMAT,
        "date": asked.date.isoformat(),
        "days": asked.days,
        "now": instant_text(asked.date, asked.now_s),
        "travel": {"provider": toured.provider, "is_estimate": toured.is_estimate, **toured.asked_of_service},
        "seed": result.seed,
        "candidates": result.candidates,
        "bound_fen": result.bound_fen,
        "cost_fen": {field.name: getattr(result.cost, field.name) for field in fields(result.cost)}
        | {"total": result.cost.total},
        "levers": _levers(toured, toured.pulled),
        "not_kept": [
            dict(zip(TOUR_PAPERS["not_kept.csv"][0], row, strict=True))
            for row in TOUR_PAPERS["not_kept.csv"][1](toured)
        ],
        "tours": [_tour(toured, tour) for tour in toured.tours],
        "left_out": [_left_out(toured, left) for left in result.plan.left_out],
        "announcements": messages_document(toured),
        "fitting": fitting_document(toured),
        "kits": [
            {
                "tour_id": id_,
                "fixed_on_spot_permille": kit.fixed_on_spot_permille,
                "volume_ml": kit.volume_ml,
                "spares_fen": kit.money_fen,
            }
            for id_, kit in toured.kits.items()
        ],
        "kit_orders": [
            dict(zip(TOUR_PAPERS["kit_orders.csv"][0], row, strict=True)) | {"pieces": kit_pieces(toured, order)}
            for order, row in zip(toured.kit_orders, TOUR_PAPERS["kit_orders.csv"][1](toured), strict=True)
        ],
    }


def messages_document(toured: Toured) -> list[dict[str, Any]]:
    """Return what tours.json says of the messages to villages."""
    return [
        {
            "contact": message.contact.name,
            "phone": message.contact.phone,
            "villages": [
                {
                    "village_id": one.village_id,
                    "date": _date(toured, one.day),
                    "status": str(one.kind),
                    "at_village_id": None if one.stop is None else one.stop.village_id,
                }
                for one in message.notices
            ],
            "text": message.text,
        }
        for message in announcements(toured)
    ]


def fitting_document(toured: Toured) -> dict[str, Any] | None:
    """Return what is said of when to go; None when nobody asked."""
    found = toured.fitting
    if found is None:
        return None
    return {
        "advice": str(found.advice),
        "threshold_fen": found.threshold_fen,
        "curve": [
            {
                "leaves": _date(toured, one.delay_days),
                "value_fen": one.value_fen,
                "jobs": one.served,
                "rescued": one.rescued,
                "van_days": one.van_days,
                "lost_job_ids": list(one.lost_job_ids),
            }
            for one in found.curve
        ],
        "forced": [
            {"job_id": one.job_id, "by": _date(toured, one.by_day), "en": one.sentence, "zh": one.sentence_zh}
            for one in found.forced
        ],
    }


def _levers(toured: Toured, pulled: Pulled) -> dict[str, Any]:
    """Return what a planner pulled; whoever checks the plan has to know it."""
    levers = pulled.levers
    return {
        "nights": levers.nights,
        "day_metres": levers.day_metres,
        "van_days": levers.van_days,
        "must_visit": sorted(levers.must_visit),
        "never_visit": sorted(levers.never_visit),
        "forbidden_lodgings": sorted(levers.forbidden_lodgings),
        "locked": [
            {
                "crew_id": locked.crew_id,
                "date": _date(toured, locked.day),
                "job_ids": list(locked.job_ids),
                "lodging_id": locked.lodging_id,
                "gone": list(locked.gone),
            }
            for locked in levers.locked
        ],
        "spans": [
            {
                "crew_id": span.crew_id,
                "first": _date(toured, span.first_day),
                "last": _date(toured, span.last_day),
            }
            for span in levers.spans
        ],
        "released": [{"village_id": id_, "date": _date(toured, day)} for id_, day in sorted(levers.released)],
        "more_crews": [{"crew_id": more.id, "like": more.like} for more in pulled.crews],
        "more_days": [{"crew_id": more.crew_id, "date": _date(toured, more.day)} for more in pulled.days],
    }


def _tour(toured: Toured, tour: Tour) -> dict[str, Any]:
    return {
        "tour_id": toured.tour_id(tour),
        "crew_id": tour.crew_id,
        "nights": tour.nights,
        "days": [_day(toured, day) for day in tour.days],
    }


def _day(toured: Toured, day: TourDay) -> dict[str, Any]:
    return {
        "date": _date(toured, day.day),
        "depart": _moment(toured, day.depart_s),
        "break_start": None if day.break_start_s is None else _moment(toured, day.break_start_s),
        "visits": [
            {
                "job_id": visit.job_id,
                "village_id": visit.village_id,
                "start": _moment(toured, visit.start_s),
                "end": _moment(toured, visit.end_s),
                "travel_s": visit.travel_s,
                "distance_m": visit.travel_m,
            }
            for visit in day.visits
        ],
        "arrive": _moment(toured, day.arrive_s),
        "travel_s": day.travel_s,
        "distance_m": day.travel_m,
        "lodging_id": day.lodging_id,
    }


def _left_out(toured: Toured, left: LeftOut) -> dict[str, Any]:
    return {
        "job_id": left.job_id,
        "rule": str(left.rule),
        "reason": left.reason,
        "reason_zh": left.reason_zh,
        "instead": str(left.instead),
        "fen": left.fen,
        "remedy": left.remedy,
        "remedy_zh": left.remedy_zh,
        "next_date": None if left.next_day is None else _date(toured, left.next_day),
    }


def _date(toured: Toured, day: int) -> str:
    return toured.date(day).isoformat()


def _moment(toured: Toured, seconds: int) -> str:
    return instant_text(toured.asked.date, seconds)
