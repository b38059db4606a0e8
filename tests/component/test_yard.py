"""A service with a consumer, a queue, variables and alarms of its own, and pages."""

from __future__ import annotations

import json
from typing import Any

import pulumi
import pytest

from lib.assets.lambda_archive import sources
from lib.model import Site
from lib.program.recorder import Deployment, record
from lib.settings import ApiSettings, Settings, SiteSettings
from lib.tap_stack import TapStackArgs

from ..support.builders import PAGES, PARCELS, a_function, a_service, a_yard
from ..support.programs import stacked

QUEUE = "arn:post-failures-queue"
STREAM = "streamArn:post-parcels-table"
ORIGIN = "https://domainName:post-site-front-distribution"


def deployed(**args: Any) -> Deployment:
    """What a stack of the yard is with other arguments."""
    return record(stacked(**{"service": a_yard(), **args}))


def statements(document: str) -> list[dict[str, Any]]:
    """The statements of a policy."""
    found: list[dict[str, Any]] = json.loads(document)["Statement"]
    return found


def test_stream_calls_its_function_with_what_the_pattern_lets_through(yard: Deployment) -> None:
    assert yard.only("lambda.EventSourceMapping").inputs == {
        "eventSourceArn": STREAM,
        "functionName": "yard-watch-dev",
        "startingPosition": "LATEST",
        "batchSize": 100,
        "maximumBatchingWindowInSeconds": 0,
        "bisectBatchOnFunctionError": True,
        "maximumRetryAttempts": 3,
        "filterCriteria": {"filters": [{"pattern": '{"eventName": ["INSERT"]}'}]},
        "destinationConfig": {"onFailure": {"destinationArn": QUEUE}},
        "tags": {"Environment": "dev", "Service": "yard", "ManagedBy": "Pulumi"},
    }


def test_role_of_a_consumer_may_read_its_stream_and_leave_what_failed(yard: Deployment) -> None:
    policies = {name: statements(policy["policy"]) for name, policy in yard.inputs("iam.RolePolicy").items()}
    assert policies["post-watch-policy"] == [
        {"Effect": "Allow", "Action": ["dynamodb:PutItem"], "Resource": "arn:post-notes-table"},
        {
            "Effect": "Allow",
            "Action": [
                "dynamodb:GetRecords",
                "dynamodb:GetShardIterator",
                "dynamodb:DescribeStream",
                "dynamodb:ListStreams",
            ],
            "Resource": STREAM,
        },
        {"Effect": "Allow", "Action": ["sqs:SendMessage"], "Resource": QUEUE},
    ]
    assert policies["post-desk-policy"] == [
        {"Effect": "Allow", "Action": ["dynamodb:Query"], "Resource": "arn:post-parcels-table"}
    ]


def test_function_finds_its_own_variables_and_the_table_whose_changes_it_serves(yard: Deployment) -> None:
    assert yard.inputs("lambda.Function")["post-watch-function"]["environment"]["variables"] == {
        "GREETING": "hello",
        "PARCELS_TABLE": "yard-parcels-dev",
        "NOTES_TABLE": "yard-notes-dev",
        "CORS_ORIGIN": ORIGIN,
        "AWS_DNS_SUFFIX": "amazonaws.com",
    }


def test_queue_is_encrypted_and_keeps_messages_for_a_fortnight(yard: Deployment) -> None:
    assert yard.only("sqs.Queue").inputs == {
        "name": "yard-failures-dev",
        "sqsManagedSseEnabled": True,
        "messageRetentionSeconds": 1_209_600,
        "tags": {"Environment": "dev", "Service": "yard", "ManagedBy": "Pulumi"},
    }


def test_only_the_schedules_rule_may_send_to_the_queue_and_only_over_tls(yard: Deployment) -> None:
    policy = yard.only("sqs.QueuePolicy").inputs
    assert policy["queueUrl"] == "url:post-failures-queue"
    deny, allow = statements(policy["policy"])
    assert (deny["Effect"], deny["Principal"], deny["Resource"]) == ("Deny", "*", QUEUE)
    assert deny["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
    assert allow["Principal"] == {"Service": "events.amazonaws.com"}
    assert allow["Condition"]["ArnEquals"]["aws:SourceArn"] == ["arn:rule/yard-nightly-dev"]


def test_what_nobody_waits_for_ends_in_the_queue_when_it_fails(yard: Deployment) -> None:
    functions = yard.inputs("lambda.Function")
    assert functions["post-watch-function"]["deadLetterConfig"] == {"targetArn": QUEUE}
    assert "deadLetterConfig" not in functions["post-desk-function"]
    assert yard.only("cloudwatch.EventTarget").inputs["deadLetterConfig"] == {"arn": QUEUE}
    assert "post-watch-policy" in yard.of("lambda.Function")["post-watch-function"].depends_on


def test_without_a_queue_what_fails_is_lost(parcels: Deployment) -> None:
    assert not parcels.of("sqs.Queue")
    assert not [f for f in parcels.inputs("lambda.Function").values() if "deadLetterConfig" in f]
    assert "deadLetterConfig" not in parcels.only("cloudwatch.EventTarget").inputs
    assert not [output for output in parcels.stack_outputs() if "dead_letter" in output or "site" in output]


@pytest.mark.parametrize(
    ("alarm", "wanted"),
    [
        (
            "refusals",
            {
                "name": "yard-api-refusals-dev",
                "alarmDescription": "yard-api-dev refuses much",
                "namespace": "AWS/ApiGateway",
                "metricName": "4XXError",
                "dimensions": {"ApiName": "yard-api-dev", "Stage": "dev"},
                "statistic": "Sum",
                "comparisonOperator": "GreaterThanThreshold",
                "threshold": 5,
                "period": 60,
                "evaluationPeriods": 1,
                "treatMissingData": "notBreaching",
            },
        ),
        (
            "depth",
            {
                "name": "yard-dead-letters-depth-dev",
                "alarmDescription": "yard-failures-dev holds what failed",
                "namespace": "AWS/SQS",
                "metricName": "ApproximateNumberOfMessagesVisible",
                "dimensions": {"QueueName": "yard-failures-dev"},
                "statistic": "Maximum",
                "comparisonOperator": "GreaterThanThreshold",
                "threshold": 0,
                "period": 60,
                "evaluationPeriods": 1,
                "treatMissingData": "notBreaching",
            },
        ),
        (
            "no-arrivals",
            {
                "name": "yard-watch-no-arrivals-dev",
                "alarmDescription": "yard-watch-dev sees no parcel come",
                "namespace": "TapStack",
                "metricName": "Arrivals",
                "dimensions": {"FunctionName": "yard-watch-dev"},
                "statistic": "Sum",
                "comparisonOperator": "LessThanThreshold",
                "threshold": 1,
                "period": 3600,
                "evaluationPeriods": 2,
                "treatMissingData": "breaching",
            },
        ),
    ],
)
def test_an_alarm_of_ones_own_watches_what_it_is_on(yard: Deployment, alarm: str, wanted: dict[str, Any]) -> None:
    inputs = {**yard.inputs("cloudwatch.MetricAlarm")[f"post-{alarm}-alarm"]}
    assert inputs.pop("alarmActions") == inputs.pop("okActions") == ["arn:post-alarms-topic"]
    assert inputs.pop("tags")
    assert inputs == wanted


def test_split_functions_keep_what_the_whole_had() -> None:
    made = deployed(split_functions=True)
    assert made.only("lambda.EventSourceMapping").inputs["functionName"] == "yard-greet-dev"
    alarms = {alarm["name"]: alarm["dimensions"] for alarm in made.inputs("cloudwatch.MetricAlarm").values()}
    for operation in ("count", "greet"):
        name = f"yard-{operation}-no-arrivals-{operation}-dev"
        assert alarms[name] == {"FunctionName": f"yard-{operation}-dev"}


def test_bucket_is_private_encrypted_versioned_and_owned(yard: Deployment) -> None:
    bucket = yard.only("s3.Bucket").inputs
    assert (bucket["bucketPrefix"], bucket["forceDestroy"]) == ("yard-site-dev-", True)
    assert yard.only("s3.BucketPublicAccessBlock").inputs == {
        "bucket": "bucket:post-site-files-bucket",
        "blockPublicAcls": True,
        "ignorePublicAcls": True,
        "blockPublicPolicy": True,
        "restrictPublicBuckets": True,
    }
    (rule,) = yard.only("s3.BucketServerSideEncryptionConfiguration").inputs["rules"]
    assert rule == {"applyServerSideEncryptionByDefault": {"sseAlgorithm": "AES256"}}
    assert yard.only("s3.BucketVersioning").inputs["versioningConfiguration"] == {"status": "Enabled"}
    assert yard.only("s3.BucketOwnershipControls").inputs["rule"] == {"objectOwnership": "BucketOwnerEnforced"}
    (rule,) = yard.only("s3.BucketCorsConfiguration").inputs["corsRules"]
    assert (rule["allowedMethods"], rule["allowedOrigins"]) == (["GET", "HEAD"], ["*"])


def test_bucket_forgets_old_versions_and_what_was_never_uploaded_whole(yard: Deployment) -> None:
    lifecycle = yard.only("s3.BucketLifecycleConfiguration")
    assert lifecycle.inputs == {
        "bucket": "bucket:post-site-files-bucket",
        "rules": [
            {
                "id": "forget",
                "status": "Enabled",
                "filter": {},
                "noncurrentVersionExpiration": {"noncurrentDays": 90},
                "expiration": {"expiredObjectDeleteMarker": True},
                "abortIncompleteMultipartUpload": {"daysAfterInitiation": 7},
            }
        ],
    }
    assert "post-site-files-versioning" in lifecycle.depends_on


def test_only_its_distribution_may_read_the_bucket_and_only_over_tls(yard: Deployment) -> None:
    policy = yard.only("s3.BucketPolicy")
    deny, allow = statements(policy.inputs["policy"])
    assert deny["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
    assert allow["Principal"] == {"Service": "cloudfront.amazonaws.com"}
    assert allow["Resource"] == "arn:post-site-files-bucket/*"
    assert allow["Condition"] == {"StringEquals": {"aws:SourceArn": "arn:post-site-front-distribution"}}
    assert "post-site-files-block" in policy.depends_on


def test_distribution_signs_what_it_reads_and_sends_everybody_to_https(yard: Deployment) -> None:
    assert yard.only("cloudfront.OriginAccessControl").inputs == {
        "name": "bucket:post-site-files-bucket",
        "description": "Yard, dev",
        "originAccessControlOriginType": "s3",
        "signingBehavior": "always",
        "signingProtocol": "sigv4",
    }
    inputs = {**yard.only("cloudfront.Distribution").inputs}
    assert inputs.pop("tags")
    assert inputs == {
        "enabled": True,
        "comment": "Yard, dev",
        "defaultRootObject": "index.html",
        "httpVersion": "http2and3",
        "isIpv6Enabled": True,
        "priceClass": "PriceClass_100",
        "origins": [
            {
                "originId": "files",
                "domainName": "bucketRegionalDomainName:post-site-files-bucket",
                "originAccessControlId": "post-site-front-access-id",
            }
        ],
        "defaultCacheBehavior": {
            "targetOriginId": "files",
            "viewerProtocolPolicy": "redirect-to-https",
            "allowedMethods": ["GET", "HEAD", "OPTIONS"],
            "cachedMethods": ["GET", "HEAD"],
            "compress": True,
            "cachePolicyId": "658327ea-f89d-4fab-a63d-7e88639e58f6",
            "responseHeadersPolicyId": "e61eb60c-9c35-4d20-a928-2b84e02af89c",
        },
        "restrictions": {"geoRestriction": {"restrictionType": "none"}},
        "viewerCertificate": {"cloudfrontDefaultCertificate": True},
    }


def test_every_built_file_is_an_object_and_the_index_comes_last(yard: Deployment) -> None:
    objects = yard.of("s3.BucketObjectv2")
    served = {o.inputs["key"]: (o.inputs["contentType"], o.inputs["cacheControl"]) for o in objects.values()}
    assert served == {
        "config.json": ("application/json", "no-cache"),
        "assets/app-1.js": ("text/javascript; charset=utf-8", "public, max-age=31536000, immutable"),
        "index.html": ("text/html; charset=utf-8", "no-cache"),
    }
    assert objects["post-site/index.html"].inputs["source"].path == str(PAGES / "index.html")
    assert {"post-site/config.json", "post-site/assets/app-1.js"} <= set(objects["post-site/index.html"].depends_on)
    assert "post-site/assets/app-1.js" not in objects["post-site/config.json"].depends_on
    for made in objects.values():
        assert {"post-site-files-block", "post-site-files-encryption"} <= set(made.depends_on)


def test_pages_are_told_where_their_api_is(yard: Deployment) -> None:
    config = yard.inputs("s3.BucketObjectv2")["post-site/config.json"]
    assert json.loads(config["content"]) == {
        "api_url": "invokeUrl:post-api-stage",
        "service": "yard",
        "environment": "dev",
    }


def test_objects_have_no_more_tags_than_s3_takes() -> None:
    made = deployed(tags={f"tag{n}": "x" for n in range(20)})
    assert {len(o["tags"]) for o in made.inputs("s3.BucketObjectv2").values()} == {10}
    assert len(made.only("s3.Bucket").inputs["tags"]) == 23


def test_outputs_name_the_queue_the_alarms_and_the_site(yard: Deployment) -> None:
    outputs = yard.stack_outputs()
    assert {name: value for name, value in outputs.items() if "dead_letter" in name or "site" in name} == {
        "dead_letter_queue_name": "yard-failures-dev",
        "dead_letter_queue_arn": QUEUE,
        "dead_letter_queue_url": "url:post-failures-queue",
        "site_url": ORIGIN,
        "site_bucket_name": "bucket:post-site-files-bucket",
        "site_distribution_id": "post-site-front-distribution-id",
    }
    assert outputs["alarm_names"]["dead-letters-depth"] == "yard-dead-letters-depth-dev"
    assert outputs["alarm_arns"]["watch-no-arrivals"] == "arn:post-no-arrivals-alarm"
    assert outputs["alarm_names"]["api-server-errors"] == "yard-api-server-errors-dev"
    assert len(outputs["alarm_names"]) == 10
    assert outputs["cors_origin"] == ORIGIN


def test_a_public_site_is_a_website_that_everybody_reads(open_yard: Deployment) -> None:
    website = "http://websiteEndpoint:post-site-front-website"
    assert open_yard.only("s3.BucketWebsiteConfiguration").inputs == {
        "bucket": "bucket:post-site-files-bucket",
        "indexDocument": {"suffix": "index.html"},
    }
    block = open_yard.only("s3.BucketPublicAccessBlock").inputs
    assert (block["blockPublicPolicy"], block["restrictPublicBuckets"]) == (False, False)
    assert (block["blockPublicAcls"], block["ignorePublicAcls"]) == (True, True)
    (statement,) = statements(open_yard.only("s3.BucketPolicy").inputs["policy"])
    assert (statement["Principal"], statement["Action"]) == ("*", ["s3:GetObject"])
    assert not open_yard.of("cloudfront.Distribution")
    outputs = open_yard.stack_outputs()
    assert (outputs["site_url"], outputs["cors_origin"]) == (website, website)
    assert "site_distribution_id" not in outputs


@pytest.mark.parametrize("environment", ["dev", "test", "staging", "prod"])
def test_no_environment_makes_a_site_public_unasked(environment: str) -> None:
    assert TapStackArgs(environment_suffix=environment).settings().site.public is False


def test_bucket_is_kept_where_tables_are() -> None:
    made = deployed(environment_suffix="prod")
    kept = {r.kind for r in made.registered if r.retained}
    assert kept == {
        "dynamodb.Table",
        "s3.Bucket",
        "s3.BucketCorsConfiguration",
        "s3.BucketLifecycleConfiguration",
        "s3.BucketOwnershipControls",
        "s3.BucketPublicAccessBlock",
        "s3.BucketServerSideEncryptionConfiguration",
        "s3.BucketVersioning",
        "secretsmanager.Secret",
        "secretsmanager.SecretVersion",
        "ssm.Parameter",
    }
    assert not made.only("s3.Bucket").inputs["forceDestroy"]


def origins(made: Deployment) -> set[str]:
    """Every origin that the gateway names."""
    answers = [*made.inputs("apigateway.IntegrationResponse").values(), *made.inputs("apigateway.Response").values()]
    return {
        value
        for answer in answers
        for name, value in answer.get("responseParameters", {}).items()
        if name.endswith("Access-Control-Allow-Origin")
    }


@pytest.mark.parametrize("environment", ["dev", "prod"])
def test_the_sites_own_pages_may_call_where_nobody_says_an_origin(environment: str) -> None:
    made = deployed(environment_suffix=environment)
    assert origins(made) == {f"'{ORIGIN}'"}
    for function in made.inputs("lambda.Function").values():
        assert function["environment"]["variables"]["CORS_ORIGIN"] == ORIGIN
        assert "os.environ['CORS_ORIGIN']" in function["code"].assets["index.py"].text
    assert not [note for note in made.notes if "CORS" in note]
    assert not made.warnings


@pytest.mark.parametrize(
    ("args", "origin"),
    [
        ({"api": ApiSettings(cors_origin="https://shop.example.com")}, "https://shop.example.com"),
        ({"api": ApiSettings(cors_origin="")}, ""),
        (
            {"service": a_yard(settings=Settings(api=ApiSettings(cors_origin="https://yard.example.com")))},
            "https://yard.example.com",
        ),
    ],
    ids=["argument", "none", "service"],
)
def test_an_origin_that_somebody_says_is_in_the_code_as_ever(args: dict[str, Any], origin: str) -> None:
    made = deployed(**args)
    assert origins(made) == ({f"'{origin}'"} if origin else set())
    service = args.get("service", a_yard())
    watch = made.inputs("lambda.Function")["post-watch-function"]
    assert "CORS_ORIGIN" not in watch["environment"]["variables"]
    packed = {path: asset.text for path, asset in watch["code"].assets.items()}
    assert packed == {path: text or "\n" for path, text in sources(service, service.functions[1], origin).items()}
    assert made.stack_outputs()["cors_origin"] == (origin or "none")


def test_any_origin_is_refused_in_prod_even_where_there_is_a_site() -> None:
    with pytest.raises(ValueError, match=r"api.cors_origin '\*': in prod give allowed origins instead"):
        TapStackArgs(service=a_yard(), environment_suffix="prod", api=ApiSettings(cors_origin="*"))


@pytest.mark.untraced
def test_another_origin_deploys_the_api_again() -> None:
    def trigger(**args: Any) -> Any:
        return deployed(**args).only("apigateway.Deployment").inputs["triggers"]

    assert trigger() == trigger()
    assert trigger() != trigger(site=SiteSettings(public=True))


def test_pages_that_are_not_built_are_missed_with_a_warning_that_says_what_to_run() -> None:
    made = deployed(service=a_yard(site=Site(folder="nowhere/dist")))
    (warning,) = made.warnings
    assert warning == ("yard has no pages, for nowhere/dist holds no file: build them with make site, and deploy again")
    assert set(made.of("s3.BucketObjectv2")) == {"post-site/config.json"}


def test_a_service_without_a_site_has_none_of_it(parcels: Deployment) -> None:
    assert not [r for r in parcels.registered if r.kind.startswith(("s3.", "cloudfront."))]


def test_a_preview_does_not_know_the_sites_origin_yet() -> None:
    made = record(stacked(service=a_yard()), preview=True)
    for answer in made.inputs("apigateway.IntegrationResponse").values():
        assert isinstance(answer["responseParameters"], pulumi.output.Unknown)


def test_a_service_with_no_own_variable_or_grant_has_no_environment() -> None:
    made = record(stacked(service=a_service(functions=(a_function(),), tables=PARCELS.tables)))
    assert "environment" not in made.only("lambda.Function").inputs
