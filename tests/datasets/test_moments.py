"""A day's clock and moments: one counts from midnight in China, the other is the same everywhere."""

import datetime as dt

from hypothesis import given
from hypothesis import strategies as st

from datasets.times import instant_of, instant_text, midnight_of, moment_of, seconds_of

DATES = st.dates(dt.date(1990, 1, 1), dt.date(2200, 1, 1))
SECONDS = st.integers(-40 * 86_400, 40 * 86_400)


def test_midnight_is_that_of_china() -> None:
    assert moment_of(dt.date(2026, 3, 2), 0) == dt.datetime(2026, 3, 1, 16, tzinfo=dt.UTC)
    assert seconds_of(dt.date(2026, 3, 2), dt.datetime(2026, 3, 1, 16, 0, 1, 999_999, tzinfo=dt.UTC)) == 1


@given(date=DATES, seconds=SECONDS)
def test_a_moment_and_its_seconds_belong_together(date: dt.date, seconds: int) -> None:
    moment = moment_of(date, seconds)
    assert moment.utcoffset() == dt.timedelta(0)
    assert seconds_of(date, moment) == seconds
    assert instant_of(instant_text(date, seconds)) - midnight_of(date) == seconds
