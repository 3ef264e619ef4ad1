"""Orders of parts and sourcing runs on the wire."""

from typing import Annotated, Literal, Self

from pydantic import Field, ValidationInfo, field_validator, model_validator

from api.schemas.runs import RunProblem
from api.schemas.values import Duration, Moment, Money, Sent, Shown
from api.schemas.written import Identifier, Iso8601
from datasets.columns import MAX_COUNT
from datasets.times import duration_of

__all__ = [
    "AnswerShown",
    "ApproveWish",
    "DispatchShown",
    "HelpShown",
    "NearestShown",
    "OrderLineIn",
    "OrderLineShown",
    "OtherWayShown",
    "PartsOrderIn",
    "PartsOrderShown",
    "PinWish",
    "ReplyShown",
    "RiskShown",
    "RunLimits",
    "SourcingRunShown",
    "SourcingWish",
]

Answering = Literal["confirm", "reserve", "later"]
AnswerWord = Literal["confirmed", "substituted", "needs_approval", "backordered", "declined"]
OrderState = Literal["open", "settled", "cancelled"]
LONGEST_S = 3_600
LineNumber = Annotated[int, Field(ge=1, le=1_000)]


class OrderLineIn(Sent):
    """A part of an order."""

    part_id: Annotated[Identifier, Field(description="A part.", examples=["P-0012"])]
    quantity: Annotated[int, Field(ge=1, le=MAX_COUNT, description="Pieces.", examples=[2])]
    pinned_source_id: Annotated[
        Identifier | None, Field(description="From there and nowhere else.", examples=[None])
    ] = None


class PartsOrderIn(Sent):
    """What an outlet asks for at once."""

    outlet_id: Annotated[Identifier, Field(description="Who asks.", examples=["Z0018"])]
    lines: Annotated[list[OrderLineIn], Field(min_length=1, max_length=200, description="The parts, each once.")]
    job_id: Annotated[
        Identifier | None, Field(description="The job whose kit it is: all of it comes, or nothing.", examples=[None])
    ] = None
    needed_by: Annotated[Moment | None, Field(description="When it should be there.", examples=[None])] = None
    respond_within: Annotated[
        Duration | None, Field(description="1 minute to 31 days; null: as the network's policy says.", examples=[None])
    ] = None
    waiting: Annotated[bool, Field(description="A customer waits for it.", examples=[True])] = False
    urgent: Annotated[bool, Field(description="With waiting: express or pickup.", examples=[False])] = False
    customer_class: Annotated[
        Literal["ordinary", "priority", "vulnerable"], Field(description="Whose it is.", examples=["ordinary"])
    ] = "ordinary"
    most_sources: Annotated[int, Field(ge=1, le=10, description="1: no split.", examples=[3])] = 3
    answering: Annotated[
        Answering,
        Field(
            description="confirm: promised at once. reserve: a quote, kept for `valid_for`. later: by the next run.",
            examples=["confirm"],
        ),
    ] = "confirm"
    valid_for: Annotated[
        Duration | None,
        Field(validate_default=True, description="Of a quote, which needs it; 1 minute to 7 days.", examples=[None]),
    ] = None

    @model_validator(mode="after")
    def _each_part_once(self) -> Self:
        if len({line.part_id for line in self.lines}) < len(self.lines):
            raise ValueError("each part once")
        return self

    @field_validator("valid_for")
    @classmethod
    def _with_reserve(cls, valid_for: Duration | None, info: ValidationInfo) -> Duration | None:
        answering = info.data.get("answering")
        if answering == "reserve" and valid_for is None:
            raise ValueError("answering: reserve needs valid_for, how long the quote is kept: 1 minute to 7 days")
        if answering not in (None, "reserve") and valid_for is not None:
            raise ValueError("valid_for belongs to answering: reserve, and to nothing else")
        return valid_for


class DispatchShown(Shown):
    """Units leaving a source."""

    source_id: str = Field(description="The source.", examples=["W-NJ"])
    part_id: str = Field(description="What is sent.", examples=["P-0012"])
    quantity: int = Field(description="Pieces.", examples=[2])
    mode: str = Field(description="standard, express, dedicated or pickup.", examples=["express"])
    ships_at: Moment = Field(description="It leaves.", examples=["2026-03-02T17:00:00+08:00"])
    eta_p50: Moment = Field(description="Half arrive by then.", examples=["2026-03-03T09:00:00+08:00"])
    eta_p90: Moment = Field(description="Promised.", examples=["2026-03-03T15:00:00+08:00"])
    cost: Money = Field(description="Freight.")
    below_floor: int = Field(description="Pieces of it from the reserve.", examples=[0])
    bulky_fallback: bool = Field(description="Too bulky for a faster lane.", examples=[False])
    state: Literal["reserved", "awaits_approval", "promised", "left"] = Field(
        description="Where it stands.", examples=["promised"]
    )


class OtherWayShown(Shown):
    """Another way for a line, beside everything that is promised."""

    source_id: str = Field(description="From there.", examples=["W-SZ"])
    part_id: str = Field(description="What is sent.", examples=["P-0012"])
    quantity: int = Field(description="Pieces.", examples=[2])
    mode: str = Field(description="standard, express, dedicated or pickup.", examples=["standard"])
    ships_at: Moment = Field(description="It leaves.", examples=["2026-03-02T17:00:00+08:00"])
    eta_p90: Moment = Field(description="Promised.", examples=["2026-03-04T15:00:00+08:00"])
    difference: Money = Field(description="What it costs more, all counted.")
    over_sources: bool = Field(
        default=False,
        description="Not open: it makes one source more than the order may have; told where nothing else is to be had.",
        examples=[False],
    )
    reason: str = Field(description="The same in words, in the caller's language.", examples=["¥ 12.40 more"])


class NearestShown(Shown):
    """Why a line does not come from the nearest source."""

    source_id: str = Field(description="The nearest.", examples=["W-NJ"])
    why_not: str | None = Field(description="A stable word; null: it does come from there.", examples=["no_stock"])
    reason: str = Field(description="In the caller's language.", examples=["W-NJ has none of it"])


class HelpShown(Shown):
    """What would help a line."""

    kind: str = Field(description="A stable word.", examples=["transfer"])
    source_id: str | None = Field(description="There; null: nowhere in particular.", examples=["W-NJ"])
    part_id: str | None = Field(description="Of this part; null: the line's own.", examples=["P-0012"])
    quantity: int | None = Field(description="So many pieces; null: not a matter of pieces.", examples=[2])
    at: Moment | None = Field(description="When; null: at any time.")
    reason: str = Field(description="In the caller's language.", examples=["4 more arrive tomorrow"])


class RiskShown(Shown):
    """Why a line may come too late."""

    kind: str = Field(description="not_sent, late or spread.", examples=["late"])
    late_by: Duration | None = Field(description="After it is needed; null: nothing is sent.", examples=["PT2H"])
    reason: str = Field(description="In the caller's language.", examples=["2 h after it is needed"])


class ReplyShown(Shown):
    """What else there is to say of an answer."""

    alternatives: list[OtherWayShown] = Field(description="The two next best ways.")
    nearest: NearestShown | None = Field(description="About the nearest source; null: there is none.")
    helps: list[HelpShown] = Field(description="What would help.")
    risk: RiskShown | None = Field(description="Null: it comes in time.")


class AnswerShown(Shown):
    """What a line is told."""

    answer: AnswerWord = Field(description="The answer.", examples=["confirmed"])
    reason: str = Field(description="Why, in the caller's language.", examples=["express from W-NJ"])
    eta_p50: Moment | None = Field(description="Half arrive by then; null: not known.")
    eta_p90: Moment | None = Field(description="Promised; null: declined.")
    answered_at: Moment = Field(description="When.", examples=["2026-03-02T09:00:00+08:00"])
    answered_by: Literal["quote", "run", "watch", "person"] = Field(description="By whom.", examples=["quote"])
    run_id: str | None = Field(description="The sourcing run; null: none.", examples=["srun_0198f1c2"])
    reply: ReplyShown | None = Field(description="Other ways, why not the nearest source, help, risk; null: not told.")


class OrderLineShown(Shown):
    """A line of an order."""

    id: str = Field(description="Its id.", examples=["po_0198f1c2/1"])
    number: int = Field(description="Its place, from 1.", examples=[1])
    part_id: str = Field(description="The part.", examples=["P-0012"])
    quantity: int = Field(description="Pieces.", examples=[2])
    pinned_source_id: str | None = Field(description="From there and nowhere else.", examples=[None])
    approved_by: str | None = Field(description="Who has approved it over quota.", examples=[None])
    answer: AnswerShown | None = Field(description="Null: not answered yet.")
    dispatches: list[DispatchShown] = Field(description="What is promised, reserved or gone.")


class PartsOrderShown(Shown):
    """An order of parts with its answers."""

    id: str = Field(description="Its id.", examples=["po_0198f1c2"])
    version: int = Field(description="Counts its changes; the ETag.", examples=[2])
    state: OrderState = Field(description="settled: every line has its last answer.", examples=["settled"])
    centre_id: str = Field(description="The outlet's centre.", examples=["C-NJ"])
    outlet_id: str = Field(description="Who asks.", examples=["Z0018"])
    job_id: str | None = Field(description="The job whose kit it is.", examples=[None])
    ordered_at: Moment = Field(description="When.", examples=["2026-03-02T09:00:00+08:00"])
    respond_by: Moment = Field(
        description="Answered by then, whatever happens.", examples=["2026-03-03T09:00:00+08:00"]
    )
    needed_by: Moment | None = Field(description="When it should be there.")
    waiting: bool = Field(description="A customer waits for it.", examples=[True])
    urgent: bool = Field(description="Express or pickup.", examples=[False])
    customer_class: str = Field(description="Whose it is.", examples=["ordinary"])
    most_sources: int = Field(description="1: no split.", examples=[3])
    quoted_until: Moment | None = Field(description="Of a quote: confirm it by then.")
    responded_at: Moment | None = Field(description="When every line had been answered first.")
    lines: list[OrderLineShown] = Field(description="Its lines.")
    cost: Money = Field(description="Freight of all that is promised or reserved.")


class PinWish(Sent):
    """Where a line shall come from."""

    line: Annotated[LineNumber, Field(description="The line's number.", examples=[1])]
    source_id: Annotated[Identifier | None, Field(description="From there; null: from anywhere.", examples=["W-NJ"])]


class ApproveWish(Sent):
    """Which lines are approved over quota."""

    lines: Annotated[list[LineNumber] | None, Field(max_length=200)] = Field(
        default=None, description="Numbers of the lines; null: all that wait for it.", examples=[[1]]
    )


class RunLimits(Sent):
    """How long a run may take, and how near to the bound is near enough."""

    duration: Annotated[Iso8601, Field(description="At most so long, PT1S to PT1H.", examples=["PT20S"])] = "PT20S"
    gap: Annotated[float, Field(ge=0, le=1, description="Share of the cost.", examples=[0.001])] = 0.0

    @model_validator(mode="after")
    def _bearable(self) -> Self:
        if not 1 <= duration_of(self.duration).seconds <= LONGEST_S:
            raise ValueError("a duration of PT1S to PT1H")
        return self

    def kept(self) -> dict[str, float]:
        """Return the limits as a wish keeps them."""
        return {"seconds": float(duration_of(self.duration).seconds), "gap": self.gap}


class SourcingWish(Sent):
    """A run over all open orders."""

    centres: Annotated[
        list[Annotated[str, Field(min_length=1, max_length=64)]] | Literal["all"],
        Field(description="Orders of these centres; all that the key sees.", examples=["all"]),
    ] = "all"
    limits: Annotated[RunLimits, Field(description="Limits of the search.")] = RunLimits()


class SourcingRunShown(Shown):
    """A sourcing run."""

    id: str = Field(description="Its id.", examples=["srun_0198f1c2"])
    version: int = Field(description="Counts its changes; the ETag.", examples=[3])
    state: Literal["queued", "running", "finished", "failed", "cancelled"] = Field(
        description="Where it stands.", examples=["finished"]
    )
    created_at: Moment = Field(description="When it was wished for.", examples=["2026-03-02T09:00:00+08:00"])
    started_at: Moment | None = Field(description="When it began.")
    ended_at: Moment | None = Field(description="When it ended.")
    centre_ids: list[str] = Field(description="Whose orders.", examples=[["C-NJ"]])
    orders: int | None = Field(description="Orders decided.", examples=[120])
    lines: int | None = Field(description="Lines decided.", examples=[181])
    answers: dict[str, int] | None = Field(description="Lines by answer.", examples=[{"confirmed": 170}])
    answered_late: int | None = Field(
        description="Of the lines, those whose first answer came after their respond_by.", examples=[0]
    )
    again: int | None = Field(description="Orders decided one by one: stock had gone meanwhile.", examples=[0])
    cost: Money | None = Field(description="Cost of its answers; null: not ended.")
    items: dict[str, Money] | None = Field(
        description="The cost item by item; null: not ended.", examples=[{"freight": {"fen": 9_000, "currency": "CNY"}}]
    )
    bound: Money | None = Field(description="No answers cost less; null: not ended.")
    gap: float | None = Field(description="(cost - bound) / cost.", examples=[0.0005])
    problem: RunProblem | None = Field(description="Of a failed run: why.")
