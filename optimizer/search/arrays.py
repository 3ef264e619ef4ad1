"""A part of a day as the arrays of the search: point n + b is base b, times are seconds of the day's clock."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from optimizer.kit_options import MAX_OPTIONS, KitOption, kits_at
from optimizer.model import (
    DAY_S,
    AreaClass,
    ClockKind,
    Day,
    Job,
    Ownership,
    Position,
    Shift,
    Tariff,
    TravelMode,
)
from optimizer.roster import BINDING, Roster, visit_windows
from optimizer.search.problem import (
    CLOCK,
    FORBIDDEN,
    FREE,
    JOB,
    KEEP_FEN,
    LATENESS,
    NEVER_S,
    NO_LIMIT,
    OUTLET,
    PAUSE,
    RATES,
    SHIFT,
    WINDOW,
    Problem,
    nearest_jobs,
    with_steady_shifts,
)
from optimizer.search.ways import lay_points, lay_ways
from optimizer.travel import UNREACHABLE, TravelTimes

__all__ = [
    "KitTables",
    "Shard",
    "build_problem",
    "job_tables",
    "kit_tables",
    "pause_tables",
    "rate_tables",
    "shift_table",
]

CLOCK_KINDS = (ClockKind.ARRIVAL, ClockKind.RESOLUTION)


@dataclass(frozen=True, slots=True, kw_only=True)
class Shard:
    """What is solved at once: ids of jobs and shifts, the routes to start from.

    An outlet's shifts are all in or all out. parity_allowed: missed remote jobs that cost nothing.
    """

    job_ids: tuple[str, ...]
    shift_ids: tuple[str, ...]
    start: Mapping[str, tuple[str, ...]]
    parity_allowed: int


def _unserved_fen(day: Day, job: Job) -> int:
    """Return the price of leaving a job out, as if its events came one day after the last."""
    if not job.consent:
        return 0
    tariff, end_s = day.tariff, (day.days + 1) * DAY_S
    weight = tariff.weight_percent[job.customer_class]
    fen = weight * tariff.unserved_fen // 100
    fen += weight * (max(0, end_s - job.reported_s) * tariff.waiting_fen_per_hour // 3600) // 100
    for clock in job.clocks:
        rule, late_s = tariff.lateness[clock.kind], end_s - clock.due_s
        late_fen = 0
        if late_s > 0:
            started, rest_s = divmod(late_s, DAY_S)
            late_fen = rule.warn_s * rule.warn_fen_per_hour // 3600 + rule.breach_fen
            # Whole days cost 24 h at 1, 2, … times the slope.
            late_fen += 24 * rule.late_fen_per_hour * started * (started + 1) // 2
            late_fen += (started + 1) * rest_s * rule.late_fen_per_hour // 3600
        elif late_s > -rule.warn_s:
            late_fen = (late_s + rule.warn_s) * rule.warn_fen_per_hour // 3600
        fen += weight * late_fen // 100
    return fen


@dataclass(frozen=True, slots=True, kw_only=True)
class KitTables:
    """ready, fen, of: the arrays `kit_ready`, `kit_fen` and `kit_of` of a problem. count: options at most, by job."""

    ready: NDArray[np.int32]
    fen: NDArray[np.int32]
    of: NDArray[np.int32]
    count: NDArray[np.int32]


def kit_tables(
    jobs: Sequence[Job], kits: Mapping[str, Sequence[KitOption]], outlet_ids: Sequence[str] = ()
) -> KitTables:
    """Return the kits of these jobs: first what any outlet may have, then what some of these outlets have beside it."""
    options = [kits.get(job.id, ()) if job.order_lines else () for job in jobs]
    kinds = [_kinds(some, outlet_ids) for some in options]
    most = max((len(options) for options, _ in kinds), default=1)
    ready = np.full((len(jobs), most, MAX_OPTIONS), NEVER_S, np.int32)
    fen = np.zeros((len(jobs), most, MAX_OPTIONS), np.int32)
    of = np.zeros((len(jobs), len(outlet_ids)), np.int32)
    count = np.zeros(len(jobs), np.int32)
    for index, (rows, kind_of) in enumerate(kinds):
        # With a kit that none of these outlets may have a job waits for ever, and not for nothing.
        count[index] = max(min(1, len(options[index])), *map(len, rows))
        for kind, row in enumerate(rows):
            for k, option in enumerate(row):
                ready[index, kind, k], fen[index, kind, k] = option.ready_s, option.cost_fen
            # Where there are fewer the cheapest stays the last.
            fen[index, kind, len(row) :] = row[-1].cost_fen if row else 0
        for o, kind in kind_of.items():
            of[index, o] = kind
    return KitTables(ready=ready, fen=fen, of=of, count=count)


def _kinds(
    options: Sequence[KitOption], outlet_ids: Sequence[str]
) -> tuple[list[tuple[KitOption, ...]], dict[int, int]]:
    """Return the different kits there are for a job, those of any outlet first, and the outlets that have others."""
    rows = [kits_at(options, None)]
    some = [option.outlets for option in options if option.outlets is not None]
    kind_of: dict[int, int] = {}
    # Many outlets have the same: what they may have is looked at once for all of them.
    kinds: dict[tuple[bool, ...], int] = {}
    for o, outlet_id in enumerate(outlet_ids) if some else ():
        among = tuple([outlet_id in outlets for outlets in some])
        if True not in among:
            continue
        if among not in kinds:
            row = kits_at(options, outlet_id)
            if row not in rows:
                rows.append(row)
            kinds[among] = rows.index(row)
        kind_of[o] = kinds[among]
    return rows, kind_of


def job_tables(
    roster: Roster, jobs: Sequence[Job], kits: KitTables, technician_index: Mapping[str, int]
) -> tuple[NDArray[np.void], NDArray[np.void], NDArray[np.void]]:
    """Return the rows of these jobs, their windows and their clocks."""
    day, tariff = roster.day, roster.day.tariff
    table = np.zeros(len(jobs), JOB)
    windows: list[tuple[int, int]] = []
    clocks: list[tuple[int, int]] = []
    table["kits"] = kits.count
    for index, job in enumerate(jobs):
        row = table[index]
        row["reported"] = job.reported_s
        row["weight"] = tariff.weight_percent[job.customer_class]
        row["first_window"] = len(windows)
        windows += [(w.earliest_s, w.latest_s) for w in visit_windows(roster, job)]
        row["last_window"] = len(windows)
        row["first_clock"] = len(clocks)
        clocks += [(clock.due_s, CLOCK_KINDS.index(clock.kind)) for clock in job.clocks]
        row["last_clock"] = len(clocks)
        if job.preferred is not None:
            row["prefers"] = 1
            row["prefer_earliest"], row["prefer_latest"] = job.preferred.earliest_s, job.preferred.latest_s
        row["published_technician"] = FREE
        keep = KEEP_FEN if roster.is_held(job) else 0
        if job.published is not None:
            row["published_technician"] = technician_index.get(job.published.technician_id, FREE)
            row["published_start"] = job.published.start_s
            row["moved_fen"] = tariff.churn_moved_fen + (tariff.churn_told_fen if job.published.told else 0)
            keep += tariff.churn_technician_fen + (tariff.churn_told_fen if job.published.told else 0)
        arrivals = [clock.due_s for clock in job.clocks if clock.kind is ClockKind.ARRIVAL]
        row["remote"] = job.area_class is AreaClass.REMOTE and bool(arrivals)
        row["arrival_due"] = min(arrivals, default=NEVER_S)
        row["unserved_fen"] = _unserved_fen(day, job) + keep
    return table, np.array(windows, WINDOW), np.array(clocks, CLOCK)


def _fixed_prices(
    roster: Roster, jobs: Sequence[Job], shifts: Sequence[Shift], base_metres: NDArray[np.int64]
) -> NDArray[np.int32]:
    """Return fen of each (job, shift) whatever the time, FORBIDDEN where a rule excludes the pair; (n, m).

    Technicians alike for a job differ only in few ways, so that a column is worked out once per family and copied.
    """
    day, tariff = roster.day, roster.day.tariff
    n, m = len(jobs), len(shifts)
    fixed = np.full((n, m), FORBIDDEN, np.int64)
    load = np.array([job.load for job in jobs], np.int64)
    crew = np.array([job.crew for job in jobs], np.int64)
    families = sorted({job.skill.family for job in jobs})
    rows_of = {f: np.array([i for i, job in enumerate(jobs) if job.skill.family == f]) for f in families}
    level = np.array([job.skill.level for job in jobs], np.int64)
    service_s = np.array([job.service_s for job in jobs], np.int64)
    schemes = sorted({scheme for job in jobs for scheme in job.certificates})
    needs = np.array([[scheme in job.certificates for scheme in schemes] for job in jobs], bool).reshape(
        n, len(schemes)
    )
    contract_tariffs = {contract.id: contract for contract in tariff.contract_tariffs}
    for column, shift in enumerate(shifts):
        technician, outlet = roster.technician_of(shift), roster.outlet_of(shift)
        date = day.date.toordinal() + shift.day
        valid = [
            any(c.scheme == s and c.first.toordinal() <= date <= c.last.toordinal() for c in technician.certificates)
            for s in schemes
        ]
        able = (load <= technician.load_capacity) & (crew <= technician.crew)
        able &= base_metres[column] <= tariff.reach_m[technician.mode]
        able &= ~(needs & ~np.array(valid, bool)).any(axis=1)
        levels = {skill.family: skill.level for skill in sorted(technician.skills, key=lambda skill: skill.level)}
        for family, has in levels.items():
            rows = rows_of.get(family)
            if rows is None:
                continue
            rows = rows[able[rows] & (level[rows] <= has)]
            price = (has - level[rows]) * tariff.over_qualification_fen
            price += (100 - outlet.first_fix_percent.get(family, 100)) * tariff.second_visit_fen // 100
            if outlet.ownership is Ownership.CONTRACT:
                contract = contract_tariffs[outlet.tariff_id]
                limits = np.array([metres for metres, _ in contract.bands])
                fens = np.array([fen for _, fen in contract.bands])
                band = np.minimum(np.searchsorted(limits, base_metres[column][rows]), len(fens) - 1)
                seconds = service_s[rows] * outlet.duration_percent.get(family, 100) // 100
                price += tariff.contract_preference_fen + contract.call_out_fen + fens[band]
                price += seconds * contract.fen_per_minute // 60
            fixed[rows, column] = price
    frozen = np.array([roster.is_frozen(shift) for shift in shifts], bool)
    technicians = np.array([shift.technician_id for shift in shifts], dtype=object)
    shift_ids = np.array([shift.id for shift in shifts], dtype=object)
    open_columns = ~frozen
    for index, job in enumerate(jobs):
        allowed = open_columns
        if job.preferred_technician_id is not None:
            fixed[index, technicians != job.preferred_technician_id] += tariff.continuity_fen
        if job.published is not None:
            others = technicians != job.published.technician_id
            change_fen = tariff.churn_technician_fen + (tariff.churn_told_fen if job.published.told else 0)
            fixed[index, others] += change_fen
            published = roster.published_shift(job)
            if published is not None and roster.is_frozen(published):
                allowed = shift_ids == published.id
            elif job.lock in BINDING:
                allowed = open_columns & ~others
        fixed[index, ~allowed] = FORBIDDEN
    return np.minimum(fixed, FORBIDDEN).astype(np.int32)


def shift_table(
    roster: Roster,
    shifts: Sequence[Shift],
    bases: Mapping[Position, int],
    ways: Mapping[tuple[TravelMode, Ownership], int],
    outlet_index: Mapping[str, int],
    technician_index: Mapping[str, int],
) -> NDArray[np.void]:
    """Return the rows of these shifts; bases by place, ways by travel mode and ownership."""
    table = np.zeros(len(shifts), SHIFT)
    breaks = 0
    for index, shift in enumerate(shifts):
        technician, outlet = roster.technician_of(shift), roster.outlet_of(shift)
        row = table[index]
        row["start"] = max(shift.start_s, roster.day.now_s)
        row["end"], row["latest_end"] = shift.end_s, shift.latest_end_s
        row["open"], row["close"] = shift.open_s, shift.close_s
        row["first_pause"] = breaks
        breaks += shift.break_ is not None
        row["last_pause"] = breaks
        row["leaves"] = row["returns"] = bases[technician.position]
        row["way"] = ways[technician.mode, outlet.ownership]
        row["outlet"], row["technician"] = outlet_index[outlet.id], technician_index[technician.id]
        row["most_stops"], row["most_travel"], row["most_metres"] = NEVER_S, NO_LIMIT, NO_LIMIT
    return table


def pause_tables(shifts: Sequence[Shift], windows: int) -> tuple[NDArray[np.void], NDArray[np.void]]:
    """Return the breaks of the shifts and their windows, which stand behind so many others."""
    breaks = [shift.break_ for shift in shifts if shift.break_ is not None]
    pauses = np.array(
        [(windows + i, windows + i + 1, rest.latest_s, rest.duration_s, 0) for i, rest in enumerate(breaks)], PAUSE
    )
    return pauses, np.array([(rest.earliest_s, rest.latest_s) for rest in breaks], WINDOW)


def _visited(roster: Roster, shard: Shard) -> dict[TravelMode, list[int]]:
    """Return the jobs on the shard's routes by how their technicians travel."""
    index = {job_id: j for j, job_id in enumerate(shard.job_ids)}
    visited: dict[TravelMode, list[int]] = defaultdict(list)
    for shift_id, job_ids in shard.start.items():
        visited[roster.technician_of(roster.shifts[shift_id]).mode] += [index[job_id] for job_id in job_ids]
    return visited


def _near(leg: NDArray[np.int32], n: int, neighbours: int) -> NDArray[np.int32]:
    """Return the jobs next to each, around whichever way of travel gets farthest."""
    if neighbours == 0 or len(leg) == 0:
        return np.zeros((n, 0), np.int32)
    widest = int((leg[:, :n, :n, 0] < UNREACHABLE).sum(axis=(1, 2)).argmax())
    return nearest_jobs(leg[widest, :, :, 0], n, neighbours)


def rate_tables(tariff: Tariff, parity_allowed: int) -> tuple[NDArray[np.void], NDArray[np.void]]:
    """Return the prices of late events by `CLOCK_KINDS`, and those of everything else that time decides."""
    lateness = np.array(
        [
            (late.warn_s, late.warn_fen_per_hour, late.breach_fen, late.late_fen_per_hour)
            for late in (tariff.lateness[kind] for kind in CLOCK_KINDS)
        ],
        LATENESS,
    )
    rates = np.array(
        [
            (
                tariff.overtime_fen_per_hour,
                tariff.waiting_fen_per_hour,
                tariff.preference_fen,
                tariff.workload_fen,
                tariff.parity_fen,
                parity_allowed,
            )
        ],
        RATES,
    )
    return lateness, rates


def build_problem(
    roster: Roster,
    shard: Shard,
    kits: Mapping[str, Sequence[KitOption]],
    travel: TravelTimes,
    *,
    neighbours: int = 80,
    finished: bool = False,
) -> Problem:
    """Return the arrays of a shard, travel looked up for its own places only.

    finished: nobody searches; a single job at a time is taken out of the shard's routes or put into one of them.
    """
    tariff = roster.day.tariff
    jobs = [roster.jobs[job_id] for job_id in shard.job_ids]
    shifts = [roster.shifts[shift_id] for shift_id in shard.shift_ids]
    technicians = {technician_id: i for i, technician_id in enumerate(dict.fromkeys(s.technician_id for s in shifts))}
    outlets = {o: i for i, o in enumerate(dict.fromkeys(roster.outlet_of(s).id for s in shifts))}
    n = len(jobs)
    points = lay_points(roster, jobs, shifts)
    laid = lay_ways(roster, points, travel, _visited(roster, shard) if finished else None)
    leg, metres = laid.leg, laid.metres
    shift_rows = shift_table(roster, shifts, points.bases, points.ways, outlets, technicians)
    base_metres = metres[shift_rows["way"], shift_rows["leaves"], :n].astype(np.int64)
    kit = kit_tables(jobs, kits, list(outlets))
    table, windows, clocks = job_tables(roster, jobs, kit, technicians)
    pauses, pause_windows = pause_tables(shifts, len(windows))
    outlet_table = np.zeros(len(outlets), OUTLET)
    service = np.zeros((n, len(outlets)), np.int32)
    for outlet_id, index in outlets.items():
        outlet = roster.outlets[outlet_id]
        target = outlet.workload_target if outlet.ownership is Ownership.CONTRACT else 0
        outlet_table[index] = (target,)
        percent = outlet.duration_percent
        service[:, index] = [job.service_s * percent.get(job.skill.family, 100) // 100 for job in jobs]
    lateness, rates = rate_tables(tariff, shard.parity_allowed)
    fixed = _fixed_prices(roster, jobs, shifts, base_metres)
    # A job without a window left, or that waits for parts nobody can send, has no legal place.
    for index, job in enumerate(jobs):
        row = table[index]
        closed = row["first_window"] == row["last_window"]
        if closed or (job.order_lines and row["kits"] == 0) or not job.consent:
            fixed[index] = FORBIDDEN
    problem = Problem(
        jobs=table,
        shifts=shift_rows,
        outlets=outlet_table,
        pauses=pauses,
        windows=np.concatenate([windows, pause_windows]),
        clocks=clocks,
        lateness=lateness,
        rates=rates,
        leg=leg,
        leg_to=laid.leg_to,
        metres=metres,
        place=np.arange(len(points.places), dtype=np.int32),
        fixed=fixed,
        service=service,
        setup=np.zeros_like(service),
        delivery=np.array([[job.load] for job in jobs], np.int64).reshape(n, 1),
        pickup=np.zeros((n, 1), np.int64),
        capacity=np.array([[roster.technician_of(s).load_capacity] for s in shifts], np.int64).reshape(len(shifts), 1),
        kit_ready=kit.ready,
        kit_fen=kit.fen,
        kit_of=kit.of,
        near=_near(leg, n, neighbours),
    )
    return with_steady_shifts(problem)
