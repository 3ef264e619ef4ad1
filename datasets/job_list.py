"""Builds the jobs of a Day from tables that are free of faults: area class, clocks, centre and kit included."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import KDTree

from datasets.exchange import mark_exchanges
from datasets.network import wgs84
from datasets.policies import ANY, PolicyClock, SlaRow
from datasets.settings import Settings
from datasets.table import Table
from datasets.times import midnight_of
from geo.areas import Areas, seat_mask
from geo.matrix import unit_vectors
from optimizer.model import (
    AreaClass,
    Clock,
    Job,
    OrderLine,
    Outlet,
    Published,
    Skill,
    Window,
)

__all__ = [
    "Answer",
    "Computed",
    "KitList",
    "NearestCentres",
    "Promises",
    "build_jobs",
    "carried_by_job",
    "compute",
    "promise_clocks",
]

Places = NDArray[np.float64]
_Kit = tuple[tuple[str, int], ...]
"""Parts and how many of each."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A promise that somebody answers by `due_s`, kept by no visit, and the policy row that gave it."""

    clock: PolicyClock
    due_s: int
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Promises:
    """Each job's clocks, the names of the policy rows that gave them, and its promises that no visit keeps."""

    clocks: Sequence[tuple[Clock, ...]]
    names: Sequence[tuple[str, ...]]
    answers: Sequence[tuple[Answer, ...]]


class NearestCentres:
    """Knows the centre of the outlet nearest to a place.

    Neighbours are sought between points on the unit sphere, where the straight line grows with the distance over
    ground; a flat projection of all China would not do that.
    """

    def __init__(self, outlets: Sequence[Outlet]) -> None:
        self._centre_ids = [outlet.centre_id for outlet in outlets]
        self._tree = KDTree(unit_vectors(np.array([outlet.position for outlet in outlets], dtype=np.float64)))

    def of(self, places: Places) -> list[str]:
        """Return the centre for each place."""
        nearest: NDArray[np.int64] = np.asarray(self._tree.query(unit_vectors(places))[1])
        return [self._centre_ids[index] for index in nearest.tolist()]


def promise_clocks(
    jobs: Table, area_classes: Sequence[AreaClass], reported_s: Sequence[int], settings: Settings
) -> Promises:
    """Give each job, for each kind of clock, the first row of the policy that matches it."""
    count = len(jobs.lines)
    chosen: list[list[SlaRow]] = [[] for _ in range(count)]
    areas = np.array([str(area) for area in area_classes], dtype=object)
    cells = {column: jobs.text[column] for column in ("brand", "product", "channel")}
    for kind in PolicyClock:
        open_ = np.ones(count, dtype=np.bool_)
        for row in settings.sla:
            if row.clock is not kind:
                continue
            match = open_.copy()
            wanted = ((cells["brand"], row.brand), (cells["product"], row.product), (cells["channel"], row.channel))
            for found, value in (*wanted, (areas, row.area_class)):
                if value != ANY:
                    match &= found == value
            for index in np.flatnonzero(match).tolist():
                chosen[index].append(row)
            open_ &= ~match
    due = [
        [(row, row.due_s(settings.date, reported)) for row in rows]
        for rows, reported in zip(chosen, reported_s, strict=True)
    ]
    return Promises(
        clocks=[
            tuple(Clock(kind=visit, due_s=due_s) for row, due_s in rows if (visit := row.clock.visit)) for rows in due
        ],
        names=[tuple(row.name for row, _ in rows if row.clock.visit) for rows in due],
        answers=[
            tuple(Answer(clock=row.clock, due_s=due_s, name=row.name) for row, due_s in rows if not row.clock.visit)
            for rows in due
        ],
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class KitList:
    """The kit of each product and fault, and the parts that every technician carries."""

    by_fault: Mapping[tuple[str, str], tuple[tuple[str, int], ...]]
    carried: frozenset[str]

    @classmethod
    def of(cls, kits: Table, parts: Table) -> "KitList":
        """Return what two tables of a day say."""
        found: dict[tuple[str, str], list[tuple[str, int]]] = defaultdict(list)
        columns = (kits.values[column] for column in ("product", "fault", "part_id", "quantity"))
        for product, fault, part, quantity in zip(*columns, strict=True):
            found[product, fault].append((part, quantity))
        return cls(
            by_fault={key: tuple(kit) for key, kit in found.items()},
            carried=frozenset(parts.values["part_id"][parts.values["carried"].astype(np.bool_)]),
        )


def _order_lines(job_id: str, kit: Iterable[tuple[str, int]], carried: frozenset[str]) -> tuple[OrderLine, ...]:
    shipped = [(part, quantity) for part, quantity in kit if part not in carried]
    return tuple(
        OrderLine(id=f"{job_id}/{number}", part_id=part, quantity=quantity)
        for number, (part, quantity) in enumerate(shipped, start=1)
    )


def _whole_kits(table: Table, exchanged: Sequence[bool], kits: KitList, settings: Settings) -> list[_Kit]:
    """Return what each job takes, carried parts included: what was typed, else the kit of product and fault."""
    columns = (table.values[name].tolist() for name in ("product", "fault", "parts"))
    unit = settings.exchange.fault
    return [
        kits.by_fault.get((product, unit if twice and unit else fault), ()) if typed is None else typed
        for product, fault, typed, twice in zip(*columns, exchanged, strict=True)
    ]


def carried_by_job(table: Table, exchanged: Sequence[bool], kits: KitList, settings: Settings) -> dict[str, _Kit]:
    """Return the parts of each job's kit that are on every van, by job id; a job that takes none is not there."""
    whole = _whole_kits(table, exchanged, kits, settings)
    carried = (tuple((part, quantity) for part, quantity in kit if part in kits.carried) for kit in whole)
    return {id_: kit for id_, kit in zip(table.values["job_id"].tolist(), carried, strict=True) if kit}


@dataclass(frozen=True, slots=True, kw_only=True)
class Computed:
    """What jobs.csv does not say about its rows: WGS84 place, centre where none is typed, area class, clocks, and
    whether the same fault twice makes it an exchange."""

    places: Places
    centre_ids: Sequence[str]
    area_classes: Sequence[AreaClass]
    clocks: Sequence[tuple[Clock, ...]]
    exchanged: Sequence[bool]


def compute(jobs: Table, live_outlets: Sequence[Outlet], areas: Areas, settings: Settings) -> tuple[Computed, Promises]:
    """Compute each job's place, centre, area class and clocks from the outlets that are live."""
    places = wgs84(jobs)
    outlet_places = np.array([outlet.position for outlet in live_outlets], dtype=np.float64).reshape(-1, 2)
    area_classes = [AreaClass.REMOTE] * len(places)
    if len(places) and live_outlets:
        seats = seat_mask(areas, outlet_places[:, 0], outlet_places[:, 1], places[:, 0], places[:, 1])
        area_classes = [AreaClass.SEAT if seat else AreaClass.REMOTE for seat in seats.tolist()]
    reported = (jobs.numbers("reported_at").astype(np.int64) - midnight_of(settings.date)).tolist()
    promises = promise_clocks(jobs, area_classes, reported, settings)
    typed = jobs.values["centre_id"].tolist()
    centre_ids = [] if not live_outlets else NearestCentres(live_outlets).of(places)
    computed = Computed(
        places=places,
        centre_ids=[centre or centre_ids[row] for row, centre in enumerate(typed)],
        area_classes=area_classes,
        clocks=promises.clocks,
        exchanged=mark_exchanges(jobs, settings.exchange).tolist(),
    )
    return computed, promises


def build_jobs(
    table: Table, computed: Computed, technician_ids: frozenset[str], kits: KitList, settings: Settings
) -> tuple[Job, ...]:
    """Build every job; a preferred technician who is not in the day is no preference."""
    midnight, exchange = midnight_of(settings.date), settings.exchange
    values = {name: column.tolist() for name, column in table.values.items()}
    places = computed.places.tolist()
    whole = _whole_kits(table, computed.exchanged, kits, settings)
    jobs = []
    for row, id_ in enumerate(values["job_id"]):
        product, preferred = values["product"][row], values["preferred_technician_id"][row]
        crew, load, service_s = values["crew_size"][row], values["load"][row], values["service_duration"][row]
        if computed.exchanged[row]:
            crew, load = max(crew, exchange.crew), max(load, exchange.load)
            service_s = max(service_s, exchange.service_s)
        jobs.append(
            Job(
                id=id_,
                position=(places[row][0], places[row][1]),
                centre_id=computed.centre_ids[row],
                area_class=computed.area_classes[row],
                skill=Skill(family=product, level=values["skill_level"][row]),
                reported_s=values["reported_at"][row] - midnight,
                service_s=service_s,
                clocks=computed.clocks[row],
                certificates=values["certificates"][row],
                crew=crew,
                load=load,
                windows=tuple(_moved(window, midnight) for window in values["windows"][row]),
                appointment=_moved_or_none(values["appointment"][row], midnight),
                preferred=_moved_or_none(values["preferred"][row], midnight),
                customer_class=values["customer_class"][row],
                urgent=values["urgent"][row],
                consent=values["consent"][row] != "pending",
                order_lines=_order_lines(id_, whole[row], kits.carried),
                preferred_technician_id=preferred if preferred in technician_ids else None,
                lock=values["lock"][row],
                published=_published(values, row, midnight),
            )
        )
    return tuple(jobs)


def _moved(window: Window, midnight: int) -> Window:
    return Window(earliest_s=window.earliest_s - midnight, latest_s=window.latest_s - midnight)


def _moved_or_none(window: Window | None, midnight: int) -> Window | None:
    return None if window is None else _moved(window, midnight)


def _published(values: Mapping[str, Sequence[Any]], row: int, midnight: int) -> Published | None:
    technician_id = values["published_technician_id"][row]
    if technician_id is None:
        return None
    return Published(
        technician_id=technician_id,
        start_s=values["published_start"][row] - midnight,
        told=values["told"][row],
    )
