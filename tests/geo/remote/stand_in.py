"""A matrix service on the loopback address that answers and refuses as each provider's documentation says.

The truth it answers from is `truth`, between WGS84 places: ways there and back differ, and a question in another datum
than the provider's is answered some fifty metres wrong, so that a test sees either mistake. Limits, codes and where
they are documented stand in the adapters (geo/remote/*.py); the stand-in states them a second time, on purpose.
"""

import json
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self
from urllib.parse import parse_qs, unquote, urlsplit

import numpy as np

from geo.crs import Datum, to_wgs84
from geo.matrix import straight_m, unit_vectors
from optimizer.travel import Places

__all__ = ["KEY", "STAND_INS", "StandIn", "Trouble", "truth"]

KEY = "s3cret-k3y-0815"
"""The only key that is good."""
NOWHERE = 25.0
"""South of this latitude there is no road."""


def truth(origins: Places, destinations: Places) -> tuple[np.ndarray, np.ndarray]:
    """Return seconds and metres between WGS84 places: ten metres a second.

    1.25 times the straight line, and a metre for each ten-thousandth of a degree that the way begins east of 103.5°.
    """
    straight = straight_m(unit_vectors(origins)[:, None], unit_vectors(destinations)) * 1.25
    metres = np.rint(straight + (origins[:, :1] - 103.5) * 1e4).astype(np.int64)
    return -(-metres // 10), metres


class Trouble(Exception):
    """What a request ran into, by the stand-in's own name; each kind says it in its provider's words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A question as it came in, places in the datum it was sent in."""

    origins: Places
    destinations: Places
    profile: str
    key: str | None


Answer = tuple[int, Any]


@dataclass(slots=True, kw_only=True)
class StandIn:
    """One provider's service; use as a context manager.

    clock: the same as the asking side's, so that a test needs no time. per_second, per_day: in the provider's units.
    before: called with the number of each request, from 1, before it is answered; may return another answer.
    """

    kind: str
    clock: Callable[[], float] = lambda: 0.0
    per_second: float = 1e9
    per_day: float = 1e9
    before: Callable[[int], Answer | None] = lambda number: None
    asked: list[Asked] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    units: float = 0.0
    number: int = 0
    _second: tuple[int, float] = (0, 0.0)
    _server: ThreadingHTTPServer | None = None
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def address(self) -> str:
        """Where it listens."""
        assert self._server is not None
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> Self:
        stand_in = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.reply("")

            def do_POST(self) -> None:
                self.reply(self.rfile.read(int(self.headers["Content-Length"])).decode())

            def reply(self, body: str) -> None:
                status, document = stand_in.answer(self.path, body)
                content = document if isinstance(document, bytes) else json.dumps(document).encode()
                self.send_response(status)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._server.handle_error = lambda *_: None  # type: ignore[method-assign] # somebody was killed while asking
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        assert self._server is not None
        self._server.shutdown()
        self._server.server_close()

    def answer(self, path: str, body: str) -> Answer:
        """Return HTTP status and document for a request."""
        with self._lock:
            self.number += 1
            other = self.before(self.number)
            if other is not None:
                return other
            kind = STAND_INS[self.kind]
            asked = kind.parse(path, body)
            try:
                self._allow(kind, asked)
            except Trouble as trouble:
                self.refused.append(str(trouble))
                return kind.refuse[str(trouble)]
            self.asked.append(asked)
            there = [
                np.column_stack(to_wgs84(p[:, 0], p[:, 1], kind.datum)) for p in (asked.origins, asked.destinations)
            ]
            seconds, metres = truth(*there)
            lost = (there[0][:, 1] < NOWHERE)[:, None] | (there[1][:, 1] < NOWHERE)
            return kind.say(seconds, metres, lost)

    def _allow(self, kind: "Kind", asked: Asked) -> None:
        n, m = len(asked.origins), len(asked.destinations)
        if kind.keyed and asked.key != KEY:
            raise Trouble("key")
        if kind.too_big(n, m):
            raise Trouble("size")
        units = n * m if kind.counts_pairs else 1
        now = int(self.clock())
        spent = self._second[1] if self._second[0] == now else 0.0
        if spent + units > self.per_second:
            raise Trouble("pace")
        if self.units + units > self.per_day:
            raise Trouble("quota")
        self._second = now, spent + units
        self.units += units


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """One provider: how a question is read, what is too much, and how answers and refusals are put."""

    datum: Datum
    keyed: bool
    counts_pairs: bool
    parse: Callable[[str, str], Asked]
    too_big: Callable[[int, int], bool]
    say: Callable[[np.ndarray, np.ndarray, np.ndarray], Answer]
    refuse: Mapping[str, Answer]


def _in_wgs84(places: Places, datum: Datum) -> Places:
    return np.column_stack(to_wgs84(places[:, 0], places[:, 1], datum))


def _query(path: str) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(path).query).items()}


def _pairs(text: str, between: str, *, latitude_first: bool) -> Places:
    places = np.array([[float(part) for part in place.split(",")] for place in text.split(between)])
    return places[:, ::-1] if latitude_first else places


def _osrm_parse(path: str, _: str) -> Asked:
    _, table, version, profile, coordinates = unquote(urlsplit(path).path).split("/")
    assert (table, version) == ("table", "v1")
    places, query = _pairs(coordinates, ";", latitude_first=False), _query(path)
    assert query["annotations"] == "duration,distance"
    rows, columns = ([int(i) for i in query[name].split(";")] for name in ("sources", "destinations"))
    return Asked(origins=places[rows], destinations=places[columns], profile=profile, key=None)


def _osrm_say(seconds: np.ndarray, metres: np.ndarray, lost: np.ndarray) -> Answer:
    tables = [np.where(lost, None, table.astype(object)).tolist() for table in (seconds, metres)]  # type: ignore[call-overload]
    near = {"distance": 12.5, "name": "", "location": [0, 0]}
    waypoints = {"sources": [near] * len(seconds), "destinations": [near] * seconds.shape[1]}
    return 200, {"code": "Ok", "durations": tables[0], "distances": tables[1], **waypoints}


def _valhalla_parse(_: str, body: str) -> Asked:
    document = json.loads(body)
    assert document["verbose"] is False
    assert document["units"] == "kilometers"
    there = [np.array([[p["lon"], p["lat"]] for p in document[name]]) for name in ("sources", "targets")]
    return Asked(origins=there[0], destinations=there[1], profile=document["costing"], key=None)


def _valhalla_say(seconds: np.ndarray, metres: np.ndarray, lost: np.ndarray) -> Answer:
    durations = np.where(lost, None, seconds.astype(object)).tolist()  # type: ignore[call-overload]
    distances = np.where(lost, None, (metres / 1000).astype(object)).tolist()  # type: ignore[call-overload]
    return 200, {"sources_to_targets": {"durations": durations, "distances": distances}, "units": "kilometers"}


def _amap_parse(path: str, _: str) -> Asked:
    assert urlsplit(path).path == "/v3/distance"
    query = _query(path)
    return Asked(
        origins=_pairs(query["origins"], "|", latitude_first=False),
        destinations=_pairs(query["destination"], "|", latitude_first=False),
        profile=query["type"],
        key=query.get("key"),
    )


def _amap_say(seconds: np.ndarray, metres: np.ndarray, lost: np.ndarray) -> Answer:
    results: list[dict[str, str]] = []
    for i in range(len(seconds)):
        ids = {"origin_id": str(i + 1), "dest_id": "1"}
        if lost[i, 0]:
            results.append(ids | {"distance": "0", "duration": "0", "info": "unknown", "code": "2"})
        else:
            results.append(ids | {"distance": str(metres[i, 0]), "duration": str(seconds[i, 0])})
    # Numbered, so their order is nobody's promise.
    return 200, {"status": "1", "info": "OK", "infocode": "10000", "results": results[::-1]}


def _amap_no(code: str, info: str) -> Answer:
    return 200, {"status": "0", "info": info, "infocode": code}


def _baidu_parse(path: str, _: str) -> Asked:
    parts, query = urlsplit(path).path.split("/"), _query(path)
    assert parts[1:3] == ["routematrix", "v2"]
    assert query["coord_type"] == "bd09ll"
    return Asked(
        origins=_pairs(query["origins"], "|", latitude_first=True),
        destinations=_pairs(query["destinations"], "|", latitude_first=True),
        profile=parts[3],
        key=query.get("ak"),
    )


def _baidu_say(seconds: np.ndarray, metres: np.ndarray, lost: np.ndarray) -> Answer:
    flat = zip(np.where(lost, 0, seconds).ravel().tolist(), np.where(lost, 0, metres).ravel().tolist(), strict=True)
    result = [{"duration": {"text": "", "value": s}, "distance": {"text": "", "value": m}} for s, m in flat]
    return 200, {"status": 0, "result": result, "message": "成功"}


def _tencent_parse(path: str, _: str) -> Asked:
    assert urlsplit(path).path == "/ws/distance/v1/matrix"
    query = _query(path)
    return Asked(
        origins=_pairs(query["from"], ";", latitude_first=True),
        destinations=_pairs(query["to"], ";", latitude_first=True),
        profile=query["mode"],
        key=query.get("key"),
    )


def _tencent_say(seconds: np.ndarray, metres: np.ndarray, lost: np.ndarray) -> Answer:
    rows = [
        {
            "elements": [
                {"distance": m, "status": 4} if no else {"distance": m, "duration": s}
                for s, m, no in zip(*row, strict=True)
            ]
        }
        for row in zip(seconds.tolist(), metres.tolist(), lost.tolist(), strict=True)
    ]
    return 200, {"status": 0, "message": "query ok", "result": {"rows": rows}}


STAND_INS: Mapping[str, Kind] = {
    "osrm": Kind(
        datum=Datum.WGS84,
        keyed=False,
        counts_pairs=False,
        parse=_osrm_parse,
        too_big=lambda n, m: n * m > 10_000,
        say=_osrm_say,
        refuse={
            "size": (400, {"code": "TooBig", "message": "Too many table coordinates"}),
            "pace": (429, b"Too Many Requests"),
            "quota": (503, b"gone"),
        },
    ),
    "valhalla": Kind(
        datum=Datum.WGS84,
        keyed=False,
        counts_pairs=False,
        parse=_valhalla_parse,
        too_big=lambda n, m: n * m > 2_500,
        say=_valhalla_say,
        refuse={
            "size": (400, {"error_code": 150, "error": "Exceeded max locations: 2500.000000", "status_code": 400}),
            "pace": (429, b"Too Many Requests"),
            "quota": (503, b"gone"),
        },
    ),
    "amap": Kind(
        datum=Datum.GCJ02,
        keyed=True,
        counts_pairs=False,
        parse=_amap_parse,
        too_big=lambda n, m: n > 100 or m != 1,
        say=_amap_say,
        refuse={
            "key": _amap_no("10001", "INVALID_USER_KEY"),
            "size": _amap_no("20000", "INVALID_PARAMS"),
            "pace": _amap_no("10021", "CUQPS_HAS_EXCEEDED_THE_LIMIT"),
            "quota": _amap_no("10044", "USER_DAILY_QUERY_OVER_LIMIT"),
        },
    ),
    "baidu": Kind(
        datum=Datum.BD09,
        keyed=True,
        counts_pairs=True,
        parse=_baidu_parse,
        too_big=lambda n, m: n * m > 50,
        say=_baidu_say,
        refuse={
            "key": (200, {"status": 200, "message": "APP不存在,AK有误请检查再重试"}),
            "size": (200, {"status": 2, "message": "Parameter Invalid"}),
            "pace": (200, {"status": 401, "message": "当前并发量已经超过约定并发配额,限制访问"}),
            "quota": (200, {"status": 302, "message": "天配额超限,限制访问"}),
        },
    ),
    "tencent": Kind(
        datum=Datum.GCJ02,
        keyed=True,
        counts_pairs=True,
        parse=_tencent_parse,
        too_big=lambda n, m: n * m > 625 or (min(n, m) > 1 and max(n, m) > 25) or max(n, m) > 200,
        say=_tencent_say,
        refuse={
            "key": (200, {"status": 190, "message": "无效的KEY"}),
            "size": (200, {"status": 310, "message": "请求参数信息有误"}),
            "pace": (200, {"status": 120, "message": "此key每秒请求量已达到上限"}),
            "quota": (200, {"status": 121, "message": "此key每日调用量已达到上限"}),
        },
    ),
}
