"""Call lists: whom to call about a date, the most urgent first, on the screen or as a table."""

import csv
import datetime as dt
import io
from typing import Annotated

from fastapi import Query, Response

from api.dependencies import EdgeOf
from api.errors import NotFound
from api.routes import router
from api.schemas.dispatch import CallListShown, CallRow
from api.schemas.values import CHINA
from api.schemas.written import duration_text
from api.store.call_lists import call_list
from api.store.network import get
from api.tables.network import CentreRow
from datasets.plan_tables import no_formula

__all__ = ["COLUMNS", "routes", "show_call_list", "write_call_list"]

routes = router("call lists", NotFound)

COLUMNS = (
    "party",
    "slack",
    "before",
    "why",
    "name",
    "contact",
    "phone",
    "channel",
    "outlet_id",
    "say",
    "tries",
    "last_outcome",
    "up_for_replanning",
    "item_ids",
    "job_ids",
    "sheet",
)
MINUTE = dt.timedelta(minutes=1)
CSV = "text/csv; charset=utf-8"

Centre = Annotated[str, Query(max_length=64, description="The centre.", examples=["C01"])]
Date = Annotated[dt.date, Query(description="The date of the visits.", examples=["2026-03-02"])]


@routes.get("/call-lists", summary="Whom to call, the most urgent first")
def show_call_list(centre_id: Centre, date: Date, edge: EdgeOf) -> CallListShown:
    """Return the calls about a centre's visits on a date: outlets without internet, customers who do not know yet."""
    now = edge.clock()
    return CallListShown(centre_id=centre_id, date=date, as_of=now, items=_rows(edge, centre_id, date, now))


@routes.get(
    "/call-lists.csv",
    summary="The same as a table",
    response_class=Response,
    responses={200: {"description": "A row per call, UTF-8.", "content": {CSV: {"schema": {"type": "string"}}}}},
)
def write_call_list(centre_id: Centre, date: Date, edge: EdgeOf) -> Response:
    """Return the calls as CSV, times in whole minutes; no cell runs as a formula."""
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(COLUMNS)
    for row in _rows(edge, centre_id, date, edge.clock()):
        said = row.model_dump()
        said |= {
            "party": row.party.value,
            "slack": duration_text(60 * (row.slack // MINUTE)),
            "before": row.before.astimezone(CHINA).replace(second=0, microsecond=0).isoformat(),
            "up_for_replanning": "yes" if row.up_for_replanning else "no",
            "item_ids": ";".join(row.item_ids),
            "job_ids": ";".join(row.job_ids),
        }
        cells = ("" if said[name] is None else str(said[name]) for name in COLUMNS)
        # A negative duration begins with a sign too, and is ours.
        writer.writerow(
            cell if name == "slack" else no_formula(cell) for name, cell in zip(COLUMNS, cells, strict=True)
        )
    name = f"call-list-{date}.csv"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(stream.getvalue().encode("utf-8-sig"), media_type=CSV, headers=headers)


def _rows(edge: EdgeOf, centre_id: str, date: dt.date, now: dt.datetime) -> list[CallRow]:
    with edge.read() as session:
        edge.caller.require_centre(centre_id, "such centre")
        if get(session, CentreRow, centre_id, date) is None:
            raise NotFound("There is no such centre on this date.")
        return [
            CallRow(
                party=call.party,
                slack=call.before - now.replace(microsecond=0),
                before=call.before,
                why=call.why,
                name=call.name,
                contact=call.contact,
                phone=call.phone,
                channel=call.channel,
                outlet_id=call.outlet_id,
                item_ids=[item.id for item in call.items],
                job_ids=[item.job_id for item in call.items],
                say=call.say,
                tries=call.tries,
                last_outcome=call.last_outcome,
                up_for_replanning=call.up_for_replanning,
                sheet=call.sheet,
            )
            for call in call_list(session, centre_id, date, now)
        ]
