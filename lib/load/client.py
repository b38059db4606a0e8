"""The clients of the load test: users of Locust."""

from __future__ import annotations

import logging
import random
import time
import uuid
from collections.abc import Callable, Sequence
from functools import cache
from typing import NamedTuple

import gevent.ssl
from locust import FastHttpUser, task
from locust.env import Environment

from ..client import auth
from ..client.smoke_test import CallResult, Endpoint, fill_placeholders, request_of
from ..model import Call, Service
from ..model.journey import Journey
from ..model.matching import matching_route
from . import report

MAX_BACKOFF_SECONDS = 20.0
"""Maximum pause before a retry, as in the AWS SDKs."""
THROTTLED = 429
TOTAL = "total, including retries and their pauses"


class Step(NamedTuple):
    """A request of a journey and the route that it calls."""

    call: Call
    route: str
    url: str
    """URL of the endpoint."""
    authorization: auth.Authorization
    """Authorization of the request."""


class Client(FastHttpUser):
    """Locust user that repeats the journey of a service without pauses and retries throttled requests."""

    abstract = True
    insecure = False
    endpoint: Endpoint
    setup: Sequence[Step]
    steps: Sequence[Step]

    def __init__(self, environment: Environment) -> None:
        super().__init__(environment)
        self._values = {"client": uuid.uuid4().hex[:12]}

    def on_start(self) -> None:
        self._send_all(self.setup, self._values)

    def on_stop(self) -> None:
        self.client.client.close()

    @task
    def iterate(self) -> None:
        """Send the requests of one iteration."""
        self._send_all(self.steps, {**self._values, "iteration": uuid.uuid4().hex})

    def _send_all(self, steps: Sequence[Step], values: dict[str, str]) -> None:
        """Send requests. After an unexpected response, pause and skip the remaining requests, which depend on it."""
        for step in steps:
            result = self._send_with_retries(step._replace(call=fill_placeholders(step.call, values)))
            if not result.is_expected:
                gevent.sleep(random.random())  # noqa: S311  # not a secret
                return
            values.update(result.saved_values())

    def _send_with_retries(self, step: Step) -> CallResult:
        """Send a request, and retry it while it is throttled."""
        started, attempt = time.perf_counter(), 0
        while (result := self._send(step)).status == THROTTLED:
            gevent.sleep(random.random() * min(2**attempt, MAX_BACKOFF_SECONDS))  # noqa: S311  # not a secret
            attempt += 1
        if result.is_expected:
            milliseconds = (time.perf_counter() - started) * 1000
            self.environment.events.request.fire(
                request_type=report.SUCCESS, name=TOTAL, response_time=milliseconds, response_length=0
            )
        return result

    def _send(self, step: Step) -> CallResult:
        call, url = step.call, step.url + step.call.path
        body, headers = request_of(url, call, step.authorization)
        with self.client.request(
            call.method,
            url,
            data=body,  # type: ignore[arg-type]  # Locust sends bytes, too
            headers=headers,
            catch_response=True,
            allow_redirects=False,
        ) as response:
            content_type = (response.headers or {}).get("Content-Type", "")
            result = CallResult(call, response.status_code, 0, response.text or "", content_type)
            error = getattr(response, "error", None)
            outcome, name = report.classify(result, error, step.route)
            response.request_meta.update(request_type=outcome, name=name)
            if outcome == report.FAILURE:
                response.failure(name)
            else:
                response.success()
        return result


def run(
    service: Service,
    journey: Journey,
    endpoint: Endpoint,
    *,
    clients: int,
    seconds: int,
    on_progress: Callable[[str], None],
) -> list[report.Row]:
    """Run concurrent clients. Return the number and the response times of their requests by outcome."""
    default_context = gevent.ssl.create_default_context  # pylint: disable=no-member  # gevent adds it at import
    attributes = {
        "host": endpoint.url,
        # All clients share one context, because loading the certificates is slow.
        "ssl_context_factory": staticmethod(cache(lambda cafile: default_context())),
        "endpoint": endpoint,
        "setup": _steps(service, endpoint, journey.setup),
        "steps": _steps(service, endpoint, journey.steps),
    }
    # Suppress the warning of Locust that all clients start at the same time.
    logging.getLogger("locust").setLevel(logging.ERROR)
    hub = gevent.get_hub()
    # Gevent prints the traceback of any exception that is not in NOT_ERROR.
    hub.NOT_ERROR = (*type(hub).NOT_ERROR, KeyboardInterrupt)
    runner = Environment(user_classes=[type("JourneyClient", (Client,), attributes)]).create_local_runner()
    try:
        runner.start(clients, spawn_rate=clients)
        for second in range(seconds):
            successes, failures = runner.stats.get(TOTAL, report.SUCCESS).num_requests, runner.stats.num_failures
            on_progress(
                f"  {second} of {seconds} s, {runner.user_count} clients: {successes} successes, {failures} failures"
            )
            gevent.sleep(1)
        on_progress("")
    finally:
        runner.quit()
    return report.rows(runner.stats)


def _steps(service: Service, endpoint: Endpoint, calls: Sequence[Call]) -> list[Step]:
    """Return calls with their routes. Raise `ValueError` for a call without a route."""
    steps = []
    for call in calls:
        route = matching_route(service, call)
        if route is None:
            raise ValueError(
                f"The journey of {service.name} must call routes of the service, got {call.method} {call.path}. "
                "Correct the call."
            )
        authorization = auth.for_route(endpoint.authorization, route)
        url = endpoint.url_of(service, call)
        steps.append(Step(call, f"{route.method} {route.path}", url, authorization))
    return steps
