"""What tours that go together cost, from arrays: the same sum as `price_tours`, and whether they go together at all."""

from collections.abc import Sequence
from itertools import pairwise

from optimizer.tours.columns import Column
from optimizer.tours.cost import standing_villages, unfair_nights_price, unvisited_price
from optimizer.tours.ground import Ground
from optimizer.tours.holding import promises

__all__ = ["Weigher"]


class Weigher:
    """Prices sets of tours of one problem."""

    def __init__(self, ground: Ground) -> None:
        self.ground = ground
        asked = ground.asked
        self._standing = {v for v, village in enumerate(asked.villages) if village.id in standing_villages(asked)}
        self._left = int(ground.left_fen.sum())
        place = {job.id: index for index, job in enumerate(asked.jobs)}
        self._locked = [
            (next(c for c, crew in enumerate(asked.crews) if crew.id == locked.crew_id), locked.day, place[job_id])
            for locked in asked.levers.locked
            for job_id in locked.job_ids
        ]
        self._must = {v for v, village in enumerate(asked.villages) if village.id in asked.levers.must_visit}
        self._told = promises(asked)
        self._away = {(c, crew.on_the_road.day) for c, crew in enumerate(asked.crews) if crew.on_the_road is not None}
        self._apart = [
            (place[a], place[b], spacing.least_days, spacing.most_days)
            for spacing in asked.spacings
            for a, b in pairwise(spacing.job_ids)
        ]

    def fen(self, columns: Sequence[Column]) -> int | None:
        """Return what these tours and all that they leave out cost; None when they do not go together."""
        asked = self.ground.asked
        if not self.goes_together(columns):
            return None
        fen = self._left
        nights_of: dict[str, int] = {}
        stops: set[tuple[int, int]] = set()
        done: set[tuple[int, int, int]] = set()
        for column in columns:
            fen += column.fen
            crew = asked.crews[column.shape.crew].id
            nights_of[crew] = nights_of.get(crew, 0) + len(column.shape.nights)
            for offset, visits in enumerate(column.days):
                day = column.shape.first + offset
                for job, village in visits:
                    fen -= int(self.ground.left_fen[job])
                    stops.add((village, day))
                    done.add((column.shape.crew, day, job))
        stopped = {village for village, _ in stops}
        missed = len(self._must - stopped) + sum(lock not in done for lock in self._locked)
        missed += sum(count for stop, count in self._told.items() if stop not in stops)
        missed += len(self._away - {(column.shape.crew, column.shape.first) for column in columns})
        fen += asked.charges.keep_fen * missed + unfair_nights_price(asked, nights_of)
        return fen + unvisited_price(asked, len(self._standing), len(self._standing - stopped))

    def goes_together(self, columns: Sequence[Column]) -> bool:
        """Return whether no job, crew-day or contact is taken twice, van-days do, visits lie far enough apart, and
        whoever is away comes home before leaving again.
        """
        begun = {(column.shape.crew, column.shape.first) for column in columns}
        stranded = {crew for crew, day in self._away if (crew, day) not in begun}
        return self._are_apart(columns) and not any(column.shape.crew in stranded for column in columns)

    def stands(self, column: Column) -> bool:
        """Return whether a tour can be one of some that go together: one that brings a crew home may be among these."""
        return self._are_apart([column])

    def _are_apart(self, columns: Sequence[Column]) -> bool:
        asked = self.ground.asked
        busy: set[tuple[int, int]] = set()
        meets: dict[tuple[str, int], int] = {}
        day_of: dict[int, int] = {}
        for column in columns:
            for offset, visits in enumerate(column.days):
                day, crew = column.shape.first + offset, column.shape.crew
                if (crew, day) in busy:
                    return False
                busy.add((crew, day))
                for job, village in visits:
                    contact = asked.villages[village].contact
                    if job in day_of or (contact and meets.setdefault((contact, day), crew) != crew):
                        return False
                    day_of[job] = day
        if asked.levers.van_days is not None and len(busy) > asked.levers.van_days:
            return False
        return all(
            least <= day_of[b] - day_of[a] <= most for a, b, least, most in self._apart if a in day_of and b in day_of
        )
