"""The kits that a job may have, and who may fetch them: what every outlet may have, and what some may beside it."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from optimizer.model import Job, Lane
from optimizer.plan import Shipment

__all__ = [
    "ANYBODY",
    "MAX_OPTIONS",
    "KitOption",
    "OutletKind",
    "best_kits",
    "kits_at",
    "kits_of_kinds",
    "outlet_kinds",
    "shipments_for",
]

MAX_OPTIONS = 3
"""The search looks at no more kits per job."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KitOption:
    """A way to get a job's complete kit: all of it is there from ready_s on, for cost_fen.

    outlets: those whose visits may have it, None for any.
    """

    ready_s: int
    cost_fen: int
    shipments: tuple[Shipment, ...]
    outlets: frozenset[str] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OutletKind:
    """Outlets within the same reaches of a centre's lanes, and one of them; None: whoever is within none."""

    outlet_id: str | None
    outlets: frozenset[str] | None


ANYBODY = OutletKind(outlet_id=None, outlets=None)


def outlet_kinds(lanes: Iterable[Lane]) -> tuple[OutletKind, ...]:
    """Return the kinds of outlets by what they may fetch by these lanes, those first that may fetch nothing."""
    reaches = tuple(dict.fromkeys(lane.reach for lane in lanes if lane.reach is not None))
    kinds: dict[tuple[bool, ...], list[str]] = {}
    for outlet_id in sorted(frozenset[str]().union(*reaches)):
        kinds.setdefault(tuple(outlet_id in reach for reach in reaches), []).append(outlet_id)
    return ANYBODY, *(OutletKind(outlet_id=some[0], outlets=frozenset(some)) for some in kinds.values())


def kits_of_kinds(
    kinds: Sequence[OutletKind],
    ways: Callable[[OutletKind], Sequence[list[Shipment]]],
    outlet_ids: Iterable[str],
    most: int = MAX_OPTIONS,
) -> tuple[KitOption, ...]:
    """Return at most so many kits of each kind of outlets; those that every outlet may have come first.

    ways: of each line, by who fetches; none of a line that they cannot have. outlet_ids: everybody.
    """
    if len(kinds) == 1:
        return _kits(ways(kinds[0]), most)
    may = {kind: ways(kind) for kind in kinds}
    of_kind = {kind: _kits(lines, most) for kind, lines in may.items()}
    found = {kit.shipments: kit for kits in of_kind.values() for kit in kits}
    beyond: frozenset[str] | None = None
    anybody, some = [], []
    for shipments, kit in found.items():
        able = [
            kind
            for kind, lines in may.items()
            if all(sent in of_line for sent, of_line in zip(shipments, lines, strict=True))
        ]
        if len(able) == len(kinds):
            anybody.append(kit)
            continue
        outlets = frozenset[str]().union(*(kind.outlets for kind in able if kind.outlets is not None))
        if any(kind.outlets is None for kind in able):
            if beyond is None:
                beyond = frozenset(outlet_ids).difference(*(kind.outlets for kind in kinds if kind.outlets is not None))
            outlets |= beyond
        some.append(replace(kit, outlets=outlets))
    return (*kits_at(anybody, None), *some)


def _kits(ways: Sequence[list[Shipment]], most: int) -> tuple[KitOption, ...]:
    return best_kits(ways)[:most] if all(ways) else ()


def best_kits(choices: Sequence[list[Shipment]]) -> tuple[KitOption, ...]:
    """Combine the lanes of each line into kits: the cheapest kit for each ready time, without dominated ones."""
    earliest_s = max(min(shipment.ready_s for shipment in ways) for ways in choices)
    times = {shipment.ready_s for ways in choices for shipment in ways if shipment.ready_s >= earliest_s}
    options: list[KitOption] = []
    for ready_s in sorted(times):
        kit = tuple(
            min((way for way in ways if way.ready_s <= ready_s), key=lambda way: (way.cost_fen, way.ready_s, way.mode))
            for ways in choices
        )
        cost_fen = sum(shipment.cost_fen for shipment in kit)
        if not options or cost_fen < options[-1].cost_fen:
            kit_ready_s = max(shipment.ready_s for shipment in kit)
            options.append(KitOption(ready_s=kit_ready_s, cost_fen=cost_fen, shipments=kit))
    return _a_few(options)


def kits_at(options: Iterable[KitOption], outlet_id: str | None) -> tuple[KitOption, ...]:
    """Return the kits that an outlet's visits may have (None: any outlet's) by rising ready time and falling cost."""
    found = [option for option in options if option.outlets is None or outlet_id in option.outlets]
    undominated: list[KitOption] = []
    for option in sorted(found, key=lambda option: (option.ready_s, option.cost_fen)):
        if not undominated or option.cost_fen < undominated[-1].cost_fen:
            undominated.append(option)
    return _a_few(undominated)


def _a_few(options: Sequence[KitOption]) -> tuple[KitOption, ...]:
    """Return the earliest, the cheapest and some between."""
    if len(options) <= MAX_OPTIONS:
        return tuple(options)
    kept = {round(place * (len(options) - 1) / (MAX_OPTIONS - 1)) for place in range(MAX_OPTIONS)}
    return tuple(option for place, option in enumerate(options) if place in kept)


def shipments_for(
    jobs: Iterable[Job], visits: Mapping[str, tuple[int, str]], kits: Mapping[str, tuple[KitOption, ...]]
) -> tuple[Shipment, ...]:
    """Return the shipments of every visited job, each by its cheapest option that its outlet may have by the start.

    Nothing for a job that its outlet may have no kit for by then. visits: start and outlet, by job.
    """
    return tuple(
        shipment
        for job in jobs
        if job.order_lines and job.id in visits
        for shipment in _cheapest(kits[job.id], *visits[job.id])
    )


def _cheapest(options: Iterable[KitOption], start_s: int, outlet_id: str) -> tuple[Shipment, ...]:
    ready = [option for option in kits_at(options, outlet_id) if option.ready_s <= start_s]
    return ready[-1].shipments if ready else ()
