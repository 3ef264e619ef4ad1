"""What a route costs: an exact fraction, rounded once, half up."""

import math
from collections.abc import Iterable

from optimizer.vrp.model import Vehicle

__all__ = ["cost_parts", "route_cost"]

HOUR_S, KM_M = 3_600, 1_000


def cost_parts(vehicles: Iterable[Vehicle]) -> int:
    """Return how many parts a unit of cost must have for every cost of these vehicles to be whole in parts."""
    parts = 1
    for vehicle in vehicles:
        for hourly in (vehicle.costs.per_hour, vehicle.costs.per_task_hour):
            parts = math.lcm(parts, HOUR_S // math.gcd(HOUR_S, hourly))
        parts = math.lcm(parts, KM_M // math.gcd(KM_M, vehicle.costs.per_km))
    return parts


def route_cost(
    vehicle: Vehicle, *, tasks: int, travel_s: int, work_s: int, metres: int, matrix_cost: int | None
) -> int:
    """Return the cost of a route.

    fixed (with a task) + travel hours · per_hour + kilometres · per_km + hours of setup and service · per_task_hour;
    matrix_cost, the sum of its legs in a costs matrix, stands for the second and third where there is one.
    """
    costs = vehicle.costs
    parts = costs.per_task_hour * work_s * KM_M
    if matrix_cost is None:
        parts += costs.per_hour * travel_s * KM_M + costs.per_km * metres * HOUR_S
    else:
        parts += matrix_cost * HOUR_S * KM_M
    whole = HOUR_S * KM_M
    return (costs.fixed if tasks else 0) + (2 * parts + whole) // (2 * whole)
