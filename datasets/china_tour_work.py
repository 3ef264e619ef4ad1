"""What there is to do in a sample rural region: calls, consents to wait, maintenance plans, what a van may carry."""

import datetime as dt

import numpy as np
import pandas as pd

from datasets.china_calls import instants
from datasets.china_catalogue import FAMILIES, Family, Fault
from datasets.china_ground import DAY_S, NOW_S, Floats, Ints
from datasets.china_parts import part_id
from datasets.china_people import names, phones

__all__ = ["consents", "maintenance", "region_calls", "van_parts"]

CALLS = (0.62, 0.28)
"""Share of villages with one call, and with two; the others have none."""
CONSENTED_SHARE = 0.65
PLANNED_SHARE = 0.45
INTERVALS = ((90, 10, 10, 0.45), (180, 14, 14, 0.3), (365, 30, 30, 0.25))
"""Days between visits, how early and late one may be, share of the plans."""
OFTEN = ((7, 2, 2, "酒店洗衣房"), (14, 3, 3, "学校食堂"))
"""Plans that come twice in two weeks, and whose they are: one of each for every so many villages."""
VILLAGES_PER_OFTEN = 25
SPREAD_KM = 1.2
VOLUME_ML_PER_G = 3
PENDING_SHARE = 0.04


def region_calls(rng: np.random.Generator, village_table: pd.DataFrame, date: dt.date) -> pd.DataFrame:
    """Return the rows of jobs.csv: one or two in most villages, oldest first.

    Those whose customers will agree to wait came weeks ago, the others in the last forty hours.
    """
    number = rng.choice([1, 2, 0], size=len(village_table), p=[*CALLS, 1 - sum(CALLS)])
    home = np.repeat(np.arange(len(village_table)), number)
    count = len(home)
    waits = rng.random(count) < CONSENTED_SHARE
    minutes_ago = np.where(waits, rng.integers(3 * 1_440, 25 * 1_440, count), rng.integers(60, 40 * 60, count))
    order = np.argsort(-minutes_ago, kind="stable")
    home, waits, minutes_ago = home[order], waits[order], minutes_ago[order]
    asked = [_drawn(rng, date.month) for _ in range(count)]
    lon, lat = _scattered(rng, village_table, home)
    return pd.DataFrame(
        {
            "job_id": [f"J{date:%y%m%d}{row:04d}" for row in range(1, count + 1)],
            "reported_at": instants(date, NOW_S - minutes_ago * 60),
            "channel": "hotline",
            "brand": rng.choice(["甲牌", "乙牌"], size=count, p=[0.65, 0.35]),
            "product": [family.key for family, _ in asked],
            "fault": [fault.name for _, fault in asked],
            "job_type": [fault.job_type for _, fault in asked],
            "skill_level": [fault.level for _, fault in asked],
            "certificates": [";".join((*family.certificates, *fault.certificates)) for family, fault in asked],
            "lon": lon,
            "lat": lat,
            "datum": "WGS84",
            "address": [
                f"{village_table['name'].iloc[row]}{house}号"
                for row, house in zip(home.tolist(), rng.integers(1, 200, count).tolist(), strict=True)
            ],
            "contact": names(rng, count),
            "phone": phones(rng, count),
            "customer_class": rng.choice(["ordinary", "priority", "vulnerable"], size=count, p=[0.84, 0.06, 0.1]),
            "urgent": "no",
            "service_duration": [f"PT{fault.minutes}M" for _, fault in asked],
            "crew_size": [fault.crew for _, fault in asked],
            "load": [fault.load for _, fault in asked],
            "consent": np.where(rng.random(count) < PENDING_SHARE, "pending", "not_needed"),
        }
    )


def _drawn(rng: np.random.Generator, month: int) -> tuple[Family, Fault]:
    """Draw a family by its share of the month's calls, then a fault by its weight."""
    share = np.array([family.share * family.season[month - 1] for family in FAMILIES], np.float64)
    family = FAMILIES[int(rng.choice(len(FAMILIES), p=share / share.sum()))]
    weight = np.array([fault.weight for fault in family.faults], np.float64)
    return family, family.faults[int(rng.choice(len(family.faults), p=weight / weight.sum()))]


def _scattered(rng: np.random.Generator, village_table: pd.DataFrame, home: Ints) -> tuple[Floats, Floats]:
    """Return homes around the middle of their villages."""
    lon, lat = (village_table[name].to_numpy(dtype=np.float64)[home] for name in ("lon", "lat"))
    away, angle = np.minimum(rng.rayleigh(SPREAD_KM / 2, len(home)), 3.0), rng.uniform(0, 2 * np.pi, len(home))
    east = away * np.cos(angle) / (111.2 * np.cos(np.radians(lat)))
    return np.round(lon + east, 6), np.round(lat + away * np.sin(angle) / 111.2, 6)


def consents(rng: np.random.Generator, job_table: pd.DataFrame, date: dt.date) -> pd.DataFrame:
    """Return consents.csv: everybody whose call is older than three days agreed, the day after it, to wait."""
    midnight = pd.Timestamp(date, tz="Asia/Shanghai")
    reported = pd.to_datetime(job_table["reported_at"])
    age_s = (midnight + pd.Timedelta(seconds=NOW_S) - reported).dt.total_seconds().to_numpy()
    old = np.flatnonzero(age_s >= 3 * DAY_S)
    until = rng.integers(4, 31, len(old))
    recorded_s = NOW_S - age_s[old].astype(np.int64) + DAY_S
    return pd.DataFrame(
        {
            "job_id": job_table["job_id"].to_numpy()[old],
            "until": [f"{date + dt.timedelta(days=int(day))}" for day in until],
            "recorded_at": instants(date, recorded_s),
            "channel": "hotline",
            "recorded_by": names(rng, len(old)),
        }
    )


def maintenance(rng: np.random.Generator, village_table: pd.DataFrame, days: int, date: dt.date) -> pd.DataFrame:
    """Return maintenance.csv: quarterly, half-yearly and yearly visits due around the horizon, and a few that are due
    every week or fortnight."""
    served = [family for family in FAMILIES if _check(family) is not None]
    rows = []
    for row in np.flatnonzero(rng.random(len(village_table)) < PLANNED_SHARE).tolist():
        kind = int(rng.choice(len(INTERVALS), p=[share for *_, share in INTERVALS]))
        interval, early, late, _ = INTERVALS[kind]
        due = int(rng.integers(-late // 2, days + early + 10))
        rows.append((row, interval, early, late, due, ""))
    few = min(len(village_table), 2 * max(1, len(village_table) // VILLAGES_PER_OFTEN))
    often = rng.choice(len(village_table), size=few, replace=False)
    for number, row in enumerate(often.tolist()):
        interval, early, late, whose = OFTEN[number % 2]
        rows.append((row, interval, early, late, int(rng.integers(0, interval - 3 if interval < 14 else 4)), whose))
    family_of = rng.integers(0, len(served), len(rows)).tolist()
    contacts, numbers = names(rng, len(rows)), phones(rng, len(rows))
    return pd.DataFrame(
        [
            {
                "plan_id": f"M{number + 1:04d}",
                "village_id": village_table["village_id"].iloc[row],
                "address": f"{village_table['name'].iloc[row]}{whose}",
                "contact": contacts[number],
                "phone": numbers[number],
                "product": served[family_of[number]].key,
                "fault": "定期保养",
                "skill_level": 1,
                "certificates": ";".join(served[family_of[number]].certificates),
                "service_duration": f"PT{_minutes(served[family_of[number]])}M",
                "interval_days": interval,
                "last_on": f"{date + dt.timedelta(days=due - interval)}",
                "early_days": early,
                "late_days": late,
            }
            for number, (row, interval, early, late, due, whose) in enumerate(rows)
        ],
    )


def _check(family: Family) -> Fault | None:
    return next((fault for fault in family.faults if fault.job_type == "maintenance"), None)


def _minutes(family: Family) -> int:
    found = _check(family)
    return 30 if found is None else found.minutes


def van_parts() -> pd.DataFrame:
    """Return van_parts.csv: the first series of every part that is sent and no bulk, as often as faults ask for it."""
    rows = []
    for f, family in enumerate(FAMILIES):
        weights = sum(fault.weight for fault in family.faults)
        for c, component in enumerate(family.components):
            asked = sum(fault.weight for fault in family.faults if component.name in fault.components)
            if component.carried or component.size_class == "bulky" or not asked:
                continue
            rows.append(
                {
                    "part_id": part_id(f, c, 0),
                    "volume_ml": VOLUME_ML_PER_G * component.weight_g,
                    "chance_permille": 1_000 * asked // weights,
                }
            )
    return pd.DataFrame(rows)
