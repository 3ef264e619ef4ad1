"""What a worker starts for every run: a child process that has all of planning loaded, as the worker has not."""

from api.settings import Settings
from api.store.sourcing_runs import is_sourcing
from api.store.tour_plans import is_tour

__all__ = ["PRELOADED", "run_in_child"]

PRELOADED = "api.run_process"
"""What the server process that children are forked from has loaded by then."""


def run_in_child(settings: Settings, plan_id: str, executor: str) -> None:
    """Make a plan of a day or of tours, or a sourcing run; what a worker starts in a process of its own."""
    from api.run_process import run_of_worker
    from api.sourcing_process import run_sourcing_of_worker

    if is_tour(plan_id):
        # With it come the tours, which no other run has need of.
        from api.tour_process import run_tours_of_worker

        run_tours_of_worker(settings, plan_id, executor)
        return
    run = run_sourcing_of_worker if is_sourcing(plan_id) else run_of_worker
    run(settings, plan_id, executor)
