"""The throw-away PostgreSQL itself, which other tests kill."""

from sqlalchemy import text

from api.database import Database
from bench.postgis import Cluster, cluster


def insert_and_count(running: Cluster) -> int:
    database = Database(running.url("postgres"))
    with database.write() as session:
        session.execute(text("CREATE TABLE IF NOT EXISTS met (at integer)"))
        session.execute(text("INSERT INTO met VALUES (1)"))
        count: int = session.execute(text("SELECT count(*) FROM met")).scalar_one()
    database.close()
    return count


def test_a_killed_cluster_comes_back_with_what_was_committed() -> None:
    with cluster() as running:
        assert insert_and_count(running) == 1
        running.kill()
        running.start()
        assert insert_and_count(running) == 2
    assert not running.folder.exists()
