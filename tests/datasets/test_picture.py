"""Pictures of a plan: right size, right colours, no tofu, no warnings, on any day."""

import logging
from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
from matplotlib.figure import Figure
from matplotlib.image import imread
from matplotlib.text import Text
from numpy.typing import NDArray
from shapely.geometry import MultiPolygon, box

from datasets import map_style
from datasets.map_style import installed_cjk_font
from datasets.picture import draw_centre, draw_plan
from optimizer.model import Centre, Day, Ownership
from optimizer.plan import Plan
from tests import make
from tests.datasets.make_names import named

H = 3600
OWN, CONTRACT, LEFT_OUT = (0x0B, 0x62, 0xA4), (0xE0, 0x8E, 0x0B), (0xC1, 0x12, 0x1F)
GROUND = gpd.GeoDataFrame(
    geometry=[MultiPolygon([box(100, 28, 104, 32), box(105, 28, 108, 32)]), box(104, 28, 105, 32)], crs=4326
)


@pytest.fixture(autouse=True)
def _no_complaint(caplog: pytest.LogCaptureFixture):
    """Matplotlib complains about fonts by logging, not by warnings."""
    yield
    assert [record for record in caplog.records if record.levelno >= logging.WARNING] == []


def two_centres(**more) -> Day:
    """Make c1 with an own outlet at the base, and c2 with a contract outlet 200 km east of it."""
    east = make.at(200_000)
    return make.day(
        make.job("a"),
        make.job("b", position=make.at(30_000, 20_000)),
        make.job("c", position=make.at(280_000), centre_id="c2"),
        make.job("out", position=make.at(-100_000)),
        **{
            "centres": (Centre(id="c1", position=make.at()), Centre(id="c2", position=east)),
            "outlets": (
                make.outlet(),
                make.outlet("o2", position=east, centre_id="c2", ownership=Ownership.CONTRACT),
            ),
            "technicians": (make.technician(), make.technician("t2", outlet_id="o2", position=east)),
            "shifts": (make.shift(), make.shift("t2-0")),
        }
        | more,
    )


def plan_of(day: Day) -> Plan:
    return make.plan(day, make.route(day, ("a", 9 * H), ("b", 14 * H)), make.route(day, ("c", 9 * H), shift_id="t2-0"))


def pixels(path: Path) -> NDArray[np.float64]:
    image = np.asarray(imread(path), dtype=np.float64)
    assert image.shape[:2] == (1200, 1600)
    return image[..., :3] * 255


def amount(image: NDArray[np.float64], colour: tuple[int, int, int], tolerance: int = 130) -> int:
    """Count the pixels near a colour; lines are drawn half transparent."""
    return int((np.abs(image - colour).sum(axis=2) < tolerance).sum())


@pytest.mark.parametrize("fonts", [(), map_style.CJK_FONTS])
def test_the_plan_is_drawn_in_both_languages(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fonts: tuple[str, ...]
) -> None:
    monkeypatch.setattr(map_style, "CJK_FONTS", fonts)
    day = two_centres()
    draw_plan(tmp_path / "plan.png", named(day), plan_of(day))
    image = pixels(tmp_path / "plan.png")
    map_only = image[300:1100]
    assert amount(map_only, OWN) > 100
    assert amount(map_only, CONTRACT) > 4
    assert amount(map_only, LEFT_OUT) > 4
    assert (tmp_path / "plan.png").stat().st_size < 1_500_000


def test_without_a_chinese_font_no_chinese_is_drawn(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    drawn: list[str] = []
    monkeypatch.setattr(map_style, "CJK_FONTS", ())
    monkeypatch.setattr(Figure, "savefig", lambda self, *_, **__: drawn.extend(_texts(self)))
    day = two_centres()
    draw_plan(tmp_path / "plan.png", named(day), plan_of(day))
    assert any("jobs served" in text for text in drawn)
    assert any("Travel times: estimate" in text for text in drawn)
    assert [text for text in drawn if not text.isascii() and any("一" <= sign <= "鿿" for sign in text)] == []


def test_the_headline_counts_the_plan(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    drawn: list[str] = []
    monkeypatch.setattr(map_style, "CJK_FONTS", ())
    monkeypatch.setattr(Figure, "savefig", lambda self, *_, **__: drawn.extend(_texts(self)))
    day = two_centres()
    draw_plan(tmp_path / "plan.png", named(day, travel="osm:x.pbf"), plan_of(day))
    assert drawn[:3] == ["Service plan · 2026-03-02", "3", "jobs served"]
    assert "75.0 %" in drawn
    assert "1 own, 1 contract" in drawn
    assert any(text.startswith("Travel times: osm:x.pbf") for text in drawn)


def _texts(figure: Figure) -> list[str]:
    """Return all texts, the headline's first."""
    labels = [text for text in figure.findobj(Text) if isinstance(text, Text) and text not in figure.texts]
    return [text.get_text() for text in (*figure.texts, *labels) if text.get_text()]


def test_the_basemap_is_replaceable(tmp_path: Path) -> None:
    day = two_centres()
    draw_plan(tmp_path / "built_in.png", named(day), plan_of(day))
    draw_plan(tmp_path / "own.png", named(day), plan_of(day), provinces=GROUND)
    assert not np.array_equal(pixels(tmp_path / "built_in.png"), pixels(tmp_path / "own.png"))


def test_a_centre_is_drawn_alone(tmp_path: Path) -> None:
    day = two_centres()
    draw_centre(tmp_path / "c2.png", named(day), plan_of(day), "c2", provinces=GROUND)
    image = pixels(tmp_path / "c2.png")[300:1080]
    assert amount(image, CONTRACT) > 100
    assert amount(image, OWN) == 0
    assert amount(image, LEFT_OUT) == 0


@pytest.mark.parametrize(
    "day",
    [
        make.day(jobs=()),
        make.day(jobs=(), technicians=(), shifts=()),
        make.day(make.job("a", position=make.at())),
        make.day(make.job("a", consent=False)),
    ],
    ids=["no jobs", "nobody", "left out at the base", "no consent"],
)
def test_empty_days_are_drawn(tmp_path: Path, day: Day) -> None:
    plan = make.plan(day)
    draw_plan(tmp_path / "plan.png", named(day), plan)
    draw_centre(tmp_path / "centre.png", named(day), plan, "c1")
    assert amount(pixels(tmp_path / "plan.png"), (0xF4, 0xF1, 0xEA), 6) > 50_000
    pixels(tmp_path / "centre.png")


def test_all_jobs_in_one_place_are_drawn(tmp_path: Path) -> None:
    day = make.day(*(make.job(f"j{i}", position=make.at()) for i in range(4)))
    plan = make.plan(day, make.route(day, *((f"j{i}", (9 + i) * H) for i in range(4))))
    draw_plan(tmp_path / "plan.png", named(day), plan)
    assert amount(pixels(tmp_path / "plan.png")[300:1100, 1050:], OWN) > 4


def test_the_best_installed_font_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(map_style, "CJK_FONTS", ("no such font", "DejaVu Sans"))
    assert installed_cjk_font() == "DejaVu Sans"
    monkeypatch.setattr(map_style, "CJK_FONTS", ("no such font",))
    assert installed_cjk_font() is None
