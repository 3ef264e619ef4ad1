"""The command line's `paigong tour`: plan tours, check them, explain a job or a village, compare with what happened."""

import os
from pathlib import Path
from typing import Annotated

import typer

from api.cli_tour_make import tour_make
from api.exits import INTERRUPTED, VIOLATIONS
from api.explaining import Language
from api.place_names import PlacesRefused, places_of
from api.progress_lines import ProgressLines
from api.tour_console import STAGES, print_progress, print_taken_up, print_told, print_tours
from api.tour_explaining import explanation_lines
from api.tour_levers import LeversAsked
from api.touring import check_tour_folder, plan_tour_folder, tours_as_planned
from api.workers import ProcessWorkers, Seconds
from datasets.faults import FaultList, PlanRefused
from datasets.tour_actuals import PROGRESS_COLUMNS, impossible, progress_of, progress_table, read_actuals
from datasets.tour_announcing import tell_villages
from datasets.tour_progress import Wrote, take_up_tours
from datasets.whole_file import FilePlace, headed_by
from optimizer.budget import Budget, Steps

__all__ = ["tour_app"]

tour_app = typer.Typer(
    no_args_is_help=True,
    help="Rural tours of several days: which villages, which days, where to sleep, what to take, whom to tell.",
)
tour_app.command("make")(tour_make)


@tour_app.command("plan")
def _tour_plan(  # noqa: PLR0913 - one for each option of the command
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="A day folder with villages, lodgings and crews.")],
    out: Annotated[Path, typer.Option("-o", "--output", metavar="OUT", help="Folder to write, or to replace.")],
    seconds: Annotated[
        float | None, typer.Option(min=0.1, max=86_400, help="Wall-clock seconds of search (default 20).")
    ] = None,
    iterations: Annotated[
        int | None, typer.Option(min=1, help="Search steps in all, instead of seconds: the same tours every time.")
    ] = None,
    fit: Annotated[
        bool, typer.Option("--fit/--no-fit", help="Find out, in 30 % of the budget, whether to go now or later.")
    ] = True,
    seed: Annotated[int, typer.Option(min=0, help="Same seed and iterations, same tours.")] = 1,
    workers: Annotated[int | None, typer.Option(min=1, max=256, help="Processes (default: one per core).")] = None,
    nights: Annotated[int | None, typer.Option(min=0, max=30, help="Nights in a row that a tour may take.")] = None,
    km: Annotated[int | None, typer.Option(min=1, max=10_000, help="Kilometres of one day at most.")] = None,
    van_days: Annotated[int | None, typer.Option(min=0, help="Days of all vans together at most.")] = None,
    must: Annotated[list[str] | None, typer.Option(metavar="VILLAGE", help="Must be visited; repeat.")] = None,
    never: Annotated[list[str] | None, typer.Option(metavar="VILLAGE", help="Must not be; repeat.")] = None,
    forbid: Annotated[list[str] | None, typer.Option(metavar="LODGING", help="No night there; repeat.")] = None,
    base: Annotated[
        Path | None, typer.Option(metavar="OUT0", help="Tours to begin from, and to take locked days from.")
    ] = None,
    lock: Annotated[
        list[str] | None, typer.Option(metavar="CREW@DATE", help="This day stays as it is in --base; repeat.")
    ] = None,
    merge: Annotated[
        list[str] | None, typer.Option(metavar="CREW@FIRST/LAST", help="One tour from date to date; repeat.")
    ] = None,
    more_crew: Annotated[
        list[str] | None, typer.Option(metavar="CREW", help="One more crew like this one; repeat.")
    ] = None,
    more_day: Annotated[
        list[str] | None, typer.Option(metavar="CREW@DATE", help="The crew works on this date too; repeat.")
    ] = None,
) -> None:
    """Plan the tours of a region. Ctrl-C ends early with the best tours so far.

    Villages and lodgings are named by id, or by a name that only one has.
    """
    if seconds is not None and iterations is not None:
        raise typer.BadParameter("give --seconds or --iterations, not both")
    given: Budget = Steps(steps=iterations) if iterations is not None else Seconds(seconds=seconds or 20.0)
    levers = LeversAsked(
        nights=nights,
        km=km,
        van_days=van_days,
        must=tuple(must or ()),
        never=tuple(never or ()),
        forbid=tuple(forbid or ()),
        base=base,
        lock=tuple(lock or ()),
        merge=tuple(merge or ()),
        more_crew=tuple(more_crew or ()),
        more_day=tuple(more_day or ()),
    )
    with ProcessWorkers(workers or os.cpu_count() or 1) as crew, ProgressLines(STAGES) as progress:
        budget = crew.until_stopped(given)
        planned = plan_tour_folder(
            folder, out, levers=levers, fit=fit, budget=budget, workers=crew, seed=seed, progress=progress
        )
    print_tours(planned, out)
    if planned.stopped:
        typer.echo("Stopped early: these are the best tours until then.", err=True)
        raise typer.Exit(INTERRUPTED)


@tour_app.command("check")
def _tour_check(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="The day folder.")],
    out: Annotated[Path, typer.Argument(metavar="OUT", help="The folder of tours.")],
) -> None:
    """Check tours against every rule, independently of the search, with the levers that they were planned with.

    tours.json is what counts: edit it, or plan again. Tables that say something else than it does are told row by row;
    sheets must be there, what is printed on them is not compared, nor are the map, the calendar and the picture.
    """
    found = check_tour_folder(folder, out)
    for sentence in found:
        typer.echo(sentence)
    if found:
        typer.echo(f"{len(found):,} {'violation' if len(found) == 1 else 'violations'}.")
        raise typer.Exit(VIOLATIONS)
    typer.echo(f"{out} is legal: every rule holds, and it costs what it says.")


@tour_app.command("explain")
def _tour_explain(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="The day folder.")],
    out: Annotated[Path, typer.Argument(metavar="OUT", help="The folder of tours.")],
    name: Annotated[str, typer.Argument(metavar="JOB|VILLAGE", help="The job, or the village, to explain.")],
    lang: Annotated[Language, typer.Option(help="Language of the answer.")] = Language.BOTH,
) -> None:
    """Explain a job or a village: when who comes, or why not, what would help, and when the next chance is."""
    toured, _ = tours_as_planned(folder, out)
    for line in explanation_lines(toured, name, lang):
        typer.echo(line)


@tour_app.command("announce")
def _tour_announce(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="The day folder.")],
    out: Annotated[Path, typer.Argument(metavar="OUT", help="The folder of tours whose messages were sent.")],
    onward: Annotated[
        Path, typer.Option("-o", "--output", metavar="DIR2", help="Folder to write, or to replace: DIR with the dates.")
    ],
    village: Annotated[
        list[str] | None, typer.Option(metavar="VILLAGE", help="Only this one was told; repeat.")
    ] = None,
) -> None:
    """Write DIR again with the dates that villages were told by announcements.csv of OUT: later plans keep them.

    New and moved dates are added, those of a stop near by too; what the tours cannot keep is taken off.
    """
    toured, _ = tours_as_planned(folder, out)
    names = {one.id: one.name for one in toured.asked.villages}
    ids, faults = places_of(village or (), names, "a village of villages.csv")
    if faults:
        raise PlacesRefused([f"--village: {fault}" for fault in faults])
    print_told(toured, tell_villages(folder, toured, onward, ids or None), onward)


@tour_app.command("progress")
def _tour_progress(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="The day folder.")],
    out: Annotated[Path, typer.Argument(metavar="OUT", help="The folder of tours.")],
    actuals: Annotated[Path, typer.Argument(metavar="FILE", help="What the crews wrote down, as CSV.")],
    onward: Annotated[
        Path | None,
        typer.Option("-o", "--output", metavar="DIR2", help="Folder to write, or to replace: the tours as they stand."),
    ] = None,
    now: Annotated[
        str | None, typer.Option(metavar="TIME", help="The moment of DIR2, such as 2026-03-05T12:00:00+08:00.")
    ] = None,
    plan_unreported: Annotated[
        bool,
        typer.Option(
            "--plan-unreported", help="Plan visits again that should have begun and of which FILE says nothing."
        ),
    ] = False,
    table: Annotated[
        Path | None, typer.Option(metavar="FILE2", dir_okay=False, help="Table to write: a row per visit.")
    ] = None,
) -> None:
    """Compare what was planned with what happened (job_id,outcome,start,end,note), and write the rest to plan it on.

    DIR2 is DIR as it stands at the moment (docs/replanning.md): what was done is out of it, crews are where they are.
    """
    if (onward is None) != (now is None):
        raise typer.BadParameter("give --output and --now, or neither")
    place = None if table is None else _progress_place(table, (folder, out, *([] if onward is None else [onward])))
    if place is not None:
        place.check()
    toured, _ = tours_as_planned(folder, out)
    faults = FaultList()
    found = read_actuals(actuals, toured.asked.date, faults)
    unread = tuple(faults.faults)
    impossible(toured, found, actuals.name, faults)
    if faults.faults and onward is None:
        raise PlanRefused(faults.ordered([actuals.name]))
    progress = progress_of(toured, found)
    taken = None
    if onward is not None and now is not None:
        what = Wrote(file=actuals, rows=found, trusts=not plan_unreported, faults=unread)
        taken = take_up_tours(folder, out, toured, what, onward, now)
    print_progress(toured, progress)
    if taken is not None and onward is not None:
        print_taken_up(toured, taken, onward)
    if place is not None:
        place.write(progress_table(toured, progress))
        typer.echo(f"Every visit is in {table}.")


def _progress_place(table: Path, folders: tuple[Path, ...]) -> FilePlace:
    return FilePlace(
        path=table,
        what="a table of visits planned and done",
        is_like=headed_by(PROGRESS_COLUMNS),
        read=folders,
    )
