"""What shipments of a plan are for: the order lines of its jobs and of open orders, as the checker sees them."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from optimizer.measure import Measured
from optimizer.model import CustomerClass

__all__ = ["Wanted", "wanted_lines"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """An order line. part_ids: its own part, then what does as well. centre_id: where it is sent.

    outlet_id: who visits, or who ordered it: the shelf that may serve it. urgent: a customer waits for it in haste.
    may_have_reserve: units below the floor are for it too. turn: quotas are used up in this order.
    """

    id: str
    part_ids: tuple[str, ...]
    quantity: int
    centre_id: str
    outlet_id: str | None
    orderer_id: str | None
    urgent: bool
    customer_class: CustomerClass
    turn: tuple[bool, int, str]
    pinned_source_id: str | None
    may_have_reserve: bool = False
    over_quota: bool = False


def wanted_lines(measured: Measured) -> Mapping[tuple[str, str], Wanted]:
    """Return the lines of all jobs and of all open orders beside them, by job or order and line."""
    lines = dict(_of_jobs(measured)) | dict(_of_orders(measured))
    release = measured.supply.charges.release
    over = _over_quota(measured, lines)
    return {
        key: replace(line, may_have_reserve=line.urgent or line.customer_class in release, over_quota=key in over)
        for key, line in lines.items()
    }


def _of_jobs(measured: Measured) -> Iterator[tuple[tuple[str, str], Wanted]]:
    supply = measured.supply
    for job in measured.day.jobs:
        outlets = {visit.outlet.id for visit in measured.visits.get(job.id, ())}
        outlet_id = next(iter(outlets)) if len(outlets) == 1 else None
        for line in job.order_lines:
            yield (
                (job.id, line.id),
                Wanted(
                    id=line.id,
                    part_ids=(line.part_id, *supply.substitutes.get(line.part_id, ())),
                    quantity=line.quantity,
                    centre_id=job.centre_id,
                    outlet_id=outlet_id,
                    orderer_id=outlet_id,
                    urgent=job.urgent,
                    customer_class=job.customer_class,
                    turn=(not job.consent, job.reported_s, job.id),
                    pinned_source_id=supply.pinned.get(line.id),
                ),
            )


def _of_orders(measured: Measured) -> Iterator[tuple[tuple[str, str], Wanted]]:
    supply = measured.supply
    for order in supply.orders:
        for line in order.lines:
            yield (
                (order.id, line.id),
                Wanted(
                    id=line.id,
                    part_ids=(line.part_id, *supply.substitutes.get(line.part_id, ())),
                    quantity=line.quantity,
                    centre_id=order.centre_id,
                    # An order for nobody in particular is to fill the shelf.
                    outlet_id=order.outlet_id if order.waiting or order.job_id is not None else None,
                    orderer_id=order.outlet_id,
                    urgent=order.urgent and order.waiting,
                    customer_class=order.customer_class,
                    turn=(not order.waiting, order.ordered_s, order.id),
                    pinned_source_id=line.pinned_source_id,
                ),
            )


def _over_quota(measured: Measured, lines: Mapping[tuple[str, str], Wanted]) -> set[tuple[str, str]]:
    """Return the lines that no longer fit into what their outlet may still order of their part."""
    left = {(quota.outlet_id, quota.part_id): quota.left for quota in measured.supply.quotas}
    asked: defaultdict[tuple[str, str], list[tuple[str, str]]] = defaultdict(list)
    for key, line in lines.items():
        if line.orderer_id is not None and (line.orderer_id, line.part_ids[0]) in left:
            asked[line.orderer_id, line.part_ids[0]].append(key)
    over = set()
    for quota, keys in asked.items():
        units = left[quota]
        # Lines of one order keep their own order: sorting leaves equals as they are.
        for key in sorted(keys, key=lambda key: lines[key].turn):
            if lines[key].quantity > units:
                over.add(key)
            else:
                units -= lines[key].quantity
    return over
