"""Durable runs: a plan waits in DBOS' queue, and a worker process runs it to its end, whoever is killed meanwhile.

DBOS holds the queue and says whose turn it is; what a run has achieved is in our own tables (`api.store.plans`).
A worker that stops to say it is alive loses its runs to another one: DBOS itself leaves them with the dead.
"""

import contextlib
import datetime as dt
import math
import multiprocessing as mp
import os
import socket
import threading
import time
import uuid
from multiprocessing import forkserver
from multiprocessing.process import BaseProcess
from typing import Any, Self

import structlog
from dbos import DBOS, DBOSClient
from sqlalchemy import delete, select

from api.clock import utc_now
from api.database import Database
from api.patience import GONE, patiently
from api.plan_states import ENDED, PlanState
from api.run_child import PRELOADED, run_in_child
from api.run_queue import APPLICATION, QUEUE, RUN_VERSION, WORKFLOW, queue_of, system_url
from api.settings import Settings
from api.store import plans, sourcing_runs, tour_plans
from api.store.sourcing_runs import is_sourcing
from api.store.tour_plans import is_tour
from api.tables.parts import SourcingRun
from api.tables.plans import Plan, Worker
from api.tables.tours import TourPlanRow

__all__ = ["ALIVE_S", "RunWorker"]

Run = Plan | SourcingRun | TourPlanRow

NICER = 10
"""Searching has a lower priority than answering."""
LOOK_EVERY_S = 0.25
BEAT_EVERY_S = 1.0
ALIVE_S = 5.0
"""A worker that has been silent for longer is taken for dead."""
ATTEMPTS = 3
"""A run whose process died (of memory, say) is started again by the same worker, this often in all."""


class RunWorker:
    """One process that runs plans, one at a time, each in a child process; use as a context manager."""

    def __init__(self, settings: Settings, executor: str | None = None) -> None:
        self.executor = executor or f"{socket.gethostname()}-{os.getpid()}-{uuid.uuid4().hex[:8]}"
        self._settings = settings
        self._database = Database(settings.database_url)
        self._over = threading.Event()
        self._beat = threading.Thread(target=self._beating, name="heartbeat", daemon=True)
        self._context = mp.get_context("forkserver")
        self._context.set_forkserver_preload([PRELOADED])
        self._child: BaseProcess | None = None
        self._log = structlog.get_logger()

    def __enter__(self) -> Self:
        os.nice(NICER)
        # It loads what a run needs while nothing waits yet.
        forkserver.ensure_running()
        patiently(self._say_alive)
        self._launch()
        self._beat.start()
        self._log.info("worker.ready", executor=self.executor)
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._beat.join()
        self._kill(self._child)
        with contextlib.suppress(*GONE), self._database.write() as session:
            # Its runs are taken over at once.
            session.execute(delete(Worker).where(Worker.executor == self.executor))
        self._database.close()

    def _launch(self) -> None:
        DBOS(
            config={
                "name": APPLICATION,
                "system_database_url": system_url(self._database),
                "application_version": RUN_VERSION,
                "executor_id": self.executor,
                "log_level": "WARNING",
                "run_migrations": False,
            }
        )

        @DBOS.step(name="make_plan", retries_allowed=False)
        def make_plan(plan_id: str) -> str:
            return self._run(plan_id)

        @DBOS.workflow(name=WORKFLOW)
        def plan_run(plan_id: str) -> str:
            return make_plan(plan_id)

        self._workflow = plan_run
        DBOS.listen_queues([QUEUE])
        DBOS.launch()
        DBOS.register_queue(QUEUE, worker_concurrency=1, polling_interval_sec=0.5)

    def _run(self, plan_id: str) -> str:
        """Run a plan to its end and return its state."""
        for attempt in range(1, ATTEMPTS + 1):
            plan, is_killed = self._follow(plan_id)
            if plan.state in ENDED and not (is_killed and _is_to_be_published(plan)):
                self._log.info("plan.ended", plan_id=plan_id, state=str(plan.state), attempt=plan.attempt)
                return str(plan.state)
            if self._over.is_set():
                # Nothing may be answered to DBOS: the run goes on elsewhere. This process ends around us.
                threading.Event().wait()
            if plan.state not in ENDED and plan.executor != self.executor:
                return self._wait_for(plan_id)
            self._log.warning("plan.process_died", plan_id=plan_id, attempt=attempt)
        if plan.state in ENDED:
            return str(plan.state)
        problem = {"code": "process_died", "detail": f"Its process died {ATTEMPTS} times.", "errors": []}
        with self._database.write() as session:
            _store_of(plan_id).end_run(session, plan_id, plan.attempt, PlanState.FAILED, utc_now(), problem=problem)
        return str(PlanState.FAILED)

    def _wait_for(self, plan_id: str) -> str:
        """Wait for the end of a run that another worker has taken over while this one seemed dead."""
        self._log.warning("plan.lost", plan_id=plan_id)
        while (plan := patiently(lambda: self._look(plan_id), math.inf)).state not in ENDED:
            time.sleep(BEAT_EVERY_S)
        return str(plan.state)

    def _follow(self, plan_id: str) -> tuple[Run, bool]:
        """Run a plan in a child process until that ends, or somebody asks to cancel; tell whether it was killed."""
        child = self._context.Process(target=run_in_child, args=(self._settings, plan_id, self.executor))
        self._child = child
        child.start()
        while child.is_alive():
            child.join(LOOK_EVERY_S)
            with contextlib.suppress(*GONE):
                plan = self._look(plan_id)
                if plan.cancel_asked_at is not None and plan.state == PlanState.RUNNING:
                    self._kill(child)
                    self._cancel(plan)
        child.join()
        return patiently(lambda: self._look(plan_id), math.inf), child.exitcode != 0

    def _look(self, plan_id: str) -> Run:
        with self._database.read() as session:
            found: Run = _store_of(plan_id).run_alone(session, plan_id)
            return found

    def _cancel(self, plan: Run) -> None:
        def cancel() -> None:
            with self._database.write() as session:
                store = _store_of(plan.id)
                store.put_back(session, plan.id, plan.attempt)
                store.end_run(session, plan.id, plan.attempt + 1, PlanState.CANCELLED, utc_now())

        patiently(cancel, math.inf)

    @staticmethod
    def _kill(child: BaseProcess | None) -> None:
        if child is not None and child.is_alive():
            child.kill()
            child.join()

    def _beating(self) -> None:
        """Say every second that this worker lives, and take over the runs of those that do not."""
        client = queue_of(self._database)
        seen: dict[str, tuple[dt.datetime, float]] = {}
        while not self._over.wait(BEAT_EVERY_S):
            try:
                self._say_alive()
                self._take_over(client, seen)
            except Exception as error:
                # While nobody could say anything, nobody's silence counts.
                seen.clear()
                self._log.warning("worker.beat_failed", error=type(error).__name__)
        client.destroy()

    def _say_alive(self) -> None:
        now = utc_now()
        with self._database.write() as session:
            worker = session.get(Worker, self.executor)
            if worker is None:
                place = f"{socket.gethostname()} {os.getpid()}"
                session.add(Worker(executor=self.executor, started_at=now, seen_at=now, place=place))
            else:
                worker.seen_at = now

    def _take_over(self, client: DBOSClient, seen: dict[str, tuple[dt.datetime, float]]) -> None:
        """Put the runs of dead workers back into the queue; the eldest living worker does it.

        seen: what each worker last said, and when this one heard it by its own clock: nobody's clocks are compared.
        """
        with self._database.read() as session:
            said = {worker.executor: worker for worker in session.scalars(select(Worker))}
            session.expunge_all()
        now = time.monotonic()
        for executor, worker in said.items():
            if executor not in seen or seen[executor][0] != worker.seen_at:
                seen[executor] = (worker.seen_at, now)
        alive = {executor for executor in said if now - seen[executor][1] < ALIVE_S}
        if min((said[executor].started_at, executor) for executor in alive)[1] != self.executor:
            return
        for found in client.list_workflows(status="PENDING", name=WORKFLOW):
            if found.executor_id not in alive:
                self._log.warning("plan.taken_over", plan_id=found.workflow_id, executor=found.executor_id)
                client.resume_workflow(found.workflow_id, queue_name=QUEUE)
        dead = said.keys() - alive
        if dead:
            with self._database.write() as session:
                session.execute(delete(Worker).where(Worker.executor.in_(dead)))


def _store_of(run_id: str) -> Any:
    """Return the module that keeps runs of this kind; all of them use the same words."""
    if is_tour(run_id):
        return tour_plans
    return sourcing_runs if is_sourcing(run_id) else plans


def _is_to_be_published(plan: Run) -> bool:
    return plan.state == PlanState.FINISHED and plan.wish.get("publish") == "auto"
