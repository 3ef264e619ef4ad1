"""Tours as shapes for maps: GeoJSON (RFC 7946, WGS84) of days, stops, nights, and villages with and without a visit."""

from collections import defaultdict
from collections.abc import Iterator
from typing import Any

from datasets.times import instant_text
from datasets.tour_names import Toured
from datasets.tour_stops import Stop, stops_of
from optimizer.model import Position
from optimizer.tours.plan import Tour, TourDay

__all__ = ["day_lines", "tour_features", "village_status"]

Feature = dict[str, Any]


def tour_features(toured: Toured) -> dict[str, Any]:
    """Return a FeatureCollection.

    kind: "day" a line from bed to bed through the stops; "night" a point at a lodging; "home" a point; "village" a
    point, with status visited, covered, uncovered or idle; "cover" a line from a covered village to its stop.
    """
    stops: defaultdict[str, list[Stop]] = defaultdict(list)
    for stop in stops_of(toured):
        stops[stop.village_id].append(stop)
    features = [*_days(toured), *_nights(toured), *_homes(toured), *_villages(toured, stops), *_covers(toured)]
    return {"type": "FeatureCollection", "features": features}


def day_lines(toured: Toured, tour: Tour) -> Iterator[tuple[TourDay, list[Position]]]:
    """Yield each day of a tour with the places that it leads through: from bed, or home, to bed."""
    crew = toured.crews[tour.crew_id]
    road = crew.goes_on(tour.first_day)
    slept = None if road is None else road.lodging_id
    at = crew.position if slept is None else toured.lodgings[slept].position
    for day in tour.days:
        night = crew.position if day.lodging_id is None else toured.lodgings[day.lodging_id].position
        yield day, [at, *(toured.villages[visit.village_id].position for visit in day.visits), night]
        at = night


def village_status(toured: Toured) -> dict[str, str]:
    """Return by village: visited, covered (a stop is near enough), uncovered (work, and nobody), idle (no work)."""
    visited = {stop.village_id for stop in stops_of(toured)}
    asking = {job.village_id for job in toured.asked.jobs}
    done = {visit.job_id for stop in stops_of(toured) for visit in stop.visits}
    carried = {toured.jobs[job_id].village_id for job_id in done}
    status = {}
    for village in toured.asked.villages:
        if village.id in visited:
            status[village.id] = "visited"
        elif village.id in carried or village.id in toured.covers:
            status[village.id] = "covered"
        else:
            status[village.id] = "uncovered" if village.id in asking else "idle"
    return status


def _point(position: Position) -> list[float]:
    return [round(position[0], 6), round(position[1], 6)]


def _feature(kind: str, shape: str, coordinates: list[Any], properties: dict[str, Any]) -> Feature:
    return {
        "type": "Feature",
        "geometry": {"type": shape, "coordinates": coordinates},
        "properties": {"kind": kind, **properties},
    }


def _days(toured: Toured) -> Iterator[Feature]:
    for tour in toured.tours:
        for number, (day, places) in enumerate(day_lines(toured, tour), start=1):
            properties = {
                "tour_id": toured.tour_id(tour),
                "crew_id": tour.crew_id,
                "date": toured.date(day.day).isoformat(),
                "day": number,
                "depart": instant_text(toured.asked.date, day.depart_s),
                "arrive": instant_text(toured.asked.date, day.arrive_s),
                "jobs": len(day.visits),
                "travel_s": day.travel_s + sum(visit.travel_s for visit in day.visits),
                "distance_m": day.travel_m + sum(visit.travel_m for visit in day.visits),
                "lodging_id": day.lodging_id,
            }
            yield _feature("day", "LineString", [_point(place) for place in places], properties)


def _nights(toured: Toured) -> Iterator[Feature]:
    for tour in toured.tours:
        for number, day in enumerate(tour.days, start=1):
            if day.lodging_id is None:
                continue
            lodging = toured.lodgings[day.lodging_id]
            properties = {
                "tour_id": toured.tour_id(tour),
                "crew_id": tour.crew_id,
                "lodging_id": lodging.id,
                "name": lodging.name,
                "date": toured.date(day.day).isoformat(),
                "night": number,
            }
            yield _feature("night", "Point", _point(lodging.position), properties)


def _homes(toured: Toured) -> Iterator[Feature]:
    for crew in toured.asked.crews:
        yield _feature("home", "Point", _point(crew.position), {"crew_id": crew.id, "outlet_id": crew.outlet_id})


def _villages(toured: Toured, stops: dict[str, list[Stop]]) -> Iterator[Feature]:
    status = village_status(toured)
    for village in toured.asked.villages:
        properties = {
            "village_id": village.id,
            "name": village.name,
            "households": village.households,
            "status": status[village.id],
            "dates": [toured.date(stop.day.day).isoformat() for stop in stops[village.id]],
            "tour_ids": list(dict.fromkeys(toured.tour_id(stop.tour) for stop in stops[village.id])),
            "jobs": sum(len(stop.visits) for stop in stops[village.id]),
        }
        yield _feature("village", "Point", _point(village.position), properties)


def _covers(toured: Toured) -> Iterator[Feature]:
    for village_id, (stop_id, seconds) in sorted(toured.covers.items()):
        ends = [_point(toured.villages[one].position) for one in (village_id, stop_id)]
        properties = {"village_id": village_id, "stop_village_id": stop_id, "travel_s": seconds}
        yield _feature("cover", "LineString", ends, properties)
