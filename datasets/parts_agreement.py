"""Whether the tables beside sourcing.json still say what it says: people work with the tables, not with the json."""

import datetime as dt
import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from datasets.faults import FaultList, PlanRefused
from datasets.keys import Keys, nullable, text, text_or_empty, whole_number
from datasets.parts_folder import SOURCING_FILE
from datasets.plan_tables import no_formula
from datasets.side_tables import Row, SideTable, table_differences
from datasets.table import read_text
from datasets.times import instant_of, midnight_of
from optimizer.parts.model import Order, OrderLine, Sourcing

__all__ = ["parts_differences"]

_TABLES = {
    "answers.csv": SideTable(
        keys=("order_line_id",),
        columns=(
            *("order_id", "job_id", "answer", "reason", "reason_zh", "eta_p50", "eta_p90", "source_id", "mode"),
            *("ships_at", "part_id", "quantity", "cost_fen", "respond_by", "below_floor", "bulky_fallback"),
            *("next_best_1", "next_best_2", "why_not_nearest", "next_best_1_zh", "next_best_2_zh"),
            *("why_not_nearest_zh", "answer_late_s"),
        ),
    ),
    "shipments.csv": SideTable(
        keys=("order_line_id",),
        columns=(
            *("job_id", "part_id", "quantity", "warehouse_id", "mode", "ships_at", "ready_at", "cost_fen", "order_id"),
            "usually_ready_at",
        ),
    ),
    "transfers.csv": SideTable(
        keys=("from_id", "to_id", "part_id"),
        columns=(
            *("quantity", "mode", "ships_at", "ready_at", "cost_fen", "saves_fen", "gain_fen", "order_ids", "job_ids"),
            *("reason", "reason_zh"),
        ),
    ),
    "at_risk.csv": SideTable(
        keys=("order_line_id",),
        columns=(
            *("order_id", "job_id", "part_id", "quantity", "kind", "late_s", "eta_p90", "reason", "reason_zh", "help"),
            "help_zh",
        ),
    ),
    "returns.csv": SideTable(
        keys=("return_id",),
        columns=(
            *("outlet_id", "part_id", "quantity", "to_id", "mode", "leaves_at", "back_at", "parcel_fen", "parcel"),
            *("reason", "reason_zh"),
        ),
    ),
}
_SECONDS = nullable(whole_number(-(1 << 50), 1 << 50))


def parts_differences(out: Path, date: dt.date, asked: Sourcing) -> list[str]:
    """Return a sentence for every cell, row or table that sourcing.json has otherwise than the tables or the orders.

    sourcing.json is one that `read_parts` has read. A table that is not there is a difference too.

    Raises
    ------
    PlanRefused
        A table cannot be read as text, or what sourcing.json says beside the answers.
    """
    faults = FaultList()
    document = json.loads((out / SOURCING_FILE).read_text(encoding="utf-8-sig"))
    stated = _Stated(document, date, asked, faults)
    found = list(stated.of_orders())
    for file, table in _TABLES.items():
        rows = list(stated.rows(file))
        if not (out / file).exists():
            found.append(f"{file} is missing")
            continue
        content = read_text(out / file, faults)
        if content is not None:
            found += [f"{file}{said}" for said in table_differences(table, content, rows, SOURCING_FILE)]
    if faults.faults:
        raise PlanRefused(dict.fromkeys(faults.faults))
    return found


class _Stated:
    """What sourcing.json says, as the rows of tables. No line of it comes from what writes them."""

    def __init__(self, document: Mapping[str, object], date: dt.date, asked: Sourcing, faults: FaultList) -> None:
        self._keys = Keys(document, SOURCING_FILE, "", faults)
        self._midnight, self._now_s = midnight_of(date), asked.now_s
        self._lines: dict[str, tuple[Order, OrderLine]] = {
            line.id: (order, line) for order in asked.orders for line in order.lines
        }

    def rows(self, file: str) -> Iterator[Row]:
        """Yield the rows of a table."""
        if file in ("transfers.csv", "returns.csv"):
            table = _TABLES[file]
            for row in self._keys.tables(file.removesuffix(".csv")):
                yield {name: row.need(name, text_or_empty, "") for name in (*table.keys, *table.columns)}
            return
        of_answer = {"answers.csv": self._answer, "shipments.csv": self._shipments, "at_risk.csv": self._at_risk}[file]
        for answer in self._keys.tables("answers"):
            yield from of_answer(answer)

    def of_orders(self) -> Iterator[str]:
        """Yield what is said of a line's order and is not so in the day folder."""
        for answer in self._keys.tables("answers"):
            line_id = _cell(answer, "order_line_id")
            if line_id not in self._lines:
                continue
            order, _ = self._lines[line_id]
            for name, true in (("order_id", order.id), ("job_id", order.job_id or "")):
                if _cell(answer, name) != true:
                    yield f'{SOURCING_FILE}, line {line_id}, {name}: "{_cell(answer, name)}"; the day has "{true}"'
            if self._respond_by_s(answer) != order.respond_by_s:
                said = _cell(answer, "respond_by")
                yield f'{SOURCING_FILE}, line {line_id}, respond_by: "{said}"; its order has another time'

    def _answer(self, answer: Keys) -> Iterator[Row]:
        pieces = list(answer.tables("dispatches"))
        _, line = self._lines.get(_cell(answer, "order_line_id"), (None, None))
        others = [_said(other) for other in answer.tables("next_best")][:2]
        others += [("", "")] * (2 - len(others))
        nearest = answer.table("nearest") if answer.values.get("nearest") is not None else None
        why_not = ("", "") if nearest is None or not _cell(nearest, "why_not") else _said(nearest)
        late_s = self._now_s - self._respond_by_s(answer)
        yield {
            **_cells(answer, "order_line_id", "order_id", "job_id", "answer", "eta_p50", "eta_p90", "respond_by"),
            "reason": no_formula(_cell(answer, "reason")),
            "reason_zh": no_formula(_cell(answer, "reason_zh")),
            "source_id": _joined(pieces, "source_id"),
            "mode": _joined(pieces, "mode"),
            "ships_at": _joined(pieces, "ships"),
            "part_id": _joined(pieces, "part_id") or ("" if line is None else line.part_id),
            "quantity": "" if line is None else str(line.quantity),
            "cost_fen": str(_sum(pieces, "cost_fen")),
            "below_floor": str(_sum(pieces, "below_floor")),
            "bulky_fallback": "yes" if any(_cell(piece, "bulky_fallback") == "yes" for piece in pieces) else "no",
            "next_best_1": others[0][0],
            "next_best_2": others[1][0],
            "why_not_nearest": why_not[0],
            "next_best_1_zh": others[0][1],
            "next_best_2_zh": others[1][1],
            "why_not_nearest_zh": why_not[1],
            "answer_late_s": str(late_s) if late_s > 0 else "",
        }

    def _shipments(self, answer: Keys) -> Iterator[Row]:
        for piece in answer.tables("dispatches"):
            yield {
                **_cells(answer, "order_line_id", "job_id", "order_id"),
                **_cells(piece, "part_id", "quantity", "mode", "cost_fen"),
                "warehouse_id": _cell(piece, "source_id"),
                "ships_at": _cell(piece, "ships"),
                "ready_at": _cell(piece, "ready_p90"),
                "usually_ready_at": _cell(piece, "ready_p50"),
            }

    def _at_risk(self, answer: Keys) -> Iterator[Row]:
        if answer.values.get("risk") is None:
            return
        risk, helps = answer.table("risk"), [_said(one, plain=True) for one in answer.tables("helps")]
        _, line = self._lines.get(_cell(answer, "order_line_id"), (None, None))
        reason, reason_zh = _said(risk)
        late_s = risk.need("late_s", _SECONDS, None)
        yield {
            **_cells(answer, "order_line_id", "order_id", "job_id", "eta_p90"),
            "part_id": "" if line is None else line.part_id,
            "quantity": "" if line is None else str(line.quantity),
            "kind": risk.need("kind", text, ""),
            "late_s": "" if late_s is None else str(late_s),
            "reason": reason,
            "reason_zh": reason_zh,
            "help": no_formula("; ".join(en for en, _ in helps)),
            "help_zh": no_formula("；".join(zh for _, zh in helps)),
        }

    def _respond_by_s(self, answer: Keys) -> int:
        """Return when an answer was due; what cannot be read is refused where it stands."""

        def moment(value: object) -> int:
            return instant_of(text(value)) - self._midnight

        return answer.need("respond_by", moment, 0)


def _said(keys: Keys, *, plain: bool = False) -> tuple[str, str]:
    """Return what is said in English and Chinese, as cells have it; plain: as it is."""
    said = keys.need("en", text_or_empty, ""), keys.need("zh", text_or_empty, "")
    return said if plain else (no_formula(said[0]), no_formula(said[1]))


def _cells(keys: Keys, *names: str) -> dict[str, str]:
    return {name: _cell(keys, name) for name in names}


def _cell(keys: Keys, name: str) -> str:
    """Return a value as cells have it."""
    value = keys.values.get(name)
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "" if value is None else str(value)


def _joined(pieces: Iterable[Keys], name: str) -> str:
    """Return what is true of each piece: once where all have the same."""
    values = [_cell(piece, name) for piece in pieces]
    return ";".join(values if len(set(values)) > 1 else values[:1])


def _sum(pieces: Iterable[Keys], name: str) -> int:
    return sum(value for piece in pieces if isinstance(value := piece.values.get(name), int))
