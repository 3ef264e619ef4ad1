"""A vehicle's route as an order of visits, with the ways between them and what each visit asks of its time."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from optimizer.model import Window
from optimizer.vrp.model import Matrices, Routing, Task, Vehicle
from optimizer.vrp.plan import StepKind, WantedStep

__all__ = ["Visit", "at_speed", "in_order"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """A step of a route before it has its time.

    The first is the start and the last the end, even where the vehicle has no place for them. way_…: from the last
    visit that has a place, 0 for a break, which may interrupt the way. windows: none for any time. tied: the first and
    the last second that hold whatever else breaks.
    """

    kind: StepKind
    id: int | None
    place: int | None
    windows: tuple[Window, ...]
    tied: Window
    setup_s: int = 0
    service_s: int = 0
    way_s: int = 0
    way_m: int = 0
    way_cost: int = 0
    task: Task | None = None

    @property
    def work_s(self) -> int:
        """Return how long the vehicle stays once the visit has begun."""
        return self.setup_s + self.service_s

    def not_before(self, time_s: int) -> int | None:
        """Return the first time from time_s on that is in a window and tied to; None when there is none."""
        time_s = max(time_s, self.tied.earliest_s)
        for window in self.windows:
            if time_s <= window.latest_s:
                time_s = max(time_s, window.earliest_s)
                break
        else:
            if self.windows:
                return None
        return time_s if time_s <= self.tied.latest_s else None

    def not_after(self, time_s: int) -> int | None:
        """Return the last time up to time_s that is in a window and tied to; None when there is none."""
        time_s = min(time_s, self.tied.latest_s)
        for window in reversed(self.windows):
            if time_s >= window.earliest_s:
                time_s = min(time_s, window.latest_s)
                break
        else:
            if self.windows:
                return None
        return time_s if time_s >= self.tied.earliest_s else None

    def off_by_s(self, time_s: int) -> int:
        """Return how far a time is from the nearest window: negative when early, positive when late, 0 inside."""
        off: list[int] = []
        for window in self.windows:
            if window.earliest_s <= time_s <= window.latest_s:
                return 0
            off.append(time_s - window.earliest_s if time_s < window.earliest_s else time_s - window.latest_s)
        return min(off, key=lambda seconds: (abs(seconds), -seconds), default=0)


FOREVER_S = 1 << 45
"""Later than any time that a route can reach."""


def at_speed(seconds: int, speed_percent: int) -> int:
    """Return how long a leg takes a vehicle: whole seconds, rounded half up."""
    return (200 * seconds + speed_percent) // (2 * speed_percent)


def in_order(
    routing: Routing, vehicle: Vehicle, wanted: Sequence[WantedStep], tasks: Mapping[int, Task]
) -> list[Visit]:
    """Return the visits of a route; start and end may be left out of the steps."""
    matrices = routing.matrices[vehicle.profile]
    ends: dict[StepKind, WantedStep] = {
        step.kind: step for step in wanted if step.kind in (StepKind.START, StepKind.END)
    }
    inner = [step for step in wanted if step.kind not in ends]
    visits = [_end(vehicle, StepKind.START, ends)]
    place = vehicle.start
    for visit in _inner(vehicle, inner, tasks, matrices, place):
        visits.append(visit)
        place = place if visit.place is None else visit.place
    end = _end(vehicle, StepKind.END, ends)
    return [*visits, _with_way(end, place, vehicle, matrices)]


def _end(vehicle: Vehicle, kind: StepKind, ends: Mapping[StepKind, WantedStep]) -> Visit:
    return Visit(
        kind=kind,
        id=None,
        place=vehicle.start if kind is StepKind.START else vehicle.end,
        windows=() if vehicle.window is None else (vehicle.window,),
        tied=_tied(ends[kind]) if kind in ends else Window(earliest_s=0, latest_s=FOREVER_S),
    )


def _inner(
    vehicle: Vehicle, steps: Sequence[WantedStep], tasks: Mapping[int, Task], matrices: Matrices, place: int | None
) -> Iterator[Visit]:
    pauses = {pause.id: pause for pause in vehicle.pauses}
    for step in steps:
        assert step.id is not None
        if step.kind is StepKind.BREAK:
            pause = pauses[step.id]
            yield Visit(
                kind=step.kind,
                id=step.id,
                place=None,
                windows=pause.windows,
                tied=_tied(step),
                service_s=pause.duration_s,
            )
            continue
        task = tasks[step.id]
        here = Visit(
            kind=step.kind,
            id=step.id,
            place=task.place,
            windows=task.windows,
            tied=_tied(step),
            setup_s=0 if place == task.place else task.setup_per_type.get(vehicle.type, task.setup_s),
            service_s=task.service_per_type.get(vehicle.type, task.service_s),
            task=task,
        )
        yield _with_way(here, place, vehicle, matrices)
        place = task.place


def _with_way(visit: Visit, place: int | None, vehicle: Vehicle, matrices: Matrices) -> Visit:
    """Return the visit with the way to it from this place; without a place at either end there is none."""
    if place is None or visit.place is None:
        return visit
    cell = place, visit.place
    return Visit(
        kind=visit.kind,
        id=visit.id,
        place=visit.place,
        windows=visit.windows,
        tied=visit.tied,
        setup_s=visit.setup_s,
        service_s=visit.service_s,
        way_s=at_speed(int(matrices.seconds[cell]), vehicle.speed_percent),
        way_m=0 if matrices.metres is None else int(matrices.metres[cell]),
        way_cost=0 if matrices.costs is None else int(matrices.costs[cell]),
        task=visit.task,
    )


def _tied(step: WantedStep) -> Window:
    earliest_s = max(0, *(time for time in (step.at_s, step.after_s, 0) if time is not None))
    latest_s = min(time for time in (step.at_s, step.before_s, FOREVER_S) if time is not None)
    return Window(earliest_s=earliest_s, latest_s=latest_s)
