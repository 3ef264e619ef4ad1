"""What holds on which date."""

import datetime as dt
from collections.abc import Mapping

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from api.database import Database
from api.store.network import Put, end, get, history, holding, put_documents, put_table
from api.tables.network import Document, OutletRow, TechnicianCertificate, TechnicianRow, TechnicianSkill
from datasets.columns import OUTLETS, TECHNICIANS
from datasets.faults import FaultList
from datasets.table import Table, table_of
from tests.api.store.conftest import NOW

MARCH, APRIL, MAY = (dt.date(2026, month, 1) for month in (3, 4, 5))
OUTLET = {
    "outlet_id": "K1",
    "name": "成都武侯维修部",
    "centre_id": "C23",
    "ownership": "own",
    "channel": "online",
    "lon": "104.0648",
    "lat": "30.5702",
    "datum": "WGS84",
    "opens": "08:00",
    "closes": "20:00",
}
PERSON = {
    "technician_id": "T1",
    "name": "王强",
    "outlet_id": "K1",
    "travel_mode": "car",
    "skills": "range_hood:3;gas_stove:2",
    "certificates": "gas:2024-05-01:2026-04-30",
    "shift_start": "08:00",
    "shift_end": "17:00",
}


def outlets(*rows: Mapping[str, str]) -> Table:
    faults = FaultList()
    table = table_of(rows, OUTLETS, faults)
    assert faults.faults == []
    return table


def put(session: Session, row: Mapping[str, str], effective_from: dt.date, *, whole: bool = False) -> Put:
    return put_table(session, outlets(row), effective_from=effective_from, now=NOW, whole=whole)


def channel_on(session: Session, on: dt.date) -> str | None:
    row = get(session, OutletRow, "K1", on)
    return None if row is None else row.channel


def test_a_version_holds_from_its_date_until_the_next(database: Database) -> None:
    with database.write() as session:
        assert put(session, OUTLET, MARCH).created == ("K1",)
        assert put(session, {**OUTLET, "channel": "fax"}, MAY).changed == ("K1",)
        assert put(session, {**OUTLET, "channel": "phone"}, APRIL).changed == ("K1",)
    days = [MARCH - dt.timedelta(days=1), MARCH, APRIL - dt.timedelta(days=1), APRIL, MAY, dt.date(2030, 1, 1)]
    with database.read() as session:
        assert [channel_on(session, day) for day in days] == [None, "online", "online", "phone", "fax", "fax"]
        versions = [(row.effective_from, row.version) for row in history(session, OutletRow, "K1")]
    assert versions == [(MARCH, 1), (APRIL, 3), (MAY, 2)]


def test_what_is_put_again_is_left_alone(database: Database) -> None:
    with database.write() as session:
        put(session, OUTLET, MARCH)
        for day in (MARCH, APRIL):
            assert put(session, OUTLET, day) == Put(unchanged=("K1",))
        assert [row.version for row in history(session, OutletRow, "K1")] == [1]


def test_a_version_of_the_same_date_takes_the_place(database: Database) -> None:
    with database.write() as session:
        put(session, OUTLET, MARCH)
        put(session, {**OUTLET, "channel": "fax"}, MARCH)
        assert [(row.channel, row.version) for row in history(session, OutletRow, "K1")] == [("fax", 2)]


def test_what_has_ended_holds_no_more_and_may_come_back(database: Database) -> None:
    with database.write() as session:
        put(session, OUTLET, MARCH)
        assert end(session, OutletRow, ["K1", "K9"], effective_from=APRIL, now=NOW) == ("K1",)
        assert end(session, OutletRow, ["K1"], effective_from=APRIL, now=NOW) == ()
        assert (channel_on(session, MARCH), channel_on(session, APRIL)) == ("online", None)
        assert put(session, OUTLET, MAY).created == ("K1",)
        assert [row.version for row in history(session, OutletRow, "K1")] == [1, 2, 3]


def test_a_whole_table_ends_what_is_not_in_it(database: Database) -> None:
    with database.write() as session:
        put(session, OUTLET, MARCH)
        assert put(session, {**OUTLET, "outlet_id": "K2"}, APRIL, whole=True) == Put(created=("K2",), ended=("K1",))
        assert [row.id for row in session.scalars(holding(OutletRow, APRIL))] == ["K2"]
        assert [row.id for row in session.scalars(holding(OutletRow, MARCH))] == ["K1"]


def test_things_are_listed_in_the_order_in_which_they_were_entered(database: Database) -> None:
    with database.write() as session:
        for id_ in ("K7", "K3", "K5"):
            put(session, {**OUTLET, "outlet_id": id_}, MARCH)
        put(session, {**OUTLET, "outlet_id": "K7", "channel": "fax"}, APRIL)
        assert [row.id for row in session.scalars(holding(OutletRow, MAY))] == ["K7", "K3", "K5"]


def test_skills_and_certificates_belong_to_a_version(database: Database) -> None:
    def people(row: Mapping[str, str]) -> Table:
        return table_of([row], TECHNICIANS, FaultList())

    with database.write() as session:
        for day in (MARCH, APRIL):
            put_table(session, people({**PERSON, "name": str(day)}), effective_from=day, now=NOW)
        put_table(session, people({**PERSON, "skills": "gas_stove:3"}), effective_from=APRIL, now=NOW)
        skills = select(TechnicianSkill.effective_from, TechnicianSkill.family, TechnicianSkill.level)
        assert set(session.execute(skills).all()) == {
            (MARCH, "range_hood", 3),
            (MARCH, "gas_stove", 2),
            (APRIL, "gas_stove", 3),
        }
        assert session.scalar(select(func.count()).select_from(TechnicianCertificate)) == 2
        end(session, TechnicianRow, ["T1"], effective_from=APRIL, now=NOW)
        assert session.scalar(select(func.count()).select_from(TechnicianSkill)) == 2


def test_documents_of_one_kind_know_nothing_of_another(database: Database) -> None:
    with database.write() as session:
        for kind in ("calendars", "tariffs"):
            put_documents(session, kind, {"network": {"of": kind}}, effective_from=MARCH, now=NOW, whole=True)
        put_documents(session, "tariffs", {"network": {"of": "April"}}, effective_from=APRIL, now=NOW)
        on = {
            (row.kind, day): row.cells["of"]
            for day in (MARCH, APRIL)
            for row in session.scalars(holding(Document, day))
        }
    assert on == {
        ("calendars", MARCH): "calendars",
        ("calendars", APRIL): "calendars",
        ("tariffs", MARCH): "tariffs",
        ("tariffs", APRIL): "April",
    }


@pytest.mark.parametrize(("datum", "lon"), [("WGS84", 104.0648), ("GCJ02", 104.0623)])
def test_positions_are_kept_as_typed_and_indexed_in_wgs84(database: Database, datum: str, lon: float) -> None:
    with database.write() as session:
        put(session, {**OUTLET, "datum": datum}, MARCH)
        assert session.scalar(select(func.ST_X(OutletRow.position))) == pytest.approx(lon, abs=1e-3)
        assert session.scalars(holding(OutletRow, MARCH)).one().cells["lon"] == "104.0648"


def test_the_index_of_sqlite_follows_every_change(sqlite_url: str) -> None:
    database = Database(sqlite_url)
    boxes = text("SELECT id, effective_from, round(min_x), round(max_x), round(min_y) FROM idx_outlets_position")
    with database.write() as session:
        put(session, OUTLET, MARCH)
        put(session, {**OUTLET, "outlet_id": "K2"}, MARCH)
        put(session, {**OUTLET, "lon": "120.1"}, APRIL)
        put(session, {**OUTLET, "lon": "121.4"}, APRIL)
        assert set(session.execute(boxes).all()) == {
            ("K1", "2026-03-01", 104, 104, 31),
            ("K2", "2026-03-01", 104, 104, 31),
            ("K1", "2026-04-01", 121, 121, 31),
        }
        session.execute(text("UPDATE outlets SET position = GeomFromEWKT('SRID=4326;POINT(90 40)') WHERE id = 'K2'"))
        session.execute(text("DELETE FROM outlets WHERE id = 'K1'"))
        assert session.execute(boxes).all() == [("K2", "2026-03-01", 90, 90, 40)]
    database.close()
