"""`paigong work` whose watch goes by a clock of its own: started by benches that replay a morning."""

import datetime as dt
import os
import signal
import sys
import threading

from api.logs import configure_logs
from api.runs import RunWorker
from api.settings import read_settings
from api.watchman import Watchman
from bench.booked_store import clock_from

__all__ = ["main"]


def main() -> None:
    """Work until SIGTERM."""
    settings = read_settings()
    configure_logs(settings.log_level)
    over = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: over.set())
    clock = clock_from(dt.datetime.fromisoformat(sys.argv[1]), float(sys.argv[2]))
    with RunWorker(settings), Watchman(settings, clock):
        over.wait()
    os._exit(0)


if __name__ == "__main__":
    main()
