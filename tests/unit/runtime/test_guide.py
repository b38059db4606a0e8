"""Examples of the guide to requests and responses."""

from __future__ import annotations

import hmac
import sys
from pathlib import Path
from typing import Any

import pytest

from lib.model.media_types import binary_media_types
from lib.runtime.event_handler import Request, Response

from ...support.builders import a_function, a_service
from ...support.markdown import python_blocks

GUIDE = Path("docs/guides/requests-and-responses.md")


@pytest.fixture(scope="module", name="guide")
def guide_fixture() -> dict[str, Any]:
    """Return the names that the Python blocks of the guide define."""
    names: dict[str, Any] = {"__file__": str(GUIDE.resolve())}
    for block in python_blocks(GUIDE):
        exec(block, names)  # noqa: S102  # pylint: disable=exec-used  # the documentation of this project
    return names


def test_tests_of_the_guide_pass(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    example, tests = (Path(f"docs/guides/{name}.md") for name in ("queues-and-streams", "test-your-service"))
    package = tmp_path / "shop" / "handler"
    package.mkdir(parents=True)
    (package / "operations.py").write_text(python_blocks(example)[2], encoding="utf-8")
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setenv("AWS_REGION", "us-east-1")
    # Another test can have imported a package with this name.
    for name in [name for name in sys.modules if name.partition(".")[0] == "shop"]:
        monkeypatch.delitem(sys.modules, name)
    names: dict[str, Any] = {}
    exec(python_blocks(tests)[0], names)  # noqa: S102  # pylint: disable=exec-used  # the documentation of this project
    functions = [function for name, function in names.items() if name.startswith("test_")]
    assert len(functions) == 2
    for function in functions:
        function(monkeypatch)


def a_request(body: str = "", **headers: str) -> Request:
    event = {"body": body, "headers": headers}
    return Request("POST /hooks", {}, {}, headers, None, "anonymous", "r", event=event)


def test_routes_can_be_described(guide: dict[str, Any]) -> None:
    service = a_service(functions=(a_function(*guide["ROUTES"], guide["SEARCH"]),), demo=guide["DEMO"])
    assert binary_media_types(route for _, route in service.routes()) == ["*/*"]
    assert all(callable(guide[route.operation]) for route in guide["ROUTES"])


def test_webhook_verifies_the_signature(guide: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SIGNING_KEY", "key")
    body = '{"id": 7}'
    signed = a_request(body, **{"x-signature": hmac.new(b"key", body.encode(), "sha256").hexdigest()})
    assert guide["receive_hook"](signed) == Response.json({"received": 7}, 202)
    with pytest.raises(guide["Unauthorized"]):
        guide["receive_hook"](a_request(body))


def test_operations_return_responses(guide: dict[str, Any]) -> None:
    page = guide["show_page"](a_request(cookie="visits=1"))
    assert page.body == "<p>Visit 2</p>"
    assert page.cookies[0].startswith("visits=2; Path=/; SameSite=Lax; Max-Age=86400")
    assert guide["read_logo"](a_request()).body == b"\x89PNG"
    assert guide["move"](a_request()).status == 301


def test_application_with_powertools_is_an_operation(guide: dict[str, Any], caplog: pytest.LogCaptureFixture) -> None:
    event = {"path": "/reports/2027-01-31", "httpMethod": "GET", "headers": {}}
    request = Request("GET /reports/{proxy+}", {}, {}, {}, None, "anonymous", "r", event=event)
    response = guide[guide["APPLICATION"].operation](request)
    assert (response.status, response.body) == (200, '{"day":"2027-01-31"}')
    assert response.headers == {"Content-Type": "application/json"}
    assert caplog.messages == ["report"]
