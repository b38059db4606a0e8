"""Buckets and what is in them."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlencode

from ..emulator import REGION, Place
from .base import PROVISIONERS, Inputs, Made, Provisioner, chosen, provisions, tag_list, without_tls
from .cloudfront import distribution


@provisions("aws:s3/bucket:Bucket")
def bucket(place: Place, inputs: Inputs) -> Made:
    """A bucket."""
    name = inputs.get("bucket") or f"{inputs['bucketPrefix']}{secrets.token_hex(13)}"
    s3 = place.client("s3")
    elsewhere = {"CreateBucketConfiguration": {"LocationConstraint": place.region}}
    s3.create_bucket(Bucket=name, **(elsewhere if place.region != REGION else {}))
    s3.put_bucket_tagging(Bucket=name, Tagging={"TagSet": tag_list(inputs)})
    outputs = {
        "arn": f"arn:aws:s3:::{name}",
        "bucket": name,
        "bucketRegionalDomainName": f"{name}.s3.{place.region}.amazonaws.com",
    }
    return Made(name, outputs)


@provisions("aws:s3/bucketObjectv2:BucketObjectv2")
def bucket_object(place: Place, inputs: Inputs) -> Made:
    """An object."""
    source = inputs.get("source")
    place.client("s3").put_object(
        **chosen(inputs, Bucket="bucket", Key="key", ContentType="contentType", CacheControl="cacheControl"),
        Body=Path(source.path).read_bytes() if source else inputs["content"].encode(),
        Tagging=urlencode(inputs.get("tags") or {}),
    )
    return Made(f"{inputs['bucket']}/{inputs['key']}", {})


@provisions("aws:s3/bucketPolicy:BucketPolicy")
def bucket_policy(place: Place, inputs: Inputs) -> Made:
    """Who may use a bucket."""
    place.client("s3").put_bucket_policy(Bucket=inputs["bucket"], Policy=without_tls(inputs["policy"]))
    return Made(inputs["bucket"], {})


@provisions("aws:s3/bucketWebsiteConfiguration:BucketWebsiteConfiguration")
def bucket_website(place: Place, inputs: Inputs) -> Made:
    """A bucket as a website, which the emulator only takes note of: a distribution stands in for S3's server."""
    index = inputs["indexDocument"]["suffix"]
    place.client("s3").put_bucket_website(
        Bucket=inputs["bucket"], WebsiteConfiguration={"IndexDocument": {"Suffix": index}}
    )
    origin = {"originId": "website", "domainName": f"{inputs['bucket']}.s3.{place.region}.amazonaws.com"}
    behaviour = {"targetOriginId": "website", "allowedMethods": ["GET", "HEAD"], "cachedMethods": ["GET", "HEAD"]}
    served = distribution(place, {"origins": [origin], "defaultRootObject": index, "defaultCacheBehavior": behaviour})
    return Made(inputs["bucket"], {"websiteEndpoint": served.outputs["domainName"]})


def _s3(operation: str, parameter: str, select: Callable[[Inputs], Inputs]) -> Provisioner:
    """Return the provisioner of a setting of a bucket."""

    def make(place: Place, inputs: Inputs) -> Made:
        getattr(place.client("s3"), operation)(Bucket=inputs["bucket"], **{parameter: select(inputs)})
        return Made(inputs["bucket"], {})

    return make


PROVISIONERS |= {
    "aws:s3/bucketVersioning:BucketVersioning": _s3(
        "put_bucket_versioning",
        "VersioningConfiguration",
        lambda inputs: {"Status": inputs["versioningConfiguration"]["status"]},
    ),
    "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration": _s3(
        "put_bucket_lifecycle_configuration",
        "LifecycleConfiguration",
        lambda inputs: {
            "Rules": [
                {
                    "ID": rule["id"],
                    "Status": rule["status"],
                    "Filter": rule["filter"],
                    "NoncurrentVersionExpiration": {
                        "NoncurrentDays": rule["noncurrentVersionExpiration"]["noncurrentDays"]
                    },
                    "Expiration": {"ExpiredObjectDeleteMarker": rule["expiration"]["expiredObjectDeleteMarker"]},
                    "AbortIncompleteMultipartUpload": {
                        "DaysAfterInitiation": rule["abortIncompleteMultipartUpload"]["daysAfterInitiation"]
                    },
                }
                for rule in inputs["rules"]
            ]
        },
    ),
    "aws:s3/bucketOwnershipControls:BucketOwnershipControls": _s3(
        "put_bucket_ownership_controls",
        "OwnershipControls",
        lambda inputs: {"Rules": [{"ObjectOwnership": inputs["rule"]["objectOwnership"]}]},
    ),
    "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration": _s3(
        "put_bucket_encryption",
        "ServerSideEncryptionConfiguration",
        lambda inputs: {
            "Rules": [
                {
                    "ApplyServerSideEncryptionByDefault": chosen(
                        rule["applyServerSideEncryptionByDefault"],
                        SSEAlgorithm="sseAlgorithm",
                        KMSMasterKeyID="kmsMasterKeyId",
                    ),
                    **chosen(rule, BucketKeyEnabled="bucketKeyEnabled"),
                }
                for rule in inputs["rules"]
            ]
        },
    ),
    "aws:s3/bucketCorsConfiguration:BucketCorsConfiguration": _s3(
        "put_bucket_cors",
        "CORSConfiguration",
        lambda inputs: {
            "CORSRules": [
                chosen(
                    rule,
                    AllowedMethods="allowedMethods",
                    AllowedOrigins="allowedOrigins",
                    AllowedHeaders="allowedHeaders",
                    MaxAgeSeconds="maxAgeSeconds",
                )
                for rule in inputs["corsRules"]
            ]
        },
    ),
    "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock": _s3(
        "put_public_access_block",
        "PublicAccessBlockConfiguration",
        lambda inputs: chosen(
            inputs,
            BlockPublicAcls="blockPublicAcls",
            IgnorePublicAcls="ignorePublicAcls",
            BlockPublicPolicy="blockPublicPolicy",
            RestrictPublicBuckets="restrictPublicBuckets",
        ),
    ),
}
