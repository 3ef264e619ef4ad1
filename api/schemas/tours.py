"""Plans of tours on the wire: what is wished for, how far it is, what came of it, and what planners do with it."""

import datetime as dt
from typing import Annotated, Any, Literal, Self

from pydantic import Field, StringConstraints, model_validator

from api.language import Language
from api.plan_states import PlanState
from api.schemas.plans import Limits
from api.schemas.runs import LimitsShown, RunProblem, RunProgress
from api.schemas.tour_outcomes import TourOutcome
from api.schemas.values import Moment, Sent, Shown
from api.schemas.written import Identifier, LocalDate, WrittenMoment
from api.tables.tours import TourPlanRow

__all__ = [
    "MOST",
    "MOST_DAYS",
    "Announce",
    "Announced",
    "AnnouncedVillage",
    "CrewDay",
    "CutOff",
    "Identifiers",
    "LeversSent",
    "LockDay",
    "LockedDaySent",
    "MoreCrewSent",
    "MoreDaySent",
    "Outcome",
    "PartUsed",
    "PlanId",
    "Recorded",
    "Replan",
    "ReplanShown",
    "SpanSent",
    "StopShown",
    "TourHorizon",
    "TourPublished",
    "TourScope",
    "TourShown",
    "TourWish",
    "ValidTours",
    "VanDown",
    "VisitSaid",
    "VisitsSaid",
    "tour_shown",
]

MOST = 1_000
MOST_DAYS = 31
Identifiers = Annotated[list[Identifier], Field(max_length=MOST)]
PlanId = Annotated[str, StringConstraints(min_length=1, max_length=64)]
Outcome = Literal["done", "no_part", "nobody_home", "not_reached", "other"]


class TourScope(Sent):
    """Whose tours are planned: the crews of centres, or some crews; the work is that of their centres."""

    centres: Literal["all"] | Annotated[list[Identifier], Field(min_length=1, max_length=MOST)] | None = Field(
        default=None, description="Ids of centres, or `all`.", examples=[["C01"]]
    )
    crews: Annotated[list[Identifier], Field(min_length=1, max_length=MOST)] | None = Field(
        default=None, description="Ids of crews.", examples=[["G1"]]
    )

    @model_validator(mode="after")
    def _one_of_them(self) -> Self:
        if (self.centres is None) == (self.crews is None):
            raise ValueError("centres or crews, and not both")
        return self


class TourHorizon(Sent):
    """When it is planned for."""

    date: dt.date = Field(description="First day.", examples=["2026-03-02"])
    days: int = Field(default=14, ge=1, le=MOST_DAYS, description="Number of days.", examples=[14])
    now: Moment | None = Field(
        default=None, description="The planning moment: nobody leaves before it. Left out: the present."
    )


class LockedDaySent(Sent):
    """A day of a crew that is as it is."""

    crew_id: Annotated[Identifier, Field(description="The crew.", examples=["G1"])]
    date: Annotated[LocalDate, Field(description="The day.", examples=["2026-03-03"])]
    job_ids: Annotated[list[Annotated[str, Field(min_length=1, max_length=128)]], Field(max_length=MOST)] = Field(
        default_factory=list, description="What it does, and nothing else.", examples=[["job_0198"]]
    )
    lodging_id: Annotated[
        Identifier | None, Field(description="Where it sleeps after it; null: at home.", examples=["L1"])
    ] = None


class SpanSent(Sent):
    """A crew is on one tour from a first to a last date: two tours made one."""

    crew_id: Annotated[Identifier, Field(description="The crew.", examples=["G1"])]
    first: Annotated[LocalDate, Field(description="First date.", examples=["2026-03-02"])]
    last: Annotated[LocalDate, Field(description="Last date, included.", examples=["2026-03-06"])]

    @model_validator(mode="after")
    def _forward(self) -> Self:
        if self.first > self.last:
            raise ValueError("allowed: a first date not after the last (this one is reversed)")
        return self


class MoreCrewSent(Sent):
    """One more crew, as an existing one is."""

    crew_id: Annotated[Identifier, Field(description="A name that no crew has.", examples=["G1-2"])]
    like: Annotated[Identifier, Field(description="The crew that it is like.", examples=["G1"])]


class MoreDaySent(Sent):
    """A day on which a crew works though the calendar says otherwise."""

    crew_id: Annotated[Identifier, Field(description="The crew.", examples=["G1"])]
    date: Annotated[LocalDate, Field(description="The day.", examples=["2026-03-08"])]


class LeversSent(Sent):
    """What a planner may pull; left out: as /v1 settings or the defaults have it."""

    nights: int | None = Field(default=None, ge=0, le=30, description="Most nights of a tour in a row.", examples=[4])
    day_metres: int | None = Field(
        default=None, ge=1, le=10_000_000, description="Most metres of one day.", examples=[300_000]
    )
    van_days: int | None = Field(
        default=None, ge=0, le=10_000, description="Most days on the road of all crews together.", examples=[12]
    )
    must_visit: Identifiers = Field(default_factory=list, description="Villages to be visited.", examples=[["V1"]])
    never_visit: Identifiers = Field(default_factory=list, description="Villages to be left out.", examples=[["V9"]])
    forbidden_lodgings: Identifiers = Field(
        default_factory=list, description="Towns that nobody sleeps in.", examples=[["L3"]]
    )
    locked: Annotated[list[LockedDaySent], Field(max_length=MOST)] = Field(
        default_factory=list, description="Days that stay as they are."
    )
    spans: Annotated[list[SpanSent], Field(max_length=MOST)] = Field(
        default_factory=list, description="Tours made one."
    )
    more_crews: Annotated[list[MoreCrewSent], Field(max_length=20)] = Field(
        default_factory=list, description="Crews more."
    )
    more_days: Annotated[list[MoreDaySent], Field(max_length=MOST)] = Field(
        default_factory=list, description="Days more."
    )


class TourWish(Sent):
    """A plan of tours that is wished for."""

    scope: TourScope = Field(description="Whose tours.")
    horizon: TourHorizon = Field(description="When.")
    levers: LeversSent = Field(default_factory=LeversSent, description="What a planner pulls.")
    limits: Limits = Field(default_factory=Limits, description="How long is searched; neither: PT30S.")
    seed: int = Field(default=1, ge=0, le=2**31, description="Same seed and steps, same tours.", examples=[1])
    base_tour_plan: PlanId | None = Field(
        default=None, description="A plan of tours to begin from, as far as it can still be made.", examples=[None]
    )
    validate_only: bool = Field(
        default=False, description="Only read and judge the rows; no plan is made.", examples=[False]
    )


class CrewDay(Sent):
    """A day of a crew."""

    crew_id: Annotated[Identifier, Field(description="The crew.", examples=["G1"])]
    date: Annotated[LocalDate, Field(description="The day.", examples=["2026-03-03"])]


class ReplanShown(Shown):
    """Why tours were planned again."""

    kind: Literal["van_down", "village_cut_off", "levers"] = Field(
        description="What happened.", examples=["village_cut_off"]
    )
    of: str = Field(description="The plan of tours that it replans.", examples=["tour_0198"])


class TourShown(Shown):
    """A plan of tours, or the run that makes it."""

    id: str = Field(description="Its id.", examples=["tour_0198f1c2"])
    version: int = Field(description="Counts its changes; its ETag.", examples=[3])
    state: PlanState = Field(description="Where it stands.", examples=["finished"])
    created_at: Moment = Field(description="When it was asked for.")
    actor: str = Field(description="Who asked for it.", examples=["dispatcher-7"])
    date: dt.date = Field(description="First day.", examples=["2026-03-02"])
    days: int = Field(description="Number of days.", examples=[14])
    now: Moment = Field(description="The planning moment.")
    centre_ids: list[str] = Field(description="Centres whose work is toured.", examples=[["C01"]])
    crew_ids: list[str] = Field(description="Crews.", examples=[["G1"]])
    levers: LeversSent = Field(description="What a planner pulled.")
    limits: LimitsShown = Field(description="How long is searched.")
    seed: int = Field(description="Same seed and steps, same tours.", examples=[1])
    base_tour_plan: str | None = Field(description="Where it began from.", examples=[None])
    replan: ReplanShown | None = Field(description="Why it was planned again; null: it was not.")
    locked_days: list[CrewDay] = Field(description="Days that later plans of these tours keep.", examples=[[]])
    started_at: Moment | None = Field(description="When a worker first took it up.")
    ended_at: Moment | None = Field(description="When the run ended.")
    published_at: Moment | None = Field(description="When it was published.")
    attempt: int = Field(description="Which attempt; 2 after a worker was lost.", examples=[1])
    progress: RunProgress | None = Field(description="How far the run is; null before it begins.")
    outcome: TourOutcome | None = Field(description="The tours in figures; null until there are any.")
    problem: RunProblem | None = Field(description="Why the run came to nothing.")


def tour_shown(plan: TourPlanRow, language: Language) -> TourShown:
    """Return a plan of tours as callers see it."""
    own = (
        *("id", "version", "state", "created_at", "actor", "date", "days", "now", "centre_ids", "crew_ids"),
        *("started_at", "ended_at", "published_at", "attempt"),
    )
    wish = plan.wish
    replan = wish.get("replan")
    fields: dict[str, Any] = {name: getattr(plan, name) for name in own}
    return TourShown(
        **fields,
        levers=LeversSent(**wish["levers"]),
        limits=LimitsShown.of(wish["limits"]),
        seed=wish["seed"],
        base_tour_plan=wish.get("base_tour_plan"),
        replan=None if replan is None else ReplanShown(kind=replan["kind"], of=wish["base_tour_plan"]),
        locked_days=[CrewDay(crew_id=row["crew_id"], date=row["date"]) for row in wish.get("held", ())],
        progress=RunProgress.of(plan.progress) if plan.progress else None,
        outcome=None if plan.outcome is None else TourOutcome.of(plan.outcome, language),
        problem=None if plan.problem is None else RunProblem(**plan.problem),
    )


class ValidTours(Shown):
    """What tours would be planned from."""

    villages: int = Field(description="Villages.", examples=[80])
    lodgings: int = Field(description="Towns with beds.", examples=[12])
    crews: int = Field(description="Crews.", examples=[2])
    jobs: int = Field(description="Calls, due visits and what people may bring.", examples=[96])
    aside: dict[str, int] = Field(
        description="Calls that are none of a tour's: `far` from every village, or `pending` the customer's consent.",
        examples=[{"far": 12}],
    )


class LockDay(Sent):
    """A day that stays as it is in every plan that begins from this one, or does no longer."""

    crew_id: Annotated[Identifier, Field(description="The crew.", examples=["G1"])]
    date: Annotated[LocalDate, Field(description="The day.", examples=["2026-03-03"])]
    locked: bool = Field(default=True, description="False: it may change again.", examples=[True])


class Announce(Sent):
    """Which villages are told their date."""

    village_ids: Literal["all"] | Annotated[list[Identifier], Field(min_length=1, max_length=MOST)] = Field(
        description="Villages that the messages of these tours are about, or `all` of them.", examples=[["V1"]]
    )


class StopShown(Shown):
    """A date on which a crew stops."""

    date: dt.date = Field(description="When.", examples=["2026-03-03"])
    at_village_id: str = Field(
        description="Where; another village than the one told is near enough to carry things to.", examples=["V1"]
    )


class AnnouncedVillage(Shown):
    """A village and its dates."""

    village_id: str = Field(description="The village.", examples=["V1"])
    date: dt.date | None = Field(
        description="The first date that it knows of now; null: none any more.", examples=["2026-03-03"]
    )
    is_new: bool = Field(description="False: it was told all this before, and nobody is told again.", examples=[True])
    dates: list[StopShown] = Field(description="All that it knows of now.")
    taken_back: list[StopShown] = Field(description="What it was told before and does not hold any more.")


class Announced(Shown):
    """What villages were told."""

    villages: list[AnnouncedVillage] = Field(description="Village by village.")


class VanDown(Sent):
    """A crew's van is out of service."""

    crew_id: Annotated[Identifier, Field(description="The crew.", examples=["G1"])]
    date: Annotated[LocalDate, Field(description="First date without it.", examples=["2026-03-04"])]
    back_on: Annotated[
        LocalDate | None,
        Field(
            description="First date with it again: the crew waits where it is; null: not before the tours end, its "
            "people come home by other means.",
            examples=["2026-03-06"],
        ),
    ] = None

    @model_validator(mode="after")
    def _forward(self) -> Self:
        if self.back_on is not None and self.back_on <= self.date:
            raise ValueError("allowed: back_on after date")
        return self


class CutOff(Sent):
    """A village has no road in."""

    village_id: Annotated[Identifier, Field(description="The village.", examples=["V1"])]
    dates: Annotated[
        list[LocalDate], Field(min_length=1, max_length=MOST_DAYS, description="When.", examples=[["2026-03-04"]])
    ]


class Replan(Sent):
    """Why tours are planned again: exactly one of van_down, village_cut_off and levers."""

    van_down: VanDown | None = Field(default=None, description="A van is out of service.")
    village_cut_off: CutOff | None = Field(default=None, description="A village cannot be reached.")
    levers: LeversSent | None = Field(default=None, description="A planner wants it otherwise.")
    date: LocalDate | None = Field(
        default=None,
        description="First day that may change; default: today, or the first day of the tours if that is later.",
        examples=["2026-03-04"],
    )
    plan_unreported: bool = Field(
        default=False,
        description="True: visits that have begun, and of which nobody has said anything yet, are planned again.",
        examples=[False],
    )
    limits: Limits = Field(default_factory=Limits, description="How long is searched; neither: PT30S.")

    @model_validator(mode="after")
    def _exactly_one(self) -> Self:
        if sum(one is not None for one in (self.van_down, self.village_cut_off, self.levers)) != 1:
            raise ValueError("exactly one of van_down, village_cut_off and levers")
        return self


class TourPublished(Shown):
    """What publishing did."""

    tour: TourShown = Field(description="The plan, which holds now.")
    crew_days: int = Field(description="Days of crews that it holds.", examples=[9])
    visits: int = Field(description="Visits that it promises.", examples=[58])
    superseded: list[str] = Field(description="Plans that hold nothing any more.", examples=[[]])
    short_of_parts: list[str] = Field(
        description="Jobs whose kit was promised to somebody else since the tours were planned, or whose departure was "
        "missed: nothing is kept for them.",
        examples=[[]],
    )
    short_of_spares: list[str] = Field(
        description="Order lines of spare parts that are not, or not all, kept for the same reasons.", examples=[[]]
    )


class PartUsed(Sent):
    """Spare parts that were fitted."""

    part_id: Annotated[Identifier, Field(description="The part.", examples=["P2"])]
    quantity: int = Field(ge=1, le=MOST, description="Units.", examples=[1])


class VisitSaid(Sent):
    """What became of a visit."""

    job_id: Annotated[str, Field(min_length=1, max_length=128, description="The job.", examples=["job_0198"])]
    outcome: Outcome = Field(description="What became of it.", examples=["done"])
    start: WrittenMoment | None = Field(default=None, description="Begun.", examples=["2026-03-03T09:10:00+08:00"])
    end: WrittenMoment | None = Field(default=None, description="Ended.", examples=["2026-03-03T09:45:00+08:00"])
    note: Annotated[str, Field(max_length=2_000)] = Field(default="", description="In words.", examples=[""])
    parts_used: Annotated[list[PartUsed], Field(max_length=MOST)] = Field(
        default_factory=list, description="Spare parts of the van that were fitted; its kit needs no saying."
    )

    @model_validator(mode="after")
    def _forward(self) -> Self:
        if self.start is not None and self.end is not None:
            begun, ended = (dt.datetime.fromisoformat(at) for at in (self.start, self.end))
            if ended < begun:
                raise ValueError("allowed: a start not after the end (this one is reversed)")
        if self.outcome == "done" and self.start is None:
            raise ValueError("what was done has a start")
        return self


class VisitsSaid(Sent):
    """What a crew says of its visits."""

    visits: Annotated[list[VisitSaid], Field(min_length=1, max_length=MOST)] = Field(description="Visit by visit.")


class Recorded(Shown):
    """What was written down."""

    visits: int = Field(description="Visits.", examples=[12])
    done: int = Field(description="Of them done.", examples=[11])
    maintenance_ids: list[str] = Field(description="Maintenance plans whose last visit has moved.", examples=[["M1"]])
    village_ids: list[str] = Field(description="Villages whose last visit has moved.", examples=[["V1"]])
