"""The prices in day.toml: `[tariff]` and `[[contract_tariff]]`, over the defaults of `optimizer.model.Tariff`."""

from collections.abc import Mapping
from dataclasses import fields
from enum import StrEnum
from itertools import pairwise
from typing import Any, TypeVar

from datasets.keys import Keys, Parser, from_text, whole_number, word
from datasets.times import Unreadable, duration_of
from optimizer.model import ContractTariff, Lateness, Tariff

__all__ = ["by_member", "read_tariff"]

MAX_FEN = 1_000_000_000
MAX_METRES = 1 << 30
FEN = whole_number(0, MAX_FEN)
PERCENT = whole_number(0, 100)
WEIGHT_PERCENT = whole_number(0, 10_000)
METRES = whole_number(0, MAX_METRES)

Member = TypeVar("Member", bound=StrEnum)


def read_tariff(settings: Keys) -> Tariff:
    """Take every price out of day.toml."""
    keys = settings.table("tariff")
    usual = Tariff()
    prices: dict[str, Any] = {
        field.name: keys.take(field.name, PERCENT if field.name.endswith("_percent") else FEN, price)
        for field in fields(Tariff)
        if isinstance(price := getattr(usual, field.name), int)
    }
    prices["travel_fen_per_hour"] = by_member(keys, "travel_fen_per_hour", FEN, usual.travel_fen_per_hour)
    prices["fen_per_km"] = by_member(keys, "fen_per_km", FEN, usual.fen_per_km)
    prices["reach_m"] = by_member(keys, "reach_m", METRES, usual.reach_m)
    prices["weight_percent"] = by_member(keys, "weight_percent", WEIGHT_PERCENT, usual.weight_percent)
    lateness = keys.table("lateness")
    prices["lateness"] = {kind: _read_lateness(lateness.table(kind), price) for kind, price in usual.lateness.items()}
    lateness.close()
    keys.close()
    contracts = _read_contract_tariffs(settings)
    return Tariff(**prices, contract_tariffs=contracts or usual.contract_tariffs)


def by_member(keys: Keys, name: str, parse: Parser[int], usual: Mapping[Member, int]) -> dict[Member, int]:
    """Return a price for each member of an enumeration, the usual one where none is given."""
    table = keys.table(name)
    prices = {member: table.take(member, parse, price) for member, price in usual.items()}
    table.close()
    return prices


def _read_lateness(keys: Keys, usual: Lateness) -> Lateness:
    lateness = Lateness(
        warn_s=keys.take("warn", from_text(_warning), usual.warn_s),
        warn_fen_per_hour=keys.take("warn_fen_per_hour", FEN, usual.warn_fen_per_hour),
        breach_fen=keys.take("breach_fen", FEN, usual.breach_fen),
        late_fen_per_hour=keys.take("late_fen_per_hour", FEN, usual.late_fen_per_hour),
    )
    keys.close()
    return lateness


def _warning(text: str) -> int:
    seconds = duration_of(text).seconds
    if seconds > 30 * 86_400:
        raise Unreadable("a duration of at most 30 days")
    return seconds


def _read_contract_tariffs(settings: Keys) -> tuple[ContractTariff, ...]:
    usual = ContractTariff(id="")
    contracts: dict[str, ContractTariff] = {}
    for keys in settings.tables("contract_tariff"):
        contract = ContractTariff(
            id=keys.need("id", word, ""),
            call_out_fen=keys.take("call_out_fen", FEN, usual.call_out_fen),
            bands=keys.take("bands", _bands, usual.bands),
            fen_per_minute=keys.take("fen_per_minute", FEN, usual.fen_per_minute),
        )
        keys.close()
        if contract.id in contracts:
            keys.refuse("id", contract.id, "each id once")
        contracts[contract.id] = contract
    return tuple(contracts.values())


def _bands(value: object) -> tuple[tuple[int, int], ...]:
    if not isinstance(value, list) or not value:
        raise Unreadable("bands [[up to metres, fen], …]")
    found: list[tuple[int, int]] = []
    for item in value:
        if not isinstance(item, list) or len(item) != 2:
            raise Unreadable("bands [[up to metres, fen], …]")
        found.append((METRES(item[0]), FEN(item[1])))
    if any(first[0] >= second[0] for first, second in pairwise(found)):
        raise Unreadable("bands whose metres rise")
    return tuple(found)
