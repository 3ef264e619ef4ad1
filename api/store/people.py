"""Technicians by centre, and what they are certified for."""

import datetime as dt
from collections.abc import Collection, Iterator, Sequence
from typing import Any

from sqlalchemy import ColumnElement, select, tuple_
from sqlalchemy.orm import Session

from api.pages import foreign_cursor
from api.store.network import holding
from api.tables.network import OutletRow, TechnicianCertificate, TechnicianRow

__all__ = ["certificates_on", "outlets_of_centres"]


def outlets_of_centres(session: Session, centres: Collection[str], on: dt.date) -> list[str]:
    """Return the ids of the outlets that some centres have on a date."""
    return list(session.scalars(holding(OutletRow, on, OutletRow.centre_id.in_(centres), columns=[OutletRow.id])))


def certificates_on(
    session: Session,
    on: dt.date,
    outlets: Collection[str] | None,
    *,
    scheme: str | None = None,
    technician_id: str | None = None,
    after: Sequence[Any] | None = None,
    most: int,
) -> Iterator[tuple[Any, Any]]:
    """Yield technician and certificate of everybody who is there on a date.

    outlets: only theirs, None for all. after: technician, scheme and first date of the one before. most: so many.
    """
    where: list[ColumnElement[bool]] = [] if outlets is None else [TechnicianRow.outlet_id.in_(outlets)]
    if technician_id is not None:
        where.append(TechnicianRow.id == technician_id)
    people = holding(
        TechnicianRow, on, *where, columns=[TechnicianRow.id, TechnicianRow.outlet_id, TechnicianRow.effective_from]
    ).subquery()
    query = (
        select(people.c.id, people.c.outlet_id, TechnicianCertificate)
        .join(
            TechnicianCertificate,
            (TechnicianCertificate.technician_id == people.c.id)
            & (TechnicianCertificate.effective_from == people.c.effective_from),
        )
        .order_by(people.c.id, TechnicianCertificate.scheme, TechnicianCertificate.valid_from)
    )
    if scheme is not None:
        query = query.where(TechnicianCertificate.scheme == scheme)
    if after is not None:
        technician, last_scheme, first = _place(after)
        query = query.where(
            tuple_(people.c.id, TechnicianCertificate.scheme, TechnicianCertificate.valid_from)
            > tuple_(technician, last_scheme, first)
        )
    for row in session.execute(query.limit(most)):
        yield row, row[2]


def _place(after: Sequence[Any]) -> tuple[str, str, dt.date]:
    """Return the place in the list that a cursor says. Raises BadRequest."""
    match after:
        case (str(technician), str(scheme), str(first)):
            try:
                return technician, scheme, dt.date.fromisoformat(first)
            except ValueError:
                pass
    raise foreign_cursor()
