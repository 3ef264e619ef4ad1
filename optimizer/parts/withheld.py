"""Why a line of which enough is left is not sent all the same: nowhere together, too many sources, or the money."""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from optimizer.explanation import Sentence
from optimizer.model import ShipMode
from optimizer.parts.cutting import Cutting
from optimizer.parts.expecting import Expecting
from optimizer.parts.model import Order, OrderLine
from optimizer.parts.price import late_fen, left_fen
from optimizer.wording import SHIP_WORDS, clause, time_words, yuan

__all__ = ["withheld_words"]


class _Way(NamedTuple):
    """A line whole from one source by its next departure."""

    fen: int
    ready_s: int
    source_id: str
    part_id: str
    mode: ShipMode
    ships_s: int
    freight_fen: int


def withheld_words(
    expecting: Expecting,
    order: Order,
    line: OrderLine,
    missing: Mapping[str, int],
    used: frozenset[str],
    cutting: Cutting,
) -> Sentence:
    """Say what keeps a line from being sent, as far as one way of it by itself shows.

    used: the sources that the rest of the order comes from. cutting: as the line was cut, or not.
    """
    part_id, units = line.part_id, missing[line.id]
    if len(cutting.shares(order, line)) == 1:
        ways = sorted(_ways(expecting, order, line, units))
        if not ways:
            return clause(
                f"{part_id} is left, but no one source has {units} of it left above its reserve",
                f"{part_id}有余量，但没有一个库在安全库存之上尚有{units}件",
            )
        most = max(1, order.most_sources)
        if len(used) >= most and not any(way.source_id in used for way in ways):
            return _over_sources(ways[0], part_id, most)
        worth_fen = left_fen(expecting.asked, order, {line.id: units}, frozenset())
        if order.job_id is None and ways[0].fen >= worth_fen:
            return clause(
                f"{part_id} is left, but to send it costs {yuan(ways[0].fen)} yuan with its lateness, more than the "
                f"{yuan(worth_fen)} yuan that it is worth: {_way_words(ways[0]).en}",
                f"{part_id}有余量，但发送（含延误）需{yuan(ways[0].fen)}元，高于缺件代价{yuan(worth_fen)}元：{_way_words(ways[0]).zh}",
            )
    return clause(
        f"{part_id} is left, but to send it costs more than it is worth, or takes more sources, modes or "
        "places at a dock than there may be",
        f"{part_id}有余量，但发送代价高于缺件，或来源数、运输方式、月台容量不允许",
    )


def _over_sources(way: _Way, part_id: str, most: int) -> Sentence:
    en = "1 source" if most == 1 else f"{most} sources"
    said = _way_words(way)
    return clause(
        f"{part_id} is left, but not at the {en} that the order comes from, and it may have no more: {said.en}",
        f"{part_id}有余量，但该订单已由{most}个货源发出，不可再增加货源：{said.zh}",
    )


def _way_words(way: _Way) -> Sentence:
    mode, ships, ready = SHIP_WORDS[way.mode], time_words(way.ships_s), time_words(way.ready_s)
    fen = yuan(way.freight_fen)
    return clause(
        f"{way.source_id} could send it by {mode.en} at {ships.en}, there by {ready.en}, freight {fen} yuan",
        f"{way.source_id}可于{ships.zh}{mode.zh}发出，{ready.zh}前到，运费{fen}元",
    )


def _ways(expecting: Expecting, order: Order, line: OrderLine, units: int) -> Iterator[_Way]:
    """Yield each way in which a line could leave whole by a next departure, with what it costs by itself."""
    asked = expecting.asked
    for part_id, shelf, route in expecting.carrying(order, line):
        ships_s = route.departures_s[0]
        if expecting.left(order, part_id, shelf, route, ships_s) < units:
            continue
        ready_s = ships_s + route.transit_p90_s
        if order.latest_s is not None and ready_s > order.latest_s:
            continue
        freight_fen = route.freight_fen(units * expecting.parts[part_id].weight_g)
        fen = freight_fen + late_fen(asked, order, ready_s) + asked.charges.consignment_fen
        fen += 0 if part_id == line.part_id else asked.charges.substitute_fen
        yield _Way(fen, ready_s, route.source_id, part_id, route.mode, ships_s, freight_fen)
