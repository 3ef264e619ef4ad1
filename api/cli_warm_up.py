"""The command line's hidden `paigong warm-up`, part of make setup."""

import typer

from api.warm_up import warm_up
from geo.estimate import EstimateTravel

__all__ = ["warm_up_app"]

warm_up_app = typer.Typer(add_completion=False)


@warm_up_app.command("warm-up", hidden=True)
def _warm_up() -> None:
    """Compile the search ahead of the first plan."""
    warm_up(EstimateTravel())
