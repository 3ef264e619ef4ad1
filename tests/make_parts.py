"""Builders of tiny sourcing problems: everything has a default, so that a test says only what it is about.

By default it is 08:00; warehouse w1 has ten of p1, a standard lane leaves it for centre c1 at 16:00 every day and
takes 20 hours at most, and one job waits for one p1, due at midnight of the third day.
"""

from dataclasses import replace
from itertools import product
from random import Random
from typing import Any

from optimizer.model import Clock, ClockKind, CustomerClass, Part, ShipMode, SizeClass
from optimizer.parts import model
from tests.make import at, clock, part

__all__ = ["NOW_S", "answer", "asked", "line", "order", "random_problem", "route", "shelf", "source", "stock_order"]

NOW_S = clock("08:00")
SMALL = frozenset({SizeClass.SMALL, SizeClass.MEDIUM})


def shelf(free: int = 10, floor: int = 0, *inbound: tuple[int, int]) -> model.Shelf:
    """Make a shelf; inbound: (ready_s, units)."""
    return model.Shelf(
        free=free,
        floor=floor,
        inbound=tuple(model.Inbound(ready_s=ready_s, quantity=units) for ready_s, units in inbound),
    )


def source(id: str = "w1", **fields: Any) -> model.Source:
    """Make a warehouse 5 km east with ten of p1."""
    base = model.Source(id=id, kind=model.SourceKind.WAREHOUSE, position=at(5_000), shelves={"p1": shelf()})
    return replace(base, **fields)


def route(source_id: str = "w1", mode: ShipMode = ShipMode.STANDARD, **fields: Any) -> model.Route:
    """Make a lane to c1 that leaves at 16:00 on four days and takes ten hours, twenty at most."""
    base = model.Route(
        source_id=source_id,
        to_id="c1",
        mode=mode,
        departures_s=tuple(clock("16:00", day) for day in range(4)),
        transit_p50_s=36_000,
        transit_p90_s=72_000,
        cost_fen=1_000,
        cost_fen_per_kg=200,
        carries=SMALL,
    )
    return replace(base, **fields)


def line(id: str = "l1", part_id: str = "p1", quantity: int = 1, pinned: str | None = None) -> model.OrderLine:
    """Make an order line."""
    return model.OrderLine(id=id, part_id=part_id, quantity=quantity, pinned_source_id=pinned)


def order(*lines: model.OrderLine, id: str = "o1", **fields: Any) -> model.Order:
    """Make the order of a job whose customer waits."""
    base = model.Order(
        id=id,
        centre_id="c1",
        outlet_id="u1",
        position=at(),
        ordered_s=NOW_S,
        respond_by_s=clock("08:00", 1),
        lines=lines or (line(),),
        job_id=f"j-{id}",
        clocks=(Clock(kind=ClockKind.ARRIVAL, due_s=clock("24:00", 2)),),
        waiting=True,
    )
    return replace(base, **fields)


def stock_order(*lines: model.OrderLine, id: str = "s1", **fields: Any) -> model.Order:
    """Make an outlet's order of stock of its own: nobody waits."""
    return order(*lines, id=id, **({"job_id": None, "clocks": (), "waiting": False} | fields))


def asked(*orders: model.Order, **fields: Any) -> model.Sourcing:
    """Make a problem with parts p1 to p3, one source and one lane."""
    base = model.Sourcing(
        now_s=NOW_S,
        orders=orders or (order(),),
        parts=tuple(part(f"p{number}") for number in (1, 2, 3)),
        sources=(source(),),
        routes=(route(),),
        bid_fen={},
    )
    return replace(base, **fields)


def answer(sourced: model.Sourced, line_id: str = "l1") -> model.LineAnswer:
    """Return the answer to a line."""
    return next(answer for answer in sourced.answers if answer.line_id == line_id)


def random_problem(seed: int, *, orders: int = 4) -> model.Sourcing:
    """Draw a problem with every rule in it, far too little of everything; the same seed gives the same problem."""
    random = Random(f"{seed} {orders}")
    parts = tuple(
        Part(id=f"p{number}", size_class=random.choice(list(SizeClass)), weight_g=random.choice([0, 300, 7_100]))
        for number in (1, 2, 3)
    )
    sources = tuple(_source(random, f"w{number}") for number in (1, 2, 3))
    own = replace(sources[0], id="shop", kind=model.SourceKind.OUTLET, outlet_id="u1", dock_lines=None)
    routes = tuple(
        _route(random, source.id, mode) for source, mode in product(sources, ShipMode) if random.random() < 0.6
    )
    return asked(
        *(_order(random, number) for number in range(orders)),
        parts=parts,
        sources=(*sources, own),
        routes=tuple(_reaching(Random(f"{seed} {one.source_id} {one.mode}"), one) for one in routes),
        substitutes={"p1": ("p2",)} if random.random() < 0.5 else {},
        quotas=(model.Quota(outlet_id="u1", part_id="p1", left=random.randint(0, 2)),),
        bid_fen={("w1", "p1"): 300},
    )


def _source(random: Random, id: str) -> model.Source:
    return source(
        id,
        position=at(random.randrange(-900_000, 900_000, 1_000), random.randrange(-900_000, 900_000, 1_000)),
        shelves={
            f"p{number}": shelf(
                random.choice([0, 0, 1, 2, 3]),
                random.choice([0, 0, 1]),
                *([(clock(random.choice(["12:00", "16:00"]), random.choice([0, 1])), 1)] * random.choice([0, 0, 1])),
            )
            for number in (1, 2, 3)
        },
        dock_lines=random.choice([None, None, 1]),
        open=random.random() < 0.9,
    )


def _route(random: Random, source_id: str, mode: ShipMode) -> model.Route:
    hours = random.choice([3, 9, 30])
    return route(
        source_id,
        mode,
        departures_s=tuple(clock(random.choice(["09:00", "16:00"]), day) for day in range(random.choice([1, 3]))),
        transit_p50_s=hours * 3_000,
        transit_p90_s=hours * 3_600,
        cost_fen=random.choice([300, 1_000, 2_600]),
        cost_fen_per_kg=random.choice([0, 150]),
        carries=frozenset(random.sample(list(SizeClass), random.choice([2, 3]))),
    )


def _reaching(random: Random, route: model.Route) -> model.Route:
    """Return a lane, every other one by which parts are fetched with a reach."""
    reaches = [None, None, frozenset({"u1"}), frozenset({"u2"})]
    return replace(route, reach=random.choice(reaches)) if route.mode is ShipMode.PICKUP else route


def _order(random: Random, number: int) -> model.Order:
    lines = [
        line(
            f"l{number}-{k}",
            f"p{random.randint(1, 3)}",
            random.choice([1, 1, 2, 5]),
            random.choice([*[None] * 8, "w1"]),
        )
        for k in range(random.choice([1, 1, 2, 3]))
    ]
    fields: dict[str, Any] = {
        "id": f"o{number}",
        "position": at(random.randrange(0, 500_000, 1_000)),
        "ordered_s": NOW_S - random.randrange(0, 72_000, 600),
        "customer_class": random.choice(list(CustomerClass)),
        "urgent": random.random() < 0.3,
        "most_sources": random.choice([1, 2, 3]),
        "needed_by_s": random.choice([None, clock("20:00", 1)]),
        "outlet_id": random.choice(["u1", "u2", None]),
    }
    # Drawn beside, so that the rest of a seed's problem stays as it is.
    worth = Random(f"{fields['position']} {number}")
    valued = (replace(line, in_time_fen=worth.choice([0, 0, 700, 40_000])) for line in lines)
    return (order if random.random() < 0.7 else stock_order)(*valued, **fields)
