"""What a period's plan costs and what it breaks, in plain Python; nothing of the search is used."""

import math
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from optimizer.periodic.model import GRAINS, Customer, DayRoute, Periodic

__all__ = ["Judged", "judge"]

TOLERANCE = 1e-6
"""By so much a route may last too long: floats cannot tell."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """cost: length of all routes; grains: the same in thousandths, each way rounded. unserved: ids nobody comes to."""

    cost: float
    grains: int
    unserved: tuple[int, ...]
    breaches: tuple[str, ...]


def judge(periodic: Periodic, routes: Sequence[DayRoute]) -> Judged:
    """Return what the routes cost and every rule that they break."""
    customers = {customer.id: customer for customer in periodic.customers}
    breaches: list[str] = []
    ways: list[float] = []
    days: dict[int, list[int]] = defaultdict(list)
    for route in routes:
        stops = [customers[identity] for identity in route.customers]
        places = [periodic.depot, *(stop.place for stop in stops), periodic.depot]
        driven = [math.dist(a, b) for a, b in pairwise(places)]
        breaches += _of_route(periodic, route, stops, sum(driven))
        ways += driven
        for stop in stops:
            days[stop.id].append(route.day)
    for day, count in sorted(Counter(route.day for route in routes).items()):
        if count > periodic.vehicles:
            breaches.append(f"day {day}: {count} vehicles of {periodic.vehicles}")
    for identity, visited in sorted(days.items()):
        if tuple(sorted(visited)) not in {tuple(sorted(some)) for some in customers[identity].combinations}:
            breaches.append(f"customer {identity}: days {sorted(visited)} are none of its combinations")
    return Judged(
        cost=math.fsum(ways),
        grains=sum(round(way * GRAINS) for way in ways),
        unserved=tuple(customer.id for customer in periodic.customers if customer.id not in days),
        breaches=tuple(breaches),
    )


def _of_route(periodic: Periodic, route: DayRoute, stops: Sequence[Customer], driven: float) -> list[str]:
    """Return what one route breaks."""
    fleet = periodic.days[route.day]
    load = sum(stop.demand for stop in stops)
    lasts = driven + sum(stop.service for stop in stops)
    breaches = []
    if load > fleet.capacity:
        breaches.append(f"day {route.day}: load {load} over {fleet.capacity}")
    if fleet.longest is not None and lasts > fleet.longest + TOLERANCE:
        breaches.append(f"day {route.day}: {lasts:g} long, {fleet.longest:g} at most")
    return breaches
