"""The stops of tours: a crew in a village on a day, with all it does there."""

from collections.abc import Iterator
from dataclasses import dataclass

from datasets.tour_names import Toured
from optimizer.model import DAY_S
from optimizer.tours.model import Touring
from optimizer.tours.plan import Tour, TourDay, Visit

__all__ = ["Stop", "is_on_the_road", "leaving_s", "stops_of"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Stop:
    """Visits in one village one after the other. number: of the stop on its day, from 1."""

    tour: Tour
    day: TourDay
    number: int
    village_id: str
    visits: tuple[Visit, ...]

    @property
    def start_s(self) -> int:
        """When the first of them begins."""
        return self.visits[0].start_s

    @property
    def end_s(self) -> int:
        """When the last of them ends."""
        return self.visits[-1].end_s


def stops_of(toured: Toured) -> Iterator[Stop]:
    """Yield the stops of all tours, each tour's in the order of its days and hours."""
    for tour in toured.tours:
        for day in tour.days:
            yield from _stops_of_day(tour, day)


def _stops_of_day(tour: Tour, day: TourDay) -> Iterator[Stop]:
    here: list[Visit] = []
    number = 1
    for visit in day.visits:
        if here and here[-1].village_id != visit.village_id:
            yield _stop(tour, day, number, here)
            here, number = [], number + 1
        here.append(visit)
    if here:
        yield _stop(tour, day, number, here)


def _stop(tour: Tour, day: TourDay, number: int, visits: list[Visit]) -> Stop:
    return Stop(tour=tour, day=day, number=number, village_id=visits[0].village_id, visits=tuple(visits))


def is_on_the_road(asked: Touring, tour: Tour) -> bool:
    """Tell whether a tour goes on with one that has left home: what is not aboard cannot be loaded any more."""
    return any(crew.id == tour.crew_id and crew.goes_on(tour.first_day) is not None for crew in asked.crews)


def leaving_s(asked: Touring, tour: Tour) -> int:
    """Return when a tour leaves home: until then its kits must be there; a crew on the road has left already."""
    if is_on_the_road(asked, tour):
        return min(tour.days[0].depart_s, tour.first_day * DAY_S)
    return tour.days[0].depart_s
