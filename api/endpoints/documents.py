"""Calendars, holidays, promises and prices, by date."""

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from fastapi import Request, Response
from pydantic import ValidationError
from sqlalchemy.orm import Session
from starlette.concurrency import run_in_threadpool

from api.conditions import IfMatchIfThere, etag, hold_version
from api.dependencies import EdgeOf
from api.edge import Answer, Edge
from api.endpoints.held import MASTER_DATA, add_endpoint, add_held
from api.endpoints.lines import NDJSON, lines_of, ndjson, refused_line, written_lines
from api.endpoints.network import EffectiveFrom, On, RowId, held_date
from api.errors import Conflict, Fault, Forbidden, NotFound, PreconditionFailed, PreconditionRequired, Refused
from api.pages import PageOf, page_of
from api.payloads import faults_of
from api.routes import router
from api.schemas.jobs import LineResult
from api.schemas.network import BulkLine, CalendarIn, ContractTariffIn, Held, HolidaysIn, SlaPolicyIn, TariffIn
from api.schemas.values import Sent
from api.store.documents import document_faults
from api.store.network import end, get, holding, put_documents
from api.store.references import referring_rows
from api.store.settings import NETWORK
from api.tables.network import Document

__all__ = ["Kind", "routes"]

CHUNK_LINES = 200

routes = router("network", NotFound, Conflict, PreconditionFailed, PreconditionRequired)


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """One kind of documents. only_id: of a kind that there is one of, its id."""

    path: str
    kind: str
    schema: type[Sent]
    title: str
    content: Callable[[str, Any], dict[str, Any]]
    fields: Callable[[Mapping[str, Any]], dict[str, Any]]
    only_id: str = ""

    def shown(self, held: Any) -> Held[Any]:
        """Return a document as callers see it."""
        return Held[self.schema](  # type: ignore[name-defined]
            id=held.id,
            effective_from=held.effective_from,
            version=held.version,
            updated_at=held.written_at,
            row=self.schema(**self.fields(held.cells)),
        )

    def one(self, session: Session, id_: str, on: dt.date) -> Any | None:
        """Return the document that holds on a date."""
        return get(session, Document, id_, on, Document.kind == self.kind)


def _said(said: Sent) -> dict[str, Any]:
    return said.model_dump(exclude_none=True)


def _policy(said: SlaPolicyIn) -> dict[str, Any]:
    rows = [row.model_dump(exclude_none=True) for row in said.rows]
    return {**({"sla": rows} if rows else {}), **({"policy": said.shipped} if said.shipped else {})}


def _policy_fields(content: Mapping[str, Any]) -> dict[str, Any]:
    shipped = content.get("policy", [])
    return {"rows": content.get("sla", []), "shipped": [shipped] if isinstance(shipped, str) else shipped}


KINDS = (
    Kind(
        path="calendars",
        kind="calendars",
        schema=CalendarIn,
        title="calendars",
        content=lambda _, said: _said(said),
        fields=dict,
    ),
    Kind(
        path="holidays",
        kind="settings",
        schema=HolidaysIn,
        title="public holidays",
        content=lambda _, said: _said(said),
        fields=dict,
        only_id="holidays",
    ),
    Kind(
        path="sla-policies",
        kind="sla_policies",
        schema=SlaPolicyIn,
        title="promises",
        content=lambda _, said: _policy(said),
        fields=_policy_fields,
        only_id=NETWORK,
    ),
    Kind(
        path="tariffs",
        kind="tariffs",
        schema=TariffIn,
        title="prices of the objective",
        content=lambda _, said: dict(said.prices),
        fields=lambda content: {"prices": content},
        only_id=NETWORK,
    ),
    Kind(
        path="contract-tariffs",
        kind="contract_tariffs",
        schema=ContractTariffIn,
        title="contract tariffs",
        content=lambda id_, said: {"id": id_, **_said(said)},
        fields=lambda content: {key: value for key, value in content.items() if key != "id"},
    ),
)


def _lists(kind: Kind) -> Callable[..., Any]:
    """Return the endpoint that lists documents."""

    def list_documents(edge: EdgeOf, page: PageOf, on: On = None) -> Any:
        where = [Document.kind == kind.kind]
        if kind.only_id:
            where.append(Document.id == kind.only_id)
        if page.after is not None:
            where.append(Document.id > str(page.after[-1]))
        with edge.read() as session:
            query = holding(Document, held_date(edge, on), *where).order_by(None).order_by(Document.id)
            rows = session.scalars(query.limit(page.limit + 1)).all()
            return page_of(rows, page, kind.shown, lambda row: (row.id,))

    return list_documents


def _gets(kind: Kind) -> Callable[..., Any]:
    """Return the endpoint that reads a document."""

    def get_document(edge: EdgeOf, id: RowId, response: Response, on: On = None) -> Any:
        _require_known(kind, id)
        with edge.read() as session:
            held = kind.one(session, id, held_date(edge, on))
            if held is None:
                raise NotFound(f"There is no such document of {kind.path}.")
            response.headers["ETag"] = etag(held.version)
            return kind.shown(held)

    return get_document


def _puts(kind: Kind) -> Callable[..., Any]:
    """Return the endpoint that puts a document."""

    def put_document(
        edge: EdgeOf, id: RowId, body: Any, if_match: IfMatchIfThere, effective_from: EffectiveFrom = None
    ) -> Any:
        _require_known(kind, id)
        _require_all_centres(edge.caller.centres)
        date = held_date(edge, effective_from)
        with edge.write(id=id, effective_from=date.isoformat()) as session:
            before = kind.one(session, id, date)
            if before is not None:
                hold_version(before.version, if_match.needed())
            content = kind.content(id, body)
            faults = document_faults(session, kind.kind, id, content, date, edge.clock())
            if faults:
                raise Refused("The document has faults.", faults=faults)
            put_documents(session, kind.kind, {id: content}, effective_from=date, now=edge.clock())
            held = kind.one(session, id, date)
            headers = {"ETag": etag(held.version)} if held else {}
            answer = Answer(body=kind.shown(held), status=200 if before else 201, headers=headers)
        return answer.response()

    put_document.__annotations__["body"] = kind.schema
    return put_document


def _ends(kind: Kind) -> Callable[..., Any]:
    """Return the endpoint that ends a document."""

    def end_document(
        edge: EdgeOf, id: RowId, if_match: IfMatchIfThere, effective_from: EffectiveFrom = None
    ) -> Response:
        _require_known(kind, id)
        _require_all_centres(edge.caller.centres)
        date = held_date(edge, effective_from)
        with edge.write(id=id, effective_from=date.isoformat()) as session:
            held = kind.one(session, id, date)
            if held is None:
                raise NotFound(f"There is no such document of {kind.path}.")
            hold_version(held.version, if_match.needed())
            users = referring_rows(session, kind.kind, id, date)
            faults = document_faults(session, kind.kind, id, None, date, edge.clock())
            if users or faults:
                members = {"referred_by": [*users[:20], *(fault.detail for fault in faults)]}
                raise Conflict("Something still refers to it.", members=members)
            end(session, Document, [id], Document.kind == kind.kind, effective_from=date, now=edge.clock())
        return Response(status_code=204)

    return end_document


def _bulk(kind: Kind) -> Callable[..., Any]:
    """Return the endpoint that puts many documents."""

    async def bulk(edge: EdgeOf, request: Request, effective_from: EffectiveFrom = None) -> Response:
        _require_all_centres(edge.caller.centres)
        date = held_date(edge, effective_from)
        results: list[bytes] = []
        async for first, lines in lines_of(request, CHUNK_LINES):
            results.append(await run_in_threadpool(_put_lines, edge, kind, date, first, lines))
        return Response(b"".join(results), media_type=NDJSON)

    return bulk


def _put_lines(edge: Edge, kind: Kind, date: dt.date, first: int, lines: list[bytes]) -> bytes:
    """Put the good ones of some lines in one transaction, each judged beside those before; return a result for each."""
    schema: Any = BulkLine[kind.schema]  # type: ignore[name-defined]
    results: dict[int, LineResult] = {}
    with edge.write(lines=len(lines)) as session:
        for number, line in enumerate(lines, start=first):
            try:
                said = schema.model_validate_json(line)
            except ValidationError as error:
                faults = faults_of(error.errors(include_url=False, include_context=False))
                results[number] = refused_line(number, faults)
                continue
            results[number] = _put_line(session, edge, kind, date, number, said)
    return written_lines(results)


def _put_line(session: Session, edge: Edge, kind: Kind, date: dt.date, number: int, said: Any) -> LineResult:
    if kind.only_id and said.id != kind.only_id:
        fault = Fault(pointer="/id", code="not_found", detail=f"allowed: {kind.only_id}, the only one")
        return refused_line(number, [fault])
    content = kind.content(said.id, said.row)
    faults = document_faults(session, kind.kind, said.id, content, date, edge.clock())
    if faults:
        return refused_line(number, faults, "/row")
    put = put_documents(session, kind.kind, {said.id: content}, effective_from=date, now=edge.clock())
    status: Any = "created" if put.created else "unchanged" if put.unchanged else "updated"
    return LineResult(line=number, status=status, id=said.id)


def _require_known(kind: Kind, id_: str) -> None:
    if kind.only_id and id_ != kind.only_id:
        raise NotFound(f"There is one document of {kind.path}: {kind.only_id}.")


def _require_all_centres(centres: frozenset[str] | None) -> None:
    if centres is not None:
        raise Forbidden("What all centres share is written by keys of all centres.")


for _kind in KINDS:
    add_held(routes, _kind.path, _kind.title, _kind.schema, (_lists(_kind), _gets(_kind), _puts(_kind), _ends(_kind)))
    _options = MASTER_DATA | ndjson(BulkLine[_kind.schema])  # type: ignore[name-defined]
    add_endpoint(routes, _kind.path, _bulk(_kind), "POST", ":bulk", f"Put many {_kind.title}, NDJSON", **_options)
