"""A published plan laid out for questions about one job at a time: never written to, a change makes the next desk."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from copy import copy
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from optimizer.desk_tables import (
    Rows,
    Still,
    blank_timetable,
    problem_of,
    rows_of,
    still_tables,
    without_spans,
    write_route,
)
from optimizer.kit_options import KitOption
from optimizer.model import (
    AreaClass,
    ClockKind,
    Day,
    Job,
    Lane,
    Rule,
    TravelMode,
)
from optimizer.plan import Plan, Route, Shipment, Stop, Unassigned
from optimizer.roster import Roster
from optimizer.search.abilities import Abilities, abilities
from optimizer.search.problem import FREE, Problem
from optimizer.search.timetable import Timetable, lay
from optimizer.sourcing import kit_options
from optimizer.territory import Parity, parity_of
from optimizer.travel import TravelTimes, unit_vectors

__all__ = ["Desk", "Undrivable", "arrival_due", "part_of", "prepare", "timed_route"]

SPARE_STOPS = 4
"""Places for further stops on the longest route, so that the arrays seldom grow."""


class Undrivable(ValueError):
    """A route that its technician cannot drive as it is wanted."""


def arrival_due(job: Job) -> int | None:
    """Return when parity wants somebody on site, None for jobs that it does not look at."""
    if job.area_class is not AreaClass.REMOTE or not job.consent:
        return None
    return min((clock.due_s for clock in job.clocks if clock.kind is ClockKind.ARRIVAL), default=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """A day with its published plan as arrays; any number of threads may read it, for nobody writes to it.

    roster: of the day as it was published; asking: the same by the present clock. jobs: those visited; left_out: the
    day's others. floors: by job, when a visit may start: as planned or offered, not earlier. shipments: by job; taken:
    what they and `promised` take of each part from each warehouse. promised: to open orders that are no kit. shut: (m,)
    routes that the kernels time otherwise than the plan, where nothing is offered. loads: (m,), visits: (o,).
    parity_jobs, parity_missed: by centre. places: (b + n) bases, then visited jobs; vectors: the same on the unit
    sphere; points: (m, most + 2) indices of them along each route, from base and back.
    """

    roster: Roster
    asking: Roster
    travel: TravelTimes
    abilities: Abilities
    lanes: Mapping[str, tuple[Lane, ...]]
    centres: Mapping[str, int]
    bases: int
    jobs: Mapping[str, Job]
    left_out: Mapping[str, Job]
    shift_of: Mapping[str, str]
    routes: Mapping[str, Route]
    floors: Mapping[str, int]
    shipments: Mapping[str, tuple[Shipment, ...]]
    taken: Mapping[tuple[str, str], int]
    promised: tuple[Shipment, ...]
    problem: Problem
    timetable: Timetable
    rows: Rows
    still: Still
    shut: NDArray[np.bool_]
    loads: NDArray[np.int64]
    visits: NDArray[np.int64]
    parity_jobs: NDArray[np.int64]
    parity_missed: NDArray[np.int64]
    places: NDArray[np.float64]
    vectors: NDArray[np.float64]
    points: NDArray[np.int32]

    @property
    def now_s(self) -> int:
        """The moment of asking: nobody sets out earlier, and freezes are judged by it."""
        return self.asking.day.now_s

    def at(self, now_s: int) -> "Desk":
        """Return the same desk at a later moment; visits begun or driven to by then stay as they are."""
        asking = copy(self.roster)
        asking.day = replace(self.roster.day, now_s=max(now_s, self.roster.day.now_s))
        return replace(self, asking=asking)

    def day(self) -> Day:
        """Return the day with the jobs that the desk has now."""
        return replace(self.roster.day, jobs=(*self.jobs.values(), *self.left_out.values()))

    def plan(self) -> Plan:
        """Return the plan that the desk has now."""
        left_out = tuple(
            Unassigned(job_id=job_id, rule=Rule.UNKNOWN, reason="not explained") for job_id in self.left_out
        )
        shipments = tuple(one for sent in self.shipments.values() for one in sent)
        return Plan(
            routes=tuple(self.routes.values()), unassigned=left_out, shipments=shipments, promised=self.promised
        )

    def kit(self, job: Job) -> tuple[KitOption, ...]:
        """Return the kits that a job could still have; empty where there is none."""
        leaving = (one for sent in self.shipments.values() for one in sent)
        ever = self.asking.day.warehouses
        return kit_options(self.parts_day(job), ever=ever, beside=(*leaving, *self.promised))[job.id]

    def parts_day(self, job: Job) -> Day:
        """Return the day of this job alone with the stock that no visit of the plan takes."""
        day = self.asking.day
        left = tuple(
            replace(
                house,
                stock={
                    line.part_id: house.stock.get(line.part_id, 0) - self.taken.get((house.id, line.part_id), 0)
                    for line in job.order_lines
                },
            )
            for house in day.warehouses
        )
        wanted = {line.part_id for line in job.order_lines}
        return replace(
            day,
            centres=tuple(centre for centre in day.centres if centre.id == job.centre_id),
            jobs=(job,),
            warehouses=left,
            lanes=self.lanes.get(job.centre_id, ()),
            parts=tuple(part for part in day.parts if part.id in wanted),
        )

    def remove(self, job_id: str) -> "Desk":
        """Return the desk without a visited job; every other customer keeps their time.

        Raises `Undrivable` when no way is known past the job, or one that is too long.
        """
        shift_id = self.shift_of[job_id]
        old = self.routes[shift_id]
        place = next(k for k, stop in enumerate(old.stops) if stop.job_id == job_id)
        v = self.abilities.shifts[shift_id]
        stops = [stop for stop in old.stops if stop.job_id != job_id]
        ends = self.places[self.points[v, [place, place + 2]]]
        way = self.travel.matrix(ends[:1], ends[1:], self.mode_of(v))
        seconds, metres = int(way.seconds[0, 0]), int(way.metres[0, 0])
        home = (old.return_travel_s, old.return_travel_m)
        if not stops:
            nothing = replace(old, stops=(), return_s=old.depart_s, return_travel_s=0, return_travel_m=0)
            return self.replace_route(replace(nothing, break_start_s=None))
        if place < len(stops):
            stops[place] = replace(stops[place], travel_s=seconds, travel_m=metres)
        else:
            home = (seconds, metres)
        route = replace(old, stops=tuple(stops), return_travel_s=home[0], return_travel_m=home[1])
        floors = {stop.job_id: self._floor(stop) for stop in old.stops}
        return _changed(self, route, {}, (), floors=floors, timed=False)

    def _floor(self, stop: Stop) -> int:
        """Return how early a visit may start when one before it is gone: what is under way stays."""
        if stop.start_s - stop.travel_s < self.now_s:
            return stop.start_s
        return max(self.floors[stop.job_id], min(stop.start_s, self.now_s + stop.travel_s))

    def insert(self, route: Route, job: Job, shipments: Sequence[Shipment]) -> "Desk":
        """Return the desk with a job on a route of its own offer; visits that move go back when it is removed."""
        floors = {stop.job_id: self.floors.get(stop.job_id, stop.start_s) for stop in route.stops}
        return _changed(self, route, {job.id: job}, shipments, floors=floors, timed=True)

    def replace_route(self, route: Route, jobs: Iterable[Job] = (), shipments: Sequence[Shipment] = ()) -> "Desk":
        """Return the desk with another route of a shift; jobs that were on the old one only leave the day.

        jobs, shipments: of stops that are new to the desk. A route that is not timed as the kernels time it is kept as
        it is, and shut for offers.
        """
        floors = {stop.job_id: stop.start_s for stop in route.stops}
        return _changed(self, route, {job.id: job for job in jobs}, shipments, floors=floors, timed=True)

    def mode_of(self, v: int) -> TravelMode:
        """Return how the technician of a shift travels."""
        return self.roster.technician_of(self.roster.day.shifts[v]).mode


def prepare(day: Day, plan: Plan, travel: TravelTimes, parity: Parity | None = None) -> Desk:
    """Return the desk of a day and its legal plan.

    The jobs of the day should say what was published, and to whom: moves are priced by that. parity: of the whole
    network, by centre, when the day is only a part of it.
    """
    roster = Roster(day)
    a = abilities(roster)
    starts = {stop.job_id: stop.start_s for route in plan.routes for stop in route.stops}
    lanes: dict[str, list[Lane]] = defaultdict(list)
    for lane in day.lanes:
        lanes[lane.centre_id].append(lane)
    counts = parity_of(day, starts) if parity is None else parity
    shipments: dict[str, list[Shipment]] = defaultdict(list)
    taken: dict[tuple[str, str], int] = defaultdict(int)
    for shipment in plan.shipments:
        shipments[shipment.job_id].append(shipment)
    for shipment in (*plan.shipments, *plan.promised):
        taken[shipment.warehouse_id, shipment.part_id] += shipment.quantity
    sent = {job_id: tuple(lines) for job_id, lines in shipments.items()}
    routes = [route for route in plan.routes if route.stops]
    visited = [(roster.jobs[stop.job_id], stop.start_s) for route in routes for stop in route.stops]
    homes = [roster.outlet_of(roster.shifts[route.shift_id]).id for route in routes for _ in route.stops]
    centres = {centre.id: c for c, centre in enumerate(day.centres)}
    rows = rows_of(roster, visited, [roster.outlets[o] for o in homes], sent, (a, centres))
    bases = {owner: b for b, owner in enumerate(dict.fromkeys(roster.technician_of(s).position for s in day.shifts))}
    homeward = np.array([bases[roster.technician_of(s).position] for s in day.shifts], np.int32)
    most = max((len(route.stops) for route in routes), default=0) + SPARE_STOPS
    m = len(day.shifts)
    timetable = blank_timetable(m, most, rows.centre)
    points = np.repeat(homeward[:, None], most + 2, axis=1)
    loads, visits = np.zeros(m, np.int64), np.zeros(len(a.outlets), np.int64)
    row = 0
    for route in routes:
        v, count = a.shifts[route.shift_id], len(route.stops)
        write_route(a, timetable, v, route, np.arange(row, row + count))
        points[v, 1 : count + 1] = len(bases) + np.arange(row, row + count)
        loads[v] = sum(roster.jobs[stop.job_id].load for stop in route.stops)
        visits[a.outlet[v]] += count
        row += count
    still = still_tables(roster, a, bases)
    problem = problem_of(rows, still)
    shut = np.zeros(m, bool)
    for v in range(m):
        lay(problem, timetable, v)
    for route in routes:
        v = a.shifts[route.shift_id]
        shut[v] = not _is_as_timed(timetable, v, route)
    places = np.concatenate([np.array(list(bases), np.float64).reshape(-1, 2), rows.places])
    return Desk(
        roster=roster,
        asking=roster,
        travel=travel,
        abilities=a,
        lanes={centre: tuple(of_centre) for centre, of_centre in lanes.items()},
        centres=centres,
        bases=len(bases),
        jobs={job.id: job for job, _ in visited},
        left_out={job.id: job for job in day.jobs if job.id not in starts},
        shift_of={stop.job_id: route.shift_id for route in routes for stop in route.stops},
        routes={route.shift_id: route for route in routes},
        floors=starts,
        shipments=sent,
        taken=dict(taken),
        promised=plan.promised,
        problem=problem,
        timetable=timetable,
        rows=rows,
        still=still,
        shut=shut,
        loads=loads,
        visits=visits,
        parity_jobs=np.array([counts.get(centre, (0, 0))[0] for centre in centres], np.int64),
        parity_missed=np.array([counts.get(centre, (0, 0))[1] for centre in centres], np.int64),
        places=places,
        vectors=unit_vectors(places),
        points=points,
    )


def part_of(day: Day, plan: Plan, outlet_ids: Iterable[str]) -> tuple[Day, Plan]:
    """Return a day and its plan cut down to some outlets: what they visit, and their centres' jobs left out.

    Stock that other outlets' visits take is gone.
    """
    roster, chosen = Roster(day), set(outlet_ids)
    owners = {owner.id for owner in day.technicians if owner.outlet_id in chosen}
    shifts = tuple(shift for shift in day.shifts if shift.technician_id in owners)
    inside = {shift.id for shift in shifts}
    centres = {roster.outlets[outlet_id].centre_id for outlet_id in chosen}
    routes = tuple(route for route in plan.routes if route.shift_id in inside)
    visited = {stop.job_id for route in routes for stop in route.stops}
    left_out = tuple(one for one in plan.unassigned if roster.jobs[one.job_id].centre_id in centres)
    wanted = visited | {one.job_id for one in left_out}
    elsewhere: dict[tuple[str, str], int] = defaultdict(int)
    for shipment in (*plan.shipments, *plan.promised):
        if shipment.job_id not in wanted:
            elsewhere[shipment.warehouse_id, shipment.part_id] += shipment.quantity
    warehouses = tuple(
        replace(house, stock={part: most - elsewhere[house.id, part] for part, most in house.stock.items()})
        for house in day.warehouses
    )
    part = replace(
        day,
        outlets=tuple(outlet for outlet in day.outlets if outlet.id in chosen),
        technicians=tuple(owner for owner in day.technicians if owner.id in owners),
        shifts=shifts,
        jobs=tuple(job for job in day.jobs if job.id in wanted),
        warehouses=warehouses,
    )
    shipments = tuple(shipment for shipment in plan.shipments if shipment.job_id in wanted)
    return part, Plan(routes=routes, unassigned=left_out, shipments=shipments)


def _changed(
    desk: Desk,
    route: Route,
    jobs: Mapping[str, Job],
    shipments: Sequence[Shipment],
    *,
    floors: Mapping[str, int],
    timed: bool,
) -> Desk:
    """Return the desk with another route; timed: it has its times already, and they hold."""
    a, roster = desk.abilities, desk.roster
    v, count = a.shifts[route.shift_id], len(route.stops)
    old = desk.routes.get(route.shift_id)
    gone = [stop.job_id for stop in old.stops] if old else []
    new = [jobs.get(stop.job_id) or desk.jobs.get(stop.job_id) or desk.left_out[stop.job_id] for stop in route.stops]
    sent, taken = _shipped(desk, set(gone) - {job.id for job in new}, shipments)
    left = np.sort(desk.timetable.stops[v, : len(gone)]).astype(np.int64)
    visited = [(job, floors[job.id]) for job in new]
    outlet = roster.outlet_of(roster.shifts[route.shift_id])
    rows = desk.rows.without(left).joined(rows_of(roster, visited, [outlet] * count, sent, (a, desk.centres)))
    first = len(rows.jobs) - count
    table, points = _moved(desk, left, rows.centre, count)
    write_route(a, table, v, route, np.arange(first, first + count))
    points[v] = points[v, 0]
    points[v, 1 : count + 1] = desk.bases + np.arange(first, first + count)
    problem = problem_of(rows, desk.still)
    legal = bool(lay(problem, table, v))
    if not timed:
        if not legal:
            msg = f"shift {route.shift_id} cannot serve {', '.join(job.id for job in new)} in this order"
            raise Undrivable(msg)
        route = _as_laid(desk.still, table, v, route)
    shut, loads, visits = desk.shut.copy(), desk.loads.copy(), desk.visits.copy()
    shut[v] = not legal or not _is_as_timed(table, v, route)
    loads[v] = sum(job.load for job in new)
    visits[a.outlet[v]] += count - len(gone)
    before = {stop.job_id: stop.start_s for stop in old.stops} if old else {}
    after = {stop.job_id: stop.start_s for stop in route.stops}
    places = np.concatenate([desk.places[: desk.bases], rows.places])
    fresh = unit_vectors(rows.places[first:]) if count else np.zeros((0, 3))
    seen = {**desk.jobs, **{job.id: job for job in new}}
    there = {**desk.shift_of, **dict.fromkeys(after, route.shift_id)}
    lasting = {**desk.floors, **floors}
    for job_id in before.keys() - after.keys():
        # A hold is a job of the desk for some minutes: nothing of it may stay for the rest of the day.
        del seen[job_id], there[job_id], lasting[job_id]
    routes = {**desk.routes, route.shift_id: route}
    if not count:
        del routes[route.shift_id]
    parity = _parity_after(desk, before, after, seen)
    return replace(
        desk,
        jobs=seen,
        left_out={job_id: job for job_id, job in desk.left_out.items() if job_id not in after},
        shift_of=there,
        routes=routes,
        floors=lasting,
        shipments=sent,
        taken=taken,
        problem=problem,
        timetable=table,
        rows=rows,
        shut=shut,
        loads=loads,
        visits=visits,
        parity_jobs=parity[0],
        parity_missed=parity[1],
        places=places,
        vectors=np.concatenate(
            [without_spans(desk.vectors, [(b, b + 1) for b in (left + desk.bases).tolist()]), fresh]
        ),
        points=points,
    )


def _shipped(
    desk: Desk, gone: set[str], shipments: Sequence[Shipment]
) -> tuple[dict[str, tuple[Shipment, ...]], dict[tuple[str, str], int]]:
    """Return the shipments by job without those of jobs that are gone and with new ones, and what they take."""
    sent, taken = dict(desk.shipments), defaultdict(int, desk.taken)
    for job_id in {*gone, *(shipment.job_id for shipment in shipments)}:
        for shipment in sent.pop(job_id, ()):
            taken[shipment.warehouse_id, shipment.part_id] -= shipment.quantity
    for shipment in shipments:
        sent[shipment.job_id] = (*sent.get(shipment.job_id, ()), shipment)
        taken[shipment.warehouse_id, shipment.part_id] += shipment.quantity
    return sent, taken


def _moved(
    desk: Desk, gone: NDArray[np.int64], centre: NDArray[np.int32], count: int
) -> tuple[Timetable, NDArray[np.int32]]:
    """Return copies of the timetable and the points for rows of which some are gone, wide enough for so many stops."""
    t = desk.timetable
    stops, points = t.stops.copy(), desk.points.copy()
    for r in gone[::-1].tolist():
        stops[stops > r] -= 1
        points[points > r + desk.bases] -= 1
    table = Timetable._make((stops, *(column.copy() for column in t[1:-1]), centre))
    wider = count - stops.shape[1]
    if wider > 0:
        more = ((0, 0), (0, wider + SPARE_STOPS))
        table = Timetable._make(np.pad(column, more) if column.ndim > 1 else column for column in table)
        points = np.pad(points, more, "edge")
    return table, points


def _parity_after(
    desk: Desk, before: Mapping[str, int], after: Mapping[str, int], seen: Mapping[str, Job]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the parity by centre when the visits of a route are other ones."""
    jobs, missed = desk.parity_jobs.copy(), desk.parity_missed.copy()
    for job_id in {**before, **after}:
        was = desk.jobs.get(job_id) or desk.left_out.get(job_id)
        if was is not None and (due_s := arrival_due(was)) is not None:
            jobs[desk.centres[was.centre_id]] -= 1
            missed[desk.centres[was.centre_id]] -= before.get(job_id, due_s + 1) > due_s
        if job_id in after and (due_s := arrival_due(seen[job_id])) is not None:
            jobs[desk.centres[seen[job_id].centre_id]] += 1
            missed[desk.centres[seen[job_id].centre_id]] += after[job_id] > due_s
    return jobs, missed


def _is_as_timed(t: Timetable, v: int, route: Route) -> bool:
    """Return whether the kernels time a route as its plan does."""
    starts = [stop.start_s for stop in route.stops]
    return t.start[v, : len(starts)].tolist() == starts and (not starts or int(t.back[v]) == route.return_s)


def timed_route(route: Route, starts: Sequence[int], ends: Sequence[int], whole: tuple[int, int], rest_s: int) -> Route:
    """Return a route of these stops and legs at other times; the first departure is as late as it can be.

    whole: start of the break or FREE, and return. rest_s: how long the break takes.
    """
    stops = tuple(
        replace(stop, start_s=start_s, end_s=end_s)
        for stop, start_s, end_s in zip(route.stops, starts, ends, strict=True)
    )
    depart_s = stops[0].start_s - stops[0].travel_s
    if whole[0] != FREE and whole[0] < stops[0].start_s and whole[0] + rest_s > depart_s:
        # The first leg is driven around the break.
        depart_s -= rest_s
    return replace(
        route,
        depart_s=depart_s,
        stops=stops,
        return_s=whole[1],
        break_start_s=None if whole[0] == FREE else whole[0],
    )


def _as_laid(still: Still, t: Timetable, v: int, route: Route) -> Route:
    count, pause = len(route.stops), int(still.shifts["first_pause"][v])
    rest_s = int(still.pauses["duration"][pause]) if t.rest[v] != FREE else 0
    starts, ends = t.start[v, :count].tolist(), t.end[v, :count].tolist()
    return timed_route(route, starts, ends, (int(t.rest[v]), int(t.back[v])), rest_s)
