"""Drafts for villages that were told a day on which nobody came, in the words of `paigong tour progress`."""

import datetime as dt
from typing import Any

from api.database import Database
from api.store.days import areas_on
from api.store.tour_days import Reported, seen_to
from api.store.tour_plans import file_of, run_alone
from api.tour_making import pulled_of, read_folder
from datasets.tour_apologies import Apology, Missed, apologies
from datasets.tour_levers import pull
from datasets.tour_names import Toured
from datasets.tour_naming import names_of
from datasets.tour_reading import tours_of

__all__ = ["draft_apologies"]


def draft_apologies(url: str, plan_id: str, now: dt.datetime) -> tuple[Apology, ...]:
    """Return a draft per village that these tours told and nobody visited; in a process of its own, as judging is.

    What has been done since is not promised again.
    """
    database = Database(url)
    try:
        with database.read() as session:
            plan = run_alone(session, plan_id)
            said = (plan.outcome or {}).get("missed", ())
            if not said:
                return ()
            source: Any = file_of(session, plan_id, "source")
            document: Any = file_of(session, plan_id, "tours")
            folder = read_folder(source, plan.wish["levers"], areas_on(session, plan.date))
            ids = {job.id for job in folder.touring.jobs}
            done = seen_to(session, ids, plan.crew_ids, Reported(trusts_begun=True), now)
    finally:
        database.close()
    pulled = pulled_of(folder.touring, plan.wish["levers"], plan.wish.get("held", ()), source.get("done", ()))
    asked = pull(folder.touring, pulled)
    toured = Toured(asked=asked, result=tours_of(document, asked).result, names=names_of(folder), pulled=pulled)
    missed = [
        Missed(
            village_id=one["village_id"],
            day=(dt.date.fromisoformat(one["date"]) - asked.date).days,
            stop_id=one["at_village_id"],
        )
        for one in said
    ]
    return apologies(toured, missed, done)
