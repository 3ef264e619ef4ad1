"""What a planner sees when all order lines are answered: the figures, the lines at risk, what would help tonight."""

import datetime as dt
import re
from collections.abc import Callable, Iterator
from dataclasses import fields

from rich.console import Console
from rich.table import Table

from api.parts_sourcing import PartsSourced
from optimizer.parts.kpis import SourcingKpis
from optimizer.parts.model import Answer, SourcingCost
from optimizer.parts.reply import LineReply

__all__ = ["STAGES", "dated", "print_sourced"]

STAGES = {
    "reading": ("Reading the day", 0.0),
    "sourcing": ("Which source sends each order line", 0.2),
    "check": ("Checking every rule", 0.6),
    "first come": ("Nearest source, first come, for comparison", 0.7),
    "explaining": ("Other ways, why not the nearest, what is at risk", 0.75),
    "writing": ("Writing the answers", 0.9),
}
"""Stage → its words, and the share of the whole that is behind when it begins."""
_OTHER_DAY = re.compile(r"(\d\d:\d\d(?::\d\d)?) \(day ([+-]\d+)\)")
"""A time as `optimizer.clock.time_text` has it for any day but the first."""
MOST_LINES = 5
"""So many lines at risk and transfers are shown; the rest are counted."""


def print_sourced(sourced: PartsSourced) -> None:
    """Print the key figures beside those of nearest first come, then what needs somebody's eye."""
    console = Console()
    table = Table(title="Parts" + (" (stopped early)" if sourced.stopped else ""), title_justify="left")
    table.add_column("", overflow="fold")
    table.add_column("sourced together", justify="right", overflow="fold")
    table.add_column("nearest source, first come", justify="right", overflow="fold")
    for name, of in _FIGURES:
        table.add_row(name, of(sourced.ours), of(sourced.theirs))
    for name in _items(sourced):
        table.add_row(f"  {name}", _yuan(getattr(sourced.ours.cost, name)), _yuan(getattr(sourced.theirs.cost, name)))
    console.print(table)
    for line in (_proof(sourced.ours), *_late(sourced.ours), *_risks(sourced), *_transfers(sourced)):
        console.print(dated(line, sourced.found.date), markup=False, highlight=False, soft_wrap=True)


def dated(line: str, date: dt.date) -> str:
    """Return a line with the date before every time that is of another day than this one, the plan's first."""
    return _OTHER_DAY.sub(lambda found: f"{date + dt.timedelta(days=int(found[2]))} {found[1]}", line)


def _items(sourced: PartsSourced) -> Iterator[str]:
    for item in fields(SourcingCost):
        if getattr(sourced.ours.cost, item.name) or getattr(sourced.theirs.cost, item.name):
            yield item.name


def _yuan(fen: int) -> str:
    return f"¥ {fen / 100:,.2f}"


def _percent(value: float | None) -> str:
    return "–" if value is None else f"{value:.1f} %"


def _modes(kpis: SourcingKpis) -> str:
    return "\n".join(f"{mode.replace('_', ' ')} {count:,}" for mode, count in kpis.served.items()) or "–"


def _hours(kpis: SourcingKpis) -> str:
    return "–" if kpis.hours_to_ready is None else f"{kpis.hours_to_ready:.1f} h"


Figure = tuple[str, Callable[[SourcingKpis], str]]


def _answer_figure(answer: Answer) -> Figure:
    return str(answer).replace("_", " "), lambda kpis: f"{kpis.answers.get(answer, 0):,}"


_FIGURES: tuple[Figure, ...] = (
    ("order lines", lambda kpis: f"{kpis.lines:,}"),
    ("answered in time", lambda kpis: _percent(kpis.answered_in_time_percent)),
    ("fill rate", lambda kpis: _percent(kpis.fill_rate_percent)),
    ("  once stock arrives", lambda kpis: f"{kpis.expected:,}"),
    ("kits complete", lambda kpis: f"{kpis.complete_kits:,} of {kpis.kits:,}"),
    *(_answer_figure(answer) for answer in Answer),
    ("sent by", _modes),
    ("orders too late", lambda kpis: f"{kpis.late_orders:,}"),
    ("customers wait for parts, mean", _hours),
    ("orders from several sources", lambda kpis: f"{kpis.split_orders:,}"),
    ("units out of a reserve", lambda kpis: f"{kpis.units_below_floor:,}"),
    ("bulky, by vehicle of its own", lambda kpis: f"{kpis.bulky_fallbacks:,}"),
    ("cost, total", lambda kpis: _yuan(kpis.cost.total)),
)


def _proof(kpis: SourcingKpis) -> str:
    if kpis.optimal:
        return "Proven: no other answers cost less, unless they split lines otherwise."
    return (
        f"Proven: no answers cost less than {_yuan(kpis.bound_fen)}, unless they split lines otherwise; these are "
        f"within {kpis.gap:.4%} of it."
    )


def _late(kpis: SourcingKpis) -> Iterator[str]:
    if late := kpis.lines - kpis.answered_in_time:
        yield f"Lines answered after the time by which somebody should have: {late:,} (answer_late_s in answers.csv)."


def _risks(sourced: PartsSourced) -> Iterator[str]:
    risky = [reply for reply in sourced.found.replies if reply.risk is not None]
    if not risky:
        return
    jobs = len({reply.job_id for reply in risky if reply.job_id})
    yield f"Lines at risk: {len(risky):,}, which may hold up {jobs:,} jobs (at_risk.csv). The latest:"
    risky.sort(key=lambda reply: (_late_s(reply) is not None, -(_late_s(reply) or 0), reply.line_id))
    for reply in risky[:MOST_LINES]:
        said = "" if reply.risk is None else reply.risk.said.en
        waits = f", job {reply.job_id}" if reply.job_id else ""
        helps = f" What would help: {reply.helps[0].said.en}." if reply.helps else ""
        yield f"  {reply.line_id}{waits}: {said}.{helps}"


def _late_s(reply: LineReply) -> int | None:
    return None if reply.risk is None else reply.risk.late_s


def _transfers(sourced: PartsSourced) -> Iterator[str]:
    moves = sourced.found.transfers
    if not moves:
        return
    yield f"Transfers worth their price: {len(moves):,} (transfers.csv). The best:"
    for move in moves[:MOST_LINES]:
        yield f"  {move.said.en}"
