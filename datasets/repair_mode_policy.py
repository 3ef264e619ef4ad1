"""The table [repair_modes] of day.toml: what may be repaired elsewhere than on site, in what time and at what price."""

from collections.abc import Mapping

from datasets.columns import MAX_FEN
from datasets.exchange import Exchange
from datasets.keys import Keys, Parser, from_text, text, texts, whole_number
from datasets.times import Unreadable, duration_of
from optimizer.model import DAY_S, AreaClass
from optimizer.repair_mode import RepairModePolicy

__all__ = ["read_repair_modes"]

FEN = whole_number(0, MAX_FEN)
PERCENT = whole_number(0, 100)
MOST_DAYS_S = 60 * DAY_S
NONE: tuple[str, ...] = ()


def read_repair_modes(settings: Keys, exchange: Exchange) -> RepairModePolicy:
    """Return the table [repair_modes]; every key has a default, and an exchange is as [exchange] has it."""
    keys = settings.table("repair_modes")
    usual = RepairModePolicy()
    near_p50_s, near_p90_s = _both(keys, "near_depot", usual.near_depot_p50_s, usual.near_depot_p90_s)
    far_p50_s, far_p90_s = _both(keys, "far_depot", usual.far_depot_p50_s, usual.far_depot_p90_s)
    remote_p50_s, remote_p90_s = _both(keys, "remote", usual.remote_p50_s, usual.remote_p90_s)
    visit_p50_s = _by_area(keys, "visit_p50", usual.visit_p50_s)
    visit_p90_s = _by_area(keys, "visit_p90", usual.visit_p90_s)
    for area in AreaClass:
        if visit_p50_s[area] > visit_p90_s[area]:
            keys.refuse(f"visit_p90.{area}", f"{visit_p90_s[area]} s", f"not shorter than visit_p50.{area}")
    policy = RepairModePolicy(
        portable=frozenset(keys.take("portable", texts, NONE)),
        by_phone=frozenset(keys.take("by_phone", texts, NONE)),
        depots=frozenset(keys.take("depots", texts, NONE)),
        unit_fault=keys.take("unit_fault", text, exchange.fault),
        visit_p50_s=visit_p50_s,
        visit_p90_s=visit_p90_s,
        near_depot_p50_s=near_p50_s,
        near_depot_p90_s=near_p90_s,
        far_depot_p50_s=far_p50_s,
        far_depot_p90_s=far_p90_s,
        depot_fen_per_minute=keys.take("depot_fen_per_minute", FEN, usual.depot_fen_per_minute),
        depot_customer_percent=keys.take("depot_customer_percent", PERCENT, usual.depot_customer_percent),
        exchange_crew=exchange.crew,
        exchange_load=exchange.load,
        exchange_service_s=exchange.service_s,
        unit_percent=keys.take("unit_percent", PERCENT, usual.unit_percent),
        remote_p50_s=remote_p50_s,
        remote_p90_s=remote_p90_s,
        remote_s=keys.take("remote_call", SPAN, usual.remote_s),
        remote_solves_percent=keys.take("remote_solves_percent", PERCENT, usual.remote_solves_percent),
        remote_fen_per_minute=keys.take("remote_fen_per_minute", FEN, usual.remote_fen_per_minute),
    )
    keys.close()
    return policy


def _both(keys: Keys, name: str, p50_s: int, p90_s: int) -> tuple[int, int]:
    """Return how long something takes, in the median and at the 90th percentile."""
    p50_s, p90_s = keys.take(f"{name}_p50", SPAN, p50_s), keys.take(f"{name}_p90", SPAN, p90_s)
    if p50_s > p90_s:
        keys.refuse(f"{name}_p90", keys.values.get(f"{name}_p90", f"{p90_s} s"), f"not shorter than {name}_p50")
    return p50_s, p90_s


def _by_area(keys: Keys, name: str, usual: Mapping[AreaClass, int]) -> dict[AreaClass, int]:
    table = keys.table(name)
    found = {area: table.take(area, SPAN, span_s) for area, span_s in usual.items()}
    table.close()
    return found


def _span(written: str) -> int:
    seconds = duration_of(written).seconds
    if not 0 < seconds <= MOST_DAYS_S:
        raise Unreadable("a duration such as PT24H or P8D, longer than nothing and at most 60 days")
    return seconds


SPAN: Parser[int] = from_text(_span)
