"""The tables of a published plan: rows of its visited jobs, and what no change of a route touches."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from optimizer.kit_options import KitOption
from optimizer.model import DAY_S, LOCK_TOLERANCE_S, Job, Lock, Outlet, Ownership, Position, TravelMode, Window
from optimizer.plan import Route, Shipment
from optimizer.roster import Roster, visit_windows
from optimizer.search.abilities import Abilities, legs_fen
from optimizer.search.arrays import job_tables, kit_tables, pause_tables, rate_tables, shift_table
from optimizer.search.problem import FREE, OUTLET, Problem
from optimizer.search.timetable import Timetable

__all__ = [
    "Rows",
    "Still",
    "blank_timetable",
    "problem_of",
    "rows_of",
    "still_tables",
    "without_spans",
    "write_route",
]


class Rows(NamedTuple):
    """What is known of n visited jobs; windows and clocks in the order of the jobs."""

    jobs: NDArray[np.void]
    windows: NDArray[np.void]
    clocks: NDArray[np.void]
    kit_ready: NDArray[np.int32]
    kit_fen: NDArray[np.int32]
    service: NDArray[np.int32]
    centre: NDArray[np.int32]
    places: NDArray[np.float64]

    def without(self, gone: NDArray[np.int64]) -> "Rows":
        """Return these rows without some, given in rising order."""
        jobs = without_spans(self.jobs, [(r, r + 1) for r in gone.tolist()])
        ragged = []
        for name, values in (("window", self.windows), ("clock", self.clocks)):
            first, last = self.jobs[f"first_{name}"][gone].tolist(), self.jobs[f"last_{name}"][gone].tolist()
            spans = list(zip(first, last, strict=True))
            ragged.append(without_spans(values, spans))
            for earlier, (r, span) in enumerate(zip(gone.tolist(), spans, strict=True)):
                jobs[f"first_{name}"][r - earlier :] -= span[1] - span[0]
                jobs[f"last_{name}"][r - earlier :] -= span[1] - span[0]
        others = (without_spans(column, [(r, r + 1) for r in gone.tolist()]) for column in self[3:])
        return Rows(jobs, *ragged, *others)

    def joined(self, more: "Rows") -> "Rows":
        """Return these rows and more behind them."""
        pairs: zip[tuple[Any, Any]] = zip(self, more, strict=True)
        rows = Rows._make(np.concatenate(pair) for pair in pairs)
        behind = rows.jobs[len(self.jobs) :]
        for side in ("first", "last"):
            behind[f"{side}_window"] += len(self.windows)
            behind[f"{side}_clock"] += len(self.clocks)
        return rows


def without_spans(column: NDArray[Any], spans: Sequence[tuple[int, int]]) -> NDArray[Any]:
    """Return a copy without some spans of rows, in rising order: whole pieces are copied, row by row is slow."""
    edges = [0, *(edge for span in spans for edge in span), len(column)]
    return np.concatenate([column[a:b] for a, b in zip(edges[::2], edges[1::2], strict=True)])


class Still(NamedTuple):
    """The tables that no change of a route touches; breaks count their windows from 0."""

    shifts: NDArray[np.void]
    outlets: NDArray[np.void]
    pauses: NDArray[np.void]
    pause_windows: NDArray[np.void]
    lateness: NDArray[np.void]
    rates: NDArray[np.void]


def _kept(roster: Roster, job: Job, start_s: int) -> Job:
    """Return a visited job that starts no earlier than this; told customers are not moved to another time."""
    latest_s = roster.day.days * DAY_S
    if job.published is not None and job.published.told:
        latest_s = max(start_s, job.published.start_s + LOCK_TOLERANCE_S)
    spans = [(max(w.earliest_s, start_s), min(w.latest_s, latest_s)) for w in visit_windows(roster, job)]
    windows = [Window(earliest_s=first, latest_s=last) for first, last in spans if first <= last]
    at_once = Window(earliest_s=start_s, latest_s=start_s)
    return replace(job, windows=tuple(windows) or (at_once,), appointment=None, lock=Lock.NONE)


def rows_of(
    roster: Roster,
    visited: Sequence[tuple[Job, int]],
    outlets: Sequence[Outlet],
    sent: Mapping[str, tuple[Shipment, ...]],
    indices: tuple[Abilities, Mapping[str, int]],
) -> Rows:
    """Return the rows of visited jobs with their floors, each with the kit that is on its way to it."""
    a, centres = indices
    kits = {}
    for job, _ in visited:
        lines = sent.get(job.id, ())
        if lines:
            ready_s, fen = max(line.ready_s for line in lines), sum(line.cost_fen for line in lines)
            kits[job.id] = (KitOption(ready_s=ready_s, cost_fen=fen, shipments=lines),)
    kept = [_kept(roster, job, floor_s) for job, floor_s in visited]
    kit = kit_tables(kept, kits)
    table, windows, clocks = job_tables(roster, kept, kit, a.technicians)
    served = zip(visited, outlets, strict=True)
    service = [job.service_s * o.duration_percent.get(job.skill.family, 100) // 100 for (job, _), o in served]
    return Rows(
        jobs=table,
        windows=windows,
        clocks=clocks,
        kit_ready=kit.ready,
        kit_fen=kit.fen,
        service=np.array(service, np.int32),
        centre=np.array([centres[job.centre_id] for job, _ in visited], np.int32),
        places=np.array([job.position for job, _ in visited], np.float64).reshape(-1, 2),
    )


def still_tables(roster: Roster, a: Abilities, bases: dict[Position, int]) -> Still:
    """Return what stays as it is whatever route changes; bases by place."""
    day = roster.day
    ways = {(mode, ownership): 0 for mode in TravelMode for ownership in Ownership}
    pauses, pause_windows = pause_tables(day.shifts, 0)
    lateness, rates = rate_tables(day.tariff, 0)
    return Still(
        shifts=shift_table(roster, day.shifts, bases, ways, a.outlets, a.technicians),
        outlets=np.zeros(len(a.outlets), OUTLET),
        pauses=pauses,
        pause_windows=pause_windows,
        lateness=lateness,
        rates=rates,
    )


def problem_of(rows: Rows, still: Still) -> Problem:
    """Return what the kernels read; what no planned visit needs, or is the same for all, takes no room."""
    n, m, o = len(rows.jobs), len(still.shifts), len(still.outlets)
    pauses = still.pauses.copy()
    for side in ("first_window", "last_window"):
        pauses[side] += len(rows.windows)
    service = np.append(rows.service, np.int32(0))
    nothing, none = np.zeros(1, np.int32), np.zeros((0, 1), np.int64)
    return Problem(
        jobs=rows.jobs,
        shifts=still.shifts,
        outlets=still.outlets,
        pauses=pauses,
        windows=np.concatenate([rows.windows, still.pause_windows]),
        clocks=rows.clocks,
        lateness=still.lateness,
        rates=still.rates,
        leg=np.zeros((0, 0, 0, 2), np.int32),
        leg_to=np.zeros((0, 0, 0, 2), np.int32),
        metres=np.zeros((0, 0, 0), np.int32),
        place=np.zeros(n + 1, np.int32),
        # Two more than there are: an array of one cell would be another type to a kernel.
        fixed=np.broadcast_to(nothing, (n + 2, m + 2)),
        service=np.broadcast_to(service[:, None], (n + 1, o + 2)),
        setup=np.broadcast_to(nothing, (n + 2, o + 2)),
        delivery=none,
        pickup=none,
        capacity=none,
        kit_ready=rows.kit_ready,
        kit_fen=rows.kit_fen,
        kit_of=np.broadcast_to(nothing, (n + 2, o + 2)),
        near=np.zeros((0, 0), np.int32),
    )


def blank_timetable(m: int, most: int, centre: NDArray[np.int32]) -> Timetable:
    """Return m empty routes with room for so many stops."""
    return Timetable(
        stops=np.zeros((m, most), np.int32),
        length=np.zeros(m, np.int32),
        hop_s=np.zeros((m, most + 1), np.int32),
        hop_fen=np.zeros((m, most + 1), np.int32),
        start=np.zeros((m, most), np.int32),
        end=np.zeros((m, most), np.int32),
        taken=np.zeros((m, most), np.int8),
        spent=np.zeros((m, most), np.int64),
        rest=np.full(m, FREE, np.int32),
        back=np.zeros(m, np.int32),
        fen=np.zeros(m, np.int64),
        centre=centre,
    )


def write_route(a: Abilities, t: Timetable, v: int, route: Route, rows: NDArray[np.int64]) -> None:
    """Write a route's order and its legs."""
    count = len(rows)
    t.stops[v, :count], t.length[v] = rows, count
    seconds = np.array([[*(stop.travel_s for stop in route.stops), route.return_travel_s]], np.int32)
    metres = np.array([[*(stop.travel_m for stop in route.stops), route.return_travel_m]], np.int32)
    t.hop_s[v, : count + 1] = seconds[0]
    t.hop_fen[v, : count + 1] = legs_fen(a, np.array([v]), seconds, metres)[0]
