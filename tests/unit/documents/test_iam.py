"""Policy documents."""

from __future__ import annotations

from fnmatch import fnmatch

import pytest

from lib.documents import iam

TABLE = "arn:aws:dynamodb:us-east-1:123456789012:table/parcels"


def test_trust_lets_one_service_take_the_role() -> None:
    assert iam.trust("lambda.amazonaws.com") == {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"},
        ],
    }


def test_trust_may_be_for_what_is_done_on_behalf_of_one_account() -> None:
    (statement,) = iam.trust("vpc-flow-logs.amazonaws.com", "123456789012")["Statement"]
    assert statement["Principal"] == {"Service": "vpc-flow-logs.amazonaws.com"}
    assert statement["Condition"] == {"StringEquals": {"aws:SourceAccount": "123456789012"}}


def test_document_holds_its_statements() -> None:
    statement = iam.allow("sns", ["Publish"], ["arn:topic"])
    assert iam.document(iter([statement])) == {"Version": "2012-10-17", "Statement": [statement]}


def test_actions_are_of_the_service_on_exactly_the_resources() -> None:
    assert iam.allow("sns", ["Publish", "Subscribe"], ["arn:a", "arn:b"]) == {
        "Effect": "Allow",
        "Action": ["sns:Publish", "sns:Subscribe"],
        "Resource": ["arn:a", "arn:b"],
    }


def test_table_statement_is_on_the_table_alone_without_indexes() -> None:
    assert iam.table_statement(TABLE, ["GetItem"]) == iam.allow("dynamodb", ["GetItem"], [TABLE])


@pytest.mark.parametrize("indexes", [["by-state"], ["by-state", "by-owner"]])
def test_table_statement_is_on_the_indexes_that_are_named_and_not_on_the_table(indexes: list[str]) -> None:
    arns = [f"{TABLE}/index/{index}" for index in indexes]
    assert iam.table_statement(TABLE, ["Query"], indexes) == iam.allow("dynamodb", ["Query"], arns)


@pytest.mark.parametrize("indexes", [[], ["by-state"]])
def test_table_statement_is_for_rows_with_the_partition_keys_that_are_named(indexes: list[str]) -> None:
    assert iam.table_statement(TABLE, ["Query"], indexes, ("tap#a#*", "tap#b")) == {
        **iam.table_statement(TABLE, ["Query"], indexes),
        "Condition": {"ForAllValues:StringLike": {"dynamodb:LeadingKeys": ["tap#a#*", "tap#b"]}},
    }


def test_calls_are_allowed_by_method_and_path_on_one_stage() -> None:
    routes = [("GET", "/parcels"), ("GET", "/parcels/{id}/legs/{leg}")]
    assert iam.call_statement("arn:api", "live", routes) == {
        "Effect": "Allow",
        "Action": ["execute-api:Invoke"],
        "Resource": ["arn:api/live/GET/parcels", "arn:api/live/GET/parcels/*/legs/*"],
    }


@pytest.mark.parametrize("partition", ["aws", "aws-cn", "aws-us-gov"])
def test_managed_policy_belongs_to_the_partition(partition: str) -> None:
    arn = iam.managed_policy_arn(partition, iam.BASIC_EXECUTION)
    assert arn == f"arn:{partition}:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole"


QUEUE = "arn:aws:sqs:us-east-1:123456789012:parcels-failures"


def test_queue_takes_only_what_comes_over_tls_or_from_its_rules() -> None:
    deny, allow = iam.queue_document(QUEUE, ["nightly", "hourly"])["Statement"]
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


def test_queue_of_no_rules_lets_nobody_send() -> None:
    assert [one["Effect"] for one in iam.queue_document(QUEUE, [])["Statement"]] == ["Deny"]


BUCKET = "arn:aws:s3:::parcels-site"


def test_bucket_behind_a_distribution_is_read_by_it_alone_and_over_tls() -> None:
    deny, allow = iam.read_through(BUCKET, "arn:distribution")["Statement"]
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


def test_bucket_of_a_website_is_read_by_all_who_know_what_they_want() -> None:
    assert iam.read_by_all(BUCKET)["Statement"] == [
        {"Effect": "Allow", "Principal": "*", "Action": ["s3:GetObject"], "Resource": f"{BUCKET}/*"}
    ]


def test_what_lambda_does_in_a_vpc_is_refused_to_a_functions_code() -> None:
    statement = iam.lambda_alone()
    assert statement["Effect"] == "Deny"
    assert {"ec2:CreateNetworkInterface", "ec2:DeleteNetworkInterface"} <= set(statement["Action"])
    assert statement["Condition"] == {"Null": {"lambda:SourceFunctionArn": "false"}}


def test_function_in_a_vpc_may_do_what_its_code_is_denied() -> None:
    allowed, denied = iam.vpc_access(), iam.lambda_alone()
    assert (allowed["Effect"], allowed["Resource"]) == ("Allow", "*")
    assert "Condition" not in allowed
    assert set(allowed["Action"]) < set(denied["Action"])
    assert not [action for action in allowed["Action"] if not action.startswith("ec2:")]


def test_function_writes_to_one_log_group() -> None:
    group = "arn:aws:logs:us-east-1:123456789012:log-group:/aws/lambda/desk"
    assert iam.write_logs(group, iam.LOG_ACTIONS["write"]) == {
        "Effect": "Allow",
        "Action": ["logs:CreateLogStream", "logs:PutLogEvents"],
        "Resource": f"{group}:*",
    }
    assert iam.write_logs(group, iam.LOG_ACTIONS["create"])["Action"] == [
        "logs:CreateLogGroup",
        "logs:CreateLogStream",
        "logs:PutLogEvents",
    ]


def test_endpoint_lets_through_what_its_statements_say_whoever_asks() -> None:
    publish, subscribe = (iam.allow("sns", [action], ["arn:topic"]) for action in ("Publish", "Subscribe"))
    assert iam.let_through([publish, subscribe])["Statement"] == [
        {**publish, "Principal": "*"},
        {**subscribe, "Principal": "*"},
    ]


def test_objects_are_those_of_one_account() -> None:
    statement = iam.buckets_of("123456789012", "aws-us-gov")
    assert statement["Resource"] == "arn:aws-us-gov:s3:::*"
    assert statement["Condition"] == {"StringEquals": {"aws:ResourceAccount": "123456789012"}}
    assert all(action.startswith("s3:") and "*" not in action for action in statement["Action"])


def test_flow_logs_write_to_one_log_group() -> None:
    statement = iam.flow_logs("arn:aws:logs:us-east-1:123456789012:log-group:/aws/vpc/post")
    assert statement["Resource"] == "arn:aws:logs:us-east-1:123456789012:log-group:/aws/vpc/post:*"
    assert "logs:PutLogEvents" in statement["Action"]


TOPIC = "arn:aws-cn:sns:cn-north-1:123456789012:parcels-alarms"


@pytest.mark.parametrize("service", ["budgets", "cloudwatch"])
def test_topic_lets_a_service_publish_what_is_of_its_own_account(service: str) -> None:
    assert iam.publishing(service, TOPIC) == {
        "Effect": "Allow",
        "Principal": {"Service": f"{service}.amazonaws.com"},
        "Action": ["sns:Publish"],
        "Resource": TOPIC,
        "Condition": {"StringEquals": {"aws:SourceAccount": "123456789012"}},
    }


ACCOUNT = "123456789012"
KEY = f"arn:aws:kms:us-east-1:{ACCOUNT}:key/mrk-1"


def statements(*users: str) -> dict[str, iam.Statement]:
    """What a key's policy says, by principal."""
    made = iam.key_statements(ACCOUNT, "eu-west-1", users)
    return {one["Principal"].get("Service", "account"): one for one in made}


def test_account_administers_its_key_without_condition_and_without_using_it() -> None:
    administration, *others = iam.key_document(ACCOUNT, "eu-west-1", ["sns"])["Statement"]
    assert administration["Principal"] == {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}
    assert "Condition" not in administration
    assert "kms:PutKeyPolicy" in administration["Action"]
    using = ("CreateGrant", "Decrypt", "Encrypt", "GenerateDataKey", "ReEncryptFrom", "ReEncryptTo", "Sign")
    assert not [
        (action, pattern)
        for action in using
        for pattern in administration["Action"]
        if fnmatch(f"kms:{action}", pattern)
    ]
    assert others == iam.key_statements(ACCOUNT, "eu-west-1", ["sns"])


def test_account_uses_its_key_through_the_services_it_is_for() -> None:
    found = statements("sns", "dynamodb", "logs")
    assert found.keys() == {"account", "logs.eu-west-1.amazonaws.com"}
    via = ["dynamodb.*.amazonaws.com", "sns.*.amazonaws.com"]
    assert found["account"]["Condition"] == {"StringLike": {"kms:ViaService": via}}


@pytest.mark.parametrize("user", iam.KEY_USERS)
def test_service_uses_a_key_in_its_own_name_for_its_account_alone(user: str) -> None:
    (principal,) = statements(user).keys() - {"account"}
    statement = statements(user)[principal]
    assert principal in (f"{user}.amazonaws.com", f"{user}.eu-west-1.amazonaws.com")
    assert ACCOUNT in str(statement["Condition"])
    assert "{" not in str(statement["Condition"]).replace("{'", "")
    assert "kms:CreateGrant" not in statement["Action"]


def test_partitions_are_kept_apart() -> None:
    users = (*iam.KEY_USERS, *iam.KEY_VIA)
    document = iam.key_document(ACCOUNT, "cn-north-1", users, "aws-cn", "amazonaws.com.cn")
    assert "arn:aws-cn:" in str(document)
    assert "arn:aws:" not in str(document)
    _, via, *services = document["Statement"]
    assert all(value.endswith(".*.amazonaws.com.cn") for value in via["Condition"]["StringLike"]["kms:ViaService"])
    principals = {statement["Principal"]["Service"] for statement in services}
    assert {"logs.cn-north-1.amazonaws.com.cn", "events.amazonaws.com"} <= principals


def test_role_decrypts_what_it_reads_and_makes_data_keys_for_what_it_sends() -> None:
    assert iam.key_needs(["dynamodb", "sns"]) == {"Decrypt": ["dynamodb", "sns"], "GenerateDataKey": ["sns"]}
    assert iam.key_needs(["ssm"]) == {"Decrypt": ["ssm"]}
    assert iam.key_needs([]) == {}


def test_role_uses_one_key_and_only_through_services() -> None:
    assert iam.key_use(KEY, "Decrypt", ["ssm", "sqs"], "amazonaws.com.cn") == {
        "Effect": "Allow",
        "Action": ["kms:Decrypt"],
        "Resource": KEY,
        "Condition": {"StringLike": {"kms:ViaService": ["ssm.*.amazonaws.com.cn", "sqs.*.amazonaws.com.cn"]}},
    }


def test_key_has_one_id_in_every_region() -> None:
    assert iam.in_region(KEY, "us-west-2") == f"arn:aws:kms:us-west-2:{ACCOUNT}:key/mrk-1"


@pytest.mark.parametrize(
    ("statement", "actions", "resources"),
    [
        (
            iam.buckets_of("123456789012", "aws"),
            "s3:GetObject s3:PutObject s3:DeleteObject s3:ListBucket",
            "arn:aws:s3:::*",
        ),
        (
            iam.flow_logs("arn:logs:group"),
            "logs:CreateLogStream logs:PutLogEvents logs:DescribeLogGroups logs:DescribeLogStreams",
            "arn:logs:group:*",
        ),
        (
            iam.table_backups([TABLE]),
            "dynamodb:DescribeTable dynamodb:ListTagsOfResource dynamodb:CreateBackup dynamodb:StartAwsBackupJob "
            "dynamodb:DescribeBackup dynamodb:DeleteBackup",
            [TABLE, f"{TABLE}/backup/*"],
        ),
        (
            iam.table_restores([TABLE]),
            "dynamodb:DescribeTable dynamodb:RestoreTableFromAwsBackup dynamodb:RestoreTableFromBackup dynamodb:Scan "
            "dynamodb:Query dynamodb:GetItem dynamodb:PutItem dynamodb:UpdateItem dynamodb:DeleteItem "
            "dynamodb:BatchWriteItem",
            [f"{TABLE}-restored-*", f"{TABLE}/backup/*"],
        ),
    ],
    ids=["buckets", "flow logs", "backups", "restores"],
)
def test_aws_services_get_the_actions_that_their_documentation_lists(
    statement: iam.Statement, actions: str, resources: object
) -> None:
    assert statement["Action"] == actions.split()
    assert statement["Resource"] == resources
