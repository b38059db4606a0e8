"""Amazon CloudFront."""

from ..resource_type import ResourceType

TYPES: dict[str, ResourceType] = {
    # Read in version 5.  An alias belongs to at most one distribution in the world, which `identity` cannot express
    # because it is a list.
    "aws:cloudfront/distribution:Distribution": ResourceType(
        source="internal/service/cloudfront/distribution.go",
        id="E{unique}",
        force_new=frozenset({"staging"}),
        defaults={
            "continuousDeploymentPolicyId": "",
            "httpVersion": "http2",
            "inProgressValidationBatches": 0,
            "isIpv6Enabled": False,
            "loggingV1Enabled": False,
            "priceClass": "PriceClass_All",
            "retainOnDelete": False,
            "staging": False,
            "trustedKeyGroups": [{"enabled": False, "items": []}],
            "trustedSigners": [{"enabled": False, "items": []}],
            "waitForDeployment": True,
        },
        computed={
            "arn": "arn:{partition}:cloudfront::{account}:distribution/{id}",
            "callerReference": "terraform-{unique}",
            "domainName": "d{unique}.cloudfront.net",
            "etag": "E{unique}",
            "hostedZoneId": "Z2FDTNDATAQYW2",
            "lastModifiedTime": "2024-01-01 00:00:00 +0000 UTC",
            "status": "Deployed",
        },
        references={
            "origins.originAccessControlId": "aws:cloudfront/originAccessControl:OriginAccessControl",
            "viewerCertificate.acmCertificateArn": "aws:acm/certificate:Certificate",
            "webAclId": "aws:wafv2/webAcl:WebAcl",
        },
    ),
    "aws:cloudfront/originAccessControl:OriginAccessControl": ResourceType(
        source="internal/service/cloudfront/origin_access_control.go",
        id="E{unique}",
        identity="{name}",
        scope="account",
        auto_name="name",
        defaults={"description": "Managed by Pulumi"},
        computed={"arn": "arn:{partition}:cloudfront::{account}:origin-access-control/{id}", "etag": "E{unique}"},
    ),
}
