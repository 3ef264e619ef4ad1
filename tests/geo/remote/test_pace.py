"""The token bucket, by a clock that only waiting moves on."""

from hypothesis import given
from hypothesis import strategies as st

from geo.remote.pace import TokenBucket
from tests.geo.remote.gathering import NoTime


@given(rate=st.floats(0.5, 200), costs=st.lists(st.integers(1, 60), min_size=1, max_size=40))
def test_over_any_time_no_more_than_the_rate_and_one_bucket(rate: float, costs: list[int]) -> None:
    time = NoTime()
    bucket = TokenBucket(rate, time.read, time.sleep)
    spent, taken = 0.0, []
    for cost in costs:
        bucket.take(cost)
        spent += cost
        taken.append((time.now, spent - cost))
    for now, before in taken:
        assert before <= rate * (now - 1_000.0) + max(rate, 1.0) + 1e-6


def test_a_full_bucket_does_not_wait_and_does_not_overflow() -> None:
    time = NoTime()
    bucket = TokenBucket(10.0, time.read, time.sleep)
    time.now += 1_000
    for _ in range(10):
        bucket.take(1)
    assert time.waits == []
    bucket.take(1)
    assert time.waits == [0.1]
