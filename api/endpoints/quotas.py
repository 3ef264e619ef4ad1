"""Quotas: how many of a part an outlet may order without approval."""

from typing import Annotated

from fastapi import Path, Query, Request, Response
from sqlalchemy import ColumnElement, tuple_
from sqlalchemy.orm import Session

from api.conditions import IfMatchIfThere, etag, hold_version
from api.dependencies import EdgeOf, needs
from api.edge import Answer, Edge
from api.endpoints.parts import networks_of
from api.errors import Conflict, Fault, NotFound, PreconditionFailed, PreconditionRequired, Refused
from api.pages import Page, PageOf, foreign_cursor, page_of
from api.parts_network import PartsNetwork
from api.routes import router
from api.schemas.parts import QuotaIn, QuotaShown
from api.store.parts_orders import QuotaStanding, quota_left
from api.tables.parts import QuotaRow

__all__ = ["get_quota", "list_quotas", "put_quota", "remove_quota", "routes"]

routes = router("parts", NotFound, Conflict, PreconditionFailed, PreconditionRequired)

WRITE = needs("parts:write")
QuotaId = Annotated[str, Path(max_length=129, description="Outlet and part.", examples=["Z0018;P-0012"])]


def _key(quota_id: str, network: PartsNetwork, edge: Edge) -> tuple[str, str]:
    """Return the outlet and part of an id. Raises NotFound for another centre's outlet, or one that is not there."""
    outlet_id, _, part_id = quota_id.partition(";")
    outlet = network.outlets.get(outlet_id)
    if outlet is None or not edge.caller.sees(outlet.centre_id):
        raise NotFound("There is no such outlet.")
    return outlet_id, part_id


def _standing(session: Session, key: tuple[str, str]) -> QuotaStanding | None:
    where = (QuotaRow.outlet_id == key[0], QuotaRow.part_id == key[1])
    return next(iter(quota_left(session, None, *where)), None)


@routes.get("/quotas", summary="Quotas with what is left of them")
def list_quotas(
    edge: EdgeOf,
    request: Request,
    page: PageOf,
    outlet_id: Annotated[str | None, Query(max_length=64, description="Of this outlet.", examples=["Z0018"])] = None,
) -> Page[QuotaShown]:
    """Return quotas by outlet and part."""
    with edge.read() as session:
        network = networks_of(request).current(session, edge.clock())
        seen = {one.id for one in network.outlets.values() if edge.caller.sees(one.centre_id)}
        wanted = seen if outlet_id is None else seen & {outlet_id}
        where: tuple[ColumnElement[bool], ...] = ()
        if page.after is not None:
            if len(page.after) != 2:
                raise foreign_cursor()
            where = (tuple_(QuotaRow.outlet_id, QuotaRow.part_id) > tuple_(*map(str, page.after)),)
        rows = quota_left(session, None, QuotaRow.outlet_id.in_(wanted), *where, limit=page.limit + 1)
        return page_of(rows, page, _shown, lambda one: (one.row.outlet_id, one.row.part_id))


@routes.get("/quotas/{quota_id}", response_model=QuotaShown, summary="A quota")
def get_quota(quota_id: QuotaId, edge: EdgeOf, request: Request) -> Response:
    """Return a quota, and what is left of it."""
    with edge.read() as session:
        key = _key(quota_id, networks_of(request).current(session, edge.clock()), edge)
        found = _standing(session, key)
        if found is None:
            raise NotFound("There is no such quota.")
        return Answer(body=_shown(found), headers={"ETag": etag(found.row.version)}).response()


@routes.put(
    "/quotas/{quota_id}",
    response_model=QuotaShown,
    responses={201: {"model": QuotaShown, "description": "There was none before."}},
    dependencies=[WRITE],
    summary="Put a quota",
)
def put_quota(quota_id: QuotaId, body: QuotaIn, edge: EdgeOf, request: Request, if_match: IfMatchIfThere) -> Response:
    """Say how many of a part an outlet may order; what was ordered since `counted_from` counts."""
    now = edge.clock()
    with edge.write(id=quota_id) as session:
        network = networks_of(request).current(session, now)
        outlet_id, part_id = _key(quota_id, network, edge)
        if part_id not in network.parts:
            fault = Fault(pointer="", code="unknown_part", detail=f'no part "{part_id}" holds today')
            raise Refused("1 fault.", faults=(fault,))
        row = session.get(QuotaRow, (outlet_id, part_id), with_for_update=True)
        new = row is None
        if row is None:
            row = QuotaRow(outlet_id=outlet_id, part_id=part_id, version=0)
            session.add(row)
        else:
            hold_version(row.version, if_match.needed())
        row.quota, row.used, row.counted_from = body.quota, body.used, body.counted_from or now
        row.version, row.updated_at = row.version + 1, now
        session.flush()
        found = _standing(session, (outlet_id, part_id))
        assert found is not None
        answer = Answer(body=_shown(found), status=201 if new else 200, headers={"ETag": etag(row.version)})
    return answer.response()


@routes.delete("/quotas/{quota_id}", status_code=204, dependencies=[WRITE], summary="Remove a quota")
def remove_quota(quota_id: QuotaId, edge: EdgeOf, request: Request, if_match: IfMatchIfThere) -> Response:
    """Remove a quota: the outlet may order as many of the part as it likes."""
    with edge.write(id=quota_id) as session:
        key = _key(quota_id, networks_of(request).current(session, edge.clock()), edge)
        row = session.get(QuotaRow, key, with_for_update=True)
        if row is None:
            raise NotFound("There is no such quota.")
        hold_version(row.version, if_match.needed())
        session.delete(row)
    return Response(status_code=204)


def _shown(one: QuotaStanding) -> QuotaShown:
    row = one.row
    said = {name: getattr(row, name) for name in QuotaShown.model_fields if hasattr(row, name)}
    return QuotaShown(id=f"{row.outlet_id};{row.part_id}", ordered=one.ordered, left=one.left, **said)
