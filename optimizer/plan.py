"""What is answered: routes, the jobs left out and why, shipments, and what it costs."""

from dataclasses import dataclass
from enum import StrEnum

from optimizer.cost import Cost
from optimizer.explanation import Explanation
from optimizer.model import Rule, ShipMode

__all__ = ["Plan", "Result", "Route", "Shipment", "Status", "Stop", "Unassigned", "Violation"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Stop:
    """A job on a route. The technician waits before driving, not at the door: arrival is the start of service."""

    job_id: str
    start_s: int
    end_s: int
    travel_s: int
    travel_m: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """One shift's stops, from base and back to it."""

    shift_id: str
    depart_s: int
    stops: tuple[Stop, ...]
    return_s: int
    return_travel_s: int
    return_travel_m: int
    break_start_s: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Unassigned:
    """A job left out, the rule that did it, a sentence, and the computed remedy ("" when none was found).

    reason_zh, remedy_zh: the same in Chinese. difference_fen: plan cost with the remedy less plan cost as it is.
    """

    job_id: str
    rule: Rule
    reason: str
    remedy: str = ""
    reason_zh: str = ""
    remedy_zh: str = ""
    difference_fen: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Shipment:
    """An order line on its way: ready_s is when the technician can have it (p90).

    part_id: what is sent, a substitute where it is not the line's own. warehouse_id: who sends it; an outlet for what
    lies on its shelf. needs_approval: the visiting outlet has used up its quota of the part.
    """

    order_line_id: str
    job_id: str
    part_id: str
    quantity: int
    warehouse_id: str
    mode: ShipMode
    ships_s: int
    ready_s: int
    cost_fen: int
    needs_approval: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """All routes plus the jobs left out.

    promised: what open orders that are no kit of the day are promised, the order in place of a job: these units are not
    free for visits.
    """

    routes: tuple[Route, ...]
    unassigned: tuple[Unassigned, ...]
    shipments: tuple[Shipment, ...] = ()
    promised: tuple[Shipment, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Violation:
    """A rule broken, where, and a sentence."""

    rule: Rule
    where: str
    sentence: str


class Status(StrEnum):
    """How a plan came to be."""

    COMPLETE = "complete"
    INTERRUPTED = "interrupted"
    """Stopped early by a person: the best plan until then."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """A plan with its status, itemised cost, proven lower bound (None when none was proven), seed and explanations.

    greedy_shards: so many shards have the routes that the routing model was to begin from, for stating it would have
    taken longer than the budget; 0 where only the search plans.
    """

    plan: Plan
    status: Status
    cost: Cost
    bound_fen: int | None
    seed: int
    explanations: tuple[Explanation, ...] = ()
    greedy_shards: int = 0
