"""An S3 bucket."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import pulumi
import pulumi_aws as aws

MAX_AGE_SECONDS = 3600
"""Time for which browsers can cache the response to a CORS preflight request."""
OLD_VERSION_DAYS = 90
"""Retention of overwritten and deleted objects."""
UNFINISHED_UPLOAD_DAYS = 7


@dataclass(frozen=True, kw_only=True)
class BucketArgs:
    """Arguments for `Bucket`."""

    name_prefix: str
    """Prefix of the physical name. AWS appends a unique suffix, because bucket names are unique across accounts."""
    public: bool = False
    """Whether bucket policies that allow public access are accepted."""
    kms_key_arn: pulumi.Input[str] | None = None
    """KMS key that encrypts new objects. Default (None): the S3 managed key. Ignored if `public`, because unsigned
    requests cannot read objects that a customer managed key encrypts."""
    retain_on_delete: bool = False
    """Whether `pulumi destroy` retains the bucket with all object versions."""
    tags: Mapping[str, pulumi.Input[str]] = field(default_factory=dict)


class Bucket(pulumi.ComponentResource):
    """An encrypted S3 bucket with versioning, without ACLs, and with CORS rules that allow reads from any origin."""

    def __init__(self, name: str, args: BucketArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("tap:aws:Bucket", name, None, opts)
        child = pulumi.ResourceOptions(parent=self, retain_on_delete=args.retain_on_delete)
        self.resource = aws.s3.Bucket(
            f"{name}-bucket",
            bucket_prefix=args.name_prefix,
            force_destroy=not args.retain_on_delete,
            tags=args.tags,
            opts=child,
        )
        self.name = self.resource.bucket
        self.arn = self.resource.arn
        self.ownership = aws.s3.BucketOwnershipControls(
            f"{name}-ownership", bucket=self.name, rule={"object_ownership": "BucketOwnerEnforced"}, opts=child
        )
        self.encryption = aws.s3.BucketServerSideEncryptionConfiguration(
            f"{name}-encryption",
            bucket=self.name,
            rules=[_encryption(None if args.public else args.kms_key_arn)],
            opts=child,
        )
        self.versioning = aws.s3.BucketVersioning(
            f"{name}-versioning", bucket=self.name, versioning_configuration={"status": "Enabled"}, opts=child
        )
        self.lifecycle = aws.s3.BucketLifecycleConfiguration(
            f"{name}-lifecycle",
            bucket=self.name,
            rules=[
                {
                    "id": "forget",
                    "status": "Enabled",
                    "filter": {},
                    "noncurrent_version_expiration": {"noncurrent_days": OLD_VERSION_DAYS},
                    "expiration": {"expired_object_delete_marker": True},
                    "abort_incomplete_multipart_upload": {"days_after_initiation": UNFINISHED_UPLOAD_DAYS},
                }
            ],
            opts=pulumi.ResourceOptions(
                parent=self, retain_on_delete=args.retain_on_delete, depends_on=[self.versioning]
            ),
        )
        self.cors = aws.s3.BucketCorsConfiguration(
            f"{name}-cors",
            bucket=self.name,
            cors_rules=[
                {"allowed_methods": ["GET", "HEAD"], "allowed_origins": ["*"], "max_age_seconds": MAX_AGE_SECONDS}
            ],
            opts=child,
        )
        self.block = aws.s3.BucketPublicAccessBlock(
            f"{name}-block",
            bucket=self.name,
            block_public_acls=True,
            ignore_public_acls=True,
            block_public_policy=not args.public,
            restrict_public_buckets=not args.public,
            opts=child,
        )
        self.register_outputs({"name": self.name, "arn": self.arn})

    def ready(self) -> list[pulumi.Resource]:
        """Return the resources that must exist before a policy or objects are added to the bucket."""
        return [self.ownership, self.encryption, self.versioning, self.block]


def _encryption(
    kms_key_arn: pulumi.Input[str] | None,
) -> aws.s3.BucketServerSideEncryptionConfigurationRuleArgsDict:
    if kms_key_arn is None:
        return {"apply_server_side_encryption_by_default": {"sse_algorithm": "AES256"}}
    default: aws.s3.BucketServerSideEncryptionConfigurationRuleApplyServerSideEncryptionByDefaultArgsDict = {
        "sse_algorithm": "aws:kms",
        "kms_master_key_id": kms_key_arn,
    }
    # With an S3 Bucket Key, S3 does not send a billed request to KMS for every object.
    return {"apply_server_side_encryption_by_default": default, "bucket_key_enabled": True}
