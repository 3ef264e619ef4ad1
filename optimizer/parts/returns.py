"""Which warehouse gets defective parts back: they ride the lanes backwards, what goes together in one parcel.

The timetable of a lane and its price hold in both directions; here only the way back is looked at, nobody's stock.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from optimizer.explanation import Sentence
from optimizer.model import Part, Position, ShipMode, SizeClass
from optimizer.parts import reply_wording
from optimizer.parts.model import Route, Source, SourceKind, Sourcing

__all__ = ["Return", "ReturnParcel", "ReturnsPlan", "StayReason", "Staying", "plan_returns"]

MOST_BUNCHES = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Return:
    """Defective units of a part at an outlet, packed from ready_s on."""

    id: str
    outlet_id: str
    centre_id: str
    position: Position
    part_id: str
    quantity: int
    ready_s: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ReturnParcel:
    """What goes from an outlet to a warehouse by one departure, in one parcel."""

    outlet_id: str
    source_id: str
    mode: ShipMode
    leaves_s: int
    back_p50_s: int
    back_p90_s: int
    weight_g: int
    cost_fen: int
    return_ids: tuple[str, ...]


class StayReason(StrEnum):
    """Why a return cannot go."""

    UNKNOWN_PART = "unknown_part"
    NO_LANE = "no_lane"
    TOO_BULKY = "too_bulky"
    NO_DEPARTURE = "no_departure"


@dataclass(frozen=True, slots=True, kw_only=True)
class Staying:
    """A return that cannot go, and why."""

    return_id: str
    reason: StayReason
    said: Sentence


@dataclass(frozen=True, slots=True, kw_only=True)
class ReturnsPlan:
    """Every return is in one parcel, or stays for a reason."""

    parcels: tuple[ReturnParcel, ...]
    staying: tuple[Staying, ...]

    @property
    def cost_fen(self) -> int:
        """What all parcels cost."""
        return sum(parcel.cost_fen for parcel in self.parcels)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Going:
    """A return with its part."""

    one: Return
    part: Part


def plan_returns(asked: Sourcing, returns: Sequence[Return]) -> ReturnsPlan:
    """Return by which lane and departure every return goes, at least cost for each outlet.

    Returns of one size class that are open to the same lanes go to one warehouse; classes share it where that costs
    less. Dedicated vehicles carry only what no other lane of the centre carries.
    """
    parts = {part.id: part for part in asked.parts}
    places = {source.id: source for source in asked.sources if source.open and source.kind is SourceKind.WAREHOUSE}
    lanes: defaultdict[str, list[Route]] = defaultdict(list)
    for route in asked.routes:
        if route.source_id in places:
            lanes[route.to_id].append(route)
    going: defaultdict[tuple[str, str], list[_Going]] = defaultdict(list)
    staying = []
    for one in returns:
        part = parts.get(one.part_id)
        reason = StayReason.UNKNOWN_PART if part is None else _reason(one, part, _open_lanes(one, lanes))
        if part is None or reason is not None:
            staying.append(_staying(one, reason or StayReason.UNKNOWN_PART, part))
        else:
            going[one.outlet_id, one.centre_id].append(_Going(one=one, part=part))
    parcels = [parcel for some in going.values() for parcel in _parcels(some, _open_lanes(some[0].one, lanes), places)]
    return ReturnsPlan(
        parcels=tuple(sorted(parcels, key=lambda some: (some.outlet_id, some.leaves_s, some.source_id, some.mode))),
        staying=tuple(staying),
    )


def _open_lanes(one: Return, lanes: Mapping[str, Sequence[Route]]) -> list[Route]:
    """Return the lanes of an outlet's centre that it may use."""
    return [lane for lane in lanes.get(one.centre_id, ()) if lane.is_for(one.outlet_id)]


def _reason(one: Return, part: Part, lanes: Sequence[Route]) -> StayReason | None:
    """Return why a return cannot go, None if it can."""
    if not lanes:
        return StayReason.NO_LANE
    carrying = [lane for lane in lanes if part.size_class in lane.carries]
    if not carrying:
        return StayReason.TOO_BULKY
    if all(_leaves_s(lane, one) is None for lane in carrying):
        return StayReason.NO_DEPARTURE
    return None


def _staying(one: Return, reason: StayReason, part: Part | None) -> Staying:
    size = SizeClass.SMALL if part is None else part.size_class
    said = {
        StayReason.UNKNOWN_PART: reply_wording.unknown_part_words(one.part_id),
        StayReason.NO_LANE: reply_wording.no_way_back_words(one.centre_id),
        StayReason.TOO_BULKY: reply_wording.no_bulky_way_back_words(one.centre_id, size),
        StayReason.NO_DEPARTURE: reply_wording.no_departure_words(one.ready_s),
    }[reason]
    return Staying(return_id=one.id, reason=reason, said=said)


def _leaves_s(lane: Route, one: Return) -> int | None:
    return next((ships_s for ships_s in lane.departures_s if ships_s >= one.ready_s), None)


def _parcels(going: Sequence[_Going], lanes: Sequence[Route], places: Mapping[str, Source]) -> list[ReturnParcel]:
    """Return the cheapest parcels of one outlet: returns open to the same lanes stay together."""
    bunches: defaultdict[frozenset[int], list[_Going]] = defaultdict(list)
    for one in going:
        bunches[frozenset(_open_to(one, lanes))].append(one)
    best: list[ReturnParcel] = []
    best_rank: tuple[int, float] | None = None
    # A lane that would have to be left for one bunch's sake is no lane for both: lanes open to all of them.
    for blocks in _partitions(list(bunches)):
        parcels = []
        away = 0.0
        for block in blocks:
            common = frozenset.intersection(*block)
            if not common:
                break
            some = [one for key in block for one in bunches[key]]
            tried = [(_by_lane(some, lanes[number]), lanes[number]) for number in sorted(common)]
            chosen, lane = min(tried, key=lambda one: (_fen(one[0]), *_last(one[0], one[1], places, some)))
            parcels += chosen
            away += _away(some[0].one.position, places[lane.source_id].position)
        else:
            rank = _fen(parcels), away
            if best_rank is None or rank < best_rank:
                best, best_rank = parcels, rank
    return best


def _open_to(one: _Going, lanes: Sequence[Route]) -> Iterator[int]:
    """Yield the lanes by which a return can go; a dedicated vehicle only where nothing else carries it."""
    able = [
        number
        for number, lane in enumerate(lanes)
        if one.part.size_class in lane.carries and _leaves_s(lane, one.one) is not None
    ]
    shared = [number for number in able if lanes[number].mode is not ShipMode.DEDICATED]
    yield from shared or able


def _partitions(keys: Sequence[frozenset[int]]) -> Iterator[list[list[frozenset[int]]]]:
    """Yield every way to put the bunches together: one per size class as a rule; of many, apart and all together."""
    if len(keys) > MOST_BUNCHES:
        yield [[key] for key in keys]
        yield [list(keys)]
        return
    if not keys:
        yield []
        return
    first, rest = keys[0], keys[1:]
    for blocks in _partitions(rest):
        yield [[first], *blocks]
        for number, block in enumerate(blocks):
            yield [*blocks[:number], [first, *block], *blocks[number + 1 :]]


def _by_lane(going: Sequence[_Going], lane: Route) -> list[ReturnParcel]:
    """Return the parcels by one lane: one per departure, each return by the first it can catch."""
    by_departure: defaultdict[int, list[_Going]] = defaultdict(list)
    for one in going:
        leaves_s = _leaves_s(lane, one.one)
        if leaves_s is not None:
            by_departure[leaves_s].append(one)
    parcels = []
    for leaves_s, some in sorted(by_departure.items()):
        weight_g = sum(one.one.quantity * one.part.weight_g for one in some)
        parcels.append(
            ReturnParcel(
                outlet_id=some[0].one.outlet_id,
                source_id=lane.source_id,
                mode=lane.mode,
                leaves_s=leaves_s,
                back_p50_s=leaves_s + lane.transit_p50_s,
                back_p90_s=leaves_s + lane.transit_p90_s,
                weight_g=weight_g,
                cost_fen=lane.freight_fen(weight_g),
                return_ids=tuple(one.one.id for one in some),
            )
        )
    return parcels


def _fen(parcels: Sequence[ReturnParcel]) -> int:
    return sum(parcel.cost_fen for parcel in parcels)


def _last(
    parcels: Sequence[ReturnParcel], lane: Route, places: Mapping[str, Source], some: Sequence[_Going]
) -> tuple[float, int, str, str]:
    """Return what decides between lanes at the same price: how near, how soon, the name."""
    away = _away(some[0].one.position, places[lane.source_id].position)
    return away, max(parcel.back_p90_s for parcel in parcels), lane.source_id, lane.mode


def _away(first: Position, second: Position) -> float:
    return (first[0] - second[0]) ** 2 + (first[1] - second[1]) ** 2
