"""Who should take a job, and what would help where nobody can: nothing is changed by asking."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import replace

from api.booking import Asked, job_of, without_visit
from api.desks import CentreDesk
from api.language import Language
from api.schemas.slots import CandidateShown, NobodyShown, RecommendationShown, RemedyShown, VerdictShown
from api.schemas.values import Money, priced
from api.schemas.written import duration_text
from optimizer.candidates import nearest_capable_outlets
from optimizer.explain import explain_job
from optimizer.explanation import Candidate, Sentence
from optimizer.model import Job, Rule, Window
from optimizer.plan import Unassigned
from optimizer.recommending import Recommendation, recommend
from optimizer.roster import Roster

__all__ = ["nobody", "recommended", "remedies"]

DRAFT = "draft"


def recommended(
    centres: Sequence[CentreDesk], asked: Asked, most: int, language: Language, now: dt.datetime
) -> RecommendationShown:
    """Return the ranked technicians of a centre for a job, over all plans that hold for it."""
    desks = [without_visit(centre, asked.job_id, now) for centre in centres]
    found = [(desk, _found(desk, asked, most, now)) for desk in desks]
    # Why not the nearest: as the plan with the best place has it.
    best = min((told for _, told in found), key=_least)
    return RecommendationShown(
        centre_id=asked.centre_id,
        candidates=_candidates(found, most, language),
        nearest_outlet_id=best.nearest_outlet_id,
        why_not_nearest=None if best.not_nearest is None else _said(best.not_nearest, language),
        rule=None if best.rule is None else str(best.rule),
    )


def nobody(
    centres: Sequence[CentreDesk], asked: Asked, language: Language, now: dt.datetime, *, with_remedies: bool
) -> NobodyShown:
    """Return why a job gets no offer and, if asked for, the cheapest single changes that would give it one.

    Looking for these lays out the whole plan of a centre, which holds up whoever else is on the telephone.
    """
    desks = [without_visit(centre, asked.job_id, now) if asked.moves else centre for centre in centres]
    found = [(desk, _found(desk, asked, 3, now)) for desk in desks]
    helping = remedies(desks, asked, language, now) if with_remedies else None
    return NobodyShown(candidates=_candidates(found, 3, language), remedies=helping)


def remedies(centres: Sequence[CentreDesk], asked: Asked, language: Language, now: dt.datetime) -> list[RemedyShown]:
    """Return the single changes that would give a job that nobody visits a place, the cheapest first."""
    each = (remedy for desk in centres for remedy in _remedies(desk, asked, language, now))
    return sorted(each, key=lambda one: one.price.fen)


def _job(centre: CentreDesk, asked: Asked) -> Job:
    known = asked.job_id if asked.job_id in centre.desk.left_out else None
    job = job_of(centre, asked, known or DRAFT)
    if asked.appointment is None:
        return job
    earliest_s, latest_s = map(centre.seconds, asked.appointment)
    return replace(job, appointment=Window(earliest_s=earliest_s, latest_s=latest_s))


def _found(centre: CentreDesk, asked: Asked, most: int, now: dt.datetime) -> Recommendation:
    return recommend(centre.asked_at(now), _job(centre, asked), most)


def _remedies(centre: CentreDesk, asked: Asked, language: Language, now: dt.datetime) -> list[RemedyShown]:
    job = _job(centre, asked)
    desk = centre.asked_at(now)
    day, plan = desk.day(), desk.plan()
    others = tuple(one for one in day.jobs if one.id != job.id)
    # The job is the first, as it is among the candidates.
    day = replace(day, now_s=desk.now_s, jobs=(job, *others))
    left = tuple(one for one in plan.unassigned if one.job_id != job.id)
    plan = replace(plan, unassigned=(*left, Unassigned(job_id=job.id, rule=Rule.UNKNOWN, reason="asked about")))
    candidates = nearest_capable_outlets(Roster(replace(day, jobs=(job,))), centre.travel)
    return [
        RemedyShown(
            kind=str(one.remedy.kind),
            said=_said(one.remedy.said, language),
            start=centre.moment(one.remedy.start_s),
            price=Money(fen=one.remedy.difference_fen),
        )
        for one in explain_job(day, plan, candidates, centre.travel, job.id)
        if one.remedy is not None
    ]


def _least(found: Recommendation) -> float:
    return min((one.difference_fen for one in found.candidates if one.difference_fen is not None), default=float("inf"))


def _candidates(
    found: Sequence[tuple[CentreDesk, Recommendation]], most: int, language: Language
) -> list[CandidateShown]:
    """Return the candidates of all desks, the cheapest legal ones first; each technician once."""
    ranked = sorted(
        ((desk, one) for desk, told in found for one in told.candidates),
        key=lambda pair: float("inf") if pair[1].difference_fen is None else pair[1].difference_fen,
    )
    least = next((one.difference_fen for _, one in ranked if one.difference_fen is not None), 0)
    shown: dict[str, CandidateShown] = {}
    for desk, one in ranked:
        possible = sum(candidate.possible for candidate in shown.values())
        if one.technician_id not in shown and (one.difference_fen is None or possible < most):
            shown[one.technician_id] = _candidate(desk, one, least, language)
    return list(shown.values())


def _candidate(centre: CentreDesk, one: Candidate, least: int, language: Language) -> CandidateShown:
    fen = one.difference_fen
    return CandidateShown(
        outlet_id=one.outlet_id,
        technician_id=one.technician_id,
        possible=fen is not None,
        price=None if fen is None else Money(fen=fen),
        dearer=None if fen is None else Money(fen=fen - least),
        items=priced(dict(one.items)),
        start=None if one.start_s is None else centre.moment(one.start_s),
        travel=None if one.travel_s is None else duration_text(one.travel_s),
        travel_m=one.travel_m,
        verdicts=[
            VerdictShown(
                rule=None if verdict.rule is None else str(verdict.rule),
                holds=verdict.holds,
                said=_said(verdict.said, language),
            )
            for verdict in one.verdicts
        ],
    )


def _said(sentence: Sentence, language: Language) -> str:
    return sentence.zh if language is Language.ZH else sentence.en
