"""The figures of tours beside two rules by hand: what is paid, apart from what is weighed and nobody pays."""

from collections.abc import Callable, Iterator, Mapping, Sequence

from rich.table import Table

from datasets.tour_kpis import ROAD_ITEMS, TourKpis
from optimizer.tours.plan import Instead

__all__ = ["BY_HAND", "tour_table", "why_no_tour", "yuan"]

BY_HAND = {
    "nearest_home_each_night": "by hand, home\neach night",
    "nearest_sleep_at_dusk": "by hand, bed\nat dusk",
}
PAID = (*ROAD_ITEMS, "outlets")
"""What somebody is paid. The rest of a cost is a weight: what decides, and no money."""
WEIGHED = ("waiting", "early_late", "carry_in", "deferred", "unvisited", "unfair_nights")
BROKEN = ("breaches", "kept")
"""Weights so large that they drown the others."""
WORDS = {
    "tours": "setting out",
    "outlets": "left to outlets",
    "early_late": "early, late",
    "carry_in": "carried in",
    "deferred": "left for later",
    "unvisited": "villages unvisited",
    "breaches": "promises with nobody",
    "kept": "dates, wishes not kept",
}
NONE = "–"


def yuan(fen: int | None) -> str:
    """Return an amount to the fen, a dash for none."""
    return NONE if fen is None else f"¥ {fen / 100:,.2f}"


def tour_table(title: str, ours: TourKpis, by_hand: Mapping[str, TourKpis]) -> Table:
    """Return the table: what tours do, then money that is paid, then weights."""
    table = Table(title=title, title_justify="left")
    table.add_column("", no_wrap=True)
    for name in ("planned", *(BY_HAND[name] for name in by_hand)):
        table.add_column(name, justify="right", overflow="fold")
    columns = (ours, *by_hand.values())
    for name, of in _FIGURES:
        table.add_row(name, *(of(kpis) for kpis in columns))
    table.add_section()
    for row in _money("paid", PAID, columns):
        table.add_row(*row)
    table.add_row("  a job, on the road", *(yuan(kpis.road_fen_per_job) for kpis in columns))
    table.add_section()
    for row in (*_money("weighed, no money", WEIGHED, columns), *_money("broken, no money", BROKEN, columns)):
        table.add_row(*row)
    table.add_section()
    table.add_row("paid and weighed", *(_whole_yuan(kpis.total_fen) for kpis in columns))
    return table


def why_no_tour(
    ours: TourKpis, by_hand: Mapping[str, TourKpis], nearest_s: int | None, driving_s: int
) -> Iterator[str]:
    """Yield why a rule by hand makes no tour. nearest_s: of driving to the nearest village with work and back."""
    for name, kpis in by_hand.items():
        if kpis.tours or not ours.tours:
            continue
        words = BY_HAND[name].replace("\n", " ")
        why = "none that keeps every rule does any job"
        if nearest_s is not None and nearest_s > driving_s and name == "nearest_home_each_night":
            why = (
                f"no village with work is within a day and back: the nearest is {nearest_s / 3_600:.1f} hours of "
                f"driving there and home again, a day may have {driving_s / 3_600:.1f}"
            )
        yield f"No tours {words}: {why}."


def _money(name: str, items: Sequence[str], columns: Sequence[TourKpis]) -> Iterator[tuple[str, ...]]:
    """Yield the row of a sum, and one for each of its items that any column has."""
    yield name, *(_whole_yuan(sum(kpis.cost_fen[item] for item in items)) for kpis in columns)
    for item in items:
        if any(kpis.cost_fen[item] for kpis in columns):
            words = WORDS.get(item, item.replace("_", " "))
            yield f"  {words}", *(_item(kpis, item) for kpis in columns)


def _item(kpis: TourKpis, item: str) -> str:
    return NONE if item in ROAD_ITEMS and not kpis.tours else _whole_yuan(kpis.cost_fen[item])


def _whole_yuan(fen: int) -> str:
    """Return an amount of a table, whose columns are to be read in a terminal of 80."""
    return f"¥ {fen / 100:,.0f}"


def _of_tours(figure: Callable[[TourKpis], str]) -> Callable[[TourKpis], str]:
    """Return what says a figure of tours, and a dash where there are none to have it."""
    return lambda kpis: figure(kpis) if kpis.tours else NONE


_FIGURES: tuple[tuple[str, Callable[[TourKpis], str]], ...] = (
    ("tours", lambda kpis: f"{kpis.tours:,}" if kpis.tours else "none"),
    ("days on tour", _of_tours(lambda kpis: f"{kpis.days:,}")),
    ("nights away", _of_tours(lambda kpis: f"{kpis.nights:,}")),
    ("km by road", _of_tours(lambda kpis: f"{kpis.distance_m / 1_000:,.0f}")),
    ("hours of driving", _of_tours(lambda kpis: f"{kpis.driving_s / 3_600:,.1f}")),
    ("villages visited", _of_tours(lambda kpis: f"{kpis.villages_visited:,}")),
    ("  near a stop", _of_tours(lambda kpis: f"{kpis.villages_covered:,}")),
    ("  with work, not reached", lambda kpis: f"{kpis.villages_uncovered:,}"),
    ("jobs done", _of_tours(lambda kpis: f"{kpis.jobs:,}")),
    ("jobs left out", lambda kpis: f"{kpis.left_out:,}"),
    ("  with nobody", lambda kpis: f"{kpis.instead.get(Instead.NOBODY, 0):,}"),
    ("announced dates kept", lambda kpis: f"{kpis.announced_kept:,} of {kpis.announced:,}"),
)
