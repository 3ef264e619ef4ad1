"""Routes that do next to nothing, to see what holds for every route."""

import datetime as dt
import threading

from fastapi import FastAPI, Response
from pydantic import Field
from sqlalchemy.orm import Session

from api.conditions import IfMatch, PreferWait, etag, hold_version
from api.dependencies import CallerOf, EdgeOf, LanguageOf, needs
from api.edge import Answer
from api.errors import Conflict
from api.event_types import EventType
from api.events import emit
from api.routes import router
from api.schemas.values import Duration, Moment, Position, Sent, Shown, Text
from api.schemas.written import Identifier
from api.tables.base import new_id

__all__ = ["Gate", "add_probe"]


class Draft(Sent):
    """Something to be made."""

    name: Text = Field(description="A name.", examples=["x"])
    at: Moment | None = Field(default=None, description="A moment.")
    takes: Duration | None = Field(default=None, description="A duration.")
    position: Position | None = Field(default=None, description="A place.", examples=[None])
    count: int = Field(default=0, ge=0, le=100, description="A number.", examples=[1])
    tags: list[Identifier] = Field(default=[], description="Some words.", examples=[["a"]])


class Made(Shown):
    """Something made."""

    id: str = Field(description="Its id.", examples=["x_1"])
    at: Moment | None = Field(description="A moment.")
    takes: dt.timedelta | None = Field(description="A duration.", examples=["PT1H"])


class Gate:
    """Holds an effect up, so that another request comes while it runs."""

    def __init__(self) -> None:
        self.is_inside = threading.Event()
        self.opens = threading.Event()
        self.opens.set()
        self.runs = 0

    def pass_through(self) -> None:
        self.runs += 1
        self.is_inside.set()
        self.opens.wait(20)


def add_probe(app: FastAPI) -> Gate:
    """Give an application the routes; the gate is every effect's."""
    gate = Gate()
    routes = router("probe", Conflict)

    @routes.post("/things", status_code=201, response_model=Made, dependencies=[needs("jobs:write")])
    def make(edge: EdgeOf, draft: Draft) -> Response:
        """Make a thing."""

        def effect(session: Session) -> Answer:
            thing = new_id("thing")
            emit(session, EventType.JOB_CREATED, thing, {"name": draft.name})
            gate.pass_through()
            if draft.name == "clash":
                raise Conflict("No.", members={"offers": []})
            if draft.name == "crash":
                raise KeyError("a customer's name")
            made = Made(id=thing, at=draft.at, takes=draft.takes)
            return Answer(status=201, body=made, headers={"Location": f"/v1/things/{thing}", "ETag": etag(1)})

        return edge.once(effect, name=draft.name)

    @routes.patch("/things/{thing}", response_model=Made)
    def change(edge: EdgeOf, thing: str, wanted: IfMatch) -> Response:
        """Change a thing, which is at version 7."""
        hold_version(7, wanted.needed())
        return Answer(body=Made(id=thing, at=None, takes=None), headers={"ETag": etag(8)}).response()

    @routes.get("/things/{thing}")
    def get(caller: CallerOf, language: LanguageOf, wait: PreferWait, thing: str, number: int = 0) -> dict[str, object]:
        """Get a thing of centre C01."""
        caller.require_centre("C01", "thing")
        return {"language": language, "wait": wait, "actor": caller.actor, "number": number}

    app.include_router(routes)
    return gate
