"""Any day written as a folder reads back as the same objects of the model."""

import tomllib

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from datasets.day import read_day, write_day
from datasets.times import duration_of, instant_of, instant_text, midnight_of, time_of_day_of
from optimizer.model import (
    Certificate,
    CustomerClass,
    Job,
    Lane,
    Lock,
    Ownership,
    Part,
    Published,
    ShipMode,
    SizeClass,
    Skill,
    Technician,
    TravelMode,
    Window,
)
from tests.datasets import make_day_folder as make

SETTINGS = tomllib.loads(make.settings())
DATE = SETTINGS["date"]
SECONDS = st.integers(-900 * 86_400, 900 * 86_400)
FAMILIES = st.sampled_from(["fridge", "冰箱/冰柜", "air-con 2"])
SCHEMES = st.sampled_from(["gas", "high voltage", "制冷剂"])
TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="\x00\r"), max_size=15)
LEVELS = st.integers(1, 3)
WINDOWS = st.tuples(SECONDS, st.integers(0, 9_000)).map(lambda two: Window(earliest_s=two[0], latest_s=sum(two)))
DATES = st.dates(min_value=DATE.replace(year=1990), max_value=DATE.replace(year=2090))
BASE = (104.0657, 30.6595)


def unique(values: st.SearchStrategy, key: str) -> st.SearchStrategy:
    return st.lists(values, max_size=3, unique_by=lambda one: getattr(one, key)).map(tuple)


JOBS = st.builds(
    Job,
    id=st.just("J"),
    position=st.tuples(st.floats(75, 134).map(lambda x: round(x, 6)), st.floats(4, 53).map(lambda y: round(y, 6))),
    centre_id=st.just("C2"),
    area_class=st.none(),
    skill=st.builds(Skill, family=FAMILIES, level=LEVELS),
    reported_s=SECONDS,
    service_s=st.integers(1, 86_400),
    clocks=st.just(()),
    certificates=st.frozensets(SCHEMES),
    crew=st.integers(1, 10),
    load=st.integers(0, 100),
    windows=st.lists(WINDOWS, max_size=3, unique=True).map(
        lambda many: tuple(sorted(many, key=lambda one: (one.earliest_s, one.latest_s)))
    ),
    appointment=st.none() | WINDOWS,
    preferred=st.none() | WINDOWS,
    customer_class=st.sampled_from(CustomerClass),
    urgent=st.booleans(),
    consent=st.booleans(),
    preferred_technician_id=st.none() | st.sampled_from(["T1", "T2"]),
    lock=st.just(Lock.NONE),
    published=st.none() | st.builds(Published, technician_id=st.just("T3"), start_s=SECONDS, told=st.booleans()),
)
TECHNICIANS = st.builds(
    Technician,
    id=st.just("T"),
    outlet_id=st.just("O1"),
    position=st.just(BASE),
    mode=st.sampled_from(TravelMode),
    skills=unique(st.builds(Skill, family=FAMILIES, level=LEVELS), "family").filter(bool),
    certificates=st.lists(
        st.builds(
            lambda scheme, dates: Certificate(scheme=scheme, first=min(dates), last=max(dates)),
            SCHEMES,
            st.tuples(DATES, DATES),
        ),
        max_size=3,
        unique=True,
    ).map(tuple),
    load_capacity=st.integers(0, 100),
    crew=st.integers(1, 10),
)
PARTS = st.builds(
    Part, id=st.just("P"), size_class=st.sampled_from(SizeClass), weight_g=st.integers(0, 9**7), carried=st.booleans()
)
LANES = st.builds(
    lambda transits, **fields: Lane(transit_p50_s=min(transits), transit_p90_s=max(transits), **fields),
    st.tuples(st.integers(0, 10**6), st.integers(0, 10**6)),
    warehouse_id=st.just("W1"),
    centre_id=st.just("C2"),
    mode=st.sampled_from(ShipMode),
    cut_off_s=st.integers(0, 24 * 60).map(lambda minutes: minutes * 60),
    cost_fen=st.integers(0, 10**9),
    cost_fen_per_kg=st.integers(0, 10**9),
    carries=st.frozensets(st.sampled_from(SizeClass), min_size=1),
)


def span(window: Window | None) -> str:
    if window is None:
        return ""
    return f"{instant_text(DATE, window.earliest_s)}/{instant_text(DATE, window.latest_s)}"


def job_row(job: Job, text: str) -> dict[str, object]:
    published = {}
    if job.published is not None:
        published = {
            "published_technician_id": job.published.technician_id,
            "published_start": instant_text(DATE, job.published.start_s),
            "told": "yes" if job.published.told else "no",
            "lock": job.lock,
        }
    return published | {
        "job_id": job.id,
        "reported_at": instant_text(DATE, job.reported_s),
        "product": job.skill.family,
        "skill_level": job.skill.level,
        "certificates": ";".join(job.certificates),
        "lon": f"{job.position[0]:.6f}",
        "lat": f"{job.position[1]:.6f}",
        "datum": "WGS84",
        "address": text,
        "centre_id": job.centre_id,
        "customer_class": job.customer_class,
        "urgent": "yes" if job.urgent else "no",
        "service_duration": f"PT{job.service_s}S",
        "crew_size": job.crew,
        "load": job.load,
        "windows": ";".join(map(span, job.windows)),
        "appointment": span(job.appointment),
        "preferred": span(job.preferred),
        "consent": "not_needed" if job.consent else "pending",
        "preferred_technician_id": job.preferred_technician_id,
    }


def technician_row(technician: Technician) -> dict[str, object]:
    return {
        "technician_id": technician.id,
        "name": "王",
        "outlet_id": technician.outlet_id,
        "travel_mode": technician.mode,
        "skills": ";".join(f"{one.family}:{one.level}" for one in technician.skills),
        "certificates": ";".join(f"{one.scheme}:{one.first}:{one.last}" for one in technician.certificates),
        "load_capacity": technician.load_capacity,
        "crew_size": technician.crew,
        "shift_start": "08:00",
        "shift_end": "17:00",
    }


def lane_row(lane: Lane) -> dict[str, object]:
    return {
        "warehouse_id": lane.warehouse_id,
        "centre_id": lane.centre_id,
        "mode": lane.mode,
        "cut_off": f"{lane.cut_off_s // 3600:02d}:{lane.cut_off_s // 60 % 60:02d}",
        "transit_p50": f"PT{lane.transit_p50_s}S",
        "transit_p90": f"PT{lane.transit_p90_s}S",
        "cost_fen": lane.cost_fen,
        "cost_fen_per_kg": lane.cost_fen_per_kg,
        "carries": ";".join(lane.carries),
    }


def part_row(part: Part) -> dict[str, object]:
    carried = "yes" if part.carried else "no"
    return {"part_id": part.id, "name": "x", "family": "fridge"} | {
        "size_class": part.size_class,
        "weight_g": part.weight_g,
        "carried": carried,
    }


@settings(max_examples=30)
@given(job=JOBS, others=st.tuples(TECHNICIANS, PARTS, LANES), text=TEXTS)
def test_a_day_reads_back_the_same(
    tmp_path_factory: pytest.TempPathFactory, job: Job, others: tuple[Technician, Part, Lane], text: str
) -> None:
    technician, part, lane = others
    frames = make.frames(make.tables())
    for name, row in (
        ("jobs", job_row(job, text)),
        ("technicians", technician_row(technician)),
        ("parts", part_row(part)),
        ("lanes", lane_row(lane)),
    ):
        frames[name] = pd.concat([frames[name], pd.DataFrame([row], dtype=object)], ignore_index=True)
    out = tmp_path_factory.mktemp("day") / "day"
    write_day(out, frames, SETTINGS)
    found = read_day(out)
    read = found.day.jobs[-1]
    for name in Job.__dataclass_fields__:
        if name not in {"area_class", "clocks", "order_lines"}:
            assert getattr(read, name) == getattr(job, name), name
    assert found.day.technicians[-1] == technician
    assert found.day.parts[-1] == part
    assert found.day.lanes[-1] == lane
    assert found.jobs.at["J", "address"] == text
    assert found.day.outlets[0].ownership is Ownership.OWN


@given(seconds=SECONDS)
def test_an_instant_survives(seconds: int) -> None:
    assert instant_of(instant_text(DATE, seconds)) - midnight_of(DATE) == seconds


@pytest.mark.parametrize(
    ("text", "seconds", "days_only"),
    [
        ("PT45M", 2_700, False),
        ("PT1H30M", 5_400, False),
        ("P2D", 172_800, True),
        ("P1DT1S", 86_401, False),
        ("P0D", 0, True),
        ("PT24H", 86_400, False),
    ],
)
def test_durations(text: str, seconds: int, days_only: bool) -> None:
    assert (duration_of(text).seconds, duration_of(text).days_only) == (seconds, days_only)


@pytest.mark.parametrize("text", ["", "P", "PT", "P1DT", "1H", "P1W", "P1Y", "P1M", "PT1.5H", "pt1h", "PT1H ", "+PT1H"])
def test_what_is_no_duration(text: str) -> None:
    with pytest.raises(ValueError, match="a duration such as"):
        duration_of(text)


def test_times_of_day() -> None:
    assert [time_of_day_of(text) for text in ("00:00", "08:30", "24:00")] == [0, 30_600, 86_400]
