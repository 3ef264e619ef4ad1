from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from datasets.whole_folder import whole_folder


def write(place: Path, text: str) -> None:
    with whole_folder(place, "marker", {"marker", "other"}) as folder:
        (folder / "marker").write_text(text, encoding="utf-8")
        (folder / "other").write_text(text, encoding="utf-8")


def test_two_writers_of_one_place_leave_one_whole_folder(tmp_path: Path) -> None:
    place = tmp_path / "plan"
    with ThreadPoolExecutor(4) as writers:
        list(writers.map(lambda number: write(place, str(number)), range(60)))
    assert (place / "marker").read_text(encoding="utf-8") == (place / "other").read_text(encoding="utf-8")
    assert [entry.name for entry in tmp_path.iterdir()] == ["plan"]
