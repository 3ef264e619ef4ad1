"""Whatever the API says of a problem, it can say in Chinese."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from pydantic import TypeAdapter, ValidationError

import api
from api import errors
from api.payloads import _WORDS as OWN_WORDS
from api.problem_words import CHINESE, in_chinese
from api.schemas.jobs import JobCreate
from api.schemas.plans import PlanWish

API = Path(api.__file__).parent
PROBLEMS = {name for name in errors.__all__ if name != "Fault"}
NOT_SAID_OVER_HTTP = {"folder_plans.py"}
"""Said by the command line only."""
TELLS_REASONS = {"tour_contradictions.py"}
ZH = {"Accept-Language": "zh-CN"}


def templates(node: ast.expr) -> Iterator[str]:
    """Yield what an expression may say, `{}` where a value comes."""
    match node:
        case ast.Constant(value=str(text)):
            yield text
        case ast.JoinedStr(values=parts):
            yield "".join(str(part.value) if isinstance(part, ast.Constant) else "{}" for part in parts)
        case ast.IfExp(body=body, orelse=orelse):
            yield from templates(body)
            yield from templates(orelse)


def said_in(tree: ast.AST, *, is_schema: bool) -> Iterator[str]:
    """Yield the sentences of problems and faults that a module makes."""
    for node in ast.walk(tree):
        match node:
            case ast.Call(func=ast.Name(id=name), args=[first, *_]) if name in PROBLEMS:
                yield from templates(first)
            case ast.Call(func=ast.Name(id="ValueError"), args=[first]) if is_schema:
                yield from templates(first)
            case ast.Call(func=ast.Name(id="_unauthorised"), args=[first]):
                yield from templates(first)
            case ast.Call(func=ast.Name(id="_stop"), args=[_, second]):
                yield from templates(second)
            case ast.Call(func=ast.Name(id="Fault"), keywords=keywords):
                for keyword in keywords:
                    if keyword.arg == "detail":
                        yield from templates(keyword.value)
            case ast.Assign(targets=[ast.Name(id="detail" | "OWN_ROWS")], value=value):
                yield from templates(value)


def reasons_in(tree: ast.AST) -> Iterator[str]:
    """Yield the reasons of a module whose functions yield them, or name them before."""
    for node in ast.walk(tree):
        match node:
            case ast.Assign(targets=[ast.Name(id="why")], value=value) | ast.Yield(value=ast.expr() as value):
                yield from templates(value)


def sentences() -> set[str]:
    found: set[str] = set()
    for file in sorted(API.rglob("*.py")):
        if not file.name.startswith("cli") and file.name not in NOT_SAID_OVER_HTTP:
            tree = ast.parse(file.read_text(encoding="utf-8"))
            found |= set(said_in(tree, is_schema=file.parent.name == "schemas"))
            found |= set(reasons_in(tree)) if file.name in TELLS_REASONS else set()
    return found - {"{}"}


def test_every_sentence_has_its_chinese() -> None:
    found = sentences()
    assert len(found) > 100
    assert sorted(found - CHINESE.keys()) == []
    assert {words for words in OWN_WORDS.values() if in_chinese(words) == words} == set()


def test_what_is_named_stays_named() -> None:
    for english, chinese in CHINESE.items():
        assert any("\u4e00" <= letter <= "\u9fff" for letter in chinese), english
        numbers = set(map(int, re.findall(r"\{(\d+)\}", chinese)))
        assert numbers <= set(range(english.count("{}"))), english


@pytest.mark.parametrize(
    ("english", "chinese"),
    [
        ("The job is done.", "此单状态为 done。"),
        ('"P2X"; allowed: an ISO 8601 duration such as PT1H30M', '"P2X"；应为 ISO 8601 时长，如 PT1H30M'),
        ("2 faults.", "共 2 处错误。"),
        ("-3; Input should be greater than or equal to 1", "-3；不得小于 1"),
        ("what nobody has put into words", "what nobody has put into words"),
    ],
)
def test_values_are_carried_over(english: str, chinese: str) -> None:
    assert in_chinese(english) == chinese


@pytest.mark.parametrize("schema", [JobCreate, PlanWish])
def test_what_pydantic_finds_is_told_in_chinese(schema: type) -> None:
    wrong = {"reported_at": 1, "product": "", "skill_level": 9, "position": [], "scope": {"centres": []}, "nothing": 1}
    wrong |= {"horizon": {"date": "x", "days": 0}, "seed": -1, "engine": "y", "urgent": "yes", "service_duration": 3}
    with pytest.raises(ValidationError) as found:
        TypeAdapter(schema).validate_python(wrong)
    for error in found.value.errors():
        assert in_chinese(error["msg"]) != error["msg"], error["msg"]


def test_problems_are_in_the_language_asked_for(client: TestClient) -> None:
    refused = client.post("/v1/jobs", json={"product": "fridge", "more": 1}, headers=ZH)
    assert refused.headers["content-language"] == "zh-CN"
    document = refused.json()
    for said in (document["title"], document["detail"], *(fault["detail"] for fault in document["errors"])):
        assert any("\u4e00" <= letter <= "\u9fff" for letter in said), said
    english = client.post("/v1/jobs", json={"product": "fridge", "more": 1}).json()
    assert english["detail"].endswith("faults.")
    assert [fault["code"] for fault in english["errors"]] == [fault["code"] for fault in document["errors"]]
    assert client.get("/v1/jobs/none", headers=ZH).json()["detail"] == "没有此单。"


def test_an_answer_has_the_one_form_of_its_address(app: FastAPI, client: TestClient) -> None:
    answer = client.get("/v1/jobs", headers={"Accept": "application/xml"})
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/json")
    assert "whatever `Accept` asks for" in app.openapi()["info"]["description"]
