"""The routes that whatever holds by date has: a list, one, put, end."""

from collections.abc import Callable
from typing import Any

from fastapi import APIRouter

from api.dependencies import needs
from api.pages import Page
from api.schemas.network import Held
from api.schemas.values import Sent

__all__ = ["MASTER_DATA", "Endpoint", "add_endpoint", "add_held"]

Endpoint = Callable[..., Any]
MASTER_DATA: dict[str, Any] = {"dependencies": [needs("admin")]}
"""Options of a route that changes master data."""


def add_held(
    routes: APIRouter,
    path: str,
    title: str,
    schema: type[Sent],
    endpoints: tuple[Endpoint, Endpoint, Endpoint, Endpoint],
) -> None:
    """Add the routes of one kind of master data; endpoints: that list, get, put and end it."""
    lists, gets, puts, ends = endpoints
    shown: Any = Held[schema]  # type: ignore[valid-type]
    new = {201: {"model": shown, "description": "There was none before."}}
    add_endpoint(routes, path, lists, "GET", "", f"All {title} on a date", response_model=Page[shown])
    add_endpoint(routes, path, gets, "GET", "/{id}", f"One of the {title}", response_model=shown)
    put = {"response_model": shown, "responses": new, **MASTER_DATA}
    add_endpoint(routes, path, puts, "PUT", "/{id}", f"Put one of the {title}", **put)
    add_endpoint(routes, path, ends, "DELETE", "/{id}", f"End one of the {title}", status_code=204, **MASTER_DATA)


def add_endpoint(
    routes: APIRouter, path: str, endpoint: Endpoint, method: str, address: str, summary: str, **options: Any
) -> None:
    """Add one route; endpoints made by one function get a name of their own by their path."""
    endpoint.__doc__ = f"{summary}."
    name = f"{endpoint.__name__}_{path}"
    routes.add_api_route(
        f"/{path}{address}", endpoint, methods=[method], operation_id=name, name=name, summary=summary, **options
    )
