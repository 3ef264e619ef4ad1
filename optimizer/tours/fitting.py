"""When a tour is fitting (适时): what the best tours are worth today, in three days, in seven; and what cannot wait."""

import datetime as dt
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum

from optimizer.budget import Budget, Portion
from optimizer.model import DAY_S
from optimizer.tours.cost import left_out_price, price_tours
from optimizer.tours.model import Crew, Touring, TourJob, WorkKind
from optimizer.tours.plan import Instead, TourCost, TourPlan
from optimizer.tours.planning import plan_tours
from optimizer.travel import TravelTimes
from optimizer.workers import Workers

__all__ = ["DELAYS", "Advice", "Fitting", "Forced", "Moment", "delayed", "fitting"]

DELAYS = (0, 3, 7)
"""Days until the first departure that are looked at."""
MOST_GATHERED = 180
"""Walk-ins gather for so many days; more do not come."""


class Advice(StrEnum):
    """When to let tours leave."""

    NOW = "now"
    IN_3_DAYS = "in_3_days"
    IN_7_DAYS = "in_7_days"
    NOT_WORTH = "not_worth"


_BY_DELAY = dict(zip(DELAYS, (Advice.NOW, Advice.IN_3_DAYS, Advice.IN_7_DAYS), strict=True))


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """Tours that leave no earlier than in so many days: what they save against none, and for whom they come too late.

    Money only: promises that nobody else can keep are counted, not priced. served: jobs done. rescued: of
    them those that nobody else could do in time. van_days: on the road. leaves_day:
    of the first tour. lost_job_ids: those that tours leaving
    today could do and these cannot.
    """

    delay_days: int
    value_fen: int
    served: int
    rescued: int
    van_days: int
    leaves_day: int | None
    lost_job_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Forced:
    """A job whose time runs out when tours wait: by which day one must have been there."""

    job_id: str
    by_day: int
    nobody_else: bool
    sentence: str
    sentence_zh: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Fitting:
    """The value of tours by when they leave, the advice that follows from it, and what forces a tour."""

    curve: tuple[Moment, ...]
    advice: Advice
    forced: tuple[Forced, ...]
    threshold_fen: int


def fitting(  # noqa: PLR0913 - a planning run, its threshold, and what is known already
    asked: Touring,
    travel: TravelTimes,
    budget: Budget,
    seed: int,
    workers: Workers,
    threshold_fen: int = 0,
    progress: Callable[[float], None] = lambda share: None,
    base: TourPlan | None = None,
) -> Fitting:
    """Return when tours are fitting, each moment planned with an equal part of the budget.

    threshold_fen: tours that save less are not worth the trouble, unless somebody whom no outlet can reach would wait
    in vain. base: tours known for today; each moment begins from them, put off by so many days.
    """
    plans: dict[int, TourPlan] = {}
    costs: dict[int, TourCost] = {}
    for turn, delay in enumerate(reversed(DELAYS)):
        # Tours that leave later may be what is best for those who could leave sooner.
        known = [] if base is None else [_put_off(base, delay), _not_before(base, _today(asked) + delay)]
        result = plan_tours(
            delayed(asked, delay),
            travel,
            Portion(budget=budget, part=1 / len(DELAYS)),
            seed,
            workers,
            _part_of(progress, turn),
            (*known, *plans.values()),
        )
        plans[delay], costs[delay] = result.plan, result.cost
    moments = [_moment(asked, delay, plans, costs) for delay in DELAYS]
    forced = _forced(asked, plans[DELAYS[0]], base)
    return Fitting(
        curve=tuple(moments),
        advice=Advice.NOW if _is_under_way(asked) else _advice(moments, forced, threshold_fen, _today(asked)),
        forced=forced,
        threshold_fen=threshold_fen,
    )


def _moment(asked: Touring, delay: int, plans: Mapping[int, TourPlan], costs: Mapping[int, TourCost]) -> Moment:
    """Return what tours that leave no earlier than in so many days come to."""
    later, plan = delayed(asked, delay), plans[delay]
    done, today = plan.done, plans[DELAYS[0]].done
    return Moment(
        delay_days=delay,
        value_fen=_money(price_tours(later, TourPlan(tours=()))) - _money(costs[delay]),
        served=len(done),
        rescued=sum(job.id in done and left_out_price(later, job)[0] is Instead.NOBODY for job in later.jobs),
        van_days=sum(len(tour.days) for tour in plan.tours),
        leaves_day=min((tour.first_day for tour in plan.tours), default=None),
        lost_job_ids=tuple(job.id for job in asked.jobs if job.id in today and job.last_s < _opens_s(later, delay)),
    )


def _not_before(base: TourPlan, day: int) -> TourPlan:
    """Return those tours that leave on a day or later as it is."""
    return TourPlan(tours=tuple(tour for tour in base.tours if tour.first_day >= day))


def _today(asked: Touring) -> int:
    """Return the day of the moment of planning: tours that were taken up again are planned on in mid-horizon."""
    return max(0, asked.now_s // DAY_S)


def _part_of(progress: Callable[[float], None], turn: int) -> Callable[[float], None]:
    """Return what tells the progress of one of the moments as that of all."""
    return lambda share: progress((turn + share) / len(DELAYS))


def delayed(asked: Touring, delay: int) -> Touring:
    """Return the same question with tours leaving no earlier than in so many days, for as many days as before.

    All delays share one horizon, so that a job costs the same to leave out whichever is asked. Walk-ins gather as they
    wait. Crews work beyond what is known as they did a week before.
    """
    days = asked.days + DELAYS[-1]
    since = {village.id: _gathered(village.last_visit_day) for village in asked.villages}
    return replace(
        asked,
        days=days,
        crews=tuple(_available(crew, asked.days, _today(asked), delay) for crew in asked.crews),
        jobs=tuple(_grown(job, since[job.village_id], delay) for job in asked.jobs),
    )


def _gathered(last_visit_day: int | None) -> int:
    return MOST_GATHERED if last_visit_day is None else min(MOST_GATHERED, max(1, -last_visit_day))


def _available(crew: Crew, days: int, today: int, delay: int) -> Crew:
    known = set(crew.out_days)
    for day in range(days, days + DELAYS[-1]):
        if day - 7 in known:
            known.add(day)
    first = 0 if crew.on_the_road is not None else today + delay
    days_out = frozenset(day for day in known if first <= day < delay + days)
    return replace(crew, days=days_out, no_van=frozenset())


def _grown(job: TourJob, since: int, delay: int) -> TourJob:
    if job.kind is not WorkKind.WALK_IN:
        return job
    more = min(MOST_GATHERED, since + delay)
    outlet_fen = None if job.outlet_fen is None else job.outlet_fen * more // since
    return replace(job, outlet_fen=outlet_fen, expected=job.expected * more // since)


def _money(cost: TourCost) -> int:
    """Return a cost without the prices of promises: those are weights, nobody pays them."""
    return cost.total - cost.kept - cost.breaches


def _put_off(base: TourPlan, delay: int) -> TourPlan:
    """Return tours as they would be so many days later."""
    return TourPlan(
        tours=tuple(
            replace(tour, days=tuple(replace(day, day=day.day + delay) for day in tour.days)) for tour in base.tours
        )
    )


def _opens_s(asked: Touring, delay: int) -> int:
    """Return the earliest time at which any crew could begin work after so many days."""
    return (_today(asked) + delay) * DAY_S + min((crew.service_s[0] for crew in asked.crews), default=0)


def _forced(asked: Touring, plan: TourPlan, base: TourPlan | None) -> tuple[Forced, ...]:
    """Return the jobs that tours leaving today do and whose time runs out before the last moment looked at.

    base: the tours that are to leave today; dates that they do not keep force nobody.
    """
    done = plan.done
    forced = []
    for job in sorted(asked.jobs, key=lambda job: (job.last_s, job.id)):
        if job.id not in done or job.kind is WorkKind.WALK_IN or job.last_s >= _opens_s(asked, DELAYS[-1]):
            continue
        nobody = left_out_price(asked, job)[0] is Instead.NOBODY
        date = asked.date + dt.timedelta(days=job.last_s // DAY_S)
        what, what_zh = _TIMES[job.kind]
        other, other_zh = (
            ("nobody else can do it", "没有其他人可以上门")
            if nobody
            else ("an outlet would have to go", "只能由网点上门")
        )
        forced.append(
            Forced(
                job_id=job.id,
                by_day=job.last_s // DAY_S,
                nobody_else=nobody,
                sentence=f"{what} of {job.id} ends on {date.isoformat()}; after it {other}.",
                sentence_zh=f"{job.id} 的{what_zh}于 {date.isoformat()} 到期；此后{other_zh}。",
            )
        )
    return (*_told(asked, plan if base is None else base), *forced)


def _told(asked: Touring, plan: TourPlan) -> Iterator[Forced]:
    """Yield the villages that were told a date which tours of a plan keep, and later ones would not."""
    told = defaultdict(list)
    for village in asked.villages:
        for one in village.told:
            told[one.stop_id, one.day].append(village.name)
    for tour, day, visit in plan.visits():
        if tour.first_day >= _today(asked) + DELAYS[-1]:
            continue
        date = asked.date + dt.timedelta(days=day.day)
        for name in told.pop((visit.village_id, day.day), ()):
            yield Forced(
                job_id=visit.job_id,
                by_day=tour.first_day,
                nobody_else=True,
                sentence=f"People of {name} were told {date.isoformat()}; that tour leaves in time.",
                sentence_zh=f"已向{name}公布 {date.isoformat()}，须按时出发。",
            )


_TIMES = {
    WorkKind.CALL: ("The clock", "时限"),
    WorkKind.CONSENTED: ("The consent to wait", "等候同意"),
    WorkKind.PREVENTIVE: ("The tolerance", "保养容差期"),
}


def _is_under_way(asked: Touring) -> bool:
    """Tell whether a crew is on the road already: its tour goes on, and nobody can put it off."""
    return any(crew.on_the_road is not None for crew in asked.crews)


def _advice(moments: list[Moment], forced: tuple[Forced, ...], threshold_fen: int, today: int) -> Advice:
    """Return the moment of the greatest value, no later than what forces a tour allows.

    Tours that may leave today but do best to leave in a week are advised in a week.
    """
    worth = [moment for moment in moments if moment.value_fen >= max(1, threshold_fen)]
    binding = min((one.by_day - today for one in forced if one.nobody_else), default=None)
    if binding is not None:
        worth = [moment for moment in moments if moment.delay_days <= binding] or moments[:1]
    if not worth:
        return Advice.NOT_WORTH
    best = max(worth, key=lambda moment: (moment.value_fen, -moment.delay_days))
    leaves = max(best.delay_days, (best.leaves_day or 0) - today)
    if binding is not None:
        leaves = min(leaves, max(binding, best.delay_days))
    return _BY_DELAY[max(delay for delay in DELAYS if delay <= max(0, leaves))]
