"""OSRM and Valhalla as they really answered (recorded/README.md): the questions word for word, and what is read."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from geo.matrix import NO_WAY
from geo.remote.osrm import OsrmTable
from geo.remote.service import Halted, Reason, Service, Unanswered
from geo.remote.valhalla import ValhallaMatrix
from optimizer.model import TravelMode
from optimizer.travel import Places
from tests.geo.remote.recorded.record import FAR, PLACES, TOO_MANY

SERVICES: dict[str, Service] = {
    "osrm": OsrmTable(address="http://127.0.0.1:1"),
    "valhalla": ValhallaMatrix(address="http://127.0.0.1:1"),
}


def recorded(kind: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((Path(__file__).parent / "recorded" / f"{kind}.json").read_text())
    return found


@pytest.mark.parametrize("kind", SERVICES)
@pytest.mark.parametrize(
    ("name", "ends"),
    [("matrix", (PLACES, PLACES)), ("row", (PLACES[:1], PLACES)), ("far", (PLACES[:2], FAR))],
)
def test_the_question_is_the_one_that_was_answered(kind: str, name: str, ends: tuple[Places, Places]) -> None:
    exchange, service = recorded(kind)[name], SERVICES[kind]
    request = service.request(*ends, service.profiles[TravelMode.CAR])
    assert request.method == exchange["method"]
    assert request.url.raw_path.decode() == exchange["path"]
    assert request.content.decode() == exchange["body"]


@pytest.mark.parametrize(
    ("kind", "seconds", "metres"),
    [
        ("osrm", [[0, 125, 621, 282], [121, 0, 713, 324]], [[0, 1085, 8844, 3835], [1045, 0, 9821, 3820]]),
        ("valhalla", [[0, 116, 541, 936], [88, 0, 613, 982]], [[0, 1129, 8848, 4253], [1046, 0, 9828, 4238]]),
    ],
)
def test_a_matrix_is_read_and_rounded_up(kind: str, seconds: list[list[int]], metres: list[list[int]]) -> None:
    exchange = recorded(kind)["matrix"]
    answer = SERVICES[kind].read(exchange["status"], exchange["answer"], (4, 4))
    assert answer.seconds[:2].tolist() == seconds
    assert answer.metres[:2].tolist() == metres
    row = recorded(kind)["row"]
    alone = SERVICES[kind].read(row["status"], row["answer"], (1, 4))
    assert np.array_equal(alone.seconds, answer.seconds[:1]), "a pair does not depend on the others"


def test_osrm_moves_a_place_to_any_road_but_we_do_not() -> None:
    exchange = recorded("osrm")["far"]
    assert exchange["answer"]["code"] == "Ok"
    assert exchange["answer"]["durations"][0][0] == 1315, "OSRM's answer to a place a thousand kilometres away"
    answer = SERVICES["osrm"].read(exchange["status"], exchange["answer"], (2, 1))
    assert answer.seconds.tolist() == answer.metres.tolist() == [[NO_WAY], [NO_WAY]]


def test_valhalla_refuses_a_whole_block_for_one_far_place() -> None:
    exchange = recorded("valhalla")["far"]
    with pytest.raises(Unanswered, match="154"):
        SERVICES["valhalla"].read(exchange["status"], exchange["answer"], (2, 1))


@pytest.mark.parametrize("kind", SERVICES)
def test_what_is_too_much_is_refused_and_never_asked(kind: str) -> None:
    exchange, limits = recorded(kind)["too many"], SERVICES[kind].limits
    with pytest.raises(Halted) as caught:
        SERVICES[kind].read(exchange["status"], exchange["answer"], (1, 1))
    assert caught.value.reason is Reason.NOT_UNDERSTOOD
    assert limits.origins == limits.destinations == len(TOO_MANY[kind]) - 1
