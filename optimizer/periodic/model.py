"""A periodic vehicle routing problem: who is visited on which combination of days, by vehicles that are alike.

The words are those of the periodic VRP (Beltrami and Bodin 1974; Cordeau, Gendreau and Laporte 1997).
"""

from dataclasses import dataclass

__all__ = ["GRAINS", "Customer", "DayFleet", "DayRoute", "PeriodPlan", "Periodic"]

GRAINS = 1_000
"""Distances are counted in thousandths, rounded; ways count as rounded up where a day's duration is limited."""

Place = tuple[float, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Customer:
    """Somebody who wants the same at every visit. combinations: sets of days, each rising, one of which is kept."""

    id: int
    place: Place
    service: float
    demand: int
    combinations: tuple[tuple[int, ...], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class DayFleet:
    """What each vehicle may do on a day: how much it carries, and how long driving and service take, None for any."""

    capacity: int
    longest: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Periodic:
    """A whole problem; so many vehicles on every day, all from one depot. Days are numbered from 0."""

    depot: Place
    vehicles: int
    days: tuple[DayFleet, ...]
    customers: tuple[Customer, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class DayRoute:
    """Where one vehicle goes on a day: ids of customers in order."""

    day: int
    customers: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PeriodPlan:
    """Routes of a period, ids of the customers that none of them serves, and the search's own sum in thousandths."""

    routes: tuple[DayRoute, ...]
    unserved: tuple[int, ...]
    grains: int
