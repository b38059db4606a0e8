"""S3."""

from __future__ import annotations

from collections.abc import Sequence

from ..control import Control
from ..graph import Link, Resource
from ..iam_documents import opened, refuses_open_connections

BUCKET = ("s3.Bucket",)
BLOCKS = ("blockPublicAcls", "blockPublicPolicy", "ignorePublicAcls", "restrictPublicBuckets")


def _of(kind: str) -> Link:
    return Link(kind=f"s3.{kind}", property="bucket")


def _closed(block: Resource) -> bool:
    return all(map(block.given, BLOCKS))


def _algorithms(encryptions: Sequence[Resource]) -> set[str]:
    rules = [rule for encryption in encryptions for rule in encryption.each("rules")]
    return {rule.get("applyServerSideEncryptionByDefault.sseAlgorithm", "") for rule in rules}


def _tidies(_: Resource, configurations: Sequence[Resource]) -> bool:
    rules = [rule for configuration in configurations for rule in configuration.each("rules")]
    return any(rule.get("status") == "Enabled" and rule.given("abortIncompleteMultipartUpload") for rule in rules)


CONTROLS = (
    Control(
        ids=("S3.1", "SEC03-BP07"),
        title="No bucket of the account can be public",
        severity="medium",
        kinds=("s3.AccountPublicAccessBlock",),
        holds=lambda block, _: _closed(block),
        remedy="Set all four of the `s3.AccountPublicAccessBlock`.",
    ),
    Control(
        ids=("S3.8", "CKV2_AWS_6", "CKV_AWS_53", "CKV_AWS_54", "CKV_AWS_55", "CKV_AWS_56"),
        title="A bucket cannot be public",
        severity="high",
        kinds=BUCKET,
        beside=_of("BucketPublicAccessBlock"),
        holds=lambda _, blocks: any(map(_closed, blocks)),
        remedy="Leave `site_public` false.",
    ),
    Control(
        ids=("CKV_AWS_70", "S3.2", "S3.3"),
        title="No policy makes a bucket public",
        severity="high",
        kinds=BUCKET,
        beside=_of("BucketPolicy"),
        holds=lambda _, policies: not any(opened(policy.get("policy")) for policy in policies),
        remedy="Leave `site_public` false.",
    ),
    Control(
        ids=("S3.5", "CKV_AWS_379", "SEC09-BP02"),
        title="A bucket takes nothing over an open connection",
        severity="medium",
        kinds=BUCKET,
        beside=_of("BucketPolicy"),
        holds=lambda _, policies: any(refuses_open_connections(policy.get("policy")) for policy in policies),
        remedy="Leave `site_public` false.",
    ),
    Control(
        ids=("S3.12", "CKV2_AWS_65"),
        title="A bucket knows no ACLs",
        severity="medium",
        kinds=BUCKET,
        beside=_of("BucketOwnershipControls"),
        holds=lambda _, controls: any(c.get("rule.objectOwnership") == "BucketOwnerEnforced" for c in controls),
        remedy="Add `s3.BucketOwnershipControls` with BucketOwnerEnforced to the bucket.",
    ),
    Control(
        ids=("CKV_AWS_19", "SEC08-BP02"),
        title="A bucket says how it encrypts",
        severity="medium",
        kinds=BUCKET,
        beside=_of("BucketServerSideEncryptionConfiguration"),
        holds=lambda _, encryptions: bool(_algorithms(encryptions)),
        remedy="Add `s3.BucketServerSideEncryptionConfiguration` to the bucket.",
    ),
    Control(
        ids=("S3.17", "CKV_AWS_145"),
        title="A key of KMS encrypts a bucket",
        severity="low",
        kinds=BUCKET,
        beside=_of("BucketServerSideEncryptionConfiguration"),
        holds=lambda _, encryptions: any(name.startswith("aws:kms") for name in _algorithms(encryptions)),
        remedy="Set `sseAlgorithm` of the bucket's encryption to aws:kms by a transform.",
    ),
    Control(
        ids=("S3.14", "CKV_AWS_21"),
        title="A bucket keeps what was overwritten",
        severity="low",
        kinds=BUCKET,
        beside=_of("BucketVersioning"),
        holds=lambda _, found: any(v.get("versioningConfiguration.status") == "Enabled" for v in found),
        remedy="Add `s3.BucketVersioning` to the bucket.",
    ),
    Control(
        ids=("S3.13", "S3.10", "CKV2_AWS_61", "CKV_AWS_300"),
        title="A bucket deletes old versions and incomplete uploads",
        severity="low",
        kinds=BUCKET,
        beside=_of("BucketLifecycleConfiguration"),
        holds=_tidies,
        remedy="Add `s3.BucketLifecycleConfiguration` to the bucket that also ends unfinished uploads.",
    ),
    Control(
        ids=("S3.9", "CKV_AWS_18"),
        title="A bucket logs who reads it",
        severity="low",
        kinds=BUCKET,
        beside=_of("BucketLogging"),
        holds=lambda _, logging: bool(logging),
        remedy="Make a `s3.BucketLogging` for `site.bucket.resource`.",
    ),
    Control(
        ids=("S3.7", "CKV_AWS_144"),
        title="A bucket has a copy in another region",
        severity="low",
        kinds=BUCKET,
        beside=_of("BucketReplicationConfig"),
        holds=lambda _, replications: bool(replications),
        remedy="Make a `s3.BucketReplicationConfig` for `site.bucket.resource`.",
    ),
    Control(
        ids=("S3.11", "CKV2_AWS_62"),
        title="A bucket sends notifications of changes",
        severity="low",
        kinds=BUCKET,
        beside=_of("BucketNotification"),
        holds=lambda _, notifications: bool(notifications),
        remedy="Make a `s3.BucketNotification` for `site.bucket.resource`.",
    ),
)
