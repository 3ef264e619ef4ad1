"""Shapes worth a try: drawn where much is to be done near a bed, and changed a little."""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from optimizer.tours.ground import HOME, Ground
from optimizer.tours.shapes import Shape, is_possible

__all__ = ["Shaper", "hops_home"]

NEAR_S = 2_700
"""Work counts less for a bed the farther it is: by a factor e for every so many seconds."""
STAY = 0.4
"""Chance that the next night is in the same bed."""
TRIES = 20


class Shaper:
    """Draws shapes for the crews of a problem; one generator decides all."""

    def __init__(self, ground: Ground, seed: int) -> None:
        self.ground = ground
        self.draws = np.random.default_rng(seed)
        asked = ground.asked
        base, beds = len(asked.villages), len(asked.lodgings)
        self._between: list[NDArray[np.int64]] = []
        self._home: list[NDArray[np.int64]] = []
        self._hops: list[NDArray[np.int64]] = []
        for c, crew in enumerate(asked.crews):
            seconds = ground.seconds[crew.mode]
            between = seconds[base : base + beds, base : base + beds]
            home = np.maximum(seconds[base : base + beds, ground.home[c]], seconds[ground.home[c], base : base + beds])
            self._between.append(between)
            self._home.append(home)
            self._hops.append(hops_home(ground, c))
        self._draw_s = [
            np.exp(-ground.seconds[crew.mode][base : base + beds][:, ground.village] / NEAR_S) for crew in asked.crews
        ]

    def new(self, prize: NDArray[np.int64], crew: int | None = None) -> Shape | None:
        """Return a shape that could be; None when none was found. prize: (n,) what each job is worth now."""
        ground, draws = self.ground, self.draws
        for _ in range(TRIES if ground.asked.crews else 0):
            c = int(draws.integers(len(ground.asked.crews))) if crew is None else crew
            pull = self._draw_s[c] @ np.minimum(prize, 1_000_000).astype(np.float64) + 1e-9
            first = self._first_day(c)
            if first is None:
                continue
            nights = self._nights(c, pull, int(draws.integers(ground.asked.levers.nights + 1)))
            shape = Shape(crew=c, first=first, nights=nights)
            shape = self._settled(shape)
            if is_possible(ground, shape):
                return shape
        return None

    def changed(self, shape: Shape, prize: NDArray[np.int64]) -> Shape | None:
        """Return a shape a little different; None when none was found."""
        ground, draws = self.ground, self.draws
        for _ in range(TRIES):
            nights = list(shape.nights)
            first, crew = shape.first, shape.crew
            kind = int(draws.integers(6))
            if kind == 0 and nights:
                pull = self._draw_s[crew] @ np.minimum(prize, 1_000_000).astype(np.float64) + 1e-9
                k = int(draws.integers(len(nights)))
                near = pull * np.exp(-self._between[crew][nights[k]] / NEAR_S)
                nights[k] = self._pick(near)
            elif kind == 1 and nights:
                k = int(draws.integers(len(nights)))
                first += k == 0 and bool(draws.integers(2))
                del nights[k]
            elif kind == 2 and ground.asked.lodgings:
                k = int(draws.integers(len(nights) + 1))
                pull = self._draw_s[crew] @ np.minimum(prize, 1_000_000).astype(np.float64) + 1e-9
                here = nights[min(k, len(nights) - 1)] if nights else None
                near = pull * np.exp(-(self._home[crew] if here is None else self._between[crew][here]) / NEAR_S)
                nights.insert(k, self._pick(near))
                first -= k == 0 and bool(draws.integers(2))
            elif kind == 3:
                first += int(draws.choice((-2, -1, 1, 2)))
            elif kind == 4:
                nights.reverse()
            else:
                crew = int(draws.integers(len(ground.asked.crews)))
            new = self._settled(Shape(crew=crew, first=first, nights=tuple(nights)))
            if new != shape and is_possible(ground, new):
                return new
        return None

    def _first_day(self, c: int) -> int | None:
        asked = self.ground.asked
        road = asked.crews[c].on_the_road
        if road is not None and self.draws.random() < 0.5:
            return road.day
        days = np.flatnonzero(self.ground.works[c])
        return int(self.draws.choice(days)) if len(days) else None

    def _nights(self, c: int, pull: NDArray[np.float64], count: int) -> tuple[int, ...]:
        """Return so many beds, each within a day's drive of the last, near much work, and home within reach."""
        nights: list[int] = []
        reach = self.ground.asked.driving_s
        for k in range(count):
            here = self._home[c] if not nights else self._between[c][nights[-1]]
            if nights and self.draws.random() < STAY and self._hops[c][nights[-1]] <= count - k:
                nights.append(nights[-1])
                continue
            weight = pull * np.exp(-here / (2 * NEAR_S)) if nights else pull
            weight = np.where((here <= reach) & (self._hops[c] <= count - k), weight, 0.0)
            if not weight.any():
                break
            nights.append(self._pick(weight))
        return tuple(nights)

    def _pick(self, weight: NDArray[np.float64]) -> int:
        total = weight.sum()
        if total <= 0:
            return int(self.draws.integers(len(weight)))
        return int(self.draws.choice(len(weight), p=weight / total))

    def _settled(self, shape: Shape) -> Shape:
        """Return the shape as it has to be around days off, where nobody moves, and at the edges of the horizon."""
        works = self.ground.works[shape.crew]
        nights = list(shape.nights)[: max(0, len(works) - 1 - shape.first)]
        for offset in range(1, len(nights)):
            day = shape.first + offset
            if 0 <= day < len(works) and not works[day]:
                nights[offset] = nights[offset - 1]
        while nights and 0 <= shape.first + len(nights) < len(works) and not works[shape.first + len(nights)]:
            nights.pop()
        for span in self.ground.asked.levers.spans:
            overlaps = shape.first <= span.last_day and span.first_day <= shape.first + len(nights)
            if span.crew_id == self.ground.asked.crews[shape.crew].id and overlaps:
                length = span.last_day - span.first_day
                nights = (nights + [nights[-1] if nights else HOME] * length)[:length]
                if HOME in nights and self.ground.asked.lodgings:
                    nights = [int(self.draws.integers(len(self.ground.asked.lodgings))) for _ in nights]
                return replace(shape, first=span.first_day, nights=tuple(nights))
        return replace(shape, nights=tuple(nights))


def hops_home(ground: Ground, crew: int) -> NDArray[np.int64]:
    """Return how many days of driving each bed is from a crew's home: 1 where one will do, 1,000 where none ever do."""
    asked, mode = ground.asked, ground.asked.crews[crew].mode
    beds = slice(len(asked.villages), len(asked.villages) + len(asked.lodgings))
    limits = [(ground.seconds[mode], asked.driving_s)]
    if asked.levers.day_metres is not None:
        limits.append((ground.metres[mode], asked.levers.day_metres))
    home, joined = np.ones(len(asked.lodgings), bool), np.ones((len(asked.lodgings), len(asked.lodgings)), bool)
    for ways, most in limits:
        home &= np.maximum(ways[beds, ground.home[crew]], ways[ground.home[crew], beds]) <= most
        joined &= ways[beds, beds] <= most
    hops = np.where(home, 1, 1_000)
    for _ in range(len(home)):
        through = np.where(joined, hops[None, :], 1_000).min(axis=1, initial=1_000) + 1
        better = np.minimum(hops, through)
        if (better == hops).all():
            break
        hops = better
    return hops
