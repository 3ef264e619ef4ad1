"""Set-up compiles every kernel, and says which were forgotten."""

from pathlib import Path

import pytest

import optimizer
from api.warm_up import uncompiled

FORGOTTEN = """
from optimizer.search.compiled import compiled

@compiled
def twice(x: int) -> int:
    return 2 * x
"""


def test_nothing_waits_to_be_compiled() -> None:
    assert list(uncompiled()) == []


def test_a_kernel_that_nobody_has_called_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "forgotten.py").write_text(FORGOTTEN)
    monkeypatch.setattr(optimizer, "__path__", [*optimizer.__path__, str(tmp_path)])
    assert list(uncompiled()) == ["optimizer.forgotten.twice"]
    from optimizer import forgotten  # type: ignore[attr-defined]

    assert forgotten.twice(4) == 8
    assert list(uncompiled()) == []
