"""The items service, route by route, over a real table."""

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

from ...support.fake_aws import Asked, FakeAws
from ...support.lambda_context import SPENT_SECONDS, Context
from ...support.worker import Answer, Api, refused

ID = "/items/{ItemId}"
EXACT = "/items/{ItemId}/{CreatedAt}"


def create(api: Api, **item: Any) -> Answer:
    answer = api("POST", "/items", item)
    assert answer.status == 201, answer.text
    return answer


def test_a_created_item_has_keys_of_its_own_and_a_location(api: Api) -> None:
    answer = create(api, name="pencil", price=0.1)
    item = answer.body
    assert answer.headers["Location"] == f"items/{item['ItemId']}/{item['CreatedAt']}"
    assert api("GET", EXACT, keys=(item["ItemId"], item["CreatedAt"])).body == item


def test_given_keys_are_kept_and_escaped_in_the_location(api: Api) -> None:
    answer = create(api, ItemId="a/b c%", CreatedAt="ü")
    assert (answer.body["ItemId"], answer.body["CreatedAt"]) == ("a/b c%", "ü")
    assert answer.headers["Location"] == "items/a%2Fb%20c%25/%C3%BC"


def test_any_json_comes_out_as_it_went_in(api: Api) -> None:
    text = (
        '{"ItemId":"x","CreatedAt":"1","n":12345678901234567890123456789012345678,'
        '"d":19.99,"l":[1,[],{}],"s":"","u":"日本 🛒"}'
    )
    api("POST", "/items", text)
    assert api("GET", ID, keys=("x",)).text == text


def test_both_keys_taken_is_a_conflict(api: Api) -> None:
    create(api, ItemId="a", CreatedAt="1", first=True)
    refused(api("POST", "/items", {"ItemId": "a", "CreatedAt": "1"}), 409, "CONFLICT", "there already")
    assert api("GET", ID, keys=("a",)).body["first"] is True


def test_the_newest_record_of_an_id_is_read(api: Api) -> None:
    for created in ("2", "3", "1"):
        create(api, ItemId="a", CreatedAt=created)
    assert api("GET", ID, keys=("a",)).body["CreatedAt"] == "3"


@pytest.mark.parametrize(("path", "keys"), [(ID, ("a",)), (EXACT, ("a", "1"))])
@pytest.mark.parametrize(("method", "body"), [("GET", None), ("PUT", {"x": 1}), ("DELETE", None)])
def test_what_is_not_there_is_not_found(api: Api, method: str, body: Any, path: str, keys: tuple[str, ...]) -> None:
    refused(api(method, path, body, keys=keys), 404, "NOT_FOUND", "no item 'a'")


def test_an_update_sets_what_it_names_and_leaves_the_rest(api: Api) -> None:
    create(api, ItemId="a", CreatedAt="1", kept="yes", changed=1)
    answer = api("PUT", EXACT, {"changed": 2, "new": None}, keys=("a", "1"))
    assert answer.body == {"ItemId": "a", "CreatedAt": "1", "kept": "yes", "changed": 2, "new": None}


def test_an_update_without_creation_time_changes_the_newest(api: Api) -> None:
    create(api, ItemId="a", CreatedAt="1")
    create(api, ItemId="a", CreatedAt="2")
    assert api("PUT", ID, {"x": 1}, keys=("a",)).body["CreatedAt"] == "2"
    assert "x" not in api("GET", EXACT, keys=("a", "1")).body


def test_a_deletion_removes_the_newest_then_the_next(api: Api) -> None:
    create(api, ItemId="a", CreatedAt="1")
    create(api, ItemId="a", CreatedAt="2")
    assert [api("DELETE", ID, keys=("a",)).status for _ in range(3)] == [204, 204, 404]


def test_a_newest_record_that_vanishes_gives_way_to_the_next(api: Api, wire: FakeAws, emulator: Emulator) -> None:
    create(api, ItemId="a", CreatedAt="1")
    create(api, ItemId="a", CreatedAt="2")
    gone = {"ItemId": {"S": "a"}, "CreatedAt": {"S": "2"}}

    def vanish(_: Asked) -> Any:
        emulator.client("dynamodb").delete_item(TableName=api.tables["table"], Key=gone)
        return "pass"

    wire.script = ["pass", vanish, "pass"]
    assert api("PUT", ID, {"x": 1}, keys=("a",)).body["CreatedAt"] == "1"


def test_a_record_that_keeps_vanishing_is_not_found_in_the_end(api: Api, wire: FakeAws) -> None:
    create(api, ItemId="a", CreatedAt="1")
    absent = (400, {"__type": "ConditionalCheckFailedException"})
    wire.script = ["pass", absent] * 5
    refused(api("DELETE", ID, keys=("a",)), 404, "NOT_FOUND", "that stays")


@pytest.mark.parametrize("key", ["ItemId", "CreatedAt"])
def test_an_update_may_not_touch_the_keys(api: Api, key: str) -> None:
    create(api, ItemId="a", CreatedAt="1")
    refused(api("PUT", ID, {key: "b", "x": 1}, keys=("a",)), 400, "INVALID_REQUEST", f"{key}: keys cannot change")


INVALID_BODIES = [
    ("{", "not valid JSON"),
    ("", "not valid JSON"),
    ("[1]", "body must be object"),
    ('"text"', "body must be object"),
    ('{"n": NaN}', "NaN is not a JSON number"),
    ('{"n": 1e999}', "n must be a number with at most 38 significant digits"),
    ('{"n": 1e999999999999999999999}', "contains a number that is too large to store"),
    ("[" * 100_000, "not valid JSON"),
    ('{"n": "\\ud800"}', "The body must be valid Unicode, got an unpaired surrogate."),
    ('{"n": ["x", {"\\uDFFF": 1}]}', "The body must be valid Unicode, got an unpaired surrogate."),
    ('{"n": [["\\udc00\\ud800"]]}', "The body must be valid Unicode, got an unpaired surrogate."),
    ('{"n": ' + "1" * 5000 + "}", "contains a number that is too large to store"),
    ('{"n": 1, "m": {"x": 1, "y": 2, "x": 1}}', "JSON objects must have unique names, got 'x' more than once."),
    ('{"ItemId": ""}', "body.ItemId must be longer than or equal to 1"),
    ('{"ItemId": 7}', "body.ItemId must be string"),
    ('{"CreatedAt": ""}', "body.CreatedAt must be longer than or equal to 1"),
    ('{"ItemId": "' + "é" * 1025 + '"}', "ItemId: give 1 to 2048 bytes of text, not 2050"),
    ('{"CreatedAt": "' + "é" * 513 + '"}', "CreatedAt: give 1 to 1024 bytes of text, not 1026"),
    ('{"ItemId": ".."}', "ItemId '..': give text without control characters"),
    ('{"CreatedAt": "."}', "CreatedAt '.': give text"),
    ('{"ItemId": "a\\u0000b"}', "give text without control characters"),
    ('{"ItemId": "tap#page-token-key"}', "names that start with 'tap#' are reserved."),
    ('{"tap#expires": 1}', "names that start with 'tap#' are reserved."),
]


def test_an_invalid_body_is_rejected_with_the_reason(api: Api, subtests: pytest.Subtests) -> None:
    for body, message in INVALID_BODIES:
        with subtests.test(body=body[:80]):
            refused(api("POST", "/items", body), 400, "INVALID_REQUEST", message)
    assert api("GET", "/items").body["items"] == []


@pytest.mark.parametrize("body", [{}, {"tap#expires": 1}, {f"a{i}": i for i in range(301)}])
def test_an_update_that_cannot_be_is_refused(api: Api, body: Any) -> None:
    create(api, ItemId="a")
    assert api("PUT", ID, body, keys=("a",)).status == 400


@pytest.mark.parametrize("key", ["tap%23idempotency", "x" * 2049, "%FF", "%2E%2E"])
@pytest.mark.parametrize("method", ["GET", "DELETE"])
def test_a_key_that_cannot_be_is_refused(api: Api, method: str, key: str) -> None:
    assert api(method, ID, keys=(key,)).status == 400


@pytest.mark.parametrize("content_type", ["text/plain", "application/x-www-form-urlencoded", "application/xml; q=1"])
def test_another_content_type_is_unsupported(api: Api, content_type: str) -> None:
    answer = api("POST", "/items", {}, headers={"Content-Type": content_type})
    refused(answer, 415, "UNSUPPORTED_MEDIA_TYPE", "Content-Type must be application/json, got ")


def test_json_with_a_character_set_is_json(api: Api) -> None:
    assert api("POST", "/items", {}, headers={"content-type": "Application/JSON; charset=utf-8"}).status == 201


def test_a_body_in_base64_is_decoded(api: Api) -> None:
    assert api("POST", "/items", "eyJhIjogMX0=", isBase64Encoded=True).body["a"] == 1


def test_an_item_over_four_hundred_kilobytes_is_too_large(api: Api) -> None:
    create(api, ItemId="a", CreatedAt="1")
    large = {"text": "x" * 410_000}
    refused(api("POST", "/items", large), 413, "ITEM_TOO_LARGE", "400 KB")
    refused(api("POST", "/items", large, headers={"Idempotency-Key": "k"}), 413, "ITEM_TOO_LARGE", "400 KB")
    refused(api("PUT", ID, large, keys=("a",)), 413, "ITEM_TOO_LARGE", "400 KB")


def everything(api: Api, page_size: int) -> list[Any]:
    """Every item, page by page."""
    return api.paged("/items", "items", page_size=str(page_size))


@pytest.mark.parametrize("page_size", [1, 3, 100])
def test_pages_hold_every_item_once_and_nothing_of_the_services_own(api: Api, page_size: int) -> None:
    made = {create(api, n=n).body["ItemId"] for n in range(7)}
    for n in range(4):
        made.add(api("POST", "/items", {}, headers={"Idempotency-Key": str(n)}).body["ItemId"])
    found = [item["ItemId"] for item in everything(api, page_size)]
    assert len(found) == 11
    assert set(found) == made


def test_a_page_looks_past_the_services_own_rows(api: Api, wire: FakeAws) -> None:
    for n in range(40):
        made = keyed(api, str(n), {}).body
        api("DELETE", EXACT, keys=(made["ItemId"], made["CreatedAt"]))
    for n in (1, 2):
        create(api, ItemId=f"zz-{n}", n=n)
    wire.asked.clear()
    page = api("GET", "/items", query={"page_size": "2"})
    assert {item["n"] for item in page.body["items"]} == {1, 2}
    assert len([asked for asked in wire.asked if asked.headers["x-amz-target"].endswith("Scan")]) <= 2


def test_a_page_that_finds_nothing_in_time_says_where_to_go_on(api: Api, wire: FakeAws) -> None:
    create(api, n=1)
    last = {"ItemId": {"S": "tap#idempotency#1"}, "CreatedAt": {"S": "-"}}
    wire.script = [(200, {"Items": [], "LastEvaluatedKey": last})] * repository.SCANS + ["pass"]
    page = api("GET", "/items").body
    assert page["items"] == []
    assert page["next_page_token"]


def test_a_page_is_never_larger_than_lambda_answers(api: Api) -> None:
    for n in range(8):
        create(api, n=n, text='"' * 390_000)
    answer = api("GET", "/items")
    assert len(json.dumps(answer.text)) < 6_000_000
    assert 0 < answer.body["count"] == len(answer.body["items"]) < 8
    assert {item["n"] for item in everything(api, 100)} == set(range(8))


def test_the_longest_keys_can_be_paged_past(api: Api) -> None:
    for start in ("é", '"'):
        create(api, ItemId=start * (2048 // len(start.encode())), CreatedAt=start * (1024 // len(start.encode())))
    create(api, n=1)
    assert len(everything(api, 1)) == 3


def test_a_page_has_twenty_items_unless_told(api: Api) -> None:
    for n in range(21):
        create(api, n=n)
    assert len(api("GET", "/items").body["items"]) == 20


def test_a_page_size_above_the_maximum_is_reduced_to_it(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(operations, "MAX_PAGE_SIZE", 3)
    size = "9" * 30
    for number in range(4):
        create(api, n=number)
    page = api("GET", "/items", query={"page_size": size}).body
    assert (len(page["items"]), page["count"]) == (3, 3)
    last = api("GET", "/items", query={"page_size": size, "page_token": page["next_page_token"]}).body
    assert (last["count"], last["next_page_token"]) == (1, None)


def test_an_empty_page_has_no_items(api: Api) -> None:
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


def test_an_invalid_query_is_rejected_with_the_reason(api: Api, subtests: pytest.Subtests) -> None:
    for query, message in INVALID_QUERIES:
        with subtests.test(query=query):
            refused(api("GET", "/items", query=query), 400, "INVALID_REQUEST", message)


def keyed(api: Api, key: str, body: Any, **event: Any) -> Answer:
    return api("POST", "/items", body, headers={"Idempotency-Key": key}, **event)


def test_a_repeated_key_gets_the_first_answer_and_makes_nothing(api: Api) -> None:
    first = keyed(api, "one", {"a": 1, "b": [1.50]})
    again = keyed(api, "one", {"b": [1.50], "a": 1})
    assert (again.status, again.body, again.headers["Location"]) == (201, first.body, first.headers["Location"])
    assert len(everything(api, 100)) == 1


def test_the_first_answer_is_given_even_after_the_item_changed(api: Api) -> None:
    first = keyed(api, "one", {"ItemId": "a", "n": 1})
    api("PUT", ID, {"n": 2}, keys=("a",))
    api("DELETE", ID, keys=("a",))
    assert keyed(api, "one", {"ItemId": "a", "n": 1}).body == first.body


def test_another_body_under_a_used_key_is_a_conflict(api: Api) -> None:
    keyed(api, "one", {"a": 1})
    refused(keyed(api, "one", {"a": 2}), 409, "IDEMPOTENCY_CONFLICT", "Use a new key.")


def test_callers_do_not_share_keys(api: Api) -> None:
    first, second = (
        keyed(api, "one", {}, requestContext={"requestId": "r", "identity": {"apiKeyId": who}}) for who in ("x", "y")
    )
    assert first.body["ItemId"] != second.body["ItemId"]


def test_a_key_is_free_again_when_its_day_is_over(api: Api, emulator: Emulator) -> None:
    first = keyed(api, "one", {})
    dynamodb = emulator.client("dynamodb")
    (trace,) = [r for r in dynamodb.scan(TableName=api.tables["table"])["Items"] if r["ItemId"]["S"].startswith("tap#")]
    dynamodb.put_item(TableName=api.tables["table"], Item={**trace, "tap#expires": {"N": "1"}})
    assert keyed(api, "one", {}).body["ItemId"] != first.body["ItemId"]


def test_a_taken_item_is_a_conflict_and_leaves_the_key_free(api: Api) -> None:
    create(api, ItemId="a", CreatedAt="1")
    refused(keyed(api, "one", {"ItemId": "a", "CreatedAt": "1"}), 409, "CONFLICT", "there already")
    assert keyed(api, "one", {"ItemId": "b"}).status == 201


def test_racing_repetitions_make_one_item(api: Api) -> None:
    with ThreadPoolExecutor(16) as callers:
        answers = list(callers.map(lambda _: keyed(api, "one", {"a": 1}), range(32)))
    assert {answer.status for answer in answers} == {201}
    assert len({answer.body["ItemId"] for answer in answers}) == 1
    assert len(everything(api, 100)) == 1


def test_a_key_is_of_a_role_whatever_its_session(api: Api) -> None:
    sessions = [f"arn:aws:sts::123456789012:assumed-role/shop/{number}" for number in range(2)]
    made = [
        keyed(api, "one", {"a": 1}, requestContext={"requestId": "r", "identity": {"userArn": arn}}) for arn in sessions
    ]
    assert made[0].body["ItemId"] == made[1].body["ItemId"]


@pytest.mark.parametrize("headers", [{}, {"Idempotency-Key": "one"}], ids=["plain", "keyed"])
def test_a_creation_whose_answer_was_lost_is_no_conflict_with_itself(
    api: Api, wire: FakeAws, headers: dict[str, str]
) -> None:
    wire.script = ["lose", "pass"]
    text = '{"ItemId": "a", "CreatedAt": "1", "price": 12.50, "many": 1E+30, "none": -0.0}'
    assert api("POST", "/items", text, headers=headers).status == 201


def test_a_lost_answer_does_not_hide_a_real_conflict(api: Api, wire: FakeAws) -> None:
    create(api, ItemId="a", CreatedAt="1", mine=True)
    wire.script = ["lose", "pass"]
    assert api("POST", "/items", {"ItemId": "a", "CreatedAt": "1"}).status == 409


def test_a_deletion_whose_answer_was_lost_is_done(api: Api, wire: FakeAws) -> None:
    create(api, ItemId="a", CreatedAt="1")
    wire.script = ["lose", "pass"]
    assert api("DELETE", EXACT, keys=("a", "1")).status == 204


def test_a_route_nobody_described_is_not_found(api: Api) -> None:
    refused(api("PATCH", "/items"), 404, "NOT_FOUND", "Route not found: PATCH /items.")


def test_a_table_that_does_not_respond_is_a_503_with_the_time_to_repeat_the_request(api: Api, wire: FakeAws) -> None:
    api.seconds = SPENT_SECONDS
    wire.script = ["hang up"]
    for method in ("GET", "PUT", "DELETE"):
        answer = api(method, ID, {"name": "pencil"}, keys=("a",))
        refused(answer, 503, "SERVICE_UNAVAILABLE", "did not respond in time")
        assert answer.headers["Retry-After"] == "2"
    refused(keyed(api, "one", {}), 503, "SERVICE_UNAVAILABLE", "the same Idempotency-Key")
    wire.script = ["pass"]
    assert keyed(api, "one", {}).status == 201


def test_a_table_that_never_responds_raises_the_alarm_on_the_duration(
    api: Api, wire: FakeAws, monkeypatch: pytest.MonkeyPatch
) -> None:
    timeout, threshold = SERVICE.settings.function.timeout_seconds, SERVICE.settings.alarms.duration_ms
    assert timeout
    assert threshold
    started = time.monotonic()
    now = [started]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    monkeypatch.setattr(http_client, "RETRY_SECONDS", RETRY_SECONDS)

    def never(_: Asked) -> str:
        now[0] += READ_TIMEOUT_SECONDS
        return "hang up"

    wire.script = [never]
    api.seconds = timeout
    refused(api("GET", ID, keys=("a",)), 503, "SERVICE_UNAVAILABLE", "did not respond in time")
    assert threshold < (now[0] - started) * 1000 < timeout * 1000


@pytest.mark.slow
@pytest.mark.parametrize(("runtime", "escapes"), [("python3.11", True), ("python3.12", False)])
@pytest.mark.parametrize("text", ["Ж" * 150_000, '"' * 300_000])
@pytest.mark.untraced
def test_a_page_of_long_texts_is_never_larger_than_lambda_sends_on_any_runtime(
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
    sent = len(json.dumps(response, ensure_ascii=escapes).encode())
    assert sent <= 6_291_556
    items = json.loads(response["body"])["items"]
    assert len(items) == 10 or sent > 4_000_000, "a page is not cut short earlier than necessary"
    assert {item["n"] for item in everything(api, 100)} == set(range(10))
