"""What a plan has computed about a job, on the wire."""

import datetime as dt
from collections.abc import Mapping
from typing import Annotated, Any, Self

from pydantic import Field

from api.language import Language
from api.schemas.values import Moment, Money, Shown, priced
from api.schemas.written import duration_text

__all__ = ["BrokenShown", "ExplainedCandidate", "ExplainedRemedy", "ExplanationShown"]

Said = Annotated[str, Field(description="In the language asked for.", examples=["no room in its windows"])]
GivesWay = Annotated[str | None, Field(description="Visit that makes room; null: none.", examples=["job_01953f3b"])]
GivesWayTo = Annotated[
    str | None, Field(description="Technician who takes that visit; null: nobody.", examples=["T00013"])
]


class BrokenShown(Shown):
    """A rule or a promise that stands in the way."""

    rule: Annotated[str | None, Field(description="The rule; null: a promise.", examples=["SKILL"])]
    said: Said


class ExplainedCandidate(Shown):
    """A shift that could have served the job, and what that would have changed."""

    outlet_id: Annotated[str, Field(description="The outlet.", examples=["O0012"])]
    technician_id: Annotated[str, Field(description="The technician.", examples=["T00012"])]
    shift_id: Annotated[str, Field(description="The shift.", examples=["T00012@2026-03-02"])]
    travel: Annotated[str | None, Field(description="From the base, ISO 8601; null: no way.", examples=["PT18M"])]
    distance_m: Annotated[int | None, Field(description="Metres of it.", examples=[7_300])]
    holds: Annotated[list[str], Field(description="Rules that do not stand in the way.", examples=[["SKILL"]])]
    broken: Annotated[list[BrokenShown], Field(description="What does.")]
    difference: Annotated[Money | None, Field(description="Plan cost with the job here less as it is; null: no place.")]
    items: Annotated[dict[str, Money], Field(description="The difference by item.", examples=[{"travel": {"fen": 9}}])]
    start: Annotated[Moment | None, Field(description="When service would start.")]
    gives_way: GivesWay
    gives_way_to: GivesWayTo


class ExplainedRemedy(Shown):
    """The cheapest single change that makes a legal place."""

    kind: Annotated[str, Field(description="What changes.", examples=["overtime"])]
    said: Said
    shift_id: Annotated[str, Field(description="The shift with the place.", examples=["T00012@2026-03-02"])]
    amount: Annotated[int, Field(description="How much of it, in the remedy's own unit.", examples=[30])]
    start: Annotated[Moment, Field(description="When service would then start.")]
    difference: Annotated[Money, Field(description="What the plan costs more with it.")]
    gives_way: GivesWay
    gives_way_to: GivesWayTo


class ExplanationShown(Shown):
    """One thing that a plan says of a job: left out, late, or not at its nearest outlet."""

    why: Annotated[str, Field(description="left_out, late or not_nearest.", examples=["left_out"])]
    rule: Annotated[str | None, Field(description="The rule that decided; null: prices did.", examples=["SKILL"])]
    said: Said
    remedy: Annotated[ExplainedRemedy | None, Field(description="The cheapest remedy; null: none was found.")]
    candidates: Annotated[list[ExplainedCandidate], Field(description="Who could have come, verdict by verdict.")]

    @classmethod
    def of(cls, found: Mapping[str, Any], language: Language) -> Self:
        """Return what is shown of an explanation as plan.json has it."""
        remedy = found["remedy"]
        return cls(
            why=found["why"],
            rule=found["rule"],
            said=found[language],
            remedy=None if remedy is None else _remedy(remedy, language),
            candidates=[_candidate(one, language) for one in found["candidates"]],
        )


def _remedy(found: Mapping[str, Any], language: Language) -> ExplainedRemedy:
    return ExplainedRemedy(
        kind=found["kind"],
        said=found[language],
        shift_id=found["shift_id"],
        amount=found["amount"],
        start=dt.datetime.fromisoformat(found["start"]),
        difference=Money(fen=found["difference_fen"]),
        gives_way=found["gives_way"] or None,
        gives_way_to=found["gives_way_to"] or None,
    )


def _candidate(found: Mapping[str, Any], language: Language) -> ExplainedCandidate:
    travel_s, fen, start = found["travel_s"], found["difference_fen"], found["start"]
    return ExplainedCandidate(
        outlet_id=found["outlet_id"],
        technician_id=found["technician_id"],
        shift_id=found["shift_id"],
        travel=None if travel_s is None else duration_text(travel_s),
        distance_m=found["distance_m"],
        holds=found["holds"],
        broken=[BrokenShown(rule=one["rule"], said=one[language]) for one in found["broken"]],
        difference=None if fen is None else Money(fen=fen),
        items=priced(found["items_fen"]),
        start=None if start is None else dt.datetime.fromisoformat(start),
        gives_way=found["gives_way"] or None,
        gives_way_to=found["gives_way_to"] or None,
    )
