"""API keys in the store: made, found, listed and revoked; a secret leaves here once."""

import datetime as dt
import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from api.tables.access import ApiKey
from api.tables.base import new_id
from api.tables.network import CentreRow

__all__ = [
    "KeyMade",
    "centres_named",
    "digest_of",
    "list_keys",
    "make_key",
    "revoke_key",
    "some_key_opens",
    "split_token",
]

TOKEN_PREFIX = "pgk"
SECRET_BYTES = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyMade:
    """A new key and what its holder sends; the token is known only now."""

    id: str
    token: str


def make_key(
    session: Session,
    *,
    name: str,
    scopes: Sequence[str],
    centres: Sequence[str] | None,
    now: dt.datetime,
    expires_at: dt.datetime | None = None,
) -> KeyMade:
    """Add a key; centres None: all centres."""
    key_id, secret = new_id("key"), secrets.token_urlsafe(SECRET_BYTES)
    session.add(
        ApiKey(
            id=key_id,
            name=name,
            digest=digest_of(secret),
            scopes=sorted(scopes),
            centres=None if centres is None else sorted(centres),
            created_at=now,
            expires_at=expires_at,
        )
    )
    session.flush()
    return KeyMade(id=key_id, token=f"{TOKEN_PREFIX}_{key_id.removeprefix('key_')}_{secret}")


def list_keys(session: Session) -> list[ApiKey]:
    """Return all keys, the oldest first, revoked ones included."""
    return list(session.scalars(select(ApiKey).order_by(ApiKey.id)))


def centres_named(session: Session) -> set[str]:
    """Return the ids of all centres that the store has ever had."""
    return set(session.scalars(select(CentreRow.id).distinct()))


def revoke_key(session: Session, key_id: str, now: dt.datetime) -> dt.datetime | None:
    """Revoke a key for good; return since when it is, None if there is none of this id."""
    key = session.get(ApiKey, key_id)
    if key is None:
        return None
    key.revoked_at = key.revoked_at or now
    return key.revoked_at


def some_key_opens(session: Session, now: dt.datetime) -> bool:
    """Return whether any key is neither revoked nor expired."""
    lives = or_(ApiKey.expires_at.is_(None), ApiKey.expires_at > now)
    return session.scalars(select(ApiKey.id).where(ApiKey.revoked_at.is_(None), lives).limit(1)).first() is not None


def split_token(token: str) -> tuple[str, str] | None:
    """Return the key's id and the secret that a token is made of, None when it is no token."""
    parts = token.split("_", 2)
    if len(parts) != 3 or parts[0] != TOKEN_PREFIX:
        return None
    return f"key_{parts[1]}", parts[2]


def digest_of(secret: str) -> bytes:
    """Return what is kept of a secret."""
    return hashlib.sha256(secret.encode()).digest()
