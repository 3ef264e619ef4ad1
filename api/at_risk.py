"""What saves a promise: one action per job at risk, in English and Chinese."""

import datetime as dt
from dataclasses import dataclass
from enum import StrEnum

from api.job_states import JobState
from api.promises import Grade
from datasets.times import TIME_ZONE

__all__ = ["Action", "Advice", "action_for"]


class Action(StrEnum):
    """What somebody can do."""

    ASK_CONSENT = "ask_consent"
    DECIDE_VISIT = "decide_visit"
    PLACE_NOW = "place_now"
    MOVE_EARLIER = "move_earlier"
    CALL_OUTLET = "call_outlet"
    SET_OUT = "set_out"
    ORDER_PART = "order_part"
    REBOOK = "rebook"
    FINISH = "finish"
    TELL_CUSTOMER = "tell_customer"


@dataclass(frozen=True, slots=True, kw_only=True)
class Advice:
    """One action. by: when it must have happened to keep the promise, None when nothing keeps it any more."""

    action: Action
    en: str
    zh: str
    by: dt.datetime | None


def action_for(
    state: JobState,
    grade: Grade,
    *,
    awaits_consent: bool,
    due: dt.datetime,
    visit_start: dt.datetime | None,
    travel_s: int = 0,
) -> Advice:
    """Return the action that saves a promise at risk, or what is left when it is broken.

    due: when service must begin (or end) at the latest. travel_s: the way to the visit from the one before.
    """
    if grade is Grade.BREACHED:
        return _broken(state, visit_start)
    if awaits_consent:
        return Advice(action=Action.ASK_CONSENT, en="ask the customer for consent", zh="请客户确认报价", by=due)
    advice = _BY_STATE.get(state)
    if advice is not None:
        action, en, zh = advice
        return Advice(action=action, en=en, zh=zh, by=due)
    if visit_start is not None and grade is Grade.WILL_BREACH:
        late = _minutes(visit_start - due)
        return Advice(
            action=Action.MOVE_EARLIER,
            en=f"{late} min late as planned: move the visit before {_clock(due)}, or tell the customer",
            zh=f"按计划将迟到 {late} 分钟：请在 {_clock(due)} 前安排，或告知客户",
            by=due,
        )
    leave = due - dt.timedelta(seconds=travel_s)
    return Advice(
        action=Action.SET_OUT,
        en=f"see that they set out by {_clock(leave)}",
        zh=f"请确认 {_clock(leave)} 前出发",
        by=leave,
    )


_BY_STATE = {
    JobState.RECEIVED: (
        Action.DECIDE_VISIT,
        "solve it by phone, or say that somebody must come",
        "电话解决或确认需上门",
    ),
    JobState.NEEDS_VISIT: (Action.PLACE_NOW, "place it now: nobody is planned", "尚未排程：请立即派工"),
    JobState.OFFERED: (Action.CALL_OUTLET, "call the outlet: it has not said yes", "网点未确认：请致电网点"),
    JobState.NEEDS_PART: (
        Action.ORDER_PART,
        "send the part express and book the second visit",
        "配件加急并预约二次上门",
    ),
    JobState.FAILED: (Action.REBOOK, "agree a new time with the customer", "请与客户重新约时间"),
    JobState.ON_SITE: (Action.FINISH, "ask whether it will be finished in time", "请确认能否按时完工"),
}


def _broken(state: JobState, visit_start: dt.datetime | None) -> Advice:
    if visit_start is None:
        return Advice(
            action=Action.PLACE_NOW if state is JobState.NEEDS_VISIT else Action.TELL_CUSTOMER,
            en="the promise is broken: place the job now and tell the customer the new time",
            zh="已超时：请立即派工并告知客户新的时间",
            by=None,
        )
    return Advice(
        action=Action.TELL_CUSTOMER,
        en=f"the promise is broken: tell the customer that somebody comes at {_clock(visit_start)}",
        zh=f"已超时：请告知客户 {_clock(visit_start)} 上门",
        by=None,
    )


def _clock(moment: dt.datetime) -> str:
    return moment.astimezone(TIME_ZONE).strftime("%m-%d %H:%M")


def _minutes(span: dt.timedelta) -> int:
    return max(1, round(span / dt.timedelta(minutes=1)))
