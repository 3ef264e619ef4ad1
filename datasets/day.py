"""A Day ↔ a folder of CSV files and day.toml, as docs/data-format.md describes it; all faults at once."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import tomli_w
from numpy.typing import NDArray

from datasets.columns import TABLES
from datasets.day_tables import check_tables, read_tables
from datasets.due_visits import CLOCK_NAME, due_visits, first_of_each, that_fill, visit_jobs
from datasets.faults import DayRefused, FaultList
from datasets.job_list import (
    Answer,
    KitList,
    build_jobs,
    carried_by_job,
    compute,
)
from datasets.network import (
    build_centres,
    build_lanes,
    build_outlets,
    build_parts,
    build_shifts,
    build_technicians,
    build_warehouses,
    live_rows,
)
from datasets.settings import SETTINGS_FILE, Settings, read_toml, settings_of
from datasets.supply import build_returns, build_supply
from datasets.supply_columns import ALL_TABLES, CSV_FILES, OPTIONAL_TABLES
from datasets.table import Table, read_text, table_of
from datasets.whole_folder import whole_folder
from geo.areas import Areas
from optimizer.model import Day
from optimizer.parts.returns import Return
from optimizer.parts.supply import Supply

__all__ = [
    "AREAS_FILE",
    "DAY_FILES",
    "DayFolder",
    "DaySource",
    "build_day",
    "read_day",
    "read_source",
    "source_of",
    "write_day",
]

AREAS_FILE = "areas.geojson"
BESIDE_FILES = ("apologies.csv",)
"""What commands write beside a day for people, and nobody reads back."""
DAY_FILES = (SETTINGS_FILE, *CSV_FILES, AREAS_FILE, *BESIDE_FILES)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class DayFolder:
    """A day folder that was read and found good.

    day: everything the solver reads. travel: "estimate" or "osm:FILE", the file named from the folder.
    sla_names: job id → the policy row behind each of the job's clocks, in their order. policies: where the rows are
    from, first come first. answers: job id → the promises that no visit keeps. supply: what is known of the parts
    beside the day. returns: defective parts at outlets. carried: job id → the parts of its kit that are on every van.
    centres, outlets, technicians, jobs, warehouses, parts: every cell as typed, the original coordinates and their
    datum included, one frame of text per table, indexed by id; they hold closed outlets too, which `day` leaves
    out. Due visits that fill the day are jobs like the others; those of jobs.csv come first.
    """

    folder: Path
    day: Day
    travel: str
    sla_names: Mapping[str, tuple[str, ...]]
    centres: pd.DataFrame
    outlets: pd.DataFrame
    technicians: pd.DataFrame
    jobs: pd.DataFrame
    warehouses: pd.DataFrame
    parts: pd.DataFrame
    policies: tuple[str, ...] = ()
    answers: Mapping[str, tuple[Answer, ...]] = field(default_factory=dict)
    supply: Supply = field(default_factory=Supply)
    returns: tuple[Return, ...] = ()
    carried: Mapping[str, tuple[tuple[str, int], ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class DaySource:
    """What a day is built from, read and found good.

    folder: where a road file is named from. values: the content of day.toml. areas: None means the built-in ones.
    """

    folder: Path
    values: Mapping[str, object]
    settings: Settings
    tables: Mapping[str, Table]
    areas: Areas | None


def read_day(folder: Path) -> DayFolder:
    """Read a day folder.

    Raises
    ------
    DayRefused
        With every fault of every file; nothing half-read is returned.
    """
    return build_day(read_source(folder))


def read_source(folder: Path) -> DaySource:
    """Read the files of a day folder, without building its day.

    Raises
    ------
    DayRefused
        With every fault of every file.
    """
    faults = FaultList()
    if not folder.is_dir():
        faults.add(str(folder), None, "", "not a folder" if folder.exists() else "missing", "a day folder")
        raise DayRefused(faults.faults)
    values = read_toml(folder, faults)
    settings = None if values is None else settings_of(values, folder, faults)
    tables = read_tables(folder, settings, faults)
    areas = _read_areas(folder, faults)
    return _judged(folder, values or {}, settings, tables, areas, faults)


def source_of(
    tables: Mapping[str, Sequence[Mapping[str, str]]],
    values: Mapping[str, object],
    *,
    areas: Areas | None = None,
    folder: Path = Path(),
) -> DaySource:
    """Return the source of a day whose rows come from elsewhere, such as a store: one reader, one meaning.

    tables: table name → rows as column → cell: the nine tables of every day, and the optional ones that
    there are.
    values: the content of day.toml.

    Raises
    ------
    DayRefused
        With every fault, named as if files stood there; a row's number counts from 1.
    """
    faults = FaultList()
    settings = settings_of(values, folder, faults)
    given = {layout.name: () for layout in OPTIONAL_TABLES} | dict(tables)
    parsed = {layout.name: table_of(given[layout.name], layout, faults) for layout in ALL_TABLES}
    check_tables(parsed, settings, faults)
    return _judged(folder, values, settings, parsed, areas, faults)


def _judged(
    folder: Path,
    values: Mapping[str, object],
    settings: Settings | None,
    tables: Mapping[str, Table],
    areas: Areas | None,
    faults: FaultList,
) -> DaySource:
    if settings is not None:
        _check_a_live_outlet(tables, settings, faults)
    if faults.faults or settings is None:
        raise DayRefused(faults.ordered(DAY_FILES))
    return DaySource(folder=folder, values=values, settings=settings, tables=tables, areas=areas)


def _read_areas(folder: Path, faults: FaultList) -> Areas | None:
    """Return the folder's own areas, or None when it has none."""
    path = folder / AREAS_FILE
    if not path.exists() and not path.is_symlink():
        return None
    if read_text(path, faults) is None:
        return None
    try:
        return Areas.from_geojson(path)
    except (OSError, ValueError, KeyError, TypeError) as error:
        faults.add(AREAS_FILE, None, "", str(error), "GeoJSON polygons, each with a property name")
        return None


def _check_a_live_outlet(tables: Mapping[str, Table], settings: Settings, faults: FaultList) -> None:
    """A job without a centre takes that of the nearest live outlet, so one must be live."""
    outlets, jobs = tables["outlets"], tables["jobs"]
    if len(outlets.lines) and not live_rows(outlets, settings.date).any():
        allowed = f"a centre, because no outlet is live on {settings.date}"
        jobs.refuse(~jobs.given("centre_id"), "centre_id", allowed, faults)


def build_day(source: DaySource) -> DayFolder:
    """Build the day of a source: its calls, and the visits due on plans that thin days have room for."""
    settings, tables = source.settings, source.tables
    areas = Areas.of_places() if source.areas is None else source.areas
    outlets, technicians, jobs = tables["outlets"], tables["technicians"], tables["jobs"]
    live = live_rows(outlets, settings.date)
    live_outlets = build_outlets(outlets, live, settings)
    staff = _staff_rows(technicians, jobs, {outlet.id for outlet in live_outlets})
    closed = ~live & outlets.among("outlet_id", frozenset(technicians.text["outlet_id"][staff]))
    closed_outlets = (replace(outlet, workload_target=0) for outlet in build_outlets(outlets, closed, settings))
    day_outlets = (*live_outlets, *closed_outlets)
    day_technicians = build_technicians(technicians, staff, {outlet.id: outlet for outlet in day_outlets})
    computed, promises = compute(jobs, live_outlets, areas, settings)
    kits = KitList.of(tables["kits"], tables["parts"])
    calls = build_jobs(jobs, computed, frozenset(person.id for person in day_technicians), kits, settings)
    shifts = build_shifts(technicians, outlets, tables["centres"], settings)
    owed = due_visits(tables["maintenance"], settings) if settings.tour.fill_days else ()
    visits = visit_jobs(first_of_each(owed), tables, live_outlets, areas, settings)
    filling = that_fill(visits.jobs, calls, (shifts, day_technicians, day_outlets), settings.tour.fill_percent)
    filling_ids = [visit.id for visit in filling]
    day = Day(
        date=settings.date,
        days=settings.days,
        now_s=settings.now_s,
        centres=build_centres(tables["centres"]),
        outlets=day_outlets,
        technicians=day_technicians,
        shifts=shifts,
        jobs=(*calls, *filling),
        tariff=settings.tariff,
        parts=build_parts(tables["parts"]),
        warehouses=build_warehouses(tables["warehouses"], tables["stock"], settings),
        lanes=build_lanes(tables, settings),
    )
    job_ids = jobs.values["job_id"].tolist()
    return DayFolder(
        folder=source.folder,
        day=day,
        travel=settings.travel,
        sla_names=dict(zip(job_ids, promises.names, strict=True)) | dict.fromkeys(filling_ids, (CLOCK_NAME,)),
        policies=settings.policies,
        answers=dict(zip(job_ids, promises.answers, strict=True)),
        supply=build_supply(tables, settings),
        returns=build_returns(tables, settings),
        carried=carried_by_job(jobs, computed.exchanged, kits, settings)
        | {id_: visits.carried[id_] for id_ in filling_ids if id_ in visits.carried},
        centres=_indexed(tables["centres"]),
        outlets=_indexed(tables["outlets"]),
        technicians=_indexed(tables["technicians"]),
        jobs=pd.concat([_indexed(jobs), _indexed(visits.rows).loc[filling_ids]]),
        warehouses=_indexed(tables["warehouses"]),
        parts=_indexed(tables["parts"]),
    )


def _staff_rows(technicians: Table, jobs: Table, live_ids: Collection[str]) -> NDArray[np.bool_]:
    """Return which technicians belong to the day: those of live outlets.

    One of a closed outlet stays, without shifts, while a job says it was published for them: the day must know
    everybody it names.
    """
    named = technicians.among("technician_id", frozenset(jobs.text["published_technician_id"]))
    return technicians.among("outlet_id", live_ids) | named


def _indexed(table: Table) -> pd.DataFrame:
    return pd.DataFrame(table.text, dtype=object).set_index(table.layout.columns[0].name, drop=True)


def write_day(
    folder: Path,
    tables: Mapping[str, pd.DataFrame],
    settings: Mapping[str, Any],
    areas: bytes | None = None,
    beside: Mapping[str, bytes] | None = None,
) -> None:
    """Write a day folder, whole or not at all; a day folder that stands there already is replaced.

    tables: table name ("centres", "jobs", …) → frame with the columns of docs/data-format.md; a missing value is an
    empty cell. An optional table that is not given or has no rows has no file. settings: the content of day.toml.
    areas: of areas.geojson, None for the built-in ones. beside: what people read, by name, of `BESIDE_FILES`. What is
    written is not judged: `read_day` does that.

    Raises
    ------
    ForeignFolder
        The folder holds anything else than a day folder.
    ValueError
        A table that day folders do not have, or one of theirs that is not given.
    """
    own, optional = ({layout.name for layout in layouts} for layouts in (TABLES, OPTIONAL_TABLES))
    if not own <= set(tables) <= own | optional:
        raise ValueError(f"a day folder has the tables {', '.join(layout.name for layout in TABLES)}")
    with whole_folder(folder, SETTINGS_FILE, DAY_FILES) as temporary:
        (temporary / SETTINGS_FILE).write_text(tomli_w.dumps(settings), encoding="utf-8")
        if areas is not None:
            (temporary / AREAS_FILE).write_bytes(areas)
        for name, content in (beside or {}).items():
            (temporary / name).write_bytes(content)
        for name, table in tables.items():
            if name in optional and table.empty:
                continue
            # The csv module of Python 3.11 does not quote a lone carriage return.
            table.replace(r"\r(?!\n)", "\n", regex=True).to_csv(
                temporary / f"{name}.csv", index=False, encoding="utf-8", lineterminator="\n"
            )
