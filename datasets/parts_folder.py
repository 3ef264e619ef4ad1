"""Writes the answers to order lines as a folder, whole or not at all, as docs/data-format.md describes it."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from datasets.parts_tables import PARTS_TABLES, Replied
from datasets.plan_tables import write_rows
from datasets.times import instant_text
from datasets.whole_folder import refuse_foreign, whole_folder, write_json
from optimizer.explanation import Sentence
from optimizer.parts.model import Dispatch
from optimizer.parts.reply import Alternative, LineReply

__all__ = ["PARTS_FORMAT", "SOURCING_FILE", "check_parts_place", "parts_document", "write_parts"]

SOURCING_FILE = "sourcing.json"
KPIS_FILE = "kpis.json"
PARTS_FORMAT = "paigong parts 1"
WRITTEN = (SOURCING_FILE, *PARTS_TABLES, KPIS_FILE)


def check_parts_place(out: Path) -> None:
    """Raise ForeignFolder when `write_parts` would refuse to write at `out`: to be asked before a long run."""
    refuse_foreign(out, SOURCING_FILE, WRITTEN)


def write_parts(out: Path, found: Replied, kpis: Mapping[str, object]) -> None:
    """Write the answers at `out`; a folder of answers that stands there is replaced in one step.

    Raises
    ------
    ForeignFolder
        Something else stands at `out`.
    OSError
        The disk refused; `out` is as it was.
    """
    document = parts_document(found)
    with whole_folder(out, SOURCING_FILE, WRITTEN) as temporary:
        write_json(temporary / SOURCING_FILE, document)
        for file, (columns, rows) in PARTS_TABLES.items():
            write_rows(temporary / file, columns, rows(found))
        write_json(temporary / KPIS_FILE, kpis)


def parts_document(found: Replied) -> dict[str, Any]:
    """Return the content of sourcing.json."""
    asked, sourced = found.asked, found.sourced
    replies = {reply.line_id: reply for reply in found.replies}
    answers = {answer.line_id: answer for answer in sourced.answers}
    return {
        "format": PARTS_FORMAT,
        "date": found.date.isoformat(),
        "now": _moment(found, asked.now_s),
        "optimal": sourced.optimal,
        "bound_fen": sourced.bound_fen,
        "cost_fen": _cost(found),
        "answers": [
            {
                "order_line_id": line.id,
                "order_id": order.id,
                "job_id": order.job_id,
                "answer": str(answer.answer),
                "reason": answer.reason,
                "reason_zh": answer.reason_zh,
                "eta_p50": _moment(found, answer.eta_p50_s),
                "eta_p90": _moment(found, answer.eta_p90_s),
                "respond_by": _moment(found, order.respond_by_s),
                "dispatches": [_dispatch(found, piece) for piece in answer.dispatches],
                **_explained(found, replies.get(line.id)),
            }
            for order in asked.orders
            for line in order.lines
            for answer in (answers[line.id],)
        ],
        "consignments": [
            {
                "order_id": parcel.order_id,
                "source_id": parcel.source_id,
                "mode": str(parcel.mode),
                "ships": _moment(found, parcel.ships_s),
                "order_line_ids": list(parcel.line_ids),
            }
            for parcel in sourced.consignments
        ],
        "bids": [
            {"source_id": source_id, "part_id": part_id, "fen": fen}
            for (source_id, part_id), fen in sorted(sourced.bid_fen.items())
        ],
        "transfers": _rows(found, "transfers.csv"),
        "returns": _rows(found, "returns.csv"),
    }


def _cost(found: Replied) -> dict[str, int]:
    cost = found.sourced.cost
    return {name: getattr(cost, name) for name in cost.__dataclass_fields__} | {"total": cost.total}


def _rows(found: Replied, file: str) -> list[dict[str, str]]:
    columns, rows = PARTS_TABLES[file]
    return [dict(zip(columns, row, strict=True)) for row in rows(found)]


def _dispatch(found: Replied, piece: Dispatch) -> dict[str, Any]:
    return {
        "part_id": piece.part_id,
        "quantity": piece.quantity,
        "source_id": piece.source_id,
        "mode": str(piece.mode),
        "ships": _moment(found, piece.ships_s),
        "ready_p50": _moment(found, piece.ready_p50_s),
        "ready_p90": _moment(found, piece.ready_p90_s),
        "cost_fen": piece.cost_fen,
        "below_floor": piece.below_floor,
        "bulky_fallback": piece.bulky_fallback,
    }


def _explained(found: Replied, reply: LineReply | None) -> dict[str, Any]:
    if reply is None:
        return {}
    nearest, risk = reply.nearest, reply.risk
    return {
        "next_best": [_alternative(found, other) for other in reply.alternatives],
        "nearest": None
        if nearest is None
        else {
            "source_id": nearest.source_id,
            "why_not": None if nearest.why_not is None else str(nearest.why_not),
            "amount": nearest.amount,
            **_said(nearest.said),
        },
        "helps": [
            {
                "kind": str(one.kind),
                "source_id": one.source_id,
                "part_id": one.part_id,
                "quantity": one.quantity,
                "at": _moment(found, one.at_s),
                **_said(one.said),
            }
            for one in reply.helps
        ],
        "risk": None if risk is None else {"kind": str(risk.kind), "late_s": risk.late_s, **_said(risk.said)},
    }


def _alternative(found: Replied, other: Alternative) -> dict[str, Any]:
    return {
        **_dispatch(found, other.dispatch),
        "difference_fen": other.difference_fen,
        "later_s": other.later_s,
        "over_sources": other.over_sources,
        **_said(other.said),
    }


def _said(sentence: Sentence) -> dict[str, str]:
    return {"en": sentence.en, "zh": sentence.zh}


def _moment(found: Replied, seconds: int | None) -> str | None:
    return None if seconds is None else instant_text(found.date, seconds)
