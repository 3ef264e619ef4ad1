"""What is kept of a plan, on the wire: routes, their shapes for a map, jobs left out, changes."""

import datetime as dt
from typing import Annotated, Any, Literal, Self

from pydantic import ConfigDict, Field

from api.schemas.values import Moment, Money, Shown
from api.schemas.written import duration_text
from datasets.times import moment_of
from optimizer.churn import Change, Fate
from optimizer.model import Day, ShipMode
from optimizer.plan import Route, Unassigned

__all__ = [
    "ChangeShown",
    "LeftOutShown",
    "LineGeometry",
    "PickShown",
    "PointGeometry",
    "RouteLine",
    "RouteLineProperties",
    "RouteShown",
    "RouteStop",
    "RoutesGeoJson",
    "StopPoint",
    "StopPointProperties",
]

Job = Annotated[str, Field(description="The job.", examples=["job_0198f1c2"])]
Technician = Annotated[str, Field(description="Who comes.", examples=["T00204"])]
Travel = Annotated[str, Field(description="Time on the way, ISO 8601.", examples=["PT18M"])]
Metres = Annotated[int, Field(description="Metres on the way.", examples=[7_300])]
Degrees = Annotated[
    list[float],
    Field(min_length=2, max_length=2, description="Longitude and latitude, WGS84.", examples=[[104.06, 30.66]]),
]


class RouteStop(Shown):
    """One visit of a route."""

    job_id: Job
    start: Annotated[Moment, Field(description="Service begins.")]
    end: Annotated[Moment, Field(description="Service ends.")]
    travel: Travel
    distance_m: Metres


class RouteShown(Shown):
    """What a technician does on a date."""

    model_config = ConfigDict(populate_by_name=True)

    shift_id: Annotated[str, Field(description="The shift.", examples=["T00204@2026-03-02"])]
    technician_id: Technician
    outlet_id: Annotated[str, Field(description="The technician's outlet.", examples=["Z0018"])]
    date: Annotated[dt.date, Field(description="The date.", examples=["2026-03-02"])]
    depart: Annotated[Moment, Field(description="Leaves the base.")]
    break_start: Annotated[Moment | None, Field(description="The meal break begins; null: none.")]
    stops: Annotated[list[RouteStop], Field(description="Visits in order.")]
    return_: Annotated[Moment, Field(alias="return", description="Is back at the base.")]
    return_travel: Travel
    return_distance_m: Metres

    @classmethod
    def of(cls, day: Day, route: Route, person: tuple[str, str, dt.date]) -> Self:
        """Return what is shown of a route; person: technician, outlet and date of its shift."""

        def moment(seconds: int) -> dt.datetime:
            return moment_of(day.date, seconds)

        technician_id, outlet_id, date = person
        return cls(
            shift_id=route.shift_id,
            technician_id=technician_id,
            outlet_id=outlet_id,
            date=date,
            depart=moment(route.depart_s),
            break_start=None if route.break_start_s is None else moment(route.break_start_s),
            stops=[
                RouteStop(
                    job_id=stop.job_id,
                    start=moment(stop.start_s),
                    end=moment(stop.end_s),
                    travel=duration_text(stop.travel_s),
                    distance_m=stop.travel_m,
                )
                for stop in route.stops
            ],
            return_=moment(route.return_s),
            return_travel=duration_text(route.return_travel_s),
            return_distance_m=route.return_travel_m,
        )


class LeftOutShown(Shown):
    """A job that nobody visits, why, and what would help."""

    job_id: Job
    rule: Annotated[str, Field(description="The rule that keeps it out.", examples=["SKILL"])]
    reason: Annotated[str, Field(description="In English.", examples=["no technician has the skill"])]
    remedy: Annotated[str, Field(description="The cheapest remedy in English; empty: none.", examples=["30 min more"])]
    reason_zh: Annotated[str, Field(description="The reason in Chinese.", examples=["无合格技师"])]
    remedy_zh: Annotated[str, Field(description="The remedy in Chinese.", examples=["加班 30 分钟"])]
    difference: Annotated[Money | None, Field(description="What the plan costs more with the remedy; null: none.")]

    @classmethod
    def of(cls, left: Unassigned) -> Self:
        """Return what is shown of a job left out."""
        fen = left.difference_fen
        return cls(
            job_id=left.job_id,
            rule=str(left.rule),
            reason=left.reason,
            remedy=left.remedy,
            reason_zh=left.reason_zh,
            remedy_zh=left.remedy_zh,
            difference=None if fen is None else Money(fen=fen),
        )


class PickShown(Shown):
    """A part that a technician takes along before leaving, for one visit."""

    technician_id: Technician
    outlet_id: Annotated[str, Field(description="The technician's outlet.", examples=["Z0018"])]
    date: Annotated[dt.date, Field(description="The date.", examples=["2026-03-02"])]
    sequence: Annotated[int, Field(description="Which visit of the route, from 1.", examples=[2])]
    visit_at: Annotated[Moment, Field(description="The visit begins.")]
    leaves_at: Annotated[Moment, Field(description="The technician leaves base.")]
    job_id: Job
    part_id: Annotated[str, Field(description="The part.", examples=["PWHG06A"])]
    name: Annotated[str, Field(description="What it is called; empty: nobody says.", examples=["主控板"])]
    quantity: Annotated[int, Field(description="How many.", examples=[1])]
    carried: Annotated[bool, Field(description="On every van of the family; false: it is shipped.", examples=[False])]
    order_line_id: Annotated[str | None, Field(description="The line it is shipped for.", examples=["job_0198/1"])]
    warehouse_id: Annotated[str | None, Field(description="Where it comes from.", examples=["W21"])]
    mode: Annotated[ShipMode | None, Field(description="How it comes.", examples=["pickup"])]
    ready_at: Annotated[Moment | None, Field(description="When it is there, nine times of ten.")]
    after_leaving: Annotated[bool, Field(description="It may be there only after the technician has left.")]
    bring_by: Annotated[
        Moment | None, Field(description="The outlet brings it to the visit by then; null: it is taken along.")
    ] = None


class ChangeShown(Shown):
    """What becomes of a visit that was promised."""

    job_id: Job
    change: Annotated[Fate, Field(description="What becomes of it.")]
    call_again: Annotated[bool, Field(description="The customer was told what no longer holds.", examples=[True])]
    was_technician_id: Annotated[str | None, Field(description="Who was to come.", examples=["T00204"])]
    was_start: Annotated[Moment | None, Field(description="When.")]
    technician_id: Annotated[str | None, Field(description="Who comes; null: nobody.", examples=["T00396"])]
    start: Annotated[Moment | None, Field(description="When; null: never.")]
    moved: Annotated[
        str | None, Field(description="How much later, ISO 8601, with `-` when earlier.", examples=["PT40M"])
    ]
    churn: Annotated[Money, Field(description="What the change is priced at.")]

    @classmethod
    def of(cls, day: Day, change: Change) -> Self:
        """Return what is shown of a change."""
        was, start_s = change.was, change.start_s
        return cls(
            job_id=change.job_id,
            change=change.fate,
            call_again=change.call_again,
            was_technician_id=None if was is None else was.technician_id,
            was_start=None if was is None else moment_of(day.date, was.start_s),
            technician_id=change.technician_id,
            start=None if start_s is None else moment_of(day.date, start_s),
            moved=None if change.moved_s is None else duration_text(change.moved_s),
            churn=Money(fen=change.fen),
        )


class _OfRoute(Shown):
    """Whose route a shape belongs to."""

    technician_id: Technician
    outlet_id: Annotated[str, Field(description="The technician's outlet.", examples=["Z0018"])]
    centre_id: Annotated[str, Field(description="The outlet's centre.", examples=["C01"])]
    date: Annotated[dt.date, Field(description="The date.", examples=["2026-03-02"])]


class RouteLineProperties(_OfRoute):
    """What a line says of its route."""

    jobs: Annotated[int, Field(description="Visits.", examples=[6])]
    travel: Travel
    distance_m: Metres


class StopPointProperties(_OfRoute):
    """What a point says of its visit."""

    job_id: Job
    sequence: Annotated[int, Field(description="Which visit of the route, from 1.", examples=[1])]
    start: Annotated[Moment, Field(description="Service begins.")]


class LineGeometry(Shown):
    """A line in straight pieces: base, stops, base."""

    type: Annotated[Literal["LineString"], Field(description="A line.")]
    coordinates: Annotated[list[Degrees], Field(description="Longitudes and latitudes, WGS84.")]


class PointGeometry(Shown):
    """A place."""

    type: Annotated[Literal["Point"], Field(description="A point.")]
    coordinates: Degrees


class RouteLine(Shown):
    """A route with stops, as a line."""

    type: Annotated[Literal["Feature"], Field(description="A feature.")]
    geometry: Annotated[LineGeometry, Field(description="The way.")]
    properties: Annotated[RouteLineProperties, Field(description="The route.")]


class StopPoint(Shown):
    """A visit, as a point."""

    type: Annotated[Literal["Feature"], Field(description="A feature.")]
    geometry: Annotated[PointGeometry, Field(description="The place.")]
    properties: Annotated[StopPointProperties, Field(description="The visit.")]


class RoutesGeoJson(Shown):
    """Routes as GeoJSON (RFC 7946): a line for each, then a point for each of its visits."""

    type: Annotated[Literal["FeatureCollection"], Field(description="A collection.")]
    features: Annotated[list[RouteLine | StopPoint], Field(description="Lines and points.")]

    @classmethod
    def content(cls, shapes: dict[str, Any]) -> dict[str, Any]:
        """Return the shapes of a plan folder with their durations as every answer has them."""
        features = []
        for feature in shapes["features"]:
            said = {name: value for name, value in feature["properties"].items() if name != "travel_s"}
            if "travel_s" in feature["properties"]:
                said["travel"] = duration_text(feature["properties"]["travel_s"])
            features.append({**feature, "properties": said})
        return {**shapes, "features": features}
