"""Writes one file whole or not at all, and only where nothing else stands: somebody may have mistyped its place."""

import os
import tempfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from datasets.faults import Refusal

__all__ = ["FilePlace", "ForeignFile", "headed_by"]

BYTE_ORDER_MARK = b"\xef\xbb\xbf"


class ForeignFile(Refusal):
    """A place that holds something else, which is not ours to replace, or at which no file can be."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FilePlace:
    """Where a command writes a file.

    what: the file in words. is_like: whether content is what an earlier run wrote. read: folders that the command
    reads, in which nothing is written.
    """

    path: Path
    what: str
    is_like: Callable[[bytes], bool]
    read: tuple[Path, ...] = ()

    def check(self) -> None:
        """Raise ForeignFile when `write` would refuse: to be asked before a long run."""
        place = self.path.resolve()
        if place.is_dir() or not place.parent.is_dir():
            raise ForeignFile(f"{self.path} is no file in a folder that exists; nothing was written")
        if place.exists() and not place.is_file():
            # A device or a pipe: nothing is lost there.
            return
        for folder in self.read:
            if folder.resolve() in place.parents:
                raise ForeignFile(f"{self.path} is in {folder}, which is read, not written; nothing was written")
        if place.exists() and not self._is_ours(place):
            raise ForeignFile(f"{self.path} is there already and is not {self.what}; nothing was written")

    def write(self, content: bytes) -> None:
        """Write the file; one of its kind that stands there is replaced in one step.

        Raises
        ------
        ForeignFile
            Something else stands there.
        OSError
            The disk refused; what stood there is as it was.
        """
        self.check()
        place = self.path.resolve()
        if place.exists() and not place.is_file():
            place.write_bytes(content)
            return
        descriptor, name = tempfile.mkstemp(prefix=f".{place.name}.writing-", dir=place.parent)
        try:
            with os.fdopen(descriptor, "wb") as stream:
                stream.write(content)
                stream.flush()
                os.fsync(stream.fileno())
            mask = os.umask(0)
            os.umask(mask)
            Path(name).chmod(0o666 & ~mask)
            Path(name).replace(place)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise

    def _is_ours(self, place: Path) -> bool:
        content = place.read_bytes()
        return not content or self.is_like(content)


def headed_by(columns: Iterable[str]) -> Callable[[bytes], bool]:
    """Return whether content is a table with this header."""
    header = ",".join(columns).encode()

    def is_like(content: bytes) -> bool:
        first, *_ = content.removeprefix(BYTE_ORDER_MARK).splitlines() or [b""]
        return first == header

    return is_like
