"""Between a tour in numbers and a tour as a plan states it."""

import numpy as np

from optimizer.search.readback import read_route
from optimizer.tours.columns import Column, stands_on
from optimizer.tours.drafting import draft
from optimizer.tours.ground import HOME, Ground
from optimizer.tours.plan import Tour, TourDay, Visit
from optimizer.tours.shapes import Shape, Terms, is_possible, lay_out, row_hours, sleeps_at

__all__ = ["column_of_tour", "read_tour"]


def column_of_tour(ground: Ground, tour: Tour) -> Column | None:
    """Return a tour in numbers, without what it may no longer do; None when nothing is left of it."""
    asked = ground.asked
    crews = {crew.id: c for c, crew in enumerate(asked.crews)}
    beds = {lodging.id: number for number, lodging in enumerate(asked.lodgings)}
    jobs = {job.id: j for j, job in enumerate(asked.jobs)}
    villages = {village.id: v for v, village in enumerate(asked.villages)}
    if tour.crew_id not in crews or any(d.lodging_id not in beds for d in tour.days[:-1]):
        return None
    shape = Shape(
        crew=crews[tour.crew_id],
        first=tour.first_day,
        nights=tuple(beds[day.lodging_id] for day in tour.days[:-1] if day.lodging_id is not None),
    )
    if not is_possible(ground, shape):
        return None
    at = ground.village.copy()
    for day in tour.days:
        for visit in day.visits:
            if visit.job_id in jobs and villages.get(visit.village_id) in ground.stands[jobs[visit.job_id]]:
                at[jobs[visit.job_id]] = villages[visit.village_id]
    routes = [tuple(jobs[v.job_id] for v in day.visits if v.job_id in jobs) for day in tour.days]
    prize = np.zeros(len(asked.jobs), np.int64)
    own = [job for jobs_of_day in routes for job in jobs_of_day]
    prize[own] = ground.search_fen[own]
    drafted = draft(ground, [shape], Terms(prize=prize, at=at, given=True), 25, 0, [routes])
    return drafted[0] if drafted else None


def read_tour(ground: Ground, column: Column) -> Tour:
    """Return a tour with all its times; the first departure of a day is as late as it can be."""
    asked, shape = ground.asked, column.shape
    crew = asked.crews[shape.crew]
    at = stands_on(ground, [column])
    prize = np.zeros(len(asked.jobs), np.int64)
    prize[list(column.jobs)] = 1
    laid = lay_out(ground, [shape], Terms(prize=prize, at=at, given=True))
    row_of = {day: v for v, (_, day) in enumerate(laid.rows)}
    ids = [asked.jobs[j].id for j in laid.jobs]
    names = [f"{crew.id} on day {day}" for _, day in laid.rows]
    days = []
    for offset, visits in enumerate(column.days):
        day = shape.first + offset
        lodging = shape.nights[offset] if offset < len(shape.nights) else HOME
        lodging_id = None if lodging == HOME else asked.lodgings[lodging].id
        leaves, returns = sleeps_at(ground, shape, day)
        if not visits:
            start = row_hours(ground, crew, day, returns)[0]
            seconds, metres = (int(table[crew.mode][leaves, returns]) for table in (ground.seconds, ground.metres))
            days.append(
                TourDay(
                    day=day,
                    depart_s=start,
                    visits=(),
                    arrive_s=start + seconds,
                    travel_s=seconds,
                    travel_m=metres,
                    lodging_id=lodging_id,
                )
            )
            continue
        route = read_route(laid.problem, row_of[day], [laid.place_of[job] for job, _ in visits], ids, names)
        days.append(
            TourDay(
                day=day,
                depart_s=route.depart_s,
                visits=tuple(
                    Visit(
                        job_id=stop.job_id,
                        village_id=asked.villages[village].id,
                        start_s=stop.start_s,
                        end_s=stop.end_s,
                        travel_s=stop.travel_s,
                        travel_m=stop.travel_m,
                    )
                    for stop, (_, village) in zip(route.stops, visits, strict=True)
                ),
                arrive_s=route.return_s,
                travel_s=route.return_travel_s,
                travel_m=route.return_travel_m,
                lodging_id=lodging_id,
                break_start_s=route.break_start_s,
            )
        )
    return Tour(crew_id=crew.id, days=tuple(days))
