"""What published tours take along is promised in the ledger of parts, and settled when crews say what became of it."""

import datetime as dt
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from httpx import Response
from sqlalchemy import select, text
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from api.store.parts_shelves import lock_shelves
from api.store.tour_holds import leave_tour
from api.store.tour_parts import give_back
from api.tables.events import Event
from api.tables.jobs import JobRow
from api.tables.parts import Allocation
from api.tables.tours import JobWait, VanPartRow
from tests.api.booking.served import served
from tests.api.booking.test_killed_publication import kill_at
from tests.api.clients import MakeKey
from tests.api.tour_region import clock_of, made, run

LEVERS = {
    "never_visit": ["V2", "V3"],
    "locked": [{"crew_id": "G1", "date": "2026-03-04", "job_ids": ["J1", "J4"]}],
}
"""One tour, to V1 on the third day: W1's parts arrive before it leaves."""
SPARES = "spares@G1@2026-03-04"
LEAVES = dt.datetime(2026, 3, 4, 7, 30, tzinfo=dt.timezone(dt.timedelta(hours=8)))


@pytest.fixture(autouse=True)
def _parts(app: FastAPI, client: TestClient) -> None:
    """J1 needs two of P4, a spare that many visits need; six are at W1, and none is anywhere else."""
    with app.state.database.write() as session:
        job = session.get_one(JobRow, "J1")
        job.cells = {**job.cells, "parts": "P4:2"}
        spare = session.scalars(select(VanPartRow)).one()
        spare.cells = {**spare.cells, "part_id": "P4", "chance_permille": "900", "most": "1"}
        wait = session.get_one(JobWait, "J1")
        said = {"recorded_at": wait.recorded_at, "channel": wait.channel, "recorded_by": wait.recorded_by}
        session.add(JobWait(job_id="J4", until=dt.date(2026, 3, 5), **said))
        wait.until = dt.date(2026, 3, 5)
    row = {"warehouse_id": "W1", "part_id": "P4", "on_hand": 6}
    assert client.put("/v1/stock/W1;P4", json=row).status_code == 201


def count(client: TestClient, source_id: str, units: int, part_id: str = "P4") -> None:
    now = clock_of(client)().isoformat()
    said = {"source_id": source_id, "part_id": part_id, "on_hand": units, "as_of": now}
    assert client.post("/v1/stock-snapshots", json=said).status_code == 201


def act(client: TestClient, tours: dict[str, Any], word: str, said: Any = None) -> Response:
    version = client.get(f"/v1/tours/{tours['id']}").json()["version"]
    answer: Response = client.post(f"/v1/tours/{tours['id']}:{word}", json=said, headers={"If-Match": f'"{version}"'})
    return answer


def tour(client: TestClient) -> dict[str, Any]:
    return made(client, scope={"crews": ["G1"]}, levers=LEVERS)


def free(client: TestClient, source_id: str = "W1") -> int:
    rows = client.get("/v1/stock-snapshots").json()["items"]
    (row,) = [row for row in rows if (row["source_id"], row["part_id"]) == (source_id, "P4")]
    assert row["short"] == 0
    found: int = row["free"]
    return found


def held(app: FastAPI) -> dict[str, int]:
    """Return the units that are promised, by holder."""
    units: Counter[str] = Counter()
    with app.state.database.read() as session:
        for row in session.scalars(select(Allocation).where(Allocation.released_at.is_(None))):
            units[row.holder] += row.quantity
    return dict(units)


def publish(client: TestClient, tours: dict[str, Any]) -> dict[str, Any]:
    answer = act(client, tours, "publish")
    assert answer.status_code == 200, answer.text
    said: dict[str, Any] = answer.json()
    return said


def replanned(client: TestClient, tours: dict[str, Any], **levers: Any) -> dict[str, Any]:
    body = {"levers": {**LEVERS, **levers}, "limits": {"steps": 60}}
    wished = client.post(f"/v1/tours/{tours['id']}:replan", json=body)
    assert wished.status_code == 202, wished.text
    again = run(client, wished.json()["id"])
    assert (again["state"], again["problem"]) == ("finished", None), again["problem"]
    return again


def keep(client: TestClient, units: int, source_id: str = "W1") -> None:
    """Promise units to somebody else."""
    said = {"source_id": source_id, "part_id": "P4", "quantity": units, "centre_id": "C1", "valid_for": "PT5H"}
    assert client.post("/v1/reservations", json=said).status_code == 201


def record(client: TestClient, tours: dict[str, Any], *said: dict[str, Any]) -> Response:
    answer: Response = client.post(f"/v1/tours/{tours['id']}:record", json={"visits": list(said)})
    return answer


def done(job_id: str, **more: Any) -> dict[str, Any]:
    at = "2026-03-04T10:00:00+08:00"
    return {"job_id": job_id, "outcome": "done", "start": at, "end": at, **more}


def cancel_job(client: TestClient, job_id: str) -> None:
    etag = client.get(f"/v1/jobs/{job_id}").headers["etag"]
    answer = client.post(f"/v1/jobs/{job_id}:cancel", json={"reason": "customer_withdrew"}, headers={"If-Match": etag})
    assert answer.status_code == 200, answer.text


def test_a_published_tours_parts_are_nobody_elses(client: TestClient, app: FastAPI) -> None:
    tours = tour(client)
    assert (free(client), held(app)) == (6, {})
    assert (publish(client, tours)["short_of_parts"], held(app)) == ([], {"J1": 2, SPARES: 1})
    assert free(client) == 3
    where = client.get("/v1/parts/availability", params={"part_id": "P4", "outlet_id": "O1", "quantity": 4}).json()
    assert where["items"] == []
    order = {"outlet_id": "O1", "lines": [{"part_id": "P4", "quantity": 4}]}
    answer = client.post("/v1/parts-orders", json=order).json()["lines"][0]
    assert answer["answer"]["answer"] != "confirmed"


def test_the_last_units_are_planned_with_again_and_promised_once(client: TestClient, app: FastAPI) -> None:
    first = tour(client)
    keep(client, 3)
    publish(client, first)
    assert free(client) == 0
    again = replanned(client, first)
    said = publish(client, again)
    assert (said["superseded"], said["short_of_parts"], said["short_of_spares"]) == ([first["id"]], [], [])
    assert (free(client), held(app)) == (0, {"J1": 2, SPARES: 1})


def test_what_a_replan_leaves_out_is_free_again(client: TestClient, app: FastAPI) -> None:
    first = tour(client)
    publish(client, first)
    again = replanned(client, first, never_visit=["V1", "V2", "V3"], locked=[])
    publish(client, again)
    assert (free(client), held(app)) == (6, {})


def test_a_cancelled_call_gives_its_kit_back_and_the_last_one_the_spares(client: TestClient, app: FastAPI) -> None:
    publish(client, tour(client))
    cancel_job(client, "J1")
    assert held(app) == {SPARES: 1}
    cancel_job(client, "J4")
    assert (held(app), free(client)) == ({}, 6)


def test_what_somebody_else_was_promised_since_is_said(client: TestClient, app: FastAPI) -> None:
    tours = tour(client)
    keep(client, 5)
    said = publish(client, tours)
    assert (said["short_of_parts"], said["short_of_spares"]) == (["J1"], [])
    assert (held(app), free(client)) == ({SPARES: 1}, 0)
    with app.state.database.read() as session:
        (event,) = session.scalars(select(Event).where(Event.type == "tour.published"))
        assert event.data["short_of_parts"] == ["J1"]


def test_spares_that_are_gone_are_said(client: TestClient, app: FastAPI) -> None:
    tours = tour(client)
    keep(client, 4)
    said = publish(client, tours)
    assert (said["short_of_parts"], said["short_of_spares"]) == ([], [f"{SPARES}/P4"])
    assert held(app) == {"J1": 2}


def published_from_the_outlet(client: TestClient, app: FastAPI, kit: str, **levers: Any) -> dict[str, Any]:
    """Publish tours whose parts lie at the crew's own outlet: J1's kit where it has one, and the spare part."""
    with app.state.database.write() as session:
        job = session.get_one(JobRow, "J1")
        job.cells = {**job.cells, "parts": kit}
    clock_of(client).move(dt.timedelta(minutes=1))
    count(client, "O1", 4)
    tours = made(client, scope={"crews": ["G1"]}, levers={**LEVERS, **levers})
    publish(client, tours)
    with app.state.database.read() as session:
        spare = session.scalars(select(Allocation).filter_by(holder=SPARES)).one()
        assert (spare.source_id, spare.ships_at, spare.ready_p90_at) == ("O1", LEAVES, LEAVES)
    return tours


@pytest.mark.parametrize(
    ("kit", "said", "before", "after"),
    [
        ("P4:2", [done("J1"), done("J4")], 1, 2),
        ("P4:2", [{"job_id": "J1", "outcome": "not_reached"}, done("J4")], 1, 4),
        ("", [done("J1"), done("J4")], 3, 4),
        ("", [done("J1"), done("J4", parts_used=[{"part_id": "P4", "quantity": 1}])], 3, 3),
        ("", [done("J1", parts_used=[{"part_id": "P4", "quantity": 1}])], 3, 3),
        ("", [done("J1")], 3, 3),
    ],
)
def test_what_is_brought_back_is_free_again(
    client: TestClient, app: FastAPI, kit: str, said: list[dict[str, Any]], before: int, after: int
) -> None:
    tours = published_from_the_outlet(client, app, kit)
    assert free(client, "O1") == before
    clock_of(client).move(dt.timedelta(days=4))
    for one in said:
        assert record(client, tours, one).status_code == 200
    assert free(client, "O1") == after
    # Whoever counts finds as much.
    count(client, "O1", after)
    assert free(client, "O1") == after


def test_spares_that_are_not_aboard_are_refused(client: TestClient, app: FastAPI) -> None:
    tours = published_from_the_outlet(client, app, "")
    clock_of(client).move(dt.timedelta(days=4))
    used = [{"part_id": "P2", "quantity": 1}, {"part_id": "P4", "quantity": 2}]
    refused = record(client, tours, done("J1", parts_used=used))
    assert refused.status_code == 422
    assert [(fault["pointer"], fault["code"]) for fault in refused.json()["errors"]] == [
        ("/visits/0/parts_used/0", "not_aboard"),
        ("/visits/0/parts_used/1", "not_aboard"),
    ]


def test_a_replan_on_the_road_leaves_what_is_aboard_promised(client: TestClient, app: FastAPI) -> None:
    locked = [
        {"crew_id": "G1", "date": "2026-03-04", "job_ids": ["J4"], "lodging_id": "L1"},
        {"crew_id": "G1", "date": "2026-03-05", "job_ids": ["J1"]},
    ]
    first = published_from_the_outlet(client, app, "P4:2", locked=locked)
    before = held(app)
    assert (before, free(client, "O1")) == ({"J1": 2, SPARES: 1}, 1)
    clock_of(client).move(dt.timedelta(days=3, hours=5))
    again = replanned(client, first, locked=[])
    assert [kit["orders"] for kit in client.get(f"/v1/tours/{again['id']}/kit").json()] == [[]]
    publish(client, again)
    assert (held(app), free(client, "O1")) == (before, 1)


ON_THE_ROAD = [
    {"crew_id": "G1", "date": "2026-03-04", "job_ids": ["J4"], "lodging_id": "L1"},
    {"crew_id": "G1", "date": "2026-03-05", "job_ids": ["J1"]},
]
"""A tour of two days."""
USED = {"parts_used": [{"part_id": "P4", "quantity": 1}]}


@pytest.mark.parametrize(("by_j4", "by_j1"), [({}, {}), (USED, {}), ({}, USED)])
def test_spares_come_home_with_the_tour_that_a_replan_on_the_road_made(
    client: TestClient, app: FastAPI, by_j4: dict[str, Any], by_j1: dict[str, Any]
) -> None:
    first = published_from_the_outlet(client, app, "", locked=ON_THE_ROAD)
    clock_of(client).move(dt.timedelta(days=3, hours=5))
    assert record(client, first, done("J4", **by_j4)).status_code == 200
    again = replanned(client, first, locked=[])
    publish(client, again)
    assert held(app) == {SPARES: 1}
    clock_of(client).move(dt.timedelta(days=1))
    answer = record(client, again, done("J1", **by_j1))
    assert answer.status_code == 200, answer.text
    assert held(app) == ({SPARES: 1} if by_j4 or by_j1 else {})


def test_spares_are_free_when_a_replan_on_the_road_leaves_nothing_to_do(client: TestClient, app: FastAPI) -> None:
    first = published_from_the_outlet(client, app, "", locked=ON_THE_ROAD)
    clock_of(client).move(dt.timedelta(days=3, hours=5))
    assert record(client, first, done("J4")).status_code == 200
    publish(client, replanned(client, first, never_visit=["V1", "V2", "V3"], locked=[]))
    assert held(app) == {}


@pytest.mark.parametrize("why", ["cancelled", "nobody_home", "left_out"])
def test_a_kit_in_the_van_is_free_when_the_van_is_home(client: TestClient, app: FastAPI, why: str) -> None:
    locked = [{**ON_THE_ROAD[0], "job_ids": ["J1"]}, {**ON_THE_ROAD[1], "job_ids": ["J4"]}]
    tours = published_from_the_outlet(client, app, "P4:2", locked=locked if why == "nobody_home" else ON_THE_ROAD)
    assert held(app) == {"J1": 2, SPARES: 1}
    clock_of(client).move(dt.timedelta(days=3, hours=5))
    if why == "nobody_home":
        assert record(client, tours, {**done("J1"), "outcome": why}).status_code == 200
    elif why == "cancelled":
        cancel_job(client, "J1")
    assert free(client, "O1") == 1
    if why == "left_out":
        publish(client, replanned(client, tours, never_visit=["V1", "V2", "V3"], locked=[]))
        assert free(client, "O1") == 1
    clock_of(client).move(dt.timedelta(days=1))
    assert record(client, tours, done("J4")).status_code == 200
    assert free(client, "O1") == 4


@pytest.mark.parametrize("hours", [47, 52])
def test_a_kit_that_is_on_its_way_to_the_outlet_is_planned_with(client: TestClient, app: FastAPI, hours: int) -> None:
    first = tour(client)
    publish(client, first)
    keep(client, 3)
    clock_of(client).move(dt.timedelta(hours=hours))
    again = replanned(client, first)
    days = client.get(f"/v1/tours/{again['id']}/itinerary").json()[0]["days"]
    assert {visit["job_id"] for day in days for visit in day["visits"]} >= {"J1", "J4"}
    (kit,) = client.get(f"/v1/tours/{again['id']}/kit").json()
    assert [(one["job_id"], one["source_id"], one["in_time"]) for one in kit["orders"]] == [("J1", "O1", True)]
    said = publish(client, again)
    assert (said["short_of_parts"], said["short_of_spares"]) == ([], [])
    assert held(app) == {"J1": 2, SPARES: 1}


def waits(app: FastAPI, effect: Callable[[Session], None]) -> bool:
    """Tell whether something would have to wait for another transaction; it is not done then."""
    try:
        with app.state.database.write() as session:
            session.execute(text("SET LOCAL lock_timeout = '50ms'"))
            effect(session)
    except OperationalError:
        return True
    return False


@pytest.mark.parametrize("tours_url", ["postgis"], indirect=True)
def test_the_last_two_visits_that_end_at_once_settle_the_spares(client: TestClient, app: FastAPI) -> None:
    # J4 has begun and stays the first plan's, J1 is the second's: no row of a plan is both's.
    first = published_from_the_outlet(client, app, "", locked=ON_THE_ROAD)
    clock_of(client).move(dt.timedelta(days=3, hours=5))
    publish(client, replanned(client, first, locked=[]))
    now = clock_of(client)()
    with app.state.database.write() as session:
        leave_tour(session, "J4", now)
        assert waits(app, lambda other: leave_tour(other, "J1", now))
    assert held(app) == {SPARES: 1}
    with app.state.database.write() as session:
        leave_tour(session, "J1", now)
    assert held(app) == {}


@pytest.mark.parametrize("tours_url", ["postgis"], indirect=True)
def test_spares_are_given_back_with_their_shelves_locked(client: TestClient, app: FastAPI) -> None:
    published_from_the_outlet(client, app, "")
    now = clock_of(client)() + dt.timedelta(days=4)
    with app.state.database.write() as session:
        lock_shelves(session, ["P4"])
        assert waits(app, lambda other: give_back(other, [SPARES], Counter(), now))
    assert not waits(app, lambda other: give_back(other, [SPARES], Counter(), now))
    assert held(app) == {}


def test_a_publication_that_is_killed_has_not_happened(
    app: FastAPI, client: TestClient, make_key: MakeKey, tours_url: str, tmp_path: Path
) -> None:
    tours = tour(client)
    headers = make_key("admin") | {"If-Match": f'"{tours["version"]}"', "Idempotency-Key": "once"}
    asked = f"/v1/tours/{tours['id']}:publish"
    for number, place in enumerate(("INSERT INTO allocations", "commit")):
        kill_at(tours_url, headers, asked, place, tmp_path / f"{number}.mark")
        assert (free(client), held(app), client.get(f"/v1/tours/{tours['id']}").json()) == (6, {}, tours)
    kill_at(tours_url, headers, asked, "committed", tmp_path / "committed.mark")
    with served(tours_url, headers) as (restarted, _):
        assert restarted.post(asked).status_code == 200
    assert (free(client), held(app)) == (3, {"J1": 2, SPARES: 1})
