"""What villages are told (通知), in Chinese: when the crew comes, where, what to bring, whom to call.

One message per contact, however many villages it answers for. Dates that were told before stay, and the message says
so; where one cannot be kept the message takes it back.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from datasets.china_catalogue import FAMILIES
from datasets.tour_names import Person, Toured, hour_text
from datasets.tour_stops import Stop, stops_of
from optimizer.tours.model import Crew, Told, TourJob, Village, WorkKind
from optimizer.tours.unkept import moved_to

__all__ = [
    "CORRECTS",
    "Announcement",
    "Notice",
    "NoticeKind",
    "announcements",
    "product_name",
    "products_of",
    "whom_to_call",
]

ROUND_TO_S = 15 * 60
"""People are told quarters of an hour: the first down, the last up."""
_PRODUCT = {family.key: family.name for family in FAMILIES}


class NoticeKind(StrEnum):
    """What a village learns."""

    NEW = "new"
    ANNOUNCED = "announced"
    """The date was told before and stays."""
    MOVED = "moved"
    """The date that was told cannot be kept, or not there; this is instead."""
    CANCELLED = "cancelled"
    """The date that was told cannot be kept; there is no other yet."""
    NEARBY = "nearby"
    """No stop here, but one near enough to carry things to."""


CORRECTS = frozenset({NoticeKind.MOVED, NoticeKind.CANCELLED})
"""People wait for another day than the crew comes: they hear of it first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """What is told about one village and one date. stop: where the crew is, None for a visit taken back.

    at_home: jobs that are done in the village itself. carried: jobs whose units people bring to the stop. was: what was
    told before, and this takes the place of, or back.
    """

    village_id: str
    kind: NoticeKind
    day: int
    stop: Stop | None = None
    at_home: tuple[TourJob, ...] = ()
    carried: tuple[TourJob, ...] = ()
    was: Told | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Announcement:
    """One message. contact: nobody by name for a village that names none."""

    contact: Person
    notices: tuple[Notice, ...]
    text: str


def announcements(toured: Toured) -> tuple[Announcement, ...]:
    """Return the messages of a plan: corrections of dates first, then as the first village of each is visited."""
    by_contact: defaultdict[tuple[Person, str], list[Notice]] = defaultdict(list)
    for notice in sorted(_notices(toured), key=_order):
        contact = toured.names.contact(toured.villages[notice.village_id])
        by_contact[contact, "" if contact.name else notice.village_id].append(notice)
    found = [
        Announcement(contact=contact, notices=tuple(notices), text=_text(toured, contact, notices))
        for (contact, _), notices in by_contact.items()
    ]
    return tuple(sorted(found, key=lambda message: not any(notice.kind in CORRECTS for notice in message.notices)))


def product_name(toured: Toured, job: TourJob) -> str:
    """Return what a job's appliance is called in Chinese."""
    product = toured.names.jobs.get(job.id, {}).get("product") or job.skill.family
    return _PRODUCT.get(product, product)


def _order(notice: Notice) -> tuple[int, int, str]:
    return notice.day, notice.stop.start_s if notice.stop is not None else 0, notice.village_id


def _notices(toured: Toured) -> Iterator[Notice]:
    stops = list(stops_of(toured))
    kinds = {village.id: _Kinds.of(toured, village, stops) for village in toured.asked.villages}
    told: set[str] = set()
    for stop in stops:
        for notice in _at(toured, stop, kinds):
            told.add(notice.village_id)
            yield notice
    for village_id, known in kinds.items():
        for stop in known.nobody_of_theirs:
            told.add(village_id)
            yield Notice(village_id=village_id, kind=NoticeKind.ANNOUNCED, day=stop.day.day, stop=stop)
        for was in known.cancelled:
            told.add(village_id)
            yield Notice(village_id=village_id, kind=NoticeKind.CANCELLED, day=was.day, was=was)
    first = _first_stops(toured)
    for village_id, (stop_id, _) in toured.covers.items():
        if village_id not in told and stop_id in first:
            stop = first[stop_id]
            yield Notice(village_id=village_id, kind=NoticeKind.NEARBY, day=stop.day.day, stop=stop)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Kinds:
    """What a village was told before and waits for, beside the tours. moved: what takes the place of what was told.

    nobody_of_theirs: stops that keep what it was told though none of its own jobs is done there.
    """

    told: Collection[Told]
    moved: Mapping[Told, Told]
    cancelled: Sequence[Told]
    nobody_of_theirs: Sequence[Stop]

    @classmethod
    def of(cls, toured: Toured, village: Village, stops: Sequence[Stop]) -> "_Kinds":
        """Compare what a village was told with the stops of the tours."""
        told = {one for one in village.told if 0 <= one.day < toured.asked.days}
        if not told:
            return cls(told=(), moved={}, cancelled=(), nobody_of_theirs=())
        at = {_told_of(stop): stop for stop in reversed(stops)}
        comes = {
            _told_of(stop)
            for stop in stops
            if village.id in {stop.village_id, *(toured.jobs[visit.job_id].village_id for visit in stop.visits)}
        }
        lost = told - at.keys()
        instead = moved_to(toured.asked, lost, comes - told)
        return cls(
            told=told,
            moved={new: was for was, new in instead.items()},
            cancelled=sorted(lost - instead.keys()),
            nobody_of_theirs=[at[one] for one in sorted(told - lost - comes)],
        )

    def kind(self, told: Told) -> NoticeKind:
        """Return whether this was told before, takes the place of what was, or is told for the first time."""
        if told in self.told:
            return NoticeKind.ANNOUNCED
        return NoticeKind.MOVED if told in self.moved else NoticeKind.NEW


def _told_of(stop: Stop) -> Told:
    return Told(day=stop.day.day, stop_id=stop.village_id)


def _first_stops(toured: Toured) -> dict[str, Stop]:
    first: dict[str, Stop] = {}
    for stop in stops_of(toured):
        first.setdefault(stop.village_id, stop)
    return first


def _at(toured: Toured, stop: Stop, kinds: Mapping[str, _Kinds]) -> Iterator[Notice]:
    """Yield what a stop means for its own village, and for those whose units are carried there."""
    by_village: dict[str, list[TourJob]] = {stop.village_id: []}
    for visit in stop.visits:
        job = toured.jobs[visit.job_id]
        by_village.setdefault(job.village_id, []).append(job)
    for village_id, jobs in by_village.items():
        here = village_id == stop.village_id
        yield Notice(
            village_id=village_id,
            kind=kinds[village_id].kind(_told_of(stop)),
            day=stop.day.day,
            stop=stop,
            at_home=tuple(jobs) if here else (),
            carried=() if here else tuple(jobs),
            was=kinds[village_id].moved.get(_told_of(stop)),
        )


def _text(toured: Toured, contact: Person, notices: Sequence[Notice]) -> str:
    """Write a message: villages one by one, then what holds for all of them."""
    met = {notice.village_id for notice in notices if notice.stop is not None}
    said = [_sentence(toured, notice, is_met=notice.village_id in met) for notice in notices]
    body = said[0] if len(said) == 1 else "".join(f"\n{number}. {one}" for number, one in enumerate(said, 1)) + "\n"
    greeting = f"{contact.name}您好：" if contact.name else "各位村民好："
    coming = [notice for notice in notices if notice.stop is not None]
    closing = [_bring(toured, coming), _promise(coming)] if coming else []
    return f"【巡回维修通知】{greeting}{body}{''.join(closing)}{whom_to_call(toured, _coming(toured, notices))}"


def _sentence(toured: Toured, notice: Notice, *, is_met: bool) -> str:
    """Write what is told about one village and date. is_met: the same message has a date of the village that holds."""
    village = toured.villages[notice.village_id]
    before = "" if notice.was is None else f"原定{toured.date_zh(notice.was.day)}"
    there = notice.village_id if notice.was is None else notice.was.stop_id
    if notice.stop is None:
        later = "很抱歉。" if is_met else "很抱歉，新日期定下后另行通知。"
        if there == notice.village_id:
            return f"{before}到{village.name}的巡回维修不能成行，{later}"
        return f"{before}在{toured.villages[there].name}的维修不能成行，{village.name}的电器请不要送去，{later}"
    stop = toured.villages[notice.stop.village_id]
    when = f"{toured.date_zh(notice.day)}{_hours(notice.stop)}"
    moved = ""
    if notice.was is not None:
        place = "" if there == notice.village_id else f"在{toured.villages[there].name}"
        how = "改地点" if notice.was.day == notice.day else "改期"
        moved = f"{village.name}{before}{place}的巡回维修{how}，很抱歉。"
    if notice.stop.village_id != notice.village_id:
        units = products_of(toured, notice.carried)
        what = f"{village.name}登记的{units}" if units else f"{village.name}可搬动的待修电器"
        send = "请在这段时间送到那里" if units or _has_room(toured, notice) else "请先打电话登记，约好后再送到那里"
        return f"{moved}维修队{when}在{stop.name}{_place(toured, stop.id)}，{what}{send}。"
    return f"{moved}维修队{when}到{village.name}{_place(toured, village.id)}。{_registered(toured, notice.at_home)}"


def _hours(stop: Stop) -> str:
    return f"{hour_text(stop.start_s, ROUND_TO_S)}–{hour_text(stop.end_s, ROUND_TO_S, up=True)}"


def _place(toured: Toured, village_id: str) -> str:
    place = toured.names.villages.get(village_id, {}).get("meeting_place", "")
    return f"（集合点：{place}）" if place else ""


def _registered(toured: Toured, jobs: Sequence[TourJob]) -> str:
    """Say what is registered already; customers are not named, for everybody reads it."""
    homes = [job for job in jobs if job.kind is not WorkKind.WALK_IN]
    if not homes:
        return ""
    return f"已登记{len(homes)}件：{products_of(toured, homes)}，上门维修，请家里留人。"


def products_of(toured: Toured, jobs: Sequence[TourJob]) -> str:
    """Return the appliances of jobs in Chinese, counted."""
    counted = Counter(product_name(toured, job) for job in jobs if job.kind is not WorkKind.WALK_IN)
    return "、".join(f"{name}{count}台" for name, count in sorted(counted.items()))


def _bring(toured: Toured, coming: Sequence[Notice]) -> str:
    """Say what to do with what is not registered: brought along where time is planned for that, else called in."""
    said = [notice for notice in coming if notice.kind is not NoticeKind.NEARBY]
    stops = {(notice.day, notice.village_id) for notice in said}
    room = dict.fromkeys((notice.day, notice.village_id) for notice in said if _has_room(toured, notice))
    bring, call = "可把可搬动的待修电器送到现场", "请先打电话登记，约好后再送来"
    others = ""
    if room and set(room) == stops:
        others = f"没有登记的，{bring}。"
    elif room:
        where = "、".join(f"{toured.date_zh(day)}在{toured.villages[village_id].name}" for day, village_id in room)
        others = f"没有登记的，{where}{bring}，其他时间和地点{call}。"
    elif said:
        others = f"没有登记的，{call}。"
    return f"{others}请带上保修卡或购机凭证，并说明故障。"


def _has_room(toured: Toured, notice: Notice) -> bool:
    """Tell whether time is planned at a stop for what people bring unasked."""
    visits = () if notice.stop is None else notice.stop.visits
    return any(toured.jobs[visit.job_id].kind is WorkKind.WALK_IN for visit in visits)


def _promise(notices: Sequence[Notice]) -> str:
    if all(notice.kind is NoticeKind.ANNOUNCED for notice in notices):
        return "此前已通知，日期不变。请转告村民。"
    some = any(notice.kind is NoticeKind.ANNOUNCED for notice in notices)
    return ("此前已通知的日期不变；" if some else "") + "如有变动会另行通知。请转告村民。"


def _coming(toured: Toured, notices: Sequence[Notice]) -> Sequence[Crew]:
    """Return the crews that come, or the first crew when nobody does."""
    crews = [toured.crews[notice.stop.tour.crew_id] for notice in notices if notice.stop is not None]
    return crews or toured.asked.crews[:1]


def whom_to_call(toured: Toured, crews: Iterable[Crew]) -> str:
    """Name the outlets of crews, as a message ends; nothing without any."""
    people = dict.fromkeys(toured.home(crew) for crew in crews)
    said = [f"{person.phone}（{person.name}）" if person.phone else person.name for person in people]
    return f"有事请联系{'、'.join(said)}。" if said else ""
