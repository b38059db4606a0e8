"""AWS resources of a deployed items service."""

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


def test_names_contain_the_environment(outputs: Outputs) -> None:
    suffix = outputs["environment"]
    assert outputs["dynamodb_table_name"] == f"{suffix}-items-table"
    assert outputs["lambda_function_name"] == f"{suffix}-items-lambda"
    assert outputs["alarm_topic_arn"].endswith(f":{suffix}-items-alarms")
    assert outputs["api_stage"] == "prod"


def test_deployment_has_at_least_22_outputs(outputs: Outputs) -> None:
    assert len(outputs) >= 22
    assert all(value not in (None, "") for value in outputs.values())


def test_table_has_its_keys_and_on_demand_billing(table: Any) -> None:
    assert {key["KeyType"]: key["AttributeName"] for key in table["KeySchema"]} == {
        "HASH": "ItemId",
        "RANGE": "CreatedAt",
    }
    assert {a["AttributeName"]: a["AttributeType"] for a in table["AttributeDefinitions"]} == {
        "ItemId": "S",
        "CreatedAt": "S",
    }
    assert table["BillingModeSummary"]["BillingMode"] == "PAY_PER_REQUEST"


def test_table_has_encryption_and_point_in_time_recovery(table: Any, client: Client) -> None:
    backups = client("dynamodb").describe_continuous_backups(TableName=table["TableName"])
    recovery = backups["ContinuousBackupsDescription"]["PointInTimeRecoveryDescription"]
    assert recovery["PointInTimeRecoveryStatus"] == "ENABLED"
    assert table["SSEDescription"]["Status"] == "ENABLED"


def test_idempotency_records_expire(table: Any, client: Client) -> None:
    ttl = client("dynamodb").describe_time_to_live(TableName=table["TableName"])["TimeToLiveDescription"]
    assert (ttl["TimeToLiveStatus"], ttl["AttributeName"]) == ("ENABLED", "tap#expires")


def test_function_has_the_settings_of_the_service(outputs: Outputs, function: Any) -> None:
    configuration = function["Configuration"]
    settings = (configuration["Runtime"], configuration["MemorySize"], configuration["Timeout"])
    assert settings == (outputs["lambda_runtime"], 128, 5)
    variables = configuration["Environment"]["Variables"]
    assert variables.keys() == {"DYNAMODB_TABLE_NAME", "AWS_DNS_SUFFIX"}
    assert variables["DYNAMODB_TABLE_NAME"] == outputs["dynamodb_table_name"]
    assert configuration["Role"] == outputs["lambda_role_arn"]


def test_function_has_a_published_version(outputs: Outputs, client: Client) -> None:
    versions = client("lambda").list_versions_by_function(FunctionName=outputs["lambda_function_name"])["Versions"]
    assert outputs["lambda_function_version"] in {version["Version"] for version in versions}


def test_role_has_six_actions_on_the_table(outputs: Outputs, client: Client) -> None:
    iam, role = client("iam"), outputs["lambda_role_name"]
    (name,) = iam.list_role_policies(RoleName=role)["PolicyNames"]
    document = iam.get_role_policy(RoleName=role, PolicyName=name)["PolicyDocument"]
    (statement,) = (json.loads(document) if isinstance(document, str) else document)["Statement"]
    actions = ("GetItem", "PutItem", "UpdateItem", "DeleteItem", "Query", "Scan")
    assert set(statement["Action"]) == {f"dynamodb:{action}" for action in actions}
    assert statement["Resource"] == outputs["dynamodb_table_arn"]


def test_role_has_only_aws_managed_policies_for_logs_and_traces(outputs: Outputs, client: Client) -> None:
    attached = client("iam").list_attached_role_policies(RoleName=outputs["lambda_role_name"])["AttachedPolicies"]
    traces = {"AWSXRayDaemonWriteAccess"} if outputs["tracing"] else set()
    assert {policy["PolicyName"] for policy in attached} == {"AWSLambdaBasicExecutionRole"} | traces


def test_only_the_api_can_invoke_the_function(outputs: Outputs, client: Client) -> None:
    policy = client("lambda").get_policy(FunctionName=outputs["lambda_function_name"])["Policy"]
    (statement,) = json.loads(policy)["Statement"]
    assert statement["Principal"] == {"Service": "apigateway.amazonaws.com"}
    assert statement["Condition"]["ArnLike"]["AWS:SourceArn"] == f"{outputs['api_execution_arn']}/*"


def test_logs_are_retained_for_14_days(outputs: Outputs, client: Client) -> None:
    (name,) = outputs["log_group_names"].values()
    assert name == f"/aws/lambda/{outputs['lambda_function_name']}"
    (group,) = client("logs").describe_log_groups(logGroupNamePrefix=name)["logGroups"]
    assert group["retentionInDays"] == 14


def test_stage_has_throttling_limits(outputs: Outputs, client: Client) -> None:
    stage = client("apigateway").get_stage(restApiId=outputs["api_rest_id"], stageName=outputs["api_stage"])
    settings = stage["methodSettings"]["*/*"]
    assert (settings["throttlingRateLimit"], settings["throttlingBurstLimit"]) == (17, 50)
    assert stage["deploymentId"] == outputs["api_deployment_id"]


@pytest.mark.parametrize(
    ("metric", "statistic", "threshold"),
    [("Duration", "Average", 4000), ("Errors", "Sum", 0), ("Throttles", "Sum", 0)],
)
def test_function_has_alarms(outputs: Outputs, client: Client, metric: str, statistic: str, threshold: int) -> None:
    name = f"lambda{metric}Alarm-{outputs['environment']}"
    (alarm,) = client("cloudwatch").describe_alarms(AlarmNames=[name])["MetricAlarms"]
    assert (alarm["MetricName"], alarm["Statistic"], alarm["Threshold"]) == (metric, statistic, threshold)
    assert alarm["Dimensions"] == [{"Name": "FunctionName", "Value": outputs["lambda_function_name"]}]
    assert alarm["AlarmActions"] == [outputs["alarm_topic_arn"]]
    assert alarm["TreatMissingData"] == "notBreaching"


def test_resources_are_tagged(outputs: Outputs, client: Client, function: Any) -> None:
    table_tags = client("dynamodb").list_tags_of_resource(ResourceArn=outputs["dynamodb_table_arn"])["Tags"]
    assert {tag["Key"] for tag in table_tags} >= TAGS
    assert function["Tags"].keys() >= TAGS
    topic_tags = client("sns").list_tags_for_resource(ResourceArn=outputs["alarm_topic_arn"])["Tags"]
    assert {tag["Key"] for tag in topic_tags} >= TAGS
