"""A route whose order is given gets its times, its cost, and every constraint it breaks; no search code in here.

docs/solve.md says what the rules mean.
"""

from collections.abc import Mapping, Sequence
from itertools import zip_longest

from optimizer.vrp.cost import route_cost
from optimizer.vrp.least_late import RouteTooLarge, TiedTimesClash
from optimizer.vrp.model import Amounts, Routing, Task, Vehicle
from optimizer.vrp.order import Visit, in_order
from optimizer.vrp.plan import Breach, Cause, StepKind, TimedRoute, TimedStep, WantedStep
from optimizer.vrp.times import earliest_times, route_times

__all__ = ["RouteTooLarge", "TiedTimesClash", "evaluate", "keeps_windows"]


def evaluate(
    routing: Routing, vehicle: Vehicle, wanted: Sequence[WantedStep], tasks: Mapping[int, Task] | None = None
) -> TimedRoute:
    """Choose the times of a route and report every breach; tasks: those of the routing by id, where many routes ask.

    Times: windows missed by as few seconds as can be in all, then the earliest end, then the latest start (the least
    waiting), then every step as early as it goes. Nothing begins before 0.

    Raises
    ------
    TiedTimesClash
        The times that steps are tied to leave no room for what lies between them.
    RouteTooLarge
        The route cannot keep its windows, and has too many of them for the least delay to be worked out.
    """
    if tasks is None:
        ids = {step.id for step in wanted}
        tasks = {task.id: task for task in routing.tasks if task.id in ids}
    visits = in_order(routing, vehicle, wanted, tasks)
    times = route_times(visits)
    served = [visit.task for visit in visits if visit.task is not None]
    steps = _steps(vehicle, visits, times, _capacity(routing, vehicle, served))
    whole = _whole_route(vehicle, visits, served)
    # A route without a place to start from or to end at still begins and ends inside the working hours, and begins
    # with all its deliveries on board. What it ends with, its last step has told.
    placeless = [row for row in (0, len(visits) - 1) if visits[row].place is None]
    for row in placeless:
        whole += [breach for breach in steps[row].breaches if row == 0 or breach.cause is not Cause.LOAD]
    shown = tuple(step for row, step in enumerate(steps) if row not in placeless)
    work_s = sum(visit.work_s for visit in visits if visit.task is not None)
    has_costs = routing.matrices[vehicle.profile].costs is not None
    return TimedRoute(
        vehicle_id=vehicle.id,
        steps=shown,
        cost=route_cost(
            vehicle,
            tasks=len(served),
            travel_s=steps[-1].travel_s,
            work_s=work_s,
            metres=steps[-1].travel_m,
            matrix_cost=sum(visit.way_cost for visit in visits) if has_costs else None,
        ),
        priority=sum(task.priority for task in served),
        breaches=(*whole, *(breach for step in shown for breach in step.breaches)),
    )


def keeps_windows(routing: Routing, vehicle: Vehicle, wanted: Sequence[WantedStep], tasks: Mapping[int, Task]) -> bool:
    """Return whether the steps have times in all their windows."""
    return earliest_times(in_order(routing, vehicle, wanted, tasks)) is not None


def _capacity(routing: Routing, vehicle: Vehicle, served: Sequence[Task]) -> Amounts | None:
    """Return what a vehicle can carry: nothing when it names no capacity beside others that do, None for anything."""
    if vehicle.capacity is not None or not any(any(task.delivery + task.pickup) for task in served):
        return vehicle.capacity
    return () if any(other.capacity is not None for other in routing.vehicles) else None


def _steps(
    vehicle: Vehicle, visits: Sequence[Visit], times: Sequence[int], capacity: Amounts | None
) -> list[TimedStep]:
    """Return the steps; a way that a break interrupts is driven as early as it can be."""
    load = _added(*(visit.task.delivery for visit in visits if visit.task is not None))
    steps: list[TimedStep] = []
    ways = _ways_ahead(visits)
    free_s, driven_s, driven_m, left_s, left_m = times[0], 0, 0, 0, 0
    for visit, time_s, (way_s, way_m) in zip(visits, times, ways, strict=True):
        if way_s is not None and way_m is not None:
            left_s, left_m = way_s, way_m
        go_s = min(left_s, time_s - free_s) if visit.kind is StepKind.BREAK else left_s
        go_m = left_m * go_s // left_s if go_s < left_s else left_m
        # The metres of a way belong to its last piece when a break comes before any driving.
        go_m = 0 if visit.kind is StepKind.BREAK and go_s == 0 else go_m
        driven_s, driven_m, left_s, left_m = driven_s + go_s, driven_m + go_m, left_s - go_s, left_m - go_m
        if visit.task is not None:
            load = _added(load, visit.task.pickup, tuple(-amount for amount in visit.task.delivery))
        steps.append(
            TimedStep(
                kind=visit.kind,
                id=visit.id,
                place=visit.place,
                arrival_s=free_s + go_s,
                waiting_s=time_s - free_s - go_s,
                setup_s=visit.setup_s,
                service_s=visit.service_s,
                travel_s=driven_s,
                travel_m=driven_m,
                load=load,
                breaches=_of_step(vehicle, visit, time_s, capacity is not None and _is_over(load, capacity)),
            )
        )
        free_s = time_s + visit.work_s
    return steps


def _ways_ahead(visits: Sequence[Visit]) -> list[tuple[int, int] | tuple[None, None]]:
    """Return the way that begins before each visit, None where it has begun before: breaks interrupt it."""
    ways: list[tuple[int, int] | tuple[None, None]] = []
    begins = True
    for row, visit in enumerate(visits):
        following = next(later for later in visits[row:] if later.kind is not StepKind.BREAK)
        ways.append((following.way_s, following.way_m) if begins else (None, None))
        begins = visit.kind is not StepKind.BREAK
    return ways


def _of_step(vehicle: Vehicle, visit: Visit, time_s: int, is_overloaded: bool) -> tuple[Breach, ...]:
    breaches = _of_time(visit, time_s)
    if is_overloaded:
        breaches.append(Breach(cause=Cause.LOAD))
    if visit.task is not None and not visit.task.skills <= vehicle.skills:
        breaches.append(Breach(cause=Cause.SKILLS))
    return tuple(breaches)


def _of_time(visit: Visit, time_s: int) -> list[Breach]:
    off_s = visit.off_by_s(time_s)
    if off_s == 0:
        return []
    return [Breach(cause=Cause.DELAY if off_s > 0 else Cause.LEAD_TIME, duration_s=abs(off_s))]


def _whole_route(vehicle: Vehicle, visits: Sequence[Visit], served: Sequence[Task]) -> list[Breach]:
    """Return what the route as a whole breaks."""
    breaches: list[Breach] = []
    if len(served) > vehicle.max_tasks:
        breaches.append(Breach(cause=Cause.MAX_TASKS))
    if sum(visit.way_s for visit in visits) > vehicle.max_travel_s:
        breaches.append(Breach(cause=Cause.MAX_TRAVEL_TIME))
    if sum(visit.way_m for visit in visits) > vehicle.max_distance_m:
        breaches.append(Breach(cause=Cause.MAX_DISTANCE))
    taken = {visit.id for visit in visits if visit.kind is StepKind.BREAK}
    missing = [pause for pause in vehicle.pauses if pause.id not in taken]
    return breaches + [Breach(cause=Cause.MISSING_BREAK) for _ in missing]


def _added(*amounts: Amounts) -> Amounts:
    return tuple(sum(figures) for figures in zip_longest(*amounts, fillvalue=0))


def _is_over(load: Amounts, capacity: Amounts) -> bool:
    return any(amount > most for amount, most in zip_longest(load, capacity, fillvalue=0))
