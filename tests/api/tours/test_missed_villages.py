"""What a village was told and nobody kept is said once, with a draft of an apology; what was kept is not."""

import datetime as dt
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy import select

from api.settings import Settings
from api.store.tour_missed import watch_told
from api.tables.events import Event
from api.watchman import Watchman
from tests.api.tour_region import clock_of, made
from tests.api.tours.test_told_villages import ONLY_V1, dates_of, row_of, with_neighbour
from tests.api.tours.test_tour_promises import act, replanned, visits_of


def told(client: TestClient, village_ids: Any = "all") -> dict[str, Any]:
    """Make tours of V1 and tell villages."""
    tours = made(client, **ONLY_V1)
    assert act(client, tours, "announce", {"village_ids": village_ids}).status_code == 200
    return tours


def watched(app: FastAPI) -> int:
    return watch_told(app.state.database, app.state.clock())


def missed_events(app: FastAPI) -> list[tuple[str, dict[str, Any]]]:
    """Return what the events about days on which nobody came say, with whom they are about."""
    with app.state.database.read() as session:
        query = select(Event.subject, Event.data).where(Event.type == "tour.missed").order_by(Event.position)
        return [(subject, data) for subject, data in session.execute(query)]


def apologies(client: TestClient, tours: dict[str, Any]) -> list[dict[str, Any]]:
    answer = client.get(f"/v1/tours/{tours['id']}/apologies")
    assert answer.status_code == 200, answer.text
    drafts: list[dict[str, Any]] = answer.json()
    return drafts


def missed_of(client: TestClient, tours: dict[str, Any]) -> list[dict[str, Any]]:
    shown = client.get(f"/v1/tours/{tours['id']}").json()
    missed: list[dict[str, Any]] = shown["outcome"]["missed"]
    return missed


def said(visits: dict[str, Any], outcome: str, on: str) -> dict[str, Any]:
    """Return what a crew says of visits on a date."""
    return {
        "visits": [
            {"job_id": id_, "outcome": outcome, "start": visit["start"], "end": visit["end"]}
            for id_, visit in visits.items()
            if visit["date"] == on
        ]
    }


def test_a_day_that_nobody_kept_is_said_once_with_a_draft(client: TestClient, app: FastAPI) -> None:
    with_neighbour(client)
    tours = told(client)
    (first, *later) = sorted(dates_of(client, tours, "V1"))
    assert watched(app) == 0, "the day is still to come"
    clock = clock_of(client)
    clock.move(dt.datetime.fromisoformat(f"{first}T23:00:00+08:00") - clock())
    assert watched(app) == 0, "the day is not over"
    clock.move(dt.timedelta(hours=2))
    # Nobody published the tours: nobody came.
    assert watched(app) == 2
    assert missed_events(app) == [
        (id_, {"village_id": id_, "date": first, "at_village_id": "V1", "tour_plan_id": tours["id"]})
        for id_ in ("V1", "V4")
    ]
    assert missed_of(client, tours) == [
        {"village_id": id_, "date": first, "at_village_id": "V1"} for id_ in ("V1", "V4")
    ]
    drafts = {one["village_id"]: one for one in apologies(client, tours)}
    own, neighbour = drafts["V1"], drafts["V4"]
    assert (own["village"], own["contact"], own["phone"], own["job_ids"]) == ("崇州村", "扎西", "139", ["J1", "J4"])
    assert own["text"].startswith("【巡回维修致歉】扎西您好：原定3月")
    assert "到崇州村的巡回维修未能成行" in own["text"]
    assert "fridge2台" in own["text"]
    assert "成都直营" in own["text"]
    assert neighbour["text"].startswith("【巡回维修致歉】各位村民好：原定")
    assert "在崇州村" in neighbour["text"]
    assert [one["date"] for one in row_of(client, "V1")["announced"]] == later
    assert row_of(client, "V4")["announced"] == []
    assert watched(app) == 0, "it was said"


def test_a_watchman_says_it_and_the_next_one_does_not_say_it_again(client: TestClient, app: FastAPI) -> None:
    told(client, ["V1"])
    clock = clock_of(client)
    clock.move(dt.timedelta(days=6))
    counts = []
    for _ in range(2):
        watchman = Watchman(Settings(database_url=app.state.database.url.render_as_string(False)), clock)
        counts.append(watchman.round().get("tours_missed", 0))
        watchman.close()
    assert (counts[0] > 0, counts[1]) == (True, 0)
    assert len(missed_events(app)) == counts[0]


@pytest.mark.parametrize(
    ("outcome", "missed"), [("done", False), ("nobody_home", False), (None, False), ("not_reached", True)]
)
def test_a_visit_keeps_what_was_told_until_somebody_says_it_was_none(
    client: TestClient, app: FastAPI, outcome: str | None, missed: bool
) -> None:
    tours = told(client, ["V1"])
    assert act(client, tours, "publish").status_code == 200
    first = min(dates_of(client, tours, "V1"))
    clock = clock_of(client)
    clock.move(dt.datetime.fromisoformat(f"{first}T23:00:00+08:00") - clock())
    if outcome is not None:
        answer = client.post(f"/v1/tours/{tours['id']}:record", json=said(visits_of(client, tours), outcome, first))
        assert answer.status_code == 200, answer.text
    clock.move(dt.timedelta(hours=2))
    assert [data["date"] for _, data in missed_events(app)] == []
    assert watched(app) == missed
    assert [one["date"] for one in missed_of(client, tours)] == [first] * missed


def test_a_day_missed_is_said_though_the_crew_came_another_day(client: TestClient, app: FastAPI) -> None:
    with_neighbour(client)
    locked = [
        {"crew_id": "G1", "date": "2026-03-02", "job_ids": ["J4"]},
        {"crew_id": "G1", "date": "2026-03-03", "job_ids": ["J1"]},
    ]
    tours = made(client, scope={"crews": ["G1"]}, levers={"locked": locked, "never_visit": ["V2", "V3"]})
    act(client, tours, "announce", {"village_ids": ["V1"]})
    assert act(client, tours, "publish").status_code == 200
    visits = visits_of(client, tours)
    clock_of(client).move(dt.timedelta(days=3))
    for outcome, on in (("not_reached", "2026-03-02"), ("done", "2026-03-03")):
        answer = client.post(f"/v1/tours/{tours['id']}:record", json=said(visits, outcome, on))
        assert answer.status_code == 200, answer.text
    assert watched(app) == 1
    (draft,) = apologies(client, tours)
    assert (draft["date"], draft["job_ids"]) == ("2026-03-02", ["J4"]), "what was done since is not waited for"


def test_a_day_of_an_old_folder_is_no_news(client: TestClient, app: FastAPI) -> None:
    version = client.get("/v1/villages/V1").headers["etag"]
    row = {**row_of(client, "V1"), "announced": [{"date": "2026-02-20"}, {"date": "2026-03-02"}]}
    assert client.put("/v1/villages/V1", json=row, headers={"If-Match": version}).status_code == 200
    clock_of(client).move(dt.timedelta(days=2))
    assert watched(app) == 1
    # It is said, though no tours were ever planned that told it.
    ((_, data),) = missed_events(app)
    assert (data["date"], data["tour_plan_id"]) == ("2026-03-02", None)


def put_again(client: TestClient, row: dict[str, Any]) -> None:
    """Put V1 as somebody has read it before."""
    version = client.get("/v1/villages/V1").headers["etag"]
    answer = client.put("/v1/villages/V1", json=row, headers={"If-Match": version})
    assert answer.status_code == 200, answer.text


def test_who_puts_a_village_as_it_was_read_before_does_not_miss_it_again(client: TestClient, app: FastAPI) -> None:
    told(client, ["V1"])
    before = row_of(client, "V1")
    clock_of(client).move(dt.timedelta(days=6))
    count = watched(app)
    assert count == len(before["announced"]) > 0
    for _ in range(2):
        put_again(client, before)
        assert row_of(client, "V1")["announced"] == [], "the day is over, and what was told of it"
        assert watched(app) == 0
    assert len(missed_events(app)) == count


def test_a_date_that_was_cancelled_in_time_is_not_missed_by_who_puts_it_again(client: TestClient, app: FastAPI) -> None:
    told(client, ["V1"])
    before = row_of(client, "V1")
    put_again(client, {**before, "announced": []})
    clock_of(client).move(dt.timedelta(days=6))
    put_again(client, before)
    assert watched(app) == 0


def test_a_date_that_is_still_to_come_can_be_told_again(client: TestClient, app: FastAPI) -> None:
    told(client, ["V1"])
    before = row_of(client, "V1")
    put_again(client, {**before, "announced": []})
    put_again(client, before)
    assert row_of(client, "V1")["announced"] == before["announced"]
    clock_of(client).move(dt.timedelta(days=6))
    assert watched(app) == len(before["announced"])


def test_what_was_trusted_goes_without_a_word_when_nobody_will_say_anything_any_more(
    client: TestClient, app: FastAPI
) -> None:
    tours = told(client, ["V1"])
    assert act(client, tours, "publish").status_code == 200
    dates = sorted(dates_of(client, tours, "V1"))
    clock = clock_of(client)
    last = dt.datetime.fromisoformat(f"{dates[-1]}T12:00:00+08:00")
    clock.move(last + dt.timedelta(days=14) - clock())
    assert watched(app) == 0
    assert [one["date"] for one in row_of(client, "V1")["announced"]] == dates, "its crew may still say otherwise"
    clock.move(dt.timedelta(days=25))
    assert watched(app) == 0
    assert row_of(client, "V1")["announced"] == []
    assert (missed_events(app), missed_of(client, tours)) == ([], [])


def evening_of_first(client: TestClient) -> tuple[dict[str, Any], str]:
    """Publish tours of V1, go to the evening of the first date, and return the tours and that date."""
    tours = told(client, ["V1"])
    assert act(client, tours, "publish").status_code == 200
    first = min(dates_of(client, tours, "V1"))
    clock = clock_of(client)
    clock.move(dt.datetime.fromisoformat(f"{first}T20:00:00+08:00") - clock())
    return tours, first


def cancel(client: TestClient, job_ids: Any) -> None:
    for id_ in job_ids:
        version = client.get(f"/v1/jobs/{id_}").headers["etag"]
        body = {"reason": "customer_withdrew"}
        answer = client.post(f"/v1/jobs/{id_}:cancel", json=body, headers={"If-Match": version})
        assert answer.status_code == 200, answer.text


def jobs_on(client: TestClient, tours: dict[str, Any], date: str) -> list[str]:
    return [id_ for id_, visit in visits_of(client, tours).items() if visit["date"] == date]


def test_a_call_cancelled_after_its_visit_began_is_no_reason_to_apologise(client: TestClient, app: FastAPI) -> None:
    tours, first = evening_of_first(client)
    cancel(client, jobs_on(client, tours, first))
    clock_of(client).move(dt.timedelta(hours=5))
    assert watched(app) == 0
    assert missed_events(app) == []
    period = {"from": first, "to": first}
    (row,) = client.get("/v1/reports/tours", params=period).json()["rows"]
    assert (row["visits"], row["unsaid"]) == (row["visits"], row["visits"])


def test_a_call_cancelled_before_its_visit_began_leaves_the_village_waiting(client: TestClient, app: FastAPI) -> None:
    tours = told(client, ["V1"])
    assert act(client, tours, "publish").status_code == 200
    first = min(dates_of(client, tours, "V1"))
    cancel(client, jobs_on(client, tours, first))
    clock = clock_of(client)
    clock.move(dt.datetime.fromisoformat(f"{first}T23:00:00+08:00") + dt.timedelta(hours=2) - clock())
    assert watched(app) == 1


@pytest.mark.parametrize(("outcome", "missed"), [("done", 0), ("nobody_home", 0), ("not_reached", 1)])
def test_the_crew_can_still_say_what_became_of_a_visit_that_was_withdrawn(
    client: TestClient, app: FastAPI, outcome: str, missed: int
) -> None:
    tours, first = evening_of_first(client)
    visits, jobs = visits_of(client, tours), jobs_on(client, tours, first)
    cancel(client, jobs)
    answer = client.post(f"/v1/tours/{tours['id']}:record", json=said(visits, outcome, first))
    assert answer.status_code == 200, answer.text
    assert {client.get(f"/v1/jobs/{id_}").json()["state"] for id_ in jobs} == {"cancelled"}
    clock_of(client).move(dt.timedelta(hours=5))
    assert watched(app) == missed


def test_who_plans_on_the_road_does_not_take_back_what_a_withdrawn_visit_kept(client: TestClient) -> None:
    tours, first = evening_of_first(client)
    cancel(client, jobs_on(client, tours, first))
    again = replanned(client, tours)
    assert again["outcome"]["not_kept"] == []
    taken_back = act(client, again, "announce", {"village_ids": "all"}).json()["villages"]
    assert [one["taken_back"] for one in taken_back if one["taken_back"]] == []
