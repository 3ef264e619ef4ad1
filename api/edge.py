"""One request at the edge: the transaction it is, the audit entry it leaves, and the answer that a repetition gets."""

import datetime as dt
import hashlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from fastapi import Response
from pydantic import BaseModel
from sqlalchemy import delete, insert
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from api.auth import Caller
from api.clock import Clock
from api.database import Database
from api.errors import Fault, Refused
from api.tables.access import AuditEntry, Posted
from api.tables.base import new_id

__all__ = ["REPLAYED_FOR", "Answer", "Edge", "Repeated", "fingerprint_of"]

REPLAYED_FOR = dt.timedelta(hours=24)
_ADD_TO_AUDIT = insert(AuditEntry.plain())


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What is answered: a schema or bytes, and the headers that matter (Location, ETag, Content-Type)."""

    body: BaseModel | bytes = b""
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)

    def written(self) -> bytes:
        """Return the body's bytes."""
        return self.body if isinstance(self.body, bytes) else self.body.model_dump_json(by_alias=True).encode()

    def all_headers(self) -> dict[str, str]:
        """Return the headers, with the type of a schema."""
        kind = {"Content-Type": "application/json"} if isinstance(self.body, BaseModel) else {}
        return {**kind, **self.headers}

    def response(self) -> Response:
        """Return it for the web."""
        return Response(self.written(), status_code=self.status, headers=self.all_headers())


class Repeated(Exception):
    """The request was answered before, under its Idempotency-Key; nothing needs to be done."""

    def __init__(self, response: Response) -> None:
        super().__init__()
        self.response = response


@dataclass(frozen=True, slots=True, kw_only=True)
class Edge:
    """What an endpoint works with; only it opens transactions."""

    database: Database
    caller: Caller
    clock: Clock
    request_id: str
    method: str
    path: str
    idempotency_key: str | None = None
    fingerprint: bytes = b""

    @contextmanager
    def read(self) -> Iterator[Session]:
        """Yield a session that sees one moment and changes nothing."""
        with self.database.read() as session:
            yield session

    @contextmanager
    def write(self, **detail: Any) -> Iterator[Session]:
        """Yield a session that commits with an audit entry; detail: what the entry says beside who, when and where."""
        with self.database.write() as session:
            yield session
            self._audit(session, detail)

    def require_new(self) -> None:
        """Let a POST pass that was not answered yet. Raises Repeated with what was, before anything is looked at.

        What it did may be the reason why it could not be done again: a version has risen, a moment has passed.
        """
        if self.idempotency_key is None:
            return
        with self.database.read() as session:
            before = session.get(Posted, (self.caller.key_id, self.idempotency_key))
            if before is not None and before.at >= self.clock() - REPLAYED_FOR:
                raise Repeated(self._again(before))

    def kept(self, answer: Answer) -> Response:
        """Answer a POST that changes nothing; with an Idempotency-Key, a repetition gets the same."""
        return answer.response() if self.idempotency_key is None else self.once(lambda _: answer)

    def once(self, effect: Callable[[Session], Answer], *, durable: bool = True, **detail: Any) -> Response:
        """Run a POST's effect in one transaction (`Database.write`); with an Idempotency-Key, once in 24 hours.

        A repetition gets the stored answer. One that comes while the first still runs waits for its end. Refusals are
        not stored: nothing happened, and the next attempt may succeed.
        """
        with self.database.write(durable=durable) as session:
            before = self._claimed(session)
            if before is not None:
                return self._again(before)
            answer = effect(session)
            self._audit(session, detail)
            if self.idempotency_key is not None:
                posted = session.get_one(Posted, (self.caller.key_id, self.idempotency_key))
                posted.status, posted.body = answer.status, answer.written()
                posted.headers = answer.all_headers()
        return answer.response()

    def _claimed(self, session: Session) -> Posted | None:
        """Take the idempotency key for this request, or return what was answered to it before."""
        if self.idempotency_key is None:
            return None
        now = self.clock()
        session.execute(delete(Posted).where(Posted.at < now - REPLAYED_FOR, Posted.key_id == self.caller.key_id))
        into = sqlite.insert if self.database.is_sqlite else postgresql.insert
        row = {
            "key_id": self.caller.key_id,
            "idempotency_key": self.idempotency_key,
            "fingerprint": self.fingerprint,
            "at": now,
            "headers": {},
            "body": b"",
        }
        # PostgreSQL waits here for the end of a transaction that has taken the key; SQLite has one writer anyway.
        taken = session.execute(into(Posted).values(row).on_conflict_do_nothing().returning(Posted.fingerprint)).first()
        if taken is not None:
            return None
        return session.get_one(Posted, (self.caller.key_id, self.idempotency_key))

    def _again(self, before: Posted) -> Response:
        """Return what was answered before. Raises Refused when it was the answer to something else."""
        if before.fingerprint != self.fingerprint:
            fault = Fault(pointer="", code="idempotency_key_reused", detail="this key came with another request before")
            raise Refused("The Idempotency-Key belongs to another request.", faults=(fault,))
        return Response(before.body, before.status or 200, {**before.headers, "Idempotency-Replayed": "true"})

    def _audit(self, session: Session, detail: Mapping[str, Any]) -> None:
        session.execute(
            _ADD_TO_AUDIT,
            {
                "id": new_id("audit"),
                "at": self.clock(),
                "key_id": self.caller.key_id,
                "actor": self.caller.actor,
                "request_id": self.request_id,
                "method": self.method,
                "path": self.path,
                "detail": dict(detail),
            },
        )


def fingerprint_of(method: str, target: str, body: bytes) -> bytes:
    """Return what two requests have in common only when they ask the same."""
    return hashlib.sha256(b"\n".join((method.encode(), target.encode(), body))).digest()
