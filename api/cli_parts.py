"""The command line's `paigong parts`: answer every open order line of a day, check the answers."""

from pathlib import Path
from typing import Annotated

import typer

from api.exits import INTERRUPTED, VIOLATIONS
from api.parts_console import STAGES, print_sourced
from api.parts_sourcing import check_parts, source_parts
from api.progress_lines import ProgressLines

__all__ = ["parts_app"]

parts_app = typer.Typer(
    no_args_is_help=True,
    help="The parts of a day: which source sends each order line, by which lane, when it is there.",
)


@parts_app.command("source")
def _parts_source(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="A day folder (docs/data-format.md).")],
    out: Annotated[Path, typer.Option("-o", "--output", metavar="OUT", help="Folder to write, or to replace.")],
    seconds: Annotated[float, typer.Option(min=0.1, max=86_400, help="Seconds of deciding at most.")] = 30.0,
    gap: Annotated[
        float, typer.Option(min=0, max=1, help="Near enough to the proven bound, as a share of the cost.")
    ] = 0.0001,
) -> None:
    """Answer every open order line of a day. Ctrl-C ends early with the best answers so far."""
    with ProgressLines(STAGES) as progress:
        sourced = source_parts(folder, out, seconds=seconds, gap=gap, progress=progress)
    print_sourced(sourced)
    typer.echo(f"The answers are in {out}.")
    if sourced.stopped:
        typer.echo("Stopped early: these are the best answers until then.", err=True)
        raise typer.Exit(INTERRUPTED)


@parts_app.command("check")
def _parts_check(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="The day folder.")],
    out: Annotated[Path, typer.Argument(metavar="OUT", help="The folder of answers.")],
) -> None:
    """Check answers against every rule, and the tables against the answers, independently of what decided them."""
    found = check_parts(folder, out)
    for sentence in found:
        typer.echo(sentence)
    if found:
        typer.echo(f"{len(found):,} {'fault' if len(found) == 1 else 'faults'}.")
        raise typer.Exit(VIOLATIONS)
    typer.echo(
        f"{out} is right: every line is answered, every rule holds, it costs what it says, and the tables say the same."
    )
