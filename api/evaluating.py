"""Hand-edited routes: what moving a job costs and which rules it breaks, before anybody does it. Nothing is changed."""

import threading
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy.orm import Session

from api.judging import StoredPlan, digest_of, stored_plan
from api.store.plans import file_of
from optimizer.approvals import with_approvals
from optimizer.by_order import in_this_order
from optimizer.centres import part_of
from optimizer.check import check
from optimizer.cost import price
from optimizer.measure import measure
from optimizer.plan import Plan, Violation
from optimizer.travel import TravelTimes

__all__ = ["Evaluation", "StoredPlans", "evaluate"]

MOST_KEPT = 3


class StoredPlans:
    """Plans read back from the store, the last few kept: whoever drags jobs about asks again and again."""

    def __init__(self) -> None:
        self._kept: OrderedDict[str, StoredPlan] = OrderedDict()
        self._lock = threading.Lock()

    def __call__(self, session: Session, plan_id: str) -> StoredPlan | None:
        """Return a plan, None when it has not been made (yet)."""
        day, plan = file_of(session, plan_id, "day"), file_of(session, plan_id, "plan")
        if day is None or plan is None:
            return None
        digest = digest_of(day, plan)
        with self._lock:
            if digest not in self._kept:
                self._kept[digest] = stored_plan(day, plan)
            self._kept.move_to_end(digest)
            while len(self._kept) > MOST_KEPT:
                self._kept.popitem(last=False)
            return self._kept[digest]


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluation:
    """A centre's plan with edited routes: times, prices before and after by item, and what it breaks."""

    plan: Plan
    before_fen: Mapping[str, int]
    after_fen: Mapping[str, int]
    violations: tuple[Violation, ...]


def evaluate(
    stored: StoredPlan, centre_id: str, orders: Mapping[str, Sequence[str]], travel: TravelTimes | None = None
) -> Evaluation:
    """Return what a centre's plan becomes when some shifts visit these jobs in this order. Raises RouteUntimed."""
    travel = travel or stored.travel
    day, plan = part_of(stored.day, stored.plan, centre_id)
    supply = stored.frozen.folder.supply
    edited = with_approvals(day, supply, in_this_order(day, plan, orders, travel))
    measured = measure(day, edited, travel)
    return Evaluation(
        plan=edited,
        before_fen=dict(price(day, plan, travel).items()),
        after_fen=dict(price(day, edited, measured).items()),
        violations=check(day, edited, measured, supply),
    )
