"""The outputs of a `TapStack`: name, type, documentation and value of each in one declaration."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

import pulumi

from ..components.network.network import Network
from ..documents import iam
from .output_types import (
    PlainBoolean,
    PlainString,
    PlainStringList,
    StackOutput,
    String,
    StringInput,
    StringInputMap,
    StringList,
    StringMap,
)

if TYPE_CHECKING:
    import pulumi_aws as aws

    from .. import model
    from ..components.data.table import Table
    from ..components.messaging.topic import Topic
    from ..tap_stack import TapStack

_T = TypeVar("_T")


def _first(resources: Mapping[str, _T]) -> _T:
    return next(iter(resources.values()))


def _runtime(stack: TapStack) -> pulumi.Output[str]:
    # Only functions of container images have no runtime.
    return cast("pulumi.Output[str]", _first(stack.functions).resource.runtime)


def _of_created_network(compute: Callable[[Network], _T | None]) -> Callable[[TapStack], _T | None]:
    """Return a function from a stack to a value of the network that it creates; None if it creates none."""
    return lambda stack: compute(stack.network) if isinstance(stack.network, Network) else None


def _caller_policies(stack: TapStack) -> dict[str, pulumi.Output[str]] | None:
    if stack.settings.authorization.type != "AWS_IAM":
        return None
    statements = {scope: stack.api.grant(scope) for scope in stack.description.scopes()}
    return {
        scope: pulumi.Output.json_dumps(statement.apply(lambda allowed: iam.policy_document([allowed])))
        for scope, statement in statements.items()
    }


def _scopes(stack: TapStack) -> dict[str, pulumi.Output[str]] | None:
    pool = stack.user_pool
    return {scope: pool.scope(scope) for scope in stack.description.scopes()} if pool else None


def _alarms(stack: TapStack) -> dict[str, aws.cloudwatch.MetricAlarm]:
    on_functions = {
        f"{name}-{kind}": alarm for name, alarms in stack.alarms.items() for kind, alarm in alarms.resources.items()
    }
    own = {alarm.name: f"{alarm.on}-{alarm.name}" for alarm in stack.description.alarms}
    additional = {own.get(label, label): alarm.resource for label, alarm in stack.further_alarms.items()}
    return {**on_functions, **additional}


class ServiceOutputs:
    """Outputs of the tables and topics of the built-in services; `CUSTOM_OUTPUTS` has those of custom services."""

    items_table_name: pulumi.Output[str]
    """Name of the `items` table of the inventory service."""
    items_table_arn: pulumi.Output[str]
    """ARN of the `items` table of the inventory service."""
    audit_table_name: pulumi.Output[str]
    """Name of the `audit` table of the inventory service."""
    audit_table_arn: pulumi.Output[str]
    """ARN of the `audit` table of the inventory service."""
    sns_topic_arn: pulumi.Output[str]
    """ARN of the `alerts` topic of the inventory service."""
    management_table_name: pulumi.Output[str]
    """Name of the `management` table of the stock service."""
    management_table_arn: pulumi.Output[str]
    """ARN of the `management` table of the stock service."""
    reservations_table_name: pulumi.Output[str]
    """Name of the `reservations` table of the stock service."""
    reservations_table_arn: pulumi.Output[str]
    """ARN of the `reservations` table of the stock service."""
    movements_table_name: pulumi.Output[str]
    """Name of the `movements` table of the stock service."""
    movements_table_arn: pulumi.Output[str]
    """ARN of the `movements` table of the stock service."""
    stock_alerts_topic_arn: pulumi.Output[str]
    """ARN of the `stock-alerts` topic of the stock service."""


CUSTOM_OUTPUTS = {
    "<table>_table_name": "Name of a table of a custom service: `<table>` is the name in its definition, with `-` "
    "replaced by `_`, unless the table sets `output_prefix`.",
    "<table>_table_arn": "ARN of the same table.",
    "<topic>_topic_arn": "ARN of a topic of a custom service: `<topic>` is formed like `<table>`.",
}
"""Patterns of the outputs of the tables and topics of custom services, with their descriptions."""


class StackOutputs(ServiceOutputs):
    """Ids, names and ARNs of everything made; where there are several of a kind, those of the first, and all by name.

    What a deployment does not have, it has no output for.
    """

    service = PlainString(lambda stack: stack.description.name)
    """Which service it is."""
    environment = PlainString(lambda stack: stack.args.environment)
    """The suffix in its names."""
    environment_profile = PlainString(lambda stack: stack.args.profile)
    """Environment profile with its settings: `dev`, `test`, `staging` or `prod`."""
    dynamodb_table_name = String(lambda stack: _first(stack.tables).name)
    """The first table's name."""
    dynamodb_table_arn = String(lambda stack: _first(stack.tables).arn)
    """The first table's ARN."""
    table_names = StringMap(lambda stack: {name: table.name for name, table in stack.tables.items()})
    """Every table's name."""
    table_arns = StringMap(lambda stack: {name: table.arn for name, table in stack.tables.items()})
    """Every table's ARN."""
    lambda_function_name = String(lambda stack: _first(stack.functions).name)
    """The first function's name."""
    lambda_function_arn = String(lambda stack: _first(stack.functions).arn)
    """The first function's ARN."""
    lambda_function_version = String(lambda stack: _first(stack.functions).resource.version)
    """The version of the first function that was published last."""
    lambda_role_name = String(lambda stack: _first(stack.roles).name)
    """The name of the first function's role."""
    lambda_role_arn = String(lambda stack: _first(stack.roles).arn)
    """The ARN of the first function's role."""
    function_versions = StringMap(
        lambda stack: {name: function.resource.version for name, function in stack.functions.items()}
    )
    """The version of every function that was published last."""
    alias_arns = StringMap(
        lambda stack: {name: function.alias.arn for name, function in stack.functions.items() if function.alias}
    )
    """What callers of each function call, where they call an alias."""
    rollout_application = String(lambda stack: stack.rollout.resource.name if stack.rollout else None)
    """The application of CodeDeploy, where it moves the aliases; the deployment group of each function has its name."""
    function_names = StringMap(lambda stack: {name: function.name for name, function in stack.functions.items()})
    """Every function's name."""
    function_arns = StringMap(lambda stack: {name: function.arn for name, function in stack.functions.items()})
    """Every function's ARN."""
    role_arns = StringMap(lambda stack: {name: role.arn for name, role in stack.roles.items()})
    """The ARN of every function's role."""
    layer_arns = StringMap(lambda stack: {name: layer.arn for name, layer in stack.layers.items()})
    """The ARN of the one layer, where functions share their code."""
    log_group_names = StringMap(
        lambda stack: {name: function.log_group.name for name, function in stack.functions.items()}
    )
    """Where each function logs."""
    log_group_arns = StringMap(
        lambda stack: {name: function.log_group.arn for name, function in stack.functions.items()}
    )
    """The ARN of each function's log group."""
    api_rest_id = String(lambda stack: stack.api.resource.id)
    """The API's id."""
    api_name = String(lambda stack: stack.api.resource.name)
    """The API's name."""
    api_execution_arn = String(lambda stack: stack.api.resource.execution_arn)
    """What the ARNs of its methods begin with."""
    api_deployment_id = String(lambda stack: stack.api.deployment.id)
    """The deployment on its stage."""
    api_stage = String(lambda stack: stack.api.stage.stage_name)
    """Its stage."""
    api_stage_arn = String(lambda stack: stack.api.stage.arn)
    """The ARN of its stage."""
    api_url = String(lambda stack: stack.api.url)
    """URL of the API. If the `execute-api` endpoint is disabled, it is the URL of the domain."""
    cors_origin = StringInput(lambda stack: stack.origin or ",".join(stack.args.cors_origins()) or "none")
    """The allowed CORS origins, separated by commas, `*`, or `none`."""
    lambda_runtime = String(_runtime)
    """What the first function runs on."""
    tracing = PlainBoolean(lambda stack: bool(stack.settings.function.tracing))
    """Whether requests are traced."""
    authorization = PlainString(lambda stack: stack.settings.authorization.type)
    """How its callers show who they are: `NONE`, `API_KEY`, `AWS_IAM` or `COGNITO_USER_POOLS`."""
    api_key_id = String(lambda stack: stack.api.usage_plan.key.id if stack.api.usage_plan else None)
    """The id of the API key, if a route requires one."""
    api_key = String(
        lambda stack: pulumi.Output.secret(stack.api.usage_plan.key.value) if stack.api.usage_plan else None
    )
    """The key itself: a secret."""
    caller_policies = StringMap(_caller_policies)
    """For callers that sign their requests, the IAM policy they need, by scope."""
    user_pool_id = String(lambda stack: stack.user_pool.id if stack.user_pool else None)
    """The user pool whose tokens the API requires."""
    user_pool_arn = String(lambda stack: stack.user_pool.arn if stack.user_pool else None)
    """The user pool's ARN."""
    user_pool_group = String(lambda stack: stack.user_pool.group if stack.user_pool else None)
    """Group of an existing user pool. Only its members can call the API."""
    user_pool_client_id = String(
        lambda stack: stack.user_pool.web_client.id if stack.user_pool and stack.user_pool.web_client else None
    )
    """The app client of pages."""
    machine_client_id = String(lambda stack: stack.user_pool.machine_client.id if stack.user_pool else None)
    """The app client of programs."""
    machine_client_secret = String(
        lambda stack: pulumi.Output.secret(stack.user_pool.machine_client.client_secret) if stack.user_pool else None
    )
    """What programs get tokens with: a secret."""
    sign_in_url = String(lambda stack: stack.user_pool.url if stack.user_pool else None)
    """Where people sign in, and under `/oauth2/token` tokens are given out."""
    scopes = StringMap(_scopes)
    """Every scope as tokens carry it, by its name."""
    access_log_group_name = String(
        lambda stack: stack.api.logs.access.name if stack.api.logs and stack.api.logs.access else None
    )
    """The API's access log."""
    execution_log_group_name = String(
        lambda stack: stack.api.logs.execution.name if stack.api.logs and stack.api.logs.execution else None
    )
    """The API's execution log."""
    api_log_role_arn = String(
        lambda stack: (
            stack.api.logs.account.role.arn
            if stack.api.logs and stack.api.logs.account and stack.api.logs.account.role
            else None
        )
    )
    """The role with which API Gateway writes logs, if the stack created it."""
    web_acl_arn = String(lambda stack: stack.firewall.arn if stack.firewall else None)
    """The web ACL on its stage."""
    domain_name = PlainString(lambda stack: stack.settings.api.domain_name if stack.api.domain else None)
    """The API's own domain."""
    domain_url = PlainString(lambda stack: stack.api.domain.url if stack.api.domain else None)
    """Where the API answers under its own domain."""
    domain_target = String(lambda stack: stack.api.domain.target if stack.api.domain else None)
    """What DNS must point `domain_name` at."""
    domain_zone_id = String(lambda stack: stack.api.domain.zone_id if stack.api.domain else None)
    """The zone of Route 53 that `domain_target` is in."""
    certificate_arn = String(
        lambda stack: stack.api.domain.certificate.arn if stack.api.domain and stack.api.domain.certificate else None
    )
    """The certificate of `domain_name`, if the stack created it."""
    alarm_topic_arn = String(lambda stack: stack.alarm_topic.arn)
    """The ARN of the topic that alarms go to."""
    alarm_topic_name = String(lambda stack: stack.alarm_topic.name)
    """The name of the topic that alarms go to."""
    topic_arns = StringMap(lambda stack: {name: topic.arn for name, topic in stack.topics.items()})
    """The ARN of every topic of the service's own."""
    parameter_names = StringMap(lambda stack: {name: parameter.name for name, parameter in stack.parameters.items()})
    """The path of every parameter."""
    secret_names = StringMap(lambda stack: {name: secret.name for name, secret in stack.secrets.items()})
    """Where every secret is kept; its value is nowhere but there."""
    key_arn = StringInput(lambda stack: stack.encrypted_by)
    """The key that encrypts everything, where it is none of AWS's own."""
    key_id = String(lambda stack: stack.key.id if stack.key else None)
    """The id of the key, if the stack created one."""
    key_alias = String(lambda stack: stack.key.alias.name if stack.key else None)
    """The alias of the key, if the stack created one."""
    replica_key_arns = StringInputMap(lambda stack: None if stack.encrypted_by is None else stack.replicas_encrypted_by)
    """The key of each region in which the tables have replicas."""
    alarm_names = StringMap(lambda stack: {name: alarm.name for name, alarm in _alarms(stack).items()})
    """Every alarm's name, by what it is on and what it watches."""
    alarm_arns = StringMap(lambda stack: {name: alarm.arn for name, alarm in _alarms(stack).items()})
    """Every alarm's ARN, by the same names."""
    health_alarm_name = String(lambda stack: stack.health.name if stack.health else None)
    """The alarm that is on as long as any of the service is."""
    dashboard_name = String(lambda stack: stack.dashboard.name if stack.dashboard else None)
    """The service's dashboard in CloudWatch."""
    schedule_names = StringMap(
        lambda stack: {name: schedule.resource.name for name, schedule in stack.schedules.items()}
    )
    """The rule of every schedule."""
    replica_regions = PlainStringList(lambda stack: list(stack.settings.table.replica_regions or ()))
    """Where the tables have replicas."""
    backup_vault_arn = String(lambda stack: stack.backup.vault.arn if stack.backup else None)
    """Where AWS Backup keeps backups of the tables."""
    backup_restore_role_arn = String(lambda stack: stack.backup.restore_role.arn if stack.backup else None)
    """The role under which AWS Backup restores them."""
    budget_name = String(lambda stack: stack.budget.name if stack.budget else None)
    """The budget that watches what the service costs."""
    dead_letter_queue_name = String(lambda stack: stack.dead_letters.name if stack.dead_letters else None)
    """The name of the queue for events that failed after all retries."""
    dead_letter_queue_arn = String(lambda stack: stack.dead_letters.arn if stack.dead_letters else None)
    """The queue's ARN."""
    dead_letter_queue_url = String(lambda stack: stack.dead_letters.url if stack.dead_letters else None)
    """The queue's address."""
    site_url = String(lambda stack: stack.site.url if stack.site else None)
    """The origin of the site's pages."""
    site_bucket_name = String(lambda stack: stack.site.bucket.name if stack.site else None)
    """The bucket of the site's pages."""
    site_distribution_id = String(
        lambda stack: stack.site.distribution.id if stack.site and stack.site.distribution else None
    )
    """The CloudFront distribution of the site, where it is behind one."""
    vpc_id = StringInput(lambda stack: stack.network.vpc_id if stack.network else None)
    """The VPC that functions run in."""
    private_subnet_ids = StringList(lambda stack: stack.network.private_subnet_ids if stack.network else None)
    """The subnets that functions run in."""
    function_security_group_ids = StringList(lambda stack: stack.network.security_group_ids if stack.network else None)
    """Their security groups."""
    vpc_cidr_block = String(_of_created_network(lambda network: network.vpc.resource.cidr_block))
    """The addresses of a VPC that the stack created."""
    availability_zones = StringList(_of_created_network(lambda network: network.vpc.zones))
    """The zones it is over."""
    public_subnet_ids = StringList(_of_created_network(lambda network: [subnet.id for subnet in network.vpc.public]))
    """Its public subnets, one in each zone."""
    vpc_endpoint_ids = StringMap(_of_created_network(lambda network: network.endpoints.ids))
    """The VPC endpoints, by service."""
    nat_gateway_ids = StringList(
        _of_created_network(lambda network: [gateway.id for gateway in network.nat.gateways] if network.nat else None)
    )
    """Its NAT gateways."""
    nat_public_ips = StringList(
        _of_created_network(
            lambda network: [address.public_ip for address in network.nat.addresses] if network.nat else None
        )
    )
    """The addresses that functions have on the internet."""
    flow_log_group_name = String(
        _of_created_network(lambda network: network.flow_logs.log_group.name if network.flow_logs else None)
    )
    """The log of traffic that its security groups rejected."""


def declarations() -> dict[str, StackOutput[Any]]:
    """Return the outputs that a stack of any service can have, by name."""
    return {name: output for name, output in vars(StackOutputs).items() if isinstance(output, StackOutput)}


def collect(stack: TapStack) -> dict[str, Any]:
    """Return every output that a stack has, by name."""
    values = {name: output.compute(stack) for name, output in declarations().items()}
    return {**{name: value for name, value in values.items() if value is not None}, **_named_by_service(stack)}


def _named_by_service(stack: TapStack) -> dict[str, pulumi.Output[str]]:
    """Return the outputs that each table and topic has of its own, as the service definition names them."""
    definitions: tuple[model.Table | model.Topic, ...] = (*stack.description.tables, *stack.description.topics)
    created: Mapping[str, Table | Topic] = {**stack.tables, **stack.topics}
    return {
        output: getattr(created[definition.name], attribute)
        for definition in definitions
        for attribute, output in definition.outputs().items()
    }
