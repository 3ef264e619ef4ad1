"""Compiles the kernels once, at set-up, so that no plan ever waits for it."""

import multiprocessing as mp
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from importlib import import_module
from pathlib import Path
from pkgutil import walk_packages

from numba.core.dispatcher import Dispatcher

import optimizer
from api.warm_up_samples import (
    agents,
    crowded_day,
    kits_of,
    quiet_day,
    too_few_parts,
    two_periods,
    two_villages,
)
from geo.estimate import EstimateTravel
from optimizer.baseline import HandTask, plan_by_hand
from optimizer.budget import Steps
from optimizer.candidates import nearest_capable_outlets
from optimizer.desk import prepare
from optimizer.dispatch import assemble
from optimizer.explain import explain
from optimizer.kits import Kits
from optimizer.model import Day, Window
from optimizer.offers import make_offers
from optimizer.parts.agents import assign
from optimizer.parts.replies import replies
from optimizer.parts.sourcing import source
from optimizer.periodic.solve import solve_periodic
from optimizer.plan import Route
from optimizer.roster import Roster
from optimizer.search.arrays import Shard
from optimizer.solve import Task, solve
from optimizer.tours.planning import plan_tours
from optimizer.workers import HereWorkers

__all__ = ["load_kernels", "load_search", "uncompiled", "warm_up"]


def warm_up(processes: int = 2) -> None:
    """Compile all kernels, in so many processes: the longest turn first, others beside it."""
    with ProcessPoolExecutor(processes, mp_context=mp.get_context("spawn")) as pool:
        for done in [pool.submit(turn) for turn in _TURNS]:
            done.result()


def load_kernels() -> None:
    """Load all kernels into this process."""
    for turn in _TURNS:
        turn()


def uncompiled() -> Iterator[str]:
    """Yield the kernels that nothing has compiled yet: somebody's first plan would wait for them."""
    for found in walk_packages(optimizer.__path__, "optimizer."):
        for kernel in vars(import_module(found.name)).values():
            if isinstance(kernel, Dispatcher) and kernel.py_func.__module__ == found.name:
                code = kernel.py_func.__code__
                kept = Path(code.co_filename).parent / "__pycache__"
                if not any(
                    kept.glob(f"{found.name.rpartition('.')[2]}.{code.co_qualname}-{code.co_firstlineno}.*.nbi")
                ):
                    yield f"{found.name}.{code.co_qualname}"


def load_search() -> None:
    """Load into this process what a search calls."""
    _routes(quiet_day())


def _routes(day: Day) -> tuple[Route, ...]:
    task = Task(
        day=day,
        shard=_shard(day),
        kits=kits_of(day),
        travel=EstimateTravel(),
        budget=Steps(steps=400),
        share=1.0,
        seed=1,
    )
    return solve(task).routes


def _shard(day: Day) -> Shard:
    return Shard(job_ids=tuple(job.id for job in day.jobs), shift_ids=("T@1",), start={}, parity_allowed=0)


def _parts() -> None:
    asked = too_few_parts()
    sourced = source(asked)
    replies(asked, sourced, ())
    assign(agents(), remaining=lambda: None)


def _by_hand_and_telephone() -> None:
    day, travel = quiet_day(), EstimateTravel()
    plan_by_hand(HandTask(day=day, shard=_shard(day), kits={}, travel=travel, nearest=(("O",),) * 3))
    nothing = assemble(Roster(day), (), {})
    make_offers(prepare(day, nothing, travel), day.jobs[0], [Window(earliest_s=0, latest_s=86_400)])


def _reasons() -> None:
    """Explain why a job is left out of a full day."""
    day, travel = crowded_day(), EstimateTravel()
    roster, kits = Roster(day), kits_of(day)
    explain(
        roster,
        assemble(roster, _routes(day), kits),
        Kits(options=kits, missing={}),
        nearest_capable_outlets(roster, travel),
        travel,
        HereWorkers(),
        lambda _: None,
    )


def _periods() -> None:
    solve_periodic(two_periods(), Steps(steps=200), seed=1)


def _tours() -> None:
    plan_tours(two_villages(), EstimateTravel(), Steps(steps=400), 1, HereWorkers())


_TURNS: Sequence[Callable[[], None]] = (load_search, _parts, _by_hand_and_telephone, _periods, _reasons, _tours)
"""What builds on the search comes late: by then the search is compiled."""
