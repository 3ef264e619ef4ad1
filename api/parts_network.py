"""The network as parts see it: sources, lanes, parts and what substitutes them, read once and kept while it holds."""

import datetime as dt
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from api.errors import Conflict
from api.store.days import supply_source
from api.store.parts_shelves import Key, Standing
from api.tables.network import (
    CentreRow,
    Document,
    LaneRow,
    OutletRow,
    PartRow,
    ReturnRow,
    TransferLaneRow,
    WarehouseRow,
)
from datasets.day import build_day
from datasets.faults import DayRefused
from datasets.times import TIME_ZONE, local_date, moment_of, seconds_of
from optimizer.model import Day, Inbound, Lane, Outlet, Part, Position, Warehouse
from optimizer.parts.model import Order, Quota, Shelf, Sourcing
from optimizer.parts.returns import Return
from optimizer.parts.supply import Supply, asked_of

__all__ = ["PartsNetwork", "PartsNetworks"]

LOOK_EVERY_S = 2.0
"""A change of the network is seen after at most this, in every process."""
MOST_FAULTS = 100
KEPT_OF = (CentreRow, OutletRow, WarehouseRow, PartRow, LaneRow, TransferLaneRow, ReturnRow, Document)

Stamp = tuple[Any, ...]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PartsNetwork:
    """What holds on a date, by id. day: without people, jobs and stock; lanes: to each centre; supply: the policy.

    returns: defective parts that wait at outlets.
    """

    day: Day
    parts: Mapping[str, Part]
    outlets: Mapping[str, Outlet]
    warehouses: Mapping[str, Warehouse]
    lanes: Mapping[str, tuple[Lane, ...]]
    supply: Supply
    returns: tuple[Return, ...] = ()

    def seconds(self, moment: dt.datetime) -> int:
        """Return a moment by the day's clock."""
        return seconds_of(self.day.date, moment)

    def moment(self, seconds: int) -> dt.datetime:
        """Return what the day's clock means."""
        return moment_of(self.day.date, seconds)

    def moment_text(self, seconds: int) -> str:
        """Return the same as it is stored and shown, by the clocks there."""
        return self.moment(int(seconds)).astimezone(TIME_ZONE).isoformat()

    def position_of(self, source_id: str) -> Position | None:
        """Return where a source is, None for one that is not there."""
        place = self.warehouses.get(source_id) or self.outlets.get(source_id)
        return None if place is None else place.position

    def also(self, part_ids: Iterable[str]) -> set[str]:
        """Return parts with all that may be sent instead of them."""
        wanted = set(part_ids)
        return wanted | {other for part_id in wanted for other in self.supply.substitutes.get(part_id, ())}

    def asked(
        self,
        orders: Sequence[Order],
        shelves: Mapping[Key, Standing],
        now: dt.datetime,
        quotas: Sequence[Quota] = (),
    ) -> Sourcing:
        """Return some orders as one problem, with what is left on the shelves. Transfers are not looked at."""
        part_ids = self.also(line.part_id for order in orders for line in order.lines)
        centre_ids = dict.fromkeys(order.centre_id for order in orders)
        of_source: dict[str, dict[str, Shelf]] = {}
        for (source_id, part_id), standing in shelves.items():
            if part_id in part_ids:
                of_source.setdefault(source_id, {})[part_id] = self._shelf(standing)
        day = replace(
            self.day,
            now_s=self.seconds(now),
            parts=tuple(part for part in self.day.parts if part.id in part_ids),
            warehouses=tuple(_stocked(one, of_source.get(one.id, {})) for one in self.day.warehouses),
            lanes=tuple(lane for centre_id in centre_ids for lane in self.lanes.get(centre_id, ())),
        )
        substitutes = self.supply.substitutes
        supply = replace(
            self.supply,
            orders=tuple(orders),
            shelves={id_: own for id_, own in of_source.items() if id_ in self.outlets},
            substitutes={id_: substitutes[id_] for id_ in part_ids if id_ in substitutes},
            quotas=tuple(quotas),
            transfers=(),
            forecast={key: units for key, units in self.supply.forecast.items() if key[1] in part_ids},
        )
        return asked_of(day, supply)

    def transfers(self, asked: Sourcing) -> Sourcing:
        """Return a problem with the lanes between its sources."""
        between = (
            replace(route, departures_s=tuple(ships_s for ships_s in route.departures_s if ships_s >= asked.now_s))
            for route in self.supply.transfers
        )
        return replace(asked, routes=(*asked.routes, *between))

    def lanes_back(self, now_s: int) -> Sourcing:
        """Return a problem without orders, of all parts and lanes: by which ways defective parts go back."""
        return asked_of(replace(self.day, now_s=now_s), replace(self.supply, orders=(), shelves={}, transfers=()))

    def _shelf(self, standing: Standing) -> Shelf:
        arrivals = (Inbound(quantity=one.quantity, ready_s=self.seconds(one.ready_at)) for one in standing.inbound)
        return Shelf(free=max(0, standing.free), floor=standing.floor, inbound=tuple(arrivals))


def _stocked(warehouse: Warehouse, shelves: Mapping[str, Shelf]) -> Warehouse:
    return replace(
        warehouse,
        stock={id_: shelf.free for id_, shelf in shelves.items()},
        floors={id_: shelf.floor for id_, shelf in shelves.items() if shelf.floor},
        inbound={id_: shelf.inbound for id_, shelf in shelves.items() if shelf.inbound},
    )


class PartsNetworks:
    """The parts' network of this process; any number of threads may ask."""

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._loading = threading.Lock()
        self._kept: tuple[Stamp, PartsNetwork] | None = None
        self._looked = 0.0

    def current(self, session: Session, now: dt.datetime) -> PartsNetwork:
        """Return the network of today. Raises Conflict when there is none, or its rows do not fit together."""
        date = local_date(now)
        kept, moment = self._kept, self._monotonic()
        if kept is not None and kept[0][0] == date and moment - self._looked < LOOK_EVERY_S:
            return kept[1]
        with self._loading:
            stamp = _stamp(session, date)
            if self._kept is None or self._kept[0] != stamp:
                try:
                    self._kept = stamp, _read(session, date, now)
                except DayRefused as refused:
                    said = [str(fault) for fault in refused.faults[:MOST_FAULTS]]
                    raise Conflict(
                        f"No network holds on {date} that parts could be sent in.", members={"faults": said}
                    ) from None
            self._looked = moment
            return self._kept[1]


def _stamp(session: Session, date: dt.date) -> Stamp:
    changes = (session.execute(select(func.count(), func.max(model.written_at))).one() for model in KEPT_OF)
    return (date, *(tuple(change) for change in changes))


def _read(session: Session, date: dt.date, now: dt.datetime) -> PartsNetwork:
    source = supply_source(session, date=date, now=now)
    folder = build_day(source)
    day = folder.day
    lanes: dict[str, list[Lane]] = {}
    for lane in day.lanes:
        lanes.setdefault(lane.centre_id, []).append(lane)
    return PartsNetwork(
        day=day,
        parts={part.id: part for part in day.parts},
        outlets={outlet.id: outlet for outlet in day.outlets},
        warehouses={warehouse.id: warehouse for warehouse in day.warehouses},
        lanes={centre_id: tuple(some) for centre_id, some in lanes.items()},
        supply=folder.supply,
        returns=folder.returns,
    )
