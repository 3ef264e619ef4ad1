"""The kits of planned tours as one sourcing problem: everything is at the crew's outlet when the crew leaves."""

from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace

from datasets.tour_names import KitOrder, SpareShort, tour_id
from datasets.tour_spares import spares_order
from datasets.tour_stops import is_on_the_road, leaving_s
from datasets.tours import TourFolder
from optimizer.budget import Remaining
from optimizer.model import DAY_S, Clock, ClockKind
from optimizer.parts.check import faults
from optimizer.parts.model import Answer, Order, OrderLine, Source, Sourced, Sourcing
from optimizer.parts.sourcing import source
from optimizer.parts.supply import asked_of
from optimizer.tours.kit import Kit, VanPart, VanStock, kit_of, kit_with, unit_worth_fen
from optimizer.tours.model import Crew, Touring, WorkKind
from optimizer.tours.plan import Tour, TourPlan

__all__ = ["Loaded", "kit_orders", "kits_asked", "kits_of", "late_kits", "load_vans"]

GAP = 0.001


@dataclass(frozen=True, slots=True, kw_only=True)
class Loaded:
    """What the vans are loaded with, by tour; the orders for it; and what a checker objects to.

    short: spare parts of which more were wanted than are there.
    """

    kits: Mapping[str, Kit]
    orders: tuple[KitOrder, ...]
    found: tuple[str, ...]
    short: tuple[SpareShort, ...] = ()


def load_vans(folder: TourFolder, asked: Touring, plan: TourPlan, remaining: Remaining) -> Loaded:
    """Return the kits of planned tours and their orders.

    Spare parts of which none is there when the van leaves are of no use to it: others are chosen instead, once; what
    is late then is left. Of others as many are ordered as are there, and these the van is loaded with.
    """
    without: dict[tuple[str, str], SpareShort] = {}
    for _ in range(2):
        kits = kits_of(folder, asked, plan, without)
        orders, found = kit_orders(folder, asked, plan, kits, remaining)
        too_late = [_short(one) for one in orders if not one.job_id and not one.there]
        without |= {(one.tour_id, one.part_id): one for one in too_late}
        if found or not too_late:
            break
    fewer = {(one.tour_id, one.asked_part_id): _short(one) for one in orders if not one.job_id and not one.in_time}
    of_use = tuple(one if one.job_id else _in_time_only(one) for one in orders if one.job_id or one.there)
    return Loaded(
        kits=_with_ordered(folder, asked, plan, kits, of_use),
        orders=of_use,
        found=tuple(found),
        short=tuple(one for _, one in sorted((without | fewer).items())),
    )


def _short(spare: KitOrder) -> SpareShort:
    return SpareShort(
        tour_id=spare.tour_id,
        part_id=spare.asked_part_id,
        wanted=spare.quantity,
        there=spare.there,
        left=spare.left,
    )


def _in_time_only(spare: KitOrder) -> KitOrder:
    """Return the order of a spare part without the units that would come after the van has left."""
    if spare.in_time:
        return spare
    pieces = tuple(piece for piece in spare.pieces if piece.ready_p90_s <= spare.leaves_s)
    missing = spare.quantity - spare.there
    return replace(
        spare,
        part_id=pieces[0].part_id,
        quantity=spare.there,
        answer=str(Answer.CONFIRMED),
        source_id=pieces[0].source_id,
        mode=pieces[0].mode,
        ships_s=pieces[0].ships_s,
        ready_s=max(piece.ready_p90_s for piece in pieces),
        cost_fen=sum(piece.cost_fen for piece in pieces),
        reason_zh=f"只有{spare.there}件能在出发前到，另{missing}件未订",
        pieces=pieces,
        missing=missing,
    )


def _with_ordered(
    folder: TourFolder, asked: Touring, plan: TourPlan, kits: Mapping[str, Kit], orders: Collection[KitOrder]
) -> dict[str, Kit]:
    """Return the kits with those spare parts that are ordered; vans on the road have theirs aboard."""
    crews = {crew.id: crew for crew in asked.crews}
    found = dict(kits)
    for tour in plan.tours:
        if not is_on_the_road(asked, tour):
            id_ = tour_id(asked, tour)
            mine = (one for one in orders if one.tour_id == id_ and not one.job_id)
            sent = {one.asked_part_id: (one.part_id, one.quantity) for one in mine}
            found[id_] = kit_with(asked, tour, _van_stock(folder, crews[tour.crew_id], folder.van_parts), sent)
    return found


def kits_of(
    folder: TourFolder, asked: Touring, plan: TourPlan, late: Collection[tuple[str, str]] = ()
) -> dict[str, Kit]:
    """Return what each tour's van would best be loaded with, spare parts within its volume and what they may cost.

    late: tours and parts that would not be there when the van leaves.
    """
    crews = {crew.id: crew for crew in asked.crews}
    kits = {}
    for tour in plan.tours:
        id_ = tour_id(asked, tour)
        parts = tuple(part for part in folder.van_parts if (id_, part.part_id) not in late)
        kits[id_] = kit_of(asked, tour, _van_stock(folder, crews[tour.crew_id], parts))
    return kits


def _van_stock(folder: TourFolder, crew: Crew, parts: tuple[VanPart, ...]) -> VanStock:
    return VanStock(parts=parts, volume_ml=crew.volume_ml, money_fen=folder.policy.spares_fen)


def kit_orders(
    folder: TourFolder, asked: Touring, plan: TourPlan, kits: Mapping[str, Kit], remaining: Remaining
) -> tuple[tuple[KitOrder, ...], list[str]]:
    """Return the parts that planned tours need, sent by whom and when, and what a checker objects to."""
    tours = _tour_of(asked, plan)
    spares = {spares_order(tour_id(asked, tour)): tour for tour in plan.tours if not is_on_the_road(asked, tour)}
    problem = kits_asked(folder, asked, tours)
    orders = [_spare_order(folder, asked, tour, kits[tour_id(asked, tour)], id_) for id_, tour in spares.items()]
    problem = replace(problem, orders=(*problem.orders, *(order for order in orders if order.lines)))
    whose = {order.id: tours[order.job_id] for order in problem.orders if order.job_id in tours and order.job_id} | {
        order.id: spares[order.id] for order in problem.orders if order.id in spares
    }
    if not whose:
        return (), []
    sourced = source(problem, remaining=remaining, gap=GAP)
    return tuple(_told(asked, problem, sourced, whose)), faults(problem, sourced)


def _spare_order(folder: TourFolder, asked: Touring, tour: Tour, kit: Kit, id_: str) -> Order:
    """Return the order of a tour's spare parts: useful one by one, and lost on this tour once it has left."""
    crew = next(crew for crew in asked.crews if crew.id == tour.crew_id)
    outlet = next(outlet for outlet in folder.day.outlets if outlet.id == crew.outlet_id)
    lines = (line for line in kit.lines if line.is_spare)
    parts = {part.part_id: part for part in folder.van_parts}
    second_visit_fen = folder.day.tariff.second_visit_fen
    return Order(
        id=id_,
        centre_id=outlet.centre_id,
        outlet_id=outlet.id,
        position=outlet.position,
        ordered_s=asked.now_s,
        respond_by_s=asked.now_s + folder.folder.supply.respond_within_s,
        lines=tuple(
            OrderLine(
                id=f"{id_}/{line.part_id}",
                part_id=line.part_id,
                quantity=line.quantity,
                in_time_fen=unit_worth_fen(asked, tour, parts[line.part_id], line.quantity, second_visit_fen),
            )
            for line in lines
        ),
        needed_by_s=leaving_s(asked, tour),
        taken_along=True,
    )


def late_kits(orders: tuple[KitOrder, ...]) -> dict[str, int | None]:
    """Return when the kits that are not there in time can be there, None for those that cannot be had."""
    found: dict[str, int | None] = {}
    for job_id in dict.fromkeys(order.job_id for order in orders if order.job_id and not order.in_time):
        ready = [order.ready_s for order in orders if order.job_id == job_id and order.source_id is not None]
        lines = sum(order.job_id == job_id for order in orders)
        there = [moment for moment in ready if moment is not None]
        found[job_id] = max(there) if len(there) == lines else None
    return found


def _tour_of(asked: Touring, plan: TourPlan) -> dict[str, Tour]:
    """Return the tour of each job whose parts are ordered; what is aboard of a van on the road is not."""
    crews = {crew.id: crew for crew in asked.crews}
    ordered = {job.id for job in asked.jobs if job.order_lines}
    return {
        visit.job_id: tour
        for tour in plan.tours
        for day in tour.days
        for visit in day.visits
        if visit.job_id in ordered and not _aboard(crews[tour.crew_id], visit.job_id)
    }


def _aboard(crew: Crew, job_id: str) -> bool:
    return crew.on_the_road is not None and job_id in crew.on_the_road.aboard


def kits_asked(folder: TourFolder, asked: Touring, tours: Mapping[str, Tour]) -> Sourcing:
    """Return the sourcing problem of the kits of these tours, beside the orders that are open anyway.

    A kit goes to the outlet that its crew leaves from, and is due when it leaves.
    """
    last = max((tour.first_day for tour in tours.values()), default=0)
    supply = replace(folder.folder.supply, horizon_s=max(folder.folder.supply.horizon_s, (last + 2) * DAY_S))
    day = replace(folder.day, jobs=tuple(job for job in folder.day.jobs if job.id in tours))
    problem = asked_of(day, supply)
    first = _first_leaving(asked, tours)
    return replace(
        problem,
        sources=tuple(_with_arrivals(source, first) for source in problem.sources),
        orders=tuple(
            order if order.job_id is None else _for_tour(order, folder, asked, tours.get(order.job_id))
            for order in problem.orders
        ),
    )


def _first_leaving(asked: Touring, tours: Mapping[str, Tour]) -> dict[tuple[str, str], int]:
    """Return when the first tour leaves an outlet with a part, by outlet and part."""
    outlets = {crew.id: crew.outlet_id for crew in asked.crews}
    jobs = {job.id: job for job in asked.jobs}
    found: dict[tuple[str, str], int] = {}
    for job_id, tour in tours.items():
        for line in jobs[job_id].order_lines:
            key, leaves_s = (outlets[tour.crew_id], line.part_id), leaving_s(asked, tour)
            found[key] = min(leaves_s, found.get(key, leaves_s))
    return found


def _with_arrivals(source: Source, first: Mapping[tuple[str, str], int]) -> Source:
    """Return an outlet on whose shelf lies what arrives before the first tour leaves with it.

    Sourcing takes an outlet's own stock as there at once, and a kit has to be there only when its crew leaves.
    """
    if source.outlet_id is None:
        return source
    shelves = dict(source.shelves)
    for part_id, shelf in source.shelves.items():
        leaves_s = first.get((source.outlet_id, part_id))
        if leaves_s is not None:
            there = sum(lot.quantity for lot in shelf.inbound if lot.ready_s <= leaves_s)
            later = tuple(lot for lot in shelf.inbound if lot.ready_s > leaves_s)
            shelves[part_id] = replace(shelf, free=shelf.free + there, inbound=later)
    return replace(source, shelves=shelves)


def _for_tour(order: Order, folder: TourFolder, asked: Touring, tour: Tour | None) -> Order:
    if tour is None:
        return order
    crew = next(crew for crew in asked.crews if crew.id == tour.crew_id)
    outlet = next(outlet for outlet in folder.day.outlets if outlet.id == crew.outlet_id)
    job = next(job for job in asked.jobs if job.id == order.job_id)
    leaves_s = leaving_s(asked, tour)
    return replace(
        order,
        outlet_id=outlet.id,
        centre_id=outlet.centre_id,
        position=outlet.position,
        needed_by_s=leaves_s,
        clocks=(Clock(kind=ClockKind.ARRIVAL, due_s=leaves_s),),
        lead_s=0,
        # Whoever agreed to wait for the tour does not wait for the parts.
        urgent=order.urgent and job.kind is WorkKind.CALL,
    )


def _told(asked: Touring, problem: Sourcing, sourced: Sourced, whose: Mapping[str, Tour]) -> Iterator[KitOrder]:
    answers = {answer.line_id: answer for answer in sourced.answers}
    left = _left(problem, sourced)
    for order in problem.orders:
        if order.id not in whose:
            continue
        tour = whose[order.id]
        for line in order.lines:
            answer = answers[line.id]
            pieces = answer.dispatches
            first = pieces[0] if pieces else None
            yield KitOrder(
                order_line_id=line.id,
                tour_id=tour_id(asked, tour),
                job_id=order.job_id or "",
                part_id=line.part_id if first is None else first.part_id,
                asked_part_id=line.part_id,
                quantity=line.quantity,
                answer=str(answer.answer),
                leaves_s=leaving_s(asked, tour),
                source_id=None if first is None else first.source_id,
                mode=None if first is None else first.mode,
                ships_s=None if first is None else first.ships_s,
                ready_s=max((piece.ready_p90_s for piece in pieces), default=answer.eta_p90_s),
                cost_fen=sum(piece.cost_fen for piece in pieces),
                reason_zh=answer.reason_zh,
                pieces=pieces,
                left=left[line.part_id],
            )


def _left(problem: Sourcing, sourced: Sourced) -> Counter[str]:
    """Return how many units of each part are in stock, or expected, and sent to nobody."""
    units = Counter[str]()
    for holder in problem.sources:
        for part_id, shelf in holder.shelves.items():
            units[part_id] += shelf.free + sum(lot.quantity for lot in shelf.inbound)
    answers = {answer.line_id: answer for answer in sourced.answers}
    for order in problem.orders:
        # What would come after its van has left is not ordered.
        latest_s = order.needed_by_s if order.taken_along else None
        for line in order.lines:
            for piece in answers[line.id].dispatches:
                if latest_s is None or piece.ready_p90_s <= latest_s:
                    units[piece.part_id] -= piece.quantity
    return units
