"""Every physical name, from one pattern, inside AWS's limits."""

import hashlib
import re
from collections.abc import Mapping
from typing import TypeVar

_V = TypeVar("_V")

LIMITS = {
    "table": 255,
    "function": 64,
    "api": 255,
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
    "user-pool": 128,
    "network": 218,
    "vault": 50,
    "budget": 100,
}
"""Longest name AWS takes, in characters, by kind of resource; of a bucket's and of those in a network the provider
makes up the rest, and Secrets Manager ends the ARN of a secret with seven."""

ROLE_OWNER_LENGTH = 32
"""How much of its owner's name a role has: the provider takes prefixes of 38 characters."""

RESTORED = "-restored-"
"""What stands between the name of a table and when the copy is of that was restored beside it."""

_ALLOWED = re.compile(r"[A-Za-z0-9_-]+")


def check_environment_suffix(suffix: str) -> str:
    """Return `suffix`, or raise ValueError: only what every named AWS resource accepts may be in it."""
    if not isinstance(suffix, str) or not _ALLOWED.fullmatch(suffix):
        raise ValueError(
            f"environment_suffix must be letters, digits, '-' and '_', got {suffix!r}. "
            f"Use {re.sub(r'[^A-Za-z0-9_-]+', '-', str(suffix)).strip('-') or 'dev'!r}, for example."
        )
    return suffix


def role_name_prefix(owner: str) -> str:
    """How the name of the role of `owner`, a function's or an API's name, begins."""
    return f"{owner[:ROLE_OWNER_LENGTH]}-role-"


def bucket_name_prefix(name: str) -> str:
    """How the name of a bucket begins: as `name`, in what S3 takes."""
    return f"{name.lower().replace('_', '-').strip('-')}-"


def physical_name(pattern: str, kind: str, environment: str, **parts: str) -> str:
    """Fill `pattern`; where the name would be over `kind`'s limit, the environment is cut and hashed."""
    name = pattern.format(environment=environment, **parts)
    excess = len(name) - LIMITS[kind]
    if excess <= 0:
        return name
    digest = hashlib.sha256(environment.encode()).hexdigest()[:6]
    kept = environment[: max(0, len(environment) - excess - len(digest) - 1)]
    name = pattern.format(environment=f"{kept}-{digest}" if kept else digest, **parts)
    if len(name) > LIMITS[kind]:
        raise ValueError(f"{kind} name must be at most {LIMITS[kind]} characters, got {name!r}. Shorten the type.")
    return name


def parameter_name(service: str, environment: str, name: str) -> str:
    """The path under which Parameter Store holds a parameter of a service."""
    return physical_name("/{service}/{environment}/{type}", "parameter", environment, service=service, type=name)


def user_pool_name(service: str, environment: str) -> str:
    """The name of a service's user pool, and what its scopes begin with."""
    return physical_name("{service}-{environment}", "user-pool", environment, service=service)


def secret_name(store: str, service: str, environment: str, name: str) -> str:
    """Where a store holds a secret of a service: a path only in Parameter Store, by which its functions tell."""
    if store == "ssm":
        return parameter_name(service, environment, name)
    return physical_name("{service}/{environment}/{type}", "secret", environment, service=service, type=name)


def named(tags: Mapping[str, _V], name: str) -> dict[str, _V | str]:
    """Tags of what has no name in AWS but the one in its tags."""
    return {**tags, "Name": name}
