"""Kits that have left for the outlets of their crews: a replan need not order them again."""

import datetime as dt
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from datasets.times import seconds_of
from datasets.tours import TourFolder
from optimizer.parts.model import Shelf
from optimizer.tours.model import TourJob

__all__ = ["with_sent"]


def with_sent(folder: TourFolder, sent: Sequence[Mapping[str, Any]]) -> TourFolder:
    """Return a folder whose jobs have what is on its way to outlets from there, and wait for it.

    sent: as `api.store.tour_parts.sent_kits` returns it.
    """
    supply = folder.folder.supply
    shelves = defaultdict(dict, {id_: dict(held) for id_, held in supply.shelves.items()})
    ready_s: dict[str, int] = {}
    for one in sent:
        held = shelves[one["outlet_id"]]
        # Sourcing takes what lies on an outlet's own shelf as there at once: it is the jobs that have a moment.
        before = held.get(one["part_id"], Shelf(free=0))
        held[one["part_id"]] = replace(before, free=max(0, before.free) + one["quantity"])
        moment_s = seconds_of(folder.touring.date, dt.datetime.fromisoformat(one["ready_at"]))
        ready_s[one["line_id"]] = max(moment_s, ready_s.get(one["line_id"], moment_s))
    pinned = {one["line_id"]: one["outlet_id"] for one in sent}
    supply = replace(supply, shelves=dict(shelves), pinned={**supply.pinned, **pinned})
    jobs = tuple(_waiting(job, ready_s) for job in folder.touring.jobs)
    return replace(folder, folder=replace(folder.folder, supply=supply), touring=replace(folder.touring, jobs=jobs))


def _waiting(job: TourJob, ready_s: Mapping[str, int]) -> TourJob:
    """Return a job that no tour leaves with before its parts are there; what has not left is ready as it was."""
    sent = [ready_s[line.id] for line in job.order_lines if line.id in ready_s]
    if not sent:
        return job
    if len(sent) == len(job.order_lines):
        return replace(job, kit_ready_s=max(sent))
    return job if job.kit_ready_s is None else replace(job, kit_ready_s=max(job.kit_ready_s, *sent))
