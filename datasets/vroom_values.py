"""Typed values out of a routing problem's tree; whatever is not as it must be becomes a fault, and reading goes on."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Self

from datasets.vroom_faults import ProblemFaults, Words
from datasets.vroom_json import TwiceNamed
from optimizer.model import Window

__all__ = ["MOST_TIME_S", "MOST_UINT32", "JsonObject", "Span", "is_integer", "member"]

MOST_UINT32 = (1 << 32) - 1
MOST_TIME_S = MOST_UINT32
"""Latest time that can be said, in seconds of the asker's clock: what VROOM's numbers hold."""


@dataclass(slots=True)
class Span:
    """The earliest and the latest time said anywhere, and where."""

    times: list[tuple[int, str]] = field(default_factory=list)

    def note(self, time_s: int, where: str) -> None:
        """Note a time."""
        if not self.times:
            self.times = [(time_s, where), (time_s, where)]
        elif time_s < self.times[0][0]:
            self.times[0] = (time_s, where)
        elif time_s > self.times[1][0]:
            self.times[1] = (time_s, where)


def is_integer(value: Any) -> bool:
    """Return whether a value is written as an integer: true and 1.0 are none."""
    return type(value) is int


def member(where: str, key: str) -> str:
    """Return the path of an object's member."""
    name = key if key.replace("_", "").replace("-", "").isalnum() and len(key) <= 60 else f"[{key[:60]!r}]"
    return name if not where else f"{where}{name}" if name.startswith("[") else f"{where}.{name}"


@dataclass(frozen=True, slots=True, kw_only=True)
class JsonObject:
    """An object of the document at its path."""

    members: Mapping[str, Any]
    where: str
    faults: ProblemFaults
    span: Span

    @classmethod
    def of(
        cls, value: Any, where: str, faults: ProblemFaults, span: Span, *, known: Sequence[str] | None, **refused: str
    ) -> Self:
        """Take a value as an object with these keys (None: any); refused: what to do instead, by key."""
        members: Mapping[str, Any] = value if isinstance(value, dict) else {}
        if not isinstance(value, dict):
            faults.add(where, value, "an object")
        if isinstance(value, TwiceNamed):
            for key in value.twice:
                faults.add(member(where, key), Words("given more than once"), "every key once")
        for key in members if known is not None else ():
            if key in refused:
                faults.add(member(where, key), members[key], f"not supported; {refused[key]}")
            elif key not in (known or ()):
                faults.add(member(where, key), Words("unknown key"), f"only {', '.join(known or ())}")
        return cls(members=members, where=where, faults=faults, span=span)

    def at(self, key: str) -> str:
        """Return the path of a member."""
        return member(self.where, key)

    def __contains__(self, key: str) -> bool:
        """Return whether a member is given."""
        return key in self.members

    def integer(self, key: str, most: int, *, least: int = 0, default: int | None = None) -> int | None:
        """Return an integer in its bounds; the default when it is not given, None when it is wrong or must be given."""
        if key not in self.members:
            if default is None:
                self.faults.add(self.at(key), Words("missing"), f"an integer, {least} to {most}")
            return default
        value = self.members[key]
        if type(value) is int and least <= value <= most:
            return value
        self.faults.add(self.at(key), value, f"an integer, {least} to {most}")
        return None

    def text(self, key: str) -> str | None:
        """Return a text, None when it is not given or wrong."""
        if key not in self.members:
            return None
        value = self.members[key]
        if isinstance(value, str) and _is_text(value):
            return value
        self.faults.add(self.at(key), value, "a text")
        return None

    def items(self, key: str) -> Iterator[tuple[str, Any]]:
        """Yield the paths and values of an array; nothing when it is not given."""
        value = self.members.get(key, [])
        if isinstance(value, list):
            for row, item in enumerate(value):
                yield f"{self.at(key)}[{row}]", item
        else:
            self.faults.add(self.at(key), value, "an array")

    def integers(self, key: str, most: int) -> tuple[int, ...]:
        """Return an array of integers from 0, without those that are wrong."""
        value = self.members.get(key)
        if isinstance(value, list) and set(map(type, value)) == {int} and min(value) >= 0 and max(value) <= most:
            return tuple(value)
        found = []
        for where, item in self.items(key):
            if type(item) is int and 0 <= item <= most:
                found.append(item)
            else:
                self.faults.add(where, item, f"an integer, 0 to {most}")
        return tuple(found)

    def inside(self, key: str, known: Sequence[str] | None, **refused: str) -> "JsonObject | None":
        """Return an object inside this one, None when it is not given."""
        if key not in self.members:
            return None
        return JsonObject.of(self.members[key], self.at(key), self.faults, self.span, known=known, **refused)

    def objects(self, key: str, known: Sequence[str], most: int = 1_000, **refused: str) -> Iterator["JsonObject"]:
        """Yield the objects of an array; none of them when there are more than most."""
        value = self.members.get(key)
        if isinstance(value, list) and len(value) > most:
            self.faults.add(self.at(key), value, f"at most {most} of them")
            return
        for where, item in self.items(key):
            yield JsonObject.of(item, where, self.faults, self.span, known=known, **refused)

    def durations(self, key: str, most: int) -> dict[str, int]:
        """Return an object of durations by any key."""
        durations = self.inside(key, None)
        if durations is None:
            return {}
        found = {name: durations.integer(name, most) for name in durations.members}
        return {name: duration for name, duration in found.items() if duration is not None}

    def time(self, key: str) -> int | None:
        """Return a time, None when it is not given or wrong."""
        if key not in self.members:
            return None
        time_s = self.integer(key, MOST_TIME_S)
        if time_s is not None:
            self.span.note(time_s, self.at(key))
        return time_s

    def window(self, key: str) -> Window | None:
        """Return a window, None when it is not given or wrong."""
        return self._window(self.members[key], self.at(key)) if key in self.members else None

    def windows(self, key: str) -> tuple[Window, ...]:
        """Return an array of windows, which must come in order and apart."""
        if self.members.get(key, None) == []:
            self.faults.add(self.at(key), [], "at least one window; leave the key out for any time")
        found: list[Window] = []
        for where, item in self.items(key):
            window = self._window(item, where)
            if window is None:
                continue
            if found and window.earliest_s <= found[-1].latest_s:
                self.faults.add(where, Words(_pair(window)), f"after the window before it ends ({_pair(found[-1])})")
            found.append(window)
        return tuple(found)

    def _window(self, value: Any, where: str) -> Window | None:
        is_pair = isinstance(value, list) and len(value) == 2
        if not is_pair or not all(type(time) is int and 0 <= time <= MOST_TIME_S for time in value):
            wrong = value
            if is_pair:
                wrong = next(time for time in value if type(time) is not int or not 0 <= time <= MOST_TIME_S)
            self.faults.add(where, wrong, f"[start, end], two integers, 0 to {MOST_TIME_S}")
            return None
        window = Window(earliest_s=value[0], latest_s=value[1])
        if window.earliest_s > window.latest_s:
            self.faults.add(where, Words(_pair(window)), "[start, end] with the start not after the end")
            return None
        # A window may end as late as it likes: that is how people say "any time".
        self.span.note(window.earliest_s, where)
        return window

    def place(self, key: str) -> tuple[float, float] | None:
        """Return coordinates as they are given, None when they are not given or wrong."""
        if key not in self.members:
            return None
        value = self.members[key]
        if isinstance(value, list) and len(value) == 2 and all(type(degrees) in (int, float) for degrees in value):
            longitude, latitude = value
            if -180 <= longitude <= 180 and -90 <= latitude <= 90:
                return longitude, latitude
            value = Words(f"[{longitude:.6g}, {latitude:.6g}]" if abs(longitude) + abs(latitude) < 1e300 else "huge")
        self.faults.add(self.at(key), value, "[longitude, latitude] in degrees, -180 to 180 and -90 to 90")
        return None


def _is_text(value: str) -> bool:
    """Half of a surrogate pair is no text: it could not be written again."""
    return not any("\ud800" <= character <= "\udfff" for character in value)


def _pair(window: Window) -> str:
    return f"[{window.earliest_s}, {window.latest_s}]"
