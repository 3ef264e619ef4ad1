"""What yesterday's plan already promised for the sample day: rounds of visits, some locked, a few impossible."""

import datetime as dt
from dataclasses import dataclass

import numpy as np
import pandas as pd

from datasets.china_calls import instants
from datasets.china_ground import NOW_S, kilometres, sphere

__all__ = ["IMPOSSIBLE_SHARE", "PUBLISHED_SHARE", "name_preferred", "publish", "spoil"]

PUBLISHED_SHARE = 0.06
IMPOSSIBLE_SHARE = 0.0008
PLANNED_BEFORE_S = -7 * 3600
"""Yesterday's plan was closed at 17:00, an hour before the fax outlets froze."""

_CANDIDATES = 60
_FAX_FARTHER = 1.8
"""A fax outlet cannot be given anything new today, so for its first visit yesterday's plan looked farther around."""
_REACH_KM = {"car": 45.0, "motorbike": 30.0, "ebike": 11.0, "transit": 14.0, "walk": 2.2}
_STREET_KMH = {"car": 22.0, "motorbike": 22.0, "ebike": 16.0, "transit": 13.0, "walk": 4.2}
_ONCE_S = {"car": 480, "motorbike": 300, "ebike": 300, "transit": 1_200, "walk": 180}
_DETOUR = 1.35
_ROAD_KMH, _DETOUR_BY_ROADS, _TO_THE_ROAD_H = 30.0, 1.8, 0.3
"""Far ways with a motor follow the larger roads: longer, but not ever slower."""
_LOCKS = (("none", 0.76), ("time", 0.09), ("technician", 0.07), ("both", 0.05), ("pinned", 0.03))


@dataclass(slots=True, kw_only=True)
class _Round:
    """A technician's published day as it grows: where they are, when they are free, what is left of the van."""

    row: int
    lon: float
    lat: float
    free_s: int
    load: int
    ate: bool = False


def publish(
    rng: np.random.Generator, jobs: pd.DataFrame, technicians: pd.DataFrame, outlets: pd.DataFrame, date: dt.date
) -> None:
    """Publish about six per cent of the jobs for these technicians, those of fax outlets first, and promise them.

    Every visit is by a capable technician of a near outlet; travel is reckoned slower than any estimate, the meal
    and the way home included, so that the published rounds can be driven as they are.
    """
    target = round(PUBLISHED_SHARE * len(jobs))
    base = outlets.set_index("outlet_id").loc[technicians["outlet_id"]].reset_index()
    waiting = np.flatnonzero(
        (jobs["reported_s"].to_numpy() < PLANNED_BEFORE_S)
        & ~jobs["shipped"].to_numpy(dtype=bool)
        & (jobs["consent"].to_numpy() != "pending")
    )
    if target == 0 or len(waiting) == 0 or technicians.empty:
        return
    order = np.lexsort([rng.permutation(len(base)), base["channel"].to_numpy() != "fax"])
    tree = sphere(jobs["lon"].to_numpy()[waiting], jobs["lat"].to_numpy()[waiting])
    near_km, near = kilometres(
        tree, base["lon"].to_numpy()[order], base["lat"].to_numpy()[order], k=min(_CANDIDATES, len(waiting))
    )
    near_km, near = near_km.reshape(len(order), -1), near.reshape(len(order), -1)
    table = _Columns(jobs, technicians, base, date)
    taken: dict[int, tuple[int, int]] = {}
    full = np.where(base["channel"].to_numpy()[order] == "fax", 9, 1 + rng.poisson(1.6, len(order)))
    for number, technician in enumerate(order):
        if len(taken) >= target:
            break
        round_ = table.start(int(technician))
        room, visits = min(int(full[number]), target - len(taken)), 0
        for km, index in zip(near_km[number], near[number], strict=True):
            job = int(waiting[index])
            first_by_fax = base["channel"].iat[technician] == "fax" and not visits
            if room == 0 or km > _REACH_KM[table.mode[technician]] * (_FAX_FARTHER if first_by_fax else 1.0):
                break
            if job in taken or not table.capable(int(technician), job):
                continue
            start = table.append(round_, job)
            if start is not None:
                taken[job] = (int(technician), start)
                room, visits = room - 1, visits + 1
    _write(rng, jobs, technicians, table, taken)


class _Columns:
    """The columns the rounds are built from, as plain Python values: they are asked one by one."""

    def __init__(self, jobs: pd.DataFrame, technicians: pd.DataFrame, base: pd.DataFrame, date: dt.date) -> None:
        self.date = date
        self.mode: list[str] = technicians["travel_mode"].tolist()
        self.skills = [_levels(cell) for cell in technicians["skills"]]
        self.valid = [_valid_schemes(cell, date) for cell in technicians["certificates"]]
        self.crew: list[int] = technicians["crew_size"].tolist()
        self.capacity: list[int] = technicians["load_capacity"].tolist()
        clock = ("shift_start", "shift_end", "break_earliest", "break_latest")
        self.start_s, self.end_s, self.meal_s, self.meal_latest_s = (
            [_seconds(cell) for cell in technicians[column]] for column in clock
        )
        self.meal_length_s = [int(pd.Timedelta(cell).total_seconds()) for cell in technicians["break_duration"]]
        self.home: list[tuple[float, float]] = list(zip(base["lon"].tolist(), base["lat"].tolist(), strict=True))
        self.opens_s = [_seconds(cell) for cell in base["opens"]]
        self.closes_s = [_seconds(cell) for cell in base["closes"]]
        self.percent = [_levels(cell) for cell in base["duration_percent"]]
        self.product: list[str] = jobs["product"].tolist()
        self.level: list[int] = jobs["skill_level"].tolist()
        self.needs = [set(filter(None, cell.split(";"))) for cell in jobs["certificates"]]
        self.people: list[int] = jobs["crew_size"].tolist()
        self.load: list[int] = jobs["load"].tolist()
        self.minutes: list[int] = jobs["minutes"].tolist()
        self.place: list[tuple[float, float]] = list(zip(jobs["lon"].tolist(), jobs["lat"].tolist(), strict=True))

    def capable(self, technician: int, job: int) -> bool:
        """Tell whether skill, certificates and crew suffice."""
        return (
            self.skills[technician].get(self.product[job], 0) >= self.level[job]
            and self.needs[job] <= self.valid[technician]
            and self.crew[technician] >= self.people[job]
        )

    def start(self, technician: int) -> _Round:
        """Return the empty round of a technician."""
        lon, lat = self.home[technician]
        return _Round(
            row=technician,
            lon=lon,
            lat=lat,
            free_s=max(NOW_S, self.start_s[technician]),
            load=self.capacity[technician],
        )

    def append(self, round_: _Round, job: int) -> int | None:
        """Add a job to the end of a round and return when it starts, or None when the day has no room for it."""
        technician = round_.row
        if self.load[job] > round_.load:
            return None
        way = self._way_s(technician, (round_.lon, round_.lat), self.place[job])
        service = self.minutes[job] * 60 * self.percent[technician].get(self.product[job], 100) // 100
        free, ate = round_.free_s, round_.ate
        start = _next_five(max(free + way, self.opens_s[technician]))
        if not ate and start + service > self.meal_latest_s[technician]:
            meal = max(free, self.meal_s[technician])
            start, ate = _next_five(max(meal + self.meal_length_s[technician] + way, self.opens_s[technician])), True
        home = self._way_s(technician, self.place[job], self.home[technician])
        if start >= self.closes_s[technician] or start + service + home > self.end_s[technician]:
            return None
        round_.lon, round_.lat = self.place[job]
        round_.free_s, round_.ate, round_.load = start + service, ate, round_.load - self.load[job]
        return start

    def _way_s(self, technician: int, here: tuple[float, float], there: tuple[float, float]) -> int:
        mode = self.mode[technician]
        north = (there[1] - here[1]) * 111.2
        east = (there[0] - here[0]) * 111.2 * float(np.cos(np.radians((there[1] + here[1]) / 2)))
        straight = float(np.hypot(north, east))
        hours = _DETOUR * straight * (1 + max(straight - 15, 0) / 30) / _STREET_KMH[mode]
        if mode in ("car", "motorbike"):
            hours = min(hours, _DETOUR_BY_ROADS * straight / _ROAD_KMH + _TO_THE_ROAD_H)
        return _ONCE_S[mode] + round(3600 * hours)


def _write(
    rng: np.random.Generator,
    jobs: pd.DataFrame,
    technicians: pd.DataFrame,
    table: _Columns,
    taken: dict[int, tuple[int, int]],
) -> None:
    """Write the published visits, what the customers were promised, and the locks."""
    if not taken:
        return
    rows = np.array(sorted(taken), dtype=np.int64)
    starts = np.array([taken[row][1] for row in rows.tolist()], dtype=np.int64)
    who = technicians["technician_id"].to_numpy()[[taken[row][0] for row in rows.tolist()]]
    kind = rng.choice(3, size=len(rows), p=(0.45, 0.35, 0.20))
    before = rng.choice((1800, 3600), size=len(rows))
    slot_start = np.maximum((starts - before) // 1800 * 1800, NOW_S)
    slots = _joined(table.date, slot_start, slot_start + 7200)
    half_start = np.where(starts < 12 * 3600, 8, 12) * 3600
    halves = _joined(table.date, half_start, np.where(starts < 12 * 3600, 12, 18) * 3600)
    at = {column: int(jobs.columns.get_loc(column)) for column in ("windows", "appointment", "preferred")}  # type: ignore[arg-type]
    inside_half = (starts >= half_start) & (starts <= half_start + np.where(starts < 12 * 3600, 4, 6) * 3600)
    jobs.iloc[rows, at["appointment"]] = [s if k == 1 else "" for s, k in zip(slots, kind, strict=True)]
    jobs.iloc[rows, at["windows"]] = [
        h if k == 2 and fits else "" for h, k, fits in zip(halves, kind, inside_half, strict=True)
    ]
    jobs.iloc[rows, at["preferred"]] = ""
    locks = np.array([lock for lock, _ in _LOCKS], dtype=object)
    columns = {
        "published_technician_id": who,
        "published_start": instants(table.date, starts),
        "told": np.where(rng.random(len(rows)) < 0.6, "yes", "no"),
        "lock": locks[rng.choice(len(locks), size=len(rows), p=[share for _, share in _LOCKS])],
    }
    for column, values in columns.items():
        cells = jobs[column].to_numpy(dtype=object, copy=True)
        cells[rows] = values
        jobs[column] = cells


def spoil(rng: np.random.Generator, jobs: pd.DataFrame, technicians: pd.DataFrame, date: dt.date) -> None:
    """Make a handful of published visits impossible: a technician fell ill, a gas certificate ran out."""
    left = int(IMPOSSIBLE_SHARE * len(jobs))
    published = jobs[jobs["published_technician_id"] != ""]
    if left == 0 or published.empty:
        return
    visits = published.groupby("published_technician_id", sort=True)
    everybody = visits.size()
    gas = published[published["certificates"].str.contains("gas")].groupby("published_technician_id").size()
    row_of = {technician: row for row, technician in enumerate(technicians["technician_id"])}
    absent, certificates = technicians["absent_on"].tolist(), technicians["certificates"].tolist()
    for turn, technician in enumerate(rng.permutation(np.array(everybody.index, dtype=str)).tolist()):
        row = row_of[technician]
        if turn % 2 == 0 and everybody[technician] <= left:
            absent[row] = ";".join(sorted({*filter(None, absent[row].split(";")), date.isoformat()}))
            left -= int(everybody[technician])
        elif turn % 2 and technician in gas.index and gas[technician] <= left:
            certificates[row] = _expired(certificates[row], date)
            left -= int(gas[technician])
        if left == 0:
            break
    technicians["absent_on"], technicians["certificates"] = absent, certificates


def name_preferred(
    rng: np.random.Generator, jobs: pd.DataFrame, technicians: pd.DataFrame, outlets: pd.DataFrame
) -> None:
    """Let repeat customers ask for somebody of the nearest staffed outlets who knows the product."""
    rows = np.flatnonzero(jobs["repeat"].to_numpy(dtype=bool))
    team: dict[str, list[int]] = {}
    for row, outlet in enumerate(technicians["outlet_id"]):
        team.setdefault(outlet, []).append(row)
    staffed = outlets[outlets["outlet_id"].isin(list(team))].reset_index(drop=True)
    if len(rows) == 0 or staffed.empty:
        return
    tree = sphere(staffed["lon"].to_numpy(), staffed["lat"].to_numpy())
    _, near = kilometres(tree, jobs["lon"].to_numpy()[rows], jobs["lat"].to_numpy()[rows])
    skills = [_levels(cell) for cell in technicians["skills"]]
    outlet_ids, products = staffed["outlet_id"].tolist(), jobs["product"].tolist()
    preferred = jobs["preferred_technician_id"].to_numpy(dtype=object, copy=True)
    for row, index, draw in zip(rows.tolist(), near.tolist(), rng.random(len(rows)).tolist(), strict=True):
        able = [member for member in team[outlet_ids[index]] if products[row] in skills[member]]
        if able:
            preferred[row] = technicians["technician_id"].iloc[able[int(draw * len(able))]]
    jobs["preferred_technician_id"] = preferred


def _joined(date: dt.date, start_s: np.ndarray, end_s: np.ndarray) -> list[str]:
    return [f"{a}/{b}" for a, b in zip(instants(date, start_s), instants(date, end_s), strict=True)]


def _levels(cell: str) -> dict[str, int]:
    return {family: int(level) for family, level in (item.split(":") for item in cell.split(";"))}


def _valid_schemes(cell: str, date: dt.date) -> set[str]:
    held = (item.split(":") for item in cell.split(";") if item)
    return {scheme for scheme, first, last in held if first <= date.isoformat() <= last}


def _expired(cell: str, date: dt.date) -> str:
    held = [item.split(":") for item in cell.split(";")]
    ended = (date - dt.timedelta(days=2), date - dt.timedelta(days=1_097))
    return ";".join(
        f"gas:{ended[1]}:{ended[0]}" if scheme == "gas" else f"{scheme}:{first}:{last}" for scheme, first, last in held
    )


def _seconds(clock: str) -> int:
    return int(clock[:2]) * 3600 + int(clock[3:]) * 60


def _next_five(second: float) -> int:
    return int(-(-second // 300) * 300)
