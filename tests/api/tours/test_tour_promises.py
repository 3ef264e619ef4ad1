"""What tours have promised outlives other plans: dates of villages, visits on the road, visits of other crews."""

import datetime as dt
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from httpx import Response
from sqlalchemy import select

from api.store.tour_holds import held_by_tours
from api.tables.events import Event
from tests.api.tour_region import clock_of, made, run


def act(client: TestClient, tours: dict[str, Any], word: str, said: Any = None) -> Response:
    """Post to tours, about their present version."""
    version = client.get(f"/v1/tours/{tours['id']}").json()["version"]
    answer: Response = client.post(f"/v1/tours/{tours['id']}:{word}", json=said, headers={"If-Match": f'"{version}"'})
    return answer


def days_of(client: TestClient, tours: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the days of tours with their crew."""
    itinerary = client.get(f"/v1/tours/{tours['id']}/itinerary").json()
    return [{**day, "crew_id": tour["crew_id"]} for tour in itinerary for day in tour["days"]]


def visits_of(client: TestClient, tours: dict[str, Any]) -> dict[str, Any]:
    """Return the visits of tours by job, with crew and date."""
    return {
        visit["job_id"]: {**visit, "crew_id": day["crew_id"], "date": day["date"]}
        for day in days_of(client, tours)
        for visit in day["visits"]
    }


def on_day(client: TestClient, date: str, crew: str = "G1") -> dict[str, Any]:
    """Make tours of a crew that stops in V1 on a date, and nowhere else."""
    locked = [{"crew_id": crew, "date": date, "job_ids": ["J1", "J4"]}]
    return made(client, scope={"crews": [crew]}, levers={"locked": locked, "never_visit": ["V2", "V3"]})


def told_of(client: TestClient, village_id: str) -> str | None:
    """Return the dates of stops in it that a village was told."""
    told = client.get(f"/v1/villages/{village_id}").json()["row"]["announced"]
    return ";".join(one["date"] for one in told if one["at_village_id"] == village_id) or None


def announced(app: FastAPI) -> list[str]:
    """Return the villages of the events about announced dates."""
    with app.state.database.read() as session:
        return list(session.scalars(select(Event.subject).where(Event.type == "tour.announced")))


def events(app: FastAPI) -> list[dict[str, Any]]:
    """Return what the events about announced dates say."""
    with app.state.database.read() as session:
        told = select(Event.data).where(Event.type == "tour.announced").order_by(Event.position)
        return list(session.scalars(told))


def test_a_second_plan_does_not_overwrite_a_told_date(client: TestClient, app: FastAPI) -> None:
    first, second = on_day(client, "2026-03-02"), on_day(client, "2026-03-03")
    assert act(client, first, "announce", {"village_ids": ["V1"]}).status_code == 200
    refused = act(client, second, "announce", {"village_ids": "all"})
    assert refused.status_code == 409, refused.text
    assert refused.json()["villages"] == [{"village_id": "V1", "date": "2026-03-02"}]
    assert told_of(client, "V1") == "2026-03-02"
    assert announced(app) == ["V1"]


def test_every_date_of_a_village_is_told_and_a_told_one_stays(client: TestClient, app: FastAPI) -> None:
    second = on_day(client, "2026-03-03")
    act(client, second, "announce", {"village_ids": ["V1"]})
    locked = [
        {"crew_id": "G1", "date": "2026-03-02", "job_ids": ["J4"]},
        {"crew_id": "G1", "date": "2026-03-03", "job_ids": ["J1"]},
    ]
    both = made(client, scope={"crews": ["G1"]}, levers={"locked": locked, "never_visit": ["V2", "V3"]})
    assert {visit["date"] for visit in visits_of(client, both).values()} == {"2026-03-02", "2026-03-03"}
    told = act(client, both, "announce", {"village_ids": ["V1"]})
    dates = [{"date": date, "at_village_id": "V1"} for date in ("2026-03-02", "2026-03-03")]
    assert told.json()["villages"] == [
        {"village_id": "V1", "date": "2026-03-02", "is_new": True, "dates": dates, "taken_back": []}
    ]
    assert told_of(client, "V1") == "2026-03-02;2026-03-03"
    (_, again) = events(app)
    assert (again["date"], again["was"], again["dates"]) == ("2026-03-02", None, dates)
    # The next plan keeps both, and hears of nothing new.
    other = made(client, scope={"crews": ["G1"]})
    assert (other["outcome"]["announced"], other["outcome"]["announced_kept"]) == (2, 2)
    assert other["outcome"]["not_kept"] == []
    known = act(client, both, "announce", {"village_ids": ["V1"]})
    assert [one["is_new"] for one in known.json()["villages"]] == [False]
    assert len(events(app)) == 2


def test_a_replan_that_knew_a_date_and_cannot_keep_it_tells_another(client: TestClient) -> None:
    tours = made(client, scope={"crews": ["G1"]}, levers={"never_visit": ["V2", "V3"]})
    (first,) = {visit["date"] for visit in visits_of(client, tours).values()}
    act(client, tours, "announce", {"village_ids": ["V1"]})
    assert act(client, tours, "publish").status_code == 200
    cut_off = {"village_id": "V1", "dates": [first]}
    body = {"village_cut_off": cut_off, "limits": {"steps": 60}}
    again = run(client, client.post(f"/v1/tours/{tours['id']}:replan", json=body).json()["id"])
    (date,) = {visit["date"] for visit in visits_of(client, again).values() if visit["village_id"] == "V1"}
    assert date != first
    moved = act(client, again, "announce", {"village_ids": ["V1"]})
    (told,) = moved.json()["villages"]
    assert (told["village_id"], told["date"], told["is_new"]) == ("V1", date, True), moved.text
    assert told["taken_back"] == [{"date": first, "at_village_id": "V1"}]
    assert act(client, again, "publish").status_code == 200
    assert told_of(client, "V1") == date


def test_tours_that_were_planned_before_a_date_was_told_do_not_forget_it(client: TestClient) -> None:
    first, second = on_day(client, "2026-03-02"), on_day(client, "2026-03-03")
    act(client, first, "announce", {"village_ids": ["V1"]})
    refused = act(client, second, "publish")
    assert refused.status_code == 409, refused.text
    assert refused.json()["village_ids"] == ["V1"]
    assert act(client, first, "publish").status_code == 200
    chinese = client.post(
        f"/v1/tours/{second['id']}:publish", headers={"If-Match": f'"{second["version"]}"', "Accept-Language": "zh"}
    )
    assert "请重新规划" in chinese.json()["detail"]


def test_a_date_that_another_crew_keeps_is_in_nobodys_way(client: TestClient) -> None:
    levers = {"never_visit": ["V1", "V2"]}
    second = made(client, scope={"crews": ["G2"]}, levers=levers)
    first = made(client, scope={"crews": ["G1"]}, levers={"never_visit": ["V3"]})
    act(client, first, "announce", {"village_ids": ["V1"]})
    assert act(client, second, "publish").status_code == 409
    assert act(client, first, "publish").status_code == 200
    assert act(client, second, "publish").status_code == 200


def noon_of_first(client: TestClient) -> dict[str, Any]:
    """Publish tours of G1 that tell all villages their dates, and go to the moment when their first visit is over."""
    levers = {"never_visit": ["V3"], "locked": [{"crew_id": "G1", "date": "2026-03-02", "job_ids": ["J1", "J4"]}]}
    tours = made(client, scope={"crews": ["G1"]}, levers=levers)
    assert act(client, tours, "announce", {"village_ids": "all"}).status_code == 200
    assert act(client, tours, "publish").status_code == 200
    last = max(visits_of(client, tours)[id_]["end"] for id_ in ("J1", "J4"))
    clock = clock_of(client)
    clock.move(dt.datetime.fromisoformat(last) + dt.timedelta(minutes=1) - clock())
    return tours


def replanned(client: TestClient, tours: dict[str, Any], **more: Any) -> dict[str, Any]:
    """Plan tours again with other levers."""
    body = {"levers": {}, "limits": {"steps": 60}, **more}
    wished = client.post(f"/v1/tours/{tours['id']}:replan", json=body)
    assert wished.status_code == 202, wished.text
    again = run(client, wished.json()["id"])
    assert (again["state"], again["problem"]) == ("finished", None), again["problem"]
    return again


def test_what_has_begun_is_not_planned_again(client: TestClient, app: FastAPI) -> None:
    tours = noon_of_first(client)
    again = replanned(client, tours)
    assert not {"J1", "J4"} & visits_of(client, again).keys()
    # The date of the village was kept by what has begun.
    assert again["outcome"]["announced"] == again["outcome"]["announced_kept"] == 1
    assert act(client, again, "publish").status_code == 200
    with app.state.database.read() as session:
        assert {"J1", "J4"} <= held_by_tours(session)
    assert client.get("/v1/jobs/J1").json()["state"] == "planned"
    start = visits_of(client, tours)["J1"]["start"]
    said = {"job_id": "J1", "outcome": "done", "start": start, "end": start}
    recorded = client.post(f"/v1/tours/{tours['id']}:record", json={"visits": [said]})
    assert recorded.status_code == 200, recorded.text
    assert client.get("/v1/jobs/J1").json()["state"] == "done"


@pytest.mark.parametrize(("outcome", "state", "stays"), [("done", "done", False), ("not_reached", "planned", True)])
def test_a_visit_that_was_planned_again_can_still_be_said(
    client: TestClient, app: FastAPI, outcome: str, state: str, stays: bool
) -> None:
    tours = noon_of_first(client)
    assert not {"J1", "J4"} & visits_of(client, replanned(client, tours)).keys()
    again = replanned(client, tours, plan_unreported=True)
    assert "J1" in visits_of(client, again)
    assert act(client, again, "publish").status_code == 200
    start = visits_of(client, tours)["J1"]["start"]
    said = {"job_id": "J1", "outcome": outcome, "start": start, "end": start}
    recorded = client.post(f"/v1/tours/{tours['id']}:record", json={"visits": [said]})
    assert recorded.status_code == 200, recorded.text
    assert client.get("/v1/jobs/J1").json()["state"] == state
    with app.state.database.read() as session:
        assert ("J1" in held_by_tours(session)) is stays
    assert client.post(f"/v1/tours/{tours['id']}:record", json={"visits": [said]}).status_code == 409


def test_a_due_visit_that_has_begun_is_not_owed_again(client: TestClient) -> None:
    tours = made(client, scope={"crews": ["G1"]}, levers={"never_visit": ["V1", "V3"]})
    assert act(client, tours, "publish").status_code == 200
    due = visits_of(client, tours)["M1@2026-03-04"]
    clock = clock_of(client)
    clock.move(dt.datetime.fromisoformat(due["end"]) + dt.timedelta(minutes=1) - clock())
    assert "M1@2026-03-04" not in visits_of(client, replanned(client, tours))


def test_a_due_visit_is_one_crews(client: TestClient, app: FastAPI) -> None:
    levers = {"never_visit": ["V1", "V3"]}
    first, second = (made(client, scope={"crews": [crew]}, levers=levers) for crew in ("G1", "G2"))
    assert all("M1@2026-03-04" in visits_of(client, tours) for tours in (first, second))
    assert act(client, first, "publish").status_code == 200
    # The call beside it is off: only the due visit is both crews'.
    third = made(client, scope={"crews": ["G2"]}, levers={"never_visit": ["V1"]})
    assert not {"M1@2026-03-04", "J2"} & visits_of(client, third).keys()
    job = client.get("/v1/jobs/J2")
    gone = client.post(
        "/v1/jobs/J2:cancel", json={"reason": "customer_withdrew"}, headers={"If-Match": job.headers["etag"]}
    )
    assert gone.status_code == 200, gone.text
    refused = act(client, second, "publish")
    assert refused.status_code == 409, refused.text
    assert act(client, third, "publish").status_code == 200
    with app.state.database.read() as session:
        assert "M1@2026-03-04" in held_by_tours(session)


def test_tours_that_are_over_are_not_published(client: TestClient) -> None:
    tours = on_day(client, "2026-03-02")
    clock_of(client).move(dt.timedelta(days=2))
    refused = act(client, tours, "publish")
    assert (refused.status_code, refused.json()["detail"]) == (409, "The tours are over; plan again.")
