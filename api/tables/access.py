"""Who may do what, who did what, and what was answered before."""

import datetime as dt
from typing import Any

from sqlalchemy import JSON, ForeignKey, LargeBinary
from sqlalchemy.orm import Mapped, mapped_column

from api.tables.base import Base, Instant

__all__ = ["ApiKey", "AuditEntry", "Posted"]


class ApiKey(Base):
    """A key; of its secret only the digest is kept."""

    __tablename__ = "api_keys"

    id: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]
    digest: Mapped[bytes] = mapped_column(LargeBinary)
    """SHA-256 of the secret, which is 256 random bits: nothing to guess, so nothing to slow down."""
    scopes: Mapped[list[str]] = mapped_column(JSON)
    centres: Mapped[list[str] | None] = mapped_column(JSON(none_as_null=True))
    """The centres whose rows it sees; null: all."""
    created_at: Mapped[dt.datetime] = mapped_column(Instant)
    expires_at: Mapped[dt.datetime | None] = mapped_column(Instant)
    revoked_at: Mapped[dt.datetime | None] = mapped_column(Instant)


class AuditEntry(Base):
    """One change through the API; never rewritten (triggers refuse it)."""

    __tablename__ = "audit"

    id: Mapped[str] = mapped_column(primary_key=True)
    at: Mapped[dt.datetime] = mapped_column(Instant, index=True)
    key_id: Mapped[str | None]
    actor: Mapped[str]
    request_id: Mapped[str]
    method: Mapped[str]
    path: Mapped[str]
    detail: Mapped[dict[str, Any]] = mapped_column(JSON)


class Posted(Base):
    """The answer to a POST that carried an Idempotency-Key, written in the transaction of its effect."""

    __tablename__ = "posted"

    key_id: Mapped[str] = mapped_column(ForeignKey("api_keys.id"), primary_key=True)
    idempotency_key: Mapped[str] = mapped_column(primary_key=True)
    fingerprint: Mapped[bytes] = mapped_column(LargeBinary)
    at: Mapped[dt.datetime] = mapped_column(Instant, index=True)
    status: Mapped[int | None]
    """Null only inside the transaction that is working on it."""
    headers: Mapped[dict[str, str]] = mapped_column(JSON)
    body: Mapped[bytes] = mapped_column(LargeBinary)
