"""One job read beside a network that was read before: in milliseconds, with the meaning and the faults of a day's."""

from collections.abc import Mapping
from functools import cached_property

import numpy as np

from datasets.columns import TABLES
from datasets.day import DaySource
from datasets.day_tables import check_jobs
from datasets.exchange import mark_exchanges
from datasets.faults import DayRefused, FaultList
from datasets.job_list import Computed, KitList, NearestCentres, build_jobs, promise_clocks
from datasets.network import build_outlets, live_rows, wgs84
from datasets.repair_facts import RepairFacts
from datasets.table import table_of
from datasets.times import midnight_of
from geo.areas import Areas
from optimizer.model import AreaClass, Job
from optimizer.repair_modes import RepairModes

__all__ = ["JobReader"]

JOBS = next(layout for layout in TABLES if layout.name == "jobs")
NOWHERE = -1
"""The area of places that no area holds."""


class JobReader:
    """Reads single jobs by the network and the promises of a source; its own jobs do not matter."""

    def __init__(self, source: DaySource) -> None:
        self.settings = source.settings
        self._tables = source.tables
        self._areas = Areas.of_places() if source.areas is None else source.areas
        self._kits = KitList.of(source.tables["kits"], source.tables["parts"])
        table = source.tables["outlets"]
        outlets = build_outlets(table, live_rows(table, source.settings.date), source.settings)
        self._centres = NearestCentres(outlets) if outlets else None
        self._technician_ids = frozenset(source.tables["technicians"].text["technician_id"])
        places = np.array([outlet.position for outlet in outlets], dtype=np.float64).reshape(-1, 2)
        located = self._areas.locate(places[:, 0], places[:, 1])
        self._served = frozenset(located.tolist()) - {NOWHERE}

    @cached_property
    def _repair_facts(self) -> RepairFacts:
        return RepairFacts(self._tables, self.settings)

    def repair_modes(self, cells: Mapping[str, str]) -> RepairModes:
        """Return what is known of the ways to repair the job of a row that reads well."""
        return self._repair_facts.of(table_of([cells], JOBS, FaultList()))

    def read(self, cells: Mapping[str, str]) -> Job:
        """Return the job of a row of jobs.csv.

        Raises
        ------
        DayRefused
            With every fault of the row; it is row 1 of jobs.csv.
        """
        faults = FaultList()
        jobs = table_of([cells], JOBS, faults)
        check_jobs(jobs, self._tables, self.settings, faults)
        if self._centres is None:
            jobs.refuse(~jobs.given("centre_id"), "centre_id", "a centre, because no outlet is live", faults)
        if faults.faults:
            raise DayRefused(faults.faults)
        places = wgs84(jobs)
        area = int(self._areas.locate(places[:, 0], places[:, 1])[0])
        area_classes = [AreaClass.SEAT if area in self._served else AreaClass.REMOTE]
        midnight = midnight_of(self.settings.date)
        reported = (jobs.numbers("reported_at").astype(np.int64) - midnight).tolist()
        typed = jobs.values["centre_id"].tolist()
        computed = Computed(
            places=places,
            centre_ids=typed if typed[0] or self._centres is None else self._centres.of(places),
            area_classes=area_classes,
            clocks=promise_clocks(jobs, area_classes, reported, self.settings).clocks,
            exchanged=mark_exchanges(jobs, self.settings.exchange).tolist(),
        )
        return build_jobs(jobs, computed, self._technician_ids, self._kits, self.settings)[0]
