import csv
import io

from datasets.at_risk import at_risk_table
from optimizer import model
from tests import make


def rows(jobs: dict[str, tuple[str, str]]) -> list[dict[str, str]]:
    """Return the rows of a day whose jobs are given as (due, planned start)."""
    day = make.day(
        *(
            make.job(
                name,
                position=make.at(600),
                service_s=600,
                clocks=(model.Clock(kind=model.ClockKind.ARRIVAL, due_s=make.clock(due)),),
            )
            for name, (due, _) in jobs.items()
        )
    )
    plan = make.plan(day, make.route(day, *((name, make.clock(start)) for name, (_, start) in jobs.items())))
    return list(csv.DictReader(io.StringIO(at_risk_table(day, plan).decode("utf-8-sig"))))


def test_a_promise_with_time_to_spare_is_not_at_risk() -> None:
    assert rows({"j1": ("10:00", "09:00")}) == []


def test_a_promise_with_little_time_says_when_to_set_out() -> None:
    (row,) = rows({"j1": ("09:59", "09:00")})
    assert row["slack_s"] == "3540"
    assert row["action"].startswith("set out by 09:5")
    assert "from base" in row["action"]


def test_the_stop_before_is_named() -> None:
    first, second = rows({"j1": ("09:30", "09:00"), "j2": ("10:10", "09:30")})
    assert (first["job_id"], second["job_id"]) == ("j1", "j2")
    assert second["action"] == "set out by 10:10 from j1 for j2"


def test_a_promise_that_breaks_comes_first_with_the_call_to_make() -> None:
    first, second, third = rows({"j1": ("05:00", "08:30"), "j2": ("09:00", "09:30"), "j3": ("11:00", "10:30")})
    assert [row["job_id"] for row in (first, second, third)] == ["j1", "j2", "j3"]
    assert "broken before planning" in first["action"]
    assert "30 min late" in second["action"]


def test_what_is_late_by_many_hours_is_told_in_hours() -> None:
    (row,) = rows({"j1": ("09:00", "16:30")})
    assert "7 h 30 min late" in row["action"]
