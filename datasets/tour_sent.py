"""Parts that were ordered for tours, source by source, as tours.json has them: what was used, and what has left."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from datasets.faults import FaultList
from datasets.keys import Keys, from_text, text_or_empty
from datasets.tour_folder import TOURS_FILE

__all__ = ["Sent", "kits_sent"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """Units from one source. job_id: "" for spare parts. source_id: "" while nobody can send them."""

    job_id: str
    tour_id: str
    part_id: str
    quantity: int
    source_id: str

    def line(self) -> dict[str, int | str]:
        """Return it as a line of stock that it took."""
        return {"warehouse_id": self.source_id, "part_id": self.part_id, "quantity": self.quantity}


def kits_sent(planned: Path, faults: FaultList) -> list[Sent]:
    """Return the kit orders of tours.json, one for every source that sends some of a line."""
    document = json.loads((planned / TOURS_FILE).read_text(encoding="utf-8"))
    orders = Keys(document, TOURS_FILE, "", faults).tables("kit_orders", required=True)
    return [one for order in orders for one in _of_order(order)]


def _of_order(order: Keys) -> Iterator[Sent]:
    job_id, tour_id = (order.need(name, text_or_empty, "") for name in ("job_id", "tour_id"))
    # Tours that were written before pieces were have one source a line.
    for piece in list(order.tables("pieces")) or [order]:
        part_id, source_id = (piece.need(name, text_or_empty, "") for name in ("part_id", "source_id"))
        yield Sent(
            job_id=job_id,
            tour_id=tour_id,
            part_id=part_id,
            quantity=piece.need("quantity", from_text(int), 0),
            source_id=source_id,
        )
