"""What is not there is said before which version of it is meant."""

from typing import Any

import pytest
from fastapi.testclient import TestClient

ADDRESSES: list[tuple[str, str, Any]] = [
    ("DELETE", "reservations/none", None),
    ("PATCH", "jobs/none", {"crew_size": 2}),
    ("PATCH", "webhooks/none", {"is_active": False}),
    ("POST", "appointments/none:cancel", {"reason": "no"}),
    ("POST", "dispatch-items/none:acknowledge", None),
    ("POST", "disruptions/none:end", None),
    ("POST", "parts-orders/none:cancel", None),
    ("POST", "parts-orders/none:confirm", None),
    ("POST", "plans/none:publish", None),
    ("POST", "tours/none:announce", {"village_ids": "all"}),
    ("POST", "tours/none:lock-day", {"crew_id": "G1", "date": "2026-03-02"}),
    ("POST", "tours/none:publish", None),
]


@pytest.mark.parametrize(("method", "address", "body"), ADDRESSES)
def test_what_is_not_there_has_no_version(client: TestClient, method: str, address: str, body: Any) -> None:
    for headers in ({}, {"If-Match": '"1"'}):
        answer = client.request(method, f"/v1/{address}", json=body, headers=headers)
        assert answer.status_code == 404, answer.text
