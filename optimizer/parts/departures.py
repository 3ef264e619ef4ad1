"""Which departures of a lane could be in a best answer: any other brings the same units later, and saves nothing."""

from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence

from optimizer.parts.model import Route, Source, Sourcing

__all__ = ["departures_worth_a_look"]


def departures_worth_a_look(asked: Sourcing) -> list[Sequence[int]]:
    """Return for each route its next departure and each that is the first after units arrive that its orders want.

    Every departure where the dock is narrow, since any may be full. Where several lanes of a mode lead from a source
    to the same place, also those that they have in common: lines that travel by different lanes may share a parcel.
    """
    sources = {source.id: source for source in asked.sources}
    wanted = _wanted(asked)
    arrivals: dict[tuple[str, str], list[int]] = {}
    common = _common(asked.routes)
    kept: list[Sequence[int]] = []
    for route in asked.routes:
        source, leaving = sources.get(route.source_id), route.departures_s
        if source is None or not leaving or source.dock_lines is not None:
            kept.append(leaving)
            continue
        between = route.source_id, route.to_id
        if between not in arrivals:
            arrivals[between] = _arrivals(source, wanted.get(route.to_id, set()))
        first = {0, *(bisect_left(leaving, ready_s) for ready_s in arrivals[between])}
        shared = {ships_s for ships_s in leaving if common[*between, route.mode, ships_s] > 1}
        kept.append(sorted(shared | {leaving[i] for i in first if i < len(leaving)}))
    return kept


def _common(routes: Iterable[Route]) -> Counter[tuple[str, str, str, int]]:
    """Return how many lanes leave a source for a place by a mode at a time."""
    return Counter(
        (route.source_id, route.to_id, route.mode, ships_s) for route in routes for ships_s in route.departures_s
    )


def _wanted(asked: Sourcing) -> Mapping[str, set[str]]:
    """Return by destination the parts that its orders ask for, and those that would do instead."""
    wanted: defaultdict[str, set[str]] = defaultdict(set)
    for order in asked.orders:
        for line in order.lines:
            wanted[order.centre_id] |= {line.part_id, *asked.substitutes.get(line.part_id, ())}
    return wanted


def _arrivals(source: Source, wanted: set[str]) -> list[int]:
    shelves = (shelf for part_id, shelf in source.shelves.items() if part_id in wanted)
    return sorted({inbound.ready_s for shelf in shelves for inbound in shelf.inbound})
