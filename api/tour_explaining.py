"""What `paigong tour explain` prints about a job or a village, in English and Chinese."""

import difflib
from collections.abc import Iterator

from api.explaining import Language
from datasets.faults import Refusal
from datasets.tour_announcements import announcements
from datasets.tour_map import village_status
from datasets.tour_names import Toured, hour_text
from datasets.tour_stops import Stop, stops_of
from optimizer.explanation import Sentence
from optimizer.tours.cost import early_late_price, left_out_price, waiting_price
from optimizer.tours.plan import LeftOut

__all__ = ["UnknownName", "explained", "explanation_lines"]

STATUS = {
    "visited": Sentence(en="A tour stops here.", zh="有巡回停靠。"),
    "covered": Sentence(
        en="No tour stops here; one stops near enough to carry units to.", zh="没有停靠，可送到邻近停靠点。"
    ),
    "uncovered": Sentence(en="There is work, and no tour comes near.", zh="有工单，但巡回到不了。"),
    "idle": Sentence(en="There is no work.", zh="没有工单。"),
}


class UnknownName(Refusal):
    """Somebody asks about a job or a village that the folder does not have."""

    def __init__(self, name: str, known: list[str]) -> None:
        near = difflib.get_close_matches(name, known, n=5, cutoff=0.6)
        hint = f"; did you mean {', '.join(near)}?" if near else ""
        super().__init__(f'no job and no village "{name}"{hint}')


def explanation_lines(toured: Toured, name: str, lang: Language) -> Iterator[str]:
    """Yield what there is to say about a job or a village, by id or by a village's name."""
    for said in explained(toured, name):
        if lang is not Language.ZH:
            yield said.en
        if lang is not Language.EN:
            yield said.zh


def explained(toured: Toured, name: str) -> Iterator[Sentence]:
    """Return the sentences about a job or a village.

    Raises
    ------
    UnknownName
        The folder has neither.
    """
    if name in toured.jobs:
        return _job(toured, name)
    # Places of one name have what tells them apart behind it: whoever asks for the name alone is told of all.
    named = [v.id for v in toured.asked.villages if name in {v.id, v.name} or v.name.startswith(f"{name}（")]
    if not named:
        known = [*toured.jobs, *toured.villages, *(village.name for village in toured.asked.villages)]
        raise UnknownName(name, known)
    return (said for village_id in named for said in _village(toured, village_id))


def _job(toured: Toured, job_id: str) -> Iterator[Sentence]:
    for stop in stops_of(toured):
        if any(visit.job_id == job_id for visit in stop.visits):
            yield from _done(toured, job_id, stop)
    for left in toured.result.plan.left_out:
        if left.job_id == job_id:
            yield from _left(toured, left)


def _done(toured: Toured, job_id: str, stop: Stop) -> Iterator[Sentence]:
    job, crew = toured.jobs[job_id], toured.crews[stop.tour.crew_id]
    visit = next(visit for visit in stop.visits if visit.job_id == job_id)
    village = toured.villages[stop.village_id]
    hours = f"{hour_text(visit.start_s)}–{hour_text(visit.end_s)}"
    yield Sentence(
        en=f"{job_id}: {crew.name} does it on {toured.date(stop.day.day)}, {hours}, in {village.name}.",
        zh=f"{job_id}：{crew.name}，{toured.date_zh(stop.day.day)}{hours}，在{village.name}。",
    )
    if job.village_id != stop.village_id:
        home = toured.villages[job.village_id]
        yield Sentence(en=f"The unit is carried there from {home.name}.", zh=f"机器从{home.name}送来。")
    waiting, shifted = waiting_price(toured.asked, job, stop.day.day), early_late_price(toured.asked, job, stop.day.day)
    instead, fen = left_out_price(toured.asked, job)
    yield Sentence(
        en=f"Waiting is priced at {_yuan(waiting)}, being early or late at {_yuan(shifted)}; leaving it out would be "
        f"{_yuan(fen)} ({instead}).",
        zh=f"等候计价 {_yuan(waiting)}，提前或推迟计价 {_yuan(shifted)}；不安排则为 {_yuan(fen)}。",
    )
    if stop.day.lodging_id is not None:
        lodging = toured.lodgings[stop.day.lodging_id]
        yield Sentence(en=f"That night the crew sleeps at {lodging.name}.", zh=f"当晚住{lodging.name}。")


def _left(toured: Toured, left: LeftOut) -> Iterator[Sentence]:
    yield Sentence(
        en=f"{left.job_id} is left out ({left.rule}), priced at {_yuan(left.fen)}: {left.reason}",
        zh=f"{left.job_id} 未安排（{left.rule}），计价 {_yuan(left.fen)}：{left.reason_zh}",
    )
    if left.remedy:
        yield Sentence(en=f"Remedy: {left.remedy}", zh=f"办法：{left.remedy_zh}")
    if left.next_day is not None:
        date = toured.date(left.next_day)
        if left.next_day < toured.asked.days:
            yield Sentence(en=f"Next chance: {date}, with that.", zh=f"下次机会：{date}（须先办妥）。")
        else:
            days = toured.asked.days
            yield Sentence(
                en=f"Next chance: after these {days} days, in the next plan ({date} or later).",
                zh=f"下次机会：这 {days} 天之后，由下次规划决定（{date} 或以后）。",
            )


def _village(toured: Toured, village_id: str) -> Iterator[Sentence]:
    village = toured.villages[village_id]
    status = STATUS[village_status(toured)[village_id]]
    yield Sentence(en=f"{village.name} ({village_id}): {status.en}", zh=f"{village.name}（{village_id}）：{status.zh}")
    for stop in (stop for stop in stops_of(toured) if stop.village_id == village_id):
        crew, hours = toured.crews[stop.tour.crew_id], f"{hour_text(stop.start_s)}–{hour_text(stop.end_s)}"
        yield Sentence(
            en=f"{crew.name} is there on {toured.date(stop.day.day)}, {hours}, for {_jobs(len(stop.visits))}.",
            zh=f"{crew.name}{toured.date_zh(stop.day.day)}{hours}到，工单 {len(stop.visits)} 件。",
        )
    if village_id in toured.covers:
        stop_id, seconds = toured.covers[village_id]
        minutes, stop_name = round(seconds / 60), toured.villages[stop_id].name
        yield Sentence(
            en=f"People can carry units to {stop_name}, {minutes} minutes away.",
            zh=f"可送到{stop_name}，约 {minutes} 分钟。",
        )
    for message in announcements(toured):
        if any(notice.village_id == village_id for notice in message.notices):
            yield Sentence(en=f"It is told: {message.text}", zh=f"通知：{message.text}")
    for left in toured.result.plan.left_out:
        if toured.jobs[left.job_id].village_id == village_id:
            yield from _left(toured, left)


def _yuan(fen: int) -> str:
    return f"¥ {fen / 100:,.2f}"


def _jobs(count: int) -> str:
    return "1 job" if count == 1 else f"{count} jobs"
