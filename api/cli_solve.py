"""The command line's `paigong solve` and `paigong bench`: routing problems in VROOM's format."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from api.benchmarks import BENCH_SETS, BenchRefused, bench, bench_json, bench_table, is_bench
from api.exits import DONE, INTERNAL, INTERRUPTED, REFUSED
from api.public_instances import public_bench, public_json, public_table
from api.routing_instances import orienteering_bench, periodic_bench, routing_json, routing_table
from api.solving import Code, answer
from api.stop_button import StopButton
from datasets.vroom_writing import is_answer
from datasets.whole_file import FilePlace
from optimizer.solve import Engine

__all__ = ["bench_app", "solve_app"]

SECONDS_OF = {"dispatch": 60.0, "gap": 20.0, "pvrp": 60.0, "toptw": 10.0}
"""For each instance of a set, unless it is said otherwise."""

SECONDS_SAID = ", ".join(f"{name} {seconds:g}" for name, seconds in SECONDS_OF.items())

solve_app, bench_app = typer.Typer(add_completion=False), typer.Typer(add_completion=False)


@solve_app.command("solve")
def _solve(
    problem: Annotated[Path, typer.Argument(metavar="PROBLEM", help="VROOM's JSON, plain or gzipped; - reads stdin.")],
    out: Annotated[
        Path | None, typer.Option("-o", "--output", metavar="SOLUTION", help="File to write (default: stdout).")
    ] = None,
    seconds: Annotated[float, typer.Option(min=0.1, max=86_400, help="Seconds of search at most.")] = 10.0,
    seed: Annotated[int, typer.Option(min=0, help="Where the search begins.")] = 1,
    engine: Annotated[Engine, typer.Option(help="Who searches.")] = Engine.SEARCH,
    evaluate: Annotated[
        bool, typer.Option("--evaluate", help="No search: times and violations of the vehicles' own steps.")
    ] = False,
) -> None:
    """Solve a vehicle routing problem in VROOM's format (docs/solve.md). Ctrl-C ends early with the best so far."""
    place = None if out is None else FilePlace(path=out, what="an answer in VROOM's format", is_like=is_answer)
    if place is not None:
        place.check()
    source = sys.stdin.buffer if str(problem) == "-" else problem
    button = StopButton(lambda: None)
    answered = answer(source, seconds=seconds, seed=seed, engine=engine, is_plan=evaluate, button=button)
    if answered.told:
        typer.echo(answered.told, err=True)
    if place is not None:
        place.write(answered.document)
    else:
        sys.stdout.buffer.write(answered.document)
        sys.stdout.buffer.flush()
    if button.pressed and answered.code is Code.SOLVED:
        raise typer.Exit(INTERRUPTED)
    raise typer.Exit({Code.SOLVED: DONE, Code.REFUSED: REFUSED, Code.DEFECT: INTERNAL}[answered.code])


@bench_app.command("bench")
def _bench(
    name: Annotated[str, typer.Argument(metavar="SET", help=f"What the instances are: {', '.join(BENCH_SETS)}.")],
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Folder of instances (docs/solve.md).")],
    seconds: Annotated[
        float | None, typer.Option(min=0.1, max=86_400, help=f"Seconds for each (default: {SECONDS_SAID}).")
    ] = None,
    instances: Annotated[str, typer.Option(metavar="A,B", help="Only these (default: all).")] = "",
    json_file: Annotated[Path | None, typer.Option("--json", metavar="FILE", help="Also write the table here.")] = None,
    seed: Annotated[int, typer.Option(min=0, help="Where the search begins.")] = 1,
    engine: Annotated[Engine, typer.Option(help="Who searches.")] = Engine.SEARCH,
) -> None:
    """Solve the instances of a folder one after the other on one core, and print a table."""
    if name not in BENCH_SETS:
        raise BenchRefused(f"{name}: not a set that can be run; there is {', '.join(BENCH_SETS)}")
    place = None if json_file is None else _bench_place(json_file, folder)
    if place is not None:
        place.check()
    wanted = [instance for instance in instances.split(",") if instance]
    seconds = seconds or SECONDS_OF[name]
    if name == "gap":
        _bench_public(folder, wanted, seconds, place)
        return
    if name in ("pvrp", "toptw"):
        _bench_routing(name, folder, wanted, seconds, seed, place)
        return
    rows = []
    for row in bench(folder, wanted, seconds=seconds, seed=seed, engine=engine):
        typer.echo(f"{row.instance}: {row.unserved} unserved, {row.cost:,} s of travel, {row.seconds:.1f} s", err=True)
        rows.append(row)
    typer.echo(bench_table(rows))
    if place is not None:
        place.write(bench_json(rows).encode())


def _bench_place(json_file: Path, folder: Path) -> FilePlace:
    return FilePlace(path=json_file, what="a table of benchmarks", is_like=is_bench, read=(folder,))


def _bench_public(folder: Path, wanted: list[str], seconds: float, place: FilePlace | None) -> None:
    """Solve public assignment and location instances, and print a table."""
    rows = []
    for row in public_bench(folder, wanted, seconds=seconds):
        typer.echo(f"{row.instance}: cost {row.cost}, bound {row.bound}, {row.seconds:.1f} s", err=True)
        rows.append(row)
    typer.echo(public_table(rows))
    if place is not None:
        place.write(public_json(rows).encode())


def _bench_routing(
    name: str, folder: Path, wanted: list[str], seconds: float, seed: int, place: FilePlace | None
) -> None:
    """Solve public periodic or orienteering instances, and print a table."""
    bench_set, cost = (periodic_bench, "length") if name == "pvrp" else (orienteering_bench, "score")
    rows = []
    for row in bench_set(folder, wanted, seconds=seconds, seed=seed):
        typer.echo(f"{row.instance}: {cost} {row.cost:g}, {row.unserved} unserved, {row.seconds:.1f} s", err=True)
        rows.append(row)
    typer.echo(routing_table(rows, cost))
    if place is not None:
        place.write(routing_json(rows).encode())
