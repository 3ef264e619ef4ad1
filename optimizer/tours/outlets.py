"""What a call costs without a tour: the nearest capable outlet's visit to it alone, by the day's tariff."""

from dataclasses import replace

import numpy as np

from optimizer.candidates import nearest_capable_outlets
from optimizer.cost import contract_price, contract_tariff
from optimizer.measure import service_seconds
from optimizer.model import DAY_S, Day, Job, Outlet, Ownership, TravelMode
from optimizer.roster import Roster
from optimizer.tours.model import Touring, TourJob, Village
from optimizer.travel import TravelTimes, there_and_back

__all__ = ["open_day", "with_outlets"]


def with_outlets(asked: Touring, day: Day, travel: TravelTimes) -> Touring:
    """Return the question with the nearest capable outlet of each job, and what its visit would cost.

    day: the same days, with the jobs of the tours as its own; a job that it does not have, such as what people bring,
    has no outlet. A contract outlet is paid by its tariff; own people cost their way there and back, and their time.
    Where the road is cut off until a job's time is over, no outlet comes either.
    """
    villages = {village.id: village for village in asked.villages}
    lost = {job.id for job in asked.jobs if open_day(asked, villages[job.village_id], job) is None}
    visits = {job_id: found for job_id, found in _visits(day, travel) if job_id not in lost}
    return replace(
        asked,
        jobs=tuple(
            replace(job, outlet_id=visits[job.id][0], outlet_fen=visits[job.id][1]) if job.id in visits else job
            for job in asked.jobs
        ),
    )


def open_day(asked: Touring, village: Village, job: TourJob) -> int | None:
    """Return the first day from now on, of those on which the job may be done, on which a road leads to its village.

    Beyond the horizon every road is open; None where all of them are cut off until the job's time is over.
    """
    first = max(0, asked.now_s // DAY_S, job.first_s // DAY_S)
    last = min(asked.days, job.last_s // DAY_S)
    return next((day for day in range(first, max(first, last) + 1) if day not in village.cut_off), None)


def _visits(day: Day, travel: TravelTimes) -> list[tuple[str, tuple[str, int]]]:
    """Return outlet and price of each job's visit, by job id; travel is asked outlet by outlet."""
    nearest = nearest_capable_outlets(Roster(day), travel).outlet[:, 0]
    found = []
    for place in np.unique(nearest[nearest >= 0]).tolist():
        outlet = day.outlets[place]
        rows = np.flatnonzero(nearest == place).tolist()
        base = np.array([outlet.position], np.float64)
        there, back = there_and_back(
            travel, base, np.array([day.jobs[row].position for row in rows], np.float64), TravelMode.CAR
        )
        for number, row in enumerate(rows):
            seconds = int(there.seconds[0, number]) + int(back.seconds[number, 0])
            metres = int(there.metres[0, number]), int(back.metres[number, 0])
            found.append((day.jobs[row].id, (outlet.id, _price(day, day.jobs[row], outlet, seconds, metres))))
    return found


def _price(day: Day, job: Job, outlet: Outlet, seconds: int, metres: tuple[int, int]) -> int:
    tariff, service_s = day.tariff, service_seconds(job, outlet)
    if outlet.ownership is Ownership.CONTRACT:
        return contract_price(contract_tariff(tariff, outlet), metres[0], service_s)
    wage = tariff.travel_fen_per_hour[Ownership.OWN] * job.crew
    return (seconds + service_s) * wage // 3600 + sum(metres) * tariff.fen_per_km[TravelMode.CAR] // 1000
