"""Routes of the items service with a table of the emulator."""

from __future__ import annotations

import json
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from lib.local.emulator import Emulator
from lib.runtime import http_client
from lib.runtime.http_client import READ_TIMEOUT_SECONDS, RETRY_SECONDS
from lib.services.items.handler import operations, repository
from lib.services.items.service import SERVICE

from ...support.fake_aws import FakeAws, RecordedCall
from ...support.lambda_context import SPENT_SECONDS, Context
from ...support.worker import Api, HandlerResponse, assert_error

ID = "/items/{ItemId}"
EXACT = "/items/{ItemId}/{CreatedAt}"


def create(api: Api, **item: Any) -> HandlerResponse:
    response = api("POST", "/items", item)
    assert response.status == 201, response.text
    return response


def test_created_item_has_generated_keys_and_a_location(api: Api) -> None:
    response = create(api, name="pencil", price=0.1)
    item = response.body
    assert response.headers["Location"] == f"items/{item['ItemId']}/{item['CreatedAt']}"
    assert api("GET", EXACT, keys=(item["ItemId"], item["CreatedAt"])).body == item


def test_keys_of_the_request_are_escaped_in_the_location(api: Api) -> None:
    response = create(api, ItemId="a/b c%", CreatedAt="ü")
    assert (response.body["ItemId"], response.body["CreatedAt"]) == ("a/b c%", "ü")
    assert response.headers["Location"] == "items/a%2Fb%20c%25/%C3%BC"


def test_json_values_are_returned_unchanged(api: Api) -> None:
    body = (
        '{"ItemId":"x","CreatedAt":"1","n":12345678901234567890123456789012345678,'
        '"d":19.99,"l":[1,[],{}],"s":"","u":"日本 🛒"}'
    )
    api("POST", "/items", body)
    assert api("GET", ID, keys=("x",)).text == body


def test_item_with_existing_keys_is_a_conflict(api: Api) -> None:
    create(api, ItemId="a", CreatedAt="1", first=True)
    message = "Item 'a' with CreatedAt '1' already exists."
    assert_error(api("POST", "/items", {"ItemId": "a", "CreatedAt": "1"}), 409, "CONFLICT", message)
    assert api("GET", ID, keys=("a",)).body["first"] is True


def test_newest_item_of_an_id_is_returned(api: Api) -> None:
    for created in ("2", "3", "1"):
        create(api, ItemId="a", CreatedAt=created)
    assert api("GET", ID, keys=("a",)).body["CreatedAt"] == "3"


@pytest.mark.parametrize(("path", "keys"), [(ID, ("a",)), (EXACT, ("a", "1"))])
@pytest.mark.parametrize(("method", "body"), [("GET", None), ("PUT", {"x": 1}), ("DELETE", None)])
def test_missing_item_is_not_found(api: Api, method: str, body: Any, path: str, keys: tuple[str, ...]) -> None:
    message = "Item 'a' not found." if path == ID else "Item 'a' with CreatedAt '1' not found."
    assert_error(api(method, path, body, keys=keys), 404, "NOT_FOUND", message)


def test_update_sets_only_the_attributes_of_the_request(api: Api) -> None:
    create(api, ItemId="a", CreatedAt="1", unchanged="yes", changed=1)
    response = api("PUT", EXACT, {"changed": 2, "new": None}, keys=("a", "1"))
    assert response.body == {"ItemId": "a", "CreatedAt": "1", "unchanged": "yes", "changed": 2, "new": None}


def test_update_without_created_at_changes_the_newest_item(api: Api) -> None:
    create(api, ItemId="a", CreatedAt="1")
    create(api, ItemId="a", CreatedAt="2")
    assert api("PUT", ID, {"x": 1}, keys=("a",)).body["CreatedAt"] == "2"
    assert "x" not in api("GET", EXACT, keys=("a", "1")).body


def test_delete_without_created_at_deletes_the_newest_item(api: Api) -> None:
    create(api, ItemId="a", CreatedAt="1")
    create(api, ItemId="a", CreatedAt="2")
    assert [api("DELETE", ID, keys=("a",)).status for _ in range(3)] == [204, 204, 404]


def test_update_continues_with_the_next_item_after_a_concurrent_deletion(
    api: Api, wire: FakeAws, emulator: Emulator
) -> None:
    create(api, ItemId="a", CreatedAt="1")
    create(api, ItemId="a", CreatedAt="2")
    newest = {"ItemId": {"S": "a"}, "CreatedAt": {"S": "2"}}

    def delete_newest(_: RecordedCall) -> Any:
        emulator.client("dynamodb").delete_item(TableName=api.tables["table"], Key=newest)
        return "pass"

    wire.script = ["pass", delete_newest, "pass"]
    assert api("PUT", ID, {"x": 1}, keys=("a",)).body["CreatedAt"] == "1"


def test_item_is_not_found_after_repeated_concurrent_deletions(api: Api, wire: FakeAws) -> None:
    create(api, ItemId="a", CreatedAt="1")
    condition_failed = (400, {"__type": "ConditionalCheckFailedException"})
    wire.script = ["pass", condition_failed] * 5
    assert_error(api("DELETE", ID, keys=("a",)), 404, "NOT_FOUND", "Item 'a' was deleted by concurrent requests.")


@pytest.mark.parametrize("key", ["ItemId", "CreatedAt"])
def test_keys_cannot_be_updated(api: Api, key: str) -> None:
    create(api, ItemId="a", CreatedAt="1")
    assert_error(api("PUT", ID, {key: "b", "x": 1}, keys=("a",)), 400, "INVALID_REQUEST", f"{key} cannot change")


INVALID_BODIES = [
    ("{", "not valid JSON"),
    ("", "not valid JSON"),
    ("[1]", "body must be object"),
    ('"text"', "body must be object"),
    ('{"n": NaN}', "NaN is not a JSON number"),
    ('{"n": 1e999}', "n must be a number with at most 38 significant digits"),
    ('{"n": 1e999999999999999999999}', "Numbers in the body must have a magnitude"),
    ("[" * 100_000, "not valid JSON"),
    ('{"n": "\\ud800"}', "The body must be valid Unicode, got an unpaired surrogate."),
    ('{"n": ["x", {"\\uDFFF": 1}]}', "The body must be valid Unicode, got an unpaired surrogate."),
    ('{"n": [["\\udc00\\ud800"]]}', "The body must be valid Unicode, got an unpaired surrogate."),
    ('{"n": ' + "1" * 5000 + "}", "Numbers in the body must have a magnitude"),
    ('{"n": 1, "m": {"x": 1, "y": 2, "x": 1}}', "JSON objects must have unique names, got 'x' more than once."),
    ('{"ItemId": ""}', "body.ItemId must be longer than or equal to 1"),
    ('{"ItemId": 7}', "body.ItemId must be string"),
    ('{"CreatedAt": ""}', "body.CreatedAt must be longer than or equal to 1"),
    ('{"ItemId": "' + "é" * 1025 + '"}', "ItemId must have 1 to 2048 bytes in UTF-8, got 2050 bytes."),
    ('{"CreatedAt": "' + "é" * 513 + '"}', "CreatedAt must have 1 to 1024 bytes in UTF-8, got 1026 bytes."),
    ('{"ItemId": ".."}', "ItemId must not be '.' or '..' and must not contain control characters, got '..'."),
    ('{"CreatedAt": "."}', "CreatedAt must not be '.' or '..'"),
    ('{"ItemId": "a\\u0000b"}', r"must not contain control characters, got 'a\x00b'."),
    ('{"ItemId": "tap#page-token-key"}', "Names must not start with 'tap#'"),
    ('{"tap#expires": 1}', "Names must not start with 'tap#'"),
]


def test_invalid_bodies_are_rejected(api: Api, subtests: pytest.Subtests) -> None:
    for body, message in INVALID_BODIES:
        with subtests.test(body=body[:80]):
            assert_error(api("POST", "/items", body), 400, "INVALID_REQUEST", message)
    assert api("GET", "/items").body["items"] == []


@pytest.mark.parametrize("body", [{}, {"tap#expires": 1}, {f"a{i}": i for i in range(301)}])
def test_invalid_updates_are_rejected(api: Api, body: Any) -> None:
    create(api, ItemId="a")
    assert api("PUT", ID, body, keys=("a",)).status == 400


@pytest.mark.parametrize("key", ["tap%23idempotency", "x" * 2049, "%FF", "%2E%2E"])
@pytest.mark.parametrize("method", ["GET", "DELETE"])
def test_invalid_keys_in_the_path_are_rejected(api: Api, method: str, key: str) -> None:
    assert api(method, ID, keys=(key,)).status == 400


@pytest.mark.parametrize("content_type", ["text/plain", "application/x-www-form-urlencoded", "application/xml; q=1"])
def test_other_content_types_are_rejected(api: Api, content_type: str) -> None:
    response = api("POST", "/items", {}, headers={"Content-Type": content_type})
    assert_error(response, 415, "UNSUPPORTED_MEDIA_TYPE", "Content-Type must be application/json, got ")


def test_content_type_can_have_a_character_set(api: Api) -> None:
    assert api("POST", "/items", {}, headers={"content-type": "Application/JSON; charset=utf-8"}).status == 201


def test_base64_encoded_body_is_decoded(api: Api) -> None:
    assert api("POST", "/items", "eyJhIjogMX0=", isBase64Encoded=True).body["a"] == 1


def test_item_over_400_kb_is_too_large(api: Api) -> None:
    create(api, ItemId="a", CreatedAt="1")
    large = {"text": "x" * 410_000}
    assert_error(api("POST", "/items", large), 413, "ITEM_TOO_LARGE", "400 KB")
    assert_error(api("POST", "/items", large, headers={"Idempotency-Key": "k"}), 413, "ITEM_TOO_LARGE", "400 KB")
    assert_error(api("PUT", ID, large, keys=("a",)), 413, "ITEM_TOO_LARGE", "400 KB")


def all_items(api: Api, page_size: int) -> list[Any]:
    """Return the items of all pages."""
    return api.paged("/items", "items", page_size=str(page_size))


@pytest.mark.parametrize("page_size", [1, 3, 100])
def test_pages_contain_every_item_once_and_no_internal_items(api: Api, page_size: int) -> None:
    created = {create(api, n=n).body["ItemId"] for n in range(7)}
    for n in range(4):
        created.add(post_with_key(api, str(n), {}).body["ItemId"])
    listed = [item["ItemId"] for item in all_items(api, page_size)]
    assert len(listed) == 11
    assert set(listed) == created


def test_many_internal_items_need_few_scans(api: Api, wire: FakeAws) -> None:
    for n in range(40):
        item = post_with_key(api, str(n), {}).body
        api("DELETE", EXACT, keys=(item["ItemId"], item["CreatedAt"]))
    for n in (1, 2):
        create(api, ItemId=f"zz-{n}", n=n)
    wire.calls.clear()
    page = api("GET", "/items", query={"page_size": "2"})
    assert {item["n"] for item in page.body["items"]} == {1, 2}
    assert len([call for call in wire.calls if call.headers["x-amz-target"].endswith("Scan")]) <= 2


def test_page_without_items_has_a_token_after_the_maximum_number_of_scans(api: Api, wire: FakeAws) -> None:
    create(api, n=1)
    last_key = {"ItemId": {"S": "tap#idempotency#1"}, "CreatedAt": {"S": "-"}}
    wire.script = [(200, {"Items": [], "LastEvaluatedKey": last_key})] * repository.MAX_SCANS + ["pass"]
    page = api("GET", "/items").body
    assert page["items"] == []
    assert page["next_page_token"]


def test_page_does_not_exceed_the_payload_limit_of_lambda(api: Api) -> None:
    for n in range(8):
        create(api, n=n, text='"' * 390_000)
    response = api("GET", "/items")
    assert len(json.dumps(response.text)) < 6_000_000
    assert 0 < response.body["count"] == len(response.body["items"]) < 8
    assert {item["n"] for item in all_items(api, 100)} == set(range(8))


def test_page_tokens_can_contain_the_longest_keys(api: Api) -> None:
    for start in ("é", '"'):
        create(api, ItemId=start * (2048 // len(start.encode())), CreatedAt=start * (1024 // len(start.encode())))
    create(api, n=1)
    assert len(all_items(api, 1)) == 3


def test_default_page_size_is_20(api: Api) -> None:
    for n in range(21):
        create(api, n=n)
    assert len(api("GET", "/items").body["items"]) == 20


def test_page_size_above_the_maximum_is_limited(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(operations, "MAX_PAGE_SIZE", 3)
    size = "9" * 30
    for number in range(4):
        create(api, n=number)
    page = api("GET", "/items", query={"page_size": size}).body
    assert (len(page["items"]), page["count"]) == (3, 3)
    last = api("GET", "/items", query={"page_size": size, "page_token": page["next_page_token"]}).body
    assert (last["count"], last["next_page_token"]) == (1, None)


def test_empty_table_has_one_empty_page(api: Api) -> None:
    assert api("GET", "/items").body == {"items": [], "count": 0, "next_page_token": None}


INVALID_QUERIES: list[tuple[dict[str, Any], str]] = [
    ({"page_size": "0"}, "query.page_size must be bigger"),
    ({"page_size": "ten"}, "query.page_size must be integer"),
    ({"page_size": "-1"}, "query.page_size must be bigger"),
    ({"page_size": "9" * 5000}, "query.page_size must be integer"),
    ({"page_size": "2.5"}, "query.page_size must be integer"),
    ({"page_size": "true"}, "query.page_size must be integer"),
    ({"page_size": ["1", "2"]}, "page_size must be specified once, got 2 values."),
    ({"limit": "5"}, "limit"),
    ({"page_token": "nonsense"}, "page_token must be the next_page_token"),
    ({"page_token": "a"}, "page_token must be the next_page_token"),
    ({"page_token": "é"}, "page_token must be the next_page_token"),
    ({"page_token": ""}, "query.page_token must be longer"),
]


def test_invalid_queries_are_rejected(api: Api, subtests: pytest.Subtests) -> None:
    for query, message in INVALID_QUERIES:
        with subtests.test(query=query):
            assert_error(api("GET", "/items", query=query), 400, "INVALID_REQUEST", message)


def post_with_key(api: Api, key: str, body: Any, **event: Any) -> HandlerResponse:
    """Create an item with an idempotency key."""
    return api("POST", "/items", body, headers={"Idempotency-Key": key}, **event)


def test_repeated_request_returns_the_first_response_and_creates_no_item(api: Api) -> None:
    first = post_with_key(api, "key-1", {"a": 1, "b": [1.50]})
    second = post_with_key(api, "key-1", {"b": [1.50], "a": 1})
    assert (second.status, second.body, second.headers["Location"]) == (201, first.body, first.headers["Location"])
    assert len(all_items(api, 100)) == 1


def test_repeated_request_returns_the_first_response_after_changes_of_the_item(api: Api) -> None:
    first = post_with_key(api, "key-1", {"ItemId": "a", "n": 1})
    api("PUT", ID, {"n": 2}, keys=("a",))
    api("DELETE", ID, keys=("a",))
    assert post_with_key(api, "key-1", {"ItemId": "a", "n": 1}).body == first.body


def test_used_key_with_a_different_body_is_a_conflict(api: Api) -> None:
    post_with_key(api, "key-1", {"a": 1})
    assert_error(post_with_key(api, "key-1", {"a": 2}), 409, "IDEMPOTENCY_CONFLICT", "Use a new key.")


def test_callers_do_not_share_idempotency_keys(api: Api) -> None:
    contexts = [{"requestId": "r", "identity": {"apiKeyId": api_key}} for api_key in ("x", "y")]
    first, second = (post_with_key(api, "key-1", {}, requestContext=context) for context in contexts)
    assert first.body["ItemId"] != second.body["ItemId"]


def test_expired_key_can_be_used_again(api: Api, emulator: Emulator) -> None:
    first = post_with_key(api, "key-1", {})
    dynamodb = emulator.client("dynamodb")
    stored = dynamodb.scan(TableName=api.tables["table"])["Items"]
    (record,) = [item for item in stored if item["ItemId"]["S"].startswith("tap#")]
    dynamodb.put_item(TableName=api.tables["table"], Item={**record, "tap#expires": {"N": "1"}})
    assert post_with_key(api, "key-1", {}).body["ItemId"] != first.body["ItemId"]


def test_conflict_does_not_use_the_key(api: Api) -> None:
    create(api, ItemId="a", CreatedAt="1")
    conflict = post_with_key(api, "key-1", {"ItemId": "a", "CreatedAt": "1"})
    assert_error(conflict, 409, "CONFLICT", "already exists")
    assert post_with_key(api, "key-1", {"ItemId": "b"}).status == 201


def test_concurrent_requests_with_one_key_create_one_item(api: Api) -> None:
    with ThreadPoolExecutor(16) as callers:
        responses = list(callers.map(lambda _: post_with_key(api, "key-1", {"a": 1}), range(32)))
    assert {response.status for response in responses} == {201}
    assert len({response.body["ItemId"] for response in responses}) == 1
    assert len(all_items(api, 100)) == 1


def test_sessions_of_a_role_share_idempotency_keys(api: Api) -> None:
    arns = [f"arn:aws:sts::123456789012:assumed-role/shop/{number}" for number in range(2)]
    contexts = [{"requestId": "r", "identity": {"userArn": arn}} for arn in arns]
    first, second = (post_with_key(api, "key-1", {"a": 1}, requestContext=context) for context in contexts)
    assert first.body["ItemId"] == second.body["ItemId"]


@pytest.mark.parametrize("headers", [{}, {"Idempotency-Key": "key-1"}], ids=["without key", "with key"])
def test_lost_response_to_a_create_is_not_a_conflict(api: Api, wire: FakeAws, headers: dict[str, str]) -> None:
    wire.script = ["lose", "pass"]
    body = '{"ItemId": "a", "CreatedAt": "1", "price": 12.50, "many": 1E+30, "none": -0.0}'
    assert api("POST", "/items", body, headers=headers).status == 201


def test_conflict_is_detected_after_a_lost_response(api: Api, wire: FakeAws) -> None:
    create(api, ItemId="a", CreatedAt="1", other=True)
    wire.script = ["lose", "pass"]
    assert api("POST", "/items", {"ItemId": "a", "CreatedAt": "1"}).status == 409


def test_delete_succeeds_after_a_lost_response(api: Api, wire: FakeAws) -> None:
    create(api, ItemId="a", CreatedAt="1")
    wire.script = ["lose", "pass"]
    assert api("DELETE", EXACT, keys=("a", "1")).status == 204


def test_unknown_route_is_not_found(api: Api) -> None:
    assert_error(api("PATCH", "/items"), 404, "NOT_FOUND", "Route not found: PATCH /items.")


def test_unavailable_table_is_a_503_with_retry_after(api: Api, wire: FakeAws) -> None:
    api.seconds = SPENT_SECONDS
    wire.script = ["hang up"]
    for method in ("GET", "PUT", "DELETE"):
        response = api(method, ID, {"name": "pencil"}, keys=("a",))
        assert_error(response, 503, "SERVICE_UNAVAILABLE", "did not respond in time")
        assert response.headers["Retry-After"] == "2"
    assert_error(post_with_key(api, "key-1", {}), 503, "SERVICE_UNAVAILABLE", "the same Idempotency-Key")
    wire.script = ["pass"]
    assert post_with_key(api, "key-1", {}).status == 201


def test_unavailable_table_exceeds_the_threshold_of_the_duration_alarm(
    api: Api, wire: FakeAws, monkeypatch: pytest.MonkeyPatch
) -> None:
    timeout, threshold = SERVICE.settings.function.timeout_seconds, SERVICE.settings.alarms.duration_ms
    assert timeout
    assert threshold
    started = time.monotonic()
    now = [started]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    monkeypatch.setattr(http_client, "RETRY_SECONDS", RETRY_SECONDS)

    def time_out(_: RecordedCall) -> str:
        now[0] += READ_TIMEOUT_SECONDS
        return "hang up"

    wire.script = [time_out]
    api.seconds = timeout
    assert_error(api("GET", ID, keys=("a",)), 503, "SERVICE_UNAVAILABLE", "did not respond in time")
    assert threshold < (now[0] - started) * 1000 < timeout * 1000


@pytest.mark.slow
@pytest.mark.parametrize(("runtime", "escapes"), [("python3.11", True), ("python3.12", False)])
@pytest.mark.parametrize("text", ["Ж" * 150_000, '"' * 300_000])
@pytest.mark.untraced
def test_page_of_long_strings_fits_into_the_payload_of_each_runtime(
    api: Api, worker_environment: pytest.MonkeyPatch, runtime: str, escapes: bool, text: str
) -> None:
    worker_environment.setenv("AWS_EXECUTION_ENV", f"AWS_Lambda_{runtime}")
    for n in range(10):
        create(api, n=n, text=text)
    event = {
        "resource": "/items",
        "httpMethod": "GET",
        "multiValueQueryStringParameters": {"page_size": ["100"]},
        "requestContext": {"requestId": "request-1"},
    }
    response = api.handler(event, Context())
    size = len(json.dumps(response, ensure_ascii=escapes).encode())
    assert size <= 6_291_556
    items = json.loads(response["body"])["items"]
    assert len(items) == 10 or size > 4_000_000, "the page is shorter than necessary"
    assert {item["n"] for item in all_items(api, 100)} == set(range(10))
