"""The process that makes one plan: it freezes the day, plans it shard by shard, and leaves everything in the store.

It can be killed at any line: what it has committed is found by the next attempt, the rest has not happened.
"""

import os
import threading
import time
import traceback
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from typing import Any, Protocol, Self

from sqlalchemy.orm import Session

from api.attempts import Attempt, of_worker, problem_of, writing
from api.auto_publishing import publish_when_made
from api.checkpoints import Done, KeepingWorkers
from api.clock import utc_now
from api.cluster import ClusterLost, ClusterRefused, ClusterWorkers
from api.database import Database
from api.frozen_days import FrozenDay, OtherVersion, frozen, thawed
from api.patience import GONE, patiently
from api.plan_documents import finished, outcome_of, plan_documents
from api.plan_files import WHOLE, PlanDocument, packed
from api.plan_states import PlanState
from api.planning import Made, PlanIllegal, make_plan
from api.settings import Settings
from api.store.plan_days import freeze
from api.store.plans import (
    RunLost,
    begin_run,
    end_run,
    file_of,
    get_plan,
    keep_day,
    keep_shard,
    plan_alone,
    shard_keys,
    shards_of,
    tell_progress,
)
from api.workers import ProcessWorkers, Seconds
from datasets.faults import DayRefused, PlanRefused
from optimizer.budget import Budget, Steps
from optimizer.solve import Answer, Engine
from optimizer.workers import Workers

__all__ = ["Crew", "budget_of", "crew_of", "faults_told", "run_here", "run_of_worker"]

TELL_EVERY_S = 1.0


class _Shelf:
    """Shards in the store."""

    def __init__(self, run: Attempt) -> None:
        self._run = run
        self._kept = run.read(lambda session: shards_of(session, run.plan_id))

    def get(self, key: str) -> Answer | None:
        return self._kept.get(key)

    def put(self, done: Done) -> None:
        run = self._run

        def keep(session: Session) -> None:
            # After a commit whose answer was lost, the row is there.
            if done.key not in shard_keys(session, run.plan_id):
                keep_shard(session, run.plan_id, run.attempt, done, utc_now())

        run.write(keep)
        self._kept[done.key] = done.answer


class _Teller:
    """Says every second how far the run is, from a thread of its own."""

    def __init__(self, run: Attempt, workers: KeepingWorkers) -> None:
        self._run = run
        self._workers = workers
        self._begun = time.monotonic()
        self._stage, self._share = "reading", 0.0
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._tell, daemon=True)
        self.lost = False

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def __call__(self, stage: str, share: float) -> None:
        """Note the stage; called by whoever plans."""
        self._stage, self._share = stage, share
        self._workers.stage(stage)

    def _tell(self) -> None:
        before: dict[str, Any] = {}
        while not self._over.wait(0.0 if not before else TELL_EVERY_S):
            progress = self._progress()
            try:
                with self._run.database.write() as session:
                    tell_progress(session, self._run.plan_id, self._run.attempt, progress, utc_now())
            except GONE:
                pass  # the next second says it all again
            except RunLost:
                os._exit(0)  # whoever has the run now needs the processors
            before = progress

    def _progress(self) -> dict[str, Any]:
        figures = self._workers.figures()
        return {
            "stage": self._stage,
            "share": round(self._share, 4),
            "elapsed_s": round(time.monotonic() - self._begun, 1),
            "attempt": self._run.attempt,
            "shards_done": figures.shards_done,
            "shards": figures.shards,
            "best": {"visits": figures.visits, "cost_fen": figures.fen} if figures.shards else None,
        }


def run_of_worker(settings: Settings, plan_id: str, executor: str) -> None:
    """Make a plan in the child process of a worker, and end with that worker."""
    of_worker(settings, lambda database: run_here(database, plan_id, executor, lambda: crew_of(settings)))


class Crew(Workers, Protocol):
    """Workers that are hired for a run, and can be told to hurry."""

    def until_stopped(self, budget: Budget) -> Budget:
        """Return the budget, used up at once when a person asks to stop."""
        ...


def run_here(database: Database, plan_id: str, executor: str, hire: Callable[[], AbstractContextManager[Crew]]) -> None:
    """Make a plan in this process; its shards are solved by whom `hire` returns."""
    attempt = writing(database, lambda session: begin_run(session, plan_id, executor, utc_now()))
    if attempt is None:
        # It ended before; that its process was killed before it was published is no reason not to.
        patiently(lambda: publish_when_made(database, plan_id, utc_now()))
        return
    run = Attempt(database=database, plan_id=plan_id, attempt=attempt)
    try:
        made, centre_ids = _made(run, hire)
    except DayRefused as refused:
        _fail(run, "day_refused", "The day has faults.", faults_told(refused))
    except PlanIllegal as illegal:
        said = [
            {"pointer": found.where, "code": str(found.rule), "detail": found.sentence} for found in illegal.violations
        ]
        _fail(run, "plan_illegal", "The checker objects to the plan that was made: a defect of ours.", said)
    except (ClusterLost, ClusterRefused) as lost:
        _fail(run, "cluster", str(lost), [])
    except OtherVersion as other:
        _fail(run, "other_version", f"The run began under another version: {other}.", [])
    except (RunLost, *GONE):
        raise
    except Exception as defect:
        traceback.print_exc()
        _fail(run, "internal", f"A defect of ours: {type(defect).__name__}.", [])
    else:
        done = finished(made)
        # Worked out and packed here: the transaction holds up whoever writes.
        outcome = outcome_of(done)
        documents = [packed(document) for document in plan_documents(done, centre_ids)]
        run.write(
            lambda session: end_run(
                session,
                plan_id,
                attempt,
                PlanState.FINISHED,
                utc_now(),
                outcome=outcome,
                documents=documents,
            )
        )
        patiently(lambda: publish_when_made(database, plan_id, utc_now()))


def _made(run: Attempt, hire: Callable[[], AbstractContextManager[Crew]]) -> tuple[Made, list[str]]:
    plan = run.read(lambda session: plan_alone(session, run.plan_id))
    wish = plan.wish
    with hire() as crew:
        workers = KeepingWorkers(crew, _Shelf(run), getattr(crew, "scoreboard", None))
        with _Teller(run, workers) as progress:
            day = _frozen(run)
            made = make_plan(
                day.folder,
                visits=day.published(),
                stable="because" in wish,
                budget=crew.until_stopped(budget_of(wish["limits"])),
                workers=workers,
                seed=wish["seed"],
                progress=progress,
                engine=Engine(wish["engine"]),
            )
    return made, plan.centre_ids


def crew_of(settings: Settings) -> ProcessWorkers | ClusterWorkers:
    """Return the workers that the settings speak of."""
    return ProcessWorkers(settings.workers) if settings.scheduler is None else ClusterWorkers(settings.scheduler)


def budget_of(limits: Mapping[str, Any]) -> Budget:
    """Return the budget of limits as a wish keeps them."""
    return Steps(steps=limits["steps"]) if limits.get("steps") else Seconds(seconds=limits["seconds"])


def _frozen(run: Attempt) -> FrozenDay:
    """Return the day as it was when the run first began."""
    kept = run.read(lambda session: file_of(session, run.plan_id, "day"))
    if kept is not None:
        return thawed(kept)
    # Reading a national day takes its time; only keeping it holds up whoever writes.
    day = run.read(lambda session: freeze(session, get_plan(session, run.plan_id)))
    document = packed(PlanDocument(centre_id=WHOLE, name="day", content=frozen(day)))
    run.write(lambda session: keep_day(session, run.plan_id, run.attempt, document))
    return day


def _fail(run: Attempt, code: str, detail: str, faults: list[dict[str, Any]]) -> None:
    problem = problem_of(code, detail, faults)
    run.write(lambda session: end_run(session, run.plan_id, run.attempt, PlanState.FAILED, utc_now(), problem=problem))


def faults_told(refused: DayRefused | PlanRefused) -> list[dict[str, Any]]:
    """Return what is wrong with rows, as a problem lists it."""
    return [
        {
            "pointer": f"/{fault.file}/{'' if fault.row is None else fault.row}/{fault.column}",
            "code": "day",
            "detail": f"{fault.value}; allowed: {fault.allowed}",
        }
        for fault in refused.faults
    ]
