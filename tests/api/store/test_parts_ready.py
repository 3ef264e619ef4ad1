"""A part that has arrived lets the next plan send somebody again."""

from sqlalchemy import select

from api.database import Database
from api.store.jobs import change_job, job_history
from api.store.parts_ready import parts_ready
from api.tables.events import Event
from api.tables.jobs import JobRow
from tests.api.store.conftest import BY, NOW

ID = "J260302000001"


def test_a_job_that_waited_for_its_part_needs_a_visit(loaded: Database) -> None:
    with loaded.write() as session:
        change_job(session, session.get_one(JobRow, ID), "state", by=BY, now=NOW, state="needs_part")
    with loaded.write() as session:
        assert parts_ready(session, session.get_one(JobRow, ID), by=BY, at=NOW, order_id="po_1")
    with loaded.write() as session:
        # Said twice, it happens once.
        assert not parts_ready(session, session.get_one(JobRow, ID), by=BY, at=NOW)
    with loaded.read() as session:
        assert session.get_one(JobRow, ID).state == "needs_visit"
        last = job_history(session, ID)[-1]
        assert (last.from_state, last.to_state) == ("needs_part", "needs_visit")
        assert last.detail == {"reason": "parts ready", "order_id": "po_1"}
        told = select(Event.data).where(Event.type == "job.state_changed", Event.subject == ID)
        assert [data["to_state"] for data in session.scalars(told)] == ["needs_visit"]


def test_whoever_waits_for_no_part_stays_as_they_are(loaded: Database) -> None:
    with loaded.write() as session:
        job = session.get_one(JobRow, ID)
        before = job.version
        assert not parts_ready(session, job, by=BY, at=NOW)
        assert (job.state, job.version) == ("needs_visit", before)
