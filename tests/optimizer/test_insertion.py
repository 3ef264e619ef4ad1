"""The bound of an insertion: a later start may save money, and a place where it does is not overlooked."""

from optimizer.model import Published
from optimizer.roster import Roster
from optimizer.search.arrays import Shard, build_problem
from optimizer.search.insertion import cheapest_gap, new_memory, quote
from optimizer.search.problem import FREE
from optimizer.search.schedule import evaluate, new_state
from tests import make


def test_pushing_a_visit_back_to_the_time_that_was_told_may_pay_for_the_one_before_it() -> None:
    noon = make.clock("12:00")
    told = make.job("told", published=Published(technician_id="t1", start_s=noon, told=True))
    new = make.job("new", service_s=noon - make.clock("08:00"), clocks=())
    day = make.day(told, new)
    shard = Shard(job_ids=("told", "new"), shift_ids=tuple(s.id for s in day.shifts), start={}, parity_allowed=0)
    p = build_problem(Roster(day), shard, {}, make.FlatTravel())
    s = new_state(p)
    s.stops[0, 0], s.length[0], s.route_of[0] = 0, 1, 0
    assert evaluate(p, s, 0)
    fen, gap, _ = cheapest_gap(p, s, 1, 0)
    # The customer who was told would otherwise see somebody in the morning.
    assert (fen < 0, gap) == (True, 0)
    assert quote(p, s, new_memory(p, new_state(p), 1), 1, 0, 1) == fen
    none_below = new_memory(p, new_state(p), 1)
    assert quote(p, s, none_below, 1, 0, fen) >= fen
    assert none_below.gap[1, 0] == FREE
