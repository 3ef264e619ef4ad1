"""Builders of tiny days and plans: everything has a default, so that a test says only what it is about.

The land is flat: one degree is 100 km both ways, and places are given by `at(east_m, north_m)`. By default everybody
drives 10 m/s, the base is at (0, 0), the job 1,000 m east of it: 100 s away.
"""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from optimizer import model
from optimizer.check import check
from optimizer.plan import Plan, Route, Shipment, Stop, Unassigned
from optimizer.travel import UNREACHABLE, Places, TravelMatrix

__all__ = [
    "DATE",
    "FlatTravel",
    "at",
    "clock",
    "day",
    "job",
    "lane",
    "order_line",
    "outlet",
    "part",
    "parts_day",
    "plan",
    "route",
    "rules",
    "shift",
    "shipment",
    "technician",
    "warehouse",
    "window",
]

DATE = dt.date(2026, 3, 2)
ORIGIN = (104.0, 30.0)
METRES_PER_DEGREE = 100_000
SPEEDS = {
    model.TravelMode.CAR: 10,
    model.TravelMode.MOTORBIKE: 8,
    model.TravelMode.EBIKE: 5,
    model.TravelMode.TRANSIT: 4,
    model.TravelMode.WALK: 1,
}


def at(east_m: int = 0, north_m: int = 0) -> model.Position:
    """Return the place so many metres east and north of the base."""
    return ORIGIN[0] + east_m / METRES_PER_DEGREE, ORIGIN[1] + north_m / METRES_PER_DEGREE


def clock(text: str, day: int = 0) -> int:
    """Return `09:30` in seconds from midnight of the first day."""
    hours, minutes = text.split(":")
    return day * model.DAY_S + int(hours) * 3600 + int(minutes) * 60


@dataclass(frozen=True, slots=True, kw_only=True)
class FlatTravel:
    """Straight lines at a whole number of metres per second for each mode.

    detour_percent: how much longer a way towards the west is, so that there and back differ. unknown: ordered pairs
    of places without a way.
    """

    metres_per_second: Mapping[model.TravelMode, int] = field(default_factory=lambda: dict(SPEEDS))
    detour_percent: int = 0
    unknown: frozenset[tuple[model.Position, model.Position]] = frozenset()

    @property
    def name(self) -> str:
        """Say that it is flat."""
        return "flat"

    @property
    def is_estimate(self) -> bool:
        """Say that no road file stands behind it."""
        return True

    def matrix(self, origins: Places, destinations: Places, mode: model.TravelMode) -> TravelMatrix:
        """Return straight-line metres, and seconds rounded down."""
        degrees = destinations[None, :, :] - origins[:, None, :]
        metres = np.rint(np.hypot(degrees[..., 0], degrees[..., 1]) * METRES_PER_DEGREE).astype(np.int64)
        metres += np.where(degrees[..., 0] < 0, metres * self.detour_percent // 100, 0)
        seconds = metres // self.metres_per_second[mode]
        for start, end in self.unknown:
            lost = (origins == start).all(axis=1)[:, None] & (destinations == end).all(axis=1)[None, :]
            metres[lost] = seconds[lost] = UNREACHABLE
        return TravelMatrix(seconds=seconds.astype(np.int32), metres=metres.astype(np.int32))


_JOB = model.Job(
    id="j1",
    position=at(1_000),
    centre_id="c1",
    area_class=model.AreaClass.SEAT,
    skill=model.Skill(family="fridge", level=1),
    reported_s=clock("18:00", day=-1),
    service_s=1_800,
    clocks=(model.Clock(kind=model.ClockKind.ARRIVAL, due_s=clock("24:00")),),
)
_TECHNICIAN = model.Technician(
    id="t1",
    outlet_id="o1",
    position=at(),
    mode=model.TravelMode.CAR,
    skills=(model.Skill(family="fridge", level=1),),
)
_SHIFT = model.Shift(
    id="t1-0",
    technician_id="t1",
    day=0,
    start_s=clock("08:00"),
    end_s=clock("17:00"),
    latest_end_s=clock("19:00"),
    open_s=clock("00:00"),
    close_s=clock("24:00"),
)
_OUTLET = model.Outlet(id="o1", centre_id="c1", position=at(), ownership=model.Ownership.OWN)
_LANE = model.Lane(
    warehouse_id="w1",
    centre_id="c1",
    mode=model.ShipMode.STANDARD,
    cut_off_s=clock("07:00"),
    transit_p50_s=3_600,
    transit_p90_s=7_200,
    cost_fen=1_000,
    cost_fen_per_kg=200,
    carries=frozenset({model.SizeClass.SMALL, model.SizeClass.MEDIUM}),
)


def job(id: str = "j1", **fields: Any) -> model.Job:
    """Make a job that everybody can do, due at the end of the first day."""
    return replace(_JOB, id=id, **fields)


def technician(id: str = "t1", **fields: Any) -> model.Technician:
    """Make a technician with a car who knows fridges."""
    return replace(_TECHNICIAN, id=id, **fields)


def shift(id: str = "t1-0", **fields: Any) -> model.Shift:
    """Make a shift from 8 to 17 with two hours of overtime; unless told, the id says technician and day."""
    owner, number = id.rsplit("-", 1)
    given: dict[str, Any] = {"technician_id": owner, "day": int(number)}
    given |= {name: getattr(_SHIFT, name) + model.DAY_S * int(number) for name in _SHIFT_TIMES}
    return replace(_SHIFT, id=id, **(given | fields))


_SHIFT_TIMES = ("start_s", "end_s", "latest_end_s", "open_s", "close_s")


def outlet(id: str = "o1", **fields: Any) -> model.Outlet:
    """Make an own outlet."""
    return replace(_OUTLET, id=id, **fields)


def part(id: str = "p1", **fields: Any) -> model.Part:
    """Make a medium part of 500 g."""
    return replace(model.Part(id=id, size_class=model.SizeClass.MEDIUM, weight_g=500), **fields)


def warehouse(id: str = "w1", **fields: Any) -> model.Warehouse:
    """Make a warehouse with ten of p1."""
    return replace(model.Warehouse(id=id, position=at(5_000), stock={"p1": 10}), **fields)


def lane(**fields: Any) -> model.Lane:
    """Make a lane w1 → c1 that leaves at 07:00 and takes at most two hours."""
    return replace(_LANE, **fields)


def order_line(id: str = "l1", part_id: str = "p1", quantity: int = 1) -> model.OrderLine:
    """Make an order line."""
    return model.OrderLine(id=id, part_id=part_id, quantity=quantity)


def shipment(**fields: Any) -> Shipment:
    """Make the shipment of one p1 for j1 by the default lane: ships 07:00, ready 09:00, 11 yuan."""
    return replace(
        Shipment(
            order_line_id="l1",
            job_id="j1",
            part_id="p1",
            quantity=1,
            warehouse_id="w1",
            mode=model.ShipMode.STANDARD,
            ships_s=clock("07:00"),
            ready_s=clock("09:00"),
            cost_fen=1_100,
        ),
        **fields,
    )


def window(earliest: str, latest: str, day: int = 0) -> model.Window:
    """Make a window of two times of one day."""
    return model.Window(earliest_s=clock(earliest, day), latest_s=clock(latest, day))


def day(*jobs: model.Job, **fields: Any) -> model.Day:
    """Make a day of one centre, outlet, technician and shift, with these jobs (j1 when none are given)."""
    base = model.Day(
        date=DATE,
        days=1,
        now_s=clock("06:00"),
        centres=(model.Centre(id="c1", position=at()),),
        outlets=(outlet(),),
        technicians=(technician(),),
        shifts=(shift(),),
        jobs=jobs or (job(),),
        tariff=model.Tariff(),
    )
    return replace(base, **fields)


def parts_day(*jobs: model.Job, **fields: Any) -> model.Day:
    """Make the same day with one part, one warehouse and one lane."""
    stocked = {"parts": (part(),), "warehouses": (warehouse(),), "lanes": (lane(),)}
    return day(*jobs, **(stocked | fields))


def route(
    day: model.Day,
    *visits: tuple[str, int],
    shift_id: str = "t1-0",
    travel: FlatTravel | None = None,
    **fields: Any,
) -> Route:
    """Make the route that visits these jobs at these starts, driving at the last moment and home at once."""
    jobs = {job.id: job for job in day.jobs}
    of_shift = next(shift for shift in day.shifts if shift.id == shift_id)
    owner = next(technician for technician in day.technicians if technician.id == of_shift.technician_id)
    of_outlet = next(outlet for outlet in day.outlets if outlet.id == owner.outlet_id)
    places = np.array([owner.position, *(jobs[job_id].position for job_id, _ in visits), owner.position])
    asked = (travel or FlatTravel()).matrix(places, places, owner.mode)
    stops: list[Stop] = []
    for number, (job_id, start_s) in enumerate(visits):
        needed = jobs[job_id]
        percent = of_outlet.duration_percent.get(needed.skill.family, 100)
        stops.append(
            Stop(
                job_id=job_id,
                start_s=start_s,
                end_s=start_s + needed.service_s * percent // 100,
                travel_s=int(asked.seconds[number, number + 1]),
                travel_m=int(asked.metres[number, number + 1]),
            )
        )
    back_s = int(asked.seconds[-2, -1])
    made = Route(
        shift_id=shift_id,
        depart_s=stops[0].start_s - stops[0].travel_s if stops else of_shift.start_s,
        stops=tuple(stops),
        return_s=stops[-1].end_s + back_s if stops else of_shift.start_s,
        return_travel_s=back_s,
        return_travel_m=int(asked.metres[-2, -1]),
    )
    return replace(made, **fields)


def plan(day: model.Day, *routes: Route, shipments: Sequence[Shipment] = ()) -> Plan:
    """Make the plan of these routes; jobs on none of them are listed as left out."""
    visited = {stop.job_id for made in routes for stop in made.stops}
    return Plan(
        routes=routes,
        unassigned=tuple(
            Unassigned(job_id=job.id, rule=model.Rule.UNKNOWN, reason="not planned")
            for job in day.jobs
            if job.id not in visited
        ),
        shipments=tuple(shipments),
    )


def rules(day: model.Day, plan: Plan, travel: FlatTravel | None = None) -> list[model.Rule]:
    """Return the rules that a plan breaks, once per violation."""
    return [violation.rule for violation in check(day, plan, travel or FlatTravel())]
