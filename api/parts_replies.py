"""What else a reply to an order line says, as it is stored and shown: other ways, the nearest source, help and risk."""

import datetime as dt
from collections.abc import Mapping
from typing import Any

from api.language import Language
from api.parts_network import PartsNetwork
from api.schemas.parts_orders import HelpShown, NearestShown, OtherWayShown, ReplyShown, RiskShown
from api.schemas.values import Money
from datasets.times import TIME_ZONE
from optimizer.explanation import Sentence
from optimizer.parts.reply import Alternative, LineReply

__all__ = ["reply_shown", "reply_written"]


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
            **_said(nearest.said),
        },
        "helps": [
            {
                "kind": str(one.kind),
                "source_id": one.source_id or None,
                "part_id": one.part_id or None,
                "quantity": int(one.quantity) or None,
                "at": _moment(one.at_s, network),
                **_said(one.said),
            }
            for one in reply.helps
        ],
        "risk": None
        if risk is None
        else {"kind": str(risk.kind), "late_s": None if risk.late_s is None else int(risk.late_s), **_said(risk.said)},
    }


def _alternative(one: Alternative, network: PartsNetwork) -> dict[str, Any]:
    dispatch = one.dispatch
    return {
        "source_id": dispatch.source_id,
        "part_id": dispatch.part_id,
        "quantity": int(dispatch.quantity),
        "mode": str(dispatch.mode),
        "ships_at": _moment(dispatch.ships_s, network),
        "eta_p90": _moment(dispatch.ready_p90_s, network),
        "difference_fen": int(one.difference_fen),
        **_said(one.said),
    }


def _moment(seconds: int | None, network: PartsNetwork) -> str | None:
    return None if seconds is None else network.moment(int(seconds)).astimezone(TIME_ZONE).isoformat()


def _said(said: Sentence) -> dict[str, str]:
    return {"reason": said.en, "reason_zh": said.zh}


def reply_shown(written: Mapping[str, Any], language: Language) -> ReplyShown:
    """Return a stored reply as callers of a language see it."""
    nearest, risk = written["nearest"], written["risk"]
    return ReplyShown(
        alternatives=[
            OtherWayShown(difference=Money(fen=one["difference_fen"]), **_in(language, one, "difference_fen"))
            for one in written["alternatives"]
        ],
        nearest=None if nearest is None else NearestShown(**_in(language, nearest)),
        helps=[HelpShown(**_in(language, one)) for one in written["helps"]],
        risk=None
        if risk is None
        else RiskShown(
            late_by=None if risk["late_s"] is None else dt.timedelta(seconds=risk["late_s"]),
            **_in(language, risk, "late_s"),
        ),
    )


def _in(language: Language, said: Mapping[str, Any], *without: str) -> dict[str, Any]:
    reason = said["reason_zh"] if language is Language.ZH else said["reason"]
    return {name: value for name, value in said.items() if name not in ("reason_zh", *without)} | {"reason": reason}
