"""An S3 bucket."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import pulumi
import pulumi_aws as aws

from ...documents import iam
from ...model import BucketCors, Expiration
from ..derived import derive

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
    versioned: bool = False
    """Whether S3 keeps earlier versions of overwritten and deleted objects."""
    noncurrent_days: int = 30
    """Days for which S3 keeps earlier versions."""
    cors: Sequence[BucketCors] = ()
    """Permissions for web pages to access the objects. Default (empty): none."""
    expirations: Sequence[Expiration] = ()
    """Deletion of objects by age. Default (empty): none."""
    requires_tls: bool = False
    """Whether a bucket policy denies requests without TLS. A bucket has only one policy, so set it only if the program
    creates no other."""
    retain_on_delete: bool = False
    """Whether `pulumi destroy` retains the bucket with all object versions."""
    tags: Mapping[str, pulumi.Input[str]] = field(default_factory=dict)


class Bucket(pulumi.ComponentResource):
    """An encrypted S3 bucket without ACLs. Incomplete multipart uploads are deleted after seven days."""

    def __init__(self, name: str, args: BucketArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("tap:aws:Bucket", name, None, opts)
        self._prefix, self._args = name, args
        self._child = child = pulumi.ResourceOptions(parent=self, retain_on_delete=args.retain_on_delete)
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
        self.versioning = self._versioning() if args.versioned else None
        self.lifecycle = self._lifecycle()
        self.cors = self._cors() if args.cors else None
        self.block = aws.s3.BucketPublicAccessBlock(
            f"{name}-block",
            bucket=self.name,
            block_public_acls=True,
            ignore_public_acls=True,
            block_public_policy=not args.public,
            restrict_public_buckets=not args.public,
            opts=child,
        )
        self.policy = self._policy() if args.requires_tls else None
        self.register_outputs({"name": self.name, "arn": self.arn})

    def ready(self) -> list[pulumi.Resource]:
        """Return the resources that must exist before a policy or objects are added to the bucket."""
        return [self.ownership, self.encryption, *([self.versioning] if self.versioning else []), self.block]

    def grant(self, actions: Sequence[str], keys: Sequence[str] = ()) -> list[pulumi.Output[iam.Statement]]:
        """Return statements that allow `actions`, e.g. `["GetObject", "ListBucket"]`, on this bucket and its objects.

        With `keys`, e.g. `["uploads/*"]`, they apply only to these objects, and to lists of them.
        """
        return bucket_statements(self.arn, actions, keys)

    def _versioning(self) -> aws.s3.BucketVersioning:
        return aws.s3.BucketVersioning(
            f"{self._prefix}-versioning",
            bucket=self.name,
            versioning_configuration={"status": "Enabled"},
            opts=self._child,
        )

    def _lifecycle(self) -> aws.s3.BucketLifecycleConfiguration:
        args = self._args
        return aws.s3.BucketLifecycleConfiguration(
            f"{self._prefix}-lifecycle",
            bucket=self.name,
            rules=[_cleanup(args.noncurrent_days), *_expirations(args.expirations)],
            opts=pulumi.ResourceOptions(
                parent=self,
                retain_on_delete=args.retain_on_delete,
                depends_on=[self.versioning] if self.versioning else None,
            ),
        )

    def _cors(self) -> aws.s3.BucketCorsConfiguration:
        return aws.s3.BucketCorsConfiguration(
            f"{self._prefix}-cors",
            bucket=self.name,
            cors_rules=[
                {
                    "allowed_methods": list(rule.methods),
                    "allowed_origins": list(rule.origins),
                    "allowed_headers": list(rule.headers) or None,
                    "expose_headers": list(rule.exposed_headers) or None,
                    "max_age_seconds": rule.max_age_seconds,
                }
                for rule in self._args.cors
            ],
            opts=self._child,
        )

    def _policy(self) -> aws.s3.BucketPolicy:
        return aws.s3.BucketPolicy(
            f"{self._prefix}-policy",
            bucket=self.name,
            policy=pulumi.Output.json_dumps(derive(iam.bucket_policy, self.arn)),
            opts=pulumi.ResourceOptions(
                parent=self, retain_on_delete=self._args.retain_on_delete, depends_on=self.ready()
            ),
        )


def bucket_statements(
    arn: pulumi.Input[str], actions: Sequence[str], keys: Sequence[str]
) -> list[pulumi.Output[iam.Statement]]:
    """Return statements that allow actions on a bucket and its objects, or with `keys` only on these objects."""
    return [derive(iam.allow_bucket_actions, arn, group, list(keys)) for group in iam.bucket_action_groups(actions)]


def _cleanup(noncurrent_days: int) -> aws.s3.BucketLifecycleConfigurationRuleArgsDict:
    # The rule also applies to buckets without versions: they can contain versions from before versioning was suspended.
    return {
        "id": "forget",
        "status": "Enabled",
        "filter": {},
        "noncurrent_version_expiration": {"noncurrent_days": noncurrent_days},
        "expiration": {"expired_object_delete_marker": True},
        "abort_incomplete_multipart_upload": {"days_after_initiation": UNFINISHED_UPLOAD_DAYS},
    }


def _expirations(expirations: Sequence[Expiration]) -> Iterator[aws.s3.BucketLifecycleConfigurationRuleArgsDict]:
    for number, expiration in enumerate(expirations, 1):
        yield {
            "id": f"expire-{number}",
            "status": "Enabled",
            "filter": {"prefix": expiration.prefix} if expiration.prefix else {},
            "expiration": {"days": expiration.days},
        }


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
