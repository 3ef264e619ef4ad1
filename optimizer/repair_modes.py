"""How a job is best repaired (维修方式): on site, at the depot, by exchange of the unit, or over the telephone.

Each way has its cost in fen, item by item, and the days it takes, for which docs/model.md has the formulas. Nothing is
reserved and no route is looked at: it is a recommendation for the person who decides, job by job.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from optimizer.candidates import leaving_modes, nearest_capable_outlets
from optimizer.cost import contract_price, contract_tariff, second_visit_price, shipment_price
from optimizer.explanation import Sentence
from optimizer.kit_options import KitOption, kits_at
from optimizer.measure import service_seconds
from optimizer.model import (
    DAY_S,
    Day,
    Job,
    Lane,
    Ownership,
    Part,
    ShipMode,
    SourceKind,
    TravelMode,
    Warehouse,
)
from optimizer.repair_mode import JobFacts, ModeCost, ModeOption, RepairAdvice, RepairMode, RepairModePolicy
from optimizer.repair_mode_wording import (
    ALREADY_DUE,
    BUILT_IN,
    NO_PEOPLE,
    NOT_BY_PHONE,
    ONLY_THERE,
    UNIT_UNKNOWN,
    call_words,
    depot_words,
    exchange_words,
    kit_missing_words,
    no_depot_words,
    no_unit_words,
    recommendation_words,
    visit_words,
)
from optimizer.roster import Roster
from optimizer.ship_modes import is_bulky, lawful_modes
from optimizer.sourcing import HORIZON_S, kit_options, missing_parts
from optimizer.travel import TravelTimes, there_and_back

__all__ = ["RepairModes", "advise"]

_HOUR_S = 3_600


@dataclass(frozen=True, slots=True, kw_only=True)
class RepairModes:
    """What is known when the ways of a day's jobs are weighed.

    facts: by job; jobs without any are not advised about. provinces: of warehouses, by id.
    """

    facts: Mapping[str, JobFacts]
    policy: RepairModePolicy
    provinces: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Way:
    """An outlet (its place in the day) and the road from there to a job and back."""

    outlet: int
    seconds: int
    there_m: int
    metres: int


@dataclass(frozen=True, slots=True, kw_only=True)
class _Leaving:
    """A lane, and how long from now until it leaves next."""

    lane: Lane
    waits_s: int


@dataclass(frozen=True, slots=True, kw_only=True)
class _Ready:
    """Parts on their way: when they are there, from now, and what brings them."""

    p50_s: int
    p90_s: int
    freight_fen: int
    source_id: str = ""
    mode: ShipMode | None = None


_HERE = _Ready(p50_s=0, p90_s=0, freight_fen=0)


def advise(day: Day, known: RepairModes, travel: TravelTimes) -> Iterator[RepairAdvice]:
    """Yield the advice about every job of a day that facts are known of.

    The nearest capable outlet by road comes with somebody who may go that far; the road is priced by car. Kits are
    those of `kit_options`, first come first served.
    """
    about = tuple(job for job in day.jobs if job.id in known.facts)
    weighing = _Weighing(day, known)
    exchanged = tuple(_exchanged(job, known.policy) for job in about)
    roads = _roads(replace(day, jobs=about), travel), _roads(replace(day, jobs=exchanged), travel)
    for job, swap, way, swap_way in zip(about, exchanged, *roads, strict=True):
        visit = weighing.on_site(job, way)
        options = (visit, weighing.depot(job, way), weighing.exchange(swap, swap_way), weighing.remote(job, visit))
        yield _advice(job.id, known.facts[job.id], options)


def _exchanged(job: Job, policy: RepairModePolicy) -> Job:
    """Return the visit that brings another unit."""
    return replace(
        job,
        crew=max(job.crew, policy.exchange_crew),
        load=max(job.load, policy.exchange_load),
        service_s=max(job.service_s, policy.exchange_service_s),
    )


def _advice(job_id: str, facts: JobFacts, options: Sequence[ModeOption]) -> RepairAdvice:
    swap = next(option for option in options if option.mode is RepairMode.EXCHANGE)
    if facts.exchange_due and swap.possible:
        options = [option if option is swap else _refused(option.mode, ALREADY_DUE) for option in options]
    best = min((option for option in options if option.possible), key=_order, default=None)
    return RepairAdvice(
        job_id=job_id,
        options=tuple(options),
        recommended=None if best is None else best.mode,
        said=recommendation_words(best, (option for option in options if option is not best)),
    )


def _order(option: ModeOption) -> tuple[int, ...]:
    """Return what the best way has least of: with every figure in it, no other is at least as good in all of them."""
    return option.weighed_fen, option.done_p90_s, option.done_p50_s, option.cost.total, option.customer_fen


def _refused(mode: RepairMode, why: Sentence) -> ModeOption:
    return ModeOption(mode=mode, possible=False, said=why)


class _Weighing:
    """Weighs the ways of single jobs."""

    def __init__(self, day: Day, known: RepairModes) -> None:
        self._day, self._known, self._policy = day, known, known.policy
        self._kits, self._missing = kit_options(day), missing_parts(day)
        houses = {house.id: house for house in day.warehouses if house.open}
        self._lanes: defaultdict[str, list[_Leaving]] = defaultdict(list)
        for lane in day.lanes:
            departures_s = lane.departures_s(day.now_s, day.now_s + HORIZON_S)
            if lane.warehouse_id in houses and departures_s:
                self._lanes[lane.centre_id].append(_Leaving(lane=lane, waits_s=departures_s[0] - day.now_s))
        self._transit_p50 = {
            (lane.warehouse_id, lane.centre_id, lane.mode, lane.cut_off_s % DAY_S, lane.transit_p90_s): (
                lane.transit_p50_s
            )
            for lane in day.lanes
        }
        self._depots = _depots(day.warehouses, known.policy)

    def on_site(self, job: Job, way: _Way | None) -> ModeOption:
        """Weigh a visit with the kit."""
        if way is None:
            return _refused(RepairMode.ON_SITE, NO_PEOPLE)
        outlet_id = self._day.outlets[way.outlet].id
        kits = kits_at(self._kits.get(job.id, ()), outlet_id)
        if job.order_lines and not kits:
            missing = self._missing.get(job.id, f"{outlet_id} is too far away to fetch it.")
            return _refused(RepairMode.ON_SITE, kit_missing_words(missing))
        return min(
            (
                self._option(
                    job,
                    RepairMode.ON_SITE,
                    visit_words(outlet_id),
                    self._visit_cost(job, way, ModeCost(parts_freight=ready.freight_fen)),
                    self._visited(job, way, ready),
                    outlet_id=outlet_id,
                )
                for ready in ([self._ready(job, kit) for kit in kits] or [_HERE])
            ),
            key=_order,
        )

    def depot(self, job: Job, way: _Way | None) -> ModeOption:
        """Weigh the unit's way to a depot and back, the best depot and lane; who would come takes it to a pickup's."""
        facts, policy = self._known.facts[job.id], self._policy
        refusal = ONLY_THERE if facts.only_there else BUILT_IN if not facts.portable else None
        if refusal is not None:
            return _refused(RepairMode.DEPOT, refusal)
        if facts.unit is None:
            return _refused(RepairMode.DEPOT, UNIT_UNKNOWN)
        unit, outlet_id = facts.unit.part, None if way is None else self._day.outlets[way.outlet].id
        found = []
        for leaving in self._carrying(job, unit, outlet_id):
            lane = leaving.lane
            if lane.warehouse_id not in self._depots:
                continue
            near = facts.province != "" and self._known.provinces.get(lane.warehouse_id) == facts.province
            days = (
                (policy.near_depot_p50_s, policy.near_depot_p90_s)
                if near
                else (policy.far_depot_p50_s, policy.far_depot_p90_s)
            )
            freight_fen = 2 * shipment_price(lane, unit, 1)
            customer_fen = freight_fen * policy.depot_customer_percent // 100
            cost = ModeCost(
                depot_freight=freight_fen - customer_fen,
                depot_work=job.service_s * policy.depot_fen_per_minute // 60,
            )
            said = depot_words(lane.warehouse_id, lane.mode)
            option = self._option(job, RepairMode.DEPOT, said, cost, days, customer_fen=customer_fen)
            found.append(replace(option, source_id=lane.warehouse_id, ship_mode=lane.mode))
        return min(found, key=_order, default=_refused(RepairMode.DEPOT, no_depot_words(unit.size_class)))

    def exchange(self, job: Job, way: _Way | None) -> ModeOption:
        """Weigh a visit of two with another unit, which takes the old one along; the old one rides the lane back."""
        facts, policy = self._known.facts[job.id], self._policy
        if facts.only_there:
            return _refused(RepairMode.EXCHANGE, ONLY_THERE)
        if facts.unit is None:
            return _refused(RepairMode.EXCHANGE, UNIT_UNKNOWN)
        if way is None:
            return _refused(RepairMode.EXCHANGE, NO_PEOPLE)
        unit, outlet_id = facts.unit.part, self._day.outlets[way.outlet].id
        stocked = {house.id for house in self._day.warehouses if _has(house, unit.id)}
        sent = self._sent(job, unit, stocked, outlet_id)
        if not sent:
            none = no_unit_words(unit.id, unit.size_class, stocked=bool(stocked))
            return _refused(RepairMode.EXCHANGE, none)

        def order(ready: _Ready) -> tuple[int, ...]:
            # That of `_order`: what all ways of the unit have in common is left out.
            p50_s, p90_s = self._visited(job, way, ready)
            return 2 * ready.freight_fen + self._waiting_fen(job, p90_s), p90_s, p50_s, ready.freight_fen

        ready = min(sent, key=order)
        assert ready.mode is not None, "a unit travels"
        cost = ModeCost(
            unit=facts.unit.price_fen * policy.unit_percent // 100,
            unit_freight=ready.freight_fen,
            return_freight=ready.freight_fen,
        )
        option = self._option(
            job,
            RepairMode.EXCHANGE,
            exchange_words(outlet_id, ready.source_id, ready.mode),
            self._visit_cost(job, way, cost),
            self._visited(job, way, ready),
            outlet_id=outlet_id,
        )
        return replace(option, source_id=ready.source_id, ship_mode=ready.mode)

    def remote(self, job: Job, visit: ModeOption) -> ModeOption:
        """Weigh a call, and the visit that follows when it does not help."""
        facts, policy = self._known.facts[job.id], self._policy
        if facts.only_there or not facts.by_phone:
            return _refused(RepairMode.REMOTE, ONLY_THERE if facts.only_there else NOT_BY_PHONE)
        solved = policy.remote_solves_percent
        cost = ModeCost(
            call=policy.remote_s * policy.remote_fen_per_minute // 60,
            visit_after_call=visit.cost.total * (100 - solved) // 100,
        )
        # Whoever is not helped waits for the visit as well; without one there is nothing to wait for.
        days = (
            policy.remote_p50_s + (visit.done_p50_s if solved < 50 else 0),
            policy.remote_p90_s + (visit.done_p90_s if solved < 90 else 0),
        )
        return self._option(job, RepairMode.REMOTE, call_words(policy.remote_s // 60, solved), cost, days)

    def _option(
        self,
        job: Job,
        mode: RepairMode,
        said: Sentence,
        cost: ModeCost,
        done_s: tuple[int, int],
        *,
        customer_fen: int = 0,
        outlet_id: str = "",
    ) -> ModeOption:
        return ModeOption(
            mode=mode,
            possible=True,
            said=said,
            cost=cost,
            customer_fen=customer_fen,
            waiting_fen=self._waiting_fen(job, done_s[1]),
            done_p50_s=done_s[0],
            done_p90_s=done_s[1],
            outlet_id=outlet_id,
        )

    def _waiting_fen(self, job: Job, done_p90_s: int) -> int:
        tariff = self._day.tariff
        per_hour = tariff.waiting_fen_per_hour * tariff.weight_percent[job.customer_class]
        return done_p90_s * per_hour // (100 * _HOUR_S)

    def _visit_cost(self, job: Job, way: _Way, cost: ModeCost) -> ModeCost:
        """Return the cost with that of the visit: people on the road and at work, or the contract tariff."""
        outlet, tariff = self._day.outlets[way.outlet], self._day.tariff
        wage, service_s = tariff.travel_fen_per_hour[outlet.ownership], service_seconds(job, outlet)
        own = outlet.ownership is Ownership.OWN
        people = job.crew if own else 1
        row = None if own else contract_tariff(tariff, outlet)
        return replace(
            cost,
            travel=way.seconds * wage * people // _HOUR_S + way.metres * tariff.fen_per_km[TravelMode.CAR] // 1_000,
            service=service_s * wage * people // _HOUR_S if own else 0,
            contract=0 if row is None else contract_price(row, way.there_m, service_s),
            second_visit=second_visit_price(tariff, outlet, job.skill.family),
        )

    def _visited(self, job: Job, way: _Way, ready: _Ready) -> tuple[int, int]:
        """Return when a visit is done once its parts are there, from now: in the median and at the 90th percentile."""
        service_s = service_seconds(job, self._day.outlets[way.outlet])
        p50_s = ready.p50_s + self._policy.visit_p50_s[job.area_class] + service_s
        return p50_s, ready.p90_s + self._policy.visit_p90_s[job.area_class] + service_s

    def _ready(self, job: Job, kit: KitOption) -> _Ready:
        p50_s = max(
            sent.ships_s
            + self._transit_p50[
                sent.warehouse_id, job.centre_id, sent.mode, sent.ships_s % DAY_S, sent.ready_s - sent.ships_s
            ]
            for sent in kit.shipments
        )
        now_s = self._day.now_s
        return _Ready(p50_s=p50_s - now_s, p90_s=kit.ready_s - now_s, freight_fen=kit.cost_fen)

    def _carrying(self, job: Job, part: Part, outlet_id: str | None) -> list[_Leaving]:
        """Return the lanes between a job's centre and an open warehouse that carry a part, and leave in time.

        outlet_id: who would fetch or bring by them, None for nobody.
        """
        return [
            leaving
            for leaving in self._lanes[job.centre_id]
            if part.size_class in leaving.lane.carries and leaving.lane.is_for(outlet_id)
        ]

    def _sent(self, job: Job, unit: Part, stocked: set[str], outlet_id: str) -> list[_Ready]:
        """Return how a unit may come: as other parts may, by what could bring it."""
        found = [leaving for leaving in self._carrying(job, unit, outlet_id) if leaving.lane.warehouse_id in stocked]
        modes = lawful_modes({leaving.lane.mode for leaving in found}, waits=job.urgent, bulky=is_bulky(unit))
        return [
            _Ready(
                p50_s=leaving.waits_s + leaving.lane.transit_p50_s,
                p90_s=leaving.waits_s + leaving.lane.transit_p90_s,
                freight_fen=shipment_price(leaving.lane, unit, 1),
                source_id=leaving.lane.warehouse_id,
                mode=leaving.lane.mode,
            )
            for leaving in found
            if leaving.lane.mode in modes
        ]


def _has(house: Warehouse, part_id: str) -> bool:
    return house.open and house.stock.get(part_id, 0) - house.floors.get(part_id, 0) >= 1


def _depots(warehouses: Iterable[Warehouse], policy: RepairModePolicy) -> frozenset[str]:
    by_kind: defaultdict[SourceKind, set[str]] = defaultdict(set)
    for house in warehouses:
        by_kind[house.kind].add(house.id)
    return policy.depots or frozenset(by_kind[SourceKind.HQ] or by_kind[SourceKind.WAREHOUSE])


def _roads(day: Day, travel: TravelTimes) -> list[_Way | None]:
    """Return the way from each job's nearest capable outlet with somebody who may go that far by road, by his mode."""
    ways: list[_Way | None] = [None] * len(day.jobs)
    modes = leaving_modes(day)
    # Next best outlets are asked about only where the one before has nobody who gets there.
    for outlet in nearest_capable_outlets(Roster(day), travel).outlet.T:
        open_rows = np.flatnonzero((outlet >= 0) & np.array([way is None for way in ways]))
        for place in np.unique(outlet[open_rows]).tolist():
            rows = open_rows[outlet[open_rows] == place].tolist()
            _from_outlet(day, travel, place, [(row, modes[row].get(place, ())) for row in rows], ways)
    return ways


def _from_outlet(
    day: Day,
    travel: TravelTimes,
    place: int,
    jobs: Sequence[tuple[int, Collection[TravelMode]]],
    ways: list[_Way | None],
) -> None:
    """Enter the ways of those jobs that somebody at an outlet reaches; jobs: row, and the modes of who could come."""
    base = np.array([day.outlets[place].position], np.float64)
    places = np.array([day.jobs[row].position for row, _ in jobs], np.float64)
    there, back = there_and_back(travel, base, places, TravelMode.CAR)
    reached = np.zeros(len(jobs), bool)
    for mode in TravelMode:
        asked = np.array([mode in modes for _, modes in jobs]) & ~reached
        if asked.any():
            metres = there.metres[0, asked]
            if mode is not TravelMode.CAR:
                metres = travel.matrix(base, places[asked], mode).metres[0]
            reached[asked] = metres <= day.tariff.reach_m[mode]
    for number in np.flatnonzero(reached).tolist():
        ways[jobs[number][0]] = _Way(
            outlet=place,
            seconds=int(there.seconds[0, number]) + int(back.seconds[number, 0]),
            there_m=int(there.metres[0, number]),
            metres=int(there.metres[0, number]) + int(back.metres[number, 0]),
        )
