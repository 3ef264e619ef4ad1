import json

from geo.shapes import route_features
from optimizer.plan import Plan
from tests import make


def test_a_route_is_a_line_from_base_to_base_and_a_point_per_stop() -> None:
    day = make.day(make.job("j1", position=make.at(1_000)), make.job("j2", position=make.at(1_000, 2_000)))
    route = make.route(day, ("j1", make.clock("09:00")), ("j2", make.clock("11:30")))
    collection = route_features(day, make.plan(day, route))
    json.dumps(collection)
    line, first, second = collection["features"]
    assert collection["type"] == "FeatureCollection"
    assert line["geometry"] == {
        "type": "LineString",
        "coordinates": [[104.0, 30.0], [104.01, 30.0], [104.01, 30.02], [104.0, 30.0]],
    }
    assert line["properties"] == {
        "technician_id": "t1",
        "outlet_id": "o1",
        "centre_id": "c1",
        "date": "2026-03-02",
        "jobs": 2,
        "travel_s": sum(stop.travel_s for stop in route.stops) + route.return_travel_s,
        "distance_m": sum(stop.travel_m for stop in route.stops) + route.return_travel_m,
    }
    assert line["properties"]["distance_m"] > 5_000
    assert first["geometry"] == {"type": "Point", "coordinates": [104.01, 30.0]}
    assert first["properties"]["start"] == "2026-03-02T09:00:00+08:00"
    assert (second["properties"]["job_id"], second["properties"]["sequence"]) == ("j2", 2)


def test_a_shift_of_the_second_date_is_dated_so() -> None:
    day = make.day(days=2, shifts=(make.shift("t1-1", day=1),))
    route = make.route(day, ("j1", make.clock("09:30", day=1)), shift_id="t1-1")
    line, stop = route_features(day, make.plan(day, route))["features"]
    assert line["properties"]["date"] == stop["properties"]["date"] == "2026-03-03"
    assert stop["properties"]["start"] == "2026-03-03T09:30:00+08:00"


def test_routes_without_stops_have_no_line() -> None:
    day = make.day()
    assert route_features(day, make.plan(day, make.route(day)))["features"] == []
    assert route_features(day, Plan(routes=(), unassigned=()))["features"] == []
