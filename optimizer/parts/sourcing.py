"""Which source sends each order line, by which lane and departure: all open orders decided at once."""

from optimizer.budget import Remaining
from optimizer.parts.answers import answered
from optimizer.parts.bid_prices import bid_prices
from optimizer.parts.choosing import choose_bundles
from optimizer.parts.grid import lay_out
from optimizer.parts.model import Sourced, Sourcing
from optimizer.parts.quotas import over_quota
from optimizer.parts.ways import lay_ways

__all__ = ["source"]


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
    ways = lay_ways(laid.grid)
    chosen = choose_bundles(laid.grid, ways, remaining=remaining, gap=gap)
    return answered(asked, laid, ways, chosen, over, bid_fen)
