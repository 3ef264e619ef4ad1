"""The day that a plan is about, out of the store, with the visits that are promised on it."""

import datetime as dt
import json
from collections.abc import Collection
from dataclasses import replace

from sqlalchemy import select
from sqlalchemy.orm import Session

from api.frozen_days import FrozenDay, LiveVisit
from api.store.days import day_of
from api.store.network import holding
from api.store.plans import file_of
from api.store.reported import with_disruptions
from api.tables.network import CentreRow
from api.tables.plans import Plan, Visit

__all__ = ["centres_on", "freeze", "live_visits"]


def centres_on(session: Session, date: dt.date) -> list[str]:
    """Return the ids of all centres that there are on a date."""
    return sorted(session.scalars(holding(CentreRow, date, columns=[CentreRow.id])))


def freeze(session: Session, plan: Plan) -> FrozenDay:
    """Return the day that a plan is about, as it is now. Raises DayRefused."""
    everywhere = plan.wish["scope"]["centres"] == "all" and plan.centre_ids == centres_on(session, plan.date)
    centre_ids = None if everywhere else frozenset(plan.centre_ids)
    folder = day_of(session, centre_ids=centre_ids, date=plan.date, days=plan.days, now=plan.now)
    known = {job.id for job in folder.day.jobs}
    folder = with_disruptions(session, folder, plan)
    standing = frozenset(known - {job.id for job in folder.day.jobs})
    if plan.wish["freeze"] == "none":
        outlets = tuple(replace(outlet, freeze_s=None) for outlet in folder.day.outlets)
        folder = replace(folder, day=replace(folder.day, outlets=outlets))
    live = live_visits(session, plan, {job.id for job in folder.day.jobs})
    base_plan = plan.wish["base_plan"]
    base: dict[str, LiveVisit] = {}
    if base_plan not in ("published", "none"):
        free = {job.id for job in folder.day.jobs if job.published is None} - live.keys()
        base = _planned_visits(session, base_plan, free, {person.id for person in folder.day.technicians})
    return FrozenDay(folder=folder, live=live, against_published=base_plan != "none", base=base, standing=standing)


def _planned_visits(
    session: Session, plan_id: str, job_ids: Collection[str], technician_ids: Collection[str]
) -> dict[str, LiveVisit]:
    """Return the visits of a plan that was made, of these jobs by people who are still there."""
    body = file_of(session, plan_id, "plan")
    routes = [] if body is None else json.loads(body)["routes"]
    return {
        stop["job_id"]: LiveVisit(
            technician_id=route["technician_id"],
            start_at=dt.datetime.fromisoformat(stop["start"]),
            end_at=dt.datetime.fromisoformat(stop["end"]),
        )
        for route in routes
        for stop in route["stops"]
        if stop["job_id"] in job_ids and route["technician_id"] in technician_ids
    }


def live_visits(session: Session, plan: Plan, job_ids: Collection[str]) -> dict[str, LiveVisit]:
    """Return the promised visits of a plan's centres within its horizon, and those of its jobs wherever they are."""
    last = plan.date + dt.timedelta(days=plan.days - 1)
    rows = session.scalars(select(Visit).where(Visit.date >= plan.date - dt.timedelta(days=7)))
    return {
        visit.job_id: LiveVisit(technician_id=visit.technician_id, start_at=visit.start_at, end_at=visit.end_at)
        for visit in rows
        if visit.job_id in job_ids or (visit.centre_id in plan.centre_ids and plan.date <= visit.date <= last)
    }
