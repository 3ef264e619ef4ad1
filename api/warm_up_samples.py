"""The smallest problems in which every compiled kernel has its turn: a day, its desk, parts, tours, periods."""

import datetime as dt

import numpy as np

from optimizer.kit_options import KitOption
from optimizer.model import (
    AreaClass,
    Break,
    Centre,
    Clock,
    ClockKind,
    Day,
    Job,
    OrderLine,
    Outlet,
    Ownership,
    Part,
    Shift,
    ShipMode,
    SizeClass,
    Skill,
    Tariff,
    Technician,
    TravelMode,
    Window,
)
from optimizer.parts.agents import Agents
from optimizer.parts.model import Order, Shelf, Source, SourceKind, Sourcing
from optimizer.parts.model import OrderLine as AskedLine
from optimizer.parts.model import Route as Lane
from optimizer.periodic.model import Customer, DayFleet, Periodic
from optimizer.tours.model import Crew, Lodging, Touring, TourJob, Village, WorkKind

__all__ = ["agents", "crowded_day", "kits_of", "quiet_day", "too_few_parts", "two_periods", "two_villages"]

_HOME = (104.06, 30.66)
_DATE = dt.date(2026, 3, 2)
_HOURS = 3_600
_WORK = Skill(family="refrigerator", level=1)


def quiet_day() -> Day:
    """Return a day of three short jobs and one technician."""
    return _day(tuple(_job(i, service_s=_HOURS // 2) for i in range(3)))


def crowded_day() -> Day:
    """Return a day of four long jobs, not all of which fit; they have windows, and wait for parts."""
    return _day(
        tuple(
            _job(
                i,
                service_s=3 * _HOURS,
                windows=(Window(earliest_s=8 * _HOURS, latest_s=15 * _HOURS),),
                order_lines=(OrderLine(id=f"L{i}", part_id="P", quantity=1),),
            )
            for i in range(4)
        )
    )


def kits_of(day: Day) -> dict[str, tuple[KitOption, ...]]:
    """Return a kit for every job that waits for one: it is there at once."""
    return {job.id: (KitOption(ready_s=day.now_s, cost_fen=0, shipments=()),) for job in day.jobs if job.order_lines}


def _job(i: int, *, service_s: int, windows: tuple[Window, ...] = (), order_lines: tuple[OrderLine, ...] = ()) -> Job:
    return Job(
        id=f"J{i}",
        position=(104.06 + i / 100, 30.66),
        centre_id="C",
        area_class=AreaClass.SEAT,
        skill=_WORK,
        reported_s=0,
        service_s=service_s,
        clocks=(Clock(kind=ClockKind.ARRIVAL, due_s=24 * _HOURS),),
        windows=windows,
        order_lines=order_lines,
    )


def _day(jobs: tuple[Job, ...]) -> Day:
    shift = Shift(
        id="T@1",
        technician_id="T",
        day=0,
        start_s=8 * _HOURS,
        end_s=17 * _HOURS,
        latest_end_s=18 * _HOURS,
        open_s=8 * _HOURS,
        close_s=17 * _HOURS,
        break_=Break(earliest_s=41_400, latest_s=46_800, duration_s=2_700),
    )
    return Day(
        date=_DATE,
        days=1,
        now_s=6 * _HOURS,
        centres=(Centre(id="C", position=_HOME),),
        outlets=(Outlet(id="O", centre_id="C", position=_HOME, ownership=Ownership.OWN),),
        technicians=(
            Technician(
                id="T",
                outlet_id="O",
                position=_HOME,
                mode=TravelMode.CAR,
                skills=(Skill(family="refrigerator", level=2),),
            ),
        ),
        shifts=(shift,),
        jobs=jobs,
        tariff=Tariff(),
    )


def agents() -> Agents:
    """Return twelve tasks for three agents of little room: the kernels of improving have their turn too."""
    number = np.arange(36).reshape(3, 12)
    return Agents(cost=number * 7 % 23 + 1, weight=number * 5 % 7 + 3, capacity=np.full(3, 25))


def two_villages() -> Touring:
    """Return two days of one crew, a bed, and two villages: one with more work than the days have hours."""
    return Touring(
        date=_DATE,
        days=2,
        now_s=0,
        villages=tuple(Village(id=f"V{i}", name=f"V{i}", position=(104.3 + i / 10, 30.66)) for i in range(2)),
        lodgings=(Lodging(id="B", name="B", position=(104.4, 30.66), price_fen=10_000, check_in_s=20 * _HOURS),),
        crews=(
            Crew(
                id="C",
                name="C",
                outlet_id="O",
                position=_HOME,
                mode=TravelMode.CAR,
                people=1,
                skills=(Skill(family="refrigerator", level=2),),
                days=frozenset({0, 1}),
            ),
        ),
        jobs=tuple(
            TourJob(
                id=f"J{i}",
                village_id=f"V{i % 2}",
                kind=WorkKind.CONSENTED,
                skill=_WORK,
                service_s=4 * _HOURS,
                first_s=0,
                last_s=48 * _HOURS,
                reported_s=0,
                outlet_fen=200_000,
            )
            for i in range(6)
        ),
    )


def two_periods() -> Periodic:
    """Return three customers who may come on either of two days."""
    return Periodic(
        depot=(0.0, 0.0),
        vehicles=1,
        days=(DayFleet(capacity=2, longest=None),) * 2,
        customers=tuple(
            Customer(id=i, place=(float(i), 1.0), service=0.0, demand=1, combinations=((0,), (1,))) for i in range(3)
        ),
    )


def too_few_parts() -> Sourcing:
    """Return a sourcing problem in which two kits want the same last unit, so that every kernel has its turn."""
    return Sourcing(
        now_s=0,
        orders=tuple(
            Order(
                id=f"O{i}",
                job_id=f"J{i}",
                centre_id="C",
                outlet_id=None,
                position=_HOME,
                ordered_s=0,
                respond_by_s=86_400,
                lines=tuple(AskedLine(id=f"L{i}-{part_id}", part_id=part_id, quantity=1) for part_id in "PQ"),
            )
            for i in range(2)
        ),
        parts=tuple(Part(id=part_id, size_class=SizeClass.SMALL, weight_g=100) for part_id in "PQ"),
        sources=(
            Source(
                id="W",
                kind=SourceKind.WAREHOUSE,
                position=_HOME,
                shelves={part_id: Shelf(free=1) for part_id in "PQ"},
            ),
        ),
        routes=(
            Lane(
                source_id="W",
                to_id="C",
                mode=ShipMode.STANDARD,
                departures_s=(3_600,),
                transit_p50_s=3_600,
                transit_p90_s=7_200,
                cost_fen=100,
                cost_fen_per_kg=0,
                carries=frozenset({SizeClass.SMALL}),
            ),
        ),
        bid_fen={},
    )
