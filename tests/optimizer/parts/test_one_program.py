"""The whole chain against one program that is made of the checker's rules and prices alone: lines of several units."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from random import Random

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from optimizer.engines.mip import Program, Solver, choose
from optimizer.model import FAST_MODES, ShipMode
from optimizer.parts.check import broken_rules, faults
from optimizer.parts.grid import Piece, lay_out
from optimizer.parts.model import (
    Answer,
    Dispatch,
    LineAnswer,
    Order,
    Shelf,
    Source,
    Sourced,
    Sourcing,
    SourcingCost,
)
from optimizer.parts.price import late_fen, left_fen, lines_over_quota, price
from optimizer.parts.sourcing import source
from tests import make_parts as make

ROOM = 1 << 20


@settings(deadline=None, max_examples=12)
@given(st.integers(min_value=0, max_value=100_000), st.integers(min_value=2, max_value=9))
def test_no_rule_and_no_price_allows_anything_cheaper_than_what_is_proven(seed: int, orders: int) -> None:
    asked = of_several_units(seed, orders)
    sourced = source(asked)
    assert faults(asked, sourced) == []
    assert sourced.optimal
    assert sourced.cost.total == cheapest_fen(asked)


def of_several_units(seed: int, orders: int) -> Sourcing:
    """Make a problem whose lines ask for one to four units, of shelves with one to six and reserves of up to three."""
    random = Random(f"units {seed} {orders}")
    asked = make.random_problem(seed, orders=orders)
    return replace(
        asked,
        orders=tuple(
            replace(order, lines=tuple(replace(line, quantity=random.randint(1, 4)) for line in order.lines))
            for order in asked.orders
        ),
        sources=tuple(
            replace(one, shelves={part_id: _filled(random, shelf) for part_id, shelf in one.shelves.items()})
            for one in asked.sources
        ),
    )


def _filled(random: Random, shelf: Shelf) -> Shelf:
    coming = tuple(replace(lot, quantity=random.randint(1, 3)) for lot in shelf.inbound)
    return replace(shelf, free=random.choice([0, 1, 2, 3, 4, 6]), floor=random.choice([0, 0, 1, 2, 3]), inbound=coming)


@dataclass(slots=True)
class _Program:
    """A program in the making: variables, and limits by what they are of."""

    fen: list[float] = field(default_factory=list)
    whole: list[bool] = field(default_factory=list)
    limits: list[tuple[float, float, list[tuple[int, float]]]] = field(default_factory=list)

    def variable(self, fen: float, *, whole: bool = True) -> int:
        self.fen.append(fen)
        self.whole.append(whole)
        return len(self.fen) - 1

    def limit(self, least: float, most: float, *terms: tuple[int, float]) -> None:
        self.limits.append((least, most, list(terms)))

    def cheapest_fen(self) -> int:
        """Return what its best answer costs."""
        terms = [(row, *term) for row, (_, _, some) in enumerate(self.limits) for term in some]
        table = np.array(terms, float).reshape(-1, 3)
        program = Program(
            fen=np.array(self.fen, float),
            whole=np.array(self.whole, bool),
            least=np.array([least for least, _, _ in self.limits], float),
            most=np.array([most for _, most, _ in self.limits], float),
            row=table[:, 0].astype(np.int64),
            column=table[:, 1].astype(np.int64),
            amount=table[:, 2],
        )
        best = choose(program, seconds=None, solver=Solver.SCIP)
        assert best is not None
        return round(float(program.fen @ best.share))


def cheapest_fen(asked: Sourcing) -> int:
    """Return what the best answer costs that the checker has nothing against, lines cut as they are."""
    program = _Program()
    over = lines_over_quota(asked)
    pieces: defaultdict[str, list[Piece]] = defaultdict(list)
    for piece in lay_out(asked, over, {}).pieces:
        pieces[piece.order.id].append(piece)
    leaving: defaultdict[tuple[str, str], list[tuple[int, Dispatch]]] = defaultdict(list)
    docks: defaultdict[tuple[str, ShipMode, int], list[tuple[int, float]]] = defaultdict(list)
    sources = {one.id: one for one in asked.sources}
    for order in asked.orders:
        for variable, sent in _add(program, asked, order, pieces[order.id], over):
            leaving[sent.source_id, sent.part_id].append((variable, sent))
            if not sources[sent.source_id].lies_with(order):
                docks[sent.source_id, sent.mode, sent.ships_s].append((variable, 1.0))
    for (source_id, part_id), some in leaving.items():
        _limit_shelf(program, sources[source_id].shelves[part_id], some)
    for (source_id, _, _), terms in docks.items():
        if (most := sources[source_id].dock_lines) is not None:
            program.limit(-np.inf, most, *terms)
    return program.cheapest_fen()


def _add(
    program: _Program, asked: Sourcing, order: Order, pieces: list[Piece], over: frozenset[str]
) -> Iterator[tuple[int, Dispatch]]:
    """Add an order; yield what may be sent for it, with its variables."""
    kit = order.job_id is not None
    every = {line.id: line.quantity for line in order.lines}
    without = program.variable(left_fen(asked, order, every, over)) if kit else -1
    late = program.variable(1.0, whole=False)
    parcels: defaultdict[tuple[str, ShipMode, int], list[int]] = defaultdict(list)
    from_: defaultdict[str, list[int]] = defaultdict(list)
    for piece in pieces:
        line_id = order.lines[piece.line].id
        left = without if kit else program.variable(left_fen(asked, order, {line_id: piece.quantity}, over))
        choice = [(left, 1.0)]
        for sent, fen in possible(asked, order, piece, over):
            lateness = late_fen(asked, order, sent.ready_p90_s)
            variable = program.variable(fen + (0 if kit else lateness))
            choice.append((variable, 1.0))
            if kit:
                program.limit(0.0, np.inf, (late, 1.0), (variable, -float(lateness)))
            parcels[sent.source_id, sent.mode, sent.ships_s].append(variable)
            from_[sent.source_id].append(variable)
            yield variable, sent
        program.limit(1.0, 1.0, *choice)
    for some in parcels.values():
        _opens(program, asked.charges.consignment_fen, some)
    opened = [(_opens(program, 0, some), 1.0) for some in from_.values()]
    further = program.variable(asked.charges.split_fen, whole=False)
    program.limit(-np.inf, 1.0, (further, -1.0), *opened)
    program.limit(-np.inf, max(1, order.most_sources), *opened)


def _opens(program: _Program, fen: int, some: list[int]) -> int:
    opened = program.variable(fen)
    for variable in some:
        program.limit(0.0, np.inf, (opened, 1.0), (variable, -1.0))
    return opened


def possible(asked: Sourcing, order: Order, piece: Piece, over: frozenset[str]) -> Iterator[tuple[Dispatch, int]]:
    """Yield every dispatch that breaks no rule by itself, and what it costs but for parcel and lateness."""
    line = replace(order.lines[piece.line], quantity=piece.quantity)
    alone = replace(asked, orders=(replace(order, lines=(line,)),), quotas=())
    for one in asked.sources:
        for sent in _ways(alone, one):
            answer = LineAnswer(
                line_id=line.id,
                order_id=order.id,
                answer=Answer.CONFIRMED,
                reason="",
                reason_zh="",
                eta_p50_s=sent.ready_p50_s,
                eta_p90_s=sent.ready_p90_s,
                dispatches=(sent,),
            )
            answered = Sourced(
                answers=(answer,),
                consignments=(),
                cost=SourcingCost(),
                bound_fen=0,
                optimal=False,
                bid_fen=asked.bid_fen or {},
            )
            if not broken_rules(alone, answered):
                cost = price(alone, answered)
                fen = cost.total - late_fen(asked, order, sent.ready_p90_s) - cost.consignments
                yield sent, fen + (asked.charges.over_quota_fen * piece.quantity if line.id in over else 0)


def _ways(alone: Sourcing, one: Source) -> Iterator[Dispatch]:
    """Yield everything that a source could be asked to send for the only line there is, be it allowed or not."""
    (order,) = alone.orders
    (line,) = order.lines
    for part in alone.parts:
        if part.id not in one.shelves:
            continue
        now = Dispatch(
            line_id=line.id,
            order_id=order.id,
            part_id=part.id,
            quantity=line.quantity,
            source_id=one.id,
            mode=ShipMode.PICKUP,
            ships_s=alone.now_s,
            ready_p50_s=alone.now_s,
            ready_p90_s=alone.now_s,
            cost_fen=0,
        )
        by_lane = (
            replace(
                now,
                mode=route.mode,
                ships_s=ships_s,
                ready_p50_s=ships_s + route.transit_p50_s,
                ready_p90_s=ships_s + route.transit_p90_s,
                cost_fen=route.freight_fen(line.quantity * part.weight_g),
                bulky_fallback=order.urgent and order.waiting and route.mode not in FAST_MODES,
            )
            for route in alone.routes
            if route.source_id == one.id and route.to_id == order.centre_id
            for ships_s in route.departures_s
        )
        for sent in [now] if one.lies_with(order) else by_lane:
            for below in range(line.quantity + 1):
                yield replace(sent, below_floor=below)


def _limit_shelf(program: _Program, shelf: Shelf, some: list[tuple[int, Dispatch]]) -> None:
    """Say that by no departure has more left a shelf than was there, nor than its reserve allows."""
    for at_s in sorted({sent.ships_s for _, sent in some}):
        there = max(0, shelf.free) + sum(lot.quantity for lot in shelf.inbound if lot.ready_s <= at_s)
        gone = [(variable, sent) for variable, sent in some if sent.ships_s <= at_s]
        program.limit(-np.inf, there, *((variable, float(sent.quantity)) for variable, sent in gone))
        above = [(variable, float(sent.quantity - sent.below_floor)) for variable, sent in gone]
        program.limit(-np.inf, max(0, there - shelf.floor), *above)
