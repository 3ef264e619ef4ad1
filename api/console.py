"""What a person sees while a plan is made and when it is done: a progress bar on a terminal, plain lines elsewhere."""

import sys
import time
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn
from rich.table import Table

from api.planning import Planned
from optimizer.plan import Status

__all__ = ["ProgressLines", "print_kpis"]

STAGES = {
    "reading": ("Reading the day", 0.03),
    "parts": ("Parts to warehouses", 0.05),
    "outlets": ("Jobs to outlets", 0.06),
    "search": ("Searching, shard by shard", 0.10),
    "seams": ("Searching the seams between shards", 0.65),
    "explanations": ("Explaining: left out, late, not at the nearest outlet", 0.80),
    "check": ("Checking every rule", 0.84),
    "by hand": ("The same day by hand, for comparison", 0.87),
    "writing": ("Writing the plan, the picture and the sheets", 0.93),
}
"""Stage of `plan_day` → its words, and the share of the whole that is behind when it begins."""


class ProgressLines:
    """Shows how far a run is; use as a context manager and call it with a stage and the share of it done."""

    def __init__(self) -> None:
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
        words, begins = STAGES[stage]
        ends = min((share for _, share in STAGES.values() if share > begins), default=1.0)
        if self._bar is not None and self._task is not None:
            self._bar.update(self._task, description=words, completed=begins + done * (ends - begins))
        elif stage != self._stage:
            sys.stderr.write(f"{time.monotonic() - self._begun:6.1f} s  {words}\n")
            sys.stderr.flush()
        self._stage = stage

    def __exit__(self, *_: object) -> None:
        if self._bar is not None:
            self._bar.stop()


def print_kpis(planned: Planned) -> None:
    """Print the key figures beside the same day planned by hand."""
    console = Console()
    title = "Key figures" if planned.result.status is Status.COMPLETE else "Key figures (stopped early)"
    table = Table(title=title, title_justify="left")
    table.add_column("")
    table.add_column("plan", justify="right")
    table.add_column("by hand: nearest outlet, first come", justify="right")
    table.add_column("")
    for row in planned.rows:
        mark = {True: "[green]better[/]", False: "[red]worse[/]", None: ""}[row.better]
        table.add_row(row.name, row.plan, row.baseline, mark)
    console.print(table)
    kind = "an estimate, no road file behind it" if planned.travel_is_estimate else "from a road file"
    console.print(f"Travel times: {planned.travel_name} ({kind}).")
