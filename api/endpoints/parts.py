"""What is free where, counts of stock, reservations."""

import datetime as dt
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import Path, Query, Request, Response
from pydantic import ValidationError
from sqlalchemy import select, tuple_
from sqlalchemy.orm import Session
from starlette.concurrency import run_in_threadpool

from api.conditions import IfMatch, etag, hold_version
from api.dependencies import EdgeOf, needs
from api.edge import Answer, Edge
from api.endpoints.lines import lines_of, ndjson
from api.errors import (
    BadRequest,
    Conflict,
    Fault,
    NotFound,
    PreconditionFailed,
    PreconditionRequired,
    Refused,
)
from api.pages import Page, PageOf, foreign_cursor, page_of
from api.parts_network import PartsNetwork, PartsNetworks
from api.parts_quotes import free_ways
from api.payloads import counted, faults_of
from api.routes import router
from api.schemas.jobs import LineFault, LineResult
from api.schemas.parts import (
    Arriving,
    AvailabilityShown,
    FreeAt,
    ReservationShown,
    ReservationWish,
    SnapshotIn,
    SnapshotShown,
)
from api.schemas.problems import problems
from api.schemas.values import Money
from api.store.parts_promises import RELEASED, reservation_seen, reserve
from api.store.parts_shelves import (
    HELD,
    MAY_BE_AHEAD,
    Arrival,
    Count,
    Standing,
    count_stock,
    standing_of,
    standings,
    whole_second,
)
from api.tables.base import new_id
from api.tables.parts import Reservation, ShelfRow
from datasets.times import TIME_ZONE

__all__ = [
    "availability",
    "get_reservation",
    "list_reservations",
    "list_shelves",
    "make_reservation",
    "networks_of",
    "period_of",
    "release_reservation",
    "routes",
    "take_snapshot",
    "take_snapshots",
]

routes = router("parts", NotFound, Conflict)

WRITE = needs("parts:write")
CHUNK_LINES = 1_000
SHORTEST, LONGEST = dt.timedelta(minutes=1), dt.timedelta(days=7)
OTHERS = "A key of some centres counts the stock of their outlets only."

Place = Annotated[str | None, Query(max_length=64, description="Only of this one.", examples=["W-NJ"])]
ReservationId = Annotated[str, Path(max_length=64, description="Its id.", examples=["resv_0198f1c2"])]


def networks_of(request: Request) -> PartsNetworks:
    """Return the parts' network of this process."""
    networks: PartsNetworks = request.app.state.parts
    return networks


def period_of(said: dt.timedelta, pointer: str, longest: dt.timedelta = LONGEST) -> dt.timedelta:
    """Return a period that is long and short enough. Raises Refused."""
    if not SHORTEST <= said <= longest:
        fault = Fault(pointer=pointer, code="not_allowed", detail=f"1 minute to {longest.days} days")
        raise Refused("1 fault.", faults=(fault,))
    return said


@routes.get("/parts/availability", summary="Where a part is free")
def availability(
    edge: EdgeOf,
    request: Request,
    part_id: Annotated[str, Query(max_length=64, description="The part.", examples=["P-0012"])],
    outlet_id: Annotated[
        str | None, Query(max_length=64, description="Wanted at this outlet.", examples=["Z0018"])
    ] = None,
    centre_id: Annotated[
        str | None, Query(max_length=64, description="Or anywhere in this centre's territory.", examples=["C-NJ"])
    ] = None,
    quantity: Annotated[int, Query(ge=1, le=100_000, description="Pieces.", examples=[1])] = 1,
) -> AvailabilityShown:
    """Return by source and mode the first departure by which so many could come, after all that is promised.

    Of a centre: what every outlet of it may have. From where only those near enough may fetch, `fetched_nearby` says.
    """
    now = edge.clock()
    with edge.read() as session:
        network = networks_of(request).current(session, now)
        centre_id = _centre(edge, network, outlet_id, centre_id)
        if part_id not in network.parts:
            raise NotFound("There is no such part.")
        ways, nearby = free_ways(session, network, part_id, centre_id, outlet_id, quantity, now)
    return AvailabilityShown(
        part_id=part_id,
        centre_id=centre_id,
        outlet_id=outlet_id,
        quantity=quantity,
        as_of=now,
        items=[
            FreeAt(
                source_id=one.source_id,
                mode=one.mode.value,
                free=one.free,
                ships_at=network.moment(one.ships_s),
                eta_p50=network.moment(one.ready_p50_s),
                eta_p90=network.moment(one.ready_p90_s),
                cost=Money(fen=one.cost_fen),
            )
            for one in ways
        ],
        fetched_nearby=list(nearby),
    )


def _centre(edge: Edge, network: PartsNetwork, outlet_id: str | None, centre_id: str | None) -> str:
    if (outlet_id is None) == (centre_id is None):
        fault = Fault(parameter="query.outlet_id", code="missing", detail="an outlet_id or a centre_id, not both")
        raise BadRequest("Say where the part is wanted.", faults=(fault,))
    if outlet_id is not None:
        if outlet_id not in network.outlets:
            raise NotFound("There is no such outlet.")
        centre_id = network.outlets[outlet_id].centre_id
    assert centre_id is not None
    edge.caller.require_centre(centre_id, "such centre" if outlet_id is None else "such outlet")
    if all(centre.id != centre_id for centre in network.day.centres):
        raise NotFound("There is no such centre.")
    return centre_id


@dataclass(frozen=True, slots=True, kw_only=True)
class _Counting:
    """Who counts, when, by which network."""

    edge: Edge
    network: PartsNetwork
    now: dt.datetime

    def faults(self, said: SnapshotIn) -> list[Fault]:
        """Return what is wrong with a count."""
        network, faults = self.network, []
        if network.position_of(said.source_id) is None:
            faults.append(
                Fault(pointer="/source_id", code="unknown", detail="a warehouse or an outlet that holds today")
            )
        elif not self._may_count(said.source_id):
            faults.append(Fault(pointer="/source_id", code="other_centre", detail=OTHERS))
        if said.part_id not in network.parts:
            faults.append(Fault(pointer="/part_id", code="unknown", detail="a part that holds today"))
        if said.as_of > self.now + MAY_BE_AHEAD:
            faults.append(Fault(pointer="/as_of", code="in_the_future", detail="at most 5 minutes ahead"))
        for number, one in enumerate(said.inbound or ()):
            if whole_second(one.ready_at) <= said.as_of:
                detail = "a moment after as_of: what was there by then is counted in on_hand"
                faults.append(Fault(pointer=f"/inbound/{number}/ready_at", code="not_allowed", detail=detail))
        return faults

    def _may_count(self, source_id: str) -> bool:
        centres, outlet = self.edge.caller.centres, self.network.outlets.get(source_id)
        return centres is None or (outlet is not None and outlet.centre_id in centres)

    def count(self, session: Session, said: SnapshotIn) -> Count:
        """Return it as the ledger has it; what is left out is as before."""
        before = session.get(ShelfRow, (said.source_id, said.part_id))
        kept = () if before is None else before.inbound
        inbound = (
            [Arrival(quantity=one["quantity"], ready_at=dt.datetime.fromisoformat(one["ready_at"])) for one in kept]
            if said.inbound is None
            else [Arrival(quantity=one.quantity, ready_at=whole_second(one.ready_at)) for one in said.inbound]
        )
        floor = said.floor if said.floor is not None else (0 if before is None else before.floor)
        return Count(
            source_id=said.source_id,
            part_id=said.part_id,
            on_hand=said.on_hand,
            reserved=said.reserved,
            floor=floor,
            inbound=tuple(inbound),
            as_of=min(said.as_of, self.now),
        )


@routes.post(
    "/stock-snapshots", status_code=201, response_model=SnapshotShown, dependencies=[WRITE], summary="Count stock"
)
def take_snapshot(body: SnapshotIn, edge: EdgeOf, request: Request) -> Response:
    """Take over a count that is newer than what is known; one that is not: 409, and nothing changes."""
    now = edge.clock()

    def effect(session: Session) -> Answer:
        counting = _Counting(edge=edge, network=networks_of(request).current(session, now), now=now)
        if faults := counting.faults(body):
            raise Refused(counted(faults), faults=faults)
        taken = count_stock(session, [counting.count(session, body)], actor=edge.caller.actor, now=now)
        key = body.source_id, body.part_id
        standing = standing_of(session, key, now)
        assert standing is not None
        if not taken:
            as_of = standing.as_of.astimezone(TIME_ZONE).isoformat()
            raise Conflict(f"A count of {as_of} is known, not older than this one.", members={"as_of": as_of})
        return Answer(body=_shelf_shown(key, standing), status=201)

    return edge.once(effect, source_id=body.source_id, part_id=body.part_id)


@routes.post("/stock-snapshots:bulk", dependencies=[WRITE], summary="Count much stock, NDJSON", **ndjson(SnapshotIn))
async def take_snapshots(edge: EdgeOf, request: Request) -> Response:
    """Take over counts, line by line; a line that is older than what is known is refused by itself."""
    results: list[bytes] = []
    async for first, lines in lines_of(request, CHUNK_LINES):
        results.append(await run_in_threadpool(_take_lines, edge, networks_of(request), first, lines))
    return Response(b"".join(results), media_type="application/x-ndjson")


def _take_lines(edge: Edge, networks: PartsNetworks, first: int, lines: list[bytes]) -> bytes:
    now, read = edge.clock(), {}
    results: dict[int, LineResult] = {}
    for number, line in enumerate(lines, start=first):
        try:
            read[number] = SnapshotIn.model_validate_json(line)
        except ValidationError as error:
            results[number] = _refused(number, faults_of(error.errors(include_url=False, include_context=False)))
    with edge.write(lines=len(lines)) as session:
        counting = _Counting(edge=edge, network=networks.current(session, now), now=now)
        wrong = {number: faults for number, said in read.items() if (faults := counting.faults(said))}
        numbers = [number for number in read if number not in wrong]
        counts = [counting.count(session, read[number]) for number in numbers]
        taken = count_stock(session, counts, actor=edge.caller.actor, now=now)
    results |= {number: _refused(number, faults) for number, faults in wrong.items()}
    older = Fault(pointer="/as_of", code="older", detail="a count is known that is not older")
    for place, number in enumerate(numbers):
        id_ = ";".join(counts[place].key)
        done = LineResult(line=number, status="updated", id=id_)
        results[number] = done if place in taken else _refused(number, [older])
    return b"".join(results[number].model_dump_json().encode() + b"\n" for number in sorted(results))


def _refused(number: int, faults: Any) -> LineResult:
    shown = [LineFault(pointer=fault.pointer, code=fault.code, detail=fault.detail) for fault in faults]
    return LineResult(line=number, status="refused", id=None, errors=shown)


@routes.get("/stock-snapshots", summary="How shelves stand")
def list_shelves(edge: EdgeOf, page: PageOf, source_id: Place = None, part_id: Place = None) -> Page[SnapshotShown]:
    """Return shelves by source and part: the newest count of each, and what is left of it."""
    with edge.read() as session:
        query = select(ShelfRow.source_id, ShelfRow.part_id).order_by(ShelfRow.source_id, ShelfRow.part_id)
        if source_id is not None:
            query = query.where(ShelfRow.source_id == source_id)
        if part_id is not None:
            query = query.where(ShelfRow.part_id == part_id)
        if page.after is not None:
            after = tuple(map(str, page.after))
            if len(after) != 2:
                raise foreign_cursor()
            query = query.where(tuple_(ShelfRow.source_id, ShelfRow.part_id) > tuple_(*after))
        keys = [(source, part) for source, part in session.execute(query.limit(page.limit + 1))]
        found = standings(session, {part for _, part in keys}, edge.clock())
        return page_of(keys, page, lambda key: _shelf_shown(key, found[key]), lambda key: key)


def _shelf_shown(key: tuple[str, str], standing: Standing) -> SnapshotShown:
    return SnapshotShown(
        source_id=key[0],
        part_id=key[1],
        as_of=standing.as_of,
        on_hand=standing.on_hand,
        reserved=standing.reserved,
        floor=standing.floor,
        held=standing.held,
        promised=standing.promised,
        free=max(0, standing.free),
        short=max(0, -standing.free),
        inbound=[Arriving(quantity=one.quantity, ready_at=one.ready_at) for one in standing.inbound],
    )


@routes.post(
    "/reservations", status_code=201, response_model=ReservationShown, dependencies=[WRITE], summary="Reserve units"
)
def make_reservation(body: ReservationWish, edge: EdgeOf, request: Request) -> Response:
    """Keep units beside what is on hand until a moment; fewer free than wanted: 409, and nothing is kept."""
    now = edge.clock()
    until = now + period_of(body.valid_for, "/valid_for")
    edge.caller.require_centre(body.centre_id, "such centre")

    def effect(session: Session) -> Answer:
        network = networks_of(request).current(session, now)
        known = {
            "centre_id": any(centre.id == body.centre_id for centre in network.day.centres),
            "source_id": network.position_of(body.source_id) is not None,
            "part_id": body.part_id in network.parts,
        }
        details = {"centre_id": "a centre", "source_id": "a warehouse or an outlet", "part_id": "a part"}
        faults = [
            Fault(pointer=f"/{name}", code="unknown", detail=f"{details[name]} that holds today")
            for name, is_known in known.items()
            if not is_known
        ]
        if faults:
            raise Refused(counted(faults), faults=faults)
        wanted = Reservation(
            id=new_id("resv"),
            version=1,
            state=HELD,
            actor=edge.caller.actor,
            created_at=now,
            expires_at=until,
            **body.model_dump(exclude={"valid_for"}),
        )
        row = reserve(session, wanted, now)
        headers = {"Location": f"/v1/reservations/{row.id}", "ETag": etag(row.version)}
        return Answer(body=_reservation_shown(row, now), status=201, headers=headers)

    return edge.once(effect, source_id=body.source_id, part_id=body.part_id, quantity=body.quantity)


@routes.get("/reservations", summary="Reservations, the newest first")
def list_reservations(
    edge: EdgeOf,
    page: PageOf,
    live: Annotated[bool, Query(description="Only those that keep units now.", examples=[True])] = True,
) -> Page[ReservationShown]:
    """Return reservations, those of quotes included."""
    now = edge.clock()
    with edge.read() as session:
        query = select(Reservation).order_by(Reservation.id.desc())
        if edge.caller.centres is not None:
            query = query.where(Reservation.centre_id.in_(edge.caller.centres))
        if live:
            query = query.where(Reservation.state == HELD, Reservation.expires_at > now)
        if page.after is not None:
            query = query.where(Reservation.id < str(page.after[0]))
        rows = session.scalars(query.limit(page.limit + 1)).all()
        return page_of(rows, page, lambda row: _reservation_shown(row, now), lambda row: (row.id,))


@routes.get("/reservations/{reservation_id}", summary="A reservation")
def get_reservation(reservation_id: ReservationId, edge: EdgeOf, response: Response) -> ReservationShown:
    """Return a reservation as it stands."""
    with edge.read() as session:
        row = reservation_seen(session, reservation_id, edge.caller.centres)
        response.headers["ETag"] = etag(row.version)
        return _reservation_shown(row, edge.clock())


@routes.delete(
    "/reservations/{reservation_id}",
    status_code=204,
    dependencies=[WRITE],
    responses=problems(PreconditionFailed, PreconditionRequired),
    summary="Give reserved units back",
)
def release_reservation(reservation_id: ReservationId, edge: EdgeOf, if_match: IfMatch) -> Response:
    """Give the units back; a reservation that is over stays so. Of a quote: cancel the order."""
    with edge.write(reservation_id=reservation_id) as session:
        row = reservation_seen(session, reservation_id, edge.caller.centres, lock=True)
        hold_version(row.version, if_match.needed())
        if row.order_id is not None and row.state == HELD:
            raise Conflict("It belongs to a quoted order: cancel that.", members={"order_id": row.order_id})
        if row.state == HELD:
            row.state, row.version = RELEASED, row.version + 1
    return Response(status_code=204)


def _reservation_shown(row: Reservation, now: dt.datetime) -> ReservationShown:
    over = row.state == HELD and row.expires_at <= now
    said = {name: getattr(row, name) for name in ReservationShown.model_fields if name != "state"}
    return ReservationShown(state="expired" if over else row.state, **said)  # type: ignore[arg-type]
