"""Technicians' certificates: listed across people, put many at once."""

import datetime as dt
from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import Query, Request, Response
from pydantic import ValidationError
from sqlalchemy.orm import Session
from starlette.concurrency import run_in_threadpool

from api.auth import Caller
from api.dependencies import EdgeOf
from api.edge import Edge
from api.endpoints.held import MASTER_DATA
from api.endpoints.lines import NDJSON, lines_of, ndjson, refused_line, written_lines
from api.endpoints.network import EffectiveFrom, On, held_date
from api.errors import Fault
from api.pages import Page, PageOf, page_of
from api.payloads import faults_of
from api.routes import router
from api.schemas.jobs import LineResult
from api.schemas.network import Certificate, CertificateLine, CertificateRow
from api.store.checked_rows import checked_rows
from api.store.network import holding, put_table
from api.store.people import certificates_on, outlets_of_centres
from api.tables.network import TechnicianRow

__all__ = ["bulk_certificates", "list_certificates", "routes"]

CHUNK_LINES = 2_000

routes = router("network")


@routes.get("/certificates", summary="Technicians' certificates")
def list_certificates(
    edge: EdgeOf,
    page: PageOf,
    on: On = None,
    scheme: Annotated[str | None, Query(max_length=64, description="Only this scheme.", examples=["gas"])] = None,
    technician_id: Annotated[str | None, Query(max_length=64, description="Only theirs.", examples=["T1"])] = None,
) -> Page[CertificateRow]:
    """Return the certificates of the technicians on a date, whether they are valid on it or not."""
    date = held_date(edge, on)
    with edge.read() as session:
        outlets = None if edge.caller.centres is None else outlets_of_centres(session, edge.caller.centres, date)
        found = certificates_on(
            session, date, outlets, scheme=scheme, technician_id=technician_id, after=page.after, most=page.limit + 1
        )
        rows = [
            CertificateRow(
                technician_id=person.id,
                outlet_id=person.outlet_id,
                scheme=held.scheme,
                valid_from=held.valid_from,
                valid_to=held.valid_to,
                is_valid=held.valid_from <= date <= held.valid_to,
            )
            for person, held in found
        ]
    return page_of(rows, page, lambda row: row, lambda row: (row.technician_id, row.scheme, row.valid_from.isoformat()))


@routes.post("/certificates:bulk", summary="Put many certificates, NDJSON", **MASTER_DATA, **ndjson(CertificateLine))
async def bulk_certificates(edge: EdgeOf, request: Request, effective_from: EffectiveFrom = None) -> Response:
    """Put a certificate per line; one of the same technician, scheme and first date is prolonged or cut short.

    A technician's certificates hold together: where one line of theirs is refused by the technician's row, all are.
    """
    date = held_date(edge, effective_from)
    results: list[bytes] = []
    async for first, lines in lines_of(request, CHUNK_LINES):
        results.append(await run_in_threadpool(_put_lines, edge, date, first, lines))
    return Response(b"".join(results), media_type=NDJSON)


def _put_lines(edge: Edge, date: dt.date, first: int, lines: list[bytes]) -> bytes:
    """Put the good ones of some lines in one transaction, and return a result for each."""
    results: dict[int, LineResult] = {}
    read: dict[int, CertificateLine] = {}
    for number, line in enumerate(lines, start=first):
        try:
            read[number] = CertificateLine.model_validate_json(line)
        except ValidationError as error:
            faults = faults_of(error.errors(include_url=False, include_context=False))
            results[number] = refused_line(number, faults)
    with edge.write(lines=len(lines)) as session:
        held = _held(session, edge.caller, {one.technician_id for one in read.values()}, date)
        before = {id_: dict(_certificates(cells)) for id_, cells in held.items()}
        after = {id_: dict(known) for id_, known in before.items()}
        for number, one in read.items():
            if one.technician_id not in held:
                fault = Fault(pointer="/technician_id", code="not_found", detail="there is no such technician")
                results[number] = refused_line(number, [fault])
            else:
                after[one.technician_id][one.scheme, one.valid_from] = one.valid_to
        changed = [id_ for id_ in held if after[id_] != before[id_]]
        rows = [{**held[id_], "certificates": _cell(after[id_])} for id_ in changed]
        table, wrong = checked_rows(session, "technicians", rows, date)
        put_table(session, table, effective_from=date, now=edge.clock())
    refused = {changed[place]: faults for place, faults in wrong.items()}
    for number, one in read.items():
        if number in results:
            continue
        key = one.scheme, one.valid_from
        known = before[one.technician_id].get(key)
        if one.technician_id in refused:
            results[number] = refused_line(number, refused[one.technician_id])
        else:
            status: Any = "created" if known is None else "unchanged" if known == one.valid_to else "updated"
            results[number] = LineResult(line=number, status=status, id=";".join((one.technician_id, *key)))
    return written_lines(results)


def _held(session: Session, caller: Caller, ids: set[str], on: dt.date) -> dict[str, dict[str, str]]:
    """Return the cells of the technicians that a caller may write."""
    where = [TechnicianRow.id.in_(ids)]
    if caller.centres is not None:
        where.append(TechnicianRow.outlet_id.in_(outlets_of_centres(session, caller.centres, on)))
    columns = [TechnicianRow.id, TechnicianRow.cells]
    return {id_: cells for id_, cells in session.execute(holding(TechnicianRow, on, *where, columns=columns))}


def _certificates(cells: Mapping[str, str]) -> list[tuple[tuple[str, str], str]]:
    """Return the certificates of a row: scheme and first date, then the last date."""
    texts = cells.get("certificates", "")
    said = [Certificate.of_cell(text) for text in texts.split(";")] if texts else []
    return [((one.scheme, one.first), one.last) for one in said]


def _cell(certificates: Mapping[tuple[str, str], str]) -> str:
    said = (Certificate(scheme=scheme, first=first, last=last) for (scheme, first), last in certificates.items())
    return ";".join(one.cell() for one in said)
