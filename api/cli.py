"""The command line `paigong`: every command answers by its exit code as well as in words."""

import datetime as dt
import os
import sys
import traceback
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from api.benchmarks import BENCH_SETS, BenchRefused, bench, bench_json, bench_table
from api.cli_db import StoreRefused, db_app
from api.cli_serve import ServeRefused, key_app, serve
from api.cli_work import work
from api.cluster import ClusterLost, ClusterRefused, ClusterWorkers
from api.console import ProgressLines, print_changes, print_kpis
from api.explaining import Language, print_explanations
from api.planning import JobUnknown, PlanIllegal, check_day, explain_day, plan_day
from api.replanning import Base
from api.settings import SettingsRefused
from api.solving import Code, answer, is_place, put
from api.stop_button import StopButton
from api.warm_up import warm_up
from api.workers import ProcessWorkers, Seconds
from datasets.china import make_day
from datasets.faults import FolderRefused
from datasets.vroom_faults import ProblemRefused
from datasets.whole_folder import ForeignFolder
from geo.estimate import EstimateTravel
from optimizer.budget import Budget, Steps
from optimizer.plan import Status
from optimizer.solve import Engine

__all__ = ["DONE", "INTERNAL", "INTERRUPTED", "REFUSED", "VIOLATIONS", "app", "main"]

DONE, VIOLATIONS, REFUSED, INTERNAL = 0, 1, 2, 3
INTERRUPTED = 130
"""Stopped by Ctrl-C, with the best plan until then written (128 + SIGINT, as shells have it)."""


class _Commands(TyperGroup):
    """Ends in words when a person interrupts; every folder is written whole or not at all."""

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt:
            _say("Interrupted; no half-written folder is left.")
            raise typer.Exit(INTERRUPTED) from None


SAMPLE_DATE = dt.datetime(2026, 3, 2)  # noqa: DTZ001 - a date on the command line, no instant

app = typer.Typer(
    cls=_Commands, no_args_is_help=True, add_completion=False, help="派工 plans the days of a repair network."
)
day_app = typer.Typer(
    no_args_is_help=True, help="A day of the network: make a sample, plan it, check a plan, explain a job."
)
app.add_typer(day_app, name="day")
app.add_typer(db_app, name="db")
app.add_typer(key_app, name="key")
app.command("serve")(serve)
app.command("work")(work)


def main() -> None:
    """Run the command line; problems end in one clear message and the exit code that says whose they are."""
    try:
        app()
    except (
        FolderRefused,
        ForeignFolder,
        JobUnknown,
        ClusterRefused,
        BenchRefused,
        ProblemRefused,
        StoreRefused,
        ServeRefused,
        SettingsRefused,
    ) as refused:
        _say(str(refused))
        sys.exit(REFUSED)
    except PlanIllegal as illegal:
        _say("Paigong's own checker objects to the plan it made. This is a defect of Paigong; nothing was written.")
        for violation in illegal.violations:
            _say(f"{violation.rule}  {violation.where}: {violation.sentence}")
        sys.exit(INTERNAL)
    except ClusterLost as lost:
        _say(f"{lost} Nothing was written.")
        sys.exit(INTERNAL)
    except OSError as error:
        _say(f"{error.filename or 'disk'}: {error.strerror or error}. Nothing was written.")
        sys.exit(INTERNAL)
    except Exception:
        traceback.print_exc()
        _say("This is a defect of Paigong, not of your input. Nothing was written.")
        sys.exit(INTERNAL)


def _say(text: str) -> None:
    sys.stderr.write(text + "\n")


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
        Engine, typer.Option(help="Who looks for routes: the search, OR-Tools' routing model, or it after the search.")
    ] = Engine.SEARCH,
) -> None:
    """Plan a day: who repairs what, when, with which part. Ctrl-C ends early with the best plan so far."""
    if seconds is not None and iterations is not None:
        raise typer.BadParameter("give --seconds or --iterations, not both")
    if workers is not None and scheduler is not None:
        raise typer.BadParameter("give --workers or --scheduler, not both: a cluster has its own workers")
    given: Budget = Steps(steps=iterations) if iterations is not None else Seconds(seconds=seconds or 60.0)
    hired = ClusterWorkers(scheduler) if scheduler is not None else ProcessWorkers(workers or os.cpu_count() or 1)
    with hired as crew, ProgressLines() as progress:
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
        _say("Stopped early: this is the best plan until then.")
        raise typer.Exit(INTERRUPTED)


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
        typer.echo(f"{len(findings)} violations.")
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


@app.command("solve")
def _solve(
    problem: Annotated[Path, typer.Argument(metavar="PROBLEM", help="VROOM's JSON, plain or gzipped; - reads stdin.")],
    out: Annotated[
        Path | None, typer.Option("-o", "--output", metavar="SOLUTION", help="File to write (default: stdout).")
    ] = None,
    seconds: Annotated[float, typer.Option(min=0.1, max=86_400, help="Wall-clock seconds of search.")] = 10.0,
    seed: Annotated[int, typer.Option(min=0, help="Where the search begins.")] = 1,
    engine: Annotated[Engine, typer.Option(help="Who searches.")] = Engine.SEARCH,
    evaluate: Annotated[
        bool, typer.Option("--evaluate", help="No search: times and violations of the vehicles' own steps.")
    ] = False,
) -> None:
    """Solve a vehicle routing problem in VROOM's format (docs/solve.md). Ctrl-C ends early with the best so far."""
    if out is not None and not is_place(out):
        raise typer.BadParameter(f"{out} is no file in a folder that exists", param_hint="--output")
    source = sys.stdin.buffer if str(problem) == "-" else problem
    button = StopButton(lambda: None)
    answered = answer(source, seconds=seconds, seed=seed, engine=engine, is_plan=evaluate, button=button)
    if answered.told:
        _say(answered.told)
    put(answered.document, out)
    if button.pressed and answered.code is Code.SOLVED:
        raise typer.Exit(INTERRUPTED)
    raise typer.Exit({Code.SOLVED: DONE, Code.REFUSED: REFUSED, Code.DEFECT: INTERNAL}[answered.code])


@app.command("bench")
def _bench(
    name: Annotated[str, typer.Argument(metavar="SET", help=f"What the instances are: {', '.join(BENCH_SETS)}.")],
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Folder of instances (*.json, *.json.gz).")],
    seconds: Annotated[float, typer.Option(min=0.1, max=86_400, help="Seconds of search for each.")] = 60.0,
    instances: Annotated[str, typer.Option(metavar="A,B", help="Only these (default: all).")] = "",
    json_file: Annotated[Path | None, typer.Option("--json", metavar="FILE", help="Also write the table here.")] = None,
    seed: Annotated[int, typer.Option(min=0, help="Where the search begins.")] = 1,
    engine: Annotated[Engine, typer.Option(help="Who searches.")] = Engine.SEARCH,
) -> None:
    """Solve the instances of a folder one after the other on one core, and print a table."""
    if name not in BENCH_SETS:
        raise BenchRefused(f"{name}: not a set that can be run; there is {', '.join(BENCH_SETS)}")
    if json_file is not None and not is_place(json_file):
        raise typer.BadParameter(f"{json_file} is no file in a folder that exists", param_hint="--json")
    wanted = [instance for instance in instances.split(",") if instance]
    rows = []
    for row in bench(folder, wanted, seconds=seconds, seed=seed, engine=engine):
        _say(f"{row.instance}: {row.unserved} unserved, {row.cost:,} s of travel, {row.seconds:.1f} s")
        rows.append(row)
    typer.echo(bench_table(rows))
    if json_file is not None:
        put(bench_json(rows).encode(), json_file)


@app.command("warm-up", hidden=True)
def _warm_up() -> None:
    """Compile the search ahead of the first plan (part of make setup)."""
    warm_up(EstimateTravel())
