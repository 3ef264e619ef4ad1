"""Questions about parts that promise nothing: where so many units are free."""

import datetime as dt

from sqlalchemy.orm import Session

from api.parts_network import PartsNetwork
from api.store.parts_shelves import standings
from optimizer.parts.model import Order, OrderLine, Sourced, SourcingCost
from optimizer.parts.quoting import Availability, QuoteDesk

__all__ = ["NOTHING_PROMISED", "free_ways"]

NOTHING_PROMISED = Sourced(answers=(), consignments=(), cost=SourcingCost(), bound_fen=0, optimal=True)
"""What is promised is out of the shelves already."""


def free_ways(
    session: Session,
    network: PartsNetwork,
    part_id: str,
    centre_id: str,
    outlet_id: str | None,
    quantity: int,
    now: dt.datetime,
) -> tuple[tuple[Availability, ...], tuple[str, ...]]:
    """Return by source and mode the first departure by which so many units of a part could come.

    And, where no outlet is named, from where some outlets could fetch them besides.
    """
    centre = next(one for one in network.day.centres if one.id == centre_id)
    asks = Order(
        id="",
        centre_id=centre_id,
        outlet_id=outlet_id,
        position=centre.position,
        ordered_s=0,
        respond_by_s=0,
        lines=(OrderLine(id="", part_id=part_id, quantity=quantity),),
    )
    asked = network.asked([asks], standings(session, [part_id], now), now)
    desk = QuoteDesk(asked, NOTHING_PROMISED)
    ways = desk.availability(part_id, centre_id, outlet_id, quantity)
    return ways, desk.fetched_nearby(part_id, centre_id, quantity) if outlet_id is None else ()
