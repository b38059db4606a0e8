"""Lambda authorizers over HTTP."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from examples.todo import service
from examples.todo.handler import tokens
from lib.client import smoke_test
from lib.local.emulator import Emulator

from ..integration.conftest import Http, HttpResponse, assert_error
from .conftest import Run

TODO: Any = service.SERVICE  # mypy treats `lib` and `tap_stack` as different packages
PAGE = "https://todo.example.com"
PROGRAM = """
from examples.todo.service import SERVICE
from lib.settings import *
from lib.tap_stack import TapStack, TapStackArgs
args = TapStackArgs(
    pulumi.Config().get("suffix"),
    service=SERVICE,
    api=ApiSettings(cors_origin=pulumi.Config().get("origins"), cors_credentials=True),
    authorization=AuthorizationSettings(type=pulumi.Config().get("authorization")),
    split_functions=pulumi.Config().get_bool("split"),
)
stack = TapStack("tap", args)
for name, value in stack.outputs.items():
    pulumi.export(name, value)
"""


@pytest.fixture(scope="module", name="deploy")
def deploy_fixture(emulator: Emulator, tmp_path_factory: pytest.TempPathFactory) -> Callable[..., dict[str, Any]]:
    """Deploy programs to the emulator."""
    return Run(emulator, tmp_path_factory.mktemp("authorizers"))


@pytest.fixture(scope="module", name="outputs")
def outputs_fixture(deploy: Callable[..., dict[str, Any]]) -> dict[str, Any]:
    """Return the outputs of the to-do service, whose environment requires API keys."""
    return deploy(PROGRAM, suffix="todo", authorization="API_KEY", origins=PAGE, split="false")


@pytest.fixture(scope="module", name="http")
def http_fixture(outputs: dict[str, Any]) -> Http:
    """Return a client without credentials."""
    return Http(outputs, None)


def sign_up(http: Http, name: str) -> str:
    response = http("POST", "/users", {"name": name, "password": "correct horse battery"})
    assert response.status == 201, response
    return str(response.body["token"])


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def test_service_passes_its_smoke_test(outputs: dict[str, Any]) -> None:
    results = smoke_test.run(TODO, outputs, lambda result: None)
    assert smoke_test.has_passed(TODO, results), results


def test_function_for_each_operation_has_the_authorizers(deploy: Callable[..., dict[str, Any]]) -> None:
    outputs = deploy(PROGRAM, suffix="split", authorization="NONE", origins=PAGE, split="true")
    results = smoke_test.run(TODO, outputs, lambda result: None)
    assert smoke_test.has_passed(TODO, results), results


def test_existing_user_cannot_be_created_again(http: Http) -> None:
    sign_up(http, "eve")
    assert_error(http("POST", "/users", {"name": "eve", "password": "another long password"}), 409, "CONFLICT")


def test_callers_access_only_their_own_data(http: Http) -> None:
    ada, bob = sign_up(http, "ada-2"), sign_up(http, "bob")
    added = http("POST", "/todos", {"text": "buy milk"}, **bearer(ada))
    assert (added.status, added.body["owner"]) == (201, "ada-2")
    # The cached policy of the first request also allows this route.
    assert [item["text"] for item in http("GET", "/todos", **bearer(ada)).body["todos"]] == ["buy milk"]
    assert http("GET", "/todos", **bearer(bob)).body == {"todos": []}


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Authorization": "Basic YWRhOmFkYQ=="},
        bearer("not.a.token"),
        bearer(tokens.issue({"sub": "ada", "scope": "todos"}, "another key")),
    ],
)
def test_invalid_credentials_are_rejected(http: Http, headers: dict[str, str]) -> None:
    response = http("GET", "/todos", Origin=PAGE, **headers)
    assert_error(response, 401, "UNAUTHORIZED")
    assert response.headers["www-authenticate"] == "Bearer"
    assert response.headers["access-control-allow-origin"] == PAGE
    assert response.headers["access-control-allow-credentials"] == "true"


def test_token_without_the_scope_of_a_route_is_rejected(http: Http) -> None:
    response = http("GET", "/users", **bearer(sign_up(http, "carol")))
    assert_error(response, 403, "FORBIDDEN")
    assert "'admin'" in response.body["error"]


def greet(http: Http, **headers: str) -> HttpResponse:
    return http("GET", "/greeting", **headers)


def test_sign_in_can_be_optional(http: Http) -> None:
    assert greet(http).body == {"hello": "anonymous", "owner": "", "claims": {}}
    user = greet(http, **bearer(sign_up(http, "dora"))).body
    assert user == {"hello": "dora", "owner": "dora", "claims": {"scope": "todos"}}
    # Nothing is cached: the next request is anonymous again.
    assert greet(http).body["hello"] == "anonymous"
    assert_error(greet(http, **bearer("not.a.token")), 401, "UNAUTHORIZED")


def test_authorizer_without_its_key_is_unavailable(deploy: Callable[..., dict[str, Any]], emulator: Emulator) -> None:
    outputs = deploy(PROGRAM, suffix="no-key", authorization="NONE", origins=PAGE, split="false")
    function = emulator.client("lambda").get_function_configuration(FunctionName="todo-authorizer-no-key")
    role = function["Role"].rpartition("/")[2]
    emulator.client("iam").delete_role_policy(RoleName=role, PolicyName="grants")
    response = Http(outputs, None)("GET", "/todos", **bearer("a.b.c"))
    assert_error(response, 503, "SERVICE_UNAVAILABLE")
    assert response.headers["retry-after"] == "2"


def test_preflight_allows_credentials(http: Http) -> None:
    response = http("OPTIONS", "/todos", Origin=PAGE, Access_Control_Request_Method="GET")
    assert response.headers["access-control-allow-origin"] == PAGE
    assert response.headers["access-control-allow-credentials"] == "true"
    assert "Authorization" in response.headers["access-control-allow-headers"]


def test_several_origins_can_send_credentials(deploy: Callable[..., dict[str, Any]]) -> None:
    other = "https://other.example.com"
    outputs = deploy(
        PROGRAM, suffix="pages", authorization="NONE", origins=f"{PAGE},http://localhost:3000", split="false"
    )
    http = Http(outputs, None)
    for method in ("GET", "OPTIONS"):
        allowed = http(method, "/greeting", Origin=PAGE, Access_Control_Request_Method="GET").headers
        assert allowed["access-control-allow-credentials"] == "true"
        assert "access-control-allow-credentials" not in http(method, "/greeting", Origin=other).headers
    # API Gateway cannot compare origins, so its error responses allow every origin, without credentials.
    assert "access-control-allow-credentials" not in http("GET", "/todos", Origin=PAGE).headers
