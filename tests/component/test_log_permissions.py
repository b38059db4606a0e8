"""Permissions of functions in CloudWatch Logs."""

from __future__ import annotations

import json

import pytest

from lib.components.compute.function import Function, FunctionArgs
from lib.components.compute.role import Role, RoleArgs
from lib.documents import iam
from lib.program.recorder import record
from lib.settings import NetworkSettings

from ..support.builders import a_service
from ..support.programs import stacked

WRITE_ACTIONS = ("CreateLogStream", "PutLogEvents")


@pytest.mark.untraced
def test_function_in_a_vpc_cannot_write_other_log_groups() -> None:
    network = NetworkSettings(vpc="vpc-0a1b2c3d", private_subnet_ids=("subnet-0a1b2c3d", "subnet-0a1b2c3e"))
    deployment = record(stacked(network=network))
    assert not deployment.by_kind("iam.RolePolicyAttachment")
    for function in deployment.by_kind("lambda.Function").values():
        policies = {name for name in function.depends_on if name.endswith("policy")}
        assert policies == {function.name.replace("-function", suffix) for suffix in ("-policy", "-log-policy")}


@pytest.mark.untraced
def test_log_group_exists_before_the_permission_and_the_function() -> None:
    deployment = record(stacked(service=a_service()))
    order = [resource.name for resource in deployment.registered]
    assert deployment.single("iam.RolePolicy").sources["policy"][0].endswith("::post-desk-logs")
    assert order.index("post-desk-logs") < order.index("post-desk-log-policy") < order.index("post-desk-function")
    assert {"post-desk-logs", "post-desk-log-policy"} <= set(deployment.single("lambda.Function").depends_on)


@pytest.mark.untraced
def test_function_without_a_stack_allows_its_role_to_write_to_its_log_group() -> None:
    def program() -> None:
        role = Role("clerk", RoleArgs(name_prefix="clerk-"))
        files = {"index.py": "handler = print\n"}
        Function("desk", FunctionArgs(name="post-desk", role_arn=role.arn, role_name=role.name, files=files))

    policy = record(program).single("iam.RolePolicy").inputs
    assert (policy["role"], policy["name"]) == ("clerk-made", "logs")
    assert json.loads(policy["policy"]) == iam.policy_document([iam.allow_log_actions("arn:desk-logs", WRITE_ACTIONS)])


@pytest.mark.untraced
def test_function_without_a_stack_does_not_change_a_role_without_a_name() -> None:
    files = {"index.py": "handler = print\n"}
    deployment = record(lambda: Function("desk", FunctionArgs(name="post-desk", role_arn="arn:clerk", files=files)))
    assert not deployment.by_kind("iam.RolePolicy")


def test_unknown_log_access_is_rejected() -> None:
    expected = r"service 'parcels' log_access must be one of write, create, managed, got 'all'\."
    with pytest.raises(ValueError, match=expected):
        a_service(log_access="all")
