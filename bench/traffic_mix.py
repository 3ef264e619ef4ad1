"""Half an hour of a national day as requests: what is asked how often, and how each is asked.

20,000 jobs come in on a day of twelve hours: 833 in half an hour, and as many visits are driven. Half of the jobs come
by telephone and are offered slots at once; the rest come in bulk. A board per centre looks every minute.
"""

import itertools
import json
import random
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import httpx

__all__ = ["HALF_HOUR_S", "JOBS", "MIX", "SOURCE", "Player", "Told", "schedule"]

HALF_HOUR_S = 1_800
JOBS = 20_000 // 24
IN_A_BATCH = 10
CENTRES = 29
SOURCE = "traffic"

MIX = {
    "receive": JOBS // IN_A_BATCH,
    "book": JOBS // 2,
    "visit": JOBS,
    "recommend": JOBS // 4,
    "board": CENTRES * 30,
    "jobs": CENTRES * 10,
    "map": CENTRES * 2,
    "report": CENTRES * 5,
    "feed": HALF_HOUR_S // 5,
    "disruption": 10,
}
"""How often in half an hour. A booking is up to four requests, a visit four, a look at the board a page or more."""
ONLY_ASK, RELEASE, CANCEL, REJECT, AGAIN = 0.1, 0.1, 0.05, 0.03, 0.1
REPORTS = ("sla", "parity", "workload", "churn", "settlement-lines")


def schedule(seed: int, share: float = 1.0) -> list[tuple[float, str]]:
    """Return when in the half hour which kind begins, spread evenly at random; share: only its first part."""
    chance = random.Random(seed)
    found = [(chance.uniform(0, HALF_HOUR_S), kind) for kind, count in MIX.items() for _ in range(count)]
    return sorted(one for one in found if one[0] < share * HALF_HOUR_S)


@dataclass(slots=True, kw_only=True)
class Told:
    """What was answered: how often by kind and status, seconds by kind, and what has to be in the store now."""

    statuses: Counter[tuple[str, int]] = field(default_factory=Counter)
    seconds: defaultdict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    lines: Counter[str] = field(default_factory=Counter)
    """What became of lines of NDJSON."""
    external_ids: set[str] = field(default_factory=set)
    appointments: dict[str, str] = field(default_factory=dict)
    """State by id."""
    done: set[str] = field(default_factory=set)
    """Items whose visit is over."""
    late_s: float = 0.0


class Player:
    """Plays the traffic; any number of threads may call it."""

    def __init__(self, address: str, key: str, *, drafts: Sequence[dict[str, Any]], seed: int) -> None:
        self.told = Told()
        self._address, self._headers = address, {"Authorization": key}
        self._local = threading.local()
        self._lock = threading.Lock()
        self._chance = random.Random(seed)
        self._drafts = itertools.cycle([{k: v for k, v in one.items() if v is not None} for one in drafts])
        self._number = itertools.count(1)
        self._after = "end"
        items = self._listed("board", "/v1/dispatch-items", {"state": "pending"})
        self._items = iter(items)
        self._people = [item["technician_id"] for item in items]
        self._centres = sorted({item["centre_id"] for item in items})
        self._plan_id = items[0]["plan_id"]
        self._kinds: dict[str, Callable[[], None]] = {
            "receive": self._receive,
            "book": self._book,
            "visit": self._visit,
            "recommend": self._recommend,
            "board": self._board,
            "jobs": self._jobs,
            "map": self._map,
            "report": self._report,
            "feed": self._feed,
            "disruption": self._disruption,
        }

    def play(self, kind: str, due: float) -> None:
        """Wait until it is due (by the monotonic clock), and do all requests of a kind."""
        wait_s = due - time.monotonic()
        if wait_s > 0:
            time.sleep(wait_s)
        with self._lock:
            self.told.late_s = max(self.told.late_s, -wait_s)
        self._kinds[kind]()

    def ask(self, kind: str, method: str, path: str, **said: Any) -> httpx.Response:
        """Send one request and note what is answered."""
        if not hasattr(self._local, "client"):
            self._local.client = httpx.Client(base_url=self._address, headers=self._headers, timeout=120)
        begun = time.perf_counter()
        answer: httpx.Response = self._local.client.request(method, path, **said)
        with self._lock:
            self.told.statuses[kind, answer.status_code] += 1
            self.told.seconds[kind].append(time.perf_counter() - begun)
        return answer

    def _draft(self) -> dict[str, Any]:
        with self._lock:
            return dict(next(self._drafts))

    def _happens(self, share: float) -> bool:
        with self._lock:
            return self._chance.random() < share

    def _one_of(self, things: Sequence[Any]) -> Any:
        with self._lock:
            return self._chance.choice(things)

    def _named(self) -> str:
        with self._lock:
            name = f"T-{next(self._number):06}"
            self.told.external_ids.add(name)
        return name

    def _receive(self) -> None:
        lines = [{"source": SOURCE, "external_id": self._named(), **self._draft()} for _ in range(IN_A_BATCH)]
        body = "\n".join(json.dumps(line, ensure_ascii=False) for line in lines).encode()
        for _ in range(2 if self._happens(AGAIN) else 1):
            answer = self.ask("receive", "POST", "/v1/jobs:bulk", content=body)
            for line in answer.text.splitlines():
                with self._lock:
                    self.told.lines[json.loads(line)["status"]] += 1

    def _book(self) -> None:
        job = {"source": SOURCE, "external_id": self._named(), **self._draft()}
        offers = self.ask("offers", "POST", "/v1/slot-offers", json={"job": job, "most": 5})
        items = offers.json().get("items", [])
        held = None
        if items and not self._happens(ONLY_ASK):
            held = self.ask("hold", "POST", "/v1/slot-holds", json={"offer_id": items[0]["id"]})
        if held is None or held.status_code != 201:
            self._forget(job["external_id"])
            return
        path = f"/v1/slot-holds/{held.json()['id']}"
        if self._happens(RELEASE):
            self.ask("release", "DELETE", path)
            self._forget(job["external_id"])
            return
        made = self.ask("confirm", "POST", f"{path}:confirm")
        if made.status_code != 200:
            self._forget(job["external_id"])
            return
        id_, state = made.json()["id"], "confirmed"
        if self._happens(CANCEL):
            headers, reason = {"If-Match": made.headers["etag"]}, {"reason": "the customer called"}
            gone = self.ask("cancel", "POST", f"/v1/appointments/{id_}:cancel", headers=headers, json=reason)
            state = "cancelled" if gone.status_code == 200 else state
        with self._lock:
            self.told.appointments[id_] = state

    def _forget(self, external_id: str) -> None:
        with self._lock:
            self.told.external_ids.discard(external_id)

    def _visit(self) -> None:
        with self._lock:
            item = next(self._items, None)
        if item is None:
            return
        path = f"/v1/dispatch-items/{item['id']}"
        now = self.ask("item", "GET", path)
        tag = {"If-Match": now.headers["etag"]}
        if self._happens(REJECT):
            self.ask("reject", "POST", f"{path}:reject", headers=tag, json={"reason": "nobody is free"})
            return
        self.ask("acknowledge", "POST", f"{path}:acknowledge", headers=tag)
        for step in ("en_route", "on_site", "done"):
            answer = self.ask("progress", "POST", f"{path}:progress", json={"step": step})
        if answer.status_code == 200 and answer.json()["item"]["state"] == "completed":
            with self._lock:
                self.told.done.add(item["id"])

    def _recommend(self) -> None:
        self.ask("recommend", "POST", "/v1/assignments:recommend", json={"job": self._draft()})

    def _board(self) -> None:
        self._listed("board", "/v1/dispatch-items", {"centre_id": self._one_of(self._centres)}, pages=3)

    def _jobs(self) -> None:
        self._listed("jobs", "/v1/jobs", {"centre_id": self._one_of(self._centres), "state": "planned"}, pages=3)

    def _map(self) -> None:
        asked = {"centre_id": self._one_of(self._centres)}
        self.ask("map", "GET", f"/v1/plans/{self._plan_id}/routes.geojson", params=asked)

    def _report(self) -> None:
        self.ask(
            "report", "GET", f"/v1/reports/{self._one_of(REPORTS)}", params={"centre_id": self._one_of(self._centres)}
        )

    def _feed(self) -> None:
        with self._lock:
            after = self._after
        answer = self.ask("feed", "GET", "/v1/events", params={"after": after, "limit": 1_000})
        with self._lock:
            self._after = answer.json()["next"]

    def _disruption(self) -> None:
        # At seven nobody is anywhere yet who could take longer.
        kind = self._one_of(("ill", "vehicle_down"))
        body = {kind: {"technician_id": self._one_of(self._people)}, "limits": {"steps": 2_000}}
        self.ask("disruption", "POST", "/v1/disruptions", json=body)

    def _listed(self, kind: str, path: str, asked: dict[str, Any], pages: int = 1_000) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = []
        cursor: dict[str, str] = {}
        for _ in range(pages):
            page = self.ask(kind, "GET", path, params={**asked, "limit": 500, **cursor}).json()
            found += page["items"]
            if page["next"] is None:
                break
            cursor = {"cursor": page["next"]}
        return found
