"""Maintenance plans beside what all master data has: their visits come closer together."""

from dataclasses import replace

from fastapi import Response
from sqlalchemy.orm import Session

from api.conditions import IfMatch, etag, hold_version
from api.dependencies import EdgeOf, needs
from api.edge import Answer
from api.endpoints.network import EffectiveFrom, RowId, held_date, row_seen
from api.errors import Conflict, Fault, NotFound, Refused
from api.routes import router
from api.schemas.network import Held
from api.schemas.tour_rows import MaintenanceIn, Shortening
from api.store.checked_rows import checked_rows
from api.store.tour_rows import put_master
from datasets.times import local_date

__all__ = ["routes", "shorten"]

routes = router("network", NotFound, Conflict)


@routes.post(
    "/maintenance-plans/{id}:shorten",
    response_model=Held[MaintenanceIn],
    dependencies=[needs("admin")],
    summary="Let the visits of a maintenance plan come closer together",
)
def shorten(
    id: RowId, body: Shortening, edge: EdgeOf, versions: IfMatch, effective_from: EffectiveFrom = None
) -> Response:
    """Shorten the interval from a date on, and the tolerance with it; the next visit counts from the last one."""
    date = held_date(edge, effective_from)

    def effect(session: Session) -> Answer:
        resource, row = row_seen(session, "maintenance", edge.caller, id, date)
        hold_version(row.version, versions.needed())
        before = int(row.cells["interval_days"])
        if body.interval_days >= before:
            fault = Fault(pointer="/interval_days", code="not_shorter", detail=f"fewer than {before} days")
            raise Refused("The interval would not be shorter.", faults=(fault,))
        said = {"interval_days": body.interval_days, "early_days": body.early_days, "late_days": body.late_days}
        cells = {**row.cells, **{name: str(days) for name, days in said.items() if days is not None}}
        table, faults = checked_rows(session, "maintenance", [cells], date, today=local_date(edge.clock()))
        if faults:
            raise Refused("The row has faults.", faults=[_of_row(fault) for fault in faults[0]])
        put_master(session, table, effective_from=date, now=edge.clock())
        _, row = row_seen(session, "maintenance", edge.caller, id, date)
        return Answer(body=resource.shown(row), headers={"ETag": etag(row.version)})

    return edge.once(effect)


def _of_row(fault: Fault) -> Fault:
    """Return a fault of a row's field that was not sent as one of the whole of what was."""
    field = fault.pointer.removeprefix("/")
    if field in Shortening.model_fields or not field:
        return fault
    named = f"{field}: {fault.detail}"
    return replace(fault, pointer="", detail=named)
