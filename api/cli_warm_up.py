"""The command line's hidden `paigong warm-up`, part of make setup."""

import typer

from api.warm_up import uncompiled, warm_up

__all__ = ["warm_up_app"]

warm_up_app = typer.Typer(add_completion=False)


@warm_up_app.command("warm-up", hidden=True)
def _warm_up() -> None:
    """Compile the search ahead of the first plan."""
    warm_up()
    forgotten = sorted(uncompiled())
    if forgotten:
        typer.echo(f"Nothing in api/warm_up.py calls {', '.join(forgotten)}: a plan would wait for them.", err=True)
        raise typer.Exit(1)
