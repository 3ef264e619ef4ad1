"""What else a reply to an order line says, as it is stored and shown: other ways, the nearest source, help and risk."""

import datetime as dt
from collections.abc import Mapping
from typing import Any

from api.language import Language
from api.parts_network import PartsNetwork
from api.schemas.parts_orders import HelpShown, NearestShown, OtherWayShown, ReplyShown, RiskShown
from api.schemas.values import Money
from optimizer.explanation import Sentence
from optimizer.parts.reply import Alternative, LineReply

__all__ = ["in_language", "reply_shown", "reply_written", "said_in_both"]


def reply_written(reply: LineReply, network: PartsNetwork) -> dict[str, Any]:
    """Return a reply as JSON values."""
    nearest, risk = reply.nearest, reply.risk
    return {
        "alternatives": [_alternative(one, network) for one in reply.alternatives],
        "nearest": None
        if nearest is None
        else {
            "source_id": nearest.source_id,
            "why_not": None if nearest.why_not is None else str(nearest.why_not),
            **said_in_both(nearest.said),
        },
        "helps": [
            {
                "kind": str(one.kind),
                "source_id": one.source_id or None,
                "part_id": one.part_id or None,
                "quantity": int(one.quantity) or None,
                "at": None if one.at_s is None else network.moment_text(one.at_s),
                **said_in_both(one.said),
            }
            for one in reply.helps
        ],
        "risk": None
        if risk is None
        else {
            "kind": str(risk.kind),
            "late_s": None if risk.late_s is None else int(risk.late_s),
            **said_in_both(risk.said),
        },
    }


def _alternative(one: Alternative, network: PartsNetwork) -> dict[str, Any]:
    dispatch = one.dispatch
    return {
        "source_id": dispatch.source_id,
        "part_id": dispatch.part_id,
        "quantity": int(dispatch.quantity),
        "mode": str(dispatch.mode),
        "ships_at": network.moment_text(dispatch.ships_s),
        "eta_p90": network.moment_text(dispatch.ready_p90_s),
        "difference_fen": int(one.difference_fen),
        "over_sources": one.over_sources,
        **said_in_both(one.said),
    }


def said_in_both(said: Sentence) -> dict[str, str]:
    """Return a reason as it is stored: in both languages."""
    return {"reason": said.en, "reason_zh": said.zh}


def reply_shown(written: Mapping[str, Any], language: Language) -> ReplyShown:
    """Return a stored reply as callers of a language see it."""
    nearest, risk = written["nearest"], written["risk"]
    return ReplyShown(
        alternatives=[
            OtherWayShown(difference=Money(fen=one["difference_fen"]), **in_language(language, one, "difference_fen"))
            for one in written["alternatives"]
        ],
        nearest=None if nearest is None else NearestShown(**in_language(language, nearest)),
        helps=[HelpShown(**in_language(language, one)) for one in written["helps"]],
        risk=None
        if risk is None
        else RiskShown(
            late_by=None if risk["late_s"] is None else dt.timedelta(seconds=risk["late_s"]),
            **in_language(language, risk, "late_s"),
        ),
    )


def in_language(language: Language, said: Mapping[str, Any], *without: str) -> dict[str, Any]:
    """Return what is stored with its reason in one language, and without some of it."""
    reason = said["reason_zh"] if language is Language.ZH else said["reason"]
    return {name: value for name, value in said.items() if name not in ("reason_zh", *without)} | {"reason": reason}
