"""The OpenAPI document, complete, and its interactive page, whose assets come from a package."""

from pathlib import Path
from typing import Any

import fastapi_offline
from fastapi import FastAPI
from fastapi.openapi.docs import get_swagger_ui_html
from fastapi.openapi.utils import get_openapi
from fastapi.staticfiles import StaticFiles
from starlette.responses import HTMLResponse

from api.dependencies import is_bulk
from api.errors import (
    BadRequest,
    Forbidden,
    NotFound,
    PreconditionFailed,
    PreconditionRequired,
    Problem,
    Refused,
    TooLarge,
    TooMany,
    Unauthorised,
    Unavailable,
)
from api.schemas.problems import ProblemShown, problems

__all__ = ["add_documentation"]

ASSETS = "/docs/assets"
DESCRIPTION = """
Plans the days of a national repair network: which outlet, which technician, when, with which parts.

- **Keys**: `Authorization: Bearer pgk_…`; reading needs any key, changing needs its scope. Rows of centres that a key
  does not have do not exist for it: 404.
- **Times** are RFC 3339 with an offset, **durations** ISO 8601, **distances** metres, **money** whole fen and a
  currency, **coordinates** `[longitude, latitude]` with their datum.
- **Problems** are RFC 9457 problem details with every fault in `errors`; 422 is for
  payloads only, unreadable JSON included; faults of the query and of headers are 400. Titles and details are in English
  or, for `Accept-Language: zh-CN`, in Chinese; `code` is for programs.
- **Forms**: an address answers in its one form, whatever `Accept` asks for (RFC 9110 leaves that open); reports alone
  choose, JSON or CSV.
- **Versions**: planned things have an `ETag`; changing them needs `If-Match` (428 without, 412 when it has changed).
- **Repeating**: a POST with the same `Idempotency-Key` and the same content gets the first one's answer for 24 hours;
  `:bulk` takes none, for lines that come again change nothing.
"""
LOCATION = {
    "description": "Where what becomes of it can be asked for.",
    "required": True,
    "schema": {"type": "string", "examples": ["/v1/plans/plan_0198f1c2"]},
}
USUAL = (Unauthorised, TooMany, Unavailable)


def add_documentation(app: FastAPI) -> None:
    """Serve /openapi.json and /docs."""
    app.mount(ASSETS, StaticFiles(directory=Path(fastapi_offline.__file__).parent / "static"), name="assets")

    @app.get("/docs", include_in_schema=False)
    async def docs() -> HTMLResponse:
        return get_swagger_ui_html(
            openapi_url="/openapi.json",
            title="Paigong",
            swagger_js_url=f"{ASSETS}/swagger-ui-bundle.js",
            swagger_css_url=f"{ASSETS}/swagger-ui.css",
            swagger_favicon_url=f"{ASSETS}/favicon.png",
        )

    def openapi() -> dict[str, Any]:
        if not app.openapi_schema:
            app.openapi_schema = _document(app)
        return app.openapi_schema

    app.openapi = openapi  # type: ignore[method-assign]


def _document(app: FastAPI) -> dict[str, Any]:
    document = get_openapi(
        title=app.title, version=app.version, description=DESCRIPTION, routes=app.routes, openapi_version="3.1.0"
    )
    schemas = document.setdefault("components", {}).setdefault("schemas", {})
    problem = ProblemShown.model_json_schema(ref_template="#/components/schemas/{model}")
    schemas.update(problem.pop("$defs"), ProblemShown=problem)
    for unused in ("HTTPValidationError", "ValidationError"):
        schemas.pop(unused, None)
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            _declare_problems(path, method, operation)
            if "202" in operation["responses"]:
                operation["responses"]["202"]["headers"] = {"Location": LOCATION}
    return document


def _declare_problems(path: str, method: str, operation: dict[str, Any]) -> None:
    """Add the problems that an operation may answer by what it takes."""
    kinds: list[type[Problem]] = list(USUAL) if "security" in operation else []
    parameters = operation.get("parameters", [])
    names = {parameter["name"] for parameter in parameters}
    # Parameters that an address does not have are refused too.
    if parameters or "security" in operation:
        kinds.append(BadRequest)
    for kind, so in (
        (NotFound, "{" in path),
        (PreconditionFailed, "If-Match" in names),
        (PreconditionRequired, "If-Match" in names),
        (Forbidden, "security" in operation and method != "get"),
        (Refused, "requestBody" in operation),
        (TooLarge, "requestBody" in operation),
    ):
        if so:
            kinds.append(kind)
    for parameter in parameters:
        # 428 says more than the framework's words for what is missing: so it is optional there, and not here.
        parameter["required"] = parameter["required"] or parameter["name"] == "If-Match"
    if "Idempotency-Key" in names:
        if method == "post" and not is_bulk(path):
            kinds.append(Refused)  # a key that came with something else
        else:
            operation["parameters"] = [parameter for parameter in parameters if parameter["name"] != "Idempotency-Key"]
    responses = operation["responses"]
    if "422" in responses and "application/json" in responses["422"].get("content", {}):
        del responses["422"]  # the framework's own shape, which nothing here answers
    for status, response in problems(*kinds).items():
        responses.setdefault(str(status), response)
