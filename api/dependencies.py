"""What endpoints ask for by type: the caller, the edge, the store, the clock, the language."""

import re
from functools import partial
from typing import Annotated, Any
from urllib.parse import unquote

from fastapi import Depends, Header, Request, Security
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from starlette.concurrency import run_in_threadpool

from api.auth import Caller, KeyRing, Scope
from api.clock import Clock
from api.database import Database
from api.edge import Edge, fingerprint_of
from api.errors import BadRequest, Fault, Unauthorised
from api.language import Language, language_of
from api.settings import Settings

__all__ = ["CallerOf", "ClockOf", "DatabaseOf", "EdgeOf", "LanguageOf", "SettingsOf", "is_bulk", "needs"]

LONGEST_ACTOR = 100
IDEMPOTENCY_KEY = re.compile(r"[\x21-\x7e]{1,255}")

_bearer = HTTPBearer(
    auto_error=False,
    scheme_name="key",
    bearerFormat="pgk_…",
    description="An API key, made by `paigong key make`: `Authorization: Bearer pgk_…`.",
)


async def _database(request: Request) -> Database:
    database: Database = request.app.state.database
    return database


async def _clock(request: Request) -> Clock:
    clock: Clock = request.app.state.clock
    return clock


async def _settings(request: Request) -> Settings:
    settings: Settings = request.app.state.settings
    return settings


async def _language(request: Request) -> Language:
    return language_of(request.headers.get("accept-language", ""))


async def _caller(
    request: Request,
    credentials: Annotated[HTTPAuthorizationCredentials | None, Security(_bearer)],
    acts_for: Annotated[
        str | None,
        Header(
            alias="X-Actor",
            description="Whom the caller acts for, percent-encoded UTF-8: written to history and audit, not checked.",
            examples=["dispatcher-7"],
        ),
    ] = None,
) -> Caller:
    rates = request.app.state.rates
    address = request.client.host if request.client else ""
    keys: KeyRing = request.app.state.keys
    try:
        if credentials is None:
            headers = {"WWW-Authenticate": 'Bearer realm="paigong"'}
            raise Unauthorised("Send Authorization: Bearer and an API key.", headers=headers)
        tell = partial(keys.caller, credentials.credentials, _actor(acts_for))
        # To change threads costs more than all of this; only the store is waited for elsewhere.
        caller = tell() if keys.remembers(credentials.credentials) else await run_in_threadpool(tell)
    except Unauthorised:
        rates.count_refused(address)
        raise
    rates.count(caller.key_id)
    request.state.key_id = caller.key_id
    return caller


def _actor(header: str | None) -> str | None:
    if header is None:
        return None
    actor = unquote(header)
    if not actor.isprintable() or not 0 < len(actor) <= LONGEST_ACTOR:
        fault = Fault(
            parameter="header.X-Actor", code="actor", detail=f"1 to {LONGEST_ACTOR} printable characters, in UTF-8"
        )
        raise BadRequest("X-Actor is not a name.", faults=(fault,))
    return actor


async def _edge(
    request: Request,
    caller: Annotated[Caller, Depends(_caller)],
    idempotency_key: Annotated[
        str | None,
        Header(
            alias="Idempotency-Key",
            description="A POST with the same key and the same content gets the first one's answer for 24 hours.",
            examples=["5f1c6a0e-0d0b-4a53-8b1c-3a6f3a2f9f10"],
        ),
    ] = None,
) -> Edge:
    if idempotency_key is not None and IDEMPOTENCY_KEY.fullmatch(idempotency_key) is None:
        fault = Fault(
            parameter="header.Idempotency-Key", code="idempotency_key", detail="1 to 255 visible ASCII characters"
        )
        raise BadRequest("The Idempotency-Key is not one.", faults=(fault,))
    if idempotency_key is not None and is_bulk(request.url.path):
        fault = Fault(parameter="header.Idempotency-Key", code="not_here", detail="none: lines repeat harmlessly")
        raise BadRequest("Bulk upserts are not replayed.", faults=(fault,))
    state = request.app.state
    is_once = idempotency_key is not None and request.method == "POST"
    target = f"{request.url.path}?{request.url.query}"
    edge = Edge(
        database=state.database,
        caller=caller,
        clock=state.clock,
        request_id=request.state.request_id,
        method=request.method,
        path=request.url.path,
        idempotency_key=idempotency_key if is_once else None,
        fingerprint=fingerprint_of(request.method, target, await request.body()) if is_once else b"",
    )
    if is_once:
        await run_in_threadpool(edge.require_new)
    return edge


def is_bulk(path: str) -> bool:
    """Return whether an address takes lines, as they arrive: no answer is kept to replay."""
    return path.endswith(":bulk")


def needs(scope: str) -> Any:
    """Return the dependency on a caller with this scope; every key may read, so reading needs only CallerOf."""
    wanted = Scope(scope)

    async def caller_with_scope(caller: CallerOf) -> Caller:
        caller.require(wanted)
        return caller

    return Security(caller_with_scope, scopes=[wanted])


DatabaseOf = Annotated[Database, Depends(_database)]
ClockOf = Annotated[Clock, Depends(_clock)]
SettingsOf = Annotated[Settings, Depends(_settings)]
LanguageOf = Annotated[Language, Depends(_language)]
CallerOf = Annotated[Caller, Depends(_caller)]
EdgeOf = Annotated[Edge, Depends(_edge)]
