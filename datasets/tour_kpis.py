"""Key figures of tours: what they do, what they cost, and what the same jobs would cost at an outlet."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field

from datasets.tour_map import village_status
from datasets.tour_names import Toured
from datasets.tour_papers import days_unvisited
from optimizer.tours.model import WorkKind
from optimizer.tours.plan import TourCost, Visit

__all__ = ["ROAD_ITEMS", "TourKpis", "tour_kpis"]

ROAD_ITEMS = ("tours", "wages", "per_diem", "lodging", "driving")
"""What is paid for being on the road: the items that a price per job is made of."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TourKpis:
    """The figures of kpis.json; fen, None where there is nothing to divide by.

    road_fen_per_job: what the tours cost on the road, per job done. priced_jobs: done, and an outlet could have done
    them, for outlet_fen_per_job each on average. gap: how far the cost may be from the best choice among the tours met,
    as a share of what is paid. kit_lines: parts of known jobs; fixed_on_spot_permille: by tour, the chance that what an
    unknown fault needs is aboard. villages_unvisited: longest first, days until the end of the horizon, None for never.
    """

    tours: int
    crews: int
    days: int
    nights: int
    nights_by_crew: Mapping[str, int]
    distance_m: int
    driving_s: int
    service_s: int
    villages_visited: int
    villages_covered: int
    villages_uncovered: int
    jobs: int
    jobs_by_kind: Mapping[str, int]
    carried_in: int
    expected_walk_ins: float
    left_out: int
    left_out_by_rule: Mapping[str, int]
    instead: Mapping[str, int]
    cost_fen: Mapping[str, int]
    total_fen: int
    bound_fen: int
    gap: float | None
    candidates: int
    road_fen_per_job: int | None
    priced_jobs: int
    outlet_fen_per_job: int | None
    announced: int
    announced_kept: int
    kit_lines: int
    kit_lines_in_time: int
    kit_freight_fen: int
    spare_lines: int
    fixed_on_spot_permille: Mapping[str, int]
    unvisited_days: int
    villages_unvisited: Mapping[str, int | None] = field(default_factory=dict)

    def as_dict(self) -> dict[str, object]:
        """Return the figures as they stand in kpis.json."""
        return asdict(self)


def tour_kpis(toured: Toured) -> TourKpis:
    """Return the key figures of planned tours."""
    asked, result = toured.asked, toured.result
    days = [(tour, day) for tour in toured.tours for day in tour.days]
    visits = [visit for _, day in days for visit in day.visits]
    jobs = [toured.jobs[visit.job_id] for visit in visits]
    outlet = [job.outlet_fen for job in jobs if job.outlet_fen is not None]
    status = Counter(village_status(toured).values())
    left = result.plan.left_out
    stops = {(visit.village_id, day.day) for _, day in days for visit in day.visits}
    announced = [(told.stop_id, told.day) for village in asked.villages for told in village.told]
    nights = Counter({crew.id: 0 for crew in asked.crews})
    for tour in toured.tours:
        nights[tour.crew_id] += tour.nights
    # Promises have weights that would drown what anybody pays.
    paid = result.cost.total - result.cost.kept - result.cost.breaches
    return TourKpis(
        tours=len(toured.tours),
        crews=len({tour.crew_id for tour in toured.tours}),
        days=len(days),
        nights=sum(nights.values()),
        nights_by_crew=dict(nights),
        distance_m=sum(day.travel_m for _, day in days) + sum(visit.travel_m for visit in visits),
        driving_s=sum(day.travel_s for _, day in days) + sum(visit.travel_s for visit in visits),
        service_s=sum(visit.end_s - visit.start_s for visit in visits),
        villages_visited=status["visited"],
        villages_covered=status["covered"],
        villages_uncovered=status["uncovered"],
        jobs=len(jobs),
        jobs_by_kind={str(kind): sum(job.kind is kind for job in jobs) for kind in WorkKind},
        carried_in=sum(_carried_in(toured, visit) for visit in visits),
        expected_walk_ins=sum(job.expected for job in jobs) / 100,
        left_out=len(left),
        left_out_by_rule=dict(sorted(Counter(str(one.rule) for one in left).items())),
        instead=dict(sorted(Counter(str(one.instead) for one in left).items())),
        cost_fen=_items(result.cost),
        total_fen=result.cost.total,
        bound_fen=result.bound_fen,
        gap=None if not paid else (result.cost.total - result.bound_fen) / paid,
        candidates=result.candidates,
        road_fen_per_job=_mean([sum(getattr(result.cost, item) for item in ROAD_ITEMS)], len(jobs)),
        priced_jobs=len(outlet),
        outlet_fen_per_job=_mean(outlet, len(outlet)),
        announced=len(announced),
        announced_kept=sum(stop in stops for stop in announced),
        kit_lines=sum(bool(order.job_id) for order in toured.kit_orders),
        kit_lines_in_time=sum(order.in_time for order in toured.kit_orders if order.job_id),
        kit_freight_fen=sum(order.cost_fen for order in toured.kit_orders),
        spare_lines=sum(not order.job_id for order in toured.kit_orders),
        fixed_on_spot_permille={id_: kit.fixed_on_spot_permille for id_, kit in toured.kits.items()},
        unvisited_days=asked.charges.unvisited_days,
        villages_unvisited=dict(days_unvisited(toured)),
    )


def _carried_in(toured: Toured, visit: Visit) -> bool:
    return toured.jobs[visit.job_id].village_id != visit.village_id


def _items(cost: TourCost) -> dict[str, int]:
    return {name: getattr(cost, name) for name in cost.__slots__}


def _mean(fen: list[int], number: int) -> int | None:
    return round(sum(fen) / number) if number else None
