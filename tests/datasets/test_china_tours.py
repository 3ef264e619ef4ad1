"""Sample rural regions: real places, complete, the same bytes for the same arguments."""

from collections import Counter
from pathlib import Path

import pytest

from datasets.china_ground import load_ground
from datasets.china_tours import BEDS, MOST_VILLAGES, Region, chosen_places, make_tours
from datasets.day import read_source
from datasets.tours import TourFolder, read_tours
from geo.places import load_places
from optimizer.model import DAY_S
from optimizer.parts.supply import asked_of
from optimizer.tours.model import WorkKind


@pytest.fixture(scope="module", params=list(Region))
def region(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> TourFolder:
    folder = tmp_path_factory.mktemp("region") / "day"
    make_tours(folder, region=request.param, villages=MOST_VILLAGES, crews=3, days=14, seed=1)
    return read_tours(folder)


def test_a_region_is_as_large_as_asked(region: TourFolder) -> None:
    asked = region.touring
    assert (len(asked.villages), len(asked.crews), asked.days) == (MOST_VILLAGES, 3, 14)
    assert len(asked.lodgings) >= MOST_VILLAGES // 10
    assert len({village.position for village in asked.villages}) == MOST_VILLAGES


def test_villages_and_beds_are_real_places(region: TourFolder) -> None:
    places = load_places()
    known = set(zip(places["lon"].round(6), places["lat"].round(6), strict=True))
    touring = region.touring
    assert all((round(v.position[0], 6), round(v.position[1], 6)) in known for v in touring.villages)
    assert all((round(b.position[0], 6), round(b.position[1], 6)) in known for b in touring.lodgings)
    named = sum(not village.name.isascii() for village in touring.villages)
    assert named >= MOST_VILLAGES // 2


def test_there_is_some_of_all_that_tours_know(region: TourFolder) -> None:
    asked = region.touring
    kinds = Counter(job.kind for job in asked.jobs)
    assert kinds[WorkKind.CONSENTED] > kinds[WorkKind.CALL] > 20
    assert kinds[WorkKind.PREVENTIVE] > 30
    assert kinds[WorkKind.WALK_IN] > 60
    assert len(asked.spacings) >= 6
    assert any(job.order_lines and job.kit_ready_s for job in asked.jobs)
    assert any(job.people > 1 for job in asked.jobs)
    assert any(job.portable for job in asked.jobs)
    assert any(village.told for village in asked.villages)
    assert any(village.cut_off for village in asked.villages)
    assert any(job.last_s < 14 * DAY_S for job in asked.jobs if job.kind is WorkKind.CONSENTED)
    assert any(job.last_s >= 14 * DAY_S for job in asked.jobs if job.kind is WorkKind.CONSENTED)
    assert any(job.interval_days < 14 for job in asked.jobs if job.kind is WorkKind.PREVENTIVE)
    assert region.van_parts
    assert all(crew.volume_ml and len(crew.days) == 12 and crew.people == 2 for crew in asked.crews)


def test_what_walk_ins_need_is_in_stock_at_home_and_near_it(region: TourFolder) -> None:
    family = {job.skill.family for job in region.touring.jobs if job.kind is WorkKind.WALK_IN}
    wanted = [part for part in region.van_parts if part.family in family]
    shelves = {source.id: source.shelves for source in asked_of(region.day, region.folder.supply).sources}
    home = region.touring.crews[0].outlet_id
    assert len(wanted) >= 3
    visits = sum(job.expected for job in region.touring.jobs if job.kind is WorkKind.WALK_IN) / 100
    for part in wanted:
        assert shelves[home][part.part_id].free > 0
        need = visits * part.chance_permille / 1_000
        assert sum(held[part.part_id].free for held in shelves.values() if part.part_id in held) >= need


@pytest.mark.parametrize("region", list(Region))
def test_every_number_of_villages_has_towns_with_beds(region: Region) -> None:
    places = load_ground()
    for count in range(1, MOST_VILLAGES + 1):
        seat, towns, villages = chosen_places(places, region, count)
        assert {*seat["level"], *towns["level"]} <= set(BEDS), count
        assert len(villages) == count


def test_two_dates_are_told_where_there_is_enough_to_do(region: TourFolder) -> None:
    asked = region.touring
    calls = Counter(job.village_id for job in asked.jobs if job.kind is not WorkKind.PREVENTIVE)
    assert all(calls[village.id] > 1 for village in asked.villages if len(village.told) > 1)


OWN = ("outlets", "technicians", "crews", "lodgings", "villages", "jobs", "maintenance")


def test_regions_share_no_ids_but_those_of_the_whole_country(tmp_path: Path) -> None:
    ids: dict[str, list[str]] = {name: [] for name in OWN}
    for region in Region:
        make_tours(tmp_path / region, region=region, villages=20, crews=1, days=7)
        source = read_source(tmp_path / region)
        for name in OWN:
            ids[name] += source.tables[name].text[source.tables[name].layout.columns[0].name].tolist()
    assert {name: len(found) - len(set(found)) for name, found in ids.items()} == dict.fromkeys(OWN, 0)
    assert {id_[:3] for id_ in ids["villages"]} == {"GZ-", "HL-", "NJ-"}


def test_some_crew_can_do_every_family(region: TourFolder) -> None:
    asked = region.touring
    families = {job.skill.family for job in asked.jobs}
    assert all(families <= {skill.family for skill in crew.skills} for crew in asked.crews)
    lasting = [min(held.last for held in crew.certificates if held.scheme == "gas") for crew in asked.crews]
    assert sum((last - asked.date).days < 14 for last in lasting) == 1


def bytes_of(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


def test_the_same_arguments_give_the_same_bytes(tmp_path: Path) -> None:
    for name, seed in (("first", 7), ("again", 7), ("other", 8)):
        make_tours(tmp_path / name, region=Region.NUJIANG, villages=12, crews=1, days=7, seed=seed)
    assert bytes_of(tmp_path / "first") == bytes_of(tmp_path / "again")
    assert bytes_of(tmp_path / "first") != bytes_of(tmp_path / "other")


@pytest.mark.parametrize(("villages", "days"), [(2, 1), (3, 31)])
def test_small_and_long_ones_can_be_read(tmp_path: Path, villages: int, days: int) -> None:
    make_tours(tmp_path / "day", region=Region.GARZE, villages=villages, crews=1, days=days, seed=3)
    assert len(read_tours(tmp_path / "day").touring.villages) == villages
