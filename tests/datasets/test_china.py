import datetime as dt
from collections import Counter, defaultdict
from pathlib import Path

import numpy as np
import pytest
import shapely
from scipy.spatial import KDTree

from datasets.china import make_day
from datasets.day import DayFolder, read_day
from geo.estimate import EstimateTravel
from geo.places import load_provinces
from optimizer.model import (
    AreaClass,
    Channel,
    ClockKind,
    Day,
    Job,
    Lock,
    Ownership,
    Shift,
    ShipMode,
    SizeClass,
    TravelMode,
    Window,
)
from optimizer.sourcing import kit_options, missing_parts

FAMILIES = {
    "water_heater_gas", "water_heater_electric", "air_conditioner", "refrigerator", "washing_machine", "range_hood",
    "gas_stove", "dishwasher",
}  # fmt: skip


@pytest.fixture(scope="session")
def sample(tmp_path_factory: pytest.TempPathFactory) -> DayFolder:
    folder = tmp_path_factory.mktemp("national") / "day"
    make_day(folder)
    return read_day(folder)


@pytest.fixture(scope="session")
def travel() -> EstimateTravel:
    return EstimateTravel()


def on_sphere(places: np.ndarray) -> np.ndarray:
    longitude, latitude = np.radians(places).T
    flat = np.cos(latitude)
    return 6_371 * np.column_stack([flat * np.cos(longitude), flat * np.sin(longitude), np.sin(latitude)])


def nearest(origins: np.ndarray, targets: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return kilometres to the nearest origin and its index, for every target."""
    distance, index = KDTree(on_sphere(origins)).query(on_sphere(targets))
    return np.asarray(distance), np.asarray(index)


def first_day_shifts(day: Day) -> dict[str, Shift]:
    return {shift.technician_id: shift for shift in day.shifts if shift.day == 0}


def test_counts_are_those_of_the_service_pages(sample: DayFolder) -> None:
    outlets = sample.outlets
    own = outlets[outlets.ownership == "own"]
    staffed = set(sample.technicians.outlet_id)
    own_cities = {name.rstrip("23") for name, outlet in zip(own.name, own.index, strict=True) if outlet in staffed}
    assert len(sample.centres) == 29
    assert len(own_cities) >= 100
    assert (outlets.ownership == "contract").sum() == 1_400
    assert (sample.warehouses.kind != "supplier").sum() == 30
    assert len(sample.parts) == 400
    assert len(sample.jobs) == 20_000
    assert len(sample.technicians) == 4_200
    assert {job.skill.family for job in sample.day.jobs} == FAMILIES


def test_centres_stand_in_29_provinces_and_have_own_outlets_beside_them(sample: DayFolder) -> None:
    assert sample.centres.province.nunique() == 29
    own = np.array([o.position for o in sample.day.outlets if o.ownership is Ownership.OWN])
    distance, _ = nearest(own, np.array([centre.position for centre in sample.day.centres]))
    assert distance.max() < 15


def test_contract_outlets_are_mostly_rural_and_some_have_no_internet(sample: DayFolder) -> None:
    contract = sample.outlets[sample.outlets.ownership == "contract"]
    rural = contract.place_level.isin(["county", "township"])
    assert rural.mean() >= 0.60
    assert Counter(contract.channel) == {"online": 1_190, "phone": 140, "fax": 70}
    assert rural[contract.channel != "online"].mean() > 0.9
    assert set(sample.outlets.channel[sample.outlets.ownership == "own"]) == {"online"}


def test_everybody_and_everything_is_on_the_land_of_china(sample: DayFolder) -> None:
    land = shapely.union_all(load_provinces().geometry.to_numpy()).buffer(0.001)
    shapely.prepare(land)
    for things in (sample.day.jobs, sample.day.outlets, sample.day.centres, sample.day.warehouses):
        places = np.array([thing.position for thing in things])
        assert shapely.contains_xy(land, places[:, 0], places[:, 1]).all()


def test_positions_come_in_every_datum(sample: DayFolder) -> None:
    assert set(sample.jobs.datum) == {"WGS84", "GCJ02", "BD09"}


def test_calls_come_from_town_and_country_and_a_few_from_very_far(sample: DayFolder) -> None:
    outlets = np.array([outlet.position for outlet in sample.day.outlets])
    jobs = np.array([job.position for job in sample.day.jobs])
    away_km, _ = nearest(outlets, jobs)
    remote = np.mean([job.area_class is AreaClass.REMOTE for job in sample.day.jobs])
    assert 0.34 <= remote <= 0.41
    assert (away_km < 60).mean() > 0.95
    assert 1 <= (away_km > 120).sum() <= 0.003 * len(jobs)


def test_calls_come_around_the_clock_with_two_peaks(sample: DayFolder) -> None:
    """Remote calls of the last day: nearly all of them still wait."""
    reported = np.array([job.reported_s for job in sample.day.jobs if job.area_class is AreaClass.REMOTE])
    hour = np.bincount(reported[reported >= sample.day.now_s - 86_400] // 3600 % 24, minlength=24)
    assert hour.min() > 0
    assert min(hour[9], hour[10], hour[19], hour[20]) > max(hour[13], hour[16], hour[2]) * 1.2
    everybody = np.array([job.reported_s for job in sample.day.jobs])
    assert everybody.max() < sample.day.now_s
    assert np.bincount(everybody // 3600 % 24, minlength=24).min() > 0


def test_most_who_called_long_ago_have_been_served(sample: DayFolder) -> None:
    day = sample.day
    age_h = {
        area: np.array([(day.now_s - job.reported_s) / 3600 for job in day.jobs if job.area_class is area])
        for area in AreaClass
    }
    assert (age_h[AreaClass.SEAT] <= 14).mean() > 0.55
    assert 0.02 < (age_h[AreaClass.SEAT] > 20).mean() < 0.12
    assert 0.15 < (age_h[AreaClass.REMOTE] > 24).mean() < 0.45
    assert (age_h[AreaClass.REMOTE] > 44).mean() < 0.05


def test_the_morning_starts_with_a_few_promises_broken_and_a_few_more_due(sample: DayFolder) -> None:
    day = sample.day
    due = np.array([min(c.due_s for c in job.clocks if c.kind is ClockKind.ARRIVAL) for job in day.jobs])
    assert 0.01 < (due < day.now_s).mean() < 0.02
    assert 0.04 < (due < 10 * 3600).mean() < 0.06


def windows_of(job: Job) -> tuple[Window, ...]:
    return (job.appointment,) if job.appointment else job.windows


def test_windows_close_before_the_parts_can_come_only_by_mistake(sample: DayFolder) -> None:
    kits = kit_options(sample.day)
    waiting = [job for job in sample.day.jobs if kits.get(job.id) and windows_of(job)]
    mistakes = [
        job for job in waiting if max(w.latest_s for w in windows_of(job)) < min(kit.ready_s for kit in kits[job.id])
    ]
    assert len(waiting) > 1_000
    assert 0.02 < len(mistakes) / len(waiting) < 0.06


def test_windows_close_before_anybody_can_be_there_only_by_mistake(sample: DayFolder) -> None:
    day = sample.day
    away_km, _ = nearest(np.array([o.position for o in day.outlets]), np.array([job.position for job in day.jobs]))
    there_s = 8.5 * 3600 + away_km / 45 * 3600
    early = [
        bool(windows_of(job)) and max(w.latest_s for w in windows_of(job)) < earliest_s
        for job, earliest_s in zip(day.jobs, there_s, strict=True)
    ]
    assert sum(early) < 0.003 * len(day.jobs)


def test_longer_windows_are_agreed_where_two_people_or_an_expert_must_come(sample: DayFolder) -> None:
    for job in sample.day.jobs:
        if (job.crew > 1 or job.skill.level > 2) and not job.published:
            assert all(window.latest_s - window.earliest_s >= 4 * 3600 for window in windows_of(job)[:1])


def test_gas_work_always_asks_for_the_gas_certificate(sample: DayFolder) -> None:
    gas = [job for job in sample.day.jobs if job.skill.family in {"water_heater_gas", "gas_stove"}]
    assert gas
    assert all("gas" in job.certificates for job in gas)


def test_some_certificates_have_expired_and_some_expire_within_the_horizon(sample: DayFolder) -> None:
    date = sample.day.date
    lasts = np.array([c.last for technician in sample.day.technicians for c in technician.certificates])
    assert 0.01 < (lasts < date).mean() < 0.05
    assert ((lasts >= date) & (lasts < date + dt.timedelta(days=sample.day.days))).sum() > 10


def test_every_family_has_certified_technicians_at_every_centre(sample: DayFolder) -> None:
    day = sample.day
    needs: dict[str, frozenset[str]] = {}
    for job in day.jobs:
        needs[job.skill.family] = needs.get(job.skill.family, job.certificates) & job.certificates
    centre_of = {outlet.id: outlet.centre_id for outlet in day.outlets}
    centres = defaultdict(set)
    for technician in day.technicians:
        valid = {c.scheme for c in technician.certificates if c.first <= day.date <= c.last}
        for skill in technician.skills:
            if needs[skill.family] <= valid:
                centres[skill.family].add(centre_of[technician.outlet_id])
    assert {family: len(found) for family, found in centres.items()} == dict.fromkeys(FAMILIES, 29)


def test_technicians_are_a_third_own_and_travel_as_their_place_allows(sample: DayFolder) -> None:
    people = sample.technicians.join(sample.outlets[["ownership", "place_level"]], on="outlet_id")
    assert (people.ownership == "own").mean() == pytest.approx(1 / 3, abs=0.01)
    country = people[people.place_level.isin(["county", "township"])]
    assert country.travel_mode.isin(["car", "motorbike"]).mean() > 0.97
    assert set(people[people.place_level == "city"].travel_mode) == {mode.value for mode in TravelMode}
    assert set(people[people.crew_size == "2"].travel_mode) == {"car"}


def test_a_quarter_of_the_jobs_needs_shipped_parts(sample: DayFolder) -> None:
    share = np.mean([bool(job.order_lines) for job in sample.day.jobs])
    assert 0.22 < share < 0.30


Need = tuple[str, int, frozenset[str], int, int]
"""Family, level, certificates, crew and load."""


def need_of(job: Job) -> Need:
    return job.skill.family, job.skill.level, job.certificates, job.crew, job.load


def able_places(day: Day, need: Need) -> np.ndarray:
    """Return where somebody starts from who may do such work, has a motor and works on either day."""
    family, level, schemes, crew, load = need
    on_duty = {shift.technician_id for shift in day.shifts}
    return np.array(
        [
            t.position
            for t in day.technicians
            if t.id in on_duty
            and t.mode in {TravelMode.CAR, TravelMode.MOTORBIKE}
            and t.crew >= crew
            and t.load_capacity >= load
            and any(skill.family == family and skill.level >= level for skill in t.skills)
            and schemes <= {c.scheme for c in t.certificates if c.first <= day.date <= c.last}
        ]
    )


@pytest.mark.parametrize(
    "need",
    [
        ("air_conditioner", 3, frozenset({"refrigerant", "high_altitude"}), 2, 2),
        ("air_conditioner", 2, frozenset({"refrigerant", "high_altitude"}), 2, 4),
        ("water_heater_gas", 3, frozenset({"gas"}), 1, 0),
        ("dishwasher", 3, frozenset(), 1, 0),
        ("refrigerator", 2, frozenset(), 2, 4),
    ],
)
def test_rare_abilities_are_near_every_country_outlet(sample: DayFolder, need: Need) -> None:
    rural = sample.outlets[sample.outlets.place_level.isin(["county", "township"])].index
    position = {outlet.id: outlet.position for outlet in sample.day.outlets}
    away_km, _ = nearest(able_places(sample.day, need), np.array([position[outlet] for outlet in rural]))
    assert (away_km < 100).mean() > 0.95


def test_next_to_nobody_is_out_of_reach(sample: DayFolder) -> None:
    """A straight 130 km takes about three and a half hours in the country, one way."""
    day = sample.day
    places_of: dict[Need, list[tuple[float, float]]] = defaultdict(list)
    for job in day.jobs:
        places_of[need_of(job)].append(job.position)
    far = [nearest(able_places(day, need), np.array(places))[0] > 130 for need, places in places_of.items()]
    assert np.concatenate(far).mean() <= 0.002


def test_every_warehouse_sends_every_size_to_every_centre(sample: DayFolder) -> None:
    day = sample.day
    carried: dict[tuple[str, str, ShipMode], set[SizeClass]] = defaultdict(set)
    for lane in day.lanes:
        carried[lane.warehouse_id, lane.centre_id, lane.mode] |= lane.carries
    for warehouse in day.warehouses:
        for centre in day.centres:
            assert {SizeClass.SMALL, SizeClass.MEDIUM} <= carried[warehouse.id, centre.id, ShipMode.STANDARD]
            assert SizeClass.BULKY in carried[warehouse.id, centre.id, ShipMode.DEDICATED]


def test_nearly_every_kit_can_be_completed(sample: DayFolder) -> None:
    missing = missing_parts(sample.day)
    assert 0 < len(missing) < 0.003 * len(sample.day.jobs)
    assert not [sentence for sentence in missing.values() if "no lane" in sentence]


def test_some_parts_are_scarce_and_some_are_nowhere(sample: DayFolder) -> None:
    day = sample.day
    holders = Counter(part for warehouse in day.warehouses for part, count in warehouse.stock.items() if count)
    shipped = [part.id for part in day.parts if not part.carried]
    assert sum(holders[part] == 0 for part in shipped) == 3
    assert sum(1 <= holders[part] <= 2 for part in shipped) >= 10
    assert not set(holders) & {part.id for part in day.parts if part.carried}


def test_telephone_numbers_are_nobodys(sample: DayFolder) -> None:
    for phones in (sample.jobs.phone, sample.outlets.phone):
        assert phones.str.fullmatch(r"1540000\d{4}").all()


def test_every_kind_of_promise_and_consent_occurs(sample: DayFolder) -> None:
    jobs = sample.day.jobs
    assert {clock.kind for job in jobs for clock in job.clocks} == set(ClockKind)
    assert all(any(clock.kind is ClockKind.ARRIVAL for clock in job.clocks) for job in jobs)
    assert 0.02 < np.mean([not job.consent for job in jobs]) < 0.04
    assert {len(job.windows) for job in jobs} == {0, 1, 2}
    assert sum(job.appointment is not None for job in jobs) > 1_000
    assert sum(job.crew == 2 and job.load > 0 for job in jobs) > 200
    assert {"door_replacement", "unit_exchange", "maintenance", "installation"} < set(sample.jobs.job_type)


def test_a_day_can_serve_a_quarter_more_than_a_day_of_calls(sample: DayFolder, travel: EstimateTravel) -> None:
    """Technician minutes of the first day against service and travel of all calls, served from the nearest outlet
    in rounds of seven (nearest next); travel from every fifteenth outlet."""
    day = sample.day
    shifts = first_day_shifts(day)
    mode = {t.outlet_id: t.mode for t in day.technicians if t.id in shifts}
    outlets = [outlet for outlet in day.outlets if outlet.id in mode]
    _, served_by = nearest(np.array([o.position for o in outlets]), np.array([job.position for job in day.jobs]))
    jobs_of: dict[int, list[Job]] = defaultdict(list)
    work_s = 0
    for job, index in zip(day.jobs, served_by.tolist(), strict=True):
        jobs_of[index].append(job)
        work_s += job.service_s * outlets[index].duration_percent[job.skill.family] // 100
    chosen = sorted(jobs_of)[::15]
    travel_s = 0
    for index in chosen:
        places = np.array([outlets[index].position, *(job.position for job in jobs_of[index])])
        motor = TravelMode.CAR if mode[outlets[index].id] is not TravelMode.MOTORBIKE else TravelMode.MOTORBIKE
        seconds = np.minimum(travel.matrix(places, places, motor).seconds, 4 * 3600)
        left, here, visits = list(range(1, len(places))), 0, 0
        while left:
            there = min(left, key=lambda place: int(seconds[here, place]))
            left.remove(there)
            travel_s += int(seconds[here, there])
            here, visits = there, visits + 1
            if visits % 7 == 0 or not left:
                travel_s += int(seconds[here, 0])
                here = 0
    travel_s = travel_s * len(day.jobs) // sum(len(jobs_of[index]) for index in chosen)
    available_s = sum(s.end_s - s.start_s - (s.break_.duration_s if s.break_ else 0) for s in shifts.values())
    assert 1.15 < available_s / (work_s + travel_s) < 1.40


class Published:
    """Yesterday's plan, technician by technician."""

    def __init__(self, day: Day) -> None:
        self.rounds: dict[str, list[Job]] = defaultdict(list)
        for job in sorted((j for j in day.jobs if j.published), key=start_of):
            assert job.published is not None
            self.rounds[job.published.technician_id].append(job)


def start_of(job: Job) -> int:
    assert job.published is not None
    return job.published.start_s


def test_six_per_cent_are_published_and_some_of_them_locked_or_told(sample: DayFolder) -> None:
    published = [job for job in sample.day.jobs if job.published]
    assert len(published) == 1_200
    locks = Counter(job.lock for job in published)
    assert set(locks) == set(Lock)
    assert locks[Lock.NONE] > len(published) / 2
    assert {job.published.told for job in published if job.published} == {True, False}


def test_published_rounds_can_be_driven_but_for_a_handful(sample: DayFolder, travel: EstimateTravel) -> None:
    day, shifts = sample.day, first_day_shifts(sample.day)
    technicians = {technician.id: technician for technician in day.technicians}
    outlets = {outlet.id: outlet for outlet in day.outlets}
    impossible = 0
    for technician_id, jobs in Published(day).rounds.items():
        technician = technicians[technician_id]
        if technician_id not in shifts:
            impossible += len(jobs)
            continue
        shift = shifts[technician_id]
        places = np.array([technician.position, *(job.position for job in jobs)])
        matrix = travel.matrix(places, places, technician.mode)
        valid = {c.scheme for c in technician.certificates if c.first <= day.date <= c.last}
        levels = {skill.family: skill.level for skill in technician.skills}
        assert sum(job.load for job in jobs) <= technician.load_capacity
        end = shift.start_s
        gaps = []
        for number, job in enumerate(jobs):
            start = start_of(job)
            impossible += not job.certificates <= valid
            assert levels[job.skill.family] >= job.skill.level
            assert technician.crew >= job.crew
            assert start >= max(end + int(matrix.seconds[number, number + 1]), day.now_s, shift.open_s)
            assert start <= shift.close_s
            assert int(matrix.metres[0, number + 1]) <= day.tariff.reach_m[technician.mode]
            windows = (job.appointment,) if job.appointment else job.windows
            assert not windows or any(w.earliest_s <= start <= w.latest_s for w in windows)
            assert job.consent
            assert not job.order_lines
            gaps.append((end, start - int(matrix.seconds[number, number + 1])))
            percent = outlets[technician.outlet_id].duration_percent.get(job.skill.family, 100)
            end = start + job.service_s * percent // 100
        home = end + int(matrix.seconds[len(jobs), 0])
        assert home <= shift.latest_end_s
        meal = shift.break_
        assert meal is not None
        gaps.append((end, shift.latest_end_s - int(matrix.seconds[len(jobs), 0])))
        assert home <= meal.latest_s or any(
            max(free, meal.earliest_s) <= meal.latest_s and max(free, meal.earliest_s) + meal.duration_s <= leave
            for free, leave in gaps
        )
    assert 1 <= impossible <= len(day.jobs) // 1_000


def test_fax_outlets_with_anybody_on_duty_have_published_visits(sample: DayFolder) -> None:
    day, shifts = sample.day, first_day_shifts(sample.day)
    outlet_of = {technician.id: technician.outlet_id for technician in day.technicians}
    fax = {outlet.id for outlet in day.outlets if outlet.channel is Channel.FAX}
    on_duty = fax & {outlet_of[technician] for technician in shifts}
    published = fax & {outlet_of[technician] for technician in Published(day).rounds}
    assert len(on_duty - published) <= 4, "only where nobody near has waited since yesterday afternoon"


@pytest.mark.parametrize(("jobs", "technicians"), [(0, 0), (1, 50), (40, 1_600)])
def test_any_size_can_be_read(tmp_path: Path, jobs: int, technicians: int) -> None:
    make_day(tmp_path / "day", jobs=jobs, technicians=technicians)
    day = read_day(tmp_path / "day").day
    assert (len(day.jobs), len(day.technicians)) == (jobs, technicians)
    assert sum(outlet.ownership is Ownership.CONTRACT for outlet in day.outlets) == 1_400


def test_same_arguments_same_bytes_more_calls_the_same_network_another_seed_another_day(tmp_path: Path) -> None:
    for name, seed, jobs in (("a", 1, 200), ("same", 1, 200), ("more", 1, 300), ("other", 2, 200)):
        make_day(tmp_path / name, jobs=jobs, technicians=200, seed=seed)

    def differing(name: str) -> set[str]:
        files = sorted(path.name for path in (tmp_path / "a").iterdir())
        assert len(files) == 16
        return {file for file in files if (tmp_path / "a" / file).read_bytes() != (tmp_path / name / file).read_bytes()}

    assert differing("same") == set()
    of_calls = {"outlet_stock.csv", "orders.csv", "quotas.csv", "returns.csv", "forecast.csv"}
    assert differing("more") == {"jobs.csv", "stock.csv"} | of_calls
    assert {"jobs.csv", "technicians.csv", "outlets.csv", "stock.csv"} <= differing("other")


def test_another_date_moves_everything_along(tmp_path: Path) -> None:
    make_day(tmp_path / "day", jobs=400, technicians=300, date=dt.date(2026, 2, 18))
    day = read_day(tmp_path / "day").day
    office = {outlet.id for outlet in day.outlets} - {
        technician.outlet_id for technician in day.technicians if technician.id in first_day_shifts(day)
    }
    assert day.date == dt.date(2026, 2, 18)
    assert office, "in the New Year holidays offices are closed"
    assert any(job.published for job in day.jobs)
