"""What people bring is shared over the stops that their village was told, and shared as it was when tours are read."""

from pathlib import Path

import pytest

from datasets.tour_walk_ins import as_planned
from datasets.tours import TourFolder, read_tours
from optimizer.tours.model import TourJob, WorkKind
from tests.datasets import make_tour_folder as make

WALK_INS = '[tour.walk_ins]\nproduct = "fridge"\nper_thousand = 85\nservice = "PT31M"'
WHOLE, WHOLE_S = 510, 9_486
"""Of sixty households: hundredths of a unit, and seconds."""


def region(folder: Path, **villages: dict[str, str]) -> TourFolder:
    cells = make.cells()
    for row in cells["villages"]:
        row |= villages.get(row["village_id"], {})
    return read_tours(make.write(folder, cells, make.settings(WALK_INS)))


def brought(jobs: tuple[TourJob, ...], village_id: str = "V1") -> dict[str, tuple[int, int]]:
    """Return the walk-ins of a village, by id what is expected and for how long."""
    found = [job for job in jobs if job.kind is WorkKind.WALK_IN and job.village_id == village_id]
    return {job.id: (job.expected, job.service_s) for job in found}


@pytest.mark.parametrize(
    ("cells", "shares"),
    [
        ({}, {"walk-in@V1": (510, 9_486)}),
        ({"announced": "2026-03-05"}, {"walk-in@V1": (510, 9_486)}),
        (
            {"announced": "2026-03-07;2026-03-05"},
            {"walk-in@V1": (255, 4_743), "walk-in@V1@2026-03-07": (255, 4_743)},
        ),
        # Who was visited brought half, and brings the rest on the days that were told besides.
        ({"last_visit": "2026-03-02"}, {}),
        (
            {"last_visit": "2026-03-02", "announced": "2026-03-02;2026-03-07"},
            {"walk-in@V1@2026-03-07": (255, 4_743)},
        ),
    ],
)
def test_each_stop_that_was_told_has_its_share(
    tmp_path: Path, cells: dict[str, str], shares: dict[str, tuple[int, int]]
) -> None:
    assert brought(region(tmp_path / "day", V1=cells).touring.jobs) == shares


def test_a_stop_that_neighbours_were_told_has_its_share_too(tmp_path: Path) -> None:
    told = {"announced_at": "2026-03-07@V1"}
    found = region(tmp_path / "day", V1={"announced": "2026-03-05"}, V2=told).touring.jobs
    assert set(brought(found)) == {"walk-in@V1", "walk-in@V1@2026-03-07"}
    assert set(brought(found, "V2")) == {"walk-in@V2"}


def test_shares_add_up_to_a_hundredth_and_to_a_second(tmp_path: Path) -> None:
    dates = ";".join(f"2026-03-0{day}" for day in range(2, 9))
    shares = brought(region(tmp_path / "day", V1={"announced": dates}).touring.jobs)
    assert len(shares) == 7
    assert [sum(parts) for parts in zip(*shares.values(), strict=True)] == [WHOLE, WHOLE_S]


def test_tours_are_read_with_the_shares_that_they_were_planned_from(tmp_path: Path) -> None:
    before = region(tmp_path / "before").touring
    told = region(tmp_path / "told", V1={"announced": "2026-03-05;2026-03-07"})
    expected = told.policy.walk_ins
    # Told since: the plan knows one job. Taken back since: the plan knows two.
    assert as_planned(told.touring, expected, {job.id for job in before.jobs}).jobs == before.jobs
    assert as_planned(before, expected, {job.id for job in told.touring.jobs}).jobs == told.touring.jobs
    visited = region(tmp_path / "visited", V1={"last_visit": "2026-03-02", "announced": "2026-03-07"}).touring
    assert brought(as_planned(visited, expected, {"J1"}).jobs) == {}, "it was told after the tours were made"
    assert brought(as_planned(told.touring, None, ()).jobs) == brought(told.touring.jobs)


def test_tours_that_forgot_what_people_bring_do_not_make_it_go_away(tmp_path: Path) -> None:
    told = region(tmp_path / "told", V1={"announced": "2026-03-05;2026-03-07"})
    found = as_planned(told.touring, told.policy.walk_ins, {"J1", "walk-in@V1x", "walk-in@V1@soon"})
    assert brought(found.jobs) == brought(told.touring.jobs)


def needed(folder: Path, stated: str, calls: dict[str, str], plans: tuple[str, ...] = ()) -> set[frozenset[str]]:
    """Return what walk-ins need. calls: certificates by call for a fridge; plans: those of maintenance plans."""
    cells = make.cells()
    for row in cells["jobs"]:
        row["product"] = "fridge" if row["job_id"] in calls else "washer"
        row["certificates"] = calls.get(row["job_id"], "height")
    cells["maintenance"] = [
        {
            "plan_id": f"N{number}",
            "village_id": "V1",
            "product": "fridge",
            "skill_level": "1",
            "certificates": schemes,
            "service_duration": "PT1H",
            "interval_days": "90",
            "last_on": "2025-12-03",
            "early_days": "9",
            "late_days": "9",
        }
        for number, schemes in enumerate(plans)
    ]
    found = read_tours(make.write(folder, cells, make.settings(f"{WALK_INS}\n{stated}")))
    asked = found.touring
    walk_in = frozenset(job.id for job in asked.jobs if job.kind is WorkKind.WALK_IN)
    shared = as_planned(asked, found.policy.walk_ins, walk_in).jobs
    jobs = [job for job in (*asked.jobs, *shared) if job.kind is WorkKind.WALK_IN]
    return {job.certificates for job in jobs}


@pytest.mark.parametrize(
    ("stated", "calls", "plans", "needs"),
    [
        ('certificates = ["gas"]', {"J2": "height"}, (), {"gas"}),
        ("certificates = []", {"J2": "gas"}, (), set()),
        ("", {"J2": "gas", "J8": "gas;height"}, (), {"gas"}),
        ("", {"J2": "gas", "J3": ""}, ("gas",), set()),
        ("", {}, ("gas", "gas;height"), {"gas"}),
        ("", {}, (), set()),
    ],
)
def test_walk_ins_need_what_every_call_for_the_product_needs(
    tmp_path: Path, stated: str, calls: dict[str, str], plans: tuple[str, ...], needs: set[str]
) -> None:
    assert needed(tmp_path / "day", stated, calls, plans) == {frozenset(needs)}
