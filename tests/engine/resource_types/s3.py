"""Amazon Simple Storage Service."""

from ..resource_type import ResourceType

TYPES: dict[str, ResourceType] = {
    "aws:s3/bucket:Bucket": ResourceType(
        source="internal/service/s3/bucket.go",
        id="{bucket}",
        identity="{bucket}",
        scope="global",
        force_new=frozenset({"bucket", "bucketNamespace", "bucketPrefix"}),
        auto_name="bucket",
        name_prefix="bucketPrefix",
        defaults={
            "forceDestroy": False,
            "objectLockEnabled": False,
            "requestPayer": "BucketOwner",
            "serverSideEncryptionConfiguration": {
                "rule": {
                    "applyServerSideEncryptionByDefault": {"sseAlgorithm": "AES256"},
                    "bucketKeyEnabled": False,
                }
            },
            "versioning": {"enabled": False, "mfaDelete": False},
        },
        computed={
            "arn": "arn:{partition}:s3:::{bucket}",
            "bucketDomainName": "{bucket}.s3.amazonaws.com",
            "bucketRegion": "{region}",
            "bucketRegionalDomainName": "{bucket}.s3.{region}.amazonaws.com",
            # Every region has another zone.
            "hostedZoneId": "Z3AQBSTGFYJSTF",
            # Only a bucket with an inline `website` has them.
            "websiteDomain": "",
            "websiteEndpoint": "",
        },
    ),
    # Read in version 5.
    "aws:s3/bucketCorsConfiguration:BucketCorsConfiguration": ResourceType(
        source="internal/service/s3/bucket_cors_configuration.go",
        id="{bucket}",
        identity="{bucket}",
        scope="global",
        upsert=True,
        force_new=frozenset({"bucket", "expectedBucketOwner"}),
    ),
    # Read in version 5.
    "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration": ResourceType(
        source="internal/service/s3/bucket_lifecycle_configuration.go",
        id="{bucket}",
        identity="{bucket}",
        scope="global",
        upsert=True,
        force_new=frozenset({"bucket", "expectedBucketOwner"}),
        defaults={"transitionDefaultMinimumObjectSize": "all_storage_classes_128K"},
    ),
    # Read in version 5.  A bucket with objects cannot be deleted, unless its `forceDestroy` is set.
    "aws:s3/bucketObjectv2:BucketObjectv2": ResourceType(
        source="internal/service/s3/object.go",
        # The key alone, so that objects of several buckets can have the same id.
        id="{bucket}/{key}",
        identity="{bucket}/{key}",
        scope="global",
        upsert=True,
        force_new=frozenset({"bucket", "key"}),
        defaults={
            "bucketKeyEnabled": False,
            "contentType": "application/octet-stream",
            "forceDestroy": False,
            "serverSideEncryption": "AES256",
            "storageClass": "STANDARD",
        },
        computed={
            "arn": "arn:{partition}:s3:::{bucket}/{key}",
            # Only an object with a `checksumAlgorithm` has one.
            "checksumCrc32": "",
            "checksumCrc32c": "",
            "checksumCrc64nvme": "",
            "checksumSha1": "",
            "checksumSha256": "",
            "etag": "0000000000000000000000{unique}",
            # Only an object of a versioned bucket has one.
            "versionId": "0000000000000000000000{unique}",
        },
        # A changed content or header makes a version, changed tags do not.
        volatile=frozenset({"versionId"}),
        references={"bucket": "aws:s3/bucket:Bucket"},
    ),
    # Read in version 5.
    "aws:s3/bucketOwnershipControls:BucketOwnershipControls": ResourceType(
        source="internal/service/s3/bucket_ownership_controls.go",
        id="{bucket}",
        identity="{bucket}",
        scope="global",
        upsert=True,
        force_new=frozenset({"bucket"}),
    ),
    "aws:s3/bucketPolicy:BucketPolicy": ResourceType(
        source="internal/service/s3/bucket_policy.go",
        id="{bucket}",
        identity="{bucket}",
        scope="global",
        upsert=True,
        force_new=frozenset({"bucket"}),
    ),
    # Read in version 5.
    "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock": ResourceType(
        source="internal/service/s3/bucket_public_access_block.go",
        id="{bucket}",
        identity="{bucket}",
        scope="global",
        upsert=True,
        force_new=frozenset({"bucket"}),
        defaults={
            "blockPublicAcls": False,
            "blockPublicPolicy": False,
            "ignorePublicAcls": False,
            "restrictPublicBuckets": False,
        },
    ),
    # An expected owner that is set to the provider's account does not replace it.
    "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration": ResourceType(
        source="internal/service/s3/bucket_server_side_encryption_configuration.go",
        id="{bucket}",
        identity="{bucket}",
        scope="global",
        upsert=True,
        force_new=frozenset({"bucket", "expectedBucketOwner"}),
    ),
    # Read in version 5.  Its deletion suspends versioning.  A status cannot be changed to `Disabled`.
    "aws:s3/bucketVersioning:BucketVersioning": ResourceType(
        source="internal/service/s3/bucket_versioning.go",
        id="{bucket}",
        identity="{bucket}",
        scope="global",
        upsert=True,
        force_new=frozenset({"bucket", "expectedBucketOwner"}),
    ),
    # Read in version 5.
    "aws:s3/bucketWebsiteConfiguration:BucketWebsiteConfiguration": ResourceType(
        source="internal/service/s3/bucket_website_configuration.go",
        id="{bucket}",
        identity="{bucket}",
        scope="global",
        upsert=True,
        force_new=frozenset({"bucket", "expectedBucketOwner"}),
        # Newer regions have a dot before their name.
        computed={
            "websiteDomain": "s3-website-{region}.amazonaws.com",
            "websiteEndpoint": "{bucket}.s3-website-{region}.amazonaws.com",
        },
    ),
}
