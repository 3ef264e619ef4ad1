from fastapi.testclient import TestClient

from tests.api.stocked import job


def test_without_a_network_no_job_is_taken(client: TestClient) -> None:
    answer = client.post("/v1/jobs", json=job())
    assert (answer.status_code, len(answer.json()["network"])) == (409, 2)
