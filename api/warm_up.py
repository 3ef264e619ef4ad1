"""Compiles the search once, at set-up, so that no plan ever waits for it."""

import datetime as dt

import numpy as np

from optimizer.baseline import HandTask, plan_by_hand
from optimizer.budget import Steps
from optimizer.candidates import nearest_capable_outlets
from optimizer.desk import prepare
from optimizer.dispatch import assemble
from optimizer.explain import explain
from optimizer.kits import Kits
from optimizer.model import (
    AreaClass,
    Break,
    Centre,
    Clock,
    ClockKind,
    Day,
    Job,
    Outlet,
    Ownership,
    Part,
    Position,
    Shift,
    ShipMode,
    SizeClass,
    Skill,
    Tariff,
    Technician,
    TravelMode,
    Window,
)
from optimizer.offers import make_offers
from optimizer.parts.agents import Agents, assign
from optimizer.parts.model import Order, OrderLine, Shelf, Source, SourceKind, Sourcing
from optimizer.parts.model import Route as Lane
from optimizer.parts.sourcing import source
from optimizer.periodic.model import Customer, DayFleet, Periodic
from optimizer.periodic.solve import solve_periodic
from optimizer.roster import Roster
from optimizer.search.arrays import Shard
from optimizer.solve import Task, solve
from optimizer.travel import TravelTimes
from optimizer.workers import HereWorkers

__all__ = ["warm_up"]


def warm_up(travel: TravelTimes) -> None:
    """Plan a day of three jobs, by search and by hand, explain a plan without them, and offer one of them a slot."""
    home = (104.06, 30.66)
    jobs = tuple(
        Job(
            id=f"J{i}",
            position=(104.06 + i / 100, 30.66),
            centre_id="C",
            area_class=AreaClass.SEAT,
            skill=Skill(family="refrigerator", level=1),
            reported_s=0,
            service_s=1_800,
            clocks=(Clock(kind=ClockKind.ARRIVAL, due_s=86_400),),
        )
        for i in range(3)
    )
    shift = Shift(
        id="T@1",
        technician_id="T",
        day=0,
        start_s=28_800,
        end_s=61_200,
        latest_end_s=64_800,
        open_s=28_800,
        close_s=61_200,
        break_=Break(earliest_s=41_400, latest_s=46_800, duration_s=2_700),
    )
    day = Day(
        date=dt.date(2026, 3, 2),
        days=1,
        now_s=21_600,
        centres=(Centre(id="C", position=home),),
        outlets=(Outlet(id="O", centre_id="C", position=home, ownership=Ownership.OWN),),
        technicians=(
            Technician(
                id="T",
                outlet_id="O",
                position=home,
                mode=TravelMode.CAR,
                skills=(Skill(family="refrigerator", level=2),),
            ),
        ),
        shifts=(shift,),
        jobs=jobs,
        tariff=Tariff(),
    )
    shard = Shard(job_ids=tuple(job.id for job in jobs), shift_ids=("T@1",), start={}, parity_allowed=0)
    solve(Task(day=day, shard=shard, kits={}, travel=travel, budget=Steps(steps=400), share=1.0, seed=1))
    plan_by_hand(HandTask(day=day, shard=shard, kits={}, travel=travel, nearest=(("O",),) * 3))
    roster = Roster(day)
    nothing = assemble(roster, (), {})
    explain(
        roster,
        nothing,
        Kits(options={}, missing={}),
        nearest_capable_outlets(roster, travel),
        travel,
        HereWorkers(),
        lambda _: None,
    )
    make_offers(prepare(day, nothing, travel), jobs[0], [Window(earliest_s=0, latest_s=86_400)])
    source(_too_few_parts(home))
    # Twelve jobs for three agents of little room: the kernels of improving have their turn too.
    number = np.arange(36).reshape(3, 12)
    assign(Agents(cost=number * 7 % 23 + 1, weight=number * 5 % 7 + 3, capacity=np.full(3, 25)), remaining=lambda: None)
    solve_periodic(_two_days(), Steps(steps=200), seed=1)


def _two_days() -> Periodic:
    """Return three customers who may come on either of two days."""
    return Periodic(
        depot=(0.0, 0.0),
        vehicles=1,
        days=(DayFleet(capacity=2, longest=None),) * 2,
        customers=tuple(
            Customer(id=i, place=(float(i), 1.0), service=0.0, demand=1, combinations=((0,), (1,))) for i in range(3)
        ),
    )


def _too_few_parts(place: Position) -> Sourcing:
    """Return a sourcing problem in which two kits want the same last unit, so that every kernel has its turn."""
    return Sourcing(
        now_s=0,
        orders=tuple(
            Order(
                id=f"O{i}",
                job_id=f"J{i}",
                centre_id="C",
                outlet_id=None,
                position=place,
                ordered_s=0,
                respond_by_s=86_400,
                lines=tuple(OrderLine(id=f"L{i}-{part_id}", part_id=part_id, quantity=1) for part_id in "PQ"),
            )
            for i in range(2)
        ),
        parts=tuple(Part(id=part_id, size_class=SizeClass.SMALL, weight_g=100) for part_id in "PQ"),
        sources=(
            Source(
                id="W",
                kind=SourceKind.WAREHOUSE,
                position=place,
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
