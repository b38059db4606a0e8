"""Buckets, event buses and their consumers in a stack."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from lib.model import Bucket
from lib.program.recorder import Deployment, record

from ..support.builders import GALLERY
from ..support.programs import stacked

KEY = "arn:post-encryption-key"
QUEUE = "arn:post-dead-letters-queue"


def deployed(**args: Any) -> Deployment:
    """Return the resources of a stack of the gallery without a network and a customer managed key."""
    return record(stacked(**{"service": GALLERY, **args}))


@pytest.fixture(scope="module", name="dev")
def dev_fixture() -> Deployment:
    """Stack in the `dev` environment."""
    return deployed()


def statements(deployment: Deployment, role: str) -> list[dict[str, Any]]:
    """Return the statements of the inline policy of a role."""
    document = json.loads(deployment.inputs("iam.RolePolicy")[f"post-{role}-policy"]["policy"])
    found: list[dict[str, Any]] = document["Statement"]
    return found


def test_bucket_is_private_and_rejects_requests_without_tls(gallery: Deployment) -> None:
    block = gallery.inputs("s3.BucketPublicAccessBlock")["post-images-block"]
    assert all(block[name] for name in block if name.startswith(("block", "ignore", "restrict")))
    assert gallery.inputs("s3.BucketOwnershipControls")["post-images-ownership"]["rule"] == {
        "objectOwnership": "BucketOwnerEnforced"
    }
    (statement,) = json.loads(gallery.inputs("s3.BucketPolicy")["post-images-policy"]["policy"])["Statement"]
    assert (statement["Effect"], statement["Condition"]) == ("Deny", {"Bool": {"aws:SecureTransport": "false"}})


def test_bucket_has_the_settings_of_its_definition(gallery: Deployment) -> None:
    forget, *expirations = gallery.inputs("s3.BucketLifecycleConfiguration")["post-images-lifecycle"]["rules"]
    assert forget["noncurrentVersionExpiration"] == {"noncurrentDays": 30}
    assert forget["abortIncompleteMultipartUpload"] == {"daysAfterInitiation": 7}
    assert [(rule["filter"], rule["expiration"]) for rule in expirations] == [
        ({"prefix": "uploads/"}, {"days": 1}),
        ({}, {"days": 365}),
    ]
    (cors,) = gallery.inputs("s3.BucketCorsConfiguration")["post-images-cors"]["corsRules"]
    assert cors["allowedOrigins"] == ["https://shop.example.com"]
    assert (cors["allowedMethods"], cors["allowedHeaders"], cors["exposeHeaders"]) == (
        ["GET", "PUT", "POST"],
        ["*"],
        ["ETag"],
    )
    assert gallery.by_kind("s3.BucketVersioning").keys() == {"post-images-versioning"}


@pytest.mark.parametrize(("environment", "retained"), [("dev", False), ("prod", True)])
def test_environment_determines_whether_objects_are_retained(environment: str, retained: bool) -> None:
    bucket = deployed(environment_suffix=environment).by_kind("s3.Bucket")["post-reports-bucket"]
    assert bucket.retain_on_delete is retained
    assert bucket.inputs["forceDestroy"] is not retained
    assert bucket.inputs["bucketPrefix"] == f"gallery-reports-{environment}-"


def test_customer_managed_key_encrypts_objects_and_events(gallery: Deployment, dev: Deployment) -> None:
    (rule,) = gallery.inputs("s3.BucketServerSideEncryptionConfiguration")["post-reports-encryption"]["rules"]
    assert rule["applyServerSideEncryptionByDefault"] == {"sseAlgorithm": "aws:kms", "kmsMasterKeyId": KEY}
    assert rule["bucketKeyEnabled"]
    assert gallery.single("cloudwatch.EventBus").inputs["kmsKeyIdentifier"] == KEY
    assert gallery.single("cloudwatch.EventArchive").inputs["kmsKeyIdentifier"] == KEY
    assert "kmsKeyIdentifier" not in dev.single("cloudwatch.EventBus").inputs


def test_roles_use_the_key_only_through_the_services_that_they_call(gallery: Deployment) -> None:
    used = {
        (role, statement["Action"][0]): statement["Condition"]["StringLike"]["kms:ViaService"]
        for role in ("desk", "worker")
        for statement in statements(gallery, role)
        if statement["Action"][0].startswith("kms:")
    }
    s3, sqs = "s3.*.amazonaws.com", "sqs.*.amazonaws.com"
    assert used == {
        ("desk", "kms:Decrypt"): [s3],
        ("desk", "kms:GenerateDataKey"): [s3],
        ("worker", "kms:Decrypt"): [s3, sqs],
        ("worker", "kms:GenerateDataKey"): [s3, sqs],
    }


def test_key_allows_event_buses_and_objects(gallery: Deployment) -> None:
    policy = gallery.single("kms.Key").inputs["policy"]
    assert "kms:EncryptionContext:aws:events:event-bus:arn" in policy
    assert "s3.*.amazonaws.com" in policy


def test_functions_can_use_only_the_granted_objects_and_buses(dev: Deployment) -> None:
    images = "arn:post-images-bucket"
    assert statements(dev, "desk") == [
        {"Effect": "Allow", "Action": ["s3:GetObject"], "Resource": f"{images}/thumbnails/*"},
        {
            "Effect": "Allow",
            "Action": ["s3:ListBucket"],
            "Resource": images,
            "Condition": {"StringLike": {"s3:prefix": ["thumbnails/*"]}},
        },
        {"Effect": "Allow", "Action": ["s3:PutObject"], "Resource": "arn:post-reports-bucket/*"},
        {"Effect": "Allow", "Action": ["events:PutEvents"], "Resource": "arn:post-shop-bus"},
    ]


def test_functions_have_the_names_of_their_buckets_and_buses(dev: Deployment) -> None:
    variables = {name: inputs["environment"]["variables"] for name, inputs in dev.inputs("lambda.Function").items()}
    assert (
        variables["post-desk-function"].items()
        >= {
            "IMAGES_BUCKET": "bucket:post-images-bucket",
            "REPORTS_BUCKET": "bucket:post-reports-bucket",
            "SHOP_BUS": "gallery-shop-dev",
        }.items()
    )
    assert variables["post-worker-function"].keys() >= {"IMAGES_BUCKET", "SHOP_BUS"}
    assert "REPORTS_BUCKET" not in variables["post-worker-function"]


def test_bucket_has_one_configuration_with_all_its_consumers(dev: Deployment) -> None:
    notification = dev.single("s3.BucketNotification")
    assert notification.inputs["bucket"] == "bucket:post-images-bucket"
    assert notification.inputs["lambdaFunctions"] == [
        {
            "id": "resize",
            "lambdaFunctionArn": "arn:post-worker-function",
            "events": ["s3:ObjectCreated:*"],
            "filterPrefix": "uploads/",
            "filterSuffix": ".jpg",
        },
        {"id": "unlist", "lambdaFunctionArn": "arn:post-worker-function", "events": ["s3:ObjectRemoved:*"]},
    ]
    permissions = {name for name in dev.by_kind("lambda.Permission") if name.startswith("post-images-")}
    assert permissions == {"post-images-resize-permission", "post-images-unlist-permission"}
    assert permissions <= set(notification.depends_on)
    for name in permissions:
        permission = dev.inputs("lambda.Permission")[name]
        assert permission["principal"] == "s3.amazonaws.com"
        assert (permission["sourceArn"], permission["sourceAccount"]) == ("arn:post-images-bucket", "123456789012")


def test_alias_is_the_target_of_consumers(gallery: Deployment) -> None:
    alias = "arn:post-worker-alias"
    assert {f["lambdaFunctionArn"] for f in gallery.single("s3.BucketNotification").inputs["lambdaFunctions"]} == {
        alias
    }
    assert {target["arn"] for target in gallery.inputs("cloudwatch.EventTarget").values()} == {alias}
    qualifiers = {p["principal"]: p["qualifier"] for p in gallery.inputs("lambda.Permission").values()}
    assert qualifiers["s3.amazonaws.com"] == qualifiers["events.amazonaws.com"] == "live"


def test_rules_are_on_their_bus_and_pass_the_name_of_the_consumer(dev: Deployment) -> None:
    rules, targets = dev.inputs("cloudwatch.EventRule"), dev.inputs("cloudwatch.EventTarget")
    assert rules["post-pack-rule"]["eventBusName"] == targets["post-pack-target"]["eventBusName"] == "gallery-shop-dev"
    assert json.loads(rules["post-pack-rule"]["eventPattern"]) == {"source": ["shop"]}
    assert "eventBusName" not in rules["post-watch-rule"]
    assert "eventBusName" not in targets["post-watch-target"]
    assert targets["post-pack-target"]["inputTransformer"] == {
        "inputTemplate": '{"consumer": "pack", "event": <aws.events.event.json>}'
    }
    assert targets["post-pack-target"]["deadLetterConfig"] == {"arn": QUEUE}
    assert targets["post-pack-target"]["retryPolicy"]["maximumEventAgeInSeconds"] == 3600


def test_rules_and_encrypted_buses_can_send_dead_letters(dev: Deployment, gallery: Deployment) -> None:
    def sources(deployment: Deployment) -> list[str]:
        _, allow = json.loads(deployment.single("sqs.QueuePolicy").inputs["policy"])["Statement"]
        return [
            source.rpartition("events:")[2].partition(":")[2] or source
            for source in allow["Condition"]["ArnEquals"]["aws:SourceArn"]
        ]

    assert [source.rpartition(":")[2] for source in sources(dev)] == [
        "rule/gallery-shop-dev/gallery-pack-dev",
        "rule/gallery-watch-dev",
    ]
    assert [source.rpartition(":")[2] for source in sources(gallery)][-1] == "event-bus/gallery-shop-prod"
    assert gallery.single("cloudwatch.EventBus").inputs["deadLetterConfig"] == {"arn": QUEUE}
    assert "deadLetterConfig" not in dev.single("cloudwatch.EventBus").inputs


def test_archive_keeps_the_events_of_the_bus(dev: Deployment) -> None:
    archive = dev.single("cloudwatch.EventArchive").inputs
    assert (archive["name"], archive["eventSourceArn"], archive["retentionDays"]) == (
        "gallery-shop-dev",
        "arn:post-shop-bus",
        30,
    )
    without = replace(GALLERY, event_buses=(replace(GALLERY.event_buses[0], archive_days=0),))
    assert not deployed(service=without).by_kind("cloudwatch.EventArchive")


def test_split_functions_have_their_own_consumers() -> None:
    deployment = deployed(split_functions=True)
    targets = {
        f["id"]: f["lambdaFunctionArn"] for f in deployment.single("s3.BucketNotification").inputs["lambdaFunctions"]
    }
    assert targets == {"resize": "arn:post-resize-function", "unlist": "arn:post-unlist-function"}
    assert deployment.inputs("cloudwatch.EventTarget")["post-pack-target"]["arn"] == "arn:post-pack-function"


def test_outputs_contain_the_names_of_buckets_and_buses(dev: Deployment) -> None:
    outputs = dev.stack_outputs()
    assert outputs["bucket_names"] == {"images": "bucket:post-images-bucket", "reports": "bucket:post-reports-bucket"}
    assert outputs["images_bucket_arn"] == "arn:post-images-bucket"
    assert outputs["event_bus_names"] == {"shop": outputs["shop_event_bus_name"]} == {"shop": "gallery-shop-dev"}
    assert outputs["event_rule_names"] == {"pack": "gallery-pack-dev", "watch": "gallery-watch-dev"}


def test_stack_without_buckets_and_buses_has_no_outputs_of_them() -> None:
    outputs = record(stacked()).stack_outputs()
    assert not {"bucket_names", "event_bus_names", "event_rule_names"} & outputs.keys()


def test_functions_reach_objects_and_events_through_endpoints(gallery: Deployment) -> None:
    endpoints = gallery.inputs("ec2.VpcEndpoint")
    assert endpoints["post-network-endpoint-s3"]["vpcEndpointType"] == "Gateway"
    assert endpoints["post-network-endpoint-events"]["vpcEndpointType"] == "Interface"
    account, *grants = json.loads(endpoints["post-network-endpoint-s3"]["policy"])["Statement"]
    assert account["Condition"] == {"StringEquals": {"aws:ResourceAccount": "ownerId:post-network-vpc-vpc"}}
    assert ["s3:ListBucket"] in [statement["Action"] for statement in grants]
    (events,) = json.loads(endpoints["post-network-endpoint-events"]["policy"])["Statement"]
    assert (events["Action"], events["Resource"]) == (["events:PutEvents"], "arn:post-shop-bus")


def test_failed_invocations_of_rules_have_alarms_with_the_dimensions_of_their_bus(gallery: Deployment) -> None:
    alarms = gallery.inputs("cloudwatch.MetricAlarm")
    pack, watch = alarms["post-pack-failed-invocations-alarm"], alarms["post-watch-failed-invocations-alarm"]
    assert (pack["namespace"], pack["metricName"]) == ("AWS/Events", "FailedInvocations")
    assert pack["dimensions"] == {"EventBusName": "gallery-shop-prod", "RuleName": "gallery-pack-prod"}
    assert watch["dimensions"] == {"RuleName": "gallery-watch-prod"}


def test_dashboard_shows_buckets_and_rules(gallery: Deployment) -> None:
    body = gallery.single("cloudwatch.Dashboard").inputs["dashboardBody"]
    widgets = json.loads(body)["widgets"]
    graphs = {widget["properties"]["title"]: widget["properties"].get("metrics") for widget in widgets}
    assert graphs["Bucket size (bytes)"][0] == [
        "AWS/S3",
        "BucketSizeBytes",
        "BucketName",
        "bucket:post-images-bucket",
        "StorageType",
        "StandardStorage",
        {"stat": "Average", "label": "images", "period": 86400},
    ]
    assert graphs["Failed event deliveries"][0][:6] == [
        "AWS/Events",
        "FailedInvocations",
        "EventBusName",
        "gallery-shop-prod",
        "RuleName",
        "gallery-pack-prod",
    ]


def test_long_environment_suffix_shortens_the_name_of_a_bucket() -> None:
    service = replace(GALLERY, buckets=(*GALLERY.buckets, Bucket(name="videos", variable="VIDEOS_BUCKET")))
    deployment = deployed(service=service, environment_suffix="feature-with-a-long-name")
    prefix = deployment.inputs("s3.Bucket")["post-videos-bucket"]["bucketPrefix"]
    assert len(prefix) <= 37
    assert prefix.startswith("gallery-videos-feature-")
