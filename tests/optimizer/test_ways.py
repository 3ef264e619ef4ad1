"""The ways of a finished plan are those of the whole problem, wherever a route could come to."""

import numpy as np
import pytest

from optimizer.roster import Roster
from optimizer.search.arrays import Shard, build_problem
from optimizer.search.problem import Problem
from optimizer.sourcing import kit_options
from optimizer.travel import UNREACHABLE
from tests import strategies


@pytest.mark.parametrize("seed", range(6))
def test_a_finished_plan_has_the_ways_of_its_routes_and_no_others(seed: int) -> None:
    day = strategies.random_day(seed, jobs=9)
    travel = strategies.random_travel(day, seed)
    roster, kits = Roster(day), kit_options(day)
    job_ids, shift_ids = tuple(job.id for job in day.jobs), tuple(shift.id for shift in day.shifts)
    start = {shift_id: job_ids[k : k + 1] for k, shift_id in enumerate(shift_ids[:3])}
    shard = Shard(job_ids=job_ids, shift_ids=shift_ids, start=start, parity_allowed=0)

    def laid(*, finished: bool) -> Problem:
        return build_problem(roster, shard, kits, travel, finished=finished)

    whole, few = laid(finished=False), laid(finished=True)
    assert (few.leg_to == few.leg.transpose(0, 2, 1, 3)).all()
    assert (whole.leg_to == whole.leg.transpose(0, 2, 1, 3)).all()
    assert (few.fixed == whole.fixed).all()
    ours = {mode: set[int]() for mode in {roster.technician_of(shift).mode for shift in day.shifts}}
    of_way = {}
    for v, shift in enumerate(day.shifts):
        mode = roster.technician_of(shift).mode
        of_way[int(whole.shifts["way"][v])] = mode
        ours[mode] |= {int(whole.shifts["leaves"][v]), *(job_ids.index(j) for j in start.get(shift.id, ()))}
    for way, mode in of_way.items():
        of_routes = np.isin(np.arange(len(whole.place)), list(ours[mode]))
        asked = of_routes[:, None] | of_routes
        assert (few.leg[way][asked] == whole.leg[way][asked]).all()
        assert (few.metres[way][asked] == whole.metres[way][asked]).all()
        assert (few.leg[way][~asked] == UNREACHABLE).all()
