"""The command line's `paigong tour`: tours over several days."""

import typer

from api.cli_tour_make import tour_make

__all__ = ["tour_app"]

tour_app = typer.Typer(no_args_is_help=True, help="Tours of several days through villages: make a sample region.")

tour_app.command("make")(tour_make)


@tour_app.callback()
def _tours() -> None:
    """Keep `make` a command of its own while it is the only one."""
