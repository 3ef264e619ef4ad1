"""A part of a finished plan as arrays: a job is taken out, forced in elsewhere, priced to the fen, and put back."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from optimizer.cost import (
    churn_price,
    continuity_price,
    contract_price,
    contract_tariff,
    over_qualification_price,
    parity_price,
    price,
    second_visit_price,
    unserved_price,
    workload_price,
)
from optimizer.kit_options import KitOption
from optimizer.measure import service_seconds
from optimizer.model import AreaClass, ClockKind, Day, Job, Ownership, Position
from optimizer.plan import Plan, Route, Shipment
from optimizer.roster import Roster, visit_windows
from optimizer.search.arrays import Shard, build_problem
from optimizer.search.insertion import insert
from optimizer.search.problem import FORBIDDEN, FREE, NEVER_S
from optimizer.search.reinsertion import ITEMS, PLACES, UNASKED, Ask, Found, quotes, stretch, take_out, walk
from optimizer.search.schedule import INFEASIBLE, State, evaluate, new_state
from optimizer.travel import EARTH_M, UNREACHABLE, TravelTimes, unit_vectors
from optimizer.verdicts import Pair

__all__ = ["Forced", "Parity", "Place", "Taken", "Territory", "parity_of"]

Parity = Mapping[str, tuple[int, int]]
"""By centre: its remote jobs with consent and an arrival promise, and how many of them the plan misses."""


def _arrival_due(job: Job) -> int | None:
    """Return when parity wants somebody on site, None for jobs that it does not look at."""
    if job.area_class is not AreaClass.REMOTE:
        return None
    return min((clock.due_s for clock in job.clocks if clock.kind is ClockKind.ARRIVAL), default=None)


def parity_of(day: Day, starts: Mapping[str, int]) -> dict[str, tuple[int, int]]:
    """Return the parity of a whole plan: it is priced by centre, wherever the visits are."""
    jobs: Counter[str] = Counter()
    missed: Counter[str] = Counter()
    for job in day.jobs:
        due_s = _arrival_due(job)
        if due_s is not None and job.consent:
            jobs[job.centre_id] += 1
            missed[job.centre_id] += starts.get(job.id, due_s + 1) > due_s
    return {centre: (jobs[centre], missed[centre]) for centre in jobs}


def _straight_m(a: Position, b: Position) -> int:
    """Return metres as the crow flies."""
    chord = float(np.linalg.norm(np.subtract(*unit_vectors(np.array([a, b], np.float64)))))
    return int(2 * EARTH_M * np.arcsin(min(1.0, chord / 2)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A place for the job taken out: shift and gap; the visit that gives way, if any, and where that goes."""

    v: int
    gap: int
    fen: int
    x: int = FREE
    u: int = FREE
    u_gap: int = FREE


@dataclass(frozen=True, slots=True, kw_only=True)
class Forced:
    """What forcing the job into a place changes: plan cost, by item where asked, and when the service starts."""

    difference_fen: int
    start_s: int
    items: tuple[tuple[str, int], ...]


@dataclass(slots=True, kw_only=True)
class Taken:
    """A job that is off its route for the moment; home is FREE and gap too when it was left out."""

    j: int
    home: int
    gap: int
    legal: bool
    windows: tuple[int, int]


class Territory:
    """Outlets with all their shifts and routes, and jobs left out beside them."""

    def __init__(
        self,
        day: Day,
        routes: Sequence[Route],
        shipments: Sequence[Shipment],
        kits: Mapping[str, tuple[KitOption, ...]],
        travel: TravelTimes,
        parity: Parity,
    ) -> None:
        self.day, self.roster, self.travel, self.parity = day, Roster(day), travel, parity
        self.kits, self.shipments = kits, shipments
        self.routes = {route.shift_id: route for route in routes}
        self.shifts = day.shifts
        self.index = {job.id: j for j, job in enumerate(day.jobs)}
        self.shift_index = {shift.id: v for v, shift in enumerate(day.shifts)}
        self.shifts_of: dict[str, list[int]] = defaultdict(list)
        for v, shift in enumerate(day.shifts):
            self.shifts_of[self.roster.outlet_of(shift).id].append(v)
        start = {route.shift_id: tuple(stop.job_id for stop in route.stops) for route in routes}
        shard = Shard(job_ids=tuple(self.index), shift_ids=tuple(self.shift_index), start=start, parity_allowed=0)
        problem = build_problem(self.roster, shard, kits, travel, neighbours=0, finished=True)
        counts = problem.jobs["last_window"] - problem.jobs["first_window"]
        wished = max([1, *(len(job.windows) + 1 for job in day.jobs)])
        spare = np.zeros(max(wished, int(counts.max(initial=1))), problem.windows.dtype)
        self.spare = len(problem.windows)
        self.problem = problem._replace(windows=np.concatenate([problem.windows, spare]))
        self.empty = new_state(self.problem)
        self.state = new_state(self.problem)
        self.fixed = self.problem.fixed.copy()
        self.planned_fen = np.zeros(len(day.shifts), np.int64)
        self.items = np.zeros((len(day.shifts), len(ITEMS)), np.int64)
        self.starts: dict[str, int] = {}
        self.usable = np.ones(len(day.shifts), bool)
        self.as_timed = np.ones(len(day.shifts), bool)
        self._scratch = np.zeros(self.state.stops.shape[1] + 1, np.int64), np.zeros(len(ITEMS), np.int64)
        for route in routes:
            self._fill(route, shipments)
        self.visits = self.state.visits.copy()
        self._never = np.full(len(day.shifts), NEVER_S, np.int64)
        self._asked: tuple[Job | None, NDArray[np.int64]] = None, np.zeros((0, 2), np.int64)
        self.left_fen = np.array(
            [FREE if self.roster.is_held(job) else self.left_out_fen(job) for job in day.jobs], np.int64
        )
        self.places = np.full((len(day.jobs), PLACES), UNASKED, np.int32)
        every = len(day.shifts)
        self.found = Found(np.zeros(every, np.int64), np.zeros(every, np.int64), np.zeros(every, np.int64))

    def _fill(self, route: Route, shipments: Sequence[Shipment]) -> None:
        """Lay a route of the plan into the arrays; the kernels time it anew, others may have timed it otherwise."""
        v, s = self.shift_index[route.shift_id], self.state
        self.starts |= {stop.job_id: stop.start_s for stop in route.stops}
        jobs = [self.index[stop.job_id] for stop in route.stops]
        if len(jobs) <= s.stops.shape[1]:
            s.stops[v, : len(jobs)] = jobs
            s.length[v] = len(jobs)
            s.route_of[jobs] = v
        s.visits[self.problem.shifts["outlet"][v]] += len(jobs)
        self.usable[v] = len(jobs) <= s.stops.shape[1] and bool(evaluate(self.problem, s, v))
        if not self.usable[v]:
            # Legal perhaps, but not as the kernels time it: nothing can be computed here.
            self.problem.fixed[:, v] = self.fixed[:, v] = FORBIDDEN
            return
        starts, items = self._scratch
        back_s = walk(self.problem, s, v, starts, items)
        self.items[v], self.planned_fen[v] = items, s.fen[v]
        self.as_timed[v] = back_s == route.return_s and all(
            stop.start_s == start for stop, start in zip(route.stops, starts, strict=False)
        )
        if not self.as_timed[v]:
            self.planned_fen[v] = self._stated_fen(route, shipments)

    def _stated_fen(self, route: Route, shipments: Sequence[Shipment]) -> int:
        """Return what a route costs as the plan states it."""
        served = {stop.job_id for stop in route.stops}
        sent = tuple(shipment for shipment in shipments if shipment.job_id in served)
        cost = price(self.day, Plan(routes=(route,), unassigned=(), shipments=sent), self.travel)
        whole_territory = cost.unserved + cost.workload + cost.parity
        left_out = sum(churn_price(self.day.tariff, job, None, None) for job in self.day.jobs if job.id not in served)
        return cost.total - whole_territory - left_out

    def pair(self, job: Job, v: int) -> Pair:
        """Return the pair of a job and a shift with the way from the base."""
        shift, j = self.shifts[v], self.index[job.id]
        technician = self.roster.technician_of(shift)
        row = self.problem.shifts[v]
        way, base = row["way"], row["leaves"]
        drive_s = max(int(self.problem.leg[way, base, j, 0]), int(self.problem.leg[way, j, base, 0]))
        metres, beyond = int(self.problem.metres[way, base, j]), False
        if metres >= UNREACHABLE:
            straight = _straight_m(technician.position, job.position)
            beyond = straight > self.day.tariff.reach_m[technician.mode]
            metres = straight if beyond else metres
        return Pair(
            job=job,
            shift=shift,
            technician=technician,
            outlet=self.roster.outlet_of(shift),
            drive_s=drive_s,
            metres=metres,
            beyond=beyond,
        )

    def road(self, pair: Pair) -> tuple[int, int]:
        """Return seconds, the longer of there and back, and metres, asked anew: the arrays end at the reach."""
        base, place = (np.array([p], np.float64) for p in (pair.technician.position, pair.job.position))
        out = self.travel.matrix(base, place, pair.technician.mode)
        back = self.travel.matrix(place, base, pair.technician.mode)
        return max(int(out.seconds[0, 0]), int(back.seconds[0, 0])), int(out.metres[0, 0])

    def pair_items(self, pair: Pair) -> dict[str, int]:
        """Return what the pair costs whatever the time, by item: the same that `build_problem` adds up."""
        tariff, job = self.day.tariff, pair.job
        contract = pair.outlet.ownership is Ownership.CONTRACT
        published = job.published
        other = published is not None and published.technician_id != pair.technician.id
        return {
            "contract": contract_price(
                contract_tariff(tariff, pair.outlet), pair.metres, service_seconds(job, pair.outlet)
            )
            if contract
            else 0,
            "own_first": tariff.contract_preference_fen if contract else 0,
            "second_visit": second_visit_price(tariff, pair.outlet, job.skill.family),
            "over_qualification": over_qualification_price(tariff, pair.technician, job.skill),
            "continuity": continuity_price(tariff, job, pair.technician.id),
            "churn": churn_price(tariff, job, pair.technician.id, published.start_s) if other and published else 0,
        }

    def pair_fen(self, pair: Pair) -> int:
        """Return what the pair costs whatever the time, rules aside."""
        return sum(self.pair_items(pair).values())

    def left_out_fen(self, job: Job) -> int:
        """Return what leaving the job out costs."""
        tariff = self.day.tariff
        return unserved_price(tariff, job, self.day.days) + churn_price(tariff, job, None, None)

    def ask(self, job: Job, shifts: Iterable[int], latest: NDArray[np.int64] | None = None) -> Ask:
        """Return the question where the job, as given, fits on these shifts, not after their latest starts."""
        if job is not self._asked[0]:
            windows = visit_windows(self.roster, job)
            self._asked = job, np.array([(w.earliest_s, w.latest_s) for w in windows], np.int64).reshape(-1, 2)
        # Service starts on the last day at the latest, whatever the windows.
        return Ask(
            self.index[job.id],
            np.array(list(shifts), np.int64),
            self._asked[1],
            self._never if latest is None else latest,
            self.spare,
            self.day.now_s,
            self.day.days * 86_400,
        )

    def punctual(self, job: Job) -> NDArray[np.int64]:
        """Return the latest start on every shift that keeps all promises of the job."""
        latest = np.full(len(self.shifts), NEVER_S, np.int64)
        service_s = self.problem.service[self.index[job.id], self.problem.shifts["outlet"]]
        for clock in job.clocks:
            due = clock.due_s if clock.kind is ClockKind.ARRIVAL else clock.due_s - service_s
            latest = np.minimum(latest, due)
        return latest

    def quoted(self, ask: Ask, state: State | None = None) -> list[Place]:
        """Return the cheapest legal gap on every shift asked that has one."""
        quotes(self.problem, self.state if state is None else state, ask, self.found)
        return self.found_places(ask)

    def found_places(self, ask: Ask) -> list[Place]:
        """Return the places of the last answer, in the order of the shifts asked."""
        count = len(ask.shifts)
        fens, gaps = self.found.fen[:count].tolist(), self.found.gap[:count].tolist()
        return [
            Place(v=v, gap=gap, fen=fen)
            for v, fen, gap in zip(ask.shifts.tolist(), fens, gaps, strict=True)
            if fen < INFEASIBLE
        ]

    @contextmanager
    def taken(self, job: Job) -> Iterator[Taken]:
        """Take a job off its route, and put it back in the end with every row of it as it was."""
        p, s, j = self.problem, self.state, self.index[job.id]
        row = p.jobs[j : j + 1].copy()
        fixed, ready = p.fixed[j].copy(), p.kit_ready[j].copy()
        home = int(s.route_of[j])
        gap, legal = take_out(p, s, j) if home != FREE else (FREE, True)
        try:
            yield Taken(j=j, home=home, gap=int(gap), legal=bool(legal), windows=(0, 0))
        finally:
            p.jobs[j : j + 1], p.fixed[j], p.kit_ready[j] = row, fixed, ready
            if home != FREE:
                insert(p, s, j, home, gap, 0)

    def forced(self, taken: Taken, place: Place, job: Job, *, new_consent: bool = False) -> Forced:
        """Force the job into a place, price the whole plan with it against the plan as it is, and take it out again."""
        p, s, j = self.problem, self.state, taken.j
        x_gap = FREE
        if place.x != FREE:
            x_gap, _ = take_out(p, s, place.x)
        insert(p, s, j, place.v, place.gap, 0)
        if place.u != FREE:
            insert(p, s, place.x, place.u, place.u_gap, 0)
        touched = {taken.home, place.v, place.u} - {FREE}
        forced = self._priced(taken, place, job, touched, new_consent=new_consent)
        if place.u != FREE:
            take_out(p, s, place.x)
        take_out(p, s, j)
        if place.x != FREE:
            insert(p, s, place.x, place.v, x_gap, 0)
        return forced

    def _priced(self, taken: Taken, place: Place, job: Job, touched: set[int], *, new_consent: bool) -> Forced:
        s, jobs = self.state, self.day.jobs
        starts, items = self._scratch
        after: dict[int, int] = {}
        totals = np.zeros(len(ITEMS), np.int64)
        for v in touched:
            walk(self.problem, s, v, starts, items)
            after |= {int(s.stops[v, k]): int(starts[k]) for k in range(s.length[v])}
            totals += items - self.items[v]
        routes_fen = sum(int(s.fen[v] - self.planned_fen[v]) for v in touched)
        unserved = 0 if taken.home != FREE else -self.left_out_fen(self.roster.jobs[job.id])
        if place.x != FREE and place.u == FREE:
            unserved += self.left_out_fen(jobs[place.x])
        outlets = {self.roster.outlet_of(self.shifts[v]).id: int(self.problem.shifts["outlet"][v]) for v in touched}
        workload = sum(
            workload_price(self.day.tariff, self.roster.outlets[o], int(s.visits[i]))
            - workload_price(self.day.tariff, self.roster.outlets[o], int(self.visits[i]))
            for o, i in outlets.items()
        )
        changed = {*after, taken.j} | ({place.x} - {FREE})
        parity = self._parity(job, changed, after, new_consent=new_consent)
        split = {"unserved": unserved, "workload": workload, "parity": parity}
        split |= {name: int(fen) for name, fen in zip(ITEMS, totals, strict=True) if name != "visit"}
        if all(self.as_timed[v] for v in touched):
            self._split_visits(split, taken, place, job)
        return Forced(
            difference_fen=routes_fen + unserved + workload + parity,
            start_s=after[taken.j],
            items=tuple(split.items()) if all(self.as_timed[v] for v in touched) else (),
        )

    def _split_visits(self, split: dict[str, int], taken: Taken, place: Place, job: Job) -> None:
        """Add what the pairs cost that come and go, by item."""
        moves = [(job, taken.home, place.v)]
        if place.x != FREE:
            moves.append((self.day.jobs[place.x], place.v, place.u))
        for moved, before, now in moves:
            for v, sign in ((before, -1), (now, 1)):
                if v != FREE and before != now:
                    for name, fen in self.pair_items(self.pair(moved, v)).items():
                        split[name] = split.get(name, 0) + sign * fen

    def _parity(self, job: Job, changed: Iterable[int], after: Mapping[int, int], *, new_consent: bool) -> int:
        more: Counter[str] = Counter()
        for i in changed:
            other = self.day.jobs[i]
            due_s = _arrival_due(other)
            if due_s is None or not (other.consent or other.id == job.id):
                continue
            if other.consent:
                more[other.centre_id] -= self.starts.get(other.id, due_s + 1) > due_s
            more[other.centre_id] += after.get(i, due_s + 1) > due_s
        joins = new_consent and _arrival_due(job) is not None
        fen = 0
        for centre in {*more, *([job.centre_id] if joins else [])}:
            count, missed = self.parity.get(centre, (0, 0))
            now = count + (joins and centre == job.centre_id)
            fen += parity_price(self.day.tariff, now, missed + more[centre])
            fen -= parity_price(self.day.tariff, count, missed)
        return fen

    def stretched(self, ask: Ask, v: int, earlier_s: int = 0, later_s: int = 0) -> None:
        """Give the job asked about the windows it has on shift v."""
        stretch(self.problem, ask, v, earlier_s, later_s)

    def start_of(self, j: int, place: Place, ask: Ask) -> int:
        """Return when the job taken out would start at a place where nobody gives way."""
        p, s = self.problem, self.state
        starts, items = self._scratch
        stretch(p, ask, place.v, 0, 0)
        insert(p, s, j, place.v, place.gap, 0)
        walk(p, s, place.v, starts, items)
        take_out(p, s, j)
        return int(starts[place.gap])

    def stops_on(self, v: int) -> int:
        """Return how many visits a shift has, the job taken out not among them."""
        return int(self.state.length[v])
