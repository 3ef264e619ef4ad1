"""Keys: what they open, for how long, and whose rows they see."""

import datetime as dt

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from api.auth import REMEMBERED_S, KeyRing
from api.errors import Unauthorised
from api.rates import Rates
from api.store import keys
from api.tables.access import ApiKey
from tests.api.clients import NOW, MakeKey, client_of
from tests.api.probe import add_probe


@pytest.fixture(autouse=True)
def _probe(app: FastAPI) -> None:
    add_probe(app)


def test_without_a_key_nothing_opens(anyone: TestClient) -> None:
    answer = anyone.get("/v1/things/x")
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")


@pytest.mark.parametrize("token", ["", "x", "pgk_", "pgk__", "pgk_00_00", "Basic eA=="])
def test_what_is_no_key_opens_nothing(anyone: TestClient, token: str) -> None:
    assert anyone.get("/v1/things/x", headers={"Authorization": f"Bearer {token}"}).status_code == 401


def test_a_key_with_another_secret_opens_nothing(app: FastAPI, make_key: MakeKey) -> None:
    header = make_key("admin")["Authorization"]
    forged = header[:-1] + ("A" if header[-1] != "A" else "B")
    assert client_of(app, {"Authorization": forged}).get("/v1/things/x").status_code == 401


def test_a_scope_opens_what_it_says(app: FastAPI, make_key: MakeKey) -> None:
    for scopes, status in (((), 403), (("dispatch",), 403), (("jobs:write",), 201), (("admin",), 201)):
        client = client_of(app, make_key(*scopes))
        answer = client.post("/v1/things", json={"name": "a"})
        assert answer.status_code == status, scopes
        assert client.get("/v1/things/x").status_code == 200
    assert client_of(app, make_key()).post("/v1/things", json={"name": "a"}).json()["scope"] == "jobs:write"


def test_another_centres_rows_are_not_there(app: FastAPI, make_key: MakeKey) -> None:
    for centres, status in ((None, 200), (["C01"], 200), (["C02"], 404), ([], 404)):
        assert client_of(app, make_key(centres=centres)).get("/v1/things/x").status_code == status, centres


def test_a_key_expires_to_the_second(app: FastAPI, make_key: MakeKey) -> None:
    client = client_of(app, make_key(expires_at=NOW + dt.timedelta(hours=1)))
    app.state.clock.move(dt.timedelta(minutes=59, seconds=59))
    assert client.get("/v1/things/x").status_code == 200
    app.state.clock.move(dt.timedelta(seconds=1))
    assert client.get("/v1/things/x").status_code == 401


def test_a_revocation_bites_after_what_is_remembered(app: FastAPI) -> None:
    database = app.state.database
    with database.write() as session:
        made = keys.make_key(session, name="x", scopes=[], centres=None, now=NOW)
    moment = [100.0]
    ring = KeyRing(database, lambda: NOW, lambda: moment[0])
    assert not ring.remembers(made.token)
    assert ring.caller(made.token).key_id == made.id
    assert ring.remembers(made.token)
    with database.write() as session:
        assert keys.revoke_key(session, made.id, NOW)
        assert not keys.revoke_key(session, "key_none", NOW)
    moment[0] += REMEMBERED_S
    assert not ring.remembers(made.token)
    with pytest.raises(Unauthorised, match="revoked"):
        ring.caller(made.token)
    with database.read() as session:
        assert not keys.some_key_opens(session, NOW)


def test_a_secret_is_not_in_the_store(app: FastAPI) -> None:
    with app.state.database.write() as session:
        made = keys.make_key(session, name="x", scopes=["admin"], centres=["C2", "C1"], now=NOW)
        row = session.get_one(ApiKey, made.id)
        secret = made.token.split("_", 2)[2]
        assert secret.encode() not in row.digest
        assert row.digest == keys.digest_of(secret)
        assert row.centres == ["C1", "C2"]


@pytest.mark.parametrize("actor", ["", "%00", "%0A", "x" * 101])
def test_an_actor_is_a_name(client: TestClient, actor: str) -> None:
    answer = client.get("/v1/things/x", headers={"X-Actor": actor})
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["parameter"] == "header.X-Actor"


def test_who_asks_too_often_is_told_when_to_come_back(app: FastAPI, make_key: MakeKey) -> None:
    app.state.rates = Rates("3/hour")
    client, other = client_of(app, make_key()), client_of(app, make_key())
    assert [client.get("/v1/things/x").status_code for _ in range(4)] == [200, 200, 200, 429]
    assert int(client.get("/v1/things/x").headers["Retry-After"]) > 0
    assert other.get("/v1/things/x").status_code == 200
