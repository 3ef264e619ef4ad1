"""A gatherer that is killed loses the block it was asking for, and nothing else."""

import subprocess
import sys
import threading
from pathlib import Path

from tests.geo.remote.gathering import ask, chengdu
from tests.geo.remote.stand_in import StandIn

ROOT = Path(__file__).parent.parent.parent.parent
ASK = """
import sys
from pathlib import Path
from geo.remote.cache import WayCache
from geo.remote.gather import Surroundings, gather
from geo.remote.valhalla import ValhallaMatrix
from tests.geo.remote.gathering import chengdu
gather(ValhallaMatrix(address=sys.argv[1]), WayCache(path=Path(sys.argv[2])), [chengdu(120)], max_age_s=None,
       around=Surroundings())
"""
PATIENCE_S = 120


def test_after_kill_9_it_goes_on_where_it_was(tmp_path: Path) -> None:
    path, asked_for_fourth, killed = tmp_path / "c.sqlite", threading.Event(), threading.Event()

    def before(number: int) -> None:
        if number == 4:
            asked_for_fourth.set()
            killed.wait(PATIENCE_S)

    with StandIn(kind="valhalla", before=before) as stand_in:
        with subprocess.Popen([sys.executable, "-c", ASK, stand_in.address, str(path)], cwd=ROOT) as process:
            assert asked_for_fourth.wait(PATIENCE_S)
            process.kill()
        assert process.returncode == -9
        killed.set()
        kept = [asked for asked in stand_in.asked[:3]]
        second = ask(stand_in, path, chengdu(120))
    same = [len(set(map(tuple, asked.origins)) & set(map(tuple, asked.destinations))) for asked in kept]
    known = sum(len(asked.origins) * len(asked.destinations) for asked in kept) - sum(same)
    assert second.cached == known
    assert second.fetched == 120 * 119 - known
    # The whole is nine blocks of 50 × 50 at most: three are kept, one was asked for twice.
    assert stand_in.number == 3 + 1 + 6
