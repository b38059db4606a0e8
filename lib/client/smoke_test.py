"""Asks a deployed service what its description says it can be asked, and shows what it answered."""

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

from ..documents.openapi import PLACEHOLDER, answering
from ..model import Call, Route, Service
from ..services import SERVICES
from . import auth
from . import outputs_file as files


class Answer(NamedTuple):
    """What one call was answered."""

    call: Call
    status: int
    milliseconds: float
    body: str

    @property
    def as_expected(self) -> bool:
        """Whether it is what the description promises."""
        return self.status == self.call.status

    def kept(self) -> dict[str, str]:
        """What later calls name; nothing where the answer does not say it."""
        try:
            said = json.loads(self.body)
            return {name: str(said[member]) for name, member in self.call.captures.items()}
        except (ValueError, LookupError, TypeError):
            return {}


class Endpoint(NamedTuple):
    """A deployed API."""

    url: str
    authorization: auth.Authorization
    """Headers of a request that authorize it."""


def send(
    url: str,
    call: Call,
    by: auth.Authorization | None = None,
    opener: urllib.request.OpenerDirector = auth.OPENER,
) -> Answer:
    """Send one call to the API at `url` through `opener`, with the headers of `by`."""
    where, body = url + call.path, None if call.body is None else json.dumps(call.body).encode()
    known = by(call.method, where, body) if by else {}
    headers = {"Content-Type": "application/json", **known, **call.headers}
    request = urllib.request.Request(where, body, headers, method=call.method)  # noqa: S310  # our own URL
    started = time.perf_counter()
    try:
        with opener.open(request, timeout=auth.TIMEOUT_SECONDS) as response:
            status, text = response.status, response.read().decode()
    except urllib.error.HTTPError as refused:
        with refused:
            status, text = refused.code, refused.read().decode()
    return Answer(call, status, (time.perf_counter() - started) * 1000, text)


def run(
    service: Service, outputs: dict[str, Any], heard: Callable[[Answer], None], by: auth.Authorization | None = None
) -> list[Answer]:
    """Send every call of the service's demo, in order; `heard` gets each answer as it comes.

    Without `by`, secrets in the outputs authorize the calls.
    """
    answers = []
    kept: dict[str, str] = {}
    by = by or auth.authorization_of(outputs)
    for call in service.demo:
        answers.append(send(outputs["api_url"], filled(call, kept), by))
        kept.update(answers[-1].kept())
        heard(answers[-1])
    return answers


def run_deployed(
    names: Iterable[str], path: Path, api_key: str | None, on_answer: Callable[[Answer], None]
) -> dict[str, list[Answer]]:
    """Send the demo calls of services to the deployments in a file of outputs. Return the responses by service."""
    found = {}
    for name in names:
        url, authorization = endpoint(path, name, api_key)
        found[name] = run(SERVICES[name], {"api_url": url}, on_answer, authorization)
    return found


def endpoint(path: Path, service: str, api_key: str | None = None, environment: str | None = None) -> Endpoint:
    """Return the API of a service in a file of outputs. Raise `OutputsError` if they contain no such service."""
    outputs = files.read_service(path, service, environment)
    return Endpoint(outputs["api_url"], auth.authorization_of(outputs, api_key=api_key))


def data(answers: Iterable[Answer]) -> list[dict[str, Any]]:
    """Return the responses as JSON has them."""
    return [
        {
            "method": answer.call.method,
            "path": answer.call.path,
            "expected_status": answer.call.status,
            "status": answer.status,
            "milliseconds": round(answer.milliseconds, 1),
            "body": answer.body,
        }
        for answer in answers
    ]


def filled(call: Call, kept: Mapping[str, str]) -> Call:
    """`call` with what earlier answers said in its placeholders; one of which none said anything stays."""
    in_path = {name: quote(value, safe="") for name, value in kept.items()}
    return replace(call, path=_filled(call.path, in_path), body=_filled(call.body, kept))


def _filled(part: Any, kept: Mapping[str, str]) -> Any:
    match part:
        case str():
            return PLACEHOLDER.sub(lambda found: kept.get(found[1], found[0]), part)
        case Mapping():
            return {name: _filled(inside, kept) for name, inside in part.items()}
        case list():
            return [_filled(inside, kept) for inside in part]
    return part


def line(answer: Answer) -> str:
    """Return a response as a line of progress."""
    return f"  {answer.call.method} {answer.call.path}: {answer.status}, {answer.milliseconds:.0f} ms"


def table(service: Service, answers: Sequence[Answer]) -> list[Sequence[str]]:
    """Return a table of the routes, each with its first unexpected response, or else its last one."""
    rows: list[Sequence[str]] = [["  method", "path", "status", "ms", ""]]
    for _, route in service.routes():
        responses = _of(service, route, answers)
        unexpected = [response for response in responses if not response.as_expected]
        if not responses:
            rows.append([f"  {route.method}", route.path, "-", "-", "nothing in the demo calls it"])
        else:
            displayed = unexpected[0] if unexpected else responses[-1]
            note = f"should be {displayed.call.status}" if unexpected else ""
            rows.append([f"  {route.method}", route.path, str(displayed.status), f"{displayed.milliseconds:.1f}", note])
    return rows


def unexpected_bodies(answers: Iterable[Answer]) -> Iterator[str]:
    """Yield a line with the body of each unexpected response."""
    return (f"{line(answer)}: {answer.body}" for answer in answers if not answer.as_expected)


def complete(service: Service, answers: Iterable[Answer]) -> bool:
    """Whether every route was called, and every answer was as it should be."""
    answers = list(answers)
    called = all(_of(service, route, answers) for _, route in service.routes())
    return called and all(answer.as_expected for answer in answers)


def _of(service: Service, route: Route, answers: Iterable[Answer]) -> list[Answer]:
    return [answer for answer in answers if answering(service, answer.call) == route]
