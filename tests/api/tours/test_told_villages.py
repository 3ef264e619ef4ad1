"""What villages were told is a set of dates and stops: told, kept, taken back and over, one by one."""

import datetime as dt
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from api.store.jobs import By
from api.store.load import load_day
from datasets.day import read_source
from tests.api.clients import MakeKey, client_of
from tests.api.tour_region import EVENING, TOML, clock_of, made, region, run, write_region
from tests.api.tours.test_tour_promises import act, days_of, events, replanned, visits_of

ONLY_V1 = {"scope": {"crews": ["G1"]}, "levers": {"never_visit": ["V2", "V3"]}}
WALK_INS = """
[tour.walk_ins]
product = "fridge"
per_thousand = 60
lead_days = 2
"""


def row_of(client: TestClient, village_id: str) -> dict[str, Any]:
    row: dict[str, Any] = client.get(f"/v1/villages/{village_id}").json()["row"]
    return row


def dates_of(client: TestClient, tours: dict[str, Any], village_id: str) -> set[str]:
    """Return the dates on which tours stop in a village."""
    visits = visits_of(client, tours).values()
    return {visit["date"] for visit in visits if visit["village_id"] == village_id}


def notices_of(client: TestClient, tours: dict[str, Any]) -> list[dict[str, Any]]:
    messages = client.get(f"/v1/tours/{tours['id']}/announcements").json()
    return [notice for message in messages for notice in message["villages"]]


def with_neighbour(client: TestClient) -> None:
    """Add a village near V1 whose people have nothing registered."""
    row = {"name": "邻村", "position": {"coordinates": [103.675, 30.631], "datum": "WGS84"}, "centre_id": "C1"}
    put = client.put("/v1/villages/V4", json=row, params={"effective_from": "2026-03-01"})
    assert put.status_code in (200, 201), put.text


def with_walk_ins(app: FastAPI, tmp_path: Path, **villages: dict[str, str]) -> None:
    """Let people bring things, in a store that has the region already."""
    cells = region()
    cells["villages"] = [row | villages.get(row["village_id"], {}) for row in cells["villages"]]
    read = read_source(write_region(tmp_path / "day", cells, TOML + WALK_INS))
    with app.state.database.write() as session:
        load_day(session, read, by=By(actor="test", channel="load"), now=EVENING)


def test_a_stop_near_by_is_told_kept_and_over_with_its_visit(client: TestClient, app: FastAPI) -> None:
    with_neighbour(client)
    tours = made(client, **ONLY_V1)
    first = min(dates_of(client, tours, "V1"))
    told = act(client, tours, "announce", {"village_ids": ["V4"]})
    (village,) = told.json()["villages"]
    assert (village["date"], village["dates"]) == (first, [{"date": first, "at_village_id": "V1"}]), told.text
    assert row_of(client, "V4")["announced"] == [{"date": first, "at_village_id": "V1"}]
    (event,) = events(app)
    assert (event["village_id"], event["dates"]) == ("V4", [{"date": first, "at_village_id": "V1"}])
    other = made(client, **ONLY_V1)
    assert (other["outcome"]["announced"], other["outcome"]["announced_kept"]) == (1, 1)
    assert {one["status"] for one in notices_of(client, other) if one["village_id"] == "V4"} == {"announced"}
    # Nobody publishes tours that forget it.
    elsewhere = made(client, scope={"crews": ["G1"]}, levers={"never_visit": ["V1"]})
    assert {one["about"] for one in elsewhere["outcome"]["not_kept"]} == {"V4"}
    assert act(client, tours, "publish").status_code == 200
    visits = [
        {"job_id": id_, "outcome": "done", "start": visit["start"], "end": visit["end"]}
        for id_, visit in visits_of(client, tours).items()
        if visit["date"] == first
    ]
    clock_of(client).move(dt.timedelta(days=1))
    assert client.post(f"/v1/tours/{tours['id']}:record", json={"visits": visits}).status_code == 200
    assert row_of(client, "V4")["announced"] == []


def test_a_date_that_cannot_be_kept_is_taken_back_once(client: TestClient, app: FastAPI) -> None:
    with_neighbour(client)
    tours = made(client, **ONLY_V1)
    told = sorted(dates_of(client, tours, "V1"))
    act(client, tours, "announce", {"village_ids": "all"})
    assert act(client, tours, "publish").status_code == 200
    cut_off = {"village_id": "V1", "dates": [f"2026-03-0{day}" for day in range(2, 6)]}
    body = {"village_cut_off": cut_off, "limits": {"steps": 60}}
    again = run(client, client.post(f"/v1/tours/{tours['id']}:replan", json=body).json()["id"])
    lost = again["outcome"]["not_kept"]
    assert {(one["kind"], one["about"], one["at_village_id"]) for one in lost} == {
        ("date", "V1", "V1"),
        ("date", "V4", "V1"),
    }
    assert [one["date"] for one in lost if one["about"] == "V1"] == told
    assert all("the road is cut off that day" in one["sentence"] and one["now_date"] is None for one in lost)
    chinese = client.get(f"/v1/tours/{again['id']}", headers={"Accept-Language": "zh"}).json()
    assert all("当天道路中断" in one["sentence"] for one in chinese["outcome"]["not_kept"])
    assert {one["status"] for one in notices_of(client, again)} == {"cancelled"}
    left = client.get(f"/v1/tours/{again['id']}/left-out").json()
    assert "ANNOUNCED" not in {one["rule"] for one in left}
    before = len(events(app))
    answer = act(client, again, "announce", {"village_ids": "all"})
    villages = {one["village_id"]: one for one in answer.json()["villages"]}
    assert villages["V1"]["taken_back"] == [{"date": date, "at_village_id": "V1"} for date in told], answer.text
    assert [(one["date"], one["is_new"], one["dates"]) for one in villages.values()] == [(None, True, [])] * 2
    assert [(one["village_id"], one["date"], one["was"]) for one in events(app)[before:]] == [
        ("V1", None, told[0]),
        ("V4", None, told[0]),
    ]
    assert (row_of(client, "V1")["announced"], row_of(client, "V4")["announced"]) == ([], [])
    assert act(client, again, "publish").status_code == 200
    # It was told, and is not told again.
    third = replanned(client, again)
    assert third["outcome"]["not_kept"] == []
    assert "cancelled" not in {one["status"] for one in notices_of(client, third)}


def test_told_dates_outlive_a_replan_however_short(client: TestClient, app: FastAPI, tmp_path: Path) -> None:
    with_walk_ins(app, tmp_path)
    tours = made(client, scope={"crews": ["G1", "G2"]}, limits={"steps": 600})
    act(client, tours, "announce", {"village_ids": "all"})
    assert act(client, tours, "publish").status_code == 200
    assert any(visit["kind"] == "walk_in" for visit in visits_of(client, tours).values())
    # The morning of a day on which people were told to come: sooner than anybody could be told anew.
    first = min(day["date"] for day in days_of(client, tours) if any(v["kind"] == "walk_in" for v in day["visits"]))
    clock = clock_of(client)
    clock.move(dt.datetime.fromisoformat(f"{first}T05:00:00+08:00") - clock())
    again = replanned(client, tours, limits={"steps": 10})
    assert again["outcome"]["announced"] == again["outcome"]["announced_kept"] > 0
    assert again["outcome"]["not_kept"] == []


def test_the_second_date_of_a_village_outlives_the_first(client: TestClient, app: FastAPI, tmp_path: Path) -> None:
    with_walk_ins(app, tmp_path, V1={"announced": "2026-03-02;2026-03-05"})
    tours = made(client, **ONLY_V1, limits={"steps": 600})
    assert {"2026-03-02", "2026-03-05"} <= dates_of(client, tours, "V1")
    assert act(client, tours, "publish").status_code == 200
    begun = max(visit["end"] for visit in visits_of(client, tours).values() if visit["date"] == "2026-03-02")
    clock = clock_of(client)
    clock.move(dt.datetime.fromisoformat(begun) - clock())
    # Nobody has written what became of the first day's visits.
    again = replanned(client, tours, limits={"steps": 10})
    assert again["outcome"]["not_kept"] == []
    assert "2026-03-05" in dates_of(client, again, "V1")


def test_nobody_is_told_to_come_this_very_morning(client: TestClient, app: FastAPI, tmp_path: Path) -> None:
    with_walk_ins(app, tmp_path, V1={"announced": "2026-03-03"})
    clock = clock_of(client)
    clock.move(dt.timedelta(hours=9))
    tours = made(client, **ONLY_V1)
    act(client, tours, "publish")
    cut_off = {"village_id": "V1", "dates": ["2026-03-03"]}
    body = {"village_cut_off": cut_off, "limits": {"steps": 600}}
    again = run(client, client.post(f"/v1/tours/{tours['id']}:replan", json=body).json()["id"])
    assert again["problem"] is None, again["problem"]
    (lost,) = again["outcome"]["not_kept"]
    assert lost["now_date"] is None or lost["now_date"] >= "2026-03-04"
    assert all(one["date"] >= "2026-03-04" for one in notices_of(client, again) if one["status"] == "moved")
    walk_ins = [visit for visit in visits_of(client, again).values() if visit["kind"] == "walk_in"]
    assert all(visit["date"] >= "2026-03-04" for visit in walk_ins)


def test_where_nobody_can_be_told_in_time_that_is_the_reason(client: TestClient, app: FastAPI, tmp_path: Path) -> None:
    with_walk_ins(app, tmp_path, V1={"announced": "2026-03-04"})
    clock = clock_of(client)
    clock.move(dt.timedelta(days=2, hours=9))
    cut_off = [f"2026-03-0{day}" for day in (4, 5)]
    village = row_of(client, "V1")
    version = client.get("/v1/villages/V1").headers["etag"]
    said = client.put("/v1/villages/V1", json={**village, "cut_off": cut_off[:1]}, headers={"If-Match": version})
    assert said.status_code == 200, said.text
    tours = made(client, **ONLY_V1, horizon={"date": "2026-03-04", "days": 2})
    left = {one["job_id"]: one for one in client.get(f"/v1/tours/{tours['id']}/left-out").json()}
    assert left["walk-in@V1"]["rule"] == "WINDOW"
    assert "people can still be told to come" in left["walk-in@V1"]["reason"]


@pytest.mark.parametrize(
    ("announced", "pointer"),
    [
        ([{"date": "2026-03-03"}, {"date": "2026-02-30"}], "/announced/1/date"),
        ([{"date": "2026-03-03"}, {"date": "2026-03-03"}], "/announced"),
        ([{"date": "2026-03-03"}, {"date": "2026-03-03", "at_village_id": "V1"}], "/announced"),
        ([{"date": "2026-03-03", "at_village_id": "V9"}], "/announced"),
        ("2026-03-03;2026-03-09", "/announced"),
    ],
)
def test_what_cannot_have_been_told_is_refused(client: TestClient, announced: Any, pointer: str) -> None:
    version = client.get("/v1/villages/V1").headers["etag"]
    row = {**row_of(client, "V1"), "announced": announced}
    answer = client.put("/v1/villages/V1", json=row, headers={"If-Match": version})
    assert answer.status_code == 422, answer.text
    assert {fault["pointer"] for fault in answer.json()["errors"]} == {pointer}


def test_a_key_of_one_centre_names_no_stop_of_another(client: TestClient, app: FastAPI) -> None:
    other = client_of(app, MakeKey(app)("admin", centres=["C1"]))
    version = client.get("/v1/villages/V1").headers["etag"]
    for village_id, status in (("VB", 422), ("V2", 200)):
        row = {**row_of(client, "V1"), "announced": [{"date": "2026-03-03", "at_village_id": village_id}]}
        answer = other.put("/v1/villages/V1", json=row, headers={"If-Match": version})
        assert answer.status_code == status, answer.text


def test_what_was_told_in_either_outlives_a_load(client: TestClient, app: FastAPI, tmp_path: Path) -> None:
    version = client.get("/v1/villages/V1").headers["etag"]
    stop = {"date": "2026-03-04", "at_village_id": "V2"}
    row = {**row_of(client, "V1"), "announced": [stop, {"date": "2026-03-02"}]}
    assert client.put("/v1/villages/V1", json=row, headers={"If-Match": version}).status_code == 200
    with_walk_ins(app, tmp_path, V1={"announced": "2026-03-05"})
    found = client.get("/v1/villages/V1", params={"on": "2026-03-02"}).json()["row"]
    own = [{"date": f"2026-03-0{day}", "at_village_id": "V1"} for day in (2, 5)]
    assert found["announced"] == [own[0], stop, own[1]]
    # What is read is what is written: the same again changes nothing.
    held = client.get("/v1/villages/V1", params={"on": "2026-03-02"})
    since = {"effective_from": "2026-03-02"}
    again = client.put("/v1/villages/V1", json=found, headers={"If-Match": held.headers["etag"]}, params=since)
    assert (again.status_code, again.headers["etag"]) == (200, held.headers["etag"]), again.text


def loads(app: FastAPI, folder: Path, said: str, *, whole: bool = True) -> None:
    """Load the region with V1 told two dates by a folder that speaks of a moment."""
    cells = region()
    (own,) = [row for row in cells["villages"] if row["village_id"] == "V1"]
    own["announced"] = "2026-03-03;2026-03-04"
    toml = TOML.replace("2026-03-01T20:00:00+08:00", said)
    with app.state.database.write() as session:
        load_day(
            session,
            read_source(write_region(folder, cells, toml)),
            by=By(actor="test", channel="load"),
            now=app.state.clock(),
            whole=whole,
        )


def tell_by_hand(client: TestClient, dates: str) -> None:
    tomorrow = {"on": "2026-03-02"}
    held = client.get("/v1/villages/V1", params=tomorrow)
    row = {**held.json()["row"], "announced": [{"date": date} for date in dates.split(";")]}
    since = {"effective_from": "2026-03-02"}
    answer = client.put("/v1/villages/V1", json=row, headers={"If-Match": held.headers["etag"]}, params=since)
    assert answer.status_code == 200, answer.text


def known_tomorrow(client: TestClient) -> str:
    """Return the dates that V1 knows by the folder's first date."""
    told = client.get("/v1/villages/V1", params={"on": "2026-03-02"}).json()["row"]["announced"]
    return ";".join(one["date"] for one in told)


@pytest.mark.parametrize("whole", [True, False])
def test_what_was_cancelled_stays_cancelled_when_an_older_folder_is_loaded(
    client: TestClient, app: FastAPI, tmp_path: Path, *, whole: bool
) -> None:
    loads(app, tmp_path / "first", "2026-03-01T20:00:00+08:00", whole=whole)
    assert known_tomorrow(client) == "2026-03-03;2026-03-04"
    clock = clock_of(client)
    clock.move(dt.timedelta(hours=1))
    tell_by_hand(client, "2026-03-04")
    clock.move(dt.timedelta(hours=1))
    # One from before, and one that was made for tomorrow: neither knows of it.
    for number, said in enumerate(("2026-03-01T20:00:00+08:00", "2026-03-02T06:00:00+08:00")):
        loads(app, tmp_path / f"again{number}", said, whole=whole)
        assert known_tomorrow(client) == "2026-03-04", said
    # Whoever writes a folder later has told them again.
    loads(app, tmp_path / "later", "2026-03-01T21:30:00+08:00", whole=whole)
    assert known_tomorrow(client) == "2026-03-03;2026-03-04"
    # So it is no more off, for older folders either.
    loads(app, tmp_path / "last", "2026-03-01T20:00:00+08:00", whole=whole)
    assert known_tomorrow(client) == "2026-03-03;2026-03-04"


def test_a_date_that_tours_took_back_is_not_brought_back_by_their_folder(
    client: TestClient, app: FastAPI, tmp_path: Path
) -> None:
    loads(app, tmp_path / "first", "2026-03-01T20:00:00+08:00")
    clock_of(client).move(dt.timedelta(hours=1))
    version = client.get("/v1/villages/V1").headers["etag"]
    row = {**row_of(client, "V1"), "cut_off": ["2026-03-03"]}
    assert client.put("/v1/villages/V1", json=row, headers={"If-Match": version}).status_code == 200
    tours = made(client, **ONLY_V1)
    (lost,) = [one for one in tours["outcome"]["not_kept"] if one["kind"] == "date"]
    assert (lost["about"], lost["date"]) == ("V1", "2026-03-03")
    assert act(client, tours, "announce", {"village_ids": "all"}).status_code == 200
    told = known_tomorrow(client)
    assert "2026-03-03" not in told
    loads(app, tmp_path / "again", "2026-03-01T20:00:00+08:00")
    assert known_tomorrow(client) == told
    # Who tells them again says so: it holds again.
    tell_by_hand(client, "2026-03-03;2026-03-04")
    loads(app, tmp_path / "last", "2026-03-01T20:00:00+08:00")
    assert known_tomorrow(client) == "2026-03-03;2026-03-04"
