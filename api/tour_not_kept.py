"""What tours do not keep, as a planner reads it: a line for each reason, with all whom it is about."""

from collections.abc import Iterable, Iterator

from optimizer.tours.unkept import Unkept

__all__ = ["not_kept_lines"]


def not_kept_lines(found: Iterable[Unkept]) -> Iterator[str]:
    """Yield a line, in English and Chinese, for what is alike; what stands alone has its own sentence."""
    groups: dict[object, list[Unkept]] = {}
    for number, one in enumerate(found):
        groups.setdefault(number if one.alike is None else one.alike.rest, []).append(one)
    for group in groups.values():
        alike = [one.alike for one in group if one.alike is not None]
        if len(alike) < 2:
            yield from (f"NOT KEPT: {one.sentence} {one.sentence_zh}" for one in group)
            continue
        rest = alike[0].rest
        names, names_zh = ", ".join(one.name.en for one in alike), "、".join(one.name.zh for one in alike)
        yield f"NOT KEPT ({len(alike):,}): {names}{rest.en} {names_zh}{rest.zh}"
