"""Changes whose body is an item as it was read."""

from __future__ import annotations

from typing import Any

import pytest

from ...support.worker import Api, refused

ID = "/items/{ItemId}"
EXACT = "/items/{ItemId}/{CreatedAt}"
PATHS = [(ID, ("a",)), (EXACT, ("a", "1"))]


@pytest.fixture(name="item")
def item_fixture(api: Api) -> Any:
    """A stored item."""
    return api("POST", "/items", {"ItemId": "a", "CreatedAt": "1", "n": 1, "unset": None}).body


@pytest.mark.parametrize(("path", "keys"), PATHS)
def test_an_item_can_be_sent_back_as_it_was_read(api: Api, item: Any, path: str, keys: tuple[str, ...]) -> None:
    assert api("PUT", path, api("GET", path, keys=keys).body, keys=keys).body == item
    assert api("PUT", path, {**item, "n": 2}, keys=keys).body == {**item, "n": 2}
    assert api("GET", EXACT, keys=("a", "1")).body == {**item, "n": 2}


@pytest.mark.parametrize(("path", "keys"), PATHS)
def test_keys_alone_change_nothing(api: Api, item: Any, path: str, keys: tuple[str, ...]) -> None:
    answer = api("PUT", path, {"ItemId": "a", "CreatedAt": "1"}, keys=keys)
    assert (answer.status, answer.body) == (200, item)


def test_keys_alone_do_not_create_an_item(api: Api) -> None:
    refused(api("PUT", EXACT, {"ItemId": "a"}, keys=("a", "1")), 404, "NOT_FOUND", "no item 'a'")
    assert api("GET", "/items").body["items"] == []


@pytest.mark.parametrize(("name", "value", "stored"), [("ItemId", "b", "a"), ("CreatedAt", 1, "1")])
@pytest.mark.parametrize(("path", "keys"), PATHS)
@pytest.mark.usefixtures("item")
def test_a_key_with_another_value_is_rejected(
    api: Api, path: str, keys: tuple[str, ...], *, name: str, value: Any, stored: str
) -> None:
    message = f"{name}: keys cannot change; it must be {stored!r} or omitted, got {value!r}."
    refused(api("PUT", path, {name: value, "n": 2}, keys=keys), 400, "INVALID_REQUEST", message)
    assert api("GET", EXACT, keys=("a", "1")).body["n"] == 1


def test_a_copy_of_an_item_that_is_no_longer_the_newest_is_rejected(api: Api, item: Any) -> None:
    api("POST", "/items", {"ItemId": "a", "CreatedAt": "2"})
    refused(api("PUT", ID, item, keys=("a",)), 400, "INVALID_REQUEST", "it must be '2' or omitted, got '1'")


def test_the_largest_change_can_contain_the_keys(api: Api, item: Any) -> None:
    changes = {f"a{number}": number for number in range(300)}
    assert api("PUT", ID, {**item, **changes, "n": 1}, keys=("a",)).status == 400
    del item["n"], item["unset"]
    assert api("PUT", ID, {**item, **changes}, keys=("a",)).body["a299"] == 299
    answer = api("PUT", ID, {"CreatedAt": "1", **changes, "n": 2}, keys=("a",))
    refused(answer, 400, "INVALID_REQUEST", "the body must have at most 300 attributes besides its keys, got 301")
