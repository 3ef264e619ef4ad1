"""Plans on the wire."""

import datetime as dt
from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from api.plan_states import PlanState
from api.schemas.values import Duration, Moment, Sent, Shown
from api.schemas.written import Identifier
from api.tables.plans import Plan

__all__ = [
    "Edit",
    "EvaluationShown",
    "FindingShown",
    "Horizon",
    "Judged",
    "Limits",
    "PlanShown",
    "PlanWish",
    "PublicationShown",
    "RouteOrder",
    "Scope",
    "ValidDay",
    "plan_shown",
]

MOST_CENTRES = 1_000
DEFAULT_SECONDS = 60.0


class Scope(Sent):
    """What is planned."""

    centres: Literal["all"] | Annotated[list[Identifier], Field(min_length=1, max_length=MOST_CENTRES)] = Field(
        description="Ids of the centres whose outlets, technicians and jobs are planned together, or `all`.",
        examples=[["C01"]],
    )


class Horizon(Sent):
    """When it is planned for."""

    date: dt.date = Field(description="First day.", examples=["2026-03-02"])
    days: int = Field(default=1, ge=1, le=14, description="Number of days.", examples=[1])
    now: Moment | None = Field(
        default=None, description="The planning moment: nothing begins before it. Left out: the present."
    )


class Limits(Sent):
    """How long is searched; neither: 60 s."""

    seconds: float | None = Field(
        default=None, ge=0.1, le=86_400, description="Seconds of search by the clock.", examples=[30.0]
    )
    steps: int | None = Field(
        default=None,
        ge=1,
        le=10**9,
        description="Search steps instead: the same plan everywhere.",
        examples=[None],
    )

    @model_validator(mode="after")
    def _one_of_them(self) -> "Limits":
        if self.seconds is not None and self.steps is not None:
            raise ValueError("seconds or steps, not both")
        return self


class PlanWish(Sent):
    """A plan that is wished for."""

    scope: Scope = Field(description="What is planned.")
    horizon: Horizon = Field(description="When it is planned for.")
    limits: Limits = Field(default_factory=Limits, description="How long is searched.")
    seed: int = Field(default=1, ge=0, le=2**31, description="Same seed and steps, same plan.", examples=[1])
    engine: Literal["search", "ortools", "polish"] = Field(
        default="search", description="Who looks for routes.", examples=["search"]
    )
    freeze: Literal["channels", "none"] = Field(
        default="channels",
        description="Which published visits stay: those that outlets' channels freeze, or none but locked ones.",
        examples=["channels"],
    )
    base_plan: Literal["published", "none"] = Field(
        default="published",
        description="What changes are counted and priced against: the promised visits, or nothing.",
        examples=["published"],
    )
    validate_only: bool = Field(
        default=False, description="Only read and judge the day; no plan is made.", examples=[False]
    )


class PlanShown(Shown):
    """A plan, or the run that makes it."""

    id: str = Field(description="Its id.", examples=["plan_0198f1c2"])
    version: int = Field(description="Counts its changes of state; its ETag.", examples=[3])
    state: PlanState = Field(description="Where it stands.", examples=["finished"])
    created_at: Moment = Field(description="When it was asked for.")
    actor: str = Field(description="Who asked for it.", examples=["dispatcher-7"])
    date: dt.date = Field(description="First day.", examples=["2026-03-02"])
    days: int = Field(description="Number of days.", examples=[1])
    now: Moment = Field(description="The planning moment.")
    centres: list[str] = Field(description="Ids of its centres.", examples=[["C01"]])
    wish: dict[str, Any] = Field(description="What was asked for, as it was asked.", examples=[{"seed": 1}])
    progress: dict[str, Any] = Field(
        description="How far the run is: stage, share of it, shards done, and the best so far (visits, cost in fen).",
        examples=[{"stage": "search", "share": 0.5, "best": {"visits": 612, "cost_fen": 9_214_400}}],
    )
    started_at: Moment | None = Field(description="When the run began.")
    ended_at: Moment | None = Field(description="When the run ended.")
    published_at: Moment | None = Field(description="When it was published.")
    duration: Duration | None = Field(description="How long the run took, waiting not counted.")
    outcome: dict[str, Any] | None = Field(
        description="Of a plan that was made: jobs, served, cost in fen, promises kept, where travel times are from "
        "(`is_estimate`: no road data behind them), and the same day planned by hand.",
        examples=[{"served": 612, "travel": {"provider": "estimate", "is_estimate": True}}],
    )
    problem: dict[str, Any] | None = Field(
        description="Of a run that failed: code, detail and errors.", examples=[None]
    )


def plan_shown(plan: Plan) -> PlanShown:
    """Return a plan as it is shown."""
    ran = plan.started_at is not None and plan.ended_at is not None
    return PlanShown(
        id=plan.id,
        version=plan.version,
        state=PlanState(plan.state),
        created_at=plan.created_at,
        actor=plan.actor,
        date=plan.date,
        days=plan.days,
        now=plan.now,
        centres=plan.centre_ids,
        wish=plan.wish,
        progress=plan.progress,
        started_at=plan.started_at,
        ended_at=plan.ended_at,
        published_at=plan.published_at,
        duration=plan.ended_at - plan.started_at if ran else None,  # type: ignore[operator]
        outcome=plan.outcome,
        problem=plan.problem,
    )


class ValidDay(Shown):
    """A day that could be planned."""

    jobs: int = Field(description="Jobs that wait.", examples=[690])
    technicians: int = Field(description="Technicians.", examples=[145])
    shifts: int = Field(description="Their shifts within the horizon.", examples=[145])
    outlets: int = Field(description="Outlets.", examples=[62])
    promised: int = Field(description="Visits that are promised already.", examples=[0])


class FindingShown(Shown):
    """One thing that the checker objects to."""

    rule: str = Field(description="The rule, of docs/model.md.", examples=["WINDOW"])
    where: str = Field(description="Where it is broken.", examples=["T1@2026-03-02 J17"])
    sentence: str = Field(description="What is wrong.", examples=["starts 18:20, its windows end 18:00"])


class Judged(Shown):
    """What the checker says about a stored plan, now."""

    legal: bool = Field(description="Whether every rule holds.", examples=[True])
    findings: list[FindingShown] = Field(description="What it objects to.", examples=[[]])


class RouteOrder(Sent):
    """One technician's jobs of one date, in order."""

    technician_id: Identifier = Field(description="The technician.", examples=["T0001"])
    date: dt.date = Field(description="The date.", examples=["2026-03-02"])
    jobs: list[Identifier] = Field(
        max_length=200, description="Job ids in the order of the visits.", examples=[["J1", "J2"]]
    )


class Edit(Sent):
    """Routes as a person has laid them out."""

    routes: list[RouteOrder] = Field(
        min_length=1, max_length=200, description="Every route that changes; all of one centre."
    )


class EvaluationShown(Shown):
    """What the edited plan of the centre would be."""

    routes: list[dict[str, Any]] = Field(description="The edited routes with their times.", examples=[[]])
    before_fen: dict[str, int] = Field(description="Prices before, by item, fen.", examples=[{"travel": 120}])
    after_fen: dict[str, int] = Field(description="Prices after, by item, fen.", examples=[{"travel": 140}])
    difference_fen: int = Field(description="After less before, fen (CNY).", examples=[20])
    violations: list[FindingShown] = Field(description="Rules that it breaks.", examples=[[]])
    left_out: list[str] = Field(description="Jobs that nobody visits any more.", examples=[[]])


class PublicationShown(Shown):
    """A plan that now holds."""

    plan: PlanShown = Field(description="The plan.")
    visits: int = Field(description="Visits promised.", examples=[612])
    routes: int = Field(description="Routes.", examples=[140])
    planned: int = Field(description="Jobs whose visit is new or changed.", examples=[612])
    unplanned: int = Field(description="Jobs that had a visit and have none now.", examples=[0])
    left_away: list[str] = Field(
        description="Jobs of the plan that need no visit any more, or are under way.", examples=[[]]
    )
    superseded: list[str] = Field(description="Plans that hold for nothing any more.", examples=[[]])
