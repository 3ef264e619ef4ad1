"""Markdown for docs/benchmarks.md: tables, the machine they were measured on, and their place in the page."""

import hashlib
import os
import platform
import re
from collections.abc import Iterable, Sequence
from importlib.metadata import version
from pathlib import Path

__all__ = ["GIB", "busyness", "code_fingerprint", "machine", "markdown_table", "put_section"]

GIB = 1 << 30
ROOT = Path(__file__).parent.parent
MEASURED_PACKAGES = ("optimizer", "geo", "datasets", "api")


def markdown_table(header: Sequence[str], rows: Iterable[Sequence[str]], *, left: int = 1) -> str:
    """Return a Markdown table; the first `left` columns are words, the others figures."""
    marks = [":--" if column < left else "--:" for column in range(len(header))]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in (header, marks, *rows))


def machine() -> str:
    """Return one line about this machine."""
    names = re.findall(r"^model name\s*:\s*(.+)$", Path("/proc/cpuinfo").read_text(), re.MULTILINE)
    cores = len(os.sched_getaffinity(0))
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / GIB
    packages = ", ".join(f"{name} {version(name)}" for name in ("numpy", "numba", "ortools"))
    return (
        f"{cores} cores ({names[0] if names else platform.machine()}), {memory:.0f} GiB, {platform.system()}, "
        f"Python {platform.python_version()}, {packages}."
    )


def busyness(others_share: float) -> str:
    """Return a warning when other programs used a part of the machine that is worth a word."""
    if others_share < 0.05:
        return ""
    return f" Other programs used {others_share:.0%} of the machine meanwhile: alone, it takes fewer seconds."


def put_section(page: Path, name: str, text: str) -> None:
    """Replace what stands between `<!-- bench:name -->` and `<!-- /bench:name -->` in a page.

    Raises ValueError when the page has no such place.
    """
    begin, end = f"<!-- bench:{name} -->\n", f"<!-- /bench:{name} -->"
    content = page.read_text(encoding="utf-8")
    before, found, rest = content.partition(begin)
    _, closed, after = rest.partition(end)
    if not found or not closed:
        raise ValueError(f"{page} has no {begin.strip()} … {end}")
    page.write_text(f"{before}{begin}{text.strip()}\n{end}{after}", encoding="utf-8")


def code_fingerprint() -> str:
    """Return a short text that changes whenever the measured code or its data does."""
    digest = hashlib.sha256()
    for package in MEASURED_PACKAGES:
        for path in sorted((ROOT / package).rglob("*")):
            if path.is_file() and "__pycache__" not in path.parts:
                digest.update(path.relative_to(ROOT).as_posix().encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()[:16]
