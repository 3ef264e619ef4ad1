"""Who calls: a key of the store, what it opens, and whose rows it sees."""

import datetime as dt
import hmac
import time
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from api.clock import Clock
from api.database import Database
from api.errors import Forbidden, NotFound, Unauthorised
from api.store.keys import digest_of, split_token
from api.tables.access import ApiKey

__all__ = ["REMEMBERED_S", "Caller", "KeyRing", "Scope"]

REMEMBERED_S = 2.0
"""For so long a key is not looked up again: a revocation bites after at most this, in every process."""
MOST_REMEMBERED = 10_000


class Scope(StrEnum):
    """What a key may do beyond reading."""

    JOBS_WRITE = "jobs:write"
    PLANS_SOLVE = "plans:solve"
    PLANS_PUBLISH = "plans:publish"
    PARTS_WRITE = "parts:write"
    DISPATCH = "dispatch"
    ADMIN = "admin"


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """Whoever holds a key. actor: the key's name, or whom it says it acts for; centres: None for all."""

    key_id: str
    actor: str
    scopes: frozenset[str]
    centres: frozenset[str] | None

    def sees(self, centre_id: str | None) -> bool:
        """Return whether rows of a centre exist for this caller; None: rows of no one centre."""
        return self.centres is None or centre_id in self.centres

    def require(self, scope: Scope) -> None:
        """Raise Forbidden without this scope; admin opens everything."""
        if scope not in self.scopes and Scope.ADMIN not in self.scopes:
            raise Forbidden(f"This needs the scope {scope}.", members={"scope": scope})

    def require_centre(self, centre_id: str, what: str) -> None:
        """Raise NotFound for another centre's rows: whether they exist is not this caller's to know."""
        if not self.sees(centre_id):
            raise NotFound(f"There is no {what}.")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Key:
    """What is remembered of a key."""

    name: str
    digest: bytes
    scopes: frozenset[str]
    centres: frozenset[str] | None
    expires_at: dt.datetime | None
    is_revoked: bool


class KeyRing:
    """Tells keys from other text; remembers for seconds what it looked up."""

    def __init__(self, database: Database, clock: Clock, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._database = database
        self._clock = clock
        self._monotonic = monotonic
        self._remembered: dict[str, tuple[float, _Key]] = {}

    def remembers(self, token: str) -> bool:
        """Return whether `caller` can tell without a look into the store."""
        parts = split_token(token)
        return parts is None or self._known(parts[0]) is not None

    def caller(self, token: str, acts_for: str | None = None) -> Caller:
        """Return who holds this token. Raises Unauthorised, always in the same words: a guess learns nothing."""
        parts = split_token(token)
        key = None if parts is None else self._key(parts[0])
        if parts is None or key is None or not hmac.compare_digest(key.digest, digest_of(parts[1])):
            raise _unauthorised("The key is not known.")
        if key.is_revoked:
            raise _unauthorised("The key has been revoked.")
        if key.expires_at is not None and key.expires_at <= self._clock():
            raise _unauthorised("The key has expired.")
        return Caller(key_id=parts[0], actor=acts_for or key.name, scopes=key.scopes, centres=key.centres)

    def _key(self, key_id: str) -> _Key | None:
        if (known := self._known(key_id)) is not None:
            return known
        moment = self._monotonic()
        with self._database.read() as session:
            row = session.get(ApiKey, key_id)
            if row is None:
                return None
            key = _Key(
                name=row.name,
                digest=row.digest,
                scopes=frozenset(row.scopes),
                centres=None if row.centres is None else frozenset(row.centres),
                expires_at=row.expires_at,
                is_revoked=row.revoked_at is not None,
            )
        if len(self._remembered) >= MOST_REMEMBERED:
            self._remembered.clear()
        self._remembered[key_id] = (moment, key)
        return key

    def _known(self, key_id: str) -> _Key | None:
        looked_up, key = self._remembered.get(key_id, (0.0, None))
        return key if key is not None and self._monotonic() - looked_up < REMEMBERED_S else None


def _unauthorised(detail: str) -> Unauthorised:
    return Unauthorised(detail, headers={"WWW-Authenticate": 'Bearer realm="paigong"'})
