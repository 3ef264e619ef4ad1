"""The answers that a choice of ways amounts to: dispatches and parcels, what each line is told, the cost by item."""

from collections import defaultdict
from collections.abc import Mapping, Sequence

from optimizer.clock import time_text
from optimizer.model import ShipMode
from optimizer.parts.choosing import Chosen
from optimizer.parts.expecting import Expecting, waiting_for_stock
from optimizer.parts.grid import MODES, NOTHING, Laid
from optimizer.parts.left import Taken
from optimizer.parts.model import (
    Answer,
    Consignment,
    Dispatch,
    LineAnswer,
    Order,
    OrderLine,
    Sourced,
    Sourcing,
    SourcingCost,
)
from optimizer.parts.unsent import Unsent
from optimizer.parts.ways import OWN, Ways
from optimizer.wording import time_words

__all__ = ["answered"]

_Sent = Mapping[str, Sequence[Dispatch]]
"""What is on its way, by line."""


def answered(
    asked: Sourcing,
    laid: Laid,
    ways: Ways,
    chosen: Chosen,
    over_quota: frozenset[str],
    bid_fen: Mapping[tuple[str, str], int],
    others: Taken | None = None,
) -> Sourced:
    """Return what everybody is told; others: what is promised to orders that are not of this problem."""
    sent = _sent(asked, laid, ways, chosen)
    answers = _answers(asked, sent, over_quota, Taken() if others is None else others)
    return Sourced(
        answers=answers,
        consignments=_consignments(asked, sent),
        cost=_cost(asked, laid, ways, chosen, bid_fen),
        bound_fen=chosen.bound_fen,
        optimal=chosen.bound_fen >= chosen.fen,
        bid_fen=bid_fen,
    )


def _sent(asked: Sourcing, laid: Laid, ways: Ways, chosen: Chosen) -> _Sent:
    """Return what is sent for each line, by line id."""
    sent: defaultdict[str, list[Dispatch]] = defaultdict(list)
    grid = laid.grid
    for number, piece in enumerate(laid.pieces):
        if (way := int(chosen.way[number])) == NOTHING:
            continue
        row = ways.rows[way]
        source = asked.sources[int(row["source"])]
        part = asked.parts[int(row["part"])]
        own = row["run"] == OWN
        run = None if own else grid.runs[int(row["run"])]
        line = piece.order.lines[piece.line]
        dispatch = Dispatch(
            line_id=line.id,
            order_id=piece.order.id,
            part_id=part.id,
            quantity=piece.quantity,
            source_id=source.id,
            mode=ShipMode.PICKUP if run is None else MODES[int(run["mode"])],
            ships_s=asked.now_s if run is None else int(run["ships"]),
            ready_p50_s=asked.now_s if run is None else int(run["ready_p50"]),
            ready_p90_s=asked.now_s if run is None else int(run["ready_p90"]),
            cost_fen=int(row["freight"]),
            below_floor=piece.quantity if row["below_floor"] else 0,
            bulky_fallback=bool(row["fallback"]),
        )
        sent[line.id].append(dispatch)
    return sent


def _consignments(asked: Sourcing, sent: _Sent) -> tuple[Consignment, ...]:
    parcels: defaultdict[tuple[str, str, ShipMode, int], list[str]] = defaultdict(list)
    for order in asked.orders:
        for line in order.lines:
            for dispatch in sent.get(line.id, ()):
                parcels[order.id, dispatch.source_id, dispatch.mode, dispatch.ships_s].append(line.id)
    return tuple(
        Consignment(
            order_id=order_id, source_id=source_id, mode=mode, ships_s=ships_s, line_ids=tuple(dict.fromkeys(lines))
        )
        for (order_id, source_id, mode, ships_s), lines in parcels.items()
    )


def _answers(asked: Sourcing, sent: _Sent, over_quota: frozenset[str], others: Taken) -> tuple[LineAnswer, ...]:
    """Return what the lines are told; what is sent in part is told as backordered until the rest comes."""
    dispatches = [one for order in asked.orders for line in order.lines for one in sent.get(line.id, ())]
    waiting = waiting_for_stock(asked.sources, dispatches, others)
    sources = {source.id: source for source in asked.sources}
    for order in asked.orders:
        others.add(order, (one for line in order.lines for one in sent.get(line.id, ())), sources)
    unsent = Unsent(Expecting(asked, others))
    answers = []
    for order in asked.orders:
        missing = {line.id: line.quantity - sum(one.quantity for one in sent.get(line.id, ())) for line in order.lines}
        used = frozenset(one.source_id for line in order.lines for one in sent.get(line.id, ()))
        expected = unsent.expecting.of_order(order, missing) if any(missing.values()) else {}
        for line in order.lines:
            coming = tuple(sent.get(line.id, ()))
            if missing[line.id] > 0:
                answers.append(unsent.answer(order, line, coming, missing, expected[line.id], used))
            else:
                answers.append(_answer(order, line, coming, over_quota, expected=any(one in waiting for one in coming)))
    for order in asked.orders:
        others.add(order, (one for line in order.lines for one in sent.get(line.id, ())), sources, times=-1)
    return tuple(answers)


def _answer(
    order: Order, line: OrderLine, dispatches: tuple[Dispatch, ...], over_quota: frozenset[str], *, expected: bool
) -> LineAnswer:
    """Return what a line is told that is sent whole; expected: with stock that is still to arrive."""
    p50_s = max(dispatch.ready_p50_s for dispatch in dispatches)
    p90_s = max(dispatch.ready_p90_s for dispatch in dispatches)
    places = "、".join(dict.fromkeys(dispatch.source_id for dispatch in dispatches))
    by = ", ".join(dict.fromkeys(f"{dispatch.mode} from {dispatch.source_id}" for dispatch in dispatches))
    answer, reason, reason_zh = (
        Answer.CONFIRMED,
        f"{by}, there by {time_text(p90_s)}",
        f"由{places}发出，{time_words(p90_s).zh}前到",
    )
    if any(dispatch.part_id != line.part_id for dispatch in dispatches):
        others = ", ".join(dict.fromkeys(dispatch.part_id for dispatch in dispatches))
        answer = Answer.SUBSTITUTED
        reason, reason_zh = (
            f"{reason}, as {others} instead of {line.part_id}",
            f"{reason_zh}，以{others}代替{line.part_id}",
        )
    if expected:
        answer = Answer.BACKORDERED
        reason, reason_zh = f"{reason}, once stock arrives", f"{reason_zh}（待到货）"
    if line.id in over_quota:
        answer = Answer.NEEDS_APPROVAL
        reason, reason_zh = f"over its quota; {reason} once approved", f"超出配额，待审批；批准后{reason_zh}"
    return LineAnswer(
        line_id=line.id,
        order_id=order.id,
        answer=answer,
        reason=reason,
        reason_zh=reason_zh,
        eta_p50_s=p50_s,
        eta_p90_s=p90_s,
        dispatches=dispatches,
    )


def _cost(
    asked: Sourcing, laid: Laid, ways: Ways, chosen: Chosen, bid_fen: Mapping[tuple[str, str], int]
) -> SourcingCost:
    """Return what the choice costs, item by item; the items add up to what was minimised."""
    charges, grid = asked.charges, laid.grid
    item: defaultdict[str, int] = defaultdict(int)
    for group in range(len(laid.groups)):
        o = grid.groups[group]
        taken = [int(way) for way in chosen.way[o["first"] : o["last"]]]
        rows = ways.rows[[way for way in taken if way != NOTHING]]
        if o["complete"] and len(rows) < len(taken):
            item["backorder"] += int(o["none_fen"])
            continue
        item["backorder"] += sum(
            int(grid.pieces["none_fen"][o["first"] + k]) for k, way in enumerate(taken) if way == NOTHING
        )
        item["lateness"] += int(rows["late"].max(initial=0) if o["complete"] else rows["late"].sum())
        item["consignments"] += charges.consignment_fen * len(
            {(int(row["source"]), int(row["parcel"])) for row in rows}
        )
        item["split"] += charges.split_fen * max(0, len({int(row["source"]) for row in rows}) - 1)
        for row in rows:
            source, part = asked.sources[int(row["source"])], asked.parts[int(row["part"])]
            wanted = grid.parts[grid.pieces[int(row["piece"])]["part_first"]]
            parts = {
                "freight": int(row["freight"]),
                "scarcity": int(row["quantity"]) * bid_fen.get((source.id, part.id), 0),
                "reserve": int(row["quantity"]) * charges.release_fen if row["below_floor"] else 0,
                "quota": int(row["quantity"]) * charges.over_quota_fen if laid.pieces[row["piece"]].over_quota else 0,
                "substitution": 0 if int(row["part"]) == wanted else charges.substitute_fen,
                "lateness": int(row["quantity"] * grid.pieces[int(row["piece"])]["in_time_fen"])
                if row["ready"] > o["needed_by"]
                else 0,
            }
            parts["proximity"] = int(row["fen"]) - sum(parts.values())
            for name, fen in parts.items():
                item[name] += fen
    return SourcingCost(**item)
