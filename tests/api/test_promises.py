"""How promises stand: due times, pauses, grades, prices."""

import datetime as dt

import pytest

from api.promises import Grade, Heard, Moments, Standing, matching_rows, paused_s, standing_of, standings
from datasets.calendars import Calendar, OpenHours
from datasets.policies import ANY, PolicyClock, SlaRow
from datasets.times import duration_of
from optimizer.model import AreaClass, CustomerClass, Tariff

MONDAY = dt.date(2026, 3, 2)
HOUR_S = 3_600
CALL_S = 8 * HOUR_S


def row(clock: str = "arrival", within: str = "PT24H", hours: OpenHours | None = None, **matches: str) -> SlaRow:
    wanted = {name: matches.get(name, ANY) for name in ("brand", "product", "area_class", "channel")}
    period = duration_of(within)
    return SlaRow(policy="own", name=within, clock=PolicyClock(clock), within=period, hours=hours, **wanted)


def heard(area: AreaClass = AreaClass.SEAT, customer: CustomerClass = CustomerClass.ORDINARY) -> Heard:
    return Heard(brand="", product="fridge", channel="web", area_class=area, customer_class=customer, reported_s=CALL_S)


def stands(
    promise: SlaRow,
    now_s: int,
    *,
    stopped_s: int | None = None,
    expected_s: int | None = None,
    pauses: tuple[tuple[int, int], ...] = (),
    customer: CustomerClass = CustomerClass.ORDINARY,
) -> Standing:
    moments = Moments(
        stopped_s={} if stopped_s is None else {promise.clock: stopped_s},
        expected_s={} if expected_s is None else {promise.clock: expected_s},
        pauses=pauses,
    )
    return standing_of(promise, heard(customer=customer), moments, Tariff(), MONDAY, now_s)


def test_the_first_matching_row_of_each_clock_wins() -> None:
    rows = (
        row(within="PT8H", channel="hotline"),
        row(within="PT24H", area_class="seat"),
        row(within="PT48H"),
        row("response", "PT10M"),
    )
    assert [found.name for found in matching_rows(rows, heard())] == ["PT24H", "PT10M"]
    assert [found.name for found in matching_rows(rows, heard(AreaClass.REMOTE))] == ["PT48H", "PT10M"]
    assert len(standings(rows, heard(), Moments(stopped_s={}, expected_s={}, pauses=()), Tariff(), MONDAY, 0)) == 2


@pytest.mark.parametrize(
    ("now_h", "stopped_h", "expected_h", "grade"),
    [
        (9, None, None, Grade.ON_TRACK),
        (29, None, None, Grade.AT_RISK),  # nobody planned, three hours left
        (29, None, 30, Grade.ON_TRACK),
        (29, None, 31.5, Grade.AT_RISK),  # planned with half an hour to spare
        (9, None, 33, Grade.WILL_BREACH),
        (33, None, None, Grade.BREACHED),
        (33, None, 34, Grade.BREACHED),
        (40, 32, None, Grade.KEPT),
        (40, 32.01, None, Grade.BREACHED),
    ],
)
def test_a_promise_of_24_hours_from_8_in_the_morning(
    now_h: float, stopped_h: float | None, expected_h: float | None, grade: Grade
) -> None:
    seconds = [None if hours is None else round(hours * HOUR_S) for hours in (now_h, stopped_h, expected_h)]
    found = stands(row(), seconds[0] or 0, stopped_s=seconds[1], expected_s=seconds[2])
    assert found.due_s == 32 * HOUR_S
    assert found.grade is grade


def test_a_visit_that_should_have_begun_cannot_come_earlier_than_now() -> None:
    assert stands(row(), 31 * HOUR_S + 1_000, expected_s=10 * HOUR_S).grade is Grade.AT_RISK


def test_a_pause_moves_the_due_time_by_its_length() -> None:
    pause = (10 * HOUR_S, 13 * HOUR_S)
    assert stands(row(), 20 * HOUR_S, pauses=(pause,)).due_s == 35 * HOUR_S
    assert stands(row(), 11 * HOUR_S, pauses=((10 * HOUR_S, 11 * HOUR_S),)).due_s == 33 * HOUR_S
    assert paused_s((pause,), 12 * HOUR_S) == 2 * HOUR_S


def test_a_pause_after_the_breach_or_after_the_visit_heals_nothing() -> None:
    assert stands(row(), 50 * HOUR_S, pauses=((33 * HOUR_S, 40 * HOUR_S),)).due_s == 32 * HOUR_S
    late = stands(row(), 50 * HOUR_S, stopped_s=33 * HOUR_S, pauses=((34 * HOUR_S, 40 * HOUR_S),))
    assert (late.due_s, late.grade) == (32 * HOUR_S, Grade.BREACHED)


def test_only_the_open_part_of_a_pause_counts_where_a_calendar_rules() -> None:
    office = Calendar(weekdays=frozenset(range(6)), closed=frozenset(), working=frozenset())
    hours = OpenHours(calendar=office, opens_s=9 * HOUR_S, closes_s=18 * HOUR_S)
    promise = row(within="PT4H", hours=hours)
    assert stands(promise, 0).due_s == 13 * HOUR_S
    over_night = ((12 * HOUR_S, 24 * HOUR_S + 10 * HOUR_S),)  # 6 h open on Monday, 1 h on Tuesday
    assert stands(promise, 35 * HOUR_S, pauses=over_night).due_s == 24 * HOUR_S + 11 * HOUR_S


def test_the_price_is_that_of_the_tariff_weighted_by_the_customer() -> None:
    assert stands(row(), 27 * HOUR_S).price_fen == 0
    assert stands(row(), 30 * HOUR_S).price_fen == 2 * 300
    assert stands(row(), 33 * HOUR_S).price_fen == 4 * 300 + 12_000 + 1_000
    assert stands(row(), 33 * HOUR_S, customer=CustomerClass.VULNERABLE).price_fen == 2 * 14_200
    assert stands(row("response"), 40 * HOUR_S).price_fen == 0
