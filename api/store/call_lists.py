"""Whom to call about a date: outlets without internet and customers who do not know yet, least time to spare first."""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal
from urllib.parse import quote

from sqlalchemy import select
from sqlalchemy.orm import Session

from api.dispatch_states import UNDECIDED, CallParty, ItemState
from api.store.batches import batches
from api.store.network import holding
from api.tables.dispatch import DispatchItem
from api.tables.jobs import JobRow
from api.tables.network import OutletRow, TechnicianRow
from datasets.times import TIME_ZONE
from optimizer.model import Channel

__all__ = ["Call", "call_list"]

Why = Literal["freeze", "promise", "start"]
AT_ONCE = 5_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """Somebody to call. before: by when; why: what comes first. say: in Chinese. sheet: address of a page."""

    party: CallParty
    before: dt.datetime
    why: Why
    name: str
    contact: str
    phone: str
    channel: str
    outlet_id: str
    items: tuple[DispatchItem, ...]
    say: str
    tries: int
    last_outcome: str | None
    up_for_replanning: bool
    sheet: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Names:
    outlets: Mapping[str, Mapping[str, str]]
    people: Mapping[str, str]
    jobs: Mapping[str, JobRow]


def call_list(session: Session, centre_id: str, date: dt.date, now: dt.datetime) -> list[Call]:
    """Return the calls about a centre's visits on a date.

    An outlet is called while it has not said yes; a customer while they were not told and nobody has set out.
    """
    states = [state.value for state in UNDECIDED]
    wanted = select(DispatchItem).where(
        DispatchItem.centre_id == centre_id, DispatchItem.date == date, DispatchItem.state.in_(states)
    )
    items = session.scalars(wanted.order_by(DispatchItem.start_at, DispatchItem.id)).all()
    names = _names(session, items, date)
    calls = [*_outlets(items, names, now), *_customers(items, names, now)]
    return sorted(calls, key=lambda call: (call.before, call.party != CallParty.OUTLET, call.items[0].id))


def _names(session: Session, items: Sequence[DispatchItem], date: dt.date) -> _Names:
    outlet_ids = {item.outlet_id for item in items}
    outlets = holding(OutletRow, date, OutletRow.id.in_(outlet_ids), columns=[OutletRow.id, OutletRow.cells])
    people = holding(
        TechnicianRow, date, TechnicianRow.outlet_id.in_(outlet_ids), columns=[TechnicianRow.id, TechnicianRow.cells]
    )
    jobs: dict[str, JobRow] = {}
    ids = [item.job_id for item in items]
    for some in batches(ids, AT_ONCE):
        jobs |= {job.id: job for job in session.scalars(select(JobRow).where(JobRow.id.in_(some)))}
    return _Names(
        outlets={id_: cells for id_, cells in session.execute(outlets)},
        people={id_: cells.get("name", "") for id_, cells in session.execute(people)},
        jobs=jobs,
    )


def _outlets(items: Sequence[DispatchItem], names: _Names, now: dt.datetime) -> Iterator[Call]:
    of_outlet: defaultdict[str, list[DispatchItem]] = defaultdict(list)
    for item in items:
        if item.channel != Channel.ONLINE and item.state == ItemState.PENDING:
            of_outlet[item.outlet_id].append(item)
    for outlet_id, waiting in of_outlet.items():
        cells = names.outlets.get(outlet_id, {})
        before, why = min(_before(item, names.jobs[item.job_id], now) for item in waiting)
        last = max(waiting, key=lambda item: (_last(item, CallParty.OUTLET) or {}).get("at", ""))
        plan_id = waiting[0].plan_id
        page = quote(f"{outlet_id}.html", safe="")
        centre = quote(waiting[0].centre_id, safe="")
        yield Call(
            party=CallParty.OUTLET,
            before=before,
            why=why,
            name=cells.get("name") or outlet_id,
            contact=cells.get("contact", ""),
            phone=cells.get("phone", ""),
            channel=waiting[0].channel,
            outlet_id=outlet_id,
            items=tuple(waiting),
            say=_to_outlet(waiting, names),
            tries=max(item.outlet_tries for item in waiting),
            last_outcome=(_last(last, CallParty.OUTLET) or {}).get("outcome"),
            up_for_replanning=any(item.replan_since is not None for item in waiting),
            sheet=None if plan_id is None else f"/v1/plans/{plan_id}/sheets/{page}?centre_id={centre}",
        )


def _customers(items: Sequence[DispatchItem], names: _Names, now: dt.datetime) -> Iterator[Call]:
    for item in items:
        job = names.jobs[item.job_id]
        if job.told:
            continue
        before, why = _before(item, job, now, with_freeze=False)
        yield Call(
            party=CallParty.CUSTOMER,
            before=before,
            why=why,
            name=job.cells.get("contact", ""),
            contact=job.cells.get("contact", ""),
            phone=job.cells.get("phone", ""),
            channel=item.channel,
            outlet_id=item.outlet_id,
            items=(item,),
            say=f"{_day(item.date)}{_clock(item.start_at)}左右上门，服务人员{_person(item, names)}",
            tries=item.customer_tries,
            last_outcome=(_last(item, CallParty.CUSTOMER) or {}).get("outcome"),
            up_for_replanning=item.replan_since is not None,
            sheet=None,
        )


def _before(item: DispatchItem, job: JobRow, now: dt.datetime, *, with_freeze: bool = True) -> tuple[dt.datetime, Why]:
    """Return what comes first; a freeze or a promise that has passed hurries nobody any more, the start still does."""
    moments: list[tuple[dt.datetime, Why]] = [(item.start_at, "start")]
    if with_freeze and item.freeze_at is not None and item.freeze_at > now:
        moments.append((item.freeze_at, "freeze"))
    if job.due_at is not None and job.due_at > now:
        moments.append((job.due_at, "promise"))
    return min(moments)


def _last(item: DispatchItem, party: CallParty) -> Mapping[str, str] | None:
    return item.last_call if item.last_call is not None and item.last_call["party"] == party else None


def _to_outlet(items: Sequence[DispatchItem], names: _Names) -> str:
    visits = "；".join(
        f"{_clock(item.start_at)} {_person(item, names)} {names.jobs[item.job_id].cells.get('address', '')}".rstrip()
        for item in items
    )
    again = "（有变更）" if any(item.sends > 1 for item in items) else ""
    return f"{_day(items[0].date)}共 {len(items)} 个上门{again}：{visits}"


def _person(item: DispatchItem, names: _Names) -> str:
    return names.people.get(item.technician_id) or item.technician_id


def _day(date: dt.date) -> str:
    return f"{date.month}月{date.day}日"


def _clock(moment: dt.datetime) -> str:
    return f"{moment.astimezone(TIME_ZONE):%H:%M}"
