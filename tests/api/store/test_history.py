"""What happened is never rewritten: the database itself refuses, whoever asks."""

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from api.database import Database
from api.store.jobs import change_job, job_history
from api.tables.jobs import JobRow
from tests.api.store.conftest import BY, NOW

ID = "J260302000001"


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE job_history SET actor = 'nobody'",
        "UPDATE job_history SET at = at WHERE job_id = 'J260302000001'",
        "DELETE FROM job_history",
        "DELETE FROM job_history WHERE job_id = 'J260302000001'",
    ],
)
def test_history_cannot_be_rewritten(loaded: Database, statement: str) -> None:
    with pytest.raises(IntegrityError, match="job_history is append-only"), loaded.write() as session:
        session.execute(text(statement))
    with loaded.read() as session:
        assert [line.actor for line in job_history(session, ID)] == [BY.actor]


def test_history_cannot_be_emptied(postgis_url: str) -> None:
    database = Database(postgis_url)
    with pytest.raises(IntegrityError, match="job_history is append-only"), database.write() as session:
        session.execute(text("TRUNCATE job_history"))
    database.close()


def test_a_job_with_a_history_cannot_be_removed(loaded: Database) -> None:
    with pytest.raises(IntegrityError), loaded.write() as session:
        session.execute(text("DELETE FROM jobs"))


def test_every_change_leaves_its_line(loaded: Database) -> None:
    with loaded.write() as session:
        job = change_job(session, session.get_one(JobRow, ID), "escalated", by=BY, now=NOW, urgent=True)
        change_job(session, job, "state", by=BY, now=NOW, state="done", detail={"why": "repaired"})
        assert job.version == 3
    with loaded.read() as session:
        lines = job_history(session, ID)
        assert {(line.at, line.actor, line.channel) for line in lines} == {(NOW, "tests", "load")}
        told = [(line.kind, line.from_state, line.to_state, line.detail) for line in lines]
    assert told == [
        ("created", None, "needs_visit", {}),
        ("escalated", "needs_visit", "needs_visit", {"columns": ["urgent"]}),
        ("state", "needs_visit", "done", {"why": "repaired"}),
    ]
