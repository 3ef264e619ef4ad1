"""Which lines are over their outlet's quota: they are sourced all the same, and asked to be approved (W5)."""

from collections import defaultdict

from optimizer.parts.model import Sourcing

__all__ = ["over_quota"]


def over_quota(asked: Sourcing) -> frozenset[str]:
    """Return the ids of the lines that go over a quota; customers who wait come first, then who ordered first."""
    left = {(quota.outlet_id, quota.part_id): quota.left for quota in asked.quotas}
    taken: defaultdict[tuple[str, str], int] = defaultdict(int)
    over = set()
    for order in sorted(asked.orders, key=lambda order: (not order.waiting, order.ordered_s, order.id)):
        if order.outlet_id is None:
            continue
        for line in order.lines:
            key = order.outlet_id, line.part_id
            if key in left and taken[key] + line.quantity > left[key]:
                over.add(line.id)
            else:
                taken[key] += line.quantity
    return frozenset(over)
