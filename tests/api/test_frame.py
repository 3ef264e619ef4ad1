"""What holds for every request, whatever it asks for."""

from fastapi.testclient import TestClient


def test_it_says_that_it_answers_without_a_key(anyone: TestClient) -> None:
    assert anyone.get("/healthz").json() == {"status": "ok"}
    assert anyone.get("/readyz").status_code == 200
    assert anyone.get("/version").json()["name"] == "paigong"


def test_an_address_of_nothing_is_a_problem(client: TestClient) -> None:
    answer = client.get("/v1/nothing", headers={"Accept-Language": "zh-CN, en"})
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["title"] == "未找到"


def test_requests_are_counted_by_route_template(anyone: TestClient, client: TestClient) -> None:
    anyone.get("/healthz")
    assert 'paigong_requests_total{method="GET",route="/healthz",status="200"} 1.0' in client.get("/metrics").text
