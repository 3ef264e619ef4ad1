"""The nearest outlets that can, and the area classes: the databases say what the day says."""

import datetime as dt

import numpy as np
import pytest
from sqlalchemy import select

from api.database import Database
from api.spatial_sqlite import EARTH_M
from api.store.network import end
from api.store.places import Need, area_at, area_classes, nearest_outlets
from api.tables.jobs import JobRow
from api.tables.network import OutletRow, TechnicianRow
from datasets.day import DayFolder
from geo.areas import Areas
from geo.matrix import unit_vectors
from optimizer.model import Day
from tests.api.store.conftest import DATE, NOW

PLACES = [(104.0648, 30.5702), (116.397, 39.908), (87.6, 43.8), (109.5, 18.25), (124.0, 52.9)]


def metres(lon: float, lat: float, place: tuple[float, float]) -> float:
    """Return the great-circle distance, by the dot product of unit vectors."""
    one, other = unit_vectors(np.array([(lon, lat), place]))
    return float(EARTH_M * np.arctan2(np.linalg.norm(np.cross(one, other)), np.dot(one, other)))


def by_hand(day: Day, lon: float, lat: float, need: Need | None, count: int) -> list[tuple[str, float]]:
    def can(outlet_id: str) -> bool:
        return need is None or any(
            person.outlet_id == outlet_id
            and any(skill.family == need.family and skill.level >= need.level for skill in person.skills)
            and all(
                any(one.scheme == scheme and one.first <= DATE <= one.last for one in person.certificates)
                for scheme in need.certificates
            )
            for person in day.technicians
        )

    near = [(outlet.id, metres(lon, lat, outlet.position)) for outlet in day.outlets if can(outlet.id)]
    return sorted(near, key=lambda item: (item[1], item[0]))[:count]


@pytest.mark.parametrize(
    "need",
    [
        None,
        Need(family="water_heater_gas", level=2),
        Need(family="water_heater_gas", level=3, certificates=frozenset({"gas", "electrician"})),
        Need(family="nobody knows"),
    ],
)
def test_the_nearest_outlets_are_those_found_by_hand(
    loaded: Database, day_folder: DayFolder, need: Need | None
) -> None:
    with loaded.read() as session:
        for lon, lat in PLACES:
            near = nearest_outlets(session, lon, lat, on=DATE, count=7, need=need)
            expected = by_hand(day_folder.day, lon, lat, need, 7)
            assert [outlet.id for outlet in near] == [id_ for id_, _ in expected]
            assert [outlet.distance_m for outlet in near] == pytest.approx([far for _, far in expected], abs=1)


def test_who_has_gone_is_not_near(loaded: Database) -> None:
    need = Need(family="water_heater_gas")
    with loaded.write() as session:
        first, second = nearest_outlets(session, *PLACES[0], on=DATE, count=2, need=need)
        tomorrow = DATE + dt.timedelta(days=1)
        staff = select(TechnicianRow.id).where(TechnicianRow.outlet_id == first.id)
        end(session, TechnicianRow, session.scalars(staff).all(), effective_from=tomorrow, now=NOW)
        assert nearest_outlets(session, *PLACES[0], on=DATE, count=1, need=need) == [first]
        assert nearest_outlets(session, *PLACES[0], on=tomorrow, count=1, need=need) == [second]
        end(session, OutletRow, [second.id], effective_from=tomorrow, now=NOW)
        assert second not in nearest_outlets(session, *PLACES[0], on=tomorrow, count=2, need=need)


def test_area_classes_are_those_of_the_day(loaded: Database, day_folder: DayFolder) -> None:
    jobs = day_folder.day.jobs
    areas = Areas.of_places()
    polygons = Areas(areas.names, areas.polygons.tolist())
    inside = polygons.locate(*np.array([job.position for job in jobs]).T) >= 0
    assert inside.mean() > 0.9
    with loaded.read() as session:
        classes = area_classes(session, [job.id for job in jobs], on=DATE)
    expected = {job.id: job.area_class for job, known in zip(jobs, inside.tolist(), strict=True) if known}
    assert {id_: classes[id_] for id_ in expected} == expected
    assert len(set(expected.values())) == 2


def test_an_area_without_its_outlets_is_remote(loaded: Database) -> None:
    with loaded.write() as session:
        ids = session.scalars(select(JobRow.id)).all()
        before = area_classes(session, ids, on=DATE)
        everybody = session.scalars(select(OutletRow.id)).all()
        end(session, OutletRow, everybody, effective_from=DATE, now=NOW)
        assert "seat" in before.values()
        assert set(area_classes(session, ids, on=DATE).values()) == {"remote"}


def test_the_area_of_a_place(loaded: Database) -> None:
    with loaded.read() as session:
        chengdu = area_at(session, 104.0648, 30.5702)
        assert chengdu is not None
        assert chengdu.name == Areas.of_places().names[chengdu.number]
        assert area_at(session, 150.0, 10.0) is None
