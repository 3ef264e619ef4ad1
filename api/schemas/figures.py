"""Key figures on the wire, named and in the units of docs/kpis.md: what kpis.json has."""

from typing import Annotated

from pydantic import Field

from api.schemas.runs import TravelSaid
from api.schemas.values import Shown

__all__ = [
    "AttainmentFigures",
    "ChangeFigures",
    "ChurnFigures",
    "ComparedFigures",
    "Figures",
    "ParityFigures",
    "StabilityFigures",
    "TravelFigures",
    "WorkloadFigures",
]

Percent = Annotated[float | None, Field(description="Percent; null of none.", examples=[97.1])]
Mean = Annotated[float | None, Field(description="Mean; null of none.", examples=[4.2])]


class AttainmentFigures(Shown):
    """How promises were kept."""

    kept: int = Field(description="In time.", examples=[580])
    late: int = Field(description="Planned too late.", examples=[12])
    missed: int = Field(description="Left out, and due within the horizon.", examples=[3])
    open: int = Field(description="Left out, and due later.", examples=[40])
    due: int = Field(description="Kept, late and missed.", examples=[595])
    percent: Percent


class ParityFigures(Shown):
    """Remote arrivals of a centre, and how many its floor allows to be missed."""

    jobs: int = Field(description="Remote jobs.", examples=[80])
    missed: int = Field(description="Late or left out.", examples=[3])
    allowed: int = Field(description="May be, by the floor.", examples=[4])
    met: bool = Field(description="No more are.", examples=[True])


class TravelFigures(Shown):
    """All legs, returns included, shared out over the visits."""

    visits: int = Field(description="Visits.", examples=[612])
    minutes_per_visit: float | None = Field(description="Minutes on the way per visit; null of none.", examples=[14.2])
    km_per_visit: float | None = Field(description="Kilometres per visit; null of none.", examples=[6.1])


class ChurnFigures(Shown):
    """What became of the visits of the published plan."""

    published: int = Field(description="Visits of it.", examples=[600])
    same: int = Field(description="As they were.", examples=[590])
    moved: int = Field(description="The same person at another time.", examples=[6])
    other_technician: int = Field(description="Somebody else comes.", examples=[3])
    left_out: int = Field(description="Nobody comes.", examples=[1])
    customers_to_call_again: int = Field(description="Told what no longer holds.", examples=[4])


class WorkloadFigures(Shown):
    """How visits are spread over shifts, and over contract outlets that are owed some."""

    visits_per_shift_mean: Mean
    visits_per_shift_p10: float | None = Field(description="10th percentile; null of none.", examples=[2.0])
    visits_per_shift_p90: float | None = Field(description="90th percentile; null of none.", examples=[7.0])
    outlets_with_target: int = Field(description="Contract outlets that are owed visits.", examples=[40])
    outlets_on_target: int = Field(description="Of them with all they are owed.", examples=[33])
    visits_short_of_target: int = Field(description="Visits still owed.", examples=[11])
    starved: list[str] = Field(description="Outlets with less than half.", examples=[["Z0018"]])


class Figures(Shown):
    """All key figures of one plan; docs/kpis.md defines each."""

    jobs: int = Field(description="Jobs of the day.", examples=[690])
    dispatchable: int = Field(description="Jobs that somebody may be sent to.", examples=[615])
    served: int = Field(description="Jobs visited.", examples=[612])
    served_percent: Percent
    left_out_by_rule: dict[str, int] = Field(description="Jobs left out, by rule.", examples=[{"SKILL": 2}])
    arrival: AttainmentFigures = Field(description="Arrival promises.")
    arrival_by_area: dict[str, AttainmentFigures] = Field(description="By class of place.", examples=[{}])
    arrival_by_ownership: dict[str, AttainmentFigures] = Field(description="By whose technician comes.", examples=[{}])
    arrival_by_area_and_ownership: dict[str, dict[str, AttainmentFigures]] = Field(
        description="By class of place, then by whose technician comes.", examples=[{}]
    )
    parity_gap_points: float | None = Field(description="Seat less remote, percentage points.", examples=[1.3])
    parity_target_percent: int = Field(description="The floor of remote arrivals.", examples=[95])
    parity_by_centre: dict[str, ParityFigures] = Field(description="The floor by centre.", examples=[{}])
    by_policy: dict[str, AttainmentFigures] = Field(description="By the promise row.", examples=[{}])
    breached_before_planning: int = Field(description="Arrivals due before planning began.", examples=[2])
    appointments: AttainmentFigures = Field(description="Confirmed slots.")
    hours_to_visit_mean: float | None = Field(description="Hours from report to service, mean.", examples=[9.4])
    hours_to_visit_median: float | None = Field(description="The same, median.", examples=[7.2])
    travel: TravelFigures = Field(description="Travel.")
    travel_by_ownership: dict[str, TravelFigures] = Field(description="By whose technician travels.", examples=[{}])
    cost_fen: dict[str, int] = Field(description="Cost by item, fen (CNY).", examples=[{"travel": 120_000}])
    cost_total_fen: int = Field(description="Cost, fen (CNY).", examples=[9_214_400])
    cost_per_served_fen: int | None = Field(description="Cost per job visited, fen (CNY).", examples=[15_056])
    paid_per_served_fen: int | None = Field(description="What leaves the till per job visited, fen.", examples=[3_020])
    churn: ChurnFigures = Field(description="Against what was published.")
    own_share_percent: Percent
    own_share_percent_by_centre: dict[str, float | None] = Field(description="By centre.", examples=[{"C01": 62.5}])
    workload: WorkloadFigures = Field(description="How visits are spread.")
    overtime_hours: float = Field(description="Hours after the paid end of shifts.", examples=[12.5])
    technicians: int = Field(description="Technicians with a shift.", examples=[145])
    technicians_used: int = Field(description="Technicians with a visit.", examples=[131])
    utilisation_percent: Percent


class StabilityFigures(Shown):
    """What keeping to published visits costs."""

    fen: int = Field(description="How much cheaper a plan was found that keeps to none, fen (CNY).", examples=[1_200])
    more_changes: int = Field(description="Published visits that would change beyond these.", examples=[4])
    more_calls: int = Field(description="Customers to call again beyond these.", examples=[2])


class ChangeFigures(Shown):
    """What a plan changes of the published visits."""

    published: int = Field(description="Published visits.", examples=[600])
    unchanged: int = Field(description="As they were.", examples=[590])
    changed: int = Field(description="Not as they were.", examples=[10])
    by_change: dict[str, int] = Field(description="Visits by what becomes of them.", examples=[{"time": 7}])
    customers_to_call_again: int = Field(description="Told what no longer holds.", examples=[3])
    outlets_to_tell: dict[str, int] = Field(description="Outlets to be told, by channel.", examples=[{"phone": 2}])
    overdue: int = Field(description="Should have begun before `now`, and wait still.", examples=[0])
    churn_fen: int = Field(description="What the changes are priced at, fen (CNY).", examples=[12_500])
    stability: StabilityFigures | None = Field(description="What stability costs; null: not asked.")


class ComparedFigures(Shown):
    """The whole plan beside the same day by hand."""

    plan: Figures = Field(description="The plan.")
    baseline: Figures = Field(description="Nearest outlet, first come, first served.")
    note: str = Field(description="How to read them.", examples=["Definitions: docs/kpis.md."])
    policies: list[str] = Field(description="Where the promises are from, first come first.", examples=[["day.toml"]])
    travel_times: TravelSaid = Field(description="Where travel times are from.")
    changes: ChangeFigures | None = Field(default=None, description="Of the plan; absent: nothing was published.")
