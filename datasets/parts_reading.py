"""Reads a folder of answers to order lines back, as far as they can be judged; all faults at once."""

import datetime as dt
import json
from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path

from datasets.another_folder import Own, of_another_folder
from datasets.faults import Fault, FaultList, PlanRefused
from datasets.keys import Keys, boolean, from_text, nullable, one_of, text, text_or_empty, whole_number
from datasets.parts_folder import PARTS_FORMAT, SOURCING_FILE
from datasets.table import read_text
from datasets.times import instant_of, instant_text, midnight_of
from optimizer.model import ShipMode
from optimizer.parts.model import Answer, Consignment, Dispatch, LineAnswer, Sourced, Sourcing, SourcingCost

__all__ = ["read_parts"]

MOST = 1 << 50
COUNT = whole_number(0, MOST)
NO_LINES: tuple[str, ...] = ()
FEN = whole_number(-MOST, MOST)
ALLOWED = "JSON as `paigong parts source` writes it"


def read_parts(out: Path, date: dt.date, asked: Sourcing) -> Sourced:
    """Read the answers to what was asked on a date.

    Raises
    ------
    PlanRefused
        With every fault of sourcing.json, or with one where it is about another day or other orders.
    """
    faults = FaultList()
    content = read_text(out / SOURCING_FILE, faults)
    values: object = None
    if content is not None:
        try:
            values = json.loads(content)
        except (ValueError, RecursionError) as error:
            faults.add(SOURCING_FILE, getattr(error, "lineno", None), "", error, ALLOWED)
    if not faults.faults and not isinstance(values, dict):
        faults.add(SOURCING_FILE, None, "", type(values).__name__, ALLOWED)
    foreign = _foreign(values, date, asked) if isinstance(values, dict) else None
    if foreign is not None:
        raise PlanRefused([foreign])
    found = _Reader(date, faults).answers(values) if isinstance(values, dict) else None
    if faults.faults or found is None:
        raise PlanRefused(faults.faults)
    return found


def _foreign(values: Mapping[str, object], date: dt.date, asked: Sourcing) -> Fault | None:
    """Return what says that the answers are those to another folder: its date, its moment, or most of its lines."""
    answers = values.get("answers")
    some = [one.get("order_line_id") for one in answers if isinstance(one, dict)] if isinstance(answers, list) else []
    own = Own(
        written={
            "date": (date.isoformat(), dt.date.fromisoformat),
            "now": (instant_text(date, asked.now_s), instant_of),
        },
        things="lines",
        ids={line.id for order in asked.orders for line in order.lines},
        key="answers",
        else_="these answers are those to another folder",
    )
    return of_another_folder(SOURCING_FILE, values, {line for line in some if isinstance(line, str)}, own)


class _Reader:
    """Takes the parts of one document, noting faults."""

    def __init__(self, date: dt.date, faults: FaultList) -> None:
        self._date, self._faults = date, faults

    def answers(self, values: Mapping[str, object]) -> Sourced:
        keys = Keys(values, SOURCING_FILE, "", self._faults)
        keys.need("format", one_of(PARTS_FORMAT), "")
        keys.need("date", one_of(self._date.isoformat()), "")
        keys.need("now", from_text(instant_of), 0)
        costs = keys.table("cost_fen")
        cost = SourcingCost(**{item.name: costs.need(item.name, FEN, 0) for item in fields(SourcingCost)})
        if costs.need("total", FEN, cost.total) != cost.total:
            costs.refuse("total", costs.values["total"], f"the sum of the others, {cost.total}")
        costs.close()
        bids = {}
        for bid in keys.tables("bids", required=True):
            place = bid.need("source_id", text, ""), bid.need("part_id", text, "")
            bids[place] = bid.need("fen", COUNT, 0)
            bid.close()
        found = Sourced(
            answers=tuple(self._answer(answer) for answer in keys.tables("answers", required=True)),
            consignments=tuple(self._parcel(parcel) for parcel in keys.tables("consignments", required=True)),
            cost=cost,
            bound_fen=keys.need("bound_fen", FEN, 0),
            optimal=keys.need("optimal", boolean, False),
            bid_fen=bids,
        )
        for told in ("transfers", "returns"):
            for _ in keys.tables(told):
                pass
        keys.close()
        return found

    def _answer(self, keys: Keys) -> LineAnswer:
        line_id, order_id = keys.need("order_line_id", text, ""), keys.need("order_id", text, "")
        found = LineAnswer(
            line_id=line_id,
            order_id=order_id,
            answer=Answer(keys.need("answer", one_of(*Answer), str(Answer.DECLINED))),
            reason=keys.need("reason", text_or_empty, ""),
            reason_zh=keys.need("reason_zh", text_or_empty, ""),
            eta_p50_s=self._moment_or_none(keys, "eta_p50"),
            eta_p90_s=self._moment_or_none(keys, "eta_p90"),
            dispatches=tuple(
                self._dispatch(piece, line_id, order_id) for piece in keys.tables("dispatches", required=True)
            ),
        )
        # What is said beside the answer is not judged.
        keys.taken |= {"job_id", "respond_by", "next_best", "nearest", "helps", "risk"}
        keys.close()
        return found

    def _dispatch(self, keys: Keys, line_id: str, order_id: str) -> Dispatch:
        found = Dispatch(
            line_id=line_id,
            order_id=order_id,
            part_id=keys.need("part_id", text, ""),
            quantity=keys.need("quantity", COUNT, 0),
            source_id=keys.need("source_id", text, ""),
            mode=ShipMode(keys.need("mode", one_of(*ShipMode), str(ShipMode.STANDARD))),
            ships_s=self._moment(keys, "ships"),
            ready_p50_s=self._moment(keys, "ready_p50"),
            ready_p90_s=self._moment(keys, "ready_p90"),
            cost_fen=keys.need("cost_fen", COUNT, 0),
            below_floor=keys.need("below_floor", COUNT, 0),
            bulky_fallback=keys.need("bulky_fallback", boolean, False),
        )
        keys.close()
        return found

    def _parcel(self, keys: Keys) -> Consignment:
        lines = keys.need("order_line_ids", _texts, NO_LINES)
        found = Consignment(
            order_id=keys.need("order_id", text, ""),
            source_id=keys.need("source_id", text, ""),
            mode=ShipMode(keys.need("mode", one_of(*ShipMode), str(ShipMode.STANDARD))),
            ships_s=self._moment(keys, "ships"),
            line_ids=lines,
        )
        keys.close()
        return found

    def _moment(self, keys: Keys, key: str) -> int:
        midnight = midnight_of(self._date)
        return keys.need(key, from_text(instant_of), midnight) - midnight

    def _moment_or_none(self, keys: Keys, key: str) -> int | None:
        moment = keys.need(key, nullable(from_text(instant_of)), None)
        return None if moment is None else moment - midnight_of(self._date)


def _texts(value: object) -> tuple[str, ...]:
    if not isinstance(value, list):
        return (text(value),)
    return tuple(text(item) for item in value)
