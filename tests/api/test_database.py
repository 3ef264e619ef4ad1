"""The store's transactions: what is promised waits for the disk, what can be asked again does not."""

from sqlalchemy import text

from api.database import Database

__all__: list[str] = []


def test_only_what_can_be_asked_again_does_not_wait_for_the_disk(database: Database) -> None:
    asked = text("PRAGMA synchronous" if database.is_sqlite else "SHOW synchronous_commit")
    said = []
    # The same connection serves all three: nothing may stay as the one in the middle wanted it.
    for durable in (True, False, True):
        with database.write(durable=durable) as session:
            said.append(session.scalar(asked))
    with database.read() as session:
        said.append(session.scalar(asked))
    full, normal = (2, 1) if database.is_sqlite else ("on", "off")
    assert said == [full, normal, full, full]
