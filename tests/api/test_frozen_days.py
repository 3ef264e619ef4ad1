"""A frozen day is the same day after it was kept."""

import datetime as dt
import json
from pathlib import Path

import pandas as pd
import pytest

from api.frozen_days import FRAMES, FrozenDay, LiveVisit, OtherVersion, frozen, thawed
from datasets.day import read_day
from tests.bad_days import make_network
from tests.datasets import make_day_folder

NINE = dt.datetime(2026, 3, 2, 9, tzinfo=dt.timezone(dt.timedelta(hours=8)))
LIVE = {"J1": LiveVisit(technician_id="T1", start_at=NINE, end_at=NINE + dt.timedelta(hours=1))}


@pytest.mark.parametrize("which", ["small", "network"])
def test_a_frozen_day_is_the_same_day(tmp_path: Path, which: str) -> None:
    if which == "small":
        folder = read_day(make_day_folder.write(tmp_path / "day", make_day_folder.tables() | make_day_folder.supply()))
    else:
        folder = read_day(make_network.write(tmp_path / "day"))
    document = json.dumps(frozen(FrozenDay(folder=folder, live=LIVE))).encode()
    again = thawed(document)
    assert again.folder.day == folder.day
    assert (again.folder.supply, again.folder.returns) == (folder.supply, folder.returns)
    assert (again.folder.travel, again.folder.policies) == (folder.travel, tuple(folder.policies))
    assert again.folder.sla_names == dict(folder.sla_names)
    assert again.folder.answers == dict(folder.answers)
    assert again.live == LIVE
    for name in FRAMES:
        one, other = getattr(again.folder, name), getattr(folder, name)
        pd.testing.assert_frame_equal(one, other, check_names=False, check_index_type=False, check_dtype=False)
    published = again.published() or {}
    assert published["J1"] == ("T1", 9 * 3600)
    assert len(published) == len({job.id for job in folder.day.jobs if job.published} | {"J1"})


def test_a_day_of_another_version_is_refused(tmp_path: Path) -> None:
    folder = read_day(make_network.write(tmp_path / "day"))
    document = frozen(FrozenDay(folder=folder, live={}))
    del document["day"]["tariff"]
    with pytest.raises(OtherVersion):
        thawed(json.dumps(document).encode())
