"""The levers as a planner gives them on the command line, against what the folder knows; all faults at once."""

import datetime as dt
import difflib
import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from api.place_names import places_of
from api.tour_contradictions import contradictions
from datasets.faults import Refusal
from datasets.times import Unreadable, date_of
from datasets.tour_levers import MoreCrew, MoreDay, Pulled
from datasets.tour_reading import TourBase
from optimizer.tours.model import LockedDay, Span, Touring

__all__ = ["LeversAsked", "LeversRefused", "pulled_by"]

CREW_DATE = re.compile(r"(.+)@([0-9]{4}-[0-9]{2}-[0-9]{2})")
CREW_DATES = re.compile(r"(.+)@([0-9]{4}-[0-9]{2}-[0-9]{2})/([0-9]{4}-[0-9]{2}-[0-9]{2})")


class LeversRefused(Refusal):
    """Levers that name what the folder does not have; one line per fault."""

    def __init__(self, faults: list[str]) -> None:
        self.faults = tuple(faults)
        super().__init__("\n".join(faults))


@dataclass(frozen=True, slots=True, kw_only=True)
class LeversAsked:
    """What a planner asked for, as typed; None and nothing leave the folder's own setting.

    base: tours to begin from. lock: CREW@DATE, a day that stays as it is in the base. merge: CREW@FIRST/LAST.
    more_crew: a crew that another one like it goes beside. more_day: CREW@DATE, on which it works too.
    """

    nights: int | None = None
    km: int | None = None
    van_days: int | None = None
    must: tuple[str, ...] = ()
    never: tuple[str, ...] = ()
    forbid: tuple[str, ...] = ()
    base: Path | None = None
    lock: tuple[str, ...] = ()
    merge: tuple[str, ...] = ()
    more_crew: tuple[str, ...] = ()
    more_day: tuple[str, ...] = ()


def pulled_by(given: LeversAsked, asked: Touring, base: TourBase | None) -> Pulled:
    """Return the levers of the folder with these on top.

    Raises
    ------
    LeversRefused
        With every fault of them.
    """
    reader = _Reader(asked, base)
    usual = asked.levers
    pulled = Pulled(
        levers=replace(
            usual,
            nights=usual.nights if given.nights is None else given.nights,
            day_metres=usual.day_metres if given.km is None else given.km * 1_000,
            van_days=usual.van_days if given.van_days is None else given.van_days,
            must_visit=usual.must_visit | frozenset(reader.villages("--must", given.must)),
            never_visit=usual.never_visit | frozenset(reader.villages("--never", given.never)),
            forbidden_lodgings=usual.forbidden_lodgings | frozenset(reader.lodgings("--forbid", given.forbid)),
            locked=(*usual.locked, *reader.locked(given.lock)),
            spans=(*usual.spans, *reader.spans(given.merge)),
        ),
        crews=tuple(reader.more_crews(given.more_crew)),
        days=tuple(reader.more_days(given.more_day)),
    )
    both = sorted(pulled.levers.must_visit & pulled.levers.never_visit)
    reader.faults += [f'--must, --never: "{id_}" cannot be both' for id_ in both]
    if not reader.faults:
        reader.faults += map(str, contradictions(asked, pulled))
    if reader.faults:
        raise LeversRefused(reader.faults)
    return pulled


@dataclass(slots=True)
class _Reader:
    """Turns what was typed into levers, noting faults."""

    asked: Touring
    base: TourBase | None
    faults: list[str] = field(default_factory=list)

    def villages(self, option: str, ids: tuple[str, ...]) -> list[str]:
        names = {village.id: village.name for village in self.asked.villages}
        return self._places(option, ids, names, "a village of villages.csv")

    def lodgings(self, option: str, ids: tuple[str, ...]) -> list[str]:
        names = {lodging.id: lodging.name for lodging in self.asked.lodgings}
        return self._places(option, ids, names, "a lodging of lodgings.csv")

    def _places(self, option: str, typed: tuple[str, ...], names: Mapping[str, str], what: str) -> list[str]:
        ids, faults = places_of(typed, names, what)
        self.faults += [f"{option}: {fault}" for fault in faults]
        return ids

    def locked(self, typed: tuple[str, ...]) -> Iterator[LockedDay]:
        """Yield locked days as the base has them."""
        if typed and self.base is None:
            self.faults.append("--lock: needs --base, the tours whose day is to stay")
            return
        for crew_id, day, text in self._crew_days("--lock", typed):
            tours, gone = ((), {}) if self.base is None else (self.base.plan.tours, self.base.gone)
            found = [one for tour in tours if tour.crew_id == crew_id for one in tour.days if one.day == day]
            if not found:
                self.faults.append(f'--lock: "{text}"; the base has no such day of a tour')
                continue
            yield LockedDay(
                crew_id=crew_id,
                day=day,
                job_ids=tuple(visit.job_id for visit in found[0].visits),
                lodging_id=found[0].lodging_id,
                gone=gone.get((crew_id, day), ()),
            )

    def spans(self, typed: tuple[str, ...]) -> Iterator[Span]:
        for text in typed:
            match = CREW_DATES.fullmatch(text)
            first, last = (None, None) if match is None else (self._day(match[2]), self._day(match[3]))
            if match is None or first is None or last is None or first > last:
                self.faults.append(f'--merge: "{text}"; allowed: CREW@FIRST/LAST, dates of the horizon in order')
            elif self._is_crew("--merge", match[1]):
                yield Span(crew_id=match[1], first_day=first, last_day=last)

    def more_crews(self, likes: tuple[str, ...]) -> Iterator[MoreCrew]:
        taken = {crew.id for crew in self.asked.crews}
        for like in likes:
            if not self._is_crew("--more-crew", like):
                continue
            id_ = next(name for number in range(2, 1_000) if (name := f"{like}-{number}") not in taken)
            taken.add(id_)
            yield MoreCrew(id=id_, like=like)

    def more_days(self, typed: tuple[str, ...]) -> Iterator[MoreDay]:
        for crew_id, day, _ in self._crew_days("--more-day", typed):
            yield MoreDay(crew_id=crew_id, day=day)

    def _crew_days(self, option: str, typed: tuple[str, ...]) -> Iterator[tuple[str, int, str]]:
        for text in typed:
            match = CREW_DATE.fullmatch(text)
            day = None if match is None else self._day(match[2])
            if match is None or day is None:
                self.faults.append(f'{option}: "{text}"; allowed: CREW@DATE, a date of the horizon')
            elif self._is_crew(option, match[1]):
                yield match[1], day, text

    def _day(self, text: str) -> int | None:
        """Return the day of the horizon that a date is, None for any other text."""
        try:
            day = (date_of(text) - self.asked.date) // dt.timedelta(days=1)
        except Unreadable:
            return None
        return day if 0 <= day < self.asked.days else None

    def _is_crew(self, option: str, id_: str) -> bool:
        return any(self._known(option, (id_,), {crew.id for crew in self.asked.crews}, "a crew of crews.csv"))

    def _known(self, option: str, ids: tuple[str, ...], known: Collection[str], wording: str) -> Iterator[str]:
        for id_ in ids:
            if id_ in known:
                yield id_
                continue
            near = difflib.get_close_matches(id_, known, n=3, cutoff=0.6)
            hint = f"; did you mean {', '.join(near)}?" if near else ""
            self.faults.append(f'{option}: "{id_}"; allowed: {wording}{hint}')
