"""What a person sees of a plan when it is done, and the words for its stages while it is made."""

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from rich.console import Console
from rich.table import Table

from api.planning import Planned
from api.replanning import Changes
from optimizer.churn import Fate
from optimizer.plan import Status
from optimizer.stability import Stability

__all__ = ["STAGES", "print_changes", "print_kpis"]

STAGES = {
    "reading": ("Reading the day", 0.03),
    "travel": ("Travel times", 0.04),
    "outlets": ("Jobs to outlets", 0.05),
    "parts": ("Parts to warehouses", 0.06),
    "search": ("Searching, shard by shard", 0.10),
    "seams": ("Searching the seams between shards", 0.65),
    "kits": ("Parts once more, now that the routes are known", 0.77),
    "explanations": ("Explaining: left out, late, not at the nearest outlet", 0.80),
    "stability": ("What stability costs", 0.82),
    "check": ("Checking every rule", 0.84),
    "by hand": ("The same day by hand, for comparison", 0.87),
    "writing": ("Writing the plan, the picture and the sheets", 0.93),
}
"""Stage of `plan_day` → its words, and the share of the whole that is behind when it begins."""
MOST_FLOORS = 5
"""So many centres below the parity floor are named; the rest are counted."""


def print_kpis(planned: Planned) -> None:
    """Print the key figures beside the same day planned by hand."""
    console = Console()
    title = "Key figures" if planned.result.status is Status.COMPLETE else "Key figures (stopped early)"
    table = Table(title=title, title_justify="left")
    table.add_column("")
    table.add_column("plan", justify="right")
    table.add_column("by hand: nearest outlet, first come", justify="right")
    table.add_column("")
    for row in planned.rows:
        mark = {True: "[green]better[/]", False: "[red]worse[/]", None: ""}[row.better]
        table.add_row(row.name, row.plan, row.baseline, mark)
    console.print(table)
    for line in _travel_lines(planned.travel):
        console.print(line, markup=False)
    console.print(f"Promises: {', then '.join(planned.policies) or 'none'}.")
    if greedy := planned.result.greedy_shards:
        console.print(
            f"Shards that OR-Tools' routing model could not begin on within the budget: {greedy:,}. "
            "Their routes are the search's first ones, cheapest place after cheapest place. "
            "Give more --seconds, or take --engine search.",
            soft_wrap=True,
        )
    if planned.left_aside is not None:
        console.print(planned.left_aside, soft_wrap=True, markup=False)
    if planned.floors_missed:
        console.print("Centres below the parity floor, remote customers:")
    for line in planned.floors_missed[:MOST_FLOORS]:
        console.print(f"  {line}", markup=False)
    if len(planned.floors_missed) > MOST_FLOORS:
        console.print(f"  … and {len(planned.floors_missed) - MOST_FLOORS} more.")
    if planned.unknown_families:
        console.print(
            "Jobs of families that no technician and no part has, a slip of the pen perhaps: "
            f"{', '.join(f'{family} ({count:,})' for family, count in planned.unknown_families.items())}.",
            soft_wrap=True,
            markup=False,
        )


def _travel_lines(travel: Mapping[str, Any]) -> Iterator[str]:
    """Yield where the travel times are from; of a service, how many ways it answered and why the others not."""
    if "pairs" not in travel:
        kind = "an estimate, no road file behind it" if travel["is_estimate"] else "from a road file"
        yield f"Travel times: {travel['provider']} ({kind})."
        return
    kind = "ALL of them an estimate" if travel["is_estimate"] else "a map service"
    yield f"Travel times: {travel['provider']} ({kind})."
    legs, pairs = travel["legs"], travel["pairs"]
    yield (
        f"  Legs of the plan: {legs['answered']:,} as the service answered, {legs['estimated']:,} estimated. "
        f"Ways of the day: {pairs['fetched']:,} asked for now, {pairs['cached']:,} cached, "
        f"{pairs['estimated']:,} estimated."
    )
    if travel["reasons"]:
        reasons = ", ".join(f"{row['reason']} {row['pairs']:,}" for row in travel["reasons"])
        yield f"  Estimated because: {reasons}."
    if travel["ended"]:
        yield f"  Asking ended early: {travel['ended']}. The same command goes on where it ended."


def print_changes(changes: Changes) -> None:
    """Print what became of the published visits, whom to call, and what it cost to keep the rest."""
    unchanged = changes.published - changes.changed
    share = f" ({unchanged / changes.published:.1%})" if changes.published else ""
    other = changes.count(Fate.TECHNICIAN, Fate.TECHNICIAN_AND_TIME)
    lines = [
        f"Published visits: {changes.published:,}; unchanged {unchanged:,}{share}, another technician {other:,}, "
        f"moved by more than 15 min {changes.count(Fate.TIME):,}, left out {changes.count(Fate.LEFT_OUT):,}.",
        f"New visits {changes.count(Fate.NEW):,}, dropped with their jobs {changes.count(Fate.DROPPED):,}. "
        f"Changes are priced at ¥ {changes.churn_fen / 100:,.2f}.",
        f"Customers to call again, because they were told: {changes.call_again:,}. Outlets to tell: "
        f"{_outlets(changes)}. Who and which: changes.csv.",
    ]
    if changes.overdue:
        lines.append(
            f"{changes.overdue:,} published visits should have begun by now and were planned again: "
            "if they are made or under way, take their jobs out of jobs.csv."
        )
    if changes.stability is not None:
        lines.append(_stability(changes.stability))
    Console().print("\n".join(lines), highlight=False, soft_wrap=True)


def _outlets(changes: Changes) -> str:
    by = Counter(str(channel) for channel in changes.tell.values())
    return ", ".join(f"{count:,} by {channel}" for channel, count in sorted(by.items())) or "none"


def _stability(found: Stability) -> str:
    if not found.fen:
        return "Stability: no plan was found that is cheaper for changing more."
    return (
        f"Stability costs at least ¥ {found.fen / 100:,.2f}: so much cheaper, changes not counted, is a plan that was "
        f"found with {found.more_changes:+,} changes and {found.more_calls:+,} calls."
    )
