"""AWS resources of a deployed inventory service."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ..conftest import Client, Outputs, keys


@pytest.fixture(scope="module", name="stage")
def stage_fixture(outputs: Outputs, client: Client) -> Any:
    return client("apigateway").get_stage(restApiId=outputs["api_rest_id"], stageName=outputs["api_stage"])


def test_names_follow_one_pattern(outputs: Outputs) -> None:
    suffix = outputs["environment"]
    assert outputs["table_names"] == {"items": f"inventory-items-{suffix}", "audit": f"inventory-audit-{suffix}"}
    assert outputs["api_name"] == f"inventory-api-{suffix}"
    assert outputs["api_stage"] == suffix
    assert outputs["topic_arns"]["alerts"].endswith(f":inventory-alerts-{suffix}")
    assert all(name.startswith("inventory-") and name.endswith(suffix) for name in outputs["function_names"].values())


def test_tables_and_topic_have_separate_outputs(outputs: Outputs) -> None:
    for table in ("items", "audit"):
        assert outputs[f"{table}_table_name"] == outputs["table_names"][table]
        assert outputs[f"{table}_table_arn"] == outputs["table_arns"][table]
    assert outputs["sns_topic_arn"] == outputs["topic_arns"]["alerts"]


def test_tables_have_their_keys_and_indexes(tables: dict[str, Any]) -> None:
    assert keys(tables["items"]) == ["itemId", "version"]
    assert keys(tables["audit"]) == ["auditId", "timestamp"]
    types = {a["AttributeName"]: a["AttributeType"] for a in tables["items"]["AttributeDefinitions"]}
    assert (types["itemId"], types["version"]) == ("S", "N")
    assert {index["IndexName"]: keys(index) for index in tables["items"]["GlobalSecondaryIndexes"]} == {
        "category-index": ["category", "listedAt"],
        "status-index": ["status", "listedAt"],
        "category-status-index": ["categoryStatus", "listedAt"],
        "listing-index": ["listing", "listedAt"],
    }


def test_tables_are_encrypted_and_items_have_a_stream(tables: dict[str, Any]) -> None:
    assert {table["SSEDescription"]["Status"] for table in tables.values()} == {"ENABLED"}
    assert tables["items"]["StreamSpecification"]["StreamViewType"] == "NEW_AND_OLD_IMAGES"


def test_parameter_store_contains_table_names_and_settings(outputs: Outputs, client: Client) -> None:
    path = f"/inventory/{outputs['environment']}"
    parameters = client("ssm").get_parameters_by_path(Path=path, Recursive=True)["Parameters"]
    values = {parameter["Name"].removeprefix(f"{path}/"): parameter["Value"] for parameter in parameters}
    assert values["table-name"] == outputs["table_names"]["items"]
    assert values["audit-table-name"] == outputs["table_names"]["audit"]
    settings = {"audit_reads", "default_page_size", "low_stock_threshold", "max_page_size"}
    assert json.loads(values["config"]).keys() == settings


def test_role_has_the_permissions_of_the_routes(outputs: Outputs, client: Client) -> None:
    iam, role = client("iam"), outputs["lambda_role_name"]
    assert set(iam.list_role_policies(RoleName=role)["PolicyNames"]) == {"grants", "logs"}
    document = iam.get_role_policy(RoleName=role, PolicyName="grants")["PolicyDocument"]
    statements = (json.loads(document) if isinstance(document, str) else document)["Statement"]
    items, audit = outputs["table_arns"]["items"], outputs["table_arns"]["audit"]
    internal_keys = {"ForAllValues:StringLike": {"dynamodb:LeadingKeys": ["tap#alert#*", "tap#sku#*"]}}
    config = f":parameter/inventory/{outputs['environment']}/config"
    # This action does not exist on AWS, but the emulator requires it.
    actions = [{*statement["Action"]} - {"sns:PublishBatch"} for statement in statements]
    permissions = [(names, s["Resource"], s.get("Condition")) for names, s in zip(actions, statements, strict=True)]
    *others, (read, parameter, _) = sorted(permissions, key=lambda permission: "ssm:GetParameter" in permission[0])
    assert (read, parameter[-len(config) :]) == ({"ssm:GetParameter"}, config)
    assert len(others) == 5
    assert ({"dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:Query"}, items, None) in others
    assert ({"dynamodb:UpdateItem"}, items, internal_keys) in others
    assert ({"dynamodb:PutItem"}, audit, None) in others
    assert ({"sns:Publish"}, outputs["topic_arns"]["alerts"], None) in others
    (indexes,) = [resource for actions, resource, _ in others if actions == {"dynamodb:Query"}]
    names = ("category-index", "status-index", "category-status-index", "listing-index")
    assert set(indexes) == {f"{items}/index/{name}" for name in names}


def test_role_can_write_only_to_the_log_group_of_the_function(outputs: Outputs, client: Client) -> None:
    iam, role = client("iam"), outputs["lambda_role_name"]
    document = iam.get_role_policy(RoleName=role, PolicyName="logs")["PolicyDocument"]
    (statement,) = (json.loads(document) if isinstance(document, str) else document)["Statement"]
    assert statement["Action"] == ["logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents"]
    assert statement["Resource"] == f"{outputs['log_group_arns']['api-lambda']}:*"
    attached = iam.list_attached_role_policies(RoleName=role)["AttachedPolicies"]
    traces = {"AWSXRayDaemonWriteAccess"} if outputs["tracing"] else set()
    assert {policy["PolicyName"] for policy in attached} == traces


def test_requests_are_logged_as_json(outputs: Outputs, stage: Any, client: Client) -> None:
    access = stage["accessLogSettings"]
    assert access["destinationArn"].endswith(f":log-group:{outputs['access_log_group_name']}")
    assert {"requestId", "status", "ip"} <= json.loads(access["format"]).keys()
    (group,) = client("logs").describe_log_groups(logGroupNamePrefix=outputs["access_log_group_name"])["logGroups"]
    assert group["retentionInDays"] in (7, 30)


def test_api_gateway_has_a_role_for_logs(outputs: Outputs, client: Client) -> None:
    # An AWS account has one role for API Gateway logs, set by the latest deployment of any stack. Component tests check
    # its ARN.
    assert client("apigateway").get_account()["cloudwatchRoleArn"]
    name = outputs["api_log_role_arn"].rpartition("/")[2]
    role = client("iam").get_role(RoleName=name)["Role"]
    assert "apigateway.amazonaws.com" in str(role["AssumeRolePolicyDocument"])
    attached = client("iam").list_attached_role_policies(RoleName=name)["AttachedPolicies"]
    assert [policy["PolicyName"] for policy in attached] == ["AmazonAPIGatewayPushToCloudWatchLogs"]


def test_schedule_publishes_alerts_every_five_minutes(outputs: Outputs, client: Client) -> None:
    rule = client("events").describe_rule(Name=outputs["schedule_names"]["send-alerts"])
    assert rule["ScheduleExpression"] == "rate(5 minutes)"


def test_alarms_notify_the_topic_of_alerts(outputs: Outputs, client: Client) -> None:
    assert outputs["alarm_topic_arn"] == outputs["topic_arns"]["alerts"]
    alarms = client("cloudwatch").describe_alarms(AlarmNames=[*outputs["alarm_names"].values()])["MetricAlarms"]
    assert len(alarms) == 3 * len(outputs["function_names"]) + 1, "three per function, and one for 5xx responses"
    assert {arn for alarm in alarms for arn in alarm["AlarmActions"]} == {outputs["alarm_topic_arn"]}
