"""What is wrong with planned tours, wherever they are kept: the rules, every figure, kits, orders and messages."""

from collections.abc import Mapping

from datasets.tour_names import Toured
from datasets.tour_naming import names_of
from datasets.tour_reading import ToursRead
from datasets.tour_stated import Objection, stated_objections
from datasets.tours import TourFolder
from optimizer.tours.check import check_tours
from optimizer.tours.cost import price_tours
from optimizer.tours.covering import nearest_stops
from optimizer.tours.model import Touring, TourRule
from optimizer.travel import TravelTimes

__all__ = ["toured_as_read", "verdict"]


def toured_as_read(folder: TourFolder, asked: Touring, read: ToursRead, travel: TravelTimes) -> Toured:
    """Return tours as they were read, with what is told of them beside."""
    return Toured(
        asked=asked,
        result=read.result,
        names=names_of(folder),
        covers=nearest_stops(asked, read.result.plan, travel),
        pulled=read.pulled,
        given_up=frozenset(read.unkept),
        provider=read.provider,
        is_estimate=read.is_estimate,
    )


def verdict(
    document: Mapping[str, object], toured: Toured, folder: TourFolder, travel: TravelTimes
) -> tuple[Objection, ...]:
    """Return the rules that tours break, and what their document states that is not so.

    Raises
    ------
    PlanRefused
        The document's kits, orders or messages cannot be read.
    """
    asked, result = toured.asked, toured.result
    found = [
        Objection(rule=str(one.rule), where=one.where, sentence=one.sentence)
        for one in check_tours(asked, result.plan, travel)
    ]
    if any(one.rule == TourRule.ONCE for one in found):
        return tuple(found)
    cost = price_tours(asked, result.plan)
    stated = []
    for name in cost.__slots__:
        said, true = getattr(result.cost, name), getattr(cost, name)
        if said != true:
            stated.append((name, f"stated as {said} fen, it is {true}"))
    if result.bound_fen > result.cost.total:
        stated.append(("bound", f"stated as {result.bound_fen} fen, above the cost, {result.cost.total}"))
    if (toured.provider, toured.is_estimate) != (travel.name, travel.is_estimate):
        stated.append(("travel", f"times are from {travel.name}, not from {toured.provider}"))
    found += [Objection(rule="STATED", where=where, sentence=sentence) for where, sentence in stated]
    return (*found, *stated_objections(document, toured, folder))
