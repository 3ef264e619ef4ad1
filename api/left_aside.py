"""What of a day's parts an engine plans without, in a sentence for whoever chose it."""

from optimizer.model import Day
from optimizer.parts.supply import Supply
from optimizer.solve import Engine

__all__ = ["left_aside"]


def left_aside(day: Day, supply: Supply, engine: Engine) -> str | None:
    """Return what an engine left aside and why, None if nothing: the search plans with all that there is."""
    if engine is Engine.SEARCH:
        return None
    outlets = sum(any(shelf.free > 0 for shelf in shelves.values()) for shelves in supply.shelves.values())
    pickups = sum(lane.reach is not None for lane in day.lanes)
    left = [
        f"{count:,} {one if count == 1 else many}"
        for count, one, many in (
            (outlets, "outlet's own shelf", "outlets' own shelves"),
            (
                pickups,
                "pickup lane that only outlets within its reach may use",
                "pickup lanes that only outlets within their reach may use",
            ),
        )
        if count
    ]
    if not left:
        return None
    return (
        "OR-Tools' routing model knows one list of kits per job, whoever visits: left aside were "
        f"{' and '.join(left)}. --engine search plans with them."
    )
