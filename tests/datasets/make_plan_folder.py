"""A plan for the small day of `make_day_folder`, and its plan folder."""

from collections.abc import Callable
from pathlib import Path

from datasets.day import DayFolder
from datasets.plan_folder import write_plan
from optimizer.cost import Cost
from optimizer.model import Rule, ShipMode
from optimizer.plan import Plan, Result, Route, Shipment, Status, Stop, Unassigned

__all__ = ["KPIS", "PLAN", "RESULT", "H", "write"]

H = 3_600

PLAN = Plan(
    routes=(
        Route(
            shift_id="T1@2026-03-02",
            depart_s=9 * H,
            stops=(
                Stop(job_id="J1", start_s=9 * H + 600, end_s=10 * H, travel_s=600, travel_m=5_000),
                Stop(job_id="J4", start_s=15 * H, end_s=15 * H + 1200, travel_s=4 * H, travel_m=200_000),
            ),
            return_s=20 * H,
            return_travel_s=4 * H,
            return_travel_m=201_000,
            break_start_s=10 * H,
        ),
        Route(
            shift_id="T2@2026-03-02",
            depart_s=9 * H,
            stops=(Stop(job_id="J2", start_s=9 * H + 1800, end_s=11 * H, travel_s=0, travel_m=0),),
            return_s=11 * H,
            return_travel_s=0,
            return_travel_m=0,
        ),
    ),
    unassigned=(Unassigned(job_id="J3", rule=Rule.CONSENT, reason="=cmd|' /C calc'!A0", remedy='say "yes",\nplease'),),
    shipments=(
        Shipment(
            order_line_id="J1/1",
            job_id="J1",
            part_id="P1",
            quantity=1,
            warehouse_id="W1",
            mode=ShipMode.DEDICATED,
            ships_s=-H,
            ready_s=8 * H,
            cost_fen=9_900,
        ),
        Shipment(
            order_line_id="J1/2",
            job_id="J1",
            part_id="P4",
            quantity=2,
            warehouse_id="W1",
            mode=ShipMode.STANDARD,
            ships_s=-2 * H,
            ready_s=9 * H,
            cost_fen=1_260,
        ),
    ),
)
RESULT = Result(plan=PLAN, status=Status.COMPLETE, cost=Cost(travel=700, parts=11_160), bound_fen=None, seed=7)
TRAVEL = {"provider": "proxy roads 1", "is_estimate": True}
KPIS = {"plan": {"served": 3, "人": "王"}, "baseline": {"served": 2}}


def write(out: Path, folder: DayFolder, result: Result = RESULT, **extras: bytes | Callable[[Path], None]) -> Path:
    write_plan(out, folder, result, KPIS, TRAVEL, extras)
    return out
