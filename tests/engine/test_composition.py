"""A `TapStack` as part of a program: component options, transforms, aliases, providers and stack references."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any

import pulumi
import pulumi_aws as aws
import pytest
from pulumi.runtime import register_resource_transform

from lib.settings import AuthorizationSettings, BackupSettings, EncryptionSettings
from lib.tap_stack import TapStack, TapStackArgs

from .programs import tap_stack
from .stack import Deployed, Engine, Program, Rejected
from .test_services import API_LOG_ROLE

Transformed = pulumi.ResourceTransformArgs
DEPLOYMENT = "aws:apigateway/deployment:Deployment"
RESPONSE = "aws:apigateway/response:Response"
DENY_FRAMES = {"gatewayresponse.header.X-Frame-Options": "'DENY'"}
CHANGES: Mapping[str, Mapping[str, Any]] = {
    "aws:cloudwatch/logGroup:LogGroup": {"retentionInDays": 365},
    "aws:lambda/function:Function": {"description": "Reads and writes items."},
    "aws:apigateway/integration:Integration": {"timeoutMilliseconds": 5000},
    "aws:apigateway/requestValidator:RequestValidator": {"validateRequestParameters": False},
}
"""Properties that a transform sets. Deployments of the API capture those of API Gateway resources."""


def with_options(name: str, args: TapStackArgs | None = None, **options: Any) -> Program:
    """Return a program with one `TapStack` with a logical name and options. It exports all outputs."""

    def program() -> None:
        stack = TapStack(name, args, pulumi.ResourceOptions(**options))
        for output, value in stack.outputs.items():
            pulumi.export(output, value)

    return program


def change(args: Transformed) -> pulumi.ResourceTransformResult:
    """Set properties of some types, and protect tables."""
    protect = True if args.type_ == "aws:dynamodb/table:Table" else None
    options = pulumi.ResourceOptions.merge(args.opts, pulumi.ResourceOptions(protect=protect))
    return pulumi.ResourceTransformResult({**args.props, **CHANGES.get(args.type_, {})}, options)


MORE_CHANGES: Mapping[str, Mapping[str, Any]] = {
    "aws:apigateway/integration:Integration": {"contentHandling": "CONVERT_TO_TEXT"},
    "aws:apigateway/integrationResponse:IntegrationResponse": {"selectionPattern": "2.."},
    "aws:apigateway/resource:Resource": {"pathPart": "letters"},
    "aws:apigateway/restApi:RestApi": {
        "binaryMediaTypes": ["image/png"],
        "minimumCompressionSize": "1024",
        "policy": '{"Version": "2012-10-17", "Statement": []}',
    },
}
"""Additional properties that a deployment of the API captures."""


def set_properties(token: str, **properties: Any) -> Callable[[Transformed], pulumi.ResourceTransformResult | None]:
    """Return a transform that sets properties of one type."""

    def transform(args: Transformed) -> pulumi.ResourceTransformResult | None:
        return pulumi.ResourceTransformResult({**args.props, **properties}, args.opts) if args.type_ == token else None

    return transform


def deny_frames(args: Transformed) -> pulumi.ResourceTransformResult | None:
    """Add a header to the gateway responses."""
    if args.type_ != RESPONSE:
        return None
    props: dict[str, Any] = {**args.props}
    props["responseParameters"] = {**props.get("responseParameters", {}), **DENY_FRAMES}
    return pulumi.ResourceTransformResult(props, args.opts)


def with_two_transforms() -> None:
    """Deploy with a transform of the component and a transform of the whole program."""
    register_resource_transform(deny_frames)
    with_options("tap", transforms=[change])()


def assert_redeployed_once(deployed: Deployed) -> None:
    """Assert that the update replaced the deployment of the API once."""
    for operation in ("create", "delete"):
        assert deployed.names(operation, DEPLOYMENT) == ["tap-api-deployment"]


def inputs(deployed: Deployed, token: str) -> list[dict[str, Any]]:
    """Return the inputs of every resource of a type."""
    return [resource["inputs"] for resource in deployed.resources if resource["type"] == token]


def test_protected_stack_can_be_destroyed_after_protection_is_removed(engine: Engine) -> None:
    stack = engine.stack()
    deployed = stack.deploy(with_options("tap", protect=True))
    assert {r["urn"] for r in deployed.resources if not r.get("protect") and "TapStack" in r["urn"]} == set()
    with pytest.raises(Rejected, match=r"cannot be deleted\s+because it is protected"):
        stack.destroy()
    assert len(stack.ledger.find("aws:dynamodb/table:Table")) == 1
    assert not stack.deploy(with_options("tap")).events
    stack.destroy()
    assert not stack.ledger.entries


def test_transforms_reach_every_resource_and_redeploy_the_api_once(engine: Engine) -> None:
    stack = engine.stack()
    stack.deploy(with_options("tap"))
    transformed = stack.deploy(with_options("tap", transforms=[change]))
    assert_redeployed_once(transformed)
    for token, properties in CHANGES.items():
        assert all(properties.items() <= actual.items() for actual in inputs(transformed, token))
    assert [r["urn"].rpartition("::")[2] for r in transformed.resources if r.get("protect")] == ["tap-table-table"]
    both = stack.deploy(with_two_transforms)
    assert_redeployed_once(both)
    responses = inputs(both, RESPONSE)
    assert all(DENY_FRAMES.items() <= response["responseParameters"].items() for response in responses)
    assert_redeployed_once(stack.deploy(with_options("tap")))


def test_transform_of_every_captured_property_redeploys_the_api(engine: Engine) -> None:
    stack = engine.stack()
    stack.deploy(with_options("tap"))
    changes = [(token, {name: value}) for token, values in MORE_CHANGES.items() for name, value in values.items()]
    unchanged = [
        (token, properties)
        for token, properties in changes
        if not stack.preview(with_options("tap", transforms=[set_properties(token, **properties)]))["replace"]
    ]
    assert not unchanged


def test_transform_can_set_the_name_of_a_table(engine: Engine) -> None:
    transform = set_properties("aws:dynamodb/table:Table", name="acme-items")
    engine.stack().deploy(with_options("tap", transforms=[transform]))


def test_renamed_stack_with_an_alias_retains_all_resources(engine: Engine) -> None:
    stack = engine.stack()
    stack.deploy(with_options("old"))
    with pytest.raises(Rejected, match=r"TapStack 'new' has the service and environment of.*aliases=.*name='old'"):
        stack.preview(with_options("new"))
    renamed = stack.deploy(with_options("new", aliases=[pulumi.Alias(name="old")]))
    assert set(renamed.operations) == {"same"}
    assert not renamed.events
    assert not [r["urn"] for r in renamed.resources if "::old" in r["urn"]]
    stack.assert_unchanged(with_options("new"))


def test_renamed_stack_with_an_alias_retains_its_second_backup_vault(engine: Engine) -> None:
    backup = BackupSettings(retention_days=35)
    encrypted = TapStackArgs(backup=backup, encryption=EncryptionSettings(key="create"))
    stack = engine.stack()
    stack.up(with_options("old", TapStackArgs(backup=backup)))
    stack.ledger.find("aws:backup/vault:Vault")[0].contents = 1
    stack.up(with_options("old", encrypted))
    assert set(stack.preview(with_options("new", encrypted, aliases=[pulumi.Alias(name="old")]))) == {"same"}


def test_two_regions_with_explicit_providers(engine: Engine) -> None:
    regions = ("us-west-2", "eu-west-1")
    stack = engine.stack()
    stack.configure({"pulumi:disable-default-providers": ["*"]})

    def program() -> None:
        for region in regions:
            options = pulumi.ResourceOptions(provider=aws.Provider(region, region=region))
            pulumi.export(region, TapStack(f"tap-{region}", TapStackArgs(), options).api_url)

    deployed = stack.deploy(program)
    entries = Counter(entry.region for entry in stack.ledger.entries.values())
    assert set(entries) == {*regions}
    assert len({*entries.values()}) == 1
    assert all(region in deployed.outputs[region] for region in regions)


def test_retained_table_of_a_second_region_can_be_adopted(engine: Engine) -> None:
    def program(*regions: str, **args: Any) -> Program:
        def run() -> None:
            for region in regions:
                options = pulumi.ResourceOptions(provider=aws.Provider(region, region=region))
                TapStack(f"tap-{region}", TapStackArgs("prod", **args), options)

        return run

    stack = engine.stack()
    stack.deploy(program("us-west-2", "eu-west-1"))
    stack.up(program("us-west-2"))
    with pytest.raises(Rejected, match="of this stack: DynamoDB table prod-items-table"):
        stack.preview(program("us-west-2", "eu-west-1"))
    assert stack.up(program("us-west-2", "eu-west-1", adopt_retained=True)).operations["import"] == 1
    stack.deploy(program("us-west-2", "eu-west-1"))


def test_three_services_in_one_program(engine: Engine) -> None:
    def program() -> None:
        for service in ("items", "inventory", "stock"):
            TapStack(service, TapStackArgs(service=service))

    stack = engine.stack()
    stack.deploy(program)
    stack.destroy()
    assert not stack.ledger.rejections
    assert {entry.token for entry in stack.ledger.entries.values()} <= {*API_LOG_ROLE}


def test_stack_of_another_project_can_reference_the_outputs(engine: Engine) -> None:
    provider = engine.stack("items-dev", project="shop-backend")
    deployed = provider.deploy(tap_stack(authorization=AuthorizationSettings(type="API_KEY")))
    with pytest.raises(Rejected, match="service must stay 'items' in this stack, got 'inventory'"):
        provider.preview(tap_stack("inventory"))

    def program() -> None:
        backend = pulumi.StackReference("organization/shop-backend/items-dev")
        for name in ("api_url", "api_key"):
            aws.ssm.Parameter(name, name=f"/shop/{name}", type="String", value=backend.require_output(name))
            pulumi.export(name, backend.require_output(name))

    consumer = engine.stack("web", project="shop-frontend").deploy(program)
    assert consumer.secret_outputs == {"api_key"}
    assert consumer.outputs == {name: deployed.outputs[name] for name in ("api_url", "api_key")}


def test_adding_and_removing_a_transform_of_the_rest_api_redeploys_it_once(engine: Engine) -> None:
    token = "aws:apigateway/restApi:RestApi"
    stack = engine.stack()
    stack.deploy(with_options("tap"))
    assert_redeployed_once(stack.deploy(with_options("tap", transforms=[set_properties(token, **MORE_CHANGES[token])])))
    assert_redeployed_once(stack.deploy(with_options("tap")))
