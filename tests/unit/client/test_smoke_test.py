"""Smoke test against a fake API."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest

from lib.cli import main
from lib.client import auth, smoke_test
from lib.model import Call
from lib.services import SERVICES

from ...support.builders import a_function, a_route, a_service, an_authorizer
from ...support.fake_aws import FakeAws, serving

ITEMS = SERVICES["items"]
ACCEPT = Call(
    method="POST", path="/parcels", status=201, body={"to": "Ada"}, captures={"first": "id", "state": "state"}
)
IAM = {"items_authorization": "AWS_IAM", "items_api_execution_arn": "arn:aws:execute-api:eu-west-1:1:api"}


@pytest.fixture(name="api")
def api_fixture() -> Iterator[FakeAws]:
    """Fake API with scripted responses."""
    with serving() as api:
        yield api


def send_all(api: FakeAws, *demo: Call) -> list[smoke_test.CallResult]:
    return smoke_test.run(a_service(demo=demo), {"api_url": api.url}, lambda result: None)


def test_placeholders_are_filled_from_earlier_responses(api: FakeAws) -> None:
    api.script = [(201, {"id": "a/b ü", "state": 7}), (200, {})]
    body = {"parts": ["of {first}", {"state": "{state}"}, 1], "none": None}
    later = Call(method="POST", path="/parcels/{first}?by={state}", status=200, body=body)
    assert [result.is_expected for result in send_all(api, ACCEPT, later, later)] == [True] * 3
    for call in api.calls[1:]:
        assert call.path == "/parcels/a%2Fb%20%C3%BC?by=7"
        assert json.loads(call.body) == {"parts": ["of a/b ü", {"state": "7"}, 1], "none": None}


@pytest.mark.parametrize(
    "response",
    [(502, b"Internal Server Error"), (400, {"error": "no"}), (201, ["a"]), (204, b"")],
    ids=["not JSON", "other fields", "not an object", "empty"],
)
def test_placeholder_without_a_value_is_sent_unchanged(api: FakeAws, response: tuple[int, Any]) -> None:
    api.script = [response, (404, {"error": "no"})]
    send_all(api, ACCEPT, Call(method="POST", path="/parcels/{first}", status=200, body={"of": "{first}"}))
    assert api.calls[1].path == "/parcels/{first}"
    assert json.loads(api.calls[1].body) == {"of": "{first}"}


def test_call_is_sent_with_its_headers_and_the_key(api: FakeAws) -> None:
    api.script = [(200, {})]
    call = Call(method="POST", path="/parcels/1", status=200, headers={"If-Match": '"2"'})
    smoke_test.send(api.url, call, auth.static_headers({"x-api-key": "secret"}))
    sent = api.calls[0].headers
    assert (sent["if-match"], sent["x-api-key"], sent["content-type"]) == ('"2"', "secret", "application/json")


def test_headers_of_a_call_replace_the_others_in_any_case(api: FakeAws) -> None:
    api.script = [(200, {})]
    call = Call(method="PUT", path="/logo", status=200, body=b"\x89", headers={"content-type": "image/png"})
    smoke_test.send(api.url, call)
    assert (api.calls[0].headers["content-type"], api.calls[0].body) == ("image/png", b"\x89")
    assert api.calls[0].headers["accept"] == "*/*"


def test_form_is_sent_with_placeholders_filled(api: FakeAws) -> None:
    api.script = [(201, {"id": "a b", "state": 7}), (200, {})]
    send_all(api, ACCEPT, Call(method="POST", path="/forms", status=200, form={"of": "{first}"}))
    assert api.calls[1].headers["content-type"] == "application/x-www-form-urlencoded"
    assert api.calls[1].body == b"of=a+b"


def test_redirect_is_not_followed_and_bytes_are_replaced(api: FakeAws) -> None:
    api.script = [(302, b"\x89")]
    result = send_all(api, Call(method="GET", path="/old", status=302))[0]
    assert (result.is_expected, result.body, len(api.calls)) == (True, "\ufffd", 1)


@pytest.mark.parametrize(
    ("status", "content_type", "note"),
    [
        (200, "Image/PNG; a=b", ""),
        (200, "text/html", "expected image/png, got text/html"),
        (200, "", "expected image/png, got none"),
        (404, "image/png", "expected 200"),
    ],
)
def test_media_type_of_the_response_is_checked(status: int, content_type: str, note: str) -> None:
    service = a_service(functions=(a_function(a_route(path="/logo")),))
    call = Call(method="GET", path="/logo", status=200, content_type="image/png")
    rows = smoke_test.table(service, [smoke_test.CallResult(call, status, 1.0, "", content_type)])
    assert rows[1][-1] == note


def test_table_has_the_statuses_of_all_calls_of_a_route(api: FakeAws) -> None:
    api.script = [(201, {}), (400, {}), (201, {})]
    service = a_service(functions=(a_function(a_route(method="POST")),))
    calls = [Call(method="POST", path="/parcels", status=status) for status in (201, 400, 201)]
    results = send_all(api, *calls)
    assert smoke_test.table(service, results)[1][:3] == ["  POST", "/parcels", "201, 400"]
    unexpected = smoke_test.CallResult(calls[0], 500, 1, "")
    assert smoke_test.table(service, [*results, unexpected])[1] == ["  POST", "/parcels", "500", "1.0", "expected 201"]


def test_route_without_a_demo_call_fails_the_smoke_test() -> None:
    service = a_service(functions=(a_function(a_route(path="/parcels/{id}"), a_route(path="/parcels/lost")),))
    results = [smoke_test.CallResult(Call(method="GET", path="/parcels/lost", status=200), 200, 1.0, "")]
    assert smoke_test.table(service, results)[1:] == [
        ["  GET", "/parcels/{id}", "-", "-", "no demo call: add a Call to demo"],
        ["  GET", "/parcels/lost", "200", "1.0", ""],
    ]
    assert not smoke_test.has_passed(service, results)


def test_demo_calls_every_route_of_every_service() -> None:
    for service in SERVICES.values():
        for _, route in service.routes():
            assert any(call.calls(route) for call in service.demo), f"{service.name}: {route.method} {route.path}"


def smoke(folder: Path, *arguments: str) -> int:
    """Run the smoke command with an outputs file."""
    return main(["smoke", "--outputs", str(folder / "flat-outputs.json"), *arguments])


def write(folder: Path, api_url: str, **outputs: str) -> None:
    """Write an outputs file of the items service."""
    content = {"items_api_url": api_url, "items_api_key": "a key", **outputs}
    (folder / "flat-outputs.json").write_text(json.dumps(content), encoding="utf-8")


def test_smoke_sends_the_demo_calls_to_the_deployment_of_an_outputs_file(
    api: FakeAws, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    api.script = [(call.status, {}) for call in ITEMS.demo]
    write(tmp_path, api.url)
    assert smoke(tmp_path) == 0
    assert [call.headers["x-api-key"] for call in api.calls] == ["a key"] * len(ITEMS.demo)
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "items:"
    assert all(re.search(r" 20\d +\d", line) for line in lines[2:])
    assert smoke(tmp_path, "--api-key", "another") == 1
    assert api.calls[-1].headers["x-api-key"] == "another"
    assert "expected 20" in capsys.readouterr().out


def test_smoke_prints_json(api: FakeAws, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    api.script = [(503, {"error": "busy"})]
    write(tmp_path, api.url)
    assert smoke(tmp_path, "--service", "items", "--json") == 1
    first = json.loads(capsys.readouterr().out)["items"][0]
    assert first.pop("milliseconds") > 0
    assert first == {
        "method": "POST",
        "path": "/items",
        "expected_status": 201,
        "status": 503,
        "body": '{"error": "busy"}',
    }


def test_smoke_signs_the_calls_of_an_api_that_requires_it(
    api: FakeAws, tmp_path: Path, aws_environment: pytest.MonkeyPatch
) -> None:
    aws_environment.setenv("AWS_SESSION_TOKEN", "token")
    api.script = [(call.status, {}) for call in ITEMS.demo]
    write(tmp_path, api.url, **IAM)
    assert smoke(tmp_path) == 0
    headers = api.calls[0].headers
    assert headers["authorization"].startswith("AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/")
    assert "/eu-west-1/execute-api/" in headers["authorization"]
    assert headers["x-amz-security-token"] == "token"


def test_smoke_without_credentials_is_a_one_line_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(boto3.Session, "get_credentials", lambda _: None)
    write(tmp_path, "http://127.0.0.1:1", **IAM)
    assert smoke(tmp_path) == 1
    message = "error: The API requires signed requests. Set AWS_PROFILE to a profile with credentials.\n"
    assert capsys.readouterr().err == message


@pytest.mark.parametrize("content", [None, '{"name": "tap"}'])
def test_smoke_without_outputs_is_a_one_line_error(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], content: str | None
) -> None:
    path = tmp_path / "flat-outputs.json"
    if content:
        path.write_text(content, encoding="utf-8")
    assert smoke(tmp_path) == 1
    assert capsys.readouterr().err == (
        f"error: {path} must contain the outputs of a service with an API. Run make local or make up, which write it.\n"
    )


def test_route_with_an_authorizer_gets_only_the_credentials_of_the_call_and_the_api_key(api: FakeAws) -> None:
    desk = a_function(
        a_route(method="POST", operation="accept"),
        a_route(path="/mine", authorizer="token"),
        a_route(path="/open", authorizer=""),
        authorizers=(an_authorizer(),),
    )
    with_token = Call(method="GET", path="/mine", status=200, headers={"Authorization": "Bearer {first}"})
    calls = (ACCEPT, with_token, Call(method="GET", path="/open", status=200))
    api.script = [(201, {"id": "abc", "state": 7}), (200, {}), (200, {})]
    environment = auth.static_headers({"Authorization": "Bearer environment", "x-api-key": "key"})
    service = a_service(functions=(desk,), demo=calls)
    smoke_test.run(service, {"api_url": api.url}, lambda result: None, environment)
    assert [(call.headers.get("authorization"), call.headers["x-api-key"]) for call in api.calls] == [
        ("Bearer environment", "key"),
        ("Bearer abc", "key"),
        (None, "key"),
    ]
