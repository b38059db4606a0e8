"""Queues, and the consumers of queues and topics."""

from __future__ import annotations

import json
from typing import Any

import pytest

from lib.documents import iam, key_policies
from lib.model import Function, Queue
from lib.program.recorder import Deployment, record
from lib.settings import AlarmSettings, EncryptionSettings, FunctionSettings, NetworkSettings, RolloutSettings
from lib.tap_stack import TapStack, TapStackArgs

from ..support.builders import (
    HANDLER,
    a_function,
    a_grant,
    a_queue,
    a_queue_consumer,
    a_route,
    a_service,
    a_topic_consumer,
    queue_service,
)
from ..support.programs import stacked


def deployed(**args: Any) -> Deployment:
    """Return the resources of a stack of the service with queues."""
    return record(stacked(**{"service": queue_service(), **args}))


@pytest.fixture(scope="module", name="shop")
def shop_fixture() -> Deployment:
    """Resources of the service with the default settings."""
    return deployed()


def statements(deployment: Deployment, kind: str, name: str) -> list[dict[str, Any]]:
    """Return the statements of a policy."""
    parsed: list[dict[str, Any]] = json.loads(deployment.inputs(kind)[name]["policy"])["Statement"]
    return parsed


def service_of(*consumers: Any, **queue: Any) -> Any:
    """Return a service with a queue and a function with consumers."""
    worker = Function(name="worker", handler=HANDLER, consumers=consumers)
    return queue_service(queues=(a_queue(**queue),), functions=(a_function(), worker))


def test_queue_has_a_dead_letter_queue_that_accepts_only_its_messages(shop: Deployment) -> None:
    queues = shop.inputs("sqs.Queue")
    dead_letters = {"deadLetterTargetArn": "arn:post-orders-dead-letters-queue", "maxReceiveCount": 5}
    assert json.loads(queues["post-orders-queue"]["redrivePolicy"]) == dead_letters
    assert "redrivePolicy" not in queues["post-orders-dead-letters-queue"]
    policy = shop.inputs("sqs.RedriveAllowPolicy")["post-orders-redrive-allow-policy"]
    assert policy["queueUrl"] == "url:post-orders-dead-letters-queue"
    sources = {"redrivePermission": "byQueue", "sourceQueueArns": ["arn:post-orders-queue"]}
    assert json.loads(policy["redriveAllowPolicy"]) == sources


def test_fifo_queue_and_its_dead_letter_queue_have_the_suffix(shop: Deployment) -> None:
    queues = shop.inputs("sqs.Queue")
    names = {name: queues[f"post-{name}-queue"]["name"] for name in ("steps", "steps-dead-letters")}
    assert names == {"steps": "shop-steps-dev.fifo", "steps-dead-letters": "shop-steps-dead-letters-dev.fifo"}
    assert all(queues[f"post-{name}-queue"]["fifoQueue"] for name in names)
    assert "fifoQueue" not in queues["post-orders-queue"]


def test_long_names_of_fifo_queues_keep_the_suffix() -> None:
    environment = f"pr-{'x' * 90}"
    created = deployed(environment_suffix=environment, environment_profile="dev").inputs("sqs.Queue")
    names = [inputs["name"] for inputs in created.values()]
    assert max(map(len, names)) == 80
    assert len({*names}) == 5
    assert sum(name.endswith(".fifo") for name in names) == 2


def test_every_queue_denies_requests_without_tls(shop: Deployment) -> None:
    for name in shop.inputs("sqs.Queue"):
        (deny, *_) = statements(shop, "sqs.QueuePolicy", name.replace("-queue", "-policy"))
        assert deny == iam.deny_insecure_transport("sqs", [f"arn:{name}"])


def test_queue_has_the_settings_of_its_definition() -> None:
    queue = a_queue(fifo=True, deduplicate_by_content=True, delay_seconds=30, retention_seconds=60, max_receives=2)
    inputs = record(stacked(service=a_service(queues=(queue,)))).inputs("sqs.Queue")["post-orders-queue"]
    assert (inputs["contentBasedDeduplication"], inputs["delaySeconds"]) == (True, 30)
    assert (inputs["messageRetentionSeconds"], json.loads(inputs["redrivePolicy"])["maxReceiveCount"]) == (60, 2)


def test_visibility_timeout_follows_the_timeout_of_the_function() -> None:
    created = deployed(function=FunctionSettings(timeout_seconds=7))
    assert created.inputs("sqs.Queue")["post-orders-queue"]["visibilityTimeoutSeconds"] == 42


def test_visibility_timeout_less_than_that_of_the_function_is_rejected() -> None:
    service = service_of(a_queue_consumer(), visibility_timeout_seconds=10)
    with pytest.raises(ValueError, match="queue 'orders' visibility_timeout_seconds must be at least the timeout"):
        TapStackArgs(service=service, function=FunctionSettings(timeout_seconds=11))


def test_sender_has_the_url_and_the_permission_to_send(shop: Deployment) -> None:
    desk = shop.inputs("lambda.Function")["post-desk-function"]
    assert "ORDERS_QUEUE" in desk["environment"]["variables"]
    assert "STEPS_QUEUE" not in desk["environment"]["variables"]
    assert statements(shop, "iam.RolePolicy", "post-desk-policy") == [
        iam.allow("sqs", ["SendMessage"], ["arn:post-orders-queue"])
    ]


def test_consumer_has_the_permissions_with_which_lambda_polls(shop: Deployment) -> None:
    consumption = ("ReceiveMessage", "DeleteMessage", "GetQueueAttributes")
    assert statements(shop, "iam.RolePolicy", "post-worker-policy") == [
        iam.allow("sqs", ["SendMessage"], ["arn:post-steps-queue"]),
        iam.allow("sqs", consumption, ["arn:post-orders-queue"]),
        iam.allow("sqs", consumption, ["arn:post-steps-queue"]),
        iam.allow("sqs", ["SendMessage"], ["arn:post-dead-letters-queue"]),
    ]


def test_mapping_delivers_only_failed_messages_again(shop: Deployment) -> None:
    mappings = shop.inputs("lambda.EventSourceMapping")
    assert mappings["post-fulfillment-mapping"].keys() == {
        *("eventSourceArn", "functionName", "batchSize", "functionResponseTypes", "tags")
    }
    assert mappings["post-fulfillment-mapping"]["functionResponseTypes"] == ["ReportBatchItemFailures"]
    assert mappings["post-progress-mapping"]["eventSourceArn"] == "arn:post-steps-queue"


def test_mapping_has_the_settings_of_its_consumer() -> None:
    consumer = a_queue_consumer(pattern={"body": {"kind": ["a"]}}, batch_size=50, window_seconds=9, max_concurrency=3)
    mapping = record(stacked(service=service_of(consumer))).single("lambda.EventSourceMapping").inputs
    assert (mapping["batchSize"], mapping["maximumBatchingWindowInSeconds"]) == (50, 9)
    assert mapping["scalingConfig"] == {"maximumConcurrency": 3}
    assert mapping["filterCriteria"] == {"filters": [{"pattern": '{"body": {"kind": ["a"]}}'}]}


@pytest.mark.parametrize(
    ("reserved", "maximum"), [(7, 3), (3, None), (-1, None), (5000, 1000)], ids=["shared", "too low", "none", "high"]
)
def test_queue_consumers_share_the_reserved_concurrency(reserved: int, maximum: int | None) -> None:
    created = deployed(function=FunctionSettings(reserved_concurrency=reserved))
    mappings = created.inputs("lambda.EventSourceMapping").values()
    expected = maximum and {"maximumConcurrency": maximum}
    assert [mapping.get("scalingConfig") for mapping in mappings] == [expected] * 2


def test_consumers_invoke_the_alias_of_a_gradual_rollout() -> None:
    created = deployed(rollout=RolloutSettings(strategy="AllAtOnce"))
    mappings = created.inputs("lambda.EventSourceMapping").values()
    assert {mapping["functionName"] for mapping in mappings} == {"arn:post-worker-alias"}
    assert created.single("sns.TopicSubscription").inputs["endpoint"] == "arn:post-worker-alias"
    permission = created.inputs("lambda.Permission")["post-announcements-permission"]
    assert (permission["function"], permission["qualifier"]) == ("shop-worker-dev", "live")


def test_topic_invokes_its_consumer_and_has_a_dead_letter_queue(shop: Deployment) -> None:
    permission = shop.inputs("lambda.Permission")["post-announcements-permission"]
    assert (permission["principal"], permission["sourceArn"]) == ("sns.amazonaws.com", "arn:post-news-topic")
    subscription = shop.single("sns.TopicSubscription").inputs
    dead_letters = {"deadLetterTargetArn": "arn:post-dead-letters-queue"}
    assert json.loads(subscription["redrivePolicy"]) == dead_letters
    assert subscription.keys() == {"topic", "protocol", "endpoint", "redrivePolicy"}
    (_, allow) = statements(shop, "sqs.QueuePolicy", "post-dead-letters-policy")
    assert allow["Principal"] == {"Service": "sns.amazonaws.com"}
    (source,) = allow["Condition"]["ArnEquals"]["aws:SourceArn"]
    assert source.endswith(":shop-news-dev")


def test_messages_for_functions_are_not_sent_to_the_email_address_of_alarms() -> None:
    def emailed(**fields: Any) -> list[str]:
        service = queue_service(**fields)
        created = record(stacked(service=service, alarms=AlarmSettings(notification_email="ops@example.com")))
        subscriptions = created.inputs("sns.TopicSubscription").values()
        return [each["topic"] for each in subscriptions if each["protocol"] == "email"]

    assert emailed() == ["arn:post-alarms-topic"]
    assert emailed(alarms_type="news") == ["arn:post-news-topic"]
    assert len(emailed(functions=(a_function(),), queues=())) == 2


def test_subscription_has_the_filter_policy_of_its_consumer() -> None:
    consumer = a_topic_consumer(filter_policy={"kind": ["a"]}, filter_scope="MessageBody")
    created = record(stacked(service=queue_service(functions=(a_function(consumers=(consumer,)),), dead_letters="")))
    subscription = created.single("sns.TopicSubscription").inputs
    assert (subscription["filterPolicy"], subscription["filterPolicyScope"]) == ('{"kind": ["a"]}', "MessageBody")
    assert "redrivePolicy" not in subscription


def test_function_that_consumes_only_queues_needs_no_dead_letter_queue_of_the_service() -> None:
    created = record(stacked(service=service_of(a_queue_consumer())))
    assert created.inputs("sqs.Queue").keys() == {"post-orders-queue", "post-orders-dead-letters-queue"}
    assert "deadLetterConfig" not in created.inputs("lambda.Function")["post-worker-function"]


def test_stack_has_the_queues_as_attributes_and_outputs() -> None:
    stacks: list[TapStack] = []
    outputs = record(lambda: stacks.append(TapStack("post", TapStackArgs(service=queue_service())))).stack_outputs()
    stack = stacks[0]
    assert stack.queues.keys() == {"orders", "steps"}
    assert stack.queues["orders"].dead_letters
    assert outputs["queue_arns"] == {"orders": "arn:post-orders-queue", "steps": "arn:post-steps-queue"}
    assert outputs["steps_queue_arn"] == "arn:post-steps-queue"
    assert {*outputs} >= {"orders_queue_url", "orders_queue_dead_letter_url", "queue_urls"}


def key_statements(deployment: Deployment, function: str) -> list[dict[str, Any]]:
    """Return the statements about keys in the policy of a function."""
    policy = statements(deployment, "iam.RolePolicy", f"post-{function}-policy")
    return [statement for statement in policy if statement["Action"][0].startswith("kms:")]


def test_customer_managed_key_encrypts_queues_and_is_usable_by_sns() -> None:
    created = deployed(encryption=EncryptionSettings(key="create"))
    key = "arn:post-encryption-key"
    assert {inputs["kmsMasterKeyId"] for inputs in created.inputs("sqs.Queue").values()} == {key}
    sns, via = "sns.amazonaws.com", statements(created, "kms.Key", "post-encryption-key")
    (statement,) = (each for each in via if each["Principal"].get("Service") == sns)
    assert statement["Action"] == ["kms:Decrypt", "kms:GenerateDataKey*"]
    assert key_statements(created, "desk") == [
        key_policies.allow_key_use(key, "Decrypt", ["sqs"], "amazonaws.com"),
        key_policies.allow_key_use(key, "GenerateDataKey", ["sqs"], "amazonaws.com"),
    ]


def test_consumer_of_a_queue_can_only_decrypt() -> None:
    args = {"service": service_of(a_queue_consumer()), "encryption": EncryptionSettings(key="create")}
    created = record(stacked(**args))
    key = "arn:post-encryption-key"
    assert key_statements(created, "worker") == [key_policies.allow_key_use(key, "Decrypt", ["sqs"], "amazonaws.com")]
    principals = {each["Principal"].get("Service") for each in statements(created, "kms.Key", "post-encryption-key")}
    assert "sns.amazonaws.com" not in principals
    assert "events.amazonaws.com" not in principals


def test_vpc_has_an_endpoint_for_the_granted_actions_on_queues() -> None:
    created = deployed(network=NetworkSettings(vpc="create", interface_endpoints=True))
    endpoint = created.inputs("ec2.VpcEndpoint")["post-network-endpoint-sqs"]
    allowed = json.loads(endpoint["policy"])["Statement"]
    assert [(each["Action"], each["Resource"]) for each in allowed] == [
        (["sqs:SendMessage"], f"arn:post-{queue}-queue") for queue in ("orders", "steps")
    ]


def test_split_functions_have_their_own_visibility_timeout() -> None:
    slow = a_queue_consumer(settings=FunctionSettings(timeout_seconds=100))
    quick = a_queue_consumer(
        name="progress", queue="steps", operation="proceed", settings=FunctionSettings(timeout_seconds=2)
    )
    worker = Function(name="worker", handler=HANDLER, consumers=(slow, quick))
    service = queue_service(functions=(a_function(a_route(grants=(a_grant("orders", "SendMessage"),))), worker))
    created = record(stacked(service=service, split_functions=True))
    timeouts = {
        name: inputs["visibilityTimeoutSeconds"]
        for name, inputs in created.inputs("sqs.Queue").items()
        if "visibilityTimeoutSeconds" in inputs
    }
    assert timeouts == {"post-orders-queue": 600, "post-steps-queue": 12}
    functions = {inputs["functionName"] for inputs in created.inputs("lambda.EventSourceMapping").values()}
    assert functions == {"shop-fulfill-dev", "shop-proceed-dev"}


def test_recommended_alarms_of_queues_are_created() -> None:
    created = deployed(environment_suffix="prod").inputs("cloudwatch.MetricAlarm")
    age = created["post-orders-age-alarm"]
    assert (age["namespace"], age["dimensions"]) == ("AWS/SQS", {"QueueName": "shop-orders-prod"})
    assert len([name for name in created if "dead-letters-depth" in name]) == 3
    (failed,) = (inputs for name, inputs in created.items() if "failed-records" in name)
    assert (failed["namespace"], failed["dimensions"]) == ("TapStack", {"FunctionName": "shop-worker-prod"})
    assert failed["name"] == "shop-worker-failed-records-prod"


def test_dashboard_has_the_names_of_the_queues() -> None:
    body = deployed(environment_suffix="prod").single("cloudwatch.Dashboard").inputs["dashboardBody"]
    assert {"shop-orders-prod", "shop-steps-dead-letters-prod.fifo"} <= {
        line[3]
        for widget in json.loads(body)["widgets"]
        for line in widget["properties"].get("metrics", ())
        if line[0] == "AWS/SQS"
    }


def test_queue_of_a_definition_without_outputs_has_only_the_common_outputs() -> None:
    service = a_service(queues=(Queue(name="orders", variable="ORDERS_QUEUE", output_prefix=""),))
    outputs = record(stacked(service=service)).stack_outputs()
    assert "orders_queue_url" not in outputs
    assert outputs["queue_arns"] == {"orders": "arn:post-orders-queue"}
