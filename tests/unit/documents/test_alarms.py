"""Recommended alarms."""

from __future__ import annotations

from typing import Any

import pytest

from lib.documents.alarms import recommended_alarms
from lib.model import Alarm, Queue, Topic
from lib.services import SERVICES
from lib.settings import AlarmSettings, merge
from lib.settings.environments import BASIS

from ...support.builders import (
    PARCELS,
    a_consumer,
    a_function,
    a_queue,
    a_queue_consumer,
    a_service,
    a_table,
    a_topic_consumer,
    an_alarm,
    an_authorizer,
    full_service,
    queue_service,
)

DURATION_MS = {"desk": 8000, "gate": 8000, "watch": 8000, "sweep": 8000, "worker": 8000}
VISIBILITY_SECONDS = {"orders": 60, "steps": 3600}


def recommended(service: Any, **overrides: Any) -> dict[tuple[str, str], Alarm]:
    """Return the recommended alarms by target and name."""
    settings = merge(BASIS.alarms, AlarmSettings(**overrides))
    alarms = recommended_alarms(service, settings, DURATION_MS, VISIBILITY_SECONDS)
    return {(alarm.on, alarm.name): alarm for alarm in alarms}


def condition(alarm: Alarm) -> tuple[str, str, float, int]:
    return alarm.metric, alarm.statistic, alarm.threshold, alarm.evaluation_periods


def test_api_has_alarms_on_errors_and_latency() -> None:
    alarms = recommended(a_service())
    assert {name: condition(alarm) for (on, name), alarm in alarms.items() if on == "api"} == {
        "server-errors": ("5XXError", "Average", 0.05, 3),
        "client-errors": ("4XXError", "Average", 0.05, 5),
        "latency": ("Latency", "p90", 2500, 5),
    }


def test_settings_set_thresholds() -> None:
    alarms = recommended(full_service(alarms=()), api_4xx_share=0.5, api_latency_ms=900, iterator_age_seconds=5)
    assert alarms["api", "client-errors"].threshold == 0.5
    assert alarms["api", "latency"].threshold == 900
    assert alarms["lambda watch", "iterator-age"].threshold == 5000


def test_only_functions_with_routes_have_a_p90_duration_alarm() -> None:
    alarms = recommended(PARCELS)
    assert condition(alarms["lambda desk", "duration-p90"]) == ("Duration", "p90", 8000, 15)
    assert ("lambda sweep", "duration-p90") not in alarms


def test_only_stream_consumers_have_an_iterator_age_alarm() -> None:
    assert [on for on, name in recommended(full_service()) if name == "iterator-age"] == ["lambda watch"]
    assert not [on for on, name in recommended(queue_service()) if name == "iterator-age"]


def test_every_table_and_index_has_throttle_alarms() -> None:
    throttled = [on for on, name in recommended(PARCELS) if name == "write-throttles"]
    assert throttled == ["table parcels", "index parcels/by-state", "index parcels/by-owner", "table audit"]
    assert throttled == [on for on, name in recommended(PARCELS) if name == "read-throttles"]


def test_system_errors_are_summed_over_the_operations_granted_on_a_table() -> None:
    alarms = recommended(PARCELS)
    assert alarms["table parcels", "system-errors"].summed == (
        "Operation",
        ("TransactWriteItems", "PutItem", "UpdateItem", "Query"),
    )
    assert alarms["table audit", "system-errors"].summed == ("Operation", ("TransactWriteItems", "PutItem"))
    assert ("table parcels", "system-errors") not in recommended(a_service())


def test_read_only_table_has_no_transactions_in_its_alarm() -> None:
    assert recommended(full_service())["table parcels", "system-errors"].summed == ("Operation", ("Query",))


def test_dead_letter_queue_has_a_depth_alarm() -> None:
    alarms = recommended(full_service(alarms=()))
    assert condition(alarms["dead-letters", "depth"])[:3] == ("ApproximateNumberOfMessagesVisible", "Maximum", 0)


def test_every_queue_has_an_alarm_on_its_dead_letter_queue() -> None:
    alarms = recommended(queue_service())
    for queue in ("orders", "steps"):
        alarm = alarms[f"queue {queue}-dead-letters", "depth"]
        assert condition(alarm)[:3] == ("ApproximateNumberOfMessagesVisible", "Maximum", 0)


def test_only_consumed_queues_have_an_alarm_on_the_age_of_messages() -> None:
    alarms = recommended(queue_service())
    metric = ("ApproximateAgeOfOldestMessage", "Maximum")
    assert condition(alarms["queue orders", "age"]) == (*metric, 5 * 60, 5)
    assert condition(alarms["queue steps", "age"]) == (*metric, 5 * 3600, 5)
    assert ("queue orders", "age") not in recommended(a_service(queues=(a_queue(),)))


@pytest.mark.parametrize(
    ("queue", "threshold"),
    [(a_queue(delay_seconds=30, max_receives=2), 150), (a_queue(retention_seconds=240), 120)],
    ids=["delay", "short retention"],
)
def test_message_is_old_when_all_its_retries_are_over(queue: Queue, threshold: int) -> None:
    service = a_service(queues=(queue,), functions=(a_function(consumers=(a_queue_consumer(),)),))
    assert recommended(service)["queue orders", "age"].threshold == threshold


@pytest.mark.parametrize(
    ("consumers", "has_alarm"),
    [
        ((a_queue_consumer(),), True),
        ((a_consumer(),), True),
        ((a_queue_consumer(batch=True), a_consumer(batch=True), a_topic_consumer()), False),
    ],
    ids=["queue", "stream", "batches and topic"],
)
def test_only_operations_on_single_records_have_an_alarm_on_failed_records(consumers: Any, has_alarm: bool) -> None:
    service = a_service(
        tables=(a_table(stream="NEW_IMAGE"),),
        queues=(a_queue(),),
        topics=(Topic(name="news", variable="NEWS_TOPIC"),),
        functions=(a_function(consumers=consumers),),
    )
    alarms = recommended(service, errors=3)
    assert (("desk", "failed-records") in alarms) is has_alarm
    if has_alarm:
        assert condition(alarms["desk", "failed-records"]) == ("FailedRecords", "Sum", 3, 1)


def test_alarm_of_the_service_definition_replaces_the_recommended_alarm() -> None:
    custom = an_alarm(name="own", on="api", metric="5XXError", threshold=0.01)
    assert ("api", "server-errors") not in recommended(a_service(alarms=(custom,)))


@pytest.mark.parametrize("service", SERVICES.values(), ids=SERVICES)
def test_sums_have_at_most_nine_metrics(service: Any) -> None:
    duration_ms = {function.name: 1000 for function in service.functions}
    alarms = recommended_alarms(service, BASIS.alarms, duration_ms)
    assert all(len(alarm.summed[1]) < 10 for alarm in alarms if alarm.summed)


def test_authorizers_have_a_p90_duration_alarm_because_callers_wait() -> None:
    gate = a_function(name="gate", authorizers=(an_authorizer(),), routes=())
    service = a_service(functions=(a_function(), gate))
    assert recommended(service)["lambda gate", "duration-p90"].threshold == DURATION_MS["gate"]
