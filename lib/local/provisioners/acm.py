"""Certificates of ACM."""

from __future__ import annotations

from ..emulator import RegionalEmulator
from .base import CreatedResource, Inputs, call, provisions

PROOF = {"resourceRecordName": "Name", "resourceRecordType": "Type", "resourceRecordValue": "Value"}


@provisions("acm.Certificate")
def certificate(aws: RegionalEmulator, inputs: Inputs) -> CreatedResource:
    """Request a certificate, and return the DNS records that prove the ownership of its domain."""
    arn = call(aws, "acm", "request_certificate", inputs)["CertificateArn"]
    options = [
        {"domainName": option["DomainName"], **{name: option["ResourceRecord"][key] for name, key in PROOF.items()}}
        for option in aws.client("acm").describe_certificate(CertificateArn=arn)["Certificate"][
            "DomainValidationOptions"
        ]
    ]
    return CreatedResource(arn, {"arn": arn, "domainValidationOptions": options})
