"""What a sourcing run proposes beside its answers, as it is stored and shown: transfers and the way back of parts."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from api.language import Language
from api.parts_network import PartsNetwork
from api.parts_replies import in_language, said_in_both
from api.schemas.sourcing_findings import ReturnShown, TransferShown
from api.schemas.values import Money
from optimizer.parts.model import Sourced, Sourcing
from optimizer.parts.reply import Proposal
from optimizer.parts.returns import Return, ReturnParcel, ReturnsPlan, plan_returns
from optimizer.parts.transfers import propose_transfers

__all__ = ["Found", "find_beside", "return_shown", "returns_written", "transfer_shown", "transfers_written"]

PRICES = ("cost", "saves", "gain")
UNSAID: Mapping[str, None] = {"reason": None, "reason_zh": None}
"""Of what needs no reason."""


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
            "ships_at": network.moment_text(one.ships_s),
            "ready_p50": network.moment_text(one.ready_p50_s),
            "ready_p90": network.moment_text(one.ready_p90_s),
            **{name: int(getattr(one, f"{name}_fen")) for name in PRICES},
            **{name: list(getattr(one, name)) for name in ("line_ids", "order_ids", "job_ids")},
            **said_in_both(one.said),
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
            **(said_in_both(why[one.id]) if one.id in why else UNSAID),
        }
        for one in found.returns
    ]


def _parcel(parcel: ReturnParcel, network: PartsNetwork) -> dict[str, Any]:
    return {
        "to_id": parcel.source_id,
        "mode": str(parcel.mode),
        "leaves_at": network.moment_text(parcel.leaves_s),
        "back_p50": network.moment_text(parcel.back_p50_s),
        "back_p90": network.moment_text(parcel.back_p90_s),
        "weight_g": int(parcel.weight_g),
        "cost": int(parcel.cost_fen),
        "return_ids": list(parcel.return_ids),
    }


def transfer_shown(content: Mapping[str, Any], language: Language) -> TransferShown:
    """Return a transfer as callers see it."""
    prices = {name: Money(fen=content[name]) for name in PRICES}
    return TransferShown.model_validate({**in_language(language, content), **prices})


def return_shown(content: Mapping[str, Any], language: Language) -> ReturnShown:
    """Return the way back of a part as callers see it."""
    parcel = content["parcel"]
    if parcel is not None:
        parcel = {**parcel, "cost": Money(fen=parcel["cost"])}
    return ReturnShown.model_validate({**in_language(language, content), "parcel": parcel})
