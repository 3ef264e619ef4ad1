"""Builders of small tour problems: flat land as in `tests.make`, villages east of the base, one bed, one crew."""

from dataclasses import replace
from typing import Any

import numpy as np

from optimizer.model import DAY_S, Certificate, Skill, TravelMode
from optimizer.tours.model import Crew, Levers, Lodging, Told, Touring, TourJob, Village, WorkKind
from tests.make import DATE, at, clock

__all__ = ["crew", "lodging", "on", "region", "touring", "village", "work"]

_VILLAGE = Village(id="v1", name="一村", position=at(30_000))
_LODGING = Lodging(id="b1", name="镇上", position=at(40_000), price_fen=12_000, check_in_s=clock("19:30"))
_CREW = Crew(
    id="c1",
    name="一组",
    outlet_id="o1",
    position=at(),
    mode=TravelMode.CAR,
    people=2,
    skills=(Skill(family="fridge", level=3), Skill(family="washer", level=2)),
    days=frozenset(range(60)),
    load_capacity=4,
)
_WORK = TourJob(
    id="j1",
    village_id="v1",
    kind=WorkKind.CONSENTED,
    skill=Skill(family="fridge", level=1),
    service_s=3_600,
    first_s=0,
    last_s=30 * DAY_S,
    reported_s=-DAY_S,
    outlet_fen=200_000,
)


def village(**changes: Any) -> Village:
    """Return a village 30 km east, but for these changes."""
    return replace(_VILLAGE, **changes)


def on(*days: int, at: str = "v1") -> tuple[Told, ...]:
    """Return what a village was told: a stop on each of these days in a village."""
    return tuple(Told(day=day, stop_id=at) for day in days)


def lodging(**changes: Any) -> Lodging:
    """Return a bed 40 km east, but for these changes."""
    return replace(_LODGING, **changes)


def crew(**changes: Any) -> Crew:
    """Return a crew of two at the base that works every day, but for these changes."""
    return replace(_CREW, **changes)


def work(**changes: Any) -> TourJob:
    """Return a consented call in the village, dear to leave to an outlet, but for these changes."""
    return replace(_WORK, **changes)


_TOURING = Touring(
    date=DATE, days=7, now_s=0, villages=(_VILLAGE,), lodgings=(_LODGING,), crews=(_CREW,), jobs=(_WORK,)
)


def touring(**changes: Any) -> Touring:
    """Return a week with one village, bed, crew and job, but for these changes."""
    return replace(_TOURING, **changes)


def region(villages: int, crews: int, days: int, seed: int, beds: int = 6, km: int = 150, told: float = 0.0) -> Touring:
    """Return a random region: everything that tours know, a little of each. told: share of villages with told dates."""
    asked = _region(villages, crews, days, seed, beds, km)
    draws = np.random.default_rng([seed, 1])
    places = np.array([village.position for village in asked.villages])
    with_dates = []
    for number, village in enumerate(asked.villages):
        near = np.argsort(np.linalg.norm(places - places[number], axis=1), kind="stable")[:3].tolist()
        promises = {
            Told(day=int(draws.integers(days)), stop_id=f"v{number if draws.random() < 0.6 else draws.choice(near)}")
            for _ in range(int(draws.integers(1, 4)) if draws.random() < told else 0)
        }
        with_dates.append(replace(village, told=tuple(sorted(promises))))
    given_up = {(v.id, one.day) for v in with_dates for one in v.told if one.day in asked.villages[0].cut_off}
    return replace(
        asked,
        villages=tuple(with_dates),
        lead_day=seed % 3 if told else 0,
        levers=Levers(released=frozenset(given_up)),
    )


def _region(villages: int, crews: int, days: int, seed: int, beds: int, km: int) -> Touring:
    draws = np.random.default_rng(seed)
    places = draws.integers(-km * 1_000, km * 1_000, (villages, 2)).tolist()
    jobs = []
    for v in range(villages):
        for k in range(int(draws.integers(1, 4))):
            jobs.append(_random_job(draws, v, k, days))
    return Touring(
        date=DATE,
        days=days,
        now_s=clock("06:00"),
        villages=tuple(
            Village(
                id=f"v{v}",
                name=f"村{v}",
                position=at(*place),
                contact=f"p{int(draws.integers(villages))}" if draws.random() < 0.5 else "",
                last_visit_day=int(-draws.integers(1, 400)) if draws.random() < 0.7 else None,
                cut_off=frozenset({int(draws.integers(days))}) if draws.random() < 0.1 else frozenset(),
            )
            for v, place in enumerate(places)
        ),
        lodgings=tuple(
            Lodging(
                id=f"b{b}",
                name=f"镇{b}",
                position=at(*draws.integers(-km * 1_000, km * 1_000, 2).tolist()),
                price_fen=int(draws.integers(5_000, 20_000)),
                check_in_s=clock("19:00") + int(draws.integers(4)) * 1_800,
                closed=frozenset({int(draws.integers(days))}) if draws.random() < 0.2 else frozenset(),
            )
            for b in range(beds)
        ),
        crews=tuple(
            crew(
                id=f"c{c}",
                position=at(*draws.integers(-5_000, 5_000, 2).tolist()),
                people=int(draws.integers(1, 3)),
                days=frozenset(d for d in range(days) if (d + c) % 7 != 6),
                certificates=(
                    Certificate(scheme="gas", first=DATE, last=DATE.replace(day=DATE.day + int(draws.integers(20)))),
                ),
                nights_before=int(draws.integers(6)),
                no_van=frozenset({seed % days}) if (seed + c) % 4 == 0 else frozenset(),
                free_s=(seed % 3) * DAY_S // 2 if (seed + c) % 5 == 0 else 0,
            )
            for c in range(crews)
        ),
        jobs=tuple(jobs),
    )


def _random_job(draws: np.random.Generator, v: int, k: int, days: int) -> TourJob:
    kind = (WorkKind.CALL, WorkKind.CONSENTED, WorkKind.PREVENTIVE, WorkKind.WALK_IN)[int(draws.integers(4))]
    first = int(draws.integers(days)) if kind is WorkKind.PREVENTIVE else 0
    length = {WorkKind.CALL: 2, WorkKind.CONSENTED: 12, WorkKind.PREVENTIVE: 5, WorkKind.WALK_IN: 60}[kind]
    last = (first + 1 + int(draws.integers(length))) * DAY_S
    return work(
        id=f"v{v}-{k}",
        village_id=f"v{v}",
        kind=kind,
        skill=Skill(family=("fridge", "washer")[int(draws.integers(2))], level=int(draws.integers(1, 3))),
        service_s=int(draws.integers(1, 5)) * 1_800,
        first_s=first * DAY_S,
        last_s=last,
        certificates=frozenset({"gas"}) if draws.random() < 0.1 else frozenset(),
        people=2 if draws.random() < 0.1 else 1,
        load=1 if draws.random() < 0.2 else 0,
        windows=((clock("13:00", day=first), last),) if draws.random() < 0.1 else (),
        reported_s=None if kind in (WorkKind.PREVENTIVE, WorkKind.WALK_IN) else -int(draws.integers(3 * DAY_S)),
        due_day=first + 2 if kind is WorkKind.PREVENTIVE else None,
        portable=bool(draws.random() < 0.3),
        kit_ready_s=int(draws.integers(3 * DAY_S)) if draws.random() < 0.2 else 0,
        outlet_fen=None if draws.random() < 0.1 else int(draws.integers(5_000, 60_000)),
    )
