"""Smoke test: sends the demo calls of a service to a deployment and reports the responses."""

from __future__ import annotations

import json
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple
from urllib.parse import quote

from ..model import Call, Route, Service
from ..model.call import PLACEHOLDER
from ..model.matching import matching_endpoint, matching_route
from ..services import SERVICES
from . import auth
from . import outputs_file as files


class CallResult(NamedTuple):
    """The response to one call."""

    call: Call
    status: int
    milliseconds: float
    body: str
    """Body in UTF-8, with replacement characters for other bytes."""
    content_type: str = ""

    @property
    def is_expected(self) -> bool:
        """Whether the status and the media type are the expected ones."""
        expected = self.call.content_type
        return self.status == self.call.status and expected in ("", self.content_type.partition(";")[0].strip().lower())

    def saved_values(self) -> dict[str, str]:
        """Return the response values that replace placeholders in later calls, or none if a value is missing."""
        try:
            body = json.loads(self.body)
            return {name: str(body[member]) for name, member in self.call.captures.items()}
        except (ValueError, LookupError, TypeError):
            return {}


class Endpoint(NamedTuple):
    """The endpoints of a deployed service."""

    url: str
    """URL of the default API, or of the first endpoint of a service without it."""
    authorization: auth.Authorization
    """Authorization of requests."""
    urls: Mapping[str, str] = MappingProxyType({})
    """URLs of APIs and of functions, by name."""

    def url_of(self, service: Service, call: Call) -> str:
        """Return the URL of the endpoint of a call."""
        match = matching_endpoint(service, call)
        return self.urls.get(match.endpoint, self.url) if match else self.url


def send(
    api_url: str,
    call: Call,
    authorization: auth.Authorization | None = None,
    opener: urllib.request.OpenerDirector = auth.OPENER,
) -> CallResult:
    """Send one call to the API at `api_url` through `opener`, with the headers of `authorization`."""
    url = api_url + call.path
    body, headers = request_of(url, call, authorization)
    request = urllib.request.Request(url, body, headers, method=call.method)  # noqa: S310  # the URL of a deployed API
    started = time.perf_counter()
    try:
        with opener.open(request, timeout=auth.TIMEOUT_SECONDS) as response:
            status, content, received = response.status, response.read(), response.headers
    except urllib.error.HTTPError as error:
        with error:
            status, content, received = error.code, error.read(), error.headers
    milliseconds = (time.perf_counter() - started) * 1000
    return CallResult(call, status, milliseconds, content.decode(errors="replace"), received.get("Content-Type", ""))


def request_of(
    url: str, call: Call, authorization: auth.Authorization | None = None
) -> tuple[bytes | None, dict[str, str]]:
    """Return the body and the headers of a call. `headers` of the call override the others, in any case."""
    body, content_type = call.encode()
    defaults = {"Content-Type": content_type, "Accept": "*/*"}
    own = {name.lower() for name in call.headers}
    authorization_headers = authorization(call.method, url, body) if authorization else {}
    headers = {name: value for name, value in defaults.items() if name.lower() not in own}
    return body, {**headers, **authorization_headers, **call.headers}


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
    deployed = endpoint_of(outputs, authorization or auth.authorization_of(outputs))
    for call in service.demo:
        url = deployed.url_of(service, call)
        authorization_of_route = auth.for_route(deployed.authorization, matching_route(service, call))
        results.append(send(url, fill_placeholders(call, saved), authorization_of_route))
        saved.update(results[-1].saved_values())
        on_result(results[-1])
    return results


def run_deployed(
    names: Iterable[str], path: Path, api_key: str | None, on_result: Callable[[CallResult], None]
) -> dict[str, list[CallResult]]:
    """Send the demo calls of services to the deployments in a file of outputs. Return the results by service."""
    results = {}
    for name in names:
        outputs = files.read_service(path, name)
        results[name] = run(SERVICES[name], outputs, on_result, auth.authorization_of(outputs, api_key=api_key))
    return results


def endpoint(path: Path, service: str, api_key: str | None = None, environment: str | None = None) -> Endpoint:
    """Return the API of a service in a file of outputs. Raise `OutputsError` if the file does not contain it."""
    outputs = files.read_service(path, service, environment)
    return endpoint_of(outputs, auth.authorization_of(outputs, api_key=api_key))


def endpoint_of(outputs: Mapping[str, Any], authorization: auth.Authorization) -> Endpoint:
    """Return the endpoints in the outputs of a stack that has at least one."""
    urls = files.urls(outputs)
    return Endpoint(outputs.get("api_url") or next(iter(urls.values())), authorization, urls)


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
    return replace(
        call,
        path=_fill(call.path, quoted),
        body=_fill(call.body, values),
        form=_fill(call.form, values),
        headers=_fill(call.headers, values),
    )


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
    """Return a table of the routes, each with its first unexpected result or, without one, all statuses and the time of
    its last result."""
    rows: list[Sequence[str]] = [["  method", "path", "status", "ms", ""]]
    for _, route in service.routes():
        of_route = _results_of(service, route, results)
        unexpected = [result for result in of_route if not result.is_expected]
        if not of_route:
            rows.append([f"  {route.method}", route.path, "-", "-", "no demo call: add a Call to demo"])
        else:
            displayed = unexpected[0] if unexpected else of_route[-1]
            note = f"expected {_expected(displayed)}" if unexpected else ""
            statuses = [displayed.status] if unexpected else dict.fromkeys(result.status for result in of_route)
            status = ", ".join(map(str, statuses))
            rows.append([f"  {route.method}", route.path, status, f"{displayed.milliseconds:.1f}", note])
    return rows


def _expected(result: CallResult) -> str:
    """Return the status, or the media type if only that differs."""
    if result.status != result.call.status:
        return str(result.call.status)
    return f"{result.call.content_type}, got {result.content_type or 'none'}"


def unexpected_bodies(results: Iterable[CallResult]) -> Iterator[str]:
    """Yield a line with the body of each unexpected response."""
    return (f"{progress_line(result)}: {result.body}" for result in results if not result.is_expected)


def has_passed(service: Service, results: Iterable[CallResult]) -> bool:
    """Return whether every route was called and every response was expected."""
    results = list(results)
    called = all(_results_of(service, route, results) for _, route in service.routes())
    return called and all(result.is_expected for result in results)


def _results_of(service: Service, route: Route, results: Iterable[CallResult]) -> list[CallResult]:
    return [result for result in results if matching_route(service, result.call) is route]
