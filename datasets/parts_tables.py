"""The answers to order lines as the tables that people read, every cell as text."""

import datetime as dt
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from datasets.plan_tables import no_formula
from datasets.times import instant_text
from optimizer.parts.model import LineAnswer, Order, OrderLine, Sourced, Sourcing
from optimizer.parts.reply import LineReply, Proposal
from optimizer.parts.returns import Return, ReturnsPlan

__all__ = [
    "PARTS_TABLES",
    "Replied",
    "shipment_rows",
]

Row = tuple[str, ...]

_ANSWERS = (
    *("order_line_id", "order_id", "job_id", "answer", "reason", "reason_zh", "eta_p50", "eta_p90", "source_id"),
    *("mode", "ships_at", "part_id", "quantity", "cost_fen", "respond_by", "below_floor", "bulky_fallback"),
    *("next_best_1", "next_best_2", "why_not_nearest", "next_best_1_zh", "next_best_2_zh", "why_not_nearest_zh"),
    "answer_late_s",
)
_SHIPMENTS = (
    *("order_line_id", "job_id", "part_id", "quantity", "warehouse_id", "mode", "ships_at", "ready_at", "cost_fen"),
    *("order_id", "usually_ready_at"),
)
_TRANSFERS = (
    *("from_id", "to_id", "part_id", "quantity", "mode", "ships_at", "ready_at", "cost_fen", "saves_fen", "gain_fen"),
    *("order_ids", "job_ids", "reason", "reason_zh"),
)
_AT_RISK = (
    *("order_line_id", "order_id", "job_id", "part_id", "quantity", "kind", "late_s", "eta_p90", "reason"),
    *("reason_zh", "help", "help_zh"),
)
_RETURNS = (
    *("return_id", "outlet_id", "part_id", "quantity", "to_id", "mode", "leaves_at", "back_at", "parcel_fen"),
    *("parcel", "reason", "reason_zh"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Replied:
    """All that is known of the answers of a day: the problem, what was decided, and what is said of it."""

    date: dt.date
    asked: Sourcing
    sourced: Sourced
    replies: Sequence[LineReply] = ()
    transfers: Sequence[Proposal] = ()
    returns: Sequence[Return] = ()
    way_back: ReturnsPlan = field(default_factory=lambda: ReturnsPlan(parcels=(), staying=()))


def _answer_rows(found: Replied) -> Iterator[Row]:
    """Yield a row for every order line; one that comes in pieces has them in a cell, separated by `;`."""
    said = {reply.line_id: reply for reply in found.replies}
    for order, line, answer in _answered(found):
        reply = said.get(line.id)
        pieces = answer.dispatches
        yield (
            line.id,
            order.id,
            order.job_id or "",
            str(answer.answer),
            no_formula(answer.reason),
            no_formula(answer.reason_zh),
            _moment(found.date, answer.eta_p50_s),
            _moment(found.date, answer.eta_p90_s),
            _each(piece.source_id for piece in pieces),
            _each(str(piece.mode) for piece in pieces),
            _each(instant_text(found.date, piece.ships_s) for piece in pieces),
            _each(piece.part_id for piece in pieces) or line.part_id,
            str(line.quantity),
            str(sum(piece.cost_fen for piece in pieces)),
            instant_text(found.date, order.respond_by_s),
            str(sum(piece.below_floor for piece in pieces)),
            "yes" if any(piece.bulky_fallback for piece in pieces) else "no",
            *_explained(reply),
            str(late_s) if (late_s := found.asked.now_s - order.respond_by_s) > 0 else "",
        )


def _explained(reply: LineReply | None) -> Row:
    """Return the next-best ways and why the nearest source does not send, in English and then in Chinese."""
    if reply is None:
        return ("",) * 6
    others = [alternative.said for alternative in reply.alternatives[:2]]
    nearest = reply.nearest.said if reply.nearest is not None and reply.nearest.why_not is not None else None
    said = [*others, *[None] * (2 - len(others)), nearest]
    english = (no_formula(one.en) if one else "" for one in said)
    return (*english, *(no_formula(one.zh) if one else "" for one in said))


def shipment_rows(found: Replied) -> Iterator[Row]:
    """Yield a row for every piece that leaves somewhere."""
    for order, line, answer in _answered(found):
        for piece in answer.dispatches:
            yield (
                line.id,
                order.job_id or "",
                piece.part_id,
                str(piece.quantity),
                piece.source_id,
                str(piece.mode),
                instant_text(found.date, piece.ships_s),
                instant_text(found.date, piece.ready_p90_s),
                str(piece.cost_fen),
                order.id,
                instant_text(found.date, piece.ready_p50_s),
            )


def _transfer_rows(found: Replied) -> Iterator[Row]:
    """Yield a row for every proposal to move units between sources, the best first."""
    for move in found.transfers:
        yield (
            move.from_id,
            move.to_id,
            move.part_id,
            str(move.quantity),
            str(move.mode),
            instant_text(found.date, move.ships_s),
            instant_text(found.date, move.ready_p90_s),
            str(move.cost_fen),
            str(move.saves_fen),
            str(move.gain_fen),
            _each(move.order_ids),
            _each(move.job_ids),
            no_formula(move.said.en),
            no_formula(move.said.zh),
        )


def _at_risk_rows(found: Replied) -> Iterator[Row]:
    """Yield a row for every line that may hold up its job or come too late, lines without a time first."""
    lines = {line.id: line for order in found.asked.orders for line in order.lines}
    risky = [(reply, reply.risk) for reply in found.replies if reply.risk is not None]
    # The latest first: what has no time at all is later than that.
    risky.sort(key=lambda one: (one[1].late_s is not None, -(one[1].late_s or 0), one[0].line_id))
    for reply, risk in risky:
        line = lines[reply.line_id]
        yield (
            reply.line_id,
            reply.order_id,
            reply.job_id or "",
            line.part_id,
            str(line.quantity),
            str(risk.kind),
            "" if risk.late_s is None else str(risk.late_s),
            _moment(found.date, reply.eta_p90_s),
            no_formula(risk.said.en),
            no_formula(risk.said.zh),
            no_formula("; ".join(one.said.en for one in reply.helps)),
            no_formula("；".join(one.said.zh for one in reply.helps)),
        )


def _return_rows(found: Replied) -> Iterator[Row]:
    """Yield a row for every return: its parcel, with the others in it and the price of all, or why it stays."""
    parcel_of = {id_: parcel for parcel in found.way_back.parcels for id_ in parcel.return_ids}
    staying = {stays.return_id: stays for stays in found.way_back.staying}
    for back in found.returns:
        known = back.id, back.outlet_id, back.part_id, str(back.quantity)
        if (stays := staying.get(back.id)) is not None:
            yield (*known, "", "", "", "", "", "", no_formula(stays.said.en), no_formula(stays.said.zh))
        elif (parcel := parcel_of.get(back.id)) is not None:
            yield (
                *known,
                parcel.source_id,
                str(parcel.mode),
                instant_text(found.date, parcel.leaves_s),
                instant_text(found.date, parcel.back_p90_s),
                str(parcel.cost_fen),
                _each(parcel.return_ids),
                "",
                "",
            )


def _answered(found: Replied) -> Iterator[tuple[Order, OrderLine, LineAnswer]]:
    answers = {answer.line_id: answer for answer in found.sourced.answers}
    for order in found.asked.orders:
        for line in order.lines:
            yield order, line, answers[line.id]


def _each(values: Iterable[str]) -> str:
    """Return what is true of each piece: once where all have the same."""
    found = list(values)
    return found[0] if len(set(found)) == 1 else ";".join(found)


def _moment(date: dt.date, seconds: int | None) -> str:
    return "" if seconds is None else instant_text(date, seconds)


PARTS_TABLES: Mapping[str, tuple[Row, Callable[[Replied], Iterator[Row]]]] = {
    "answers.csv": (_ANSWERS, _answer_rows),
    "shipments.csv": (_SHIPMENTS, shipment_rows),
    "transfers.csv": (_TRANSFERS, _transfer_rows),
    "at_risk.csv": (_AT_RISK, _at_risk_rows),
    "returns.csv": (_RETURNS, _return_rows),
}
"""File → its columns, and what yields its rows."""
