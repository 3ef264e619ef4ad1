"""A plan's run on the wire: what was wished for, how far it is, what came of it."""

import datetime as dt
from collections.abc import Mapping
from typing import Any, Literal, Self

from pydantic import Field

from api.schemas.problems import FaultShown
from api.schemas.values import Moment, Money, Shown
from api.schemas.written import duration_text
from optimizer.churn import Fate
from optimizer.model import Channel
from optimizer.plan import Status
from optimizer.solve import Engine

__all__ = [
    "BestSoFar",
    "ByHand",
    "CacheSaid",
    "LegsSaid",
    "LimitsShown",
    "OutcomeChanges",
    "PairsSaid",
    "ReasonSaid",
    "RunOutcome",
    "RunProblem",
    "RunProgress",
    "StabilityShown",
    "TravelSaid",
    "WishShown",
    "WishedHorizon",
    "WishedScope",
]

Percent = float | None


class WishedScope(Shown):
    """What is planned."""

    centres: Literal["all"] | list[str] = Field(description="Ids of centres, or `all`.", examples=[["C01"]])


class WishedHorizon(Shown):
    """When it is planned for."""

    date: dt.date = Field(description="First day.", examples=["2026-03-02"])
    days: int = Field(description="Number of days.", examples=[1])
    now: Moment | None = Field(default=None, description="The planning moment; null: when it was asked for.")


class LimitsShown(Shown):
    """How long is searched."""

    duration: str | None = Field(description="Search by the clock, ISO 8601.", examples=["PT30S"])
    steps: int | None = Field(description="Search steps instead.", examples=[None])

    @classmethod
    def of(cls, limits: Mapping[str, Any]) -> Self:
        """Return what is shown of limits as they are kept."""
        seconds = limits.get("seconds")
        return cls(duration=None if seconds is None else duration_text(round(seconds)), steps=limits.get("steps"))


class WishShown(Shown):
    """What was asked for, by a caller or by a replan; of a plan that came from a folder only what the folder says."""

    scope: WishedScope = Field(description="What is planned.")
    horizon: WishedHorizon | None = Field(default=None, description="When it is planned for.")
    limits: LimitsShown | None = Field(default=None, description="How long is searched.")
    seed: int = Field(description="Same seed and steps, same plan.", examples=[1])
    engine: Engine | None = Field(default=None, description="Who looks for routes.", examples=["search"])
    freeze: Literal["channels", "none"] = Field(description="Which published visits stay.", examples=["channels"])
    base_plan: str = Field(
        description="What changes are counted and priced against: `published`, `none`, or a plan's id.",
        examples=["published"],
    )
    thawed: list[str] | None = Field(default=None, description="Outlets whose freeze is lifted.", examples=[["Z0018"]])
    because: list[str] | None = Field(
        default=None, description="Disruptions and items that ask for it.", examples=[["disruption_0198"]]
    )
    publish: Literal["manual", "auto"] | None = Field(default=None, description="Who publishes it.", examples=["auto"])
    source: str | None = Field(default=None, description="Where it came from.", examples=["plan folder"])

    @classmethod
    def of(cls, wish: Mapping[str, Any]) -> Self:
        """Return what is shown of a wish as it is kept."""
        limits = wish.get("limits")
        return cls(**{**wish, "limits": None if limits is None else LimitsShown.of(limits)})


class BestSoFar(Shown):
    """The best that was found so far, over the shards that are done or under way."""

    visits: int = Field(description="Visits.", examples=[612])
    cost: Money = Field(description="Cost by the tariff.")


class RunProgress(Shown):
    """How far a run is."""

    stage: str = Field(description="What is being done.", examples=["search"])
    share: float = Field(default=0.0, description="How much of the stage is done, 0 to 1.", examples=[0.5])
    elapsed: str | None = Field(default=None, description="Since this attempt began, ISO 8601.", examples=["PT12S"])
    attempt: int | None = Field(default=None, description="Which attempt; 2 after a worker was lost.", examples=[1])
    shards_done: int | None = Field(default=None, description="Shards that are done.", examples=[3])
    shards: int | None = Field(default=None, description="Shards in all.", examples=[8])
    best: BestSoFar | None = Field(default=None, description="The best so far; null before there is one.")

    @classmethod
    def of(cls, progress: Mapping[str, Any]) -> Self:
        """Return what is shown of progress as a run keeps it."""
        said = {name: value for name, value in progress.items() if name in cls.model_fields}
        seconds, best = progress.get("elapsed_s"), progress.get("best")
        if best is not None:
            said["best"] = BestSoFar(visits=best["visits"], cost=Money(fen=best["cost_fen"]))
        return cls(**said, elapsed=None if seconds is None else duration_text(round(seconds)))


class LegsSaid(Shown):
    """Legs of the plan, the way back included."""

    answered: int = Field(description="As a service answered.", examples=[1_480])
    estimated: int = Field(description="Estimated.", examples=[20])


class PairsSaid(Shown):
    """Ordered pairs of places that the day may need."""

    fetched: int = Field(description="Asked for in this run.", examples=[1_200])
    cached: int = Field(description="Known before.", examples=[80_000])
    estimated: int = Field(description="Left to the estimate.", examples=[300])


class ReasonSaid(Shown):
    """Why pairs were estimated."""

    reason: str = Field(description="A word of docs/data-format.md.", examples=["no way"])
    pairs: int = Field(description="How many.", examples=[12])


class CacheSaid(Shown):
    """The rows of the cache that a plan was made from."""

    number: int = Field(description="Up to this one.", examples=[81_200])
    since: int = Field(description="Fetched since, Unix seconds.", examples=[1_772_400_000])


class TravelSaid(Shown):
    """Where travel times are from; the later fields only of a service over HTTP."""

    provider: str = Field(description="Who answered.", examples=["estimate: proxy road graph"])
    is_estimate: bool = Field(description="No road data is behind any of them.", examples=[True])
    legs: LegsSaid | None = Field(default=None, description="Legs of the plan.")
    pairs: PairsSaid | None = Field(default=None, description="Pairs of places.")
    reasons: list[ReasonSaid] | None = Field(default=None, description="Why pairs were estimated.")
    ended: str | None = Field(default=None, description="What ended the asking early; empty: nothing.", examples=[""])
    cache: CacheSaid | None = Field(default=None, description="What of the cache was used.")


class ByHand(Shown):
    """The same day planned by hand: nearest outlet, first come, first served."""

    served: int = Field(description="Jobs visited.", examples=[580])
    arrival_percent: Percent = Field(description="Arrivals in time, of those due.", examples=[81.5])
    cost: Money = Field(description="Cost by the same tariff.")


class StabilityShown(Shown):
    """What keeping to published visits costs."""

    difference: Money = Field(description="How much cheaper a plan was found that keeps to none; 0: none was.")
    more_changes: int = Field(description="Published visits that would change in it beyond these.", examples=[4])
    more_calls: int = Field(description="Customers to call again beyond these.", examples=[2])


class OutcomeChanges(Shown):
    """What a plan changes of the published visits; docs/kpis.md, "Changes"."""

    published: int = Field(description="Published visits.", examples=[600])
    unchanged: int = Field(description="As they were.", examples=[590])
    changed: int = Field(description="Not as they were.", examples=[10])
    by_change: dict[Fate, int] = Field(description="Visits by what becomes of them.", examples=[{"time": 7}])
    customers_to_call_again: int = Field(description="Told what no longer holds.", examples=[3])
    outlets_to_tell: dict[Channel, int] = Field(
        description="Outlets to be told, by how they are reached.", examples=[{"phone": 2}]
    )
    overdue: int = Field(description="Should have begun before `now`, and wait still.", examples=[0])
    churn: Money = Field(description="What the changes are priced at.")
    stability: StabilityShown | None = Field(description="What stability costs; null: not asked.")

    @classmethod
    def of(cls, changes: Mapping[str, Any]) -> Self:
        """Return what is shown of `changes` as kpis.json has them."""
        said = {name: value for name, value in changes.items() if name in cls.model_fields}
        stability = changes["stability"]
        if stability is not None:
            more = {name: stability[name] for name in ("more_changes", "more_calls")}
            said["stability"] = StabilityShown(difference=Money(fen=stability["fen"]), **more)
        return cls(**said, churn=Money(fen=changes["churn_fen"]))


class RunOutcome(Shown):
    """A plan that was made, in figures."""

    status: Status = Field(description="How good it is known to be.", examples=["complete"])
    travel: TravelSaid = Field(description="Where travel times are from.")
    jobs: int = Field(description="Jobs of the day.", examples=[690])
    served: int = Field(description="Jobs visited.", examples=[612])
    left_out: int = Field(description="Jobs that could be visited, and are not.", examples=[3])
    awaiting_consent: int = Field(description="Jobs that nobody could be sent to.", examples=[75])
    arrival_percent: Percent = Field(description="Arrivals in time, of those due.", examples=[97.1])
    remote_percent: Percent = Field(description="The same in remote places.", examples=[95.4])
    cost: Money = Field(description="Cost by the tariff.")
    baseline: ByHand = Field(description="The same day planned by hand.")
    changes: OutcomeChanges | None = Field(description="Against what was published; null: nothing was.")

    @classmethod
    def of(cls, outcome: Mapping[str, Any]) -> Self:
        """Return what is shown of an outcome as it is kept."""
        said = {name: value for name, value in outcome.items() if name in cls.model_fields}
        hand, changes = outcome["baseline"], outcome["changes"]
        said["baseline"] = ByHand(
            served=hand["served"], arrival_percent=hand["arrival_percent"], cost=Money(fen=hand["cost_fen"])
        )
        said["changes"] = None if changes is None else OutcomeChanges.of(changes)
        return cls(**said, cost=Money(fen=outcome["cost_fen"]))


class RunProblem(Shown):
    """Why a run came to nothing."""

    code: str = Field(description="A stable word for programs.", examples=["day_refused"])
    detail: str = Field(description="A sentence.", examples=["The day has faults."])
    faults: int = Field(default=0, description="Faults in all.", examples=[2])
    errors: list[FaultShown] = Field(default_factory=list, description="The first of them.", examples=[[]])
