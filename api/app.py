"""The application: every router, every rule that holds for all of them."""

import importlib.metadata
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI
from starlette.middleware.gzip import GZipMiddleware

from api.attendance import Attendance
from api.auth import KeyRing
from api.clock import Clock, utc_now
from api.database import Database
from api.delivery import Courier, http_sender
from api.desks import Desks
from api.documentation import add_documentation
from api.endpoints import (
    at_risk,
    call_lists,
    certificates,
    dispatch,
    disruptions,
    documents,
    events,
    health,
    jobs,
    kept_plans,
    kept_tours,
    maintenance,
    network,
    parts,
    parts_orders,
    plans,
    quotas,
    repair_modes,
    reports,
    slots,
    sourcing_runs,
    tour_announcing,
    tours,
    vroom,
    webhooks,
)
from api.entrance import BodyLimit, Entrance
from api.evaluating import StoredPlans
from api.metrics import Metrics
from api.parts_network import PartsNetworks
from api.problems import add_problem_handlers
from api.rates import Rates
from api.run_queue import queue_of
from api.settings import Settings
from api.side_process import SideProcess
from api.solver_pool import SolverPool
from api.telemetry import add_telemetry

__all__ = ["ROUTERS", "create_app"]

ROUTERS = (
    health.routes,
    jobs.routes,
    plans.routes,
    kept_plans.routes,
    at_risk.routes,
    tours.routes,
    tour_announcing.routes,
    kept_tours.routes,
    # Before the network: /parts/availability is no part of that name.
    parts.routes,
    parts_orders.routes,
    sourcing_runs.routes,
    quotas.routes,
    maintenance.routes,
    network.routes,
    certificates.routes,
    documents.routes,
    reports.routes,
    events.routes,
    webhooks.routes,
    vroom.routes,
    slots.routes,
    dispatch.routes,
    call_lists.routes,
    disruptions.routes,
    repair_modes.routes,
)
"""Every router; a new one is added here and nowhere else."""
LEAST_GZIPPED = 1_000


def create_app(settings: Settings | None = None, clock: Clock = utc_now) -> FastAPI:
    """Return the application; what its endpoints share is in `app.state`."""
    settings = settings or Settings()
    app = FastAPI(
        title="Paigong",
        version=importlib.metadata.version("paigong"),
        docs_url=None,
        redoc_url=None,
        lifespan=_lifespan,
        separate_input_output_schemas=True,
        redirect_slashes=False,
    )
    database = Database(settings.database_url)
    app.state.settings = settings
    app.state.clock = clock
    app.state.database = database
    app.state.keys = KeyRing(database, clock)
    app.state.rates = Rates(settings.rate_limit)
    app.state.metrics = Metrics()
    app.state.send = http_sender(settings.webhook_timeout_s)
    app.state.solvers = SolverPool(settings.workers)
    app.state.queue = queue_of(database)
    app.state.attendance = Attendance(database)
    app.state.judge = SideProcess()
    app.state.stored_plans = StoredPlans()
    app.state.desks = Desks(database, clock)
    app.state.parts = PartsNetworks()
    add_problem_handlers(app)
    # As they are: an included router's routes would be made once more, by the first request of each application.
    app.router.routes.extend(route for routes in ROUTERS for route in routes.routes)
    add_documentation(app)
    # The last one added is the outermost.
    app.add_middleware(BodyLimit, most_bytes=settings.body_limit)
    app.add_middleware(GZipMiddleware, minimum_size=LEAST_GZIPPED, compresslevel=5)
    app.add_middleware(Entrance, metrics=app.state.metrics)
    if settings.telemetry:
        add_telemetry(app)
    return app


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    state = app.state
    courier = Courier(state.database, state.clock, state.send, state.metrics)
    courier.start()
    state.attendance.start()
    threading.Thread(target=state.desks.warm, name="desks", daemon=True).start()
    yield
    state.attendance.stop()
    courier.stop()
    state.solvers.close()
    state.judge.close()
    state.queue.destroy()
    state.database.close()
