"""The command line's `paigong work`: a process that runs plans until it is told to end."""

import os
import signal
import threading
from types import FrameType

import typer

from api.logs import configure_logs
from api.runs import RunWorker
from api.settings import Settings

__all__ = ["work"]


def work() -> None:
    """Run plans that wait in the store, one at a time, until Ctrl-C or SIGTERM; several workers share the queue."""
    settings = Settings()
    configure_logs(settings.log_level)
    over = threading.Event()

    def end(number: int, frame: FrameType | None) -> None:
        del number, frame
        over.set()

    signal.signal(signal.SIGTERM, end)
    signal.signal(signal.SIGINT, end)
    with RunWorker(settings):
        typer.echo("ready", err=True)
        over.wait()
    # DBOS' threads wait for runs that now go on elsewhere.
    os._exit(0)
