"""Updates with an item that was read before as the request body."""

from __future__ import annotations

from typing import Any

import pytest

from ...support.worker import Api, assert_error

ID = "/items/{ItemId}"
EXACT = "/items/{ItemId}/{CreatedAt}"
PATHS = [(ID, ("a",)), (EXACT, ("a", "1"))]


@pytest.fixture(name="item")
def item_fixture(api: Api) -> Any:
    return api("POST", "/items", {"ItemId": "a", "CreatedAt": "1", "n": 1, "unset": None}).body


@pytest.mark.parametrize(("path", "keys"), PATHS)
def test_item_can_be_updated_with_the_item_that_was_read(api: Api, item: Any, path: str, keys: tuple[str, ...]) -> None:
    assert api("PUT", path, api("GET", path, keys=keys).body, keys=keys).body == item
    assert api("PUT", path, {**item, "n": 2}, keys=keys).body == {**item, "n": 2}
    assert api("GET", EXACT, keys=("a", "1")).body == {**item, "n": 2}


@pytest.mark.parametrize(("path", "keys"), PATHS)
def test_update_with_keys_only_changes_no_attribute(api: Api, item: Any, path: str, keys: tuple[str, ...]) -> None:
    response = api("PUT", path, {"ItemId": "a", "CreatedAt": "1"}, keys=keys)
    assert (response.status, response.body) == (200, item)


def test_update_with_keys_only_does_not_create_an_item(api: Api) -> None:
    message = "Item 'a' with CreatedAt '1' not found."
    assert_error(api("PUT", EXACT, {"ItemId": "a"}, keys=("a", "1")), 404, "NOT_FOUND", message)
    assert api("GET", "/items").body["items"] == []


@pytest.mark.parametrize(("name", "value", "stored"), [("ItemId", "b", "a"), ("CreatedAt", 1, "1")])
@pytest.mark.parametrize(("path", "keys"), PATHS)
@pytest.mark.usefixtures("item")
def test_changed_key_is_rejected(
    api: Api, path: str, keys: tuple[str, ...], *, name: str, value: Any, stored: str
) -> None:
    message = f"{name} cannot change, so it must be {stored!r} or omitted, got {value!r}."
    assert_error(api("PUT", path, {name: value, "n": 2}, keys=keys), 400, "INVALID_REQUEST", message)
    assert api("GET", EXACT, keys=("a", "1")).body["n"] == 1


def test_copy_of_an_item_that_is_no_longer_the_newest_is_rejected(api: Api, item: Any) -> None:
    api("POST", "/items", {"ItemId": "a", "CreatedAt": "2"})
    assert_error(api("PUT", ID, item, keys=("a",)), 400, "INVALID_REQUEST", "it must be '2' or omitted, got '1'")


def test_keys_do_not_count_towards_the_maximum_number_of_changes(api: Api, item: Any) -> None:
    changes = {f"a{number}": number for number in range(300)}
    assert api("PUT", ID, {**item, **changes, "n": 1}, keys=("a",)).status == 400
    del item["n"], item["unset"]
    assert api("PUT", ID, {**item, **changes}, keys=("a",)).body["a299"] == 299
    response = api("PUT", ID, {"CreatedAt": "1", **changes, "n": 2}, keys=("a",))
    message = "The body must have at most 300 attributes in addition to its keys, got 301."
    assert_error(response, 400, "INVALID_REQUEST", message)
