"""`tap load`."""

from __future__ import annotations

import json
import resource
from pathlib import Path
from typing import Any

import pytest

from lib.cli import main
from lib.load import client, deployment
from lib.local.emulator import free_port
from lib.services import SERVICES

from ..support.builders import replace_service
from ..support.fake_aws import RecordedCall, serving
from ..support.https_server import https_server

SMALL = ("load", "--service", "items", "--clients", "1", "--seconds", "1")


def test_service_without_a_journey_is_an_error(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    replace_service(monkeypatch, SERVICES["items"])
    assert main([*SMALL, "--url", "http://127.0.0.1:9"]) == 1
    assert capsys.readouterr().err == ("error: items has no journey. Set journey=Journey(...) in its ServiceFactory.\n")


@pytest.mark.slow
def test_load_deploys_a_service_and_reports_throttling_of_the_emulator(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["load", "--service", "items", "--clients", "4", "--seconds", "3", "--workers", "1"]) == 0
    output = capsys.readouterr().out
    assert "items is deployed in dev" in output
    assert "\nsuccess         POST /items " in output
    assert "  429 ConcurrentInvocationLimitExceeded: exceeds --workers " in output
    assert output.endswith("s] load test passed\n")


@pytest.mark.slow
def test_connection_errors_fail_the_test(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*SMALL, "--url", f"http://127.0.0.1:{free_port()}"]) == 1
    output = capsys.readouterr().out
    assert "failure  no response ConnectionRefusedError: POST /items " in output
    assert output.endswith("s] load test failed: unexpected errors or no success, see above\n")


def outputs_file(folder: Path, api_url: str, **outputs: str) -> str:
    """Write an outputs file of the items service."""
    path = folder / "flat-outputs.json"
    path.write_text(json.dumps({"items_api_url": api_url, **outputs}), encoding="utf-8")
    return str(path)


@pytest.mark.slow
def test_throttled_request_is_retried_and_a_failed_one_is_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(client, "MAX_BACKOFF_SECONDS", 0.0)
    created: list[str] = []

    def respond(request: RecordedCall) -> tuple[int, Any]:
        if request.path != "/items":
            return 502, {"code": "BAD"}
        created.append(json.loads(request.body)["ItemId"])
        return (429, {"code": "THROTTLED"}) if created.count(created[-1]) == 1 else (201, {"CreatedAt": "now"})

    with serving() as fake:
        fake.script = [respond]
        path = outputs_file(tmp_path, fake.url, items_api_key="a key")
        assert main([*SMALL, "--outputs", path, "--json"]) == 1
        assert {request.headers["x-api-key"] for request in fake.calls} == {"a key"}
        assert [request.path for request in fake.calls][:3] == ["/items", "/items", f"/items/{created[0]}/now"]
    document = json.loads(capsys.readouterr().out)
    rows = document.pop("rows")
    assert document == {"service": "items", "url": fake.url, "clients": 1, "seconds": 1, "passed": False}
    assert [(row["outcome"], row["name"]) for row in rows] == [
        ("success", "POST /items"),
        ("success", client.TOTAL),
        ("expected error", "429 THROTTLED: throttled by the API or a table"),
        ("failure", "502 BAD: GET /items/{ItemId}/{CreatedAt}"),
    ]


@pytest.mark.slow
def test_requests_to_a_url_have_the_api_key_of_the_option() -> None:
    with serving() as fake:
        fake.script = [(500, {"code": "INTERNAL"})]
        assert main([*SMALL, "--url", f"{fake.url}/", "--api-key", "a key"]) == 1
        assert (fake.calls[0].path, fake.calls[0].headers["x-api-key"]) == ("/items", "a key")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("domain", "failure"),
    [("localhost", "501 no code"), ("other.example.com", "no response SSLCertVerificationError")],
)
def test_certificate_of_the_api_is_verified(
    domain: str, failure: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with https_server(domain, tmp_path, monkeypatch) as (port, _):
        assert main([*SMALL, "--url", f"https://localhost:{port}"]) == 1
    assert f"failure  {failure}: POST /items " in capsys.readouterr().out


def test_load_without_a_deployment_names_the_commands_that_create_one(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*SMALL, "--outputs", str(tmp_path / "none.json")]) == 1
    assert (
        "must contain the outputs of items. Run make local or make up SERVICE=items first." in capsys.readouterr().err
    )


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--env", "no spaces"], "environment_suffix must be letters, digits, '-' and '_', got 'no spaces'."),
        (["--config", "rollout"], "config must be KEY=VALUE"),
        (["--clients", "0"], "Invalid value for '--clients': 0 is not in the range x>=1."),
        (["--seconds", "0"], "Invalid value for '--seconds': 0 is not in the range x>=1."),
        (["--workers", "0"], "Invalid value for '--workers': 0 is not in the range x>=1."),
        (
            ["--url", "http://a", "--outputs", "b"],
            "--url and --outputs cannot be combined. Use one of them to select a deployment.",
        ),
        (
            ["--url", "http://a", "--workers", "1"],
            "--workers and --config configure a local deployment and cannot be combined with",
        ),
        (
            ["--outputs", "b", "--config", "a=b"],
            "--workers and --config configure a local deployment and cannot be combined with",
        ),
    ],
)
def test_usage_error_is_a_one_line_error(
    arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*SMALL, *arguments]) == 2
    error = capsys.readouterr().err
    assert message in error
    assert len(error.splitlines()) == 1


def test_more_clients_than_open_files_is_an_error(capsys: pytest.CaptureFixture[str]) -> None:
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    assert main([*SMALL, "--clients", "999999999"]) == 1
    assert capsys.readouterr().err == (
        f"error: 999999999 clients require 1000000255 open files, and the limit is {hard}. Start at most {hard - 256} "
        "clients, or raise the limit with ulimit -Hn.\n"
    )


def test_limit_of_open_files_is_raised_for_the_clients() -> None:
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (500, before[1]))
    try:
        deployment.raise_file_limit(400)
        assert resource.getrlimit(resource.RLIMIT_NOFILE) == (656, before[1])
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)
