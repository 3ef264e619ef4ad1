"""What a planner pulled, and the question that it makes of the folder's."""

from dataclasses import dataclass, field, replace

from optimizer.tours.model import Levers, Touring

__all__ = ["MoreCrew", "MoreDay", "Pulled", "pull"]


@dataclass(frozen=True, slots=True, kw_only=True)
class MoreCrew:
    """One more crew, as an existing one is."""

    id: str
    like: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MoreDay:
    """A day on which a crew works though the calendar says otherwise."""

    crew_id: str
    day: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Pulled:
    """All levers of a plan, those of the folder included."""

    levers: Levers = field(default_factory=Levers)
    crews: tuple[MoreCrew, ...] = ()
    days: tuple[MoreDay, ...] = ()


def pull(asked: Touring, pulled: Pulled) -> Touring:
    """Return what is asked once the levers are pulled.

    A further crew starts at home, free and with a van of its own, with no nights behind it.
    """
    known = {crew.id: crew for crew in asked.crews}
    more = tuple(
        replace(
            known[one.like],
            id=one.id,
            name=f"{known[one.like].name}（增）",
            on_the_road=None,
            nights_before=0,
            no_van=frozenset(),
            free_s=0,
        )
        for one in pulled.crews
    )
    crews = tuple(
        replace(crew, days=crew.days | {one.day for one in pulled.days if one.crew_id == crew.id})
        for crew in (*asked.crews, *more)
    )
    return replace(asked, crews=crews, levers=pulled.levers)
