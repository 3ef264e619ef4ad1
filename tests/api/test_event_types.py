"""Every type of event is emitted somewhere, and nothing else is."""

import ast
from collections.abc import Iterator
from pathlib import Path

import api
from api.event_types import EventType
from api.store.dispatch_log import PREFIX
from api.store.watch import AT_RISK, BREACHED, STUCK

API = Path(api.__file__).parent
ALARMS = {f"job.{kind}" for kind in (AT_RISK, BREACHED, STUCK, "escalated")}


def trees() -> Iterator[ast.AST]:
    for file in sorted(API.rglob("*.py")):
        if file.name != "event_types.py":
            yield ast.parse(file.read_text(encoding="utf-8"))


def named() -> set[str]:
    """Return the types that are named where something happens."""
    return {
        EventType[node.attr].value
        for tree in trees()
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "EventType"
    }


def test_every_type_is_emitted() -> None:
    dispatched = {type_.value for type_ in EventType if type_.startswith(PREFIX)}
    words = {
        node.value
        for tree in trees()
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }
    assert {type_ for type_ in dispatched if type_.removeprefix(PREFIX) not in words} == set()
    assert set(EventType) - dispatched - named() - ALARMS == set()


def test_alarms_are_types() -> None:
    assert {EventType(alarm).value for alarm in ALARMS} == ALARMS
