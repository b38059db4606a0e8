"""The outputs of a `TapStack`: what they are, and where they come from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import pulumi

from . import policies
from .components.network import Network

if TYPE_CHECKING:
    from . import service
    from .components.table import Table
    from .components.topic import Topic
    from .components.user_pool import UserPool
    from .tap_stack import TapStack

Text = pulumi.Output[str]
Texts = dict[str, pulumi.Output[str]]
List = Sequence[pulumi.Input[str]]


class ServiceOutputs:
    """Outputs of the tables and topics of the built-in services; `CUSTOM_OUTPUTS` has those of custom services."""

    items_table_name: Text
    """Name of the `items` table of the inventory service."""
    items_table_arn: Text
    """ARN of the `items` table of the inventory service."""
    audit_table_name: Text
    """Name of the `audit` table of the inventory service."""
    audit_table_arn: Text
    """ARN of the `audit` table of the inventory service."""
    sns_topic_arn: Text
    """ARN of the `alerts` topic of the inventory service."""
    management_table_name: Text
    """Name of the `management` table of the stock service."""
    management_table_arn: Text
    """ARN of the `management` table of the stock service."""
    reservations_table_name: Text
    """Name of the `reservations` table of the stock service."""
    reservations_table_arn: Text
    """ARN of the `reservations` table of the stock service."""
    movements_table_name: Text
    """Name of the `movements` table of the stock service."""
    movements_table_arn: Text
    """ARN of the `movements` table of the stock service."""
    stock_alerts_topic_arn: Text
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

    service: str
    """Which service it is."""
    environment: str
    """The suffix in its names."""
    environment_profile: str
    """Environment profile with its settings: `dev`, `test`, `staging` or `prod`."""
    dynamodb_table_name: Text
    """The first table's name."""
    dynamodb_table_arn: Text
    """The first table's ARN."""
    table_names: Texts
    """Every table's name."""
    table_arns: Texts
    """Every table's ARN."""
    lambda_function_name: Text
    """The first function's name."""
    lambda_function_arn: Text
    """The first function's ARN."""
    lambda_function_version: Text
    """The version of the first function that was published last."""
    lambda_role_name: Text
    """The name of the first function's role."""
    lambda_role_arn: Text
    """The ARN of the first function's role."""
    function_versions: Texts
    """The version of every function that was published last."""
    alias_arns: Texts
    """What callers of each function call, where they call an alias."""
    rollout_application: Text
    """The application of CodeDeploy, where it moves the aliases; the deployment group of each function has its name."""
    function_names: Texts
    """Every function's name."""
    function_arns: Texts
    """Every function's ARN."""
    role_arns: Texts
    """The ARN of every function's role."""
    layer_arns: Texts
    """The ARN of the one layer, where functions share their code."""
    log_group_names: Texts
    """Where each function logs."""
    log_group_arns: Texts
    """The ARN of each function's log group."""
    api_rest_id: Text
    """The API's id."""
    api_name: Text
    """The API's name."""
    api_execution_arn: Text
    """What the ARNs of its methods begin with."""
    api_deployment_id: Text
    """The deployment on its stage."""
    api_stage: Text
    """Its stage."""
    api_stage_arn: Text
    """The ARN of its stage."""
    api_url: Text
    """URL of the API. If the `execute-api` endpoint is disabled, it is the URL of the domain."""
    cors_origin: pulumi.Input[str]
    """The allowed CORS origins, separated by commas, `*`, or `none`."""
    lambda_runtime: Text
    """What the first function runs on."""
    tracing: bool
    """Whether requests are traced."""
    authorization: str
    """How its callers show who they are: `NONE`, `API_KEY`, `AWS_IAM` or `COGNITO_USER_POOLS`."""
    api_key_id: Text
    """The id of its key, where a route asks for one."""
    api_key: Text
    """The key itself: a secret."""
    caller_policies: Texts
    """For callers that sign their requests, the IAM policy they need, by scope."""
    user_pool_id: Text
    """The user pool whose tokens it asks for."""
    user_pool_arn: Text
    """The user pool's ARN."""
    user_pool_group: Text
    """Group of an existing user pool. Only its members can call the API."""
    user_pool_client_id: Text
    """The app client of pages."""
    machine_client_id: Text
    """The app client of programs."""
    machine_client_secret: Text
    """What programs get tokens with: a secret."""
    sign_in_url: Text
    """Where people sign in, and under `/oauth2/token` tokens are given out."""
    scopes: Texts
    """Every scope as tokens carry it, by its name."""
    access_log_group_name: Text
    """The API's access log."""
    execution_log_group_name: Text
    """The API's execution log."""
    api_log_role_arn: Text
    """The role with which API Gateway logs, where it was made here."""
    web_acl_arn: Text
    """The web ACL on its stage."""
    domain_name: str
    """The API's own domain."""
    domain_url: str
    """Where the API answers under its own domain."""
    domain_target: Text
    """What DNS must point `domain_name` at."""
    domain_zone_id: Text
    """The zone of Route 53 that `domain_target` is in."""
    certificate_arn: Text
    """The certificate of `domain_name`, where it was made here."""
    alarm_topic_arn: Text
    """The ARN of the topic that alarms go to."""
    alarm_topic_name: Text
    """The name of the topic that alarms go to."""
    topic_arns: Texts
    """The ARN of every topic of the service's own."""
    parameter_names: Texts
    """The path of every parameter."""
    secret_names: Texts
    """Where every secret is kept; its value is nowhere but there."""
    key_arn: Text
    """The key that encrypts everything, where it is none of AWS's own."""
    key_id: Text
    """The id of the key, where one was made."""
    key_alias: Text
    """The alias of the key, where one was made."""
    replica_key_arns: Texts
    """The key of each region in which the tables have replicas."""
    alarm_names: Texts
    """Every alarm's name, by what it is on and what it watches."""
    alarm_arns: Texts
    """Every alarm's ARN, likewise."""
    health_alarm_name: Text
    """The alarm that is on as long as any of the service is."""
    dashboard_name: Text
    """The service's dashboard in CloudWatch."""
    schedule_names: Texts
    """The rule of every schedule."""
    replica_regions: list[str]
    """Where the tables have replicas."""
    backup_vault_arn: Text
    """Where AWS Backup keeps backups of the tables."""
    backup_restore_role_arn: Text
    """The role under which AWS Backup restores them."""
    budget_name: Text
    """The budget that watches what the service costs."""
    dead_letter_queue_name: Text
    """The name of the queue that keeps what failed for good."""
    dead_letter_queue_arn: Text
    """The queue's ARN."""
    dead_letter_queue_url: Text
    """The queue's address."""
    site_url: Text
    """The origin of the site's pages."""
    site_bucket_name: Text
    """The bucket of the site's pages."""
    site_distribution_id: Text
    """The CloudFront distribution of the site, where it is behind one."""
    vpc_id: pulumi.Input[str]
    """The VPC that functions run in."""
    private_subnet_ids: List
    """The subnets that functions run in."""
    function_security_group_ids: List
    """Their security groups."""
    vpc_cidr_block: Text
    """The addresses of a VPC that was made."""
    availability_zones: List
    """The zones it is over."""
    public_subnet_ids: List
    """Its public subnets, one in each zone."""
    vpc_endpoint_ids: Texts
    """Its endpoints, by the service they lead to."""
    nat_gateway_ids: List
    """Its NAT gateways."""
    nat_public_ips: List
    """The addresses that functions have on the internet."""
    flow_log_group_name: Text
    """The log of what its security groups refused."""


def collect(stack: TapStack) -> dict[str, Any]:
    """Every output of a stack, by name."""
    return {
        **_tables(stack),
        **_named_by_service(stack),
        **_encryption(stack),
        **_functions(stack),
        **_api(stack),
        **_key(stack),
        **_callers(stack),
        **_logs(stack),
        **_domain(stack),
        **_alarms(stack),
        **_kept(stack),
        **_queue(stack),
        **_site(stack),
        **_network(stack),
    }


def _tables(stack: TapStack) -> dict[str, Any]:
    table = next(iter(stack.tables.values()))
    return {
        "service": stack.description.name,
        "environment": stack.args.environment,
        "environment_profile": stack.args.profile,
        "dynamodb_table_name": table.name,
        "dynamodb_table_arn": table.arn,
        "table_names": {name: made.name for name, made in stack.tables.items()},
        "table_arns": {name: made.arn for name, made in stack.tables.items()},
        "topic_arns": {name: made.arn for name, made in stack.topics.items()},
        "parameter_names": {name: made.name for name, made in stack.parameters.items()},
        "secret_names": {name: made.name for name, made in stack.secrets.items()},
    }


def _named_by_service(stack: TapStack) -> Texts:
    """Return the outputs that each table and topic has of its own, as the service definition names them."""
    definitions: tuple[service.Table | service.Topic, ...] = (*stack.description.tables, *stack.description.topics)
    created: Mapping[str, Table | Topic] = {**stack.tables, **stack.topics}
    return {
        output: getattr(created[definition.name], attribute)
        for definition in definitions
        for attribute, output in definition.outputs().items()
    }


def _encryption(stack: TapStack) -> dict[str, Any]:
    key, arn = stack.key, stack.encrypted_by
    return {
        **({"key_arn": arn, "replica_key_arns": stack.replicas_encrypted_by} if arn is not None else {}),
        **({"key_id": key.id, "key_alias": key.alias.name} if key else {}),
    }


def _functions(stack: TapStack) -> dict[str, Any]:
    function = next(iter(stack.functions.values()))
    role = next(iter(stack.roles.values()))
    return {
        "lambda_function_name": function.name,
        "lambda_function_arn": function.arn,
        "lambda_function_version": function.resource.version,
        "lambda_runtime": function.resource.runtime,
        "lambda_role_name": role.name,
        "lambda_role_arn": role.arn,
        "function_names": {name: made.name for name, made in stack.functions.items()},
        "function_arns": {name: made.arn for name, made in stack.functions.items()},
        "function_versions": {name: made.resource.version for name, made in stack.functions.items()},
        "alias_arns": {name: made.alias.arn for name, made in stack.functions.items() if made.alias},
        **({"rollout_application": stack.rollout.resource.name} if stack.rollout else {}),
        "role_arns": {name: made.arn for name, made in stack.roles.items()},
        "layer_arns": {name: made.arn for name, made in stack.layers.items()},
        "log_group_names": {name: made.log_group.name for name, made in stack.functions.items()},
        "log_group_arns": {name: made.log_group.arn for name, made in stack.functions.items()},
        "schedule_names": {name: made.resource.name for name, made in stack.schedules.items()},
        "tracing": bool(stack.settings.function.tracing),
    }


def _api(stack: TapStack) -> dict[str, Any]:
    api = stack.api
    return {
        "api_rest_id": api.resource.id,
        "api_name": api.resource.name,
        "api_execution_arn": api.resource.execution_arn,
        "api_deployment_id": api.deployment.id,
        "api_stage": api.stage.stage_name,
        "api_stage_arn": api.stage.arn,
        "api_url": api.url,
        "cors_origin": stack.origin or ",".join(stack.args.cors_origins()) or "none",
        **({"web_acl_arn": stack.firewall.arn} if stack.firewall else {}),
    }


def _key(stack: TapStack) -> Texts:
    plan = stack.api.usage_plan
    return {"api_key_id": plan.key.id, "api_key": pulumi.Output.secret(plan.key.value)} if plan else {}


def _callers(stack: TapStack) -> dict[str, Any]:
    kind, scopes = stack.settings.authorization.type, stack.description.scopes()
    policies_by_scope = {scope: _policy(stack.api.grant(scope)) for scope in scopes}
    return {
        "authorization": kind,
        **({"caller_policies": policies_by_scope} if kind == "AWS_IAM" else {}),
        **(_users(stack.user_pool, scopes) if stack.user_pool else {}),
    }


def _policy(statement: pulumi.Output[policies.Statement]) -> Text:
    return pulumi.Output.json_dumps(statement.apply(lambda one: policies.document([one])))


def _users(pool: UserPool, scopes: list[str]) -> dict[str, Any]:
    return {
        "user_pool_id": pool.id,
        "user_pool_arn": pool.arn,
        "sign_in_url": pool.url,
        "scopes": {scope: pool.scope(scope) for scope in scopes},
        **({} if pool.group is None else {"user_pool_group": pool.group}),
        "machine_client_id": pool.machines.id,
        "machine_client_secret": pulumi.Output.secret(pool.machines.client_secret),
        **({"user_pool_client_id": pool.pages.id} if pool.pages else {}),
    }


def _logs(stack: TapStack) -> Texts:
    logs = stack.api.logs
    if not logs:
        return {}
    return {
        **({"access_log_group_name": logs.access.name} if logs.access else {}),
        **({"execution_log_group_name": logs.execution.name} if logs.execution else {}),
        **({"api_log_role_arn": logs.account.role.arn} if logs.account and logs.account.role else {}),
    }


def _domain(stack: TapStack) -> dict[str, Any]:
    domain = stack.api.domain
    if not domain:
        return {}
    return {
        "domain_name": stack.settings.api.domain_name,
        "domain_url": domain.url,
        "domain_target": domain.target,
        "domain_zone_id": domain.zone_id,
        **({"certificate_arn": domain.certificate.arn} if domain.certificate else {}),
    }


def _alarms(stack: TapStack) -> dict[str, Any]:
    alarms = {f"{name}-{kind}": alarm for name, made in stack.alarms.items() for kind, alarm in made.resources.items()}
    own = {alarm.name: f"{alarm.on}-{alarm.name}" for alarm in stack.description.alarms}
    alarms |= {own.get(label, label): made.resource for label, made in stack.further_alarms.items()}
    return {
        "alarm_topic_arn": stack.alarm_topic.arn,
        "alarm_topic_name": stack.alarm_topic.name,
        "alarm_names": {name: alarm.name for name, alarm in alarms.items()},
        "alarm_arns": {name: alarm.arn for name, alarm in alarms.items()},
        **({"health_alarm_name": stack.health.name} if stack.health else {}),
        **({"dashboard_name": stack.dashboard.name} if stack.dashboard else {}),
    }


def _kept(stack: TapStack) -> dict[str, Any]:
    return {
        "replica_regions": list(stack.settings.table.replica_regions or ()),
        **({"budget_name": stack.budget.name} if stack.budget else {}),
        **({"backup_vault_arn": stack.backup.vault.arn} if stack.backup else {}),
        **({"backup_restore_role_arn": stack.backup.restore_role.arn} if stack.backup else {}),
    }


def _queue(stack: TapStack) -> Texts:
    queue = stack.dead_letters
    if not queue:
        return {}
    return {
        "dead_letter_queue_name": queue.name,
        "dead_letter_queue_arn": queue.arn,
        "dead_letter_queue_url": queue.url,
    }


def _site(stack: TapStack) -> Texts:
    site = stack.site
    if not site:
        return {}
    return {
        "site_url": site.url,
        "site_bucket_name": site.bucket.name,
        **({"site_distribution_id": site.distribution.id} if site.distribution else {}),
    }


def _network(stack: TapStack) -> dict[str, Any]:
    network = stack.network
    if not network:
        return {}
    return {
        "vpc_id": network.vpc_id,
        "private_subnet_ids": network.private_subnet_ids,
        "function_security_group_ids": network.security_group_ids,
        **(_made_network(network) if isinstance(network, Network) else {}),
    }


def _made_network(network: Network) -> dict[str, Any]:
    vpc, nat, logs = network.vpc, network.nat, network.flow_logs
    addresses = {"nat_public_ips": [address.public_ip for address in nat.addresses]} if nat else {}
    return {
        "vpc_cidr_block": vpc.resource.cidr_block,
        "availability_zones": vpc.zones,
        "public_subnet_ids": [subnet.id for subnet in vpc.public],
        "vpc_endpoint_ids": network.endpoints.ids,
        **({"nat_gateway_ids": [gateway.id for gateway in nat.gateways], **addresses} if nat else {}),
        **({"flow_log_group_name": logs.log_group.name} if logs else {}),
    }
