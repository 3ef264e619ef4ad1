"""Whether kits, orders of parts and messages that tours.json states are those of its tours: nobody plans by them."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from datasets.faults import FaultList, PlanRefused
from datasets.keys import Keys, from_text, text_or_empty, whole_number
from datasets.times import date_of, instant_of, midnight_of
from datasets.tour_announcements import NoticeKind
from datasets.tour_folder import TOURS_FILE, messages_document
from datasets.tour_names import Toured
from datasets.tour_spares import spares_order
from datasets.tour_stops import is_on_the_road, leaving_s
from datasets.tours import TourFolder
from optimizer.model import OrderLine
from optimizer.tours.kit import VanStock, kit_with
from optimizer.tours.model import Told, TourJob
from optimizer.tours.plan import Tour

__all__ = ["Objection", "stated_objections"]

KIT, STATED = "KIT", "STATED"
COUNT = whole_number(0, 1 << 50)


@dataclass(frozen=True, slots=True, kw_only=True)
class Objection:
    """One thing that is wrong with tours: a rule, where it is broken, and how."""

    rule: str
    where: str
    sentence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _Piece:
    part_id: str
    quantity: int
    ready_s: int


@dataclass(frozen=True, slots=True, kw_only=True)
class _Order:
    """A row of kit_orders with what each source sends of it."""

    line_id: str
    tour_id: str
    job_id: str
    part_id: str
    quantity: int
    ready_s: int | None
    leaves_s: int
    in_time: str
    pieces: tuple[_Piece, ...]

    @property
    def there(self) -> int:
        """How many units are there when the crew leaves."""
        return sum(piece.quantity for piece in self.pieces if piece.ready_s <= self.leaves_s)


def stated_objections(document: Mapping[str, object], toured: Toured, folder: TourFolder) -> list[Objection]:
    """Return what a document states of kits, orders and messages that its tours, read back, do not mean.

    Raises
    ------
    PlanRefused
        With everything of these that cannot be read.
    """
    faults = FaultList()
    keys = Keys(document, TOURS_FILE, "", faults)
    orders = [_order(row, toured) for row in keys.tables("kit_orders")]
    kits = [
        (row.need("tour_id", text_or_empty, ""), tuple(row.need(name, COUNT, 0) for name in _KIT_FIGURES))
        for row in keys.tables("kits")
    ]
    messages = [_message(row) for row in keys.tables("announcements")]
    if faults.faults:
        raise PlanRefused(faults.faults)
    return [
        *_of_lines(toured, folder, orders),
        *_of_orders(toured, orders),
        *_of_vans(toured, folder, orders, kits),
        *_of_messages(_before_told(toured, messages), messages),
    ]


def _order(row: Keys, toured: Toured) -> _Order:
    midnight = midnight_of(toured.asked.date)
    moment = from_text(lambda written: instant_of(written) - midnight)
    no_moment = from_text(lambda written: instant_of(written) - midnight if written else None)
    named = {name: row.need(name, text_or_empty, "") for name in ("tour_id", "job_id", "part_id", "in_time")}
    # Tours that were written before pieces were have one source a line.
    pieces = list(row.tables("pieces")) or ([row] if row.need("source_id", text_or_empty, "") else [])
    return _Order(
        **named,
        line_id=row.need("order_line_id", text_or_empty, ""),
        quantity=row.need("quantity", from_text(int), 0),
        ready_s=row.need("ready_at", no_moment, None),
        leaves_s=row.need("leaves_at", moment, 0),
        pieces=tuple(
            _Piece(
                part_id=piece.need("part_id", text_or_empty, ""),
                quantity=piece.need("quantity", from_text(int), 0),
                ready_s=piece.need("ready_at", moment, 0),
            )
            for piece in pieces
        ),
    )


def _of_lines(toured: Toured, folder: TourFolder, orders: list[_Order]) -> Iterator[Objection]:
    """Yield what of jobs on tours that leave home is not ordered once, whole and as a part that does; and what else is.

    What a van on the road lacks is no order's matter: the checker says it.
    """
    stated: defaultdict[str, list[_Order]] = defaultdict(list)
    for order in orders:
        if order.job_id:
            stated[order.line_id].append(order)
    for tour in toured.tours:
        for job in (toured.jobs[visit.job_id] for day in tour.days for visit in day.visits):
            for line in job.order_lines:
                may = (line.part_id, *folder.folder.supply.substitutes.get(line.part_id, ()))
                for sentence in _of_line(toured, tour, job, line, may, stated.pop(line.id, [])):
                    yield Objection(rule=KIT, where=toured.tour_id(tour), sentence=f"{line.id}: {sentence}")
    for line_id, found in stated.items():
        yield Objection(rule=KIT, where=found[0].tour_id, sentence=f"{line_id}: no job on these tours needs it")


def _of_line(
    toured: Toured, tour: Tour, job: TourJob, line: OrderLine, may: tuple[str, ...], orders: list[_Order]
) -> Iterator[str]:
    """Yield what is wrong with the orders of a line. may: the parts that do."""
    if len(orders) != 1 and (orders or not is_on_the_road(toured.asked, tour)):
        yield f"{line.quantity} of {line.part_id} for {job.id} must be ordered once, and are {len(orders)} times"
    for order in orders:
        needed = (job.id, toured.tour_id(tour), line.quantity)
        if (order.job_id, order.tour_id, order.quantity) != needed:
            said = f"{order.quantity} for {order.job_id} on {order.tour_id} are ordered"
            yield f"{said}, needed are {line.quantity} for {job.id}"
        for part_id in sorted({order.part_id, *(piece.part_id for piece in order.pieces)}.difference(may)):
            yield f"{part_id} does not do as well as {line.part_id}"


def _of_orders(toured: Toured, orders: list[_Order]) -> Iterator[Objection]:
    """Yield orders that do not say when their tour leaves, or whether and when what is sent is there.

    A kit that comes too late and says so is no fault of the tours: whoever plans them is told, and decides.
    """
    leaving = {toured.tour_id(tour): leaving_s(toured.asked, tour) for tour in toured.tours}
    for order in orders:
        said = []
        if order.tour_id not in leaving:
            said.append("it is for no tour of these")
        elif order.leaves_s != leaving[order.tour_id]:
            said.append("the tour leaves at another time")
        if order.pieces and order.ready_s != max(piece.ready_s for piece in order.pieces):
            said.append("ready_at is not when the last piece of it is there")
        if (order.in_time == "yes") != (order.there >= order.quantity):
            there = f"{order.there} of {order.quantity} are there when the tour leaves"
            said.append(f"in_time is stated as {order.in_time or 'nothing'}, and {there}")
        elif not order.job_id and (order.in_time != "yes" or order.quantity != sum(p.quantity for p in order.pieces)):
            said.append("of spare parts exactly what is there in time is ordered")
        if order.quantity < 1:
            said.append("nothing is ordered")
        for sentence in said:
            yield Objection(rule=KIT, where=order.tour_id, sentence=f"{order.line_id}: {sentence}")


_KIT_FIGURES = ("fixed_on_spot_permille", "volume_ml", "spares_fen")


def _of_vans(
    toured: Toured, folder: TourFolder, orders: list[_Order], kits: list[tuple[str, tuple[int, ...]]]
) -> Iterator[Objection]:
    """Yield vans that hold less than is ordered for them, or than money allows; and figures of kits that are not so."""
    stated = dict(kits)
    names = Counter(id_ for id_, _ in kits)
    for tour in toured.tours:
        id_ = toured.tour_id(tour)
        if names[id_] != 1:
            yield Objection(rule=KIT, where=id_, sentence=f"its kit is stated {names[id_]} times")
        # What is aboard of a van that has left was chosen before.
        if names[id_] == 1 and not is_on_the_road(toured.asked, tour):
            for sentence in _of_van(toured, folder, tour, orders, stated[id_]):
                yield Objection(rule=KIT, where=id_, sentence=sentence)
    for id_ in sorted(names.keys() - {toured.tour_id(tour) for tour in toured.tours}):
        yield Objection(rule=KIT, where=id_, sentence="its kit is stated, and there is no such tour")


def _of_van(
    toured: Toured, folder: TourFolder, tour: Tour, orders: list[_Order], figures: tuple[int, ...]
) -> Iterator[str]:
    prefix = f"{spares_order(toured.tour_id(tour))}/"
    spares = [order for order in orders if not order.job_id and order.tour_id == toured.tour_id(tour)]
    sent = {order.line_id.removeprefix(prefix): (order.part_id, order.quantity) for order in spares}
    parts = {part.part_id: part for part in folder.van_parts}
    if len(sent) < len(spares) or not sent.keys() <= parts.keys():
        yield "its spare parts are not ordered once each, in lines named after the tour and a part of van_parts.csv"
        return
    for part_id, (_, quantity) in sent.items():
        if quantity > parts[part_id].most:
            yield f"{quantity} spare {part_id} are ordered; a van carries {parts[part_id].most} at most"
    crew, money_fen = toured.crews[tour.crew_id], folder.policy.spares_fen
    stock = VanStock(parts=folder.van_parts, volume_ml=crew.volume_ml, money_fen=money_fen)
    kit = kit_with(toured.asked, tour, stock, sent)
    if spares and kit.volume_ml > crew.volume_ml:
        yield f"the kit and its spare parts take {kit.volume_ml} ml, the van has {crew.volume_ml}"
    if kit.money_fen > money_fen:
        yield f"the spare parts are worth {kit.money_fen} fen, {money_fen} are allowed"
    true = (kit.fixed_on_spot_permille, kit.volume_ml, kit.money_fen)
    for name, said, value in zip(_KIT_FIGURES, figures, true, strict=True):
        if said != value:
            yield f"{name} is stated as {said}, it is {value}"


_Message = Mapping[str, Any]


def _message(row: Keys) -> _Message:
    """Return a message as it is stated; what cannot be read is noted."""
    named = {name: row.need(name, text_or_empty, "") for name in ("contact", "phone", "text")}
    villages = [_notice(village) for village in row.tables("villages")]
    return {**named, "villages": villages}


def _notice(row: Keys) -> dict[str, str | None]:
    date = from_text(lambda written: date_of(written).isoformat())
    return {
        "village_id": row.need("village_id", text_or_empty, ""),
        "date": row.need("date", date, "1970-01-01"),
        "status": row.need("status", text_or_empty, ""),
        "at_village_id": row.need("at_village_id", _text_or_none, None),
    }


def _text_or_none(value: object) -> str | None:
    return None if value is None else text_or_empty(value)


def _before_told(toured: Toured, messages: list[_Message]) -> Toured:
    """Return tours whose villages do not know yet what these messages are the first to tell them."""
    told: defaultdict[str, set[Told]] = defaultdict(set)
    for message in messages:
        for one in message["villages"]:
            if one["at_village_id"] is not None and one["status"] != NoticeKind.ANNOUNCED:
                day = (date_of(one["date"]) - toured.asked.date).days
                told[one["village_id"]].add(Told(day=day, stop_id=one["at_village_id"]))
    villages = tuple(
        replace(v, told=tuple(one for one in v.told if one not in told[v.id])) for v in toured.asked.villages
    )
    return replace(toured, asked=replace(toured.asked, villages=villages))


def _of_messages(toured: Toured, messages: list[_Message]) -> Iterator[Objection]:
    """Yield messages that are not those of the tours."""
    due: defaultdict[str, list[_Message]] = defaultdict(list)
    for one in messages_document(toured):
        due[_about(one)].append(one)
    for number, message in enumerate(messages, start=1):
        where, about = f"announcements[{number}]", _about(message)
        if not due[about]:
            yield Objection(rule=STATED, where=where, sentence=f"these tours have no such message about {about}")
            continue
        same = message in due[about]
        true = due[about].pop(due[about].index(message) if same else 0)
        for name in () if same else (name for name in true if message[name] != true[name]):
            said = f"{name} is not what these tours tell about {about}"
            yield Objection(rule=STATED, where=where, sentence=said)
    for about, missing in due.items():
        for _ in missing:
            yield Objection(rule=STATED, where="announcements", sentence=f"there is no message about {about}")


def _about(message: _Message) -> str:
    return ", ".join(dict.fromkeys(one["village_id"] for one in message["villages"]))
