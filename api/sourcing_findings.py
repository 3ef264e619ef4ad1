"""What a sourcing run proposes beside its answers, as it is stored and shown: transfers and the way back of parts."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from api.language import Language
from api.parts_network import PartsNetwork
from api.schemas.sourcing_findings import ReturnShown, TransferShown
from api.schemas.values import Money
from datasets.times import TIME_ZONE
from optimizer.explanation import Sentence
from optimizer.parts.model import Sourced, Sourcing
from optimizer.parts.reply import Proposal
from optimizer.parts.returns import Return, ReturnParcel, ReturnsPlan, plan_returns
from optimizer.parts.transfers import propose_transfers

__all__ = ["Found", "find_beside", "return_shown", "returns_written", "transfer_shown", "transfers_written"]

PRICES = ("cost", "saves", "gain")


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What should travel beside the answers. returns: those that wait at outlets of the run's centres."""

    transfers: tuple[Proposal, ...]
    returns: tuple[Return, ...]
    way_back: ReturnsPlan


def find_beside(network: PartsNetwork, asked: Sourcing, sourced: Sourced, centre_ids: list[str]) -> Found:
    """Return the transfers that are worth their price, and how the defective parts of some centres go back."""
    leaving = network.transfers(asked)
    returns = tuple(one for one in network.returns if one.centre_id in centre_ids)
    return Found(
        transfers=propose_transfers(leaving, sourced) if leaving.orders else (),
        returns=returns,
        way_back=plan_returns(network.lanes_back(asked.now_s), returns),
    )


def transfers_written(found: Found, network: PartsNetwork) -> list[dict[str, Any]]:
    """Return the transfers as JSON values, the best first."""
    return [
        {
            **{name: getattr(one, name) for name in ("from_id", "to_id", "part_id", "quantity")},
            "mode": str(one.mode),
            "ships_at": _moment(one.ships_s, network),
            "ready_p50": _moment(one.ready_p50_s, network),
            "ready_p90": _moment(one.ready_p90_s, network),
            **{name: int(getattr(one, f"{name}_fen")) for name in PRICES},
            **{name: list(getattr(one, name)) for name in ("line_ids", "order_ids", "job_ids")},
            **_said(one.said),
        }
        for one in found.transfers
    ]


def returns_written(found: Found, network: PartsNetwork) -> list[dict[str, Any]]:
    """Return every return as JSON values: its parcel, or why it stays."""
    parcel_of = {id_: parcel for parcel in found.way_back.parcels for id_ in parcel.return_ids}
    why = {one.return_id: one.said for one in found.way_back.staying}
    return [
        {
            "return_id": one.id,
            **{name: getattr(one, name) for name in ("outlet_id", "part_id", "quantity")},
            "parcel": _parcel(parcel_of[one.id], network) if one.id in parcel_of else None,
            **(_said(why[one.id]) if one.id in why else {}),
        }
        for one in found.returns
    ]


def _parcel(parcel: ReturnParcel, network: PartsNetwork) -> dict[str, Any]:
    return {
        "to_id": parcel.source_id,
        "mode": str(parcel.mode),
        "leaves_at": _moment(parcel.leaves_s, network),
        "back_p50": _moment(parcel.back_p50_s, network),
        "back_p90": _moment(parcel.back_p90_s, network),
        "weight_g": int(parcel.weight_g),
        "cost": int(parcel.cost_fen),
        "return_ids": list(parcel.return_ids),
    }


def transfer_shown(content: Mapping[str, Any], language: Language) -> TransferShown:
    """Return a transfer as callers see it."""
    prices = {name: Money(fen=content[name]) for name in PRICES}
    return TransferShown.model_validate({**_reasoned(content, language), **prices})


def return_shown(content: Mapping[str, Any], language: Language) -> ReturnShown:
    """Return the way back of a part as callers see it."""
    parcel = content["parcel"]
    if parcel is not None:
        parcel = {**parcel, "cost": Money(fen=parcel["cost"])}
    return ReturnShown.model_validate({**_reasoned(content, language), "parcel": parcel})


def _reasoned(content: Mapping[str, Any], language: Language) -> dict[str, Any]:
    """Return it with one reason, in the language of whoever asks."""
    rest = {name: value for name, value in content.items() if name not in ("en", "zh")}
    return {**rest, "reason": content.get("zh" if language is Language.ZH else "en")}


def _said(said: Sentence) -> dict[str, str]:
    return {"en": said.en, "zh": said.zh}


def _moment(seconds: int, network: PartsNetwork) -> str:
    return network.moment(int(seconds)).astimezone(TIME_ZONE).isoformat()
