"""IAM policy documents."""

from __future__ import annotations

from fnmatch import fnmatch

import pytest

from lib.documents import iam, key_policies

TABLE = "arn:aws:dynamodb:us-east-1:123456789012:table/parcels"


def test_trust_policy_lets_one_service_assume_the_role() -> None:
    assert iam.trust_policy("lambda.amazonaws.com") == {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"},
        ],
    }


def test_trust_policy_can_be_limited_to_one_account() -> None:
    (statement,) = iam.trust_policy("vpc-flow-logs.amazonaws.com", "123456789012")["Statement"]
    assert statement["Principal"] == {"Service": "vpc-flow-logs.amazonaws.com"}
    assert statement["Condition"] == {"StringEquals": {"aws:SourceAccount": "123456789012"}}


def test_policy_document_contains_its_statements() -> None:
    statement = iam.allow("sns", ["Publish"], ["arn:topic"])
    assert iam.policy_document(iter([statement])) == {"Version": "2012-10-17", "Statement": [statement]}


def test_statement_allows_actions_only_on_its_resources() -> None:
    assert iam.allow("sns", ["Publish", "Subscribe"], ["arn:a", "arn:b"]) == {
        "Effect": "Allow",
        "Action": ["sns:Publish", "sns:Subscribe"],
        "Resource": ["arn:a", "arn:b"],
    }


def test_table_actions_without_indexes_are_allowed_only_on_the_table() -> None:
    assert iam.allow_table_actions(TABLE, ["GetItem"]) == iam.allow("dynamodb", ["GetItem"], [TABLE])


@pytest.mark.parametrize("indexes", [["by-state"], ["by-state", "by-owner"]])
def test_table_actions_with_indexes_are_allowed_only_on_the_indexes(indexes: list[str]) -> None:
    arns = [f"{TABLE}/index/{index}" for index in indexes]
    assert iam.allow_table_actions(TABLE, ["Query"], indexes) == iam.allow("dynamodb", ["Query"], arns)


@pytest.mark.parametrize("indexes", [[], ["by-state"]])
def test_table_actions_with_keys_are_limited_to_items_with_these_partition_keys(indexes: list[str]) -> None:
    assert iam.allow_table_actions(TABLE, ["Query"], indexes, ("tap#a#*", "tap#b")) == {
        **iam.allow_table_actions(TABLE, ["Query"], indexes),
        "Condition": {"ForAllValues:StringLike": {"dynamodb:LeadingKeys": ["tap#a#*", "tap#b"]}},
    }


def test_calls_are_allowed_by_method_and_path_in_one_stage() -> None:
    routes = [("GET", "/parcels"), ("GET", "/parcels/{id}/legs/{leg}")]
    assert iam.allow_calls("arn:api", "live", routes) == {
        "Effect": "Allow",
        "Action": ["execute-api:Invoke"],
        "Resource": ["arn:api/live/GET/parcels", "arn:api/live/GET/parcels/*/legs/*"],
    }


def test_calls_of_any_method_and_of_a_greedy_path() -> None:
    routes = [("ANY", "/files/{key+}"), ("GET", "/")]
    assert iam.allow_calls("arn:api", "live", routes)["Resource"] == ["arn:api/live/*/files/*", "arn:api/live/GET/"]


@pytest.mark.parametrize("partition", ["aws", "aws-cn", "aws-us-gov"])
def test_managed_policy_arn_contains_the_partition(partition: str) -> None:
    arn = iam.managed_policy_arn(partition, iam.BASIC_EXECUTION)
    assert arn == f"arn:{partition}:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole"


QUEUE = "arn:aws:sqs:us-east-1:123456789012:parcels-failures"


def test_queue_policy_denies_insecure_transport_and_allows_its_rules() -> None:
    deny, allow = iam.queue_policy(QUEUE, ["nightly", "hourly"])["Statement"]
    assert deny == {
        "Effect": "Deny",
        "Principal": "*",
        "Action": ["sqs:*"],
        "Resource": QUEUE,
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }
    assert allow == {
        "Effect": "Allow",
        "Principal": {"Service": "events.amazonaws.com"},
        "Action": ["sqs:SendMessage"],
        "Resource": QUEUE,
        "Condition": {
            "ArnEquals": {
                "aws:SourceArn": [
                    f"arn:aws:events:us-east-1:123456789012:rule/{rule}" for rule in ("nightly", "hourly")
                ]
            }
        },
    }


def test_queue_policy_without_rules_allows_no_sender() -> None:
    assert [statement["Effect"] for statement in iam.queue_policy(QUEUE, [])["Statement"]] == ["Deny"]


BUCKET = "arn:aws:s3:::parcels-site"


def test_only_the_distribution_can_read_its_bucket_over_tls() -> None:
    deny, allow = iam.allow_cloudfront_read(BUCKET, "arn:distribution")["Statement"]
    assert (deny["Effect"], deny["Principal"], deny["Action"]) == ("Deny", "*", ["s3:*"])
    assert deny["Resource"] == [BUCKET, f"{BUCKET}/*"]
    assert deny["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
    assert allow == {
        "Effect": "Allow",
        "Principal": {"Service": "cloudfront.amazonaws.com"},
        "Action": ["s3:GetObject"],
        "Resource": f"{BUCKET}/*",
        "Condition": {"StringEquals": {"aws:SourceArn": "arn:distribution"}},
    }


def test_objects_of_a_website_bucket_are_public() -> None:
    assert iam.allow_public_read(BUCKET)["Statement"] == [
        {"Effect": "Allow", "Principal": "*", "Action": ["s3:GetObject"], "Resource": f"{BUCKET}/*"}
    ]


def test_vpc_actions_are_denied_to_function_code() -> None:
    statement = iam.deny_vpc_actions_to_code()
    assert statement["Effect"] == "Deny"
    assert {"ec2:CreateNetworkInterface", "ec2:DeleteNetworkInterface"} <= set(statement["Action"])
    assert statement["Condition"] == {"Null": {"lambda:SourceFunctionArn": "false"}}


def test_lambda_is_allowed_the_vpc_actions_that_function_code_is_denied() -> None:
    allowed, denied = iam.allow_vpc_access(), iam.deny_vpc_actions_to_code()
    assert (allowed["Effect"], allowed["Resource"]) == ("Allow", "*")
    assert "Condition" not in allowed
    assert set(allowed["Action"]) < set(denied["Action"])
    assert not [action for action in allowed["Action"] if not action.startswith("ec2:")]


def test_function_can_write_to_one_log_group() -> None:
    group = "arn:aws:logs:us-east-1:123456789012:log-group:/aws/lambda/desk"
    assert iam.allow_log_actions(group, iam.LOG_ACTIONS["write"]) == {
        "Effect": "Allow",
        "Action": ["logs:CreateLogStream", "logs:PutLogEvents"],
        "Resource": f"{group}:*",
    }
    assert iam.allow_log_actions(group, iam.LOG_ACTIONS["create"])["Action"] == [
        "logs:CreateLogGroup",
        "logs:CreateLogStream",
        "logs:PutLogEvents",
    ]


def test_vpc_endpoint_policy_allows_its_statements_to_every_principal() -> None:
    publish, subscribe = (iam.allow("sns", [action], ["arn:topic"]) for action in ("Publish", "Subscribe"))
    assert iam.vpc_endpoint_policy([publish, subscribe])["Statement"] == [
        {**publish, "Principal": "*"},
        {**subscribe, "Principal": "*"},
    ]


def test_bucket_access_is_limited_to_one_account() -> None:
    statement = iam.allow_account_buckets("123456789012", "aws-us-gov")
    assert statement["Resource"] == "arn:aws-us-gov:s3:::*"
    assert statement["Condition"] == {"StringEquals": {"aws:ResourceAccount": "123456789012"}}
    assert all(action.startswith("s3:") and "*" not in action for action in statement["Action"])


def test_flow_logs_can_write_to_one_log_group() -> None:
    statement = iam.allow_flow_logs("arn:aws:logs:us-east-1:123456789012:log-group:/aws/vpc/post")
    assert statement["Resource"] == "arn:aws:logs:us-east-1:123456789012:log-group:/aws/vpc/post:*"
    assert "logs:PutLogEvents" in statement["Action"]


TOPIC = "arn:aws-cn:sns:cn-north-1:123456789012:parcels-alarms"


@pytest.mark.parametrize("service", ["budgets", "cloudwatch"])
def test_topic_allows_a_service_to_publish_for_its_account(service: str) -> None:
    assert iam.allow_publish(service, TOPIC) == {
        "Effect": "Allow",
        "Principal": {"Service": f"{service}.amazonaws.com"},
        "Action": ["sns:Publish"],
        "Resource": TOPIC,
        "Condition": {"StringEquals": {"aws:SourceAccount": "123456789012"}},
    }


ACCOUNT = "123456789012"
KEY = f"arn:aws:kms:us-east-1:{ACCOUNT}:key/mrk-1"


def statements(*services: str) -> dict[str, iam.Statement]:
    """Return the statements of a key policy by principal."""
    key_statements = key_policies.key_statements(ACCOUNT, "eu-west-1", services)
    return {statement["Principal"].get("Service", "account"): statement for statement in key_statements}


def test_account_can_administer_its_key_but_not_use_it() -> None:
    administration, *others = key_policies.key_policy(ACCOUNT, "eu-west-1", ["sns"])["Statement"]
    assert administration["Principal"] == {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}
    assert "Condition" not in administration
    assert "kms:PutKeyPolicy" in administration["Action"]
    cryptographic = ("CreateGrant", "Decrypt", "Encrypt", "GenerateDataKey", "ReEncryptFrom", "ReEncryptTo", "Sign")
    assert not [
        (action, pattern)
        for action in cryptographic
        for pattern in administration["Action"]
        if fnmatch(f"kms:{action}", pattern)
    ]
    assert others == key_policies.key_statements(ACCOUNT, "eu-west-1", ["sns"])


def test_account_can_use_its_key_only_through_the_services_of_the_key() -> None:
    by_principal = statements("sns", "dynamodb", "logs")
    assert by_principal.keys() == {"account", "logs.eu-west-1.amazonaws.com"}
    via = ["dynamodb.*.amazonaws.com", "sns.*.amazonaws.com"]
    assert by_principal["account"]["Condition"] == {"StringLike": {"kms:ViaService": via}}


@pytest.mark.parametrize("service", key_policies.KEY_SERVICE_PRINCIPALS)
def test_service_principal_can_use_a_key_only_for_its_account(service: str) -> None:
    _, *service_statements = key_policies.key_statements(ACCOUNT, "eu-west-1", [service])
    name = service.replace("event-buses", "events").partition("-")[0]
    assert service_statements
    for statement in service_statements:
        assert statement["Principal"]["Service"] in (f"{name}.amazonaws.com", f"{name}.eu-west-1.amazonaws.com")
        assert ACCOUNT in str(statement["Condition"])
        assert "{" not in str(statement["Condition"]).replace("{'", "")
        assert "kms:CreateGrant" not in statement["Action"]


def test_event_buses_can_encrypt_events_and_send_dead_letters() -> None:
    _, events, dead_letters, metadata = key_policies.key_statements(ACCOUNT, "eu-west-1", ["event-buses"])
    bus = f"arn:aws:events:eu-west-1:{ACCOUNT}:event-bus/*"
    assert events["Action"] == ["kms:Decrypt", "kms:GenerateDataKey*", "kms:ReEncrypt*"]
    assert events["Condition"] == {"ArnLike": {"kms:EncryptionContext:aws:events:event-bus:arn": bus}}
    assert dead_letters["Condition"] == {"ArnLike": {"aws:SourceArn": bus}}
    assert metadata["Action"] == ["kms:DescribeKey"]


def test_key_policy_uses_only_its_partition() -> None:
    services = (*key_policies.KEY_SERVICE_PRINCIPALS, *key_policies.KEY_VIA_SERVICES)
    document = key_policies.key_policy(ACCOUNT, "cn-north-1", services, "aws-cn", "amazonaws.com.cn")
    assert "arn:aws-cn:" in str(document)
    assert "arn:aws:" not in str(document)
    _, via, *service_statements = document["Statement"]
    assert all(value.endswith(".*.amazonaws.com.cn") for value in via["Condition"]["StringLike"]["kms:ViaService"])
    principals = {statement["Principal"]["Service"] for statement in service_statements}
    assert {"logs.cn-north-1.amazonaws.com.cn", "events.amazonaws.com"} <= principals


OBJECT = "arn:aws:s3:::images-1"


def bucket_statements(actions: list[str], keys: list[str]) -> list[iam.Statement]:
    return [iam.allow_bucket_actions(OBJECT, group, keys) for group in iam.bucket_action_groups(actions)]


def test_object_actions_apply_to_objects_and_bucket_actions_to_the_bucket() -> None:
    assert bucket_statements(["GetObject", "GetBucketCORS", "PutObject"], []) == [
        {"Effect": "Allow", "Action": ["s3:GetObject", "s3:PutObject"], "Resource": f"{OBJECT}/*"},
        {"Effect": "Allow", "Action": ["s3:GetBucketCORS"], "Resource": OBJECT},
    ]


def test_keys_restrict_objects_and_lists_of_them() -> None:
    assert bucket_statements(["ListBucket", "GetObject", "GetBucketCORS"], ["a/*", "b.txt"]) == [
        {
            "Effect": "Allow",
            "Action": ["s3:ListBucket"],
            "Resource": OBJECT,
            "Condition": {"StringLike": {"s3:prefix": ["a/*", "b.txt"]}},
        },
        {"Effect": "Allow", "Action": ["s3:GetObject"], "Resource": [f"{OBJECT}/a/*", f"{OBJECT}/b.txt"]},
        {"Effect": "Allow", "Action": ["s3:GetBucketCORS"], "Resource": OBJECT},
    ]
    assert "Condition" not in bucket_statements(["ListBucket"], [])[0]


def test_bucket_policy_denies_only_requests_without_tls() -> None:
    (statement,) = iam.bucket_policy(OBJECT)["Statement"]
    assert (statement["Effect"], statement["Resource"]) == ("Deny", [OBJECT, f"{OBJECT}/*"])
    assert statement["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}


def test_queue_allows_rules_of_custom_buses_and_the_buses() -> None:
    _, allow = iam.queue_policy(QUEUE, ["nightly", "shop/pack"], ["shop"])["Statement"]
    events = QUEUE.rpartition(":")[0].replace(":sqs:", ":events:")
    expected = [f"{events}:rule/nightly", f"{events}:rule/shop/pack", f"{events}:event-bus/shop"]
    assert allow["Condition"] == {"ArnEquals": {"aws:SourceArn": expected}}


def test_role_needs_decrypt_and_for_writing_also_generate_data_key() -> None:
    assert key_policies.required_key_actions(["s3"], ["s3"]) == {"Decrypt": ["s3"], "GenerateDataKey": ["s3"]}
    services = ["dynamodb", "sns"]
    assert key_policies.required_key_actions(services, services) == {"Decrypt": services, "GenerateDataKey": ["sns"]}
    assert key_policies.required_key_actions(["ssm"], ["ssm"]) == {"Decrypt": ["ssm"]}


def test_role_that_consumes_a_queue_needs_no_data_key() -> None:
    assert key_policies.required_key_actions(["sqs"], []) == {"Decrypt": ["sqs"]}
    assert key_policies.required_key_actions([], []) == {}


def test_role_can_use_one_key_only_through_services() -> None:
    assert key_policies.allow_key_use(KEY, "Decrypt", ["ssm", "sqs"], "amazonaws.com.cn") == {
        "Effect": "Allow",
        "Action": ["kms:Decrypt"],
        "Resource": KEY,
        "Condition": {"StringLike": {"kms:ViaService": ["ssm.*.amazonaws.com.cn", "sqs.*.amazonaws.com.cn"]}},
    }


def test_multi_region_key_has_the_same_id_in_every_region() -> None:
    assert key_policies.key_arn_in_region(KEY, "us-west-2") == f"arn:aws:kms:us-west-2:{ACCOUNT}:key/mrk-1"


@pytest.mark.parametrize(
    ("statement", "actions", "resources"),
    [
        (
            iam.allow_account_buckets("123456789012", "aws"),
            "s3:GetObject s3:PutObject s3:DeleteObject s3:ListBucket",
            "arn:aws:s3:::*",
        ),
        (
            iam.allow_flow_logs("arn:logs:group"),
            "logs:CreateLogStream logs:PutLogEvents logs:DescribeLogGroups logs:DescribeLogStreams",
            "arn:logs:group:*",
        ),
        (
            iam.allow_table_backups([TABLE]),
            "dynamodb:DescribeTable dynamodb:ListTagsOfResource dynamodb:CreateBackup dynamodb:StartAwsBackupJob "
            "dynamodb:DescribeBackup dynamodb:DeleteBackup",
            [TABLE, f"{TABLE}/backup/*"],
        ),
        (
            iam.allow_table_restores([TABLE]),
            "dynamodb:DescribeTable dynamodb:RestoreTableFromAwsBackup dynamodb:RestoreTableFromBackup dynamodb:Scan "
            "dynamodb:Query dynamodb:GetItem dynamodb:PutItem dynamodb:UpdateItem dynamodb:DeleteItem "
            "dynamodb:BatchWriteItem",
            [f"{TABLE}-restored-*", f"{TABLE}/backup/*"],
        ),
    ],
    ids=["buckets", "flow logs", "backups", "restores"],
)
def test_aws_services_are_allowed_their_documented_actions(
    statement: iam.Statement, actions: str, resources: object
) -> None:
    assert statement["Action"] == actions.split()
    assert statement["Resource"] == resources
