"""What stands in the account, as AWS tells it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ..conftest import Client, Outputs

TAGS = {"Project", "Owner"}


@pytest.fixture(scope="module", name="table")
def table_fixture(outputs: Outputs, client: Client) -> Any:
    return client("dynamodb").describe_table(TableName=outputs["dynamodb_table_name"])["Table"]


@pytest.fixture(scope="module", name="function")
def function_fixture(outputs: Outputs, client: Client) -> Any:
    return client("lambda").get_function(FunctionName=outputs["lambda_function_name"])


def test_names_carry_the_environment(outputs: Outputs) -> None:
    suffix = outputs["environment"]
    assert outputs["dynamodb_table_name"] == f"{suffix}-items-table"
    assert outputs["lambda_function_name"] == f"{suffix}-items-lambda"
    assert outputs["alarm_topic_arn"].endswith(f":{suffix}-items-alarms")
    assert outputs["api_stage"] == "prod"


def test_a_deployment_tells_at_least_twenty_two_outputs(outputs: Outputs) -> None:
    assert len(outputs) >= 22
    assert all(value not in (None, "") for value in outputs.values())


def test_the_table_has_its_keys_and_is_paid_on_demand(table: Any) -> None:
    assert {key["KeyType"]: key["AttributeName"] for key in table["KeySchema"]} == {
        "HASH": "ItemId",
        "RANGE": "CreatedAt",
    }
    assert {a["AttributeName"]: a["AttributeType"] for a in table["AttributeDefinitions"]} == {
        "ItemId": "S",
        "CreatedAt": "S",
    }
    assert table["BillingModeSummary"]["BillingMode"] == "PAY_PER_REQUEST"


def test_the_table_is_encrypted_and_can_be_restored(table: Any, client: Client) -> None:
    backups = client("dynamodb").describe_continuous_backups(TableName=table["TableName"])
    recovery = backups["ContinuousBackupsDescription"]["PointInTimeRecoveryDescription"]
    assert recovery["PointInTimeRecoveryStatus"] == "ENABLED"
    assert table["SSEDescription"]["Status"] == "ENABLED"


def test_old_traces_of_requests_are_cleaned_up(table: Any, client: Client) -> None:
    found = client("dynamodb").describe_time_to_live(TableName=table["TableName"])["TimeToLiveDescription"]
    assert (found["TimeToLiveStatus"], found["AttributeName"]) == ("ENABLED", "tap#expires")


def test_the_function_is_as_described(outputs: Outputs, function: Any) -> None:
    found = function["Configuration"]
    assert (found["Runtime"], found["MemorySize"], found["Timeout"]) == (outputs["lambda_runtime"], 128, 5)
    variables = found["Environment"]["Variables"]
    assert variables.keys() == {"DYNAMODB_TABLE_NAME", "AWS_DNS_SUFFIX"}
    assert variables["DYNAMODB_TABLE_NAME"] == outputs["dynamodb_table_name"]
    assert found["Role"] == outputs["lambda_role_arn"]


def test_the_function_is_published(outputs: Outputs, client: Client) -> None:
    versions = client("lambda").list_versions_by_function(FunctionName=outputs["lambda_function_name"])["Versions"]
    assert outputs["lambda_function_version"] in {version["Version"] for version in versions}


def test_the_role_may_do_six_things_to_one_table(outputs: Outputs, client: Client) -> None:
    iam, role = client("iam"), outputs["lambda_role_name"]
    (name,) = iam.list_role_policies(RoleName=role)["PolicyNames"]
    document = iam.get_role_policy(RoleName=role, PolicyName=name)["PolicyDocument"]
    (statement,) = (json.loads(document) if isinstance(document, str) else document)["Statement"]
    wanted = ("GetItem", "PutItem", "UpdateItem", "DeleteItem", "Query", "Scan")
    assert set(statement["Action"]) == {f"dynamodb:{action}" for action in wanted}
    assert statement["Resource"] == outputs["dynamodb_table_arn"]


def test_the_role_may_write_logs_and_nothing_else_of_awss_own(outputs: Outputs, client: Client) -> None:
    attached = client("iam").list_attached_role_policies(RoleName=outputs["lambda_role_name"])["AttachedPolicies"]
    traces = {"AWSXRayDaemonWriteAccess"} if outputs["tracing"] else set()
    assert {policy["PolicyName"] for policy in attached} == {"AWSLambdaBasicExecutionRole"} | traces


def test_only_this_api_may_call_the_function(outputs: Outputs, client: Client) -> None:
    policy = client("lambda").get_policy(FunctionName=outputs["lambda_function_name"])["Policy"]
    (statement,) = json.loads(policy)["Statement"]
    assert statement["Principal"] == {"Service": "apigateway.amazonaws.com"}
    assert statement["Condition"]["ArnLike"]["AWS:SourceArn"] == f"{outputs['api_execution_arn']}/*"


def test_logs_are_kept_for_two_weeks(outputs: Outputs, client: Client) -> None:
    (name,) = outputs["log_group_names"].values()
    assert name == f"/aws/lambda/{outputs['lambda_function_name']}"
    (group,) = client("logs").describe_log_groups(logGroupNamePrefix=name)["logGroups"]
    assert group["retentionInDays"] == 14


def test_the_stage_is_throttled(outputs: Outputs, client: Client) -> None:
    stage = client("apigateway").get_stage(restApiId=outputs["api_rest_id"], stageName=outputs["api_stage"])
    settings = stage["methodSettings"]["*/*"]
    assert (settings["throttlingRateLimit"], settings["throttlingBurstLimit"]) == (17, 50)
    assert stage["deploymentId"] == outputs["api_deployment_id"]


@pytest.mark.parametrize(
    ("metric", "statistic", "threshold"),
    [("Duration", "Average", 4000), ("Errors", "Sum", 0), ("Throttles", "Sum", 0)],
)
def test_an_alarm_watches(outputs: Outputs, client: Client, metric: str, statistic: str, threshold: int) -> None:
    name = f"lambda{metric}Alarm-{outputs['environment']}"
    (alarm,) = client("cloudwatch").describe_alarms(AlarmNames=[name])["MetricAlarms"]
    assert (alarm["MetricName"], alarm["Statistic"], alarm["Threshold"]) == (metric, statistic, threshold)
    assert alarm["Dimensions"] == [{"Name": "FunctionName", "Value": outputs["lambda_function_name"]}]
    assert alarm["AlarmActions"] == [outputs["alarm_topic_arn"]]
    assert alarm["TreatMissingData"] == "notBreaching"


def test_what_stands_is_tagged(outputs: Outputs, client: Client, function: Any) -> None:
    tagged = client("dynamodb").list_tags_of_resource(ResourceArn=outputs["dynamodb_table_arn"])["Tags"]
    assert {tag["Key"] for tag in tagged} >= TAGS
    assert function["Tags"].keys() >= TAGS
    topic = client("sns").list_tags_for_resource(ResourceArn=outputs["alarm_topic_arn"])["Tags"]
    assert {tag["Key"] for tag in topic} >= TAGS
