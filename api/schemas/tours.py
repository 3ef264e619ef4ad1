"""Plans of tours on the wire: what is wished for, how far it is, what came of it, and what planners do with it."""

import datetime as dt
from collections.abc import Mapping
from typing import Annotated, Any, Literal, Self

from pydantic import Field, StringConstraints, model_validator

from api.language import Language
from api.plan_states import PlanState
from api.schemas.plans import Limits
from api.schemas.runs import LimitsShown, RunProblem, RunProgress
from api.schemas.values import Moment, Money, Sent, Shown, priced
from api.schemas.written import Identifier, LocalDate, WrittenMoment
from api.tables.tours import TourPlanRow
from optimizer.tours.fitting import Advice
from optimizer.tours.plan import Instead
from optimizer.tours.unkept import UnkeptKind

__all__ = [
    "MOST",
    "MOST_DAYS",
    "Announce",
    "Announced",
    "AnnouncedVillage",
    "CrewDay",
    "CutOff",
    "FittingShown",
    "ForcedShown",
    "Identifiers",
    "LeversSent",
    "LockDay",
    "LockedDaySent",
    "MomentShown",
    "MoreCrewSent",
    "MoreDaySent",
    "NotKeptShown",
    "Outcome",
    "PartUsed",
    "PlanId",
    "Recorded",
    "Replan",
    "ReplanShown",
    "SpanSent",
    "TourHorizon",
    "TourOutcome",
    "TourPublished",
    "TourScope",
    "TourShown",
    "TourWish",
    "TravelPairs",
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


class MomentShown(Shown):
    """What tours are worth that leave no earlier than on a date."""

    leaves_from: dt.date = Field(description="No tour leaves before.", examples=["2026-03-05"])
    delay_days: int = Field(description="So many days from the first.", examples=[3])
    value: Money = Field(description="What they save against no tour, in money alone.")
    jobs: int = Field(description="Jobs done.", examples=[24])
    rescued: int = Field(description="Of them those that nobody else could do in time.", examples=[3])
    van_days: int = Field(description="Days on the road.", examples=[5])
    lost_job_ids: list[str] = Field(
        description="Jobs that tours leaving at once could do, and these cannot.", examples=[["job_0198"]]
    )


class ForcedShown(Shown):
    """A job whose time runs out when tours wait."""

    job_id: str = Field(description="The job.", examples=["job_0198"])
    by: dt.date = Field(description="Somebody must have been there by then.", examples=["2026-03-04"])
    nobody_else: bool = Field(description="No outlet can do it.", examples=[True])
    reason: str = Field(description="Why, in the language asked for.", examples=["Its consent ends on 2026-03-04."])


class FittingShown(Shown):
    """When tours are fitting (适时): their value by when they leave, and what forces them."""

    advice: Advice = Field(description="When to let them leave.", examples=["now"])
    threshold: Money = Field(description="Less than this is not worth the trouble.")
    curve: list[MomentShown] = Field(description="Their value by when they leave.")
    forced: list[ForcedShown] = Field(description="What cannot wait.")


class TravelPairs(Shown):
    """Ways, in ordered pairs of places, that a service over HTTP was to know."""

    fetched: int = Field(description="Asked of it by this run.", examples=[1_260])
    cached: int = Field(description="Known from before.", examples=[840])
    estimated: int = Field(description="Left to the estimate.", examples=[0])
    reasons: dict[str, int] = Field(description="The last, by why.", examples=[{}])


class NotKeptShown(Shown):
    """Something that somebody counted on, and that the tours do not keep."""

    kind: UnkeptKind = Field(description="What.", examples=["date"])
    about: str = Field(description="The village, the crew or the job.", examples=["V1"])
    date: dt.date | None = Field(description="The date that it was meant for; null: any.", examples=["2026-03-04"])
    now_date: dt.date | None = Field(description="The date instead; null: none.", examples=["2026-03-06"])
    sentence: str = Field(
        description="In words, in the language asked for.",
        examples=["日雨镇 was told 2026-03-04, which cannot be kept because the road is cut off that day."],
    )

    @classmethod
    def of(cls, row: Mapping[str, str], language: Language) -> Self:
        """Return what is shown of a row as not_kept.csv has it."""
        return cls(
            kind=UnkeptKind(row["kind"]),
            about=row["about"],
            date=dt.date.fromisoformat(row["date"]) if row["date"] else None,
            now_date=dt.date.fromisoformat(row["now_date"]) if row["now_date"] else None,
            sentence=row["sentence_zh" if language is Language.ZH else "sentence"],
        )


class TourOutcome(Shown):
    """Tours that were made, in figures."""

    tours: int = Field(description="Tours.", examples=[3])
    days: int = Field(description="Days on tour.", examples=[9])
    nights: int = Field(description="Nights away.", examples=[6])
    distance_m: int = Field(description="Metres by road.", examples=[812_000])
    villages_visited: int = Field(description="Villages that a tour stops in.", examples=[31])
    villages_covered: int = Field(description="Villages near enough to a stop to carry units there.", examples=[7])
    villages_uncovered: int = Field(description="Villages with work that no tour comes near.", examples=[4])
    jobs: int = Field(description="Jobs done.", examples=[58])
    left_out: int = Field(description="Jobs left out.", examples=[6])
    left_out_by_rule: dict[str, int] = Field(description="The same by the rule that did it.", examples=[{"ROOM": 6}])
    instead: dict[Instead, int] = Field(description="What becomes of them.", examples=[{"later": 4}])
    cost: Money = Field(description="Cost, jobs left out included.")
    items: dict[str, Money] = Field(
        description="The same, item by item.", examples=[{"wages": {"fen": 72_000, "currency": "CNY"}}]
    )
    bound: Money = Field(description="The least that any choice among the tours met costs.")
    gap: float | None = Field(description="How far the cost may be from it, as a share.", examples=[0.004])
    candidates: int = Field(description="Tours met.", examples=[2_310])
    road_cost_per_job: Money | None = Field(description="On the road, per job done; null: none is done.")
    outlet_cost_per_job: Money | None = Field(
        description="What an outlet would be paid for each of those that it could do; null: for none."
    )
    priced_jobs: int = Field(description="Jobs done that an outlet could have done.", examples=[22])
    announced: int = Field(description="Villages that were told a date before.", examples=[5])
    announced_kept: int = Field(description="Of them visited on it.", examples=[5])
    kit_lines: int = Field(description="Order lines of kits.", examples=[14])
    kit_lines_in_time: int = Field(description="Of them there before departure.", examples=[14])
    provider: str = Field(description="Where travel times are from.", examples=["estimate: proxy road graph"])
    is_estimate: bool = Field(description="No road data is behind any of them.", examples=[True])
    pairs: TravelPairs | None = Field(default=None, description="What a service was asked for; null: there is none.")
    fitting: FittingShown | None = Field(description="When tours are fitting; null: planned from a base, not asked.")
    not_kept: list[NotKeptShown] = Field(
        default_factory=list, description="What somebody counted on, and the tours do not keep."
    )

    @classmethod
    def of(cls, outcome: Mapping[str, Any], language: Language) -> Self:
        """Return what is shown of an outcome as it is kept."""
        said = {name: value for name, value in outcome.items() if name in cls.model_fields}
        weighed = outcome["fitting"]
        said["fitting"] = None if weighed is None else _fitting(weighed, language)
        said["not_kept"] = [NotKeptShown.of(row, language) for row in outcome.get("not_kept", ())]
        road, outlet = outcome["road_fen_per_job"], outcome["outlet_fen_per_job"]
        return cls(
            **said,
            cost=Money(fen=outcome["total_fen"]),
            items=priced(outcome["cost_fen"]),
            bound=Money(fen=outcome["bound_fen"]),
            road_cost_per_job=None if road is None else Money(fen=road),
            outlet_cost_per_job=None if outlet is None else Money(fen=outlet),
        )


def _fitting(found: Mapping[str, Any], language: Language) -> FittingShown:
    return FittingShown(
        advice=found["advice"],
        threshold=Money(fen=found["threshold_fen"]),
        curve=[
            MomentShown(
                **{name: value for name, value in moment.items() if name != "value_fen"},
                value=Money(fen=moment["value_fen"]),
            )
            for moment in found["curve"]
        ],
        forced=[
            ForcedShown(
                **{name: forced[name] for name in ("job_id", "by", "nobody_else")},
                reason=forced["reason_zh" if language is Language.ZH else "reason"],
            )
            for forced in found["forced"]
        ],
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
        description="Villages that a tour stops in, or `all` of them.", examples=[["V1"]]
    )


class AnnouncedVillage(Shown):
    """A village and its date."""

    village_id: str = Field(description="The village.", examples=["V1"])
    date: dt.date = Field(description="The date that it is told.", examples=["2026-03-03"])
    is_new: bool = Field(description="False: it was told this date before, and nobody is told again.", examples=[True])


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
