"""How the jobs of a day folder are best repaired: read, weigh, and what a dispatcher sees of it."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from rich.console import Console
from rich.table import Table

from api.explaining import Language
from api.planning import JobUnknown
from api.travel_source import open_provider
from datasets.day import build_day, read_source
from datasets.repair_facts import RepairFacts
from optimizer.explanation import Sentence
from optimizer.repair_mode import ModeOption, RepairAdvice, RepairMode
from optimizer.repair_mode_wording import MODE_NAMES
from optimizer.repair_modes import advise

__all__ = ["advise_day", "print_advice", "print_counts"]

WIDTH = 160
COLUMNS = (
    Sentence(en="way", zh="方式"),
    Sentence(en="yuan", zh="费用（元）"),
    Sentence(en="customer pays", zh="客户付（元）"),
    Sentence(en="promised days (usual)", zh="承诺天数（通常）"),
    Sentence(en="how, or why not", zh="做法或不可行原因"),
)


def advise_day(folder: Path, job_id: str | None = None) -> list[RepairAdvice]:
    """Return the advice about every job of a day folder, or about one. Raises JobUnknown."""
    source = read_source(folder)
    read = build_day(source)
    known = RepairFacts(source.tables, source.settings).of(source.tables["jobs"])
    if job_id is not None:
        if job_id not in known.facts:
            raise JobUnknown(job_id, list(known.facts))
        known = replace(known, facts={job_id: known.facts[job_id]})
    return list(advise(read.day, known, open_provider(read)))


def print_counts(found: Sequence[RepairAdvice]) -> None:
    """Print how many jobs each way is possible for, and the best for."""
    best = Counter(advice.recommended for advice in found)
    possible = Counter(option.mode for advice in found for option in advice.options if option.possible)
    table = Table("way", "possible", "recommended")
    for mode in RepairMode:
        table.add_row(f"{MODE_NAMES[mode].en} {MODE_NAMES[mode].zh}", f"{possible[mode]:,}", f"{best[mode]:,}")
    table.add_row("none", "", f"{best[None]:,}")
    Console().print(table)


def print_advice(advice: RepairAdvice, language: Language) -> None:
    """Print every way to repair a job, the best, and why it is none of the others."""
    console = Console()
    if not console.is_terminal:
        console.width = WIDTH
    for tongue in (Language.EN, Language.ZH) if language is Language.BOTH else (language,):
        table = Table(*(_in(column, tongue) for column in COLUMNS), title=advice.job_id, title_justify="left")
        for option in advice.options:
            table.add_row(*_row(option, tongue), style="bold" if option.mode is advice.recommended else None)
        console.print(table, markup=False, highlight=False)
        console.print(_in(advice.said, tongue), markup=False, highlight=False, soft_wrap=True)


def _row(option: ModeOption, tongue: Language) -> tuple[str, ...]:
    name, said = _in(MODE_NAMES[option.mode], tongue), _in(option.said, tongue)
    if not option.possible:
        return name, "–", "–", "–", said
    fen, theirs = f"{option.cost.total / 100:,.2f}", f"{option.customer_fen / 100:,.2f}"
    return name, fen, theirs, f"{option.days_p90} ({option.days_p50})", said


def _in(sentence: Sentence, tongue: Language) -> str:
    return sentence.zh if tongue is Language.ZH else sentence.en
