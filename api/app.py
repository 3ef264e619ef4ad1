"""The application: every router, every rule that holds for all of them."""

import importlib.metadata
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI
from starlette.middleware.gzip import GZipMiddleware

from api.auth import KeyRing
from api.clock import Clock, utc_now
from api.database import Database
from api.documentation import add_documentation
from api.endpoints import documents, health, network
from api.entrance import BodyLimit, Entrance
from api.metrics import Metrics
from api.problems import add_problem_handlers
from api.rates import Rates
from api.settings import Settings

__all__ = ["ROUTERS", "create_app"]

ROUTERS = (health.routes, network.routes, documents.routes)
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
    add_problem_handlers(app)
    for routes in ROUTERS:
        app.include_router(routes)
    add_documentation(app)
    # The last one added is the outermost.
    app.add_middleware(BodyLimit, most_bytes=settings.body_limit)
    app.add_middleware(GZipMiddleware, minimum_size=LEAST_GZIPPED, compresslevel=5)
    app.add_middleware(Entrance, metrics=app.state.metrics)
    return app


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    yield
    app.state.database.close()
