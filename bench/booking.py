"""Many clients want the same slots at once, over HTTP: each slot is taken at most once, whoever loses gets new offers.

python -m bench.booking DAYDIR PLANDIR [--clients 200] [--slots 50] [--stores sqlite,postgis] [--docs PAGE]

Exit code 1 when a slot was taken twice, somebody stands at two doors at once, or a client was answered anything but a
place or 409 with new offers. PostGIS is a throw-away cluster on a Unix socket.
"""

import argparse
import multiprocessing as mp
import sys
import time
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import numpy as np
from sqlalchemy import select

from api.database import Database
from api.tables.plans import Visit
from api.tables.slots import Appointment, SlotHold
from bench.booked_store import drafts, morning_of, overlapping, publish_folder, serving
from bench.postgis import stores
from bench.report import machine, markdown_table, put_section

__all__ = ["Outcome", "Rush", "broken", "rush"]

PROCESSES = 4
READY_S = 3.0
"""Every client is connected by then, and all begin at one moment."""
DRAFTS = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of one client. statuses: of the hold and, if there is one, of its confirmation."""

    offer_id: str
    statuses: tuple[int, ...]
    has_new_offers: bool
    hold_ms: float
    all_ms: float

    @property
    def is_booked(self) -> bool:
        """Return whether the client has an appointment."""
        return self.statuses == (201, 200)

    @property
    def is_refused_well(self) -> bool:
        """Return whether the client was told that the place is gone, and what there is instead."""
        return self.statuses == (409,) and self.has_new_offers


@dataclass(frozen=True, slots=True, kw_only=True)
class Rush:
    """What became of all clients, and what the store holds afterwards that it must not."""

    store: str
    slots: int
    outcomes: Sequence[Outcome]
    faults: Sequence[str]


def broken(rush: Rush) -> list[str]:
    """Return every promise that was not kept."""
    booked = Counter(one.offer_id for one in rush.outcomes if one.is_booked)
    twice = [offer_id for offer_id, count in booked.items() if count > 1]
    odd = Counter(str(one.statuses) for one in rush.outcomes if not one.is_booked and not one.is_refused_well)
    return [
        *(f"{rush.store}: {offer_id} was confirmed more than once" for offer_id in twice),
        *(f"{rush.store}: {count} clients were answered {statuses}" for statuses, count in odd.items()),
        *([] if booked else [f"{rush.store}: nobody got a slot"]),
        *(f"{rush.store}: {fault}" for fault in rush.faults),
    ]


def rush(store: str, database_url: str, day_path: Path, plan_path: Path, clients: int, slots: int) -> Rush:
    """Let clients loose on slots of a published plan, and look into the store afterwards."""
    key = publish_folder(database_url, day_path, plan_path)
    with serving(database_url, morning_of(day_path)) as served:
        offers = _offers(served.address, key, day_path, slots)
        # One after another they want the first, the second … so that several clients want each.
        wanted = [offers[number % len(offers)] for number in range(clients)]
        shares = [wanted[number::PROCESSES] for number in range(PROCESSES)]
        with ProcessPoolExecutor(PROCESSES, mp_context=mp.get_context("spawn")) as pool:
            # Sleeping keeps each busy, so that every process has begun.
            list(pool.map(time.sleep, [1.0] * PROCESSES))
            begin = time.monotonic() + READY_S
            asked = [pool.submit(_clients, served.address, key, share, begin) for share in shares if share]
            outcomes = [outcome for share in asked for outcome in share.result()]
    return Rush(store=store, slots=len(offers), outcomes=outcomes, faults=_faults(database_url, outcomes))


def _offers(address: str, key: str, day_path: Path, count: int) -> list[str]:
    """Return offers of one draft after another until there are enough: no two are for the same slot of a draft."""
    found: list[str] = []
    with httpx.Client(base_url=address, headers={"Authorization": key}, timeout=600) as client:
        for draft in drafts(day_path, DRAFTS):
            job = {name: value for name, value in draft.items() if value is not None}
            answer = client.post("/v1/slot-offers", json={"job": job, "slot_length": "PT15M", "most": 50})
            found += [one["id"] for one in answer.raise_for_status().json()["items"]]
            if len(found) >= count:
                return found[:count]
    raise SystemExit(f"only {len(found)} slots are free in this plan")


def _clients(address: str, key: str, offers: Sequence[str], begin: float) -> list[Outcome]:
    """Be some of the clients, each with a connection of its own that stands before the first one asks."""
    with ThreadPoolExecutor(len(offers)) as pool:
        return list(pool.map(lambda offer_id: _client(address, key, offer_id, begin), offers))


def _client(address: str, key: str, offer_id: str, begin: float) -> Outcome:
    # Two hundred clients would spend seconds on certificates that nobody asks for.
    with httpx.Client(base_url=address, headers={"Authorization": key}, timeout=600, verify=False) as client:
        client.get("/healthz").raise_for_status()
        time.sleep(max(0.0, begin - time.monotonic()))
        begun = time.perf_counter()
        held = client.post("/v1/slot-holds", json={"offer_id": offer_id})
        hold_ms = 1_000 * (time.perf_counter() - begun)
        statuses: tuple[int, ...] = (held.status_code,)
        if held.status_code == 201:
            done = client.post(f"/v1/slot-holds/{held.json()['id']}:confirm")
            statuses = (held.status_code, done.status_code)
        return Outcome(
            offer_id=offer_id,
            statuses=statuses,
            has_new_offers=held.status_code == 409 and bool(_said(held).get("offers")),
            hold_ms=hold_ms,
            all_ms=1_000 * (time.perf_counter() - begun),
        )


def _said(answer: httpx.Response) -> dict[str, Any]:
    said: dict[str, Any] = answer.json()
    return said


def _faults(database_url: str, outcomes: Sequence[Outcome]) -> list[str]:
    """Return what stands in the store and should not: looked up there, not believed of the answers."""
    database = Database(database_url)
    with database.read() as session:
        visits = session.scalars(select(Visit).order_by(Visit.technician_id, Visit.start_at)).all()
        there = Counter(visit.job_id for visit in visits)
        overlaps = overlapping(visits)
        promised = list(session.scalars(select(Appointment.job_id).where(Appointment.state == "confirmed")))
        taken = Counter(session.scalars(select(SlotHold.offer_id).where(SlotHold.state.in_(("held", "confirmed")))))
    database.close()
    booked = sum(one.is_booked for one in outcomes)
    faults = [f"job {job_id} has {there[job_id]} visits" for job_id in promised if there[job_id] != 1]
    faults += [f"offer {offer_id} is taken {count} times" for offer_id, count in taken.items() if count > 1]
    if len(promised) != booked:
        faults.append(f"{booked} clients were told yes, the store has {len(promised)} appointments")
    return overlaps + faults


def _row_of(one: Rush) -> list[str]:
    """Return the row of a store in the table."""
    count = Counter("booked" if out.is_booked else "refused" if out.is_refused_well else "odd" for out in one.outcomes)
    booked = [out.all_ms for out in one.outcomes if out.is_booked] or [0.0]
    refused = [out.hold_ms for out in one.outcomes if out.is_refused_well] or [0.0]
    figures = (*np.percentile(booked, (50, 100)), *np.percentile(refused, (50, 100)))
    numbers = (len(one.outcomes), one.slots, count["booked"], count["refused"], count["odd"], len(one.faults))
    return [one.store, *map(str, numbers), *(f"{ms / 1_000:.2f}" for ms in figures)]


def main() -> None:
    """Measure, print, and write into the page if asked to."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("day", type=Path)
    parser.add_argument("plan", type=Path)
    parser.add_argument("--clients", type=int, default=200)
    parser.add_argument("--slots", type=int, default=50)
    parser.add_argument("--stores", default="sqlite,postgis")
    parser.add_argument("--docs", type=Path)
    said = parser.parse_args()
    with stores(said.stores.split(",")) as urls:
        found = [rush(name, url, said.day, said.plan, said.clients, said.slots) for name, url in urls.items()]
    header = ("store", "clients", "slots", "booked", "409 with new offers", "anything else", "faults in the store")
    times = ("booked p50 s", "max s", "refused p50 s", "max s")
    text = (
        f"{markdown_table((*header, *times), map(_row_of, found))}\n\nEvery client begins at the same moment, "
        f"{PROCESSES} processes of them beside one that serves; seconds from then to the last answer. {machine()}"
    )
    print(text)
    if said.docs:
        put_section(said.docs, "booking", text)
    faults = [fault for one in found for fault in broken(one)]
    print(*faults, sep="\n", file=sys.stderr)
    sys.exit(1 if faults else 0)


if __name__ == "__main__":
    main()
