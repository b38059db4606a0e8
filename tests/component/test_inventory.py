"""The inventory service, resource by resource as 000 and 001 list them."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import fields
from typing import Any

import pytest

from lib.assets.lambda_archive import own_sources, shared_sources
from lib.documents.iam import vpc_access
from lib.documents.rest_api import ACCESS_LOG_FORMAT
from lib.program.recorder import Deployment, record
from lib.services import SERVICES
from lib.services.inventory.service import HANDLER
from lib.services.inventory.service import inventory as made_of
from lib.services.inventory.settings import InventorySettings
from lib.settings import AlarmSettings, ApiSettings, FunctionSettings

from ..support.programs import EVERYTHING, stacked

TAGS = {
    "Project": "IaC-Nova-Test",
    "Owner": "LLM-Eval",
    "Environment": "dev",
    "Service": "inventory",
    "ManagedBy": "Pulumi",
}
CONFIG = '{"audit_reads":true,"default_page_size":20,"low_stock_threshold":10,"max_page_size":50}'
INDEXES = ("category-index", "status-index", "category-status-index", "listing-index")


def deployed(**args: Any) -> Deployment:
    """What a stack of the inventory service is, in dev unless its arguments say otherwise."""
    return record(stacked("shop", **{"service": "inventory", **args}))


@pytest.fixture(scope="module", name="dev")
def in_dev() -> Deployment:
    """The service as it comes, and somebody to write to."""
    return deployed(alarms=AlarmSettings(notification_email="ops@example.com"))


@pytest.fixture(scope="module", name="prod")
def in_prod() -> Deployment:
    """The service as it comes, in prod."""
    return deployed(environment_suffix="prod")


def statements(made: Deployment, role: str = "shop-api-lambda") -> dict[str, set[str]]:
    """What a role may do, by what it may do it to: an ARN, and the rows if it is not all of them."""
    found: dict[str, set[str]] = {}
    said = json.loads(made.inputs("iam.RolePolicy")[f"{role}-policy"]["policy"])["Statement"]
    for statement in (one for one in said if one["Effect"] == "Allow"):
        resource = statement["Resource"]
        every_row: dict[str, dict[str, list[str]]] = {"ForAllValues:StringLike": {"dynamodb:LeadingKeys": []}}
        rows = statement.get("Condition", every_row)["ForAllValues:StringLike"]["dynamodb:LeadingKeys"]
        for arn in [resource] if isinstance(resource, str) else resource:
            found.setdefault(" ".join([arn, *rows]), set()).update(statement["Action"])
    return found


def test_there_is_one_of_everything_but_tables_and_what_serves_them(dev: Deployment) -> None:
    counted = Counter(resource.kind for resource in dev.registered)
    wanted = {
        "apigateway.RestApi": 1,
        "apigateway.Stage": 1,
        "apigateway.Account": 1,
        "lambda.Function": 1,
        "dynamodb.Table": 2,
        "sns.Topic": 1,
        "sns.TopicSubscription": 1,
        "ssm.Parameter": 3,
        "cloudwatch.EventRule": 1,
        "cloudwatch.MetricAlarm": 4,
        "cloudwatch.LogGroup": 3,
        "iam.Role": 2,
        "iam.RolePolicy": 2,
        "apigateway.ApiKey": 0,
        "appautoscaling.Target": 0,
        "apigateway.DomainName": 0,
        "lambda.LayerVersion": 0,
    }
    assert {kind: counted[kind] for kind in wanted} == wanted


def test_names_have_their_service_and_their_environment(dev: Deployment) -> None:
    kinds = ("dynamodb.Table", "lambda.Function", "apigateway.RestApi", "sns.Topic")
    assert {inputs["name"] for kind in kinds for inputs in dev.inputs(kind).values()} == {
        "inventory-items-dev",
        "inventory-audit-dev",
        "inventory-api-lambda-dev",
        "inventory-api-dev",
        "inventory-alerts-dev",
    }


def test_items_table_has_its_keys_indexes_stream_encryption_and_backup(dev: Deployment) -> None:
    table = dev.inputs("dynamodb.Table")["shop-items-table"]
    assert (table["hashKey"], table["rangeKey"], table["billingMode"]) == ("itemId", "version", "PAY_PER_REQUEST")
    assert {index["name"] for index in table["globalSecondaryIndexes"]} == set(INDEXES)
    for index in table["globalSecondaryIndexes"]:
        assert [key["keyType"] for key in index["keySchemas"]] == ["HASH", "RANGE"]
        assert index["keySchemas"][1]["attributeName"] == "listedAt"
        assert index["projectionType"] == "ALL"
    assert (table["streamEnabled"], table["streamViewType"]) == (True, "NEW_AND_OLD_IMAGES")
    assert table["serverSideEncryption"] == {"enabled": True}
    assert table["pointInTimeRecovery"] == {"enabled": True}


def test_audit_table_has_its_keys_encryption_and_backup(dev: Deployment) -> None:
    table = dev.inputs("dynamodb.Table")["shop-audit-table"]
    assert (table["hashKey"], table["rangeKey"]) == ("auditId", "timestamp")
    assert table["serverSideEncryption"] == {"enabled": True}
    assert table["pointInTimeRecovery"] == {"enabled": True}
    assert table.keys().isdisjoint({"globalSecondaryIndexes", "streamEnabled"})


def test_one_role_may_do_what_the_operations_do_and_nothing_else(dev: Deployment) -> None:
    assert statements(dev) == {
        "arn:shop-items-table": {"dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:Query"},
        "arn:shop-items-table tap#alert#* tap#sku#*": {"dynamodb:UpdateItem"},
        **{f"arn:shop-items-table/index/{index}": {"dynamodb:Query"} for index in INDEXES},
        "arn:shop-audit-table": {"dynamodb:PutItem"},
        "arn:shop-alerts-topic": {"sns:Publish"},
        "arn:shop-config-parameter": {"ssm:GetParameter"},
    }


def test_function_finds_all_it_needs_in_its_environment(dev: Deployment) -> None:
    function = dev.only("lambda.Function").inputs
    assert function["environment"]["variables"] == {
        "ITEMS_TABLE_NAME": "inventory-items-dev",
        "AUDIT_TABLE_NAME": "inventory-audit-dev",
        "ALERTS_TOPIC_ARN": "arn:shop-alerts-topic",
        "CONFIG_PARAMETER": "/inventory/dev/config",
        "AWS_DNS_SUFFIX": "amazonaws.com",
        "CONFIG_PARAMETER_DEPLOYED": dev.inputs("ssm.Parameter")["shop-config-parameter"]["value"],
    }
    assert function["reservedConcurrentExecutions"] == -1
    assert "layers" not in function


def test_parameters_hold_table_names_and_the_options(dev: Deployment) -> None:
    parameters = {parameter["name"]: parameter for parameter in dev.inputs("ssm.Parameter").values()}
    assert {name: parameter["value"] for name, parameter in parameters.items()} == {
        "/inventory/dev/table-name": "inventory-items-dev",
        "/inventory/dev/audit-table-name": "inventory-audit-dev",
        "/inventory/dev/config": CONFIG,
    }
    assert parameters["/inventory/dev/config"]["description"] == "Inventory: config"


def test_chosen_options_are_in_the_parameter() -> None:
    made = deployed(service=made_of(InventorySettings(low_stock_threshold=0, audit_reads=False)))
    options = json.loads(made.inputs("ssm.Parameter")["shop-config-parameter"]["value"])
    assert (options["low_stock_threshold"], options["audit_reads"]) == (0, False)


PAGE_SIZES = ("default_page_size", "max_page_size")


@pytest.mark.parametrize("name", [field.name for field in fields(InventorySettings)])
def test_no_option_can_be_none(name: str) -> None:
    with pytest.raises(ValueError, match=rf"^inventory\.{name} None: give \S"):
        InventorySettings(**{name: None})  # type: ignore[arg-type]


@pytest.mark.parametrize("size", [0, 51, 2.5, True])
@pytest.mark.parametrize("name", PAGE_SIZES)
def test_no_page_has_more_than_fifty_items(name: str, size: Any) -> None:
    with pytest.raises(ValueError, match=rf"^inventory\.{name} {size}: give a whole number from 1 to 50 items$"):
        InventorySettings(**{name: size})


@pytest.mark.parametrize("size", [1, 50])
def test_pages_may_be_as_large_as_they_get_unasked(size: int) -> None:
    settings = InventorySettings(default_page_size=size, max_page_size=size)
    assert (settings.default_page_size, settings.max_page_size) == (size, size)


@pytest.mark.parametrize("sizes", [{"default_page_size": 31, "max_page_size": 30}, {"max_page_size": 19}])
def test_pages_cannot_be_larger_unasked_than_asked_for(sizes: dict[str, int]) -> None:
    default, most = sizes.get("default_page_size", 20), sizes["max_page_size"]
    message = rf"^inventory\.default_page_size {default}: give at most max_page_size, {most}$"
    with pytest.raises(ValueError, match=message):
        InventorySettings(**sizes)  # type: ignore[arg-type]


def test_chosen_page_sizes_are_described_and_the_parameter_enforces_them() -> None:
    (function,) = made_of(InventorySettings(default_page_size=5, max_page_size=30)).functions
    paged = [route.query["page_size"] for route in function.routes if "page_size" in route.query]
    description = "Maximum number of entries on the page. Values above 30 are reduced to 30. Default: 5."
    assert paged == [{"type": "integer", "minimum": 1, "description": description}] * 2


def test_alarms_and_alerts_go_to_one_topic_and_one_address(dev: Deployment) -> None:
    for alarm in dev.inputs("cloudwatch.MetricAlarm").values():
        assert alarm["alarmActions"] == ["arn:shop-alerts-topic"]
    assert dev.only("sns.TopicSubscription").inputs == {
        "topic": "arn:shop-alerts-topic",
        "protocol": "email",
        "endpoint": "ops@example.com",
    }
    assert dev.stack_outputs()["alarm_topic_arn"] == dev.stack_outputs()["topic_arns"]["alerts"]


@pytest.mark.parametrize("suffix", ["dev", "staging", "pr-7"])
@pytest.mark.slow
def test_stage_is_the_environment_and_regional(suffix: str) -> None:
    made = deployed(environment_suffix=suffix)
    assert made.only("apigateway.Stage").inputs["stageName"] == suffix
    assert made.only("apigateway.RestApi").inputs["endpointConfiguration"] == {"types": "REGIONAL"}


def test_api_gateway_logs_and_measures_with_a_role_of_its_own(dev: Deployment) -> None:
    groups = {group["name"]: group["retentionInDays"] for group in dev.inputs("cloudwatch.LogGroup").values()}
    assert groups == {
        "/aws/lambda/inventory-api-lambda-dev": 7,
        "/aws/apigateway/inventory-api-dev": 7,
        "API-Gateway-Execution-Logs_shop-api-api-id/dev": 7,
    }
    stage = dev.only("apigateway.Stage")
    assert stage.inputs["accessLogSettings"] == {
        "destinationArn": "arn:shop-api-logs-access",
        "format": ACCESS_LOG_FORMAT,
    }
    role = "shop-api-logs-account-writer-role"
    assert dev.only("apigateway.Account").inputs == {"cloudwatchRoleArn": f"arn:{role}"}
    assert dev.of("iam.Role")[role].inputs["namePrefix"] == "inventory-api-dev-role-"
    settings = dev.only("apigateway.MethodSettings").inputs["settings"]
    assert (settings["loggingLevel"], settings["dataTraceEnabled"], settings["metricsEnabled"]) == ("INFO", True, True)


def test_no_log_is_written_where_none_is_wanted() -> None:
    api = ApiSettings(access_log=False, execution_log_level="OFF", log_role="left")
    made = deployed(api=api)
    assert len(made.of("cloudwatch.LogGroup")) == len(made.of("iam.Role")) == 1
    assert not made.of("apigateway.Account")
    assert (
        made.stack_outputs()
        .keys()
        .isdisjoint({"access_log_group_name", "execution_log_group_name", "api_log_role_arn"})
    )


def test_role_that_is_there_already_is_no_output() -> None:
    made = deployed(api=ApiSettings(log_role="arn:aws:iam::123456789012:role/logs"))
    assert "api_log_role_arn" not in made.stack_outputs()
    assert made.only("apigateway.Account").inputs == {"cloudwatchRoleArn": "arn:aws:iam::123456789012:role/logs"}


def test_outputs_name_parameters_and_logs(dev: Deployment) -> None:
    outputs = dev.stack_outputs()
    assert outputs["parameter_names"] == {
        name: f"/inventory/dev/{name}" for name in ("table-name", "audit-table-name", "config")
    }
    assert outputs["access_log_group_name"] == "/aws/apigateway/inventory-api-dev"
    assert outputs["execution_log_group_name"] == "API-Gateway-Execution-Logs_shop-api-api-id/dev"
    assert outputs["api_log_role_arn"] == "arn:shop-api-logs-account-writer-role"
    assert outputs["layer_arns"] == {}
    assert outputs.keys().isdisjoint({"domain_name", "domain_url", "domain_target", "domain_zone_id"})


def test_prod_asks_for_a_key_that_is_throttled_and_counted(prod: Deployment) -> None:
    keyless = [name for name, (method, _) in prod.endpoints().items() if not method.get("apiKeyRequired")]
    assert keyless == [(method, path) for method, path in prod.endpoints() if method == "OPTIONS"]
    plan = prod.only("apigateway.UsagePlan").inputs
    assert plan["throttleSettings"] == {"rateLimit": 10_000, "burstLimit": 5_000}
    assert plan["quotaSettings"] == {"limit": 1_000_000, "period": "MONTH"}
    assert plan["apiStages"] == [{"apiId": "shop-api-api-id", "stage": "prod"}]
    assert plan["name"] == "inventory-api-usage-plan-prod"
    assert prod.only("apigateway.ApiKey").inputs["name"] == "inventory-api-key-prod"


def test_prod_keeps_executions_and_traces_but_no_bodies(prod: Deployment) -> None:
    function = prod.only("lambda.Function").inputs
    assert (function["memorySize"], function["reservedConcurrentExecutions"]) == (512, 530)
    assert function["tracingConfig"] == {"mode": "Active"}
    assert prod.only("apigateway.Stage").inputs["xrayTracingEnabled"]
    settings = prod.only("apigateway.MethodSettings").inputs["settings"]
    assert (settings["loggingLevel"], settings["dataTraceEnabled"]) == ("INFO", False)
    assert {group["retentionInDays"] for group in prod.inputs("cloudwatch.LogGroup").values()} == {30}


def test_prods_tables_are_protected_and_kept(prod: Deployment) -> None:
    for table in prod.of("dynamodb.Table").values():
        assert table.inputs["deletionProtectionEnabled"]
        assert table.retained


def test_prods_capacity_scales_at_seventy_percent_table_and_index_alike(prod: Deployment) -> None:
    items, audit = "table/inventory-items-prod", "table/inventory-audit-prod"
    scaled = {(t["resourceId"], t["scalableDimension"]) for t in prod.inputs("appautoscaling.Target").values()}
    levels = {items: "table", audit: "table", **{f"{items}/index/{index}": "index" for index in INDEXES}}
    assert scaled == {
        (resource, f"dynamodb:{level}:{kind}CapacityUnits")
        for resource, level in levels.items()
        for kind in ("Read", "Write")
    }
    policies = prod.inputs("appautoscaling.Policy").values()
    assert [p["targetTrackingScalingPolicyConfiguration"]["targetValue"] for p in policies] == [70] * len(scaled)


FIGURES = {
    "create-item": (256, 10, 10),
    "get-item": (256, 5, 20),
    "update-item": (256, 10, 10),
    "delete-item": (256, 5, 5),
    "list-items": (512, 10, 15),
    "get-history": (256, 10, 5),
    "batch-items": (512, 20, 5),
    "send-alerts": (256, 30, 1),
}
"""Memory, timeout and reserved concurrency of each operation."""


def figures(made: Deployment, suffix: str) -> dict[str, tuple[int, int, int]]:
    """The same of what was deployed."""
    return {
        function["name"].removeprefix("inventory-").removesuffix(f"-{suffix}"): (
            function["memorySize"],
            function["timeout"],
            function["reservedConcurrentExecutions"],
        )
        for function in made.inputs("lambda.Function").values()
    }


@pytest.mark.untraced
def test_each_operation_may_have_a_function_with_figures_of_its_own(inventory: Deployment) -> None:
    assert figures(inventory, "prod") == FIGURES


def test_where_nothing_is_reserved_no_operation_reserves() -> None:
    found = figures(deployed(split_functions=True), "dev")
    assert found == {name: (memory, timeout, -1) for name, (memory, timeout, _) in FIGURES.items()}


def test_an_argument_is_stronger_than_an_operations_own_figure() -> None:
    settings = FunctionSettings(memory_mb=1024, reserved_concurrency=3)
    found = figures(deployed(split_functions=True, function=settings), "dev")
    assert found == {name: (1024, timeout, 3) for name, (_, timeout, _) in FIGURES.items()}


ITEMS = "arn:shop-items-table"
AUDIT = {"arn:shop-audit-table": {"dynamodb:PutItem"}}
CONFIG_READ = {"arn:shop-config-parameter": {"ssm:GetParameter"}}
ALERT = {"arn:shop-alerts-topic": {"sns:Publish"}}
CHANGE = {ITEMS: {"dynamodb:GetItem", "dynamodb:PutItem"}, **AUDIT}
MARK_ALERTS = {f"{ITEMS} tap#alert#*": {"dynamodb:UpdateItem"}}
FREE_SKUS_MARK_ALERTS = {f"{ITEMS} tap#sku#* tap#alert#*": {"dynamodb:UpdateItem"}}
MAY: dict[str, dict[str, set[str]]] = {
    "create-item": {**CHANGE, **MARK_ALERTS, **ALERT, **CONFIG_READ},
    "get-item": {ITEMS: {"dynamodb:GetItem"}, **AUDIT, **CONFIG_READ},
    "update-item": {**CHANGE, **FREE_SKUS_MARK_ALERTS, **ALERT, **CONFIG_READ},
    "delete-item": {**CHANGE, f"{ITEMS} tap#sku#*": {"dynamodb:UpdateItem"}},
    "list-items": {
        **{f"{ITEMS}/index/{index}": {"dynamodb:Query"} for index in INDEXES},
        ITEMS: {"dynamodb:GetItem"},
        f"{ITEMS} tap#page-token-key": {"dynamodb:PutItem"},
        **AUDIT,
        **CONFIG_READ,
    },
    "get-history": {
        ITEMS: {"dynamodb:Query"},
        f"{ITEMS} tap#page-token-key": {"dynamodb:GetItem", "dynamodb:PutItem"},
        **AUDIT,
        **CONFIG_READ,
    },
    "batch-items": {**CHANGE, **FREE_SKUS_MARK_ALERTS, **ALERT, **CONFIG_READ},
    "send-alerts": {f"{ITEMS}/index/listing-index": {"dynamodb:Query"}, **MARK_ALERTS, **ALERT},
}
"""What each operation may do where, and to which rows."""


@pytest.mark.parametrize("operation", sorted(FIGURES))
def test_each_operations_role_may_do_only_what_it_does(inventory: Deployment, operation: str) -> None:
    in_vpc = {"*": set(vpc_access()["Action"])}
    assert statements(inventory, f"shop-{operation}") == {**MAY[operation], **in_vpc}


@pytest.mark.slow
def test_split_functions_share_their_code_in_one_layer(inventory: Deployment) -> None:
    layer = inventory.only("lambda.LayerVersion").inputs
    assert (layer["layerName"], layer["compatibleRuntimes"]) == ("inventory-shared-prod", ["python3.13"])
    assert {path: asset.text for path, asset in layer["code"].assets.items()} == {
        f"python/{path}": text or "\n" for path, text in shared_sources(HANDLER).items()
    }
    service = SERVICES["inventory"].split()
    for function in service.functions:
        inputs = inventory.inputs("lambda.Function")[f"shop-{function.name}-function"]
        assert inputs["layers"] == ["arn:shop-shared-layer"]
        own = {path: asset.text for path, asset in inputs["code"].assets.items()}
        assert own == {path: text or "\n" for path, text in own_sources(service, function).items()}
    assert inventory.stack_outputs()["layer_arns"] == {"shared": "arn:shop-shared-layer"}


def test_domain_of_its_own_is_an_output(inventory: Deployment) -> None:
    outputs = inventory.stack_outputs()
    assert {name: outputs[name] for name in ("domain_name", "domain_url", "domain_target", "domain_zone_id")} == {
        "domain_name": "api.example.com",
        "domain_url": "https://api.example.com/v1",
        "domain_target": "regionalDomainName:shop-api-domain-name",
        "domain_zone_id": "regionalZoneId:shop-api-domain-name",
    }
    assert inventory.only("apigateway.DomainName").inputs["regionalCertificateArn"] == EVERYTHING["api"].certificate_arn
    assert inventory.only("apigateway.BasePathMapping").inputs == {
        "domainName": "api.example.com",
        "restApi": "shop-api-api-id",
        "stageName": "prod",
        "basePath": "v1",
    }


def test_everything_that_takes_tags_has_them(dev: Deployment) -> None:
    for parameter in dev.inputs("ssm.Parameter").values():
        assert parameter["tags"] == TAGS


def test_the_gateway_leaves_entries_of_a_batch_to_the_function(dev: Deployment) -> None:
    (model,) = [json.loads(m["schema"]) for m in dev.inputs("apigateway.Model").values() if m["name"] == "Batch"]
    assert model["properties"] == {"items": {"type": "array", "minItems": 1, "maxItems": 25}}
