"""Plans on the wire."""

import datetime as dt
from typing import Annotated, Any, Literal

from pydantic import Field, StringConstraints, model_validator

from api.plan_states import PlanState
from api.schemas.plan_documents import RouteShown
from api.schemas.runs import RunOutcome, RunProblem, RunProgress, WishShown
from api.schemas.values import Duration, Moment, Money, Sent, Shown
from api.schemas.written import Identifier, Iso8601
from api.tables.plans import Plan
from datasets.times import duration_of

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
LONGEST_S = 86_400


class Scope(Sent):
    """What is planned."""

    centres: Literal["all"] | Annotated[list[Identifier], Field(min_length=1, max_length=MOST_CENTRES)] = Field(
        description="Ids of the centres whose outlets, technicians and jobs are planned together, or `all`.",
        examples=[["C01"]],
    )


class Horizon(Sent):
    """When it is planned for."""

    date: dt.date = Field(description="First day.", examples=["2026-03-02"])
    days: int = Field(default=1, ge=1, le=31, description="Number of days.", examples=[1])
    now: Moment | None = Field(
        default=None, description="The planning moment: nothing begins before it. Left out: the present."
    )


class Limits(Sent):
    """How long is searched; neither: as long as the field that holds it says."""

    duration: Iso8601 | None = Field(
        default=None, description="Search by the clock, PT1S to PT24H.", examples=["PT30S"]
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
        if self.duration is not None and self.steps is not None:
            raise ValueError("duration or steps, not both")
        if self.duration is not None and not 1 <= duration_of(self.duration).seconds <= LONGEST_S:
            raise ValueError("a duration of PT1S to PT24H")
        return self

    def kept(self, otherwise_s: float) -> dict[str, Any]:
        """Return the limits as a wish keeps them; otherwise_s: how long when they say nothing."""
        if self.steps is not None:
            return {"seconds": None, "steps": self.steps}
        seconds = otherwise_s if self.duration is None else float(duration_of(self.duration).seconds)
        return {"seconds": seconds, "steps": None}


class PlanWish(Sent):
    """A plan that is wished for."""

    scope: Scope = Field(description="What is planned.")
    horizon: Horizon = Field(description="When it is planned for.")
    limits: Limits = Field(default_factory=Limits, description="How long is searched; neither: PT60S.")
    seed: int = Field(default=1, ge=0, le=2**31, description="Same seed and steps, same plan.", examples=[1])
    engine: Literal["search", "ortools", "polish"] = Field(
        default="search", description="Who looks for routes.", examples=["search"]
    )
    freeze: Literal["channels", "none"] = Field(
        default="channels",
        description="Which published visits stay: those that outlets' channels freeze, or none but locked ones.",
        examples=["channels"],
    )
    base_plan: Annotated[str, StringConstraints(min_length=1, max_length=64)] = Field(
        default="published",
        description="What changes are counted and priced against: `published`, the promised visits; `none`; or the id "
        "of a plan of the same centres and first date that was made: its visits, for jobs that nobody is promised.",
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
    wish: WishShown = Field(description="What was asked for.")
    progress: RunProgress | None = Field(description="How far the run is; null before it begins.")
    started_at: Moment | None = Field(description="When the run began.")
    ended_at: Moment | None = Field(description="When the run ended.")
    published_at: Moment | None = Field(description="When it was published.")
    duration: Duration | None = Field(description="How long the run took, waiting not counted.")
    outcome: RunOutcome | None = Field(description="Of a plan that was made: its figures.")
    problem: RunProblem | None = Field(description="Of a run that failed: why.")


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
        wish=WishShown.of(plan.wish),
        progress=RunProgress.of(plan.progress) if plan.progress else None,
        started_at=plan.started_at,
        ended_at=plan.ended_at,
        published_at=plan.published_at,
        duration=plan.ended_at - plan.started_at if ran else None,  # type: ignore[operator]
        outcome=RunOutcome.of(plan.outcome) if plan.outcome else None,
        problem=RunProblem(**plan.problem) if plan.problem else None,
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

    routes: list[RouteShown] = Field(description="The edited routes with their times.", examples=[[]])
    before: dict[str, Money] = Field(description="Prices before, by item.", examples=[{"travel": {"fen": 120}}])
    after: dict[str, Money] = Field(description="Prices after, by item.", examples=[{"travel": {"fen": 140}}])
    difference: Money = Field(description="After less before.")
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
