"""Explanations as plan.json holds them: compact, every sentence in English and in Chinese."""

import datetime as dt
from typing import Any

from datasets.times import instant_text
from optimizer.explanation import Candidate, Explanation, Remedy, Sentence

__all__ = ["explanation_document"]


def explanation_document(date: dt.date, explanation: Explanation) -> dict[str, Any]:
    """Return an explanation as JSON has it."""
    return {
        "job_id": explanation.job_id,
        "why": str(explanation.why),
        "rule": None if explanation.rule is None else str(explanation.rule),
        **_said(explanation.said),
        "remedy": None if explanation.remedy is None else _remedy(date, explanation.remedy),
        "candidates": [_candidate(date, candidate) for candidate in explanation.candidates],
    }


def _said(sentence: Sentence) -> dict[str, str]:
    return {"en": sentence.en, "zh": sentence.zh}


def _remedy(date: dt.date, remedy: Remedy) -> dict[str, Any]:
    return {
        "kind": str(remedy.kind),
        "shift_id": remedy.shift_id,
        "amount": remedy.amount,
        "start": instant_text(date, remedy.start_s),
        "difference_fen": remedy.difference_fen,
        "gives_way": remedy.gives_way,
        "gives_way_to": remedy.gives_way_to,
        **_said(remedy.said),
    }


def _candidate(date: dt.date, candidate: Candidate) -> dict[str, Any]:
    """Return a candidate; of the rules that hold only the names."""
    return {
        "outlet_id": candidate.outlet_id,
        "technician_id": candidate.technician_id,
        "shift_id": candidate.shift_id,
        "travel_s": candidate.travel_s,
        "distance_m": candidate.travel_m,
        "holds": [str(verdict.rule) for verdict in candidate.verdicts if verdict.holds],
        "broken": [
            {"rule": None if verdict.rule is None else str(verdict.rule), **_said(verdict.said)}
            for verdict in candidate.verdicts
            if not verdict.holds
        ],
        "difference_fen": candidate.difference_fen,
        "start": None if candidate.start_s is None else instant_text(date, candidate.start_s),
        "gives_way": candidate.gives_way,
        "gives_way_to": candidate.gives_way_to,
        "items_fen": dict(candidate.items),
    }
