"""Builders of tiny periodic problems: the depot at (0, 0), everything has a default."""

from typing import Any

from optimizer.periodic.model import Customer, DayFleet, Periodic

__all__ = ["customer", "periodic"]


def customer(id: int, x: float, y: float = 0.0, *combinations: tuple[int, ...], **changed: Any) -> Customer:
    """Return somebody who wants 1 on day 0 unless other combinations are given."""
    wants = {"service": 0.0, "demand": 1, "combinations": combinations or ((0,),), **changed}
    return Customer(id=id, place=(x, y), **wants)


def periodic(
    *customers: Customer, days: int = 2, vehicles: int = 1, capacity: int = 10, longest: float | None = None
) -> Periodic:
    fleet = DayFleet(capacity=capacity, longest=longest)
    return Periodic(depot=(0.0, 0.0), vehicles=vehicles, days=(fleet,) * days, customers=customers)
