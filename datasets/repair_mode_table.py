"""repair_modes.csv: every way to repair every job, with what it costs and takes, and which is recommended."""

import csv
import io
from collections.abc import Iterable, Iterator

from datasets.plan_tables import no_formula
from optimizer.repair_mode import ModeCost, ModeOption, RepairAdvice

__all__ = ["REPAIR_MODE_COLUMNS", "repair_mode_table"]

_ITEMS = tuple(name for name, _ in ModeCost().items())
REPAIR_MODE_COLUMNS = (
    "job_id",
    "mode",
    "possible",
    "recommended",
    "promised_days",
    "usual_days",
    "cost_fen",
    "customer_fen",
    "waiting_fen",
    "outlet_id",
    "source_id",
    "ship_mode",
    *(f"{name}_fen" for name in _ITEMS),
    "said",
    "said_zh",
)


def repair_mode_table(found: Iterable[RepairAdvice]) -> bytes:
    """Return repair_modes.csv: a row per job and way; the recommended one says why it is none of the others."""
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(REPAIR_MODE_COLUMNS)
    for advice in found:
        writer.writerows(_rows(advice))
    return stream.getvalue().encode("utf-8-sig")


def _rows(advice: RepairAdvice) -> Iterator[tuple[str, ...]]:
    for option in advice.options:
        best = option.mode is advice.recommended
        said = advice.said if best else option.said
        yield (
            advice.job_id,
            str(option.mode),
            "yes" if option.possible else "no",
            "yes" if best else "no",
            *(_figures(option) if option.possible else [""] * 5),
            option.outlet_id,
            option.source_id,
            "" if option.ship_mode is None else str(option.ship_mode),
            *(str(fen) if option.possible else "" for _, fen in option.cost.items()),
            no_formula(said.en),
            no_formula(said.zh),
        )


def _figures(option: ModeOption) -> list[str]:
    figures = (option.days_p90, option.days_p50, option.cost.total, option.customer_fen, option.waiting_fen)
    return [str(figure) for figure in figures]
