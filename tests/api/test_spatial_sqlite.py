"""The spatial functions of SQLite say what PostGIS says: every test runs on both."""

import pytest
from sqlalchemy import text

from api.database import Database

TIANFU = "SRID=4326;POINT(104.06476 30.5702)"
CHUNXI = "SRID=4326;POINT(104.0815 30.6571)"
LHASA = "SRID=4326;POINT(91.1172 29.6469)"
CHENGDU = "SRID=4326;POLYGON((103.9 30.5, 104.2 30.5, 104.2 30.8, 103.9 30.8, 103.9 30.5))"


def ask(database: Database, sql: str, **values: str | None) -> object:
    for name in values:
        sql = sql.replace(f":{name}", f"{'' if database.is_sqlite else 'ST_'}GeomFromEWKT(CAST(:{name} AS TEXT))")
    with database.read() as session:
        return session.execute(text(sql), values).scalar_one()


@pytest.mark.parametrize(("one", "other"), [(TIANFU, CHUNXI), (TIANFU, LHASA), (LHASA, LHASA)])
def test_distances_are_those_of_postgis_to_the_millimetre(sqlite_url: str, postgis_url: str, one: str, other: str):
    metres = []
    for url in (sqlite_url, postgis_url):
        database = Database(url)
        metres.append(ask(database, "SELECT ST_DistanceSphere(:one, :other)", one=one, other=other))
        database.close()
    assert metres[0] == pytest.approx(metres[1], abs=1e-3)


@pytest.mark.parametrize(("shape", "point", "inside"), [(CHENGDU, CHUNXI, True), (CHENGDU, LHASA, False)])
def test_an_area_contains_its_points(database: Database, shape: str, point: str, inside: bool) -> None:
    for function in ("ST_Contains", "ST_Intersects"):
        assert bool(ask(database, f"SELECT {function}(:shape, :point)", shape=shape, point=point)) is inside


def test_bounds_and_coordinates(database: Database) -> None:
    bounds = [ask(database, f"SELECT ST_{side}(:shape)", shape=CHENGDU) for side in ("XMin", "YMin", "XMax", "YMax")]
    assert bounds == [103.9, 30.5, 104.2, 30.8]
    assert [ask(database, f"SELECT ST_{axis}(:point)", point=TIANFU) for axis in "XY"] == [104.06476, 30.5702]


@pytest.mark.parametrize("sql", ["ST_X(:one)", "ST_DistanceSphere(:one, :two)", "ST_Contains(:one, :two)"])
def test_nothing_stays_nothing(database: Database, sql: str) -> None:
    values = {name: None for name in ("one", "two") if f":{name}" in sql}
    assert ask(database, f"SELECT {sql}", **values) is None


def test_what_is_stored_is_what_postgis_stores(sqlite_url: str, postgis_url: str) -> None:
    stored = []
    for url, as_text in ((sqlite_url, "AsEWKB(:point)"), (postgis_url, "encode(ST_AsEWKB(:point), 'hex')")):
        database = Database(url)
        stored.append(ask(database, f"SELECT {as_text}", point=TIANFU))
        database.close()
    assert stored[0] == stored[1]
