"""Master data: rows of the network and the documents that calendars, promises and prices are, by date."""

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from fastapi import Path, Query, Request, Response
from pydantic import ValidationError
from sqlalchemy import ColumnElement, or_
from sqlalchemy.orm import Session
from starlette.concurrency import run_in_threadpool

from api.auth import Caller
from api.conditions import IfMatchIfThere, etag, hold_version
from api.dependencies import EdgeOf
from api.edge import Answer, Edge
from api.endpoints.held import MASTER_DATA, add_endpoint, add_held
from api.endpoints.lines import lines_of, ndjson, refused_line, written_lines
from api.errors import (
    BadRequest,
    Conflict,
    Fault,
    Forbidden,
    NotFound,
    PreconditionFailed,
    PreconditionRequired,
    Refused,
)
from api.pages import PageOf, page_of
from api.payloads import faults_of
from api.routes import router
from api.schemas.cells import fields_of, row_of
from api.schemas.jobs import LineResult
from api.schemas.network import (
    BulkLine,
    CentreIn,
    Held,
    KitIn,
    LaneIn,
    OutletIn,
    PartIn,
    StockIn,
    TechnicianIn,
    WarehouseIn,
)
from api.schemas.tour_rows import CrewIn, LodgingIn, MaintenanceIn, VanPartIn, VillageIn
from api.schemas.values import Sent
from api.store.batches import batches
from api.store.checked_rows import LAYOUTS, as_held, checked_rows
from api.store.network import MASTER_TABLES, end, get, holding, row_id
from api.store.people import outlets_of_centres
from api.store.references import referring_rows
from api.store.tour_rows import PLACED, centres_of, put_master
from api.tables.network import Effective
from datasets.faults import FaultList
from datasets.table import table_of
from datasets.times import local_date

__all__ = ["EffectiveFrom", "On", "Resource", "RowId", "held_date", "routes", "row_seen"]

CHUNK_LINES = 2_000
OWN_ROWS = "This key writes the rows of its own centres only."

routes = router("network", NotFound, Conflict, PreconditionFailed, PreconditionRequired)

On = Annotated[
    dt.date | None, Query(description="The date that it should hold on; default: today.", examples=["2026-03-02"])
]
EffectiveFrom = Annotated[
    dt.date | None, Query(description="The date from which it holds; default: today.", examples=["2026-03-02"])
]
RowId = Annotated[str, Path(min_length=1, max_length=256, description="The id.", examples=["Z0018"])]


@dataclass(frozen=True, slots=True, kw_only=True)
class Resource:
    """One kind of rows. path: in the address; keys_are_fields: the row says its own id."""

    path: str
    table: str
    schema: type[Sent]
    title: str

    @property
    def model(self) -> type[Effective]:
        """The table."""
        return MASTER_TABLES[self.table]

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of the cells."""
        return tuple(column.name for column in LAYOUTS[self.table].columns)

    @property
    def keys_are_fields(self) -> bool:
        """Whether the row's own fields make its id."""
        return LAYOUTS[self.table].keys[0] in self.schema.model_fields

    def cells(self, id_: str, row: Sent) -> dict[str, str]:
        """Return the row's cells. Raises Refused when the address and the row name different things."""
        cells = row_of(row, self.columns, id_)
        if not self.keys_are_fields:
            return {self.columns[0]: id_, **cells}
        own = row_id(cells, LAYOUTS[self.table].keys)
        if own != id_:
            fault = Fault(pointer="", code="other_id", detail=f"the row's own id is {own}")
            raise Refused("The row belongs to another address.", faults=(fault,))
        return cells

    def shown(self, held: Any) -> Held[Any]:
        """Return a version as callers see it."""
        return Held[self.schema](  # type: ignore[name-defined]
            id=held.id,
            effective_from=held.effective_from,
            version=held.version,
            updated_at=held.written_at,
            row=self.schema(**fields_of(self.schema, held.cells)),
        )


RESOURCES = (
    Resource(path="centres", table="centres", schema=CentreIn, title="customer-service centres"),
    Resource(path="outlets", table="outlets", schema=OutletIn, title="outlets"),
    Resource(path="technicians", table="technicians", schema=TechnicianIn, title="technicians"),
    Resource(path="warehouses", table="warehouses", schema=WarehouseIn, title="warehouses"),
    Resource(path="parts", table="parts", schema=PartIn, title="parts"),
    Resource(path="kits", table="kits", schema=KitIn, title="kits"),
    Resource(path="stock", table="stock", schema=StockIn, title="stock"),
    Resource(path="lanes", table="lanes", schema=LaneIn, title="lanes"),
    Resource(path="villages", table="villages", schema=VillageIn, title="villages"),
    Resource(path="lodgings", table="lodgings", schema=LodgingIn, title="lodgings"),
    Resource(path="crews", table="crews", schema=CrewIn, title="crews"),
    Resource(path="maintenance-plans", table="maintenance", schema=MaintenanceIn, title="maintenance plans"),
    Resource(path="van-parts", table="van_parts", schema=VanPartIn, title="parts that vans may carry"),
)


def held_date(edge: Edge, on: dt.date | None) -> dt.date:
    """Return the date that is asked for: today in China unless the caller says another of this century."""
    date = local_date(edge.clock()) if on is None else on
    if not 2000 <= date.year < 2100:
        fault = Fault(parameter="query.on", code="date", detail="a date from 2000 to 2099")
        raise BadRequest("No network holds on that date.", faults=(fault,))
    return date


def _sees(session: Session, resource: Resource, caller: Caller, on: dt.date) -> tuple[ColumnElement[bool], ...]:
    """Return the condition that keeps a caller to its centres; what belongs to no centre, everybody sees."""
    if caller.centres is None:
        return ()
    model: Any = resource.model
    match resource.table:
        case "centres":
            return (model.id.in_(caller.centres),)
        case "outlets" | "lanes" | "maintenance" | "villages" | "lodgings":
            return (model.centre_id.in_(caller.centres),)
        case "technicians" | "crews":
            return (model.outlet_id.in_(outlets_of_centres(session, caller.centres, on)),)
    return ()


def _require_own(session: Session, resource: Resource, caller: Caller, cells: Mapping[str, str], on: dt.date) -> None:
    """Raise Forbidden when a key of some centres would write what others share or own."""
    own_outlets = _own_outlets(session, resource, caller, on)
    if resource.table in PLACED and caller.centres is not None:
        own = _own_places(session, resource, caller, [cells], on)[0]
    else:
        own = _is_own(resource, caller, cells, own_outlets)
    if not own:
        raise Forbidden(OWN_ROWS)


def _own_outlets(session: Session, resource: Resource, caller: Caller, on: dt.date) -> frozenset[str]:
    """Return the outlets whose technicians and crews a key of some centres may write."""
    if caller.centres is None or resource.table not in {"technicians", "crews"}:
        return frozenset()
    return frozenset(outlets_of_centres(session, caller.centres, on))


def _is_own(resource: Resource, caller: Caller, cells: Mapping[str, str], own_outlets: frozenset[str]) -> bool:
    """Return whether a caller may write a row of these cells."""
    if caller.centres is None:
        return True
    match resource.table:
        case "outlets" | "lanes":
            return cells["centre_id"] in caller.centres
        case "technicians" | "crews":
            return cells["outlet_id"] in own_outlets
    return False


def _own_places(
    session: Session, resource: Resource, caller: Caller, rows: Sequence[Mapping[str, str]], on: dt.date
) -> list[bool]:
    """Return which rows of these cells, each at a place, a key of some centres may write."""
    placed = table_of(rows, LAYOUTS[resource.table], FaultList())
    centres = caller.centres or frozenset()
    return [centre_id in centres for centre_id in centres_of(session, placed, on)]


def _foreign(
    session: Session,
    resource: Resource,
    caller: Caller,
    read: Mapping[int, tuple[str, Mapping[str, str]]],
    on: dt.date,
) -> dict[int, Fault]:
    """Return the lines that a key of some centres may not put: another centre's rows, before or afterwards."""
    if caller.centres is None:
        return {}
    ids = [id_ for id_, _ in read.values()]
    seen = _held(session, resource, ids, on, *_sees(session, resource, caller, on)).keys()
    hidden = _held(session, resource, ids, on).keys() - seen
    own_outlets = _own_outlets(session, resource, caller, on)
    rows = [cells for _, cells in read.values()]
    own = _own_places(session, resource, caller, rows, on) if resource.table in PLACED else None
    faults = {}
    for place, (number, (id_, cells)) in enumerate(read.items()):
        if id_ in hidden:
            faults[number] = Fault(pointer="/id", code="not_found", detail="there is no such row")
        elif not (_is_own(resource, caller, cells, own_outlets) if own is None else own[place]):
            faults[number] = Fault(pointer="/row", code="other_centre", detail=OWN_ROWS)
    return faults


def _one(session: Session, resource: Resource, caller: Caller, id_: str, on: dt.date) -> Any:
    row = get(session, resource.model, id_, on, *_sees(session, resource, caller, on))
    if row is None:
        raise NotFound(f"There is no such row of {resource.path} on {on}.")
    return row


def row_seen(session: Session, table: str, caller: Caller, id_: str, on: dt.date) -> tuple[Resource, Any]:
    """Return a row that a caller sees, and what kind of rows it is. Raises NotFound."""
    resource = next(one for one in RESOURCES if one.table == table)
    return resource, _one(session, resource, caller, id_, on)


def _lists(resource: Resource) -> Callable[..., Any]:
    """Return the endpoint that lists rows."""

    def list_rows(edge: EdgeOf, page: PageOf, on: On = None) -> Any:
        date = held_date(edge, on)
        with edge.read() as session:
            model: Any = resource.model
            where = list(_sees(session, resource, edge.caller, date))
            if page.after is not None:
                entered, last = _place(page.after)
                where.append(or_(model.entered > entered, (model.entered == entered) & (model.id > last)))
            rows = session.scalars(holding(model, date, *where).limit(page.limit + 1)).all()
            return page_of(rows, page, resource.shown, lambda row: (row.entered, row.id))

    return list_rows


def _gets(resource: Resource) -> Callable[..., Any]:
    """Return the endpoint that reads a row."""

    def get_row(edge: EdgeOf, id: RowId, response: Response, on: On = None) -> Any:
        with edge.read() as session:
            row = _one(session, resource, edge.caller, id, held_date(edge, on))
            response.headers["ETag"] = etag(row.version)
            return resource.shown(row)

    return get_row


def _puts(resource: Resource) -> Callable[..., Any]:
    """Return the endpoint that puts a row."""

    def put_row(
        edge: EdgeOf, id: RowId, body: Any, if_match: IfMatchIfThere, effective_from: EffectiveFrom = None
    ) -> Any:
        date = held_date(edge, effective_from)
        with edge.write(id=id, effective_from=date.isoformat()) as session:
            before = get(session, resource.model, id, date)
            if before is not None:
                _one(session, resource, edge.caller, id, date)
                hold_version(before.version, if_match.needed())
            cells = resource.cells(id, body)
            if before is not None:
                cells = as_held(resource.table, cells, before.cells)
            today = local_date(edge.clock())
            table, faults = checked_rows(session, resource.table, [cells], date, edge.caller.centres, today=today)
            if faults:
                raise Refused("The row has faults.", faults=faults[0])
            _require_own(session, resource, edge.caller, cells, date)
            put_master(session, table, effective_from=date, now=edge.clock())
            row = _one(session, resource, edge.caller, id, date)
            answer = Answer(
                body=resource.shown(row), status=200 if before else 201, headers={"ETag": etag(row.version)}
            )
        return answer.response()

    put_row.__annotations__["body"] = resource.schema
    return put_row


def _ends(resource: Resource) -> Callable[..., Any]:
    """Return the endpoint that ends a row."""

    def end_row(edge: EdgeOf, id: RowId, if_match: IfMatchIfThere, effective_from: EffectiveFrom = None) -> Response:
        date = held_date(edge, effective_from)
        with edge.write(id=id, effective_from=date.isoformat()) as session:
            row = _one(session, resource, edge.caller, id, date)
            hold_version(row.version, if_match.needed())
            _require_own(session, resource, edge.caller, row.cells, date)
            users = referring_rows(session, resource.table, id, date)
            if users:
                raise Conflict(f"{len(users)} rows still refer to it.", members={"referred_by": users[:20]})
            end(session, resource.model, [id], effective_from=date, now=edge.clock())
        return Response(status_code=204)

    return end_row


def _bulk(resource: Resource) -> Callable[..., Any]:
    """Return the endpoint that puts many rows."""

    async def bulk(edge: EdgeOf, request: Request, effective_from: EffectiveFrom = None) -> Response:
        date = held_date(edge, effective_from)
        results: list[bytes] = []
        async for first, lines in lines_of(request, CHUNK_LINES):
            results.append(await run_in_threadpool(_put_lines, edge, resource, date, first, lines))
        return Response(b"".join(results), media_type="application/x-ndjson")

    return bulk


def _add(resource: Resource) -> None:
    """Add the routes of one kind of rows."""
    path, title = resource.path, resource.title
    line: Any = BulkLine[resource.schema]  # type: ignore[name-defined]
    add_held(
        routes, path, title, resource.schema, (_lists(resource), _gets(resource), _puts(resource), _ends(resource))
    )
    bulk = MASTER_DATA | ndjson(line)
    add_endpoint(routes, path, _bulk(resource), "POST", ":bulk", f"Put many {title}, NDJSON", **bulk)


def _place(after: tuple[Any, ...]) -> tuple[int, str]:
    match after:
        case (int(entered), str(last)):
            return entered, last
    fault = Fault(parameter="query.cursor", code="cursor", detail="`next` of a page of the same list")
    raise BadRequest("The cursor is none of ours.", faults=(fault,))


def _put_lines(edge: Edge, resource: Resource, date: dt.date, first: int, lines: list[bytes]) -> bytes:
    """Put the good ones of some lines in one transaction, and return a result for each."""
    results: dict[int, LineResult] = {}
    read: dict[int, tuple[str, dict[str, str]]] = {}
    schema: Any = BulkLine[resource.schema]  # type: ignore[name-defined]
    for number, line in enumerate(lines, start=first):
        try:
            said = schema.model_validate_json(line)
            read[number] = (said.id, resource.cells(said.id, said.row))
        except ValidationError as error:
            faults = faults_of(error.errors(include_url=False, include_context=False))
            results[number] = refused_line(number, faults)
        except Refused as refused:
            results[number] = refused_line(number, refused.faults)
    with edge.write(lines=len(lines)) as session:
        foreign = _foreign(session, resource, edge.caller, read, date)
        results |= {number: refused_line(number, [fault]) for number, fault in foreign.items()}
        numbers = [number for number in read if number not in foreign]
        held = _held(session, resource, [read[number][0] for number in numbers], date)
        read = {
            number: (id_, as_held(resource.table, cells, held.get(id_, {})))
            for number, (id_, cells) in read.items()
            if number not in foreign
        }
        rows = [read[number][1] for number in numbers]
        today = local_date(edge.clock())
        table, wrong = checked_rows(session, resource.table, rows, date, edge.caller.centres, today=today)
        results |= {
            number: refused_line(number, wrong[place], "/row") for place, number in enumerate(numbers) if place in wrong
        }
        put = put_master(session, table, effective_from=date, now=edge.clock())
    created, unchanged = set(put.created), set(put.unchanged)
    for number, (id_, _) in read.items():
        status: Literal["created", "updated", "unchanged"] = "updated"
        if id_ in created:
            status = "created"
        elif id_ in unchanged:
            status = "unchanged"
        results.setdefault(number, LineResult(line=number, status=status, id=id_))
    return written_lines(results)


def _held(
    session: Session, resource: Resource, ids: list[str], on: dt.date, *where: ColumnElement[bool]
) -> dict[str, dict[str, str]]:
    """Return the cells that hold, by id."""
    model: Any = resource.model
    found: dict[str, dict[str, str]] = {}
    for few in batches(ids, 500):
        some = model.id.in_(few)
        for id_, cells in session.execute(holding(model, on, some, *where, columns=[model.id, model.cells])):
            found[id_] = cells
    return found


for _resource in RESOURCES:
    _add(_resource)
