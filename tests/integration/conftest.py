"""A deployed stack, known by its outputs file alone.

`TAP_OUTPUTS` is the path of `all-outputs.json` or `flat-outputs.json` of a deployment, on AWS or in a local run.
Without it a stack is deployed into the emulator.
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
from lib.local.engine import Engine, deploy
from lib.program import project
from lib.services import SERVICES

Client = Callable[[str], Any]
Outputs = dict[str, Any]
_FOLDERS: dict[str, Path] = {}
"""The folder with the outputs and the AWS config file of each emulator of this test run, by its host and port."""


class Answer(NamedTuple):
    """What came back over HTTP."""

    status: int
    headers: dict[str, str]
    body: Any


class Http:
    """A caller of the API."""

    def __init__(self, outputs: dict[str, Any], key: str | None) -> None:
        self.url: str = outputs["api_url"]
        self.key = {"x-api-key": key} if key else {}
        self._opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))

    def __call__(self, method: str, path: str, body: Any = None, **headers: str) -> Answer:
        """Send one request; a body that is no bytes goes as JSON, and `_` in header names becomes `-`."""
        data = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
        sent = {"Content-Type": "application/json", **self.key, **{k.replace("_", "-"): v for k, v in headers.items()}}
        try:
            with self._opener.open(
                urllib.request.Request(self.url + path, data, sent, method=method), timeout=60
            ) as got:
                return _answer(got.status, got)
        except urllib.error.HTTPError as error:
            with error:
                return _answer(error.code, error)


def _answer(status: int, got: Any) -> Answer:
    text = got.read().decode()
    headers = {name.lower(): value for name, value in got.headers.items()}
    return Answer(status, headers, json.loads(text, parse_float=Decimal) if text else None)


def refused(answer: Answer, status: int, code: str) -> None:
    """The common error shape, from the function or from the gateway."""
    assert (answer.status, answer.body["code"]) == (status, code), answer.body
    assert set(answer.body) == {"error", "code", "requestId", "details"}
    assert answer.body["error"]
    assert answer.body["requestId"] == answer.headers["x-request-id"]
    assert answer.headers["x-correlation-id"]


def eventually(check: Callable[[], None], seconds: float = 5) -> None:
    """Raise what `check` raises only if it still does after so long: on AWS an index is a moment behind its table."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            return check()
        except AssertionError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)


def outputs_of(service: str, flat: dict[str, Any]) -> dict[str, Any]:
    """The outputs of one service among those of a file."""
    found = {k.removeprefix(f"{service}_"): v for k, v in flat.items() if k.startswith(f"{service}_")}
    # The outputs of another service can begin with this service's name: the inventory has items_table_name.
    if "service" not in found:
        pytest.skip(f"{os.environ['TAP_OUTPUTS']} has no outputs of {service}")
    return found


@pytest.fixture(scope="session", name="deployed")
def deployed_fixture(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], dict[str, Any]]]:
    """The flat outputs of a service, which is deployed when it is first asked for."""
    if named := os.environ.get("TAP_OUTPUTS"):
        flat = files.read(Path(named))
        if not any(f"{service}_service" in flat for service in SERVICES):
            pytest.fail(f"TAP_OUTPUTS must be all-outputs.json or flat-outputs.json of a deployment, got {named!r}.")
        yield lambda service: outputs_of(service, flat)
        return
    here = project.read(Path())
    with Emulator() as emulator:

        @functools.cache
        def made(service: str) -> dict[str, Any]:
            folder = tmp_path_factory.mktemp("cfn-outputs")
            engine = Engine(emulator, lambda type_, name: None)
            config = project.config(here, "dev", service)
            stack = deploy(
                here.program, engine, project=here.name, stack="dev", config=config, report=lambda line: None
            )
            files.write({"dev": stack}, folder)
            aws_config.write(emulator, folder)
            _FOLDERS[urlsplit(emulator.url).netloc] = folder
            found: dict[str, Any] = json.loads((folder / files.FLAT).read_text(encoding="utf-8"))
            return found

        yield made


def session(outputs: dict[str, Any]) -> boto3.Session:
    """Return a session of the account or of the emulator that a stack is in.

    The credentials for an emulator are in a file beside the outputs.
    """
    at = urlsplit(outputs["api_url"])
    if at.hostname != "127.0.0.1":
        return boto3.Session(region_name=outputs["dynamodb_table_arn"].split(":")[3])
    return aws_config.session(_FOLDERS.get(at.netloc) or Path(os.environ["TAP_OUTPUTS"]).parent)


@contextlib.contextmanager
def clients(outputs: dict[str, Any]) -> Iterator[Callable[[str], Any]]:
    """Provide boto3 clients of the account or of the emulator that a stack is in."""
    found = session(outputs)
    with contextlib.ExitStack() as stack:

        @functools.cache
        def made(service: str) -> Any:
            return stack.enter_context(contextlib.closing(found.client(service)))

        yield made


def caller(outputs: dict[str, Any], client: Callable[[str], Any]) -> Http:
    """A caller with the key or the token that the API asks for; AWS tells its secrets to whom it may."""
    if outputs.get("authorization") == "AWS_IAM":
        pytest.skip("these tests sign no requests")
    if "machine_client_id" in outputs:
        http = Http(outputs, None)
        http.key = {"Authorization": f"Bearer {_token(outputs, client)}"}
        return http
    if "api_key_id" not in outputs:
        return Http(outputs, None)
    return Http(outputs, client("apigateway").get_api_key(apiKey=outputs["api_key_id"], includeValue=True)["value"])


def _token(outputs: dict[str, Any], client: Callable[[str], Any]) -> str:
    asked = {"UserPoolId": outputs["user_pool_id"], "ClientId": outputs["machine_client_id"]}
    secret = client("cognito-idp").describe_user_pool_client(**asked)["UserPoolClient"]["ClientSecret"]
    return auth.request_token({**outputs, "machine_client_secret": secret}, outputs["scopes"].values())


@pytest.fixture(scope="module", name="client")
def client_fixture(outputs: dict[str, Any]) -> Iterator[Callable[[str], Any]]:
    """Clients of where the service is."""
    with clients(outputs) as made:
        yield made


@pytest.fixture(scope="module", name="http")
def http_fixture(outputs: dict[str, Any], client: Callable[[str], Any]) -> Http:
    """A caller of the service."""
    return caller(outputs, client)


@pytest.fixture(scope="module", name="tables")
def tables_fixture(outputs: Outputs, client: Client) -> dict[str, Any]:
    """The tables of the service by their type."""
    describe = client("dynamodb").describe_table
    return {name: describe(TableName=table)["Table"] for name, table in outputs["table_names"].items()}


def keys(of: Any) -> list[str]:
    """Return the key attributes of a table or an index."""
    return [key["AttributeName"] for key in sorted(of["KeySchema"], key=lambda key: str(key["KeyType"]))]
