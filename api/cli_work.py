"""The command line's `paigong work`: a process that runs plans until it is told to end."""

import os
import signal
import sys
import threading
from types import FrameType
from typing import Annotated

import typer

from api.clock import utc_now
from api.logs import configure_logs
from api.runs import RunWorker
from api.settings import read_settings
from api.watchman import Watchman

__all__ = ["work_app"]

work_app = typer.Typer(add_completion=False)


@work_app.command("work")
def _work(
    while_stdin: Annotated[bool, typer.Option(hidden=True, help="End when stdin ends: its owner has died.")] = False,
) -> None:
    """Run plans that wait in the store, one at a time, until Ctrl-C or SIGTERM; several workers share the queue.

    One of them also watches promises, says what is at risk, and sweeps what has served its purpose.
    """
    settings = read_settings()
    configure_logs(settings.log_level)
    over = threading.Event()

    def end(number: int, frame: FrameType | None) -> None:
        del number, frame
        over.set()

    signal.signal(signal.SIGTERM, end)
    signal.signal(signal.SIGINT, end)
    if while_stdin:
        threading.Thread(target=_end_with_stdin, args=(over,), daemon=True).start()
    with RunWorker(settings), Watchman(settings, utc_now):
        over.wait()
    # DBOS' threads wait for runs that now go on elsewhere.
    os._exit(0)


def _end_with_stdin(over: threading.Event) -> None:
    sys.stdin.buffer.read()
    over.set()
