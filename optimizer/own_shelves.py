"""Whole kits that lie on outlets' own shelves, held for jobs that these outlets may visit: at once and for nothing.

A unit is held for one job. Who has no other kit comes first, then who would wait longest for it, each customer's hour
weighed as the tariff does; everybody has the nearest shelf before anybody has a second one.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence

from optimizer.kit_options import KitOption
from optimizer.model import Day, Job, ShipMode
from optimizer.parts.supply import Supply
from optimizer.plan import Shipment

__all__ = ["held_on_shelves"]


def held_on_shelves(
    day: Day,
    supply: Supply,
    near: Mapping[str, Sequence[str]],
    given: Iterable[Shipment],
    jobs: Sequence[Job],
    options: Mapping[str, Sequence[KitOption]],
) -> dict[str, tuple[KitOption, ...]]:
    """Return the kits on shelves that are held for these jobs, by job id.

    near: outlets, nearest first, by job. given: what is shipped already. options: the other kits of jobs.
    """
    free: defaultdict[tuple[str, str], int] = defaultdict(int)
    for outlet_id, shelves in supply.shelves.items():
        for part_id, shelf in shelves.items():
            free[outlet_id, part_id] = shelf.free
    for sent in given:
        free[sent.warehouse_id, sent.part_id] -= sent.quantity
    turns = sorted((job for job in jobs if job.consent), key=lambda job: _turn(day, job, options.get(job.id, ())))
    shelves_of = {job.id: [outlet for outlet in near.get(job.id, ()) if outlet in supply.shelves] for job in turns}
    held: defaultdict[str, list[KitOption]] = defaultdict(list)
    for place in range(max(map(len, shelves_of.values()), default=0)):
        for job in turns:
            for outlet_id in shelves_of[job.id][place : place + 1]:
                kit = list(_kit(day, supply, job, outlet_id, free))
                if len(kit) == len(job.order_lines):
                    held[job.id].append(_option(day, outlet_id, kit))
                    for sent in kit:
                        free[outlet_id, sent.part_id] -= sent.quantity
    return {job_id: tuple(kits) for job_id, kits in held.items()}


def _turn(day: Day, job: Job, options: Sequence[KitOption]) -> tuple[bool, int, str]:
    if not options:
        return False, -day.tariff.weight_percent[job.customer_class], job.id
    wait_s = min(option.ready_s for option in options) - day.now_s
    return True, -day.tariff.weight_percent[job.customer_class] * wait_s, job.id


def _kit(day: Day, supply: Supply, job: Job, outlet_id: str, free: Mapping[tuple[str, str], int]) -> Iterator[Shipment]:
    """Yield what a shelf has for the lines of a job, up to the first that it lacks: the part or what does as well."""
    taken: defaultdict[str, int] = defaultdict(int)
    for line in job.order_lines:
        parts = (line.part_id, *supply.substitutes.get(line.part_id, ()))
        there = (part for part in parts if free.get((outlet_id, part), 0) - taken[part] >= line.quantity)
        part_id = next(there, None)
        if part_id is None:
            return
        taken[part_id] += line.quantity
        yield Shipment(
            order_line_id=line.id,
            job_id=job.id,
            part_id=part_id,
            quantity=line.quantity,
            warehouse_id=outlet_id,
            mode=ShipMode.PICKUP,
            ships_s=day.now_s,
            ready_s=day.now_s,
            cost_fen=0,
        )


def _option(day: Day, outlet_id: str, kit: Sequence[Shipment]) -> KitOption:
    return KitOption(ready_s=day.now_s, cost_fen=0, shipments=tuple(kit), outlets=frozenset({outlet_id}))
