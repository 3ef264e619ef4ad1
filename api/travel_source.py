"""Where a day's travel times come from: opened before planning, opened again to check, and told in the plan."""

import os
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from datasets.day import DayFolder
from datasets.faults import DayRefused, FaultList
from geo.providers import open_travel
from geo.remote.cache import CacheState
from geo.remote.gather import Gathered, Surroundings
from geo.remote.opening import SettingRefused, gather_travel, is_remote, reopen_travel
from geo.remote.tour_ways import tour_questions
from geo.remote.travel import CachedTravel
from optimizer.model import Day, TravelMode
from optimizer.plan import Plan
from optimizer.tours.model import Touring
from optimizer.travel import TravelTimes

__all__ = ["Legs", "TravelSource", "legs_of", "open_provider", "open_source", "reopen_source"]

NOTHING_CACHED = CacheState(number=0, since=0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Legs:
    """Legs of a plan with a way, by who answered for them."""

    answered: int
    estimated: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TravelSource:
    """Travel times of a day; gathered: what a service over HTTP was asked, None without one."""

    travel: TravelTimes
    gathered: Gathered | None = None

    def statement(self, day: Day, plan: Plan) -> dict[str, object]:
        """Return what plan.json and kpis.json say of the travel times."""
        said: dict[str, object] = {"provider": self.travel.name, "is_estimate": self.travel.is_estimate}
        if self.gathered is None:
            return said
        legs = legs_of(day, plan, self.travel)
        return said | self.asked() | {"legs": {"answered": legs.answered, "estimated": legs.estimated}}

    def asked(self) -> dict[str, Any]:
        """Return what a service was asked: its cache's state, pairs, why some are estimated; else nothing."""
        found = self.gathered
        if found is None:
            return {}
        return {
            "cache": {"number": found.state.number, "since": found.state.since},
            "pairs": {
                "fetched": found.fetched,
                "cached": found.cached,
                "estimated": sum(found.estimated.values()),
            },
            "reasons": [{"reason": str(reason), "pairs": pairs} for reason, pairs in found.estimated.items()],
            "ended": found.said,
        }


def open_source(folder: DayFolder, around: Surroundings, tours: Touring | None = None) -> TravelSource:
    """Return the day's travel times, a service asked for what it may need; what cannot be read is the day's fault.

    tours: of the same days, whose ways are asked for too.
    """
    if not is_remote(folder.travel):
        return TravelSource(travel=_opened(folder))
    try:
        more = () if tours is None else tour_questions(tours)
        travel, gathered = gather_travel(folder.travel, folder.day, os.environ, around, more)
    except (SettingRefused, OSError, sqlite3.Error) as error:
        raise _refused(folder.travel, str(error)) from error
    return TravelSource(travel=travel, gathered=gathered)


def open_provider(folder: DayFolder) -> TravelTimes:
    """Return the day's travel times outside a run of planning: of a service, what its cache holds by now."""
    return _opened(folder) if not is_remote(folder.travel) else _reopened(folder, None, is_estimate=False)


def reopen_source(folder: DayFolder, stated: Mapping[str, Any]) -> TravelTimes:
    """Return the travel times that a plan was made from; a service is not asked again, its cache is read."""
    if not is_remote(folder.travel):
        return _opened(folder)
    state = CacheState(**stated["cache"]) if "cache" in stated else NOTHING_CACHED
    return _reopened(folder, state, is_estimate=stated["is_estimate"])


def legs_of(day: Day, plan: Plan, travel: TravelTimes) -> Legs:
    """Return how many legs are as a service answered; a leg within one place counts as estimated."""
    answered = total = 0
    technicians = {technician.id: technician for technician in day.technicians}
    bases = {shift.id: technicians[shift.technician_id] for shift in day.shifts}
    position = {job.id: job.position for job in day.jobs}
    for route in plan.routes:
        technician = bases[route.shift_id]
        places = np.array([technician.position, *(position[stop.job_id] for stop in route.stops)], np.float64)
        total += len(places) if len(places) > 1 else 0
        if isinstance(travel, CachedTravel) and len(places) > 1:
            known = travel.answered(places, places, technician.mode)
            ahead = np.roll(np.arange(len(places)), -1)
            answered += int(np.count_nonzero(known[np.arange(len(places)), ahead]))
    return Legs(answered=answered, estimated=total - answered)


def _reopened(folder: DayFolder, state: CacheState | None, *, is_estimate: bool) -> TravelTimes:
    try:
        return _tried(reopen_travel(folder.travel, os.environ, state, is_estimate=is_estimate))
    except (SettingRefused, OSError, sqlite3.Error) as error:
        raise _refused(folder.travel, str(error)) from error


def _opened(folder: DayFolder) -> TravelTimes:
    try:
        return _tried(open_travel(folder.travel, folder.folder))
    except Exception as error:
        raise _refused(f"{folder.travel}: {error}", 'a readable road file "osm:FILE.osm.pbf", or "estimate"') from error


def _tried(travel: TravelTimes) -> TravelTimes:
    """Ask for one way: a road file is read when it is first asked."""
    somewhere = np.array([[104.06, 30.66]])
    travel.matrix(somewhere, somewhere, TravelMode.CAR)
    return travel


def _refused(value: str, allowed: str) -> DayRefused:
    faults = FaultList()
    faults.add("day.toml", None, "travel", value, allowed)
    return DayRefused(faults.faults)
