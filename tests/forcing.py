"""A job forced into a plan by brute force, gap by gap: what explanations are held against."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from optimizer import model
from optimizer.explanation import Remedy, RemedyKind
from optimizer.kit_options import KitOption, kits_at, shipments_for
from optimizer.model import Day, Job
from optimizer.plan import Plan, Route, Shipment, Unassigned
from optimizer.roster import Roster, visit_windows
from optimizer.search.arrays import Shard, build_problem
from optimizer.search.readback import read_route
from optimizer.travel import TravelTimes

__all__ = ["Kits", "changed", "changed_kits", "forced_plans"]

Kits = dict[str, tuple[KitOption, ...]]


def forced_plans(
    asked: Day,
    day: Day,
    travel: TravelTimes,
    plan: Plan,
    kits: Kits,
    job_id: str,
    move: tuple[str, str, str],
) -> Iterator[Plan]:
    """Yield the plan of the day asked with the job in every gap of a shift, timed by the changed day.

    move: that shift, who gives way, and to which shift.
    """
    shift_id, gives_way, goes_to = move
    shard = Shard(
        job_ids=tuple(job.id for job in day.jobs),
        shift_ids=tuple(shift.id for shift in day.shifts),
        start={},
        parity_allowed=0,
    )
    problem = build_problem(Roster(_still(day, asked, job_id)), shard, kits, travel)
    index = {job.id: j for j, job in enumerate(day.jobs)}
    numbers = {shift.id: v for v, shift in enumerate(day.shifts)}
    before = {route.shift_id: [stop.job_id for stop in route.stops] for route in plan.routes}
    routes = {route.shift_id: route for route in plan.routes}
    stripped = {s: [j for j in order if j not in (job_id, gives_way)] for s, order in before.items()}

    def timed(orders: dict[str, list[str]]) -> Plan | None:
        made: dict[str, Route] = {}
        for s, order in orders.items():
            if order == before.get(s) and job_id not in order:
                made[s] = routes[s]
            elif order:
                try:
                    jobs = [index[j] for j in order]
                    made[s] = read_route(problem, numbers[s], jobs, shard.job_ids, shard.shift_ids)
                except ValueError:
                    return None
        starts = {stop.job_id: stop.start_s for route in made.values() for stop in route.stops}
        return Plan(
            routes=tuple(made.values()),
            unassigned=tuple(
                Unassigned(job_id=job.id, rule=model.Rule.UNKNOWN, reason="-")
                for job in day.jobs
                if job.id not in starts
            ),
            shipments=shipments_for(day.jobs, Roster(day).visits(made.values()), kits),
        )

    for orders in _inserted(stripped, shift_id, job_id):
        for both in _inserted(orders, goes_to, gives_way) if goes_to else [orders]:
            made = timed(both)
            if made is not None:
                yield made


def _still(day: Day, asked: Day, job_id: str) -> Day:
    """Return the changed day with all other jobs held as on the day asked: a freeze lifted moves nobody else."""
    roster = Roster(asked)
    return replace(
        day,
        jobs=tuple(
            replace(job, windows=tuple(visit_windows(roster, job)), appointment=None)
            if job.id != job_id and roster.is_held(job) and visit_windows(roster, job)
            else job
            for job in day.jobs
        ),
    )


def _inserted(orders: dict[str, list[str]], shift_id: str, job_id: str) -> Iterator[dict[str, list[str]]]:
    order = orders.get(shift_id, [])
    for gap in range(len(order) + 1):
        yield {**orders, shift_id: [*order[:gap], job_id, *order[gap:]]}


def changed(day: Day, kits: Kits, remedy: Remedy, job: Job) -> Day:
    """Return the day with exactly what a remedy asks for."""
    shift = next(shift for shift in day.shifts if shift.id == remedy.shift_id)
    person = next(technician for technician in day.technicians if technician.id == shift.technician_id)
    after = {
        RemedyKind.OVERTIME: lambda: _shift(day, replace(shift, latest_end_s=shift.latest_end_s + 60 * remedy.amount)),
        RemedyKind.WINDOW: lambda: _job(day, _wider(job, remedy)),
        RemedyKind.TIME: lambda: _job(
            day,
            replace(job, appointment=None, windows=(model.Window(earliest_s=remedy.start_s, latest_s=remedy.start_s),)),
        ),
        RemedyKind.SKILL: lambda: _person(day, _trained(person, job, remedy.amount)),
        RemedyKind.CERTIFICATE: lambda: _person(day, _certified(day, person, job, shift)),
        RemedyKind.CREW: lambda: _person(day, replace(person, crew=remedy.amount)),
        RemedyKind.LOAD: lambda: _person(day, replace(person, load_capacity=remedy.amount)),
        RemedyKind.REACH: lambda: replace(
            day, tariff=replace(day.tariff, reach_m={**day.tariff.reach_m, person.mode: remedy.amount})
        ),
        RemedyKind.LOCK: lambda: _job(day, replace(job, lock=model.Lock.NONE)),
        RemedyKind.FREEZE: lambda: _thawed(day, job, person.outlet_id),
        RemedyKind.CONSENT: lambda: _job(day, replace(job, consent=True)),
        RemedyKind.PART: lambda: _supplied(day, job, kits, remedy.amount, person.outlet_id),
    }
    return after.get(remedy.kind, lambda: day)()


def _shift(day: Day, shift: model.Shift) -> Day:
    return replace(day, shifts=tuple(shift if other.id == shift.id else other for other in day.shifts))


def _job(day: Day, job: Job) -> Day:
    return replace(day, jobs=tuple(job if other.id == job.id else other for other in day.jobs))


def _person(day: Day, person: model.Technician) -> Day:
    return replace(day, technicians=tuple(person if other.id == person.id else other for other in day.technicians))


def _wider(job: Job, remedy: Remedy) -> Job:
    windows = [job.appointment] if job.appointment else list(job.windows)
    for i, window in enumerate(windows):
        wider = model.Window(
            earliest_s=window.earliest_s + min(0, remedy.amount), latest_s=window.latest_s + max(0, remedy.amount)
        )
        if wider.earliest_s <= remedy.start_s <= wider.latest_s:
            windows[i] = wider
            break
    if job.appointment:
        return replace(job, appointment=windows[0])
    return replace(job, windows=tuple(windows))


def _trained(person: model.Technician, job: Job, level: int) -> model.Technician:
    family = job.skill.family
    others = tuple(skill for skill in person.skills if skill.family != family)
    return replace(person, skills=(*others, model.Skill(family=family, level=level)))


def _certified(day: Day, person: model.Technician, job: Job, shift: model.Shift) -> model.Technician:
    date = day.date.fromordinal(day.date.toordinal() + shift.day)
    new = tuple(model.Certificate(scheme=scheme, first=date, last=date) for scheme in sorted(job.certificates))
    return replace(person, certificates=(*person.certificates, *new))


def _thawed(day: Day, job: Job, outlet_id: str) -> Day:
    roster = Roster(day)
    mine = roster.published_shift(job)
    thawed = roster.outlet_of(mine).id if mine is not None and roster.is_frozen(mine) else outlet_id
    outlets = tuple(replace(outlet, freeze_s=None) if outlet.id == thawed else outlet for outlet in day.outlets)
    return replace(day, outlets=outlets)


def _supplied(day: Day, job: Job, kits: Kits, ready_s: int, outlet_id: str) -> Day:
    """Give each line of the job's kit a lane that arrives at ready_s at the line's own price."""
    sent = _changed(day, kits, ready_s, job, outlet_id)[0].shipments
    lines = {line.id: line for line in job.order_lines}
    parts = {part.id: part for part in day.parts}
    # A gift is a part of its own: what others could have, and how it travels, stays as it is.
    gifts = {
        line.part_id: replace(parts[lines[line.order_line_id].part_id], id=line.part_id)
        for line in sent
        if line.warehouse_id == "gift"
    }
    gift = model.Warehouse(id="gift", position=job.position, stock=dict.fromkeys(gifts, 99))
    parts |= gifts
    lanes = tuple(
        model.Lane(
            warehouse_id=line.warehouse_id,
            centre_id=job.centre_id,
            mode=line.mode,
            cut_off_s=day.now_s % model.DAY_S,
            transit_p50_s=ready_s - day.now_s,
            transit_p90_s=ready_s - day.now_s,
            cost_fen=line.cost_fen,
            cost_fen_per_kg=0,
            carries=frozenset({parts[line.part_id].size_class}),
            reach=frozenset({outlet_id}) if line.mode is model.ShipMode.PICKUP else None,
        )
        for line in sent
    )
    wanted = tuple(replace(lines[line.order_line_id], part_id=line.part_id) for line in sent)
    return replace(
        _job(day, replace(job, order_lines=wanted)),
        warehouses=(*day.warehouses, gift),
        lanes=(*day.lanes, *lanes),
        parts=tuple(parts.values()),
    )


def changed_kits(day: Day, kits: Kits, remedy: Remedy, job: Job) -> Kits:
    """Return the kits with the job's own ready when the remedy says; its price as before, nothing where it had none."""
    if remedy.kind is not RemedyKind.PART:
        return kits
    shift = next(shift for shift in day.shifts if shift.id == remedy.shift_id)
    outlet_id = next(person.outlet_id for person in day.technicians if person.id == shift.technician_id)
    return {**kits, job.id: _changed(day, kits, remedy.amount, job, outlet_id)}


def _changed(day: Day, kits: Kits, ready_s: int, job: Job, outlet_id: str) -> tuple[KitOption, ...]:
    options: Sequence[KitOption] = kits_at(kits.get(job.id, ()), outlet_id)
    if options:
        sent = tuple(
            line if line.ready_s <= ready_s else replace(line, ships_s=day.now_s, ready_s=ready_s)
            for line in options[0].shipments
        )
    else:
        sent = tuple(
            Shipment(
                order_line_id=line.id,
                job_id=job.id,
                part_id=f"gift-{line.id}",
                quantity=line.quantity,
                warehouse_id="gift",
                mode=model.ShipMode.EXPRESS if job.urgent else model.ShipMode.STANDARD,
                ships_s=day.now_s,
                ready_s=ready_s,
                cost_fen=0,
            )
            for line in job.order_lines
        )
    option = KitOption(ready_s=ready_s, cost_fen=sum(line.cost_fen for line in sent), shipments=sent)
    return (option, *options[1:])
