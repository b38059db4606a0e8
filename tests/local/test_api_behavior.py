"""Events, limits and errors of the emulated APIs, which must be those of AWS."""

from __future__ import annotations

import http.client
import json
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import pytest

from lib.local.emulator import Emulator

from ..support.deployments import importable_handler
from .conftest import Run

HANDLER = """
from tap_stack.runtime.event_handler import Response


def echo(request):
    context = request.event["requestContext"]
    names = ("domainName", "domainPrefix", "path", "stage")
    return Response.json({"eventPath": request.event["path"], "parameters": request.path,
                          **{name: context.get(name) for name in names}})


def measure(request):
    return Response.json({"bytes": len(request.raw_body)})


def repeat(request):
    return Response.json({"text": "x" * int(request.query["count"])})
"""
PROGRAM = """
from tap_stack.model import *
from tap_stack.settings import ApiSettings
from tap_stack.tap_stack import TapStack, TapStackArgs

CERTIFICATE = "arn:aws:acm:us-east-1:000000000000:certificate/1"
ORDER = {
    "type": "object", "required": ["price", "name"], "additionalProperties": False,
    "properties": {
        "price": {"type": "integer", "minimum": 1, "maximum": 9},
        "name": {"type": "string", "minLength": 2, "maxLength": 5},
        "tags": {"type": "array", "minItems": 1, "maxItems": 2, "items": {"enum": ["a", "b"]}},
    },
}
SLOW = Throttle(rate_per_second=0.1, burst=2)


def domain(name, **fields):
    return ApiSettings(domain_name=f"{name}.example.com", certificate_arn=CERTIFICATE, **fields)


def routes(api=""):
    return (
        Route(method="GET", path="/echo/{name}", operation="echo", api=api),
        Route(method="POST", path="/bytes", operation="measure", content_types=("*/*",), api=api),
        Route(method="GET", path="/text", operation="repeat", query={"count": {"type": "integer"}}, api=api),
        Route(method="GET", path="/slow/{name}", operation="echo", api=api, throttle=SLOW),
    )


def function(name, *routes):
    return Function(name=f"{name}-desk", handler="depot.desk.operations", routes=routes)


service = Service(
    name="depot", title="Depot", description="A depot.",
    tables=(Table(name="unused", variable="UNUSED_TABLE", hash_key=Key("id")),),
    schemas={"Order": ORDER},
    apis=(
        Api(name="staged", protocol="HTTP", settings=ApiSettings(stage_name="live")),
        Api(name="hooks", protocol="HTTP", settings=domain("hooks", base_path="v2")),
        Api(name="open", settings=domain("open")),
    ),
    functions=(
        function("desk", *routes(), Route(method="POST", path="/orders", operation="echo", body="Order")),
        *(function(name, *routes(name)) for name in ("staged", "hooks", "open")),
    ),
)
args = TapStackArgs(service=service, api=domain("depot", base_path="v1"))
for name, value in TapStack("depot", args).outputs.items():
    pulumi.export(name, value)
"""


class Received(NamedTuple):
    """A response."""

    status: int
    content: bytes

    @property
    def body(self) -> Any:
        """JSON value of the body."""
        return json.loads(self.content)


class Depot:
    """The deployed service."""

    def __init__(self, emulator: Emulator, outputs: dict[str, Any]) -> None:
        self.ids = outputs["api_ids"]
        self.urls = {name: emulator.api_url(id_, STAGES[name]) for name, id_ in self.ids.items()}
        self._port = emulator.port

    def send(self, url: str, method: str = "GET", body: bytes | None = None, **headers: str) -> Received:
        """Send a request to a URL. The domain names have no DNS records, so `Host` contains them."""
        parts = urlsplit(url)
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=60)
        try:
            sent = {name.replace("_", "-"): value for name, value in headers.items()}
            path = parts.path + (f"?{parts.query}" if parts.query else "")
            connection.request(method, path, body, {"Host": parts.netloc, **sent})
            response = connection.getresponse()
            return Received(response.status, response.read())
        finally:
            connection.close()


STAGES = {"api": "dev", "staged": "live", "hooks": "$default", "open": "dev"}


@pytest.fixture(scope="module", name="depot")
def depot_fixture(emulator: Emulator, tmp_path_factory: pytest.TempPathFactory) -> Depot:
    """Service with two APIs of each type, of which one has a domain with a base path."""
    folder = tmp_path_factory.mktemp("sources")
    with importable_handler(folder, "depot.desk.operations", HANDLER):
        return Depot(emulator, Run(emulator, folder)(PROGRAM))


@pytest.mark.parametrize(
    ("api", "path", "context_path"),
    [
        ("api", "/echo/a%20b", "/dev/echo/a%20b"),
        ("staged", "/live/echo/a b", "/live/echo/a b"),
        ("hooks", "/echo/a b", "/echo/a b"),
    ],
)
def test_event_of_the_default_endpoint_contains_its_domain(
    depot: Depot, api: str, path: str, context_path: str
) -> None:
    id_ = depot.ids[api]
    assert depot.send(f"{depot.urls[api]}/echo/a%20b").body == {
        "eventPath": path,
        "parameters": {"name": "a b"},
        "domainName": f"{id_}.execute-api.us-east-1.amazonaws.com",
        "domainPrefix": id_,
        "path": context_path,
        "stage": STAGES[api],
    }


@pytest.mark.parametrize(
    ("url", "path", "stage"),
    [
        ("https://depot.example.com/v1/echo/a%20b", "/v1/echo/a%20b", "dev"),
        ("https://Open.example.com:443/echo/a%20b", "/echo/a%20b", "dev"),
        ("https://hooks.example.com/v2/echo/a%20b", "/v2/echo/a b", "$default"),
    ],
)
def test_event_of_a_custom_domain_contains_the_domain_and_the_base_path(
    depot: Depot, url: str, path: str, stage: str
) -> None:
    name = (urlsplit(url).hostname or "").lower()
    assert depot.send(url).body == {
        "eventPath": path,
        "parameters": {"name": "a b"},
        "domainName": name,
        "domainPrefix": name.partition(".")[0],
        "path": path,
        "stage": stage,
    }


def test_path_without_the_base_path_of_a_domain_is_forbidden(depot: Depot) -> None:
    response = depot.send("https://depot.example.com/echo/a")
    assert (response.status, response.body) == (403, {"message": "Forbidden"})


@pytest.mark.parametrize("api", ["api", "staged"])
def test_route_is_throttled(depot: Depot, api: str) -> None:
    statuses = [depot.send(f"{depot.urls[api]}/slow/a").status for _ in range(4)]
    assert statuses == [200, 200, 429, 429]
    assert depot.send(f"{depot.urls[api]}/echo/a").status == 200


@pytest.mark.parametrize(("api", "name", "code"), [("api", "error", "REQUEST_TOO_LARGE"), ("staged", "message", None)])
def test_size_of_a_request_is_limited(depot: Depot, api: str, name: str, code: str | None) -> None:
    url, binary = f"{depot.urls[api]}/bytes", "application/octet-stream"
    # The event contains the body in Base64.
    assert depot.send(url, "POST", bytes(4_500_000), Content_Type=binary).body == {"bytes": 4_500_000}
    too_long = depot.send(url, "POST", bytes(5_000_000), Content_Type=binary)
    assert (too_long.status, too_long.body[name], too_long.body.get("code")) == (413, "Request Too Long", code)
    assert depot.send(url, "POST", bytes(10_485_761), Content_Type=binary) == (
        413,
        b"HTTP content length exceeded 10485760 bytes.",
    )


@pytest.mark.parametrize("api", ["api", "staged"])
def test_size_of_a_response_is_limited(depot: Depot, api: str) -> None:
    assert depot.send(f"{depot.urls[api]}/text?count=6000000").status == 200
    too_long = depot.send(f"{depot.urls[api]}/text?count=6300000")
    assert too_long.status == 502
    assert "exceeded maximum allowed payload size (6291556 bytes)" in too_long.content.decode()


def test_rejected_body_has_the_errors_of_api_gateway(depot: Depot) -> None:
    body = json.dumps({"price": 0, "tags": []}).encode()
    response = depot.send(f"{depot.urls['api']}/orders", "POST", body, Content_Type="application/json")
    assert (response.status, response.body["code"]) == (400, "INVALID_REQUEST")
    assert response.body["details"] == [
        '[object has missing required properties (["name"]), numeric instance is lower than the required minimum '
        "(minimum: 1, found: 0), array is too short: must have at least 1 elements but instance has 0 elements]"
    ]
