"""The command line's `paigong tour make`: a sample rural region as files."""

import datetime as dt
from pathlib import Path
from typing import Annotated

import typer

from datasets.china_tours import MOST_VILLAGES, Region, make_tours

__all__ = ["tour_make"]

SAMPLE_DATE = dt.datetime(2026, 3, 2)  # noqa: DTZ001 - a date on the command line, no instant


def tour_make(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Folder to write; it must be new, empty, or a day.")],
    region: Annotated[Region, typer.Option(help="Which prefecture: 甘孜, 呼伦贝尔 or 怒江.")] = Region.GARZE,
    villages: Annotated[int, typer.Option(min=2, max=MOST_VILLAGES, help="Villages, the nearest to its seat.")] = 80,
    crews: Annotated[int, typer.Option(min=1, max=20, help="Crews of two with a van.")] = 2,
    days: Annotated[int, typer.Option(min=1, max=31, help="Days to plan tours for.")] = 14,
    seed: Annotated[int, typer.Option(min=0, help="Same seed, same files.")] = 1,
    date: Annotated[dt.datetime, typer.Option(formats=["%Y-%m-%d"], help="First date.")] = SAMPLE_DATE,
) -> None:
    """Write a sample rural region as files: a day folder with villages, lodgings, crews and maintenance plans."""
    make_tours(folder, region=region, villages=villages, crews=crews, days=days, seed=seed, date=date.date())
    typer.echo(f"{villages} villages and {crews} crews from {date.date()}, {days} days, are in {folder}.")
