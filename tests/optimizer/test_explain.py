"""Every answer explained: each figure of an explanation is held against a plan built by brute force and checked."""

from dataclasses import replace
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from optimizer import model
from optimizer.candidates import nearest_capable_outlets
from optimizer.check import check
from optimizer.cost import price
from optimizer.explain import explain, explain_job
from optimizer.explanation import Candidate, Explanation, Remedy, RemedyKind, Why
from optimizer.kit_options import shipments_for
from optimizer.kits import first_come
from optimizer.measure import service_seconds
from optimizer.model import ClockKind, Day, Job, Rule
from optimizer.plan import Plan, Unassigned
from optimizer.roster import Roster
from optimizer.sourcing import kit_options, kits_of_plan
from optimizer.travel import TravelTimes
from optimizer.workers import HereWorkers
from tests import forcing, make, strategies
from tests.optimizer.test_search_and_checker import searched


def explained(day: Day, travel: TravelTimes, plan: Plan) -> tuple[Explanation, ...]:
    roster = Roster(day)
    candidates = nearest_capable_outlets(roster, travel)
    return explain(roster, plan, first_come(day), candidates, travel, HereWorkers(), lambda _: None)


def is_late(job: Job, plan: Plan) -> bool:
    stop = next(stop for route in plan.routes for stop in route.stops if stop.job_id == job.id)
    return any((stop.start_s if c.kind is ClockKind.ARRIVAL else stop.end_s) > c.due_s for c in job.clocks)


def stand(day: Day, travel: TravelTimes, plan: Plan, one: Explanation, kits: forcing.Kits | None = None) -> None:
    """Assert that every figure of an explanation is what a plan built by brute force says."""
    job = next(job for job in day.jobs if job.id == one.job_id)
    before = price(day, plan, travel)
    kits = kit_options(day) if kits is None else kits

    must_be_punctual = one.why is Why.LATE and may_be_punctual(day, job)

    def found(other: Day, given: forcing.Kits, what: Candidate | Remedy) -> list[tuple[int, int]]:
        """Return the difference of every legal plan, and what of it no route decides: the parity."""
        move = (what.shift_id, what.gives_way, what.gives_way_to)
        plans = forcing.forced_plans(day, other, travel, plan, given, job.id, move)
        legal = [made for made in plans if check(other, made, travel) == ()]
        costs = [price(other, made, travel) for made in legal if not must_be_punctual or not is_late(job, made)]
        return [(cost.total - before.total, cost.parity - before.parity) for cost in costs]

    def is_cheapest(fen: int, made: list[tuple[int, int]]) -> bool:
        """Tell whether the figure is that of the cheapest gap; gaps are chosen route by route, parity apart."""
        least = min(total - parity for total, parity in made)
        return any(total == fen and total - parity == least for total, parity in made)

    for candidate in one.candidates:
        if candidate.difference_fen is None:
            continue
        made = found(day, kits, candidate)
        if candidate.gives_way:
            assert candidate.difference_fen in [fen for fen, _ in made], (one, candidate)
        else:
            assert is_cheapest(candidate.difference_fen, made), (one, candidate, made)
            force = one.remedy is not None and one.remedy.kind is RemedyKind.FORCE
            nearest = one.why is not Why.NOT_NEAREST or candidate.outlet_id == one.candidates[0].outlet_id
            if one.remedy is not None and force and nearest:
                assert candidate.difference_fen >= one.remedy.difference_fen
        if candidate.items:
            assert sum(fen for _, fen in candidate.items) == candidate.difference_fen
    if one.remedy is not None:
        other = forcing.changed(day, kits, one.remedy, job)
        kits = forcing.changed_kits(day, kits, one.remedy, job)
        made = found(other, kits, one.remedy)
        if one.remedy.kind in LEAST:
            assert is_cheapest(one.remedy.difference_fen, made), (one, made)
        else:
            assert one.remedy.difference_fen in [fen for fen, _ in made], one


LEAST = {RemedyKind.FORCE, RemedyKind.OVERTIME, RemedyKind.WINDOW, RemedyKind.PART}
"""Remedies whose gap is the cheapest of their shift once the change is made."""


def may_be_punctual(day: Day, job: Job) -> bool:
    """Tell whether some outlet could still keep the promises if it started at once."""
    long = {outlet.id: service_seconds(job, outlet) for outlet in day.outlets}
    staffed = {person.outlet_id for person in day.technicians}
    return any(
        all(c.due_s - (long[o] if c.kind is ClockKind.RESOLUTION else 0) >= day.now_s for c in job.clocks)
        for o in staffed
    )


@settings(max_examples=120)
@given(case=strategies.days_and_travel(), seed=st.integers(0, 1_000), steps=st.sampled_from([5, 400]))
def test_every_figure_is_that_of_a_legal_plan(case: tuple[Day, TravelTimes], seed: int, steps: int) -> None:
    day, travel = case
    plan, _ = searched(day, travel, seed, steps=steps)
    found = explained(day, travel, plan)
    served = {stop.job_id for route in plan.routes for stop in route.stops}
    assert {one.job_id for one in found if one.why is Why.LEFT_OUT} == {job.id for job in day.jobs} - served
    for one in found:
        assert one.said.en
        assert one.said.zh
        stand(day, travel, plan, one)


def worse(day: Day, plan: Plan, seed: int) -> Plan:
    """Return the plan with some visits dropped and nothing timed anew: legal, but nobody's best."""
    random = Random(f"worse {seed}")
    loose = {job.id for job in day.jobs if random.random() < 0.4}
    routes = []
    for route in plan.routes:
        before, *_ = route.stops
        if before.job_id in loose or len(route.stops) < 2 or route.stops[-1].job_id not in loose:
            routes.append(route)
    kept = {stop.job_id for route in routes for stop in route.stops}
    return Plan(
        routes=tuple(routes),
        unassigned=tuple(
            Unassigned(job_id=job.id, rule=Rule.UNKNOWN, reason="-") for job in day.jobs if job.id not in kept
        ),
        shipments=tuple(shipment for shipment in plan.shipments if shipment.job_id in kept),
    )


@settings(max_examples=80)
@given(case=strategies.days_and_travel(), seed=st.integers(0, 1_000))
def test_a_plan_with_visits_dropped_is_explained_as_truly(case: tuple[Day, TravelTimes], seed: int) -> None:
    day, travel = case
    plan = worse(day, searched(day, travel, seed, steps=60)[0], seed)
    for one in explained(day, travel, plan):
        stand(day, travel, plan, one)


@settings(max_examples=40)
@given(case=strategies.days_and_travel(max_jobs=8), seed=st.integers(0, 1_000))
def test_any_legal_plan_can_be_asked_about(case: tuple[Day, TravelTimes], seed: int) -> None:
    day, travel = case
    plan = strategies.legal_plan(day, travel, seed)  # type: ignore[arg-type]
    candidates = nearest_capable_outlets(Roster(day), travel)
    kits = kits_of_plan(day, plan)
    # Drawn at random, a kit may travel dearer than its visit needs; no plan of the search does that.
    plan = replace(plan, shipments=shipments_for(day.jobs, Roster(day).visits(plan.routes), kits))
    for job in day.jobs:
        for one in explain_job(day, plan, candidates, travel, job.id):
            assert one.job_id == job.id
            stand(day, travel, plan, one, kits)


def alone(day: Day, plan: Plan, job_id: str = "j1") -> list[Explanation]:
    """Ask about one job."""
    travel = make.FlatTravel()
    return explain_job(day, plan, nearest_capable_outlets(Roster(day), travel), travel, job_id)


NEAR, FAR = make.at(1_500), make.at(-4_000)
TWO_OUTLETS = make.day(
    make.job(),
    outlets=(make.outlet("o1", position=NEAR), make.outlet("o2", position=FAR)),
    technicians=(make.technician("t1", position=NEAR), make.technician("t2", outlet_id="o2", position=FAR)),
    shifts=(make.shift("t1-0"), make.shift("t2-0")),
)


def test_the_nearest_outlet_that_would_have_done_is_said_to_be_cheaper() -> None:
    day = TWO_OUTLETS
    plan = make.plan(day, make.route(day, ("j1", make.clock("08:08") + 20), shift_id="t2-0"))
    (one,) = alone(day, plan)
    assert (one.why, one.rule) == (Why.NOT_NEAREST, Rule.UNKNOWN)
    assert "o1" in one.said.en
    assert "cheaper" in one.said.en
    assert "节省" in one.said.zh
    assert one.candidates[0].technician_id == "t1"
    assert dict(one.candidates[0].items)["travel"] < 0


def test_the_rule_that_kept_the_nearest_outlet_away_is_named() -> None:
    busy = make.job("j2", position=NEAR, service_s=11 * 3_600)
    day = replace(TWO_OUTLETS, jobs=(make.job(), busy))
    plan = make.plan(
        day,
        make.route(day, ("j2", make.clock("08:00"))),
        make.route(day, ("j1", make.clock("08:08") + 20), shift_id="t2-0"),
    )
    (one,) = alone(day, plan)
    assert (one.why, one.rule) == (Why.NOT_NEAREST, Rule.ROOM)
    assert "beside the other visit of t1-0" in one.said.en
    assert "j2" in one.candidates[0].gives_way


def test_a_late_visit_names_the_change_that_makes_it_punctual() -> None:
    due = (model.Clock(kind=ClockKind.ARRIVAL, due_s=make.clock("09:00")),)
    day = make.day(make.job(clocks=due, windows=(make.window("10:00", "12:00"),)))
    (one,) = alone(day, make.plan(day, make.route(day, ("j1", make.clock("10:00")))))
    assert (one.why, one.rule) == (Why.LATE, Rule.WINDOW)
    assert one.remedy is not None
    assert (one.remedy.kind, one.remedy.amount, one.remedy.start_s) == (RemedyKind.WINDOW, -3_600, make.clock("09:00"))
    assert "09:00" in one.said.en
    assert "提前60分钟" in one.remedy.said.zh


def test_a_promise_that_had_passed_has_no_remedy_but_who_else_could_come_and_when() -> None:
    due = (model.Clock(kind=ClockKind.ARRIVAL, due_s=make.clock("05:00")),)
    day = replace(TWO_OUTLETS, jobs=(make.job(clocks=due),))
    (one, *_) = alone(day, make.plan(day, make.route(day, ("j1", make.clock("08:08") + 20), shift_id="t2-0")))
    assert (one.why, one.rule, one.remedy) == (Why.LATE, None, None)
    assert "had passed" in one.said.en
    assert "soonest: t1 of o1 could come 08:00" in one.said.en
    assert [candidate.shift_id for candidate in one.candidates] == ["t1-0"]
    assert (one.candidates[0].difference_fen or 0) < 0


def test_the_remedy_of_a_visit_elsewhere_lets_the_nearest_outlet_serve_it() -> None:
    gas = model.Certificate(scheme="gas", first=make.DATE, last=make.DATE)
    far = make.technician("t2", outlet_id="o2", position=FAR, certificates=(gas,))
    near = [make.technician(id_, position=NEAR) for id_ in ("t1", "t3")]
    valid = replace(near[1], certificates=(gas,))
    shifts = (make.shift("t1-0"), make.shift("t2-0"), make.shift("t3-0", latest_end_s=make.clock("09:00")))
    day = replace(
        TWO_OUTLETS,
        jobs=(make.job(certificates=frozenset({"gas"}), service_s=3_600),),
        technicians=(near[0], far, valid),
        shifts=shifts,
    )
    plan = make.plan(day, make.route(day, ("j1", make.clock("08:08") + 20), shift_id="t2-0"))
    (one,) = alone(day, plan)
    assert one.why is Why.NOT_NEAREST
    assert sorted(candidate.shift_id for candidate in one.candidates) == ["t1-0", "t3-0"]
    assert one.remedy is not None
    assert (one.remedy.kind, one.remedy.shift_id) in {
        (RemedyKind.CERTIFICATE, "t1-0"),
        (RemedyKind.OVERTIME, "t3-0"),
    }
    stand(day, make.FlatTravel(), plan, one)


def test_a_job_that_is_fine_is_told_why_this_technician() -> None:
    day = TWO_OUTLETS
    (one,) = alone(day, make.plan(day, make.route(day, ("j1", make.clock("08:00") + 50))))
    assert (one.why, one.remedy) == (Why.SERVED, None)
    assert "t1 of o1 is cheapest" in one.said.en
    assert [candidate.technician_id for candidate in one.candidates] == ["t1", "t2"]
    assert one.candidates[0].difference_fen == 0
    assert (one.candidates[1].difference_fen or 0) > 0


def test_why_not_tomorrow_is_told_of_the_same_technician() -> None:
    day = make.day(
        make.job(skill=model.Skill(family="fridge", level=3)), days=2, shifts=(make.shift("t1-0"), make.shift("t1-1"))
    )
    (one,) = explained(day, make.FlatTravel(), make.plan(day))
    assert [candidate.shift_id for candidate in one.candidates] == ["t1-0", "t1-1"]


def test_a_date_that_nobody_close_works_on_has_its_closest_candidate() -> None:
    people = ("t1", "t2", "t3", "t4")
    day = make.day(
        make.job(windows=(make.window("06:30", "07:00"),)),
        days=2,
        technicians=tuple(make.technician(id_) for id_ in people),
        shifts=tuple(make.shift(f"{id_}-{date}") for id_ in people for date in (0, 1)),
    )
    (one,) = explained(day, make.FlatTravel(), make.plan(day))
    assert [candidate.shift_id for candidate in one.candidates] == ["t1-0", "t2-0", "t1-1"]


def test_windows_of_another_day_say_which() -> None:
    day = make.day(make.job(windows=(make.window("11:30", "13:30"),)), days=2, shifts=(make.shift("t1-1"),))
    (one,) = explained(day, make.FlatTravel(), make.plan(day))
    assert "11:30–13:30 (first day)" in one.said.en
    assert "首日11:30–13:30" in one.said.zh
    day = replace(day, shifts=(make.shift("t1-0"),), jobs=(make.job(windows=(make.window("11:30", "13:30", day=1),)),))
    (one,) = explained(day, make.FlatTravel(), make.plan(day))
    assert "11:30–13:30 (day +1)" in one.said.en
    assert "次日11:30–13:30" in one.said.zh


def test_a_visit_that_gives_way_is_named_with_where_it_goes() -> None:
    short = {"service_s": 5 * 3_600, "windows": (make.window("08:00", "12:00"),)}
    gas = model.Certificate(scheme="gas", first=make.DATE, last=make.DATE)
    day = make.day(
        make.job("j1", certificates=frozenset({"gas"}), **short),
        make.job("j2", **short),
        technicians=(make.technician("t1", certificates=(gas,)), make.technician("t2")),
        shifts=(make.shift("t1-0"), make.shift("t2-0")),
    )
    (one,) = alone(day, make.plan(day, make.route(day, ("j2", make.clock("08:01") + 40))))
    assert one.why is Why.LEFT_OUT
    assert one.remedy is not None
    assert (one.remedy.kind, one.remedy.gives_way, one.remedy.gives_way_to) == (RemedyKind.GIVE_WAY, "j2", "t2-0")


@pytest.mark.parametrize("seed", [2, 5, 7, 9])
def test_how_the_day_is_cut_changes_only_who_gives_way(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    day = strategies.random_day(seed, jobs=14, technicians=6, centres=2)
    travel = strategies.random_travel(day, seed)
    plan = worse(day, searched(day, travel, seed, steps=60)[0], seed)
    whole = explained(day, travel, plan)
    monkeypatch.setattr("optimizer.explain.MOST_JOBS", 1)
    pieces = explained(day, travel, plan)
    assert [uncut(one) for one in pieces] == [uncut(one) for one in whole]
    for one, other in zip(pieces, whole, strict=True):
        kinds = {found.remedy.kind for found in (one, other) if found.remedy is not None}
        assert one.remedy == other.remedy or RemedyKind.GIVE_WAY in kinds


def uncut(one: Explanation) -> object:
    """Return what the cut may not change: it decides which shifts a visit that gives way can go to, nothing else."""
    candidates = [
        (c.shift_id, c.travel_s, c.travel_m, {(v.rule, v.holds) for v in c.verdicts}, c.items, c.difference_fen)
        if c.difference_fen is not None and not c.gives_way
        else c.shift_id
        for c in one.candidates
    ]
    return one.job_id, one.why, one.rule, candidates


def test_time_is_judged_behind_a_rule_of_the_pair() -> None:
    expert = model.Skill(family="fridge", level=3)
    jobs = (
        make.job("j1", skill=expert, windows=(make.window("06:30", "07:30"),)),
        make.job("j2", skill=expert, windows=(make.window("09:00", "10:00"),)),
    )
    day = make.day(*jobs)
    early, fits = (alone(day, make.plan(day), job.id)[0].candidates[0] for job in jobs)
    assert [verdict.rule for verdict in early.verdicts if not verdict.holds] == [Rule.SKILL, Rule.WINDOW]
    assert [verdict.rule for verdict in fits.verdicts if not verdict.holds] == [Rule.SKILL]
    assert {Rule.WINDOW, Rule.HOURS, Rule.SHIFT, Rule.ROOM} <= {v.rule for v in fits.verdicts if v.holds}
    assert early.difference_fen is fits.difference_fen is None


def test_a_lock_is_lifted_before_time_is_judged_elsewhere() -> None:
    published = model.Published(technician_id="t2", start_s=make.clock("07:40"), told=False)
    day = make.day(
        make.job(lock=model.Lock.PINNED, published=published),
        technicians=(make.technician("t1"), make.technician("t2")),
        shifts=(make.shift("t1-0"), make.shift("t2-0")),
    )
    (one,) = alone(day, make.plan(day))
    broken = {c.technician_id: [v.rule for v in c.verdicts if not v.holds] for c in one.candidates}
    assert broken["t1"] == [Rule.LOCK]
    assert broken["t2"] not in ([], [Rule.LOCK])
