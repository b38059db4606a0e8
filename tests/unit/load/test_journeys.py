"""The journeys of the services."""

from __future__ import annotations

import json
import socket
from typing import Any

import pytest

from lib.client.auth import static_headers
from lib.client.smoke_test import Endpoint
from lib.load import client
from lib.model import Call
from lib.model.journey import Journey
from lib.model.matching import matching_route
from lib.services import SERVICES, load

from ...support.fake_aws import serving


@pytest.mark.parametrize("name", SERVICES)
def test_every_service_has_a_journey_with_documented_responses(name: str) -> None:
    journey = load(name).journey
    assert journey
    for call in (*journey.setup, *journey.steps):
        route: Any = matching_route(SERVICES[name], call)
        assert call.status in route.responses, f"{call.method} {call.path}"


@pytest.mark.slow
def test_setup_is_sent_once_and_its_values_are_in_every_iteration() -> None:
    create = Call(
        method="POST", path="/items", status=201, body={"ItemId": "{client}"}, captures={"created": "CreatedAt"}
    )
    journey = Journey(setup=(create,), steps=(Call(method="GET", path="/items/{client}/{created}", status=200),))
    with serving() as fake:
        fake.script = [(201, {"CreatedAt": "now"}), (200, {})]
        endpoint = Endpoint(fake.url, static_headers({}))
        rows = client.run(SERVICES["items"], journey, endpoint, clients=1, seconds=1, on_progress=lambda _: None)
        identifier = json.loads(fake.calls[0].body)["ItemId"]
        assert {request.path for request in fake.calls[1:]} == {f"/items/{identifier}/now"}
    assert [row.name for row in rows] == ["POST /items", "GET /items/{ItemId}/{CreatedAt}", client.TOTAL]
    assert rows[0].requests == 1 < rows[1].requests


def test_journey_without_steps_is_rejected() -> None:
    with pytest.raises(ValueError, match="steps must have at least one call, got none"):
        Journey(steps=())


def test_call_without_a_route_is_rejected() -> None:
    journey = Journey(steps=(Call(method="PUT", path="/none", status=200),))
    with pytest.raises(ValueError, match="journey of items must call routes of the service, got PUT /none"):
        client.run(
            SERVICES["items"],
            journey,
            Endpoint("", static_headers({})),
            clients=1,
            seconds=1,
            on_progress=lambda _: None,
        )


def test_locust_does_not_patch_the_sockets_of_the_process() -> None:
    assert socket.socket.__module__ == "socket"
