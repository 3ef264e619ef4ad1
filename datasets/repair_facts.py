"""What a day's tables say about ways to repair: what may travel, what a call solves, which part is the whole unit."""

from collections.abc import Mapping

from datasets.exchange import JOB_TYPE, mark_exchanges
from datasets.job_list import KitList
from datasets.network import wgs84
from datasets.settings import Settings
from datasets.table import Table
from geo.provinces import provinces_at
from optimizer.model import Part
from optimizer.repair_mode import JobFacts, Unit
from optimizer.repair_modes import RepairModes

__all__ = ["RepairFacts"]

ONLY_THERE = frozenset({"door_replacement", "installation", "maintenance"})


class RepairFacts:
    """Knows it of any jobs beside the tables of one day, which are free of faults."""

    def __init__(self, tables: Mapping[str, Table], settings: Settings) -> None:
        self._settings = settings
        self._kits = KitList.of(tables["kits"], tables["parts"])
        columns = (tables["parts"].values[name] for name in ("part_id", "size_class", "weight_g", "price_fen"))
        self._units = {
            id_: Unit(part=Part(id=id_, size_class=size, weight_g=weight), price_fen=price)
            for id_, size, weight, price in zip(*columns, strict=True)
        }
        houses = tables["warehouses"]
        self._provinces = dict(zip(houses.values["warehouse_id"].tolist(), provinces_at(wgs84(houses)), strict=True))

    def of(self, jobs: Table) -> RepairModes:
        """Return what is known when the ways of these jobs are weighed."""
        policy = self._settings.repair_modes
        exchanged = mark_exchanges(jobs, self._settings.exchange).tolist()
        columns = (jobs.text[name].tolist() for name in ("job_id", "product", "fault", "job_type"))
        facts = {
            id_: JobFacts(
                portable=product in policy.portable,
                by_phone=not policy.by_phone.isdisjoint((fault, f"{product}:{fault}")),
                only_there=job_type in ONLY_THERE,
                exchange_due=twice or job_type == JOB_TYPE,
                unit=self._unit(product, fault, job_type),
                province=province,
            )
            for id_, product, fault, job_type, twice, province in zip(
                *columns, exchanged, provinces_at(wgs84(jobs)), strict=True
            )
        }
        return RepairModes(facts=facts, policy=policy, provinces=self._provinces)

    def _unit(self, product: str, fault: str, job_type: str) -> Unit | None:
        """Return the whole unit of a product; a job that is an exchange has it in its own kit if nothing else says."""
        named = self._settings.repair_modes.unit_fault or (fault if job_type == JOB_TYPE else "")
        kit = self._kits.by_fault.get((product, named), ())
        return next((self._units[part_id] for part_id, _ in kit if part_id not in self._kits.carried), None)
