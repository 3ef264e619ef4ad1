"""What a replan of tours wishes for: the same tours from a date on, with what has happened since."""

import datetime as dt
from typing import Any

from sqlalchemy.orm import Session

from api.errors import Fault, Refused
from api.schemas.tours import Replan
from api.store.network import holding
from api.store.tour_levers import lever_faults, levers_from
from api.tables.tours import TourPlanRow, VillageRow

__all__ = ["replan_wish"]


def replan_wish(
    session: Session, base: TourPlanRow, said: Replan, today: dt.date
) -> tuple[dict[str, Any], dt.date, int]:
    """Return the wish, its first date and its number of days. Raises Refused with every fault."""
    first = max(today, base.date) if said.date is None else dt.date.fromisoformat(said.date)
    last = base.date + dt.timedelta(days=base.days - 1)
    faults = []
    if not max(today, base.date) <= first <= last:
        detail = f"a date from {max(today, base.date)} to {last}"
        faults.append(Fault(pointer="/date", code="outside", detail=detail))
        first = base.date
    days = (last - first).days + 1
    faults += _reported_faults(session, base, said, first, last)
    own = levers_from(base.wish["levers"], first)
    held = [*base.wish.get("held", ()), *base.wish["levers"]["locked"]]
    if said.levers is not None:
        own = said.levers.model_dump(mode="json")
        faults += lever_faults(session, own, base.crew_ids, first, days, base.centre_ids)
    if faults:
        raise Refused("The tours cannot be planned again like this.", faults=faults)
    reported = base.wish.get("reported", {})
    down, back, cut_off = (dict(reported.get(name, {})) for name in ("down", "back", "cut_off"))
    kind = "levers"
    if said.van_down is not None:
        kind = "van_down"
        van = said.van_down
        down[van.crew_id] = van.date
        back.pop(van.crew_id, None)
        if van.back_on is not None:
            back[van.crew_id] = van.back_on
        held = [
            row
            for row in held
            if row["crew_id"] != van.crew_id
            or row["date"] < van.date
            or (van.back_on is not None and row["date"] >= van.back_on)
        ]
    if said.village_cut_off is not None:
        kind = "village_cut_off"
        village_id = said.village_cut_off.village_id
        cut_off[village_id] = sorted({*cut_off.get(village_id, ()), *said.village_cut_off.dates})
    wish = {
        "levers": own,
        "seed": base.wish["seed"],
        "base_tour_plan": base.id,
        "held": held,
        "reported": {"down": down, "back": back, "cut_off": cut_off},
        "replan": {"kind": kind, "plan_unreported": said.plan_unreported},
    }
    return wish, first, days


def _reported_faults(session: Session, base: TourPlanRow, said: Replan, first: dt.date, last: dt.date) -> list[Fault]:
    faults = []
    if said.van_down is not None:
        if said.van_down.crew_id not in base.crew_ids:
            detail = f'no crew "{said.van_down.crew_id}" in these tours'
            faults.append(Fault(pointer="/van_down/crew_id", code="unknown_crew", detail=detail))
        if said.van_down.date > last.isoformat():
            faults.append(Fault(pointer="/van_down/date", code="outside", detail=f"a date until {last}"))
    if said.village_cut_off is not None:
        village_id = said.village_cut_off.village_id
        ours = VillageRow.centre_id.in_(base.centre_ids) | VillageRow.centre_id.is_(None)
        known = holding(VillageRow, first, VillageRow.id == village_id, ours, columns=[VillageRow.id])
        if not session.scalars(known).all():
            detail = f'no village "{village_id}"'
            faults.append(Fault(pointer="/village_cut_off/village_id", code="unknown_village", detail=detail))
    return faults
