"""`TapStack`: component that deploys a service to an environment."""

from __future__ import annotations

from dataclasses import fields
from typing import Any, Self

import pulumi
from pulumi.runtime.settings import get_monitor

from .components.api.firewall import Firewall
from .components.api.function_url import FunctionUrl
from .components.api.http_api import HttpApi
from .components.api.rest_api import Api
from .components.api.user_pool import UserPool
from .components.compute.function import Function
from .components.compute.layer import Layer
from .components.compute.role import Role
from .components.compute.rollout import Rollout
from .components.compute.schedule import Schedule
from .components.data.backup import Backup
from .components.data.key import Key
from .components.data.parameter import Parameter
from .components.data.secret import Secret
from .components.data.table import Table
from .components.lookup import previous_state
from .components.messaging.event_bus import EventBus
from .components.messaging.existing import ExistingTopic
from .components.messaging.queue import Queue
from .components.messaging.topic import Topic
from .components.monitoring.alarm import Alarm
from .components.monitoring.budget import Budget
from .components.monitoring.composite_alarm import CompositeAlarm
from .components.monitoring.dashboard import Dashboard
from .components.monitoring.function_alarms import Alarms
from .components.network.existing_network import ExistingNetwork
from .components.network.network import Network
from .components.site.site import Site
from .components.site.site_files import SiteFiles
from .components.storage.bucket import Bucket
from .components.storage.notification import BucketNotification
from .model import Service
from .settings import Settings
from .stack import created, diagnostics
from .stack.access import Access
from .stack.args import TapStackArgs
from .stack.compute import Compute
from .stack.context import StackContext
from .stack.data import DataLayer
from .stack.edge import Edge
from .stack.encryption import Encryption
from .stack.frontend import Frontend
from .stack.monitoring import Monitoring
from .stack.outputs import StackOutputs, collect
from .stack.transitions import Transitions
from .stack.triggers import Consumer, Triggers

__all__ = ["TapStack", "TapStackArgs"]


def _checked(name: str, args: object) -> TapStackArgs:
    """Return the arguments of a stack. Raise an error outside of a Pulumi program, or for another type."""
    if get_monitor() is None:
        remedy = "Move it from the module of the service to the program, such as __main__.py."
        raise pulumi.RunError(f"TapStack {name!r} must be created by a Pulumi program, got no engine. {remedy}")
    if not isinstance(args, TapStackArgs):
        got = type(args).__name__
        raise TypeError(f"args of TapStack {name!r} must be TapStackArgs, got {got}. {_remedy('service')}")
    return args


def _remedy(argument: str) -> str:
    return f"Pass args_from_config({argument}=...) or TapStackArgs({argument}=...)."


class TapStack(pulumi.ComponentResource, StackOutputs):
    """A serverless service: functions with their data stores and triggers, a REST API, a site, alarms and encryption.

    Every resource is accessible: `tables["..."].resource`, `functions["..."].resource`, `api.resource`, and so on. The
    outputs (`StackOutputs`) are attributes as well.
    """

    args: TapStackArgs
    service_definition: Service
    """Definition of the service, split if `split_functions` is set."""
    key: Key | None
    """KMS key that the stack creates; None for an existing key and for keys of AWS."""
    tables: dict[str, Table]
    topics: dict[str, Topic]
    queues: dict[str, Queue]
    """Queues, each with its own dead-letter queue as `dead_letters`."""
    alarm_topic: Topic | ExistingTopic
    """Topic that alarms notify. It is one of `topics` if the service definition names it."""
    buckets: dict[str, Bucket]
    event_buses: dict[str, EventBus]
    backup: Backup | None
    parameters: dict[str, Parameter]
    secrets: dict[str, Secret]
    dead_letters: Queue | None
    """Queue for failed events of schedules and of all consumers except those of queues."""
    site: Site | None
    user_pool: UserPool | None
    roles: dict[str, Role]
    """Role of each function."""
    layers: dict[str, Layer]
    network: Network | ExistingNetwork | None
    functions: dict[str, Function]
    schedules: dict[str, Schedule]
    consumers: dict[str, Consumer]
    """Consumers of table streams, queues, topics and event buses, by name."""
    bucket_notifications: dict[str, BucketNotification]
    """Consumers of object events, by the name of the bucket."""
    api: Api | HttpApi | None
    """Default API; None if it has no routes."""
    apis: dict[str, Api | HttpApi]
    """APIs by name, the default one first."""
    urls: dict[str, FunctionUrl]
    """URLs of functions, by the name of the function."""
    firewall: Firewall | None
    site_files: SiteFiles | None
    alarms: dict[str, Alarms]
    """Alarms of each function."""
    additional_alarms: dict[str, Alarm]
    """Alarms of the service definition, by name, and recommended alarms, by target and name."""
    health: CompositeAlarm | None
    """Composite alarm over all alarms."""
    dashboard: Dashboard | None
    budget: Budget | None
    rollout: Rollout | None
    outputs: dict[str, Any]
    """Outputs of the stack, by name."""

    def __new__(cls, *_values: Any, **arguments: Any) -> Self:
        """Raise `TypeError` for an argument that `TapStackArgs` has instead. Subclasses can have other arguments."""
        names = {declared.name for declared in fields(TapStackArgs)} if cls.__init__ is TapStack.__init__ else set()
        for argument in arguments.keys() & names:
            raise TypeError(f"TapStack has no argument {argument!r}. {_remedy(argument)}")
        return super().__new__(cls)

    def __init__(self, name: str, args: TapStackArgs | None = None, opts: pulumi.ResourceOptions | None = None) -> None:
        self.args = _checked(name, TapStackArgs() if args is None else args)
        transitions = Transitions(name, self.args, previous_state.read(), opts)
        context = StackContext(self, self.args, transitions)
        self.service_definition = context.service
        transitions.check(context.names.tables())
        super().__init__(previous_state.STACK_TOKEN, name, None, opts)
        context.claim_names()
        for warning in transitions.warnings():
            context.warn(warning)
        for message in diagnostics.messages(self.args):
            context.log(message)
        context.look_up_existing()

        self._encryption = encryption = Encryption(context)
        self.key = encryption.key

        data = DataLayer(context, encryption)
        self.tables = data.tables
        self.topics, self.alarm_topic = data.topics, data.alarm_topic
        self.buckets, self.event_buses = data.buckets, data.event_buses
        self.queues = data.queues
        self.backup = data.backup
        self.parameters, self.secrets = data.parameters, data.secrets
        self.dead_letters = data.dead_letters

        self._frontend = frontend = Frontend(context, encryption)
        self.site, self.user_pool = frontend.site, frontend.user_pool

        access = Access(context, data)
        compute = Compute(context, encryption, access, frontend)
        self.roles, self.layers, self.network = compute.roles, compute.layers, compute.network
        self.functions = compute.functions

        triggers = Triggers(context, data, access, compute)
        self.schedules, self.consumers = triggers.schedules, triggers.consumers
        self.bucket_notifications = triggers.bucket_notifications

        edge = Edge(context, encryption, frontend, compute)
        self.api, self.apis, self.urls = edge.api, edge.apis, edge.urls
        self.firewall, self.site_files = edge.firewall, edge.site_files

        monitoring = Monitoring(context, data, compute, triggers, edge)
        self.alarms, self.additional_alarms = monitoring.alarms, monitoring.additional_alarms
        self.health, self.dashboard, self.budget = monitoring.health, monitoring.dashboard, monitoring.budget
        self.rollout = compute.create_rollout(monitoring.alarms)

        self.outputs = collect(self)
        for output, value in self.outputs.items():
            setattr(self, output, value)
        self.register_outputs(self.outputs)
        created.record(self, self.args)

    @property
    def settings(self) -> Settings:
        """All settings: the environment profile, overridden by the service, then by the arguments."""
        return self.args.settings()

    @property
    def environment_suffix(self) -> str:
        """Environment suffix that is part of every physical name."""
        return self.args.environment

    @property
    def tags(self) -> dict[str, pulumi.Input[str]]:
        """Tags of every resource: the defaults, overridden by the tags of the arguments."""
        return self.args.all_tags

    @property
    def kms_key_arn(self) -> pulumi.Input[str] | None:
        """ARN of the customer managed key; None for keys of AWS."""
        return self._encryption.kms_key_arn

    @property
    def replica_kms_key_arns(self) -> dict[str, pulumi.Input[str]]:
        """ARN of the customer managed key in each replica region of the tables."""
        return self._encryption.replica_kms_key_arns

    @property
    def cors_origins(self) -> list[pulumi.Input[str]]:
        """Allowed CORS origins, with the URL of the site instead of `site`."""
        return self._frontend.cors_origins

    @property
    def site_origin(self) -> pulumi.Output[str] | None:
        """Allowed CORS origins, separated by commas, if they include the site; None if all are known before
        deployment."""
        return self._frontend.site_origin
