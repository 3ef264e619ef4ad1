"""A plan as shapes for maps: GeoJSON of its routes and stops."""

import datetime as dt
from typing import Any

from optimizer.model import Day, Position
from optimizer.plan import Plan

__all__ = ["route_features"]

# No daylight saving since 1991: Asia/Shanghai is a fixed offset for every plan.
_SHANGHAI = dt.timezone(dt.timedelta(hours=8))


def _point(position: Position) -> list[float]:
    return [round(position[0], 6), round(position[1], 6)]


def _instant(date: dt.date, seconds: int) -> str:
    midnight = dt.datetime.combine(date, dt.time(), _SHANGHAI)
    return (midnight + dt.timedelta(seconds=seconds)).isoformat()


def route_features(day: Day, plan: Plan) -> dict[str, Any]:
    """Return a GeoJSON FeatureCollection (RFC 7946, WGS84): a LineString per route, a Point per stop.

    A line runs base – stops – base in straight pieces and carries technician_id, outlet_id, centre_id, date, jobs
    (their number), travel_s and distance_m (the return included). A point carries technician_id, date, job_id,
    sequence (from 1) and start (RFC 3339). Routes without stops have no line.
    """
    technicians = {technician.id: technician for technician in day.technicians}
    shifts = {shift.id: shift for shift in day.shifts}
    centres = {outlet.id: outlet.centre_id for outlet in day.outlets}
    positions = {job.id: job.position for job in day.jobs}
    features: list[dict[str, Any]] = []
    for route in plan.routes:
        if not route.stops:
            continue
        shift = shifts[route.shift_id]
        technician = technicians[shift.technician_id]
        date = (day.date + dt.timedelta(days=shift.day)).isoformat()
        base = _point(technician.position)
        line = [base, *(_point(positions[stop.job_id]) for stop in route.stops), base]
        features.append({
            "type": "Feature",
            "geometry": {"type": "LineString", "coordinates": line},
            "properties": {
                "technician_id": technician.id,
                "outlet_id": technician.outlet_id,
                "centre_id": centres[technician.outlet_id],
                "date": date,
                "jobs": len(route.stops),
                "travel_s": sum(stop.travel_s for stop in route.stops) + route.return_travel_s,
                "distance_m": sum(stop.travel_m for stop in route.stops) + route.return_travel_m,
            },
        })  # fmt: skip
        for sequence, stop in enumerate(route.stops, start=1):
            features.append({
                "type": "Feature",
                "geometry": {"type": "Point", "coordinates": _point(positions[stop.job_id])},
                "properties": {
                    "technician_id": technician.id,
                    "outlet_id": technician.outlet_id,
                    "centre_id": centres[technician.outlet_id],
                    "date": date,
                    "job_id": stop.job_id,
                    "sequence": sequence,
                    "start": _instant(day.date, stop.start_s),
                },
            })  # fmt: skip
    return {"type": "FeatureCollection", "features": features}
