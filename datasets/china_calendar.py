"""Chinese public holidays and swapped working days (调休)."""

import datetime as dt
from collections.abc import Iterable

import chinese_calendar
import holidays

__all__ = ["closures"]


def closures(dates: Iterable[dt.date]) -> tuple[list[dt.date], list[dt.date]]:
    """Return which of the dates are public holidays, and which are weekend days that swapping makes working days.

    The State Council announces the swaps of a year in the autumn before. For years `chinese_calendar` does not know,
    the statutory days of `holidays` stand alone and no day is swapped. (`holidays` knows swaps too, but leaves the
    weekend days inside a long holiday out, and an outlet open on Saturdays needs them.)
    """
    statutory = holidays.country_holidays("CN")
    closed, working = [], []
    for date in dates:
        try:
            day_off, holiday = chinese_calendar.get_holiday_detail(date)
        except NotImplementedError:
            day_off, holiday = date in statutory, statutory.get(date)
        else:
            if not day_off and date.weekday() >= 5:
                working.append(date)
        if day_off and holiday is not None:
            closed.append(date)
    return closed, working
