"""Smoke test: sends the demo calls of a service to a deployment and reports the responses."""

from __future__ import annotations

import json
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import quote

from ..documents.openapi import PLACEHOLDER, matching_route
from ..model import Call, Route, Service
from ..services import SERVICES
from . import auth
from . import outputs_file as files


class CallResult(NamedTuple):
    """The response to one call."""

    call: Call
    status: int
    milliseconds: float
    body: str

    @property
    def is_expected(self) -> bool:
        """Whether the status is the expected one."""
        return self.status == self.call.status

    def saved_values(self) -> dict[str, str]:
        """Return the response values that replace placeholders in later calls, or none if a value is missing."""
        try:
            body = json.loads(self.body)
            return {name: str(body[member]) for name, member in self.call.captures.items()}
        except (ValueError, LookupError, TypeError):
            return {}


class Endpoint(NamedTuple):
    """A deployed API."""

    url: str
    authorization: auth.Authorization
    """Authorization of requests."""


def send(
    api_url: str,
    call: Call,
    authorization: auth.Authorization | None = None,
    opener: urllib.request.OpenerDirector = auth.OPENER,
) -> CallResult:
    """Send one call to the API at `api_url` through `opener`, with the headers of `authorization`."""
    url, body = api_url + call.path, None if call.body is None else json.dumps(call.body).encode()
    authorization_headers = authorization(call.method, url, body) if authorization else {}
    headers = {"Content-Type": "application/json", **authorization_headers, **call.headers}
    request = urllib.request.Request(url, body, headers, method=call.method)  # noqa: S310  # the URL of a deployed API
    started = time.perf_counter()
    try:
        with opener.open(request, timeout=auth.TIMEOUT_SECONDS) as response:
            status, content = response.status, response.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            status, content = error.code, error.read().decode()
    return CallResult(call, status, (time.perf_counter() - started) * 1000, content)


def run(
    service: Service,
    outputs: dict[str, Any],
    on_result: Callable[[CallResult], None],
    authorization: auth.Authorization | None = None,
) -> list[CallResult]:
    """Send all demo calls of a service in order, and pass each result to `on_result`.

    Without `authorization`, secrets in the outputs authorize the calls.
    """
    results = []
    saved: dict[str, str] = {}
    authorization = authorization or auth.authorization_of(outputs)
    for call in service.demo:
        authorization_of_route = auth.for_route(authorization, matching_route(service, call))
        results.append(send(outputs["api_url"], fill_placeholders(call, saved), authorization_of_route))
        saved.update(results[-1].saved_values())
        on_result(results[-1])
    return results


def run_deployed(
    names: Iterable[str], path: Path, api_key: str | None, on_result: Callable[[CallResult], None]
) -> dict[str, list[CallResult]]:
    """Send the demo calls of services to the deployments in a file of outputs. Return the results by service."""
    results = {}
    for name in names:
        url, authorization = endpoint(path, name, api_key)
        results[name] = run(SERVICES[name], {"api_url": url}, on_result, authorization)
    return results


def endpoint(path: Path, service: str, api_key: str | None = None, environment: str | None = None) -> Endpoint:
    """Return the API of a service in a file of outputs. Raise `OutputsError` if the file does not contain it."""
    outputs = files.read_service(path, service, environment)
    return Endpoint(outputs["api_url"], auth.authorization_of(outputs, api_key=api_key))


def to_json(results: Iterable[CallResult]) -> list[dict[str, Any]]:
    """Return the results as JSON-serializable dictionaries."""
    return [
        {
            "method": result.call.method,
            "path": result.call.path,
            "expected_status": result.call.status,
            "status": result.status,
            "milliseconds": round(result.milliseconds, 1),
            "body": result.body,
        }
        for result in results
    ]


def fill_placeholders(call: Call, values: Mapping[str, str]) -> Call:
    """Return the call with placeholders replaced by `values`. Placeholders without a value are unchanged."""
    quoted = {name: quote(value, safe="") for name, value in values.items()}
    headers = _fill(call.headers, values)
    return replace(call, path=_fill(call.path, quoted), body=_fill(call.body, values), headers=headers)


def _fill(template: Any, values: Mapping[str, str]) -> Any:
    match template:
        case str():
            return PLACEHOLDER.sub(lambda match_: values.get(match_[1], match_[0]), template)
        case Mapping():
            return {name: _fill(member, values) for name, member in template.items()}
        case list():
            return [_fill(member, values) for member in template]
    return template


def progress_line(result: CallResult) -> str:
    """Return the progress line for a result."""
    return f"  {result.call.method} {result.call.path}: {result.status}, {result.milliseconds:.0f} ms"


def table(service: Service, results: Sequence[CallResult]) -> list[Sequence[str]]:
    """Return a table of the routes, each with its first unexpected result or, without one, its last result."""
    rows: list[Sequence[str]] = [["  method", "path", "status", "ms", ""]]
    for _, route in service.routes():
        of_route = _results_of(service, route, results)
        unexpected = [result for result in of_route if not result.is_expected]
        if not of_route:
            rows.append([f"  {route.method}", route.path, "-", "-", "no demo call: add a Call to demo"])
        else:
            displayed = unexpected[0] if unexpected else of_route[-1]
            note = f"expected {displayed.call.status}" if unexpected else ""
            rows.append([f"  {route.method}", route.path, str(displayed.status), f"{displayed.milliseconds:.1f}", note])
    return rows


def unexpected_bodies(results: Iterable[CallResult]) -> Iterator[str]:
    """Yield a line with the body of each unexpected response."""
    return (f"{progress_line(result)}: {result.body}" for result in results if not result.is_expected)


def has_passed(service: Service, results: Iterable[CallResult]) -> bool:
    """Return whether every route was called and every response was expected."""
    results = list(results)
    called = all(_results_of(service, route, results) for _, route in service.routes())
    return called and all(result.is_expected for result in results)


def _results_of(service: Service, route: Route, results: Iterable[CallResult]) -> list[CallResult]:
    return [result for result in results if matching_route(service, result.call) == route]
