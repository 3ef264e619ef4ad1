"""A draft job laid out beside a desk: its slots, shifts that could serve it, the ways between, what places cost."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from optimizer.cost import parity_price
from optimizer.desk import Desk, arrival_due
from optimizer.kit_options import KitOption
from optimizer.model import Job, TravelMode, Window
from optimizer.roster import visit_windows
from optimizer.search.abilities import able, legs_fen, pair_fen
from optimizer.search.arrays import job_tables, kit_tables
from optimizer.search.problem import FREE, Problem
from optimizer.search.timetable import Draft, Times, quote
from optimizer.travel import EARTH_M, UNREACHABLE, there_and_back, unit_vectors

__all__ = ["LOOKED_AT", "Inquiry", "Ways", "inquire", "laid_out", "quoted", "straight", "ways_to"]

LOOKED_AT = 32
"""Shifts of a date whose ways to the job are asked for: those that come nearest to it, stops and base alike."""


class Ways(NamedTuple):
    """Ways between the job and the points of c shifts' routes: seconds and metres to the job, and from it."""

    to_s: NDArray[np.int32]
    to_m: NDArray[np.int32]
    from_s: NDArray[np.int32]
    from_m: NDArray[np.int32]


@dataclass(frozen=True, slots=True, kw_only=True)
class Inquiry:
    """A draft job laid out beside a desk: slots that its windows leave something of, shifts that could serve it."""

    desk: Desk
    job: Job
    kits: tuple[KitOption, ...]
    slots: tuple[Window, ...]
    spans: tuple[tuple[Window, ...], ...]
    shifts: NDArray[np.int64]
    ways: Ways
    problem: Problem
    draft: Draft
    times: Times


def inquire(
    desk: Desk,
    job: Job,
    slots: Sequence[Window],
    *,
    technician_ids: Collection[str] | None = None,
    shift_id: str | None = None,
) -> Inquiry | None:
    """Return the job laid out for these slots, None when no shift or no time is left for it."""
    kits = desk.kit(job) if job.order_lines else ()
    open_ = [(slot, left) for slot in slots if (left := _spans(desk, job, slot))]
    if not open_ or (job.order_lines and not kits):
        return None
    spans = tuple(left for _, left in open_)
    may = able(desk.abilities, desk.asking, job, desk.loads) & ~desk.shut
    if technician_ids is not None:
        numbers = [desk.abilities.technicians[one] for one in technician_ids if one in desk.abilities.technicians]
        may &= np.isin(desk.abilities.technician, numbers)
    if shift_id is not None:
        may &= np.arange(len(may)) == desk.abilities.shifts[shift_id]
    shifts = _nearest(desk, job, _on_time(desk, spans, np.flatnonzero(may)))
    ways = ways_to(desk, job, shifts)
    within = ways.to_m[:, 0] <= desk.abilities.reach_m[shifts]
    shifts, ways = shifts[within], Ways(*(way[within] for way in ways))
    if not len(shifts):
        return None
    slots_left = tuple(slot for slot, _ in open_)
    return laid_out(desk, job, kits, (slots_left, spans), shifts, ways)


def laid_out(
    desk: Desk,
    job: Job,
    kits: tuple[KitOption, ...],
    slots: tuple[tuple[Window, ...], tuple[tuple[Window, ...], ...]],
    shifts: NDArray[np.int64],
    ways: Ways,
) -> Inquiry:
    """Return an inquiry about a job on these shifts, whose ways are known."""
    a, t = desk.abilities, desk.timetable
    rows, windows = _slot_rows(slots[1], desk.problem.windows.dtype)
    problem = _own_problem(desk, job, kits, windows)
    outlet = a.outlet[shifts]
    owed = np.array([desk.roster.outlets[o].workload_target for o in a.outlets], np.int64)[outlet]
    saves = ~a.own[shifts] & (desk.visits[outlet] < owed)
    fixed = pair_fen(a, job, shifts, ways.to_m[:, 0].astype(np.int64)) - saves * a.tariff.workload_fen
    problem.fixed[0, shifts] = fixed
    most = t.stops.shape[1]
    counts, missed, base_fen, centre = _parity_counts(desk, job)
    return Inquiry(
        desk=desk,
        job=job,
        kits=kits,
        slots=slots[0],
        spans=slots[1],
        shifts=shifts,
        ways=ways,
        problem=problem,
        draft=Draft(
            shifts=shifts,
            there_s=np.ascontiguousarray(ways.to_s[:, : most + 1]),
            there_fen=legs_fen(a, shifts, ways.to_s[:, : most + 1], ways.to_m[:, : most + 1]),
            away_s=np.ascontiguousarray(ways.from_s[:, 1:]),
            away_fen=legs_fen(a, shifts, ways.from_s[:, 1:], ways.from_m[:, 1:]),
            slots=rows,
            now=desk.now_s,
            centre=centre,
            missed=missed,
            allowed=counts * (100 - a.tariff.parity_target_percent) // 100,
            more=np.zeros_like(missed),
            parity_fen=base_fen,
        ),
        times=Times(np.zeros(most + 1, np.int64), np.zeros(most + 1, np.int64), np.zeros(3, np.int64)),
    )


def quoted(inquiry: Inquiry) -> tuple[NDArray[np.int64], NDArray[np.int32]]:
    """Return price and gap of the cheapest place in each slot on each shift; INFEASIBLE where there is none."""
    shape = len(inquiry.slots), len(inquiry.shifts)
    fen, gap = np.zeros(shape, np.int64), np.zeros(shape, np.int32)
    desk = inquiry.desk
    quote(desk.problem, desk.timetable, inquiry.problem, inquiry.draft, inquiry.times, fen, gap)
    return fen, gap


def _spans(desk: Desk, job: Job, slot: Window) -> tuple[Window, ...]:
    """Return what the job's windows leave of a slot."""
    windows = visit_windows(desk.asking, job)
    both = [(max(w.earliest_s, slot.earliest_s), min(w.latest_s, slot.latest_s)) for w in windows]
    return tuple(Window(earliest_s=first, latest_s=last) for first, last in both if first <= last)


def _on_time(desk: Desk, spans: Sequence[Sequence[Window]], shifts: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return those of the shifts that are at work in some slot."""
    opens, closes = desk.abilities.opens_s[shifts], desk.abilities.closes_s[shifts]
    working = np.zeros(len(shifts), bool)
    for slot in spans:
        working |= (slot[-1].latest_s >= opens) & (slot[0].earliest_s <= closes)
    return shifts[working]


def _nearest(desk: Desk, job: Job, shifts: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the shifts that come nearest to the job in a straight line, of those that may reach it by road."""
    closeness = straight(desk, job)
    # Two unit vectors a chord c apart have the product 1 - c²/2.
    chord = np.minimum(desk.abilities.reach_m[shifts] / EARTH_M * 1.01, 2.0)
    shifts = shifts[closeness[desk.points[shifts, 0]] >= 1.0 - chord**2 / 2 - 1e-9]
    near = closeness[desk.points[shifts]].max(axis=1)
    dates = desk.abilities.day[shifts]
    kept = []
    for date in np.unique(dates):
        on_date = np.flatnonzero(dates == date)
        kept.append(on_date[np.argsort(-near[on_date], kind="stable")[:LOOKED_AT]])
    chosen: NDArray[np.int64] = shifts[np.sort(np.concatenate(kept))] if kept else shifts
    return chosen


def straight(desk: Desk, job: Job) -> NDArray[np.float64]:
    """Return how near the desk's places are to the job: the larger, the nearer in a straight line."""
    closeness: NDArray[np.float64] = desk.vectors @ unit_vectors(np.array([job.position], np.float64))[0]
    return closeness


def ways_to(desk: Desk, job: Job, shifts: NDArray[np.int64], *, bases_only: bool = False) -> Ways:
    """Ask for the ways between the job and every point of these routes, or their bases alone."""
    points = desk.points[shifts, :1] if bases_only else desk.points[shifts]
    ways = Ways(*(np.full(points.shape, UNREACHABLE, np.int32) for _ in range(4)))
    here = np.array([job.position], np.float64)
    modes: dict[TravelMode, list[int]] = {}
    for c, v in enumerate(shifts.tolist()):
        modes.setdefault(desk.mode_of(v), []).append(c)
    for mode, rows in modes.items():
        used, number = np.unique(points[rows], return_inverse=True)
        there, back = there_and_back(desk.travel, desk.places[used], here, mode)
        number = number.reshape(len(rows), -1)
        ways.to_s[rows], ways.to_m[rows] = there.seconds[:, 0][number], there.metres[:, 0][number]
        ways.from_s[rows], ways.from_m[rows] = back.seconds[0][number], back.metres[0][number]
    return ways


def _slot_rows(
    spans: Sequence[Sequence[Window]], window: np.dtype[np.void]
) -> tuple[NDArray[np.int64], NDArray[np.void]]:
    last = np.cumsum([len(slot) for slot in spans])
    rows = np.stack([last - [len(slot) for slot in spans], last], axis=1).astype(np.int64)
    return rows, np.array([(w.earliest_s, w.latest_s) for slot in spans for w in slot], window)


def _own_problem(desk: Desk, job: Job, kits: tuple[KitOption, ...], windows: NDArray[np.void]) -> Problem:
    """Return the problem of the job alone, over the same shifts."""
    p, a = desk.problem, desk.abilities
    kit = kit_tables([job], {job.id: kits}, list(a.outlets))
    table, _, clocks = job_tables(desk.asking, [job], kit, a.technicians)
    # Breaks read their windows behind those of the job.
    pauses = desk.still.pauses.copy()
    for side in ("first_window", "last_window"):
        pauses[side] += len(windows)
    service = a.service_s(job).astype(np.int32)[None]
    return p._replace(
        jobs=table,
        windows=np.concatenate([windows, desk.still.pause_windows]),
        pauses=pauses,
        clocks=clocks,
        place=np.zeros(1, np.int32),
        fixed=np.zeros((1, len(p.shifts)), np.int32),
        service=service,
        setup=np.zeros_like(service),
        kit_ready=kit.ready,
        kit_fen=kit.fen,
        kit_of=kit.of,
    )


def _parity_counts(desk: Desk, job: Job) -> tuple[NDArray[np.int64], NDArray[np.int64], int, int]:
    """Return jobs with this one and missed without it by centre, the price of parity as it is, and the job's centre."""
    tariff = desk.roster.day.tariff
    jobs, missed = desk.parity_jobs.copy(), desk.parity_missed.copy()
    pairs = zip(jobs.tolist(), missed.tolist(), strict=True)
    base_fen = sum(parity_price(tariff, count, late) for count, late in pairs)
    listed = desk.left_out.get(job.id)
    if listed is not None and arrival_due(listed) is not None:
        jobs[desk.centres[listed.centre_id]] -= 1
        missed[desk.centres[listed.centre_id]] -= 1
    if arrival_due(job) is None:
        return jobs, missed, base_fen, FREE
    centre = desk.centres[job.centre_id]
    jobs[centre] += 1
    return jobs, missed, base_fen, centre
