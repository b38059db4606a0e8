"""Fixtures of integration tests, which know only the outputs of a deployed stack.

`TAP_OUTPUTS` is the path of `all-outputs.json` or `flat-outputs.json` of a deployment on AWS or in the local emulator.
By default, the tests deploy each service to an emulator.
"""

from __future__ import annotations

import contextlib
import functools
import json
import os
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import boto3
import pytest

from lib.client import auth
from lib.client import outputs_file as files
from lib.local import aws_config
from lib.local.emulator import Emulator
from lib.local.engine import Engine
from lib.program import project
from lib.services import SERVICES

from ..support.deployments import deploy_file

Client = Callable[[str], Any]
Outputs = dict[str, Any]
_FOLDERS: dict[str, Path] = {}
"""Folders with outputs and AWS config file of the emulators of this test run, by host and port."""


class HttpResponse(NamedTuple):
    """An HTTP response with a JSON body."""

    status: int
    headers: dict[str, str]
    body: Any


class Http:
    """An HTTP client of the API."""

    def __init__(self, outputs: dict[str, Any], key: str | None) -> None:
        self.url: str = outputs["api_url"]
        self.key = {"x-api-key": key} if key else {}
        """Headers that authorize requests."""
        self._opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))

    def __call__(self, method: str, path: str, body: Any = None, **headers: str) -> HttpResponse:
        """Send a request. Bodies other than bytes are sent as JSON; `_` in the names of headers represents `-`."""
        data = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
        custom = {name.replace("_", "-"): value for name, value in headers.items()}
        request = urllib.request.Request(
            self.url + path, data, {"Content-Type": "application/json", **self.key, **custom}, method=method
        )
        try:
            with self._opener.open(request, timeout=60) as response:
                return _parse(response.status, response)
        except urllib.error.HTTPError as error:
            with error:
                return _parse(error.code, error)


def _parse(status: int, response: Any) -> HttpResponse:
    body = response.read().decode()
    headers = {name.lower(): value for name, value in response.headers.items()}
    return HttpResponse(status, headers, json.loads(body, parse_float=Decimal) if body else None)


def assert_error(response: HttpResponse, status: int, code: str) -> None:
    """Check an error response of the function or of API Gateway."""
    assert (response.status, response.body["code"]) == (status, code), response.body
    assert set(response.body) == {"error", "code", "requestId", "details"}
    assert response.body["error"]
    assert response.body["requestId"] == response.headers["x-request-id"]
    assert response.headers["x-correlation-id"]


def eventually(check: Callable[[], None], seconds: float = 5) -> None:
    """Repeat `check` until it raises no `AssertionError` or the time is over. Indexes are eventually consistent."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            return check()
        except AssertionError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)


def outputs_of(service: str, flat: dict[str, Any]) -> dict[str, Any]:
    """Return the outputs of a service. Skip the test if the deployment does not contain the service."""
    outputs = {k.removeprefix(f"{service}_"): v for k, v in flat.items() if k.startswith(f"{service}_")}
    # Outputs of another service can have the same prefix, such as `items_table_name` of the inventory service.
    if "service" not in outputs:
        pytest.skip(f"{os.environ['TAP_OUTPUTS']} has no outputs of {service}")
    return outputs


@pytest.fixture(scope="session", name="deployed")
def deployed_fixture(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], dict[str, Any]]]:
    """Return a function that returns the flat outputs of a service. Without `TAP_OUTPUTS`, it deploys the service."""
    if path := os.environ.get("TAP_OUTPUTS"):
        flat = files.read(Path(path))
        if not any(f"{service}_service" in flat for service in SERVICES):
            pytest.fail(f"TAP_OUTPUTS must be all-outputs.json or flat-outputs.json of a deployment, got {path!r}.")
        yield lambda service: outputs_of(service, flat)
        return
    repository = project.read(Path())
    with Emulator() as emulator:

        @functools.cache
        def deploy_service(service: str) -> dict[str, Any]:
            folder = tmp_path_factory.mktemp("cfn-outputs")
            engine = Engine(emulator, lambda type_, name: None)
            config = project.config(repository, "dev", service)
            names = {"project": repository.name, "stack": "dev"}
            stack = deploy_file(repository.program, engine, **names, config=config, report=lambda line: None)
            files.write({"dev": stack}, folder)
            aws_config.write(emulator, folder)
            _FOLDERS[urlsplit(emulator.url).netloc] = folder
            outputs: dict[str, Any] = json.loads((folder / files.FLAT).read_text(encoding="utf-8"))
            return outputs

        yield deploy_service


def session(outputs: dict[str, Any]) -> boto3.Session:
    """Return a session for the AWS account or the emulator of a stack.

    The folder with the outputs of an emulator also contains its credentials.
    """
    url = urlsplit(outputs["api_url"])
    if url.hostname != "127.0.0.1":
        return boto3.Session(region_name=outputs["dynamodb_table_arn"].split(":")[3])
    return aws_config.session(_FOLDERS.get(url.netloc) or Path(os.environ["TAP_OUTPUTS"]).parent)


@contextlib.contextmanager
def clients(outputs: dict[str, Any]) -> Iterator[Callable[[str], Any]]:
    """Provide boto3 clients for the AWS account or the emulator of a stack."""
    stack_session = session(outputs)
    with contextlib.ExitStack() as stack:

        @functools.cache
        def create_client(service: str) -> Any:
            return stack.enter_context(contextlib.closing(stack_session.client(service)))

        yield create_client


def authorized_http(outputs: dict[str, Any], client: Callable[[str], Any]) -> Http:
    """Return an HTTP client with the API key or the token that the API requires, using secrets that AWS returns."""
    if outputs.get("authorization") == "AWS_IAM":
        pytest.skip("these tests do not sign requests")
    if "machine_client_id" in outputs:
        http = Http(outputs, None)
        http.key = {"Authorization": f"Bearer {_token(outputs, client)}"}
        return http
    if "api_key_id" not in outputs:
        return Http(outputs, None)
    return Http(outputs, client("apigateway").get_api_key(apiKey=outputs["api_key_id"], includeValue=True)["value"])


def _token(outputs: dict[str, Any], client: Callable[[str], Any]) -> str:
    ids = {"UserPoolId": outputs["user_pool_id"], "ClientId": outputs["machine_client_id"]}
    secret = client("cognito-idp").describe_user_pool_client(**ids)["UserPoolClient"]["ClientSecret"]
    return auth.request_token({**outputs, "machine_client_secret": secret}, outputs["scopes"].values())


@pytest.fixture(scope="module", name="client")
def client_fixture(outputs: dict[str, Any]) -> Iterator[Callable[[str], Any]]:
    """Return boto3 clients for the AWS account or the emulator of the service."""
    with clients(outputs) as create_client:
        yield create_client


@pytest.fixture(scope="module", name="http")
def http_fixture(outputs: dict[str, Any], client: Callable[[str], Any]) -> Http:
    return authorized_http(outputs, client)


@pytest.fixture(scope="module", name="tables")
def tables_fixture(outputs: Outputs, client: Client) -> dict[str, Any]:
    """Return the descriptions of the tables of the service by type."""
    describe = client("dynamodb").describe_table
    return {name: describe(TableName=table)["Table"] for name, table in outputs["table_names"].items()}


def keys(table: Any) -> list[str]:
    """Return the names of the key attributes of a table or an index."""
    return [key["AttributeName"] for key in sorted(table["KeySchema"], key=lambda key: str(key["KeyType"]))]
