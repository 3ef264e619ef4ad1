"""The command line's `paigong day`: make a day folder, plan it, check a plan, explain a job."""

import datetime as dt
import os
from pathlib import Path
from typing import Annotated

import typer

from api.cluster import ClusterWorkers
from api.console import STAGES, print_changes, print_kpis
from api.exits import INTERRUPTED, VIOLATIONS
from api.explaining import Language, print_explanations
from api.planning import check_day, explain_day, plan_day
from api.progress_lines import ProgressLines
from api.repair_advice import advise_day, print_advice, print_counts
from api.replanning import Base
from api.workers import ProcessWorkers, Seconds
from datasets.china import make_day
from datasets.progress import take_up
from datasets.repair_mode_table import REPAIR_MODE_COLUMNS, repair_mode_table
from datasets.whole_file import FilePlace, headed_by
from optimizer.budget import Budget, Steps
from optimizer.plan import Status
from optimizer.solve import Engine

__all__ = ["day_app"]

SAMPLE_DATE = dt.datetime(2026, 3, 2)  # noqa: DTZ001 - a date on the command line, no instant

day_app = typer.Typer(
    no_args_is_help=True, help="A day of the network: make a sample, plan it, check a plan, explain a job."
)


@day_app.command("make")
def _day_make(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Folder to write; it must be new, empty, or a day.")],
    jobs: Annotated[int, typer.Option(min=0, max=1_000_000, help="Calls waiting at the planning moment.")] = 20_000,
    technicians: Annotated[int, typer.Option(min=0, max=200_000, help="Technicians of the network.")] = 4_200,
    seed: Annotated[int, typer.Option(min=0, help="Same seed, same files.")] = 1,
    date: Annotated[
        dt.datetime,
        typer.Option(formats=["%Y-%m-%d"], help="First date; a day that is over cannot be published."),
    ] = SAMPLE_DATE,
) -> None:
    """Write a sample national day as files."""
    make_day(folder, jobs=jobs, technicians=technicians, seed=seed, date=date.date())
    typer.echo(f"{jobs} jobs and {technicians} technicians of {date.date()} are in {folder}.")


@day_app.command("plan")
def _day_plan(  # noqa: PLR0913 - one for each option of the command
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="A day folder (docs/data-format.md).")],
    out: Annotated[Path, typer.Option("-o", "--output", metavar="OUT", help="Plan folder to write, or to replace.")],
    base: Annotated[
        Path | None, typer.Option(metavar="OUT0", help="The published plan: changes against it are priced.")
    ] = None,
    stability: Annotated[
        bool, typer.Option(help="With --base: find out, in a quarter of the budget, what keeping to it costs.")
    ] = True,
    seconds: Annotated[
        float | None, typer.Option(min=0.1, max=86_400, help="Wall-clock seconds of search (default 60).")
    ] = None,
    iterations: Annotated[
        int | None, typer.Option(min=1, help="Search steps in all, instead of seconds: the same plan on every machine.")
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="Same seed and iterations, same plan.")] = 1,
    workers: Annotated[int | None, typer.Option(min=1, max=256, help="Processes (default: one per core).")] = None,
    scheduler: Annotated[
        str | None, typer.Option(metavar="tcp://HOST:PORT", help="A Dask cluster to search on (docs/operations.md).")
    ] = None,
    engine: Annotated[
        Engine,
        typer.Option(
            help="Who looks for routes: the search, OR-Tools' routing model, or it after the search; the model plans "
            "without the outlets' own shelves."
        ),
    ] = Engine.SEARCH,
) -> None:
    """Plan a day: who repairs what, when, with which part. Ctrl-C ends early with the best plan so far."""
    if seconds is not None and iterations is not None:
        raise typer.BadParameter("give --seconds or --iterations, not both")
    if workers is not None and scheduler is not None:
        raise typer.BadParameter("give --workers or --scheduler, not both: a cluster has its own workers")
    given: Budget = Steps(steps=iterations) if iterations is not None else Seconds(seconds=seconds or 60.0)
    hired = ClusterWorkers(scheduler) if scheduler is not None else ProcessWorkers(workers or os.cpu_count() or 1)
    with hired as crew, ProgressLines(STAGES) as progress:
        budget = crew.until_stopped(given)
        published = None if base is None else Base(out=base, stability=stability)
        planned = plan_day(
            folder, out, base=published, budget=budget, workers=crew, seed=seed, progress=progress, engine=engine
        )
    print_kpis(planned)
    if planned.changes is not None:
        print_changes(planned.changes)
    typer.echo(f"The plan is in {out}.")
    if planned.result.status is Status.INTERRUPTED:
        typer.echo("Stopped early: this is the best plan until then.", err=True)
        raise typer.Exit(INTERRUPTED)


@day_app.command("progress")
def _day_progress(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="The day folder.")],
    plan: Annotated[Path, typer.Argument(metavar="OUT0", help="The published plan.")],
    now: Annotated[str, typer.Option(metavar="TIME", help="The moment, such as 2026-03-02T10:00:00+08:00.")],
    out: Annotated[Path, typer.Option("-o", "--output", metavar="DIR2", help="Day folder to write, or to replace.")],
) -> None:
    """Write the day as it stands at a moment: what was done or begun as planned is out of it (docs/replanning.md)."""
    found = take_up(folder, plan, out, now)
    typer.echo(f"Out of the day: {found.done:,} visits done and {found.under_way:,} under way, as planned by {now}.")
    if found.on_their_way:
        typer.echo(f"{found.on_their_way:,} parts for visits still to come have left already and are sourced anew.")
    typer.echo(f"The rest of the day is in {out}. Plan it with --base {plan}.")


@day_app.command("check")
def _day_check(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="The day folder.")],
    out: Annotated[Path, typer.Argument(metavar="OUT", help="The plan folder.")],
    base: Annotated[
        Path | None, typer.Option(metavar="OUT0", help="The published plan that it was made against, if any.")
    ] = None,
) -> None:
    """Check a plan against every rule, independently of the search."""
    findings = check_day(folder, out, base)
    for found in findings:
        typer.echo(f"STATED  {found}" if isinstance(found, str) else f"{found.rule}  {found.where}: {found.sentence}")
    if findings:
        typer.echo(f"{len(findings):,} {'violation' if len(findings) == 1 else 'violations'}.")
        raise typer.Exit(VIOLATIONS)
    typer.echo(f"{out} is legal: every rule holds, and it costs what it says.")


@day_app.command("explain")
def _day_explain(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="The day folder.")],
    out: Annotated[Path, typer.Argument(metavar="OUT", help="The plan folder.")],
    job: Annotated[str, typer.Argument(metavar="JOB", help="The job to explain.")],
    base: Annotated[
        Path | None, typer.Option(metavar="OUT0", help="The published plan that it was made against, if any.")
    ] = None,
    lang: Annotated[Language, typer.Option(help="Language of the answer.")] = Language.BOTH,
) -> None:
    """Explain one job: why it is left out, late or not at its nearest outlet, what else there was, what would help."""
    print_explanations(explain_day(folder, out, job, base), lang)


@day_app.command("modes")
def _day_modes(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="The day folder.")],
    job: Annotated[
        str | None, typer.Option(metavar="JOB", help="One job only, every way in words and why not the others.")
    ] = None,
    out: Annotated[
        Path | None, typer.Option("-o", "--output", metavar="FILE", help="Table to write: a row per job and way.")
    ] = None,
    lang: Annotated[Language, typer.Option(help="Language of the answer about one job.")] = Language.BOTH,
) -> None:
    """Say how jobs are best repaired: on site, at the depot, by exchange or telephone, with cost and promised days."""
    place = _modes_place(out, folder) if out is not None else None
    if place is not None:
        place.check()
    found = advise_day(folder, job)
    if job is None:
        print_counts(found)
    else:
        print_advice(found[0], lang)
    if place is not None:
        place.write(repair_mode_table(found))
        typer.echo(f"The ways of {len(found):,} jobs are in {out}.")


def _modes_place(out: Path, folder: Path) -> FilePlace:
    return FilePlace(path=out, what="a table of ways to repair", is_like=headed_by(REPAIR_MODE_COLUMNS), read=(folder,))
