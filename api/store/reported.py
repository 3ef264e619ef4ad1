"""What was reported and still lasts, written into the day that is planned."""

import datetime as dt

from sqlalchemy import select
from sqlalchemy.orm import Session

from api.disrupted_days import Begun, DisruptionKind, Reported, disrupted
from api.job_states import JobState
from api.store.sending import freeze_moments
from api.tables.dispatch import Disruption, Refusal
from api.tables.jobs import JobRow
from api.tables.plans import Plan, Visit
from datasets.day import DayFolder
from datasets.times import TIME_ZONE

__all__ = ["with_disruptions"]

LONGEST_WAY = dt.timedelta(hours=12)


def with_disruptions(session: Session, folder: DayFolder, plan: Plan) -> DayFolder:
    """Return the day of a plan with every disruption that lasts beyond its moment, and without refused pairs."""
    last = plan.date + dt.timedelta(days=plan.days)
    ends = dt.datetime.combine(last, dt.time(), TIME_ZONE)
    wanted = select(Disruption).where(
        Disruption.ended_at.is_(None),
        Disruption.centre_id.in_(plan.centre_ids),
        Disruption.to_at > plan.now,
        Disruption.from_at < ends,
    )
    reported = [
        Reported(kind=DisruptionKind(row.kind), said=row.said, from_at=row.from_at, to_at=row.to_at)
        for row in session.scalars(wanted.order_by(Disruption.id))
    ]
    apart = select(Refusal.job_id, Refusal.outlet_id).where(Refusal.lifted_at.is_(None))
    refusals = {(job_id, outlet_id) for job_id, outlet_id in session.execute(apart)}
    everything = plan.wish["freeze"] == "none"
    thawed = [outlet.id for outlet in folder.day.outlets] if everything else plan.wish.get("thawed", ())
    begun = _begun(session, plan)
    if not (reported or refusals or begun or "because" in plan.wish):
        return folder
    freeze_s = freeze_moments(session, plan.date, plan.now)
    return disrupted(folder, reported, refusals=refusals, thawed=thawed, freeze_s=freeze_s, begun=begun)


def _begun(session: Session, plan: Plan) -> list[Begun]:
    promised = (JobState.PLANNED, JobState.OFFERED, JobState.ACKNOWLEDGED)
    wanted = (
        select(Visit)
        .join(JobRow, JobRow.id == Visit.job_id)
        .where(
            Visit.centre_id.in_(plan.centre_ids),
            Visit.date >= plan.date,
            Visit.start_at <= plan.now + LONGEST_WAY,
            JobRow.state.in_([state.value for state in promised]),
        )
        .order_by(Visit.start_at, Visit.job_id)
    )
    return [
        Begun(job_id=visit.job_id, technician_id=visit.technician_id, end_at=visit.end_at)
        for visit in session.scalars(wanted)
        # Who is on the way has begun too: nobody else could be there in time.
        if visit.start_at - dt.timedelta(seconds=visit.travel_s) <= plan.now
    ]
