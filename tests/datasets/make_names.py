"""Gives a day the names that a day folder holds."""

from pathlib import Path
from typing import Any

import pandas as pd

from datasets.day import DayFolder
from optimizer.model import Day


def named(day: Day, *, travel: str = "estimate", **job_cells: Any) -> DayFolder:
    """Make the day folder of a day; `job_cells` are columns of jobs.csv, each one text for all jobs."""

    def frame(rows: Any, **columns: Any) -> pd.DataFrame:
        return pd.DataFrame(columns, index=pd.Index([row.id for row in rows], dtype=object), dtype=object)

    cells = {"contact": "张女士", "phone": "19911112222", "address": "人民路 1 号", "product": "", "fault": "漏水"}
    return DayFolder(
        folder=Path(),
        day=day,
        travel=travel,
        sla_names={},
        centres=frame(day.centres, name=[f"{centre.id}客服中心" for centre in day.centres]),
        outlets=frame(
            day.outlets, name=[f"{outlet.id}维修站" for outlet in day.outlets], contact="李师傅", phone="19900000000"
        ),
        technicians=frame(day.technicians, name=[f"技师{person.id}" for person in day.technicians]),
        jobs=frame(day.jobs, job_type="repair", brand="家康", **(cells | job_cells)),
        warehouses=frame(day.warehouses, name="成都中转库"),
        parts=frame(day.parts, name="主控板"),
    )
