"""One file is written whole or not at all, and only over what an earlier run wrote."""

from pathlib import Path

import pytest

from datasets.vroom_writing import is_answer
from datasets.whole_file import FilePlace, ForeignFile, headed_by

HEADER = ("job_id", "mode")


def place(path: Path, *read: Path) -> FilePlace:
    return FilePlace(path=path, what="a table of modes", is_like=headed_by(HEADER), read=read)


@pytest.mark.parametrize("before", [None, b"", b"job_id,mode\n", b"\xef\xbb\xbfjob_id,mode\r\nJ1,depot\r\n"])
def test_what_an_earlier_run_wrote_is_replaced(before: bytes | None, tmp_path: Path) -> None:
    out = tmp_path / "modes.csv"
    if before is not None:
        out.write_bytes(before)
    place(out).write(b"newer")
    assert out.read_bytes() == b"newer"
    assert [path.name for path in tmp_path.iterdir()] == ["modes.csv"]


@pytest.mark.parametrize("before", [b"job_id,mode,more\n", b"job_id\n", b"\n", b"\x89PNG", b"notes"])
def test_anything_else_stays(before: bytes, tmp_path: Path) -> None:
    out = tmp_path / "modes.csv"
    out.write_bytes(before)
    for refused in (place(out).check, lambda: place(out).write(b"newer")):
        with pytest.raises(ForeignFile, match="is not a table of modes; nothing was written"):
            refused()
    assert out.read_bytes() == before


def test_nothing_is_written_where_a_command_reads(tmp_path: Path) -> None:
    read = tmp_path / "day"
    (read / "sheets").mkdir(parents=True)
    (tmp_path / "link").symlink_to(read)
    (read / "modes.csv").write_bytes(b"job_id,mode\n")
    for out in (read / "modes.csv", read / "new.csv", read / "sheets" / "new.csv", tmp_path / "link" / "new.csv"):
        with pytest.raises(ForeignFile, match="which is read, not written"):
            place(out, read).write(b"newer")
    place(tmp_path / "new.csv", read).write(b"newer")


def test_a_place_where_no_file_can_be_is_refused(tmp_path: Path) -> None:
    for out in (tmp_path, tmp_path / "no" / "new.csv"):
        with pytest.raises(ForeignFile, match="is no file in a folder that exists"):
            place(out).check()
    place(Path("/dev/null"), Path("/dev")).write(b"newer")


def test_a_link_keeps_pointing_at_what_is_replaced(tmp_path: Path) -> None:
    (tmp_path / "real.csv").write_bytes(b"job_id,mode\n")
    (tmp_path / "link.csv").symlink_to(tmp_path / "real.csv")
    place(tmp_path / "link.csv").write(b"newer")
    assert (tmp_path / "link.csv").is_symlink()
    assert (tmp_path / "real.csv").read_bytes() == b"newer"


def test_a_problem_is_no_answer() -> None:
    assert is_answer(b'{"code": 0, "routes": []}')
    assert not is_answer(b'{"vehicles": [], "jobs": []}')
    assert not is_answer(b"[]")
    assert not is_answer(b"\x1f\x8b")
