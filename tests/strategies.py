"""Small random days with every rule in them, and plans for them, legal and not.

`random_day(seed, …)` is a plain function of its arguments; `days()` is the Hypothesis strategy over it. The days are
meant to hurt: locks on people who cannot come, kits that arrive too late, ways that nobody knows.
"""

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import pairwise
from random import Random

from hypothesis import strategies as st

from optimizer import model
from optimizer.cost import shipment_price
from optimizer.parts.model import Order, OrderLine, Quota, Shelf
from optimizer.parts.supply import Supply
from optimizer.plan import Plan, Route, Shipment, Stop, Unassigned
from tests import make

__all__ = ["days", "days_and_travel", "legal_plan", "random_day", "random_plan", "random_supply", "random_travel"]

FAMILIES = ("fridge", "washer", "heater")
SCHEMES = ("gas", "high voltage")
HOUR_S = 3_600


def days(max_jobs: int = 14, max_technicians: int = 5, centres: int = 1) -> st.SearchStrategy[model.Day]:
    """Return a strategy of random days; it shrinks by size and by seed."""
    return st.builds(
        random_day,
        st.integers(min_value=0, max_value=100_000),
        jobs=st.integers(min_value=3, max_value=max_jobs),
        technicians=st.integers(min_value=2, max_value=max_technicians),
        days=st.integers(min_value=1, max_value=3),
        centres=st.just(centres),
    )


def days_and_travel(
    max_jobs: int = 14, max_technicians: int = 5, centres: int = 1
) -> st.SearchStrategy[tuple[model.Day, make.FlatTravel]]:
    """Return a strategy of random days with travel times for each, some ways of which are unknown."""
    return days(max_jobs, max_technicians, centres).flatmap(
        lambda day: st.tuples(st.just(day), st.builds(random_travel, st.just(day), st.integers(0, 1_000)))
    )


def random_day(seed: int, *, jobs: int = 12, technicians: int = 4, days: int = 2, centres: int = 1) -> model.Day:
    """Draw a day with every rule present; the same arguments give the same day."""
    random = Random(f"{seed} {jobs} {technicians} {days} {centres}")
    draft = make.day(
        days=days,
        now_s=make.clock(random.choice(["06:00", "07:30", "11:00"])),
        centres=tuple(model.Centre(id=f"c{number}", position=_place(random)) for number in range(1, centres + 1)),
        tariff=_tariff(random),
        parts=_parts(random),
    )
    draft = replace(draft, warehouses=tuple(_warehouse(random, number, draft) for number in range(1, 4)))
    draft = replace(draft, lanes=tuple(_lanes(random, draft)))
    draft = replace(draft, outlets=tuple(_outlet(random, number, draft) for number in range(3 * centres)))
    draft = replace(draft, lanes=(*draft.lanes, *_pickups(Random(f"pickups {seed}"), draft)))
    draft = replace(
        draft, technicians=tuple(_technician(random, number, draft) for number in range(1, technicians + 1))
    )
    draft = replace(draft, shifts=tuple(_shifts(random, draft)))
    return replace(draft, jobs=tuple(_job(random, number, draft) for number in range(1, jobs + 1)))


def random_supply(day: model.Day, seed: int) -> Supply:
    """Draw what lies beside a day: shelves of outlets, orders of others, what does instead of what, and quotas."""
    random = Random(f"supply {seed}")
    parts, outlets = [part.id for part in day.parts], [outlet.id for outlet in day.outlets]
    return Supply(
        shelves={
            outlet: {part: Shelf(free=random.randrange(3)) for part in parts if random.random() < 0.7}
            for outlet in outlets
            if random.random() < 0.7
        },
        substitutes={one: (other,) for one, other in pairwise(parts) if random.random() < 0.5},
        quotas=tuple(
            Quota(outlet_id=outlet, part_id=part, left=random.randrange(2))
            for outlet in outlets
            for part in parts
            if random.random() < 0.4
        ),
        orders=tuple(_order(random, day, number) for number in range(random.randrange(5))) if parts else (),
    )


def _order(random: Random, day: model.Day, number: int) -> Order:
    outlet = random.choice(day.outlets)
    waiting = random.random() < 0.5
    return Order(
        id=f"r{number}",
        centre_id=outlet.centre_id,
        outlet_id=outlet.id,
        position=outlet.position,
        ordered_s=day.now_s - random.randrange(4 * HOUR_S),
        respond_by_s=day.now_s,
        lines=tuple(
            OrderLine(id=f"r{number}-{line}", part_id=part.id, quantity=random.randint(1, 2))
            for line, part in enumerate(random.sample(day.parts, random.randint(1, min(2, len(day.parts)))))
        ),
        needed_by_s=random.choice([None, day.now_s + random.randrange(40 * HOUR_S)]),
        waiting=waiting,
        urgent=waiting and random.random() < 0.5,
        customer_class=random.choice(list(model.CustomerClass)),
    )


def random_travel(day: model.Day, seed: int) -> make.FlatTravel:
    """Draw travel times for a day: there and back may differ, and some ordered pairs have no known way."""
    random = Random(f"travel {seed}")
    places = sorted({job.position for job in day.jobs} | {owner.position for owner in day.technicians})
    pairs = [(random.choice(places), random.choice(places)) for _ in range(random.choice([0, 2, 6]))]
    return make.FlatTravel(
        detour_percent=random.choice([0, 20]), unknown=frozenset((start, end) for start, end in pairs if start != end)
    )


def _place(random: Random, reach_m: int = 9_000) -> model.Position:
    return make.at(
        random.randrange(-reach_m, reach_m + 1, 100),
        random.randrange(-reach_m, reach_m + 1, 100),
    )


def _tariff(random: Random) -> model.Tariff:
    default = model.Tariff()
    return replace(
        default,
        reach_m={**default.reach_m, model.TravelMode.EBIKE: 6_000},
        contract_tariffs=(
            model.ContractTariff(id="near"),
            model.ContractTariff(id="far", call_out_fen=2_000, bands=((3_000, 500), (8_000, 2_000)), fen_per_minute=65),
        ),
        parity_target_percent=random.choice([50, 90]),
    )


def _parts(random: Random) -> tuple[model.Part, ...]:
    return tuple(
        model.Part(id=f"p{number}", size_class=size_class, weight_g=random.randrange(50, 30_000))
        for number, size_class in enumerate(model.SizeClass, 1)
    )


def _warehouse(random: Random, number: int, day: model.Day) -> model.Warehouse:
    return model.Warehouse(
        id=f"w{number}",
        position=_place(random),
        stock={part.id: random.randrange(7) for part in day.parts},
        floors={part.id: random.randrange(2) for part in day.parts},
        inbound={
            part.id: (model.Inbound(ready_s=12 * HOUR_S, quantity=random.randrange(1, 3)),) for part in day.parts[:1]
        },
        dock_lines=random.choice([None, None, 3]),
        open=random.random() < 0.9,
    )


def _lanes(random: Random, day: model.Day) -> Iterator[model.Lane]:
    every = frozenset(model.SizeClass)
    modes = {
        model.ShipMode.STANDARD: (12, 500, every),
        model.ShipMode.EXPRESS: (3, 3_000, every - {model.SizeClass.BULKY}),
        model.ShipMode.DEDICATED: (2, 9_000, every),
    }
    for warehouse in day.warehouses:
        for centre in day.centres:
            for mode, (hours, cost_fen, carries) in modes.items():
                if random.random() < 0.2:
                    continue
                fast_s = hours * HOUR_S // 2
                shut = Random(f"{warehouse.id} {centre.id} {mode} {warehouse.position}").random() < 0.1
                yield model.Lane(
                    warehouse_id=warehouse.id,
                    centre_id=centre.id,
                    mode=mode,
                    cut_off_s=make.clock(random.choice(["06:30", "08:00", "16:00", "20:00"])),
                    transit_p50_s=fast_s,
                    transit_p90_s=random.randrange(fast_s, 2 * fast_s, 60),
                    cost_fen=random.randrange(cost_fen, 2 * cost_fen),
                    cost_fen_per_kg=random.randrange(300),
                    carries=carries,
                    closed=((0, model.DAY_S),) if shut else (),
                )


def _pickups(random: Random, day: model.Day) -> Iterator[model.Lane]:
    """Make lanes by which parts are fetched, most of them by some outlets only."""
    for lane in day.lanes:
        if lane.mode is model.ShipMode.STANDARD and random.random() < 0.4:
            near = frozenset(outlet.id for outlet in day.outlets if random.random() < 0.5)
            yield replace(
                lane,
                mode=model.ShipMode.PICKUP,
                transit_p50_s=HOUR_S,
                transit_p90_s=2 * HOUR_S,
                cost_fen=600,
                reach=None if random.random() < 0.2 else near,
            )


def _outlet(random: Random, number: int, day: model.Day) -> model.Outlet:
    """Make every third outlet an own one; contract outlets may freeze."""
    own = number % 3 == 0
    return model.Outlet(
        id=f"o{number}",
        centre_id=random.choice(day.centres).id,
        position=_place(random),
        ownership=model.Ownership.OWN if own else model.Ownership.CONTRACT,
        tariff_id="" if own else random.choice(["near", "far"]),
        freeze_s=None if own else random.choice([None, make.clock("18:00", day=-1), make.clock("07:00")]),
        workload_target=0 if own else random.randrange(5),
        duration_percent={family: random.randrange(80, 150) for family in FAMILIES if random.random() < 0.5},
        first_fix_percent={family: random.randrange(60, 101) for family in FAMILIES if random.random() < 0.5},
    )


def _technician(random: Random, number: int, day: model.Day) -> model.Technician:
    outlet = random.choice(day.outlets)
    known = random.sample(FAMILIES, random.choice([1, 2, 3]))
    modes = [model.TravelMode.CAR] * 4 + list(model.TravelMode)
    return model.Technician(
        id=f"t{number}",
        outlet_id=outlet.id,
        position=random.choice([outlet.position, _place(random)]),
        mode=random.choice(modes),
        skills=tuple(model.Skill(family=family, level=random.choice([1, 2, 3])) for family in known),
        certificates=tuple(_certificate(random, scheme, day) for scheme in SCHEMES if random.random() < 0.7),
        load_capacity=random.choice([0, 2, 4, 6]),
        crew=random.choice([1, 1, 2]),
    )


def _certificate(random: Random, scheme: str, day: model.Day) -> model.Certificate:
    """Make one that is valid all along, expired, begins or ends within the horizon."""
    first, last = random.choice([(-900, 90), (-900, 90), (-900, 0), (1, 700), (-900, -1)])
    return model.Certificate(
        scheme=scheme, first=day.date + dt.timedelta(days=first), last=day.date + dt.timedelta(days=last)
    )


def _shifts(random: Random, day: model.Day) -> Iterator[model.Shift]:
    for technician in day.technicians:
        start = random.choice(["08:00", "08:30", "13:00"])
        hours = random.choice([("00:00", "24:00"), ("08:00", "18:00"), ("09:00", "16:00")])
        rests = random.random() < 0.7
        for number in range(day.days):
            if random.random() < 0.1:
                continue
            start_s = make.clock(start, number)
            yield model.Shift(
                id=f"{technician.id}-{number}",
                technician_id=technician.id,
                day=number,
                start_s=start_s,
                end_s=start_s + 8 * HOUR_S,
                latest_end_s=start_s + random.choice([8, 9, 10]) * HOUR_S,
                open_s=make.clock(hours[0], number),
                close_s=make.clock(hours[1], number),
                break_=model.Break(
                    earliest_s=start_s + 3 * HOUR_S, latest_s=start_s + 9 * HOUR_S // 2, duration_s=2_700
                )
                if rests
                else None,
            )


def _job(random: Random, number: int, day: model.Day) -> model.Job:
    shape = random.choice(["any time", "any time", "window", "windows", "appointment"])
    windows = {"window": 1, "windows": 2, "appointment": 1}.get(shape, 0)
    reported_s = random.randrange(-2 * model.DAY_S, day.now_s)
    published = _published(random, day) if random.random() < 0.4 else None
    return model.Job(
        id=f"j{number}",
        position=_job_place(random, day),
        centre_id=random.choice(day.centres).id,
        area_class=random.choice(list(model.AreaClass)),
        skill=model.Skill(family=random.choice(FAMILIES), level=random.choice([1, 1, 2, 3])),
        reported_s=reported_s,
        service_s=random.randrange(600, 2 * HOUR_S, 60),
        clocks=_clocks(random, reported_s),
        certificates=frozenset(scheme for scheme in SCHEMES if random.random() < 0.1),
        crew=random.choice([1] * 7 + [2]),
        load=random.choice([0, 0, 0, 1, 3]),
        windows=tuple(_window(random, day) for _ in range(windows)),
        appointment=_window(random, day) if shape == "appointment" else None,
        preferred=_window(random, day) if random.random() < 0.3 else None,
        customer_class=random.choice(list(model.CustomerClass)),
        urgent=random.random() < 0.2,
        consent=random.random() < 0.92,
        order_lines=_order_lines(random, number, day),
        preferred_technician_id=random.choice(day.technicians).id if random.random() < 0.2 else None,
        lock=random.choice(list(model.Lock)) if random.random() < 0.4 else model.Lock.NONE,
        published=published,
    )


def _job_place(random: Random, day: model.Day) -> model.Position:
    """Make a place: some far out, some at a base (no way to drive at all)."""
    chance = random.random()
    if chance < 0.1:
        return _place(random, reach_m=40_000)
    return random.choice(day.technicians).position if chance < 0.2 else _place(random)


def _clocks(random: Random, reported_s: int) -> tuple[model.Clock, ...]:
    promises = {model.ClockKind.ARRIVAL: [8, 24, 48], model.ClockKind.RESOLUTION: [2, 48, 72]}
    return tuple(
        model.Clock(kind=kind, due_s=reported_s + random.choice(hours) * HOUR_S)
        for kind, hours in promises.items()
        if random.random() < 0.7
    )


def _window(random: Random, day: model.Day) -> model.Window:
    earliest_s = random.randrange(day.days) * model.DAY_S + random.randrange(8 * HOUR_S, 17 * HOUR_S, 900)
    return model.Window(earliest_s=earliest_s, latest_s=earliest_s + random.choice([900, 2 * HOUR_S, 5 * HOUR_S]))


def _order_lines(random: Random, number: int, day: model.Day) -> tuple[model.OrderLine, ...]:
    parts = random.sample(day.parts, random.choice([0, 0, 0, 1, 1, 2]))
    return tuple(
        model.OrderLine(id=f"l{number}.{place}", part_id=part.id, quantity=random.choice([1, 1, 2]))
        for place, part in enumerate(parts)
    )


def _published(random: Random, day: model.Day) -> model.Published:
    """Publish on any technician, able or not, here or not."""
    return model.Published(
        technician_id=random.choice([*(technician.id for technician in day.technicians), "t99"]),
        start_s=random.randrange(day.days) * model.DAY_S + random.randrange(8 * HOUR_S, 17 * HOUR_S, 300),
        told=random.random() < 0.5,
    )


def random_plan(day: model.Day, travel: make.FlatTravel, seed: int) -> Plan:
    """Draw a plan that cares for no rule; some of its references and figures are nonsense."""
    random = Random(f"plan {seed}")
    ids = [job.id for job in day.jobs]
    routes = []
    for shift in random.sample(day.shifts, random.randrange(len(day.shifts) + 1)):
        chosen = random.sample(ids, random.randrange(min(4, len(ids)) + 1))
        visits = [(job_id, shift.start_s + random.randrange(-HOUR_S, 12 * HOUR_S)) for job_id in chosen]
        rest_s = random.choice([None, shift.start_s + random.randrange(6 * HOUR_S)])
        routes.append(make.route(day, *visits, shift_id=shift.id, travel=travel, break_start_s=rest_s))
    lines = [(job, line) for job in day.jobs for line in job.order_lines]
    shipments = [
        make.shipment(job_id=job.id, order_line_id=line.id, part_id=line.part_id, quantity=random.randrange(4))
        for job, line in lines
        if random.random() < 0.5
    ]
    plan = make.plan(day, *routes, shipments=shipments)
    return _nonsense(random, plan) if random.random() < 0.3 else plan


def _nonsense(random: Random, plan: Plan) -> Plan:
    """Add references to nothing, repetitions, and figures without sense."""
    ghost = Stop(job_id="j99", start_s=-(10**9), end_s=10**12, travel_s=-1, travel_m=10**12)
    lost = Route(
        shift_id=random.choice(["t99-0", "t1-0"]),
        depart_s=10**12,
        stops=(ghost,),
        return_s=-(10**12),
        return_travel_s=-5,
        return_travel_m=0,
        break_start_s=-7,
    )
    return replace(
        plan,
        routes=(*plan.routes, lost, *plan.routes[:1]),
        unassigned=(*plan.unassigned, Unassigned(job_id="", rule=model.Rule.UNKNOWN, reason="")),
        shipments=(*plan.shipments, make.shipment(job_id="j99"), make.shipment(order_line_id="", quantity=-3)),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Offer:
    """A way to put one more visit at the end of a route."""

    start_s: int
    break_start_s: int | None


def legal_plan(day: model.Day, travel: make.FlatTravel, seed: int = 0) -> Plan:
    """Draw a plan that breaks no rule: jobs in random order, each at the end of the first route the checker accepts.

    It is slow and simple-minded on purpose: the checker alone decides.
    """
    random = Random(f"legal {seed}")
    routes: dict[str, Route] = {}
    shipments: list[Shipment] = []
    for job in random.sample(day.jobs, len(day.jobs)):
        kit = _kit(day, job, shipments)
        if kit is None:
            continue
        for shift in random.sample(day.shifts, len(day.shifts)):
            route = _longer(day, travel, routes.get(shift.id), (job, shift, kit), shipments)
            if route is not None:
                routes[shift.id] = route
                shipments += kit
                break
    return make.plan(day, *routes.values(), shipments=shipments)


def _longer(
    day: model.Day,
    travel: make.FlatTravel,
    route: Route | None,
    wanted: tuple[model.Job, model.Shift, list[Shipment]],
    shipments: list[Shipment],
) -> Route | None:
    """Return the route with one more visit at its end, None when no way to do it is legal."""
    job, shift, kit = wanted
    before = [(stop.job_id, stop.start_s) for stop in route.stops] if route else []
    others = [shipment for shipment in shipments if shipment.job_id in dict(before)]
    for offer in _offers(job, shift, route, max([day.now_s, *(sent.ready_s for sent in kit)])):
        longer = make.route(
            day,
            *before,
            (job.id, offer.start_s),
            shift_id=shift.id,
            travel=travel,
            break_start_s=offer.break_start_s,
        )
        rest = shift.break_
        if rest and longer.break_start_s is None and longer.return_s > rest.latest_s:
            at_s = max(longer.stops[-1].end_s, rest.earliest_s)
            back_s = at_s + rest.duration_s + longer.return_travel_s
            longer = replace(longer, break_start_s=at_s, return_s=back_s)
        if set(make.rules(day, make.plan(day, longer, shipments=[*others, *kit]), travel)) <= {model.Rule.ONCE}:
            return longer
    return None


def _offers(job: model.Job, shift: model.Shift, route: Route | None, ready_s: int) -> Iterator[_Offer]:
    """Yield starts worth trying, without a new break and with one before the drive."""
    free_s = route.stops[-1].end_s if route and route.stops else shift.start_s
    windows = [window for window in (job.appointment, job.preferred, *job.windows) if window]
    published = [job.published.start_s] if job.published else []
    earliest_s = max(free_s, shift.open_s, ready_s)
    starts = {max(start_s, earliest_s) for start_s in [0, *(window.earliest_s for window in windows), *published]}
    starts = {start_s + wait_s for start_s in starts for wait_s in (0, HOUR_S, 2 * HOUR_S)}
    for start_s in sorted(starts):
        yield _Offer(start_s=start_s, break_start_s=route.break_start_s if route else None)
        if shift.break_ and (route is None or route.break_start_s is None):
            yield _Offer(start_s=start_s, break_start_s=max(free_s, shift.break_.earliest_s))


def _kit(day: model.Day, job: model.Job, shipments: list[Shipment]) -> list[Shipment] | None:
    """Return the earliest shipments of a job's order lines from what stock is left, None when a line has none."""
    sizes = {part.id: part for part in day.parts}
    kit: list[Shipment] = []
    for line in job.order_lines:
        part = sizes[line.part_id]
        options = []
        for lane in day.lanes:
            house = next(warehouse for warehouse in day.warehouses if warehouse.id == lane.warehouse_id)
            taken = sum(
                sent.quantity
                for sent in [*shipments, *kit]
                if (sent.warehouse_id, sent.part_id) == (lane.warehouse_id, part.id)
            )
            free = house.stock.get(part.id, 0) - house.floors.get(part.id, 0) - taken
            enough = house.open and free >= line.quantity
            if enough and lane.centre_id == job.centre_id and part.size_class in lane.carries:
                ships_s = lane.departures_s(day.now_s, day.now_s + 7 * model.DAY_S)[0]
                options.append(
                    make.shipment(
                        order_line_id=line.id,
                        job_id=job.id,
                        part_id=part.id,
                        quantity=line.quantity,
                        warehouse_id=lane.warehouse_id,
                        mode=lane.mode,
                        ships_s=ships_s,
                        ready_s=ships_s + lane.transit_p90_s,
                        cost_fen=shipment_price(lane, part, line.quantity),
                    )
                )
        if not options:
            return None
        kit.append(min(_as_it_may(job, options), key=lambda sent: sent.ready_s))
    return kit


def _as_it_may(job: model.Job, options: list[Shipment]) -> list[Shipment]:
    """Return those that travel as the job's haste asks for, all of them where none does."""
    usual = [sent for sent in options if sent.mode is not model.ShipMode.DEDICATED]
    if not job.urgent:
        return usual or options
    fast = [sent for sent in options if sent.mode in model.FAST_MODES]
    return fast or [sent for sent in options if sent not in usual] or options
