"""IDs with characters that must be percent-encoded in paths, over HTTP."""

from __future__ import annotations

from urllib.parse import quote, unquote

import pytest

from lib.local.emulator import Emulator

from ..integration.conftest import Http, assert_error
from ..support.deployments import deploy_service


@pytest.fixture(scope="module", name="http")
def http_fixture(emulator: Emulator) -> Http:
    """HTTP client of an items service."""
    return Http(deploy_service(emulator, "items", "paths"), None)


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
def test_ids_in_paths_are_decoded_once(http: Http, item_id: str, path: str) -> None:
    decoded_twice = unquote(item_id)
    if decoded_twice != item_id:
        assert http("POST", "/items", {"ItemId": decoded_twice, "price": 7}).status == 201
    assert http("POST", "/items", {"ItemId": item_id, "price": 1}).status == 201

    item = http("GET", f"/items/{path}")
    assert (item.status, item.body["ItemId"]) == (200, item_id)
    assert http("PUT", f"/items/{path}", {"price": 2}).status == 200
    exact_path = f"/items/{path}/{quote(item.body['CreatedAt'], safe='')}"
    assert http("GET", exact_path).body["price"] == 2
    assert http("PUT", exact_path, {"price": 3}).status == 200
    assert http("GET", exact_path).body["price"] == 3
    assert http("DELETE", f"/items/{path}").status == 204
    assert http("GET", f"/items/{path}").status == 404

    if decoded_twice != item_id:
        assert http("GET", f"/items/{quote(decoded_twice, safe='')}").body["price"] == 7


def test_ids_that_are_not_utf_8_are_rejected(http: Http) -> None:
    response = http("GET", "/items/%C3")
    assert_error(response, 400, "INVALID_REQUEST")
    assert "must be percent-encoded UTF-8" in response.body["error"]
