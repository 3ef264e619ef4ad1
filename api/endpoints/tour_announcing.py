"""Villages are told what the messages of tours say."""

from collections.abc import Iterable

from fastapi import Response
from sqlalchemy.orm import Session

from api.conditions import IfMatch, etag
from api.dependencies import EdgeOf, needs
from api.edge import Answer
from api.endpoints.tours import TourId, days_of, held_tours
from api.errors import Conflict, Fault, NotFound, Refused
from api.routes import router
from api.schemas.tours import Announce, Announced, AnnouncedVillage, StopShown
from api.store.tour_announcing import News, announce
from api.store.tour_dates import other_centres_villages, told_by
from api.store.tour_plans import file_of
from datasets.times import local_date
from datasets.tour_told import Promise

__all__ = ["announce_dates", "routes"]

routes = router("tours", NotFound, Conflict)


@routes.post(
    "/tours/{tour_id}:announce",
    response_model=Announced,
    dependencies=[needs("plans:publish")],
    summary="Tell villages their dates",
)
def announce_dates(tour_id: TourId, body: Announce, edge: EdgeOf, versions: IfMatch) -> Response:
    """Write down what each village is told by the messages of these tours: plans keep it unless they cannot.

    A village may be told several dates, some of them of a stop in another one. What these tours were planned from and
    could not keep is taken back. Villages of centres that the key is not for are left out of `all`, and refused by
    name. 409 where a village was told another date on the days of these tours since they were planned.
    """

    def effect(session: Session) -> Answer:
        plan = held_tours(session, edge, tour_id, versions)
        today = local_date(edge.clock())
        told = told_by(file_of(session, plan.id, "announcements") or ())
        past = {id_ for id_, promises in told.items() if promises and max(promises)[0] < today}
        others = other_centres_villages(session, told, today, edge.caller.centres)
        wanted = list(told) if body.village_ids == "all" else list(dict.fromkeys(body.village_ids))
        faults = [
            Fault(pointer=f"/village_ids/{number}", code=code, detail=detail.format(id_))
            for code, detail, wrong in (
                ("no_stop", 'nothing in these messages about "{}"', lambda id_: id_ not in told),
                ("past", "a village whose date is still to come", past.__contains__),
                ("other_centre", "a village of this key's centres", others.__contains__),
            )
            for number, id_ in enumerate(wanted)
            if wrong(id_)
        ]
        if faults and body.village_ids != "all":
            raise Refused("The villages cannot be told.", faults=faults)
        now = {id_: told[id_] for id_ in wanted if id_ not in past and id_ not in others}
        news = announce(session, plan, days_of(session, plan), now, at=edge.clock())
        villages = [_announced(id_, found) for id_, found in sorted(news.items())]
        return Answer(body=Announced(villages=villages), headers={"ETag": etag(plan.version)})

    return edge.once(effect)


def _announced(village_id: str, found: News) -> AnnouncedVillage:
    def shown(promises: Iterable[Promise]) -> list[StopShown]:
        return [StopShown(date=date, at_village_id=stop_id) for date, stop_id in promises]

    return AnnouncedVillage(
        village_id=village_id,
        date=found.standing[0][0] if found.standing else None,
        is_new=bool(found.new or found.taken_back),
        dates=shown(found.standing),
        taken_back=shown(found.taken_back),
    )
