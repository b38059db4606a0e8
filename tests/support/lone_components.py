"""A program for each component of the library that creates it without a `TapStack`."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pulumi

from lib.components.api.api_account import ApiAccount, ApiAccountArgs
from lib.components.api.api_logs import ApiLogs, ApiLogsArgs
from lib.components.api.certificate import Certificate, CertificateArgs
from lib.components.api.domain import Domain, DomainArgs
from lib.components.api.firewall import Firewall, FirewallArgs
from lib.components.api.function_url import FunctionUrl, FunctionUrlArgs
from lib.components.api.http_api import HttpApi, HttpApiArgs
from lib.components.api.preflight import Preflight, PreflightArgs
from lib.components.api.rest_api import Api, ApiArgs
from lib.components.api.usage_plan import UsagePlan, UsagePlanArgs
from lib.components.api.user_pool import UserPool, UserPoolArgs
from lib.components.compute.event_consumer import EventConsumer, EventConsumerArgs
from lib.components.compute.function import Function, FunctionArgs
from lib.components.compute.layer import Layer, LayerArgs
from lib.components.compute.queue_consumer import QueueConsumer, QueueConsumerArgs
from lib.components.compute.role import Role, RoleArgs
from lib.components.compute.rollout import Rollout, RolloutArgs
from lib.components.compute.schedule import Schedule, ScheduleArgs
from lib.components.compute.stream_consumer import StreamConsumer, StreamConsumerArgs
from lib.components.compute.topic_consumer import TopicConsumer, TopicConsumerArgs
from lib.components.data.backup import Backup, BackupArgs
from lib.components.data.key import KEY_SERVICES, Key, KeyArgs
from lib.components.data.parameter import Parameter, ParameterArgs
from lib.components.data.secret import Secret, SecretArgs
from lib.components.data.table import Table, TableArgs
from lib.components.messaging.event_bus import EventBus, EventBusArgs
from lib.components.messaging.queue import Queue, QueueArgs
from lib.components.messaging.topic import Topic, TopicArgs
from lib.components.monitoring.alarm import Alarm, AlarmArgs
from lib.components.monitoring.budget import Budget, BudgetArgs
from lib.components.monitoring.composite_alarm import CompositeAlarm, CompositeAlarmArgs
from lib.components.monitoring.dashboard import Dashboard, DashboardArgs
from lib.components.monitoring.function_alarms import Alarms, AlarmsArgs
from lib.components.network.endpoints import VpcEndpoints, VpcEndpointsArgs
from lib.components.network.existing_network import ExistingNetwork, ExistingNetworkArgs
from lib.components.network.flow_logs import FlowLogs, FlowLogsArgs
from lib.components.network.function_security_group import FunctionSecurityGroup, FunctionSecurityGroupArgs
from lib.components.network.nat import Nat, NatArgs
from lib.components.network.network import Network, NetworkArgs
from lib.components.network.vpc import Vpc, VpcArgs
from lib.components.site.distribution import Distribution, DistributionArgs
from lib.components.site.site import Site, SiteArgs
from lib.components.site.site_files import SiteFiles, SiteFilesArgs
from lib.components.site.website import Website, WebsiteArgs
from lib.components.storage.bucket import Bucket, BucketArgs
from lib.components.storage.notification import BucketNotification, BucketNotificationArgs, BucketTarget
from lib.model import BucketConsumer, BucketCors, Expiration, Index, JwtAuthorizer, Store, Throttle, UrlAuth
from lib.model import Key as Attribute
from lib.model import Site as SiteDefinition
from lib.settings import (
    USER_POOL,
    ApiSettings,
    AuthorizationSettings,
    BackupSettings,
    FunctionSettings,
    NetworkSettings,
    SiteSettings,
    TableSettings,
)

from .builders import NEW_PARCEL, PAGES, a_route, a_service, a_table, an_alarm, an_authorizer

POOL_ARN = "arn:aws:cognito-idp:us-east-1:123456789012:userpool/us-east-1_aB3dE5fG7"
VAULT_ARN = "arn:aws:backup:us-west-2:123456789012:backup-vault:post"
MANY_ALARMS = 150
"""Number of alarms that exceeds the maximum of one composite alarm."""


def topic() -> Topic:
    """Create a topic with an email subscription and a policy."""
    return Topic("lost", TopicArgs(name="lost", email="ops@example.com", publishers=("cloudwatch", "budgets")))


def table(settings: TableSettings | None = None) -> Table:
    """Create a table with an index and a stream."""
    index = Index(name="by-state", hash_key=Attribute("state"))
    definition = a_table(indexes=(index,), stream="NEW_IMAGE")
    return Table("parcels", TableArgs(name="parcels", table=definition, settings=settings or TableSettings()))


def queue() -> Queue:
    """Create a queue to which an EventBridge rule can send messages."""
    return Queue("failures", QueueArgs(name="failures", rules=("nightly",)))


def key() -> Key:
    """Create a key for every supported AWS service, with a replica."""
    return Key("encryption", KeyArgs(name="post", services=KEY_SERVICES, replica_regions=("us-west-2",)))


def parameter() -> Parameter:
    """Create a parameter with the name of a table."""
    return Parameter("table-name", ParameterArgs(name="/post/dev/table-name", value=table().name))


def secret(store: Store = "ssm") -> Secret:
    """Create a secret with Pulumi outputs as its value and its KMS key."""
    value = pulumi.Output.secret("open sesame")
    return Secret("token", SecretArgs(name="/post/dev/token", store=store, value=value, kms_key_arn=key().arn))


def role() -> Role:
    """Create a role with the permissions that other components grant."""
    granted = table()
    statements = [
        granted.grant(["GetItem"]),
        granted.grant(["Query"], indexes=["by-state"]),
        granted.grant_stream(),
        topic().grant(["Publish"]),
        queue().grant(["SendMessage"]),
        secret().grant(["GetParameter"]),
    ]
    return Role("clerk", RoleArgs(name_prefix="clerk-role-", statements=statements))


def function(name: str = "desk", alias: str = "live") -> Function:
    """Create a function in a VPC, with an alias and a dead-letter queue."""
    assumed = Role(f"{name}-role", RoleArgs(name_prefix=f"{name}-role-"))
    args = FunctionArgs(
        name=f"post-{name}",
        role_arn=assumed.arn,
        role_name=assumed.name,
        files={"index.py": "handler = print\n"},
        environment={"DESK": "1"},
        dead_letter_arn=Queue(f"{name}-failures", QueueArgs(name=f"{name}-failures")).arn,
        subnet_ids=["subnet-1"],
        security_group_ids=["sg-1"],
        alias=alias,
        settings=FunctionSettings(provisioned_concurrency=1),
    )
    return Function(name, args)


def alarms(monitored: Function | None = None) -> Alarms:
    function_name = (monitored or function()).name
    args = AlarmsArgs(function_name=function_name, topic_arn=topic().arn, naming=lambda alarm: f"desk-{alarm}")
    return Alarms("desk-alarms", args)


def alarm() -> Alarm:
    """Create an alarm for a queue."""
    failures = queue()
    args = AlarmArgs(
        name="depth",
        alarm=an_alarm(metric="ApproximateNumberOfMessagesVisible"),
        subject=failures.name,
        namespace="AWS/SQS",
        dimensions={"QueueName": failures.name},
        topic_arn=topic().arn,
    )
    return Alarm("depth", args)


def composite() -> CompositeAlarm:
    """Create a composite alarm over more alarms than one rule can contain."""
    names = [pulumi.Output.from_input(f"alarm-{number}") for number in range(MANY_ALARMS)]
    return CompositeAlarm(
        "health", CompositeAlarmArgs(name="health", description="", alarms=names, topic_arn=topic().arn)
    )


def bucket() -> Bucket:
    return Bucket("files", BucketArgs(name_prefix="post-", kms_key_arn=key().arn))


def data_bucket() -> Bucket:
    """Create a bucket with versions, CORS rules, expirations and a policy."""
    args = BucketArgs(
        name_prefix="post-",
        kms_key_arn=key().arn,
        versioned=True,
        cors=(BucketCors(origins=("*",)),),
        expirations=(Expiration(days=7, prefix="uploads/"),),
        requires_tls=True,
    )
    return Bucket("data", args)


def notification() -> BucketNotification:
    """Create the notification configuration of a bucket."""
    desk = function()
    target = BucketTarget(
        consumer=BucketConsumer(name="resize", bucket="data", operation="resize", suffix=".jpg"),
        function=desk.target(),
    )
    args = BucketNotificationArgs(bucket=data_bucket(), targets=[target], account="123456789012")
    return BucketNotification("data", args)


def event_bus() -> EventBus:
    """Create an encrypted event bus with an archive."""
    args = EventBusArgs(
        name="shop", archive_name="shop", archive_days=30, kms_key_arn=key().arn, dead_letter_arn=queue().arn
    )
    return EventBus("shop", args)


def event_consumer() -> EventConsumer:
    """Create a rule on an event bus that invokes the alias of a function."""
    desk = function()
    args = EventConsumerArgs(
        name="pack",
        consumer="pack",
        pattern={"source": ["shop"]},
        bus_name=event_bus().name,
        function=desk.target(),
        dead_letter_arn=Queue("undelivered", QueueArgs(name="undelivered")).arn,
    )
    return EventConsumer("pack", args)


def website() -> Website:
    public = Bucket("files", BucketArgs(name_prefix="post-", public=True))
    return Website("front", WebsiteArgs(bucket=public))


def site(public: bool = False) -> Site:
    definition = SiteDefinition(folder=Path(PAGES), hashed="assets/")
    args = SiteArgs(name_prefix="post-", site=definition, settings=SiteSettings(public=public))
    return Site("pages", args)


def site_files() -> SiteFiles:
    """Create the files of a site, with a Pulumi output in its config."""
    served = site()
    return SiteFiles("pages", SiteFilesArgs(site=served, config={"site_url": served.url}))


def user_pool(existing: bool = False) -> UserPool:
    """Create a user pool, or clients and scopes in an existing one."""
    settings = AuthorizationSettings(type=USER_POOL, user_pool=POOL_ARN if existing else "create")
    urls = [pulumi.Output.from_input("https://post.example.com/")]
    return UserPool(
        "users", UserPoolArgs(name="post-dev", scopes=["read", "write"], settings=settings, callback_urls=urls)
    )


def api(authorization: Any = USER_POOL) -> Api:
    """Create an API with a request body, all logs, a domain, a health route and a type of authorization."""
    routes = [(a_route(), function()), (a_route(method="POST", body="NewParcel"), function("clerk", alias=""))]
    settings = ApiSettings(
        access_log=True,
        execution_log_level="INFO",
        log_role="create",
        health_route=True,
        domain_name="post.example.com",
        zone_id="Z0123456789ABC",
    )
    args = ApiArgs(
        name="counter",
        routes=routes,
        schemas={"NewParcel": NEW_PARCEL},
        settings=settings,
        authorization=AuthorizationSettings(type=authorization),
        user_pool=user_pool() if authorization == USER_POOL else None,
        cors_origins=[site().url],
    )
    return Api("counter", args)


def signed_api() -> Api:
    """Create an API with IAM authorization, and a statement that allows calls."""
    signed = api("AWS_IAM")
    pulumi.export("statement", signed.grant("read"))
    return signed


def usage_plan() -> UsagePlan:
    args = UsagePlanArgs(name="plan", key_name="key", api_id=api("NONE").resource.id, stage_name="prod")
    return UsagePlan("usage", args)


def http_api(authorization: Any = USER_POOL) -> HttpApi:
    """Create an HTTP API with a domain, an access log, a limited route, and a JWT and a Lambda authorizer."""
    desk, gate = function(), function("gate")
    login = JwtAuthorizer(name="login", issuer="user-pool")
    routes = [
        (a_route(), desk),
        (a_route(method="POST", throttle=Throttle(rate_per_second=1, burst=2)), desk),
        (a_route(path="/login", authorizer="login"), desk),
        (a_route(path="/gate", authorizer="gate"), desk),
    ]
    args = HttpApiArgs(
        name="counter",
        routes=routes,
        settings=ApiSettings(
            access_log=True,
            cors_origin="https://shop.example.com",
            domain_name="counter.example.com",
            zone_id="Z0123456789ABC",
            disable_execute_api_endpoint=True,
        ),
        authorization=AuthorizationSettings(type=authorization),
        user_pool=user_pool() if authorization == USER_POOL else None,
        authorizers=[(login.function().authorizers[0], gate), (an_authorizer(name="gate", type="REQUEST"), gate)],
        jwt_authorizers={"login": login},
        kms_key_arn=key().arn,
    )
    return HttpApi("counter", args)


def function_url(auth: UrlAuth = "NONE") -> FunctionUrl:
    """Create the URL of an alias."""
    origins = ["https://shop.example.com"]
    return FunctionUrl(
        "desk", FunctionUrlArgs(function=function(), auth=auth, routes=[a_route()], cors_origins=origins)
    )


def signed_http_api() -> HttpApi:
    """Create an HTTP API with IAM authorization, and a statement that allows calls."""
    signed = http_api("AWS_IAM")
    pulumi.export("statement", signed.grant("read"))
    return signed


def signed_function_url() -> FunctionUrl:
    """Create a URL with IAM authorization, and the statements that allow calls."""
    signed = function_url("AWS_IAM")
    pulumi.export("statements", signed.grant())
    return signed


def preflight() -> Preflight:
    """Create the function that responds to OPTIONS for the site and another origin."""
    origins: list[pulumi.Input[str]] = [site().url, "https://shop.example.com"]
    args = PreflightArgs(name="preflight", origins=origins, methods={"/parcels": ["GET"]}, kms_key_arn=key().arn)
    return Preflight("preflight", args)


def vpc() -> Vpc:
    return Vpc("network", VpcArgs(name="post", settings=NetworkSettings(zones=2)))


def network() -> Network:
    """Create a network with NAT gateways, endpoints and flow logs."""
    settings = NetworkSettings(vpc="create", nat_gateways="per-zone", flow_logs=True, interface_endpoints=True)
    statements = {"dynamodb": [table().grant(["GetItem"])], "sns": [topic().grant(["Publish"])]}
    return Network("network", NetworkArgs(name="post", settings=settings, statements=statements))


def nat() -> Nat:
    """Create a NAT gateway."""
    parent = vpc()
    args = NatArgs(
        name="post",
        vpc_id=parent.id,
        public_subnet_ids=[subnet.id for subnet in parent.public],
        private_route_table_ids=[routes.id for routes in parent.route_tables],
    )
    return Nat("nat", args)


def endpoints() -> VpcEndpoints:
    """Create the endpoints of a VPC."""
    parent = vpc()
    args = VpcEndpointsArgs(
        name="post",
        vpc_id=parent.id,
        region=parent.resource.region,
        account=parent.resource.owner_id,
        route_table_ids=[routes.id for routes in parent.route_tables],
        subnet_ids=[subnet.id for subnet in parent.private],
        statements={"sns": [topic().grant(["Publish"])]},
    )
    return VpcEndpoints("endpoint", args)


def function_group() -> FunctionSecurityGroup:
    """Create a security group for functions that call endpoints."""
    vpc_endpoints = endpoints()
    args = FunctionSecurityGroupArgs(
        name="post-functions",
        vpc_id="vpc-0a1b2c3d",
        prefix_list_ids=vpc_endpoints.prefix_list_ids(),
        group_ids=vpc_endpoints.group_ids(),
    )
    return FunctionSecurityGroup("functions", args)


def flow_logs() -> FlowLogs:
    parent = vpc()
    return FlowLogs("refused", FlowLogsArgs(name="post", vpc_id=parent.id, account=parent.resource.owner_id))


def existing_network() -> ExistingNetwork:
    args = ExistingNetworkArgs(name="post", vpc_id="vpc-0a1b2c3d", private_subnet_ids=["subnet-1"])
    return ExistingNetwork("network", args)


def backup() -> Backup:
    """Create backups of an encrypted table, with copies in another region."""
    encryption_key = key()
    args = BackupArgs(
        name="post",
        table_arns=[table().arn],
        settings=BackupSettings(retention_days=35, copy_to_vault_arn=VAULT_ARN),
        kms_key_arn=encryption_key.arn,
        table_key_arns=[encryption_key.arn],
    )
    return Backup("backup", args)


def rollout() -> Rollout:
    desk = function()
    desk_alarms = list(alarms(desk).resources.values())
    args = RolloutArgs(
        name="post", strategy="Canary10Percent5Minutes", functions={"desk": desk}, alarms={"desk": desk_alarms}
    )
    return Rollout("rollout", args)


def schedule() -> Schedule:
    """Create a schedule for the alias of a function."""
    desk = function()
    args = ScheduleArgs(
        name="nightly",
        schedule="nightly",
        rate="rate(1 day)",
        function=desk.target(),
        dead_letter_arn=queue().arn,
    )
    return Schedule("nightly", args)


def consumer() -> StreamConsumer:
    args = StreamConsumerArgs(
        stream_arn=table().stream_arn, function_name=function().target_name, dead_letter_arn=queue().arn, pattern={}
    )
    return StreamConsumer("arrivals", args)


def queue_with_dead_letters() -> Queue:
    """Create a FIFO queue with a dead-letter queue."""
    dead_letters = Queue("lost", QueueArgs(name="lost.fifo", fifo=True, topics=("news",)))
    return Queue("orders", QueueArgs(name="orders.fifo", fifo=True, dead_letters=dead_letters))


def queue_consumer() -> QueueConsumer:
    args = QueueConsumerArgs(
        queue_arn=queue_with_dead_letters().arn, function_name=function().target_name, max_concurrency=2
    )
    return QueueConsumer("fulfillment", args)


def topic_consumer() -> TopicConsumer:
    """Create a subscription of the alias of a function, with a dead-letter queue."""
    desk = function()
    args = TopicConsumerArgs(
        topic_arn=topic().arn,
        function=desk.target(),
        filter_policy={"kind": ["public"]},
        dead_letter_arn=queue().arn,
    )
    return TopicConsumer("announcements", args)


def dashboard() -> Dashboard:
    """Create a dashboard of a service."""
    counter = api("NONE")
    names = {
        "region": counter.resource.region,
        "apis": {"api": counter.metric_dimensions()},
        "functions": {"desk": counter.resource.name},
        "tables": {"parcels": table().name},
        "queue": queue().name,
        "alarms": [alarm.arn for alarm in alarms(function("watched")).resources.values()],
    }
    return Dashboard("dashboard", DashboardArgs(name="post", service=a_service(), names=names))


def firewall() -> Firewall:
    return Firewall("firewall", FirewallArgs(name="post", stage_arn=api("API_KEY").stage.arn))


def distribution() -> Distribution:
    return Distribution("front", DistributionArgs(bucket=bucket()))


def api_logs() -> ApiLogs:
    settings = ApiSettings(stage_name="live", access_log=True, execution_log_level="INFO", log_role="create")
    return ApiLogs("logs", ApiLogsArgs(api_name="counter", api_id=api("NONE").resource.id, settings=settings))


def domain() -> Domain:
    counter = api("NONE")
    args = DomainArgs(
        name="a.example.com", zone_id="Z0123456789ABC", api_id=counter.resource.id, stage_name=counter.stage.stage_name
    )
    return Domain("own", args)


def layer() -> Layer:
    return Layer("shared", LayerArgs(name="shared", files={"post/__init__.py": ""}, runtimes=["python3.13"]))


def certificate() -> Certificate:
    return Certificate("tls", CertificateArgs(domain_name="a.example.com", zone_id="Z0123456789ABC"))


def budget() -> Budget:
    args = BudgetArgs(name="post", monthly_usd=10, allocation={"Service": "post"}, topic_arn=topic().arn)
    return Budget("budget", args)


def account() -> ApiAccount:
    return ApiAccount("gate", ApiAccountArgs(owner="counter"))


def provisioned_table() -> Table:
    """Create a table with auto scaling and a replica."""
    return table(TableSettings(billing_mode="PROVISIONED", replica_regions=("us-west-2",)))


def existing_table() -> Table:
    existing = table(TableSettings(existing=True))
    pulumi.export("statement", existing.grant(["GetItem"]))
    return existing


LONE_COMPONENTS: dict[str, Callable[[], pulumi.ComponentResource]] = {
    "alarm": alarm,
    "alarms": alarms,
    "api": api,
    "api_account": account,
    "api_logs": api_logs,
    "api_with_signatures": signed_api,
    "backup": backup,
    "bucket": bucket,
    "budget": budget,
    "certificate": certificate,
    "composite": composite,
    "consumer": consumer,
    "dashboard": dashboard,
    "data_bucket": data_bucket,
    "distribution": distribution,
    "domain": domain,
    "endpoints": endpoints,
    "event_bus": event_bus,
    "event_consumer": event_consumer,
    "existing_table": existing_table,
    "existing_user_pool": lambda: user_pool(existing=True),
    "firewall": firewall,
    "flow_logs": flow_logs,
    "function": function,
    "function_group": function_group,
    "function_url": function_url,
    "function_url_with_signatures": signed_function_url,
    "http_api": http_api,
    "http_api_with_signatures": signed_http_api,
    "key": key,
    "layer": layer,
    "nat": nat,
    "network": network,
    "notification": notification,
    "parameter": parameter,
    "preflight": preflight,
    "provisioned_table": provisioned_table,
    "public_site": lambda: site(public=True),
    "queue": queue,
    "queue_consumer": queue_consumer,
    "queue_with_dead_letters": queue_with_dead_letters,
    "role": role,
    "rollout": rollout,
    "schedule": schedule,
    "secret": secret,
    "secret_in_secrets_manager": lambda: secret("secretsmanager"),
    "site": site,
    "site_files": site_files,
    "existing_network": existing_network,
    "table": table,
    "topic": topic,
    "topic_consumer": topic_consumer,
    "usage_plan": usage_plan,
    "user_pool": user_pool,
    "vpc": vpc,
    "website": website,
}
"""Programs by the component that they create, or by a variant of the component."""
