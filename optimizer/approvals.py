"""Which shipments of a plan go beyond what their outlet may order of a part: they are sent, and need approval (W5)."""

from dataclasses import replace

from optimizer.model import Day
from optimizer.parts.model import Order, Sourcing
from optimizer.parts.quotas import over_quota
from optimizer.parts.supply import Supply, asked_of
from optimizer.plan import Plan

__all__ = ["with_approvals"]


def with_approvals(day: Day, supply: Supply, plan: Plan) -> Plan:
    """Return the plan with its shipments marked that go over the quota of the outlet which visits."""
    if not supply.quotas:
        return plan
    owners = {technician.id: technician.outlet_id for technician in day.technicians}
    outlet_of_shift = {shift.id: owners[shift.technician_id] for shift in day.shifts}
    outlet = {stop.job_id: outlet_of_shift[route.shift_id] for route in plan.routes for stop in route.stops}
    over = over_quota(_ordered(asked_of(day, supply, outlet), outlet))
    return replace(
        plan,
        shipments=tuple(replace(sent, needs_approval=sent.order_line_id in over) for sent in plan.shipments),
        promised=tuple(replace(sent, needs_approval=sent.order_line_id in over) for sent in plan.promised),
    )


def _ordered(asked: Sourcing, outlet: dict[str, str]) -> Sourcing:
    """Return what is asked with the kits of visited jobs as orders of the outlets that visit, and no other kits."""
    kits = {order.id for order in asked.orders if order.outlet_id is None}
    orders: tuple[Order, ...] = tuple(
        replace(order, outlet_id=outlet[order.id]) if order.id in kits else order
        for order in asked.orders
        if order.id in outlet or order.id not in kits
    )
    return replace(asked, orders=orders)
