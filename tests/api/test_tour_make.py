"""The command line's `paigong tour make`."""

from pathlib import Path

import pytest

from api.cli import main
from datasets.tours import read_tours


def test_the_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    options = ["--region", "hulunbuir", "--villages", "5", "--crews", "1", "--days", "3", "--date", "2026-09-28"]
    monkeypatch.setattr("sys.argv", ["paigong", "tour", "make", str(tmp_path / "day"), *options])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 0
    assert "5 villages and 1 crews from 2026-09-28" in capsys.readouterr().out
    assert read_tours(tmp_path / "day").touring.date.isoformat() == "2026-09-28"
