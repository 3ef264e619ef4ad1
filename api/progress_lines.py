"""What a person sees while a run goes on: a progress bar on a terminal, plain lines elsewhere."""

import sys
import time
from collections.abc import Mapping
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

__all__ = ["ProgressLines"]


class ProgressLines:
    """Shows how far a run is; use as a context manager and call it with a stage and the share of it done.

    stages: stage → its words, and the share of the whole that is behind when it begins.
    """

    def __init__(self, stages: Mapping[str, tuple[str, float]]) -> None:
        self._stages = stages
        self._console = Console(stderr=True)
        self._bar: Progress | None = None
        self._task: TaskID | None = None
        self._stage = ""
        self._begun = time.monotonic()

    def __enter__(self) -> Self:
        if self._console.is_terminal:
            self._bar = Progress(
                TextColumn("{task.description}"),
                BarColumn(),
                TextColumn("{task.percentage:>3.0f} %"),
                TimeElapsedColumn(),
                console=self._console,
            )
            self._bar.start()
            self._task = self._bar.add_task("", total=1.0)
        return self

    def __call__(self, stage: str, done: float) -> None:
        """Show a stage and the share of it that is done."""
        words, begins = self._stages[stage]
        ends = min((share for _, share in self._stages.values() if share > begins), default=1.0)
        if self._bar is not None and self._task is not None:
            self._bar.update(self._task, description=words, completed=begins + done * (ends - begins))
        elif stage != self._stage:
            sys.stderr.write(f"{time.monotonic() - self._begun:6.1f} s  {words}\n")
            sys.stderr.flush()
        self._stage = stage

    def __exit__(self, *_: object) -> None:
        if self._bar is not None:
            self._bar.stop()
