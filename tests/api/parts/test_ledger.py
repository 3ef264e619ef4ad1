"""Nothing is promised twice and nothing leaks, whatever happens; checked against a shelf that is only counted."""

import datetime as dt
import json
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    consumes,
    invariant,
    multiple,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import select

from api.app import create_app
from api.settings import Settings
from api.sourcing_process import run_sourcing_here
from api.store.parts_promises import Sending, promise_anew, release
from api.store.tour_parts import give_back
from api.tables.parts import Allocation, PartsOrder, Reservation
from tests.api.clients import StandingClock, client_of

SOURCES, PARTS, OUTLETS = ("W1", "W2"), ("P2", "P4"), ("O1", "O2", "O3")
KEYS = tuple((source, part) for source in SOURCES for part in PARTS)
Key = tuple[str, str]
CREWS = ("spares@G1@2026-03-04", "spares@G2@2026-03-04")
WANTED = st.tuples(st.sampled_from(KEYS), st.integers(1, 4), st.sampled_from((1, 6, 40)))


class World(RuleBasedStateMachine):
    """Callers, runs and counts at two warehouses. What lies there only changes by deliveries, lots and departures."""

    app: FastAPI
    client: TestClient
    orders = Bundle("orders")
    held = Bundle("held")

    def __init__(self) -> None:
        super().__init__()
        self.clock: Any = self.app.state.clock
        # A new day, an odd minute: nothing of the last example is left, and nothing leaves at the moment of a count.
        self.clock.now = (self.clock.now + dt.timedelta(days=1)).replace(hour=1, minute=7)
        self.stock: Counter[Key] = Counter()
        self.lots: list[tuple[dt.datetime, Key, int]] = []
        self.counted: list[tuple[dt.datetime, Counter[Key]]] = []
        self.gone = self._left()
        self._deliver(6)
        self._count_all(self.clock.now)

    def post(self, path: str, **body: Any) -> Any:
        return self.client.post(path, json=body)

    def change(self, order_id: str, verb: str, **body: Any) -> None:
        version = self.client.get(f"/v1/parts-orders/{order_id}").headers["ETag"]
        extra = {"json": body} if verb in ("pin", "approve") else {}
        answer = self.client.post(f"/v1/parts-orders/{order_id}:{verb}", headers={"If-Match": version}, **extra)
        assert answer.status_code in (200, 409, 410), answer.text

    @rule(
        target=orders,
        outlet=st.sampled_from(OUTLETS),
        part=st.sampled_from(PARTS),
        quantity=st.integers(1, 5),
        answering=st.sampled_from(("confirm", "confirm", "reserve", "later")),
    )
    def order_somehow(self, outlet: str, part: str, quantity: int, answering: str) -> str:
        return self.order(outlet, part, quantity, answering)

    def order(self, outlet: str, part: str, quantity: int, answering: str) -> str:
        quoted = {"valid_for": "PT1H"} if answering == "reserve" else {}
        lines = [{"part_id": part, "quantity": quantity}]
        answer = self.post("/v1/parts-orders", outlet_id=outlet, lines=lines, answering=answering, **quoted)
        assert answer.status_code == 201, answer.text
        return str(answer.json()["id"])

    @rule(target=held, source=st.sampled_from(SOURCES), part=st.sampled_from(PARTS), quantity=st.integers(1, 4))
    def reserve(self, source: str, part: str, quantity: int) -> Any:
        said = {"source_id": source, "part_id": part, "quantity": quantity, "centre_id": "C1", "valid_for": "PT2H"}
        answer = self.post("/v1/reservations", **said)
        assert answer.status_code in (201, 409), answer.text
        return answer.json()["id"] if answer.status_code == 201 else multiple()

    @rule(id_=consumes(held))
    def give_back(self, id_: str) -> None:
        version = self.client.get(f"/v1/reservations/{id_}").headers["ETag"]
        assert self.client.delete(f"/v1/reservations/{id_}", headers={"If-Match": version}).status_code == 204

    @rule(id_=orders, verb=st.sampled_from(("confirm", "approve", "cancel", "cancel")))
    def decide(self, id_: str, verb: str) -> None:
        self.change(id_, verb)

    @rule(id_=orders, source=st.sampled_from((*SOURCES, None)))
    def pin(self, id_: str, source: str | None) -> None:
        self.change(id_, "pin", line=1, source_id=source)

    @rule(target=orders, part=st.sampled_from(PARTS), quantity=st.integers(1, 5))
    def order_for_good(self, part: str, quantity: int) -> str:
        return self.order("O1", part, quantity, "confirm")

    @rule(crew=st.sampled_from(CREWS), wanted=st.lists(WANTED, max_size=3), is_spare=st.booleans())
    def publish_tours(self, crew: str, wanted: list[tuple[Key, int, int]], *, is_spare: bool) -> None:
        """Tours of a crew take the place of its earlier ones: a kit, whole or not at all, or spare parts one by one."""
        now = self.clock.now
        sendings = [
            Sending(
                line_id=f"{crew}/{number}",
                source_id=key[0],
                part_id=key[1],
                quantity=units,
                mode="standard",
                ships_at=(leaves := now + dt.timedelta(hours=hours)),
                ready_p50_at=leaves + dt.timedelta(hours=1),
                ready_p90_at=leaves + dt.timedelta(hours=2),
                cost_fen=0,
            )
            for number, (key, units, hours) in enumerate(wanted)
        ]
        loose = {crew} if is_spare else set()
        not_aboard = Allocation.ships_at > now
        with self.app.state.database.write() as session:
            promise_anew(session, [(crew, one) for one in sendings], not_aboard, holders={crew}, now=now, loose=loose)

    @rule(crew=st.sampled_from(CREWS), used=st.integers(0, 3))
    def come_home(self, crew: str, used: int) -> None:
        with self.app.state.database.write() as session:
            give_back(session, [crew], Counter(dict.fromkeys(PARTS, used)), self.clock.now)

    @rule(delivered=st.integers(0, 2))
    def count(self, delivered: int) -> None:
        self.clock.move(dt.timedelta(minutes=2))
        self._deliver(delivered)
        self._count_all(self.clock.now)

    @rule(key=st.sampled_from(KEYS), units=st.integers(1, 6), hours=st.sampled_from((1, 5, 30)))
    def announce(self, key: Key, units: int, hours: int) -> None:
        """A lot is on its way; the next count says so."""
        self.clock.move(dt.timedelta(minutes=2))
        self.lots.append((self.clock.now + dt.timedelta(hours=hours), key, units))
        self._count_all(self.clock.now)

    @rule()
    def count_of_before(self) -> None:
        """A count comes in late; what left since then is not in it."""
        self._send(*self.counted[-1])

    @rule(outlet=st.sampled_from(OUTLETS), part=st.sampled_from(PARTS), quota=st.integers(0, 3))
    def put_quota(self, outlet: str, part: str, quota: int) -> None:
        path = f"/v1/quotas/{outlet};{part}"
        version = self.client.get(path).headers.get("ETag")
        headers = {} if version is None else {"If-Match": version}
        assert self.client.put(path, json={"quota": quota}, headers=headers).status_code in (200, 201)

    @rule(minutes=st.sampled_from((20, 70, 490, 1000)))
    def wait(self, minutes: int) -> None:
        self.clock.move(dt.timedelta(minutes=minutes))
        self.counted.append((self.clock.now, self._there()))

    @rule()
    def run(self) -> None:
        wished = self.post("/v1/sourcing-runs", centres="all").json()
        run_sourcing_here(self.app.state.database, wished["id"], "test", self.clock)
        done = self.client.get(f"/v1/sourcing-runs/{wished['id']}").json()
        assert (done["state"], done["problem"]) == ("finished", None)
        self.whoever_was_to_be_answered_has_an_answer()

    @invariant()
    def what_is_free_or_arrives_free_is_what_there_is_less_what_is_promised(self) -> None:
        ever = self._there(dt.datetime.max.replace(tzinfo=dt.UTC))
        for _, key, units in self._outstanding():
            ever[key] -= units
        assert self._free() == {key: ever[key] for key in KEYS}

    @invariant()
    def whatever_leaves_is_there_when_it_leaves(self) -> None:
        leaving = self._outstanding()
        for until, *_ in leaving:
            there = self._there(until)
            for moment, key, units in leaving:
                there[key] -= units if moment <= until else 0
            assert min(there.values()) >= 0

    def whoever_was_to_be_answered_has_an_answer(self) -> None:
        for order in self.client.get("/v1/parts-orders?limit=1000").json()["items"]:
            for line in order["lines"]:
                assert line["answer"] or order["state"] == "cancelled"
                promised = sum(one["quantity"] for one in line["dispatches"])
                assert promised <= line["quantity"]
                if line["answer"] and line["answer"]["answer"] in ("confirmed", "substituted"):
                    assert promised == line["quantity"] or order["state"] == "cancelled" or order["quoted_until"]

    def teardown(self) -> None:
        for order in self.client.get("/v1/parts-orders?limit=1000").json()["items"]:
            if order["state"] != "cancelled":
                self.change(order["id"], "cancel")
        for row in self.client.get("/v1/reservations?limit=1000").json()["items"]:
            self.give_back(row["id"])
        with self.app.state.database.write() as session:
            release(session, CREWS, self.clock.now)
        ever = self._there(dt.datetime.max.replace(tzinfo=dt.UTC))
        assert self._free() == {key: ever[key] for key in KEYS}

    def _deliver(self, units: int) -> None:
        self.stock.update({(source, part): units for source in SOURCES for part in PARTS})

    def _count_all(self, moment: dt.datetime) -> None:
        self.counted.append((moment, self._there()))
        self._send(*self.counted[-1])

    def _send(self, moment: dt.datetime, there: Counter[Key]) -> None:
        said = [
            {"source_id": key[0], "part_id": key[1], "on_hand": units, "as_of": moment.isoformat()}
            | {"inbound": self._to_come(key, moment)}
            for key, units in there.items()
        ]
        body = "\n".join(map(json.dumps, said))
        assert self.client.post("/v1/stock-snapshots:bulk", content=body).status_code == 200

    def _to_come(self, key: Key, moment: dt.datetime) -> list[dict[str, Any]]:
        lots = [(ready_at, units) for ready_at, of, units in self.lots if of == key and ready_at > moment]
        return [{"quantity": units, "ready_at": ready_at.isoformat()} for ready_at, units in lots]

    def _free(self) -> dict[Key, int]:
        """Return what may be promised, now or once it arrives."""
        shelves = self.client.get("/v1/stock-snapshots").json()["items"]
        assert all(row["short"] == 0 for row in shelves)
        return {
            (row["source_id"], row["part_id"]): row["free"] + sum(lot["quantity"] for lot in row["inbound"])
            for row in shelves
            if (row["source_id"], row["part_id"]) in KEYS
        }

    def _there(self, until: dt.datetime | None = None) -> Counter[Key]:
        """Return what lies there now, or once the lots have arrived that are ready by a later moment."""
        there = Counter(self.stock)
        for ready_at, key, units in self.lots:
            there[key] += units if ready_at <= (until or self.clock.now) else 0
        there.subtract(self._left() - self.gone)
        return there

    def _left(self) -> Counter[Key]:
        with self.app.state.database.read() as session:
            rows = session.scalars(select(Allocation).where(Allocation.released_at.is_(None))).all()
            return self._units(row for row in rows if row.ships_at <= self.clock.now and not row.provisional)

    def _outstanding(self) -> list[tuple[dt.datetime, Key, int]]:
        """Return what is promised or reserved and has not left: when it may leave, whence, how much."""
        now = self.clock.now
        with self.app.state.database.read() as session:
            rows = session.scalars(select(Allocation).where(Allocation.released_at.is_(None))).all()
            held = session.scalars(select(Reservation).where(Reservation.state == "held")).all()
            leaving = [(row, row.ships_at) for row in rows if row.provisional or row.ships_at > now]
            for row in held:
                if row.expires_at > now:
                    leaving.append((row, dt.datetime.fromisoformat(row.sends["ships_at"]) if row.sends else now))
            return [(max(now, moment), (row.source_id, row.part_id), row.quantity) for row, moment in leaving]

    @staticmethod
    def _units(rows: Any) -> Counter[Key]:
        units: Counter[Key] = Counter()
        for row in rows:
            units[row.source_id, row.part_id] += row.quantity
        return units


def test_nothing_is_promised_twice_and_nothing_leaks(app: FastAPI, client: TestClient) -> None:
    World.app, World.client = app, client
    run_state_machine_as_test(
        World,
        settings=settings(
            max_examples=6,
            stateful_step_count=30,
            deadline=None,
            derandomize=True,
            database=None,
            # Whoever looks for the shortest story turns this on for a while.
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        ),
    )


CALLERS = 30


def test_a_count_that_is_not_newer_is_refused_with_times_of_the_network(client: TestClient) -> None:
    counted = {"source_id": "W2", "part_id": "P2", "on_hand": 0, "as_of": "2026-03-02T09:00:00+08:00"}
    assert client.post("/v1/stock-snapshots", json=counted).status_code == 201
    refused = client.post("/v1/stock-snapshots", json=counted)
    assert (refused.status_code, refused.json()["as_of"]) == (409, counted["as_of"])
    assert str(counted["as_of"]) in refused.json()["detail"]


@pytest.mark.parametrize("path", ["/v1/reservations", "/v1/parts-orders"])
def test_thirty_callers_and_the_last_ten_units(path: str, app: FastAPI, client: TestClient, parts_url: str) -> None:
    other = create_app(Settings(database_url=parts_url), clock=StandingClock())
    clients = [client, client_of(other, dict(client.headers))]
    # W2 has its units counted away: ten are left, at W1.
    counted = {"source_id": "W2", "part_id": "P2", "on_hand": 0, "as_of": "2026-03-02T09:00:00+08:00"}
    assert client.post("/v1/stock-snapshots", json=counted).status_code == 201
    said: dict[str, Any] = {"source_id": "W1", "part_id": "P2", "quantity": 1, "centre_id": "C1", "valid_for": "PT1H"}
    if path == "/v1/parts-orders":
        said = {"outlet_id": "O1", "lines": [{"part_id": "P2", "quantity": 1}]}

    def ask(number: int) -> bool:
        answer = clients[number % 2].post(path, json=said)
        if path == "/v1/reservations":
            assert answer.status_code in (201, 409)
            return bool(answer.status_code == 201)
        assert answer.status_code == 201
        return bool(answer.json()["lines"][0]["answer"]["answer"] == "confirmed")

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(ask, range(CALLERS))) == 10
    other.state.database.close()


def test_a_run_gives_the_last_units_to_as_many_orders_as_there_are(app: FastAPI, client: TestClient) -> None:
    counted = {"source_id": "W2", "part_id": "P2", "on_hand": 0, "as_of": "2026-03-02T09:00:00+08:00"}
    client.post("/v1/stock-snapshots", json=counted)
    said = {"outlet_id": "O1", "lines": [{"part_id": "P2", "quantity": 1}], "answering": "later"}
    for _ in range(25):
        client.post("/v1/parts-orders", json=said)
    run_id = client.post("/v1/sourcing-runs", json={}).json()["id"]
    run_sourcing_here(app.state.database, run_id, "test", app.state.clock)
    run = client.get(f"/v1/sourcing-runs/{run_id}").json()
    assert run["answers"]["confirmed"] == 10
    assert sum(run["answers"].values()) == run["lines"] == 25
    assert run["gap"] == 0
    with app.state.database.read() as session:
        assert len(session.scalars(select(PartsOrder.id).where(PartsOrder.responded_at.is_(None))).all()) == 0
