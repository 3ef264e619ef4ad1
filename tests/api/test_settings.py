"""Settings that cannot be are refused in words, all at once; they are nobody's defect."""

import subprocess
import sys
from pathlib import Path

import pytest

from api.settings import Settings, SettingsRefused, read_settings

ROOT = Path(__file__).parents[2]


def test_every_fault_names_its_variable_and_what_is_allowed(monkeypatch: pytest.MonkeyPatch) -> None:
    bad = {
        "PORT": "abc",
        "WORKERS": "0",
        "RATE_LIMIT": "lots",
        "TELEMETRY": "perhaps",
        "LOG_LEVEL": "loud",
        "VROOM_SECONDS": "0",
    }
    for name, said in bad.items():
        monkeypatch.setenv(f"PAIGONG_{name}", said)
    with pytest.raises(SettingsRefused) as refused:
        read_settings()
    assert sorted(str(refused.value).splitlines()) == [
        "PAIGONG_LOG_LEVEL: \"loud\"; allowed: 'debug', 'info', 'warning' or 'error'",
        'PAIGONG_PORT: "abc"; allowed: a whole number',
        'PAIGONG_RATE_LIMIT: "lots"; allowed: a rate such as 600/second or 20000/minute',
        'PAIGONG_TELEMETRY: "perhaps"; allowed: true or false',
        'PAIGONG_VROOM_SECONDS: "0"; allowed: more than 0.0',
        'PAIGONG_WORKERS: "0"; allowed: at least 1',
    ]


def test_what_the_command_line_says_wins(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PAIGONG_PORT", "1234")
    assert read_settings(port=80, host=None) == Settings(port=80)


@pytest.mark.parametrize("command", [("work",), ("key", "list"), ("serve",)])
def test_the_command_ends_with_code_2(monkeypatch: pytest.MonkeyPatch, command: tuple[str, ...]) -> None:
    monkeypatch.setenv("PAIGONG_PORT", "abc")
    words = [sys.executable, "-c", "from api.cli import main; main()", *command]
    done = subprocess.run(words, capture_output=True, text=True, check=False, cwd=ROOT)
    assert (done.returncode, done.stderr) == (2, 'PAIGONG_PORT: "abc"; allowed: a whole number\n')
