"""Serves a store on loopback by a clock that stands still: `python -m tests.api.booking.serve URL PORT`."""

import sys

import uvicorn

from api.app import create_app
from api.settings import Settings
from tests.api.clients import StandingClock

if __name__ == "__main__":
    app = create_app(Settings(database_url=sys.argv[1]), clock=StandingClock())
    uvicorn.run(app, host="127.0.0.1", port=int(sys.argv[2]), log_level="warning")
