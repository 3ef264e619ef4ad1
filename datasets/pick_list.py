"""What each technician takes before leaving (领料单): the parts of every visit, in the order of the visits."""

import csv
import datetime as dt
import io
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

from datasets.day import DayFolder
from datasets.plan_tables import no_formula
from datasets.times import instant_text
from optimizer.plan import Plan, Shipment

__all__ = ["PICK_COLUMNS", "PICK_LIST_FILE", "Pick", "pick_list_rows", "pick_list_table", "picks_of"]

PICK_LIST_FILE = "picklist.csv"
PICK_COLUMNS = (
    "technician_id",
    "outlet_id",
    "date",
    "sequence",
    "visit_at",
    "leaves_at",
    "job_id",
    "part_id",
    "name",
    "quantity",
    "carried",
    "order_line_id",
    "warehouse_id",
    "mode",
    "ready_at",
    "after_leaving",
    "bring_by",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pick:
    """A part to take for a visit. shipment: how it comes, None for what is on every van of the family.

    day: of the horizon. sequence: of the visit on its route. leaves_s: when the technician leaves base.
    """

    technician_id: str
    shift_id: str
    day: int
    sequence: int
    visit_s: int
    leaves_s: int
    job_id: str
    part_id: str
    quantity: int
    shipment: Shipment | None

    @property
    def after_leaving(self) -> bool:
        """Whether the part may only be there once the technician has left: it has to be brought, or fetched."""
        return self.shipment is not None and self.shipment.ready_s > self.leaves_s

    @property
    def bring_by_s(self) -> int | None:
        """Until when the outlet has to bring it to the visit, None where the technician takes it along."""
        return self.visit_s if self.after_leaving else None


def picks_of(folder: DayFolder, plan: Plan) -> Iterator[Pick]:
    """Yield the picks of a plan, route by route; of a visit what is shipped comes first, then what is on the van."""
    shifts = {shift.id: shift for shift in folder.day.shifts}
    shipped: defaultdict[str, list[Shipment]] = defaultdict(list)
    for shipment in plan.shipments:
        shipped[shipment.job_id].append(shipment)
    for route in plan.routes:
        shift = shifts[route.shift_id]
        for sequence, stop in enumerate(route.stops, start=1):
            kit = [(sent.part_id, sent.quantity, sent) for sent in shipped[stop.job_id]]
            van = [(part_id, quantity, None) for part_id, quantity in folder.carried.get(stop.job_id, ())]
            for part_id, quantity, sent in (*kit, *van):
                yield Pick(
                    technician_id=shift.technician_id,
                    shift_id=shift.id,
                    day=shift.day,
                    sequence=sequence,
                    visit_s=stop.start_s,
                    leaves_s=route.depart_s,
                    job_id=stop.job_id,
                    part_id=part_id,
                    quantity=quantity,
                    shipment=sent,
                )


def pick_list_rows(folder: DayFolder, plan: Plan) -> Iterator[dict[str, str | int | bool | None]]:
    """Yield a row per part and visit, by outlet, date and technician, as PICK_COLUMNS name it; None is "not given"."""
    date = folder.day.date
    outlet_of = {technician.id: technician.outlet_id for technician in folder.day.technicians}
    names = dict(zip(folder.parts.index, folder.parts["name"], strict=True)) if "name" in folder.parts else {}

    def order(pick: Pick) -> tuple[str, int, str, int, int]:
        return outlet_of[pick.technician_id], pick.day, pick.technician_id, pick.leaves_s, pick.sequence

    for pick in sorted(picks_of(folder, plan), key=order):
        sent = pick.shipment
        yield {
            "technician_id": pick.technician_id,
            "outlet_id": outlet_of[pick.technician_id],
            "date": (date + dt.timedelta(days=pick.day)).isoformat(),
            "sequence": pick.sequence,
            "visit_at": instant_text(date, pick.visit_s),
            "leaves_at": instant_text(date, pick.leaves_s),
            "job_id": pick.job_id,
            "part_id": pick.part_id,
            "name": names.get(pick.part_id, ""),
            "quantity": pick.quantity,
            "carried": sent is None,
            "order_line_id": None if sent is None else sent.order_line_id,
            "warehouse_id": None if sent is None else sent.warehouse_id,
            "mode": None if sent is None else str(sent.mode),
            "ready_at": None if sent is None else instant_text(date, sent.ready_s),
            "after_leaving": pick.after_leaving,
            "bring_by": None if pick.bring_by_s is None else instant_text(date, pick.bring_by_s),
        }


def pick_list_table(folder: DayFolder, plan: Plan) -> bytes:
    """Return picklist.csv."""
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(PICK_COLUMNS)
    for row in pick_list_rows(folder, plan):
        writer.writerow(_cell(row[column]) for column in PICK_COLUMNS)
    return stream.getvalue().encode("utf-8-sig")


def _cell(value: str | int | bool | None) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value) if isinstance(value, int) else no_formula(value)
