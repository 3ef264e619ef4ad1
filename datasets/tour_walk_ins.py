"""What people are expected to bring to stops in their village: a job of walk-ins for each stop that was promised."""

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace

from datasets.table import Table
from datasets.tour_policy import WalkIns
from optimizer.model import DAY_S, Skill
from optimizer.tours.model import Touring, TourJob, Village, WorkKind

__all__ = ["as_planned", "with_certificates", "with_walk_ins"]


def with_certificates(expected: WalkIns | None, tables: Mapping[str, Table]) -> WalkIns | None:
    """Return what is expected, with the certificates that it takes where day.toml leaves them open.

    Those that every call for the product needs; where nobody called for it, every maintenance plan of it.
    """
    if expected is None or expected.certificates is not None:
        return expected
    for name in ("jobs", "maintenance"):
        products, schemes = (tables[name].values[column] for column in ("product", "certificates"))
        of_product = [set(held) for product, held in zip(products, schemes, strict=True) if product == expected.product]
        if of_product:
            return replace(expected, certificates=tuple(sorted(set.intersection(*of_product))))
    return replace(expected, certificates=())


def with_walk_ins(asked: Touring, expected: WalkIns | None) -> Touring:
    """Return the question with what people are expected to bring.

    One job per village where nobody was told more than one day, and one for each further day of a stop in it, who was
    told of it living there or near by. They share what is expected. A village that was visited since the horizon began
    has brought half of it, and brings the rest on days that it was told.
    """
    if expected is None:
        return asked
    stops = _promised_days(asked)
    found = [
        job
        for village in asked.villages
        for job in _jobs(asked, village, expected, _ids(asked, village, sorted(stops[village.id])))
    ]
    return replace(asked, jobs=(*asked.jobs, *found))


def as_planned(asked: Touring, expected: WalkIns | None, job_ids: Collection[str]) -> Touring:
    """Return the question with the walk-ins shared as they were when tours were planned, which name these jobs.

    What villages were told since divides what they bring anew: only the next plan knows of it.
    """
    if expected is None:
        return asked
    own = {job.id: job.village_id for job in asked.jobs if job.kind is WorkKind.WALK_IN}
    now: defaultdict[str, list[str]] = defaultdict(list)
    for id_, village_id in own.items():
        now[village_id].append(id_)
    jobs = [job for job in asked.jobs if job.id not in own]
    for village in asked.villages:
        first = _id(village)
        then = sorted(id_ for id_ in job_ids if id_ == first or _is_dated(id_, first))
        # Nothing named of a village that nobody was in: whoever made these tours forgot it, which a check has to see.
        shared = then if then or first not in now[village.id] else now[village.id]
        jobs += _jobs(asked, village, expected, shared)
    return replace(asked, jobs=tuple(jobs))


def _promised_days(asked: Touring) -> Mapping[str, set[int]]:
    """Return by village the days still to come on which a stop in it was promised to anybody."""
    found: defaultdict[str, set[int]] = defaultdict(set)
    seen = {village.id: village.last_visit_day for village in asked.villages}
    for told in (told for village in asked.villages for told in village.told):
        last = seen.get(told.stop_id)
        if max(0, asked.now_s // DAY_S) <= told.day < asked.days and (last is None or last < told.day):
            found[told.stop_id].add(told.day)
    return found


def _ids(asked: Touring, village: Village, days: Sequence[int]) -> list[str]:
    """Return what the village's jobs are called: by the village for its first stop, by its date for each further."""
    dated = [f"{_id(village)}@{asked.date + dt.timedelta(days=day)}" for day in days]
    return dated if _was_visited(village) else [_id(village), *dated[1:]]


def _jobs(asked: Touring, village: Village, expected: WalkIns, ids: Sequence[str]) -> Iterable[TourJob]:
    """Return the jobs with these ids, in equal shares to a hundredth and to a second."""
    whole = village.households * expected.per_thousand // 10
    count, service_s = len(ids), max(60, whole * expected.service_s // 100)
    if _id(village) not in ids:
        whole, service_s = whole - whole // 2, service_s - service_s // 2
    if not whole:
        return
    for number, id_ in enumerate(ids):
        yield TourJob(
            id=id_,
            village_id=village.id,
            kind=WorkKind.WALK_IN,
            skill=Skill(family=expected.product, level=expected.level),
            service_s=_share(service_s, number, count),
            first_s=0,
            last_s=asked.days * DAY_S - 1,
            certificates=frozenset(expected.certificates or ()),
            expected=_share(whole, number, count),
        )


def _share(whole: int, number: int, count: int) -> int:
    """Return one of so many equal shares, which add up to the whole."""
    return whole * (number + 1) // count - whole * number // count


def _id(village: Village) -> str:
    return f"walk-in@{village.id}"


def _is_dated(job_id: str, first: str) -> bool:
    """Tell whether a job is one of a village's for a further stop; first: what its first is called."""
    date = job_id.removeprefix(f"{first}@")
    if date == job_id:
        return False
    try:
        dt.date.fromisoformat(date)
    except ValueError:
        return False
    return True


def _was_visited(village: Village) -> bool:
    return village.last_visit_day is not None and village.last_visit_day >= 0
