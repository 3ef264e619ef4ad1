"""What an explanation says: a reason, the candidates with the verdict of each rule, and the cheapest single remedy."""

from dataclasses import dataclass
from enum import StrEnum

from optimizer.model import Rule

__all__ = ["Candidate", "Explanation", "Remedy", "RemedyKind", "Sentence", "Verdict", "Why"]


class Why(StrEnum):
    """What about a job is explained."""

    LEFT_OUT = "left_out"
    LATE = "late"
    """A promise of the job is broken."""
    NOT_NEAREST = "not_nearest"
    """Another outlet than the nearest capable one serves it."""
    SERVED = "served"
    """Nothing is wrong; somebody asks why this technician."""


class RemedyKind(StrEnum):
    """The one thing that a remedy changes."""

    FORCE = "force"
    """Nothing but the plan: a place exists, and was dearer."""
    GIVE_WAY = "give_way"
    """Nothing but the plan: one other visit gives way."""
    OVERTIME = "overtime"
    WINDOW = "window"
    TIME = "time"
    """Another time altogether, where no window is left."""
    PART = "part"
    SKILL = "skill"
    CERTIFICATE = "certificate"
    CREW = "crew"
    LOAD = "load"
    REACH = "reach"
    LOCK = "lock"
    FREEZE = "freeze"
    CONSENT = "consent"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sentence:
    """The same thing said in English and in Chinese."""

    en: str
    zh: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """Whether a rule lets a shift serve a job; rule is None where a promise is spoken of, which is no hard rule."""

    rule: Rule | None
    holds: bool
    said: Sentence


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A shift that could have served the job, and what that would have changed.

    travel_s, travel_m: base → job by road, None where no way is known or it is too far to ask. difference_fen: plan
    cost with the job forced here less plan cost as it is; None where one visit giving way opens no legal place either.
    gives_way: the visit that makes room ("" for none), which then goes to gives_way_to ("" when it is left out). items:
    what the difference is made of.
    """

    outlet_id: str
    technician_id: str
    shift_id: str
    travel_s: int | None
    travel_m: int | None
    verdicts: tuple[Verdict, ...]
    difference_fen: int | None = None
    start_s: int | None = None
    gives_way: str = ""
    gives_way_to: str = ""
    items: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Remedy:
    """One change that makes a legal place for the job, found by re-insertion.

    amount: minutes of overtime, seconds a window reaches farther (negative: earlier), ready time of the parts, level,
    people, load or metres; 0 where there is nothing to count. difference_fen: plan cost with the change and the job in
    place less plan cost as it is. start_s: when the service would then start.
    """

    kind: RemedyKind
    shift_id: str
    amount: int
    start_s: int
    difference_fen: int
    said: Sentence
    gives_way: str = ""
    gives_way_to: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """Why a job is left out, late, or not at its nearest outlet; rule is None where prices decided, no rule."""

    job_id: str
    why: Why
    rule: Rule | None
    said: Sentence
    remedy: Remedy | None
    candidates: tuple[Candidate, ...]
