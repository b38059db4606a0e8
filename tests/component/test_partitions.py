"""ARNs and domain names of stacks in other AWS partitions."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from typing import Any

import pulumi
import pytest

from lib.components.data.key import KEY_SERVICES, Key, KeyArgs
from lib.program.recorder import Call, Deployment, record
from lib.settings import ApiSettings, EncryptionSettings
from lib.tap_stack import TapStack

from ..support.programs import PRODUCTION, PUBLIC_SERVICE, stacked

pytestmark = pytest.mark.untraced

PARTITIONS = {
    "aws-cn": ("cn-north-1", "amazonaws.com.cn"),
    "aws-us-gov": ("us-gov-west-1", "amazonaws.com"),
    "aws-eusc": ("eusc-de-east-1", "amazonaws.eu"),
}
"""Region and DNS suffix by partition."""
KEY = "arn:{partition}:kms:{region}:123456789012:key/mrk-1"
LOGGED = ApiSettings(access_log=True, execution_log_level="ERROR", log_role="create")
PROGRAMS: dict[str, Callable[[str], Callable[[], TapStack]]] = {
    "items": lambda _: stacked("tap", service="items"),
    "inventory": lambda key: stacked(
        "shop",
        service="inventory",
        environment_suffix="prod",
        api=LOGGED,
        encryption=EncryptionSettings(key=key),
    ),
    "stock": lambda _: stacked("shop", service="stock", environment_suffix="staging"),
    "production": lambda _: stacked(**PRODUCTION),
    "public-site": lambda _: stacked(**PUBLIC_SERVICE),
}
"""Functions from the ARN of an existing key to a program."""
SERVICE_PRINCIPAL = re.compile(r"[a-z0-9-]+\.amazonaws\.com")
"""Service principal without a region, which is the same in every partition."""
DOMAIN = re.compile(r"(?<![a-z.])(?!com\.amazonaws)[A-Za-z0-9.*:-]*amazonaws\.[a-z.]*[a-z]")
"""Domain name, except for VPC endpoint services, whose names start with `com.amazonaws.` in every partition."""


MATRIX = [*(("aws-cn", program) for program in PROGRAMS), ("aws-us-gov", "production"), ("aws-eusc", "production")]
"""Every program in the partition with the most different domain names, and one program in each other partition."""


@cache
def deployed_in(partition: str, program: str) -> Deployment:
    """Record a program in a partition."""
    region, suffix = PARTITIONS[partition]
    key = KEY.format(partition=partition, region=region)
    return record(PROGRAMS[program](key), calls=calls_in(partition, region, suffix))


def calls_in(partition: str, region: str, suffix: str) -> Mapping[str, Call]:
    """Return the results of the data sources that identify a partition."""
    return {"getPartition": {"partition": partition, "dnsSuffix": suffix}, "getRegion": {"region": region}}


def strings(value: Any) -> Iterator[str]:
    """Yield every string in the inputs of a resource, except those in code."""
    if isinstance(value, pulumi.Archive):
        return
    if isinstance(value, Mapping):
        value = [*value.keys(), *value.values()]
    if isinstance(value, (list, tuple)):
        for item in value:
            yield from strings(item)
    elif isinstance(value, pulumi.StringAsset):
        yield value.text
    elif isinstance(value, str):
        yield value


@pytest.mark.parametrize(("partition", "program"), MATRIX)
@pytest.mark.slow
def test_every_arn_and_domain_name_belongs_to_the_partition(partition: str, program: str) -> None:
    _, suffix = PARTITIONS[partition]
    resources = deployed_in(partition, program).registered
    values = [(resource.name, value) for resource in resources for value in strings(resource.inputs)]
    assert [(name, value) for name, value in values if "arn:aws:" in value] == []
    domains = {(name, domain) for name, value in values for domain in DOMAIN.findall(value)}
    assert domains
    assert [
        (name, domain)
        for name, domain in sorted(domains)
        if domain != suffix and not domain.endswith(f".{suffix}") and not SERVICE_PRINCIPAL.fullmatch(domain)
    ] == []


@pytest.mark.parametrize("partition", PARTITIONS)
def test_functions_have_the_dns_suffix_and_service_principals_of_the_partition(partition: str) -> None:
    deployment = deployed_in(partition, "items")
    variables = deployment.single("lambda.Function").inputs["environment"]["variables"]
    assert variables["AWS_DNS_SUFFIX"] == PARTITIONS[partition][1]
    assert '"lambda.amazonaws.com"' in deployment.single("iam.Role").inputs["assumeRolePolicy"]
    assert deployment.single("lambda.Permission").inputs["principal"] == "apigateway.amazonaws.com"
    attached = deployment.single("iam.RolePolicyAttachment").inputs["policyArn"]
    assert attached == f"arn:{partition}:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole"


@pytest.mark.parametrize("partition", PARTITIONS)
def test_key_policy_has_principals_of_the_partition(partition: str) -> None:
    region, suffix = PARTITIONS[partition]
    deployment = record(
        lambda: Key("key", KeyArgs(name="post", services=KEY_SERVICES)), calls=calls_in(partition, region, suffix)
    )
    policy = json.loads(deployment.single("kms.Key").inputs["policy"])["Statement"]
    assert policy[0]["Principal"] == {"AWS": f"arn:{partition}:iam::123456789012:root"}
    assert f"dynamodb.*.{suffix}" in policy[1]["Condition"]["StringLike"]["kms:ViaService"]
    assert {"Service": f"logs.{region}.{suffix}"} in [statement["Principal"] for statement in policy]


@pytest.mark.parametrize(
    ("partition", "domain"),
    [
        ("aws-us-gov", r"\.auth-fips\.[^/]*\.amazoncognito\.com"),
        ("aws-eusc", r"\.auth\.cognito-idp\.[^/]*\.on\.amazonwebservices\.eu"),
    ],
)
@pytest.mark.slow
def test_sign_in_url_has_the_domain_of_the_partition(partition: str, domain: str) -> None:
    deployment = deployed_in(partition, "production")
    (config,) = [o["content"] for o in deployment.inputs("s3.BucketObjectv2").values() if o["key"] == "config.json"]
    assert re.search(domain, config)


def test_unknown_partition_defaults_to_aws() -> None:
    deployment = record(stacked("tap", service="items"), calls={"getPartition": {}})
    attached = deployment.single("iam.RolePolicyAttachment").inputs["policyArn"]
    assert attached == "arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole"
    variables = deployment.single("lambda.Function").inputs["environment"]["variables"]
    assert variables["AWS_DNS_SUFFIX"] == "amazonaws.com"


@pytest.mark.slow
def test_stack_looks_up_its_partition_once() -> None:
    calls: list[str] = []

    def get_partition(_: Mapping[str, Any]) -> dict[str, Any]:
        calls.append("getPartition")
        return {"partition": "aws", "dnsSuffix": "amazonaws.com"}

    record(stacked(**PRODUCTION), calls={"getPartition": get_partition})
    assert calls == ["getPartition"]


def test_each_stack_has_the_partition_of_its_provider() -> None:
    results = iter(
        [
            {"partition": "aws", "dnsSuffix": "amazonaws.com"},
            {"partition": "aws-cn", "dnsSuffix": "amazonaws.com.cn"},
        ]
    )

    def program() -> None:
        stacked("first", service="items")()
        stacked("second", service="items", environment_suffix="cn")()

    deployment = record(program, calls={"getPartition": lambda _: next(results)})
    arns = {name: inputs["policyArn"] for name, inputs in deployment.inputs("iam.RolePolicyAttachment").items()}
    partitions = {
        prefix: {arn.split(":")[1] for name, arn in arns.items() if name.startswith(prefix)}
        for prefix in ("first", "second")
    }
    # The stacks can look up their partitions in either order.
    assert sorted(map(sorted, partitions.values())) == [["aws"], ["aws-cn"]]
