"""Jobs: entered, read, changed, moved on; their clocks, their explanation, all that happened to them."""

import datetime as dt
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import Depends, Path, Query, Request, Response
from geoalchemy2.shape import to_shape
from pydantic import ValidationError
from sqlalchemy import select, tuple_
from sqlalchemy.orm import Session
from starlette.concurrency import run_in_threadpool

from api.auth import Scope
from api.conditions import IfMatch, Versions, etag, hold_version
from api.dependencies import EdgeOf, LanguageOf, needs
from api.edge import Answer, Edge
from api.endpoints.lines import NDJSON, lines_of, ndjson, refused_line, written_lines
from api.errors import Conflict, Fault, NotFound, PreconditionFailed, PreconditionRequired, Refused
from api.explained import at_the_desk, explained_job, explained_now
from api.job_states import TMF_STATE, JobState, next_states, roles_of
from api.pages import Page, PageOf, foreign_cursor, page_of
from api.payloads import counted, faults_of
from api.routes import router
from api.schemas.cells import fields_of
from api.schemas.job_explanations import JobExplanation
from api.schemas.jobs import (
    Cancellation,
    Clock,
    ClockPause,
    Consent,
    Escalation,
    HistoryEntry,
    Job,
    JobChange,
    JobCreate,
    JobIn,
    JobLine,
    JobSla,
    JobTimeline,
    JobUpsert,
    LineResult,
    PublishedVisit,
)
from api.schemas.values import CHINA, Moment, Money
from api.schemas.written import Place, Span, duration_text
from api.store.documents import settings_on
from api.store.job_moves import (
    escalate,
    job_seen,
    move_job,
    pause_clock,
    record_consent,
    record_wait,
    require_open,
    resume_clock,
    told_at,
)
from api.store.job_upsert import Sending, upsert_jobs
from api.store.jobs import By, change_job, job_by_external, job_history
from api.store.standings import standings_of, visits_of
from api.tables.base import new_id
from api.tables.jobs import JobRow
from api.tables.plans import Visit
from datasets.times import local_date
from optimizer.model import Lock

__all__ = [
    "bulk_jobs",
    "cancel_job",
    "change",
    "consent_to_job",
    "create_job",
    "escalate_job",
    "get_job",
    "job_explanation",
    "job_sla",
    "job_timeline",
    "list_jobs",
    "pause_job_clock",
    "resume_job_clock",
    "routes",
    "upsert_job",
]

CHUNK_LINES = 5_000

routes = router("jobs", NotFound, Conflict, PreconditionFailed, PreconditionRequired)

JobId = Annotated[str, Path(min_length=1, max_length=64, description="Id of the job.", examples=["job_0198f1c2"])]
Source = Annotated[str, Path(min_length=1, max_length=64, description="The system that reports it.", examples=["crm"])]
ExternalId = Annotated[
    str, Path(min_length=1, max_length=128, description="Its id there.", examples=["SR-20260302-0017"])
]
_WRITE = needs("jobs:write")


@routes.post("/jobs", status_code=201, response_model=Job, dependencies=[_WRITE], summary="Enter a job")
def create_job(body: JobCreate, edge: EdgeOf) -> Response:
    """Enter a job; one that its source has named before is a conflict: use the address by external id for that."""

    def effect(session: Session) -> Answer:
        name = body.external_id or new_id("ext")
        before = job_by_external(session, body.source, name)
        if before is not None:
            raise Conflict("The source has named this job before.", members={"id": before.id})
        said = JobIn(**{field: getattr(body, field) for field in JobIn.model_fields})
        job = _entered(session, edge, body.source, name, said, body.needs_visit)
        return _answer(session, job, status=201)

    return edge.once(effect)


@routes.put(
    "/jobs/by-external/{source}/{external_id}",
    response_model=Job,
    responses={201: {"model": Job, "description": "It was new."}},
    dependencies=[_WRITE],
    summary="Put a job by its source's id",
)
def upsert_job(source: Source, external_id: ExternalId, body: JobUpsert, edge: EdgeOf) -> Response:
    """Enter a job, or change it to what its source says now; the same again changes nothing."""
    name = JobLine.model_validate({**_python(body), "source": source, "external_id": external_id})
    with edge.write() as session:
        before = job_by_external(session, name.source, name.external_id)
        said = JobIn(**{field: getattr(body, field) for field in JobIn.model_fields})
        job = _entered(session, edge, name.source, name.external_id, said, body.needs_visit)
        answer = _answer(session, job, status=200 if before is not None else 201)
    return answer.response()


@routes.post("/jobs:bulk", dependencies=[_WRITE], summary="Put many jobs, NDJSON", **ndjson(JobLine))
async def bulk_jobs(edge: EdgeOf, request: Request) -> Response:
    """Put a job per line, as `PUT /v1/jobs/by-external` does; a result per line, good lines are kept.

    Lines are kept 5,000 at a time: a broken connection loses those after, and sending all again is harmless.
    """
    results: list[bytes] = []
    async for first, lines in lines_of(request, CHUNK_LINES):
        results.append(await run_in_threadpool(_put_lines, edge, first, lines))
    return Response(b"".join(results), media_type=NDJSON)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Filters:
    """Which jobs are wanted."""

    equal: dict[str, str]
    states: tuple[str, ...]
    due_before: dt.datetime | None


async def _filters(
    state: Annotated[list[JobState] | None, Query(description="In one of these.", examples=[["planned"]])] = None,
    centre_id: Annotated[str | None, Query(max_length=64, description="Of this centre.", examples=["C-NJ"])] = None,
    due_before: Annotated[
        Moment | None, Query(description="Whose arrival is due before.", examples=["2026-03-03T00:00:00+08:00"])
    ] = None,
    source: Annotated[str | None, Query(max_length=64, description="Of this source.", examples=["crm"])] = None,
    external_id: Annotated[str | None, Query(max_length=128, description="Of this name.", examples=["SR-1"])] = None,
    product: Annotated[str | None, Query(max_length=64, description="Product family.", examples=["fridge"])] = None,
) -> _Filters:
    wanted = {"centre_id": centre_id, "source": source, "external_id": external_id, "product": product}
    return _Filters(
        equal={column: value for column, value in wanted.items() if value is not None},
        states=tuple(one.value for one in state or ()),
        due_before=due_before,
    )


@routes.get("/jobs", summary="Jobs, the last entered first")
def list_jobs(edge: EdgeOf, page: PageOf, filters: Annotated[_Filters, Depends(_filters)]) -> Page[Job]:
    """Return the jobs that this key sees."""
    query = select(JobRow).filter_by(**filters.equal).order_by(JobRow.entered.desc(), JobRow.id.desc())
    if filters.states:
        query = query.where(JobRow.state.in_(filters.states))
    if filters.due_before is not None:
        query = query.where(JobRow.due_at < filters.due_before)
    if edge.caller.centres is not None:
        query = query.where(JobRow.centre_id.in_(edge.caller.centres))
    if page.after is not None:
        query = query.where(tuple_(JobRow.entered, JobRow.id) < tuple_(*_place(page.after)))
    with edge.read() as session:
        rows = session.scalars(query.limit(page.limit + 1)).all()
        visits = visits_of(session, [row.id for row in rows if row.published_technician_id])
        return page_of(rows, page, lambda row: _shown(row, visits.get(row.id)), lambda row: (row.entered, row.id))


@routes.get("/jobs/{job_id}", summary="A job")
def get_job(job_id: JobId, edge: EdgeOf, response: Response) -> Job:
    """Return a job as it is now."""
    with edge.read() as session:
        job = job_seen(session, job_id, edge.caller.centres)
        response.headers["ETag"] = etag(job.version)
        return _shown(job, session.get(Visit, job.id))


@routes.patch("/jobs/{job_id}", response_model=Job, summary="Change a job, or move it on")
def change(job_id: JobId, body: JobChange, edge: EdgeOf, if_match: IfMatch) -> Response:
    """Change what the job says (a merge patch, RFC 7396), move it on in its loop, or lock its visit."""
    if body.state is None or body.model_fields_set - {"state", "reason", "at"}:
        _require_jobs_or_dispatch(edge)
    with edge.write(job_id=job_id) as session:
        job = job_seen(session, job_id, edge.caller.centres, lock=True)
        hold_version(job.version, if_match.needed())
        if body.changes():
            require_open(job)
            said = _patched(job, body.changes())
            job = _entered(session, edge, job.source, job.external_id, said, True)
        if body.lock is not None:
            _lock(session, edge, job, Lock(body.lock))
        if body.state is not None:
            at = told_at(body.at, edge.clock(), job, "/at")
            detail = {"reason": body.reason} if body.reason else {}
            roles = roles_of(edge.caller.scopes)
            move_job(session, job, body.state, roles=roles, by=_by(edge), at=at, detail=detail)
        answer = _answer(session, job)
    return answer.response()


@routes.post("/jobs/{job_id}:cancel", response_model=Job, dependencies=[_WRITE], summary="Cancel a job")
def cancel_job(job_id: JobId, body: Cancellation, if_match: IfMatch, edge: EdgeOf) -> Response:
    """Cancel a job; a promised visit is taken back."""

    def effect(session: Session) -> Answer:
        job = _held(session, edge, job_id, if_match)
        roles = roles_of(edge.caller.scopes)
        detail = {"reason": body.reason}
        move_job(session, job, JobState.CANCELLED, roles=roles, by=_by(edge), at=edge.clock(), detail=detail)
        return _answer(session, job)

    return edge.once(effect)


@routes.post("/jobs/{job_id}:escalate", response_model=Job, summary="Hand a job to a supervisor")
def escalate_job(job_id: JobId, body: Escalation, edge: EdgeOf, if_match: IfMatch) -> Response:
    """Say that a supervisor must look."""
    _require_jobs_or_dispatch(edge)

    def effect(session: Session) -> Answer:
        job = _held(session, edge, job_id, if_match)
        return _answer(session, escalate(session, job, body.reason, by=_by(edge), at=edge.clock()))

    return edge.once(effect)


@routes.post(
    "/jobs/{job_id}:record-consent", response_model=Job, dependencies=[_WRITE], summary="Record the customer's consent"
)
def consent_to_job(job_id: JobId, body: Consent, if_match: IfMatch, edge: EdgeOf) -> Response:
    """Write down what the customer said: to the quote, where refused cancels the job, or to waiting for a tour."""

    def effect(session: Session) -> Answer:
        job = _held(session, edge, job_id, if_match)
        at = told_at(body.said_at, edge.clock(), job, "/said_at")
        if body.kind == "wait":
            until = None if body.until is None else dt.date.fromisoformat(body.until)
            return _answer(session, record_wait(session, job, until, by=_by(edge), at=at))
        roles = roles_of(edge.caller.scopes)
        record_consent(
            session,
            job,
            body.consent,
            None if body.amount is None else body.amount.fen,
            roles=roles,
            by=_by(edge),
            at=at,
        )
        return _answer(session, job)

    return edge.once(effect)


@routes.post(
    "/jobs/{job_id}:pause-clock", response_model=Job, dependencies=[_WRITE], summary="Let the clocks stand still"
)
def pause_job_clock(job_id: JobId, body: ClockPause, if_match: IfMatch, edge: EdgeOf) -> Response:
    """Stop the clocks with a reason; they are due later by as long as they stand still."""

    def effect(session: Session) -> Answer:
        job = _held(session, edge, job_id, if_match)
        return _answer(session, pause_clock(session, job, body.reason, body.note, by=_by(edge), at=edge.clock()))

    return edge.once(effect)


@routes.post("/jobs/{job_id}:resume-clock", response_model=Job, dependencies=[_WRITE], summary="Let the clocks run")
def resume_job_clock(job_id: JobId, if_match: IfMatch, edge: EdgeOf) -> Response:
    """Let the clocks run again."""

    def effect(session: Session) -> Answer:
        job = _held(session, edge, job_id, if_match)
        return _answer(session, resume_clock(session, job, by=_by(edge), at=edge.clock()))

    return edge.once(effect)


@routes.get("/jobs/{job_id}/sla", summary="How its promises stand")
def job_sla(job_id: JobId, edge: EdgeOf) -> JobSla:
    """Return every clock: due, left, at risk or not, and what lateness costs so far."""
    now = edge.clock()
    with edge.read() as session:
        job = job_seen(session, job_id, edge.caller.centres)
        settings = settings_on(session, local_date(now), now)
        found = standings_of(session, [job], now, settings)[0]
        return JobSla(
            job_id=job.id,
            area_class=found.area_class.value,
            policies=list(settings.policies),
            as_of=now,
            paused=duration_text(found.paused_s),
            paused_now=job.clock_paused_at is not None,
            clocks=[
                Clock(
                    clock=standing.row.clock.value,
                    policy=standing.row.name,
                    due_at=found.moment(standing.due_s),
                    stopped_at=None if standing.stopped_s is None else found.moment(standing.stopped_s),
                    expected_at=None if standing.expected_s is None else found.moment(standing.expected_s),
                    remaining=duration_text(standing.remaining_s),
                    grade=standing.grade.value,
                    price=Money(fen=standing.price_fen),
                )
                for standing in found.standings
            ],
        )


@routes.get("/jobs/{job_id}/explanation", summary="Why it is where it is")
def job_explanation(job_id: JobId, edge: EdgeOf, language: LanguageOf, request: Request) -> JobExplanation:
    """Return what the published plan computed about the job, and who could come now: verdicts, prices, remedies."""
    now = edge.clock()
    with edge.read() as session:
        job = job_seen(session, job_id, edge.caller.centres)
        found = explained_job(session, job, language)
        desk = at_the_desk(session, request.app.state.desks, job, now)
    # Worked out when nothing is held any more.
    return found if desk is None else explained_now(found, desk, language, now)


@routes.get("/jobs/{job_id}/timeline", summary="All that happened to it")
def job_timeline(job_id: JobId, edge: EdgeOf) -> JobTimeline:
    """Return every entry of the job's history, first to last."""
    with edge.read() as session:
        job = job_seen(session, job_id, edge.caller.centres)
        entries = sorted(job_history(session, job.id), key=lambda entry: (entry.at, entry.id))
        items = [
            HistoryEntry(
                id=entry.id,
                at=entry.at,
                actor=entry.actor,
                channel=entry.channel,
                kind=entry.kind,
                from_state=entry.from_state,
                to_state=entry.to_state,
                plan_id=entry.plan_id,
                detail=entry.detail,
            )
            for entry in entries
        ]
        return JobTimeline(job_id=job.id, items=items)


def _by(edge: Edge) -> By:
    return By(actor=edge.caller.actor, channel="api")


def _require_jobs_or_dispatch(edge: Edge) -> None:
    if Scope.DISPATCH not in edge.caller.scopes:
        edge.caller.require(Scope.JOBS_WRITE)


def _held(session: Session, edge: Edge, job_id: str, if_match: Versions) -> JobRow:
    job = job_seen(session, job_id, edge.caller.centres, lock=True)
    hold_version(job.version, if_match.needed())
    return job


def _entered(session: Session, edge: Edge, source: str, name: str, said: JobIn, needs_visit: bool) -> JobRow:
    """Enter one job. Raises Refused with every fault."""
    sending = Sending(
        source=source,
        by=_by(edge),
        centres=edge.caller.centres,
        first_state=JobState.NEEDS_VISIT if needs_visit else JobState.RECEIVED,
    )
    done = upsert_jobs(session, sending, [(name, said)], now=edge.clock())
    if done.refused:
        faults = done.refused[0]
        if any(fault.code == "not_found" for fault in faults):
            raise NotFound("There is no such job.")
        if any(fault.code == "closed" for fault in faults):
            raise Conflict(faults[0].detail)
        raise Refused(counted(faults), faults=faults)
    return session.get_one(JobRow, done.entered[0].id)


def _put_lines(edge: Edge, first: int, lines: list[bytes]) -> bytes:
    """Put the good ones of some lines in one transaction, and return a result for each."""
    results: dict[int, LineResult] = {}
    groups: dict[tuple[str, bool], list[tuple[int, str, JobIn]]] = {}
    for number, line in enumerate(lines, start=first):
        if not line.strip():
            continue
        try:
            said = JobLine.model_validate_json(line)
        except ValidationError as error:
            faults = faults_of(error.errors(include_url=False, include_context=False))
            results[number] = refused_line(number, faults)
            continue
        groups.setdefault((said.source, said.needs_visit), []).append((number, said.external_id, said))
    with edge.write(lines=len(lines)) as session:
        for (source, needs_visit), said_lines in groups.items():
            sending = Sending(
                source=source,
                by=_by(edge),
                centres=edge.caller.centres,
                first_state=JobState.NEEDS_VISIT if needs_visit else JobState.RECEIVED,
            )
            done = upsert_jobs(session, sending, [(name, said) for _, name, said in said_lines], now=edge.clock())
            for place, (number, _, _) in enumerate(said_lines):
                if place in done.refused:
                    results[number] = refused_line(number, done.refused[place])
                else:
                    one = done.entered[place]
                    status = "updated" if one.outcome == "changed" else one.outcome
                    results[number] = LineResult(line=number, status=status, id=one.id)
    return written_lines(results)


def _patched(job: JobRow, changes: dict[str, Any]) -> JobIn:
    """Return what a job says after a merge patch. Raises Refused as the whole would be."""
    fields = {**_fields(job), **changes}
    return JobIn(**{name: value for name, value in fields.items() if value is not None})


def _lock(session: Session, edge: Edge, job: JobRow, lock: Lock) -> None:
    if lock is not Lock.NONE and job.published_technician_id is None:
        fault = Fault(pointer="/lock", code="not_published", detail="none, unless a visit is published")
        raise Refused("There is no visit to lock.", faults=(fault,))
    if job.lock != lock:
        detail = {"lock": str(lock), "was": job.lock}
        change_job(session, job, "lock", by=_by(edge), now=edge.clock(), detail=detail, lock=str(lock))


def _fields(job: JobRow) -> dict[str, Any]:
    """Return what a job says, its live columns included."""
    fields = fields_of(JobIn, job.cells)
    fields["consent"] = job.consent
    fields["centre_id"] = job.cells.get("centre_id")
    if job.appointment_start is not None and job.appointment_end is not None:
        start, end = (moment.astimezone(CHINA).isoformat() for moment in (job.appointment_start, job.appointment_end))
        fields["appointment"] = Span(start=start, end=end)
    return fields


def _shown(job: JobRow, visit: Visit | None) -> Job:
    state = JobState(job.state)
    point = to_shape(job.position)
    published = None
    if job.published_technician_id is not None and job.published_start is not None:
        published = PublishedVisit(
            plan_id=None if visit is None else visit.plan_id,
            technician_id=job.published_technician_id,
            start=job.published_start,
            told=job.told,
        )
    return Job(
        **_fields(job),
        id=job.id,
        source=job.source,
        external_id=job.external_id,
        state=state,
        tmf_state=TMF_STATE[state],
        next_states=list(next_states(state)),
        version=job.version,
        place=Place(coordinates=[round(point.x, 7), round(point.y, 7)]),
        centre=job.centre_id,
        due_at=job.due_at,
        lock=Lock(job.lock),
        visit=published,
        clock_paused_at=job.clock_paused_at,
        clock_paused_reason=job.clock_paused_reason,
        created_at=job.created_at,
        updated_at=job.updated_at,
    )


def _answer(session: Session, job: JobRow, *, status: int = 200) -> Answer:
    session.flush()
    session.refresh(job)
    headers = {"ETag": etag(job.version), "Location": f"/v1/jobs/{job.id}"}
    return Answer(body=_shown(job, session.get(Visit, job.id)), status=status, headers=headers)


def _place(after: tuple[Any, ...]) -> tuple[int, str]:
    match after:
        case (int(entered), str(last)):
            return entered, last
    raise foreign_cursor()


def _python(body: JobUpsert) -> dict[str, Any]:
    return {name: getattr(body, name) for name in JobUpsert.model_fields}
