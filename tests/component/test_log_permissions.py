"""What functions are allowed in CloudWatch Logs."""

from __future__ import annotations

import json
from typing import Any

import pytest

from lib.components.compute.function import Function, FunctionArgs
from lib.components.compute.role import Role, RoleArgs
from lib.documents import iam
from lib.program.recorder import Deployment, record
from lib.settings import FunctionSettings, NetworkSettings
from lib.tap_stack import TapStack, TapStackArgs

from ..support.builders import a_service
from ..support.programs import stacked

CREATE = ["logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents"]
WRITE = ["logs:CreateLogStream", "logs:PutLogEvents"]
WRITE_ACTIONS = ("CreateLogStream", "PutLogEvents")


def log_statements(made: Deployment) -> dict[str, list[dict[str, Any]]]:
    """Return the statements about logs of each inline policy of a function, by the name of its log group."""
    groups = {f"arn:{name}:*": inputs["name"] for name, inputs in made.inputs("cloudwatch.LogGroup").items()}
    found: dict[str, list[dict[str, Any]]] = {}
    for policy in made.inputs("iam.RolePolicy").values():
        for statement in json.loads(policy["policy"])["Statement"]:
            if "logs:" in str(statement["Action"]):
                found.setdefault(groups[statement["Resource"]], []).append(statement)
    return found


def attached(made: Deployment) -> set[str]:
    """Return the names of the managed policies of all roles."""
    return {a["policyArn"].rpartition("/")[2] for a in made.inputs("iam.RolePolicyAttachment").values()}


def test_items_keeps_the_managed_policy() -> None:
    made = record(lambda: TapStack("tap"))
    assert attached(made) == {"AWSLambdaBasicExecutionRole"}
    assert not log_statements(made)


@pytest.mark.parametrize("split", [False, True])
@pytest.mark.untraced
@pytest.mark.slow
def test_inventory_creates_and_writes_its_own_log_groups(split: bool) -> None:
    made = record(lambda: TapStack("shop", TapStackArgs(service="inventory", split_functions=split)))
    found = log_statements(made)
    functions = {f"/aws/lambda/{function['name']}" for function in made.inputs("lambda.Function").values()}
    assert found.keys() == functions
    assert [[one["Action"] for one in statements] for statements in found.values()] == [[CREATE]] * len(functions)
    assert attached(made) == {"AmazonAPIGatewayPushToCloudWatchLogs"}


@pytest.mark.slow
@pytest.mark.untraced
def test_every_other_function_writes_its_own_log_group_only() -> None:
    made = record(lambda: TapStack("shop", TapStackArgs("prod", service="stock")))
    found = log_statements(made)
    assert found.keys() == {f"/aws/lambda/{function['name']}" for function in made.inputs("lambda.Function").values()}
    assert [[one["Action"] for one in statements] for statements in found.values()] == [[WRITE]] * 12
    assert attached(made) == {"AWSXRayDaemonWriteAccess", "AmazonAPIGatewayPushToCloudWatchLogs"}


def test_function_in_a_vpc_cannot_write_other_log_groups() -> None:
    made = record(
        stacked(network=NetworkSettings(vpc="vpc-0a1b2c3d", private_subnet_ids=("subnet-0a1b2c3d", "subnet-0a1b2c3e")))
    )
    assert attached(made) == set()
    for function in made.of("lambda.Function").values():
        assert {policy for policy in function.depends_on if policy.endswith("policy")} == {
            function.name.replace("-function", "-policy"),
            function.name.replace("-function", "-log-policy"),
        }


def test_log_group_exists_before_the_permission_and_the_function() -> None:
    made = record(stacked(service=a_service()))
    order = [resource.name for resource in made.registered]
    assert made.only("iam.RolePolicy").sources["policy"][0].endswith("::post-desk-logs")
    assert order.index("post-desk-logs") < order.index("post-desk-log-policy") < order.index("post-desk-function")
    assert {"post-desk-logs", "post-desk-log-policy"} <= set(made.only("lambda.Function").depends_on)


def test_function_outside_a_stack_permits_its_role_to_write_its_log_group() -> None:
    def program() -> None:
        role = Role("clerk", RoleArgs(name_prefix="clerk-"))
        files = {"index.py": "handler = print\n"}
        Function("desk", FunctionArgs(name="post-desk", role_arn=role.arn, role_name=role.name, files=files))

    made = record(program)
    policy = made.only("iam.RolePolicy").inputs
    assert (policy["role"], policy["name"]) == ("clerk-made", "logs")
    assert json.loads(policy["policy"]) == iam.document([iam.write_logs("arn:desk-logs", WRITE_ACTIONS)])


def test_function_outside_a_stack_leaves_a_role_without_name_unchanged() -> None:
    files = {"index.py": "handler = print\n"}
    made = record(lambda: Function("desk", FunctionArgs(name="post-desk", role_arn="arn:clerk", files=files)))
    assert not made.of("iam.RolePolicy")


def test_tracing_adds_one_managed_policy() -> None:
    made = record(stacked(service=a_service(), function=FunctionSettings(tracing=True)))
    assert attached(made) == {"AWSXRayDaemonWriteAccess"}


def test_log_access_must_be_known() -> None:
    expected = r"service 'parcels' log_access must be one of write, create, managed, got 'all'\."
    with pytest.raises(ValueError, match=expected):
        a_service(log_access="all")
