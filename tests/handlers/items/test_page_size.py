"""The size of pages."""

from __future__ import annotations

import pytest

from ...support.worker import Api


@pytest.mark.slow
@pytest.mark.parametrize("size", ["101", "9" * 30])
def test_a_page_size_above_the_maximum_is_reduced_to_it(api: Api, size: str) -> None:
    for number in range(101):
        api("POST", "/items", {"n": number})
    page = api("GET", "/items", query={"page_size": size}).body
    assert (len(page["items"]), page["count"]) == (100, 100)
    last = api("GET", "/items", query={"page_size": size, "page_token": page["next_page_token"]}).body
    assert (last["count"], last["next_page_token"]) == (1, None)


def test_an_empty_page_has_no_items(api: Api) -> None:
    assert api("GET", "/items").body == {"items": [], "count": 0, "next_page_token": None}


def test_the_count_is_that_of_the_page_also_if_its_size_in_bytes_ends_it(api: Api) -> None:
    for number in range(8):
        api("POST", "/items", {"n": number, "text": '"' * 390_000})
    page = api("GET", "/items").body
    assert page["count"] == len(page["items"]) < 8
