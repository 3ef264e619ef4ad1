"""The process that makes one plan of tours: rows frozen, planned, checked, and all its papers kept in one transaction.

It can be killed at any line: what was frozen is planned again by the next attempt, the rest has not happened.
"""

import json
import threading
import time
import traceback
import zlib
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from typing import Any, Self

from sqlalchemy import select
from sqlalchemy.orm import Session

from api.attempts import Attempt, of_worker, problem_of, writing
from api.clock import Clock, utc_now
from api.database import Database
from api.patience import GONE
from api.plan_files import packed_json
from api.plan_states import PlanState
from api.row_faults import base_faults, faults_of_rows
from api.run_process import Crew, budget_of, crew_of
from api.settings import Settings
from api.store.days import areas_on
from api.store.durable_runs import RunLost
from api.store.tour_days import reported_of, seen_to, source_of_tours
from api.store.tour_plans import begin_run, end_run, file_of, keep_source, run_alone, tell_progress
from api.tables.tours import TourFile, TourPlanRow
from api.tour_documents import outcome_of, tour_documents
from api.tour_making import ToursBroken, ToursMade, make_tours, read_question
from datasets.faults import DayRefused, PlanRefused
from geo.remote.gather import Surroundings

__all__ = ["run_tours_here", "run_tours_of_worker", "source_of_plan"]

TELL_EVERY_S = 1.0


def run_tours_of_worker(settings: Settings, run_id: str, executor: str) -> None:
    """Make a plan of tours in the child process of a worker, and end with that worker."""
    of_worker(settings, lambda database: run_tours_here(database, run_id, executor, lambda: crew_of(settings)))


def run_tours_here(
    database: Database,
    run_id: str,
    executor: str,
    hire: Callable[[], AbstractContextManager[Crew]],
    clock: Clock = utc_now,
) -> None:
    """Make a plan of tours in this process, searched by whom `hire` returns."""
    attempt = writing(database, lambda session: begin_run(session, run_id, executor, clock()))
    if attempt is None:
        return
    run = Attempt(database=database, plan_id=run_id, attempt=attempt)
    try:
        made = _made(run, hire, clock)
    except DayRefused as refused:
        problem = problem_of("day_refused", "The rows have faults.", _told(run, refused))
    except PlanRefused as refused:
        problem = problem_of(
            "base_refused",
            "The tours to begin from cannot be read.",
            [one.written() for one in base_faults(refused.faults)],
        )
    except ToursBroken as broken:
        said = [
            {"pointer": "", "code": "parts", "detail": found}
            if isinstance(found, str)
            else {"pointer": found.where, "code": str(found.rule), "detail": found.sentence}
            for found in broken.found
        ]
        problem = problem_of(
            "tours_illegal", "The checker objects to the tours that were made: a defect of ours.", said
        )
    except (RunLost, *GONE):
        raise
    except Exception as defect:
        traceback.print_exc()
        problem = problem_of("internal", f"A defect of ours: {type(defect).__name__}.", [])
    else:
        outcome, documents = outcome_of(made), tour_documents(made)
        run.write(
            lambda session: end_run(
                session, run_id, attempt, PlanState.FINISHED, clock(), outcome=outcome, documents=documents
            )
        )
        return
    run.write(lambda session: end_run(session, run_id, attempt, PlanState.FAILED, clock(), problem=problem))


def _told(run: Attempt, refused: DayRefused) -> list[dict[str, Any]]:
    """Return what is wrong with rows, each by its name and where the wish brought it in."""
    source: Any = run.read(lambda session: file_of(session, run.plan_id, "source")) or {"tables": {}}
    return [one.written() for one in faults_of_rows(refused.faults, source["tables"])]


class _Teller:
    """Says every second how far the run is, from a thread of its own."""

    def __init__(self, run: Attempt, clock: Clock) -> None:
        self._run = run
        self._clock = clock
        self._begun = time.monotonic()
        self._stage, self._share = "reading", 0.0
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._tell, daemon=True)

    def __enter__(self) -> Self:
        self._say()
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def __call__(self, stage: str, share: float) -> None:
        """Note the stage; called by whoever plans."""
        self._stage, self._share = stage, share

    def _tell(self) -> None:
        while not self._over.wait(TELL_EVERY_S):
            try:
                self._say()
            except GONE:
                pass  # the next second says it all again
            except RunLost:
                return  # what is written at the end is refused, too

    def _say(self) -> None:
        run = self._run
        progress = {
            "stage": self._stage,
            "share": round(self._share, 4),
            "elapsed_s": round(time.monotonic() - self._begun, 1),
            "attempt": run.attempt,
        }
        with run.database.write() as session:
            tell_progress(session, run.plan_id, run.attempt, progress, self._clock())


def _made(run: Attempt, hire: Callable[[], AbstractContextManager[Crew]], clock: Clock) -> ToursMade:
    plan = run.read(lambda session: run_alone(session, run.plan_id))
    wish = plan.wish
    with _Teller(run, clock) as progress:
        source = _frozen(run, plan)
        areas = run.read(lambda session: areas_on(session, plan.date))
        base_id = wish.get("base_tour_plan")
        base = None if base_id is None else run.read(lambda session: file_of(session, base_id, "tours"))
        with hire() as crew:
            progress("travel", 0.0)
            around = Surroundings(stopped=lambda: crew.stopped, progress=lambda done: progress("travel", done))
            question = read_question(source, wish, areas, around)
            return make_tours(
                question,
                base,
                stays="replan" in wish and wish["replan"]["kind"] != "levers",
                budget=crew.until_stopped(budget_of(wish["limits"])),
                workers=crew,
                seed=wish["seed"],
                progress=progress,
            )


def _frozen(run: Attempt, plan: TourPlanRow) -> Mapping[str, Any]:
    """Return what tours are planned from as it was when the run first began."""
    of_plan = select(TourFile.body).filter_by(tour_plan_id=plan.id, name="source")
    kept = run.read(lambda session: session.scalar(of_plan))
    if kept is None:
        kept = run.read(lambda session: packed_json(source_of_plan(session, plan)))
        body = kept
        run.write(lambda session: keep_source(session, plan.id, run.attempt, body))
    found: Mapping[str, Any] = json.loads(zlib.decompress(kept))
    return found


def source_of_plan(session: Session, plan: TourPlanRow) -> dict[str, Any]:
    """Return the rows and settings that a plan of tours is about, as JSON has them."""
    source = source_of_tours(session, plan)
    locked = {id_ for row in plan.wish.get("held", ()) for id_ in row["job_ids"]}
    done = sorted(seen_to(session, locked, plan.crew_ids, reported_of(plan.wish), plan.now))
    found = {"tables": source.tables, "values": source.values, "sent": source.sent, "done": done}
    text = json.dumps(found, default=_as_text)
    kept: dict[str, Any] = json.loads(text)
    return kept


def _as_text(value: Any) -> str:
    """Return a date as JSON has it."""
    return str(value.isoformat())
