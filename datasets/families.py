"""Families of jobs that nobody and nothing in a day knows: a slip of the pen, most likely."""

from collections import Counter
from collections.abc import Mapping

from datasets.day import DayFolder

__all__ = ["unknown_families"]


def unknown_families(folder: DayFolder) -> Mapping[str, int]:
    """Return the families of jobs that no technician and no part has, with the number of jobs, the most first."""
    known = set(folder.parts["family"])
    for skills in folder.technicians["skills"]:
        known.update(skill.partition(":")[0] for skill in skills.split(";"))
    return dict(Counter(family for family in folder.jobs["product"] if family not in known).most_common())
