"""A day folder into the store: the network as it holds from its date on, and its jobs."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass

import shapely
from geoalchemy2.shape import to_shape
from sqlalchemy import delete, insert, select
from sqlalchemy.orm import Session

from api.store.beside import put_beside, put_documents_beside
from api.store.jobs import By, Entered, enter_jobs, lived_on
from api.store.network import MASTER_TABLES, NETWORK_TABLES, SUPPLY_TABLES, Put, put_table
from api.store.parts_load import put_supply
from api.store.settings import documents_of, put_values
from api.store.told_off import said_at
from api.store.tour_rows import load_consents, load_tours
from api.tables.network import AreaRow, CentreRow
from datasets.day import DaySource
from datasets.times import local_date
from geo.areas import Areas

__all__ = ["SOURCE", "Loaded", "load_day", "put_areas"]

SOURCE = "day"
"""The source of jobs that came in a day folder; they are named here as they are there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Loaded:
    """What a load did: to each table, and to each job."""

    tables: Mapping[str, Put]
    jobs: tuple[Entered, ...]

    @property
    def changes(self) -> int:
        """How many rows and jobs are not as they were before."""
        puts = sum(len(put.created) + len(put.changed) + len(put.ended) for put in self.tables.values())
        return puts + sum(job.outcome != "unchanged" for job in self.jobs)

    @property
    def kept(self) -> int:
        """How many rows of the folder say something else than those that are there, which stay."""
        return sum(len(put.kept) for put in self.tables.values())


def load_day(session: Session, read: DaySource, *, by: By, now: dt.datetime, whole: bool = True) -> Loaded:
    """Load a day folder that was read and found good; loading it again changes nothing.

    From its first date on the network is that of the folder: what is not in it has ended. In an empty store it holds
    from today on if that is earlier, for customers call and parts are ordered before a day that is planned begins.
    Jobs that are not in it stay as they are; so do appointments, consents, locks and published visits of jobs to which
    something has happened here, and jobs that are closed.

    whole: False for a folder beside others, such as one more region: it only adds, and what is there stays as it is,
    the areas and what day.toml says of the whole network too. In an empty store it is a folder like others.
    """
    from_ = read.settings.date
    if session.scalar(select(CentreRow.id).limit(1)) is None:
        from_, whole = min(from_, local_date(now)), True
    tables = (_put_whole if whole else _put_beside)(session, read, from_, now)
    tables |= put_supply(session, read, actor=by.actor, now=now, keeps=not whole)
    documents = documents_of(read.values, folder=read.folder, has_areas=read.areas is not None)
    puts = (put_values if whole else put_documents_beside)(session, documents, effective_from=from_, now=now)
    if whole:
        put_areas(session, Areas.of_places() if read.areas is None else read.areas)
    ids = read.tables["jobs"].text["job_id"].tolist()
    jobs = enter_jobs(
        session, read, source=SOURCE, external_ids=ids, ids=ids, by=by, now=now, living=lived_on(session, ids)
    )
    tables["consents"] = load_consents(session, read)
    settings = Put(
        created=tuple(id_ for put in puts for id_ in put.created),
        changed=tuple(id_ for put in puts for id_ in put.changed),
        unchanged=tuple(id_ for put in puts for id_ in put.unchanged),
        ended=tuple(id_ for put in puts for id_ in put.ended),
        kept=tuple(id_ for put in puts for id_ in put.kept),
    )
    return Loaded(tables={**tables, "settings": settings}, jobs=tuple(jobs))


def _put_whole(session: Session, read: DaySource, from_: dt.date, now: dt.datetime) -> dict[str, Put]:
    """Put the master data of a folder in the place of what there is."""
    tables = {
        name: put_table(session, read.tables[name], effective_from=from_, now=now, whole=True)
        for name in (*NETWORK_TABLES, *SUPPLY_TABLES)
    }
    return tables | load_tours(session, read, effective_from=from_, now=now)


def _put_beside(session: Session, read: DaySource, from_: dt.date, now: dt.datetime) -> dict[str, Put]:
    """Put the master data of a folder beside what there is."""
    return {
        name: put_beside(session, read.tables[name], effective_from=from_, now=now, said=said_at(read, now))
        for name in MASTER_TABLES
        if len(read.tables[name].lines)
    }


def put_areas(session: Session, areas: Areas) -> bool:
    """Put these areas in the place of those there are, and tell whether they differ; empty ones hold nothing."""
    numbered = [
        (number, name, shape)
        for number, (name, shape) in enumerate(zip(areas.names, areas.polygons, strict=True))
        if not shape.is_empty
    ]
    there = session.execute(select(AreaRow.number, AreaRow.name, AreaRow.polygon).order_by(AreaRow.number)).all()
    before = [(number, name, shapely.to_wkb(to_shape(polygon))) for number, name, polygon in there]
    if before == [(number, name, shapely.to_wkb(shape)) for number, name, shape in numbered]:
        return False
    session.execute(delete(AreaRow))
    rows = [{"number": number, "name": name, "polygon": f"SRID=4326;{shape.wkt}"} for number, name, shape in numbered]
    session.execute(insert(AreaRow), rows)
    return True
