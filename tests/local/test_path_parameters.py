"""Ids with percent signs and other characters that a path must encode, over HTTP."""

from __future__ import annotations

import http.client
import json
from collections.abc import Callable
from contextlib import closing
from typing import Any
from urllib.parse import quote, unquote, urlsplit

import pytest

from lib.local.emulator import Emulator

from ..support.deployments import deploy_service

Call = Callable[..., tuple[int, Any]]


@pytest.fixture(scope="module", name="call")
def call_fixture(emulator: Emulator) -> Call:
    """Sends a request to an items service. Returns the status and the document of the response."""
    outputs = deploy_service(emulator, "items", "paths")
    url = urlsplit(outputs["api_url"])

    def call(method: str, path: str, **body: Any) -> tuple[int, Any]:
        with closing(http.client.HTTPConnection(url.netloc, timeout=30)) as connection:
            sent = json.dumps(body) if body else None
            connection.request(method, url.path + path, sent, {"Content-Type": "application/json"})
            response = connection.getresponse()
            content = response.read()
            return response.status, json.loads(content) if content else None

    return call


@pytest.mark.parametrize(
    ("item_id", "path"),
    [
        ("100%", "100%25"),
        ("a%2Bb", "a%252Bb"),
        ("%25", "%2525"),
        ("%C3", "%25C3"),
        ("b+c", "b%2Bc"),
        ("c+d", "c+d"),
        ("\u00fc", "%C3%BC"),
        ("d/e", "d%2Fe"),
    ],
)
def test_ids_in_paths_are_decoded_once(call: Call, item_id: str, path: str) -> None:
    twice = unquote(item_id)
    if twice != item_id:
        assert call("POST", "/items", ItemId=twice, price=7)[0] == 201
    assert call("POST", "/items", ItemId=item_id, price=1)[0] == 201

    status, item = call("GET", f"/items/{path}")
    assert (status, item["ItemId"]) == (200, item_id)
    assert call("PUT", f"/items/{path}", price=2)[0] == 200
    exact = f"/items/{path}/{quote(item['CreatedAt'], safe='')}"
    assert call("GET", exact)[1]["price"] == 2
    assert call("PUT", exact, price=3)[0] == 200
    assert call("GET", exact)[1]["price"] == 3
    assert call("DELETE", f"/items/{path}")[0] == 204
    assert call("GET", f"/items/{path}")[0] == 404

    if twice != item_id:
        assert call("GET", f"/items/{quote(twice, safe='')}")[1]["price"] == 7


def test_ids_that_are_not_utf_8_are_rejected(call: Call) -> None:
    status, error = call("GET", "/items/%C3")
    assert (status, error["code"]) == (400, "INVALID_REQUEST")
    assert "percent-encode it as UTF-8" in error["error"]
