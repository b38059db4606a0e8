"""The items service, resource by resource as 002 lists them."""

from __future__ import annotations

import json
import runpy
from pathlib import Path

import pytest

from lib.assets.lambda_archive import sources
from lib.program.recorder import Deployment, record
from lib.services import SERVICES

PROGRAM = Path(__file__).parents[2] / "tap.py"
TAGS = {"Project": "IaC-Nova-Test", "Owner": "LLM-Eval"}


def test_table_has_two_string_keys_on_demand_capacity_backup_and_encryption(items: Deployment) -> None:
    assert items.only("dynamodb.Table").inputs == {
        "name": "dev-items-table",
        "attributes": [{"name": "ItemId", "type": "S"}, {"name": "CreatedAt", "type": "S"}],
        "hashKey": "ItemId",
        "rangeKey": "CreatedAt",
        "billingMode": "PAY_PER_REQUEST",
        "pointInTimeRecovery": {"enabled": True},
        "serverSideEncryption": {"enabled": True},
        "deletionProtectionEnabled": False,
        "ttl": {"attributeName": "tap#expires", "enabled": True},
        "tags": TAGS,
    }


def test_role_trusts_lambda_only(items: Deployment) -> None:
    (statement,) = json.loads(items.only("iam.Role").inputs["assumeRolePolicy"])["Statement"]
    assert statement == {
        "Effect": "Allow",
        "Principal": {"Service": "lambda.amazonaws.com"},
        "Action": "sts:AssumeRole",
    }


def test_role_may_write_logs(items: Deployment) -> None:
    assert items.only("iam.RolePolicyAttachment").inputs == {
        "role": "dev-items-lambda-role-made",
        "policyArn": "arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole",
    }


def test_role_may_do_six_things_to_its_table_and_nothing_else(items: Deployment) -> None:
    policy = items.only("iam.RolePolicy").inputs
    (statement,) = json.loads(policy["policy"])["Statement"]
    assert (policy["name"], policy["role"]) == ("grants", "tap-lambda-role-id")
    assert statement["Effect"] == "Allow"
    assert statement["Resource"] == "arn:tap-table-table"
    assert sorted(statement["Action"]) == [
        f"dynamodb:{action}" for action in ("DeleteItem", "GetItem", "PutItem", "Query", "Scan", "UpdateItem")
    ]


def test_function_is_small_published_and_knows_its_table(items: Deployment) -> None:
    inputs = items.only("lambda.Function").inputs
    assert {key: value for key, value in inputs.items() if key != "code"} == {
        "name": "dev-items-lambda",
        "role": "arn:tap-lambda-role",
        "runtime": "python3.9",
        "handler": "index.handler",
        "memorySize": 128,
        "timeout": 5,
        "reservedConcurrentExecutions": -1,
        "publish": True,
        "tracingConfig": {"mode": "PassThrough"},
        "environment": {"variables": {"DYNAMODB_TABLE_NAME": "dev-items-table", "AWS_DNS_SUFFIX": "amazonaws.com"}},
        "tags": TAGS,
    }


def test_function_carries_its_sources_in_a_pulumi_archive(items: Deployment) -> None:
    code = items.only("lambda.Function").inputs["code"]
    service = SERVICES["items"]
    files = sources(service, service.functions[0], "*")
    assert {path: asset.text for path, asset in code.assets.items()} == {name: files[name] or "\n" for name in files}


def test_log_group_forgets_after_a_fortnight(items: Deployment) -> None:
    assert items.only("cloudwatch.LogGroup").inputs == {
        "name": "/aws/lambda/dev-items-lambda",
        "retentionInDays": 14,
        "tags": TAGS,
    }


def test_function_is_made_after_its_log_group_and_its_permissions(items: Deployment) -> None:
    made_first = {"tap-lambda-logs", "tap-lambda-policy", "tap-lambda-AWSLambdaBasicExecutionRole"}
    assert made_first <= set(items.only("lambda.Function").depends_on)


def test_api_is_named_described_and_tagged(items: Deployment) -> None:
    assert items.only("apigateway.RestApi").inputs == {
        "name": "dev-items-api",
        "description": SERVICES["items"].description,
        "endpointConfiguration": {"types": "REGIONAL"},
        "disableExecuteApiEndpoint": False,
        "tags": TAGS,
    }


def test_api_has_exactly_these_methods(items: Deployment) -> None:
    one = ("GET", "PUT", "DELETE", "OPTIONS")
    wanted = {
        "/items": ("GET", "POST", "OPTIONS"),
        "/items/{ItemId}": one,
        "/items/{ItemId}/{CreatedAt}": one,
    }
    assert set(items.endpoints()) == {(method, path) for path, methods in wanted.items() for method in methods}


def test_every_method_but_options_is_the_functions_to_answer(items: Deployment) -> None:
    for (http_method, path), (method, integration) in items.endpoints().items():
        assert method["authorization"] == "NONE", path
        if http_method != "OPTIONS":
            assert method["requestValidatorId"] == "tap-api-validator-id", path
            assert integration["type"] == "AWS_PROXY", path
            assert integration["integrationHttpMethod"] == "POST", path
            assert integration["uri"] == "invokeArn:tap-lambda-function", path


def test_options_is_the_gateways_to_answer(items: Deployment) -> None:
    answered = [integration for (method, _), (_, integration) in items.endpoints().items() if method == "OPTIONS"]
    assert len(answered) == 3
    for integration in answered:
        assert integration["type"] == "MOCK"
        assert json.loads(integration["requestTemplates"]["application/json"]) == {"statusCode": 204}
        assert "uri" not in integration


def test_preflight_allows_any_origin_the_methods_of_its_path(items: Deployment) -> None:
    paths = items.paths()
    allowed = {
        paths[response["resourceId"]]: response["responseParameters"][
            "method.response.header.Access-Control-Allow-Methods"
        ]
        for response in items.inputs("apigateway.IntegrationResponse").values()
    }
    assert allowed == {
        "/items": "'GET,POST,OPTIONS'",
        "/items/{ItemId}": "'GET,PUT,DELETE,OPTIONS'",
        "/items/{ItemId}/{CreatedAt}": "'GET,PUT,DELETE,OPTIONS'",
    }


def test_preflight_declares_every_header_it_sets(items: Deployment) -> None:
    declared = items.inputs("apigateway.MethodResponse")
    for name, response in items.inputs("apigateway.IntegrationResponse").items():
        method_response = declared[name.replace("-integration-response", "-response")]
        assert method_response["statusCode"] == response["statusCode"] == "204"
        assert set(method_response["responseParameters"]) == set(response["responseParameters"])
        assert response["responseParameters"]["method.response.header.Access-Control-Allow-Origin"] == "'*'"


def test_bodies_are_checked_against_models(items: Deployment) -> None:
    bodies = {
        name: method["requestModels"] for name, (method, _) in items.endpoints().items() if "requestModels" in method
    }
    changes = {"application/json": "ItemChanges"}
    assert bodies == {
        ("POST", "/items"): {"application/json": "NewItem"},
        ("PUT", "/items/{ItemId}"): changes,
        ("PUT", "/items/{ItemId}/{CreatedAt}"): changes,
    }
    validator = items.only("apigateway.RequestValidator").inputs
    assert validator["validateRequestBody"]
    assert validator["validateRequestParameters"]


def test_models_are_the_services_schemas(items: Deployment) -> None:
    models = {model["name"]: json.loads(model["schema"]) for model in items.inputs("apigateway.Model").values()}
    draft = {"$schema": "http://json-schema.org/draft-04/schema#"}
    assert models == {name: {**SERVICES["items"].schemas[name], **draft} for name in ("NewItem", "ItemChanges")}


def test_parameters_are_declared(items: Deployment) -> None:
    endpoints = items.endpoints()
    exact, _ = endpoints["GET", "/items/{ItemId}/{CreatedAt}"]
    listing, _ = endpoints["GET", "/items"]
    assert exact["requestParameters"] == {"method.request.path.ItemId": True, "method.request.path.CreatedAt": True}
    assert listing["requestParameters"] == {
        "method.request.querystring.page_size": False,
        "method.request.querystring.page_token": False,
    }


def test_no_method_asks_for_a_key_in_dev(items: Deployment) -> None:
    assert not [name for name, (method, _) in items.endpoints().items() if method.get("apiKeyRequired")]
    assert not items.of("apigateway.ApiKey")
    assert not items.of("apigateway.UsagePlan")


def test_gateways_own_refusals_have_the_common_shape_ids_and_cors(items: Deployment) -> None:
    responses = {response["responseType"]: response for response in items.inputs("apigateway.Response").values()}
    assert {"DEFAULT_4XX", "DEFAULT_5XX", "MISSING_AUTHENTICATION_TOKEN"} <= set(responses)
    assert responses["MISSING_AUTHENTICATION_TOKEN"]["statusCode"] == "404"
    assert "statusCode" not in responses["DEFAULT_4XX"]
    for response in responses.values():
        assert '"code":' in response["responseTemplates"]["application/json"]
        assert response["responseParameters"] == {
            "gatewayresponse.header.X-Request-Id": "context.requestId",
            "gatewayresponse.header.X-Correlation-Id": "context.requestId",
            "gatewayresponse.header.Access-Control-Allow-Origin": "'*'",
            "gatewayresponse.header.Access-Control-Expose-Headers": "'X-Request-Id,X-Correlation-Id'",
        }


def test_stage_is_prod_and_serves_the_deployment(items: Deployment) -> None:
    assert items.only("apigateway.Stage").inputs == {
        "restApi": "tap-api-api-id",
        "deployment": "tap-api-deployment-id",
        "stageName": "prod",
        "xrayTracingEnabled": False,
        "tags": TAGS,
    }


def test_api_gateway_writes_no_logs_and_answers_to_no_domain(items: Deployment) -> None:
    for kind in ("aws.ApiLogs", "apigateway.Account", "aws.Domain", "ssm.Parameter", "lambda.LayerVersion"):
        assert not items.of(kind)


def test_deployment_waits_for_all_that_it_freezes_and_until_functions_may_be_called(items: Deployment) -> None:
    integrations = {name for name, inputs in items.inputs("apigateway.Integration").items() if inputs["type"] != "MOCK"}
    frozen = integrations | set(items.of("apigateway.IntegrationResponse")) | set(items.of("apigateway.Response"))
    permissions = set(items.of("lambda.Permission"))
    assert permissions
    assert frozen | permissions <= set(items.only("apigateway.Deployment").depends_on)
    mocked = set(items.of("apigateway.Integration")) - integrations
    waited_for = {name for r in items.of("apigateway.IntegrationResponse").values() for name in r.depends_on}
    assert mocked <= waited_for


def test_stage_takes_17_requests_a_second_and_50_at_once(items: Deployment) -> None:
    assert items.only("apigateway.MethodSettings").inputs == {
        "restApi": "tap-api-api-id",
        "stageName": "prod",
        "methodPath": "*/*",
        "settings": {
            "throttlingRateLimit": 17,
            "throttlingBurstLimit": 50,
            "loggingLevel": "OFF",
            "dataTraceEnabled": False,
            "metricsEnabled": False,
        },
    }


def test_only_this_api_may_invoke_the_function(items: Deployment) -> None:
    assert items.only("lambda.Permission").inputs == {
        "action": "lambda:InvokeFunction",
        "function": "dev-items-lambda",
        "principal": "apigateway.amazonaws.com",
        "sourceArn": "executionArn:tap-api-api/*",
    }


@pytest.mark.parametrize(
    ("alarm", "statistic", "threshold"), [("Duration", "Average", 4000), ("Errors", "Sum", 0), ("Throttles", "Sum", 0)]
)
def test_alarm_watches_the_function(items: Deployment, alarm: str, statistic: str, threshold: int) -> None:
    inputs = {**items.inputs("cloudwatch.MetricAlarm")[f"tap-lambda-{alarm.lower()}"]}
    assert inputs.pop("alarmDescription").startswith("dev-items-lambda ")
    assert inputs == {
        "name": f"lambda{alarm}Alarm-dev",
        "namespace": "AWS/Lambda",
        "metricName": alarm,
        "dimensions": {"FunctionName": "dev-items-lambda"},
        "statistic": statistic,
        "comparisonOperator": "GreaterThanThreshold",
        "threshold": threshold,
        "period": 60,
        "evaluationPeriods": 1,
        "treatMissingData": "notBreaching",
        "alarmActions": ["arn:tap-alarms-topic"],
        "okActions": ["arn:tap-alarms-topic"],
        "tags": TAGS,
    }


def test_there_are_three_alarms_and_one_topic_for_them(items: Deployment) -> None:
    assert len(items.of("cloudwatch.MetricAlarm")) == 3
    assert items.only("sns.Topic").inputs == {"name": "dev-items-alarms", "tags": TAGS}
    assert not items.of("sns.TopicSubscription")


def test_stack_registers_the_outputs_002_asks_for_and_many_more(items: Deployment) -> None:
    kinds = ("Duration", "Errors", "Throttles")
    assert items.stack_outputs() == {
        "service": "items",
        "environment": "dev",
        "environment_profile": "dev",
        "dynamodb_table_name": "dev-items-table",
        "dynamodb_table_arn": "arn:tap-table-table",
        "table_names": {"table": "dev-items-table"},
        "table_arns": {"table": "arn:tap-table-table"},
        "lambda_function_name": "dev-items-lambda",
        "lambda_function_arn": "arn:tap-lambda-function",
        "lambda_function_version": "version:tap-lambda-function",
        "lambda_role_name": "dev-items-lambda-role-made",
        "lambda_role_arn": "arn:tap-lambda-role",
        "function_names": {"lambda": "dev-items-lambda"},
        "function_versions": {"lambda": "version:tap-lambda-function"},
        "alias_arns": {},
        "function_arns": {"lambda": "arn:tap-lambda-function"},
        "role_arns": {"lambda": "arn:tap-lambda-role"},
        "layer_arns": {},
        "log_group_names": {"lambda": "/aws/lambda/dev-items-lambda"},
        "log_group_arns": {"lambda": "arn:tap-lambda-logs"},
        "api_rest_id": "tap-api-api-id",
        "api_name": "dev-items-api",
        "api_execution_arn": "executionArn:tap-api-api",
        "api_deployment_id": "tap-api-deployment-id",
        "api_stage": "prod",
        "api_stage_arn": "arn:tap-api-stage",
        "api_url": "invokeUrl:tap-api-stage",
        "cors_origin": "*",
        "authorization": "NONE",
        "lambda_runtime": "python3.9",
        "tracing": False,
        "alarm_topic_arn": "arn:tap-alarms-topic",
        "alarm_topic_name": "dev-items-alarms",
        "topic_arns": {},
        "parameter_names": {},
        "secret_names": {},
        "alarm_names": {f"lambda-{kind}": f"lambda{kind}Alarm-dev" for kind in kinds},
        "alarm_arns": {f"lambda-{kind}": f"arn:tap-lambda-{kind.lower()}" for kind in kinds},
        "schedule_names": {},
        "replica_regions": [],
    }


def test_python_3_9_is_deployed_with_a_warning_that_says_what_to_set(items: Deployment) -> None:
    (warning,) = items.warnings
    assert "python3.9, deprecated by AWS since 2025-12-15" in warning
    assert "lambda_runtime" in warning


def test_the_program_exports_every_output_of_its_stack(items: Deployment) -> None:
    program = record(lambda: runpy.run_path(str(PROGRAM)))
    assert program.exports == items.stack_outputs()
