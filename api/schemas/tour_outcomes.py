"""What came of planning tours on the wire: figures, when they are fitting, what they do not keep."""

import datetime as dt
from collections.abc import Mapping
from typing import Any, Self

from pydantic import Field

from api.language import Language
from api.schemas.values import Money, Shown, priced
from optimizer.tours.fitting import Advice
from optimizer.tours.plan import Instead
from optimizer.tours.unkept import UnkeptKind

__all__ = ["FittingShown", "ForcedShown", "MissedShown", "MomentShown", "NotKept", "TourOutcome", "TravelPairs"]


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


class NotKept(Shown):
    """What somebody counts on and these tours do not keep."""

    kind: UnkeptKind = Field(
        description="A date that a village was told, a crew's way home, a village that must be visited, a lock, or one "
        "tour over some days.",
        examples=["date"],
    )
    about: str = Field(description="The village, crew or job.", examples=["V1"])
    sentence: str = Field(
        description="What, why, and what is instead, in the language asked for.",
        examples=["日雨镇 was told 2026-03-04, which cannot be kept because the road is cut off; nobody comes."],
    )
    date: dt.date | None = Field(description="What it was meant for; null: any.", examples=["2026-03-04"])
    now_date: dt.date | None = Field(description="What it is on instead; null: nothing.", examples=[None])
    at_village_id: str | None = Field(
        description="Of a date that a village was told: where people were to meet the crew.", examples=["V1"]
    )

    @classmethod
    def of(cls, found: Mapping[str, Any], language: Language) -> Self:
        """Return what is shown of it as it is kept."""
        same = ("kind", "about", "date", "now_date", "at_village_id")
        sentence = found["sentence_zh" if language is Language.ZH else "sentence"]
        return cls(**{name: found[name] for name in same}, sentence=sentence)


class MissedShown(Shown):
    """A day that a village was told, and on which nobody came."""

    village_id: str = Field(description="The village.", examples=["V1"])
    date: dt.date = Field(description="What it was told.", examples=["2026-03-03"])
    at_village_id: str = Field(description="Where people were to meet the crew.", examples=["V1"])


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
    announced: int = Field(description="Dates that villages were told before.", examples=[5])
    announced_kept: int = Field(description="Of them kept.", examples=[5])
    not_kept: list[NotKept] = Field(
        default_factory=list, description="What villages and planners count on and these tours do not keep; none: all."
    )
    missed: list[MissedShown] = Field(
        default_factory=list,
        description="What they told villages and has passed without anybody coming; `/apologies` has the drafts.",
    )
    kit_lines: int = Field(description="Order lines of kits.", examples=[14])
    kit_lines_in_time: int = Field(description="Of them there before departure.", examples=[14])
    provider: str = Field(description="Where travel times are from.", examples=["estimate: proxy road graph"])
    is_estimate: bool = Field(description="No road data is behind any of them.", examples=[True])
    pairs: TravelPairs | None = Field(default=None, description="What a service was asked for; null: there is none.")
    fitting: FittingShown | None = Field(description="When tours are fitting; null: planned from a base, not asked.")

    @classmethod
    def of(cls, outcome: Mapping[str, Any], language: Language) -> Self:
        """Return what is shown of an outcome as it is kept."""
        said = {name: value for name, value in outcome.items() if name in cls.model_fields}
        said["not_kept"] = [NotKept.of(found, language) for found in outcome.get("not_kept", ())]
        weighed = outcome["fitting"]
        said["fitting"] = None if weighed is None else _fitting(weighed, language)
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
