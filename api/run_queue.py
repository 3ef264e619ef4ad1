"""The queue that plans wait in: DBOS' tables, in the store itself."""

import time

from dbos import DBOS, DBOSClient
from sqlalchemy import text
from sqlalchemy.orm import Session

from api.database import Database

__all__ = [
    "APPLICATION",
    "QUEUE",
    "QUEUE_TABLES",
    "RUN_VERSION",
    "WORKFLOW",
    "enqueue_run",
    "prepare_runs",
    "queue_of",
    "system_url",
]

APPLICATION = "paigong"
QUEUE = "plans"
WORKFLOW = "plan_run"
RUN_VERSION = "1"
"""Pinned: DBOS would derive one from the code, and leave the runs of another version where they are."""
QUEUE_TABLES = frozenset(
    {
        "application_versions",
        "dbos_migrations",
        "notifications",
        "operation_outputs",
        "queues",
        "streams",
        "workflow_events",
        "workflow_events_history",
        "workflow_input",
        "workflow_output",
        "workflow_schedules",
        "workflow_status",
    }
)
"""DBOS' own tables: in a schema of their own on PostgreSQL, beside ours on SQLite."""
PREPARE_LOCK = 0x9A161
ASK_EVERY_S = 0.25


def system_url(database: Database) -> str:
    """Return the address of DBOS' tables: the store's own, so that a wish and its place in the queue are one commit."""
    return database.url.render_as_string(hide_password=False)


def prepare_runs(database: Database) -> None:
    """Make or upgrade DBOS' tables in the store; two at once take turns."""
    if database.is_sqlite:
        DBOS.migrate(system_url(database))
        return
    with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        # Asked again and again: DBOS' indexes would wait for somebody who waits for a lock.
        while not connection.scalar(text("SELECT pg_try_advisory_lock(:lock)"), {"lock": PREPARE_LOCK}):
            time.sleep(ASK_EVERY_S)
        try:
            DBOS.migrate(system_url(database))
        finally:
            connection.execute(text("SELECT pg_advisory_unlock(:lock)"), {"lock": PREPARE_LOCK})


def queue_of(database: Database) -> DBOSClient:
    """Return what the API puts runs into the queue with; it connects when it must."""
    return DBOSClient(system_database_url=system_url(database), application_name=APPLICATION, lazy=True)


def enqueue_run(session: Session, queue: DBOSClient, plan_id: str) -> None:
    """Put a plan into the queue, in the transaction that makes the plan."""
    queue.enqueue_in_transaction(
        session,
        {"queue_name": QUEUE, "workflow_name": WORKFLOW, "workflow_id": plan_id, "app_version": RUN_VERSION},
        plan_id,
    )
