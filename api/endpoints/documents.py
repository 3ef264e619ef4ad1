"""Calendars, holidays, promises and prices, by date."""

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from fastapi import Response
from sqlalchemy.orm import Session

from api.conditions import IfMatchIfThere, etag, hold_version
from api.dependencies import EdgeOf
from api.edge import Answer
from api.endpoints.held import add_held
from api.endpoints.network import EffectiveFrom, On, RowId, held_date
from api.errors import Conflict, Forbidden, NotFound, PreconditionFailed, PreconditionRequired, Refused
from api.pages import PageOf, page_of
from api.routes import router
from api.schemas.network import CalendarIn, ContractTariffIn, Held, HolidaysIn, SlaPolicyIn, TariffIn
from api.schemas.values import Sent
from api.store.documents import document_faults
from api.store.network import end, get, holding, put_documents
from api.store.references import referring_rows
from api.store.settings import NETWORK
from api.tables.network import Document

__all__ = ["Kind", "routes"]

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


def _require_known(kind: Kind, id_: str) -> None:
    if kind.only_id and id_ != kind.only_id:
        raise NotFound(f"There is one document of {kind.path}: {kind.only_id}.")


def _require_all_centres(centres: frozenset[str] | None) -> None:
    if centres is not None:
        raise Forbidden("What all centres share is written by keys of all centres.")


for _kind in KINDS:
    add_held(routes, _kind.path, _kind.title, _kind.schema, (_lists(_kind), _gets(_kind), _puts(_kind), _ends(_kind)))
