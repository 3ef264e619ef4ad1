"""What `paigong day explain` prints: a sentence, the remedy, and a table of candidates, in English and in Chinese."""

from collections.abc import Sequence
from enum import StrEnum

from rich.console import Console
from rich.table import Table

from optimizer import wording
from optimizer.explanation import Candidate, Explanation, Sentence, Why

__all__ = ["Language", "print_explanations"]

WIDTH = 160
"""Columns of a candidate's table where nobody's terminal says how wide it is."""


class Language(StrEnum):
    """What the answer is printed in."""

    EN = "en"
    ZH = "zh"
    BOTH = "both"


HEADINGS = {
    Why.LEFT_OUT: Sentence(en="left out", zh="未派出"),
    Why.LATE: Sentence(en="late", zh="超时效"),
    Why.NOT_NEAREST: Sentence(en="not at its nearest outlet", zh="未派给最近网点"),
    Why.SERVED: Sentence(en="why this technician", zh="为何派给此技师"),
}
COLUMNS = (
    Sentence(en="technician", zh="技师"),
    Sentence(en="outlet", zh="维修网点"),
    Sentence(en="shift", zh="班次"),
    Sentence(en="way", zh="路程"),
    Sentence(en="if forced, yuan", zh="强派差额（元）"),
    Sentence(en="what stands against it", zh="阻碍"),
)
REMEDY = Sentence(en="Remedy: ", zh="办法：")
NONE = Sentence(en="none", zh="无")


def print_explanations(explanations: Sequence[Explanation], language: Language) -> None:
    """Print the explanations of one job."""
    console = Console()
    if not console.is_terminal:
        console.width = WIDTH
    for explanation in explanations:
        for tongue in (Language.EN, Language.ZH) if language is Language.BOTH else (language,):
            _print(console, explanation, tongue)


def _print(console: Console, explanation: Explanation, tongue: Language) -> None:
    heading = _in(HEADINGS[explanation.why], tongue)
    rule = f" ({explanation.rule})" if explanation.rule else ""
    console.print(f"{explanation.job_id}: {heading}{rule}", style="bold", markup=False, highlight=False)
    console.print(_in(explanation.said, tongue), markup=False, highlight=False)
    remedy = _in(explanation.remedy.said if explanation.remedy else NONE, tongue)
    if explanation.why is not Why.SERVED:
        console.print(f"{_in(REMEDY, tongue)}{remedy}", markup=False, highlight=False)
    if explanation.candidates:
        table = Table()
        for column in COLUMNS:
            # Chinese has no spaces to break lines at.
            table.add_column(_in(column, tongue), overflow="fold")
        for candidate in explanation.candidates:
            table.add_row(*_row(candidate, tongue))
        console.print(table, markup=False, highlight=False)
    console.print()


def _in(sentence: Sentence, tongue: Language) -> str:
    return sentence.zh if tongue is Language.ZH else sentence.en


def _row(candidate: Candidate, tongue: Language) -> tuple[str, ...]:
    way = ""
    if candidate.travel_s is not None and candidate.travel_m is not None:
        way = f"{_in(wording.duration_words(candidate.travel_s), tongue)}, {candidate.travel_m / 1000:.1f} km"
    fen = candidate.difference_fen
    against = wording.joined(verdict.said for verdict in candidate.verdicts if not verdict.holds)
    if not against.en:
        against = wording.items_words(candidate.items)
    return (
        candidate.technician_id,
        candidate.outlet_id,
        candidate.shift_id,
        way,
        "–" if fen is None else f"{fen / 100:+,.2f}",
        _in(against, tongue),
    )
