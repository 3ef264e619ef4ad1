"""The soonest that anybody could begin a job, whatever else the tours do: what a clock has to leave time for."""

from collections.abc import Iterator
from dataclasses import replace

from optimizer.model import DAY_S
from optimizer.tours.ground import Ground, able_days
from optimizer.tours.model import TourJob
from optimizer.tours.shaping import hops_home

__all__ = ["soonest_s"]

NEVER_S = 1 << 50


def soonest_s(ground: Ground, number: int, *, waits_for_kit: bool = True) -> int | None:
    """Return the soonest that a crew on a tour for nothing else could begin a job, in time for its clock or not.

    None where none gets there. waits_for_kit: leaves no earlier than its parts are there.
    """
    asked = ground.asked
    job = replace(asked.jobs[number], last_s=NEVER_S)
    own = asked.villages[int(ground.village[number])]
    kit_s = int(ground.kit_s[number]) if waits_for_kit else 0
    found = []
    for c, crew in enumerate(asked.crews):
        seconds = ground.seconds[crew.mode]
        points = [*range(len(asked.villages), len(asked.villages) + len(asked.lodgings)), int(ground.home[c])]
        hops = hops_home(ground, c).tolist()
        for day in (day for day, may in enumerate(able_days(asked, crew, job, own)) if may):
            opens_s, closes_s = (day * DAY_S + at_s for at_s in crew.service_s)
            for point, leaves_s in _mornings(ground, c, job, day, hops, kit_s):
                for village in (stop for stop in ground.stands[number] if ground.road[stop, day]):
                    there_s = int(seconds[point, village])
                    at_s = _in_window(job, max(leaves_s + there_s, opens_s, job.first_s))
                    if there_s + int(seconds[village, points].min()) <= asked.driving_s and at_s <= closes_s:
                        found.append(at_s)
    return min(found, default=None)


def _mornings(ground: Ground, c: int, job: TourJob, day: int, hops: list[int], kit_s: int) -> Iterator[tuple[int, int]]:
    """Yield where a crew may wake up on a day, and when it leaves: at home, or in a bed that it could be in by then."""
    asked, crew = ground.asked, ground.asked.crews[c]
    base, road = len(asked.villages), crew.on_the_road
    leaves_s = max(day * DAY_S + crew.day_s[0], crew.free_s, asked.now_s)
    if road is not None and day == road.day:
        if kit_s <= leaves_s or job.id in road.aboard:
            beds = {lodging.id: base + number for number, lodging in enumerate(asked.lodgings)}
            yield int(ground.home[c]) if road.lodging_id is None else beds[road.lodging_id], leaves_s
        return
    yield int(ground.home[c]), max(leaves_s, kit_s)
    before = _days_before(ground, c, day)
    goes_on = road is not None and day - before <= road.day
    for bed, nights in enumerate(hops):
        in_time = nights <= min(before, asked.levers.nights) and kit_s < (day - nights + 1) * DAY_S
        if ground.beds[bed, day - 1] and (in_time or goes_on):
            yield base + bed, leaves_s


def _days_before(ground: Ground, c: int, day: int) -> int:
    """Return on how many days in a row before a day a crew could be on its way already."""
    asked, crew = ground.asked, ground.asked.crews[c]
    first = max(asked.now_s, crew.free_s) // DAY_S
    count = 0
    while day - count - 1 >= first and ground.works[c, day - count - 1]:
        count += 1
    return count


def _in_window(job: TourJob, at_s: int) -> int:
    """Return the first moment from one on at which a job may begin, as far as its windows say."""
    if not job.windows:
        return at_s
    return min((max(at_s, first) for first, last in job.windows if last >= at_s), default=NEVER_S)
