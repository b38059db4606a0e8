"""Buckets of a service."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import ClassVar

from ..settings import Definition, between, invalid_value
from .resource import Resource

CORS_METHODS = ("GET", "PUT", "POST", "DELETE", "HEAD")
MAX_DAYS = 36_500
_DAYS = between(1, MAX_DAYS, "days")


@dataclass(frozen=True, kw_only=True)
class BucketCors(Definition):
    """Permission for web pages to access the objects of a bucket, for example with presigned URLs."""

    origins: tuple[str, ...]
    """Allowed origins, such as `https://shop.example.com`. `*` allows every origin."""
    methods: tuple[str, ...] = ("GET", "PUT", "POST")
    headers: tuple[str, ...] = ("*",)
    """Request headers that pages can send."""
    exposed_headers: tuple[str, ...] = ("ETag",)
    """Response headers that pages can read."""
    max_age_seconds: int = 3_600
    """Time for which browsers cache the permission."""

    def __post_init__(self) -> None:
        if not self.origins:
            raise invalid_value("bucket cors origins", self.origins, "a tuple of at least one origin")
        for origin in self.origins:
            if not re.fullmatch(r"\*|https?://[^\s/]+", origin):
                raise invalid_value("bucket cors origins", origin, "origins without a path, or '*'")
        for method in self.methods:
            if method not in CORS_METHODS:
                raise invalid_value("bucket cors methods", method, f"among {', '.join(CORS_METHODS)}")


@dataclass(frozen=True, kw_only=True)
class Expiration(Definition):
    """Deletion of the objects of a bucket after a time."""

    days: int
    """Age in days after which S3 deletes an object."""
    prefix: str = ""
    """Only objects whose key begins with the prefix."""

    def __post_init__(self) -> None:
        is_valid, expected = _DAYS
        if not is_valid(self.days):
            raise invalid_value("bucket expiration days", self.days, expected)


@dataclass(frozen=True, kw_only=True)
class Bucket(Resource):
    """A private, encrypted S3 bucket, which rejects requests without TLS."""

    KIND: ClassVar[str] = "bucket"
    AWS_SERVICE: ClassVar[str] = "s3"
    OUTPUTS: ClassVar[tuple[str, ...]] = ("name", "arn")
    CREATION_FIELDS: ClassVar[tuple[str, ...]] = ("versioned", "noncurrent_days", "cors", "expirations")

    name: str
    """Value of `{type}` in the name pattern of the service. AWS appends a unique suffix, because bucket names are
    unique across accounts."""
    variable: str
    """Environment variable with the name of the bucket, in functions with a grant and in consumers."""
    versioned: bool = False
    """Whether S3 keeps earlier versions of overwritten and deleted objects, for `noncurrent_days`."""
    noncurrent_days: int = 30
    """Days for which a versioned bucket keeps earlier versions."""
    cors: tuple[BucketCors, ...] = ()
    expirations: tuple[Expiration, ...] = ()
    """Deletion of objects by age. Incomplete multipart uploads are always deleted after seven days."""
    output_prefix: str | None = None
    """Prefix of the stack outputs of the bucket, `<prefix>_bucket_name` and `<prefix>_bucket_arn`. Default (None): the
    name with `-` replaced by `_`. Empty disables them."""
    existing: bool = False
    """Whether the bucket exists outside the stack, which then does not create or change it. Its ARN is an argument of
    the stack, `TapStackArgs.existing`, and it has no stack outputs. Functions consume its events from EventBridge with
    an `EventConsumer`, because a bucket has only one notification configuration."""

    def __post_init__(self) -> None:
        self._check_names()
        is_valid, expected = _DAYS
        if not is_valid(self.noncurrent_days):
            raise invalid_value(f"bucket {self.name!r} noncurrent_days", self.noncurrent_days, expected)
        prefixes = [expiration.prefix for expiration in self.expirations]
        for prefix in prefixes:
            if prefixes.count(prefix) > 1:
                remedy = "Keep one expiration for each prefix."
                raise invalid_value(f"bucket {self.name!r} expirations prefix", prefix, "unique", remedy)
