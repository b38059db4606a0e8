"""AWS Certificate Manager."""

from ..resource_type import ResourceType

TYPES: dict[str, ResourceType] = {
    "aws:acm/certificate:Certificate": ResourceType(
        source="internal/service/acm/certificate.go",
        id="arn:{partition}:acm:{region}:{account}:certificate/{unique}",
        # A changed certificate body or private key is imported in place.
        force_new=frozenset(
            {
                "certificateAuthorityArn",
                "domainName",
                "keyAlgorithm",
                "subjectAlternativeNames",
                "validationMethod",
                "validationOptions",
            }
        ),
        defaults={
            # The validation record depends on the domain and the account, so certificates of a domain share it.  Each
            # alternative name has another item.
            "domainValidationOptions": [
                {
                    "domainName": "{domainName}",
                    "resourceRecordName": "_{account}.{domainName}.",
                    "resourceRecordType": "CNAME",
                    "resourceRecordValue": "_{account}.acm-validations.aws.",
                }
            ],
            "keyAlgorithm": "RSA_2048",
            "options": {"certificateTransparencyLoggingPreference": "ENABLED", "export": "DISABLED"},
            "pendingRenewal": False,
            "renewalSummaries": [],
            "subjectAlternativeNames": ["{domainName}"],
            "validationEmails": [],
            "validationMethod": "NONE",
        },
        computed={
            "arn": "{id}",
            "notAfter": "",
            "notBefore": "",
            "renewalEligibility": "INELIGIBLE",
            "status": "PENDING_VALIDATION",
            "type": "AMAZON_ISSUED",
        },
        secret=frozenset({"privateKey", "privateKeyWo"}),
    ),
    "aws:acm/certificateValidation:CertificateValidation": ResourceType(
        source="internal/service/acm/certificate_validation.go",
        # The time at which the certificate was issued.
        id="2024-01-01 00:00:00.{unique} +0000 UTC",
        force_new=frozenset({"certificateArn", "validationRecordFqdns"}),
        # The provider only waits for the certificate; there is nothing to delete.
        deletable=False,
    ),
}
