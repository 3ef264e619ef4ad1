"""Whatever goes wrong becomes problem details (RFC 9457), in the caller's language, with all faults."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import structlog
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from pydantic import ValidationError
from sqlalchemy.exc import DataError, IntegrityError, InterfaceError, OperationalError, TimeoutError
from starlette.exceptions import HTTPException

from api.edge import Repeated
from api.errors import (
    BadRequest,
    Conflict,
    Fault,
    MethodNotAllowed,
    NotFound,
    Problem,
    Refused,
    TooLarge,
    Unavailable,
)
from api.language import Language, language_of
from api.logs import store_error, where
from api.payloads import counted, faults_of, said_of
from api.problem_words import in_chinese
from api.schemas.problems import MEDIA_TYPE

__all__ = ["add_problem_handlers", "problem_response"]

MOST_ERRORS = 1_000
"""A problem lists this many faults and counts the rest."""
RETRY_AFTER_S = "1"
VROOM_CODES = {400: 2, 401: 2, 403: 2, 404: 2, 405: 2, 413: 4, 415: 2, 422: 2, 429: 2}

log = structlog.get_logger("paigong")


def problem_response(request: Request, problem: Problem) -> Response:
    """Write a problem: as VROOM's clients read it under /vroom, as problem details elsewhere."""
    headers = {**problem.headers, "Cache-Control": "no-store"}
    if request.url.path.split("/")[1] == "vroom":
        document = {"code": VROOM_CODES.get(problem.status, 1), "error": problem.detail}
        return Response(json.dumps(document), problem.status, headers, media_type="application/json")
    is_chinese = language_of(request.headers.get("accept-language", "")) is Language.ZH
    document = {
        "type": f"urn:paigong:problem:{problem.code}",
        "title": problem.title_zh if is_chinese else problem.title,
        "status": problem.status,
        "detail": in_chinese(problem.detail) if is_chinese else problem.detail,
        "code": problem.code,
        "instance": getattr(request.state, "request_id", None),
        **problem.members,
    }
    if problem.faults:
        faults = problem.faults[:MOST_ERRORS]
        if is_chinese:
            faults = [replace(fault, detail=in_chinese(fault.detail)) for fault in faults]
        document["errors"] = [fault.written() for fault in faults]
        document["errors_in_all"] = len(problem.faults)
    headers["Content-Language"] = "zh-CN" if is_chinese else "en"
    text = json.dumps(document, ensure_ascii=False).encode(errors="replace")
    return Response(text, problem.status, headers, media_type=MEDIA_TYPE)


def add_problem_handlers(app: FastAPI) -> None:
    """Make the application answer everything that is raised."""

    @app.exception_handler(Problem)
    async def raised(request: Request, problem: Problem) -> Response:
        return problem_response(request, problem)

    @app.exception_handler(Repeated)
    async def repeated(request: Request, before: Repeated) -> Response:
        return before.response

    @app.exception_handler(RequestValidationError)
    async def invalid(request: Request, error: RequestValidationError) -> Response:
        state = request.state
        problem = _refusal(error.errors(), getattr(state, "refused", None), getattr(state, "unknown", ()))
        return problem_response(request, problem)

    @app.exception_handler(ValidationError)
    async def invalid_line(request: Request, error: ValidationError) -> Response:
        faults = faults_of(error.errors(include_url=False, include_context=False))
        return problem_response(request, Refused(counted(faults), faults=faults))

    @app.exception_handler(HTTPException)
    async def refused_by_framework(request: Request, error: HTTPException) -> Response:
        return problem_response(request, _framework_problem(error))

    @app.exception_handler(IntegrityError)
    async def lost_race(request: Request, error: IntegrityError) -> Response:
        log.warning("constraint", error=type(error.orig).__name__)
        return problem_response(request, Conflict("It clashes with what is there already."))

    @app.exception_handler(DataError)
    async def not_storable(request: Request, error: DataError) -> Response:
        log.warning("not storable", error=type(error.orig).__name__)
        return problem_response(request, Refused("A value cannot be stored."))

    @app.exception_handler(OperationalError)
    @app.exception_handler(InterfaceError)
    @app.exception_handler(TimeoutError)
    async def no_store(request: Request, error: Exception) -> Response:
        log.error("store", **store_error(error))
        headers = {"Retry-After": RETRY_AFTER_S}
        return problem_response(request, Unavailable("The store does not answer.", headers=headers))

    @app.exception_handler(Exception)
    async def defect(request: Request, error: Exception) -> Response:
        # Where, and not what: an exception's words may hold a customer's data.
        log.error("defect", error=type(error).__name__, where=where(error))
        return problem_response(request, Problem("This is a defect of Paigong. The log has more, under `instance`."))


def _refusal(errors: Iterable[Mapping[str, Any]], refused: Refused | None, unknown: Sequence[Fault] = ()) -> Problem:
    """Return the problem of a request that does not fit.

    refused: what is wrong with its payload, if that is known; unknown: parameters that the address does not have.
    """
    body = [error for error in errors if error["loc"][:1] == ("body",)]
    around = [error for error in errors if error["loc"][:1] != ("body",)]
    in_payload = list(refused.faults) if refused is not None else faults_of(body, ("body",))
    if around or unknown:
        faults = [*unknown, *(_fault_of_parameter(error) for error in around), *in_payload]
        return BadRequest(counted(faults), faults=faults)
    return refused or Refused(counted(in_payload), faults=in_payload)


def _fault_of_parameter(error: Mapping[str, Any]) -> Fault:
    return Fault(parameter=".".join(map(str, error["loc"])), code=error["type"], detail=said_of(error))


def _framework_problem(error: HTTPException) -> Problem:
    """Return the problem that an exception of the framework stands for."""
    if isinstance(error.__cause__, Problem):
        return error.__cause__
    headers = dict(error.headers or {})
    match error.status_code:
        case 404:
            return NotFound("There is nothing at this address.", headers=headers)
        case 405:
            return MethodNotAllowed("This address has other methods.", headers=headers)
        case 413:
            return TooLarge("The body is larger than is taken at once.", headers=headers)
        case _:
            return BadRequest("The body cannot be read.", headers=headers)
