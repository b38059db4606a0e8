"""Controls of S3."""

from __future__ import annotations

from collections.abc import Sequence

from ..control import Control
from ..graph import Link, Resource
from ..iam_documents import allows_public_access, denies_insecure_transport

BUCKET = ("s3.Bucket",)
BLOCKS = ("blockPublicAcls", "blockPublicPolicy", "ignorePublicAcls", "restrictPublicBuckets")


def _of_bucket(kind: str) -> Link:
    return Link(kind=f"s3.{kind}", property="bucket")


def _blocks_public_access(block: Resource) -> bool:
    return all(map(block.is_set, BLOCKS))


def _encryption_algorithms(encryptions: Sequence[Resource]) -> set[str]:
    rules = [rule for encryption in encryptions for rule in encryption.each("rules")]
    return {rule.get("applyServerSideEncryptionByDefault.sseAlgorithm", "") for rule in rules}


def _aborts_incomplete_uploads(_: Resource, configurations: Sequence[Resource]) -> bool:
    rules = [rule for configuration in configurations for rule in configuration.each("rules")]
    return any(rule.get("status") == "Enabled" and rule.is_set("abortIncompleteMultipartUpload") for rule in rules)


CONTROLS = (
    Control(
        ids=("S3.1", "SEC03-BP07"),
        title="S3 block public access settings should be enabled for the account",
        severity="medium",
        kinds=("s3.AccountPublicAccessBlock",),
        is_compliant=lambda block, _: _blocks_public_access(block),
        remediation="Set all four properties of the `s3.AccountPublicAccessBlock` to true.",
    ),
    Control(
        ids=("S3.8", "CKV2_AWS_6", "CKV_AWS_53", "CKV_AWS_54", "CKV_AWS_55", "CKV_AWS_56"),
        title="S3 buckets should block public access",
        severity="high",
        kinds=BUCKET,
        related=_of_bucket("BucketPublicAccessBlock"),
        is_compliant=lambda _, blocks: any(map(_blocks_public_access, blocks)),
        remediation="Set `site_public` to false.",
        other_remediation="Create an `s3.BucketPublicAccessBlock` for the `s3.Bucket` that blocks all public access.",
    ),
    Control(
        ids=("CKV_AWS_70", "S3.2", "S3.3"),
        title="S3 bucket policies should not allow public access",
        severity="high",
        kinds=BUCKET,
        related=_of_bucket("BucketPolicy"),
        is_compliant=lambda _, policies: not any(allows_public_access(policy.get("policy")) for policy in policies),
        remediation="Set `site_public` to false.",
        other_remediation="List the required principals in the `s3.BucketPolicy`.",
    ),
    Control(
        ids=("S3.5", "CKV_AWS_379", "SEC09-BP02"),
        title="S3 buckets should require requests to use TLS",
        severity="medium",
        kinds=BUCKET,
        related=_of_bucket("BucketPolicy"),
        is_compliant=lambda _, policies: any(denies_insecure_transport(policy.get("policy")) for policy in policies),
        remediation="Set `site_public` to false.",
        other_remediation="Create an `s3.BucketPolicy` that denies requests for which `aws:SecureTransport` is false.",
    ),
    Control(
        ids=("S3.12", "CKV2_AWS_65"),
        title="S3 buckets should have ACLs disabled",
        severity="medium",
        kinds=BUCKET,
        related=_of_bucket("BucketOwnershipControls"),
        is_compliant=lambda _, controls: any(c.get("rule.objectOwnership") == "BucketOwnerEnforced" for c in controls),
        remediation="Add `s3.BucketOwnershipControls` with BucketOwnerEnforced to the bucket.",
    ),
    Control(
        ids=("CKV_AWS_19", "SEC08-BP02"),
        title="S3 buckets should have a default encryption configuration",
        severity="medium",
        kinds=BUCKET,
        related=_of_bucket("BucketServerSideEncryptionConfiguration"),
        is_compliant=lambda _, encryptions: bool(_encryption_algorithms(encryptions)),
        remediation="Add `s3.BucketServerSideEncryptionConfiguration` to the bucket.",
    ),
    Control(
        ids=("S3.17", "CKV_AWS_145"),
        title="S3 buckets should be encrypted at rest with AWS KMS keys",
        severity="low",
        kinds=BUCKET,
        related=_of_bucket("BucketServerSideEncryptionConfiguration"),
        is_compliant=lambda _, encryptions: any(
            name.startswith("aws:kms") for name in _encryption_algorithms(encryptions)
        ),
        remediation="Set `encryption_key`.",
        other_remediation="Set `kmsMasterKeyId` in an `s3.BucketServerSideEncryptionConfiguration` for the "
        "`s3.Bucket`.",
    ),
    Control(
        ids=("S3.14", "CKV_AWS_21"),
        title="S3 buckets should have versioning enabled",
        severity="low",
        kinds=BUCKET,
        related=_of_bucket("BucketVersioning"),
        is_compliant=lambda _, settings: any(s.get("versioningConfiguration.status") == "Enabled" for s in settings),
        remediation="Set `versioned` of the `Bucket` in the service definition, or add `s3.BucketVersioning`.",
    ),
    Control(
        ids=("S3.13", "S3.10", "CKV2_AWS_61", "CKV_AWS_300"),
        title="S3 buckets should have a lifecycle rule that aborts incomplete uploads",
        severity="low",
        kinds=BUCKET,
        related=_of_bucket("BucketLifecycleConfiguration"),
        is_compliant=_aborts_incomplete_uploads,
        remediation="Add `s3.BucketLifecycleConfiguration` with `abortIncompleteMultipartUpload` to the bucket.",
    ),
    Control(
        ids=("S3.9", "CKV_AWS_18"),
        title="S3 buckets should have server access logging enabled",
        severity="low",
        kinds=BUCKET,
        related=_of_bucket("BucketLogging"),
        is_compliant=lambda _, logging: bool(logging),
        remediation="Create an `s3.BucketLogging` for `site.bucket.resource` or `buckets[...].resource`.",
    ),
    Control(
        ids=("S3.7", "CKV_AWS_144"),
        title="S3 buckets should use cross-Region replication",
        severity="low",
        kinds=BUCKET,
        related=_of_bucket("BucketReplicationConfig"),
        is_compliant=lambda _, replications: bool(replications),
        remediation="Create an `s3.BucketReplicationConfig` for `site.bucket.resource` or `buckets[...].resource`.",
    ),
    Control(
        ids=("S3.11", "CKV2_AWS_62"),
        title="S3 buckets should have event notifications enabled",
        severity="low",
        kinds=BUCKET,
        related=_of_bucket("BucketNotification"),
        is_compliant=lambda _, notifications: bool(notifications),
        remediation="Add a `BucketConsumer` to the service definition, or create an `s3.BucketNotification`.",
    ),
)
