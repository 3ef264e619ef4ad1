"""`paigong db load`: whole or not at all, and again changes nothing."""

import csv
import datetime as dt
import os
import shutil
import signal
import subprocess
import sys
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select, text
from typer.testing import CliRunner

from api.cli import app
from api.database import Database
from api.store.days import day_of
from api.store.jobs import By, change_job, job_history
from api.store.load import load_day
from api.store.plan_days import centres_on
from api.tables.jobs import JobHistory, JobRow
from api.upgrade import target_metadata
from datasets.day import DayFolder, read_day, read_source
from tests.api.store.conftest import BY, DATE, NOW
from tests.api.store.meanwhile import enter_here


def counts(database: Database) -> dict[str, int]:
    with database.read() as session:
        return {
            table.name: session.scalar(select(func.count()).select_from(table)) or 0
            for table in target_metadata().sorted_tables
        }


def test_a_second_load_changes_nothing(loaded: Database, day_path: Path) -> None:
    before = counts(loaded)
    with loaded.write() as session:
        again = load_day(session, read_source(day_path), by=BY, now=NOW)
    assert again.changes == 0
    assert counts(loaded) == before
    assert before["jobs"] == before["job_history"] == 120


def test_a_network_that_is_loaded_the_evening_before_holds_at_once(database: Database, day_path: Path) -> None:
    """Customers call and outlets order parts before the day that is planned begins."""
    evening = NOW - dt.timedelta(days=1)
    with database.write() as session:
        load_day(session, read_source(day_path), by=BY, now=evening)
        today = DATE - dt.timedelta(days=1)
        assert centres_on(session, today) == centres_on(session, DATE) != []
        assert centres_on(session, today - dt.timedelta(days=1)) == []
        assert load_day(session, read_source(day_path), by=BY, now=evening).changes == 0


def test_what_the_store_has_promised_since_outlives_another_load(loaded: Database, day_path: Path) -> None:
    now = NOW + dt.timedelta(hours=1)
    by = By(actor="tests", channel="api")
    with loaded.write() as session:
        ids = session.scalars(select(JobRow.id).order_by(JobRow.entered)).all()
        start = NOW + dt.timedelta(hours=6)
        promised: dict[str, Any] = {
            "published_technician_id": "T1",
            "published_start": start,
            "told": True,
            "lock": "pinned",
        }
        asked: dict[str, Any] = {"appointment_start": start, "appointment_end": start, "consent": "given"}
        change_job(session, session.get_one(JobRow, ids[0]), "state", by=by, now=now, state="offered", **promised)
        change_job(session, session.get_one(JobRow, ids[1]), "changed", by=by, now=now, **asked)
        change_job(session, session.get_one(JobRow, ids[2]), "state", by=by, now=now, state="done", due_at=None)
    with loaded.write() as session:
        assert load_day(session, read_source(day_path), by=BY, now=now).changes == 0
        first, second = session.get_one(JobRow, ids[0]), session.get_one(JobRow, ids[1])
        assert {name: getattr(first, name) for name in promised} == promised
        assert {name: getattr(second, name) for name in asked} == asked


def test_a_closed_job_is_not_changed_by_a_load(loaded: Database, day_path: Path, tmp_path: Path) -> None:
    folder = tmp_path / "day"
    shutil.copytree(day_path, folder)
    jobs = folder / "jobs.csv"
    lines = jobs.read_text(encoding="utf-8").splitlines()
    id_ = lines[1].partition(",")[0]
    lines[1] = lines[1].replace(",ordinary,", ",vulnerable,").replace(",priority,", ",vulnerable,")
    jobs.write_text("\n".join(lines) + "\n", encoding="utf-8")
    with loaded.write() as session:
        by = By(actor="tests", channel="api")
        change_job(session, session.get_one(JobRow, id_), "state", by=by, now=NOW, state="closed")
    with loaded.write() as session:
        assert load_day(session, read_source(folder), by=BY, now=NOW).changes == 0


def test_a_later_folder_holds_from_its_date_on(loaded: Database, day_path: Path, tmp_path: Path) -> None:
    folder = tmp_path / "tuesday"
    shutil.copytree(day_path, folder)
    rows = list(csv.DictReader((folder / "outlets.csv").read_text(encoding="utf-8").splitlines()))
    for row in rows:
        row["workload_target"] = "7"
    with (folder / "outlets.csv").open("w", encoding="utf-8") as file:
        writer = csv.DictWriter(file, rows[0].keys())
        writer.writeheader()
        writer.writerows(rows)
    text_ = (folder / "day.toml").read_text(encoding="utf-8").replace("2026-03-02", "2026-03-03")
    (folder / "day.toml").write_text(text_, encoding="utf-8")
    with loaded.write() as session:
        again = load_day(session, read_source(folder), by=BY, now=NOW)
        assert (again.changes, len(again.tables["outlets"].changed)) == (len(rows), len(rows))
        tuesday = dt.date(2026, 3, 3)
        now = NOW + dt.timedelta(days=1)
        assert day_of(session, centre_ids=None, date=tuesday, days=2, now=now).day == read_day(folder).day
        assert day_of(session, centre_ids=None, date=DATE, days=2, now=NOW).day == read_day(day_path).day


def test_a_job_that_changed_at_its_source_changes_here(loaded: Database, day_path: Path, tmp_path: Path) -> None:
    folder = tmp_path / "day"
    shutil.copytree(day_path, folder)
    jobs = folder / "jobs.csv"
    lines = jobs.read_text(encoding="utf-8").splitlines()
    lines[1] = lines[1].replace(",ordinary,", ",vulnerable,").replace(",priority,", ",vulnerable,")
    jobs.write_text("\n".join(lines) + "\n", encoding="utf-8")
    with loaded.write() as session:
        assert load_day(session, read_source(folder), by=BY, now=NOW).changes == 1
        job = session.get_one(JobRow, lines[1].partition(",")[0])
        assert (job.customer_class, job.version, job.state) == ("vulnerable", 2, "needs_visit")
        assert [line.kind for line in job_history(session, job.id)] == ["created", "changed"]


def paigong(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", "from api.cli import main; main()", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, cwd=Path(__file__).parents[3])


def test_a_bad_folder_is_refused_with_every_fault_and_no_store_is_made(tmp_path: Path, day_path: Path) -> None:
    folder = tmp_path / "bad"
    shutil.copytree(day_path, folder)
    (folder / "parts.csv").write_text("part_id,name\nP1,x\n", encoding="utf-8")
    (folder / "warehouses.csv").unlink()
    done = paigong("db", "load", str(folder), "--database", f"sqlite:///{tmp_path / 'none.db'}")
    assert done.returncode == 2
    assert "parts.csv, line 1, family" in done.stderr
    assert "warehouses.csv" in done.stderr
    assert not (tmp_path / "none.db").exists()


@pytest.mark.parametrize("url", ["nonsense", "sqlite:////nowhere/at/all.db", "mysql://here/there"])
def test_a_store_that_cannot_be_is_refused(url: str) -> None:
    done = paigong("db", "upgrade", "--database", url)
    assert done.returncode == 2, done.stderr
    assert "Traceback" not in done.stderr


DYING = """
import os, signal, sys
from pathlib import Path
import datetime as dt
from api.database import Database
from api.store import load
from datasets.day import read_source
from api.store.jobs import By

def die(*_, **__):
    os.kill(os.getpid(), signal.SIGKILL)

load.enter_jobs = die
database = Database(sys.argv[1])
with database.write() as session:
    load.load_day(
        session,
        read_source(Path(sys.argv[2])),
        by=By(actor="tests", channel="load"),
        now=dt.datetime.fromisoformat(sys.argv[3]),
    )
"""


def test_a_load_that_is_killed_leaves_nothing(database: Database, database_url: str, day_path: Path) -> None:
    before = counts(database)
    root = Path(__file__).parents[3]
    died = subprocess.run(
        [sys.executable, "-c", DYING, database_url, str(day_path), NOW.isoformat()],
        cwd=root,
        env={**os.environ, "PYTHONPATH": str(root)},
        check=False,
    )
    assert died.returncode == -signal.SIGKILL
    assert counts(database) == before
    assert set(before.values()) == {0}


def test_two_processes_enter_one_job_once(loaded: Database, day_folder: DayFolder) -> None:
    job = {str(name): cell for name, cell in day_folder.jobs.iloc[0].items() if cell and name != "job_type"}
    url = loaded.url.render_as_string(hide_password=False)
    with get_context("spawn").Pool(2) as pool:
        outcomes = pool.starmap(enter_here, [(url, job, BY, NOW)] * 4, chunksize=1)
    assert outcomes.count("created") == 1
    assert set(outcomes) <= {"created", "unchanged", "conflict"}
    with loaded.read() as session:
        assert session.scalar(select(func.count()).where(JobRow.source == "crm")) == 1
        (id_,) = session.scalars(select(JobRow.id).where(JobRow.source == "crm"))
        assert session.scalar(select(func.count()).where(JobHistory.job_id == id_)) == 1


def test_one_name_at_a_source_is_one_job(loaded: Database) -> None:
    with loaded.read() as session:
        names = session.execute(text("SELECT source, external_id, id FROM jobs")).all()
    assert {(source, external_id) for source, external_id, _ in names} == {("day", id_) for *_, id_ in names}


def test_the_command_makes_the_store_loads_and_tells(empty_url: str, day_path: Path) -> None:
    done = CliRunner().invoke(app, ["db", "load", str(day_path), "--database", empty_url])
    assert done.exit_code == 0, done.output
    assert "jobs: 120, 120 new, 0 changed" in done.output
    database = Database(empty_url)
    assert counts(database)["jobs"] == 120
    database.close()
