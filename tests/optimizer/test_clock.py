"""Times in words."""

import pytest

from optimizer.clock import time_text, window_text
from tests import make


@pytest.mark.parametrize(
    ("time_s", "text"),
    [
        (0, "00:00"),
        (make.clock("10:42"), "10:42"),
        (make.clock("10:42") + 7, "10:42:07"),
        (make.clock("09:00", day=1), "09:00 (day +1)"),
        (make.clock("18:00", day=-1), "18:00 (day -1)"),
    ],
)
def test_time_text(time_s: int, text: str) -> None:
    assert time_text(time_s) == text


def test_window_text() -> None:
    assert window_text(make.window("09:00", "10:30")) == "09:00–10:30"
