"""What tours cost: the only place where their objective is written, in plain Python."""

from collections.abc import Iterable, Iterator

from optimizer.model import DAY_S
from optimizer.tours.model import Touring, TourJob, WorkKind
from optimizer.tours.plan import Instead, Tour, TourCost, TourPlan
from optimizer.tours.unkept import unkept

__all__ = [
    "carry_in_price",
    "early_late_price",
    "fair_nights",
    "left_out_price",
    "price_tours",
    "standing_villages",
    "tour_price",
    "unfair_nights_price",
    "unvisited_price",
    "unvisited_villages",
    "waiting_price",
]


def waiting_price(asked: Touring, job: TourJob, day: int) -> int:
    """Return the price of the customer's waiting until a day: started days since the call."""
    if job.reported_s is None:
        return 0
    weight = asked.charges.weight_percent[job.customer_class]
    days = max(0, day - job.reported_s // DAY_S)
    return weight * asked.charges.waiting_fen_per_day * days // 100


def early_late_price(asked: Touring, job: TourJob, day: int) -> int:
    """Return the price of a preventive visit before or after its due date."""
    if job.due_day is None:
        return 0
    early, late = max(0, job.due_day - day), max(0, day - job.due_day)
    return early * asked.charges.early_fen_per_day + late * asked.charges.late_fen_per_day


def carry_in_price(asked: Touring, job: TourJob, village_id: str) -> int:
    """Return the price of doing a job in this village."""
    return 0 if village_id == job.village_id else asked.charges.carry_in_fen


def left_out_price(asked: Touring, job: TourJob) -> tuple[Instead, int]:
    """Return what becomes of a job that no tour does, and its price.

    An outlet does what runs out within the horizon, if one can; what may wait costs as much, and its customer's waiting
    until the horizon ends. What people bring is worth a visit to each of those expected.
    """
    charges = asked.charges
    alone = charges.alone_fen if job.outlet_fen is None else job.outlet_fen
    if job.kind is WorkKind.WALK_IN and job.outlet_fen is None:
        alone = charges.alone_fen * job.expected // 100
    if job.kind is WorkKind.WALK_IN or job.last_s >= asked.days * DAY_S:
        return Instead.LATER, charges.defer_percent * alone // 100 + waiting_price(asked, job, asked.days)
    if job.outlet_fen is not None:
        return Instead.OUTLET, job.outlet_fen
    breach = charges.clock_breach_fen if job.kind is WorkKind.CALL else charges.promise_breach_fen
    return Instead.NOBODY, charges.weight_percent[job.customer_class] * breach // 100


def standing_villages(asked: Touring) -> frozenset[str]:
    """Return the villages that nobody will have visited for `unvisited_days` when the horizon ends, without a tour."""
    least = asked.days - asked.charges.unvisited_days
    return frozenset(v.id for v in asked.villages if v.last_visit_day is None or v.last_visit_day < least)


def unvisited_villages(asked: Touring, plan: TourPlan) -> frozenset[str]:
    """Return those of them that no tour of the plan stops in."""
    return standing_villages(asked) - {village_id for village_id, _ in plan.stops}


def unvisited_price(asked: Touring, standing: int, unvisited: int) -> int:
    """Return the price of so many villages unvisited, of so many that are due: the floor allows some."""
    allowed = standing * (100 - asked.charges.unvisited_percent) // 100
    return max(0, unvisited - allowed) * asked.charges.unvisited_fen


def fair_nights(asked: Touring, nights: int) -> int:
    """Return a crew's fair share when the crews spend so many nights away, those before the horizon included."""
    before = sum(crew.nights_before for crew in asked.crews)
    return -(-(before + nights) // max(1, len(asked.crews)))


def unfair_nights_price(asked: Touring, nights_of: dict[str, int]) -> int:
    """Return the price of nights above the fair share; by crew, those of the plan only."""
    fair = fair_nights(asked, sum(nights_of.values()))
    over = (
        crew.people * max(0, min(nights_of.get(crew.id, 0), crew.nights_before + nights_of.get(crew.id, 0) - fair))
        for crew in asked.crews
    )
    return sum(over) * asked.charges.unfair_night_fen


def tour_price(asked: Touring, tour: Tour) -> TourCost:
    """Return what one tour costs by itself."""
    charges = asked.charges
    crew = next(crew for crew in asked.crews if crew.id == tour.crew_id)
    lodgings = {lodging.id: lodging.price_fen for lodging in asked.lodgings}
    jobs = {job.id: job for job in asked.jobs}
    visits = [(jobs[visit.job_id], visit, day.day) for day in tour.days for visit in day.visits]
    return TourCost(
        tours=0 if crew.on_the_road is not None and tour.first_day == crew.on_the_road.day else charges.tour_fen,
        wages=crew.people * charges.day_fen * (tour.last_day - tour.first_day + 1),
        per_diem=crew.people * charges.per_diem_fen * tour.nights,
        lodging=crew.people * sum(lodgings[day.lodging_id] for day in tour.days if day.lodging_id is not None),
        driving=sum(metres * charges.fen_per_km[crew.mode] // 1000 for metres in _legs(tour)),
        waiting=sum(waiting_price(asked, job, day) for job, _, day in visits),
        early_late=sum(early_late_price(asked, job, day) for job, _, day in visits),
        carry_in=sum(carry_in_price(asked, job, visit.village_id) for job, visit, _ in visits),
    )


def price_tours(asked: Touring, plan: TourPlan) -> TourCost:
    """Return what a plan costs, jobs that it leaves out included."""
    parts = [tour_price(asked, tour) for tour in plan.tours]
    done = plan.done
    left = [left_out_price(asked, job) for job in asked.jobs if job.id not in done]
    nights_of: dict[str, int] = {}
    for tour in plan.tours:
        nights_of[tour.crew_id] = nights_of.get(tour.crew_id, 0) + tour.nights
    whole = TourCost(
        outlets=sum(fen for instead, fen in left if instead is Instead.OUTLET),
        deferred=sum(fen for instead, fen in left if instead is Instead.LATER),
        breaches=sum(fen for instead, fen in left if instead is Instead.NOBODY),
        kept=asked.charges.keep_fen * len(unkept(asked, plan)),
        unvisited=unvisited_price(asked, len(standing_villages(asked)), len(unvisited_villages(asked, plan))),
        unfair_nights=unfair_nights_price(asked, nights_of),
    )
    return _added([*parts, whole])


def _legs(tour: Tour) -> Iterator[int]:
    """Yield the metres of every leg."""
    for day in tour.days:
        for visit in day.visits:
            yield visit.travel_m
        yield day.travel_m


def _added(costs: Iterable[TourCost]) -> TourCost:
    costs = list(costs)
    return TourCost(**{name: sum(getattr(cost, name) for cost in costs) for name in TourCost.__slots__})
