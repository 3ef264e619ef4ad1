"""By which modes parts may travel: fast to a customer who waits, by a vehicle of their own only as a fallback (W3)."""

from collections.abc import Collection, Iterable, Mapping

from optimizer.model import FAST_MODES, Lane, Part, ShipMode, SizeClass, Warehouse

__all__ = ["carrying_modes", "ever_has", "is_bulky", "is_fallback", "is_lawful_for_all", "lawful_modes"]

_OWN_VEHICLE = frozenset({ShipMode.DEDICATED})


def lawful_modes(carrying: Collection[ShipMode], *, waits: bool, bulky: bool) -> frozenset[ShipMode]:
    """Return by which of the modes that could carry something it may travel.

    waits: an urgent customer does: express or pickup; where neither carries it by a vehicle of its own, and where
    nothing does that by any other: both are told as fallbacks. Else only what is bulky, and what nothing else
    carries, goes by a vehicle of its own.
    """
    carrying = frozenset(carrying)
    if waits:
        return carrying & FAST_MODES or carrying & _OWN_VEHICLE or carrying
    return carrying if bulky else carrying - _OWN_VEHICLE or carrying


def is_fallback(mode: ShipMode, *, waits: bool) -> bool:
    """Tell whether what travels by a mode does so because no fast lane carries it, though a customer waits."""
    return waits and mode not in FAST_MODES


def is_lawful_for_all(mode: ShipMode, *, waits: bool, bulky: bool) -> bool:
    """Tell whether a mode is lawful whatever else could carry it, and so for outlets that may fetch by any lane."""
    return mode in lawful_modes(frozenset(ShipMode), waits=waits, bulky=bulky)


def carrying_modes(
    lanes: Iterable[Lane], warehouses: Mapping[str, Warehouse], part: Part, quantity: int, outlet_id: str | None
) -> frozenset[ShipMode]:
    """Return by which modes some open warehouse could ever bring so many units of a part to an outlet.

    lanes: to its centre, those that leave within the horizon. outlet_id: None for whoever may fetch nothing.
    """
    return frozenset(
        lane.mode
        for lane in lanes
        if part.size_class in lane.carries
        and lane.is_for(outlet_id)
        and lane.warehouse_id in warehouses
        and ever_has(warehouses[lane.warehouse_id], part.id, quantity)
    )


def ever_has(warehouse: Warehouse, part_id: str, quantity: int) -> bool:
    """Tell whether a warehouse is open and has so many units of a part, or will when what is on its way is there."""
    coming = sum(lot.quantity for lot in warehouse.inbound.get(part_id, ()))
    return warehouse.open and max(0, warehouse.stock.get(part_id, 0)) + coming >= quantity


def is_bulky(part: Part) -> bool:
    """Tell whether a part is of the size that may have a vehicle of its own."""
    return part.size_class is SizeClass.BULKY
