"""The process that makes one sourcing run: all open orders at once, checked, and written in one transaction.

It can be killed at any line: before that transaction nothing has happened, after it the run has ended.
"""

import datetime as dt
import time
import traceback
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from api.attempts import of_worker, problem_of, writing
from api.clock import Clock, utc_now
from api.database import Database
from api.errors import Conflict
from api.parts_answers import Decided, answer_at_once, asked_of_orders, decide, settle_sent, take_back
from api.parts_network import PartsNetwork, PartsNetworks
from api.patience import GONE, patiently
from api.plan_states import PlanState
from api.settings import Settings
from api.sourcing_findings import Found, find_beside, returns_written, transfers_written
from api.store.durable_runs import RunLost
from api.store.parts_orders import OPEN, OrderSeen, orders_of
from api.store.parts_shelves import lock_shelves
from api.store.sourcing_runs import RETURN, TRANSFER, add_findings, begin_run, end_run, hold_run, run_alone
from api.tables.parts import PartsOrder, PartsOrderLine, SourcingRun
from optimizer.parts.check import faults
from optimizer.parts.model import LineAnswer, Sourced, Sourcing, SourcingCost
from optimizer.parts.replies import replies
from optimizer.parts.reply import LineReply
from optimizer.parts.sourcing import source

__all__ = ["run_sourcing_here", "run_sourcing_of_worker"]

MOST_EXPLAINED = 2_000
"""Lines of a run that are given all their replies: more of them take longer to explain than to decide."""

Stamp = tuple[int, tuple[int, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Solved:
    """What a run decided, what is said of it and beside it, and how the orders stood."""

    sourced: Sourced
    told: tuple[LineReply, ...]
    beside: Found
    stamps: Mapping[str, Stamp]


def run_sourcing_of_worker(settings: Settings, run_id: str, executor: str) -> None:
    """Make a sourcing run in the child process of a worker, and end with that worker."""
    of_worker(settings, lambda database: run_sourcing_here(database, run_id, executor))


def run_sourcing_here(database: Database, run_id: str, executor: str, clock: Clock = utc_now) -> None:
    """Make a sourcing run in this process."""
    attempt = writing(database, lambda session: begin_run(session, run_id, executor, clock()))
    if attempt is None:
        return
    try:
        with database.read() as session:
            run = run_alone(session, run_id)
            network = PartsNetworks().current(session, clock())
        solved = _solved(database, run, network, clock)
        writing(database, lambda session: _written(session, run_id, attempt, network, solved, clock))
    except Conflict as refused:
        problem = _problem("no_network", refused.detail, refused.members.get("faults", ()))
    except _Illegal as illegal:
        problem = _problem("sourcing_illegal", "The checker objects to the answers: a defect of ours.", illegal.faults)
    except (RunLost, *GONE):
        raise
    except Exception as defect:
        traceback.print_exc()
        problem = _problem("internal", f"A defect of ours: {type(defect).__name__}.", [])
    else:
        return
    writing(database, lambda session: end_run(session, run_id, attempt, PlanState.FAILED, clock(), problem=problem))


class _Illegal(Exception):
    """The checker found faults."""

    def __init__(self, found: Sequence[str]) -> None:
        super().__init__()
        self.faults = list(found)


def _problem(code: str, detail: str, said: Sequence[str]) -> dict[str, Any]:
    return problem_of(code, detail, [{"pointer": "", "code": code, "detail": sentence} for sentence in said])


def _open(session: Session, centre_ids: Sequence[str], *, lock: bool = False) -> list[OrderSeen]:
    """Return the orders that a run decides: open ones, and no quotes."""
    query = (
        select(PartsOrder)
        .where(PartsOrder.state == OPEN, PartsOrder.quoted_until.is_(None), PartsOrder.centre_id.in_(centre_ids))
        .order_by(PartsOrder.ordered_at, PartsOrder.id)
        .execution_options(populate_existing=True)
    )
    return orders_of(session, session.scalars(query.with_for_update() if lock else query).all())


def _solved(database: Database, run: SourcingRun, network: PartsNetwork, clock: Clock) -> _Solved:
    """Decide over all open orders, as if their provisional promises were given back; nothing is written."""
    limits = run.wish["limits"]

    def look() -> tuple[Sourcing, Mapping[str, Stamp]]:
        # It gives back before it looks: a reader that turns writer could only fail.
        with database.write() as session:
            seen, now = _open(session, run.centre_ids), clock()
            stamps = {one.row.id: _stamp(one, now) for one in seen}
            found = asked_of_orders(session, network, seen, now)
            session.rollback()
        return found, stamps

    asked, stamps = patiently(look)
    begun = time.monotonic()
    sourced = source(asked, remaining=lambda: limits["seconds"] - (time.monotonic() - begun), gap=limits["gap"])
    if found := faults(asked, sourced):
        raise _Illegal(found)
    beside = find_beside(network, asked, sourced, run.centre_ids)
    told = replies(asked, sourced, beside.transfers) if len(sourced.answers) <= MOST_EXPLAINED else ()
    return _Solved(sourced=sourced, told=told, beside=beside, stamps=stamps)


def _stamp(seen: OrderSeen, now: dt.datetime) -> Stamp:
    """Return what tells whether an order asks for what it asked for before."""
    return seen.row.version, tuple(seen.sent(line, now) for line in seen.lines)


def _written(session: Session, run_id: str, attempt: int, network: PartsNetwork, solved: _Solved, clock: Clock) -> None:
    """Write the answers to the orders that are as they were; those whose stock has gone are answered by themselves."""
    sourced, stamps = solved.sourced, solved.stamps
    now = clock()
    run = hold_run(session, run_id, attempt)
    of_order: dict[str, dict[str, LineAnswer]] = {}
    for answer in sourced.answers:
        of_order.setdefault(answer.order_id, {})[answer.line_id] = answer
    opened = _open(session, run.centre_ids, lock=True)
    seen = [one for one in opened if one.row.id in of_order and stamps.get(one.row.id) == _stamp(one, now)]
    lock_shelves(session, network.also(line.part_id for one in seen for line in one.lines))
    take_back(session, seen, now)
    decided = Decided(by="run", now=now, actor=run.actor, run_id=run_id)
    # What lies on the outlet's own shelf leaves by no departure that could be missed.
    late = {
        answer.order_id
        for answer in sourced.answers
        for dispatch in answer.dispatches
        if dispatch.ready_p90_s > dispatch.ships_s and network.moment(dispatch.ships_s) < now
    }
    ready = [(one, of_order[one.row.id]) for one in seen if one.row.id not in late]
    again = [one for one in seen if one.row.id in late] + decide(session, network, ready, decided, solved.told)
    for one in again:
        answer_at_once(session, network, one, decided)
    for one in opened:
        settle_sent(session, one, decided)
    written = [line for one in seen for line in one.lines if line.id in of_order[one.row.id]]
    add_findings(session, run_id, TRANSFER, transfers_written(solved.beside, network))
    add_findings(session, run_id, RETURN, returns_written(solved.beside, network))
    outcome = _outcome(sourced, len(seen), written, len(again))
    outcome["answered_late"] = sum(
        (line.first_answered_at or now) > one.row.respond_by for one in seen for line in one.lines if line in written
    )
    end_run(session, run_id, attempt, PlanState.FINISHED, now, outcome=outcome)


def _outcome(sourced: Sourced, orders: int, lines: Sequence[PartsOrderLine], again: int) -> dict[str, Any]:
    cost = sourced.cost.total
    return {
        "orders": orders,
        "lines": len(lines),
        "answers": dict(Counter(line.answer for line in lines)),
        "again": again,
        "cost_fen": cost,
        "items": {item.name: getattr(sourced.cost, item.name) for item in fields(SourcingCost)},
        "bound_fen": sourced.bound_fen,
        "gap": (cost - sourced.bound_fen) / cost if cost else 0.0,
    }
