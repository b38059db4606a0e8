"""Physical names within the limits of AWS."""

import hashlib
import re
from collections.abc import Mapping
from typing import TypeVar

_V = TypeVar("_V")

LIMITS = {
    "table": 255,
    "function": 64,
    "api": 255,
    "http-api": 128,
    "topic": 256,
    "alarm": 255,
    "rule": 64,
    "layer": 140,
    "parameter": 1011,
    "secret": 505,
    "key": 250,
    "queue": 80,
    "application": 100,
    "dashboard": 255,
    "web-acl": 128,
    "bucket": 36,
    "event-bus": 256,
    "archive": 48,
    "user-pool": 128,
    "network": 218,
    "vault": 50,
    "budget": 100,
}
"""Maximum length of names by kind of resource. Names of buckets and network resources leave room for the suffix that
the provider generates, names of secrets for the suffix that Secrets Manager adds to the ARN."""

ROLE_OWNER_LENGTH = 32
"""Length of the owner's name in a role name: the provider limits name prefixes to 38 characters."""

RESTORED_INFIX = "-restored-"
"""Infix in the name of a restored table, between the name of the original and the time of its data."""

_ALLOWED = re.compile(r"[A-Za-z0-9_-]+")


def check_environment_suffix(suffix: str) -> str:
    """Return the suffix. Raise `ValueError` if it contains characters that some AWS resource names do not allow."""
    if not isinstance(suffix, str) or not _ALLOWED.fullmatch(suffix):
        raise ValueError(
            f"environment_suffix must be letters, digits, '-' and '_', got {suffix!r}. "
            f"Use {re.sub(r'[^A-Za-z0-9_-]+', '-', str(suffix)).strip('-') or 'dev'!r}, for example."
        )
    return suffix


def role_name_prefix(owner: str) -> str:
    """Return the prefix of the name of the role of a function or an API."""
    return f"{owner[:ROLE_OWNER_LENGTH]}-role-"


def bucket_name_prefix(name: str) -> str:
    """Return the prefix of the name of a bucket, with only the characters that S3 allows."""
    return f"{name.lower().replace('_', '-').strip('-')}-"


def physical_name(pattern: str, kind: str, environment: str, **parts: str) -> str:
    """Return a name from a pattern. If it is too long for the kind of resource, a hash replaces the end of the
    environment suffix."""
    name = pattern.format(environment=environment, **parts)
    excess = len(name) - LIMITS[kind]
    if excess <= 0:
        return name
    digest = hashlib.sha256(environment.encode()).hexdigest()[:6]
    start = environment[: max(0, len(environment) - excess - len(digest) - 1)]
    name = pattern.format(environment=f"{start}-{digest}" if start else digest, **parts)
    if len(name) > LIMITS[kind]:
        raise ValueError(f"{kind} name must be at most {LIMITS[kind]} characters, got {name!r}. Shorten the type.")
    return name


def queue_name(pattern: str, environment: str, type_: str, *, fifo: bool) -> str:
    """Return the name of a queue, with the suffix that SQS requires for a FIFO queue."""
    return physical_name(f"{pattern}.fifo" if fifo else pattern, "queue", environment, type=type_)


def parameter_name(service: str, environment: str, name: str) -> str:
    """Return the path of a parameter in Parameter Store."""
    return physical_name("/{service}/{environment}/{type}", "parameter", environment, service=service, type=name)


def user_pool_name(service: str, environment: str) -> str:
    """Return the name of the user pool, which is also the prefix of its scopes."""
    return physical_name("{service}-{environment}", "user-pool", environment, service=service)


def secret_name(store: str, service: str, environment: str, name: str) -> str:
    """Return the name of a secret. It starts with `/` only in Parameter Store: functions infer the store from it."""
    if store == "ssm":
        return parameter_name(service, environment, name)
    return physical_name("{service}/{environment}/{type}", "secret", environment, service=service, type=name)


def with_name_tag(tags: Mapping[str, _V], name: str) -> dict[str, _V | str]:
    """Return tags with the tag `Name`, for resources that have no other name."""
    return {**tags, "Name": name}
