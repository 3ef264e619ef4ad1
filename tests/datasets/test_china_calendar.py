import datetime as dt

from datasets.china_calendar import closures


def days_of(year: int) -> list[dt.date]:
    return [dt.date(year, 1, 1) + dt.timedelta(days=number) for number in range(365)]


def test_the_new_year_of_2026_is_closed_through_its_weekends() -> None:
    closed, _ = closures(days_of(2026))
    festival = {dt.date(2026, 2, 15) + dt.timedelta(days=number) for number in range(9)}
    assert {day for day in closed if day.month == 2} == festival


def test_swapped_working_days_of_2026_are_those_announced() -> None:
    _, working = closures(days_of(2026))
    announced = [(1, 4), (2, 14), (2, 28), (5, 9), (9, 20), (10, 10)]
    assert working == [dt.date(2026, month, day) for month, day in announced]


def test_years_not_announced_yet_have_statutory_days_and_no_swaps() -> None:
    closed, working = closures(days_of(2040))
    assert dt.date(2040, 10, 1) in closed
    assert dt.date(2040, 2, 12) in closed, "the first day of the lunar year"
    assert working == []


def test_an_ordinary_week_has_neither() -> None:
    assert closures(dt.date(2026, 3, day) for day in range(2, 9)) == ([], [])
