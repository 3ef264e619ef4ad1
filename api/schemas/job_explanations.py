"""Why a job is where it is, on the wire."""

from typing import Annotated

from pydantic import Field

from api.schemas.explanations import ExplanationShown
from api.schemas.slots import RecommendationShown, RemedyShown
from api.schemas.values import Shown

__all__ = ["JobExplanation"]


class JobExplanation(Shown):
    """Why the job is where the published plan has it, computed by re-insertion, and who else could come as of now."""

    job_id: Annotated[str, Field(description="The job.", examples=["job_01953f3b"])]
    plan_id: Annotated[str | None, Field(description="The plan that is explained.", examples=["plan_0195"])]
    explained: Annotated[bool, Field(description="False: nothing computed speaks of it.", examples=[True])]
    said: Annotated[str, Field(description="The reason, in the language asked for.", examples=["No room"])]
    explanations: Annotated[
        list[ExplanationShown],
        Field(
            description="What the plan found when it was made, of a job left out, late or not at its nearest outlet: "
            "candidates with the verdict of every rule, cost difference, cheapest remedy."
        ),
    ]
    now: Annotated[
        RecommendationShown | None,
        Field(
            description="Who could come as the plan stands now, the job taken off its route: candidates with the "
            "verdict of every rule and what each costs more, why not the nearest; null: it cannot be placed any more, "
            "or no plan holds."
        ),
    ]
    remedies: Annotated[
        list[RemedyShown],
        Field(description="Where nobody has a legal place now: single changes that make one, cheapest first."),
    ]
