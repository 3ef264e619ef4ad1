"""Villages and lodgings as people name them on the command line: by id, or by a name that only one has."""

import difflib
from collections.abc import Iterable, Mapping

from datasets.faults import Refusal

__all__ = ["PlacesRefused", "places_of"]

MOST_NAMED = 10
"""So many places of one name are listed; the rest are counted."""


class PlacesRefused(Refusal):
    """Places that the folder does not have, or has several of that name; one line per fault."""

    def __init__(self, faults: list[str]) -> None:
        self.faults = tuple(faults)
        super().__init__("\n".join(faults))


def places_of(typed: Iterable[str], names: Mapping[str, str], what: str) -> tuple[list[str], list[str]]:
    """Return the ids of what was typed, and a sentence for each that is none; what: such places, and their file.

    Places of one name have what tells them apart behind it: the name alone is that of all of them.
    """
    ids, faults = [], []
    for text in typed:
        named = [id_ for id_, name in names.items() if name == text or name.startswith(f"{text}（")]
        if text in names or len(named) == 1:
            ids.append(text if text in names else named[0])
        elif named:
            listed = ", ".join(f"{names[id_]} ({id_})" for id_ in named[:MOST_NAMED])
            more = f" and {len(named) - MOST_NAMED:,} more" if len(named) > MOST_NAMED else ""
            faults.append(f'"{text}" is the name of several: {listed}{more}; give the id')
        else:
            near = difflib.get_close_matches(text, [*names, *names.values()], n=3, cutoff=0.6)
            hint = f"; did you mean {', '.join(near)}?" if near else ""
            faults.append(f'"{text}"; allowed: {what}, by id or name{hint}')
    return ids, faults
