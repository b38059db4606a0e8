"""The outputs of a `TapStack`: name, type, documentation and value of each in one declaration."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

import pulumi

from ..components.compute.event_consumer import EventConsumer
from ..components.network.network import Network
from ..documents import iam
from ..model import Route, alarm_targets
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

    from ..components.api.http_api import HttpApi
    from ..components.api.rest_api import Api
    from ..components.data.table import Table
    from ..components.messaging.event_bus import EventBus
    from ..components.messaging.queue import Queue
    from ..components.messaging.topic import Topic
    from ..components.storage.bucket import Bucket
    from ..tap_stack import TapStack

_T = TypeVar("_T")


def _first(resources: Mapping[str, _T]) -> _T:
    return next(iter(resources.values()))


def _of_first_table(compute: Callable[[Table], _T]) -> Callable[[TapStack], _T | None]:
    """Return a function from a stack to a value of its first table; None if it has none."""
    return lambda stack: compute(_first(stack.tables)) if stack.tables else None


def _of_api(compute: Callable[[Api | HttpApi], _T | None]) -> Callable[[TapStack], _T | None]:
    """Return a function from a stack to a value of its default API; None if it has none."""
    return lambda stack: compute(stack.api) if stack.api else None


def _of_stack_with_api(compute: Callable[[TapStack], _T | None]) -> Callable[[TapStack], _T | None]:
    """Return a function from a stack to a value that only a stack with an API has."""
    return lambda stack: compute(stack) if stack.api else None


def _runtime(stack: TapStack) -> pulumi.Output[str]:
    # Only functions of container images have no runtime.
    return cast("pulumi.Output[str]", _first(stack.functions).resource.runtime)


def _of_created_network(compute: Callable[[Network], _T | None]) -> Callable[[TapStack], _T | None]:
    """Return a function from a stack to a value of the network that it creates; None if it creates none."""
    return lambda stack: compute(stack.network) if isinstance(stack.network, Network) else None


def _caller_policies(stack: TapStack) -> dict[str, pulumi.Output[str]] | None:
    if not stack.apis or stack.settings.authorization.type != "AWS_IAM":
        return None
    service, policies = stack.service_definition, {}
    for scope in service.scopes():
        granting = [name for name in stack.apis if scope in map(Route.required_scope, service.routes_of(name))]
        policies[scope] = _policy(pulumi.Output.all(*(stack.apis[name].grant(scope) for name in granting)))
    return policies


def _url_policies(stack: TapStack) -> dict[str, pulumi.Output[str]] | None:
    urls = {name: url for name, url in stack.urls.items() if url.auth == "AWS_IAM"}
    return {name: _policy(url.grant()) for name, url in urls.items()} or None


def _policy(statements: pulumi.Output[list[iam.Statement]]) -> pulumi.Output[str]:
    return pulumi.Output.json_dumps(statements.apply(iam.policy_document))


def _of_several_apis(compute: Callable[[Api | HttpApi], _T]) -> Callable[[TapStack], dict[str, _T] | None]:
    """Return a function from a stack to a value of each API by name; None if it has only the default API."""

    def compute_all(stack: TapStack) -> dict[str, _T] | None:
        names = {*stack.apis} - {stack.service_definition.api_type}
        return {name: compute(api) for name, api in stack.apis.items()} if names else None

    return compute_all


def _of_machine_client(
    compute: Callable[[aws.cognito.UserPoolClient], pulumi.Output[str]],
) -> Callable[[TapStack], pulumi.Output[str] | None]:
    """Return a function from a stack to a value of the app client of applications; None if it has none."""

    def compute_if_created(stack: TapStack) -> pulumi.Output[str] | None:
        client = stack.user_pool.machine_client if stack.user_pool else None
        return compute(client) if client else None

    return compute_if_created


def _scopes(stack: TapStack) -> dict[str, pulumi.Output[str]] | None:
    pool = stack.user_pool
    return {scope: pool.scope(scope) for scope in stack.service_definition.scopes()} or None if pool else None


def _alarms(stack: TapStack) -> dict[str, aws.cloudwatch.MetricAlarm]:
    on_functions = {
        f"{name}-{kind}": alarm for name, alarms in stack.alarms.items() for kind, alarm in alarms.resources.items()
    }
    labels = {alarm.name: f"{alarm_targets.label(alarm.on)}-{alarm.name}" for alarm in stack.service_definition.alarms}
    additional = {labels.get(name, name): alarm.resource for name, alarm in stack.additional_alarms.items()}
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
    "<bucket>_bucket_name": "Name of a bucket of a custom service: `<bucket>` is formed like `<table>`.",
    "<bucket>_bucket_arn": "ARN of the same bucket.",
    "<bus>_event_bus_name": "Name of an event bus of a custom service: `<bus>` is formed like `<table>`.",
    "<bus>_event_bus_arn": "ARN of the same event bus.",
    "<queue>_queue_url": "URL of a queue of a custom service: `<queue>` is formed like `<table>`.",
    "<queue>_queue_arn": "ARN of the same queue.",
    "<queue>_queue_dead_letter_url": "URL of the dead-letter queue of the same queue.",
}
"""Patterns of the outputs of the resources of custom services, with their descriptions."""


class StackOutputs(ServiceOutputs):
    """IDs, names and ARNs of the resources of a stack.

    If there are several resources of a kind, one output contains the first and another contains all by name. A stack
    lacks the outputs of resources that it does not have.
    """

    service = PlainString(lambda stack: stack.service_definition.name)
    """Name of the service."""
    environment = PlainString(lambda stack: stack.args.environment)
    """Environment suffix, which is part of every physical name."""
    environment_profile = PlainString(lambda stack: stack.args.profile)
    """Environment profile with its settings: `dev`, `test`, `staging` or `prod`."""
    dynamodb_table_name = String(_of_first_table(lambda table: table.name))
    """Name of the first table."""
    dynamodb_table_arn = String(_of_first_table(lambda table: table.arn))
    """ARN of the first table."""
    table_names = StringMap(lambda stack: {name: table.name for name, table in stack.tables.items()})
    """Names of the tables."""
    table_arns = StringMap(lambda stack: {name: table.arn for name, table in stack.tables.items()})
    """ARNs of the tables."""
    lambda_function_name = String(lambda stack: _first(stack.functions).name)
    """Name of the first function."""
    lambda_function_arn = String(lambda stack: _first(stack.functions).arn)
    """ARN of the first function."""
    lambda_function_version = String(lambda stack: _first(stack.functions).resource.version)
    """Latest published version of the first function."""
    lambda_role_name = String(lambda stack: _first(stack.roles).name)
    """Name of the role of the first function."""
    lambda_role_arn = String(lambda stack: _first(stack.roles).arn)
    """ARN of the role of the first function."""
    function_versions = StringMap(
        lambda stack: {name: function.resource.version for name, function in stack.functions.items()}
    )
    """Latest published versions of the functions."""
    alias_arns = StringMap(
        lambda stack: {name: function.alias.arn for name, function in stack.functions.items() if function.alias}
    )
    """ARNs of the aliases that callers invoke, if functions have an alias."""
    rollout_application = String(lambda stack: stack.rollout.resource.name if stack.rollout else None)
    """Name of the CodeDeploy application that shifts the aliases. The deployment group of a function has the name of
    the function."""
    function_names = StringMap(lambda stack: {name: function.name for name, function in stack.functions.items()})
    """Names of the functions."""
    function_arns = StringMap(lambda stack: {name: function.arn for name, function in stack.functions.items()})
    """ARNs of the functions."""
    role_arns = StringMap(lambda stack: {name: role.arn for name, role in stack.roles.items()})
    """ARNs of the roles of the functions."""
    layer_arns = StringMap(lambda stack: {name: layer.arn for name, layer in stack.layers.items()})
    """ARN of the Lambda layer, if functions share their code."""
    log_group_names = StringMap(
        lambda stack: {name: function.log_group.name for name, function in stack.functions.items()}
    )
    """Names of the log groups of the functions."""
    log_group_arns = StringMap(
        lambda stack: {name: function.log_group.arn for name, function in stack.functions.items()}
    )
    """ARNs of the log groups of the functions."""
    api_rest_id = String(_of_api(lambda api: api.resource.id))
    """ID of the default API."""
    api_name = String(_of_api(lambda api: api.resource.name))
    """Name of the default API."""
    api_execution_arn = String(_of_api(lambda api: api.resource.execution_arn))
    """Execution ARN of the default API, with which the ARNs of its methods begin."""
    api_deployment_id = String(_of_api(lambda api: api.deployment_id))
    """ID of the deployment on the stage."""
    api_stage = String(_of_api(lambda api: api.stage_name))
    """Name of the stage."""
    api_stage_arn = String(_of_api(lambda api: api.stage.arn))
    """ARN of the stage."""
    api_url = String(_of_api(lambda api: api.url))
    """URL of the API. If the `execute-api` endpoint is disabled, it is the URL of the domain."""
    api_urls = StringMap(_of_several_apis(lambda api: api.url))
    """URLs of the APIs by name, if the service has others than the default API."""
    api_ids = StringMap(_of_several_apis(lambda api: api.resource.id))
    """IDs of the APIs by name, if the service has others than the default API."""
    function_urls = StringMap(lambda stack: {name: url.url for name, url in stack.urls.items()} or None)
    """URLs of functions that have one, by the name of the function."""
    function_url_policies = StringMap(_url_policies)
    """IAM policies for callers of function URLs that sign their requests, by the name of the function."""
    cors_origin = StringInput(
        _of_stack_with_api(lambda stack: stack.site_origin or ",".join(stack.args.cors_origins()) or "none")
    )
    """Allowed CORS origins, separated by commas, `*`, or `none`."""
    lambda_runtime = String(_runtime)
    """Runtime of the first function."""
    tracing = PlainBoolean(lambda stack: bool(stack.settings.function.tracing))
    """Whether X-Ray traces requests."""
    authorization = PlainString(_of_stack_with_api(lambda stack: stack.settings.authorization.type))
    """Authorization of callers: `NONE`, `API_KEY`, `AWS_IAM` or `COGNITO_USER_POOLS`."""
    api_key_id = String(_of_api(lambda api: api.usage_plan.key.id if api.usage_plan else None))
    """ID of the API key, if a route requires one."""
    api_key = String(_of_api(lambda api: pulumi.Output.secret(api.usage_plan.key.value) if api.usage_plan else None))
    """Value of the API key, as a secret."""
    caller_policies = StringMap(_caller_policies)
    """IAM policies for callers that sign their requests, by scope."""
    user_pool_id = String(lambda stack: stack.user_pool.id if stack.user_pool else None)
    """ID of the user pool that issues the tokens."""
    user_pool_arn = String(lambda stack: stack.user_pool.arn if stack.user_pool else None)
    """ARN of the user pool."""
    user_pool_group = String(lambda stack: stack.user_pool.group if stack.user_pool else None)
    """Group of an existing user pool. Only its members can call the API."""
    user_pool_client_id = String(
        lambda stack: stack.user_pool.web_client.id if stack.user_pool and stack.user_pool.web_client else None
    )
    """ID of the app client of the site."""
    machine_client_id = String(_of_machine_client(lambda client: client.id))
    """ID of the app client of machine-to-machine clients."""
    machine_client_secret = String(_of_machine_client(lambda client: pulumi.Output.secret(client.client_secret)))
    """Client secret of that app client, as a secret."""
    sign_in_url = String(lambda stack: stack.user_pool.url if stack.user_pool else None)
    """URL of the sign-in page. Its path `/oauth2/token` is the token endpoint."""
    scopes = StringMap(_scopes)
    """Scopes as tokens contain them, by name."""
    access_log_group_name = String(_of_api(lambda api: api.access_log.name if api.access_log else None))
    """Name of the access log group of the API."""
    execution_log_group_name = String(
        _of_api(lambda api: api.logs.execution.name if api.logs and api.logs.execution else None)
    )
    """Name of the execution log group of the API."""
    api_log_role_arn = String(
        _of_api(
            lambda api: api.logs.account.role.arn if api.logs and api.logs.account and api.logs.account.role else None
        )
    )
    """ARN of the role with which API Gateway writes logs, if the stack created it."""
    web_acl_arn = String(lambda stack: stack.firewall.arn if stack.firewall else None)
    """ARN of the web ACL of the stage."""
    domain_name = PlainString(lambda stack: stack.settings.api.domain_name if stack.api and stack.api.domain else None)
    """Custom domain name of the API."""
    domain_url = PlainString(_of_api(lambda api: api.domain.url if api.domain else None))
    """URL of the API under its custom domain."""
    domain_target = String(_of_api(lambda api: api.domain.target if api.domain else None))
    """Target of the DNS record for `domain_name`."""
    domain_zone_id = String(_of_api(lambda api: api.domain.zone_id if api.domain else None))
    """ID of the Route 53 hosted zone of `domain_target`."""
    certificate_arn = String(
        _of_api(lambda api: api.domain.certificate.arn if api.domain and api.domain.certificate else None)
    )
    """ARN of the certificate of `domain_name`, if the stack created it."""
    alarm_topic_arn = String(lambda stack: stack.alarm_topic.arn)
    """ARN of the topic that alarms notify."""
    alarm_topic_name = String(lambda stack: stack.alarm_topic.name)
    """Name of the topic that alarms notify."""
    topic_arns = StringMap(lambda stack: {name: topic.arn for name, topic in stack.topics.items()})
    """ARNs of the topics that the service definition names."""
    bucket_names = StringMap(lambda stack: {name: bucket.name for name, bucket in stack.buckets.items()} or None)
    """Names of the buckets of the service definition."""
    event_bus_names = StringMap(lambda stack: {name: bus.name for name, bus in stack.event_buses.items()} or None)
    """Names of the event buses of the service definition."""
    event_rule_names = StringMap(
        lambda stack: (
            {name: each.resource.name for name, each in stack.consumers.items() if isinstance(each, EventConsumer)}
            or None
        )
    )
    """Names of the EventBridge rules of the consumers of events."""
    queue_urls = StringMap(lambda stack: {name: queue.url for name, queue in stack.queues.items()} or None)
    """URLs of the queues that the service definition names."""
    queue_arns = StringMap(lambda stack: {name: queue.arn for name, queue in stack.queues.items()} or None)
    """ARNs of the queues that the service definition names."""
    parameter_names = StringMap(lambda stack: {name: parameter.name for name, parameter in stack.parameters.items()})
    """Paths of the parameters."""
    secret_names = StringMap(lambda stack: {name: secret.name for name, secret in stack.secrets.items()})
    """Names of the secrets in their store. No output contains the values."""
    key_arn = StringInput(lambda stack: stack.kms_key_arn)
    """ARN of the customer managed key."""
    key_id = String(lambda stack: stack.key.id if stack.key else None)
    """ID of the key, if the stack created one."""
    key_alias = String(lambda stack: stack.key.alias.name if stack.key else None)
    """Alias of the key, if the stack created one."""
    replica_key_arns = StringInputMap(lambda stack: None if stack.kms_key_arn is None else stack.replica_kms_key_arns)
    """ARNs of the keys by replica region."""
    alarm_names = StringMap(lambda stack: {name: alarm.name for name, alarm in _alarms(stack).items()})
    """Names of the alarms, by target and metric."""
    alarm_arns = StringMap(lambda stack: {name: alarm.arn for name, alarm in _alarms(stack).items()})
    """ARNs of the alarms, by target and metric."""
    health_alarm_name = String(lambda stack: stack.health.name if stack.health else None)
    """Name of the composite alarm over all alarms of the service."""
    dashboard_name = String(lambda stack: stack.dashboard.name if stack.dashboard else None)
    """Name of the CloudWatch dashboard."""
    schedule_names = StringMap(
        lambda stack: {name: schedule.resource.name for name, schedule in stack.schedules.items()}
    )
    """Names of the EventBridge rules of the schedules."""
    replica_regions = PlainStringList(lambda stack: list(stack.settings.table.replica_regions or ()))
    """Regions with replicas of the tables."""
    backup_vault_arn = String(lambda stack: stack.backup.vault.arn if stack.backup else None)
    """ARN of the backup vault."""
    backup_restore_role_arn = String(lambda stack: stack.backup.restore_role.arn if stack.backup else None)
    """ARN of the role with which AWS Backup restores backups."""
    budget_name = String(lambda stack: stack.budget.name if stack.budget else None)
    """Name of the budget."""
    dead_letter_queue_name = String(lambda stack: stack.dead_letters.name if stack.dead_letters else None)
    """Name of the dead-letter queue, which receives events that failed after all retries."""
    dead_letter_queue_arn = String(lambda stack: stack.dead_letters.arn if stack.dead_letters else None)
    """ARN of the dead-letter queue."""
    dead_letter_queue_url = String(lambda stack: stack.dead_letters.url if stack.dead_letters else None)
    """URL of the dead-letter queue."""
    site_url = String(lambda stack: stack.site.url if stack.site else None)
    """URL of the site, which is also its origin."""
    site_bucket_name = String(lambda stack: stack.site.bucket.name if stack.site else None)
    """Name of the bucket of the site."""
    site_distribution_id = String(
        lambda stack: stack.site.distribution.id if stack.site and stack.site.distribution else None
    )
    """ID of the CloudFront distribution of the site, unless the site is public."""
    vpc_id = StringInput(lambda stack: stack.network.vpc_id if stack.network else None)
    """ID of the VPC of the functions."""
    private_subnet_ids = StringList(lambda stack: stack.network.private_subnet_ids if stack.network else None)
    """IDs of the subnets of the functions."""
    function_security_group_ids = StringList(lambda stack: stack.network.security_group_ids if stack.network else None)
    """IDs of the security groups of the functions."""
    vpc_cidr_block = String(_of_created_network(lambda network: network.vpc.resource.cidr_block))
    """CIDR block of a created VPC."""
    availability_zones = StringList(_of_created_network(lambda network: network.vpc.zones))
    """Availability zones of a created VPC."""
    public_subnet_ids = StringList(_of_created_network(lambda network: [subnet.id for subnet in network.vpc.public]))
    """IDs of the public subnets of a created VPC, one in each zone."""
    vpc_endpoint_ids = StringMap(_of_created_network(lambda network: network.endpoints.ids))
    """IDs of the VPC endpoints of a created VPC, by service."""
    nat_gateway_ids = StringList(
        _of_created_network(lambda network: [gateway.id for gateway in network.nat.gateways] if network.nat else None)
    )
    """IDs of the NAT gateways of a created VPC."""
    nat_public_ips = StringList(
        _of_created_network(
            lambda network: [address.public_ip for address in network.nat.addresses] if network.nat else None
        )
    )
    """Public IP addresses of the NAT gateways, from which functions access the internet."""
    flow_log_group_name = String(
        _of_created_network(lambda network: network.flow_logs.log_group.name if network.flow_logs else None)
    )
    """Name of the log group with rejected connections of a created VPC."""


def declarations() -> dict[str, StackOutput[Any]]:
    """Return the outputs that a stack of any service can have, by name."""
    return {name: output for name, output in vars(StackOutputs).items() if isinstance(output, StackOutput)}


def collect(stack: TapStack) -> dict[str, Any]:
    """Return every output that a stack has, by name."""
    values = {name: output.compute(stack) for name, output in declarations().items()}
    return {**{name: value for name, value in values.items() if value is not None}, **_named_by_service(stack)}


def _named_by_service(stack: TapStack) -> dict[str, pulumi.Output[str]]:
    """Return the outputs of each resource that the service definition names."""
    created: Mapping[str, Table | Topic | Queue | Bucket | EventBus] = {
        **stack.tables,
        **stack.topics,
        **stack.queues,
        **stack.buckets,
        **stack.event_buses,
    }
    definitions = stack.service_definition.resources()
    return {
        output: getattr(resource, attribute)
        for name, resource in created.items()
        for attribute, output in definitions[name].outputs().items()
    }
