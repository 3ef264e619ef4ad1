"""Tours as a calendar (iCalendar, RFC 5545): an event per stop and one per night away, in UTC."""

import hashlib
from collections.abc import Iterator

from datasets.times import moment_of
from datasets.tour_announcements import product_name
from datasets.tour_names import Toured
from datasets.tour_stops import Stop, stops_of
from optimizer.model import Position
from optimizer.tours.plan import Tour, TourDay

__all__ = ["tour_calendar"]

LINE_OCTETS = 75
PRODUCT = "-//Paigong//Rural tours//ZH"

Property = tuple[str, str]


def tour_calendar(toured: Toured) -> bytes:
    """Return tours.ics; the same plan gives the same bytes, stamped with the planning moment."""
    lines: list[Property] = [
        ("BEGIN", "VCALENDAR"),
        ("VERSION", "2.0"),
        ("PRODID", _text(PRODUCT)),
        ("CALSCALE", "GREGORIAN"),
        ("METHOD", "PUBLISH"),
        ("X-WR-CALNAME", "巡回维修"),
    ]
    for stop in stops_of(toured):
        lines += _stop_event(toured, stop)
    for tour in toured.tours:
        for day in tour.days:
            lines += _night_event(toured, tour, day)
    lines.append(("END", "VCALENDAR"))
    return b"".join(_folded(f"{name}:{value}") for name, value in lines)


def _stop_event(toured: Toured, stop: Stop) -> Iterator[Property]:
    village, crew = toured.villages[stop.village_id], toured.crews[stop.tour.crew_id]
    contact = toured.names.contact(village)
    told = [f"联系人：{contact.name} {contact.phone}".rstrip()] if contact.name else []
    work = [
        f"{visit.job_id} {product_name(toured, toured.jobs[visit.job_id])} "
        f"{toured.names.jobs.get(visit.job_id, {}).get('fault', '')}".rstrip()
        for visit in stop.visits
    ]
    yield from _event(
        toured,
        key=f"stop {toured.tour_id(stop.tour)} {stop.day.day} {stop.number} {stop.village_id}",
        begin_s=stop.start_s,
        end_s=stop.end_s,
        summary=f"巡回维修 {village.name}（{crew.name}）",
        place=(village.name, village.position),
        description="\n".join([*told, *work]),
    )


def _night_event(toured: Toured, tour: Tour, day: TourDay) -> Iterator[Property]:
    if day.lodging_id is None:
        return
    lodging, crew = toured.lodgings[day.lodging_id], toured.crews[tour.crew_id]
    typed = toured.names.lodgings.get(lodging.id, {})
    after = next(other for other in tour.days if other.day == day.day + 1)
    address = typed.get("address") or lodging.name
    yield from _event(
        toured,
        key=f"night {toured.tour_id(tour)} {day.day} {lodging.id}",
        begin_s=day.arrive_s,
        end_s=after.depart_s,
        summary=f"住宿 {lodging.name}（{crew.name}）",
        place=(address, lodging.position),
        description=f"{typed.get('phone', '')}\n最晚入住 {_hour(lodging.check_in_s)}".strip(),
    )


def _event(
    toured: Toured,
    *,
    key: str,
    begin_s: int,
    end_s: int,
    summary: str,
    place: tuple[str, Position],
    description: str,
) -> Iterator[Property]:
    where, (longitude, latitude) = place
    yield "BEGIN", "VEVENT"
    yield "UID", hashlib.sha256(key.encode()).hexdigest()[:32] + "@tours.paigong.invalid"
    yield "DTSTAMP", _utc(toured, toured.asked.now_s)
    yield "DTSTART", _utc(toured, begin_s)
    yield "DTEND", _utc(toured, max(end_s, begin_s + 1))
    yield "SUMMARY", _text(summary)
    yield "LOCATION", _text(where)
    yield "GEO", f"{latitude:.6f};{longitude:.6f}"
    if description:
        yield "DESCRIPTION", _text(description)
    yield "END", "VEVENT"


def _utc(toured: Toured, seconds: int) -> str:
    return f"{moment_of(toured.asked.date, seconds):%Y%m%dT%H%M%SZ}"


def _hour(of_day_s: int) -> str:
    return f"{of_day_s // 3600:02}:{of_day_s // 60 % 60:02}"


def _text(text: str) -> str:
    """Escape a text value: backslash, semicolon, comma, line break; other controls are not allowed in one."""
    plain = text.replace("\r\n", "\n").replace("\r", "\n")
    plain = "".join(sign for sign in plain if sign in "\n\t" or (sign >= " " and sign != "\x7f"))
    return plain.replace("\\", "\\\\").replace(";", "\\;").replace(",", "\\,").replace("\n", "\\n")


def _folded(line: str) -> bytes:
    """Return a content line in pieces of at most 75 octets, none of them cut inside a character."""
    pieces: list[bytes] = []
    piece = b""
    for sign in line:
        octets = sign.encode()
        if len(piece) + len(octets) > LINE_OCTETS:
            pieces.append(piece)
            piece = b" "
        piece += octets
    pieces.append(piece)
    return b"\r\n".join(pieces) + b"\r\n"
