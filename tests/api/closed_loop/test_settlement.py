"""What contract outlets are paid is what their plan said that they would cost."""

from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy import select

from api.database import Database
from api.judging import stored_plan
from api.store.plans import file_of
from api.tables.plans import Published
from optimizer.cost import price
from optimizer.measure import measure
from tests.api.closed_loop.test_dispatch_items import FAX, items, move


def test_what_is_paid_is_the_plans_price_whenever_it_is_done(
    client: TestClient, app: FastAPI, database: Database
) -> None:
    with database.read() as session:
        plan_id = session.scalars(select(Published.plan_id)).first() or ""
        stored = stored_plan(file_of(session, plan_id, "day") or b"", file_of(session, plan_id, "plan") or b"")
    planned_fen = price(stored.day, stored.plan, measure(stored.day, stored.plan, stored.travel)).contract
    assert planned_fen
    tariff = client.get("/v1/contract-tariffs/county")
    dearer = tariff.json()["row"] | {"call_out_fen": 1_000_000}
    tag = {"If-Match": tariff.headers["etag"]}
    later = {"effective_from": "2026-03-03"}
    put = client.put("/v1/contract-tariffs/county", json=dearer, params=later, headers=tag)
    assert put.status_code == 200, put.text
    move(app, days=1)
    for item in items(client, outlet_id=FAX):
        done = client.post(f"/v1/dispatch-items/{item['id']}:progress", json={"step": "done"})
        assert done.status_code == 200, done.text
    report = client.get("/v1/reports/settlement-lines", params={"from": "2026-03-03", "to": "2026-03-03"})
    lines = report.json()["rows"]
    assert {line["plan_id"] for line in lines} == {plan_id}
    assert sum(line["total"]["fen"] for line in lines) == planned_fen
