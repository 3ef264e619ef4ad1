"""A day folder becomes a folder of answers to all its open order lines: read, source, compare, check, write."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from api.exits import Failure
from api.stop_button import StopButton
from datasets.day import DayFolder, read_day
from datasets.parts_agreement import parts_differences
from datasets.parts_folder import check_parts_place, write_parts
from datasets.parts_reading import read_parts
from datasets.parts_tables import Replied
from optimizer.parts.check import faults
from optimizer.parts.first_come import Preference, first_come
from optimizer.parts.kpis import SourcingKpis, sourcing_kpis
from optimizer.parts.model import Sourced, Sourcing
from optimizer.parts.replies import replies
from optimizer.parts.returns import plan_returns
from optimizer.parts.sourcing import source
from optimizer.parts.supply import asked_of
from optimizer.parts.transfers import propose_transfers

__all__ = ["AnswersIllegal", "PartsSourced", "check_parts", "source_parts"]

Progress = Callable[[str, float], None]


class AnswersIllegal(Failure):
    """The checker objects to answers that were decided: a defect of ours; nothing was written."""

    def __init__(self, found: list[str]) -> None:
        super().__init__("1 fault" if len(found) == 1 else f"{len(found)} faults")
        self.found = found

    def told(self) -> Iterator[str]:
        """Yield whose defect it is, and every fault."""
        yield "Paigong's own checker objects to the answers it gave. This is a defect of Paigong; nothing was written."
        yield from self.found


@dataclass(frozen=True, slots=True, kw_only=True)
class PartsSourced:
    """What the command line prints: the answers, key figures of them and of the plain rule; stopped: by a person."""

    found: Replied
    ours: SourcingKpis
    theirs: SourcingKpis
    stopped: bool


def source_parts(day_path: Path, out: Path, *, seconds: float, gap: float, progress: Progress) -> PartsSourced:
    """Answer every open order line of a day folder; nothing is written unless the checker finds nothing.

    seconds: of deciding, at most; Ctrl-C ends it early with the best answers so far. gap: how near to the proven
    bound is near enough, as a share of the cost.
    """
    check_parts_place(out)
    progress("reading", 0.0)
    folder = read_day(day_path)
    asked = asked_of(folder.day, folder.supply)
    progress("sourcing", 0.0)
    sourced, stopped = _decide(asked, seconds, gap)
    progress("check", 0.0)
    if found := faults(asked, sourced):
        raise AnswersIllegal(found)
    progress("first come", 0.0)
    ours = sourcing_kpis(asked, sourced)
    theirs = sourcing_kpis(asked, first_come(asked, Preference.NEAREST, sourced.bid_fen))
    progress("explaining", 0.0)
    replied = _explain(folder, asked, sourced)
    progress("writing", 0.0)
    kpis = {"sourced": ours.as_dict(), "nearest_first_come": theirs.as_dict()}
    write_parts(out, replied, kpis)
    progress("writing", 1.0)
    return PartsSourced(found=replied, ours=ours, theirs=theirs, stopped=stopped)


def _decide(asked: Sourcing, seconds: float, gap: float) -> tuple[Sourced, bool]:
    """Return the answers, and whether a person ended the deciding."""
    button = StopButton(lambda: None)
    ends = time.monotonic() + seconds
    button.connect()
    try:
        sourced = source(asked, remaining=lambda: 0.0 if button.pressed else max(0.0, ends - time.monotonic()), gap=gap)
    finally:
        button.disconnect()
    return sourced, button.pressed


def _explain(folder: DayFolder, asked: Sourcing, sourced: Sourced) -> Replied:
    """Return the answers with all that is said of them, and what else should travel."""
    transfers = propose_transfers(asked, sourced)
    return Replied(
        date=folder.day.date,
        asked=asked,
        sourced=sourced,
        replies=replies(asked, sourced, transfers),
        transfers=transfers,
        returns=folder.returns,
        way_back=plan_returns(asked, folder.returns),
    )


def check_parts(day_path: Path, out: Path) -> list[str]:
    """Return a sentence for everything that is wrong with a folder of answers, none when all is right.

    Every rule and figure of sourcing.json, and every place where a table beside it says something else.
    """
    folder = read_day(day_path)
    asked = asked_of(folder.day, folder.supply)
    sourced = read_parts(out, folder.day.date, asked)
    return [*faults(asked, sourced), *parts_differences(out, folder.day.date, asked)]
