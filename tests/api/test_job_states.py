"""Every pair of states, by whom, and when a state has lasted too long."""

import datetime as dt
from itertools import pairwise, product

import pytest

from api.errors import Conflict, Forbidden
from api.job_states import (
    FIRST_STATES,
    OPEN_STATES,
    STUCK_AFTER,
    TMF_STATE,
    TRANSITIONS,
    JobState,
    Role,
    VisitMoment,
    can_move,
    check_move,
    next_states,
    roles_of,
    stuck_since,
)

# The loop as row D6 draws it, written down a second time: state → what may follow.
LOOP = {
    "received": {"needs_visit", "callback_due", "cancelled"},
    "needs_visit": {"planned", "callback_due", "cancelled"},
    "planned": {"needs_visit", "offered", "cancelled"},
    "offered": {"planned", "needs_visit", "acknowledged", "cancelled"},
    "acknowledged": {"planned", "needs_visit", "en_route", "on_site", "cancelled"},
    "en_route": {"on_site", "failed", "cancelled"},
    "on_site": {"done", "needs_part", "failed"},
    "done": {"callback_due"},
    "needs_part": {"needs_visit", "cancelled"},
    "failed": {"needs_visit", "callback_due", "cancelled"},
    "callback_due": {"closed", "needs_visit"},
    "closed": set(),
    "cancelled": set(),
}
MORNING = dt.datetime(2026, 3, 2, 8, tzinfo=dt.timezone(dt.timedelta(hours=8)))


@pytest.mark.parametrize(("before", "after"), list(product(JobState, JobState)), ids=lambda state: state.value)
def test_every_pair_of_states(before: JobState, after: JobState) -> None:
    allowed = after.value in LOOP[before.value]
    assert ((before, after) in TRANSITIONS) == allowed
    everybody = frozenset(Role)
    if allowed:
        check_move(before, after, everybody)
        assert any(can_move(before, after, role) for role in Role)
        with pytest.raises(Forbidden):
            check_move(before, after, frozenset())
    else:
        assert not any(can_move(before, after, role) for role in Role)
        with pytest.raises(Conflict) as refused:
            check_move(before, after, everybody)
        assert set(refused.value.members["next_states"]) == LOOP[before.value]


def test_the_loop_leads_from_report_to_call_back() -> None:
    path = [state for state in JobState if state.value not in {"needs_part", "failed", "cancelled"}]
    for before, after in pairwise(path):
        assert after in next_states(before)


@pytest.mark.parametrize("state", JobState)
def test_every_state_but_the_first_can_be_reached_and_every_open_one_left(state: JobState) -> None:
    assert state in FIRST_STATES or any(after is state for _, after in TRANSITIONS)
    assert bool(next_states(state)) == (state in OPEN_STATES)


@pytest.mark.parametrize("state", JobState)
def test_every_open_state_has_its_patience_and_every_state_a_word_at_the_edge(state: JobState) -> None:
    assert (state in STUCK_AFTER) == (state in OPEN_STATES)
    assert state in TMF_STATE


def test_only_who_was_there_says_that_it_is_done() -> None:
    assert can_move(JobState.ON_SITE, JobState.DONE, Role.OUTLET)
    assert not can_move(JobState.ON_SITE, JobState.DONE, Role.TICKETING)
    with pytest.raises(Forbidden, match="outlet"):
        check_move(JobState.ON_SITE, JobState.DONE, roles_of(frozenset({"jobs:write"})))


def test_an_outlet_does_not_cancel() -> None:
    assert not can_move(JobState.OFFERED, JobState.CANCELLED, Role.OUTLET)
    check_move(JobState.OFFERED, JobState.CANCELLED, roles_of(frozenset({"jobs:write"})))


def test_only_a_plan_promises_a_visit() -> None:
    everybody = roles_of(frozenset({"admin", "dispatch", "jobs:write", "plans:publish"}))
    for before, after in TRANSITIONS:
        if after in (JobState.PLANNED, JobState.OFFERED):
            with pytest.raises(Forbidden, match="plan"):
                check_move(before, after, everybody)


def test_an_unknown_scope_is_no_role() -> None:
    assert roles_of(frozenset({"parts:write", "nonsense"})) == frozenset()


def test_a_job_is_stuck_when_its_patience_is_over() -> None:
    assert stuck_since(JobState.OFFERED, MORNING, None) == MORNING + dt.timedelta(hours=2)
    assert stuck_since(JobState.CLOSED, MORNING, None) is None


def test_a_visit_of_tomorrow_is_not_stuck_today() -> None:
    tomorrow = MORNING + dt.timedelta(days=1)
    assert STUCK_AFTER[JobState.ACKNOWLEDGED].counted_from is VisitMoment.VISIT_START
    assert stuck_since(JobState.ACKNOWLEDGED, MORNING, tomorrow) == tomorrow + dt.timedelta(minutes=30)
    assert stuck_since(JobState.ACKNOWLEDGED, tomorrow, MORNING) == tomorrow + dt.timedelta(minutes=30)
