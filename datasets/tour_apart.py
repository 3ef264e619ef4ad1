"""Places of one name told apart: by the area that they lie in, else by their ids, so that nobody drives to another."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from typing import TypeVar

import numpy as np

from geo.areas import Areas
from optimizer.tours.model import Crew, Lodging, Village

__all__ = ["told_apart"]

Named = TypeVar("Named", Village, Lodging, Crew)


def told_apart(places: Sequence[Named], areas: Areas | None) -> tuple[Named, ...]:
    """Return the places, those of one name with what tells them apart behind it.

    areas: None where ids must do.
    """
    by_name: defaultdict[str, list[int]] = defaultdict(list)
    for number, place in enumerate(places):
        by_name[place.name].append(number)
    found = list(places)
    for name, numbers in by_name.items():
        if len(numbers) > 1:
            marks = [places[number].id for number in numbers]
            of_area = [] if areas is None else _areas_of([places[number] for number in numbers], areas)
            if len(set(of_area)) == len(numbers) and not {"", name} & set(of_area):
                marks = of_area
            for number, mark in zip(numbers, marks, strict=True):
                found[number] = replace(places[number], name=f"{name}（{mark}）")
    return tuple(found)


def _areas_of(places: Sequence[Named], areas: Areas) -> list[str]:
    at = np.array([place.position for place in places], np.float64)
    return ["" if area < 0 else areas.names[area] for area in areas.locate(at[:, 0], at[:, 1]).tolist()]
