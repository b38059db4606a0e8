"""Corrections of the emulated Amazon S3."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

Detect = Callable[[str, str, Mapping[str, str], Mapping[str, Any]], str]
"""Returns the AWS service for the method, path, headers and query of a request."""


def with_buckets(detect: Detect, is_bucket: Callable[[str], bool]) -> Detect:
    """Detect unsigned and presigned requests to buckets by the name of the bucket.

    MiniStack detects the service of such a request by its path: `/tasks-files/1.png` would be a request to Amazon ECS.
    """

    def detect_bucket(method: str, path: str, headers: Mapping[str, str], query: Mapping[str, Any]) -> str:
        has_service = "authorization" in headers or "x-amz-target" in headers
        if not has_service and is_bucket(path.removeprefix("/").partition("/")[0]):
            return "s3"
        return detect(method, path, headers, query)

    return detect_bucket
