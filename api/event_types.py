"""What events tell of: every type that the feed has and webhooks may ask for."""

from enum import StrEnum

__all__ = ["EventType"]


class EventType(StrEnum):
    """The types of events."""

    JOB_CREATED = "job.created"
    JOB_CHANGED = "job.changed"
    JOB_STATE_CHANGED = "job.state_changed"
    JOB_CLOCK_PAUSED = "job.clock_paused"
    JOB_CLOCK_RESUMED = "job.clock_resumed"
    JOB_CONSENT_GIVEN = "job.consent_given"
    JOB_ESCALATED = "job.escalated"
    JOB_SLA_AT_RISK = "job.sla_at_risk"
    JOB_SLA_BREACHED = "job.sla_breached"
    JOB_STUCK = "job.stuck"
    APPOINTMENT_CONFIRMED = "appointment.confirmed"
    APPOINTMENT_RESCHEDULED = "appointment.rescheduled"
    APPOINTMENT_CANCELLED = "appointment.cancelled"
    PLAN_PROGRESS = "plan.progress"
    """At each stage, and at each tenth of the whole."""
    PLAN_FINISHED = "plan.finished"
    PLAN_PUBLISHED = "plan.published"
    DISRUPTION_REPORTED = "disruption.reported"
    DISPATCH_ITEM_CREATED = "dispatch_item.created"
    DISPATCH_ITEM_CHANGED = "dispatch_item.changed"
    DISPATCH_ITEM_ACKNOWLEDGED = "dispatch_item.acknowledged"
    DISPATCH_ITEM_REJECTED = "dispatch_item.rejected"
    DISPATCH_ITEM_PROGRESSED = "dispatch_item.progressed"
    DISPATCH_ITEM_WITHDRAWN = "dispatch_item.withdrawn"
    DISPATCH_ITEM_CALLED = "dispatch_item.called"
    DISPATCH_ITEM_REPORTED_LATE = "dispatch_item.reported_late"
    DISPATCH_ITEM_UP_FOR_REPLANNING = "dispatch_item.up_for_replanning"
    DISPATCH_ITEM_UNACKNOWLEDGED = "dispatch_item.unacknowledged"
    PARTS_ORDER_RESPONDED = "parts_order.responded"
    """At every answer, and every later one that replaces it."""
    TOUR_ANNOUNCED = "tour.announced"
    """Not told yet: there are no tours."""
    WEBHOOK_TEST = "webhook.test"
    """Goes to the webhook that is tested, and is not in the feed."""
