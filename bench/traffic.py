"""Half an hour's worth of mixed traffic, replayed faster: no 5xx, flat memory, no job or event lost or doubled.

python -m bench.traffic DAYDIR PLANDIR [--speed 10] [--share 1] [--store sqlite] [--docs docs/benchmarks.md]

Requests are those of bench/traffic_mix.py, each begun when it is due; the service's clock runs faster by as much.
Exit code 1 when something was broken.
"""

import argparse
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx
import numpy as np
from sqlalchemy import select

from api.database import Database
from api.tables.dispatch import DispatchItem
from api.tables.events import Event
from api.tables.jobs import JobRow
from api.tables.plans import Visit
from api.tables.slots import Appointment
from bench.booked_store import drafts, morning_of, overlapping, publish_folder, server
from bench.memory import Growth, Samples, growth_of, watched
from bench.postgis import stores
from bench.report import machine, markdown_table, put_section
from bench.running_store import working
from bench.traffic_mix import HALF_HOUR_S, JOBS, SOURCE, Player, Told, schedule

__all__ = ["broken", "faults_in", "receiving"]

THREADS = 48
DRAFTS = 400
DRAIN_S = 120.0
MOST_FAULTS = 20
FLAT_SHARE, FLAT_MIB = 0.03, 10.0
"""Memory is flat when the second half gains no more than this share of it, or so few MiB."""
MISTAKEN = frozenset({400, 401, 403, 404, 405, 413, 415, 422, 428, 429})
"""Answers that would mean that this script asks wrongly."""


@contextmanager
def receiving() -> Iterator[tuple[str, Counter[str]]]:
    """Yield the address of a webhook receiver and how often each event has come."""
    came: Counter[str] = Counter()
    lock = threading.Lock()

    class Receiver(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["content-length"]))
            with lock:
                came[self.headers["webhook-id"]] += 1
            self.send_response(204)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            pass

    listening = ThreadingHTTPServer(("127.0.0.1", 0), Receiver)
    thread = threading.Thread(target=listening.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listening.server_address[1]}/", came
    finally:
        listening.shutdown()
        thread.join()
        listening.server_close()


def faults_in(database: Database, told: Told, jobs_before: int) -> list[str]:
    """Return what the store lacks, or has twice, of what was answered."""
    with database.read() as session:
        names = Counter(session.scalars(select(JobRow.external_id).where(JobRow.source == SOURCE)))
        jobs = len(session.scalars(select(JobRow.id)).all())
        visits = session.scalars(select(Visit).order_by(Visit.technician_id, Visit.start_at)).all()
        there = Counter(visit.job_id for visit in visits)
        overlaps = overlapping(visits)
        promises = {id_: state for id_, state in session.execute(select(Appointment.id, Appointment.state))}
        open_ = set(session.scalars(select(DispatchItem.id).where(DispatchItem.state != "completed")))
    lost = told.external_ids - names.keys()
    unasked = names.keys() - told.external_ids
    return [
        *overlaps,
        *(f"job {name} is lost" for name in sorted(lost)),
        *(f"job {name} was never entered, and is there" for name in sorted(unasked)),
        *(f"job {name} is there {count} times" for name, count in names.items() if count > 1),
        *(f"job {name} has {count} visits" for name, count in there.items() if count > 1),
        *([] if jobs == jobs_before + len(names) else [f"{jobs} jobs, {jobs_before} and {len(names)} were expected"]),
        *(
            f"appointment {id_} is {promises.get(id_)}, not {state}"
            for id_, state in told.appointments.items()
            if promises.get(id_) != state
        ),
        *(f"item {id_} is done, and still open" for id_ in sorted(told.done & open_)),
    ]


def broken(told: Told, memory: Mapping[str, Growth]) -> list[str]:
    """Return every promise about answers and memory that was not kept."""
    bad = {one: count for one, count in told.statuses.items() if one[1] >= 500 or one[1] in MISTAKEN}
    grown = {
        name: growth for name, growth in memory.items() if growth.gained > max(FLAT_SHARE * growth.middle, FLAT_MIB)
    }
    refused = told.lines["refused"]
    return [
        *([f"{refused} lines of jobs were refused"] if refused else []),
        *(f"{kind}: {count} times {status}" for (kind, status), count in bad.items()),
        *(f"{name} grew by {growth.gained:.0f} MiB in the second half" for name, growth in grown.items()),
    ]


def _drained(database: Database, came: Counter[str], before: set[str]) -> list[str]:
    """Wait until every event has come to the webhook, and return what was lost."""
    until = time.monotonic() + DRAIN_S
    while True:
        with database.read() as session:
            missing = set(session.scalars(select(Event.id))) - before - came.keys()
        if not missing or time.monotonic() > until:
            return [f"event {id_} never came" for id_ in sorted(missing)]
        time.sleep(1)


def section(told: Told, samples: Samples, memory: Mapping[str, Growth], came: Counter[str], words: str) -> str:
    """Return the section of docs/benchmarks.md."""
    rows = []
    for kind in sorted(told.seconds):
        spent = told.seconds[kind]
        said = " · ".join(
            f"{count} × {status}" for (name, status), count in sorted(told.statuses.items()) if name == kind
        )
        p50, p95, most = (1_000 * float(np.percentile(spent, q)) for q in (50, 95, 100))
        rows.append((kind, said, f"{p50:.0f}", f"{p95:.0f}", f"{most:.0f}"))
    grown = [
        (name, *(f"{value:.0f}" for value in (one.begin, one.middle, one.end, one.most)), f"{one.gained:+.1f}")
        for name, one in memory.items()
    ]
    return "\n\n".join(
        (
            words,
            markdown_table(("requests", "answers", "p50 ms", "p95 ms", "max ms"), rows, left=2),
            f"Memory (RSS, each second, {len(samples.seconds)} samples):",
            markdown_table(
                ("process", "begin MiB", "second half, median", "end", "most", "gained in the second half"), grown
            ),
            f"Events: {len(came)} came to the webhook, {sum(came.values()) - len(came)} more than once.",
        )
    )


def main() -> None:
    """Replay, judge, print, and write into the page if asked to."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("day", type=Path)
    parser.add_argument("plan", type=Path)
    parser.add_argument("--speed", type=float, default=10, help="times faster than the day (default 10)")
    parser.add_argument("--share", type=float, default=1, help="only this part of the half hour (default 1)")
    parser.add_argument("--store", choices=("sqlite", "postgis"), default="sqlite")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--docs", type=Path)
    said = parser.parse_args()
    machine_line = machine()
    with stores([said.store]) as urls:
        text, faults = _replayed(urls[said.store], said, machine_line)
    print(text)
    if said.docs:
        put_section(said.docs, "traffic", text)
    print(
        *faults[:20], *([f"and {len(faults) - 20} faults more"] if len(faults) > 20 else []), sep="\n", file=sys.stderr
    )
    sys.exit(1 if faults else 0)


def _replayed(url: str, said: argparse.Namespace, machine_line: str) -> tuple[str, Sequence[str]]:
    key = publish_folder(url, said.day, said.plan)
    database = Database(url)
    with database.read() as session:
        jobs_before = len(session.scalars(select(JobRow.id)).all())
    with (
        receiving() as (hook, came),
        server(url, morning_of(said.day), said.speed) as served,
        working(url, morning_of(said.day), said.speed) as worker,
    ):
        httpx.post(
            f"{served.address}/v1/webhooks", headers={"Authorization": key}, json={"url": hook}, timeout=60
        ).raise_for_status()
        with database.read() as session:
            events_before = set(session.scalars(select(Event.id)))
        player = Player(served.address, key, drafts=drafts(said.day, DRAFTS), seed=said.seed)
        todo = schedule(said.seed, said.share)
        begin = time.monotonic() + 1
        with watched({"API": served.pid, "worker": worker}) as samples, ThreadPoolExecutor(THREADS) as pool:
            played = [pool.submit(player.play, kind, begin + at / said.speed) for at, kind in todo]
            for one in played:
                one.result()
        took_s = time.monotonic() - begin
        faults = _drained(database, came, events_before)
    told = player.told
    memory = {name: growth_of(samples.seconds, mib) for name, mib in samples.mib.items()}
    faults += [*faults_in(database, told, jobs_before), *broken(told, memory)]
    database.close()
    requests = sum(map(len, told.seconds.values()))
    words = (
        f"{said.share * HALF_HOUR_S / 60:g} minutes' worth ({JOBS} jobs in thirty) at {said.speed:g} times their "
        f"pace on {said.store}: {requests} requests in {took_s:.0f} s, {requests / took_s:.0f} a second, at most "
        f"{told.late_s:.0f} s late; faults: {len(faults)}. {machine_line}"
    )
    return section(told, samples, memory, came, words), faults


if __name__ == "__main__":
    main()
