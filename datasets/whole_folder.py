"""Writes a folder whole or not at all: beside its place first, flushed to the disk, then renamed into place."""

import fcntl
import json
import os
import shutil
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from datasets.faults import Refusal

__all__ = ["ForeignFolder", "refuse_foreign", "whole_folder", "write_json"]


class ForeignFolder(Refusal):
    """A place that holds something else, which is not ours to replace."""


@contextmanager
def whole_folder(place: Path, marker: str, ours: Iterable[str]) -> Iterator[Path]:
    """Yield an empty folder to write into; it appears at `place` when the block ends well, and never otherwise.

    A folder that already stands at `place` is replaced only when it is empty, or when it holds the file `marker` and
    nothing but names in `ours`. Whatever goes wrong, `place` stays as it was.

    Raises
    ------
    ForeignFolder
        Something else stands at `place`.
    OSError
        The disk refused, for example because it is full.
    """
    place = place.resolve()
    place.parent.mkdir(parents=True, exist_ok=True)
    with _alone(place.parent):
        refuse_foreign(place, marker, ours)
    temporary = Path(tempfile.mkdtemp(prefix=f".{place.name}.writing-", dir=place.parent))
    try:
        temporary.chmod(0o777 & ~_current_umask())
        yield temporary
        _flush(temporary)
        with _alone(place.parent):
            refuse_foreign(place, marker, ours)
            _exchange(temporary, place)
    except BaseException:
        shutil.rmtree(temporary, ignore_errors=True)
        raise


@contextmanager
def _alone(parent: Path) -> Iterator[None]:
    """Let one process at a time exchange folders here: two renames are not one."""
    descriptor = os.open(parent, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def refuse_foreign(place: Path, marker: str, ours: Iterable[str]) -> None:
    """Raise ForeignFolder when something stands at `place` that `whole_folder` would not replace."""
    if not place.exists():
        return
    if not place.is_dir():
        raise ForeignFolder(f"{place} is not a folder; nothing was written")
    held = {entry.name for entry in place.iterdir()}
    if held and marker not in held:
        raise ForeignFolder(f"{place} is not empty and holds no {marker}; nothing was written")
    foreign = sorted(held - set(ours))
    if foreign:
        raise ForeignFolder(f"{place} also holds {', '.join(foreign[:5])}, which would be lost; nothing was written")


def _exchange(temporary: Path, place: Path) -> None:
    """Rename the new folder into place; an old one steps aside first and returns if the rename fails."""
    if not place.exists():
        temporary.rename(place)
        _flush_one(place.parent)
        return
    aside = Path(tempfile.mkdtemp(prefix=f".{place.name}.old-", dir=place.parent))
    try:
        place.rename(aside)
        temporary.rename(place)
        _flush_one(place.parent)
    except BaseException:
        if not place.exists():
            aside.rename(place)
        raise
    finally:
        if place.exists():
            shutil.rmtree(aside, ignore_errors=True)


def _flush(folder: Path) -> None:
    """Wait until the disk has every file of a folder, and the folder itself."""
    for root, _, files in os.walk(folder, topdown=False):
        for file in files:
            _flush_one(Path(root) / file)
        _flush_one(Path(root))


def _flush_one(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _current_umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def write_json(path: Path, content: Mapping[str, object]) -> None:
    """Write a file of such a folder as JSON, Chinese as it is."""
    with path.open("w", encoding="utf-8") as stream:
        json.dump(content, stream, ensure_ascii=False, allow_nan=False, indent=1)
        stream.write("\n")
