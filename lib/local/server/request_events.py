"""Corrections of the events that functions receive from APIs and as authorizers."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from contextvars import ContextVar
from typing import Any, NamedTuple

Event = dict[str, Any]
DEFAULT_STAGE = "$default"


class DomainRequest(NamedTuple):
    """A request to a custom domain."""

    host: str
    """Domain name, without a port."""
    path: str
    """Percent-encoded path of the request, with the base path."""


DOMAIN_REQUEST: ContextVar[DomainRequest | None] = ContextVar("DOMAIN_REQUEST", default=None)
"""The current request, if it was sent to a custom domain. MiniStack receives its path without the base path."""


def with_domain(
    run: Callable[..., Coroutine[Any, Any, Any]], get_region: Callable[[], str], decode: Callable[[str], str]
) -> Callable[..., Coroutine[Any, Any, Any]]:
    """Return a function that invokes functions of APIs, with the domain and the path that the client requested.

    `run` receives the function of MiniStack that invokes, the function record and the event. `decode` decodes a path as
    HTTP APIs do.
    """

    async def run_with_domain(invoke: Any, record: Any, event: Event, **options: Any) -> Any:
        if "requestContext" in event:
            correct_event(event, get_region(), decode)
        return await run(invoke, record, event, **options)

    return run_with_domain


def correct_event(event: Event, region: str, decode: Callable[[str], str]) -> None:
    """Set the domain and the path of the event of an API or an authorizer as AWS does."""
    context, request = event["requestContext"], DOMAIN_REQUEST.get()
    host = request.host if request else f"{context['apiId']}.execute-api.{region}.amazonaws.com"
    context.update(domainName=host, domainPrefix=host.partition(".")[0])
    if "rawPath" in event:
        # With the default endpoint, the path contains the name of the stage.
        prefix = "" if context["stage"] == DEFAULT_STAGE else f"/{context['stage']}"
        event["rawPath"] = context["http"]["path"] = decode(request.path) if request else prefix + event["rawPath"]
        return
    context.setdefault("path", f"/{context['stage']}{event['path']}")
    if request:
        event["path"] = context["path"] = request.path


def with_version(invoke: Callable[..., Coroutine[Any, Any, Any]]) -> Callable[..., Coroutine[Any, Any, Any]]:
    """Return a function that invokes authorizers of HTTP APIs with the version in events of payload format 1.0.

    It distinguishes them from the events of REST APIs.
    """

    async def invoke_with_version(authorizer: Any, event: Event, *scope: Any) -> Any:
        return await invoke(authorizer, {"version": "1.0", **event}, *scope)

    return invoke_with_version
