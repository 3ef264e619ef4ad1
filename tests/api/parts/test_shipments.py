"""What a plan sends is promised in the ledger, in the place of what was promised to its jobs before."""

import datetime as dt
from typing import Any

from fastapi import FastAPI
from sqlalchemy import select
from sqlalchemy.orm import Session

from api.store.parts_promises import Sending, allocate_shipments, promise_anew, release, rename_holder
from api.store.parts_shelves import standing_of
from api.tables.parts import Allocation
from optimizer.model import ShipMode
from optimizer.plan import Shipment
from tests.api.clients import NOW

DATE = dt.date(2026, 3, 2)
HOUR = 3600


def shipment(job_id: str, part_id: str, units: int, *, ships_s: int = 16 * HOUR) -> Shipment:
    return Shipment(
        order_line_id=f"{job_id}/{part_id}",
        job_id=job_id,
        part_id=part_id,
        quantity=units,
        warehouse_id="W1",
        mode=ShipMode.STANDARD,
        ships_s=ships_s,
        ready_s=ships_s + 30 * HOUR,
        cost_fen=1_200,
    )


def promise(session: Session, *shipments: Shipment, now: dt.datetime = NOW, **more: Any) -> list[str]:
    holders = {one.job_id for one in shipments} | set(more.get("holders", ()))
    return allocate_shipments(session, shipments, holders=holders, first=DATE, now=now)


def free(session: Session, part_id: str, now: dt.datetime = NOW) -> int:
    standing = standing_of(session, ("W1", part_id), now)
    assert standing is not None
    return standing.free


def test_a_later_plan_takes_the_place_of_an_earlier_one(app: FastAPI) -> None:
    with app.state.database.write() as session:
        assert promise(session, shipment("J1", "P2", 4), shipment("J2", "P2", 3)) == []
        assert free(session, "P2") == 3
        assert promise(session, shipment("J1", "P2", 5), holders=["J2"]) == []
        assert free(session, "P2") == 5


def test_a_kit_is_promised_whole_or_not_at_all(app: FastAPI) -> None:
    with app.state.database.write() as session:
        short = promise(session, shipment("J1", "P2", 4), shipment("J1", "P4", 9), shipment("J2", "P2", 6))
        assert short == ["J1"]
        assert (free(session, "P2"), free(session, "P4")) == (4, 3)


def leaving(line_id: str, units: int, hours: int) -> Sending:
    leaves = NOW + dt.timedelta(hours=hours)
    return Sending(
        line_id=line_id,
        source_id="W1",
        part_id="P4",
        quantity=units,
        mode="standard",
        ships_at=leaves,
        ready_p50_at=leaves,
        ready_p90_at=leaves,
        cost_fen=0,
    )


def test_a_loose_one_that_leaves_before_a_kit_leaves_it_its_units(app: FastAPI) -> None:
    with app.state.database.write() as session:
        have = free(session, "P4")
        wanted = [("spares", leaving("S/P4", 2, 5)), ("J1", leaving("J1/P4", have - 1, 30))]
        said = promise_anew(session, wanted, holders={"J1", "spares"}, now=NOW, loose={"spares"})
        assert said == ([], ["S/P4"])
        rows = session.scalars(select(Allocation).where(Allocation.released_at.is_(None))).all()
        assert {row.holder: row.quantity for row in rows} == {"J1": have - 1, "spares": 1}


def test_what_has_left_for_a_job_is_not_sent_again(app: FastAPI) -> None:
    later = NOW + dt.timedelta(hours=8)
    with app.state.database.write() as session:
        promise(session, shipment("J1", "P2", 4))
        assert promise(session, shipment("J1", "P2", 4, ships_s=40 * HOUR), now=later) == []
        rows = session.scalars(select(Allocation).where(Allocation.released_at.is_(None))).all()
        assert [(row.quantity, row.made_at) for row in rows] == [(4, NOW)]
        assert release(session, ["J1"], later) == 0


def test_a_departure_that_was_missed_is_not_promised(app: FastAPI) -> None:
    with app.state.database.write() as session:
        late = NOW + dt.timedelta(hours=9)
        assert promise(session, shipment("J1", "P2", 4), shipment("J2", "P2", 3, ships_s=40 * HOUR), now=late) == ["J1"]
        assert free(session, "P2", late) == 7
        just = NOW + dt.timedelta(hours=7, microseconds=500)
        assert promise(session, shipment("J3", "P2", 4), now=just) == []


def test_a_held_places_parts_become_the_jobs(app: FastAPI) -> None:
    with app.state.database.write() as session:
        promise(session, shipment("hold_1", "P2", 4))
        rename_holder(session, "hold_1", "J7")
        assert release(session, ["hold_1"], NOW) == 0
        assert release(session, ["J7"], NOW) == 1
        assert free(session, "P2") == 10
