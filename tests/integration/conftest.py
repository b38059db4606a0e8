"""A deployed stack, known by its outputs file alone.

`TAP_OUTPUTS` names the flat outputs of a stack that stands, on AWS or in a local run; without it one is deployed into
the emulator.
"""

from __future__ import annotations

import contextlib
import functools
import json
import os
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import boto3
import pytest

from lib import outputs as files
from lib.local import project
from lib.local.emulator import REGION, Emulator
from lib.local.engine import Engine, deploy


class Answer(NamedTuple):
    """What came back over HTTP."""

    status: int
    headers: dict[str, str]
    body: Any


class Http:
    """A caller of the API."""

    def __init__(self, outputs: dict[str, Any], key: str | None) -> None:
        self.url: str = outputs["api_url"]
        self._key = {"x-api-key": key} if key else {}
        self._opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))

    def __call__(self, method: str, path: str, body: Any = None, **headers: str) -> Answer:
        """Send one request; a body that is no bytes goes as JSON, and `_` in header names becomes `-`."""
        data = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
        sent = {"Content-Type": "application/json", **self._key, **{k.replace("_", "-"): v for k, v in headers.items()}}
        try:
            with self._opener.open(
                urllib.request.Request(self.url + path, data, sent, method=method), timeout=60
            ) as got:
                return _answer(got.status, got)
        except urllib.error.HTTPError as refused:
            with refused:
                return _answer(refused.code, refused)


def _answer(status: int, got: Any) -> Answer:
    text = got.read().decode()
    headers = {name.lower(): value for name, value in got.headers.items()}
    return Answer(status, headers, json.loads(text, parse_float=Decimal) if text else None)


@pytest.fixture(scope="session", name="outputs")
def outputs_fixture(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    """The flat outputs of the items service."""
    if named := os.environ.get("TAP_OUTPUTS"):
        yield json.loads(Path(named).read_text(encoding="utf-8"))
        return
    folder = tmp_path_factory.mktemp("cfn-outputs")
    here = project.read(Path())
    with Emulator() as emulator:
        engine = Engine(emulator, lambda type_, name: None)
        config = project.config(here, "dev", "items")
        made = deploy(here.program, engine, project=here.name, stack="dev", config=config, tell=lambda line: None)
        files.write({"dev": made}, folder)
        yield json.loads((folder / files.FLAT).read_text(encoding="utf-8"))


@pytest.fixture(scope="session", name="client")
def client_fixture(outputs: dict[str, Any]) -> Iterator[Callable[[str], Any]]:
    """boto3 clients: of the account the stack is in, or of the emulator that its URL shows it to be in."""
    at = urlsplit(outputs["api_url"])
    local = {
        "endpoint_url": f"http://{at.netloc}",
        "region_name": REGION,
        "aws_access_key_id": "test",
        "aws_secret_access_key": "test",
    }
    found = local if at.hostname == "127.0.0.1" else {"region_name": outputs["dynamodb_table_arn"].split(":")[3]}
    with contextlib.ExitStack() as clients:

        @functools.cache
        def made(service: str) -> Any:
            return clients.enter_context(contextlib.closing(boto3.client(service, **found)))

        yield made


@pytest.fixture(scope="session", name="http")
def http_fixture(outputs: dict[str, Any], client: Callable[[str], Any]) -> Http:
    """A caller with the key that the API asks for, if it asks for one; AWS tells it to whom it may."""
    if "api_key_id" not in outputs:
        return Http(outputs, None)
    return Http(outputs, client("apigateway").get_api_key(apiKey=outputs["api_key_id"], includeValue=True)["value"])
