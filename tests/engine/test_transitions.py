"""Changes of every setting and back: updates match their plan, are complete after one deployment, and lose no data."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

import pytest

from lib.settings import (
    USER_POOL,
    AlarmSettings,
    ApiSettings,
    AuthorizationSettings,
    BackupSettings,
    CostSettings,
    EncryptionSettings,
    FirewallSettings,
    FunctionSettings,
    NetworkSettings,
    ObservationSettings,
    RolloutSettings,
    SiteSettings,
    TableSettings,
)
from lib.settings.rollout import GRADUAL

from .programs import tap_stack
from .stack import Stack

TABLE = "aws:dynamodb/table:Table"
POOL = "aws:cognito/userPool:UserPool"
VAULT = "aws:backup/vault:Vault"
KEY = "aws:kms/key:Key"
BUCKET = "aws:s3/bucket:Bucket"
REPLICA = "aws:dynamodb/tableReplica:TableReplica"
REPLICA_KEY = "aws:kms/replicaKey:ReplicaKey"
DATA = (TABLE, POOL, VAULT, KEY, BUCKET, REPLICA, REPLICA_KEY)
"""Types of resources that contain data or that are required to read it."""
EXISTING_KEY = "arn:aws:kms:us-east-1:123456789012:key/mrk-1234abcd12ab34cd56ef1234567890ab"
CERTIFICATE = "arn:aws:acm:us-east-1:123456789012:certificate/0f6a2c1e-3b7d-4d55-9b1a-5a8a1f0c2d3e"
STEP = dict[str, Any]
Data = set[tuple[str, str]]


class Change(NamedTuple):
    """A sequence of settings that are deployed before the stack returns to its initial settings."""

    name: str
    steps: Sequence[STEP]
    lost: frozenset[str] = frozenset()
    """Types of `DATA` that the change is expected to replace or remove."""


def all_transitions(values: Sequence[STEP]) -> list[STEP]:
    """Return steps that contain the transition between each pair of values, and start and end at the first value."""
    remaining = set(itertools.permutations(range(len(values)), 2))
    path, current = [], 0
    while remaining:
        targets = [b for a, b in sorted(remaining) if a == current]
        # If no transition from the current value remains, continue at the start of another transition.
        step = next((b for b in targets if b != 0), targets[0] if targets else min(a for a, _ in remaining))
        remaining.discard((current, step))
        path.append(values[step])
        current = step
    return path if current == 0 else [*path, values[0]]


def api(**settings: Any) -> STEP:
    """Return a step with settings of the API."""
    return {"api": ApiSettings(**settings)}


def function(**settings: Any) -> STEP:
    """Return a step with settings of the functions."""
    return {"function": FunctionSettings(**settings)}


def table(**settings: Any) -> STEP:
    """Return a step with settings of the tables."""
    return {"table": TableSettings(**settings)}


def authorization(type_: Any) -> STEP:
    """Return a step with a type of authorization."""
    return {"authorization": AuthorizationSettings(type=type_)}


def encryption(key: str) -> STEP:
    """Return a step with an encryption key."""
    return {"encryption": EncryptionSettings(key=key)}


BACKUP: STEP = {"backup": BackupSettings(retention_days=35)}
REPLICATED = table(replica_regions=("us-west-2",))
MADE_KEY = encryption("create")
NETWORK: STEP = {"network": NetworkSettings(vpc="create")}
FIREWALL: STEP = {"firewall": FirewallSettings(enabled=True)}

ANY = (
    Change(
        "functions",
        [function(memory_mb=1024, log_retention_days=90, runtime="python3.12", timeout_seconds=20, tracing=True)],
    ),
    Change("architecture and storage", [function(architecture="arm64", ephemeral_storage_mb=1024)]),
    Change(
        "alarms",
        [
            {"alarms": AlarmSettings(notification_email="a@example.com", recommended=True, errors=5)},
            {"alarms": AlarmSettings(notification_email="b@example.com", recommended=False)},
        ],
    ),
    Change(
        "tags, dashboard and budget",
        [
            {"tags": {"Owner": "web-team", "Team": "shop"}, "observation": ObservationSettings(dashboard=True)},
            {"tags": {"Team": "warehouse"}, "cost": CostSettings(monthly_budget_usd=50.0)},
        ],
    ),
    Change(
        "throttle, logs and health route",
        [
            api(
                throttle_rate_per_second=5,
                throttle_burst=9,
                access_log=True,
                execution_log_level="INFO",
                log_role="create",
                metrics=True,
                health_route=True,
            )
        ],
    ),
    Change(
        "cors",
        [
            api(cors_origin="https://shop.example.com"),
            api(cors_origin="https://a.example.com"),
            api(cors_origin="https://a.example.com,https://shop.example.com"),
            api(cors_origin="https://a.example.com,https://b.example.com"),
        ],
    ),
    Change("split functions", [{"split_functions": True}]),
    Change(
        "authorization",
        all_transitions([authorization(t) for t in ("NONE", "API_KEY", "AWS_IAM", USER_POOL)]),
        frozenset({POOL}),
    ),
    Change(
        "network",
        [
            NETWORK,
            {"network": NetworkSettings(vpc="create", cidr_block="10.9.0.0/16")},
            {"network": NetworkSettings(vpc="create", nat_gateways="one", zones=3)},
        ],
    ),
    Change(
        "encryption",
        all_transitions([encryption(key) for key in ("aws_managed", "aws_owned", "create", EXISTING_KEY)]),
        frozenset({KEY}),
    ),
    Change(
        "domain",
        [
            api(domain_name="a.example.com", certificate_arn=CERTIFICATE),
            api(domain_name="b.example.com", zone_id="Z0123456789ABC"),
            api(domain_name="c.example.com", zone_id="Z0123456789ABC", base_path="v1"),
            api(domain_name="c.example.com", certificate_arn=CERTIFICATE, base_path="v2"),
        ],
    ),
    Change(
        "firewall and stage",
        [
            FIREWALL,
            {"firewall": FirewallSettings(enabled=True, rate_limit=100, count_only=True)},
            {**FIREWALL, **api(stage_name="live")},
            api(stage_name="live"),
        ],
    ),
    Change(
        "rollout", [{"rollout": RolloutSettings(strategy=kind)} for kind in ("AllAtOnce", *GRADUAL[:1], GRADUAL[-1])]
    ),
    Change(
        "provisioned concurrency and snap start",
        [
            function(provisioned_concurrency=1),
            function(provisioned_concurrency=2),
            function(snap_start=True, runtime="python3.13"),
        ],
    ),
    Change("replicas", [REPLICATED, table(replica_regions=("us-west-2", "eu-west-1"))], frozenset({REPLICA})),
    Change("recovery", [table(point_in_time_recovery=False)]),
)
"""Changes that every service and environment supports."""


class StackKey(NamedTuple):
    """Service and environment of a stack."""

    service: str
    environment: str


class Deployments:
    """One deployed stack per service and environment, shared by the tests of a process."""

    def __init__(self, new_stack: Callable[[str], Stack]) -> None:
        self._new_stack = new_stack
        self._deployed: dict[str, tuple[Stack, Data]] = {}

    def apply(self, key: StackKey, change: Change) -> None:
        """Deploy each step of a change, and then the initial settings. Assert that no unexpected data is lost."""
        name = f"{key.service}-{key.environment}"
        stack, before = self._deployed.pop(name) if name in self._deployed else self._first(name, key)
        for number, step in enumerate([*change.steps, {}], 1):
            deployed = stack.deploy(tap_stack(key.service, key.environment, **step))
            after = data_in(deployed.resources)
            lost = {token for token, id_ in before - after if token not in change.lost}
            assert not lost, f"step {number} of {change.name} replaces or removes {lost}: {deployed.events}"
            before = after
        self._deployed[name] = stack, before

    def _first(self, name: str, key: StackKey) -> tuple[Stack, Data]:
        stack = self._new_stack(name)
        return stack, data_in(stack.deploy(tap_stack(key.service, key.environment)).resources)


def data_in(resources: Sequence[dict[str, Any]]) -> Data:
    """Return type and ID of the resources in a state that contain data."""
    return {(resource["type"], resource["id"]) for resource in resources if resource["type"] in DATA}


@pytest.fixture(scope="module", name="deployments")
def deployments_fixture(new_stack: Callable[[str], Stack]) -> Deployments:
    """Create the stacks that the tests of a process share."""
    return Deployments(new_stack)


BILLING = Change("billing", [table(billing_mode="PROVISIONED"), table(billing_mode="PAY_PER_REQUEST")])
PROTECTION = Change(
    "protection",
    [table(deletion_protection=True, retain_on_delete=True), table(deletion_protection=False, retain_on_delete=False)],
)
KEY_WITH_BACKUP = Change(
    "key with backup",
    [
        BACKUP,
        {"backup": BackupSettings(retention_days=400, cold_storage_after_days=30)},
        {**BACKUP, **MADE_KEY},
        {**BACKUP, **encryption("aws_owned")},
    ],
    frozenset({KEY, VAULT}),
)
KEY_WITH_REPLICA = Change(
    "key with replica",
    [REPLICATED, {}, MADE_KEY, {**REPLICATED, **MADE_KEY}, MADE_KEY, encryption("aws_owned"), REPLICATED],
    frozenset({KEY, REPLICA, REPLICA_KEY}),
)
KEY_AND_COGNITO = Change("key and cognito", [{**MADE_KEY, **authorization(USER_POOL)}], frozenset({KEY, POOL}))
BOTH_NETWORKS = Change("network", [NETWORK, {"network": NetworkSettings(vpc="create", cidr_block="10.9.0.0/16")}])
PUBLIC_SITE = Change("public site", [{"site": SiteSettings(public=True)}])
CANARY = Change("canary", [{"rollout": RolloutSettings(strategy=GRADUAL[0])}])
DOMAIN = Change("domain", [api(domain_name="b.example.com", zone_id="Z0123456789ABC", stage_name="live")])
LIVE = Change("snap start", [function(snap_start=True), function(provisioned_concurrency=1)])

CHANGES: dict[StackKey, Sequence[Change]] = {
    StackKey("items", "dev"): [*ANY, BILLING, PROTECTION, KEY_WITH_BACKUP, KEY_WITH_REPLICA],
    StackKey("items", "prod"): [BILLING, KEY_WITH_BACKUP, BOTH_NETWORKS],
    StackKey("inventory", "staging"): [KEY_AND_COGNITO, Change("split functions", [{"split_functions": True}])],
    StackKey("stock", "dev"): [BILLING, KEY_WITH_REPLICA, KEY_AND_COGNITO, PUBLIC_SITE, CANARY, LIVE, DOMAIN],
    StackKey("stock", "prod"): [KEY_AND_COGNITO, BOTH_NETWORKS, CANARY],
}
"""Changes by stack: all changes for the smallest stack, and for other stacks the changes with different effects."""
GROUP_SIZE = 6
"""Number of changes that share a stack. Different processes can test different groups."""


def cases() -> Iterator[Any]:
    """Yield every change of every stack as a parameter."""
    for key, changes in CHANGES.items():
        name = f"{key.service}-{key.environment}"
        for number, change in enumerate(changes):
            group = pytest.mark.xdist_group(f"{name}-{number // GROUP_SIZE}")
            yield pytest.param(key, change, id=f"{name}-{change.name}", marks=group)


@pytest.mark.parametrize(("key", "change"), [*cases()])
def test_change_and_back(deployments: Deployments, key: StackKey, change: Change) -> None:
    deployments.apply(key, change)
