"""Results of another folder than the one they are held against: said once, not fault by fault."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass

from datasets.faults import Fault

__all__ = ["Own", "of_another_folder"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Own:
    """What a document must be about to belong to a folder.

    written: by key of the document what it must say, and what reads such a text. things: what its ids are of, in
    words; ids: those of the folder. key: where the document has its own. else_: what to say of it. some: whether the
    document need not be about all of them.
    """

    written: Mapping[str, tuple[str, Callable[[str], object]]]
    things: str
    ids: Collection[str]
    key: str
    else_: str
    some: bool = False


def of_another_folder(file: str, values: Mapping[str, object], told_ids: Collection[str], own: Own) -> Fault | None:
    """Return what says that a document is of another folder: something written in it, or most of its ids.

    Only what can be read is compared: what is wrong with the rest is found one by one.
    """

    def fault(key: str, told: str, allowed: str) -> Fault:
        return Fault(file=file, row=None, column=key, value=told, allowed=f"{allowed}: {own.else_}")

    for key, (here, read) in own.written.items():
        told = values.get(key)
        if isinstance(told, str) and told != here and _can_be(told, read):
            return fault(key, told, here)
    ids, told_of = frozenset(own.ids), frozenset(told_ids)
    both = ids & told_of
    if told_of and 2 * len(both) < len(told_of if own.some else ids | told_of):
        said = f"{len(told_of)} {own.things}, {len(both)} of them of this day folder"
        return fault(own.key, said, f"the {len(ids)} {own.things} of this day folder")
    return None


def _can_be(text: str, read: Callable[[str], object]) -> bool:
    try:
        read(text)
    except ValueError:
        return False
    return True
