"""Asks a service for the ways a plan may need that the cache does not know; whatever stops it, what came is kept."""

import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from geo.matrix import NO_WAY
from geo.remote.asker import Asker
from geo.remote.blocks import Question, blocks
from geo.remote.cache import UNKNOWN, CacheState, WayCache
from geo.remote.service import Halted, Reason, Service, Unanswered, no_answer

__all__ = ["Gathered", "Surroundings", "gather"]

VAIN = 200
"""After so many blocks without an answer, one after the other, a service is taken to understand nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What a run takes from outside: clocks in seconds, a way to wait, and whether a person asked to stop."""

    now: Callable[[], float] = time.time
    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep
    stopped: Callable[[], bool] = lambda: False
    progress: Callable[[float], None] = lambda done: None


@dataclass(frozen=True, slots=True, kw_only=True)
class Gathered:
    """Where the ways of a day come from, in ordered pairs of places that differ.

    state: what of the cache to plan with. fetched: answered in this run. cached: known before. estimated: left to the
    estimate, by reason. said: what ended the asking early, "" when nothing did.
    """

    state: CacheState
    fetched: int
    cached: int
    estimated: Mapping[Reason, int]
    said: str


def gather(
    service: Service, cache: WayCache, asked: Sequence[Question], *, max_age_s: int | None, around: Surroundings
) -> Gathered:
    """Fetch what is missing, nearest first, block by block; each answer is in the cache before the next question.

    max_age_s: older answers are asked for again, None for any age.
    """
    cache.prepare()
    since = 0 if max_age_s is None else int(around.now()) - max_age_s
    run = _Run(service, cache, CacheState(number=cache.last(), since=since), around)
    todo = [work for question in asked for work in run.look_up(question)]
    with Asker(service, around.clock, around.sleep) as asker:
        for number, work in enumerate(todo):
            around.progress(number / len(todo))
            run.fetch(asker, work)
    around.progress(1.0)
    return Gathered(
        state=CacheState(number=cache.last(), since=since),
        fetched=run.fetched,
        cached=run.cached,
        estimated={reason: run.estimated[reason] for reason in Reason if run.estimated[reason]},
        said=run.said,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Work:
    """A block to ask for: keys of its places, and which of its pairs nobody has answered yet."""

    profile: str
    origins: NDArray[np.int64]
    destinations: NDArray[np.int64]
    missing: NDArray[np.bool_]

    def halves(self) -> "list[_Work]":
        """Return the two halves across the longer side that miss something."""
        n, m = self.missing.shape
        if n >= m:
            cuts = [(slice(0, n // 2), slice(None)), (slice(n // 2, None), slice(None))]
        else:
            cuts = [(slice(None), slice(0, m // 2)), (slice(None), slice(m // 2, None))]
        return [part for cut in cuts if (part := self._part(*cut)).missing.any()]

    def _part(self, rows: slice, columns: slice) -> "_Work":
        return _Work(
            profile=self.profile,
            origins=self.origins[rows],
            destinations=self.destinations[columns],
            missing=self.missing[rows, columns],
        )


@dataclass(slots=True)
class _Run:
    """One run's counts, and what ended its asking."""

    service: Service
    cache: WayCache
    state: CacheState
    around: Surroundings
    fetched: int = 0
    cached: int = 0
    units: int = 0
    vain: int = 0
    estimated: Counter[Reason] = field(default_factory=Counter)
    ended: Reason | None = None
    said: str = ""

    def look_up(self, question: Question) -> list[_Work]:
        """Return the blocks of a question that have something to ask for, cut down to it."""
        keys, profile = question.keys, self.service.profiles.get(question.mode)
        pairs = len(keys) * (len(keys) - 1)
        if profile is None:
            self.estimated[Reason.NO_PROFILE] += pairs
            return []
        wanted = list(blocks(question, self.service.limits))
        todo: dict[int, _Work] = {}
        by_origins: dict[int, list[int]] = {}
        for number, block in enumerate(wanted):
            by_origins.setdefault(int(block.origins[0]), []).append(number)
        for numbers in by_origins.values():
            origins = wanted[numbers[0]].origins
            known = self.cache.known(self.service.id, profile, keys[origins], keys, self.state).seconds
            known[np.arange(len(origins)), origins] = 0
            for number in numbers:
                block = wanted[number]
                here = known[:, block.destinations]
                missing, no_way = here == UNKNOWN, _count(here == NO_WAY)
                differ = here.size - _count(np.isin(block.origins, block.destinations))
                pairs -= differ
                self.estimated[Reason.NO_WAY] += no_way
                self.cached += differ - no_way - _count(missing)
                if missing.any():
                    rows, columns = np.flatnonzero(missing.any(axis=1)), np.flatnonzero(missing.any(axis=0))
                    todo[number] = _Work(
                        profile=profile,
                        origins=keys[block.origins[rows]],
                        destinations=keys[block.destinations[columns]],
                        missing=missing[np.ix_(rows, columns)],
                    )
        self.estimated[Reason.FAR_APART] += pairs
        return [todo[number] for number in sorted(todo)]

    def fetch(self, asker: Asker, work: _Work) -> None:
        """Ask for a block and keep the answer; a block without one is asked for in halves."""
        shape, size = work.missing.shape, _count(work.missing)
        units = self.service.units(*shape)
        self._end_when_due(units)
        if self.ended is not None:
            self.estimated[self.ended] += size
            return
        self.units += units
        try:
            answer = asker.ask(work.origins, work.destinations, work.profile)
            self.vain = 0
        except Unanswered as error:
            self.vain += 1
            if self.vain >= VAIN:
                self._end(Reason.NOT_UNDERSTOOD, str(error))
            if max(shape) > 1:
                for half in work.halves():
                    self.fetch(asker, half)
                return
            answer = no_answer(shape)
        except Halted as error:
            self._end(error.reason, error.said)
            self.estimated[error.reason] += size
            return
        now = int(self.around.now())
        self.cache.keep(self.service.id, work.profile, work.origins, work.destinations, answer, now)
        lost = _count((answer.seconds == NO_WAY) & work.missing)
        self.estimated[Reason.NO_WAY] += lost
        self.fetched += size - lost

    def _end_when_due(self, units: int) -> None:
        most = self.service.limits.units_per_run
        if self.ended is None and self.around.stopped():
            self._end(Reason.STOPPED, "a person asked to stop")
        if self.ended is None and most is not None and self.units + units > most:
            self._end(Reason.RUN_LIMIT, f"a run may ask for {most} at most")

    def _end(self, reason: Reason, said: str) -> None:
        if self.ended is None:
            self.ended, self.said = reason, said


def _count(mask: NDArray[np.bool_]) -> int:
    return int(np.count_nonzero(mask))
