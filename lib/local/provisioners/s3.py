"""S3 buckets and objects."""

from __future__ import annotations

import secrets
from pathlib import Path
from urllib.parse import urlencode

from ..emulator import REGION, RegionalEmulator
from .base import CreatedResource, Creation, Inputs, call, provisions, register_creations, without_tls
from .cloudfront_waf import distribution

SETTINGS = {
    "BucketCorsConfiguration": ("put_bucket_cors", "CORSConfiguration=."),
    "BucketLifecycleConfiguration": ("put_bucket_lifecycle_configuration", "LifecycleConfiguration=."),
    "BucketOwnershipControls": ("put_bucket_ownership_controls", "OwnershipControls=. Rules=rule"),
    "BucketPublicAccessBlock": ("put_public_access_block", "PublicAccessBlockConfiguration=."),
    "BucketServerSideEncryptionConfiguration": ("put_bucket_encryption", "ServerSideEncryptionConfiguration=."),
    "BucketVersioning": ("put_bucket_versioning", ""),
}
"""Resource types that configure a bucket, with their operation and parameter names."""

register_creations(
    "s3",
    {f"s3.{name}": Creation(operation, "{bucket}", names=names) for name, (operation, names) in SETTINGS.items()},
)


@provisions("s3.Bucket")
def bucket(aws: RegionalEmulator, inputs: Inputs) -> CreatedResource:
    """Create a bucket."""
    name = inputs.get("bucket") or f"{inputs['bucketPrefix']}{secrets.token_hex(13)}"
    location = {"locationConstraint": aws.region} if aws.region != REGION else None
    call(aws, "s3", "create_bucket", {"bucket": name, "createBucketConfiguration": location})
    call(aws, "s3", "put_bucket_tagging", {"bucket": name, "tagging": {"tagSet": inputs.get("tags") or {}}})
    outputs = {
        "arn": f"arn:aws:s3:::{name}",
        "bucket": name,
        "bucketRegionalDomainName": f"{name}.s3.{aws.region}.amazonaws.com",
    }
    return CreatedResource(name, outputs)


@provisions("s3.BucketNotification")
def bucket_notification(aws: RegionalEmulator, inputs: Inputs) -> CreatedResource:
    """Set the functions that S3 invokes for the events of a bucket."""
    functions = [
        {**function, "filter": {"key": {"filterRules": _filter_rules(function)}}}
        for function in inputs.get("lambdaFunctions") or ()
    ]
    configuration = {"lambdaFunctionConfigurations": functions}
    parameters = {"bucket": inputs["bucket"], "notificationConfiguration": configuration}
    call(aws, "s3", "put_bucket_notification_configuration", parameters)
    return CreatedResource(inputs["bucket"], {})


def _filter_rules(function: Inputs) -> list[Inputs]:
    names = {"prefix": "filterPrefix", "suffix": "filterSuffix"}
    return [{"name": name, "value": function[key]} for name, key in names.items() if function.get(key)]


@provisions("s3.BucketObjectv2")
def bucket_object(aws: RegionalEmulator, inputs: Inputs) -> CreatedResource:
    """Create an object."""
    source = inputs.get("source")
    body = Path(source.path).read_bytes() if source else inputs["content"].encode()
    tagging = urlencode(inputs.get("tags") or {})
    call(aws, "s3", "put_object", {**inputs, "body": body, "tagging": tagging})
    return CreatedResource(f"{inputs['bucket']}/{inputs['key']}", {})


@provisions("s3.BucketPolicy")
def bucket_policy(aws: RegionalEmulator, inputs: Inputs) -> CreatedResource:
    """Set the policy of a bucket."""
    call(aws, "s3", "put_bucket_policy", {**inputs, "policy": without_tls(inputs["policy"])})
    return CreatedResource(inputs["bucket"], {})


@provisions("s3.BucketWebsiteConfiguration")
def bucket_website(aws: RegionalEmulator, inputs: Inputs) -> CreatedResource:
    """Configure a bucket as a website. A distribution serves it, because the emulator has no website endpoints."""
    name, index = inputs["bucket"], inputs["indexDocument"]["suffix"]
    call(aws, "s3", "put_bucket_website", inputs, "WebsiteConfiguration=.")
    origin = {"originId": "website", "domainName": f"{name}.s3.{aws.region}.amazonaws.com"}
    behavior = {"targetOriginId": "website", "allowedMethods": ["GET", "HEAD"], "cachedMethods": ["GET", "HEAD"]}
    website = distribution(aws, {"origins": [origin], "defaultRootObject": index, "defaultCacheBehavior": behavior})
    return CreatedResource(name, {"websiteEndpoint": website.outputs["domainName"]})
