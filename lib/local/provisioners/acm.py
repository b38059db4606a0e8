"""ACM certificates."""

from __future__ import annotations

from ..emulator import RegionalEmulator
from .base import CreatedResource, Inputs, call, provisions

VALIDATION_RECORD = {"resourceRecordName": "Name", "resourceRecordType": "Type", "resourceRecordValue": "Value"}


@provisions("acm.Certificate")
def certificate(aws: RegionalEmulator, inputs: Inputs) -> CreatedResource:
    """Request a certificate, and return its DNS validation records."""
    arn = call(aws, "acm", "request_certificate", inputs)["CertificateArn"]
    options = [
        {
            "domainName": option["DomainName"],
            **{name: option["ResourceRecord"][key] for name, key in VALIDATION_RECORD.items()},
        }
        for option in aws.client("acm").describe_certificate(CertificateArn=arn)["Certificate"][
            "DomainValidationOptions"
        ]
    ]
    return CreatedResource(arn, {"arn": arn, "domainValidationOptions": options})
