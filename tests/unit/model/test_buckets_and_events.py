"""Consumers of buckets and event buses, and loops of functions that process their own objects."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from lib.model import (
    Api,
    Bucket,
    BucketConsumer,
    BucketCors,
    EventBus,
    EventConsumer,
    Expiration,
    Function,
    FunctionUrl,
    Grant,
    JwtAuthorizer,
    LambdaAuthorizer,
    LocalIndex,
    Schedule,
    Service,
    Statement,
)

from ...support.builders import (
    HANDLER,
    a_consumer,
    a_function,
    a_grant,
    a_queue_consumer,
    a_service,
    a_topic_consumer,
)


def a_bucket(**changes: Any) -> Bucket:
    return Bucket(**{"name": "images", "variable": "IMAGES_BUCKET", **changes})


def a_bucket_consumer(**changes: Any) -> BucketConsumer:
    return BucketConsumer(**{"name": "resize", "bucket": "images", "operation": "resize", **changes})


def an_event_consumer(**changes: Any) -> EventConsumer:
    return EventConsumer(**{"name": "pack", "operation": "pack", "pattern": {"source": ["shop"]}, **changes})


def a_gallery(*consumers: Any, **changes: Any) -> Service:
    """Return a service with two buckets and a function with consumers."""
    worker = Function(name="worker", handler=HANDLER, consumers=consumers)
    buckets = (a_bucket(), a_bucket(name="results", variable="RESULTS_BUCKET"))
    return a_service(**{"buckets": buckets, "functions": (a_function(), worker), **changes})


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ({"prefix": "a/"}, {"prefix": "b/"}),
        ({"suffix": ".jpg"}, {"suffix": ".png"}),
        ({"prefix": "images/", "suffix": ".jpg"}, {"prefix": "images/", "suffix": ".png"}),
        ({"events": ("ObjectCreated:*",)}, {"events": ("ObjectRemoved:*",)}),
        ({"events": ("ObjectCreated:Put",)}, {"events": ("ObjectCreated:Post",)}),
        ({"events": ("ObjectRemoved:Delete",)}, {"events": ("ObjectRemoved:DeleteMarkerCreated",)}),
        ({}, {"bucket": "results"}),
    ],
)
def test_bucket_can_have_consumers_without_common_objects(first: dict[str, Any], second: dict[str, Any]) -> None:
    service = a_gallery(a_bucket_consumer(**first), a_bucket_consumer(name="other", **second))
    assert len(service.consumers()) == 2


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ({}, {}),
        ({"prefix": "images/"}, {"prefix": "images/small/"}),
        ({"suffix": "jpg"}, {"suffix": ".jpg"}),
        ({"prefix": "images/"}, {"suffix": ".jpg"}),
        ({"events": ("ObjectCreated:*",)}, {"events": ("ObjectCreated:Copy",)}),
        ({"events": ("ObjectRemoved:*", "ObjectCreated:Put")}, {"events": ("ObjectCreated:Put",)}),
    ],
)
def test_overlapping_consumers_of_a_bucket_are_rejected(first: dict[str, Any], second: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"consumer 'other' must differ from consumer 'resize' .* S3 rejects"):
        a_gallery(a_bucket_consumer(**first), a_bucket_consumer(name="other", **second))


@pytest.mark.parametrize("field", ["prefix", "suffix"])
def test_wildcards_in_a_prefix_or_suffix_are_rejected(field: str) -> None:
    with pytest.raises(ValueError, match=rf"consumer 'resize' {field} must be without '\*', .* got 'a\*'"):
        a_bucket_consumer(**{field: "a*"})


def granted(*actions: str, keys: tuple[str, ...] = (), on: str = "images") -> tuple[Grant]:
    return (a_grant(on, *actions, keys=keys),)


@pytest.mark.parametrize(
    "changes",
    [
        {"grants": granted("GetObject", "ListBucket")},
        {"grants": granted("PutObject", on="results")},
        {"grants": granted("DeleteObject")},
        {"prefix": "uploads/", "grants": granted("PutObject", keys=("thumbnails/*",))},
        {"suffix": ".jpg", "grants": granted("PutObject", keys=("*.webp",))},
        {"prefix": "uploads/", "grants": granted("PutObject", keys=("index.json",))},
        {"events": ("ObjectCreated:Post",), "grants": granted("PutObject")},
        {"events": ("ObjectRemoved:*",), "grants": granted("PutObject")},
        {"events": ("LifecycleExpiration:*",), "grants": granted("DeleteObject", "PutObject")},
        {"grants": granted("PutObjectTagging")},
    ],
)
def test_consumer_that_cannot_cause_its_own_events_is_accepted(changes: dict[str, Any]) -> None:
    assert a_gallery(a_bucket_consumer(**changes)).consumers()


@pytest.mark.parametrize(
    ("changes", "action", "keys"),
    [
        ({"grants": granted("GetObject", "PutObject")}, "PutObject", "*"),
        ({"suffix": ".jpg", "grants": granted("PutObject")}, "PutObject", "*"),
        ({"prefix": "uploads/", "grants": granted("PutObject", keys=("up*",))}, "PutObject", "('up*',)"),
        ({"prefix": "uploads/", "grants": granted("PutObject", keys=("up?oads/*",))}, "PutObject", "('up?oads/*',)"),
        ({"prefix": "a/", "grants": granted("PutObject", keys=("b/*", "a/b.txt"))}, "PutObject", "('b/*', 'a/b.txt')"),
        ({"suffix": ".jpg", "grants": granted("PutObject", keys=("small/*.jpg",))}, "PutObject", "('small/*.jpg',)"),
        ({"events": ("ObjectRemoved:*",), "grants": granted("DeleteObject")}, "DeleteObject", "*"),
        ({"events": ("ObjectRemoved:Delete",), "grants": granted("DeleteObjectVersion")}, "DeleteObjectVersion", "*"),
        ({"events": ("ObjectTagging:*",), "grants": granted("PutObjectTagging")}, "PutObjectTagging", "*"),
    ],
)
def test_consumer_that_can_cause_its_own_events_is_rejected(changes: dict[str, Any], action: str, keys: str) -> None:
    with pytest.raises(ValueError, match="consumer 'resize' grant on 'images' must not include") as rejected:
        a_gallery(a_bucket_consumer(**changes))
    assert f"got {action} on keys {keys} and" in str(rejected.value)


def test_loop_through_another_bucket_is_rejected() -> None:
    with pytest.raises(ValueError, match="must not invoke each other in a loop, got there -> back -> there in"):
        a_gallery(
            a_bucket_consumer(
                name="first", prefix="first/", bucket="results", grants=granted("PutObject", keys=("in/*",))
            ),
            a_bucket_consumer(name="there", prefix="in/", grants=granted("PutObject", on="results", keys=("out/*",))),
            a_bucket_consumer(
                name="back", bucket="results", prefix="out/", grants=granted("PutObject", keys=("in/*",))
            ),
        )


def test_statements_cause_no_events() -> None:
    statement = Statement(actions=("ses:SendEmail",), resources=("*",), reason="notify the owner")
    assert a_gallery(a_bucket_consumer(grants=(statement,))).consumers()


def test_chain_of_consumers_is_accepted() -> None:
    service = a_gallery(
        a_bucket_consumer(prefix="uploads/", grants=granted("PutObject", keys=("resized/*",))),
        a_bucket_consumer(name="sign", prefix="resized/", grants=granted("PutObject", keys=("signed/*",))),
        a_bucket_consumer(name="index", prefix="signed/", grants=granted("PutObject", keys=("index/*",))),
    )
    assert len(service.consumers()) == 3


def test_events_of_a_known_bus_can_be_consumed() -> None:
    bus = EventBus(name="shop", variable="SHOP_BUS")
    service = a_gallery(an_event_consumer(bus="shop"), an_event_consumer(name="watch"), event_buses=(bus,))
    assert [consumer.source for _, consumer in service.consumers()] == ["shop", "default"]
    with pytest.raises(ValueError, match="consumer 'pack' bus must be an event bus of the service, or 'default', got"):
        a_gallery(an_event_consumer(bus="shop"))


def test_rules_of_schedules_and_of_consumers_have_different_names() -> None:
    worker = Function(
        name="worker", handler=HANDLER, schedules=(Schedule(name="pack", rate="rate(1 day)", operation="sweep"),)
    )
    with pytest.raises(ValueError, match="schedule or consumer of events must be unique, got 'pack' more than once"):
        a_gallery(
            functions=(a_function(), worker, Function(name="w", handler=HANDLER, consumers=(an_event_consumer(),)))
        )


def test_bus_cannot_have_the_name_of_the_default_bus() -> None:
    with pytest.raises(
        ValueError, match="event bus name must be another name than that of the bus of AWS, got 'default'"
    ):
        EventBus(name="default", variable="BUS")


@pytest.mark.parametrize(
    ("pattern", "problem"),
    [
        ({}, "pattern must be an event pattern with at least one field"),
        ({"source": "shop"}, r"pattern source must be a list of at least one value, got 'shop'\. Use \['shop'\]\."),
        ({"detail": {"order": {"state": "new"}}}, r"pattern detail\.order\.state must be a list .*, got 'new'"),
        ({"source": []}, "pattern source must be a list of at least one value, got"),
        ({"detail": {"order": {}}}, r"pattern detail\.order must be a list of at least one value, got \{\}"),
        ({"detail_type": ["a"]}, "pattern field must be one of source, .* Did you mean 'detail-type'"),
        ({"order": ["a"]}, "pattern field must be one of .* Fields of the event are below 'detail'"),
    ],
)
def test_invalid_event_pattern_is_rejected(pattern: dict[str, Any], problem: str) -> None:
    with pytest.raises(ValueError, match=f"consumer 'pack' {problem}"):
        an_event_consumer(pattern=pattern)


def test_event_pattern_can_compare_fields_in_many_ways() -> None:
    pattern = {"$or": [{"source": ["a"]}], "detail": {"total": [{"numeric": [">", 5]}], "state": ("new",)}}
    assert an_event_consumer(pattern=pattern).pattern == pattern


@pytest.mark.parametrize("field_name", ["prefix", "suffix"])
def test_prefix_and_suffix_of_keys_are_strings(field_name: str) -> None:
    with pytest.raises(ValueError, match=f"BucketConsumer 'resize' {field_name} must be a string, got None"):
        a_bucket_consumer(**{field_name: None})


@pytest.mark.parametrize("events", [(), ("ObjectCreated",), ("s3:ObjectCreated:*",)])
def test_unknown_object_events_are_rejected(events: tuple[str, ...]) -> None:
    with pytest.raises(
        ValueError, match=r"consumer 'resize' events must be a tuple of ObjectCreated:\*, .*, at least one, got"
    ):
        a_bucket_consumer(events=events)


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"origins": ()}, "origins must be a tuple of at least one origin, got"),
        ({"origins": "https://shop.example.com"}, "origins must be a tuple of strings, got 'https://shop.exa"),
        ({"methods": "GET"}, "methods must be a tuple of strings, got 'GET'"),
        ({"headers": (5,)}, r"headers\[0\] must be a string, got 5"),
        (
            {"origins": ("shop.example.com",)},
            "origins must be origins without a path, or '[*]', got 'shop.example.com'",
        ),
        ({"origins": ("https://shop.example.com/",)}, "origins must be origins without a path"),
        ({"methods": ("GET", "PATCH")}, "methods must be among GET, PUT, POST, DELETE, HEAD, got 'PATCH'"),
    ],
)
def test_invalid_cors_rule_is_rejected(changes: dict[str, Any], problem: str) -> None:
    with pytest.raises(ValueError, match=f"(bucket cors|BucketCors) {problem}"):
        BucketCors(**{"origins": ("*", "http://localhost:3000"), **changes})


@pytest.mark.parametrize("days", [0, 36_501, 1.5])
def test_invalid_age_of_objects_is_rejected(days: Any) -> None:
    with pytest.raises(ValueError, match=r"xpiration days must be an integer.*, got"):
        Expiration(days=days)
    with pytest.raises(ValueError, match=r"[Bb]ucket 'images' noncurrent_days must be an integer.*, got"):
        a_bucket(noncurrent_days=days)


def test_prefix_has_one_expiration() -> None:
    assert a_bucket(expirations=(Expiration(days=1, prefix="a/"), Expiration(days=2))).expirations
    with pytest.raises(ValueError, match=r"bucket 'images' expirations prefix must be unique, got 'a/'\. Keep one"):
        a_bucket(expirations=(Expiration(days=1, prefix="a/"), Expiration(days=2, prefix="a/")))


def test_archive_of_a_bus_has_at_most_ten_years() -> None:
    with pytest.raises(ValueError, match="event bus 'shop' archive_days must be an integer from 0 to 3650 days"):
        EventBus(name="shop", variable="SHOP_BUS", archive_days=3651)


def test_buckets_and_buses_have_outputs_unless_the_prefix_is_empty() -> None:
    assert a_bucket().outputs() == {"name": "images_bucket_name", "arn": "images_bucket_arn"}
    assert a_bucket(output_prefix="").outputs() == {}
    bus = EventBus(name="shop-events", variable="SHOP_BUS")
    assert bus.outputs() == {"name": "shop_events_event_bus_name", "arn": "shop_events_event_bus_arn"}
    with pytest.raises(ValueError, match="bucket 'site' output_prefix must differ from 'site'"):
        a_bucket(name="site")


@pytest.mark.parametrize("events", [("ObjectCreated:*", "ObjectCreated:Put"), ("ObjectRemoved:*", "ObjectRemoved:*")])
def test_event_types_of_a_consumer_do_not_overlap(events: tuple[str, ...]) -> None:
    with pytest.raises(ValueError, match="'resize' events must be event types that do not include each other, got"):
        BucketConsumer(name="resize", bucket="images", operation="resize", events=events)


@pytest.mark.parametrize(
    ("define", "message"),
    [
        (lambda: a_consumer(pattern={"eventName": "INSERT"}), r"pattern eventName must be a list .* Use \['INSERT'\]"),
        (lambda: a_consumer(pattern=["INSERT"]), "pattern must be a mapping or None, got"),
        (
            lambda: a_queue_consumer(pattern={"body": {"type": []}}),
            r"pattern body\.type must be a list of at least one",
        ),
        (
            lambda: a_topic_consumer(filter_policy={"type": "order"}),
            "filter_policy type must be a list of at least one",
        ),
    ],
)
def test_values_in_patterns_of_all_consumers_are_lists(define: Callable[[], object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        define()


@pytest.mark.parametrize(
    ("kind", "similar"),
    [
        (BucketConsumer, "operation"),
        (Statement, "actions"),
        (LocalIndex, "range_key"),
        (BucketCors, "origins"),
        (Expiration, "days"),
        (Api, "protocol"),
        (FunctionUrl, "auth"),
        (LambdaAuthorizer, "cache_seconds"),
        (JwtAuthorizer, "issuer"),
    ],
)
def test_misspelled_argument_has_a_suggestion(kind: type, similar: str) -> None:
    with pytest.raises(TypeError, match=f"^{kind.__name__} has no argument '{similar}x'. Did you mean {similar}"):
        kind(**{f"{similar}x": 1})
