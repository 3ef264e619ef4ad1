"""What the order of a tour's spare parts is called; the ledger of parts keeps it by the same name."""

__all__ = ["SPARES", "spares_order", "tour_of_spares"]

SPARES = "spares@"


def spares_order(tour_id: str) -> str:
    """Return the id of the order of a tour's spare parts."""
    return f"{SPARES}{tour_id}"


def tour_of_spares(order_id: str) -> tuple[str, str]:
    """Return the crew of such an order and the date, as text, on which its tour leaves."""
    crew_id, _, date = order_id.removeprefix(SPARES).rpartition("@")
    return crew_id, date
