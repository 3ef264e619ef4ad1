"""The jobs, vehicles, breaks, costs and steps of VROOM's format, key by key."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from datasets.vroom_faults import Words
from datasets.vroom_values import MOST_UINT32, JsonObject
from optimizer.model import Window
from optimizer.vrp.model import MOST_S, NO_LIMIT, Costs, Pause
from optimizer.vrp.plan import StepKind, WantedStep

__all__ = [
    "MOST_AMOUNT",
    "MOST_CAPACITY",
    "MOST_ID",
    "MOST_JOBS",
    "MOST_VEHICLES",
    "SHIPMENTS",
    "JobKeys",
    "PlaceKeys",
    "VehicleKeys",
    "read_jobs",
    "read_vehicles",
]

MOST_ID = (1 << 64) - 1
MOST_AMOUNT = 1 << 40
"""A million jobs of this much still add up exactly in 64 bits."""
MOST_CAPACITY = NO_LIMIT
MOST_JOBS, MOST_VEHICLES = 200_000, 50_000
"""Beyond these nothing is even counted; `datasets.vroom` says what fits into memory."""

SHIPMENTS = "describe what is taken from the depot or brought there as jobs with delivery or pickup"
JOB_KEYS = (
    "id", "description", "location", "location_index", "setup", "service", "setup_per_type", "service_per_type",
    "amount", "delivery", "pickup", "skills", "priority", "time_windows",
)  # fmt: skip
VEHICLE_KEYS = (
    "id", "profile", "description", "start", "start_index", "end", "end_index", "capacity", "costs", "skills", "type",
    "time_window", "breaks", "speed_factor", "max_tasks", "max_travel_time", "max_distance", "steps",
)  # fmt: skip
COST_KEYS = ("fixed", "per_hour", "per_task_hour", "per_km")
BREAK_KEYS = ("id", "time_windows", "service", "description")
STEP_KEYS = ("type", "id", "service_at", "service_after", "service_before")
MAX_LOAD = "give the break windows at which the load is low enough"


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaceKeys:
    """A place as a job or a vehicle names it: coordinates, an index, or both; None also where one is wrong."""

    location: tuple[float, float] | None
    index: int | None
    location_at: str
    index_at: str
    has_location: bool
    has_index: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class JobKeys:
    """A job as it is written; its place is not looked up yet."""

    where: str
    id: int | None
    description: str | None
    place: PlaceKeys
    setup_s: int
    service_s: int
    setup_per_type: dict[str, int]
    service_per_type: dict[str, int]
    delivery: tuple[int, ...]
    pickup: tuple[int, ...]
    skills: frozenset[int]
    priority: int
    windows: tuple[Window, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class VehicleKeys:
    """A vehicle as it is written; its places are not looked up yet."""

    where: str
    id: int | None
    description: str | None
    profile: str
    start: PlaceKeys | None
    end: PlaceKeys | None
    capacity: tuple[int, ...] | None
    costs: Costs
    skills: frozenset[int]
    type: str
    window: Window | None
    pauses: tuple[Pause, ...]
    pause_descriptions: dict[int, str]
    speed_percent: int
    max_tasks: int
    max_travel_s: int
    max_distance_m: int
    steps: tuple[WantedStep, ...]


def read_jobs(problem: JsonObject) -> tuple[JobKeys, ...]:
    """Read the array `jobs`; two with one id are a fault."""
    jobs = tuple(_job(job) for job in problem.objects("jobs", JOB_KEYS, MOST_JOBS))
    _refuse_twice(problem, [(job.id, f"{job.where}.id") for job in jobs], "an id that no other job has")
    return jobs


def read_vehicles(problem: JsonObject, job_ids: frozenset[int]) -> tuple[VehicleKeys, ...]:
    """Read the array `vehicles`; two with one id are a fault, and so is a job on the steps twice."""
    visited: dict[int, str] = {}
    vehicles = tuple(
        _vehicle(vehicle, job_ids, visited) for vehicle in problem.objects("vehicles", VEHICLE_KEYS, MOST_VEHICLES)
    )
    _refuse_twice(problem, [(found.id, f"{found.where}.id") for found in vehicles], "an id that no other vehicle has")
    return vehicles


def _refuse_twice(source: JsonObject, ids: list[tuple[int | None, str]], allowed: str) -> None:
    first: dict[int, str] = {}
    for identity, where in ids:
        if identity is None:
            continue
        if identity in first:
            source.faults.add(where, identity, f"{allowed} ({first[identity]} has it)")
        first.setdefault(identity, where)


def _job(job: JsonObject) -> JobKeys:
    if "amount" in job and "delivery" in job:
        job.faults.add(job.at("amount"), Words("amount beside delivery"), "delivery alone; amount is its old name")
    delivery = "delivery" if "delivery" in job else "amount"
    return JobKeys(
        where=job.where,
        id=job.integer("id", MOST_ID),
        description=job.text("description"),
        place=_place(job, "location", "location_index"),
        setup_s=job.integer("setup", MOST_S, default=0) or 0,
        service_s=job.integer("service", MOST_S, default=0) or 0,
        setup_per_type=job.durations("setup_per_type", MOST_S),
        service_per_type=job.durations("service_per_type", MOST_S),
        delivery=job.integers(delivery, MOST_AMOUNT),
        pickup=job.integers("pickup", MOST_AMOUNT),
        skills=frozenset(job.integers("skills", MOST_UINT32)),
        priority=job.integer("priority", 100, default=0) or 0,
        windows=job.windows("time_windows"),
    )


def _place(source: JsonObject, location: str, index: str) -> PlaceKeys:
    return PlaceKeys(
        location=source.place(location),
        index=source.integer(index, MOST_UINT32) if index in source else None,
        location_at=source.at(location),
        index_at=source.at(index),
        has_location=location in source,
        has_index=index in source,
    )


def _vehicle(vehicle: JsonObject, job_ids: frozenset[int], visited: dict[int, str]) -> VehicleKeys:
    has_start = "start" in vehicle or "start_index" in vehicle
    has_end = "end" in vehicle or "end_index" in vehicle
    if not has_start and not has_end:
        vehicle.faults.add(vehicle.where, Words("neither start nor end"), "a start, an end, or both")
    pauses, descriptions = _pauses(vehicle)
    limits = {key: vehicle.integer(key, NO_LIMIT, default=NO_LIMIT) for key in ("max_tasks", "max_travel_time")}
    max_distance_m = vehicle.integer("max_distance", NO_LIMIT, default=NO_LIMIT)
    return VehicleKeys(
        where=vehicle.where,
        id=vehicle.integer("id", MOST_ID),
        description=vehicle.text("description"),
        profile=(vehicle.text("profile") or "") if "profile" in vehicle else "car",
        start=_place(vehicle, "start", "start_index") if has_start else None,
        end=_place(vehicle, "end", "end_index") if has_end else None,
        capacity=vehicle.integers("capacity", MOST_CAPACITY) if "capacity" in vehicle else None,
        costs=_costs(vehicle),
        skills=frozenset(vehicle.integers("skills", MOST_UINT32)),
        type=vehicle.text("type") or "",
        window=vehicle.window("time_window"),
        pauses=pauses,
        pause_descriptions=descriptions,
        speed_percent=_speed_percent(vehicle),
        max_tasks=NO_LIMIT if limits["max_tasks"] is None else limits["max_tasks"],
        max_travel_s=NO_LIMIT if limits["max_travel_time"] is None else limits["max_travel_time"],
        max_distance_m=NO_LIMIT if max_distance_m is None else max_distance_m,
        steps=tuple(_steps(vehicle, job_ids, frozenset(pause.id for pause in pauses), visited)),
    )


def _costs(vehicle: JsonObject) -> Costs:
    costs = vehicle.inside("costs", COST_KEYS)
    if costs is None:
        return Costs()
    return Costs(
        fixed=costs.integer("fixed", MOST_UINT32, default=0) or 0,
        per_hour=costs.integer("per_hour", MOST_UINT32, default=3_600) or 0,
        per_task_hour=costs.integer("per_task_hour", MOST_UINT32, default=0) or 0,
        per_km=costs.integer("per_km", MOST_UINT32, default=0) or 0,
    )


def _speed_percent(vehicle: JsonObject) -> int:
    """Hundredths, rounded half up: digits beyond the second do not count, as VROOM documents."""
    value: Any = vehicle.members.get("speed_factor", 1)
    if type(value) in (int, float) and 0 < value <= 5:
        percent = int(value * 100 + 0.5)
        if percent > 0:
            return percent
    vehicle.faults.add(vehicle.at("speed_factor"), value, "a number above 0 and at most 5, in hundredths")
    return 100


def _pauses(vehicle: JsonObject) -> tuple[tuple[Pause, ...], dict[int, str]]:
    pauses: list[Pause] = []
    descriptions: dict[int, str] = {}
    ids: list[tuple[int | None, str]] = []
    for item in vehicle.objects("breaks", BREAK_KEYS, max_load=MAX_LOAD):
        identity = item.integer("id", MOST_ID)
        description = item.text("description")
        ids.append((identity, item.at("id")))
        duration_s, windows = item.integer("service", MOST_S, default=0) or 0, item.windows("time_windows")
        if identity is not None:
            pauses.append(Pause(id=identity, duration_s=duration_s, windows=windows))
            if description is not None:
                descriptions[identity] = description
    _refuse_twice(vehicle, ids, "an id that no other break of the vehicle has")
    return tuple(pauses), descriptions


def _steps(
    vehicle: JsonObject, job_ids: frozenset[int], pause_ids: frozenset[int], visited: dict[int, str]
) -> Iterator[WantedStep]:
    """Yield the steps; visited: where a job stands on anybody's steps, noted here."""
    last = len(vehicle.members["steps"]) - 1 if isinstance(vehicle.members.get("steps"), list) else -1
    taken: dict[int, str] = {}
    for row, step in enumerate(vehicle.objects("steps", STEP_KEYS, MOST_JOBS)):
        kind = _kind(step, row, last)
        at_s, after_s, before_s = (step.time(key) for key in ("service_at", "service_after", "service_before"))
        earliest, latest = 0 if after_s is None else after_s, MOST_UINT32 if before_s is None else before_s
        if earliest > latest:
            step.faults.add(step.at("service_before"), before_s, f"not before service_after ({after_s})")
        elif at_s is not None and not earliest <= at_s <= latest:
            step.faults.add(step.at("service_at"), at_s, "not before service_after, not after service_before")
        identity = None
        if kind is StepKind.JOB:
            identity = _named(step, job_ids, visited, "the id of a job", "a job on one step only")
        elif kind is StepKind.BREAK:
            identity = _named(step, pause_ids, taken, "the id of a break of this vehicle", "a break on one step only")
        elif kind is not None and "id" in step:
            step.faults.add(step.at("id"), step.members["id"], f"no id on a {kind}")
        if kind is not None:
            yield WantedStep(kind=kind, id=identity, at_s=at_s, after_s=after_s, before_s=before_s)


def _kind(step: JsonObject, row: int, last: int) -> StepKind | None:
    kind = step.members.get("type", Words("missing"))
    if kind in ("pickup", "delivery"):
        step.faults.add(step.at("type"), kind, f"not supported; {SHIPMENTS}")
        return None
    if not isinstance(kind, str) or kind not in tuple(StepKind):
        step.faults.add(step.at("type"), kind, " | ".join(f'"{known}"' for known in StepKind))
        return None
    if (kind == StepKind.START and row > 0) or (kind == StepKind.END and row < last):
        step.faults.add(step.at("type"), kind, "start as the first step and end as the last one")
    return StepKind(kind)


def _named(step: JsonObject, ids: frozenset[int], taken: dict[int, str], known: str, once: str) -> int | None:
    identity = step.integer("id", MOST_ID)
    if identity is None:
        return None
    if identity not in ids:
        step.faults.add(step.at("id"), identity, known)
    elif identity in taken:
        step.faults.add(step.at("id"), identity, f"{once} ({taken[identity]} has it)")
    taken.setdefault(identity, step.at("id"))
    return identity
