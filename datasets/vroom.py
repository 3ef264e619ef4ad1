"""VROOM's problem format for jobs: a JSON document becomes a `Routing`, or is refused with every fault in it.

docs/solve.md says what is supported, and what is refused by name.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from datasets.vroom_faults import ProblemFaults, Words
from datasets.vroom_ground import Ground, read_tables
from datasets.vroom_json import read_tree, take_bytes
from datasets.vroom_keys import SHIPMENTS, JobKeys, PlaceKeys, VehicleKeys, read_jobs, read_vehicles
from datasets.vroom_values import JsonObject, Span
from geo.anywhere import AnywhereTravel
from optimizer.travel import TravelTimes
from optimizer.vrp.cost import cost_parts
from optimizer.vrp.model import MOST_S, Amounts, Routing, Task, Vehicle
from optimizer.vrp.plan import WantedStep

__all__ = ["MOST_COST_PARTS", "Echo", "TravelName", "VroomProblem", "read_vroom"]

MOST_LEGS = 150_000_000
MOST_PAIRS = 50_000_000
"""A search holds some 25 bytes for each leg and for each pair of job and vehicle: four gigabytes at most."""
MOST_COST_PARTS = 1 << 61
"""The dearest solution there could be, in the parts of `cost_parts`: sums of costs are exact in 64 bits."""

PROBLEM_KEYS = ("jobs", "shipments", "vehicles", "matrices", "matrix", "options")
OPTIONS = {
    "g": "routes have no geometry; leave it out, or say false",
    "c": "say --evaluate",
    "t": "leave it out",
    "x": "say --seconds",
    "l": "say --seconds",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Echo:
    """What an answer repeats of the question: the words and the place, as they were given."""

    description: str | None = None
    location: tuple[float, float] | None = None
    location_index: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TravelName:
    """Whose travel times were used where no matrix was given."""

    provider: str
    is_estimate: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class VroomProblem:
    """A problem and what its answer repeats, by id; wanted: the steps of vehicles; pauses: by vehicle and break."""

    routing: Routing
    wanted: Mapping[int, tuple[WantedStep, ...]]
    jobs: Mapping[int, Echo]
    vehicles: Mapping[int, Echo]
    starts: Mapping[int, Echo]
    ends: Mapping[int, Echo]
    pauses: Mapping[tuple[int, int], Echo]
    travel: TravelName | None


def read_vroom(source: bytes | Path | BinaryIO, travel: TravelTimes | None = None) -> VroomProblem:
    """Read a problem, plain or gzipped; travel: who knows the ways that no matrix gives (default: an estimate).

    Raises
    ------
    ProblemRefused
        The document is not a problem that can be solved; every fault is counted, the first are named.
    OSError
        The file cannot be read.
    """
    faults, span = ProblemFaults(), Span()
    tree = read_tree(take_bytes(source), faults)
    problem = JsonObject.of(tree, "", faults, span, known=PROBLEM_KEYS)
    if not isinstance(tree, dict):
        faults.refuse_any()
    _refuse_others(problem)
    jobs = read_jobs(problem)
    vehicles = read_vehicles(problem, frozenset(job.id for job in jobs if job.id is not None))
    ground = Ground.of(read_tables(problem), faults)
    places = _Places(ground, jobs, vehicles)
    size = _amounts(jobs, vehicles, faults)
    if span.times and span.times[1][0] - span.times[0][0] > MOST_S:
        (earliest, first), (latest, last) = span.times
        words = Words(f"{latest}, while {first} says {earliest}")
        faults.add(last, words, f"all times (of windows: their starts) within {MOST_S} s of each other")
    travel = travel or AnywhereTravel()
    if faults.count == 0:
        matrices = ground.matrices(vehicles, travel)
        _refuse_costs(vehicles, ground, faults)
    faults.refuse_any()
    routing = Routing(
        vehicles=tuple(_vehicle(vehicle, places, size) for vehicle in vehicles),
        tasks=tuple(_task(job, places, size) for job in jobs),
        matrices=matrices,
    )
    _refuse_inexact(routing, faults)
    _refuse_huge(routing, faults)
    faults.refuse_any()
    estimated = TravelName(provider=travel.name, is_estimate=travel.is_estimate) if ground.used_estimate else None
    return _with_echo(routing, jobs, vehicles, estimated)


def _refuse_others(problem: JsonObject) -> None:
    """Refuse by name what VROOM takes and Paigong does not."""
    for key in ("jobs", "vehicles"):
        if key not in problem:
            problem.faults.add(key, Words("missing"), f"an array of {key}")
    if problem.members.get("vehicles") == []:
        problem.faults.add("vehicles", [], "at least one vehicle")
    shipments: Any = problem.members.get("shipments", [])
    if shipments != []:
        problem.faults.add("shipments", shipments, f"not supported; {SHIPMENTS}")
    options = problem.inside("options", None)
    for key, value in options.members.items() if options is not None else ():
        if (key, value) != ("g", False):
            instead = OPTIONS.get(key, "routing servers and their settings are not asked; give matrices")
            problem.faults.add(f"options.{key}", value, f"not supported; {instead}")


class _Places:
    """The place numbers of jobs, starts and ends, by the path of the key."""

    def __init__(self, ground: Ground, jobs: Sequence[JobKeys], vehicles: Sequence[VehicleKeys]) -> None:
        named = [end for vehicle in vehicles for end in (vehicle.start, vehicle.end) if end is not None]
        named += [job.place for job in jobs]
        self._numbers = {keys.location_at: ground.place(keys) for keys in named}

    def __call__(self, keys: PlaceKeys | None) -> int | None:
        return None if keys is None else self._numbers[keys.location_at]


def _amounts(jobs: Sequence[JobKeys], vehicles: Sequence[VehicleKeys], faults: ProblemFaults) -> int:
    """Return how many figures an amount has: as many as the capacities, the same everywhere."""
    capacities = [
        (f"{vehicle.where}.capacity", vehicle.capacity) for vehicle in vehicles if vehicle.capacity is not None
    ]
    size = len(capacities[0][1]) if capacities else 0
    allowed = f"{size} figures, as in {capacities[0][0]}" if capacities else "no amounts, for no vehicle has a capacity"
    found: list[tuple[str, Amounts]] = list(capacities)
    for job in jobs:
        found += [(f"{job.where}.delivery", job.delivery), (f"{job.where}.pickup", job.pickup)]
    for where, amounts in found:
        wrong_beside = any(fault.where.startswith(f"{where}[") for fault in faults.first)
        if len(amounts) not in ((size,) if where.endswith("capacity") else (0, size)) and not wrong_beside:
            faults.add(where, Words(f"{len(amounts)} figures"), allowed)
    return size


def _refuse_costs(vehicles: Sequence[VehicleKeys], ground: Ground, faults: ProblemFaults) -> None:
    """Refuse costs per hour or kilometre beside a matrix that has the costs of travel already."""
    for vehicle in vehicles:
        if "costs" not in (ground.tables or {}).get(vehicle.profile, {}):
            continue
        allowed = f"the default, for matrices.{vehicle.profile}.costs has the costs of travel"
        if vehicle.costs.per_hour != 3_600:
            faults.add(f"{vehicle.where}.costs.per_hour", vehicle.costs.per_hour, allowed)
        if vehicle.costs.per_km != 0:
            faults.add(f"{vehicle.where}.costs.per_km", vehicle.costs.per_km, allowed)


def _refuse_huge(routing: Routing, faults: ProblemFaults) -> None:
    """Refuse what would not fit into memory: legs between all jobs for each way of travel, jobs beside vehicles."""
    tasks, vehicles = len(routing.tasks), len(routing.vehicles)
    ways = len({(v.profile, v.speed_percent, v.costs.per_hour, v.costs.per_km, v.type) for v in routing.vehicles})
    points = tasks + len({place for v in routing.vehicles for place in (v.start, v.end)})
    if ways * points * points > MOST_LEGS:
        words = Words(f"{tasks} jobs and {ways} kinds of vehicle by profile, speed, costs and type")
        faults.add("jobs", words, f"kinds × jobs × jobs up to {MOST_LEGS}; cut the problem into parts")
    if tasks * vehicles > MOST_PAIRS:
        words = Words(f"{tasks} jobs and {vehicles} vehicles")
        faults.add("jobs", words, f"jobs × vehicles up to {MOST_PAIRS}; cut the problem into parts")


def _refuse_inexact(routing: Routing, faults: ProblemFaults) -> None:
    """Refuse what could outgrow 64 bits: travel slowed down too far, and costs that may not add up exactly."""
    longest = {profile: int(matrices.seconds.max(initial=0)) for profile, matrices in routing.matrices.items()}
    for row, vehicle in enumerate(routing.vehicles):
        if longest[vehicle.profile] * 100 > MOST_S * vehicle.speed_percent:
            words = Words(f"{vehicle.speed_percent / 100} where a leg takes {longest[vehicle.profile]} s")
            faults.add(f"vehicles[{row}].speed_factor", words, f"no leg longer than {MOST_S} s")
    legs = len(routing.tasks) + len(routing.vehicles)
    work_s = sum(
        max((task.setup_s, *task.setup_per_type.values())) + max((task.service_s, *task.service_per_type.values()))
        for task in routing.tasks
    )
    dearest = sum(vehicle.costs.fixed for vehicle in routing.vehicles)
    dearest += max(vehicle.costs.per_task_hour for vehicle in routing.vehicles) * work_s // 3_600 + 1
    dearest += legs * max(_dearest_leg(vehicle, routing) for vehicle in routing.vehicles)
    if dearest * cost_parts(routing.vehicles) > MOST_COST_PARTS:
        words = Words(f"a solution may cost {dearest}")
        allowed = f"costs and matrices with which none costs over {MOST_COST_PARTS // cost_parts(routing.vehicles)}"
        faults.add("vehicles", words, allowed)


def _dearest_leg(vehicle: Vehicle, routing: Routing) -> int:
    matrices, costs = routing.matrices[vehicle.profile], vehicle.costs
    if matrices.costs is not None:
        return int(matrices.costs.max(initial=0))
    seconds = int(matrices.seconds.max(initial=0)) * 100 // vehicle.speed_percent + 1
    metres = 0 if matrices.metres is None else int(np.max(matrices.metres, initial=0))
    return costs.per_hour * seconds // 3_600 + costs.per_km * metres // 1_000 + 2


def _vehicle(keys: VehicleKeys, places: _Places, size: int) -> Vehicle:
    assert keys.id is not None
    return Vehicle(
        id=keys.id,
        profile=keys.profile,
        start=places(keys.start),
        end=places(keys.end),
        window=keys.window,
        # Beside vehicles with a capacity, one without carries nothing, as with VROOM.
        capacity=((0,) * size if keys.capacity is None else keys.capacity) if size else None,
        skills=keys.skills,
        type=keys.type,
        pauses=keys.pauses,
        costs=keys.costs,
        speed_percent=keys.speed_percent,
        max_tasks=keys.max_tasks,
        max_travel_s=keys.max_travel_s,
        max_distance_m=keys.max_distance_m,
    )


def _task(keys: JobKeys, places: _Places, size: int) -> Task:
    place = places(keys.place)
    assert keys.id is not None
    assert place is not None
    return Task(
        id=keys.id,
        place=place,
        setup_s=keys.setup_s,
        service_s=keys.service_s,
        setup_per_type=keys.setup_per_type,
        service_per_type=keys.service_per_type,
        delivery=keys.delivery or (0,) * size,
        pickup=keys.pickup or (0,) * size,
        skills=keys.skills,
        priority=keys.priority,
        windows=keys.windows,
    )


def _with_echo(
    routing: Routing, jobs: Sequence[JobKeys], vehicles: Sequence[VehicleKeys], travel: TravelName | None
) -> VroomProblem:
    def echo(place: PlaceKeys | None, description: str | None = None) -> Echo:
        if place is None:
            return Echo(description=description)
        return Echo(description=description, location=place.location, location_index=place.index)

    by_id = {vehicle.id: vehicle for vehicle in vehicles if vehicle.id is not None}
    return VroomProblem(
        routing=routing,
        wanted={identity: vehicle.steps for identity, vehicle in by_id.items() if vehicle.steps},
        jobs={job.id: echo(job.place, job.description) for job in jobs if job.id is not None},
        vehicles={identity: Echo(description=vehicle.description) for identity, vehicle in by_id.items()},
        starts={identity: echo(vehicle.start) for identity, vehicle in by_id.items()},
        ends={identity: echo(vehicle.end) for identity, vehicle in by_id.items()},
        pauses={
            (identity, pause): Echo(description=text)
            for identity, vehicle in by_id.items()
            for pause, text in vehicle.pause_descriptions.items()
        },
        travel=travel,
    )
