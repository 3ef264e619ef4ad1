"""What the technician of each shift may do and what that costs whatever the time, as arrays: asked for one job at once.

The same rules and prices as in `arrays.build_problem`, there for all jobs of a shard, here for one job nobody planned.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from optimizer.model import DAY_S, ContractTariff, Job, Ownership, Tariff
from optimizer.roster import BINDING, Roster
from optimizer.search.problem import NEVER_S

__all__ = ["Abilities", "abilities", "able", "legs_fen", "pair_fen"]

_Bools = NDArray[np.bool_]
_Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Abilities:
    """m shifts of o outlets.

    level: (m,) by family. certified: (m,) by scheme, valid on the date of the shift. capacity, crew, reach_m,
    technician, outlet: (m,). freezes_s: (m,) when the shift freezes, NEVER_S for never. own: (m,). by_tariff: contract
    shifts by tariff. percent, first_fix: (o,) by family. wage_fen, km_fen: (m,) of an hour and a kilometre.
    """

    tariff: Tariff
    level: dict[str, _Ints]
    certified: dict[str, _Bools]
    capacity: _Ints
    crew: _Ints
    reach_m: _Ints
    technician: _Ints
    outlet: _Ints
    freezes_s: _Ints
    own: _Bools
    by_tariff: dict[str, _Bools]
    percent: dict[str, _Ints]
    first_fix: dict[str, _Ints]
    wage_fen: _Ints
    km_fen: _Ints
    technicians: dict[str, int]
    outlets: dict[str, int]
    shifts: dict[str, int]

    def service_s(self, job: Job) -> _Ints:
        """Return how long the job takes at each outlet; (o,)."""
        percent = self.percent.get(job.skill.family)
        if percent is None:
            return np.full(len(self.outlets), job.service_s, np.int64)
        return job.service_s * percent // 100


def abilities(roster: Roster) -> Abilities:
    """Return what everybody who works may do."""
    shifts, tariff = roster.day.shifts, roster.day.tariff
    m = len(shifts)
    owners = [roster.technician_of(shift) for shift in shifts]
    houses = [roster.outlet_of(shift) for shift in shifts]
    technicians = {one: i for i, one in enumerate(dict.fromkeys(owner.id for owner in owners))}
    outlets = {one: i for i, one in enumerate(dict.fromkeys(house.id for house in houses))}
    level: dict[str, _Ints] = {}
    certified: dict[str, _Bools] = {}
    for v, (shift, owner) in enumerate(zip(shifts, owners, strict=True)):
        for skill in owner.skills:
            column = level.setdefault(skill.family, np.zeros(m, np.int64))
            column[v] = max(int(column[v]), skill.level)
        date = roster.day.date.toordinal() + shift.day
        for paper in owner.certificates:
            if paper.first.toordinal() <= date <= paper.last.toordinal():
                certified.setdefault(paper.scheme, np.zeros(m, bool))[v] = True
    percent: dict[str, _Ints] = {}
    first_fix: dict[str, _Ints] = {}
    for o, outlet_id in enumerate(outlets):
        for found, given in (
            (percent, roster.outlets[outlet_id].duration_percent),
            (first_fix, roster.outlets[outlet_id].first_fix_percent),
        ):
            for family, value in given.items():
                found.setdefault(family, np.full(len(outlets), 100, np.int64))[o] = value
    own = np.array([house.ownership is Ownership.OWN for house in houses], bool)
    tariffs = np.array([house.tariff_id for house in houses], object)
    freezes = [
        NEVER_S if h.freeze_s is None else s.day * DAY_S + h.freeze_s for s, h in zip(shifts, houses, strict=True)
    ]
    return Abilities(
        tariff=tariff,
        level=level,
        certified=certified,
        capacity=np.array([owner.load_capacity for owner in owners], np.int64),
        crew=np.array([owner.crew for owner in owners], np.int64),
        reach_m=np.array([tariff.reach_m[owner.mode] for owner in owners], np.int64),
        technician=np.array([technicians[owner.id] for owner in owners], np.int64),
        outlet=np.array([outlets[house.id] for house in houses], np.int64),
        freezes_s=np.array(freezes, np.int64),
        own=own,
        by_tariff={row.id: ~own & (tariffs == row.id) for row in tariff.contract_tariffs},
        percent=percent,
        first_fix=first_fix,
        wage_fen=np.array([tariff.travel_fen_per_hour[house.ownership] for house in houses], np.int64),
        km_fen=np.array([tariff.fen_per_km[owner.mode] for owner in owners], np.int64),
        technicians=technicians,
        outlets=outlets,
        shifts={shift.id: v for v, shift in enumerate(shifts)},
    )


def able(a: Abilities, roster: Roster, job: Job, loads: _Ints) -> _Bools:
    """Return which shifts could serve the job as far as the two of them decide, the way apart; (m,).

    roster: says what is frozen by now. loads: (m,) what the routes carry already.
    """
    m = len(a.outlet)
    level = a.level.get(job.skill.family)
    if level is None or not job.consent:
        return np.zeros(m, bool)
    may = (level >= job.skill.level) & (a.crew >= job.crew) & (loads + job.load <= a.capacity)
    for scheme in job.certificates:
        may &= a.certified.get(scheme, np.zeros(m, bool))
    thawed = a.freezes_s > roster.day.now_s
    if job.published is not None:
        mine = roster.published_shift(job)
        if mine is not None and roster.is_frozen(mine):
            thawed = np.arange(m) == a.shifts[mine.id]
        elif job.lock in BINDING:
            thawed &= a.technician == a.technicians.get(job.published.technician_id, -1)
    return may & thawed


def legs_fen(a: Abilities, shifts: _Ints, seconds: NDArray[np.int32], metres: NDArray[np.int32]) -> NDArray[np.int32]:
    """Return what ways cost by the technicians of c shifts; (c, k) of (c, k) seconds and metres."""
    fen = seconds.astype(np.int64) * a.wage_fen[shifts, None] // 3600
    fen += metres.astype(np.int64) * a.km_fen[shifts, None] // 1000
    return fen.astype(np.int32)


def pair_fen(a: Abilities, job: Job, shifts: _Ints, base_m: _Ints) -> _Ints:
    """Return what the job costs on these shifts whatever the time, given the metres from their bases; (c,)."""
    tariff, family = a.tariff, job.skill.family
    outlet, technician = a.outlet[shifts], a.technician[shifts]
    fen = (a.level[family][shifts] - job.skill.level) * tariff.over_qualification_fen
    if family in a.first_fix:
        fen += (100 - a.first_fix[family][outlet]) * tariff.second_visit_fen // 100
    fen[~a.own[shifts]] += tariff.contract_preference_fen
    for row in tariff.contract_tariffs:
        paid = a.by_tariff[row.id][shifts]
        if paid.any():
            fen[paid] += _contract_fen(row, base_m[paid], a.service_s(job)[outlet[paid]])
    if job.preferred_technician_id is not None:
        fen[technician != a.technicians.get(job.preferred_technician_id, -1)] += tariff.continuity_fen
    if job.published is not None:
        change_fen = tariff.churn_technician_fen + (tariff.churn_told_fen if job.published.told else 0)
        fen[technician != a.technicians.get(job.published.technician_id, -1)] += change_fen
    return fen


def _contract_fen(row: ContractTariff, base_m: _Ints, service_s: _Ints) -> _Ints:
    limits = np.array([metres for metres, _ in row.bands])
    fens = np.array([fen for _, fen in row.bands])
    band = np.minimum(np.searchsorted(limits, base_m), len(fens) - 1)
    return row.call_out_fen + fens[band] + service_s * row.fen_per_minute // 60
