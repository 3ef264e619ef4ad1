"""What else a reply to an order line says, as it is stored and shown: other ways, the nearest source, help and risk."""

from typing import Any

from api.parts_network import PartsNetwork
from datasets.times import TIME_ZONE
from optimizer.explanation import Sentence
from optimizer.parts.reply import Alternative, LineReply

__all__ = ["reply_written"]


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
