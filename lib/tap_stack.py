"""`TapStack`: a service description and an environment, as a running serverless API."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from functools import cached_property
from typing import Any, NamedTuple

import pulumi

from . import concurrency, existing_resources, policies, previous_state, site
from . import service as described
from .archive import own_sources, shared_sources, sources
from .args import TapStackArgs
from .backup_vaults import name_suffix
from .components.alarm import Alarm, AlarmArgs
from .components.alarms import Alarms, AlarmsArgs
from .components.api import Api, ApiArgs
from .components.backup import Backup, BackupArgs
from .components.budget import Budget, BudgetArgs
from .components.composite import Composite, CompositeArgs
from .components.consumer import Consumer, ConsumerArgs
from .components.dashboard import Dashboard, DashboardArgs
from .components.firewall import Firewall, FirewallArgs
from .components.function import DEFAULT_ALIAS, Function, FunctionArgs
from .components.key import Key, KeyArgs
from .components.layer import Layer, LayerArgs
from .components.network import Network, NetworkArgs
from .components.parameter import Parameter, ParameterArgs
from .components.queue import Queue, QueueArgs
from .components.role import Role, RoleArgs
from .components.rollout import Rollout, RolloutArgs
from .components.schedule import Schedule, ScheduleArgs
from .components.secret import Secret, SecretArgs
from .components.site import Site, SiteArgs
from .components.site_files import SiteFiles, SiteFilesArgs
from .components.standing_network import StandingNetwork, StandingNetworkArgs
from .components.table import Table, TableArgs
from .components.topic import Topic, TopicArgs
from .components.user_pool import UserPool, UserPoolArgs
from .derived import concat, derive
from .environments import ENVIRONMENTS
from .naming import (
    bucket_name_prefix,
    parameter_name,
    physical_name,
    role_name_prefix,
    secret_name,
    user_pool_name,
)
from .network import calls
from .provider_info import ProviderInfo
from .runtime import aws as aws_client
from .runtime import metrics
from .settings import USER_POOL, AlarmSettings, FunctionSettings
from .settings.origins import SITE
from .settings.rollout import GRADUAL
from .stack_outputs import StackOutputs, collect
from .transitions import Transitions

__all__ = ["TapStack", "TapStackArgs"]

DEPRECATED_RUNTIMES = {"python3.9": "2025-12-15"}
"""Since when AWS no longer patches a runtime it still takes."""
PREFLIGHT_CONCURRENCY = 20
"""Maximum reserved concurrency of the function that responds to OPTIONS, if the functions have any: preflight requests
need no authorization."""
BUDGET_PUBLISHERS = ("cloudwatch", "budgets")
"""Who publishes to the topic of alarms where a budget does."""


class Watched(NamedTuple):
    """What an alarm is on: its name in AWS, and how CloudWatch tells its metrics from others."""

    name: pulumi.Output[str]
    namespace: str
    dimensions: dict[str, pulumi.Output[str]]


class TapStack(pulumi.ComponentResource, StackOutputs):
    """A serverless API: a key, tables, topics, parameters, secrets, a queue, a site, roles, a network, functions, what
    calls them, a REST API, alarms.

    Every resource it makes can be reached: `tables["..."].resource`, `functions["..."].resource`, `api.resource`, ...
    Its outputs, `StackOutputs`, are attributes of it, too.
    """

    def __init__(self, name: str, args: TapStackArgs | None = None, opts: pulumi.ResourceOptions | None = None) -> None:
        self.args = args or TapStackArgs()
        self.description = self.args.description()
        self.settings = self.args.settings()
        self._transitions = Transitions(name, self.args, previous_state.read(), opts)
        self._transitions.check(self._table_names())
        super().__init__(previous_state.STACK_TOKEN, name, None, opts)
        self._warn()
        self._transitions.look_up(self._names(), self._invoke)
        self.key = self._key() if self.settings.encryption.key == "made" else None
        self.tables = {table.name: self._table(table) for table in self.description.tables}
        self.topics = {topic.name: self._topic(topic.name) for topic in self.description.topics}
        self.alarm_topic = self.topics.get(self.description.alarms_type) or self._topic(self.description.alarms_type)
        self.backup = self._backup() if self.settings.backup.retention_days else None
        self.parameters = {parameter.name: self._parameter(parameter) for parameter in self.description.parameters}
        self.secrets = {secret.name: self._secret(secret) for secret in self.description.secrets}
        self.site = self._site(self.description.site) if self.description.site else None
        self.user_pool = self._user_pool() if self.settings.authorization.type == USER_POOL else None
        self.dead_letters = self._dead_letters() if self.description.dead_letters else None
        self.roles = {function.name: self._role(function) for function in self.description.functions}
        self.layers = {shared: self._layer(shared) for shared in [self.description.shared_type] if shared}
        self.network = self._network() if self.settings.network.in_vpc() else None
        self.functions = {function.name: self._function(function) for function in self.description.functions}
        self.schedules = self._schedules()
        self.consumers = self._consumers()
        self.api = self._api()
        self.firewall = self._firewall() if self.settings.firewall.enabled else None
        self.site_files = self._site_files(self.site) if self.site else None
        self.alarms = self._alarms()
        self.further_alarms = self._further_alarms()
        self.health = self._health() if self.settings.alarms.recommended else None
        self.dashboard = self._dashboard() if self.settings.observation.dashboard else None
        self.budget = self._budget() if self._budgeted else None
        self.rollout = self._rollout() if self._gradual() else None
        self.outputs = collect(self)
        for output, value in self.outputs.items():
            setattr(self, output, value)
        self.register_outputs(self.outputs)

    @property
    def environment_suffix(self) -> str:
        """Environment suffix that is part of every physical name."""
        return self.args.environment

    @property
    def tags(self) -> dict[str, pulumi.Input[str]]:
        """Tags of every resource: the defaults, overridden by the tags of the arguments."""
        return self.args.all_tags

    @property
    def _prefix(self) -> str:
        """The logical name, with which those of all children begin."""
        return self._transitions.prefix

    @cached_property
    def _info(self) -> ProviderInfo:
        """Account, region and partition of the provider, which every component of the stack shares."""
        return ProviderInfo(self)

    @property
    def _child(self) -> pulumi.ResourceOptions:
        return pulumi.ResourceOptions(parent=self)

    @property
    def cors_origins(self) -> list[pulumi.Input[str]]:
        """Allowed CORS origins, the URL of the service's own site among them if it is allowed."""
        return [self.site.url if self.site and origin == SITE else origin for origin in self.args.cors_origins()]

    @property
    def origin(self) -> pulumi.Output[str] | None:
        """Allowed CORS origins, separated by commas, if the service's own site is one; None: all are known already."""
        if SITE not in self.args.cors_origins():
            return None
        return derive(lambda *origins: ",".join(origins), *self.cors_origins)

    @property
    def encrypted_by(self) -> pulumi.Input[str] | None:
        """The key that encrypts everything, where that is none of AWS's own."""
        return self.key.arn if self.key else self.settings.encryption.standing()

    @property
    def replicas_encrypted_by(self) -> dict[str, pulumi.Input[str]]:
        """Likewise in the other regions of the tables."""
        if self.key:
            return {**self.key.replica_arns}
        standing, regions = self.settings.encryption.standing(), self.settings.table.replica_regions or ()
        return {region: policies.in_region(standing, region) for region in regions} if standing else {}

    @property
    def _invoke(self) -> pulumi.InvokeOptions:
        return pulumi.InvokeOptions(parent=self)

    def _table_names(self) -> dict[str, str]:
        return {table.name: self._physical("table", table.name) for table in self.description.tables}

    def _user_pool_name(self) -> str:
        return user_pool_name(self.description.name, self.args.environment)

    def _secret_name(self, secret: described.Secret) -> str:
        return secret_name(secret.store, self.description.name, self.args.environment, secret.name)

    def _vault_name(self, number: int) -> str:
        return self._only("vault", f"backup{name_suffix(number)}")

    def _names(self) -> existing_resources.Names:
        """Return the names to look up in AWS before anything is created."""
        settings = self.settings
        authorization = settings.authorization
        return existing_resources.Names(
            tables=[] if settings.table.existing else [*self._table_names().values()],
            functions=[self._physical("function", function.name) for function in self.description.functions],
            vault_naming=self._vault_name if settings.backup.retention_days else None,
            replica_regions=settings.table.replica_regions or (),
            user_pool=self._user_pool_name()
            if (authorization.type, authorization.user_pool) == (USER_POOL, "made")
            else "",
            secrets=[(secret.store, self._secret_name(secret)) for secret in self.description.secrets],
            creates_key=settings.encryption.key == "made" and not self._transitions.has_own_key(),
        )

    def _warn(self) -> None:
        for warning in self._transitions.warnings():
            pulumi.log.warn(warning, resource=self)
        if self.args.uses_default_profile:
            pulumi.log.info(
                f"environment_suffix {self.args.environment!r} names no environment profile, so the settings of "
                f"{self.args.profile} apply. Set environment_profile to select another profile: "
                f"{', '.join(ENVIRONMENTS)}.",
                resource=self,
            )
        runtimes = {self.args.function_settings(function).runtime for function in self.description.functions}
        for runtime in sorted(DEPRECATED_RUNTIMES.keys() & runtimes):
            pulumi.log.warn(
                f"{self.description.name} runs on {runtime}, deprecated by AWS since {DEPRECATED_RUNTIMES[runtime]}: "
                "set lambda_runtime, or TapStackArgs(function=FunctionSettings(runtime=...)), to python3.13",
                resource=self,
            )
        if not self.settings.alarms.notification_email:
            pulumi.log.info("nobody is written to when an alarm goes off: set notification_email", resource=self)
        if not self.args.cors_origins():
            pulumi.log.info(
                "no CORS origin is set, so no page of another origin may call the API: set cors_origin if one should",
                resource=self,
            )

        if self.description.site and self.settings.authorization.type == "AWS_IAM":
            pulumi.log.warn(
                f"{self.description.name}'s pages cannot sign requests, as AWS_IAM wants it: "
                f"set authorization to {USER_POOL} for people to sign in",
                resource=self,
            )
        if self.description.site and not site.files(self.description.site):
            pulumi.log.warn(
                f"{self.description.name} has no pages, for {self.description.site.folder} holds no file: "
                "build them with make site, and deploy again",
                resource=self,
            )

    def _physical(self, kind: str, type_: str) -> str:
        return physical_name(self.description.name_pattern, kind, self.args.environment, type=type_)

    @property
    def _stem(self) -> str:
        """What tells the names of what a service has one of from those of another with the same pattern."""
        return self.description.api_type.removesuffix("api")

    def _only(self, kind: str, type_: str) -> str:
        """The name in AWS of something that a service has one of."""
        return self._physical(kind, f"{self._stem}{type_}")

    def _alarm_name(self, function: str, alarm: str) -> str:
        pattern = self.description.alarm_pattern or self.description.name_pattern
        if function == self.description.preflight_type() and "{function}" not in pattern:
            # The names that the pattern yields are those of the service's only function.
            pattern = self.description.name_pattern
        parts = {"type": f"{function}-{alarm.lower()}", "function": function, "alarm": alarm}
        return physical_name(pattern, "alarm", self.args.environment, **parts)

    def _key(self) -> Key:
        return Key(
            f"{self._prefix}-encryption",
            KeyArgs(
                name=self._only("key", "key"),
                users=self._key_users(),
                description=f"{self.description.title}, {self.args.environment}: all that rests",
                replica_regions=self.settings.table.replica_regions or (),
                settings=self.settings.encryption,
                retain_on_delete=bool(self.settings.table.retain_on_delete),
                import_id=self._transitions.adopted.import_id(existing_resources.KEY),
                import_replica_ids=self._imported_replicas(existing_resources.REPLICA_KEY),
                provider_info=self._info,
                tags=self.args.all_tags,
            ),
            self._child,
        )

    def _key_users(self) -> list[str]:
        """The AWS services that have to do with what the key encrypts."""
        queued, private = bool(self.description.dead_letters), not self.settings.site.public
        found: dict[str, bool] = {
            **dict.fromkeys(("dynamodb", "lambda", "logs", "sns", "cloudwatch"), True),
            **dict.fromkeys(("sqs", "events"), queued),
            **dict.fromkeys(("s3", "cloudfront"), bool(self.description.site) and private),
            **{secret.store: True for secret in self.description.secrets},
            "budgets": bool(self.settings.cost.monthly_budget_usd),
            "backup": bool(self.settings.backup.retention_days),
        }
        return [name for name, used in found.items() if used]

    def _table(self, table: described.Table) -> Table:
        return Table(
            f"{self._prefix}-{table.name}",
            TableArgs(
                name=self._physical("table", table.name),
                table=table,
                settings=self.settings.table,
                kms_key_arn=self.encrypted_by,
                aws_owned_key=self.settings.encryption.key == "owned",
                replica_key_arns=self.replicas_encrypted_by,
                aws_managed_key_arns=self._aws_managed_key_arns(table.name),
                was_replicated=self._transitions.was_replicated(table.name),
                was_on_demand=self._transitions.was_on_demand(table.name),
                import_id=self._transitions.adopted.import_id(
                    existing_resources.TABLE, self._physical("table", table.name)
                ),
                import_replica_ids=self._imported_replicas(
                    existing_resources.REPLICA, f"{self._physical('table', table.name)}/"
                ),
                tags=self.args.all_tags,
            ),
            self._child,
        )

    def _imported_replicas(self, token: str, owner: str = "") -> dict[str, str]:
        """Return the import ids of existing replicas, by region."""
        ids = {
            region: self._transitions.adopted.import_id(token, f"{owner}{region}")
            for region in self.settings.table.replica_regions or ()
        }
        return {region: id_ for region, id_ in ids.items() if id_}

    def _aws_managed_key_arns(self, table: str) -> dict[str, str]:
        """Return DynamoDB's AWS managed key by region, `""` for the table's own, where a key must be replaced by it.

        The provider keeps the key that a table has if its ARN is only removed, also one that is about to be deleted.
        """
        regions = ["", *(self.settings.table.replica_regions or ())] if self.settings.encryption.key == "aws" else []
        arns = {
            region: self._aws_managed_key_arn(region)
            for region in regions
            if self._transitions.customer_key_of(table, region)
        }
        return {region: arn for region, arn in arns.items() if arn}

    def _aws_managed_key_arn(self, region: str) -> str:
        arn = existing_resources.aws_managed_key_arn(region, self._invoke)
        if not arn and self._transitions.leaves_customer_key():
            pulumi.log.warn(
                f"{existing_resources.AWS_MANAGED_KEY} does not exist or cannot be read, so tables keep the customer "
                "managed key. Before that key is deleted, set encryption_key to owned and deploy again.",
                resource=self,
            )
        return arn

    def _topic(self, type_: str) -> Topic:
        return Topic(
            f"{self._prefix}-{type_}",
            TopicArgs(
                name=self._physical("topic", type_),
                email=self.settings.alarms.notification_email or "",
                publishers=BUDGET_PUBLISHERS if self._budgeted and type_ == self.description.alarms_type else (),
                kms_key_arn=self.encrypted_by,
                tags=self.args.all_tags,
            ),
            self._child,
        )

    def _backup(self) -> Backup:
        return Backup(
            f"{self._prefix}-backup",
            BackupArgs(
                name=self._vault_name(1),
                vault_naming=self._vault_name,
                vaults=self._transitions.vaults(
                    self._vault_name, lambda vault: existing_resources.is_empty_vault(vault, self._invoke)
                ),
                import_vaults=self._transitions.adopted_vaults(self._vault_name),
                table_arns=[table.arn for table in self.tables.values()],
                settings=self.settings.backup,
                kms_key_arn=self.encrypted_by,
                table_key_arns=[] if self.encrypted_by is None else [self.encrypted_by],
                retain_on_delete=bool(self.settings.table.retain_on_delete),
                provider_info=self._info,
                tags=self.args.all_tags,
            ),
            self._child,
        )

    @property
    def _budgeted(self) -> bool:
        return bool(self.settings.cost.monthly_budget_usd)

    def _budget(self) -> Budget:
        return Budget(
            f"{self._prefix}-budget",
            BudgetArgs(
                name=self._only("budget", "budget"),
                monthly_usd=self.settings.cost.monthly_budget_usd or 0,
                allocation=self.args.allocation(),
                topic_arn=self.alarm_topic.arn,
                tags=self.args.all_tags,
            ),
            self._child,
        )

    def _parameter(self, parameter: described.Parameter) -> Parameter:
        value: pulumi.Input[str] = (
            self.tables[parameter.table].name
            if parameter.table
            else json.dumps(parameter.value, sort_keys=True, separators=(",", ":"))
        )
        return Parameter(
            f"{self._prefix}-{parameter.name}",
            ParameterArgs(
                name=parameter_name(self.description.name, self.args.environment, parameter.name),
                value=value,
                description=f"{self.description.title}: {parameter.name.replace('-', ' ')}",
                tags=self.args.all_tags,
            ),
            self._child,
        )

    def _secret(self, secret: described.Secret) -> Secret:
        value = self.args.secrets.get(secret.name)
        return Secret(
            f"{self._prefix}-{secret.name}",
            SecretArgs(
                name=self._secret_name(secret),
                store=secret.store,
                value=value,
                description=f"{self.description.title}: {secret.description}",
                kms_key_arn=self.encrypted_by,
                # One that was made up is as lost with the secret as what it protects with a table.
                retain_on_delete=value is None and bool(self.settings.table.retain_on_delete),
                tags=self.args.all_tags,
            ),
            self._child,
        )

    def _site(self, described_site: described.Site) -> Site:
        return Site(
            f"{self._prefix}-{described_site.type}",
            SiteArgs(
                name_prefix=bucket_name_prefix(self._physical("bucket", described_site.type)),
                site=described_site,
                comment=f"{self.description.title}, {self.args.environment}",
                settings=self.settings.site,
                kms_key_arn=self.encrypted_by,
                retain_on_delete=bool(self.settings.table.retain_on_delete),
                tags=self.args.all_tags,
            ),
            self._child,
        )

    def _site_files(self, made: Site) -> SiteFiles:
        config: dict[str, Any] = {
            "api_url": self.api.url,
            "service": self.description.name,
            "environment": self.args.environment,
        }
        if (users := self.user_pool) and users.pages:
            config["sign_in"] = {"url": users.url, "client_id": users.pages.id, "scopes": users.scopes}
        return SiteFiles(
            f"{self._prefix}-{made.described.type}",
            SiteFilesArgs(
                site=made,
                config=config,
                tags=self.args.all_tags,
            ),
            self._child,
        )

    def _user_pool(self) -> UserPool:
        made, settings = self.site, self.settings
        pages = [concat(made.url, "/", page) for page in made.described.sign_in_pages] if made else []
        return UserPool(
            f"{self._prefix}-users",
            UserPoolArgs(
                name=self._user_pool_name(),
                scopes=self.description.scopes(),
                settings=settings.authorization,
                pages=pages,
                deletion_protection=bool(settings.table.deletion_protection),
                retain_on_delete=bool(settings.table.retain_on_delete),
                import_id=self._transitions.adopted.import_id(existing_resources.USER_POOL, self._user_pool_name()),
                provider_info=self._info,
                tags=self.args.all_tags,
            ),
            self._child,
        )

    def _dead_letters(self) -> Queue:
        type_ = self.description.dead_letters
        schedules = [schedule for function in self.description.functions for schedule in function.schedules]
        return Queue(
            f"{self._prefix}-{type_}",
            QueueArgs(
                name=self._physical("queue", type_),
                rules=[self._physical("rule", schedule.name) for schedule in schedules],
                kms_key_arn=self.encrypted_by,
                tags=self.args.all_tags,
            ),
            self._child,
        )

    def _role(self, function: described.Function) -> Role:
        traced = [policies.XRAY_WRITE] if self.args.function_settings(function).tracing else []
        logged = [policies.BASIC_EXECUTION] if self.description.log_access == "managed" else []
        in_vpc = [policies.vpc_access(), policies.lambda_alone()] if self.settings.network.in_vpc() else []
        return Role(
            f"{self._prefix}-{function.name}",
            RoleArgs(
                name_prefix=role_name_prefix(self._physical("function", function.name)),
                statements=[
                    *(self._statement(grant) for grant in function.grants()),
                    *(self.tables[consumer.table].grant_stream() for consumer in function.consumers),
                    *(queue.grant(["SendMessage"]) for queue in self._left_to(function)),
                    *self._key_statements(function),
                    *in_vpc,
                ],
                managed_policies=[*logged, *traced],
                provider_info=self._info,
                tags=self.args.all_tags,
            ),
            self._child,
        )

    def _key_statements(self, function: described.Function) -> list[pulumi.Output[policies.Statement]]:
        """What a function needs of the key, where there is one, to use what it was granted."""
        if self.encrypted_by is None:
            return []
        stores = {secret.name: secret.store for secret in self.description.secrets}
        services = {**dict.fromkeys(self.tables, "dynamodb"), **dict.fromkeys(self.topics, "sns"), **stores}
        used = {services[grant.on] for grant in function.grants() if grant.on in services}
        used |= {"dynamodb" for _ in function.consumers} | {"sqs" for _ in self._left_to(function)}
        needs = policies.key_needs(sorted(used)).items()
        suffix = self._info.dns_suffix
        return [derive(policies.key_use, self.encrypted_by, action, through, suffix) for action, through in needs]

    def _left_to(self, function: described.Function) -> list[Queue]:
        """Where what a function could not do ends up, if it has runs that nobody waits for."""
        return [self.dead_letters] if self.dead_letters and function.runs() else []

    def _dead_letter_arn(self, function: described.Function) -> pulumi.Output[str] | None:
        return next((queue.arn for queue in self._left_to(function)), None)

    def _statement(self, grant: described.Grant) -> pulumi.Output[policies.Statement]:
        if grant.on in self.tables:
            return self.tables[grant.on].grant(grant.actions, grant.indexes, grant.keys)
        granting: Mapping[str, Topic | Parameter | Secret] = {**self.topics, **self.parameters, **self.secrets}
        return granting[grant.on].grant(grant.actions)

    def _layer(self, type_: str) -> Layer:
        functions = self.description.functions
        shared = [shared_sources(handler) for handler in sorted({function.handler for function in functions})]
        runtimes = {self.args.function_settings(function).runtime or "" for function in functions}
        return Layer(
            f"{self._prefix}-{type_}",
            LayerArgs(
                name=self._physical("layer", type_),
                files={path: text for files in shared for path, text in files.items()},
                runtimes=sorted(runtimes),
            ),
            self._child,
        )

    def _network(self) -> Network | StandingNetwork:
        name, settings = self._only("network", "network"), self.settings.network
        if settings.vpc == "made":
            calling = calls(self.description).items()
            args = NetworkArgs(
                name=name,
                statements={service: [self._statement(grant) for grant in grants] for service, grants in calling},
                settings=settings,
                log_retention_days=self.settings.function.log_retention_days,
                kms_key_arn=self.encrypted_by,
                provider_info=self._info,
                tags=self.args.all_tags,
            )
            return Network(f"{self._prefix}-network", args, self._child)
        standing = StandingNetworkArgs(
            name=name,
            vpc_id=settings.vpc or "",
            private_subnet_ids=settings.private_subnet_ids or (),
            security_group_ids=settings.security_group_ids or (),
            tags=self.args.all_tags,
        )
        return StandingNetwork(f"{self._prefix}-network", standing, self._child)

    @cached_property
    def _reserved(self) -> dict[str, int]:
        """Reserved concurrency of each function.

        The numbers of a profile or a service are reduced to what the quota of the account allows, with a warning. A
        number in the arguments applies as it is.
        """
        settings = {function.name: self.args.function_settings(function) for function in self.description.functions}
        if self._preflight_name():
            settings[self.description.preflight_type()] = self._preflight_settings()
        reserved = {name: one.reserved_concurrency or 0 for name, one in settings.items()}
        if self.args.function.reserved_concurrency is not None or max(reserved.values()) < 1:
            return reserved
        quota = self._transitions.concurrency_quota(self._invoke)
        reduced = reserved if quota is None else concurrency.within_quota(reserved, quota)
        if reduced != reserved:
            total, remaining = (sum(number for number in one.values() if number > 0) for one in (reserved, reduced))
            pulumi.log.warn(
                f"{self.description.name} reserves {remaining} instead of {total} concurrent executions, because the "
                f"account allows {quota} in total and AWS keeps {concurrency.UNRESERVED} unreserved. Request a higher "
                "quota of concurrent executions of Lambda, or set lambda_reserved_concurrency.",
                resource=self,
            )
        return reduced

    def _function(self, function: described.Function) -> Function:
        role, network = self.roles[function.name], self.network
        packed = own_sources if self.layers else sources
        log_actions = policies.LOG_ACTIONS.get(self.description.log_access)
        return Function(
            f"{self._prefix}-{function.name}",
            FunctionArgs(
                name=self._physical("function", function.name),
                role_arn=role.arn,
                role_name=role.name if log_actions else None,
                log_actions=log_actions or (),
                files=packed(self.description, function, None if self.origin else ",".join(self.args.cors_origins())),
                layers=[layer.arn for layer in self.layers.values()],
                environment=self._variables(function),
                dead_letter_arn=self._dead_letter_arn(function),
                kms_key_arn=self.encrypted_by,
                subnet_ids=network.private_subnet_ids if network else (),
                security_group_ids=network.security_group_ids if network else (),
                alias=DEFAULT_ALIAS if self.settings.rollout.strategy != "none" else "",
                shifted=self._gradual(),
                settings=replace(
                    self.args.function_settings(function), reserved_concurrency=self._reserved[function.name]
                ),
                tags=self.args.all_tags,
                depends_on=[*role.permissions(), *([network] if network else [])],
            ),
            self._child,
        )

    def _gradual(self) -> bool:
        """Whether CodeDeploy moves the aliases, and not the deployment."""
        return self.settings.rollout.strategy in GRADUAL

    def _rollout(self) -> Rollout:
        return Rollout(
            f"{self._prefix}-rollout",
            RolloutArgs(
                name=self._only("application", "rollout"),
                strategy=self.settings.rollout.strategy or "",
                functions=self.functions,
                alarms={name: list(self.alarms[name].resources.values()) for name in self.functions},
                provider_info=self._info,
                tags=self.args.all_tags,
            ),
            self._child,
        )

    def _variables(self, function: described.Function) -> dict[str, pulumi.Input[str]]:
        """Return the environment variables of a function: its own, those of the resources that it was granted, and the
        DNS suffix of AWS services if it calls any."""
        granted = {grant.on for grant in function.grants()} | {consumer.table for consumer in function.consumers}
        found: dict[str, pulumi.Input[str]] = {**function.variables}
        if self.origin:
            found[described.CORS_VARIABLE] = self.origin
        if self.user_pool and self.user_pool.group is not None:
            found[described.GROUP_VARIABLE] = self.user_pool.group
        found |= {t.variable: self.tables[t.name].name for t in self.description.tables if t.name in granted}
        found |= {t.variable: self.topics[t.name].arn for t in self.description.topics if t.name in granted}
        found |= {s.variable: self.secrets[s.name].name for s in self.description.secrets if s.name in granted}
        for parameter in self.description.parameters:
            if parameter.name in granted and parameter.variable:
                made = self.parameters[parameter.name]
                found |= {parameter.variable: made.name, f"{parameter.variable}_DEPLOYED": made.value}
        return {**found, aws_client.DNS_SUFFIX_VARIABLE: self._info.dns_suffix} if granted else found

    def _schedules(self) -> dict[str, Schedule]:
        return {
            schedule.name: Schedule(
                f"{self._prefix}-{schedule.name}",
                ScheduleArgs(
                    name=self._physical("rule", schedule.name),
                    schedule=schedule.name,
                    rate=schedule.rate,
                    function_name=self.functions[function.name].name,
                    function_arn=self.functions[function.name].called_arn,
                    alias=self.functions[function.name].qualifier,
                    dead_letter_arn=self._dead_letter_arn(function),
                    tags=self.args.all_tags,
                ),
                self._child,
            )
            for function in self.description.functions
            for schedule in function.schedules
        }

    def _consumers(self) -> dict[str, Consumer]:
        return {
            consumer.name: Consumer(
                f"{self._prefix}-{consumer.name}",
                ConsumerArgs(
                    stream_arn=self.tables[consumer.table].stream_arn,
                    function_name=self.functions[function.name].called_as,
                    pattern=consumer.pattern,
                    dead_letter_arn=self._dead_letter_arn(function),
                    tags=self.args.all_tags,
                ),
                self._child,
            )
            for function in self.description.functions
            for consumer in function.consumers
        }

    def _api(self) -> Api:
        return Api(
            f"{self._prefix}-{self.description.api_type}",
            ApiArgs(
                name=self._physical("api", self.description.api_type),
                usage_plan_name=self._physical("api", f"{self.description.api_type}-usage-plan"),
                key_name=self._physical("api", f"{self.description.api_type}-key"),
                description=self.description.description,
                routes=[(route, self.functions[function.name]) for function, route in self.description.routes()],
                schemas={name: self.description.request_schema(name) for name in self.description.schemas},
                settings=self.settings.api,
                authorization=self.settings.authorization,
                user_pool=self.user_pool,
                cors_origins=self.cors_origins,
                preflight_name=self._preflight_name(),
                preflight_settings=replace(
                    self._preflight_settings(),
                    reserved_concurrency=self._reserved.get(self.description.preflight_type()),
                ),
                tracing=bool(self.settings.function.tracing),
                log_retention_days=self.settings.function.log_retention_days,
                kms_key_arn=self.encrypted_by,
                provider_info=self._info,
                tags=self.args.all_tags,
            ),
            self._child,
        )

    def _preflight_name(self) -> str:
        """Return the physical name of the function that responds to OPTIONS; empty: there is none."""
        has_several = len(self.args.cors_origins()) > 1
        return self._physical("function", self.description.preflight_type()) if has_several else ""

    def _preflight_settings(self) -> FunctionSettings:
        """Return the settings of the function that responds to OPTIONS."""
        settings = self.settings.function
        reserved = -1 if settings.reserved_concurrency is None else settings.reserved_concurrency
        return FunctionSettings(
            runtime=settings.runtime,
            reserved_concurrency=min(reserved, PREFLIGHT_CONCURRENCY),
            tracing=settings.tracing,
            log_retention_days=settings.log_retention_days,
        )

    def _firewall(self) -> Firewall:
        return Firewall(
            f"{self._prefix}-firewall",
            FirewallArgs(
                name=self._only("web-acl", "firewall"),
                stage_arn=self.api.stage.arn,
                settings=self.settings.firewall,
                kms_key_arn=self.encrypted_by,
                log_retention_days=self.settings.function.log_retention_days,
                tags=self.args.all_tags,
            ),
            self._child,
        )

    def _alarms(self) -> dict[str, Alarms]:
        alarms = {
            function.name: self._function_alarms(
                function.name, self.functions[function.name], self.args.alarm_settings(function)
            )
            for function in self.description.functions
        }
        if self.api.preflight:
            name = self.description.preflight_type()
            alarms[name] = self._function_alarms(name, self.api.preflight.function, self.settings.alarms)
        return alarms

    def _function_alarms(self, name: str, function: Function, settings: AlarmSettings) -> Alarms:
        return Alarms(
            f"{self._prefix}-{name}",
            AlarmsArgs(
                function_name=function.name,
                topic_arn=self.alarm_topic.arn,
                naming=lambda alarm: self._alarm_name(name, alarm),
                settings=settings,
                tags=self.args.all_tags,
            ),
            self._child,
        )

    def _further_alarms(self) -> dict[str, Alarm]:
        """Those of the description, by their names, and those that are recommended, by what they are on, too."""
        own = {alarm.name: alarm for alarm in self.description.alarms}
        more = {f"{self._label(alarm)}-{alarm.name}": alarm for alarm in self.args.recommended_alarms()}
        watched = self._watched()
        return {label: self._further_alarm(label, alarm, watched[alarm.on]) for label, alarm in {**own, **more}.items()}

    def _label(self, alarm: described.Alarm) -> str:
        """What an alarm is on, as a part of its names."""
        if alarm in self.description.alarms:
            return alarm.on
        named = {"api": self.description.api_type, "dead-letters": self.description.dead_letters}
        return named.get(alarm.on) or alarm.on.partition(" ")[2].replace("/", "-")

    def _further_alarm(self, label: str, alarm: described.Alarm, watched: Watched) -> Alarm:
        return Alarm(
            f"{self._prefix}-{label}",
            AlarmArgs(
                name=self._alarm_name(self._label(alarm), alarm.name),
                alarm=alarm,
                subject=watched.name,
                namespace=watched.namespace,
                dimensions=watched.dimensions,
                topic_arn=self.alarm_topic.arn,
                runbook=self.settings.alarms.runbook_url or "",
                tags=self.args.all_tags,
            ),
            self._child,
        )

    def _health(self) -> Composite:
        alarms = [alarm for made in self.alarms.values() for alarm in made.resources.values()]
        further = [made.resource for made in self.further_alarms.values()]
        return Composite(
            f"{self._prefix}-health",
            CompositeArgs(
                name=self._alarm_name(f"{self._stem}service", "health"),
                description=f"{self.description.title}: something is wrong, and another alarm says what",
                alarms=[alarm.name for alarm in (*alarms, *further)],
                topic_arn=self.alarm_topic.arn,
                tags=self.args.all_tags,
            ),
            self._child,
        )

    def _dashboard(self) -> Dashboard:
        further = [made.arn for made in self.further_alarms.values()]
        alarms = [alarm.arn for made in self.alarms.values() for alarm in made.resources.values()]
        return Dashboard(
            f"{self._prefix}-dashboard",
            DashboardArgs(
                name=self._only("dashboard", "dashboard"),
                service=self.description,
                made={
                    "region": self.api.resource.region,
                    "api": self.api.resource.name,
                    "stage": self.api.stage.stage_name,
                    "functions": {name: made.name for name, made in self.functions.items()},
                    "tables": {name: made.name for name, made in self.tables.items()},
                    "queue": self.dead_letters.name if self.dead_letters else "",
                    "alarms": [*([self.health.arn] if self.health else []), *further, *alarms],
                },
            ),
            self._child,
        )

    def _watched(self) -> dict[str, Watched]:
        """What an alarm can be on."""
        found = {
            name: Watched(function.name, metrics.NAMESPACE, {metrics.DIMENSION: function.name})
            for name, function in self.functions.items()
        }
        api, stage = self.api.resource.name, self.api.stage.stage_name
        found["api"] = Watched(api, "AWS/ApiGateway", {"ApiName": api, "Stage": stage})
        for name, function in self.functions.items():
            found[f"lambda {name}"] = Watched(function.name, "AWS/Lambda", {"FunctionName": function.name})
        for table in self.description.tables:
            made = self.tables[table.name].name
            found[f"table {table.name}"] = Watched(made, "AWS/DynamoDB", {"TableName": made})
            for index in table.indexes:
                one = {"TableName": made, "GlobalSecondaryIndexName": pulumi.Output.from_input(index.name)}
                subject = concat(made, "'s ", index.name)
                found[f"index {table.name}/{index.name}"] = Watched(subject, "AWS/DynamoDB", one)
        if queue := self.dead_letters:
            found["dead-letters"] = Watched(queue.name, "AWS/SQS", {"QueueName": queue.name})
        return found
