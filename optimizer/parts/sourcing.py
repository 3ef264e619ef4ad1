"""Which source sends each order line, by which lane and departure: all open orders decided at once."""

import numpy as np

from optimizer.budget import Remaining
from optimizer.parts.answers import answered
from optimizer.parts.bid_prices import bid_prices
from optimizer.parts.choosing import Chosen, choose_bundles
from optimizer.parts.grid import NOTHING, Grid, lay_out
from optimizer.parts.model import Sourced, Sourcing
from optimizer.parts.quotas import over_quota
from optimizer.parts.ways import Ways, lay_ways, ways_between

__all__ = ["source"]

CROWDED = 0.5
"""A dock may run out if so much of it would be taken by everybody's cheapest ways."""


def source(asked: Sourcing, *, remaining: Remaining = lambda: None, gap: float = 0.0) -> Sourced:
    """Return an answer to every line, what it costs, and what is proven about it.

    Parameters
    ----------
    asked
        The problem.
    remaining
        Seconds left, asked now and then; None without a limit.
    gap
        How near to the bound is near enough, as a share of the cost.
    """
    over = over_quota(asked)
    bid_fen = bid_prices(asked) if asked.bid_fen is None else asked.bid_fen
    laid = lay_out(asked, over, bid_fen)
    ways, chosen = _decide(laid.grid, remaining, gap)
    return answered(asked, laid, ways, chosen, over, bid_fen)


def _decide(g: Grid, remaining: Remaining, gap: float) -> tuple[Ways, Chosen]:
    """Return the ways that were laid and what was chosen of them.

    Few docks ever run out of lines, and the ways are a tenth as many where these need not be told apart: those that
    everybody's cheapest ways would fill by half are, and others as soon as they run out.
    """
    docks = np.zeros(len(g.capacity), bool)
    docks[g.runs["dock"][g.runs["dock"] != NOTHING]] = True
    ways = lay_ways(g, np.zeros_like(docks))
    dock = ways.rows["dock"][ways.first[:-1][np.diff(ways.first) > 0]]
    crowded = docks & (np.bincount(dock[dock != NOTHING], minlength=len(docks)) > CROWDED * g.capacity)
    more, price = crowded, None
    while True:
        if more.any():
            ways = ways_between(g, crowded)
        chosen = choose_bundles(g, ways, remaining=remaining, gap=gap, roomy=docks & ~crowded, price=price)
        price = chosen.price
        more = chosen.short & docks & ~crowded
        if not more.any():
            return ways, chosen
        crowded |= more
