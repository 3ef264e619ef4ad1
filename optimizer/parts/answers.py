"""The answers that a choice of ways amounts to: dispatches and parcels, what each line is told, the cost by item."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from optimizer.clock import time_text
from optimizer.model import ShipMode
from optimizer.parts.choosing import Chosen
from optimizer.parts.grid import MODES, NOTHING, Laid
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
from optimizer.parts.ways import OWN, Ways

__all__ = ["answered"]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Sent:
    """A piece on its way: the dispatch, the number of its way, and whether it waits for stock still to arrive."""

    dispatch: Dispatch
    way: int
    expected: bool


def answered(
    asked: Sourcing,
    laid: Laid,
    ways: Ways,
    chosen: Chosen,
    over_quota: frozenset[str],
    bid_fen: Mapping[tuple[str, str], int],
) -> Sourced:
    """Return what everybody is told."""
    sent = _sent(asked, laid, ways, chosen)
    answers = tuple(_answer(asked, order, line, sent, over_quota) for order in asked.orders for line in order.lines)
    return Sourced(
        answers=answers,
        consignments=_consignments(asked, sent),
        cost=_cost(asked, laid, ways, chosen, bid_fen),
        bound_fen=chosen.bound_fen,
        optimal=chosen.bound_fen >= chosen.fen,
        bid_fen=bid_fen,
    )


def _sent(asked: Sourcing, laid: Laid, ways: Ways, chosen: Chosen) -> Mapping[str, Sequence[_Sent]]:
    """Return what is sent for each line, by line id."""
    sent: defaultdict[str, list[_Sent]] = defaultdict(list)
    grid = laid.grid
    for number, piece in enumerate(laid.pieces):
        if (way := int(chosen.way[number])) == NOTHING:
            continue
        row = ways.rows[way]
        source = asked.sources[int(row["source"])]
        part = asked.parts[int(row["part"])]
        own = row["run"] == OWN
        run = None if own else grid.runs[int(row["run"])]
        shelf = grid.shelves[grid.shelf_of[int(row["source"]), int(row["part"])]]
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
        sent[line.id].append(_Sent(dispatch=dispatch, way=way, expected=bool(row["row"] > shelf["row"])))
    return sent


def _consignments(asked: Sourcing, sent: Mapping[str, Sequence[_Sent]]) -> tuple[Consignment, ...]:
    parcels: defaultdict[tuple[str, str, ShipMode, int], list[str]] = defaultdict(list)
    for order in asked.orders:
        for line in order.lines:
            for one in sent.get(line.id, ()):
                dispatch = one.dispatch
                parcels[order.id, dispatch.source_id, dispatch.mode, dispatch.ships_s].append(line.id)
    return tuple(
        Consignment(
            order_id=order_id, source_id=source_id, mode=mode, ships_s=ships_s, line_ids=tuple(dict.fromkeys(lines))
        )
        for (order_id, source_id, mode, ships_s), lines in parcels.items()
    )


def _answer(
    asked: Sourcing,
    order: Order,
    line: OrderLine,
    sent: Mapping[str, Sequence[_Sent]],
    over_quota: frozenset[str],
) -> LineAnswer:
    """Return what a line is told; what is sent in part is told as backordered until the rest comes."""
    parts = sent.get(line.id, ())
    dispatches = tuple(one.dispatch for one in parts)
    if sum(dispatch.quantity for dispatch in dispatches) < line.quantity:
        return _not_sent(asked, order, line, sent, dispatches)
    p50_s = max(dispatch.ready_p50_s for dispatch in dispatches)
    p90_s = max(dispatch.ready_p90_s for dispatch in dispatches)
    places = "、".join(dict.fromkeys(dispatch.source_id for dispatch in dispatches))
    by = ", ".join(dict.fromkeys(f"{dispatch.mode} from {dispatch.source_id}" for dispatch in dispatches))
    answer, reason, reason_zh = (
        Answer.CONFIRMED,
        f"{by}, there by {time_text(p90_s)}",
        f"由{places}发出，{time_text(p90_s)}前到",
    )
    if any(dispatch.part_id != line.part_id for dispatch in dispatches):
        others = ", ".join(dict.fromkeys(dispatch.part_id for dispatch in dispatches))
        answer = Answer.SUBSTITUTED
        reason, reason_zh = (
            f"{reason}, as {others} instead of {line.part_id}",
            f"{reason_zh}，以{others}代替{line.part_id}",
        )
    if any(one.expected for one in parts):
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


def _not_sent(
    asked: Sourcing,
    order: Order,
    line: OrderLine,
    sent: Mapping[str, Sequence[_Sent]],
    dispatches: tuple[Dispatch, ...],
) -> LineAnswer:
    """Return why a line is not sent, or not all of it, and when more of it is expected at its destination."""
    missing = [other for other in order.lines if not sent.get(other.id)]
    expected = _expected_s(asked, order, line)
    blamed = next((other for other in missing if other.id != line.id and _nowhere(asked, other)), None)
    if order.job_id is not None and blamed is not None and not _nowhere(asked, line):
        reason = f"waits for {blamed.part_id}, without which the kit is not complete"
        reason_zh = f"等待{blamed.part_id}，齐套后发出"
        expected = expected or _expected_s(asked, order, blamed)
    elif _nowhere(asked, line):
        reason, reason_zh = (
            f"no open source has {line.quantity} × {line.part_id}",
            f"各库均无{line.part_id}（需{line.quantity}件）",
        )
    else:
        reason = f"what there is of {line.part_id} is promised to orders that need it more, or cannot be carried here"
        reason_zh = f"{line.part_id}现有库存已分配给更急的订单，或无线路可到"
    if dispatches:
        coming = sum(dispatch.quantity for dispatch in dispatches)
        reason = f"{coming} of {line.quantity} are sent; {reason}"
        reason_zh = f"先发{coming}件（共{line.quantity}件）；{reason_zh}"
        expected = expected or max((some.ready_p50_s, some.ready_p90_s) for some in dispatches)
    elif expected is None:
        reason, reason_zh = f"{reason}, and none is expected", f"{reason_zh}，且无在途"
    else:
        reason, reason_zh = (
            f"{reason}; expected by {time_text(expected[1])}",
            f"{reason_zh}，预计{time_text(expected[1])}前到",
        )
    return LineAnswer(
        line_id=line.id,
        order_id=order.id,
        answer=Answer.DECLINED if expected is None else Answer.BACKORDERED,
        reason=reason,
        reason_zh=reason_zh,
        eta_p50_s=None if expected is None else expected[0],
        eta_p90_s=None if expected is None else expected[1],
        dispatches=dispatches,
    )


def _nowhere(asked: Sourcing, line: OrderLine) -> bool:
    """Say whether all open sources together have too few of a part, and of what would do instead."""
    wanted = {line.part_id, *asked.substitutes.get(line.part_id, ())}
    units = sum(
        max(0, shelf.free)
        for source in asked.sources
        if source.open
        for part, shelf in source.shelves.items()
        if part in wanted
    )
    return units < line.quantity


def _expected_s(asked: Sourcing, order: Order, line: OrderLine) -> tuple[int, int] | None:
    """Return when units now on their way to a source could be at the destination at the earliest: p50, p90."""
    arriving = [
        (source.id, inbound.ready_s)
        for source in asked.sources
        if source.open and line.part_id in source.shelves
        for inbound in source.shelves[line.part_id].inbound
    ]
    times = [
        (ships_s + route.transit_p50_s, ships_s + route.transit_p90_s)
        for source_id, ready_s in arriving
        for route in asked.routes
        if route.source_id == source_id and route.to_id == order.centre_id
        for ships_s in route.departures_s
        if ships_s >= ready_s
    ]
    return min(times, key=lambda time: time[1], default=None)


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
            }
            parts["proximity"] = int(row["fen"]) - sum(parts.values())
            for name, fen in parts.items():
                item[name] += fen
    return SourcingCost(**item)
