"""When a unit is exchanged instead of repaired again: the same fault twice within a span, by rule and not by hand."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from datasets.keys import Keys, from_text, text, whole_number
from datasets.table import Table
from datasets.times import Period, Unreadable, duration_of
from optimizer.model import DAY_S

__all__ = ["JOB_TYPE", "Exchange", "mark_exchanges", "read_exchange"]

JOB_TYPE = "unit_exchange"
MONTH = Period(seconds=30 * DAY_S, days_only=True)
MOST_S = 366 * DAY_S


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """What an exchange takes: people, load units (the old unit rides back in the place of the new one), at least so
    many seconds, and the fault whose kit is the new unit ("": the kit that the job has anyway)."""

    within: Period = MONTH
    crew: int = 2
    load: int = 1
    service_s: int = 0
    fault: str = ""


def read_exchange(keys: Keys) -> Exchange:
    """Return the table [exchange] of day.toml; every key has a default."""
    table = keys.table("exchange")
    usual = Exchange()
    found = Exchange(
        within=table.take("within", from_text(_span), usual.within),
        crew=table.take("crew", whole_number(1, 10), usual.crew),
        load=table.take("load", whole_number(0, 1_000), usual.load),
        service_s=table.take("service", from_text(_service), 0),
        fault=table.take("fault", text, usual.fault),
    )
    table.close()
    return found


def _span(written: str) -> Period:
    span = duration_of(written)
    if not 0 < span.seconds <= MOST_S:
        raise Unreadable("a duration such as P30D, longer than nothing and at most 366 days")
    return span


def _service(written: str) -> int:
    span = duration_of(written)
    if not 0 < span.seconds <= DAY_S:
        raise Unreadable("a duration such as PT1H30M, longer than nothing and at most 24 hours")
    return span.seconds


def mark_exchanges(jobs: Table, exchange: Exchange) -> NDArray[np.bool_]:
    """Return which jobs are exchanges by the rule, and write that as their type.

    A job is one when the same fault of the same unit was last repaired (`same_fault_at`) no longer before its report
    than the span says.
    """
    marked = jobs.given("same_fault_at").copy()
    since = jobs.numbers("reported_at") - jobs.numbers("same_fault_at")
    marked &= since <= exchange.within.seconds
    jobs.text["job_type"][marked] = JOB_TYPE
    return marked
