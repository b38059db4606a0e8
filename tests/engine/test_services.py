"""Deployment and destruction of every service, in an environment that retains data and in one that does not, and of
every example.

The other environments differ only in numbers, which `tests/recordings` compare.
"""

from __future__ import annotations

import runpy
from collections import Counter
from collections.abc import Mapping

import pytest

from lib.settings import EncryptionSettings, FunctionSettings

from ..support import examples
from ..support.builders import GALLERY, a_function, queue_service
from .programs import tap_stack
from .stack import Engine, Stack

API_LOG_ROLE = {
    "aws:apigateway/account:Account": 1,
    "aws:iam/role:Role": 1,
    "aws:iam/rolePolicyAttachment:RolePolicyAttachment": 1,
}
"""Retained resources of the role with which API Gateway writes logs, because other APIs of the account use it, too."""
TABLE = "aws:dynamodb/table:Table"
BUCKET = {
    "aws:s3/bucket:Bucket": 1,
    "aws:s3/bucketCorsConfiguration:BucketCorsConfiguration": 1,
    "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration": 1,
    "aws:s3/bucketOwnershipControls:BucketOwnershipControls": 1,
    "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock": 1,
    "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration": 1,
    "aws:s3/bucketVersioning:BucketVersioning": 1,
}
"""A bucket and the resources that protect its objects."""
PRODUCTION = Counter(API_LOG_ROLE) + Counter(
    {
        TABLE: 3,
        **BUCKET,
        "aws:backup/vault:Vault": 1,
        "aws:cognito/userPool:UserPool": 1,
        "aws:dynamodb/tableReplica:TableReplica": 3,
        # The roles of AWS Backup, which are required to restore recovery points.
        "aws:iam/role:Role": 2,
        "aws:iam/rolePolicy:RolePolicy": 2,
        "aws:kms/key:Key": 1,
        "aws:kms/replicaKey:ReplicaKey": 1,
    }
)
"""Retained resources of the stock service with all settings that protect data."""

ALWAYS: dict[str, dict[str, int]] = {"items": {}, "inventory": API_LOG_ROLE, "stock": API_LOG_ROLE}
"""Number of resources, by type, that `pulumi destroy` retains in every environment."""
PROTECTED: dict[str, dict[str, int]] = {"items": {TABLE: 1}, "inventory": {TABLE: 2}, "stock": {TABLE: 3, **BUCKET}}
"""Number of additional resources, by type, that `pulumi destroy` retains in `prod` and `staging`."""
EXAMPLES: Mapping[str, Mapping[str, int]] = {**{name: {} for name in examples.PROGRAMS}, "production": PRODUCTION}
"""Number of resources, by type, that `pulumi destroy` retains of each program in `examples/`."""


def destroy(stack: Stack) -> Counter[str]:
    """Destroy a stack and return the number of remaining AWS resources by type."""
    stack.destroy()
    assert stack.state() == []
    assert not stack.ledger.rejections
    return Counter(entry.token for entry in stack.ledger.entries.values())


@pytest.mark.parametrize("environment", ["dev", "prod"])
@pytest.mark.parametrize("service", ALWAYS)
def test_service(engine: Engine, service: str, environment: str) -> None:
    stack = engine.stack(f"{service}-{environment}")
    stack.deploy(tap_stack(service, environment))
    protected = PROTECTED[service] if environment == "prod" else {}
    assert destroy(stack) == {**ALWAYS[service], **protected}


@pytest.mark.parametrize("example", EXAMPLES)
def test_example(engine: Engine, example: str) -> None:
    stack = engine.stack(f"{example.replace('_', '-')}-example")

    def program() -> None:
        runpy.run_path(str(examples.PROGRAMS[example]), run_name="__main__")

    stack.deploy(program)
    assert destroy(stack) == EXAMPLES[example]


BUCKETS = {
    "aws:s3/bucket:Bucket": 2,
    "aws:s3/bucketCorsConfiguration:BucketCorsConfiguration": 1,
    "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration": 2,
    "aws:s3/bucketOwnershipControls:BucketOwnershipControls": 2,
    "aws:s3/bucketPolicy:BucketPolicy": 2,
    "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock": 2,
    "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration": 2,
    "aws:s3/bucketVersioning:BucketVersioning": 1,
}
"""The buckets of the gallery, of which one has CORS rules and versions, with the resources that protect objects."""


@pytest.mark.parametrize("environment", ["dev", "prod"])
def test_environment_that_retains_tables_retains_buckets(engine: Engine, environment: str) -> None:
    stack = engine.stack(f"gallery-{environment}")
    stack.deploy(tap_stack(GALLERY, environment))
    protected = {TABLE: 1, **BUCKETS} if environment == "prod" else {}
    assert destroy(stack) == protected


def test_customer_managed_key_of_buckets_and_event_buses_can_be_enabled_and_disabled(engine: Engine) -> None:
    stack = engine.stack("gallery-key")
    stack.deploy(tap_stack(GALLERY))
    buses = [entry.id for entry in stack.ledger.entries.values() if entry.token.endswith(":EventBus")]
    stack.deploy(tap_stack(GALLERY, encryption=EncryptionSettings(key="create")))
    stack.deploy(tap_stack(GALLERY))
    assert [entry.id for entry in stack.ledger.entries.values() if entry.token.endswith(":EventBus")] == buses


def test_queues_and_their_consumers_can_be_changed_and_removed(engine: Engine) -> None:
    stack = engine.stack("shop")
    stack.deploy(tap_stack(queue_service()))
    queues = [entry.id for entry in stack.ledger.entries.values() if entry.token.endswith(":Queue")]
    stack.deploy(tap_stack(queue_service(), encryption=EncryptionSettings(key="create")))
    stack.deploy(tap_stack(queue_service(), function=FunctionSettings(timeout_seconds=10)))
    assert [entry.id for entry in stack.ledger.entries.values() if entry.token.endswith(":Queue")] == queues
    stack.deploy(tap_stack(queue_service(queues=(), topics=(), functions=(a_function(),))))
    assert not [entry for entry in stack.ledger.entries.values() if entry.token.startswith("aws:sqs/")]
    assert not destroy(stack)
