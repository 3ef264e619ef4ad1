"""A worker process beside the server, started anew whenever it dies: enough for one machine."""

import os
import subprocess
import sys
import threading

import structlog

from api.settings import Settings

__all__ = ["Supervisor"]

PAUSE_S = 1.0
GRACE_S = 5.0


class Supervisor:
    """Keeps one `paigong work` running while the server runs; in the server's session, so that its niceness counts."""

    def __init__(self, settings: Settings) -> None:
        given = settings.model_dump(mode="json", exclude_none=True)
        said = {f"PAIGONG_{name.upper()}": str(value) for name, value in given.items()}
        self._environment = {**os.environ, **said}
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._supervise, name="supervisor", daemon=True)
        self._worker: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start the worker."""
        self._thread.start()

    def stop(self) -> None:
        """End the worker; its run goes on when one starts again."""
        self._over.set()
        self._thread.join()

    def _supervise(self) -> None:
        while not self._over.is_set():
            # A group of its own: Ctrl-C is for the server, which ends it in turn. The pipe tells it when we die.
            self._worker = subprocess.Popen(
                [sys.executable, "-c", "from api.cli import main; main()", "work", "--while-stdin"],
                env=self._environment,
                stdin=subprocess.PIPE,
                process_group=0,
            )
            while not self._over.wait(PAUSE_S):
                if self._worker.poll() is not None:
                    structlog.get_logger().warning("worker.died", status=self._worker.returncode)
                    break
        if self._worker is not None and self._worker.poll() is None:
            self._worker.terminate()
            try:
                self._worker.wait(GRACE_S)
            except subprocess.TimeoutExpired:
                self._worker.kill()
                self._worker.wait()
