"""When the kit of a job can be with a crew, by a simple rule: tours are planned with it, and sourcing decides later."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from optimizer.model import Day, OrderLine
from optimizer.parts.model import Shelf
from optimizer.sourcing import kit_options

__all__ = ["kits_ready"]


def kits_ready(
    day: Day, shelves: Mapping[str, Mapping[str, Shelf]], outlet_ids: Sequence[str]
) -> dict[str, int | None]:
    """Return when each kit that must be sent is there: from a warehouse, or sooner on a shelf of a crew's outlet.

    None when it cannot be had. outlet_ids: those that crews leave from.
    """
    crews = frozenset(outlet_ids)
    ready = {
        id_: min(
            (kit.ready_s for kit in options if kit.outlets is None or not kit.outlets.isdisjoint(crews)), default=None
        )
        for id_, options in kit_options(day).items()
    }
    left = [_Left(shelves[id_]) for id_ in outlet_ids if id_ in shelves]
    for job in day.jobs:
        if job.id not in ready:
            continue
        for shelf in left:
            there_s, sent_s = shelf.there_s(job.order_lines, day.now_s), ready[job.id]
            if there_s is not None and (sent_s is None or there_s < sent_s):
                shelf.take(job.order_lines)
                ready[job.id] = there_s
                break
    return ready


@dataclass(slots=True)
class _Left:
    """What no earlier job has taken of an outlet's shelves."""

    shelves: Mapping[str, Shelf]
    taken: dict[str, int] = field(default_factory=dict)

    def there_s(self, lines: Sequence[OrderLine], now_s: int) -> int | None:
        """Return when all of a kit lies there, None when some of it never will."""
        moments = [self._line_s(line, now_s) for line in lines]
        there = [moment for moment in moments if moment is not None]
        return max(there) if len(there) == len(moments) else None

    def take(self, lines: Sequence[OrderLine]) -> None:
        """Let no other job have these."""
        for line in lines:
            self.taken[line.part_id] = self.taken.get(line.part_id, 0) + line.quantity

    def _line_s(self, line: OrderLine, now_s: int) -> int | None:
        shelf = self.shelves.get(line.part_id)
        if shelf is None:
            return None
        units, wanted = shelf.free, line.quantity + self.taken.get(line.part_id, 0)
        for lot in (None, *sorted(shelf.inbound, key=lambda lot: lot.ready_s)):
            units += 0 if lot is None else lot.quantity
            if units >= wanted:
                return now_s if lot is None else max(now_s, lot.ready_s)
        return None
