"""Every POST that takes an Idempotency-Key gives a repetition the first answer, before it looks at anything else."""

import re

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from api.edge import fingerprint_of
from api.store.keys import make_key
from api.tables.access import Posted
from tests.api.clients import NOW, client_of

KEY = "Idempotency-Key"
TAKES_NONE = {"/vroom"}
"""vroom-express has no such header."""


def posts(app: FastAPI) -> dict[str, bool]:
    """Return the addresses of all POSTs, and whether the documentation says that they take a key."""
    return {
        path: KEY in {parameter["name"] for parameter in operations["post"].get("parameters", [])}
        for path, operations in app.openapi()["paths"].items()
        if "post" in operations
    }


def test_every_post_takes_a_key_but_those_of_lines(app: FastAPI) -> None:
    for path, takes in posts(app).items():
        assert takes != (path.endswith(":bulk") or path in TAKES_NONE), path


def test_a_repetition_gets_the_first_answer_whatever_has_become_of_it(app: FastAPI) -> None:
    with app.state.database.write() as session:
        key = make_key(session, name="tester", scopes=["admin"], centres=None, now=NOW)
    client = client_of(app, {"Authorization": f"Bearer {key.token}"})
    taking = [path for path, takes in posts(app).items() if takes]
    assert len(taking) > 20
    for number, template in enumerate(taking):
        path = re.sub(r"\{[^}]+\}", "x", template)
        with app.state.database.write() as session:
            said = {"key_id": key.id, "idempotency_key": f"k{number}", "at": NOW, "status": 203}
            answered = {"headers": {"Content-Type": "application/json"}, "body": b'"as before"'}
            session.add(Posted(**said, **answered, fingerprint=fingerprint_of("POST", f"{path}?", b"{}")))
        sent = {"Content-Type": "application/json", "If-Match": '"1"', KEY: f"k{number}"}
        answer = client.post(path, content=b"{}", headers=sent)
        assert (answer.status_code, answer.json()) == (203, "as before"), f"{path}: {answer.text}"
        other = client.post(path, content=b'{"a": 1}', headers=sent)
        assert (other.status_code, other.json()["errors"][0]["code"]) == (422, "idempotency_key_reused"), path


@pytest.mark.parametrize("path", ["jobs", "outlets", "stock"])
def test_lines_take_no_key(client: TestClient, path: str) -> None:
    refused = client.post(f"/v1/{path}:bulk", content=b"", headers={KEY: "k1"})
    assert refused.status_code == 400
    assert refused.json()["errors"][0]["parameter"] == "header.Idempotency-Key"
