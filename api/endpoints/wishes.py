"""What wishes for plans of days and of tours share: nothing is planned for days that are over."""

import datetime as dt

from api.errors import Fault, Refused
from api.schemas.values import CHINA

__all__ = ["planning_moment"]


def planning_moment(date: dt.date, said: dt.datetime | None, at: dt.datetime) -> dt.datetime:
    """Return the moment that is planned from: what was said, or the present. Raises Refused for a first day before."""
    now = said or at
    today = now.astimezone(CHINA).date()
    if date < today:
        fault = Fault(pointer="/horizon/date", code="past", detail=f"a date from {today} on")
        raise Refused("The horizon is in the past.", faults=(fault,))
    return now
