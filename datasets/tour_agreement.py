"""Whether the tables beside tours.json still say what it says: somebody may have edited one of them by hand."""

import csv
import json
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path

from datasets.faults import FaultList, PlanRefused
from datasets.keys import Keys, text_or_empty
from datasets.plan_tables import no_formula
from datasets.side_tables import Row, SideTable, table_differences
from datasets.table import read_text
from datasets.tour_folder import SHEETS, TOURS_FILE
from datasets.tour_names import Toured
from datasets.tour_papers import TOUR_PAPERS
from datasets.tour_sheets import sheet_names
from datasets.tour_stops import is_on_the_road

__all__ = ["paper_differences"]

_PAPERS = {
    "visits.csv": SideTable(
        keys=("job_id",),
        columns=(
            *("tour_id", "crew_id", "date", "sequence", "village_id", "carried_from", "start", "end", "travel_s"),
            "distance_m",
        ),
    ),
    "days.csv": SideTable(
        keys=("tour_id", "date"),
        columns=("crew_id", "depart", "arrive", "jobs", "travel_s", "distance_m", "break_start", "lodging_id"),
    ),
    "left_out.csv": SideTable(keys=("job_id",), columns=("rule", "reason", "instead", "fen", "remedy", "next_date")),
    "announcements.csv": SideTable(
        keys=("message", "village_id", "date"), columns=("status", "contact", "phone", "text")
    ),
    "kit_orders.csv": SideTable(
        keys=("order_line_id",),
        columns=("job_id", "tour_id", "part_id", "quantity", "source_id", "mode", "ships_at", "ready_at"),
    ),
    # Spare parts are no line of tours.json: what is ordered of them is compared by itself.
    "kit.csv": SideTable(
        keys=("tour_id", "job_id", "part_id"),
        columns=("crew_id", "leaves_at", "date", "village_id", "quantity", "carried"),
        aside=("spare", "yes"),
    ),
    "not_kept.csv": SideTable(keys=("kind", "about", "date"), columns=("now_date", "sentence")),
}


def paper_differences(out: Path, toured: Toured) -> list[str]:
    """Return a sentence for every row of a table that tours.json has otherwise, has not, or has besides.

    A table that is not there says nothing, nor do sheets where there are none at all: of sheets it is told which tours
    have none, and which are of no tour, not what is printed on them.

    Raises
    ------
    PlanRefused
        A table cannot be read as text, or what tours.json says of it.
    """
    faults = FaultList()
    keys = Keys(json.loads((out / TOURS_FILE).read_text(encoding="utf-8")), TOURS_FILE, "", faults)
    stated: dict[str, Iterable[Row]] = {
        **{file: _rows_of(file, toured) for file in ("visits.csv", "days.csv", "left_out.csv", "kit.csv")},
        "announcements.csv": list(_announced(keys)),
        **{file: list(_listed(keys, file)) for file in ("kit_orders.csv", "not_kept.csv")},
    }
    if faults.faults:
        raise PlanRefused(faults.faults)
    found = []
    for file, paper in _PAPERS.items():
        text = read_text(out / file, faults) if (out / file).exists() else None
        if text is not None:
            found += [f"PAPER  {file}{said}" for said in table_differences(paper, text, stated[file], TOURS_FILE)]
    found += list(_sheet_differences(out / SHEETS, toured))
    found += list(_spare_differences(out, toured, list(_listed(keys, "kit_orders.csv")), faults))
    if faults.faults:
        raise PlanRefused(faults.faults)
    return found


def _sheet_differences(folder: Path, toured: Toured) -> Iterator[str]:
    """Yield sheets that are not there, and those of tours that are not."""
    if not folder.is_dir():
        return
    there, wanted = {path.name for path in folder.iterdir()}, set(sheet_names(toured))
    yield from (f"PAPER  {SHEETS}/{name} is not there" for name in sorted(wanted - there))
    for name in sorted(there - wanted):
        yield f"PAPER  {SHEETS}/{name} is of no tour that {TOURS_FILE} has"


def _spare_differences(out: Path, toured: Toured, orders: Iterable[Row], faults: FaultList) -> Iterator[str]:
    """Yield spare parts that kit.csv has aboard otherwise than they are ordered, and kit_returns.csv brings home."""
    if not (out / "kit.csv").exists():
        return
    spares = [row for row in _read(out / "kit.csv", faults) if row.get("spare") == "yes"]
    aboard = _counted(spares, "tour_id", "quantity")
    ordered = _counted([row for row in orders if not row["job_id"]], "tour_id", "quantity")
    # Nothing is ordered for a van that has left: its spare parts are aboard already.
    left = {toured.tour_id(tour) for tour in toured.tours if is_on_the_road(toured.asked, tour)}
    for key in sorted(aboard | ordered):
        if key[0] not in left and aboard[key] != ordered[key]:
            yield f"PAPER  kit.csv has {aboard[key]} spare {key[1]} for {key[0]}, kit_orders {ordered[key]}"
    if (out / "kit_returns.csv").exists():
        named = [{**row, "return_id": f"{row.get('tour_id')}-{row.get('part_id')}"} for row in spares]
        back = _counted(named, "return_id", "expected_back")
        home = _counted(_read(out / "kit_returns.csv", faults), "return_id", "quantity")
        for key in sorted(home | back):
            if home[key] != back[key]:
                yield f"PAPER  kit_returns.csv brings {home[key]} home as {key[0]}, kit.csv expects {back[key]}"


def _counted(rows: Iterable[Row], whose: str, units: str) -> Counter[tuple[str, str]]:
    """Return how many units of each part rows have, by whose they are."""
    found = Counter[tuple[str, str]]()
    for row in rows:
        found[row.get(whose) or "", row.get("part_id") or ""] += _whole(row.get(units))
    return found


def _read(path: Path, faults: FaultList) -> list[Row]:
    text = read_text(path, faults) if path.exists() else None
    return [] if text is None else list(csv.DictReader(text.splitlines(keepends=True)))


def _whole(cell: str | None) -> int:
    """Return a count; what is none counts for nothing, and differs from what it should be."""
    return int(cell) if cell and cell.isascii() and cell.isdigit() else 0


def _rows_of(file: str, toured: Toured) -> list[Row]:
    columns, rows = TOUR_PAPERS[file]
    return [dict(zip(columns, row, strict=True)) for row in rows(toured)]


def _announced(keys: Keys) -> Iterator[Row]:
    for number, message in enumerate(keys.tables("announcements"), start=1):
        said = {name: no_formula(message.need(name, text_or_empty, "")) for name in ("contact", "phone", "text")}
        for village in message.tables("villages"):
            own = {name: village.need(name, text_or_empty, "") for name in ("village_id", "date", "status")}
            yield {"message": str(number), **own, **said}


def _listed(keys: Keys, file: str) -> Iterator[Row]:
    paper = _PAPERS[file]
    for row in keys.tables(file.removesuffix(".csv")):
        yield {name: row.need(name, text_or_empty, "") for name in (*paper.keys, *paper.columns)}
